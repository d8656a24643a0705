"""Why every make target sets PULUMI_RUN_PROGRAM and PULUMI_CONTINUE_ON_ERROR: without them these stories end badly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.emulators import start_emulator
from tests.engine import lindenhof
from tests.engine.lindenhof import ACME

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project


@pytest.mark.provisioned
def test_a_moved_endpoint_does_not_lock_the_stack(dev: Project, emulator: RunningEmulator, tmp_path: Path) -> None:
    world_dir = emulator.home
    emulator.stop()
    moved = start_emulator(world_dir)
    try:
        assert moved.graph_url != emulator.graph_url
        dev.configure(lindenhof.config(moved))

        dev.extra_env["PULUMI_RUN_PROGRAM"] = "false"
        assert dev.preview().code != 0

        del dev.extra_env["PULUMI_RUN_PROGRAM"]
        preview = dev.preview("--expect-no-changes")
        assert preview.code == 0, preview.stdout
    finally:
        moved.stop()


@pytest.mark.provisioned
def test_one_failing_create_does_not_stop_a_delete(dev: Project, emulator: RunningEmulator) -> None:
    clients = lindenhof.config(emulator)["meta:clients"]
    del clients["acme"]
    clients["lindenhof"]["assets"]["act_999990000000999"] = {"reporting": "read"}
    dev.configure(lindenhof.config(emulator, clients=clients))

    dev.extra_env["PULUMI_CONTINUE_ON_ERROR"] = "false"
    assert dev.up().code != 0
    assert lindenhof.tasks(emulator, ACME) == {"reporting": ["ANALYZE"]}

    del dev.extra_env["PULUMI_CONTINUE_ON_ERROR"]
    assert dev.up().code != 0
    assert lindenhof.tasks(emulator, ACME) == {}
