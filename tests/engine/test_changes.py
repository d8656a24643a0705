"""What a changed declaration does to each resource: updates in place, and removal of what is no longer declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine import lindenhof
from tests.engine.lindenhof import ACME, SHOP

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project


@pytest.mark.provisioned
def test_every_resource_follows_its_declaration_without_being_replaced(dev: Project, emulator: RunningEmulator) -> None:
    (before,) = lindenhof.live_tokens(emulator)
    config = lindenhof.config(emulator, identities={"reporting": {"use_case": "read_reports", "name": "reports"}})
    app = config["meta:apps"]["ads"]
    app["roles"] = {"admin": ["nadia"], "tester": ["ines"]}
    app["permissions"] = {"advanced": ["ads_read"]}
    app["tier"] = "full"
    app["login"]["redirect_uris"].append("https://connect.lindenhof.example/meta/again/")
    config["meta:clients"]["lindenhof"]["assets"][SHOP] = {"reporting": ["ADVERTISE", "ANALYZE"]}
    del config["meta:clients"]["acme"]
    dev.configure(config)

    preview = dev.preview()

    assert preview.code == 0, preview.stdout
    assert preview.changes == {
        "update SystemUser reporting",
        "update AppRoles ads-app-roles",
        "update PermissionRequest ads-ads_read",
        "update FeatureRequest ads-tier",
        "update RedirectUris ads-redirect-uris",
        "update AssetAssignment lindenhof-reporting-act_104320000000501",
        "delete ClientAccess acme",
        "delete AssetAssignment acme-reporting-act_205550000000601",
        "delete AssetShare acme-share-act_205550000000601",
        "update pulumi-python default",  # the plugin host's own entry: it records the configuration
    }
    assert lindenhof.users(emulator) == ["reporting"]

    assert dev.up().code == 0
    assert lindenhof.users(emulator) == ["reports"]
    assert lindenhof.tasks(emulator, SHOP) == {"reports": ["ADVERTISE", "ANALYZE"]}
    assert lindenhof.tasks(emulator, ACME) == {}
    assert lindenhof.live_tokens(emulator) == [before]
    assert dev.outputs()["gates"] == {
        "ads-app-roles": "pending_human",
        "ads-ads_read": "pending_human",
        "ads-tier": "pending_human",
        "ads-redirect-uris": "unverifiable",
        "lindenhof-verification": "pending_human",
        "reporting-app-access": "satisfied",
    }
    assert dev.preview("--expect-no-changes").code == 0

    emulator.act("approve", name="ads_read")
    emulator.act("approve", name="tier")
    assert dev.refresh().code == 0
    assert dev.up().code == 0
    assert dev.outputs()["gates"]["ads-ads_read"] == "satisfied"
    assert dev.outputs()["gates"]["ads-tier"] == "satisfied"


@pytest.mark.provisioned
def test_an_installation_that_is_gone_is_made_again_on_demand(dev: Project, emulator: RunningEmulator) -> None:
    """Meta has no read of it, so nothing can notice."""
    (before,) = lindenhof.live_tokens(emulator)
    world = emulator.world()
    kept = [row for row in world["installations"] if row["system_user_id"] == lindenhof.ROOT]
    assert len(kept) == len(world["installations"]) - 1
    emulator.put_world({**world, "installations": kept})
    (urn,) = [entry["urn"] for entry in dev.resources("AppInstallation").values()]

    assert dev.up("--target", urn, "--replace", urn).code == 0

    assert len(emulator.world()["installations"]) == len(kept) + 1
    assert lindenhof.live_tokens(emulator) == [before]
