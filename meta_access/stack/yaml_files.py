"""YAML that people wrote: read strictly within bounds, and complained about by name and line.

The one reader of all of it. A file may come with a pull request of somebody unknown, so whatever stands in it ends in
one sentence, and costs no more time and memory than a large honest file. What is left out of YAML here (tags, merge
keys, keys that are no text) is what other readers of the same file understand in another way.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import yaml

from meta_access.errors import ConfigError, Problem
from meta_access.redaction import scrub

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable
    from pathlib import Path

LARGEST = 1024 * 1024
"""Bytes of a file; some thousand clients."""
MOST = 50_000
"""Values of a file, each alias counted as the values that it repeats; an ad account with its tasks takes four."""
DEEPEST = 40
"""Levels of mappings and lists; a stack file has eight."""
LARGEST_FOLDER = 4 * LARGEST
"""Bytes of the files of a folder together."""
MOST_IN_FOLDER = 2 * MOST
"""Values of the files of a folder together, counted as those of one; some ten seconds of reading."""
LONGEST_NUMBER = 40
_LONGEST_QUOTE = 120
_HALF = re.compile(r"[\ud800-\udfff]")  # half of a character: no encoding can write it
_HALVES = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")  # a whole one, as JSON escapes an emoji

_MERGE = "tag:yaml.org,2002:merge"
_KEY_TAGS = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})
_NUMBER_TAGS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})


class Folder:
    """What the files of one folder hold together, so that many small ones cost no more than a few large ones.

    Attributes:
        values: Counted so far, those of refused files included.
    """

    def __init__(self, name: str, sizes: Iterable[int]) -> None:
        """Begin with the bytes of all files, which are known before one is read.

        Raises:
            ConfigError: They are too many.
        """
        self._name, self.values = name, 0
        if (total := sum(sizes)) > LARGEST_FOLDER:
            raise self._full(f"{total} bytes", LARGEST_FOLDER)

    def count(self, values: int) -> None:
        """Add values of one more file.

        Raises:
            ConfigError: They are too many together.
        """
        self.values += values
        if self.full:
            raise self._full(f"{self.values} values or more", MOST_IN_FOLDER)

    @property
    def full(self) -> bool:
        """Whether nothing more of it is read."""
        return self.values > MOST_IN_FOLDER

    def _full(self, held: str, most: int) -> ConfigError:
        problem = f"its files hold together {held}, and at most {most} are read."
        return ConfigError([Problem(scrub(self._name), problem, "divide the clients among stacks, or correct a file.")])


class _Loader(yaml.SafeLoader):
    """YAML that people type: bounded while it is composed, so before anything is made of it."""

    def __init__(self, text: str, folder: Folder | None) -> None:
        super().__init__(text)
        self._folder = folder
        self._level, self._composed = 0, 0
        self._finished: dict[int, tuple[int, int]] = {}  # id of a node to its values and levels, aliases followed

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            node = super().compose_node(parent, index)
            if id(node) not in self._finished:
                raise _refused("an alias stands inside what it repeats", event.start_mark)
            return node
        if getattr(event, "tag", None) is not None:
            raise _refused("a tag (!…) is not read here; write the value itself, text in quotes", event.start_mark)
        if self._level >= DEEPEST:
            raise _refused(f"it is nested more than {DEEPEST} levels deep", event.start_mark)
        self._composed += 1
        if self._folder is not None:
            self._folder.count(1)
        if self._composed > MOST:
            raise _refused(f"it holds more than {MOST} values", event.start_mark)
        self._level += 1
        node = super().compose_node(parent, index)
        self._level -= 1
        if node is not None:
            self._measure(node)
        return node

    def _measure(self, node: yaml.Node) -> None:
        children = node.value if isinstance(node, yaml.CollectionNode) else []
        parts = [part for child in children for part in (child if isinstance(child, tuple) else (child,))]
        found = [self._finished[id(part)] for part in parts]
        count, depth = 1 + sum(count for count, _ in found), 1 + max((depth for _, depth in found), default=0)
        if count > MOST:
            raise _refused(f"it holds more than {MOST} values, aliases written out", node.start_mark)
        if depth > DEEPEST:
            raise _refused(f"it is nested more than {DEEPEST} levels deep, aliases written out", node.start_mark)
        self._finished[id(node)] = (count, depth)

    def count_aliases(self, root: yaml.Node) -> None:
        """Count the values that the aliases of the whole file repeat towards the folder."""
        if self._folder is not None:
            self._folder.count(self._finished[id(root)][0] - self._composed)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        number = node.tag in _NUMBER_TAGS
        if number and len(node.value) > LONGEST_NUMBER:
            text = f"a number of {len(node.value)} characters is none that can be meant; an id stands in quotes"
            raise _refused(text, node.start_mark)
        try:
            value = super().construct_object(node, deep)
        except (ValueError, OverflowError):  # such as 2001-99-99
            kind = "a number" if number else "a day or time"
            raise _refused(f"{kind} that does not exist", node.start_mark) from None
        if isinstance(value, float) and not math.isfinite(value):
            raise _refused("a number that is infinite, or none at all", node.start_mark)
        if isinstance(value, str) and _HALF.search(value):
            value = _HALVES.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), value)
        if isinstance(value, str) and _HALF.search(value):
            raise _refused("a character that no text has", node.start_mark)
        return value

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        # PyYAML would keep the last of two equal keys without a word.
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = self._key(key_node)
            if key in seen:
                raise _refused(f'the key "{_quoted(key)}" is there twice', key_node.start_mark)
            seen.add(key)
        made = super().construct_mapping(node, deep)
        # Pulumi's own reading makes text of a key that is a bare number; so that the two agree.
        return {str(key): value for key, value in made.items()}

    def _key(self, node: yaml.Node) -> str:
        if node.tag == _MERGE:
            raise _refused("a merge key (<<) is not read here; write its keys out", node.start_mark)
        if node.tag not in _KEY_TAGS:
            raise _refused("a key that is no text; put it in quotes", node.start_mark)
        return str(self.construct_object(node))


def read_yaml(path: Path, name: str, folder: Folder | None = None) -> Any:
    """The content of a YAML file; `name` is how messages call it, and `folder` counts it together with others.

    Raises:
        ConfigError: Not readable, not YAML, or more than a configuration can be; with the line, without the text on it.
    """
    _, content = parse_with_places(read_text(path, name), name, folder)
    return content


def read_text(path: Path, name: str) -> str:
    """The text of a file that people wrote.

    Raises:
        ConfigError: Not readable, too large, or no UTF-8.
    """
    try:
        # A pull request may put a device or a pipe in a file's place, which has no end.
        if not path.is_file():
            raise _unreadable(name, "it is no file" if path.exists() else "No such file or directory")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise _unreadable(name, f"it has more than {LARGEST} bytes", "divide it, or correct it.")
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise _unreadable(name, "it is not UTF-8 text") from None
    except (OSError, ValueError) as error:
        raise _unreadable(name, getattr(error, "strerror", None) or "its name cannot be opened") from None


def surely_fit(texts: Iterable[str]) -> bool:
    """Whether YAML texts hold no more values than a folder may, as far as their marks tell without parsing.

    No value but the first comes without a mark, and none brings more than three: a mapping, a key and its value. An
    alias may repeat any number.
    """
    return sum(math.inf if "*" in text else 1 + 3 * sum(map(text.count, ":,-?[{")) for text in texts) <= MOST_IN_FOLDER


def parse_yaml(text: str, name: str) -> Any:
    """The content of a YAML text: mappings with keys of text, lists, and plain values.

    Raises:
        ConfigError: As `read_yaml`.
    """
    _, content = parse_with_places(text, name)
    return content


def parse_with_places(text: str, name: str, folder: Folder | None = None) -> tuple[yaml.Node | None, Any]:
    """The nodes of a YAML text, which know their places in it, and its content; both within the bounds.

    Raises:
        ConfigError: As `read_yaml`.
    """
    loader = None
    try:
        loader = _Loader(text, folder)
        root = loader.get_single_node()
        if root is None:
            return None, None
        loader.count_aliases(root)
        return root, loader.construct_document(root)
    except yaml.reader.ReaderError as error:
        raise _invalid(name, "a character that no text has", text.count("\n", 0, error.position) + 1) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise _invalid(name, error.problem or "it cannot be parsed", None if mark is None else mark.line + 1) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):  # such as the escape of no character
        line = None if loader is None else loader.get_mark().line + 1
        raise _invalid(name, "it cannot be parsed", line) from None


def too_deep(value: Any) -> bool:
    """Whether a decoded value has more levels than a configuration can have; most code that reads one recurses."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            item
            for one in level
            if isinstance(one, dict | list)
            for item in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True


def _refused(problem: str, mark: Any) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, mark)


def _quoted(text: str) -> str:
    clean = scrub(text)
    return clean if len(clean) <= _LONGEST_QUOTE else f"{clean[:_LONGEST_QUOTE]}…"


def _invalid(name: str, reason: str, line: int | None) -> ConfigError:
    place = "" if line is None else f" (line {line})"
    problem = f"is not valid YAML: {_quoted(reason)}{place}."
    return ConfigError([Problem(scrub(name), problem, "correct that line.")])


def _unreadable(name: str, reason: str, fix: str = "make it a readable text file.") -> ConfigError:
    return ConfigError([Problem(scrub(name), f"cannot be read: {reason}.", fix)])
