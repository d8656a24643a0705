"""The control API: world, journal, clock, credentials, and who may call it."""

from __future__ import annotations

import http.client
import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from meta_emulator import client
from meta_emulator.client import RefusedError

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator

ROOT = "122090000000301"


def _raw(meta: RunningEmulator, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(urlsplit(meta.graph_url).netloc, timeout=10)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


def test_healthz_says_who_it_is(meta: RunningEmulator) -> None:
    found = client.ask(meta.graph_url, "/healthz")

    assert (found["status"], found["graph"], found["aws"]) == ("ok", meta.graph_url, meta.aws_url)
    assert found["pid"] == meta.process.pid
    assert found["home"] == str(meta.home)


def test_starting_world(meta: RunningEmulator) -> None:
    world = meta.world()

    assert [(b["id"], b["name"], b["verification_status"]) for b in world["businesses"]] == [
        ("178000000000101", "Lindenhof Media", "not_verified"),
        ("998870000000701", "Acme GmbH", "not_verified"),
    ]
    assert [(a["id"], a["tier"], a["mode"], a["redirect_uris"]) for a in world["apps"]] == [
        ("120480000000201", "development_access", "development", [])
    ]
    assert [(u["id"], u["name"], u["role"], u["business_id"]) for u in world["system_users"]] == [
        (ROOT, "root", "ADMIN", "178000000000101")
    ]
    [token] = world["tokens"]
    assert token["scopes"] == [
        "business_management", "ads_management", "ads_read", "pages_show_list", "pages_read_engagement",
    ]  # fmt: skip
    assert (token["issued_by"], token["expires_at"], token["revoked_at"]) == ("fixture", None, None)
    assert [a["id"] for a in world["ad_accounts"]] == [
        "act_104320000000501", "act_104320000000502", "act_205550000000601",
    ]  # fmt: skip
    assert world["ad_accounts"][2]["shares"] == [
        {"business_id": "178000000000101", "permitted_tasks": ["ADVERTISE", "ANALYZE"]}
    ]
    assert [p["id"] for p in world["pages"]] == ["102930000000801"]


def test_a_world_that_is_put_back_is_the_same(meta: RunningEmulator) -> None:
    meta.create_system_user("reporting")
    world = meta.world()

    shown = meta.put_world(world)

    assert {**shown, "now": ""} == {**world, "now": ""}


def test_a_world_with_a_later_now_moves_the_clock_and_an_earlier_one_does_not(meta: RunningEmulator) -> None:
    world = meta.world()

    assert meta.put_world({**world, "now": "2031-01-01T00:00:00Z"})["now"].startswith("2031-01-01T00:00:0")
    assert meta.put_world({**world, "now": "2030-01-01T00:00:00Z"})["now"].startswith("2031-01-01T00:00:0")


def _change(path: str, value: Any) -> Any:
    def apply(world: dict[str, Any]) -> None:
        target: Any = world
        *steps, last = path.split(".")
        for step in steps:
            target = target[int(step)] if step.isdecimal() else target[step]
        target[last] = value

    return apply


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("colour", "red", "colour: unknown key"),
        ("apps.0.nmae", "x", r"apps\[0\].nmae: unknown key"),
        ("apps.0.tier", 5, r"apps\[0\].tier: Input should be a valid string"),
        ("system_users.0.id", 122090000000301, r"system_users\[0\].id: Input should be a valid string"),
        ("system_users.0.business_id", "9", r"system_users\[0\].business_id: '9' is no business of this world"),
        ("tokens.0.app_id", "9", r"tokens\[0\].app_id: '9' is no app of this world"),
        ("tokens.0.fingerprint", "x", r"tokens\[0\].fingerprint: not sha256: and 16 hex digits"),
        ("tokens.0.issued_at", "2026-11-24T08:00:00", r"tokens\[0\].issued_at"),
        ("pages.0.id", "178000000000101", r"pages\[0\].id: '178000000000101' is taken already"),
        ("ad_accounts.0.id", "104320000000501", r"ad_accounts\[0\].id: '104320000000501' is not act_ and digits"),
        ("rules", "1999-01", "rules: no rule set '1999-01'"),
        ("apps.0.api_version", "v99.0", r"apps\[0\].api_version: 'v99\.0' is not one of v27\.0, v26\.0"),
        ("strictness", "severe", "strictness"),
        ("now", "soon", "now: 'soon' is not a moment"),
        ("assignments", [{"asset_id": "1", "user_id": ROOT, "tasks": []}], r"assignments\[0\].asset_id: '1'"),
    ],
)
def test_a_world_that_cannot_be_is_refused_by_path_and_the_old_one_stays(
    meta: RunningEmulator, path: str, value: Any, words: str
) -> None:
    world = meta.world()
    _change(path, value)(world)

    with pytest.raises(RefusedError, match=words):
        meta.put_world(world)

    assert meta.graph("GET", "me").body == {"id": ROOT, "name": "root"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"[" * 100000])
