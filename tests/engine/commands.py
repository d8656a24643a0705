"""The `meta-access` command in a project of the engine's tests, and what a secret of it holds."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

DAY_S = 86_400
TIMEOUT_S = 400
"""Longer than a command lets its engine stand still, so that a test meets what the command does then."""


def command(project: Project, *arguments: str, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
    """Run `meta-access ARGUMENTS` in a project, for its stack."""
    return subprocess.run(
        [sys.executable, "-m", "meta_access.cli", *arguments, "--stack", project.stack],
        cwd=project.root,
        env=project.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def run(project: Project, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Run `meta-access ARGUMENTS --json` in a project; answers exit code, the object, and standard error."""
    done = command(project, *arguments, "--json", timeout_s=TIMEOUT_S)
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def values(emulator: RunningEmulator, arn: str) -> dict[str, Any]:
    found = emulator.secrets().get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")
    payload: dict[str, Any] = json.loads(found["SecretString"])
    return payload
