from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from meta_access.errors import GraphUnreachableError, PermissionDeniedError
from meta_access.graph import reads, system_users
from meta_access.graph.reads import Reads, reads_for
from meta_access.graph.system_users import SystemUserRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.graph.client import GraphClient
    from meta_access.stack.connections import Connection
    from tests.unit.graph.conftest import Answer, FakeClock, Server

    MakeAnswer = type[Answer]
    MakeError = Callable[..., Answer]
    MakeClient = Callable[[Connection], GraphClient]

SU = "122090000000401"


@pytest.fixture
def shared(client: GraphClient) -> Reads:
    return Reads(client)


def test_each_list_is_read_once(shared: Reads, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer({"data": []})]

    for _ in range(3):
        assert shared.system_users() == []
        assert shared.app_roles() == []
        assert shared.app_permissions() == {}
        assert shared.assigned(SU, "page") == {}
        assert shared.assigned(SU, "ad_account") == {}
        assert shared.business().id == ""
        assert shared.tier_header() is None

    assert len(server.received) == 7


def wait_for_threads() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("ahead-"):
            thread.join(10)


def test_lists_are_read_ahead_at_once(shared: Reads, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer({"data": []})]

    for noun in (reads.SYSTEM_USERS, reads.APP_ROLES, reads.BUSINESS):
        shared.ahead(noun)
    wait_for_threads()

    assert sorted(seen.path for seen in server.received) == [
        "/v26.0/120480000000201/roles",
        "/v26.0/178000000000101",
        "/v26.0/178000000000101/system_users",
    ]
    assert (shared.system_users(), shared.app_roles(), shared.business().id) == ([], [], "")
    assert len(server.received) == 3


def test_what_cannot_be_read_ahead_is_told_to_who_asks(shared: Reads, server: Server, graph_error: MakeError) -> None:
    server.answers = [graph_error(200)]

    shared.ahead(reads.APP_ROLES)
    wait_for_threads()

    with pytest.raises(PermissionDeniedError):
        shared.app_roles()
    assert len(server.received) == 1


def test_a_throttle_is_waited_for_by_who_asks_and_not_ahead(
    shared: Reads, server: Server, answer: MakeAnswer, graph_error: MakeError, clock: FakeClock
) -> None:
    server.answers = [graph_error(4), answer({"data": [{"id": "1", "name": "a", "role": "ADMIN"}]})]
    shared.many = True

    shared.ahead(reads.SYSTEM_USERS)
    wait_for_threads()

    assert clock.slept == []
    assert shared.system_users() == [SystemUserRow("1", "a", "ADMIN")]
    assert len(server.received) == 2


def test_what_a_caller_does_to_its_list_is_its_own_affair(shared: Reads, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer({"data": [{"id": "1", "name": "a", "role": "ADMIN"}]})]

    shared.system_users().clear()

    assert shared.system_users() == [SystemUserRow("1", "a", "ADMIN")]


def test_four_threads_make_one_read(shared: Reads, monkeypatch: pytest.MonkeyPatch) -> None:
    reads, everybody = [], threading.Barrier(4)

    def slow(_: GraphClient) -> list[SystemUserRow]:
        reads.append(1)
        release.wait(5)
        return [SystemUserRow("1", "a", "ADMIN")]

    release = threading.Event()
    got: list[list[SystemUserRow]] = []

    def ask() -> None:
        everybody.wait(5)
        got.append(shared.system_users())

    monkeypatch.setattr(system_users, "list_", slow)
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    release.set()
    for thread in threads:
        thread.join()

    assert len(reads) == 1
    assert got == [[SystemUserRow("1", "a", "ADMIN")]] * 4


def test_a_write_makes_the_next_read_a_new_one(shared: Reads, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer({"data": []})]
    shared.system_users()
    shared.app_roles()

    shared.invalidate("system_users")
    shared.system_users()
    shared.app_roles()

    assert len(server.received) == 3


@pytest.mark.parametrize(("key", "again"), [(SU, 2), (f"{SU}/page", 1), (None, 3), ("1220", 0)])
def test_a_write_about_one_user_keeps_the_reads_about_others(
    *, shared: Reads, server: Server, answer: MakeAnswer, key: str | None, again: int
) -> None:
    server.answers = [answer({"data": []})]
    asked = [(SU, "page"), (SU, "ad_account"), ("122090000000402", "page")]
    for user, kind in asked:
        shared.assigned(user, kind)

    shared.invalidate("assigned", key)

    for user, kind in asked:
        shared.assigned(user, kind)
    assert len(server.received) == 3 + again


def test_a_read_under_way_during_a_write_is_not_kept(shared: Reads, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([[SystemUserRow("1", "old", "ADMIN")], [SystemUserRow("1", "new", "ADMIN")]])

    def read(_: GraphClient) -> list[SystemUserRow]:
        rows = next(answers)
        if rows[0].name == "old":
            shared.invalidate(reads.SYSTEM_USERS)
        return rows

    monkeypatch.setattr(system_users, "list_", read)

    assert shared.system_users()[0].name == "old"
    assert shared.system_users()[0].name == "new"


def test_a_failed_read_is_remembered(shared: Reads, server: Server, graph_error: MakeError) -> None:
    server.answers = [graph_error(200)]
    depths = set()

    for _ in range(3):
        with pytest.raises(PermissionDeniedError, match="connection main") as raised:
            shared.system_users()
        depths.add(len(raised.traceback))

    assert len(server.received) == 1
    assert len(depths) == 1


def test_a_failed_read_is_forgotten_when_invalidated(
    shared: Reads, server: Server, answer: MakeAnswer, graph_error: MakeError
) -> None:
    server.answers = [graph_error(200), answer({"data": []})]
    with pytest.raises(PermissionDeniedError):
        shared.system_users()

    shared.invalidate("system_users")

    assert shared.system_users() == []


def test_a_fault_of_ours_is_not_remembered(shared: Reads, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: GraphClient) -> list[SystemUserRow]:
        raise KeyboardInterrupt

    monkeypatch.setattr(system_users, "list_", broken)
    with pytest.raises(KeyboardInterrupt):
        shared.system_users()
    monkeypatch.setattr(system_users, "list_", lambda _: [])

    assert shared.system_users() == []


def test_without_a_probe_no_tier_is_asked_for(make_client: MakeClient, connection: Connection, server: Server) -> None:
    shared = Reads(make_client(replace(connection, tier_probe=None)))

    assert shared.tier_header() is None
    assert server.received == []


def test_a_dead_connection_is_tried_once(shared: Reads, server: Server) -> None:
    server.stop()

    messages = set()
    for _ in range(3):
        with pytest.raises(GraphUnreachableError) as raised:
            shared.business()
        messages.add(id(raised.value))

    assert len(messages) == 1


def test_the_reads_of_a_connection_are_one_object_per_process(connection: Connection) -> None:
    assert reads_for(connection) is reads_for(connection)
