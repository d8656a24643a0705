"""People of the business, settings of the app, and the app in a system user's hands, in one stack of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.engine import lindenhof

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

TOM = {"email": "tom@lindenhof.example", "business": "ADMIN"}


def config(emulator: RunningEmulator, **people: Any) -> dict[str, Any]:
    """The dev stack with more people, and with a contact among the app's settings."""
    found = lindenhof.config(emulator)
    found["meta:people"] |= people
    found["meta:apps"]["ads"] |= {"tier": "full"}
    found["meta:apps"]["ads"]["settings"]["contact_email"] = "nadia@lindenhof.example"
    # Other people's ad accounts need the advanced level in a strict world.
    found["meta:clients"].pop("acme")
    return found


def members(emulator: RunningEmulator) -> dict[str, str]:
    people = emulator.world()["people"]
    return {one["email"].partition("@")[0]: role for one in people for role in one["businesses"].values()}


def test_people_settings_and_the_app_come_by_software_and_by_hand(dev: Project, emulator: RunningEmulator) -> None:
    # In a strict world only a person hands the app to a system user, and the higher tier serves the business's people.
    world = emulator.world()
    world["strictness"] = "strict"
    world["apps"][0] |= {"tier": "standard_access", "ignored_settings": ["contact_email"]}
    emulator.put_world(world)
    dev.configure(config(emulator, tom=TOM))

    first = dev.up()

    assert first.code != 0
    errors = "\n".join(first.diagnostics)
    assert "minting token reporting failed: system user reporting (id " in errors
    assert "has no full control of app 120480000000201, and Meta mints no token without it." in errors
    assert "the gate SystemUserAppAccess of this user shows it" in errors
    assert "Meta answered success and did not take contact_email (contact_email is empty, and nadia@" in errors
    assert "Traceback" not in first.stdout
    assert "nadia@lindenhof.example is in the business already as ADMIN, is taken over." in first.stdout
    assert "tom@lindenhof.example is invited, and counts once they accept." in first.stdout
    assert members(emulator) == {"nadia": "ADMIN", "ines": "EMPLOYEE"}
    assert dev.resources("BusinessUser")["lindenhof-tom"]["outputs"]["state"] == "pending"
    gate = dev.resources("SystemUserAppAccess")["reporting-app-access"]["outputs"]
    assert (gate["status"], gate["waiting_on"]) == ("pending_human", "us")
    assert gate["next_step"]["menu"].endswith("Assign assets > Apps > Full control")
    assert lindenhof.live_tokens(emulator) == []

    emulator.act("join-business", email="tom@lindenhof.example")
    emulator.act("grant-app", user="reporting")
    world = emulator.world()
    world["apps"][0]["ignored_settings"] = []
    emulator.put_world(world)
    second = dev.up()

    assert second.code == 0, second.stdout
    assert members(emulator) == {"nadia": "ADMIN", "ines": "EMPLOYEE", "tom": "ADMIN"}
    assert dev.resources("BusinessUser")["lindenhof-tom"]["outputs"]["state"] == "accepted"
    assert dev.outputs()["gates"]["reporting-app-access"] == "satisfied"
    assert emulator.world()["apps"][0]["settings"]["contact_email"] == "nadia@lindenhof.example"
    assert len(lindenhof.live_tokens(emulator)) == 1

    dev.configure(config(emulator))
    third = dev.up()

    assert third.code == 0, third.stdout
    # The engine keeps the stack's configuration as the inputs of its default provider, so that changes with it.
    assert third.changes == {"delete BusinessUser lindenhof-tom", "update pulumi-python default"}
    assert members(emulator) == {"nadia": "ADMIN", "ines": "EMPLOYEE"}
