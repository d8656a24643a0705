"""`meta-access review` on the real engine: what a reviewer reads of a branch, of drift, of a failed preview."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine import lindenhof
from tests.engine.commands import DAY_S
from tests.engine.test_identity_rename import renamed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

UNSHARED = "act_999000000000999"
COUNTING = 5
"""Calls with which a preview, and no update, counts undeclared access: users, people, partners of two kinds, groups."""


def review(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "meta_access.cli", "review", *arguments],
        cwd=project.root,
        env=project.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def kept(project: Project, name: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Review the stack and keep the answer in a file; exit code and the stack's review."""
    done = review(project, "--json", "--stack", project.stack, *arguments)
    project.write(name, done.stdout)
    [found] = json.loads(done.stdout)["stacks"]
    return done.returncode, found


def told(found: dict[str, Any]) -> set[str]:
    """`change: tasks gained reporting MANAGE act_1`."""
    return {
        " ".join(
            filter(
                None,
                (f"{fact['cause']}:", fact["kind"], fact.get("who"), *fact.get("tasks", ()), fact.get("asset")),
            )
        )
        for fact in found["facts"]
        if fact["cause"] != "people"
    }


def branch(config: dict[str, Any]) -> dict[str, Any]:
    clients = config["meta:clients"]
    del clients["acme"]
    clients["lindenhof"]["assets"] |= {
        lindenhof.SHOP: {"reporting": ["MANAGE", "ANALYZE"]},
        UNSHARED: {"reporting": "read"},
    }
    return config


SCREEN = """\
Stack dev: 1 refused, 1 loss, 1 gain, 1 other
! will be refused: reporting on ad account 999000000000999 of lindenhof:
    assigning act_999000000000999: it is neither among the assets of business
    lindenhof (178000000000101) nor among those that others share with it. Add
    it to business lindenhof (178000000000101) (Business settings > Accounts >
    Add).
- reporting loses ANALYZE on ad account 205550000000601 of acme
+ reporting gains MANAGE (with ADVERTISE) on ad account 104320000000501 of
    lindenhof
- gate acme-share-act_205550000000601 is no longer watched
People's work, gates: 3 (ads 3)
2 warnings of the program
Policy, advisory: 1 (manage-without-reason 1)
  meta-access review --all shows them
Calls of main: about 5 of the 300 an hour of tier limited
"""


@pytest.mark.provisioned
def test_a_branch_is_read_on_one_screen_and_its_calls_are_as_many_as_planned(
    dev: Project, emulator: RunningEmulator
) -> None:
    dev.configure(branch(lindenhof.config(emulator)))
    emulator.forget_calls()
    code, found = kept(dev, "review.json")
    assert code == 2
    looks = len(emulator.calls("graph")) - COUNTING

    screen = review(dev, "--from", "review.json")
    assert (screen.returncode, screen.stdout) == (2, SCREEN)
    comments = {review(dev, "--markdown", "--from", "review.json").stdout for _ in range(2)}
    [comment] = comments
    assert comment.startswith("<!-- meta-access review -->\n")
    assert "\n- reporting loses ANALYZE on ad account 205550000000601 of acme\n" in comment
    assert comment.endswith("Labels: `refused` `widening` `deletion` `people`\n")

    # What is refused is a call all the same.
    emulator.forget_calls()
    dev.up()
    more = len(emulator.calls("graph")) - looks
    calls = Counter(line.split()[0] for line in lindenhof.writes(emulator))
    assert calls == {"POST": 2, "DELETE": 1}
    # Beside the three writes, the removal is read back; what is looked at meanwhile asks for nothing anew.
    assert more == 4
    assert found["budgets"] == [{"connection": "main", "calls": 5, "per_hour": 300, "tier": "limited"}]


