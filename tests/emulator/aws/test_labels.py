"""Staging labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.emulator.aws.bench import labels, refusal, value

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

V1, V2, V3 = "1" * 32, "2" * 32, "3" * 32


@pytest.fixture
def two(sm: SecretsManagerClient) -> SecretsManagerClient:
    """Version 1 is current, version 2 is parked under META_G2."""
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)
    sm.put_secret_value(SecretId="s", SecretString="two", ClientRequestToken=V2, VersionStages=["META_G2"])
    return sm


def test_promotion_moves_current_and_previous_and_keeps_the_other_labels(two: SecretsManagerClient) -> None:
    two.update_secret_version_stage(SecretId="s", VersionStage="META_R1", MoveToVersionId=V1)
    two.update_secret_version_stage(SecretId="s", VersionStage="AWSPENDING", MoveToVersionId=V2)

    two.update_secret_version_stage(SecretId="s", VersionStage="AWSCURRENT", RemoveFromVersionId=V1, MoveToVersionId=V2)

    assert labels(two, "s") == {
        V1: ["AWSPREVIOUS", "META_R1"],
        V2: ["AWSCURRENT", "AWSPENDING", "META_G2"],
    }


def test_going_back_swaps_current_and_previous(two: SecretsManagerClient) -> None:
    two.update_secret_version_stage(SecretId="s", VersionStage="AWSCURRENT", RemoveFromVersionId=V1, MoveToVersionId=V2)

    two.update_secret_version_stage(SecretId="s", VersionStage="AWSCURRENT", RemoveFromVersionId=V2, MoveToVersionId=V1)

    assert labels(two, "s") == {V1: ["AWSCURRENT"], V2: ["AWSPREVIOUS", "META_G2"]}
    assert value(two, "s") == "one"


def test_current_cannot_be_removed(two: SecretsManagerClient) -> None:
    code = refusal(
        lambda: two.update_secret_version_stage(SecretId="s", VersionStage="AWSCURRENT", RemoveFromVersionId=V1)
    )

    assert code == "InvalidParameterException"
    assert labels(two, "s")[V1] == ["AWSCURRENT"]


def test_an_attached_label_does_not_move_without_naming_where_it_is(two: SecretsManagerClient) -> None:
    code = refusal(lambda: two.update_secret_version_stage(SecretId="s", VersionStage="META_G2", MoveToVersionId=V1))

    assert code == "InvalidParameterException"
    assert labels(two, "s") == {V1: ["AWSCURRENT"], V2: ["META_G2"]}


def test_a_label_moves_when_its_place_is_named(two: SecretsManagerClient) -> None:
    two.update_secret_version_stage(SecretId="s", VersionStage="META_G2", RemoveFromVersionId=V2, MoveToVersionId=V1)

    assert labels(two, "s") == {V1: ["AWSCURRENT", "META_G2"]}


def test_repeating_a_promotion_is_refused(two: SecretsManagerClient) -> None:
    def promote() -> object:
        return two.update_secret_version_stage(
            SecretId="s", VersionStage="AWSCURRENT", RemoveFromVersionId=V1, MoveToVersionId=V2
        )

    promote()

    assert refusal(promote) == "InvalidParameterException"
    assert labels(two, "s") == {V1: ["AWSPREVIOUS"], V2: ["AWSCURRENT", "META_G2"]}


def test_repeating_an_attachment_is_refused(two: SecretsManagerClient) -> None:
    def stamp() -> object:
        return two.update_secret_version_stage(SecretId="s", VersionStage="META_R1_1", MoveToVersionId=V1)

    stamp()

    assert refusal(stamp) == "InvalidParameterException"
    assert labels(two, "s")[V1] == ["AWSCURRENT", "META_R1_1"]


def test_repeating_a_removal_is_refused(two: SecretsManagerClient) -> None:
    def drop() -> object:
        return two.update_secret_version_stage(SecretId="s", VersionStage="META_G2", RemoveFromVersionId=V2)

    drop()

    assert refusal(drop) == "InvalidParameterException"


@pytest.mark.parametrize(
    ("remove_from", "move_to"),
    [
        (V2, V1),  # not where the label is
        (V3, V2),  # no such version
        (V1, V3),
        (V1, V1),
        (None, None),
    ],
)
def test_a_wrong_move_is_refused_and_changes_nothing(
    two: SecretsManagerClient, remove_from: str | None, move_to: str | None
) -> None:
    given = {"RemoveFromVersionId": remove_from, "MoveToVersionId": move_to}
    named = {key: version for key, version in given.items() if version is not None}

    code = refusal(lambda: two.update_secret_version_stage(SecretId="s", VersionStage="AWSCURRENT", **named))

    assert code == "InvalidParameterException"
    assert labels(two, "s") == {V1: ["AWSCURRENT"], V2: ["META_G2"]}


def test_previous_can_be_dropped(two: SecretsManagerClient) -> None:
    two.update_secret_version_stage(SecretId="s", VersionStage="AWSCURRENT", RemoveFromVersionId=V1, MoveToVersionId=V2)

    two.update_secret_version_stage(SecretId="s", VersionStage="AWSPREVIOUS", RemoveFromVersionId=V1)

    assert labels(two, "s") == {V2: ["AWSCURRENT", "META_G2"]}


def test_a_version_without_label_is_hidden_and_still_readable(two: SecretsManagerClient) -> None:
    two.update_secret_version_stage(SecretId="s", VersionStage="META_G2", RemoveFromVersionId=V2)

    assert labels(two, "s") == {V1: ["AWSCURRENT"]}
    assert two.list_secrets()["SecretList"][0]["SecretVersionsToStages"] == {V1: ["AWSCURRENT"]}
    assert [v["VersionId"] for v in two.list_secret_version_ids(SecretId="s")["Versions"]] == [V1]
    with_deprecated = two.list_secret_version_ids(SecretId="s", IncludeDeprecated=True)
    assert [v["VersionId"] for v in with_deprecated["Versions"]] == [V1, V2]
    assert value(two, "s", VersionId=V2) == "two"


def test_a_put_takes_its_labels_from_other_versions(two: SecretsManagerClient) -> None:
    two.put_secret_value(
        SecretId="s", SecretString="three", ClientRequestToken=V3, VersionStages=["META_G2", "AWSPENDING"]
    )

    assert labels(two, "s") == {V1: ["AWSCURRENT"], V3: ["AWSPENDING", "META_G2"]}


def test_a_secret_carries_twenty_labels(two: SecretsManagerClient) -> None:
    # There are two already; AWSPREVIOUS counts once a promotion needs it.
    for number in range(18):
        two.update_secret_version_stage(SecretId="s", VersionStage=f"L{number}", MoveToVersionId=V1)

    def one_more() -> object:
        return two.update_secret_version_stage(SecretId="s", VersionStage="L18", MoveToVersionId=V1)

    def one_more_by_put() -> object:
        return two.put_secret_value(SecretId="s", SecretString="x", ClientRequestToken=V3, VersionStages=["L18"])

    def one_more_by_promotion() -> object:
        return two.update_secret_version_stage(
            SecretId="s", VersionStage="AWSCURRENT", RemoveFromVersionId=V1, MoveToVersionId=V2
        )

    for call in (one_more, one_more_by_put, one_more_by_promotion):
        assert refusal(call) == "LimitExceededException"
    assert sum(len(held) for held in labels(two, "s").values()) == 20
    two.update_secret_version_stage(SecretId="s", VersionStage="L0", RemoveFromVersionId=V1, MoveToVersionId=V2)
