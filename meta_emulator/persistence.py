"""The state folder: one emulator at a time, and a world that is always the last complete one."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from meta_access.errors import MetaAccessError
from meta_emulator import private_files, world_json
from meta_emulator.world_files import USUAL, WorldFile

if TYPE_CHECKING:
    from typing import TextIO

    from meta_emulator.world import World

FORMAT = 1


class StateError(MetaAccessError):
    """The state folder cannot be used; the message says why and what to do."""


@dataclass(slots=True)
class Saved:
    """What survives a restart.

    Attributes:
        world: None after a reset: the starting world is to be made.
        serial: Last number used for an id. It goes on counting over resets, because Meta never gives an id twice.
        offset: How far the clock is ahead of the machine's.
    """

    world: World | None
    serial: int
    offset: timedelta


HOME_VARIABLE = "META_ACCESS_EMULATOR_HOME"


def default_home() -> Path:
    """The state folder unless the command line names another."""
    named = os.environ.get(HOME_VARIABLE)
    if named:
        return Path(named)
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "meta-access" / "emulator"


class StateFolder:
    """Files of one emulator."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.world_file = home / "world.json"
        self.start_file = home / "start.json"  # what a reset goes back to, where it is not the usual world
        self.aws_file = home / "secretsmanager.json"
        self.keyring_file = home / "credentials.json"
        self.run_file = home / "run.json"
        self.log_file = home / "emulator.log"
        self.tls_folder = home / "tls"
        self._lock_file: TextIO | None = None

    def take(self) -> None:
        """Make the folder and hold it; StateError when another emulator does."""
        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock_file = private_files.start_text(self.home / "lock")
        except OSError as failed:
            raise StateError(f"cannot use the state folder {self.home}: {failed.strerror}.") from None
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StateError(
                f"cannot start on the state folder {self.home}: another emulator is using it. "
                "Stop that one, or give this one its own with --home."
            ) from None

    def release(self) -> None:
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    def load(self) -> Saved | None:
        """The last complete world, None before the first.

        Raises:
            StateError: The file is not one. A copy is kept, the file stays, and nothing starts until a reset.
        """
        try:
            text = self.world_file.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return _parse(text)
        except (ValueError, KeyError, TypeError, OverflowError) as wrong:
            # Named by its content, so that starting again and again keeps one copy.
            kept = self.home / f"world.broken-{hashlib.sha256(text).hexdigest()[:8]}.json"
            private_files.replace(kept, text)
            raise StateError(
                f"cannot read the saved world {self.world_file}: {wrong}. It is kept aside as {kept.name}; "
                "run `meta-access emulator reset` to begin with the starting world."
            ) from None

    def save(self, world: bytes, serial: int, offset: timedelta) -> None:
        """Write a world; a reader, or a kill, meets the old file or the new one, never a part."""
        head = json.dumps({"format": FORMAT, "serial": serial, "offset_s": offset.total_seconds()})
        private_files.replace(self.world_file, head[:-1].encode() + b', "world": ' + world + b"}\n")

    def starting_point(self) -> WorldFile:
        """What the world began with; StateError when that file is not what the emulator wrote."""
        try:
            held = json.loads(self.start_file.read_bytes())
            return WorldFile(str(held["name"]), dict(held["data"]))
        except FileNotFoundError:
            return WorldFile(USUAL, None)
        except (OSError, ValueError, KeyError, TypeError):
            raise StateError(
                f"cannot read what the world began with, {self.start_file}: not what the emulator wrote. Run "
                "`meta-access emulator reset --world NAME` to choose it again."
            ) from None

    def keep_starting_point(self, file: WorldFile) -> None:
        if file.data is None:
            self.start_file.unlink(missing_ok=True)
        else:
            held = {"name": file.name, "data": file.data}
            private_files.replace(self.start_file, json.dumps(held).encode())

    def wipe(self) -> list[str]:
        """Forget world and secrets of a stopped emulator; the names of the files removed."""
        try:
            before = self.load()
        except StateError:
            before = None
        removed = []
        for file in (self.world_file, self.aws_file, self.keyring_file):
            if file.exists():
                file.unlink()
                removed.append(file.name)
        if before is not None:
            self.save(b"null", before.serial, timedelta())
        return removed


def _parse(text: bytes) -> Saved:
    data = json.loads(text)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"not a world of format {FORMAT}")
    world = None if data["world"] is None else world_json.load_object(data["world"])
    return Saved(world, int(data["serial"]), timedelta(seconds=float(data["offset_s"])))
