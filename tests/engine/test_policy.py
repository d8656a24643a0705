"""The policy pack on the real engine: a mandatory finding ends a preview, and keeps no rotation from an update."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine import lindenhof
from tests.engine.lindenhof import BRAND, SHOP
from tests.engine.projects import CHECKOUT

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

PACK = ("--policy-pack", str(CHECKOUT / "policy-pack"))
OWN = '''from meta_access.policy import Violation, rule


@rule(severity="low")
def names_say_the_team(declared):
    """A system user whose name does not say whose it is."""
    for user in declared.users:
        yield Violation(user.place, f"{user.name} says no team.", "Name it media-….")
'''


@pytest.mark.provisioned
def test_a_mandatory_rule_ends_the_preview_and_lets_an_update_rotate(dev: Project, emulator: RunningEmulator) -> None:
    clients = lindenhof.config(emulator)["meta:clients"]
    clients["lindenhof"]["assets"][BRAND] = {"reporting": ["MANAGE"]}
    identities = {"reporting": {"use_case": "read_reports", "keepers": {"run": "2"}, "protect": True}}
    mandatory = {"enforcement_level": "mandatory", "reason": "an audit wants one"}
    policy = {"files": ["own.py"], "rules": {"manage-without-reason": mandatory}}
    dev.configure(lindenhof.config(emulator, clients=clients, identities=identities, policy=policy))
    dev.write("stacks/own.py", OWN)

    preview = dev.preview(*PACK)

    assert preview.code != 0
    assert preview.policies == {
        ("manage-without-reason", "mandatory", f"lindenhof-reporting-{BRAND}"),
        ("names-say-the-team", "advisory", "reporting"),
    }

    # As people run it, with the preview that an update begins with.
    up = dev.run("up", "--yes", "--stack", dev.stack, *PACK)

    assert up.code != 0
    assert (
        "is held back by a mandatory rule: manage-without-reason. Everything else of this update goes on." in up.stdout
    )
    assert "Traceback" not in up.stdout
    assert lindenhof.tasks(emulator, BRAND) == {}
    assert lindenhof.tasks(emulator, SHOP) == {"reporting": ["ANALYZE"]}
    assert dev.resources(":SystemUser")["reporting"]["protect"] is True
    assert dev.outputs()["secrets"]["reporting"]["generation"] == 2
