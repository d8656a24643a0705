"""A snapshot: recorded on a stack that is up, and then all there is, with no emulator that runs and no credential."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from meta_access import snapshot
from tests.engine import lindenhof, templates
from tests.engine.checkouts import check_out_up
from tests.engine.commands import command, run, values

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.emulators import RunningEmulator
    from tests.engine.checkouts import Checkout
    from tests.engine.projects import Project

NOBODYS = "act_104320000000999"
WIDER = f"act_104320000000501: {{reporting: [ANALYZE, ADVERTISE]}}\n        {NOBODYS}: {{reporting: read}}"
SHOP = "lindenhof-reporting-act_104320000000501"


@pytest.mark.provisioned
def test_previews_are_made_from_a_snapshot_and_nothing_else_is(
    dev: Project, emulator: RunningEmulator, tmp_path: Path
) -> None:
    file = tmp_path / "snapshot.json"
    writes = lindenhof.writes(emulator)
    code, told, said = run(dev, "snapshot", "--out", str(file))
    assert code == 0, said
    print(json.dumps(told))
    assert told["stack"] == "dev"
    assert told["reads"] > 10
    assert lindenhof.writes(emulator) == writes
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text(encoding="utf-8")
    token = values(emulator, dev.resources("SystemUserToken")["reporting"]["outputs"]["arn"])["access_token"]
    assert [secret for secret in (emulator.app_secret, emulator.admin_token, token) if secret in text] == []

    emulator.stop()
    dev.extra_env |= {snapshot.VARIABLE: str(file)}
    unchanged = dev.preview("--diff", "--expect-no-changes")
    assert unchanged.code == 0, unchanged.stdout
    assert "What they show is as of the snapshot of " in unchanged.stdout

    # One more task on an ad account: that, and nothing besides, is shown.
    before = dev.stack_file.read_text(encoding="utf-8")
    config: dict[str, Any] = yaml.safe_load(before)["config"]
    config["meta:clients"]["lindenhof"]["assets"]["act_104320000000501"] = {"reporting": ["ANALYZE", "ADVERTISE"]}
    dev.configure(config)
    changed = dev.preview("--diff")
    assert changed.code == 0, changed.stdout
    assert changed.changes - {"update pulumi-python default"} == {f"update AssetAssignment {SHOP}"}
    assert "ADVERTISE" in changed.stdout

    state = held(dev)
    for operation in (dev.up, dev.refresh, dev.destroy):
        done = operation()
        assert done.code != 0, done.stdout
        assert "a snapshot serves previews only" in done.stdout
    dev.extra_env |= {"PULUMI_RUN_PROGRAM": "false"}
    refreshed = dev.refresh()
    assert refreshed.code != 0, refreshed.stdout
    assert "Set PULUMI_RUN_PROGRAM=true and repeat." in refreshed.stdout
    assert held(dev) == state

    refused = command(dev, "rotate", "--due")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "`meta-access rotate` is refused: META_ACCESS_SNAPSHOT serves previews only." in refused.stderr

    # The gates and the report need no backend.
    dev.write("stacks/Pulumi.dev.yaml", before)
    dev.extra_env |= {"PULUMI_BACKEND_URL": f"file://{tmp_path / 'nowhere'}"}
    code, gates, said = run(dev, "gates")
    assert code == 2, said
    assert (gates["seen"]["by"], gates["seen"]["at"]) == ("snapshot", told["date"])
    assert gates["gates"]["ads-ads_read"]["status"] == "satisfied"


def held(project: Project) -> dict[str, Any]:
    """The state, in no order and without the times of its entries."""
    resources = project.export()["deployment"]["resources"]
    return {entry["urn"]: {key: entry.get(key) for key in ("id", "inputs", "outputs")} for entry in resources}


@pytest.fixture
def checkout_up(tmp_path: Path, engine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    made = check_out_up(tmp_path, engine, templates.shared_folder(tmp_path_factory))
    yield made
    made.emulator.stop()


def test_make_preview_shows_the_true_difference_with_nothing_at_hand_but_the_snapshot(
    checkout_up: Checkout, tmp_path: Path
) -> None:
    file = tmp_path / "snapshot.json"
    done = checkout_up.shell(f"meta-access snapshot --stack dev --out {file}")
    assert done.code == 0, done.text
    checkout_up.emulator.stop()
    text = checkout_up.stack_file.read_text(encoding="utf-8")
    checkout_up.stack_file.write_text(text.replace("act_104320000000501: {reporting: read}", WIDER), encoding="utf-8")
    before = checkout_up.files()

    done = checkout_up.target("preview", "--stack", "dev", "--snapshot", str(file))

    # The lists of the business tell that Meta will refuse the new one, as they do in a live preview.
    assert done.code == 2, done.text
    assert done.text.startswith("Preview of stack dev against the snapshot of ")
    assert "\nStack dev: 1 refused, 1 gain\nFrom the snapshot of 20" in done.text
    assert f"\n! will be refused: reporting on ad account {NOBODYS[4:]} of lindenhof:\n" in done.text
    assert f"\n+ reporting gains ADVERTISE on ad account {lindenhof.SHOP[4:]} of lindenhof\n" in done.text
    assert "does not hold it" not in done.text
    assert checkout_up.files() == before

    shown = checkout_up.target("preview", "--stack", "dev", "--snapshot", str(file), "--verbose")
    assert shown.code == 0, shown.text
    assert re.search(rf"~ +pulumi-python:dynamic/meta:AssetAssignment +{SHOP} +update", shown.text)
    assert re.search(rf"lindenhof-reporting-{NOBODYS} will be refused at `pulumi up`: ", shown.text), shown.text
    assert re.search(r"\+ 1 to create\n +~ 1 to update\n +2 changes\. \d+ unchanged", shown.text), shown.text
    assert checkout_up.files() == before

    whole = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**whole, "stack": "prod"}), encoding="utf-8")
    edited = checkout_up.target("preview", "--stack", "dev", "--snapshot", str(file))
    refused = (
        "error: The snapshot snapshot.json is refused: its digest does not fit what it holds: it was edited, or cut "
    )
    assert (edited.code, edited.text) == (1, f"{refused}on its way. Take it anew from the job that records it.\n")
