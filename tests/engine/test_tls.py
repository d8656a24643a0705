"""The whole tool against an emulator that speaks https: the shell's variables name its authority, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meta_emulator.certificates import Files
from tests.emulators import start_emulator
from tests.engine import lindenhof

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[RunningEmulator]:
    running = start_emulator(tmp_path / "secure", "--tls")
    yield running
    running.stop()


def test_an_update_runs_over_https_once_the_shell_trusts_the_authority(
    make_project: Callable[..., Project], secure: RunningEmulator
) -> None:
    assert secure.graph_url.startswith("https://127.0.0.1:")
    config = lindenhof.config(secure)

    untrusting = make_project(config=config, name="untrusting").preview()
    assert untrusting.code != 0
    assert "SSLCertVerificationError" in untrusting.stdout
    assert 'Fix: run eval "$(meta-access emulator env)" in this shell' in " ".join(untrusting.stdout.split())
    assert "Traceback" not in untrusting.stdout

    project = make_project(config=config, env=Files(secure.home / "tls").variables(), name="trusting")
    made = project.up()
    assert made.code == 0, made.stdout
    assert {call["service"] for call in secure.calls()} == {"graph", "secretsmanager"}
    assert project.preview("--expect-no-changes").code == 0
