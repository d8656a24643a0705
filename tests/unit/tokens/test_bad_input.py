"""What somebody, AWS or time has done to a secret: one message each, and no token lost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.errors import AuthError, MetaAccessError
from meta_access.tokens.run import end
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
        says: The whole error, or the last whole sentence when the run gets through.
        spec: Of the run that meets it.
        gets_through: Whether the run succeeds, and is only told.
    """

    name: str
    spoil: Callable[[World, Outcome], Any]
    says: str
    spec: TokenSpec = ROTATED
    gets_through: bool = False


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
        f"Using secret {NAME} is refused: it exists and was not made by this tool (it has no tag "
        "meta-tokens:managed-by). Nothing was changed. Name another secret, or delete this one first.",
    ),
    Case(
        "newer schema",
        newer,
        f"Secret {NAME} holds a version of schema meta-token/v2, which a newer meta-access wrote. Nothing was changed. "
        "Update meta-access.",
    ),
    Case(
        "value put by hand",
        edit,
        f"Secret {NAME}: AWSCURRENT was put on a version by hand; generation 2 is made current instead. The other "
        f"value stays readable under its version id, {'e' * 32}, until AWS removes it.",
        gets_through=True,
    ),
    Case(
        "AWSCURRENT moved back",
        move_back,
        f"Secret {NAME}: AWSCURRENT was moved away from generation 2 by hand; that one is what is asked for, and is "
        "made current again. To have another token, change its keepers.",
        gets_through=True,
    ),
    Case(
        "replica",
        lambda world, _: setattr(world.aws.find(NAME), "primary", "us-east-1"),
        f"Using secret {NAME} is refused: what is in eu-central-1 is a replica of the secret in us-east-1, and AWS "
        "lets nobody write to a replica. Nothing was changed. Name another secret, or set aws.region of the connection "
        "to us-east-1.",
    ),
    Case(
        "rotated by AWS",
        lambda world, _: setattr(world.aws.find(NAME), "rotated_by", FUNCTION),
        f"Using secret {NAME} is refused: AWS rotates it by itself, with {FUNCTION}, and two that rotate would end "
        "each other's tokens. Nothing was minted, revoked or changed; the current token stays. Cancel that rotation "
        "(aws secretsmanager cancel-rotate-secret), or, if the function is this tool's, set rotation_owner: lambda.",
    ),
    Case(
        "decrypt denied",
        refuse("get_secret_value", "DecryptionFailure"),
        f"Reading secret {ARN} was refused (DecryptionFailure): its KMS key does not serve this role, or is disabled "
        "or deleted. Nothing is minted while a value cannot be read back, and nothing is revoked that cannot be read. "
        "Allow kms:Decrypt and kms:GenerateDataKey on the key, or enable it again, then run again.",
    ),
    Case(
        "clock off by a day",
        refuse("describe_secret", "InvalidSignatureException"),
        f"Describing secret {NAME} was refused (InvalidSignatureException): AWS takes the signature for wrong or out "
        "of date. Nothing was changed. Set the clock of this machine (AWS bears five minutes; leases, grace and expiry "
        "go by AWS's clock, not by this one), then look at its AWS credentials.",
    ),
    Case(
        "label budget full",
        fill_labels,
        f"Secret {NAME} has more than 12 labels besides AWS's own. Nothing was minted. Shorten the grace, wait until "
        "superseded tokens have ended, or remove labels that are not this tool's.",
    ),
    Case(
        "more than 100 versions",
        refuse("put_secret_value", "LimitExceededException"),
        f"Writing to secret {ARN} was refused (LimitExceededException): it has as many versions (about 100) or labels "
        "(20) as AWS allows. No token was minted for it; those that exist are kept. AWS removes versions without a "
        "label a day after their making: run again then, and find out who writes to this secret so often.",
    ),
    Case(
        "scheduled for deletion, somebody else's",
        delete_by_hand,
        f"Using secret {NAME} is refused: it belongs to meta-access/test, and this is meta-access/other. Nothing was "
        "changed. Name another secret, or, if this resource is to have it with the tokens in it, set "
        "take_over_from: meta-access/test",
        spec=replace(ROTATED, stack="other"),
    ),
    Case(
        "scheduled for deletion, ours",
        delete_by_hand,
        f"Secret {NAME}: it was scheduled for deletion, and is restored.",
        spec=SPEC,
        gets_through=True,
    ),
    Case(
        "expired credential",
        expire_credential,
        f"Secret {NAME}: another token is wanted, but Meta cannot be asked about the current one, generation 1. "
        "Nothing was minted, revoked or marked (Meta refuses the token that this connection acts with: it has "
        "expired). Run again later.",
    ),
    Case(
        "another app's secret",
        lambda *_: None,
        f"Using secret {NAME} is refused: in meta-access/test it serves app 120, and this is app 999. Nothing was "
        "changed. Name another secret, or, if this resource is to have it with the tokens in it, set "
        "take_over_from: meta-access/test",
        spec=replace(ROTATED, app_id="999"),
    ),
    Case(
        "credential of another app",
        lambda *_: None,
        f"Secret {NAME}: Meta minted two tokens, and neither is what was asked for: it belongs to app 120, not 999. "
        "Both were revoked, the current one stays. Check the app's permissions and the system user's access to the "
        "app.",
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
        assert world.said[-1] == case.says
    else:
        with pytest.raises(MetaAccessError) as refused:
            world.ensure(case.spec, claim=claim)
        assert str(refused.value) == case.says
        assert len(world.meta.tokens) == minted or "Both were revoked" in case.says
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
