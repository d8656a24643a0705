"""What somebody, AWS or time has done to a secret: one message each, and no token lost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.errors import AuthError, MetaAccessError
from meta_access.tokens.run import end
from tests.texts import lacks
from tests.unit.tokens.world import FUNCTION, NAME, SPEC, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.tokens.observe import Outcome
    from meta_access.tokens.spec import TokenSpec

ROTATED = replace(SPEC, keepers={"round": "2"})
ARN = f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:{NAME}-AbCdEf"


@dataclass
class Case:
    """A secret with one token, and then this.

    Attributes:
        spoil: Gets the world and the first run's outcome.
        says: What the error tells, or the last notice when the run gets through.
        spec: Of the run that meets it.
        gets_through: Whether the run succeeds, and is only told.
        mints: Whether the refused run minted tokens, which it has to have ended.
    """

    name: str
    spoil: Callable[[World, Outcome], Any]
    says: tuple[str, ...]
    spec: TokenSpec = ROTATED
    gets_through: bool = False
    mints: bool = False


def refuse(operation: str, code: str) -> Callable[[World, Outcome], None]:
    def spoil(world: World, _: Outcome) -> None:
        def call(**_given: Any) -> None:
            raise world.aws.error(code)

        setattr(world.aws, operation, call)

    return spoil


def untag(world: World, _: Outcome) -> None:
    world.aws.find(NAME).tags.clear()


def newer(world: World, first: Outcome) -> None:
    version = world.aws.find(NAME).versions[first.version_id]
    version.text = version.text.replace("meta-token/v1", "meta-token/v2")


def edit(world: World, _: Outcome) -> None:
    world.aws.put_secret_value(
        SecretId=NAME, ClientRequestToken="e" * 32, SecretString='{"access_token":"by hand"}', VersionStages=["THEIRS"]
    )
    current = next(key for key, labels in world.stages().items() if "AWSCURRENT" in labels)
    move = {"RemoveFromVersionId": current, "MoveToVersionId": "e" * 32}
    world.aws.update_secret_version_stage(SecretId=NAME, VersionStage="AWSCURRENT", **move)


def move_back(world: World, first: Outcome) -> None:
    second = world.ensure(ROTATED, claim=first.claim)
    move = {"RemoveFromVersionId": second.version_id, "MoveToVersionId": first.version_id}
    world.aws.update_secret_version_stage(SecretId=NAME, VersionStage="AWSCURRENT", **move)


def fill_labels(world: World, first: Outcome) -> None:
    for number in range(13):
        move = {"VersionStage": f"THEIRS{number}", "MoveToVersionId": first.version_id}
        world.aws.update_secret_version_stage(SecretId=NAME, **move)


def expire_credential(world: World, _: Outcome) -> None:
    def inspect(_token: Any) -> Any:
        raise AuthError("Meta refuses the token that this connection acts with: it has expired", code=190)

    world.meta.inspect = inspect  # type: ignore[method-assign, assignment]


def delete(world: World, first: Outcome) -> None:
    end(world.store, world.meta, first.arn, claim=first.claim, clock=world.time, notify=world.said.append)


def delete_by_hand(world: World, _: Outcome) -> None:
    world.aws.delete_secret(SecretId=NAME, RecoveryWindowInDays=7)


CASES = [
    Case(
        "not ours",
        untag,
        ("meta-tokens:managed-by", "meta-access token adopt"),
    ),
    Case(
        "newer schema",
        newer,
        ("meta-token/v2", "Update meta-access."),
    ),
    Case(
        "value put by hand",
        edit,
        ("AWSCURRENT", "generation 2", "e" * 32),
        gets_through=True,
    ),
    Case(
        "AWSCURRENT moved back",
        move_back,
        ("AWSCURRENT", "generation 2", "keepers"),
        gets_through=True,
    ),
    Case(
        "replica",
        lambda world, _: setattr(world.aws.find(NAME), "primary", "us-east-1"),
        ("eu-central-1", "us-east-1", "aws.region"),
    ),
    Case(
        "rotated by AWS",
        lambda world, _: setattr(world.aws.find(NAME), "rotated_by", FUNCTION),
        (FUNCTION, "aws secretsmanager cancel-rotate-secret", "rotation_owner: lambda"),
    ),
    Case(
        "decrypt denied",
        refuse("get_secret_value", "DecryptionFailure"),
        (ARN, "DecryptionFailure", "kms:Decrypt and kms:GenerateDataKey"),
    ),
    Case(
        "clock off by a day",
        refuse("describe_secret", "InvalidSignatureException"),
        ("InvalidSignatureException", "Set the clock of this machine"),
    ),
    Case(
        "label budget full",
        fill_labels,
        ("12 labels", "Shorten the grace"),
    ),
    Case(
        "more than 100 versions",
        refuse("put_secret_value", "LimitExceededException"),
        (ARN, "LimitExceededException", "about 100", "labels (20)"),
    ),
    Case(
        "scheduled for deletion, somebody else's",
        delete_by_hand,
        ("it belongs to meta-access/test", "meta-access/other", "take_over_from: meta-access/test"),
        spec=replace(ROTATED, stack="other"),
    ),
    Case(
        "scheduled for deletion, ours",
        delete_by_hand,
        ("scheduled for deletion", "restored"),
        spec=SPEC,
        gets_through=True,
    ),
    Case(
        "expired credential",
        expire_credential,
        ("generation 1", "it has expired", "Run again later."),
    ),
    Case(
        "another app's secret",
        lambda *_: None,
        ("app 120", "app 999", "take_over_from: meta-access/test"),
        spec=replace(ROTATED, app_id="999"),
    ),
    Case(
        "credential of another app",
        lambda *_: None,
        ("app 120, not 999", "Check the app's permissions"),
        mints=True,
        spec=replace(ROTATED, app_id="999"),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_is_told_in_one_message_and_nothing_is_lost(case: Case) -> None:
    world = World()
    first = world.ensure()
    case.spoil(world, first)
    live, minted = world.meta.living(), len(world.meta.tokens)
    world.said.clear()
    # A resource that is created has no claim yet; one that exists carries its own.
    claim = None if case.name in {"another app's secret", "scheduled for deletion, somebody else's"} else first.claim

    if case.gets_through:
        world.ensure(case.spec, claim=claim)
        assert not lacks(world.said[-1], NAME, *case.says)
    else:
        with pytest.raises(MetaAccessError) as refused:
            world.ensure(case.spec, claim=claim)
        assert not lacks(refused.value, NAME, *case.says)
        assert (len(world.meta.tokens) > minted) is case.mints
    assert world.meta.living() >= live
    assert len(world.meta.living()) <= len(live) + 1


def test_labels_removed_by_hand_are_put_back() -> None:
    world = World()
    claim = world.ensure().claim
    world.ensure(ROTATED, claim=claim)
    for version in world.aws.find(NAME).versions.values():
        version.labels = [label for label in version.labels if label.startswith("AWS")]

    outcome = world.ensure(ROTATED, claim=claim)

    assert (outcome.generation, len(world.meta.tokens)) == (2, 2)
    assert world.meta.living() == world.held()
    assert "META_G2" in world.labels()


def test_the_runners_clock_decides_nothing() -> None:
    world = World()
    claim = world.ensure().claim
    world.time.mono += 86_400

    assert world.ensure(claim=claim).generation == 1
    assert len(world.meta.tokens) == 1
