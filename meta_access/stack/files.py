"""The files of a stack as plain data: the stack file itself, its clients folder, its evidence."""

from __future__ import annotations

import contextlib
import json
import re
from typing import TYPE_CHECKING, Any

from meta_access.errors import ConfigError, Problem
from meta_access.stack.fields import described
from meta_access.stack.yaml_files import DEEPEST, Folder, read_yaml, too_deep

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

NAMESPACE = "meta:"
SUFFIXES = (".yaml", ".yml")
# What follows `.yaml` where a file is not meant to be read; editors' own begin with a dot or end in `~`.
_ON_PURPOSE = frozenset({".example", ".sample", ".template", ".tmpl", ".j2", ".swp", ".swo", ".tmp", ".lock"})
_KEYS = [re.compile(rf"""(?:^|[{{,])[ \t]*['"]?{key}['"]?[ \t]*:""", re.MULTILINE) for key in ("business", "assets")]
_MUCH = 65_536
# Keys whose value is one word; everything else is a mapping, which Pulumi hands over as JSON text.
_WORDS = frozenset({"environment", "rules", "gates", "confirm_real_graph", "clients_dir", "rules_overlay"})


def config_of(path: Path, whole: Folder | None = None) -> dict[str, Any]:
    """The `config` of a stack file, as typed, without the engine. For tools; the program gets it from Pulumi."""
    content = read_yaml(path, path.name, whole)
    config = content.get("config") if isinstance(content, dict) else None
    return dict(config) if isinstance(config, dict) else {}


