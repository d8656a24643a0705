from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from meta_access.cli.leftovers import Leftovers, Line, arns_in_state, sweep
from meta_access.errors import GraphUnreachableError, TokenPendingError
from meta_access.graph.system_users import SystemUserRow
from meta_access.vault.description import Description
from tests.connections import MAIN
from tests.unit.cli.states import other, resource, state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meta_access.connections import Connection

BASE = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/dev/"

SECOND = replace(MAIN, name="second", app_id="120480000000202")


def secret(name: str, *, app: str = MAIN.app_id, goes: datetime | None = None) -> Description:
    return Description(f"{BASE}{name}-AbCdEf", f"meta/dev/{name}", {"meta-tokens:app-id": app}, {}, deletes_at=goes)


class World:
    """What a test says is there, and what was done."""

    def __init__(self, *secrets: Description, users: Iterable[SystemUserRow] = ()) -> None:
        self._secrets, self._users = secrets, tuple(users)
        self.ended: list[tuple[str, str]] = []
        self.pending: set[str] = set()

    def secrets(self, connection: Connection) -> Iterable[Description]:
        return self._secrets

    def end(self, connection: Connection, secret: Description) -> str:
        if secret.name in self.pending:
            raise TokenPendingError("another run holds the lease")
        self.ended.append((connection.name, secret.name))
        return "ended generation 1"

    def users(self, connection: Connection) -> Iterable[SystemUserRow]:
        return self._users


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
