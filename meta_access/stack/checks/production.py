"""Production's ids stay in production's stack: a copied line is how a test run comes to act on live accounts."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

from meta_access.errors import ConfigError, Problem
from meta_access.stack.files import NAMESPACE, client_files, config_of, meta_values, stack_files
from meta_access.stack.models import PROD
from meta_access.stack.yaml_files import Folder, read_text, surely_fit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from meta_access.stack.draft import Draft
    from meta_access.stack.problems import Loc

# Meta's ids have at least 8 digits nowadays; shorter numbers are ports, days and limits.
_ID = re.compile(r"(?:[a-z]+[_:])?(\d{8,25})")
# Of a file that is no YAML: what a person would see in it.
_SAYS_PROD = re.compile(rf"""^\s*['"]?{NAMESPACE}environment['"]?\s*:\s*['"]?{PROD}\b""", re.MULTILINE)
# What a YAML text has that says it: an escape may spell it otherwise.
_MAY_SAY_PROD = re.compile(rf"\b{PROD}\b|\\")


def check_production_ids(draft: Draft) -> Iterator[Problem]:
    if PROD in {draft.stack, draft.spec.environment}:
        return
    reserved: dict[str, str] = {}
    files = stack_files(draft.folder)
    try:
        whole = Folder(draft.folder.name, [path.stat().st_size for path in files.values()])
    except ConfigError as error:
        yield from error.problems
        return
    for path in _production_files(files, whole):
        try:
            reserved |= _reserved(path, whole)
        except ConfigError as error:
            text = "cannot be read, so its ids cannot be kept out of this stack."
            yield Problem(f"{draft.folder.name}/{path.name}", text, f"mend it: {error.problems[0]}")
            return
    for loc, number in _ids(draft.raw, ()):
        if number in reserved:
            text = f"{number} belongs to production ({reserved[number]} has it)."
            yield draft.problem(loc, text, f"write an id of environment {draft.spec.environment}.")


def _production_files(files: Mapping[str, Path], whole: Folder) -> list[Path]:
    """The stack files of production, by name or by the environment they declare: a stack may be renamed."""
    silent = _silent(files.values())
    return [path for name, path in files.items() if name == PROD or (path not in silent and _says_prod(path, whole))]


def _silent(files: Collection[Path]) -> frozenset[Path]:
    """The files that need no parsing, which takes a second for some hundred clients: nothing in them says `prod`.

    None of them where the folder may hold too much, which only parsing tells.
    """
    texts: dict[Path, str] = {}
    for path in files:
        with contextlib.suppress(ConfigError):
            texts[path] = read_text(path, path.name)
    if len(texts) < len(files) or not surely_fit(texts.values()):
        return frozenset()
    return frozenset(path for path, text in texts.items() if _MAY_SAY_PROD.search(text) is None)


def _says_prod(path: Path, whole: Folder) -> bool:
    try:
        return bool(meta_values(config_of(path, whole)).get("environment") == PROD)
    except ConfigError:
        # Another environment's slip stops nobody here; production's does, since nothing could be protected.
        return _SAYS_PROD.search(path.read_text(encoding="utf-8", errors="replace")) is not None


def _reserved(path: Path, whole: Folder) -> dict[str, str]:
    """Production's ids to the file that has them, people's aside: the same persons work in every environment.

    Raises:
        ConfigError: A file cannot be read.
    """
    folder = path.parent
    values = meta_values(config_of(path, whole))
    name = values.get("clients_dir")
    clients, origins, problems = client_files(folder / name, whole) if isinstance(name, str) else ({}, {}, [])
    if problems:
        raise ConfigError(problems)
    rest = {key: value for key, value in values.items() if key != "people"}
    found = {number: origins[client] for client, file in clients.items() for _, number in _ids(file, ())}
    return {**found, **{number: f"{folder.name}/{path.name}" for _, number in _ids(rest, ())}}


def _ids(value: Any, at: Loc) -> Iterator[tuple[Loc, str]]:
    """Every id in keys and values, with its place. AWS ARNs and other longer texts do not match as a whole."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _ids(str(key), (*at, str(key)))
            yield from _ids(item, (*at, str(key)))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _ids(item, (*at, place))
    elif isinstance(value, str | int) and not isinstance(value, bool):
        found = _ID.fullmatch(str(value))
        if found is not None:
            yield at, found[1]
