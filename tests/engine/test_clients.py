"""One file per client: their trouble stays their own, and removing a file removes what it says and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.engine import lindenhof
from tests.engine.lindenhof import ACME, SHOP

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

BIRCH = "act_205550000000699"
FILE = """
business: "{business}"
access: partner
assets:
  {asset}: {{{identity}: read}}
"""


def test_a_clients_trouble_and_its_end_are_its_own(dev: Project, emulator: RunningEmulator) -> None:
    world = emulator.world()
    world["businesses"].append({**world["businesses"][1], "id": "998870000000799", "name": "Birch Ltd"})
    world["ad_accounts"].append({"id": BIRCH, "name": "Birch Main", "business_id": "998870000000799", "shares": []})
    emulator.put_world(world)
    own = {"lindenhof": lindenhof.config(emulator)["meta:clients"]["lindenhof"]}
    dev.configure(lindenhof.config(emulator, clients=own, clients_dir="clients.dev"))
    acme = FILE.format(business="998870000000701", asset=ACME, identity="reporting")
    dev.write("stacks/clients.dev/acme.yaml", acme)
    dev.write(
        "stacks/clients.dev/birch.yaml", FILE.format(business="998870000000799", asset=BIRCH, identity="reporting")
    )

    first = dev.up()

    assert first.code != 0
    [error] = [text for text in first.diagnostics if BIRCH in text]
    assert f"assigning {BIRCH} to system user" in error
    assert "Let its owner share it with business lindenhof (178000000000101)" in error
    assert lindenhof.tasks(emulator, ACME) == lindenhof.tasks(emulator, SHOP) == {"reporting": ["ANALYZE"]}
    gates = dev.outputs()["gates"]
    assert (gates[f"acme-share-{ACME}"], gates[f"birch-share-{BIRCH}"]) == ("satisfied", "pending_human")
    assert dev.resources("AssetShare")[f"birch-share-{BIRCH}"]["outputs"]["waiting_on"] == "client"

    emulator.act("share", asset=BIRCH, business="178000000000101", tasks="ANALYZE")
    (dev.root / "stacks" / "clients.dev" / "acme.yaml").unlink()
    second = dev.up()

    assert second.code == 0, second.stdout
    assert second.changes == {
        "delete ClientAccess acme",
        f"delete AssetShare acme-share-{ACME}",
        f"delete AssetAssignment acme-reporting-{ACME}",
        f"create AssetAssignment birch-reporting-{BIRCH}",
    }
    assert f"{ACME} stays shared until the client's business 998870000000701 ends that" in second.stdout
    assert lindenhof.tasks(emulator, ACME) == {}
    assert lindenhof.tasks(emulator, BIRCH) == lindenhof.tasks(emulator, SHOP) == {"reporting": ["ANALYZE"]}
    assert dev.outputs()["gates"][f"birch-share-{BIRCH}"] == "satisfied"

    dev.write("stacks/clients.dev/acme.yaml", acme.replace("reporting", "reportin"))
    refused = dev.preview()

    assert refused.code != 0
    [error] = refused.diagnostics
    assert error == (
        "1 problem in the configuration:\n"
        f'  - stacks/clients.dev/acme.yaml:assets.{ACME}.reportin: there is no "reportin" in meta:identities. Fix: '
        'write "reporting".'
    )
