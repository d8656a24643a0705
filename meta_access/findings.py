"""What a run of pulumi has found, for programs that read along.

META_ACCESS_FINDINGS names a file; without it none is written. A line is a JSON object with `finding` and `reason`, a
text without secrets:

- `refused`: Meta or this tool will refuse something at `pulumi up`; `kind` and `name` say which resource.
- `configuration`: the configuration is refused, so that nothing of it is planned.
- `undeclared`: how much access no line of the stack declares, with the fields of `Undeclared`.

Lines are added, never changed; what is found twice stands there twice.
"""

from __future__ import annotations

import contextlib
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from meta_access.errors import ConfigError
from meta_access.redaction import scrub, scrub_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

VARIABLE = "META_ACCESS_FINDINGS"


class Kind(Enum):
    """The values of `finding`."""

    REFUSED = "refused"
    CONFIGURATION = "configuration"
    UNDECLARED = "undeclared"


@dataclass(frozen=True, slots=True)
class Undeclared:
    """Access that no line of a stack declares or ignores, as a preview saw it.

    Attributes:
        clients: Client to the number of its rows; "" has those on assets of no client.
        ended: Entries of `ignore` whose day has come, by their place.
        unused: Entries that fit nothing, likewise.
        unread: Lists that were not shown: what they hold is not counted.
        why: Why nothing was looked at; "" where it was.
    """

    clients: Mapping[str, int] = field(default_factory=dict)
    ended: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    why: str = ""

    @property
    def count(self) -> int:
        return sum(self.clients.values())

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Undeclared:
        """Of its fields, as `asdict` gives them and JSON brings them back.

        Raises:
            TypeError: They are none.
            KeyError: Some are missing.
        """
        clients, lists = told["clients"], [told[name] for name in ("ended", "unused", "unread")]
        if not isinstance(clients, dict) or not all(isinstance(one, list) for one in lists):
            raise TypeError
        if not all(type(count) is int for count in clients.values()):
            raise TypeError
        ended, unused, unread = (tuple(scrub(str(text)) for text in one) for one in lists)
        counts = {scrub(str(name)): count for name, count in clients.items()}
        return cls(counts, ended, unused, unread, scrub(str(told["why"])))


def resource_refused(kind: str, name: str, reason: str) -> None:
    """Note that an update of a resource will be refused."""
    _write({"finding": Kind.REFUSED.value, "kind": kind, "name": name, "reason": scrub(reason)})


def undeclared(found: Undeclared) -> None:
    """Note what no line declares."""
    _write({"finding": Kind.UNDECLARED.value, **asdict(found)})


@contextmanager
def noted() -> Iterator[None]:
    """Note it when what runs inside refuses the configuration. Also a decorator."""
    try:
        yield
    except ConfigError as error:
        _write({"finding": Kind.CONFIGURATION.value, "reason": scrub_lines(str(error))})
        raise


def _write(line: dict[str, Any]) -> None:
    _add(json.dumps(line, ensure_ascii=False) + "\n")


def _add(lines: str) -> None:
    # A file that cannot be written stops nothing: people are shown the same sentence.
    if given := os.environ.get(VARIABLE, ""):
        with contextlib.suppress(OSError), Path(given).open("a", encoding="utf-8") as file:
            file.write(lines)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line; `resource` and `name` say which resource is refused, and are empty of a configuration."""

    kind: Kind
    resource: str
    name: str
    reason: str
    undeclared: Undeclared | None = None


def read(path: Path) -> list[Finding]:
    """The findings in a file; none where no run has written one. Kinds of another version are left out."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return []
    found = []
    for line in lines:
        # Of another version, or the half line of a process that was killed.
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
            one = json.loads(line)
            resource, name, reason = (str(one.get(key, "")) for key in ("kind", "name", "reason"))
            kind = Kind(one["finding"])
            access = Undeclared.of(one) if kind is Kind.UNDECLARED else None
            found.append(Finding(kind, resource, name, reason, access))
    return found


def pass_on(path: Path) -> None:
    """Add the lines of another file to the one that META_ACCESS_FINDINGS names here."""
    with contextlib.suppress(OSError):
        _add(path.read_text(encoding="utf-8"))
