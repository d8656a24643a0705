"""Every kind of fault, on a real socket."""

from __future__ import annotations

import http.client
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from meta_emulator.client import RefusedError

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator

BUSINESS = "178000000000101"
USERS = f"{BUSINESS}/system_users"


def _names(meta: RunningEmulator) -> list[str]:
    return [user["name"] for user in meta.world()["system_users"]]


def _create(meta: RunningEmulator, name: str = "reporting", **given: Any) -> Any:
    return meta.graph("POST", USERS, {"name": name, "role": "EMPLOYEE"}, **given)


def test_http_answers_as_told_and_does_nothing(meta: RunningEmulator) -> None:
    meta.fault("http", method="POST", path="system_users$", status=503, body={"oops": 1}, headers={"X-Proxy": "a"})

    answer = _create(meta)

    assert (answer.status, answer.body, answer.headers["x-proxy"]) == (503, {"oops": 1}, "a")
    assert _names(meta) == ["root"]
    assert meta.calls()[-1]["status"] == 503
    assert _create(meta).status == 200


def test_http_that_is_applied_first_has_its_effect(meta: RunningEmulator) -> None:
    meta.fault("http", method="POST", status=500, body="", applied=True)

    assert _create(meta).status == 500
    assert _names(meta) == ["root", "reporting"]


def test_graph_answers_an_error_of_graph_with_headers(meta: RunningEmulator) -> None:
    usage = {BUSINESS: [{"type": "ads_management", "estimated_time_to_regain_access": 7}]}
    meta.fault("graph", code=80004, subcode=2446079, headers={"X-Business-Use-Case-Usage": usage}, message="slow down")

    answer = meta.graph("GET", "me")

    assert (answer.status, answer.code) == (400, (80004, 2446079))
    assert answer.body["error"]["message"] == "slow down"
    assert json.loads(answer.headers["x-business-use-case-usage"]) == usage
    assert meta.calls()[-1]["code"] == 80004


def test_an_injected_error_of_graph_is_of_the_version_that_was_asked(meta: RunningEmulator) -> None:
    meta.fault("graph", code=4, times=2)

    assert meta.graph("GET", "me", version="v25.0").headers["facebook-api-version"] == "v25.0"
    assert meta.graph("GET", "me", version="v1.0").headers["facebook-api-version"] == "v27.0"


def test_graph_errors_1_and_2_are_transient(meta: RunningEmulator) -> None:
    meta.fault("graph", code=2)

    answer = meta.graph("GET", "me")

    assert answer.status == 503
    assert answer.body["error"]["is_transient"] is True


@pytest.mark.parametrize(("kind", "after"), [("drop_before", ["root"]), ("drop_after", ["root", "reporting"])])
def test_a_cut_connection_is_before_or_after_the_work(meta: RunningEmulator, kind: str, after: list[str]) -> None:
    meta.fault(kind, method="POST", path="system_users")

    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        _create(meta)

    assert _names(meta) == after
    assert (meta.calls()[-1]["status"], meta.calls()[-1]["code"]) == (0, None)


def test_hang_is_done_at_once_and_answered_late(meta: RunningEmulator) -> None:
    meta.fault("hang", method="POST", seconds=30)

    with pytest.raises(TimeoutError):
        _create(meta, timeout_s=0.3)

    assert _names(meta) == ["root", "reporting"]


def test_removing_the_faults_lets_a_hanging_call_go_on(meta: RunningEmulator) -> None:
    meta.fault("hang", path="me$", seconds=30)
    answers: list[Any] = []
    waiting = threading.Thread(target=lambda: answers.append(meta.graph("GET", "me", timeout_s=20)))
    waiting.start()
    meta.wait_for_call("graph", "/me", timeout_s=5)

    meta.clear_faults()
    waiting.join(5)

    assert answers[0].status == 200


def test_garbage_is_no_json(meta: RunningEmulator) -> None:
    meta.fault("garbage")

    answer = meta.graph("GET", "me")

    assert answer.status == 200
    assert answer.body.startswith("<!DOCTYPE html>")


