"""What crosses the wire: unknowns, floats, errors as one clean paragraph, and the end of an orphaned host."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.host.conftest import UNKNOWN, Host, HostError
from tests.host.test_lifecycle import SECRET, SHOP, USER, assignment, checked, identity, make, token_props, user
from tests.texts import lacks

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulators import RunningEmulator

NAMES: dict[str, dict[str, Any]] = {
    "SystemUser": {"name": "reporting", "role": "EMPLOYEE", "adopt": None, "on_destroy": "retire"},
    "AppInstallation": {"system_user_id": "1"},
    "AssetAssignment": {"system_user_id": "1", "asset": SHOP, "tasks": ["ANALYZE"]},
    "SystemUserToken": {
        "owner": "meta-access/dev", "system_user_id": "1", "scopes": ["ads_read"], "secret_name": SECRET,
        "keepers": {"run": "1"}, "lifetime": "60d", "grace": "24h", "rotate_before": "20d", "kms_key": None,
    },
    "AppRoles": {"roles": {"nadia": "admin"}, "people": {"nadia": {"user_id": "1"}}, "evidence": None, "owner": None},
    "RedirectUris": {"uris": ["https://a.example/"], "hosts": ["a.example"], "mode": "live"},
    "PermissionRequest": {"permission": "ads_read", "level": "advanced"},
    "FeatureRequest": {"feature": "ads_management_standard_access", "level": "full"},
    "BusinessVerification": {"owner": "nadia", "evidence": None},
}  # fmt: skip


def bag(kind: str, /, **changed: Any) -> dict[str, Any]:
    props = {"label": "x", "connection": "main", **NAMES[kind], **changed}
    return {key: value for key, value in props.items() if value is not None}


@pytest.mark.parametrize("name", NAMES)
def test_every_input_may_be_unknown_in_check_and_diff(host: Host, name: str) -> None:
    for input_ in [*NAMES[name], "requires"]:
        inputs, failures = host.check(name, bag(name, **{input_: UNKNOWN}))

        assert failures == []
        assert inputs[input_] == UNKNOWN
        expected = NOTHING_CHANGED.get(name, "DIFF_NONE") if input_ == "requires" else "DIFF_UNKNOWN"
        outs = bag(name, **KNOWN[name], **DONE.get(name, {}))
        assert host.diff(name, "id", outs, {**inputs, **KNOWN[name], input_: UNKNOWN}) == expected


KNOWN: dict[str, dict[str, Any]] = {
    **{name: {} for name in NAMES},
    "SystemUserToken": {"freshness": "current"},
    "BusinessVerification": {"state": "as declared"},
}
# The secret of that token does not exist, which its diff sees.
NOTHING_CHANGED = {"SystemUserToken": "DIFF_SOME"}
DONE = {
    "SystemUserToken": {
        "arn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:x-AbCdEf",
        "claim": "c",
        "version_id": "v",
        "generation": 1,
    }
}


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("AssetAssignment", {"tasks": ["ANALYZE", UNKNOWN]}),
        ("SystemUserToken", {"scopes": [UNKNOWN]}),
        ("SystemUserToken", {"keepers": {"run": UNKNOWN}}),
        ("SystemUserToken", {"lifetime": {"never": {"reason": UNKNOWN, "until": "2027-03-01"}}}),
        ("AppRoles", {"roles": {"nadia": UNKNOWN}}),
        ("AppRoles", {"people": {"nadia": {"user_id": UNKNOWN}}}),
        ("RedirectUris", {"uris": ["https://a.example/", UNKNOWN]}),
    ],
)
def test_unknowns_may_lie_deep(host: Host, name: str, changed: dict[str, Any]) -> None:
    inputs, failures = host.check(name, bag(name, **changed))

    assert failures == []
    assert UNKNOWN in str(inputs)


@pytest.mark.parametrize(
    ("name", "changed", "property_"),
    [
        ("SystemUser", {"adopt": 122090000000301}, "adopt"),
        ("AppInstallation", {"system_user_id": 122090000000301}, "system_user_id"),
        ("AssetAssignment", {"asset": 104320000000501}, "asset"),
        ("AppRoles", {"people": {"nadia": {"user_id": 100000000000401}}}, "people"),
    ],
)
def test_numbers_as_ids_are_refused(host: Host, name: str, changed: dict[str, Any], property_: str) -> None:
    _, failures = host.check(name, bag(name, **changed))

    assert [found for found, _ in failures] == [property_]
    assert "is a number" in failures[0][1]


def test_a_connection_that_is_not_there_is_named(host: Host) -> None:
    _, failures = host.check("SystemUser", {**USER, "connection": "other"})

    assert failures == [("connection", 'there is no connection "other" in meta:connections. Fix: name one of: main.')]


def test_a_token_in_the_wrong_line_is_not_printed(host: Host, emulator: RunningEmulator) -> None:
    _, failures = host.check("AssetAssignment", bag("AssetAssignment", asset=emulator.admin_token))

    # Beside a property's name the engine prints the value.
    assert [found for found, _ in failures] == [""]
    assert emulator.admin_token not in str(failures)


def test_a_configuration_that_is_wrong_is_one_error_of_every_call(hosts: Callable[..., Host]) -> None:
    host = hosts(configured=False)
    host.configure({"meta:environment": "dev", "meta:rules": "2026-05"})

    with pytest.raises(HostError) as raised:
        host.check("SystemUser", USER)

    text = str(raised.value)
    assert text.startswith("meta-access: ")
    assert "meta:connections" in text
    assert "Traceback" not in text


def one_paragraph(error: HostError, emulator: RunningEmulator) -> str:
    text = str(error)
    assert text.startswith("meta-access: ")
    assert "Traceback" not in text
    assert 'File "' not in text
    assert "\n" not in text.strip()
    for secret in (emulator.admin_token, emulator.app_secret):
        assert secret not in text
    return text


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "garbage"},
        {"kind": "http", "status": 200, "body": ""},
        {"kind": "http", "status": 500, "body": {"access_token": "leaked"}},
        {"kind": "graph", "code": 190, "subcode": 463},
        {"kind": "graph", "code": 200, "message": "API access blocked."},
        {"kind": "drop_before"},
    ],
)
def test_graph_trouble_is_one_paragraph_of_every_call(
    host: Host, emulator: RunningEmulator, fault: dict[str, Any]
) -> None:
    emulator.fault(service="graph", times=500, **fault)
    outs = {**USER, "role": "EMPLOYEE", "on_destroy": "retire"}

    calls: list[Callable[[], object]] = [
        lambda: host.create("SystemUser", outs),
        lambda: host.read("SystemUser", "1", outs),
        lambda: host.update("SystemUser", "1", outs, {**outs, "name": "other"}),
        lambda: host.delete("SystemUser", "1", outs),
        lambda: host.create("AssetAssignment", assignment("1")),
    ]
    with ThreadPoolExecutor(len(calls)) as pool:
        for running in [pool.submit(call) for call in calls]:
            with pytest.raises(HostError) as raised:
                running.result()
            one_paragraph(raised.value, emulator)


def test_a_refused_list_stops_writes_but_no_refresh_of_what_stands(host: Host, emulator: RunningEmulator) -> None:
    emulator.fault(service="graph", times=500, kind="graph", code=10)
    outs = {**USER, "role": "EMPLOYEE", "on_destroy": "retire"}

    for write in (
        lambda: host.create("SystemUser", outs),
        lambda: host.update("SystemUser", "1", outs, {**outs, "name": "other"}),
        lambda: host.delete("SystemUser", "1", outs),
        lambda: host.create("AssetAssignment", assignment("1")),
    ):
        with pytest.raises(HostError) as raised:
            write()
        one_paragraph(raised.value, emulator)

    # A failed refresh would leave out its dependents, due tokens among them.
    id_, state, _inputs = host.read("SystemUser", "1", outs)
    assert (id_, state["name"]) == ("1", USER["name"])


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "http", "status": 400, "body": {"__type": "AccessDeniedException", "Message": "no"}},
        {"kind": "drop_before"},
        {"kind": "garbage"},
    ],
)
def test_secrets_manager_trouble_is_one_paragraph(host: Host, emulator: RunningEmulator, fault: dict[str, Any]) -> None:
    props = checked(host, "SystemUserToken", token_props(identity(host)))
    emulator.fault(service="secretsmanager", times=500, **fault)

    with pytest.raises(HostError) as raised:
        host.create("SystemUserToken", props)

    one_paragraph(raised.value, emulator)


def test_a_bug_is_one_paragraph_with_its_place_and_no_arguments(host: Host, emulator: RunningEmulator) -> None:
    with pytest.raises(HostError) as raised:
        host.create("AssetAssignment", {"connection": "main", "system_user_id": "1", "asset": "EAA" + "EMU" + "x" * 30})

    text = one_paragraph(raised.value, emulator)
    assert re.match(r"meta-access: unexpected [A-Za-z]+Error in [a-z_]+/[a-z_]+\.py:\d+: ", text)
    assert "EAA" not in text


def test_reads_name_the_settings_they_used(host: Host, emulator: RunningEmulator) -> None:
    emulator.fault("graph", service="graph", times=500, code=190)

    with pytest.raises(HostError) as raised:
        host.read("SystemUser", "1", {**USER, "role": "EMPLOYEE"})

    text = one_paragraph(raised.value, emulator)
    assert "Settings used: connection main, Graph 127.0.0.1:" in text
    assert not lacks(text, f"app {emulator.app_id}", f"business {emulator.business_id}", "emulator:")


def test_one_process_reads_a_list_once(host: Host, emulator: RunningEmulator) -> None:
    id_, outs = make(host, "SystemUser", USER)
    host.read("SystemUser", id_, outs)
    emulator.forget_calls()

    for _ in range(20):
        host.read("SystemUser", id_, outs)

    assert emulator.calls("graph") == []


def test_offline_no_call_is_made(hosts: Callable[..., Host], emulator: RunningEmulator) -> None:
    id_ = user(hosts())
    emulator.forget_calls()
    host = hosts(env={"META_ACCESS_OFFLINE": "1"})
    outs = {**USER, "role": "EMPLOYEE", "on_destroy": "retire"}

    checked(host, "SystemUser", USER)
    checked(host, "AppRoles", bag("AppRoles"))
    assert host.read("SystemUser", id_, outs) == (id_, outs, None)
    for call in (
        lambda: host.create("SystemUser", outs),
        lambda: host.update("SystemUser", id_, outs, outs),
        lambda: host.delete("SystemUser", id_, outs),
    ):
        with pytest.raises(HostError, match="META_ACCESS_OFFLINE=1"):
            call()

    assert emulator.calls() == []
    host.said("the planned system users alone were counted")


# --- the engine's death --------------------------------------------------------------------------


class Engine:
    """Something that listens where an engine would."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"

    def die(self) -> None:
        self.socket.close()


