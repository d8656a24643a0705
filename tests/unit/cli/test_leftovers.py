from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from meta_access.cli.leftovers import Leftovers, Line, arns_in_state, sweep, users_in_state
from meta_access.errors import ConflictError, GraphUnreachableError, TokenPendingError
from meta_access.graph.system_users import SystemUserRow
from meta_access.vault.description import Description
from tests.connections import MAIN
from tests.unit.cli.states import other, resource, state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meta_access.connections import Connection

BASE = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/dev/"

SECOND = replace(MAIN, name="second", app_id="120480000000202")


def secret(name: str, *, app: str = MAIN.app_id, goes: datetime | None = None, former: str = "") -> Description:
    tags = {"meta-tokens:app-id": app, "meta-tokens:former-users": former}
    return Description(f"{BASE}{name}-AbCdEf", f"meta/dev/{name}", tags, {}, deletes_at=goes)


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


def test_arns_of_tokens_and_of_secrets_they_are_leaving_stand_in_the_state() -> None:
    token = resource(
        "SystemUserToken",
        "reporting",
        id_=f"{BASE}old-AAAAAA",
        arn=f"{BASE}new-BBBBBB",
        leaving=[{"arn": f"{BASE}x-CCCCCC"}],
    )

    assert arns_in_state(state(token, other("a:b:C", "else", arn=f"{BASE}foreign-DDDDDD"))) == {
        f"{BASE}old-AAAAAA",
        f"{BASE}new-BBBBBB",
        f"{BASE}x-CCCCCC",
    }
    assert arns_in_state({"version": 3, "deployment": {}}) == set()


def test_only_a_secret_of_no_state_is_ended() -> None:
    world = World(secret("kept"), secret("lost"))

    found = sweep([MAIN], {f"{BASE}kept-AbCdEf"}, world)

    assert world.ended == [("main", "meta/dev/lost")]
    assert found.ended == [Line("meta/dev/lost", "ended generation 1")]
    assert found.done


def test_one_that_cannot_be_ended_is_left_and_the_others_are_ended() -> None:
    world = World(secret("busy"), secret("lost"))
    world.pending = {"meta/dev/busy"}

    found = sweep([MAIN], set(), world)

    assert found.left == [Line("meta/dev/busy", "another run holds the lease")]
    assert [line.name for line in found.ended] == ["meta/dev/lost"]
    assert not found.done


def test_a_secret_is_ended_by_the_connection_of_its_app_and_once() -> None:
    world = World(secret("lost", app=SECOND.app_id))

    sweep([MAIN, SECOND], set(), world)

    assert world.ended == [("second", "meta/dev/lost")]


def test_a_secret_of_an_app_that_no_connection_acts_for_is_left() -> None:
    found = sweep([MAIN], set(), World(secret("lost", app="1")))

    assert found.left == [Line("meta/dev/lost", "no connection of this stack acts for its app 1")]


def test_what_waits_for_its_deletion_is_listed_with_the_date() -> None:
    world = World(secret("gone", goes=datetime(2026, 12, 1, 8, tzinfo=UTC)))

    found = sweep([MAIN], set(), world)

    assert world.ended == []
    assert found.done
    assert found.scheduled == [
        Line(
            "meta/dev/gone",
            "deleted on 2026-12-01T08:00:00Z; until then the next `up` that asks for this secret restores it",
        )
    ]


def test_retired_users_are_listed_once_per_business() -> None:
    users = [SystemUserRow("7", "unused alder-1a2b", "EMPLOYEE"), SystemUserRow("8", "reporting", "EMPLOYEE")]

    found = sweep([MAIN, SECOND], set(), World(users=users))

    assert found.retired == [
        Line("unused alder-1a2b", "id 7, EMPLOYEE, business 178000000000101; the next create takes its slot")
    ]


# --- system users whose resource is gone --------------------------------------------------------------------------

OLD = SystemUserRow("7", "reporting", "EMPLOYEE")
# sha256("reporting"), its first 16 hex digits
MARKED = "7=637d7becb9983937"
KEPT = {f"{BASE}kept-AbCdEf"}