@pytest.mark.provisioned
def test_drift_and_what_is_due_are_not_the_changes(dev: Project, emulator: RunningEmulator) -> None:
    world = emulator.world()
    for row in world["assignments"]:
        if row["asset_id"] == lindenhof.SHOP:
            row["tasks"] = ["ADVERTISE", "ANALYZE", "MANAGE"]
    emulator.put_world(world)
    emulator.clock(advance_s=45 * DAY_S)
    by_itself = {f"drift: tasks lost reporting MANAGE {lindenhof.SHOP}", "due: token renewed reporting"}

    code, base = kept(dev, "base.json")
    assert (code, told(base)) == (0, by_itself)

    config = lindenhof.config(emulator)
    config["meta:clients"]["lindenhof"]["assets"][lindenhof.BRAND] = {"reporting": "read"}
    dev.configure(config)
    code, found = kept(dev, "review.json", "--base", "base.json", "--fail-on", "widening")
    assert (code, found["compared"]) == (2, True)
    assert told(found) == {*by_itself, f"change: tasks gained reporting ANALYZE {lindenhof.BRAND}"}


@pytest.mark.provisioned
def test_who_made_a_drift_is_told_by_the_ad_accounts_record(dev: Project, emulator: RunningEmulator) -> None:
    [user] = [row["id"] for row in emulator.world()["system_users"] if row["name"] == "reporting"]
    given = {"user": user, "tasks": ["ADVERTISE", "ANALYZE", "MANAGE"]}
    assert emulator.graph("POST", f"{lindenhof.SHOP}/assigned_users", given).status == 200
    last = emulator.world()["activities"][-1]
    seen = len(emulator.calls())
    code, found = kept(dev, "review.json")
    assert (code, told(found)) == (0, {f"drift: tasks lost reporting MANAGE {lindenhof.SHOP}"})
    [fact] = [fact for fact in found["facts"] if fact["cause"] == "drift"]
    assert fact["by"]["name"] == last["actor_name"]
    assert fact["by"]["application"] == "Lindenhof Ads"
    assert fact["by"]["at"][:16] == last["at"][:16]
    paths = Counter(call["path"] for call in emulator.calls()[seen:])
    assert {path: count for path, count in paths.items() if path.endswith("/activities")} == {
        f"/v26.0/{lindenhof.SHOP}/activities": 1
    }


@pytest.mark.provisioned
def test_a_renamed_identity_loses_nothing(dev: Project, emulator: RunningEmulator) -> None:
    dev.configure(renamed(lindenhof.config(emulator), renamed_from="reporting"))
    code, found = kept(dev, "review.json", "--fail-on", "refused,widening,deletion")
    assert (code, told(found)) == (0, {"change: token moves insights", "change: user renamed insights"})


@pytest.mark.provisioned
def test_a_system_user_that_is_gone_at_meta_is_made_again(dev: Project, emulator: RunningEmulator) -> None:
    world = emulator.world()
    [user] = [row["id"] for row in world["system_users"] if row["name"] == "reporting"]
    for noun in ("assignments", "installations", "app_access", "tokens", "system_users"):
        key = "id" if noun == "system_users" else "system_user_id"
        world[noun] = [row for row in world[noun] if row.get(key, row.get("user_id")) != user]
    emulator.put_world(world)
    code, found = kept(dev, "review.json")
    assert code == 0
    assert "drift: user made reporting" in told(found)
    assert not [fact for fact in found["facts"] if fact["cause"] == "change" and fact["kind"] != "not known yet"]


