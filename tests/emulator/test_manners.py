"""Graph's manners: where tokens stand, fields, paging, versions, bodies, errors, headers."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from meta_emulator import tokens
from meta_emulator.client import RefusedError

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator

ROOT = "122090000000301"
BUSINESS = "178000000000101"
SHOP = "act_104320000000501"
ME = {"id": ROOT, "name": "root"}


def test_token_is_taken_from_query_header_and_form(meta: RunningEmulator) -> None:
    token = {"access_token": meta.admin_token}

    assert meta.graph("GET", "me").body == ME
    assert meta.graph("GET", "me", headers={"Authorization": f"OAuth {meta.admin_token}"}, token="").body == ME
    assert meta.graph("GET", "me", token, token="").body == ME
    assert meta.graph("GET", "me", {**token, "method": "get"}, token="").body == ME, "Meta's SDK for JavaScript says so"


@pytest.mark.parametrize(
    ("token", "status", "code", "words"),
    [
        ("", 400, (104, None), "An access token is required to request this resource."),
        ("EAA" + "EMU" + "unknown", 401, (190, None), "Invalid OAuth access token - Cannot parse access token"),
        ("EAA" + "Breal", 401, (190, None), "This is an emulator"),
        ("120480000000201|" + "EAA" + "EMU" + "wrong", 400, (190, None), "Invalid OAuth access token signature."),
        ("1|" + "EAA" + "EMU" + "wrong", 401, (190, None), "Cannot get application info"),
    ],
)
def test_tokens_that_are_refused(
    meta: RunningEmulator, token: str, status: int, code: tuple[int, int | None], words: str
) -> None:
    answer = meta.graph("GET", "me", token=token)

    assert (answer.status, answer.code) == (status, code)
    assert answer.body["error"]["type"] == "OAuthException"
    assert words in answer.body["error"]["message"]


def test_wrong_proof_is_refused_where_none_is_needed(meta: RunningEmulator) -> None:
    answer = meta.graph("GET", "me", {"appsecret_proof": "00"})

    assert answer.code == (100, None)
    assert answer.body["error"]["type"] == "GraphMethodException"


def test_app_can_require_a_proof_on_every_call(meta: RunningEmulator) -> None:
    world = meta.world()
    world["apps"][0]["require_app_secret"] = True
    meta.put_world(world)

    answer = meta.graph("GET", "me")

    assert answer.body["error"]["message"] == "API calls from the server require an appsecret_proof argument"


def test_every_answer_has_metas_headers(meta: RunningEmulator) -> None:
    answer = meta.graph("GET", "me")

    assert answer.headers["facebook-api-version"] == "v26.0"
    assert answer.headers["content-type"].startswith("application/json")
    assert set(json.loads(answer.headers["x-app-usage"])) == {"call_count", "total_time", "total_cputime"}
    assert {"x-fb-trace-id", "x-fb-debug", "x-fb-rev", "date"} <= set(answer.headers)


def test_one_unknown_field_fails_the_request(meta: RunningEmulator) -> None:
    answer = meta.graph("GET", "me", {"fields": "id,nope"})

    assert answer.body["error"]["message"].startswith("(#100) Tried accessing nonexisting field (nope)")


@pytest.mark.parametrize("fields", ["id,", "id{", "business{id}}", "{", "id name", "a" * 3 + "{" * 40])
def test_broken_fields_are_a_client_error(meta: RunningEmulator, fields: str) -> None:
    assert meta.graph("GET", SHOP, {"fields": fields}).status in (200, 400)


def test_paging_goes_forward_and_back(meta: RunningEmulator) -> None:
    meta.act("approve", name="tier")
    for number in range(4):
        meta.create_system_user(f"user {number}")
    path, params = f"{BUSINESS}/system_users", {"limit": "2", "fields": "name"}

    first = meta.graph("GET", path, params).body
    second = meta.graph("GET", path, {**params, "after": first["paging"]["cursors"]["after"]}).body
    third = meta.graph("GET", path, {**params, "after": second["paging"]["cursors"]["after"]}).body
    back = meta.graph("GET", path, {**params, "before": second["paging"]["cursors"]["before"]}).body

    assert [row["name"] for row in first["data"]] == ["root", "user 0"]
    assert [row["name"] for row in second["data"]] == ["user 1", "user 2"]
    assert [row["name"] for row in third["data"]] == ["user 3"]
    assert back["data"] == first["data"]
    assert "previous" not in first["paging"]
    assert "next" not in third["paging"]
    link = urlsplit(first["paging"]["next"])
    assert link.path == f"/v26.0/{path}"
    assert parse_qs(link.query)["access_token"] == [meta.admin_token]
    assert parse_qs(link.query)["after"] == [first["paging"]["cursors"]["after"]]


def _proof(meta: RunningEmulator) -> str:
    return tokens.proof(meta.admin_token, meta.app_secret)


def test_the_link_to_the_next_page_asks_for_the_same_list(meta: RunningEmulator) -> None:
    world = meta.world()
    names = ("Shop one", "Brand", "Shop two")
    world["pixels"] = [{"id": f"12345{n}", "name": name, "business_id": BUSINESS} for n, name in enumerate(names)]
    meta.put_world(world)
    params = {"name_filter": "shop", "fields": "name", "limit": "1", "appsecret_proof": _proof(meta)}

    first = meta.graph("GET", f"{BUSINESS}/adspixels", params).body
    query = {name: values[0] for name, values in parse_qs(urlsplit(first["paging"]["next"]).query).items()}
    second = meta.graph("GET", f"{BUSINESS}/adspixels", query, token="").body

    assert [row["name"] for row in (*first["data"], *second["data"])] == ["Shop one", "Shop two"]
    assert "next" not in second["paging"]
    assert sorted(query) == ["access_token", "after", "fields", "limit", "name_filter"]


@pytest.mark.parametrize(
    "params", [{"limit": "0"}, {"limit": "x"}, {"limit": "99999"}, {"after": "%%"}, {"after": "eA"}]
)
def test_bad_paging_is_refused(meta: RunningEmulator, params: dict[str, str]) -> None:
    assert meta.graph("GET", f"{BUSINESS}/system_users", params).code == (100, None)


@pytest.mark.parametrize(
    ("asked", "served"),
    [("v27.0", "v27.0"), ("v26.0", "v26.0"), ("v24.0", "v24.0"), ("", "v27.0"), ("v19.0", "v21.0"), ("v3.3", "v21.0")],
)
def test_expired_versions_are_served_by_the_oldest_usable(meta: RunningEmulator, asked: str, served: str) -> None:
    # v20.0 ended on 2026-09-24, v21.0 ends on 2027-01-21.
    answer = meta.graph("GET", "me", version=asked)

    assert answer.status == 200
    if meta.clock() < "2027-01-21":
        assert answer.headers["facebook-api-version"] == served


def test_a_version_that_never_was_is_an_unknown_path(meta: RunningEmulator) -> None:
    answer = meta.graph("GET", "me", version="v99.0")

    assert answer.code == (2500, None)
    assert answer.body["error"]["message"] == "Unknown path components: /me"


def test_marketing_api_refuses_a_version_after_its_grace(meta: RunningEmulator) -> None:
    # v23.0 left the Marketing API on 2026-06-09, while Graph serves it until 2027-10-08.
    assert meta.graph("GET", SHOP, version="v23.0").code == (2635, None)
    assert meta.graph("GET", "me", version="v23.0").status == 200


def test_marketing_api_upgrades_a_version_within_its_grace_and_warns() -> None:
    from datetime import date

    from meta_access import rules
    from meta_emulator.request import GraphRequest
    from meta_emulator.versions import Served, served_marketing

    request = GraphRequest("GET", "v24.0", (SHOP,), {}, None, "http://127.0.0.1")

    found = served_marketing(Served("v24.0"), request, rules.load("2026-05"), date(2026, 11, 24), strict=False)

    assert found.version == "v25.0"
    assert found.warning == "The call has been auto-upgraded to v25.0 as v24.0 has been deprecated."


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("999", (100, 33)),
        ("me/nonsense", (2500, None)),
        ("me/roles", (100, None)),
        ("me/a/b", (2500, None)),
        ("", (100, None)),
    ],
)
def test_paths_that_lead_nowhere(meta: RunningEmulator, path: str, code: tuple[int, int | None]) -> None:
    assert meta.graph("GET", path).code == code


def test_calls_without_a_version_are_served_by_the_one_that_the_app_has_set(meta: RunningEmulator) -> None:
    assert meta.graph("GET", "me", version="").headers["facebook-api-version"] == "v27.0"

    said = meta.act("api-version", version="v23.0")

    assert said == "Lindenhof Ads has its calls without a version served by v23.0."
    assert meta.graph("GET", "me", version="").headers["facebook-api-version"] == "v23.0"
    assert meta.graph("GET", "me", version="v25.0").headers["facebook-api-version"] == "v25.0"
    # v23.0 left the Marketing API on 2026-06-09, and its 90 days are over.
    assert meta.graph("GET", SHOP, version="").code == (2635, None)
    with pytest.raises(RefusedError, match=r"version: 'v99\.0' is not one of v27\.0, v26\.0, v25\.0"):
        meta.act("api-version", version="v99.0")


def test_me_needs_a_users_token(meta: RunningEmulator) -> None:
    assert meta.graph("GET", "me", token=meta.app_token).code == (2500, None)


def _raw(meta: RunningEmulator, method: str, path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(meta.graph_url).netloc, timeout=10)
    headers = {"Authorization": f"Bearer {meta.admin_token}", "Content-Type": content_type}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_parameters_come_as_json_or_multipart_too(meta: RunningEmulator) -> None:
    user = meta.create_system_user("reporting")
    path = f"/v26.0/{SHOP}/assigned_users"
    as_json = json.dumps({"user": user, "tasks": ["ANALYZE"]}).encode()
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'
        for n, v in (("user", user), ("tasks", '["ADVERTISE","ANALYZE"]'))
    ]

    assert _raw(meta, "POST", path, as_json, "application/json") == (200, b'{"success":true}')
    assert meta.world()["assignments"][0]["tasks"] == ["ANALYZE"]
    multipart = ("".join(parts) + "--b--\r\n").encode()
    assert _raw(meta, "POST", path, multipart, "multipart/form-data; boundary=b") == (200, b'{"success":true}')
    assert meta.world()["assignments"][0]["tasks"] == ["ADVERTISE", "ANALYZE"]


def test_connection_is_kept_between_calls(meta: RunningEmulator) -> None:
    connection = http.client.HTTPConnection(urlsplit(meta.graph_url).netloc, timeout=10)
    ports = set()
    for _ in range(3):
        connection.request("GET", "/v26.0/me?" + urlencode({"access_token": meta.admin_token}))
        assert json.loads(connection.getresponse().read()) == ME
        assert connection.sock is not None
        ports.add(connection.sock.getsockname()[1])
    connection.close()

    assert len(ports) == 1


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\xff\xfe=1&tasks=\x00", "application/x-www-form-urlencoded"),
        (b"[1]", "application/json"),
        (b'{"a":', "application/json"),
        (b"[" * 100000, "application/json"),
        (b"--b", "multipart/form-data; boundary=b"),
        (b"x" * 70000, "multipart/form-data"),
    ],
)
def test_hostile_bodies_get_a_clients_error(meta: RunningEmulator, body: bytes, content_type: str) -> None:
    status, answer = _raw(meta, "POST", f"/v26.0/{BUSINESS}/system_users", body, content_type)

    assert status == 400
    assert json.loads(answer)["error"]["code"] == 100


@pytest.mark.parametrize("path", ["/%00", "/..%2f..%2fetc", "/%ff%fe", "/v26.0/" + "9" * 5000, "/v26.0/me%0d%0a"])
def test_hostile_paths_get_a_clients_error(meta: RunningEmulator, path: str) -> None:
    status, answer = _raw(meta, "GET", path, b"", "text/plain")

    assert 400 <= status < 500
    assert b"Traceback" not in answer


def test_an_edge_of_several_ids_is_read_at_once_by_an_older_app(meta: RunningEmulator) -> None:
    meta.act("legacy", state="on")

    edges = meta.graph("GET", "owned_pages", {"ids": [BUSINESS]})

    assert edges.body == {BUSINESS: {**edges.body[BUSINESS], "data": [{"id": "102930000000801", "name": "Lindenhof"}]}}


def test_one_bad_id_fails_all(meta: RunningEmulator) -> None:
    meta.act("legacy", state="on")

    assert meta.graph("GET", "owned_pages", {"ids": f"{BUSINESS},999"}).code == (100, 33)
    assert meta.graph("GET", "owned_pages", {"ids": ""}).code == (100, None)
    many = meta.graph("GET", "owned_pages", {"ids": ",".join(str(number) for number in range(51))})
    assert many.body["error"]["message"] == "(#100) Too many IDs. Maximum: 50. Provided: 51."


def test_status_can_be_suppressed(meta: RunningEmulator) -> None:
    assert meta.graph("GET", "999", {"suppress_http_code": "1"}).status == 200


def test_reads_leave_the_world_as_it_was(meta: RunningEmulator) -> None:
    from meta_emulator.router import routes

    before = meta.world()
    places = {"business": BUSINESS, "app": "app", "system_user": ROOT, "ad_account": SHOP, "page": "102930000000801"}
    for method, kind, edge in routes():
        if method == "GET" and kind in places:
            data = {"redirect": "false"}  # of a picture, not the image
            meta.graph("GET", f"{places[kind]}/{edge}".rstrip("/"), {"business": BUSINESS, **data})
            meta.graph("GET", f"{places[kind]}/{edge}".rstrip("/"), data, token=meta.app_token)

    after = meta.world()
    # Reading Pages makes their tokens, there as here.
    after["tokens"] = [row for row in after["tokens"] if "page_id" not in row or row["page_id"] is None]
    assert {key: value for key, value in after.items() if key != "now"} == {
        key: value for key, value in before.items() if key != "now"
    }


def test_sixteen_clients_lose_no_update(meta: RunningEmulator) -> None:
    from concurrent.futures import ThreadPoolExecutor

    world = meta.world()
    world["ad_accounts"] += [{"id": f"act_{n}", "name": f"{n}", "business_id": BUSINESS} for n in range(1600, 1760)]
    meta.put_world(world)
    user = meta.create_system_user("reporting")

    def assign(client: int) -> list[int]:
        found = []
        for number in range(10):
            path = f"act_{1600 + 10 * client + number}/assigned_users"
            found.append(meta.graph("POST", path, {"user": user, "tasks": ["ANALYZE"]}).status)
        return found

    with ThreadPoolExecutor(16) as pool:
        statuses = [status for found in pool.map(assign, range(16)) for status in found]

    assert statuses == [200] * 160
    assert {row["asset_id"] for row in meta.world()["assignments"]} == {f"act_{n}" for n in range(1600, 1760)}
    saved = json.loads((meta.home / "world.json").read_text())["world"]
    assert len(saved["assignments"]) == 160
