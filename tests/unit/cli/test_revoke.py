"""An emergency over many secrets: what is done in which order, and what a second run does after an interruption."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import click
import pytest

from meta_access.cli.tokens.revoke import targets_of
from meta_access.cli.tokens.revoke_many import Became, Target, pending, revoke
from meta_access.cli.tokens.stack_tokens import StackTokens, tokens_of
from meta_access.errors import GraphUnreachableError
from meta_access.stack.connections import Settings
from meta_access.tokens.observe import NOTHING_DUE, Finding, Need, Observed, Presence
from meta_access.tokens.revocation import Condemned
from meta_access.tokens.tags import Order
from tests.unit.cli.states import resource, state

if TYPE_CHECKING:
    from collections.abc import Sequence

A = Target(name="a", urn="urn::a", secret="meta/a", arn="arn:a", user="1", scopes=("ads_read",))
B = Target(name="b", urn="urn::b", secret="meta/b", arn="arn:b", user="2", scopes=("ads_read",))
ROOT = replace(B, name="root", urn="urn::root", secret="meta/root", arn="arn:root", user="9", credential=True)


@dataclass
class World:
    """Secrets as numbers: the current generation, and through which one is condemned."""

    current: dict[str, int]
    orders: dict[str, Order] = field(default_factory=dict)
    well: bool = True
    refuses: set[str] = field(default_factory=set)
    in_use: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    did: list[str] = field(default_factory=list)

    def look(self, target: Target) -> Observed:
        generation, through = self.current[target.arn], self.standing(target).through
        due = generation <= through and target.arn not in self.ended
        finding = Finding(Need.REVOCATION, f"revocation due: generation {generation}") if due else NOTHING_DUE
        return Observed(presence=Presence.PRESENT, finding=finding, arn=target.arn, generation=generation)

    def standing(self, target: Target) -> Order:
        return self.orders.get(target.arn, Order())

    def order(self, target: Target, order_id: str) -> Order:
        if self.standing(target).id != order_id:
            self.did.append(f"order {target.name}")
            self.orders[target.arn] = Order(self.current[target.arn], order_id)
        return self.standing(target)

    def end_all(self, user: str, targets: Sequence[Target]) -> None:
        if user in self.refuses:
            raise GraphUnreachableError("Meta did not answer", sent=True)
        self.did.append(f"end all of {user}, in {', '.join(target.name for target in targets)}")

    def up(self, urns: Sequence[str]) -> bool:
        self.did.append(f"up {', '.join(urns)}")
        if self.well:
            for urn in urns:
                self.current[urn.replace("urn::", "arn:")] += 1
        return self.well

    def end_condemned(self, target: Target, *, spare_current: bool) -> Condemned:
        self.did.append(f"end {target.name}{' but what is current' if spare_current else ''}")
        if spare_current:
            return Condemned(kept={self.current[target.arn]: "no successor"})
        if target.arn in self.in_use:
            return Condemned(kept={1: "it is the credential in use"})
        self.ended.add(target.arn)
        return Condemned(ended=[1], current=True)


def test_all_is_ordered_and_renewed_first_and_only_then_are_users_emptied_and_renewed_again() -> None:
    world = World({"arn:a": 1, "arn:root": 4})

    done = revoke(world, [A, ROOT], "o1", ["1"])

    assert world.did == [
        *("order a", "order root", "up urn::root", "up urn::a"),
        *("order a", "end all of 1, in a", "up urn::a"),
    ]
    assert done.secrets == [
        Became(name="a", secret="meta/a", generation=3, served=True),
        Became(name="root", secret="meta/root", generation=5, served=True),
    ]
    assert (done.users, done.code) == (["1"], 0)


def test_a_user_whose_secret_could_not_be_renewed_is_not_emptied() -> None:
    world = World({"arn:a": 1}, well=False)

    done = revoke(world, [A], "o1", ["1"])

    assert world.did == ["order a", "up urn::a", "end a but what is current"]
    assert done.users_left == {
        "1": "for a secret of it no successor is current yet, and its readers would have no access"
    }
    assert (done.users, done.code) == ([], 2)


def test_a_user_is_emptied_all_the_same_when_the_operator_says_so() -> None:
    world = World({"arn:a": 1}, well=False)

    done = revoke(world, [A], "o1", ["1"], without_successor=True)

    assert world.did == [
        *("order a", "up urn::a", "end a"),
        *("order a", "end all of 1, in a", "up urn::a"),
    ]
    assert (done.users, done.code) == (["1"], 2)


def test_a_run_that_carries_on_does_not_end_what_was_minted_since() -> None:
    orders = {"arn:a": Order(1, "o1/users"), "arn:b": Order(1, "o1/users")}
    world = World({"arn:a": 2, "arn:b": 1}, orders)
    assert pending(world, [A, B]) == "o1/users"

    done = revoke(world, [A, B], "o1/users", ["1", "2"])

    assert world.did == ["end all of 2, in b", "up urn::a, urn::b"]
    assert (done.users, done.code) == (["2"], 0)


def test_a_run_that_carries_on_empties_only_users_that_were_shown_to_be_renewable() -> None:
    world = World({"arn:a": 1, "arn:b": 1}, {"arn:a": Order(1, "o1/users"), "arn:b": Order(1, "o1")})

    done = revoke(world, [A, B], "o1/users", ["1", "2"])

    assert world.did == ["end all of 1, in a", "up urn::a"]
    assert done.users == ["1"]


def test_an_order_that_is_carried_out_is_not_carried_on() -> None:
    assert pending(World({"arn:a": 2}, {"arn:a": Order(1, "o1")}), [A]) == ""


def test_what_cannot_be_renewed_keeps_its_current_token_and_that_is_work_left() -> None:
    world = World({"arn:a": 1}, well=False)

    done = revoke(world, [A], "o1")

    assert world.did == ["order a", "up urn::a", "end a but what is current"]
    assert done.secrets == [
        Became(name="a", secret="meta/a", generation=1, served=False, left="generation 1: no successor", spared=True)
    ]
    assert (done.failed, done.code) == (True, 2)


def test_what_cannot_be_renewed_is_ended_all_the_same_when_the_operator_says_so() -> None:
    world = World({"arn:a": 1}, well=False)

    done = revoke(world, [A], "o1", without_successor=True)

    assert world.did == ["order a", "up urn::a", "end a"]
    assert done.secrets == [Became(name="a", secret="meta/a", generation=1, served=False)]
    assert (done.failed, done.code) == (True, 2)


def test_what_cannot_be_ended_is_named() -> None:
    world = World({"arn:root": 1}, well=False, in_use={"arn:root"})

    done = revoke(world, [ROOT], "o1", without_successor=True)

    assert [one.left for one in done.secrets] == ["generation 1: it is the credential in use"]
    assert done.code == 2


def test_a_user_that_cannot_be_emptied_does_not_keep_its_secrets_from_being_renewed() -> None:
    world = World({"arn:a": 1}, refuses={"1"})

    done = revoke(world, [A], "o1", ["1"])

    assert world.did == ["order a", "up urn::a", "order a", "up urn::a"]
    assert done.users_left == {"1": "Meta did not answer"}
    assert [one.served for one in done.secrets] == [True]
    assert done.code == 2


@pytest.mark.parametrize("without_successor", [False, True])
def test_a_secret_that_aws_rotates_names_the_command_that_renews_it(*, without_successor: bool) -> None:
    start = "aws secretsmanager rotate-secret --secret-id arn:a"
    world = World({"arn:a": 1, "arn:b": 1})

    done = revoke(world, [replace(A, start=start), B], "o1", without_successor=without_successor)

    # Pulumi mints nothing there, so no run of it is waited for. AWS's next rotation ends what is condemned.
    ended = "end a" if without_successor else "end a but what is current"
    assert world.did == ["order a", "order b", "up urn::b", ended]
    left = "" if without_successor else "generation 1: no successor"
    assert done.secrets == [
        Became(
            name="a",
            secret="meta/a",
            generation=1,
            served=False,
            left=left,
            start=start,
            spared=not without_successor,
        ),
        Became(name="b", secret="meta/b", generation=2, served=True),
    ]
    assert done.code == 2


def test_a_secret_that_aws_has_renewed_already_has_nothing_to_start() -> None:
    world = World({"arn:a": 2}, {"arn:a": Order(1, "o1")})

    [became] = revoke(world, [replace(A, start="aws secretsmanager rotate-secret --secret-id arn:a")], "o1").secrets

    assert (became.served, became.start, world.did) == (True, "", [])


def test_a_secret_that_is_being_left_gets_no_successor_and_its_resource_one_run() -> None:
    old = replace(A, secret="arn:old", arn="arn:old", leaving=True)
    world = World({"arn:a": 1, "arn:old": 3})

    done = revoke(world, [A, old], "o1")

    assert world.did == ["order a", "order a", "up urn::a", "end a"]
    assert [one.served for one in done.secrets] == [True, True]
    assert done.code == 0


def test_a_name_that_two_tokens_share_is_refused_with_their_secrets() -> None:
    made = [
        resource(
            "SystemUserToken",
            "token",
            arn=f"arn:{number}",
            secret_name=f"meta/dev/{number}",
            system_user_id="122",
            scopes=["ads_read"],
            previous_secrets=[],
        )
        for number in (1, 2)
    ]
    settings = Settings(environment="dev", rules="2026-05", offline=False, connections={})
    found = StackTokens(stack="dev", owner="p/dev", settings=settings, tokens=tokens_of(state(*made)))

    with pytest.raises(click.ClickException) as refused:
        targets_of(found, "token")

    assert refused.value.message == (
        "Stack dev has several tokens called token. Nothing was changed. Name the secret by its ARN: arn:1, arn:2"
    )
    assert [one.arn for one in targets_of(found, "meta/dev/2")] == ["arn:2"]
    assert [one.arn for one in targets_of(found, None)] == ["arn:1", "arn:2"]


def test_a_secret_that_the_stack_has_not_is_refused_with_the_ones_it_has() -> None:
    made = resource(
        "SystemUserToken",
        "reporting",
        arn="arn:1",
        secret_name="meta/dev/reporting",
        system_user_id="122",
        scopes=["ads_read"],
        previous_secrets=[{"arn": "arn:0", "ends_at": "2026-12-01T00:00:00Z"}],
    )
    settings = Settings(environment="dev", rules="2026-05", offline=False, connections={})
    found = StackTokens(stack="dev", owner="p/dev", settings=settings, tokens=tokens_of(state(made)))

    for name in ("reporting", "meta/dev/reporting", "arn:1", None):
        assert [(one.arn, one.leaving) for one in targets_of(found, name)] == [("arn:1", False), ("arn:0", True)]
    assert [one.start for one in targets_of(found, "reporting")] == ["", ""]
    by_aws = tokens_of(state({**made, "outputs": {**made["outputs"], "rotation_owner": "lambda"}}))
    assert [one.start for one in targets_of(replace(found, tokens=by_aws), "reporting")] == [
        "aws secretsmanager rotate-secret --secret-id arn:1"
    ] * 2
    with pytest.raises(click.ClickException) as refused:
        targets_of(found, "meta/prod/reporting")
    assert refused.value.message == (
        "Stack dev has no token in a secret 'meta/prod/reporting'. Nothing was changed. Its secrets: "
        "meta/dev/reporting. For one that stands in no state there is `meta-access orphans`."
    )
