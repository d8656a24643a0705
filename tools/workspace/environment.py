"""The environment of every make target, defined here and nowhere else.

`python -m tools.workspace.environment` prints it for `eval "$(make -s env)"`.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.engine.obtain import EngineNotFoundError, obtain

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".work"
HOME = WORK / "pulumi-home"
STATE = WORK / "state"
# The engine writes a file whole or not at all, but not the `.attrs` next to it: one that a kill left empty makes
# the stack unreadable ("failed to load checkpoint: EOF", measured with 3.259.0). `metadata=skip` writes none.
BACKEND = f"file://{STATE}?metadata=skip"
EMULATOR_HOME = WORK / "emulator"
CALL_LOG = WORK / "calls"
VENV_BIN = ROOT / ".venv" / "bin"
DEV = "dev"

# Why each: without the first, a refresh would read with the configuration of the last update; without the
# second, one blocked create would stop the deletes and rotations behind it; without the third, the engine would fetch
# and run whatever plugin a state names, from where it says.
ALWAYS = {
    "PULUMI_RUN_PROGRAM": "true",
    "PULUMI_CONTINUE_ON_ERROR": "true",
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    "PULUMI_SKIP_UPDATE_CHECK": "true",
    "PYTHONUNBUFFERED": "1",
}


# They would put somebody's modules before the environment's own, in the process that holds the credentials.
IMPORTS = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE")
# Set in many images. An operation of the engine starts Python several times, and each would compile this package anew
# (0.15 s of processor time for the providers, 0.2 s for the emulator).
SLOW = "PYTHONDONTWRITEBYTECODE"


def say(line: str) -> None:
    print(line, flush=True)


def engine_folder() -> Path:
    """Get the engine, saying where from. Exits with every reason when there is none."""
    try:
        return obtain(lambda line: say(f"engine: {line}")).folder
    except EngineNotFoundError as error:
        sys.exit(str(error))


def variables(engine: Path | None, stack: str, search: str) -> dict[str, str]:
    """Return what a stack's commands need on top of the caller's environment.

    Args:
        engine: Folder of the engine; None where a command does without.
        stack: Only the dev stack, whose Meta and secrets are emulated, gets a local backend, a private home and a
            passphrase that everybody knows. Any other stack keeps the caller's own.
        search: The caller's PATH.
    """
    folders = [str(folder) for folder in (engine, VENV_BIN) if folder is not None]
    rest = [folder for folder in search.split(os.pathsep) if folder not in folders]
    found = {"PATH": os.pathsep.join([*folders, *rest]), **ALWAYS}
    if stack == DEV:
        found |= {
            "PULUMI_HOME": str(HOME),
            "PULUMI_BACKEND_URL": BACKEND,
            "PULUMI_CONFIG_PASSPHRASE": "dev",
            "META_ACCESS_EMULATOR_HOME": str(EMULATOR_HOME),
            "META_ACCESS_CALL_LOG": str(CALL_LOG),
        }
    return found


def environment(
    engine: Path | None, stack: str = DEV, *, base: Mapping[str, str] | None = None, terminal: bool | None = None
) -> dict[str, str]:
    """Return the whole environment of a child process of a make target."""
    given = dict(os.environ if base is None else base)
    found = {**given, **variables(engine, stack, given.get("PATH", os.defpath))}
    for name in (*IMPORTS, SLOW):
        found.pop(name, None)
    if stack == DEV:
        found.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)  # would win over the passphrase
    if not (sys.stdout.isatty() if terminal is None else terminal):
        found["NO_COLOR"] = "1"
    return found


def main() -> int:
    # Only the exports may reach `eval`; what getting the engine says goes to standard error.
    with contextlib.redirect_stdout(sys.stderr):
        engine = engine_folder()
        make_folders()
    for name, value in variables(engine, DEV, os.environ.get("PATH", os.defpath)).items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def make_folders() -> None:
    """Make the ignored working folders; the file backend wants its own to exist."""
    for folder in (HOME, STATE, EMULATOR_HOME):
        folder.mkdir(parents=True, exist_ok=True)


if __name__ == "__main__":
    sys.exit(main())
