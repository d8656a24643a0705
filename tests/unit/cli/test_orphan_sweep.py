from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from meta_access.cli.tokens.orphan_sweep import Elsewhere, Known, Line, SweepResult, known_of, sweep
from meta_access.errors import ConflictError, GraphUnreachableError, TokenPendingError
from meta_access.graph.system_users import SystemUserRow
from meta_access.tokens.store import Description
from tests.connections import MAIN
from tests.unit.cli.states import other, resource, state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meta_access.stack.connections import Connection

BASE = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/dev/"

SECOND = replace(MAIN, name="second", app_id="120480000000202")


def secret(
    name: str, *, app: str = MAIN.app_id, goes: datetime | None = None, former: str = "", stack_id: str = "one"
) -> Description:
    tags = {"meta-tokens:app-id": app, "meta-tokens:former-users": former, "meta-tokens:system-user-id": "5"}
    if stack_id:
        tags["meta-tokens:stack-id"] = stack_id
    return Description(arn(name), f"meta/dev/{name}", tags, {}, deletes_at=goes)


def arn(name: str) -> str:
    return f"{BASE}{name}-AbCdEf"


class World:
    """What a test says is there, and what was done."""

    def __init__(self, *secrets: Description, users: Iterable[SystemUserRow] = ()) -> None:
        self._secrets, self._users = secrets, tuple(users)
        self.ended: list[tuple[str, str]] = []
        self.pending: set[str] = set()
        self.lives: dict[str, list[int]] = {}
        self.credential = ""
        self.retired: list[tuple[str, str]] = []
        self.forgot: list[tuple[str, str, str]] = []
        self.others = Elsewhere()

    def elsewhere(self) -> Elsewhere:
        return self.others

    def secrets(self, connection: Connection) -> Iterable[Description]:
        return self._secrets

    def end(self, connection: Connection, secret: Description) -> str:
        if secret.name in self.pending:
            raise TokenPendingError("another run holds the lease")
        self.ended.append((connection.name, secret.name))
        return "ended generation 1"

    def users(self, connection: Connection) -> Iterable[SystemUserRow]:
        return self._users

    def held(self, connection: Connection, secret: Description, user: str) -> list[int]:
        return self.lives.get(f"{user} in {secret.name}", [])

    def retire(self, connection: Connection, user: str) -> str:
        if user == self.credential:
            raise ConflictError("it is the credential's")
        self.retired.append((connection.name, user))
        return "unused alder-1a2b"

    def forget(self, connection: Connection, secret: Description, user: str) -> None:
        self.forgot.append((connection.name, secret.name, user))


# What the state of the stack holds, unless a test says otherwise: resources, and their id.
HERE = Known(ids=frozenset({"one"}))


def test_a_state_tells_its_secrets_its_users_and_its_ids() -> None:
    token = resource(
        "SystemUserToken",
        "reporting",
        id_=f"{BASE}old-AAAAAA",
        arn=f"{BASE}new-BBBBBB",
        leaving=[{"arn": f"{BASE}x-CCCCCC"}],
        stack_id="one",
    )
    user = resource("SystemUser", "a", id_="7", stack_id="two")

    token["outputs"]["claim"] = "c1"
    assert known_of(state(token, user, other("a:b:C", "else", arn=f"{BASE}foreign-DDDDDD", stack_id="three"))) == Known(
        arns=frozenset({f"{BASE}old-AAAAAA", f"{BASE}new-BBBBBB", f"{BASE}x-CCCCCC"}),
        claims=frozenset({"c1"}),
        users=frozenset({"7"}),
        ids=frozenset({"one", "two"}),
        resources=True,
    )


def test_a_state_without_our_resources_is_known_for_that() -> None:
    assert known_of({"version": 3, "deployment": {}}) == Known(resources=False)
    assert known_of(state(other("random:index/randomId:RandomId", "suffix"))) == Known(resources=False)
    # What a killed run began and never recorded is a resource of this stack all the same.
    assert known_of(state(pending=[resource("SystemUser", "a", id_="")])).resources


