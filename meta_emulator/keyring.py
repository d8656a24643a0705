"""The fake secrets that outlive the process: each app's secret and the admin token, in a file of their own.

The world knows tokens by fingerprint only. These few values have to be handed out again after a restart, so they are
kept apart, readable by their owner alone.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

from meta_access.errors import MetaAccessError
from meta_emulator import private_files
from meta_emulator.tokens import is_fake, new_value

if TYPE_CHECKING:
    from pathlib import Path


class KeyringError(MetaAccessError):
    """The file of fake secrets cannot be read."""


class Keyring:
    """Random values, made at first use and kept. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._values: dict[str, str] = self._read()

    def admin_token(self) -> str:
        return self._value("admin_token")

    def app_secret(self, app_id: str) -> str:
        return self._value(f"app_secret:{app_id}")

    def token(self, name: str) -> str:
        """The token that a world file calls so."""
        return self._value(f"token:{name}")

    def named_tokens(self) -> dict[str, str]:
        """Those that have been made, by name."""
        with self._lock:
            found = {name.partition(":")[2]: value for name, value in self._values.items() if name.startswith("token:")}
        return dict(sorted(found.items()))

    def _value(self, name: str) -> str:
        with self._lock:
            if name not in self._values:
                self._values[name] = new_value()
                self._write()
            return self._values[name]

    def _read(self) -> dict[str, str]:
        try:
            values = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            values = None
        if not isinstance(values, dict) or not all(isinstance(v, str) and is_fake(v) for v in values.values()):
            raise KeyringError(
                f"cannot read the fake credentials in {self._path}: not what the emulator wrote. "
                "Run `meta-access emulator reset` for new ones."
            )
        return values

    def _write(self) -> None:
        private_files.replace(self._path, json.dumps(self._values).encode())
