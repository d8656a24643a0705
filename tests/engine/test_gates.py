"""Gates on the real engine: they open at the next preview, drift stays shown, and block holds back only what widens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.engine import lindenhof
from tests.engine.commands import run
from tests.engine.lindenhof import BRAND, SHOP

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project


def statuses(project: Project) -> dict[str, str]:
    found: dict[str, str] = project.outputs()["gates"]
    return found


@pytest.mark.provisioned
def test_a_gate_that_opened_shows_at_the_next_preview(dev: Project, emulator: RunningEmulator) -> None:
    emulator.act("accept-role", person="ines")
    emulator.act("verify")
    before = dev.export()

    # The board as the update left it, and as it is now; a look writes nothing down.
    code, board, _ = run(dev, "gates")
    assert (code, board["seen"]["by"], board["gates"]["ads-app-roles"]["status"]) == (2, "update", "pending_human")
    code, board, _ = run(dev, "gates", "--refresh")
    assert (board["seen"]["by"], board["gates"]["ads-app-roles"]["status"]) == ("look", "satisfied")
    assert board["gates"]["lindenhof-verification"]["status"] == "satisfied"
    assert dev.export() == before

    preview = dev.preview("--diff")

    assert preview.code == 0
    assert lindenhof.shows(preview.stdout, "status", "pending_human", "satisfied")
    assert dev.up().code == 0
    assert statuses(dev)["ads-app-roles"] == "satisfied"
    assert statuses(dev)["lindenhof-verification"] == "satisfied"
    assert dev.preview("--expect-no-changes").code == 0


def test_leads_are_a_persons_step_and_a_groups_tasks_are_given_and_taken(
    dev: Project, emulator: RunningEmulator
) -> None:
    world = emulator.world()
    group = {"id": "189000000000901", "name": "Brand", "business_id": lindenhof.BUSINESS, "asset_ids": [BRAND]}
    world["asset_groups"] = [group]
    world["tokens"][0]["scopes"].append("leads_retrieval")
    emulator.put_world(world)
    config = lindenhof.config(emulator, identities={"reporting": {"scopes": ["ads_read", "leads_retrieval"]}})
    config["meta:apps"]["ads"]["permissions"] = {"standard": ["ads_read", "leads_retrieval"]}
    config["meta:clients"]["lindenhof"]["assets"]["group:189000000000901"] = {"reporting": "read"}
    dev.configure(config)

    up = dev.up()
    assert up.code == 0, up.stdout
    gate = dev.resources("LeadAccess")["reporting-lead-access-page:102930000000801"]["outputs"]
    assert (gate["status"], gate["waiting_on"], gate["observed"]) == (
        "pending_human",
        "us",
        "may not download leads",
    )
    assert gate["next_step"]["menu"].startswith("Business settings > Integrations > Leads access")
    (given,) = emulator.world()["group_assignments"]
    assert given["tasks"] == {"adaccount_tasks": ["ANALYZE"], "page_tasks": ["ANALYZE"]}
    assert dev.preview("--expect-no-changes").code == 0

    emulator.act("grant-leads", user="reporting", page="102930000000801")
    del config["meta:clients"]["lindenhof"]["assets"]["group:189000000000901"]
    dev.configure(config)
    up = dev.up()
    assert up.code == 0, up.stdout
    assert statuses(dev)["reporting-lead-access-page:102930000000801"] == "satisfied"
    assert emulator.world()["group_assignments"] == []


def test_a_drifted_role_is_shown_until_a_person_puts_it_right(dev: Project, emulator: RunningEmulator) -> None:
    emulator.act("accept-role", person="ines")
    assert dev.up().code == 0
    assert statuses(dev)["ads-app-roles"] == "satisfied"
    emulator.act("accept-role", person="ines", role="tester")

    preview = dev.preview("--diff")
    assert "~ roles" in preview.stdout
    assert lindenhof.shows(preview.stdout, "ines", "tester", "developer")
    up = dev.up()
    assert up.code == 0, up.stdout
    assert "still drifted" in up.stdout
    assert dev.refresh().code == 0
    assert lindenhof.shows(dev.preview("--diff").stdout, "ines", "tester", "developer")

    emulator.act("accept-role", person="ines", role="developer")
    assert dev.up().code == 0
    assert dev.preview("--expect-no-changes").code == 0
    assert statuses(dev)["ads-app-roles"] == "satisfied"


def test_the_first_preview_and_its_exports_know_the_status(dev: Project) -> None:
    preview = dev.preview("--diff")

    assert preview.code == 0
    roles, outputs = preview.stdout.split("--outputs:--")
    assert re.search(r'status *: "pending_human"', roles)
    assert re.search(r'ads-app-roles *: "pending_human"', outputs)


@pytest.mark.provisioned
def test_block_holds_back_a_new_assignment_while_a_rotation_goes_through(
    dev: Project, emulator: RunningEmulator
) -> None:
    clients = lindenhof.config(emulator)["meta:clients"]
    clients["lindenhof"]["assets"][BRAND] = {"reporting": "read"}
    identities = {"reporting": {"use_case": "read_reports", "keepers": {"run": "2"}}}
    dev.configure(lindenhof.config(emulator, gates="block", clients=clients, identities=identities))

    up = dev.up()

    assert up.code != 0
    assert "is held back by a gate: lindenhof-verification is pending_human" in up.stdout
    assert "Traceback" not in up.stdout
    assert lindenhof.tasks(emulator, BRAND) == {}
    assert lindenhof.tasks(emulator, SHOP) == {"reporting": ["ANALYZE"]}
    assert dev.outputs()["secrets"]["reporting"]["generation"] == 2

    emulator.act("verify")
    assert dev.up().code == 0
    assert lindenhof.tasks(emulator, BRAND) == {"reporting": ["ANALYZE"]}
