"""A client and an identity leave: what goes is shown, then taken, and nothing else is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine import commands, lindenhof
from tests.engine.lindenhof import ACME, PAGE, SHOP

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project


@pytest.mark.provisioned
def test_a_client_and_then_an_identity_leave(dev: Project, emulator: RunningEmulator) -> None:
    before, typed = dev.export(), dev.stack_file.read_text(encoding="utf-8")
    emulator.forget_calls()

    code, shown, _ = commands.run(dev, "offboard", "--client", "acme", "--dry-run")

    assert (code, shown["client"], shown["dry_run"], shown["taken"]) == (2, "acme", True, [])
    assert [(one["kind"], one["name"]) for one in shown["goes"]] == [
        ("client", "acme"),
        ("client", "acme"),
        ("asset assignment", f"acme-reporting-{ACME}"),
        ("gate", f"acme-share-{ACME}"),
    ]
    assert [(one["kind"], one["name"], one["text"]) for one in shown["left"]] == [
        ("share", "acme", f"business 998870000000701 shares {ACME}")
    ]
    assert lindenhof.writes(emulator) == []
    assert (dev.export(), dev.stack_file.read_text(encoding="utf-8")) == (before, typed)

    code, done, said = commands.run(dev, "offboard", "--client", "acme", "--yes")

    assert (code, [one["kind"] for one in done["left"]]) == (2, ["share"]), said
    assert lindenhof.tasks(emulator, ACME) == {}
    assert lindenhof.tasks(emulator, SHOP) == {"reporting": ["ANALYZE"]}
    assert len(lindenhof.live_tokens(emulator)) == 1
    assert "acme" not in dev.stack_file.read_text(encoding="utf-8")

    code, done, said = commands.run(dev, "offboard", "--identity", "reporting", "--yes")

    assert (code, done["left"], done["unseen"]) == (0, [], []), said
    assert {one["kind"] for one in done["taken"]} == {
        "identity", "asset assignment", "token", "app installation", "system user", "gate", "other",
    }  # fmt: skip
    assert lindenhof.tasks(emulator, SHOP) == lindenhof.tasks(emulator, PAGE) == {}
    assert lindenhof.live_tokens(emulator) == []
    # What is left is the engine's own: the provider of what has gone.
    assert {one for one in dev.preview().changes if " default" not in one} == set()


@pytest.mark.provisioned
def test_a_client_withdraws_its_share_and_nothing_else_stops(dev: Project, emulator: RunningEmulator) -> None:
    left = f"shares nothing with business Lindenhof Media (id {lindenhof.BUSINESS}) any more, {ACME} included."
    emulator.act("unshare", asset=ACME, business=lindenhof.BUSINESS)
    emulator.clock(advance_s=50 * commands.DAY_S)

    code, looked, _ = commands.run(dev, "gates", "--refresh")

    gate = looked["gates"][f"acme-share-{ACME}"]
    assert (code, gate["status"], gate["waiting_on"]) == (2, "drifted", "client")
    assert left in gate["next_step"]["what"]
    assert "`meta-access offboard --client acme`" in gate["next_step"]["what"]

    code, told, said = commands.run(dev, "review")

    assert code == 2, said
    facts = {fact["kind"]: fact for fact in told["stacks"][0]["facts"] if fact.get("client") == "acme"}
    assert f"`meta-access offboard {ACME}`" in facts["refused"]["reason"]
    assert left in facts["gate drifted"]["reason"]

    done = commands.command(dev, "rotate", "--due")

    assert done.returncode == 0, done.stdout + done.stderr
    assert len(lindenhof.live_tokens(emulator)) == 2  # the new one, and the old one in its grace

    code, gone, said = commands.run(dev, "offboard", "--client", "acme", "--yes")

    assert (code, gone["left"], gone["unseen"]) == (0, [], []), said
    assert lindenhof.tasks(emulator, SHOP) == {"reporting": ["ANALYZE"]}
    assert commands.run(dev, "review")[0] == 0
