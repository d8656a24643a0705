"""`meta:rules_overlay`: a dated file next to the stack file that corrects the rule set's facts before a release does.

It replaces or adds rows of the calendar, of permissions and numbers of tiers, and nothing else: words, links and the
tasks of assets are the edition's. Every preview shows its day, its source and what it changed.
"""

from __future__ import annotations

import contextlib
import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from meta_access.errors import ConfigError, Problem
from meta_access.rules.model import ApiVersion, Permission, RuleSet, Tier
from meta_access.stack.fields import described, shown
from meta_access.stack.files import NAMESPACE
from meta_access.stack.problems import dotted, instead, problem, problems_of, unknown_key
from meta_access.stack.yaml_files import parse_yaml, read_text, too_deep
from meta_access.validation import plain_texts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from meta_access.stack.problems import Loc

KEY = f"{NAMESPACE}rules_overlay"
SOURCE = "overlay"
"""The key under which the merged set keeps where the overlay's rows come from."""

_TABLES: dict[str, type[BaseModel]] = {"api_versions": ApiVersion, "permissions": Permission, "tiers": Tier}
_KEYS = ("date", "source", *_TABLES)
_VERSION = re.compile(r"v[1-9][0-9]{0,2}\.[0-9]")
_PERMISSION = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class Overlay:
    """What an overlay did to a rule set.

    Attributes:
        file: As messages call it.
        day: When its facts were read.
        source: The page that has them.
        rules: The set with its changes.
        changes: One phrase each: `tiers.full.score_limit 9000 => 12000`.
    """

    file: str
    day: date
    source: str
    rules: RuleSet
    changes: tuple[str, ...]

    def notice(self) -> str:
        listed = "; ".join(self.changes[:_MOST_LISTED]) or "nothing"
        more = f"; and {len(self.changes) - _MOST_LISTED} more" if len(self.changes) > _MOST_LISTED else ""
        changed = f"changes of rule set {self.rules.name}: {listed}{more}"
        return f"{KEY}: {self.file} of {self.day} ({self.source}) {changed}."

    def warning(self) -> str:
        """What to say of one that is older than the set it corrects; "" otherwise."""
        if self.day >= self.rules.read:
            return ""
        return (
            f"{KEY}: {self.file} is of {self.day}, and rule set {self.rules.name} was read later, on "
            f"{self.rules.read}. Its facts may be the older ones. Read its source again and write the day, or remove "
            "the key."
        )


def overlaid(rules: RuleSet, name: object, stacks: Path) -> Overlay:
    """The rule set with the overlay of that name.

    Args:
        rules: The edition.
        name: As typed: a path below the folder of the stack files.
        stacks: That folder.

    Raises:
        ConfigError: With every problem found, each at its place in the file.
    """
    file, content = _read(name, stacks)
    problems = list(_top(file, content))
    tables: dict[str, dict[str, BaseModel]] = {}
    changes: list[str] = []
    for table, model in _TABLES.items():
        known: dict[str, BaseModel] = getattr(rules, table)
        rows, wrong = _rows(file, table, content.get(table, {}), model, known)
        problems += wrong
        tables[table] = {**known, **rows}
        changes += [text for key, row in rows.items() for text in _told(f"{table}.{key}", known.get(key), row)]
    problems += _names(file, content, rules)
    day, source = _day(content.get("date")), str(content.get("source"))
    if problems or day is None:
        raise ConfigError(list(dict.fromkeys(problems)))
    mended = {table: {key: row.model_dump() for key, row in rows.items()} for table, rows in tables.items()}
    merged = RuleSet.model_validate({**rules.model_dump(), "sources": {**rules.sources, SOURCE: source}, **mended})
    return Overlay(file, day, source, merged, tuple(changes))


def _read(name: object, stacks: Path) -> tuple[str, dict[str, Any]]:
    if not isinstance(name, str) or not name or name.startswith("/") or ".." in name.split("/"):
        fix = "write a path below the folder of the stack files, such as rules.2027-01.toml."
        raise ConfigError([problem(KEY, (f"{shown(name)} is no file next to the stack file.", fix))])
    path, file = stacks / name, f"{stacks.name}/{name}"
    if not _within(path, stacks):
        fix = "put the file itself there, not a link to another place."
        raise ConfigError([problem(KEY, (f"{file} is a link that leads out of {stacks.name}.", fix))])
    if not path.is_file():
        raise ConfigError([problem(KEY, (f"there is no file {file}.", "add it, or remove the key."))])
    if path.suffix not in {".toml", ".yaml", ".yml"}:
        raise ConfigError([problem(KEY, (f"{file} is neither TOML nor YAML.", "call it .toml or .yaml."))])
    text = read_text(path, file)
    content = _toml(text, file) if path.suffix == ".toml" else parse_yaml(text, file)
    if not isinstance(content, dict):
        raise ConfigError([problem(file, (f"is {described(content)}, not a mapping.", f"write {', '.join(_KEYS)}."))])
    return file, content


def _within(path: Path, stacks: Path) -> bool:
    try:
        with contextlib.suppress(FileNotFoundError):
            path.stat()  # refuses a link to itself, which Python 3.13 resolves
        return path.resolve().is_relative_to(stacks.resolve())
    except (OSError, RuntimeError, ValueError):
        return False


def _toml(text: str, file: str) -> Any:
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError) as error:
        place = re.search(r"\(at [a-z0-9 ,]+\)", str(error))
        where = f" {place[0]}" if place else ""
        raise ConfigError([problem(file, (f"is not valid TOML{where}.", "correct that line."))]) from None
    except RecursionError:
        content = None
    if content is None or too_deep(content):
        raise ConfigError([problem(file, ("is nested too deep to be read.", "correct it."))])
    return content


