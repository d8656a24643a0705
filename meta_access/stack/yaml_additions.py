"""Adding keys to a YAML file, every character of it left as it was typed. Pure: text in, text out.

A YAML library that writes the file anew would lose its comments and its layout. So lines are put in at their places,
and the result is read again and compared with what it should be.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml

from meta_access.errors import ConfigError, MetaAccessError, Problem
from meta_access.redaction import visible
from meta_access.stack.fields import looks_secret
from meta_access.stack.yaml_files import LARGEST, MOST, parse_with_places, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_@.:-]*(?: [A-Za-z0-9_@.-]+)*")
_MARKERS = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?: .*)?$", re.MULTILINE)
_STEP = 2
BOM = "\ufeff"
"""What some editors begin a file with; it takes a column of the first line, and counts for none."""

Cut = tuple[int, int, str]
"""From, to (offsets), and what stands there instead."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to stand under a key.

    Attributes:
        value: A text, or a list of texts; nothing where there are keys below.
        below: The keys of a mapping.
        comment: What a reader is told of it, on its line; of a key that is there already none is added.
    """

    value: str | list[str] = ""
    below: Mapping[str, Entry] | None = None
    comment: str = ""

    @property
    def content(self) -> Any:
        """What a reader of the file finds."""
        return self.value if self.below is None else {key: entry.content for key, entry in self.below.items()}


class NotEditableError(MetaAccessError):
    """The file is written in a way that a machine cannot add to; the message says what a person is to do."""


def conflicts(text: str, name: str) -> list[Problem]:
    """The marks of a merge that nobody has ended, which to YAML are an error somewhere below."""
    found = _MARKERS.search(text)
    if found is None:
        return []
    line = text.count("\n", 0, found.start()) + 1
    return [Problem(name, f"has conflict marks of a merge (line {line}).", "end the merge in that file first.")]


def with_cuts(text: str, cuts: Iterable[Cut]) -> str:
    """The text with each cut made; they do not overlap."""
    for start, end, instead in sorted(cuts, reverse=True):
        text = text[:start] + instead + text[end:]
    return text


def reads_as(text: str, wanted: Any, name: str) -> bool:
    """Whether a reader finds in a text what it should hold: an edit that it does not find so is not written."""
    try:
        return bool(parse_yaml(text, name) == wanted)
    except ConfigError:
        return False


def added(text: str, wanted: Mapping[str, Entry], name: str) -> str:
    """The text with what it lacks; a value that is there stays, whatever is wanted.

    Args:
        text: Of the file; an empty one becomes a whole file.
        wanted: By key of the top level; keys that are there lead further down.
        name: How messages call the file.

    Raises:
        NotEditableError: It is written in a way that nothing can be added to.
        ConfigError: It cannot be read.
    """
    if text.startswith(BOM):
        return BOM + added(text.removeprefix(BOM), wanted, name)
    root, before = parse_with_places(text, name)
    after = _merged(before or {}, wanted)
    if after == (before or {}):
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    result = text
    if root is None:
        result = _closed(text, newline) + _block(wanted, 0, newline)
    else:
        result = with_cuts(text, _additions(text, root, wanted, newline))
    if (size := _values(after)) > MOST or len(result.encode()) > LARGEST:
        raise NotEditableError(
            f"{name} would hold {size} values in {len(result.encode())} bytes, and no file of more than {MOST} values "
            f"or {LARGEST} bytes is read. Nothing was changed.",
            next_step="Ask for less at once, or divide the stack.",
        )
    if not reads_as(result, after, name):
        raise NotEditableError(
            f"{name} is written in a way that nothing can be added to, and nothing was changed.",
            next_step=f"Write {', '.join(wanted)} as plain blocks, a key on each line, then run this again.",
        )
    return result


def _values(content: Any) -> int:
    """As the reader of a file counts them: keys, too."""
    if isinstance(content, dict):
        return 1 + sum(1 + _values(value) for value in content.values())
    return 1 + sum(map(_values, content)) if isinstance(content, list) else 1


def _merged(before: Any, wanted: Mapping[str, Entry]) -> Any:
    found = deepcopy(before)
    for key, entry in wanted.items():
        if entry.below is not None and found.get(key) is not None:
            if isinstance(found[key], dict):
                found[key] = _merged(found[key], entry.below)
        elif found.get(key) is None:
            found[key] = entry.content
    return found


def _additions(text: str, node: yaml.Node, wanted: Mapping[str, Entry], newline: str) -> Iterator[Cut]:
    """From, to (offsets), and what stands there instead."""
    if not isinstance(node, yaml.MappingNode):
        return
    there = {key.value: (key, value) for key, value in node.value}
    fresh: dict[str, Entry] = {}
    for key, entry in wanted.items():
        if key not in there:
            fresh[key] = entry
            continue
        name, value = there[key]
        if _is_empty(value) and entry.content not in ({}, ""):
            yield from _filled(text, name, value, entry, newline)
        elif entry.below is not None:
            yield from _additions(text, value, entry.below, newline)
    if not fresh:
        return
    if node.flow_style:
        at = end_of(node.value[-1][1])
        yield at, at, "".join(f", {scalar(key)}: {_flow(entry)}" for key, entry in fresh.items())
        return
    column = node.value[0][0].start_mark.column
    at, lead = next_line(text, end_of(node), newline)
    yield at, at, lead + _block(fresh, column, newline)


def _is_empty(node: yaml.Node) -> bool:
    if isinstance(node, yaml.MappingNode):
        return not node.value
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _filled(text: str, name: yaml.Node, value: yaml.Node, entry: Entry, newline: str) -> Iterator[Cut]:
    """A key without a value, or with `{}`: what was there goes, and the keys stand on the lines below."""
    start, end = value.start_mark.index, value.end_mark.index
    line = text.rfind("\n", 0, name.start_mark.index) + 1
    if entry.below is None or text[line : name.start_mark.index].strip():  # a value, or inside of a flow
        yield start, end, f"{'' if text[start - 1 : start] == ' ' else ' '}{_flow(entry)}"
        return
    if end > start and "#" not in text[start:end]:  # a comment inside is somebody's, so nothing is cut then
        blank = 1 if text[start - 1] == " " else 0
        yield start - blank, end, ""
    at, lead = next_line(text, end, newline)
    yield at, at, lead + _block(entry.below, name.start_mark.column + _STEP, newline)


def end_of(node: Any) -> int:
    """Where a node's own text ends: a block's mark lies at the next token, behind comments that are not its own."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style:
        return int(node.end_mark.index)
    last = node.value[-1]
    return end_of(last[1] if isinstance(last, tuple) else last)


