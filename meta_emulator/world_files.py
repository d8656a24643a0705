"""Worlds as files, to start from instead of the usual one: YAML or JSON with the keys of the world's records.

A file holds no token value. A row of `tokens` has a `name` where the world has a fingerprint: the emulator makes the
value and hands it out, `admin` as `admin_token` of `status`, the others under `tokens` of `/_control/credentials`.
`issued_at` is the moment of the start when it is left out; `lifetime` (`60d`) replaces `expires_at`.
"""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meta_access.clock import seconds
from meta_access.errors import ConfigError
from meta_access.stack.yaml_files import read_yaml
from meta_emulator import world_json
from meta_emulator.keyring import Keyring
from meta_emulator.seed import starting_world
from meta_emulator.tokens import fingerprint
from meta_emulator.world_json import WorldError

if TYPE_CHECKING:
    from meta_emulator.world import World

USUAL = "lindenhof"  # the world of seed.py
ADMIN = "admin"
_SHIPPED = resources.files(__package__) / "worlds"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class WorldFile:
    """What to start from; `data` is None for the usual world."""

    name: str
    data: dict[str, Any] | None


def names() -> list[str]:
    """The worlds that come with the emulator."""
    return sorted([USUAL, *(entry.name.removesuffix(".yaml") for entry in _SHIPPED.iterdir())])


def find(name: str) -> WorldFile:
    """The world of a path, or of a name with or without `.yaml`; a file of that path comes first.

    Raises:
        WorldError: There is none, or it cannot be read. `build` judges its content.
    """
    path, short = Path(name), name.removesuffix(".yaml")
    if path.is_file():
        return WorldFile(path.stem, _read(path, name))
    if short == USUAL:
        return WorldFile(USUAL, None)
    if short not in names():
        raise WorldError(
            f"world: there is no file {name!r}, and no such world comes with the emulator; there are "
            f"{', '.join(names())}."
        )
    with resources.as_file(_SHIPPED / f"{short}.yaml") as shipped:
        return WorldFile(short, _read(shipped, short))


def build(file: WorldFile, keyring: Keyring, now: datetime) -> World:
    """The world that a file describes, with the tokens it names.

    Raises:
        WorldError: All that is wrong with it, each with its path and what to do.
    """
    if file.data is None:
        return starting_world(keyring.admin_token(), now)
    world_json.refuse_real(file.data)  # before anything of it is quoted
    data = json.loads(json.dumps(file.data))
    problems: list[str] = []
    for index, row in enumerate(data["tokens"] if isinstance(data.get("tokens"), list) else ()):
        if isinstance(row, dict):
            problems += [f"tokens[{index}].{said}" for said in _token(row, keyring, now)]
    try:
        world = world_json.load_object(data)
    except WorldError as wrong:
        raise WorldError("; ".join([*problems, str(wrong)])) from None
    if problems:
        raise WorldError("; ".join(problems))
    return world


def check(file: WorldFile) -> None:
    """WorldError for a world that cannot be, found without a state folder."""
    with tempfile.TemporaryDirectory() as scratch:
        build(file, Keyring(Path(scratch) / "credentials.json"), datetime.now(UTC))


def _read(path: Path, name: str) -> dict[str, Any]:
    try:
        data = read_yaml(path, name)  # JSON is YAML, too
    except ConfigError as wrong:
        raise WorldError(str(wrong)) from None
    if not isinstance(data, dict):
        raise WorldError(f"{name}: write the keys of a world, such as businesses and apps.")
    try:
        json.dumps(data)
    except TypeError:
        raise WorldError(f"{name}: it holds a date that is not in quotes; put it in quotes.") from None
    return data


def _token(row: dict[str, Any], keyring: Keyring, now: datetime) -> list[str]:
    """Make a row of a file one of the world; what is wrong with it."""
    problems = []
    name, lifetime = row.pop("name", None), row.pop("lifetime", None)
    if name is not None and "fingerprint" in row:
        problems.append("name: the row has a fingerprint too; leave one of them out")
    elif name is not None and (not isinstance(name, str) or not _NAME.fullmatch(name)):
        problems.append("name: write letters, digits, - and _ only, such as admin")
        row["fingerprint"] = "sha256:" + "0" * 16  # so that it is reported once
    elif name is not None:
        row["fingerprint"] = fingerprint(keyring.admin_token() if name == ADMIN else keyring.token(name))
    if lifetime is not None:
        length_s = seconds(lifetime)
        if length_s is None:
            problems.append(f"lifetime: {lifetime!r} is not a duration; write it like 60d")
        else:
            try:
                row["expires_at"] = (now + timedelta(seconds=length_s)).isoformat()
            except OverflowError:
                problems.append(f"lifetime: {lifetime!r} ends beyond the calendar")
    row.setdefault("issued_at", now.isoformat())
    row.setdefault("system_user_id", None)
    return problems
