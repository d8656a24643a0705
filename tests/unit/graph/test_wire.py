from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from meta_access import errors
from meta_access.errors import GraphError, GraphUnreachableError, InvalidRequestError, RateLimitedError
from meta_access.graph import wire
from meta_access.graph.wire import Reply, Request
from tests.texts import lacks

BASE = "https://graph.facebook.com"
PROOF = "p" * 64
DOING = "reading 178000000000101/system_users (connection main)"


def build(method: str, params: dict[str, Any], **more: Any) -> Request:
    return wire.build(method, BASE, "v26.0", "178000000000101/system_users", params, proof=PROOF, **more)


def reply(body: object, status: int = 200, **headers: str) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def error_reply(status: int = 400, headers: dict[str, str] | None = None, **fields: object) -> Reply:
    return Reply(status, headers or {}, json.dumps({"error": fields}).encode())


def raised_by(answer: Reply) -> GraphError:
    with pytest.raises(GraphError) as raised:
        wire.decode(answer, DOING)
    return raised.value


# --- Requests ------------------------------------------------------------------------------------


def test_the_proof_is_the_hmac_of_the_token_with_the_app_secret() -> None:
    # printf token | openssl dgst -sha256 -hmac secret
    expected = "e941110e3d2bfe82621f0e3e1434730d7305d106c5f68c87165d0b27a4611a4a"

    assert wire.proof(SecretStr("token"), SecretStr("secret")) == expected


def test_a_get_carries_its_parameters_in_the_query() -> None:
    assert build("GET", {"fields": "id,name", "limit": 100}) == Request(
        "GET",
        "https://graph.facebook.com/v26.0/178000000000101/system_users",
        query=[("fields", "id,name"), ("limit", "100"), ("appsecret_proof", PROOF)],
    )


def test_a_delete_carries_its_parameters_in_the_query() -> None:
    made = build("DELETE", {"user": "1"})

    assert (made.method, made.query, made.form) == ("DELETE", [("user", "1"), ("appsecret_proof", PROOF)], [])


def test_a_post_carries_its_parameters_in_a_form() -> None:
    made = build("POST", {"name": "trading"})

    assert (made.method, made.query, made.form) == ("POST", [], [("name", "trading"), ("appsecret_proof", PROOF)])


def test_a_get_with_secrets_goes_as_the_only_item_of_a_batch() -> None:
    made = build("GET", {"input_token": SecretStr("1|a b&c")}, in_batch=True)

    assert (made.method, made.url, made.query) == ("POST", f"{BASE}/v26.0", [])
    url = f"178000000000101/system_users?input_token=1%7Ca+b%26c&appsecret_proof={PROOF}"
    assert made.form == [("batch", f'[{{"method":"GET","relative_url":"{url}"}}]'), ("appsecret_proof", PROOF)]
    assert "hidden" not in repr(build("GET", {"input_token": SecretStr("hidden")}, in_batch=True))


def test_the_answer_to_an_item_reads_as_if_it_came_alone() -> None:
    rows = [{"name": "X-App-Usage", "value": '{"call_count": 7}'}, {"name": "x-fb-trace-id", "value": "A\x1b[2J"}]
    item = {"code": 400, "headers": rows, "body": '{"error": {"code": 190}}'}
    found = wire.unbatched(reply([item], date="Tue, 24 Nov 2026 08:00:00 GMT", x_app_usage="{}"), "calling x")

    assert (found.status, found.body) == (400, b'{"error": {"code": 190}}')
    assert found.headers == {
        "date": "Tue, 24 Nov 2026 08:00:00 GMT",
        "x-app-usage": '{"call_count": 7}',
        "x-fb-trace-id": "A<U+001B>[2J",
    }


@pytest.mark.parametrize("body", [{"error": {"code": 4}}, b"<html>", b""])
def test_a_batch_that_was_not_taken_is_judged_as_it_came(body: object) -> None:
    came = reply(body)

    assert wire.unbatched(came, "calling x") == came


def test_an_error_page_to_a_batch_is_judged_as_it_came() -> None:
    came = reply([{"code": 200, "body": "{}"}], status=502)

    assert wire.unbatched(came, "calling x") == came


