"""How values are created, put, updated and read."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.aws.bench import FAKE_TOKEN, labels, refusal, refusal_in_words, token, value

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

V1, V2, V3 = "1" * 32, "2" * 32, "3" * 32


def test_put_with_the_token_of_a_pending_version_and_another_value_is_refused(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)
    sm.put_secret_value(SecretId="s", SecretString="kept", ClientRequestToken=V2, VersionStages=["AWSPENDING"])

    code = refusal(lambda: sm.put_secret_value(SecretId="s", SecretString="other", ClientRequestToken=V2))

    assert code == "ResourceExistsException"
    assert value(sm, "s", VersionId=V2) == "kept"


@pytest.mark.parametrize("stages", [["AWSCURRENT"], ["META_G1"], ["AWSPENDING", "META_G1"]])
def test_put_with_the_token_of_any_version_and_another_value_is_refused(
    sm: SecretsManagerClient, stages: list[str]
) -> None:
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)
    sm.put_secret_value(SecretId="s", SecretString="kept", ClientRequestToken=V2, VersionStages=stages)

    code = refusal(
        lambda: sm.put_secret_value(SecretId="s", SecretString="other", ClientRequestToken=V2, VersionStages=stages)
    )

    assert code == "ResourceExistsException"
    assert value(sm, "s", VersionId=V2) == "kept"


def test_put_of_the_same_value_under_the_same_token_changes_nothing(sm: SecretsManagerClient) -> None:
    # AWS succeeds and does nothing.
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)
    sm.put_secret_value(
        SecretId="s", SecretString="two", ClientRequestToken=V2, VersionStages=["AWSPENDING", "META_G1"]
    )
    sm.update_secret_version_stage(SecretId="s", VersionStage="META_G1", RemoveFromVersionId=V2)

    again = sm.put_secret_value(
        SecretId="s", SecretString="two", ClientRequestToken=V2, VersionStages=["AWSPENDING", "META_G1"]
    )

    assert again["VersionId"] == V2
    assert again["VersionStages"] == ["AWSPENDING"]
    assert labels(sm, "s") == {V1: ["AWSCURRENT"], V2: ["AWSPENDING"]}


def test_of_twelve_simultaneous_puts_under_one_token_one_succeeds(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)

    def put(number: int) -> str:
        try:
            sm.put_secret_value(
                SecretId="s", SecretString=f"value {number}", ClientRequestToken=V2, VersionStages=["AWSPENDING"]
            )
        except ClientError as refused:
            return refused.response["Error"]["Code"]
        return f"value {number}"

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(put, range(12)))

    winners = [answer for answer in answers if answer != "ResourceExistsException"]
    assert len(winners) == 1
    assert value(sm, "s", VersionId=V2) == winners[0]


def test_reading_without_a_label_gives_the_promoted_version(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="old", ClientRequestToken=V1)
    sm.put_secret_value(SecretId="s", SecretString="new", ClientRequestToken=V2, VersionStages=["META_G1"])
    sm.update_secret_version_stage(SecretId="s", VersionStage="AWSCURRENT", RemoveFromVersionId=V1, MoveToVersionId=V2)

    batch = sm.batch_get_secret_value(SecretIdList=["s"])

    assert value(sm, "s") == "new"
    assert [entry["SecretString"] for entry in batch["SecretValues"]] == ["new"]


def test_a_plain_put_after_a_promotion_leaves_one_current_version(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)
    sm.put_secret_value(SecretId="s", SecretString="two", ClientRequestToken=V2, VersionStages=["META_G1"])
    sm.update_secret_version_stage(SecretId="s", VersionStage="AWSCURRENT", RemoveFromVersionId=V1, MoveToVersionId=V2)

    sm.put_secret_value(SecretId="s", SecretString="three", ClientRequestToken=V3)

    assert labels(sm, "s") == {V2: ["AWSPREVIOUS", "META_G1"], V3: ["AWSCURRENT"]}


def test_a_plain_put_takes_pending_off_every_other_version(sm: SecretsManagerClient) -> None:
    # Otherwise an abandoned rotation would look alive.
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)
    sm.put_secret_value(
        SecretId="s", SecretString="two", ClientRequestToken=V2, VersionStages=["AWSPENDING", "META_G1"]
    )

    sm.put_secret_value(SecretId="s", SecretString="by hand", ClientRequestToken=V3)

    assert labels(sm, "s") == {V1: ["AWSPREVIOUS"], V2: ["META_G1"], V3: ["AWSCURRENT"]}
    assert value(sm, "s", VersionId=V2) == "two"


def test_the_first_value_of_an_empty_secret_becomes_current(sm: SecretsManagerClient) -> None:
    created = sm.create_secret(Name="s")
    assert "VersionId" not in created
    assert refusal(lambda: sm.get_secret_value(SecretId="s")) == "ResourceNotFoundException"

    put = sm.put_secret_value(SecretId="s", SecretString="one", ClientRequestToken=V1, VersionStages=["AWSPENDING"])

    assert sorted(put["VersionStages"]) == ["AWSCURRENT", "AWSPENDING"]
    assert value(sm, "s") == "one"


def test_create_is_repeatable_with_its_token_and_value_and_nothing_else(sm: SecretsManagerClient) -> None:
    first = sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)
    sm.put_secret_value(SecretId="s", SecretString="two", ClientRequestToken=V2, VersionStages=["AWSPENDING"])

    again = sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)

    assert (again["ARN"], again["VersionId"]) == (first["ARN"], V1)
    for value_, token_ in (("other", V1), ("other", V2), ("one", V3)):
        code = refusal(lambda v=value_, t=token_: sm.create_secret(Name="s", SecretString=v, ClientRequestToken=t))  # type: ignore[misc]
        assert code == "ResourceExistsException"
    assert value(sm, "s", VersionId=V2) == "two"


def test_a_used_token_with_another_value_is_named_with_its_secret(sm: SecretsManagerClient) -> None:
    # Verified on AWS by moto's own tests, for Create, Put and Update.
    arn = sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)["ARN"]

    refusals = [
        refusal_in_words(lambda: sm.create_secret(Name="s", SecretString="two", ClientRequestToken=V1)),
        refusal_in_words(lambda: sm.put_secret_value(SecretId=arn, SecretString="two", ClientRequestToken=V1)),
        refusal_in_words(lambda: sm.update_secret(SecretId=arn, SecretString="two", ClientRequestToken=V1)),
    ]

    named = f"You can't use ClientRequestToken {V1} because that value is already in use for a version of secret {arn}."
    assert refusals == 3 * [("ResourceExistsException", named)]
    assert refusal_in_words(lambda: sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V2)) == (
        "ResourceExistsException",
        "The operation failed because the secret s already exists.",
    )
    assert value(sm, "s") == "one"


def test_update_of_the_same_value_under_the_same_token_answers_that_version(sm: SecretsManagerClient) -> None:
    # Verified on AWS by moto's own tests. The labels stay where they are: nothing is written.
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)
    sm.put_secret_value(SecretId="s", SecretString="two", ClientRequestToken=V2)

    answer = sm.update_secret(SecretId="s", SecretString="one", ClientRequestToken=V1)

    assert answer["VersionId"] == V1
    assert labels(sm, "s") == {V1: ["AWSPREVIOUS"], V2: ["AWSCURRENT"]}
    assert value(sm, "s") == "two"


def test_update_changes_the_description_alone_and_can_clear_it(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1, Description="before")
    assert "VersionId" not in sm.update_secret(SecretId="s", Description="after", ClientRequestToken=V1)
    assert sm.describe_secret(SecretId="s")["Description"] == "after"

    sm.update_secret(SecretId="s", Description="")

    assert "Description" not in sm.describe_secret(SecretId="s")
    assert labels(sm, "s") == {V1: ["AWSCURRENT"]}


def test_what_is_not_there_is_answered_with_400(sm: SecretsManagerClient) -> None:
    # `refusal` checks the status, which is 400 for all of them.
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)

    for call in (
        lambda: sm.describe_secret(SecretId="absent"),
        lambda: sm.get_secret_value(SecretId="absent"),
        lambda: sm.get_secret_value(SecretId="s", VersionId=V2),
        lambda: sm.get_secret_value(SecretId="s", VersionStage="AWSPENDING"),
        lambda: sm.put_secret_value(SecretId="absent", SecretString="x"),
        lambda: sm.list_secret_version_ids(SecretId="absent"),
        lambda: sm.tag_resource(SecretId="absent", Tags=[]),
        lambda: sm.delete_secret(SecretId="absent"),
    ):
        assert refusal(call) == "ResourceNotFoundException"


def test_a_label_that_the_version_does_not_carry_is_an_invalid_request(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString="one", ClientRequestToken=V1)

    code = refusal(lambda: sm.get_secret_value(SecretId="s", VersionId=V1, VersionStage="AWSPENDING"))

    assert code == "InvalidRequestException"


def test_a_batch_reports_what_it_cannot_read_per_secret(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="full", SecretString="one")
    sm.create_secret(Name="empty")

    batch = sm.batch_get_secret_value(SecretIdList=["full", "empty", "absent"])

    assert [entry["Name"] for entry in batch["SecretValues"]] == ["full"]
    assert [(error["SecretId"], error["ErrorCode"]) for error in batch["Errors"]] == [
        ("empty", "ResourceNotFoundException"),
        ("absent", "ResourceNotFoundException"),
    ]


def test_an_arn_ends_in_six_random_characters_and_finds_its_secret(sm: SecretsManagerClient) -> None:
    # moto takes the letters from a tag of this name.
    arn = sm.create_secret(Name="meta/dev/s", SecretString="one", Tags=[{"Key": "_custom_id_", "Value": "chosen"}])[
        "ARN"
    ]

    pattern = r"arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/dev/s-[A-Za-z0-9]{6}"
    assert re.fullmatch(pattern, arn)
    assert not arn.endswith("chosen")
    assert value(sm, arn) == value(sm, arn[:-7]) == "one"
    elsewhere = arn.replace("eu-central-1", "eu-west-1")[:-7]
    assert refusal(lambda: sm.describe_secret(SecretId=elsewhere)) == "ResourceNotFoundException"


def test_binary_values_survive(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretBinary=b"\x00\xff", ClientRequestToken=V1)

    assert sm.get_secret_value(SecretId="s")["SecretBinary"] == b"\x00\xff"
    again = sm.put_secret_value(SecretId="s", SecretBinary=b"\x00\xff", ClientRequestToken=V1)
    assert again["VersionId"] == V1


def test_the_emulators_own_tokens_are_taken(sm: SecretsManagerClient) -> None:
    sm.create_secret(Name="s", SecretString=f'{{"access_token":"{FAKE_TOKEN}"}}', ClientRequestToken=token())

    assert FAKE_TOKEN in value(sm, "s")


def test_a_batch_by_filter_reads_what_it_finds_and_reports_the_rest(sm: SecretsManagerClient) -> None:
    for name in ("meta/a", "meta/b", "meta/gone"):
        sm.create_secret(Name=name, SecretString=name)
    sm.create_secret(Name="meta/empty")
    sm.delete_secret(SecretId="meta/gone")
    filters: Any = [{"Key": "name", "Values": ["meta/"]}]

    first = sm.batch_get_secret_value(Filters=filters, MaxResults=2)
    second = sm.batch_get_secret_value(Filters=filters, MaxResults=2, NextToken=first["NextToken"])

    assert [entry["SecretString"] for entry in first["SecretValues"]] == ["meta/a", "meta/b"]
    assert second["SecretValues"] == []
    assert [(error["SecretId"], error["ErrorCode"]) for error in second["Errors"]] == [
        ("meta/empty", "ResourceNotFoundException")
    ]
    both = refusal(lambda: sm.batch_get_secret_value(Filters=filters, SecretIdList=["meta/a"]))
    unfiltered = refusal(lambda: sm.batch_get_secret_value(SecretIdList=["meta/a"], MaxResults=1))
    assert (both, unfiltered) == ("InvalidParameterException", "InvalidParameterException")


@pytest.mark.parametrize(
    ("given", "pattern"),
    [
        ({}, r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[!-/:-@\[-`{-~])[!-~]{32}"),
        ({"PasswordLength": 4, "ExcludePunctuation": True, "IncludeSpace": True}, r"(?=.*[a-z])(?=.* )[A-Za-z0-9 ]{4}"),
        ({"ExcludeLowercase": True, "ExcludeUppercase": True, "ExcludePunctuation": True}, r"[0-9]{32}"),
        ({"ExcludeCharacters": "abcdefghijklmnopqrstuvwxyz", "RequireEachIncludedType": False}, r"[!-`{-~]{32}"),
    ],
)
def test_a_random_password_has_what_was_asked_for(
    sm: SecretsManagerClient, given: dict[str, Any], pattern: str
) -> None:
    drawn = [sm.get_random_password(**given)["RandomPassword"] for _ in range(20)]

    assert [password for password in drawn if not re.fullmatch(pattern, password)] == []
    assert len(set(drawn)) > 1


@pytest.mark.parametrize("given", [{"PasswordLength": 3}, {"ExcludeCharacters": "0123456789"}])
def test_a_password_that_cannot_be_drawn_is_refused(sm: SecretsManagerClient, given: dict[str, Any]) -> None:
    assert refusal(lambda: sm.get_random_password(**given)) == "InvalidParameterException"