def test_nothing_is_ended_before_somebody_agrees() -> None:
    world = World(secret("kept"), secret("lost"))

    found = sweep([MAIN], replace(HERE, arns=frozenset({arn("kept")})), world)

    assert world.ended == []
    assert found.orphans == [
        Line("meta/dev/lost", "no state holds it; ending it ends its tokens, which are system user 5's", arn("lost"))
    ]
    assert not found.done


def test_a_secret_that_was_left_to_a_token_of_the_state_is_no_orphan() -> None:
    left = secret("left")
    world = World(replace(left, tags={**left.tags, "meta-tokens:claim": "c1"}))

    found = sweep([MAIN], replace(HERE, claims=frozenset({"c1"})), world, {arn("left")})

    assert (world.ended, found.orphans, found.done) == ([], [], True)


def test_only_what_was_agreed_to_is_ended() -> None:
    world = World(secret("kept"), secret("lost"), secret("other"))

    found = sweep([MAIN], replace(HERE, arns=frozenset({arn("kept")})), world, {arn("lost")})

    assert world.ended == [("main", "meta/dev/lost")]
    assert found.ended == [Line("meta/dev/lost", "ended generation 1", arn("lost"))]
    assert [line.name for line in found.orphans] == ["meta/dev/other"]
    assert not found.done


def test_a_state_without_our_resources_proves_nothing_whatever_was_agreed() -> None:
    world = World(secret("lost", former=MARKED), users=[OLD])

    found = sweep([MAIN], Known(resources=False), world, {arn("lost"), "7"})

    assert (world.ended, world.retired) == ([], [])
    assert found.left == [
        Line(
            "meta/dev/lost",
            "the state of this stack holds nothing of ours, so that every secret would look left behind. If this is "
            "the right backend and stack, run `pulumi up` first",
            arn("lost"),
        )
    ]
    assert not found.done


def test_a_secret_with_another_stack_id_is_another_owner_s_and_is_never_ended() -> None:
    world = World(secret("theirs", stack_id="two"))

    found = sweep([MAIN], HERE, world, {arn("theirs")})

    assert world.ended == []
    assert found.foreign == [
        Line(
            "meta/dev/theirs",
            "another stack of this project and name has it: its stack id, two, is not in this state",
            arn("theirs"),
        )
    ]
    assert found.done


def test_a_secret_that_another_stack_of_the_backend_holds_is_left_alone() -> None:
    world = World(secret("moved"))
    world.others = Elsewhere(arns={arn("moved"): "tok"})

    found = sweep([MAIN], HERE, world, {arn("moved")})

    assert world.ended == []
    assert found.elsewhere == [
        Line(
            "meta/dev/moved",
            "the state of stack tok holds it; `pulumi up` there writes the name of that stack into the tags",
            arn("moved"),
        )
    ]
    assert found.done


def test_a_secret_without_an_id_is_ended_only_when_it_is_named() -> None:
    world = World(secret("old", stack_id=""))

    assert sweep([MAIN], HERE, world).doubtful == [
        Line(
            "meta/dev/old",
            "no state holds it; ending it ends its tokens, which are system user 5's. But its tags have no stack id "
            "(an older version made it), so that it may be another stack's of the same name",
            arn("old"),
        )
    ]
    assert world.ended == []
    assert sweep([MAIN], HERE, world, {arn("old")}).done
    assert world.ended == [("main", "meta/dev/old")]


def test_a_state_of_an_older_version_has_no_id_to_compare_with_so_only_a_name_is_enough() -> None:
    world = World(secret("lost"))

    [line] = sweep([MAIN], Known(), world).doubtful

    assert line.text.endswith(
        "But no resource of this state has a stack id yet (an older version made them), so that it may be another "
        "stack's of the same name"
    )
    assert sweep([MAIN], Known(), world, {arn("lost")}).done


def test_a_stack_that_could_not_be_looked_into_leaves_a_doubt() -> None:
    world = World(secret("lost"))
    world.others = Elsewhere(unread={"tok": "no such checkpoint"})

    [line] = sweep([MAIN], HERE, world).doubtful

    assert line.text.endswith(
        "But not every other stack could be looked into, and one may hold it (tok: no such checkpoint)"
    )