def test_stale_reads_are_some_writes_behind_and_tokens_are_not(meta: RunningEmulator) -> None:
    user = meta.create_system_user("reporting")
    fault = meta.fault("stale", path="system_users$", writes=1)

    stale = [row["name"] for row in meta.graph("GET", USERS).body["data"]]
    meta.graph("POST", USERS, {"system_user_id": user, "name": "renamed"})
    behind = [row["name"] for row in meta.graph("GET", USERS).body["data"]]
    meta.clear_faults()

    assert fault["times"] is None
    assert stale == ["root"]
    assert behind == ["root", "reporting"]
    assert [row["name"] for row in meta.graph("GET", USERS).body["data"]] == ["root", "renamed"]
    assert _names(meta) == ["root", "renamed"]


def test_a_standing_stale_read_hides_no_fault_that_is_meant_for_a_write(meta: RunningEmulator) -> None:
    meta.fault("stale", service="graph", writes=1)
    meta.fault("graph", method="POST", code=2)

    assert meta.graph("POST", USERS, {"name": "first", "role": "EMPLOYEE"}).code == (2, None)


def test_stale_reads_are_some_milliseconds_behind(meta: RunningEmulator) -> None:
    meta.create_system_user("reporting")
    meta.fault("stale", ms=60000)

    assert len(meta.graph("GET", USERS).body["data"]) == 1


def test_stale_reads_catch_up_when_the_emulators_clock_moves(meta: RunningEmulator) -> None:
    meta.clock(advance_s=60)
    meta.create_system_user("reporting")
    meta.fault("stale", ms=30_000)
    before = [row["name"] for row in meta.graph("GET", USERS).body["data"]]

    meta.clock(advance_s=31)

    assert before == ["root"]
    assert [row["name"] for row in meta.graph("GET", USERS).body["data"]] == ["root", "reporting"]


def test_a_reset_clock_leaves_no_past_in_the_future(meta: RunningEmulator) -> None:
    meta.clock(advance_s=10**6)
    meta.create_system_user("reporting")

    meta.reset()
    meta.create_system_user("later")
    meta.fault("stale", writes=1)

    assert [row["name"] for row in meta.graph("GET", USERS).body["data"]] == ["root"]


def test_a_hanging_call_of_secrets_manager_is_in_the_journal_before_it_is_answered(meta: RunningEmulator) -> None:
    meta.fault("hang", operation="CreateSecret", seconds=30)
    answers: list[Any] = []
    secrets = meta.secrets()
    waiting = threading.Thread(target=lambda: answers.append(secrets.create_secret(Name="a", SecretString="b")))
    waiting.start()
    meta.wait_for_call("secretsmanager", "CreateSecret", timeout_s=5)
    unanswered = list(answers)

    meta.clear_faults()
    waiting.join(5)

    assert unanswered == []
    assert answers[0]["Name"] == "a"


def test_there_is_an_end_to_the_number_of_faults(meta: RunningEmulator) -> None:
    meta.control("faults", "POST", [{"kind": "latency", "ms": 0, "path": "^never$"}] * 1000)

    with pytest.raises(RefusedError, match="there can be 1000 at a time"):
        meta.fault("garbage")

    assert len(meta.faults()) == 1000


def test_latency_adds_to_every_call(meta: RunningEmulator) -> None:
    meta.fault("latency", ms=150)

    started = time.monotonic()
    meta.graph("GET", "me")
    meta.graph("GET", "me")

    assert time.monotonic() - started >= 0.3
    assert meta.faults()[0]["hits"] == 2


@pytest.mark.parametrize(
    ("path", "hits"),
    [
        pytest.param(None, 1, id="the batch waits, and its items with it"),
        pytest.param("/me$", 2, id="what names the items alone waits for each"),
    ],
)
def test_latency_of_a_batch(meta: RunningEmulator, path: str | None, hits: int) -> None:
    meta.fault("latency", ms=1, **({} if path is None else {"path": path}))

    meta.graph("POST", "", {"batch": [{"method": "GET", "relative_url": "me"}] * 2})

    assert meta.faults()[0]["hits"] == hits


def test_nth_and_times_count_matching_calls(meta: RunningEmulator) -> None:
    meta.fault("graph", method="GET", path="^/v26.0/me$", nth=2, times=2, code=4)

    found = [meta.graph("GET", path).status for path in ("me", BUSINESS, "me", "me", "me")]

    assert found == [200, 200, 400, 400, 200]
    [fault] = meta.faults()
    assert (fault["seen"], fault["hits"]) == (4, 2)


def test_two_faults_strike_one_after_the_other(meta: RunningEmulator) -> None:
    meta.fault("graph", code=1)
    meta.fault("graph", code=2)

    assert [meta.graph("GET", "me").body["error"]["code"] for _ in range(2)] == [1, 2]
    assert meta.graph("GET", "me").status == 200