@pytest.mark.provisioned
def test_a_preview_that_fails_is_a_review_that_says_so(dev: Project, emulator: RunningEmulator) -> None:
    missing = review(dev, "--stack", "absent")
    assert missing.returncode == 1
    assert "Stack absent: the preview FAILED" in missing.stdout
    assert "no stack named 'absent' found" in " ".join(missing.stdout.split())

    dev.extra_env["PULUMI_CONFIG_PASSPHRASE"] = "another"
    unreadable = review(dev, "--stack", dev.stack, "--markdown")
    assert unreadable.returncode == 1
    assert "the preview FAILED" in unreadable.stdout
    assert "incorrect passphrase" in unreadable.stdout
    del dev.extra_env["PULUMI_CONFIG_PASSPHRASE"]

    emulator.stop()
    code, found = kept(dev, "review.json")
    assert (code, found["failed"]) == (2, True)
    [fact] = found["facts"]
    assert fact["reason"].startswith("meta:connections.main: ")
    for done in (missing, unreadable):
        assert "Traceback" not in done.stdout + done.stderr

    dev.extra_env["PATH"] = "/nowhere"
    without = review(dev, "--stack", dev.stack)
    assert without.returncode == 1
    assert "it is not on PATH" in " ".join((without.stdout + without.stderr).split())


HOSTILE = "@octocat **b** <img src=x> `code` ``` [x](https://evil.example) </details>"
PROGRAM = f"""
user = meta.SystemUser({HOSTILE!r}, connection="main", name="reporting")
for number in range(500):
    meta.AssetAssignment(
        f"{{number}} " + {HOSTILE!r}, connection="main", system_user_id=user.id, asset=f"act_{{10**14 + number}}",
        tasks=["ANALYZE"],
    )
"""


def test_five_hundred_resources_with_hostile_names_are_a_screen_and_a_comment(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    world = emulator.world()
    example = world["ad_accounts"][0]
    world["ad_accounts"] += [{**example, "id": f"act_{10**14 + number}", "name": HOSTILE} for number in range(500)]
    emulator.put_world(world)
    project = make_project(program=lindenhof.program(PROGRAM), config=lindenhof.config(emulator))

    code, found = kept(project, "review.json")
    assert (code, len(found["facts"])) == (0, 501)
    screen = review(project, "--from", "review.json").stdout.splitlines()
    assert screen[:3] == [
        "Stack dev: 501 gains",
        "+ reporting gains ANALYZE on 500 ad accounts",
        "+ system user reporting is made with role EMPLOYEE",
    ]
    comment = review(project, "--markdown", "--from", "review.json").stdout
    assert len(comment) < 64_000
    assert not any(mark in comment for mark in ("<img", "@octocat", "```code"))


@pytest.mark.provisioned
def test_exclusive_access_is_a_loss_that_stops_a_pipeline_and_that_an_update_takes_away(
    dev: Project, emulator: RunningEmulator
) -> None:
    config = lindenhof.config(emulator)
    config["meta:clients"]["lindenhof"]["exclusive"] = True
    dev.configure(config)
    dev.up()
    world = emulator.world()
    tool = {**world["system_users"][0], "id": "122090000000777", "name": "old tool", "role": "EMPLOYEE"}
    world["system_users"].append(tool)
    world["assignments"].append({"asset_id": lindenhof.SHOP, "user_id": tool["id"], "tasks": ["ANALYZE"]})
    emulator.put_world(world)

    code, found = kept(dev, "review.json", "--fail-on", "deletion")
    assert code == 2
    assert told(found) == {f"change: tasks lost old tool (system user {tool['id']}) ANALYZE {lindenhof.SHOP}"}
    assert found["undeclared"]["clients"] == {"lindenhof": 1}
    assert found["budgets"] == [{"connection": "main", "calls": 3, "per_hour": 300, "tier": "limited"}]
    screen = review(dev, "--from", "review.json").stdout
    assert screen.splitlines()[:3] == [
        "Stack dev: 1 loss",
        "- old tool (system user 122090000000777) loses ANALYZE on ad account",
        "    104320000000501 of lindenhof",
    ]
    assert "old tool" in lindenhof.tasks(emulator, lindenhof.SHOP)

    emulator.forget_calls()
    dev.up()
    assert lindenhof.writes(emulator) == [f"DELETE /v26.0/{lindenhof.SHOP}/assigned_users"]
    assert lindenhof.tasks(emulator, lindenhof.SHOP) == {"reporting": ["ANALYZE"]}
    assert dev.preview("--expect-no-changes").code == 0