def test_the_other_stacks_are_looked_into_only_when_something_seems_left_behind() -> None:
    class Busy(World):
        def elsewhere(self) -> Elsewhere:
            raise AssertionError

    known = replace(HERE, arns=frozenset({arn("kept")}))

    assert sweep([MAIN], known, Busy(secret("kept"), secret("theirs", stack_id="two"))).done


def test_one_that_cannot_be_ended_is_left_and_the_others_are_ended() -> None:
    world = World(secret("busy"), secret("lost"))
    world.pending = {"meta/dev/busy"}

    found = sweep([MAIN], HERE, world, {arn("busy"), arn("lost")})

    assert found.left == [Line("meta/dev/busy", "another run holds the lease", arn("busy"))]
    assert [line.name for line in found.ended] == ["meta/dev/lost"]
    assert not found.done


def test_a_secret_is_ended_by_the_connection_of_its_app_and_once() -> None:
    world = World(secret("lost", app=SECOND.app_id))

    sweep([MAIN, SECOND], HERE, world, {arn("lost")})

    assert world.ended == [("second", "meta/dev/lost")]


def test_a_secret_of_an_app_that_no_connection_acts_for_is_left() -> None:
    found = sweep([MAIN], HERE, World(secret("lost", app="1")), {arn("lost")})

    assert found.left == [Line("meta/dev/lost", "no connection of this stack acts for its app 1", arn("lost"))]


def test_what_waits_for_its_deletion_is_listed_with_the_date() -> None:
    world = World(secret("gone", goes=datetime(2026, 12, 1, 8, tzinfo=UTC)))

    found = sweep([MAIN], HERE, world)

    assert world.ended == []
    assert found.done
    assert found.scheduled == [
        Line(
            "meta/dev/gone",
            "deleted on 2026-12-01T08:00:00Z; until then the next `up` that asks for this secret restores it",
            arn("gone"),
        )
    ]


def test_retired_users_are_listed_once_per_business() -> None:
    users = [SystemUserRow("7", "unused alder-1a2b", "EMPLOYEE"), SystemUserRow("8", "reporting", "EMPLOYEE")]

    found = sweep([MAIN, SECOND], HERE, World(users=users))

    assert found.retired == [
        Line("unused alder-1a2b", "id 7, EMPLOYEE, business 178000000000101; the next create takes its slot", "7")
    ]


# --- system users whose resource is gone --------------------------------------------------------------------------

OLD = SystemUserRow("7", "reporting", "EMPLOYEE")
# sha256("reporting"), its first 16 hex digits
MARKED = "7=637d7becb9983937"
KEPT = replace(HERE, arns=frozenset({arn("kept")}))


def test_a_user_whose_tokens_have_ended_is_listed_before_it_is_retired() -> None:
    world = World(secret("kept", former=f"5 {MARKED}"), users=[OLD, SystemUserRow("5", "never marked", "EMPLOYEE")])

    found = sweep([MAIN], KEPT, world)

    assert found.orphans == [
        Line(
            "reporting",
            "system user of no state (id 7); ending it renames it, so that its slot can be taken again",
            "7",
        )
    ]
    assert (world.retired, world.forgot, found.done) == ([], [], False)


def test_a_user_that_another_stack_holds_is_left_alone() -> None:
    world = World(secret("kept", former=MARKED), users=[OLD])
    world.others = Elsewhere(users={"7": "tok"})

    found = sweep([MAIN], KEPT, world, {"7"})

    assert found.elsewhere == [Line("reporting", "the state of stack tok holds it (id 7)", "7")]
    assert (world.retired, world.forgot, found.done) == ([], [], True)


def test_a_user_whose_tokens_have_ended_is_retired_and_forgotten() -> None:
    world = World(secret("kept", former=f"5 {MARKED}"), users=[OLD, SystemUserRow("5", "never marked", "EMPLOYEE")])

    found = sweep([MAIN], KEPT, world, {"7"})

    assert world.retired == [("main", "7")]
    assert found.withdrawn == [Line("reporting", "retired: id 7 is now called unused alder-1a2b", "7")]
    assert world.forgot == [("main", "meta/dev/kept", "7")]
    assert found.done


