"""Values changed and taken out in a YAML file, every other character left as it was typed. Pure: text in, text out.

Each edit cuts or writes at one place, and what comes out is read again and compared with what it should be.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from meta_access.errors import ConfigError
from meta_access.stack.problems import dotted
from meta_access.stack.yaml_additions import BOM, Cut, NotEditableError, end_of, next_line, scalar
from meta_access.stack.yaml_files import parse_with_places, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

Path = tuple[str | int, ...]
"""Keys and numbers of list entries, from the top of the file."""


@dataclass(frozen=True, slots=True)
class Put:
    """A value at a place: in the stead of what is there, or as a new key of the mapping above."""

    at: Path
    value: Any


@dataclass(frozen=True, slots=True)
class Drop:
    """A key of a mapping, or an entry of a list, that goes."""

    at: Path


@dataclass(frozen=True, slots=True)
class Append:
    """One more entry of a list, which is made when it is not there."""

    at: Path
    value: Any


Edit = Put | Drop | Append


def edited(text: str, edits: Iterable[Edit], name: str) -> str:
    """The text after the edits, in their order.

    Args:
        text: Of the file.
        edits: Each names a place as it is once those before are made.
        name: How messages call the file.

    Raises:
        NotEditableError: It is written in a way that an edit cannot be made in.
        ConfigError: It cannot be read.
    """
    bom = BOM if text.startswith(BOM) else ""
    text = text.removeprefix(bom)
    for edit in edits:
        text = _made(text, edit, name)
    return bom + text


def _made(text: str, edit: Edit, name: str) -> str:
    root, before = parse_with_places(text, name)
    try:
        after = _wanted(before, edit)
        if after == before:
            return text
        start, end, instead = _cut(text, root, edit)
        result = text[:start] + instead + text[end:]
        right = parse_yaml(result, name) == after
    except (ConfigError, LookupError, TypeError):  # what is above may be a text with JSON in it
        right = False
    if not right:
        raise NotEditableError(
            f"{name} is written in a way that {dotted(edit.at)} cannot be edited in, and nothing was changed.",
            next_step="Write what is around it as plain blocks, a key on each line, then run this again.",
        )
    return result


def _wanted(content: Any, edit: Edit) -> Any:
    found = deepcopy(content)
    above, last = found, edit.at[-1]
    for part in edit.at[:-1]:
        above = above[part]
    if isinstance(edit, Put):
        above[last] = edit.value
    elif isinstance(edit, Drop):
        del above[last]
    else:
        above[last] = [*(above.get(last) or []), edit.value]
    return found


def _cut(text: str, root: yaml.Node | None, edit: Edit) -> Cut:
    above = root
    for part in edit.at[:-1]:
        above = _under(above, part)
    if isinstance(edit, Drop):
        return _dropped(text, root, edit.at)
    there = _find(above, edit.at[-1])
    if there is None:
        return _added(text, above, str(edit.at[-1]), edit.value if isinstance(edit, Put) else [edit.value])
    if isinstance(edit, Put):
        return _replaced(text, there, edit.value)
    if not isinstance(there, yaml.SequenceNode) or not there.value:
        return _replaced(text, there, [edit.value])
    if there.flow_style:
        at = end_of(there.value[-1])
        return at, at, f", {flow(edit.value)}"
    newline = "\r\n" if "\r\n" in text else "\n"
    at, lead = next_line(text, end_of(there), newline)
    first = there.value[0].start_mark.index
    line = text.rfind("\n", 0, first) + 1
    return at, at, f"{lead}{text[line:first]}{flow(edit.value)}{newline}"


def _find(node: Any, part: str | int) -> Any:
    """The node below another; None where there is none."""
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]
    return None


def _under(node: Any, part: str | int) -> Any:
    found = _find(node, part)
    if found is None:
        raise LookupError(part)
    return found


def _replaced(text: str, node: Any, value: Any) -> Cut:
    start = node.start_mark.index
    end = start if _is_nothing(node) else end_of(node)
    blank = "" if text[start - 1 : start] in {" ", "\n"} else " "
    # A block of text ends with its line.
    tail = "\n" if text[start:end].endswith("\n") else ""
    return start, end, f"{blank}{flow(value)}{tail}"


def _is_nothing(node: Any) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.start_mark.index == node.end_mark.index


def _added(text: str, above: Any, key: str, value: Any) -> Cut:
    if not above.value:
        return _replaced(text, above, {key: value})
    if above.flow_style:
        at = end_of(above.value[-1][1])
        return at, at, f", {scalar(key)}: {flow(value)}"
    newline = "\r\n" if "\r\n" in text else "\n"
    at, lead = next_line(text, end_of(above), newline)
    blanks = " " * above.value[0][0].start_mark.column
    lines = [f"{scalar(key)}: {flow(value)}"]
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        lines = [f"{scalar(key)}:", *(f"  - {flow(item)}" for item in value)]
    return at, at, lead + "".join(f"{blanks}{line}{newline}" for line in lines)


def _dropped(text: str, root: Any, at: Path) -> Cut:
    above = root
    for part in at[:-1]:
        above = _under(above, part)
    parts = [pair if isinstance(pair, tuple) else (pair, pair) for pair in above.value]
    number = next(
        place for place, (key, _) in enumerate(parts) if (place if isinstance(at[-1], int) else key.value) == at[-1]
    )
    if len(parts) == 1:
        return _emptied(text, root, at[:-1], above)
    first, last = parts[number]
    if above.flow_style:
        if number + 1 < len(parts):
            return first.start_mark.index, parts[number + 1][0].start_mark.index, ""
        return end_of(parts[number - 1][1]), end_of(last), ""
    start = text.rfind("\n", 0, first.start_mark.index) + 1
    end, _ = next_line(text, end_of(last), "\n")
    return start, end, ""


def _emptied(text: str, root: Any, at: Path, above: Any) -> Cut:
    """What is left of a mapping or list whose last entry goes: `{}` or `[]`, behind its key where it was a block."""
    empty = "{}" if isinstance(above, yaml.MappingNode) else "[]"
    if above.flow_style:
        return above.start_mark.index, above.end_mark.index, empty
    pairs = _at(root, at[:-1]).value
    key = next(name for name, value in pairs if value is above)
    colon = text.index(":", key.end_mark.index) + 1
    end, _ = next_line(text, end_of(above), "\n")
    start = text.rfind("\n", 0, above.start_mark.index) + 1
    return colon, end, f" {empty}{text[colon:start]}"


def _at(node: Any, at: Path) -> Any:
    for part in at:
        node = _under(node, part)
    return node


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(str(key))}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    if isinstance(value, str):
        return scalar(value)
    return json.dumps(value)