def test_an_item_without_headers_and_body_is_an_empty_answer() -> None:
    found = wire.unbatched(reply([{"code": 500, "body": None}]), "calling x")

    assert (found.status, found.headers, found.body) == (500, {}, b"")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([None], "a batch whose call was not answered in time"),
        ([], "no answer to a batch of one call"),
        ([{"code": 200, "body": "{}"}, {"code": 200, "body": "{}"}], "no answer to a batch of one call"),
        ([{"code": True, "body": "{}"}], "no answer to a batch of one call"),
        ([{"code": "200", "body": "{}"}], "no answer to a batch of one call"),
        ([{"code": 200, "body": {"id": "1"}}], "no answer to a batch of one call"),
        ({"id": "1"}, "no answer to a batch of one call"),
        (True, "no answer to a batch of one call"),
    ],
)
def test_an_item_without_an_answer_leaves_open_whether_it_was_carried_out(body: object, words: str) -> None:
    with pytest.raises(GraphUnreachableError, match=words) as raised:
        wire.unbatched(reply(body), "calling x")

    assert raised.value.sent is True


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain, text", "plain, text"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (["ADVERTISE", "ANALYZE"], '["ADVERTISE","ANALYZE"]'),
        (("a",), '["a"]'),
        ({"a": [1, True]}, '{"a":[1,true]}'),
        (SecretStr("x"), "x"),
    ],
)
def test_structured_values_travel_as_json(value: object, text: str) -> None:
    assert build("POST", {"value": value}).form[0] == ("value", text)


def test_a_parameter_without_a_value_is_left_out() -> None:
    assert build("GET", {"after": None}).query == [("appsecret_proof", PROOF)]


def test_a_slash_behind_the_base_url_does_no_harm() -> None:
    made = wire.build("GET", "http://127.0.0.1:8765/", "v26.0", "me", {}, proof=PROOF)

    assert made.url == "http://127.0.0.1:8765/v26.0/me"


@pytest.mark.parametrize("path", ["", "/me", "me/", "1/../2", "1?x=1", "1#x", "1//2", "1%2F2", "a b", "me\n", "@evil"])
def test_a_path_that_could_lead_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(InvalidRequestError, match="characters"):
        wire.build("GET", BASE, "v26.0", path, {}, proof=PROOF)


def test_neither_requests_nor_replies_show_what_they_carry() -> None:
    shown = repr(build("POST", {"secret": "hidden"})) + repr(reply({"access_token": "hidden"}, x="hidden"))

    assert "hidden" not in shown
    assert PROOF not in shown


# --- Data ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {"data": []},
        {"success": True},
        {"success": "true"},
        True,
        [],
        {"data": {"error": {"code": 190}, "is_valid": False}},
        {"id": "178000000000101"},
    ],
)
def test_data_is_returned_as_it_is(body: object) -> None:
    assert wire.decode(reply(body), DOING) == body


@pytest.mark.parametrize("body", [{"success": False}, {"success": "false"}, False])
def test_an_answer_without_success_is_an_error(body: object) -> None:
    assert DOING in str(raised_by(reply(body)))


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (reply(b""), "an empty body (HTTP 200)"),
        (reply(b"  \n", 502), "an empty body (HTTP 502)"),
        (reply(b"<!DOCTYPE html><html>", 500), "an HTML page (HTTP 500)"),
        (reply(b"\n<HTML>", 200), "an HTML page (HTTP 200)"),
        (reply(b"Service Unavailable", 503), "text that is not JSON (HTTP 503)"),
        (reply(b'{"data": [', 200), "text that is not JSON (HTTP 200)"),
        (reply(b"\xff\xfe", 200), "text that is not JSON (HTTP 200)"),
        (reply(b"[" * 100_000, 200), "text that is not JSON (HTTP 200)"),
        (reply(b"null", 200), "text that is not JSON (HTTP 200)"),
        (reply({"message": "no"}, 500), "JSON that is no error of Meta's (HTTP 500)"),
        (reply("text", 200), "JSON of another shape (HTTP 200)"),
        (reply(5, 200), "JSON of another shape (HTTP 200)"),
        (
            reply({}, 302, location="https://evil.example/"),
            "a redirect, which is never followed since the token would go with it (HTTP 302)",
        ),
    ],
)
def test_what_graph_would_not_say_is_no_answer(answer: Reply, what: str) -> None:
    with pytest.raises(GraphUnreachableError) as raised:
        wire.decode(answer, DOING)

    assert raised.value.sent is True
    assert not lacks(raised.value.problem, DOING, what)
    assert "graph_url" in raised.value.next_step
    assert raised.value.__context__ is None


# --- Errors --------------------------------------------------------------------------------------