def test_a_user_with_a_token_in_grace_anywhere_in_the_stack_is_work_left() -> None:
    world = World(secret("kept", former=MARKED), secret("other"), users=[OLD])
    world.lives = {"7 in meta/dev/kept": [1], "7 in meta/dev/other": [2, 3]}

    found = sweep([MAIN], replace(HERE, arns=frozenset({arn("kept"), arn("other")})), world, {"7"})

    assert (world.retired, world.forgot, found.done) == ([], [], False)
    assert found.left == [
        Line(
            "reporting",
            "kept until its tokens end (id 7): generation 1 of secret meta/dev/kept; generation 2, 3 of secret "
            "meta/dev/other. After the grace `pulumi up` or `meta-access rotate --due` ends them",
            "7",
        )
    ]


def test_a_user_that_the_state_has_again_or_that_is_retired_already_is_only_forgotten() -> None:
    used = World(secret("kept", former=MARKED), users=[OLD])
    assert sweep([MAIN], replace(KEPT, users=frozenset({"7"})), used, {"x"}).withdrawn == []
    done = World(secret("kept", former=MARKED), users=[SystemUserRow("7", "unused alder-1a2b", "EMPLOYEE")])
    assert sweep([MAIN], KEPT, done, {"x"}).withdrawn == []

    for world in (used, done):
        assert (world.retired, world.forgot) == ([], [("main", "meta/dev/kept", "7")])


def test_a_user_of_another_name_is_somebody_else_s_by_now() -> None:
    world = World(secret("kept", former=MARKED), users=[SystemUserRow("7", "billing", "EMPLOYEE")])

    found = sweep([MAIN], KEPT, world)

    assert found.withdrawn == [
        Line("billing", "kept (id 7): it has another name than the one we gave it, so somebody else uses it", "7")
    ]
    assert (world.retired, found.done) == ([], True)


def test_a_user_that_cannot_be_retired_is_work_left() -> None:
    world = World(secret("kept", former=MARKED), users=[OLD])
    world.credential = "7"

    found = sweep([MAIN], KEPT, world, {"7"})

    assert (found.left, world.forgot, found.done) == ([Line("reporting", "it is the credential's", "7")], [], False)


def test_the_mark_in_a_secret_that_goes_counts_and_stays() -> None:
    world = World(secret("gone", goes=datetime(2026, 12, 1, 8, tzinfo=UTC), former=MARKED), users=[OLD])

    found = sweep([MAIN], HERE, world, {"7"})

    assert (world.retired, world.forgot, found.done) == ([("main", "7")], [], True)


def test_a_user_that_a_listed_secret_alone_still_holds_is_listed_with_it() -> None:
    world = World(secret("lost", former=MARKED), users=[OLD])
    world.lives = {"7 in meta/dev/lost": [1]}

    assert [line.name for line in sweep([MAIN], HERE, world).orphans] == ["meta/dev/lost", "reporting"]
    # Agreed for the user alone, the secret stays and so does the user.
    assert [line.name for line in sweep([MAIN], HERE, world, {"7"}).left] == ["reporting"]
    assert (world.ended, world.retired) == ([], [])
    assert sweep([MAIN], HERE, world, {"7", arn("lost")}).done
    assert (world.ended, world.retired) == ([("main", "meta/dev/lost")], [("main", "7")])


def test_a_user_that_a_connection_does_not_list_is_another_business_s() -> None:
    class Two(World):
        def users(self, connection: Connection) -> Iterable[SystemUserRow]:
            return [] if connection.name == "main" else [OLD]

    world = Two(secret("kept", former=MARKED))

    sweep([MAIN, replace(MAIN, name="second", business_id="2")], KEPT, world, {"7"})

    assert world.retired == [("second", "7")]


def test_a_connection_that_cannot_be_reached_is_work_left_and_stops_no_other() -> None:
    class Down(World):
        def secrets(self, connection: Connection) -> Iterable[Description]:
            if connection.name == "main":
                raise GraphUnreachableError("no answer", sent=False)
            return super().secrets(connection)

    world = Down(secret("lost", app=SECOND.app_id))

    found = sweep([MAIN, SECOND], HERE, world, {arn("lost")})

    assert found.unseen == [Line("main", "no answer")]
    assert [line.name for line in found.ended] == ["meta/dev/lost"]
    assert not found.done


def test_nothing_left_is_done() -> None:
    assert SweepResult().done