def next_line(text: str, at: int, newline: str) -> tuple[int, str]:
    """Where the line after an offset begins, and what ends a last line that nothing ends."""
    if at and text[at - 1] == "\n":
        return at, ""  # a block of text ends with its line
    found = text.find("\n", at)
    return (len(text), newline) if found < 0 else (found + 1, "")


def _closed(text: str, newline: str) -> str:
    return text + newline if text and not text.endswith("\n") else text


def _block(entries: Mapping[str, Entry], column: int, newline: str) -> str:
    return "".join(line + newline for key, entry in entries.items() for line in _lines(key, entry, column))


def _lines(key: str, entry: Entry, column: int) -> Iterator[str]:
    head, note = f"{' ' * column}{scalar(key)}:", _comment(entry.comment)
    if entry.below:
        yield f"{head}{note}"
        for name, inner in entry.below.items():
            yield from _lines(name, inner, column + _STEP)
    else:
        yield f"{head} {_flow(entry)}{note}"


def _flow(entry: Entry) -> str:
    if entry.below is not None:
        return "{" + ", ".join(f"{scalar(key)}: {_flow(inner)}" for key, inner in entry.below.items()) + "}"
    if isinstance(entry.value, list):
        return "[" + ", ".join(scalar(item) for item in entry.value) + "]"
    return scalar(entry.value)


@lru_cache(maxsize=4096)
def scalar(text: str) -> str:
    """Bare where every reader takes it for the same text, else in double quotes."""
    if _PLAIN.fullmatch(text) and not text.endswith(":") and yaml.safe_load(text) == text:
        return text
    return json.dumps(text, ensure_ascii=False)


def _comment(text: str) -> str:
    """What somebody called a thing, on one line, whatever they called it; never what may be a secret."""
    shown = " ".join(visible(text).split())
    return f"  # {shown}" if shown and not looks_secret(shown) else ""