def _top(file: str, content: dict[str, Any]) -> Iterator[Problem]:
    for key in content:
        if key not in _KEYS:
            fix = unknown_key(str(key), _KEYS)
            yield problem(f"{file}:{key}", (f"an overlay has no key {shown(key)}.", fix))
    if "date" not in content:
        yield problem(f"{file}:date", ("is missing.", "add the day on which its source was read, such as 2027-01-15."))
    elif _day(content["date"]) is None:
        yield problem(f"{file}:date", ("is no day.", "write it like 2027-01-15."))
    source = content.get("source")
    if source is None:
        yield problem(f"{file}:source", ("is missing.", "add the address of the page that has these facts."))
    elif not isinstance(source, str) or not re.fullmatch(r"https://[!-~]{4,300}", source):
        yield problem(f"{file}:source", ("is no address of a page.", "write it from https:// on, on one line."))


def _day(value: object) -> date | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _rows(
    file: str, table: str, rows: object, model: type[BaseModel], known: dict[str, BaseModel]
) -> tuple[dict[str, BaseModel], list[Problem]]:
    if not isinstance(rows, dict):
        return {}, [problem(f"{file}:{table}", (f"is {described(rows)}, not a mapping.", "write rows below it."))]
    # Tiers are the edition's own words, so that another one is refused as a name (`_names`), not read as a row.
    named = {str(key): row for key, row in rows.items() if model is not Tier or key in known}
    read = {key: _row(file, (table, key), row, model, known.get(key)) for key, row in named.items()}
    wrong = [one for _, problems in read.values() for one in problems]
    return {key: row for key, (row, _) in read.items() if row is not None}, wrong


def _row(
    file: str, loc: Loc, row: object, model: type[BaseModel], known: BaseModel | None
) -> tuple[BaseModel | None, list[Problem]]:
    def at(inner: Loc) -> str:
        return f"{file}:{dotted((*loc, *inner))}"

    table, key = str(loc[0]), str(loc[1])
    if not isinstance(row, dict):
        return None, [problem(at(()), (f"is {described(row)}, not a mapping.", "write its fields below it."))]
    pattern = {"api_versions": _VERSION, "permissions": _PERMISSION}.get(table)
    if pattern is not None and not pattern.fullmatch(key):
        what = "version such as v28.0" if table == "api_versions" else "permission's name"
        return None, [problem(at(()), (f"{shown(key)} is no {what}.", "correct it."))]
    if why := plain_texts(row):
        return None, [problem(at(()), (f"{why}.", "type it anew, on one line."))]
    if "source" in row:
        fix = "remove it: the file's own source is that of every row."
        return None, [problem(at(("source",)), ("stands at a row.", fix))]
    found = [
        problem(at((str(name),)), ("is below zero.", "write zero or more."))
        for name, value in _numbers(row)
        if value < 0
    ]
    given = {"about": "See the overlay's source."} if model is Permission and known is None else {}
    before = known.model_dump() if known is not None else given
    try:
        read = model.model_validate({**before, **_merged(before, row), "source": SOURCE})
    except ValidationError as error:
        return None, found + [one for _, one in problems_of(error, model, at)]
    return read, found


def _merged(before: dict[str, Any], row: dict[Any, Any]) -> dict[Any, Any]:
    """The fields of a row; those that are mappings themselves (system users by role) keep what is not named."""
    tables = {name: value for name, value in before.items() if isinstance(value, dict)}
    return {
        name: {**tables[name], **value} if name in tables and isinstance(value, dict) else value
        for name, value in row.items()
    }


def _numbers(row: dict[Any, Any]) -> Iterator[tuple[str, float]]:
    for name, value in row.items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        for inner, number in parts:
            if isinstance(number, int | float) and not isinstance(number, bool):
                yield f"{name}.{inner}" if inner else str(name), number


def _names(file: str, content: dict[str, Any], rules: RuleSet) -> Iterator[Problem]:
    """Rows and references that nothing stands behind: tiers are the edition's own words."""
    tiers, permissions = content.get("tiers"), content.get("permissions")
    for key in tiers if isinstance(tiers, dict) else ():
        if key not in rules.tiers:
            fix = instead(str(key), rules.tiers, f"write one of {', '.join(rules.tiers)}.")
            yield problem(f"{file}:tiers.{key}", (f"rule set {rules.name} has no tier {shown(key)}.", fix))
    if not isinstance(permissions, dict):
        return
    known = {*rules.permissions, *map(str, permissions)}
    for key, row in permissions.items():
        for field in ("depends_on", "spelt"):
            value = row.get(field) if isinstance(row, dict) else None
            for name in [value] if isinstance(value, str) else value if isinstance(value, list) else ():
                if isinstance(name, str) and name and name not in known:
                    text = f"there is no permission {shown(name)} in rule set {rules.name} or here."
                    yield problem(
                        f"{file}:permissions.{key}.{field}", (text, instead(name, known, "add it here, too."))
                    )


def _told(place: str, before: BaseModel | None, after: BaseModel) -> Iterator[str]:
    if before is None:
        yield f"{place} new"
        return
    old, new = before.model_dump(exclude={"source"}), after.model_dump(exclude={"source"})
    for field in old:
        if old[field] != new[field]:
            yield f"{place}.{field} {_word(old[field])} => {_word(new[field])}"


def _word(value: object) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {part}" for key, part in value.items())
    return "none" if value is None or value == "" else str(value)
