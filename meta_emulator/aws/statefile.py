"""The state file: all secrets of the door as JSON, written whole, readable by its owner alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from meta_access.errors import MetaAccessError
from meta_emulator import private_files
from meta_emulator.aws.secret import from_record, to_record

if TYPE_CHECKING:
    from pathlib import Path

    from meta_emulator.aws.secret import Secret

FORMAT = "meta-access-emulator-secretsmanager/1"

Everywhere = dict[str, dict[str, "Secret"]]
"""All secrets by region and name."""


class BrokenStateError(MetaAccessError):
    """The state file cannot be understood. It is left as it is."""


def write(path: Path, everywhere: Everywhere) -> None:
    """Replace the file in one step: a process killed meanwhile leaves the last complete one."""
    regions = {region: [to_record(secret) for secret in held.values()] for region, held in everywhere.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    private_files.replace(path, json.dumps({"format": FORMAT, "regions": regions}, sort_keys=True).encode())


def read(path: Path) -> Everywhere:
    """The stored secrets; none when there is no file.

    Raises:
        BrokenStateError: Not JSON, or not of this format.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["format"] != FORMAT:
            raise _broken(path, "it has another format")
        regions = stored["regions"].items()
        return {region: {row["name"]: from_record(row) for row in rows} for region, rows in regions}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as reason:
        raise _broken(path, type(reason).__name__) from None


def _broken(path: Path, reason: str) -> BrokenStateError:
    return BrokenStateError(
        f"Read the emulated secrets from {path}: the file cannot be understood ({reason}). It was left as it is; "
        "move it away to start without secrets, or reset the emulator."
    )