def test_a_body_that_is_no_object_is_refused(meta: RunningEmulator, body: bytes) -> None:
    status, text = _raw(meta, "PUT", "/_control/world", body)

    assert status == 400
    assert "error" in json.loads(text)


@pytest.mark.parametrize(
    ("call", "body", "words"),
    [
        ("POST reset", [], "the body is not a JSON object"),
        ("POST reset", {"wrold": {}}, "a reset takes nothing, or {world, name}"),
        ("POST reset", {"world": []}, "world: an object with the keys of a world file"),
        ("POST reset", {"world": None, "name": 5}, "name: text"),
        ("POST reset", {"world": {"aps": []}}, "aps: unknown key; did you mean apps?"),
        ("POST act", "accept", "an act is an object such as {action, person}"),
        ("POST act", [{"action": "verify"}], "an act is an object such as {action, person}"),
        ("POST faults", "graph", "a fault is an object such as {kind, service, path, nth}"),
        ("POST faults", [5], "a fault is an object such as {kind, service, path, nth}"),
        ("DELETE faults?id=seven", None, "id: there is no fault 'seven'"),
        ("POST clock", "now", "the body is not a JSON object"),
        ("POST clock", {"advance_s": 1, "set": 2}, r"the clock takes either advance_s (seconds) or set (a moment)"),
        ("POST clock", {"advance_s": None}, "advance_s: None is not a number of seconds"),
        ("POST clock", {"set": "2001-01-01T00:00:00Z"}, "this clock never goes backwards; reset starts it anew"),
        ("POST clock", {"advance_s": -60}, "this clock never goes backwards; reset starts it anew"),
        ("PUT world", {"now": 5}, "now: 5 is not a moment such as 2026-11-24T08:00:00Z"),
        ("POST functions", {"arn": 5, "url": "http://127.0.0.1:1"}, "arn: write the ARN of a Lambda function"),
        ("GET credentials?app_id=9", None, "app_id: no such app in this world"),
    ],
)
def test_a_control_call_that_is_wrong_says_what_it_takes_and_changes_nothing(
    meta: RunningEmulator, call: str, body: Any, words: str
) -> None:
    meta.create_system_user("reporting")
    before = meta.world(), meta.faults()
    method, _, noun = call.partition(" ")

    status, text = _raw(meta, method, f"/_control/{noun}", b"" if body is None else json.dumps(body).encode())

    assert status in (400, 404)
    assert words in json.loads(text)["error"]
    world, faults = meta.world(), meta.faults()
    assert ({**world, "now": ""}, faults) == ({**before[0], "now": ""}, before[1])
    assert abs((datetime.fromisoformat(world["now"]) - datetime.now(UTC)).total_seconds()) < 30


@pytest.mark.parametrize("noun", ["world", "reset", "faults", "clock", "act", "functions"])
@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100000])
def test_a_control_call_with_no_json_is_refused(meta: RunningEmulator, noun: str, body: bytes) -> None:
    status, text = _raw(meta, "PUT" if noun == "world" else "POST", f"/_control/{noun}", body)

    assert (status, json.loads(text)) == (400, {"error": "the body is not JSON."})


def test_journal_numbers_the_calls_and_keeps_no_parameter(meta: RunningEmulator) -> None:
    meta.graph("GET", "me", {"access_token": meta.admin_token}, token="")
    meta.graph("GET", "999")
    meta.secrets().create_secret(Name="one", SecretString="two")

    calls = meta.calls()

    assert [{**call, "at": ""} for call in calls] == [
        {"n": 1, "service": "graph", "method": "GET", "path": "/v26.0/me", "status": 200, "code": None, "at": ""},
        {"n": 2, "service": "graph", "method": "GET", "path": "/v26.0/999", "status": 400, "code": 100, "at": ""},
        {
            "n": 3, "service": "secretsmanager", "method": "POST", "operation": "CreateSecret", "path": "CreateSecret",
            "status": 200, "code": None, "at": "",
        },
    ]  # fmt: skip
    meta.forget_calls()
    assert meta.calls() == []