def test_faults_of_secrets_manager_go_by_operation(meta: RunningEmulator) -> None:
    body = {"__type": "AccessDeniedException", "Message": "no"}
    meta.fault("http", service="secretsmanager", operation="CreateSecret", status=400, body=body)
    secrets = meta.secrets()

    with pytest.raises(secrets.exceptions.ClientError, match="AccessDenied"):
        secrets.create_secret(Name="a", SecretString="b")

    assert meta.graph("GET", "me").status == 200
    [call] = meta.calls("secretsmanager")
    assert (call["operation"], call["status"], call["code"]) == ("CreateSecret", 400, "AccessDeniedException")
    assert meta.faults()[0]["hits"] == 1


def test_several_are_added_at_once_or_none(meta: RunningEmulator) -> None:
    with pytest.raises(RefusedError, match="kind"):
        meta.control("faults", "POST", [{"kind": "garbage"}, {"kind": "gremlin"}])
    assert meta.faults() == []

    added = meta.control("faults", "POST", [{"kind": "garbage"}, {"kind": "drop_after", "nth": 3}])

    assert [fault["kind"] for fault in meta.faults()] == ["garbage", "drop_after"]
    meta.control(f"faults?id={added[0]['id']}", "DELETE")
    assert [fault["kind"] for fault in meta.faults()] == ["drop_after"]


@pytest.mark.parametrize(
    ("spec", "word"),
    [
        ({"kind": "gremlin"}, "kind: 'gremlin' is not one of http, graph"),
        ({}, "kind"),
        ({"kind": "http"}, "status"),
        ({"kind": "http", "status": "500"}, "status"),
        ({"kind": "http", "status": 99}, "status"),
        ({"kind": "graph", "code": "4"}, "code"),
        ({"kind": "graph", "code": 4, "service": "secretsmanager"}, "service"),
        ({"kind": "hang"}, "seconds"),
        ({"kind": "hang", "seconds": -1}, "seconds"),
        ({"kind": "stale"}, "writes"),
        ({"kind": "stale", "writes": 1, "ms": 5}, "writes"),
        ({"kind": "garbage", "nth": 0}, "nth"),
        ({"kind": "garbage", "times": "2"}, "times"),
        ({"kind": "garbage", "path": "("}, "path"),
        ({"kind": "garbage", "colour": "red"}, "colour"),
        ({"kind": "garbage", "service": "s3"}, "service"),
        ({"kind": "garbage", "method": "GET", "operation": "PutSecretValue"}, "operation"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_by_name(meta: RunningEmulator, spec: dict[str, Any], word: str) -> None:
    with pytest.raises(RefusedError, match=word.replace("(", r"\(")):
        meta.control("faults", "POST", spec)


def test_all_that_is_wrong_with_a_fault_is_said_at_once(meta: RunningEmulator) -> None:
    spec = {"kind": "hang", "nth": 0, "method": 5, "path": "(", "operation": "X", "status": 99, "seconds": "soon"}

    with pytest.raises(RefusedError) as refused:
        meta.control("faults", "POST", spec)

    assert str(refused.value).count(". ") == 6
    for words in (
        "status: a fault of kind hang takes",
        "seconds: 'soon' is not a number from 0 to 600.",
        "status: 99 is not a whole number from 200 to 599.",
        "operation: belongs to secretsmanager",
        "nth: 0 is not a whole number from 1.",
        "method: 5 is not text.",
        "path: not a regular expression",
    ):
        assert words in str(refused.value)


@pytest.mark.parametrize("path", ["(a|a)*b", "(a+)+$", "a*" * 99 + "b"])
def test_a_catastrophic_path_freezes_nobody(meta: RunningEmulator, path: str) -> None:
    meta.fault("http", status=418, path=path, times=9)
    begun = time.monotonic()

    for at in range(5):
        meta.graph("GET", f"v26.0/{'a' * 60}{at}")

    assert time.monotonic() - begun < 10


def test_what_cannot_be_sent_is_refused_when_it_is_added(meta: RunningEmulator) -> None:
    for option in ({"body": "\ud800"}, {"headers": {"X\r\nY": "1"}}, {"headers": {"": "1"}}):
        with pytest.raises(RefusedError):
            meta.control("faults", "POST", {"kind": "http", "status": 500, **option})
