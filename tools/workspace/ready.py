"""What stands ready before the engine acts on the dev stack: engine, random plugin, emulator, stack, no dead lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.engine.random_plugin.install import install
from tools.workspace import locks, stack
from tools.workspace.environment import DEV, HOME, engine_folder, environment, make_folders, say
from tools.workspace.process import stream

if TYPE_CHECKING:
    from collections.abc import Mapping


class NotReadyError(Exception):
    """A part could not be made ready and has said why itself."""


def dev() -> dict[str, str]:
    """Make everything ready and return the environment of the dev stack's commands."""
    make_folders()
    env = environment(engine_folder())
    say(f"plugin: {install(HOME, env).sentence}")
    emulator(env)
    stack.select(env)
    locks.clear(env)
    stack.verify(DEV, env)
    stack.forget_unfinished(env)
    return env


def emulator(env: Mapping[str, str]) -> None:
    """Start the emulated Meta and Secrets Manager, or take the ones that run."""
    if stream(["meta-access", "emulator", "start"], env) != 0:
        raise NotReadyError("The emulator could not be started; it says why above.")