def test_clock_moves_forward_and_drives_the_date_of_both_services(meta: RunningEmulator) -> None:
    before = datetime.fromisoformat(meta.clock())

    meta.clock(advance_s=86400)
    graph = parsedate_to_datetime(meta.graph("GET", "me").headers["date"])
    secrets = meta.secrets().list_secrets()["ResponseMetadata"]["HTTPHeaders"]["date"]

    for shown in (graph, parsedate_to_datetime(secrets)):
        assert timedelta(days=1) <= shown - before < timedelta(days=1, seconds=30)
    assert meta.clock(set_="2040-05-06T07:08:09Z") == "2040-05-06T07:08:09Z"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"advance_s": -1},
        {"advance_s": "5"},
        {"advance_s": True},
        {"advance_s": 1e300},
        {"advance_s": float("nan")},
        {"advance_s": float("inf")},
        {"advance_s": 10**400},
        {"set": "9999-12-31T23:59:59Z"},
        {"set": "9990-01-01T00:00:00Z"},
        {"set": "9999-12-31T23:59:59-23:59"},
        {"set": "0001-01-01T00:00:00+23:59"},
        {"set": "2001-01-01T00:00:00Z"},
        {"set": "2040-01-01T00:00:00"},
        {"set": 5},
        {"advance_s": 1, "set": "2040-01-01T00:00:00Z"},
        {"back": 1},
    ],
)
def test_clock_refuses_what_is_no_step_forward(meta: RunningEmulator, body: dict[str, Any]) -> None:
    with pytest.raises(RefusedError):
        meta.control("clock", "POST", body)

    assert abs((datetime.fromisoformat(meta.clock()) - datetime.now(UTC)).total_seconds()) < 30


def test_reset_goes_back_to_the_start_with_the_same_credentials(meta: RunningEmulator) -> None:
    meta.create_system_user("reporting")
    meta.secrets().create_secret(Name="one", SecretString="two")
    meta.graph("DELETE", f"{ROOT}/access_tokens")
    meta.fault("garbage")
    meta.clock(advance_s=10**6)

    meta.reset()

    assert [user["name"] for user in meta.world()["system_users"]] == ["root"]
    assert meta.secrets().list_secrets()["SecretList"] == []
    assert meta.faults() == []
    assert [call["service"] for call in meta.calls()] == ["secretsmanager"]
    assert meta.control("credentials") == meta.credentials
    assert meta.graph("GET", "me").status == 200
    assert abs((datetime.fromisoformat(meta.clock()) - datetime.now(UTC)).total_seconds()) < 30


def test_credentials_are_fake(meta: RunningEmulator) -> None:
    given = meta.control("credentials")

    assert (given["app_id"], given["business_id"]) == ("120480000000201", "178000000000101")
    assert given["app_secret"].startswith("EAA" + "EMU")
    assert given["admin_token"].startswith("EAA" + "EMU")


def test_unknown_control_calls_are_named(meta: RunningEmulator) -> None:
    assert _raw(meta, "GET", "/_control/nothing")[0] == 404
    assert _raw(meta, "DELETE", "/_control/world")[0] == 405
    assert "world" in _raw(meta, "GET", "/_control/nothing")[1]


@pytest.mark.parametrize("path", ["/healthz", "/_control/credentials", "/dashboard"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "meta.example"},
        {"Host": "127.0.0.1.nip.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_other_hosts_and_other_pages_are_refused(meta: RunningEmulator, path: str, headers: dict[str, str]) -> None:
    status, text = _raw(meta, "GET", path, b"", **headers)

    assert status == 403
    assert meta.admin_token not in text


def test_both_doors_listen_on_loopback_only(meta: RunningEmulator) -> None:
    from pathlib import Path

    ports = {urlsplit(url).port for url in (meta.graph_url, meta.aws_url)}
    listening = {}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        columns = line.split()
        address, _, port = columns[1].partition(":")
        if columns[3] == "0A" and int(port, 16) in ports:
            listening[int(port, 16)] = address

    assert listening == dict.fromkeys(ports, "0100007F")


def test_dashboard_shows_the_world_and_loads_nothing_from_elsewhere(meta: RunningEmulator) -> None:
    world = meta.world()
    world["businesses"][0]["name"] = "<script>alert(1)</script>"
    meta.put_world(world)

    status, text = _raw(meta, "GET", "/dashboard")

    assert status == 200
    assert "Accept as ines" in text
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    assert "http" not in text
    assert meta.admin_token not in text


def test_a_world_without_apps_still_has_credentials(meta: RunningEmulator) -> None:
    meta.put_world({"businesses": [{"id": "1", "name": "Alone"}]})

    given = meta.control("credentials")

    assert (given["app_id"], given["app_secret"]) == (None, None)
    assert given["admin_token"] == meta.admin_token
