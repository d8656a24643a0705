"""Calls in the forms that clients of other makes send them in, byte by byte: no library of ours makes them."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import re
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import pytest

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator

ROOT, BUSINESS, SHOP = "122090000000301", "178000000000101", "act_104320000000501"
PATH = f"/v26.0/{SHOP}/assigned_users"
GIVEN = {"user": ROOT, "tasks": "['ADVERTISE','ANALYZE']", "business": BUSINESS}
FORM = "application/x-www-form-urlencoded"


def ask(
    meta: RunningEmulator, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """Send exactly these headers, and the admin's token."""
    connection = http.client.HTTPConnection(urlsplit(meta.graph_url).netloc, timeout=10)
    connection.putrequest(method, path, skip_accept_encoding=True)
    sent = {"Authorization": f"Bearer {meta.admin_token}", **(headers or {})}
    if body:
        sent["Content-Length"] = str(len(body.encode()))
    for name, value in sent.items():
        connection.putheader(name, value)
    connection.endheaders(body.encode() or None)
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


def raw(meta: RunningEmulator, *pieces: bytes) -> list[bytes]:
    """Send bytes, one write each, and read until the other end has closed: the status lines of what came back."""
    address = urlsplit(meta.graph_url)
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=10) as connection:
        with contextlib.suppress(OSError):  # what is refused early is not read to its end
            for piece in pieces:
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return re.findall(rb"HTTP/1\.1 [^\r]*", answer)


def assigned(meta: RunningEmulator) -> list[list[str]]:
    return [row["tasks"] for row in meta.world()["assignments"]]


@pytest.mark.parametrize(
    "tasks",
    [
        "['ADVERTISE','ANALYZE']",  # Meta's guides on assets
        "['ADVERTISE', \"ANALYZE\"]",
        " [ 'ADVERTISE' , 'ANALYZE' ]",
        '["ADVERTISE","ANALYZE"]',
        "ADVERTISE,ANALYZE",
    ],
)
def test_a_list_comes_with_single_quotes_too(meta: RunningEmulator, tasks: str) -> None:
    body = urlencode({**GIVEN, "tasks": tasks})

    assert ask(meta, "POST", PATH, body, {"Content-Type": FORM}) == (200, {"success": True})
    assert assigned(meta) == [["ADVERTISE", "ANALYZE"]]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("'it''s'", None),
        (r"'it\'s \"so\"'", 'it\'s "so"'),
        ("'a\"b'", 'a"b'),
        ("'é\\u0041'", "éA"),
        ("'unclosed", None),
    ],
)
def test_quotes_within_quotes_are_read_or_refused(meta: RunningEmulator, name: str, shown: str | None) -> None:
    # A batch shows what was read: the name of a system user.
    item = f"[{{'method':'POST','relative_url':'{BUSINESS}/system_users','name':{name}}}]"

    status, body = ask(meta, "POST", "/v26.0", urlencode({"batch": item}), {"Content-Type": FORM})

    assert status == (400 if shown is None else 200)
    assert (body[0]["code"] == 400) if shown is not None else (body["error"]["code"] == 100)


def test_a_text_of_a_million_quotes_is_refused_in_no_time(meta: RunningEmulator) -> None:
    hostile = "[" + "\\'" * 500_000 + "'" + '\\"' * 500_000 + '"'

    status, body = ask(meta, "POST", PATH, urlencode({**GIVEN, "tasks": hostile}), {"Content-Type": FORM})

    assert (status, body["error"]["message"]) == (400, "(#100) Param tasks is not valid JSON.")


@pytest.mark.parametrize("fields", ['["id","name"]', "['id','name']", '["id, name"]', "id,name"])
def test_fields_come_as_a_json_list(meta: RunningEmulator, fields: str) -> None:
    asked = f"/v26.0/{SHOP}?fields={quote(fields)}"

    assert ask(meta, "GET", asked) == (200, {"id": SHOP, "name": "Lindenhof Shop"})


