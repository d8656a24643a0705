"""What does not change looks unchanged in a stack of twelve clients: after refresh, rotation, drift, and offline."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine import lindenhof
from tests.engine.commands import DAY_S, command
from tests.engine.templates import Beginning

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project, Result

CLIENTS = range(12)
# What the state of an earlier version lacks: a gate's and a token's inputs had nothing of what was found.
FOUND = ("status", "state", "freshness")


def account(number: int) -> str:
    return f"act_{205550000000900 + number}"


def business(number: int) -> str:
    return str(998870000000900 + number)


def share(emulator: RunningEmulator) -> None:
    """Give each client a business that shares an ad account, as acme does."""
    world = emulator.world()
    world["apps"][0]["tier"] = "standard_access"
    acme = next(row for row in world["ad_accounts"] if row["id"] == lindenhof.ACME)
    owner = next(row for row in world["businesses"] if row["id"] == acme["business_id"])
    world["businesses"] += [{**owner, "id": business(each), "name": f"Client {each}"} for each in CLIENTS]
    world["ad_accounts"] += [{**acme, "id": account(each), "business_id": business(each)} for each in CLIENTS]
    emulator.put_world(world)


def twelve(emulator: RunningEmulator) -> dict[str, Any]:
    made = lindenhof.config(emulator)
    made["meta:apps"]["ads"] |= {
        "tier": "full",
        "permissions": {"advanced": ["ads_read"], "standard": ["ads_management"]},
    }
    made["meta:identities"]["trading"] = {"scopes": ["ads_management"]}
    made["meta:clients"] = {
        f"client{each:02}": {
            "business": business(each),
            "access": "partner",
            "assets": {account(each): {"reporting": "read", "trading": ["ADVERTISE"]}},
        }
        for each in CLIENTS
    }
    return made


UP = pytest.mark.provisioned(Beginning(name="twelve", config=twelve, before=share))


def signs(done: Result) -> list[str]:
    """The lines that look like a change."""
    assert done.code == 0, done.stdout
    return [line.strip() for line in done.stdout.splitlines() if "[diff:" in line or "=>" in line]


@UP
def test_an_unchanged_stack_of_twelve_clients_is_a_few_lines_whatever_went_before(
    provisioned: Project, emulator: RunningEmulator
) -> None:
    stack = provisioned
    # A run of somebody else's holds the stack; a review takes no lock and waits for none.
    lock = stack.write("state/.pulumi/locks/organization/meta-access/dev/another.json", "{}")
    unchanged = command(stack, "review")
    lock.unlink()
    assert unchanged.returncode == 0, unchanged.stderr
    assert unchanged.stdout.startswith("Stack dev: this change changes nothing\n")
    assert len(unchanged.stdout.splitlines()) == 4

    assert stack.refresh().code == 0
    assert signs(stack.preview()) == []
    stack.extra_env["META_ACCESS_OFFLINE"] = "1"
    assert signs(stack.preview()) == []
    del stack.extra_env["META_ACCESS_OFFLINE"]

    emulator.clock(advance_s=45 * DAY_S)
    rotated = command(stack, "rotate", "--due")
    assert rotated.returncode == 0, rotated.stderr
    assert sorted(re.sub(r"\d{4}-\d\d-\d\d(T[\d:]+Z)?", "DAY", rotated.stdout).splitlines()) == [
        "reporting: rotation due: expires DAY: done, expires DAY",
        "trading: rotation due: expires DAY: done, expires DAY",
    ]
    assert rotated.stderr.count("warning: ") == 1
    assert len(rotated.stderr.splitlines()) < 8
    assert signs(stack.preview()) == []

    revoked = command(stack, "revoke", "reporting", "--yes")
    assert revoked.returncode == 0, revoked.stderr
    assert len((revoked.stdout + revoked.stderr).splitlines()) < 12

    world = emulator.world()
    for row in world["assignments"]:
        if row["asset_id"] == account(3):
            row["tasks"] = ["ADVERTISE", "ANALYZE", "MANAGE"]
    emulator.put_world(world)
    drifted = signs(stack.preview())
    assert {re.split(r" +refresh| +update", line)[0].split()[-1] for line in drifted} == {
        f"client03-reporting-{account(3)}",
        f"client03-trading-{account(3)}",
    }
    assert all(line.endswith("[diff: ~tasks]") for line in drifted)


@UP
def test_the_state_of_an_earlier_version_is_healed_by_one_up(provisioned: Project) -> None:
    stack = provisioned
    state = stack.export()
    for resource in state["deployment"]["resources"]:
        resource["inputs"] = {key: value for key, value in (resource.get("inputs") or {}).items() if key not in FOUND}
    file = stack.write("old.json", json.dumps(state))
    assert stack.run("stack", "import", "--file", str(file), "--stack", stack.stack).code == 0

    assert stack.preview().code == 0
    assert stack.up().code == 0
    assert signs(stack.preview()) == []
