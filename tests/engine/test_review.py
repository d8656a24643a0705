"""A review as people see it: the board, an import of a refusal, the review pack, and the granted tier's upkeep."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from meta_access.clock import iso
from tests.engine import lindenhof
from tests.engine.commands import command

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

URI = "https://connect.lindenhof.example/meta/callback/"
REASON = "The screencast does not show the login."


def board(project: Project, code: int) -> dict[str, Any]:
    done = command(project, "gates", "--json")
    assert done.returncode == code, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def advanced(emulator: RunningEmulator, tier: str) -> dict[str, Any]:
    config = lindenhof.config(emulator)
    config["meta:apps"]["ads"] |= {"permissions": {"advanced": ["ads_read"]}, "tier": tier}
    return config


def before(days: int) -> str:
    return iso(datetime.now(UTC) - timedelta(days=days))


def test_a_refused_review_is_prepared_again_and_its_grant_is_kept_up(dev: Project, emulator: RunningEmulator) -> None:
    dev.configure(advanced(emulator, "limited"))
    assert dev.up().code == 0
    told = board(dev, code=2)
    assert (told["gates"]["ads-ads_read"]["status"], told["gates"]["ads-ads_read"]["phase"]) == (
        "pending_human",
        "not_started",
    )
    assert told["upkeep"] == {}  # the lower tier has none

    # What Meta's developer tools showed: a refusal with its reason, and the redirect URI.
    answers = {
        "app_id": lindenhof.APP,
        "exported_at": before(days=1),
        "privileges": [
            {
                "permission": "ads_read",
                "access_level": "standard",
                "grant_status": "REJECTED",
                "rejection_reasons": [REASON],
            }
        ],
        "oauth_redirect_uris": [URI],
        "total_calls": 4210,
    }
    dev.write("answers.json", json.dumps(answers))
    imported = command(dev, "evidence", "import", "answers.json", "--by", "nadia", "--json")
    assert imported.returncode == 2, imported.stderr
    assert {name: row["status"] for name, row in json.loads(imported.stdout)["taken"].items()} == {
        "ads-ads_read": "declined",
        "ads-redirect-uris": "satisfied",
    }
    assert dev.up().code == 0
    gates = board(dev, code=2)["gates"]
    assert gates["ads-redirect-uris"]["status"] == "satisfied"
    assert gates["ads-ads_read"]["phase"] == "declined"
    assert gates["ads-ads_read"]["evidence"]["source"] == "graph"
    assert gates["ads-ads_read"]["next_step"]["what"].startswith(
        f"Meta declined it ({REASON[:-1]}). Put that right, then again: Request advanced access to ads_read"
    )

    # The pack, with a call that the emulated Meta has seen.
    emulator.forget_calls()
    packed = command(dev, "gates", "--review-pack", "pack", "--json")
    assert packed.returncode == 2, packed.stderr
    [request] = json.loads(packed.stdout)["review_pack"]["requests"]
    assert (request["gate"], request["call"]["succeeded"]) == ("ads-ads_read", True)
    assert request["call"]["call"] == f"GET {lindenhof.SHOP}?fields=id,name"
    assert [row["path"] for row in emulator.calls() if lindenhof.SHOP in row["path"]] == [f"/v26.0/{lindenhof.SHOP}"]
    assert lindenhof.writes(emulator) == []

    # Granted, and the higher tier with it; then figures that fall by 400 in ten days.
    emulator.act("approve", name="ads_read", level="advanced")
    emulator.act("approve", name="ads_management_standard_access", level="full")
    dev.configure(advanced(emulator, "full"))
    for days, calls in ((14, 1300), (4, 900)):
        figures = ("--calls", str(calls), "--error-rate", "0.01", "--at", before(days))
        stated = command(dev, "attest", "ads-upkeep", "--by", "nadia", *figures, "--yes", "--json")
        assert stated.returncode == 0, stated.stderr
    lapse = r"meta:apps\.ads: the tier lapses on \d{4}-\d\d-\d\d, in [67] days \(told from 14 days before\)"
    assert re.search(lapse, dev.preview().stdout)
    done = dev.up()
    assert done.code == 0, done.stdout
    assert re.search(lapse, done.stdout)
    told = board(dev, code=3)
    assert told["gates"]["ads-ads_read"]["phase"] == "granted"
    assert told["upkeep"]["ads"]["standing"] == "lapses"
    assert dev.outputs()["upkeep"]["ads"]["on"] == told["upkeep"]["ads"]["on"]
    assert dev.preview("--expect-no-changes").code == 0