def test_a_user_whose_tokens_have_ended_is_retired_and_forgotten() -> None:
    world = World(secret("kept", former=f"5 {MARKED}"), users=[OLD, SystemUserRow("5", "never marked", "EMPLOYEE")])

    found = sweep([MAIN], KEPT, world)

    assert world.retired == [("main", "7")]
    assert found.withdrawn == [Line("reporting", "retired: id 7 is now called unused alder-1a2b")]
    assert world.forgot == [("main", "meta/dev/kept", "7")]
    assert found.done


def test_a_user_with_a_token_in_grace_anywhere_in_the_stack_is_work_left() -> None:
    world = World(secret("kept", former=MARKED), secret("other"), users=[OLD])
    world.lives = {"7 in meta/dev/kept": [1], "7 in meta/dev/other": [2, 3]}

    found = sweep([MAIN], {*KEPT, f"{BASE}other-AbCdEf"}, world)

    assert (world.retired, world.forgot, found.done) == ([], [], False)
    assert found.left == [
        Line(
            "reporting",
            "kept until its tokens end (id 7): generation 1 of secret meta/dev/kept; generation 2, 3 of secret "
            "meta/dev/other. After the grace `pulumi up` or `meta-access rotate --due` ends them",
        )
    ]


def test_a_user_that_the_state_has_again_or_that_is_retired_already_is_only_forgotten() -> None:
    used = World(secret("kept", former=MARKED), users=[OLD])
    assert sweep([MAIN], KEPT, used, users={"7"}).withdrawn == []
    done = World(secret("kept", former=MARKED), users=[SystemUserRow("7", "unused alder-1a2b", "EMPLOYEE")])
    assert sweep([MAIN], KEPT, done).withdrawn == []

    for world in (used, done):
        assert (world.retired, world.forgot) == ([], [("main", "meta/dev/kept", "7")])


def test_a_user_of_another_name_is_somebody_else_s_by_now() -> None:
    world = World(secret("kept", former=MARKED), users=[SystemUserRow("7", "billing", "EMPLOYEE")])

    found = sweep([MAIN], KEPT, world)

    assert found.withdrawn == [
        Line("billing", "kept (id 7): it has another name than the one we gave it, so somebody else uses it")
    ]
    assert (world.retired, found.done) == ([], True)


def test_a_user_that_cannot_be_retired_is_work_left() -> None:
    world = World(secret("kept", former=MARKED), users=[OLD])
    world.credential = "7"

    found = sweep([MAIN], KEPT, world)

    assert (found.left, world.forgot, found.done) == ([Line("reporting", "it is the credential's")], [], False)


def test_the_mark_in_a_secret_that_goes_counts_and_stays() -> None:
    world = World(secret("gone", goes=datetime(2026, 12, 1, 8, tzinfo=UTC), former=MARKED), users=[OLD])

    found = sweep([MAIN], set(), world)

    assert (world.retired, world.forgot, found.done) == ([("main", "7")], [], True)


def test_a_user_that_a_connection_does_not_list_is_another_business_s() -> None:
    class Two(World):
        def users(self, connection: Connection) -> Iterable[SystemUserRow]:
            return [] if connection.name == "main" else [OLD]

    world = Two(secret("kept", former=MARKED))

    sweep([MAIN, replace(MAIN, name="second", business_id="2")], KEPT, world)

    assert world.retired == [("second", "7")]


def test_users_of_a_state_are_those_of_its_resources() -> None:
    made = state(resource("SystemUser", "a", id_="7"), resource("SystemUserToken", "a", id_="arn:1"))

    assert users_in_state(made) == {"7"}


def test_a_connection_that_cannot_be_reached_is_work_left_and_stops_no_other() -> None:
    class Down(World):
        def secrets(self, connection: Connection) -> Iterable[Description]:
            if connection.name == "main":
                raise GraphUnreachableError("no answer", sent=False)
            return super().secrets(connection)

    world = Down(secret("lost", app=SECOND.app_id))

    found = sweep([MAIN, SECOND], set(), world)

    assert found.unseen == [Line("main", "no answer")]
    assert [line.name for line in found.ended] == ["meta/dev/lost"]
    assert not found.done


def test_nothing_left_is_done() -> None:
    assert Leftovers().done
