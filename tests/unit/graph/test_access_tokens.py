from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import pytest
from pydantic import SecretStr

from meta_access.errors import (
    AuthError,
    ConflictError,
    GraphUnreachableError,
    HumanNeededError,
    MetaAccessError,
    PermissionDeniedError,
    RateLimitedError,
    TransientError,
)
from meta_access.graph.issuer import TokenIssuer
from tests.texts import lacks

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.graph.client import GraphClient
    from tests.unit.graph.conftest import Answer, FakeClock, Server

    MakeAnswer = type[Answer]
    MakeError = Callable[..., Answer]

ADMIN_TOKEN = "EAA" + "EMU" + "adminadminadminadmin"
APP_SECRET = "EAA" + "EMU" + "appsecretappsecret"
MINTED = "EAA" + "EMU" + "mintedmintedminted"
SU = "122090000000401"
# printf %s <the admin token> | sha256sum, first 16 digits
ADMIN_MARK = "sha256:4e8c244d453dfcc3"
ROOT = {"data": {"is_valid": True, "user_id": "122090000000301"}}


@pytest.fixture
def issuer(client: GraphClient) -> TokenIssuer:
    return TokenIssuer(client)


@pytest.mark.parametrize(("expires", "flag"), [(True, "true"), (False, None)])
def test_minting_asks_for_scopes_and_lifetime(
    *, issuer: TokenIssuer, server: Server, answer: MakeAnswer, expires: bool, flag: str | None
) -> None:
    server.answers = [answer({"access_token": MINTED})]

    token = issuer.mint(SU, ["ads_read", "business_management"], expires=expires, deadline_s=30)

    assert token.get_secret_value() == MINTED
    [seen] = server.received
    assert (seen.method, seen.path, seen.query) == ("POST", f"/v26.0/{SU}/access_tokens", {})
    assert seen.form["business_app"] == "120480000000201"
    assert seen.form["scope"] == "ads_read,business_management"
    assert seen.form.get("set_token_expires_in_60_days") == flag
    assert seen.headers["authorization"] == f"Bearer {ADMIN_TOKEN}"


@pytest.mark.parametrize(
    ("code", "message", "error"),
    [
        (2, "Service temporarily unavailable", TransientError),
        (4, "Too many calls", RateLimitedError),
        (10, "No permission", PermissionDeniedError),
        (190, "Expired", AuthError),
        (200, "API access blocked.", HumanNeededError),
    ],
)
def test_minting_is_never_repeated(
    *, issuer: TokenIssuer, server: Server, graph_error: MakeError, code: int, message: str, error: type[Exception]
) -> None:
    server.answers = [graph_error(code, message=message)]

    with pytest.raises(error):
        issuer.mint(SU, ["ads_read"], expires=True, deadline_s=30)

    assert len(server.received) == 1


@pytest.mark.parametrize("kind", ["cut", "cut_body", "hang"])
def test_an_unanswered_mint_is_unknown_and_bounded(
    issuer: TokenIssuer, server: Server, answer: MakeAnswer, kind: str
) -> None:
    server.answers = [answer({"access_token": MINTED}, kind=kind)]

    with pytest.raises(GraphUnreachableError) as raised:
        issuer.mint(SU, ["ads_read"], expires=True, deadline_s=0.1)

    assert raised.value.sent is True
    assert len(server.received) == 1


@pytest.mark.parametrize("body", [{}, True, {"access_token": ""}, {"access_token": 5}])
def test_an_answer_without_a_token_leaves_the_mint_unknown(
    issuer: TokenIssuer, server: Server, answer: MakeAnswer, body: object
) -> None:
    server.answers = [answer(body)]

    with pytest.raises(GraphUnreachableError, match="answer holds none") as raised:
        issuer.mint(SU, ["ads_read"], expires=True, deadline_s=30)

    assert raised.value.sent is True


def test_a_credential_of_another_app_is_told_in_one_message(
    issuer: TokenIssuer, server: Server, answer: MakeAnswer
) -> None:
    message = (
        "(#100) You must provide an app access token, or a user access token that is an owner or developer of the app"
    )
    error = {"message": message, "code": 100, "fbtrace_id": "Atrace"}
    server.answers = [answer({"error": error}, status=400).in_batch()]

    with pytest.raises(AuthError) as raised:
        issuer.calling_token()

    assert not lacks(raised.value, "debug_token", "main", "code 100, trace Atrace", "admin_token")
    assert len(server.received) == 1


def test_a_token_is_revoked_by_value_in_a_batch(issuer: TokenIssuer, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer({"success": "true"}).in_batch()]

    issuer.revoke(SecretStr(MINTED))

    [seen] = server.received
    assert (seen.method, seen.path, seen.query) == ("POST", "/v26.0", {})
    [item] = json.loads(seen.form["batch"])
    path, _, query = item["relative_url"].partition("?")
    assert (item["method"], path) == ("GET", "oauth/revoke")
    asked = dict(parse_qsl(query))
    assert asked.pop("appsecret_proof")
    assert asked == {"client_id": "120480000000201", "client_secret": APP_SECRET, "revoke_token": MINTED}


def test_an_unsuccessful_revocation_is_an_error(issuer: TokenIssuer, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer({"success": "false"}).in_batch()]

    with pytest.raises(MetaAccessError, match="did not carry out"):
        issuer.revoke(SecretStr(MINTED))


def test_the_credential_in_use_is_never_revoked(issuer: TokenIssuer, server: Server) -> None:
    with pytest.raises(ConflictError, match="the credential in use") as raised:
        issuer.revoke(SecretStr(ADMIN_TOKEN))

    assert server.received == []
    assert ADMIN_TOKEN not in str(raised.value)


def test_the_calling_token_is_named_once_per_token(
    *,
    issuer: TokenIssuer,
    client: GraphClient,
    server: Server,
    answer: MakeAnswer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.answers = [answer(ROOT).in_batch()]

    assert issuer.calling_token() == ("122090000000301", ADMIN_MARK)
    assert issuer.calling_token() == ("122090000000301", ADMIN_MARK)
    assert len(server.received) == 1

    monkeypatch.setenv("META_ADMIN_TOKEN", MINTED)
    client.credentials.forget()
    issuer.calling_token()
    assert len(server.received) == 2


def test_metas_clock_is_asked_for_when_it_is_old(
    issuer: TokenIssuer, server: Server, answer: MakeAnswer, clock: FakeClock
) -> None:
    server.answers = [answer(ROOT, headers={"Date": "Tue, 24 Nov 2026 08:00:00 GMT"}).in_batch()]

    assert issuer.server_time() == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    clock.sleep(30)
    issuer.server_time()
    assert len(server.received) == 1
    clock.sleep(1)
    issuer.server_time()
    assert len(server.received) == 2


def test_a_server_without_a_clock_is_said_so(issuer: TokenIssuer, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer(ROOT, headers={"Date": "none"}).in_batch()]
    server.answers[0].headers["Date"] = "none"

    with pytest.raises(GraphUnreachableError, match="carry no date"):
        issuer.server_time()
