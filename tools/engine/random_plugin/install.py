"""Puts a `pulumi-resource-random` into a private PULUMI_HOME: the vendor's, or the stand-in where that cannot be had.

The plugin's version must equal the installed Python package's; the engine refuses any other.
"""

from __future__ import annotations

import importlib.metadata
import os
import shlex
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

VENDOR_HOST = "get.pulumi.com"
PROBE_TIMEOUT_S = 3
INSTALL_TIMEOUT_S = 90
EXECUTABLE = "pulumi-resource-random"


@dataclass(frozen=True, slots=True)
class Installed:
    """Which plugin lies in the home now, and a sentence for the person who waits."""

    path: Path
    stand_in: bool
    sentence: str


def install(home: Path, environment: Mapping[str, str]) -> Installed:
    """Make sure that the plugin lies in `home`; safe to repeat.

    Args:
        home: A PULUMI_HOME of this project alone, never the user's own.
        environment: Environment of the `pulumi` command, engine on PATH included.
    """
    version = importlib.metadata.version("pulumi-random")
    target = _target(home, version)
    if target.is_file() and not _is_stand_in(target):
        return Installed(target, stand_in=False, sentence=f"pulumi-random {version}: the vendor's plugin is installed")
    if target.is_file():
        return install_stand_in(home)
    reason = _from_vendor(home, version, environment)
    if reason is None:
        return Installed(target, stand_in=False, sentence=f"pulumi-random {version}: the vendor's plugin was installed")
    done = install_stand_in(home)
    return Installed(done.path, stand_in=True, sentence=f"{done.sentence}, because {reason}")


def install_stand_in(home: Path) -> Installed:
    """Write the launcher of the stand-in, unless it is there and the same."""
    version = importlib.metadata.version("pulumi-random")
    target = _target(home, version)
    text = _launcher(version)
    if not target.is_file() or target.read_text() != text:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_suffix(f".{os.getpid()}")
        fresh.write_text(text)
        fresh.chmod(0o755)
        fresh.replace(target)
    sentence = f"pulumi-random {version}: the project's stand-in for the vendor's plugin is used"
    return Installed(target, stand_in=True, sentence=sentence)


def _target(home: Path, version: str) -> Path:
    return home / "plugins" / f"resource-random-v{version}" / EXECUTABLE


def _is_stand_in(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def _launcher(version: str) -> str:
    root = Path(__file__).resolve().parents[3]
    python = Path(sys.prefix) / "bin" / "python"
    # -P keeps the engine's working folder, which may hold a `tools` of its own, off the import path.
    return (
        "#!/bin/sh\n"
        f"RANDOM_STAND_IN_VERSION={version} PYTHONPATH={shlex.quote(str(root))} \\\n"
        f'  exec {shlex.quote(str(python))} -P -m tools.engine.random_plugin.server "$@"\n'
    )


def _from_vendor(home: Path, version: str, environment: Mapping[str, str]) -> str | None:
    """Let the engine fetch the plugin; return why it could not, None when it did."""
    try:
        socket.create_connection((VENDOR_HOST, 443), timeout=PROBE_TIMEOUT_S).close()
    except OSError as error:
        return f"{VENDOR_HOST} cannot be reached ({error})"
    try:
        done = subprocess.run(
            ["pulumi", "plugin", "install", "resource", "random", f"v{version}"],
            env={**environment, "PULUMI_HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=INSTALL_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"`pulumi plugin install` did not end well ({type(error).__name__})"
    if done.returncode != 0 or not _target(home, version).is_file():
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        return f"`pulumi plugin install` failed: {last[:200]}"
    return None