def test_fields_come_as_phps_list_and_as_json_in_a_body(meta: RunningEmulator) -> None:
    assert ask(meta, "GET", f"/v26.0/{SHOP}?fields[]=id&fields[]=name")[1] == {"id": SHOP, "name": "Lindenhof Shop"}
    nested = json.dumps({"fields": ["owned_ad_accounts.limit(1){name}"]})
    status, body = ask(meta, "GET", f"/v26.0/{BUSINESS}", nested, {"Content-Type": "application/json"})
    assert (status, body["owned_ad_accounts"]["data"]) == (200, [{"name": "Lindenhof Shop", "id": SHOP}])


@pytest.mark.parametrize("fields", ["[1]", '["id"', "[[]]", '[{"a":1}]'])
def test_a_list_of_fields_that_is_none_is_refused(meta: RunningEmulator, fields: str) -> None:
    status, body = ask(meta, "GET", f"/v26.0/{SHOP}?fields={quote(fields)}")

    assert status == 400
    assert body["error"]["code"] in {100, 2500}


def _head(meta: RunningEmulator, *lines: str) -> bytes:
    start = (f"POST {PATH} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {meta.admin_token}")
    return ("\r\n".join((*start, *lines)) + "\r\n\r\n").encode()


@pytest.mark.parametrize("name", ["Transfer-Encoding", "transfer-encoding"])
def test_a_body_comes_in_chunks(meta: RunningEmulator, name: str) -> None:
    body = urlencode(GIVEN).encode()
    parts = [body[:7], body[7:40], body[40:]]
    head = _head(meta, f"Content-Type: {FORM}", f"{name}: Chunked")
    chunks = [b"%X;x=y\r\n%s\r\n" % (len(part), part) for part in parts]
    after = f"GET /v26.0/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {meta.admin_token}\r\n\r\n".encode()

    found = raw(meta, head, *chunks, b"0\r\nX-Trailer: 1\r\n\r\n", after)

    assert found == [b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK"]  # the next call begins where it should
    assert assigned(meta) == [["ADVERTISE", "ANALYZE"]]


def test_http_clients_that_know_no_length_send_chunks(meta: RunningEmulator) -> None:
    connection = http.client.HTTPConnection(urlsplit(meta.graph_url).netloc, timeout=10)
    headers = {"Authorization": f"Bearer {meta.admin_token}", "Content-Type": "application/json"}
    pieces = iter([b'{"user": "%s", ' % ROOT.encode(), b'"tasks": ["ANALYZE"], "business": "%s"}' % BUSINESS.encode()])

    connection.request("POST", PATH, pieces, headers, encode_chunked=True)

    assert json.loads(connection.getresponse().read()) == {"success": True}
    connection.close()
    assert assigned(meta) == [["ANALYZE"]]


@pytest.mark.parametrize(
    ("lines", "body", "status"),
    [
        (["Transfer-Encoding: chunked"], b"xyz\r\n", b"400"),
        (["Transfer-Encoding: chunked"], b"-5\r\nabcde\r\n0\r\n\r\n", b"400"),
        (["Transfer-Encoding: chunked"], b"5\r\nabcdefgh\r\n0\r\n\r\n", b"400"),
        (["Transfer-Encoding: chunked"], b"5\r\nab", b"400"),
        (["Transfer-Encoding: chunked"], b"FFFFFFFF\r\n", b"413"),
        (["Transfer-Encoding: chunked"], b"0\r\n" + b"X: y\r\n" * 200 + b"\r\n", b"400"),
        (["Transfer-Encoding: gzip, chunked"], b"0\r\n\r\n", b"400"),
        (["Transfer-Encoding: chunked", "Content-Length: 5"], b"0\r\n\r\n", b"400"),
        (["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], b"0\r\n\r\n", b"400"),
    ],
)
def test_chunks_that_are_none_are_refused_and_end_the_connection(
    meta: RunningEmulator, lines: list[str], body: bytes, status: bytes
) -> None:
    [found] = raw(meta, _head(meta, *lines), body)

    assert found.split()[1] == status
    assert assigned(meta) == []


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, urlencode(GIVEN)),  # a form that nobody calls one
        ({}, json.dumps({**GIVEN, "tasks": ["ADVERTISE", "ANALYZE"]})),
        ({"Content-Type": f"{FORM}; charset=UTF-8"}, urlencode(GIVEN)),
        ({"Content-Type": "application/json; charset=utf-8"}, json.dumps(GIVEN)),
        ({"Content-Type": FORM}, urlencode({"user": ROOT, "tasks[0]": "ADVERTISE", "tasks[1]": "ANALYZE"})),
    ],
)
def test_a_body_is_read_whatever_it_is_called(meta: RunningEmulator, headers: dict[str, str], body: str) -> None:
    assert ask(meta, "POST", PATH, body, headers) == (200, {"success": True})
    assert assigned(meta) == [["ADVERTISE", "ANALYZE"]]


