"""`run-all` on the real engine: stacks of one template, one of which has nobody to talk to."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.engine import lindenhof
from tests.engine.commands import DAY_S, TIMEOUT_S

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

NOBODY = "http://127.0.0.1:9"
"""A port where nothing listens."""


def run_all(project: Project, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "meta_access.cli", "run-all", *arguments, "--parallel", "2"],
        cwd=project.root,
        env=project.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def stack_like(project: Project, name: str, config: dict[str, Any]) -> None:
    """Another stack of the project, brought up as its own: state and stack file are copies."""
    (state,) = (project.root / "state" / ".pulumi" / "stacks").glob(f"*/{project.stack}.json")
    text = state.read_text(encoding="utf-8")
    text = text.replace(f"urn:pulumi:{project.stack}::", f"urn:pulumi:{name}::")
    state.with_name(f"{name}.json").write_text(text.replace(f'/{project.stack}"', f'/{name}"'), encoding="utf-8")
    kept = yaml.safe_load(project.stack_file.read_text(encoding="utf-8"))
    file = project.stack_file.with_name(f"Pulumi.{name}.yaml")
    file.write_text(yaml.safe_dump({**kept, "config": config}), encoding="utf-8")


@pytest.mark.provisioned
def test_one_change_is_one_line_and_a_business_that_is_down_fails_alone(
    dev: Project, emulator: RunningEmulator
) -> None:
    before, template, down = (lindenhof.config(emulator) for _ in range(3))
    template["meta:clients"]["lindenhof"]["assets"].pop(lindenhof.PAGE)
    main = down["meta:connections"]["main"]
    main["graph_url"] = main["aws"]["endpoint_url"] = NOBODY
    dev.configure(template)
    stack_like(dev, "twin", template)
    stack_like(dev, "down", down)

    code, out, said = run_all(dev, "preview")
    lines = out.splitlines()
    assert (code, lines[:3]) == (
        1,
        [
            "3 stacks: 2 changed in 1 distinct way, 1 failed.",
            "- reporting loses ANALYZE on Page 102930000000801 of lindenhof (2 of 3 stacks: meta-access/dev,",
            "    meta-access/twin)",
        ],
    ), out + said
    assert "Failed in 1 of 3 stacks:" in lines
    assert "! meta-access/down: meta:connections.main: Asking the emulator at 127.0.0.1:9 for its credentials" in lines
    assert said.splitlines()[-1].endswith("(0 at work, 0 wait, 1 failed)")

    code, out, said = run_all(dev, "preview", "dev", "twin", "--json")
    told = json.loads(out)
    assert code == 0, said
    assert [(one["stack"], one["code"], one["error"]) for one in told["runs"]] == [("dev", 0, ""), ("twin", 0, "")]
    assert [
        (one["sign"], one["kind"], one["facts"], one["count"], one["of"], one["stacks"])
        for one in told["changes"]
        if one["kind"].startswith("tasks")
    ] == [("-", "tasks lost", 2, 2, 2, ["meta-access/dev", "meta-access/twin"])]

    # What is due where Meta can be reached is rotated, whatever fails elsewhere.
    dev.configure(before)
    emulator.clock(advance_s=45 * DAY_S)
    code, out, said = run_all(dev, "rotate", "--due", "dev", "down", "--json")
    rotated, failed = json.loads(out)["runs"]
    assert code == 1, said
    assert (rotated["stack"], rotated["code"], rotated["acted"], rotated["left"]) == ("dev", 0, ["reporting"], [])
    assert (failed["stack"], failed["code"], failed["acted"]) == ("down", 1, [])
    assert failed["error"] == json.loads(out)["error"] != ""
    assert dev.outputs()["secrets"]["reporting"]["generation"] == 2
    assert len(lindenhof.live_tokens(emulator)) == 2  # the new one, and the one before it through its grace
