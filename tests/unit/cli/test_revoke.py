"""An emergency over many secrets: what is done in which order, and what a second run does after an interruption."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import click
import pytest

from meta_access.cli import pulumi_run
from meta_access.cli.pulumi_run import RunEnd
from meta_access.cli.tokens.revoke import LiveRevocation, targets_of
from meta_access.cli.tokens.revoke_many import ALONE, Became, Revoked, Target, pending, revoke
from meta_access.cli.tokens.stack_tokens import StackTokens, tokens_of
from meta_access.errors import MetaAccessError
from meta_access.providers import _live
from meta_access.providers.system_user_token import SystemUserTokenProvider
from meta_access.providers.token_renewal import renew
from meta_access.stack.connections import Settings
from tests.texts import lacks
from tests.unit.cli.provisioned import living, users
from tests.unit.cli.states import resource, state
from tests.unit.emulated import begin_process

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meta_access.tokens.revocation import Condemned
    from meta_access.tokens.tags import Order
    from tests.unit.emulated import EmulatedMeta

PROVIDER = SystemUserTokenProvider()
ROOT, A, B = "122090000000301", "122090000000777", "122090000000778"
USERS = {"a": A, "b": B, "root": ROOT}


class Recorded(LiveRevocation):
    """What was done to Meta and to the secrets, in the order in which it was done."""

    def __init__(self, found: StackTokens, did: list[str]) -> None:
        super().__init__(found)
        self._did = did

    def order(self, target: Target, order_id: str) -> Order:
        if self.standing(target).id != order_id:
            self._did.append(f"order {target.name}")
        return super().order(target, order_id)

    def end_all(self, user: str, targets: Sequence[Target]) -> None:
        super().end_all(user, targets)
        self._did.append(f"end all of {user}, in {', '.join(target.name for target in targets)}")

    def end_condemned(self, target: Target, *, spare_current: bool) -> Condemned:
        self._did.append(f"end {target.name}{' but what is current' if spare_current else ''}")
        return super().end_condemned(target, spare_current=spare_current)


def nowhere(_key: str) -> None:
    """A configuration that is not asked: this process has been configured."""


@dataclass
class Stack:
    """A stack with tokens, and a pulumi that renews them, or none where it does not come to that."""

    meta: EmulatedMeta
    patch: pytest.MonkeyPatch
    well: bool = True
    resources: list[dict[str, Any]] = field(default_factory=list)
    did: list[str] = field(default_factory=list)

    def token(self, name: str, **asked: Any) -> None:
        given = {
            "label": name,
            "connection": "main",
            "owner": "meta-access/dev",
            "system_user_id": USERS[name],
            "scopes": ["ads_read", "business_management"],
            "secret_name": f"meta/{name}",
            "lifetime": "60d",
            "rotate_before": "20d",
            "grace": "24h",
            "keepers": {},
            "rotation_owner": "pulumi",
            "freshness": "current",
        }
        outputs = PROVIDER.create({**given, **asked}).outs
        assert outputs is not None
        self.resources.append(resource("SystemUserToken", name, id_=outputs["arn"], **outputs))

    def acts_with(self, secret: str) -> None:
        """Let the connection act with the token of a secret from now on."""
        self.meta.connection = replace(self.meta.connection, admin_token=f"secret:{secret}")
        self.patch.setattr(_live, "_settings", self.settings)

    @property
    def settings(self) -> Settings:
        return Settings("dev", "2026-05", offline=False, connections={"main": self.meta.connection})

    @property
    def found(self) -> StackTokens:
        tokens = tokens_of(state(*self.resources))
        return StackTokens(stack="dev", owner="meta-access/dev", settings=self.settings, tokens=tokens)

    def targets(self, *names: str) -> list[Target]:
        return [target for name in names for target in targets_of(self.found, name)]

    def actions(self) -> Recorded:
        """Of a process of its own."""
        begin_process(self.meta, self.patch)
        return Recorded(self.found, self.did)

    def up(self, _stack: str, urns: Sequence[str], _output: object = None) -> RunEnd:
        chosen = [token for token in self.found.tokens if token.urn in urns]
        self.did.append(f"up {', '.join(token.name for token in chosen)}")
        try:
            for token in chosen if self.well else ():
                renew(nowhere, token.outputs)
        except MetaAccessError as error:
            print(error)
            return RunEnd.BADLY
        return RunEnd.WELL if self.well else RunEnd.BADLY

    def revoke(self, targets: Sequence[Target], order: str, users: Sequence[str] = (), **how: bool) -> Revoked:
        return revoke(self.actions(), targets, order, users, **how)


@pytest.fixture
def stack(lindenhof: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> Stack:
    users(lindenhof, {A: "a", B: "b"})
    made = Stack(lindenhof, monkeypatch)
    monkeypatch.setattr(_live, "_settings", made.settings)
    monkeypatch.setattr(pulumi_run, "targeted", made.up)
    made.token("a")
    return made


def ordered(stack: Stack, **orders: str) -> None:
    """Let an earlier run have ordered this, and come no further."""
    for name, order in orders.items():
        [target] = stack.targets(name)
        stack.actions().order(target, order)
    stack.did.clear()


def renewed(stack: Stack, name: str) -> None:
    """Let an earlier run have renewed this."""
    assert stack.up("dev", [target.urn for target in stack.targets(name)]) is RunEnd.WELL
    stack.did.clear()


def current(stack: Stack, name: str) -> int:
    [target] = stack.targets(name)
    return stack.actions().look(target).generation


def test_all_is_ordered_and_renewed_first_and_only_then_are_users_emptied_and_renewed_again(stack: Stack) -> None:
    stack.token("root")
    stack.acts_with("meta/root")
    targets = stack.targets("a", "root")
    assert [target.credential for target in targets] == [False, True]

    done = stack.revoke(targets, "o1", [A])

    # A run that acts with the credential cannot end it.
    assert stack.did == [
        *("order a", "order root", "up root", "up a", "end root"),
        *("order a", f"end all of {A}, in a", "up a"),
    ]
    assert done.secrets == [
        Became(name="a", secret="meta/a", generation=3, served=True),
        Became(name="root", secret="meta/root", generation=2, served=True),
    ]
    assert (done.users, done.code) == ([A], 0)
    assert (living(stack.meta, A), current(stack, "a"), current(stack, "root")) == (1, 3, 2)


def test_a_user_whose_secret_could_not_be_renewed_is_not_emptied(stack: Stack) -> None:
    stack.well = False

    done = stack.revoke(stack.targets("a"), "o1", [A])

    assert stack.did == ["order a", "up a", "end a but what is current"]
    assert list(done.users_left) == [A]
    assert ALONE in done.users_left[A]
    assert (done.users, done.code) == ([], 2)
    assert living(stack.meta, A) == 1


def test_a_user_is_emptied_all_the_same_when_the_operator_says_so(stack: Stack) -> None:
    stack.well = False

    done = stack.revoke(stack.targets("a"), "o1", [A], without_successor=True)

    assert stack.did == [
        *("order a", "up a", "end a"),
        *("order a", f"end all of {A}, in a", "up a", "end a"),
    ]
    assert (done.users, done.code) == ([A], 2)
    assert living(stack.meta, A) == 0


def test_a_run_that_carries_on_does_not_end_what_was_minted_since(stack: Stack) -> None:
    stack.token("b")
    ordered(stack, a="o1/users", b="o1/users")
    renewed(stack, "a")
    targets = stack.targets("a", "b")
    assert pending(stack.actions(), targets) == "o1/users"

    done = stack.revoke(targets, "o1/users", [A, B])

    assert stack.did == [f"end all of {B}, in b", "up a, b"]
    assert (done.users, done.code) == ([B], 0)
    assert [living(stack.meta, A), living(stack.meta, B)] == [1, 1]
    assert [current(stack, "a"), current(stack, "b")] == [2, 2]


def test_a_run_that_carries_on_empties_only_users_that_were_shown_to_be_renewable(stack: Stack) -> None:
    stack.token("b")
    ordered(stack, a="o1/users", b="o1")

    done = stack.revoke(stack.targets("a", "b"), "o1/users", [A, B])

    assert stack.did == [f"end all of {A}, in a", "up a"]
    assert done.users == [A]
    assert [current(stack, "a"), current(stack, "b")] == [2, 1]


def test_an_order_that_is_carried_out_is_not_carried_on(stack: Stack) -> None:
    ordered(stack, a="o1")
    assert pending(stack.actions(), stack.targets("a")) == "o1"

    renewed(stack, "a")

    assert pending(stack.actions(), stack.targets("a")) == ""


def test_what_cannot_be_renewed_keeps_its_current_token_and_that_is_work_left(stack: Stack) -> None:
    stack.well = False

    done = stack.revoke(stack.targets("a"), "o1")

    assert stack.did == ["order a", "up a", "end a but what is current"]
    assert done.secrets == [
        Became(name="a", secret="meta/a", generation=1, served=False, left=f"generation 1: {ALONE}", spared=True)
    ]
    assert (done.failed, done.code, living(stack.meta, A)) == (True, 2, 1)


def test_what_cannot_be_renewed_is_ended_all_the_same_when_the_operator_says_so(stack: Stack) -> None:
    stack.well = False

    done = stack.revoke(stack.targets("a"), "o1", without_successor=True)

    assert stack.did == ["order a", "up a", "end a"]
    assert done.secrets == [Became(name="a", secret="meta/a", generation=1, served=False)]
    assert (done.failed, done.code, living(stack.meta, A)) == (True, 2, 0)


def test_what_cannot_be_ended_is_named(stack: Stack) -> None:
    stack.token("root")
    stack.acts_with("meta/root")
    stack.well = False
    before = living(stack.meta, ROOT)

    done = stack.revoke(stack.targets("root"), "o1", without_successor=True)

    [root] = done.secrets
    assert lacks(root.left, "generation 1", "credential in use") == []
    assert (done.code, living(stack.meta, ROOT)) == (2, before)


def test_a_user_that_cannot_be_emptied_does_not_keep_its_secrets_from_being_renewed(stack: Stack) -> None:
    stack.meta.refuse("DELETE", f"{A}/access_tokens$", 10, "Not today.")

    done = stack.revoke(stack.targets("a"), "o1", [A])

    assert stack.did == ["order a", "up a", "order a", "up a"]
    assert list(done.users_left) == [A]
    assert lacks(done.users_left[A], "Not today") == []
    assert [one.served for one in done.secrets] == [True]
    assert (done.code, living(stack.meta, A)) == (2, 1)


@pytest.mark.parametrize("without_successor", [False, True])
def test_a_secret_that_aws_rotates_names_the_command_that_renews_it(stack: Stack, *, without_successor: bool) -> None:
    stack.resources.clear()
    stack.token("a", secret_name="meta/by-aws", rotation_owner="lambda")
    stack.token("b")
    targets = stack.targets("a", "b")
    start = f"aws secretsmanager rotate-secret --secret-id {targets[0].arn}"
    before = living(stack.meta, A)

    done = stack.revoke(targets, "o1", without_successor=without_successor)

    # Pulumi mints nothing there, so no run of it is waited for. AWS's next rotation ends what is condemned.
    ended = "end a" if without_successor else "end a but what is current"
    assert stack.did == ["order a", "order b", "up b", ended]
    left = "" if without_successor else f"generation 1: {ALONE}"
    assert done.secrets == [
        Became(
            name="a",
            secret="meta/by-aws",
            generation=1,
            served=False,
            left=left,
            start=start,
            spared=not without_successor,
        ),
        Became(name="b", secret="meta/b", generation=2, served=True),
    ]
    assert (done.code, living(stack.meta, A)) == (2, before - without_successor)


def test_a_secret_that_aws_has_renewed_already_has_nothing_to_start(stack: Stack) -> None:
    ordered(stack, a="o1")
    renewed(stack, "a")
    [target] = stack.targets("a")
    start = f"aws secretsmanager rotate-secret --secret-id {target.arn}"

    [became] = stack.revoke([replace(target, start=start)], "o1").secrets

    assert (became.served, became.start, stack.did) == (True, "", [])


def test_a_secret_that_is_being_left_gets_no_successor_and_its_resource_one_run(stack: Stack) -> None:
    outputs = stack.resources.pop()["outputs"]
    moved = PROVIDER.update(outputs["arn"], outputs, {**outputs, "secret_name": "meta/new"}).outs
    assert moved is not None
    stack.resources.append(resource("SystemUserToken", "a", id_=moved["arn"], **moved))
    targets = stack.targets("a")
    assert [(target.arn == outputs["arn"], target.leaving) for target in targets] == [(False, False), (True, True)]

    done = stack.revoke(targets, "o1")

    assert stack.did == ["order a", "order a", "up a", "end a"]
    assert [one.served for one in done.secrets] == [True, True]
    assert (done.code, living(stack.meta, A)) == (0, 1)


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

    assert lacks(refused.value.message, "dev", "token", "arn:1, arn:2") == []
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
    assert (
        lacks(refused.value.message, "dev", "'meta/prod/reporting'", "meta/dev/reporting", "meta-access orphans") == []
    )
