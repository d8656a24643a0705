"""A business that was built by hand, taken over on the real engine: by an import, and by an `up` that only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.engine import lindenhof
from tests.engine.commands import run

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

BUSINESSES = {"lindenhof": {"id": lindenhof.BUSINESS}}
APPS = {"ads": {"id": lindenhof.APP, "tier": "full"}}


def test_a_business_is_taken_over_by_reads_alone_and_the_next_preview_is_unchanged(
    dev: Project, emulator: RunningEmulator
) -> None:
    emulator.act("approve", name="tier")
    nothing: dict[str, object] = {"identities": {}, "clients": {}, "people": {}, "task_sets": {}}
    dev.configure(lindenhof.config(emulator, **nothing, apps=APPS, businesses=BUSINESSES, gates="block"))
    by_hand(emulator, "🦊 trading", lindenhof.SHOP, '["MANAGE","ADVERTISE","ANALYZE"]')
    by_hand(emulator, "feeds", lindenhof.ACME, '["ANALYZE"]')
    emulator.forget_calls()

    code, told, said = run(dev, "discover", "--write", "--import-file", "import.json")
    assert (code, told["added"]["identities"]) == (0, ["root", "trading", "feeds"]), said
    assert told["added"]["clients"] == ["acme-gmbh", "lindenhof"]
    code, told, said = run(dev, "import", "import.json", "--yes")
    assert code == 0, said
    assert sorted(told["imported"]) == [
        "acme-gmbh-feeds-act_205550000000601",
        "feeds",
        "lindenhof-ines",
        "lindenhof-nadia",
        "lindenhof-trading-act_104320000000501",
        "root",
        "trading",
    ]
    by_hand(emulator, "later", lindenhof.BRAND, '["ANALYZE"]')
    made = lindenhof.writes(emulator)
    assert len(made) == 2

    assert run(dev, "discover", "--write")[1]["added"]["identities"] == ["later"]
    up = dev.up()
    assert up.code == 0, up.stdout
    imported = {name: op for name, op in up.ops.items() if name in {"feeds", "root", "trading"}}
    assert set(imported.values()) == {"same"}
    assert lindenhof.writes(emulator) == made
    assert dev.preview("--expect-no-changes").code == 0
    code, told, said = run(dev, "discover", "--write")
    assert (code, told["files"]) == (0, []), said


def by_hand(emulator: RunningEmulator, name: str, asset: str, tasks: str) -> None:
    user = emulator.create_system_user(name)
    assert emulator.graph("POST", f"{asset}/assigned_users", {"user": user, "tasks": tasks}).status == 200