def test_a_body_without_a_type_that_is_neither_is_refused(meta: RunningEmulator) -> None:
    assert ask(meta, "POST", PATH, '{"user":')[1]["error"]["message"] == "(#100) the body is not valid JSON."
    assert ask(meta, "POST", PATH, "\x00\x01")[1]["error"]["message"] == "(#100) The parameter user is required"


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "0"}, {"Content-Type": FORM, "Content-Length": "0"}])
def test_a_post_has_its_parameters_in_the_query(meta: RunningEmulator, headers: dict[str, str]) -> None:
    assert ask(meta, "POST", f"{PATH}?{urlencode(GIVEN)}", headers=headers) == (200, {"success": True})
    assert assigned(meta) == [["ADVERTISE", "ANALYZE"]]


def test_query_and_body_of_a_post_add_up_and_the_body_wins(meta: RunningEmulator) -> None:
    query = urlencode({"user": ROOT, "tasks": "['MANAGE']"})

    ask(
        meta,
        "POST",
        f"{PATH}?{query}",
        urlencode({"tasks": "['ANALYZE']", "business": BUSINESS}),
        {"Content-Type": FORM},
    )

    assert assigned(meta) == [["ANALYZE"]]


def test_a_multipart_form_as_curl_sends_it(meta: RunningEmulator) -> None:
    parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in GIVEN.items()]

    found = ask(meta, "POST", PATH, "".join(parts) + "--b--\r\n", {"Content-Type": "multipart/form-data; boundary=b"})

    assert found == (200, {"success": True})
    assert assigned(meta) == [["ADVERTISE", "ANALYZE"]]


def test_a_delete_has_its_parameters_in_a_body(meta: RunningEmulator) -> None:
    ask(meta, "POST", PATH, urlencode(GIVEN), {"Content-Type": FORM})

    found = ask(meta, "DELETE", PATH, json.dumps({"id": SHOP, "user": ROOT}), {"Content-Type": "application/json"})

    assert found == (200, {"success": True})
    assert assigned(meta) == []