def test_an_error_keeps_what_support_asks_for() -> None:
    raised = raised_by(
        error_reply(401, code=190, error_subcode=463, message="Session has expired.", fbtrace_id="AbC-1_2")
    )

    assert isinstance(raised, errors.AuthError)
    assert (raised.code, raised.subcode, raised.fbtrace_id, raised.http_status) == (190, 463, "AbC-1_2", 401)
    assert not lacks(raised, DOING, "Session has expired.", "code 190/463", "trace AbC-1_2", "admin_token")


def test_an_error_with_status_200_is_an_error() -> None:
    assert raised_by(error_reply(200, code=100, message="(#100) Unknown fields: x.")).code == 100


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"code": 100}, "no message (code 100)"),
        ("broken", "broken (code 0)"),
        (None, "None (code 0)"),
        ({"code": "100", "error_subcode": "33", "message": "Gone."}, "Gone. (code 100/33)"),
        ({"code": "x", "message": "Odd."}, "Odd. (code 0)"),
        ({"code": 100, "message": "A.", "error_user_msg": "B."}, "A. - B. (code 100)"),
        ({"code": 100, "message": "A.", "error_user_msg": "A."}, "A. (code 100)"),
        (
            {"code": 100, "message": "A.", "error_data": {"blame_field_specs": [["tasks"]]}},
            'A. - blamed field: [["tasks"]] (code 100)',
        ),
        ({"code": 100, "message": "x" * 301}, "x" * 300 + "… (code 100)"),
        ({"code": 100, "message": "A.", "fbtrace_id": "a\nb<c>"}, "A. (code 100, trace abc)"),
    ],
)
def test_odd_error_bodies_are_still_told(error: object, said: str) -> None:
    raised = raised_by(reply({"error": error}, 400))

    assert f"Meta refused {DOING}: {said}." in str(raised)


def test_metas_message_is_quoted_on_one_line_and_without_secrets() -> None:
    token = "EAA" + "EMU" + "abcdefghijkl"

    raised = raised_by(error_reply(code=190, message=f"Bad\ntoken {token}, access_token={token}"))

    assert "Bad token [redacted], access_token=[redacted]" in str(raised)
    assert token not in str(raised)
    assert "\n" not in str(raised)


BUC = {
    "x-business-use-case-usage": '{"1": [{"type": "ads_management", "estimated_time_to_regain_access": 5}]}',
    "date": "Tue, 24 Nov 2026 08:00:00 GMT",
}


def test_a_throttle_says_when_access_returns() -> None:
    raised = raised_by(error_reply(headers=BUC, code=80004, message="Too many calls."))

    assert isinstance(raised, RateLimitedError)
    assert raised.regain_s == 300.0
    assert not lacks(raised, "300 s", "2026-11-24T08:05:00Z")


def test_a_throttle_without_a_header_says_that_it_does_not_know() -> None:
    raised = raised_by(error_reply(code=4, message="Too many calls."))

    assert isinstance(raised, RateLimitedError)
    assert raised.regain_s is None
    assert "It does not say for how long." in str(raised)


# --- Versions and time ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "part"),
    [
        ({}, None),
        ({"facebook-api-version": "v26.0"}, None),
        ({"facebook-api-version": "v27.0"}, "Meta answered in version v27.0 although v26.0 was asked"),
        ({"x-ad-api-version-warning": "The call has been auto-upgraded"}, "Meta: The call has been auto-upgraded"),
    ],
)
def test_another_version_than_asked_is_noticed(headers: dict[str, str], part: str | None) -> None:
    notice = wire.version_notice(headers, "v26.0")

    assert notice is None if part is None else part in (notice or "")


@pytest.mark.parametrize(
    ("headers", "moment"),
    [
        ({"date": "Tue, 24 Nov 2026 08:00:00 GMT"}, datetime(2026, 11, 24, 8, 0, tzinfo=UTC)),
        ({"date": "soon"}, None),
        ({}, None),
    ],
)
def test_metas_clock_is_its_date_header(headers: dict[str, str], moment: datetime | None) -> None:
    assert wire.server_date(headers) == moment


def test_names_that_a_terminal_would_obey_come_in_written_out() -> None:
    body = {"data": [{"name": "Acme \x1b[2J\rall is well\n\u202egnp", "id": "1"}]}

    assert wire.decode(reply(body), "reading") == {
        "data": [{"name": "Acme <U+001B>[2J all is well <U+202E>gnp", "id": "1"}]
    }


def test_an_error_with_such_a_message_is_told_without_them() -> None:
    told = str(raised_by(error_reply(message="No.\x1b[2J\u202e", code=100)))

    assert "No.<U+001B>[2J<U+202E>" in told