def wait_for_hit(emulator: RunningEmulator) -> None:
    ends = time.monotonic() + 30
    while not any(fault["hits"] for fault in emulator.faults()):
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_host_whose_engine_is_gone_ends_itself(hosts: Callable[..., Host]) -> None:
    engine = Engine()
    host = hosts("--logtostderr", engine.address)
    checked(host, "SystemUser", USER)
    assert host.process.poll() is None

    engine.die()

    assert host.process.wait(20) == 0


def test_a_host_without_an_engine_begins_nothing(hosts: Callable[..., Host], emulator: RunningEmulator) -> None:
    engine = Engine()
    host = hosts(engine.address)
    props = checked(host, "SystemUser", USER)
    emulator.forget_calls()
    engine.die()

    with pytest.raises(HostError, match="creating system user reporting is not begun: the engine"):
        host.create("SystemUser", props)

    assert emulator.calls() == []


def test_a_call_in_flight_is_finished_first(hosts: Callable[..., Host], emulator: RunningEmulator) -> None:
    engine = Engine()
    host = hosts(engine.address)
    props = checked(host, "SystemUser", USER)
    emulator.fault("latency", service="graph", method="POST", path="system_users$", ms=2500)
    made: list[tuple[str, dict[str, Any]]] = []
    creating = threading.Thread(target=lambda: made.append(host.create("SystemUser", props)))
    creating.start()
    wait_for_hit(emulator)

    engine.die()
    creating.join(30)

    assert made
    assert host.process.wait(20) == 0


def test_a_check_waits_for_none_of_the_writes_under_way(hosts: Callable[..., Host], emulator: RunningEmulator) -> None:
    """The engine checks one resource after another, so that all the others would wait with it."""
    host = hosts()
    props = checked(host, "AssetAssignment", assignment("122090000001001"))
    emulator.fault("latency", service="graph", method="POST", path="assigned_users$", ms=3000)
    ended: list[str] = []

    def create() -> None:
        with contextlib.suppress(HostError):  # nobody has this user
            host.create("AssetAssignment", props)
        ended.append("create")

    with ThreadPoolExecutor(8) as engine:
        for _ in range(8):
            engine.submit(create)
        wait_for_hit(emulator)
        host.check("AppInstallation", bag("AppInstallation"))
        ended.append("check")

    assert ended == ["check", *["create"] * 8]