def _basic(client: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{quote(client)}:{quote(secret)}".encode()).decode()}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_oauth_library_names_the_app_by_http_basic(meta: RunningEmulator, method: str) -> None:
    grant = "grant_type=client_credentials"
    path = "/v26.0/oauth/access_token"
    query, body = (f"{path}?{grant}", "") if method == "GET" else (path, grant)

    status, answer = ask(meta, method, query, body, {"Content-Type": FORM, **_basic(meta.app_id, meta.app_secret)})

    assert (status, answer["access_token"]) == (200, meta.app_token)


def test_what_stands_in_the_form_counts_before_http_basic(meta: RunningEmulator) -> None:
    form = {"grant_type": "client_credentials", "client_id": meta.app_id, "client_secret": meta.app_secret}

    status, _ = ask(
        meta, "POST", "/oauth/access_token", urlencode(form), {"Content-Type": FORM, **_basic("1", "EAA" + "EMUx")}
    )

    assert status == 200


@pytest.mark.parametrize(
    ("headers", "code", "words"),
    [
        ({"Authorization": "Basic !!!"}, 100, "(#100) The parameter client_id is required"),
        ({"Authorization": "Basic " + base64.b64encode(b"\xff\xfe:x").decode()}, 100, "client_id is required"),
        ({"Authorization": "Basic " + base64.b64encode(b"no colon").decode()}, 100, "client_secret is required"),
        ({"Authorization": "Basic " + base64.b64encode(b"1:x").decode()}, 101, "Invalid application ID."),
    ],
)
def test_http_basic_that_is_none_is_refused(
    meta: RunningEmulator, headers: dict[str, str], code: int, words: str
) -> None:
    status, body = ask(meta, "POST", "/oauth/access_token", "grant_type=client_credentials", headers)

    assert (status, body["error"]["code"]) == (400, code)
    assert words in body["error"]["message"]


def test_a_wrong_or_a_real_secret_by_http_basic_is_refused_and_not_quoted(meta: RunningEmulator) -> None:
    for secret in ("EAA" + "EMUwrong", "0123456789abcdef" * 2, "EAA" + "B" + "x" * 40):
        status, body = ask(
            meta, "POST", "/oauth/access_token", "grant_type=client_credentials", _basic(meta.app_id, secret)
        )
        assert (status, body["error"]["code"]) == (400, 1)
        assert secret not in json.dumps(body)


def test_http_basic_is_no_token_elsewhere(meta: RunningEmulator) -> None:
    status, body = ask(meta, "GET", "/v26.0/me", headers=_basic(meta.app_id, meta.app_secret))

    assert (status, body["error"]["code"]) == (400, 104)


@pytest.mark.parametrize(
    ("path", "token", "status", "header"),
    [
        ("me", "EAA" + "EMUnone", 401, '"invalid_token" "Invalid OAuth access token - Cannot parse access token"'),
        ("me", "", 400, '"invalid_request" "An access token is required to request this resource."'),
        ("999", None, 400, '"invalid_request" "Unsupported get request. Object with ID \'999\' does not exist'),
        ("me?fields=x", None, 400, '"invalid_request" "(#100) Tried accessing nonexisting field (x) on node type (Sy'),
        (
            f"{SHOP}/insights?level=planet", None, 400,
            '"invalid_request" "(#100) Param level must be one of {account, ad, adset, campaign} - got \\"planet\\"."',
        ),
    ],
)  # fmt: skip
def test_a_refusal_says_how_to_authenticate_in_metas_words(
    meta: RunningEmulator, path: str, token: str | None, status: int, header: str
) -> None:
    answer = meta.graph("GET", path, token=token)

    assert answer.status == status
    assert answer.headers["www-authenticate"].startswith(f'OAuth "Facebook Platform" {header}')
    assert "www-authenticate" not in meta.graph("GET", "me").headers


def test_the_header_of_a_refusal_stays_short_enough_for_clients(meta: RunningEmulator) -> None:
    answer = meta.graph("GET", f"{SHOP}/insights", {"level": "planet" * 9000})

    assert (answer.status, len(answer.headers["www-authenticate"]) < 2100) == (400, True)


def test_an_authorization_code_that_is_none_is_called_one(meta: RunningEmulator) -> None:
    given = {"client_id": meta.app_id, "client_secret": meta.app_secret, "code": "EAA" + "EMUx", "redirect_uri": "x"}

    answer = meta.graph("GET", "oauth/access_token", given, token="")

    assert answer.headers["www-authenticate"].startswith('OAuth "Facebook Platform" "invalid_code" "')
