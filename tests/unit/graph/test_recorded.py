"""Reads of Graph that are recorded, and the same calls answered from the snapshot without a call."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from meta_access import snapshot
from meta_access.errors import (
    AuthError,
    GraphError,
    GraphUnreachableError,
    InvalidRequestError,
    NotFoundError,
    NotRecordedError,
    OfflineError,
    PermissionDeniedError,
    RateLimitedError,
    TransientError,
)
from meta_access.graph import recorded, tiers
from meta_access.graph.auth import Auth, TokenAuth
from meta_access.graph.debug_token import inspect
from meta_access.graph.issuer import TokenIssuer
from meta_access.snapshot import Subject

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from meta_access.graph.client import GraphClient
    from meta_access.stack.connections import Connection
    from tests.unit.graph.conftest import Answer, Server

    MakeAnswer = type[Answer]
    MakeError = Callable[..., Answer]
    MakeClient = Callable[[Connection], GraphClient]

USERS = "178000000000101/system_users"


class Tape:
    """A folder of reads, and a way to go on from a snapshot of them."""

    def __init__(self, folder: Path, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder, self._connection, self._patch = folder, connection, monkeypatch
        (folder / "reads").mkdir()
        monkeypatch.setattr(snapshot, "_given", {})
        monkeypatch.delenv(snapshot.VARIABLE, raising=False)
        monkeypatch.setenv(snapshot.READS_VARIABLE, str(folder / "reads"))

    @property
    def lines(self) -> list[dict[str, Any]]:
        files = sorted((self._folder / "reads").iterdir())
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    def play(self) -> None:
        subject = Subject.of("meta-access", "dev", "dev", "2026-11", [self._connection])
        snapshot.write(snapshot.made(subject, self._folder / "reads", {"version": 3}), self._folder / "s.json")
        self._patch.delenv(snapshot.READS_VARIABLE)
        self._patch.setenv(snapshot.VARIABLE, str(self._folder / "s.json"))


@pytest.fixture
def tape(tmp_path: Path, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Tape:
    return Tape(tmp_path, connection, monkeypatch)


def test_pages_come_back_whole_and_without_the_links_that_hold_the_token(
    tape: Tape, server: Server, answer: MakeAnswer, make_client: MakeClient, connection: Connection
) -> None:
    link = f"https://graph.facebook.com/v26.0/{USERS}?access_token={'EAA' + 'EMU' + 'inalink'}&after=x"
    first = {
        "data": [{"id": "1"}],
        "paging": {"cursors": {"before": "w", "after": "x"}, "next": link, "previous": link},
    }
    server.answers = [answer(first), answer({"data": [{"id": "2"}], "paging": {"cursors": {"after": "y"}}})]
    live = list(make_client(connection).pages(USERS, {"fields": "id"}))
    assert "inalink" not in json.dumps(tape.lines)

    tape.play()
    server.received.clear()
    client = make_client(connection)

    assert list(client.pages(USERS, {"fields": "id"})) == live == [{"id": "1"}, {"id": "2"}]
    assert server.received == []


def test_time_and_tier_come_back_as_of_the_snapshot(
    tape: Tape, server: Server, answer: MakeAnswer, make_client: MakeClient, connection: Connection
) -> None:
    usage = json.dumps({"1": [{"type": "ads_management", "ads_api_access_tier": "development_access"}]})
    server.answers = [answer({"id": "act_1"}, headers={"X-Business-Use-Case-Usage": usage})]
    live = make_client(connection)
    assert tiers.probe(live, "act_1") == "development_access"

    tape.play()
    client = make_client(connection)

    assert tiers.probe(client, "act_1") == "development_access"
    assert client.server_time == live.server_time
    assert isinstance(client.server_time, datetime)
    assert abs((datetime.now(UTC) - client.server_time).total_seconds()) < 60


@pytest.mark.parametrize(
    ("code", "subcode", "kind"),
    [(10, 0, PermissionDeniedError), (100, 33, NotFoundError), (100, 0, InvalidRequestError)],
)
def test_a_refusal_about_what_was_asked_comes_back_as_it_was(
    *,
    code: int,
    subcode: int,
    kind: type[GraphError],
    tape: Tape,
    server: Server,
    graph_error: MakeError,
    make_client: MakeClient,
    connection: Connection,
) -> None:
    server.answers = [graph_error(code, subcode)]
    with pytest.raises(kind) as live:
        make_client(connection).get(USERS)

    tape.play()
    server.received.clear()
    with pytest.raises(kind) as recalled:
        make_client(connection).get(USERS)

    assert str(recalled.value) == str(live.value)
    assert (recalled.value.code, recalled.value.subcode, recalled.value.http_status) == (code, subcode, 400)
    assert server.received == []


@pytest.mark.parametrize(("code", "kind"), [(190, AuthError), (4, RateLimitedError), (2, TransientError)])
def test_what_is_of_the_moment_is_unknown_afterwards(
    *,
    code: int,
    kind: type[GraphError],
    tape: Tape,
    server: Server,
    answer: MakeAnswer,
    graph_error: MakeError,
    make_client: MakeClient,
    connection: Connection,
) -> None:
    server.answers = [answer({"data": []}), graph_error(code)]
    client = make_client(connection)
    client.get("me")
    with pytest.raises(kind):
        client.get(USERS)

    tape.play()

    with pytest.raises(
        NotRecordedError, match=f"^Reading {USERS} was not possible: the snapshot of .* does not hold it"
    ):
        make_client(connection).get(USERS)


def test_an_outage_is_not_recorded(tape: Tape, server: Server, answer: MakeAnswer, client: GraphClient) -> None:
    server.answers = [answer(b"<html>")]
    with pytest.raises(GraphUnreachableError):
        client.get(USERS)

    assert tape.lines == []


def test_the_own_token_is_asked_about_by_its_role_and_never_looked_up_again(
    *,
    tape: Tape,
    server: Server,
    answer: MakeAnswer,
    make_client: MakeClient,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = {"data": {"is_valid": True, "app_id": "1", "user_id": "2", "type": "SYSTEM_USER", "scopes": []}}
    server.answers = [answer(told).in_batch()]
    live = inspect(make_client(connection), Auth.ADMIN)
    sent = server.received[0].form["batch"]
    assert "adminadminadminadmin" in sent
    assert [line["question"] for line in tape.lines] == [
        {
            "service": "graph",
            "connection": "main",
            "as": "app",
            "path": "debug_token",
            "params": {"input_token": "<admin>"},
        }
    ]
    assert "adminadmin" not in json.dumps(tape.lines)
    assert "appsecret" not in json.dumps(tape.lines)

    tape.play()
    client = make_client(connection)
    monkeypatch.delenv("META_ADMIN_TOKEN")
    monkeypatch.delenv("META_APP_SECRET")

    assert inspect(client, Auth.ADMIN) == live
    with pytest.raises(OfflineError, match=r"^Looking up meta:connections\.main\.admin_token is refused: "):
        client.credentials.admin_token()


def test_what_is_asked_with_somebodys_token_or_about_one_is_not_recorded(
    tape: Tape, server: Server, answer: MakeAnswer, client: GraphClient
) -> None:
    person = SecretStr("EAA" + "EMU" + "personperson")
    told = answer({"data": {"is_valid": True, "scopes": []}})
    server.answers = [answer({"id": "1"}), told.in_batch()]

    client.get("me", auth=TokenAuth(person))
    inspect(client, person)

    assert tape.lines == []


def test_writes_are_refused_and_a_revocation_is_one(
    tape: Tape, server: Server, answer: MakeAnswer, make_client: MakeClient, connection: Connection
) -> None:
    server.answers = [answer({"success": True})]
    first = make_client(connection)
    first.post("1/assigned_users", {"user": "2"}, landed=lambda: None)
    first.delete("1/assigned_users", {"user": "2"})
    first.get("me")
    assert [line["question"]["path"] for line in tape.lines] == ["me"]

    tape.play()
    server.received.clear()
    client = make_client(connection)

    refused = "is refused: META_ACCESS_SNAPSHOT forbids every call and every change. Unset it and repeat.$"
    with pytest.raises(OfflineError, match=f"^Writing to 1/assigned_users {refused}"):
        client.post("1/assigned_users", {"user": "2"})
    with pytest.raises(OfflineError, match=f"^Deleting from 1/assigned_users {refused}"):
        client.delete("1/assigned_users", {"user": "2"})
    with pytest.raises(OfflineError):
        TokenIssuer(client).revoke(SecretStr("EAA" + "EMU" + "othertoken"))
    with pytest.raises(OfflineError):
        client.get("oauth/revoke", {"revoke_token": SecretStr("EAA" + "EMU" + "othertoken")}, in_batch=True)
    assert server.received == []


def test_no_link_to_a_further_page_is_kept_at_any_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []
    monkeypatch.setattr(snapshot, "record", lambda _, answer, __: kept.append(answer))
    inner = {"data": [{"id": "2"}], "paging": {"cursors": {"after": "b"}, "next": "https://graph.example/?secret"}}
    answer = {"data": [{"id": "1", "assigned_pages": inner}], "paging": {"cursors": {"after": "a"}}}

    recorded.keep({"path": "1/system_users"}, answer, None, None)

    assert kept == [
        {
            "data": {
                "data": [
                    {
                        "id": "1",
                        "assigned_pages": {"data": [{"id": "2"}], "paging": {"cursors": {"after": "b"}, "next": True}},
                    }
                ],
                "paging": {"cursors": {"after": "a"}, "next": False},
            },
            "tier": None,
        }
    ]
