"""A person's statement, from the command to the next preview."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine import lindenhof
from tests.engine.commands import command

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project


def another_uri(emulator: RunningEmulator) -> dict[str, Any]:
    config = lindenhof.config(emulator)
    config["meta:apps"]["ads"]["login"]["redirect_uris"] = ["https://connect.lindenhof.example/meta/other/"]
    return config


@pytest.mark.provisioned
def test_what_nobody_can_read_is_attested_and_then_satisfied(dev: Project, emulator: RunningEmulator) -> None:
    done = command(
        dev, "attest", "ads-redirect-uris", "--by", "nadia", "--note", "Seen in the dashboard.", "--yes", "--json"
    )

    assert done.returncode == 0, done.stderr
    # SHA-256 of {"app":"120480000000201","declared":{"gate":"RedirectUris","uris":["https://…/meta/callback/"]}}, the
    # URI in full.
    assert (
        json.loads(done.stdout)["record"]["declared"]
        == "sha256:72810c23642c97672eaab0fd680faf0ee298abfcd65dfb53b7cd8f4c1a6224cf"
    )
    preview = dev.preview("--diff")
    assert lindenhof.shows(preview.stdout, "status", "unverifiable", "satisfied"), preview.stdout
    assert dev.up().code == 0
    assert dev.outputs()["gates"]["ads-redirect-uris"] == "satisfied"
    assert dev.preview("--expect-no-changes").code == 0

    dev.configure(another_uri(emulator))
    assert lindenhof.shows(dev.preview("--diff").stdout, "status", "satisfied", "unverifiable")


@pytest.mark.provisioned
def test_what_cannot_be_stated_is_refused_at_once_and_nothing_is_written(dev: Project) -> None:
    done = command(dev, "attest", "ads-redirect-uri", "--by", "nadja", "--at", "2031-01-01T00:00:00Z", "--yes")

    assert done.returncode == 1
    assert 'ads-redirect-uri: is no gate of this stack. Fix: write "ads-redirect-uris".' in done.stderr
    assert '--by: there is no "nadja" in meta:people. Fix: write "nadia".' in done.stderr
    assert "--at: 2031-01-01T00:00:00Z is in the future." in done.stderr
    assert "Traceback" not in done.stderr
    assert not (dev.root / "stacks" / "evidence.dev.yaml").exists()

    unasked = command(dev, "attest", "ads-redirect-uris", "--by", "nadia")
    assert unasked.returncode == 1
    assert not (dev.root / "stacks" / "evidence.dev.yaml").exists()
