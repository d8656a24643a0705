"""The state file: all secrets of the door as JSON, written whole, readable by its owner alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from meta_access.errors import MetaAccessError
from meta_emulator import private_files

if TYPE_CHECKING:
    from pathlib import Path

    from meta_emulator.aws.records import Record

FORMAT = "meta-access-emulator-secretsmanager/1"

Regions = dict[str, list["Record"]]


class BrokenStateError(MetaAccessError):
    """The state file cannot be understood. It is left as it is."""


def write(path: Path, regions: Regions) -> None:
    """Replace the file in one step: a process killed meanwhile leaves the last complete one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    private_files.replace(path, json.dumps({"format": FORMAT, "regions": regions}, sort_keys=True).encode())


def read(path: Path) -> Regions:
    """The stored secrets by region; none when there is no file.

    Raises:
        BrokenStateError: Not JSON, or not of this format.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as reason:
        raise broken(path, type(reason).__name__) from None
    try:
        stored = json.loads(text)
        if stored["format"] != FORMAT:
            raise broken(path, "it has another format")
        regions = stored["regions"]
        if not all(isinstance(secret, dict) for held in regions.values() for secret in held):
            raise broken(path, "its secrets are not objects")
    except (ValueError, KeyError, TypeError, AttributeError) as reason:
        raise broken(path, type(reason).__name__) from None
    return dict(regions)


def broken(path: Path, reason: str) -> BrokenStateError:
    """What to tell the person whose file this is."""
    return BrokenStateError(
        f"Read the emulated secrets from {path}: the file cannot be understood ({reason}). It was left as it is; "
        "move it away to start without secrets, or reset the emulator."
    )