def project_file(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """The project's file in a folder or in the nearest one above it, as pulumi looks for it, and what it holds.

    Raises:
        ConfigError: It cannot be read, or names no project; pulumi looks no further then either.
    """
    for place in (folder, *folder.parents):
        file = place / "Pulumi.yaml"
        if file.is_file():
            content = read_yaml(file, file.name)
            name = content.get("name") if isinstance(content, dict) else None
            if isinstance(name, str) and name:
                return file, content
            absent = name is None or isinstance(name, str)
            problem = "is missing." if absent else f"is {described(name)}, not text."
            fix = "write the name of the project." if absent else "put it in quotes."
            raise ConfigError([Problem("name", problem, fix)], str(file))
    return None


def project_of(folder: Path) -> tuple[str, Path] | None:
    """Name of the project in a folder or in the nearest one above it, as pulumi looks for it, and its stacks' folder.

    Raises:
        ConfigError: Its file cannot be read.
    """
    if (found := project_file(folder)) is None:
        return None
    file, content = found
    return content["name"], file.parent / str(content.get("stackConfigDir") or ".")


def project_config(folder: Path) -> dict[str, Any]:
    """What the project's `Pulumi.yaml` says under `config` for all its stacks: a stack file's own keys go before it.

    Raises:
        ConfigError: It cannot be read.
    """
    found = project_file(folder)
    given = found[1].get("config") if found is not None else None
    values = {}
    for key, row in given.items() if isinstance(given, dict) else ():
        if not isinstance(row, dict):
            values[str(key)] = row
        else:
            values |= {str(key): row[name] for name in ("default", "value") if name in row}
    return values


def stack_files(folder: Path) -> dict[str, Path]:
    """The stack files of a folder by the stack's name."""
    found = sorted(path for path in folder.glob("Pulumi.*.yaml") if path.is_file())
    return {path.name.removeprefix("Pulumi.").removesuffix(".yaml"): path for path in found}


def meta_values(config: Mapping[str, Any]) -> dict[str, Any]:
    """The values of namespace `meta:` by their bare key, JSON texts read.

    Raises:
        ConfigError: One is nested deeper than a configuration can be.
    """
    found = {
        key.removeprefix(NAMESPACE): _decoded(key.removeprefix(NAMESPACE), value)
        for key, value in config.items()
        if key.startswith(NAMESPACE)
    }
    text = f"is nested more than {DEEPEST} levels deep."
    if deep := [Problem(f"{NAMESPACE}{key}", text, "correct it.") for key in found if too_deep(found[key])]:
        raise ConfigError(deep)
    return found


def _decoded(key: str, value: Any) -> Any:
    if key in _WORDS or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except RecursionError:
        raise ConfigError([Problem(f"{NAMESPACE}{key}", "is nested too deep to be read.", "correct it.")]) from None
    except ValueError:
        return value


def secret_keys(config: Mapping[str, Any]) -> list[str]:
    """The top-level keys of a configuration as typed that hold a secret value anywhere."""
    return [key for key, value in config.items() if any(_secure(key, value))]


def secret_problems(keys: Collection[str], stack_file: Path | None) -> list[Problem]:
    """The keys of the namespace whose value is stored as a secret, each at its place in the stack file if it is there.

    What stands under `meta:` is shown in previews and reports and stored in the clear in Pulumi's state, so a secret
    would be one in the stack file alone.

    Args:
        keys: Full top-level keys that the engine calls secret: it does not say what inside them is.
        stack_file: Where to look for the place; None where it is not known.
    """
    ours = sorted(key for key in keys if key.startswith(NAMESPACE))
    typed: dict[str, Any] = {}
    if ours and stack_file is not None and stack_file.is_file():
        with contextlib.suppress(ConfigError):
            typed = config_of(stack_file)
    places = [place for key in ours for place in (list(_secure(key, typed.get(key))) or [key])]
    why = "is stored as a secret, but previews, reports and Pulumi's state show what it says in the clear."
    return [
        Problem(
            place, why, f"write it in the clear (pulumi config set --plaintext --path {place} VALUE) or leave it out."
        )
        for place in places
    ]


def _secure(place: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if list(value) == ["secure"]:
            yield place
            return
        for key, inner in value.items():
            yield from _secure(f"{place}.{key}", inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _secure(f"{place}[{number}]", inner)


def evidence_file(folder: Path, stack: str) -> Path:
    """Where the evidence of a stack lies, in the folder of the stack files."""
    return folder / f"evidence.{stack}.yaml"


def stray_evidence(folder: Path) -> list[str]:
    """Names of the evidence files that belong to no stack, such as one whose stack was renamed."""
    kept = {evidence_file(folder, stack).name for stack in stack_files(folder)}
    return sorted(path.name for path in folder.glob("evidence.*.yaml") if path.name not in kept)


def client_files(folder: Path, whole: Folder | None = None) -> tuple[dict[str, Any], dict[str, str], list[Problem]]:
    """Clients by name, the file each came from, and what is wrong with the files.

    A file holds what stands under a client's name in `meta:clients`; the file's name is the client's.

    Args:
        folder: Where they are.
        whole: Counts them together with other files; by themselves without it.

    Raises:
        ConfigError: Together they hold more than is read.
    """
    clients: dict[str, Any] = {}
    origins: dict[str, str] = {}
    problems: list[Problem] = []
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith(".#"))  # Emacs's locks
    place = f"{folder.parent.name}/{folder.name}"
    if whole is None:
        whole = Folder(place, [path.stat().st_size for path in paths if path.suffix in SUFFIXES and path.is_file()])
    for path in paths:
        name = f"{place}/{path.name}"
        if path.suffix.lower() not in SUFFIXES:
            problems += _nested(path, name) or _unread(path, name)
            continue
        if path.suffix not in SUFFIXES or path.stem in origins:
            fix = f"remove it, or call it {path.stem}.yaml."
            text = "is not read: only .yaml and .yml are, in small letters."
            if path.stem in origins:
                text, fix = (
                    f'is the client "{path.stem}" again, next to {origins[path.stem]}.',
                    "keep one of the two files.",
                )
            problems.append(Problem(name, text, fix))
            continue
        origins[path.stem] = name
        whole.count(1)  # an empty file costs something, too
        try:
            content = read_yaml(path, name, whole)
        except ConfigError as error:
            if whole.full:
                raise
            problems += error.problems
            continue
        if isinstance(content, dict) and list(content) == [path.stem]:
            content = content[path.stem]  # the client's name written again on top of the file
        if not isinstance(content, dict):
            fix = "write what stands under a client's name: business, access, assets."
            problems.append(Problem(name, f"is {described(content)}, not a client.", fix))
            continue
        clients[path.stem] = content
    return clients, {stem: name for stem, name in origins.items() if stem in clients}, problems


def _unread(path: Path, name: str) -> list[Problem]:
    # A client under a name that is not read: its author has lost it.
    if path.is_symlink() or not path.is_file() or path.name.startswith((".", "#")):
        return []
    inner = [suffix.lower() for suffix in path.suffixes]
    if any(suffix in SUFFIXES for suffix in inner[:-1]):
        if inner[-1] in _ON_PURPOSE:
            return []
    elif inner[-1:] not in ([], [".txt"], [".json"]) or not _says_client(path):
        return []
    stem = path.name.partition(".")[0]
    fix = f"call it {stem}.yaml, or remove it."
    return [Problem(name, "looks like a client, and is not read: only .yaml and .yml are.", fix)]


def _says_client(path: Path) -> bool:
    try:
        with path.open("rb") as opened:
            text = opened.read(_MUCH).decode("utf-8", "replace")
    except OSError:
        return False
    return all(key.search(text) for key in _KEYS)


def _nested(path: Path, name: str) -> list[Problem]:
    # A folder of files that look like clients: their author has lost them all.
    if not path.is_dir() or not any(file.suffix.lower() in SUFFIXES for file in path.rglob("*")):
        return []
    return [Problem(name, "is a folder, and client files are not read from folders within.", "move its files up.")]
