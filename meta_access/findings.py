"""What a run of pulumi has found, for programs that read along.

META_ACCESS_FINDINGS names a file; without it none is written. A line is a JSON object with `finding` and `reason`, a
text without secrets:

- `refused`: Meta or this tool will refuse something at `pulumi up`; `kind` and `name` say which resource.
- `configuration`: the configuration is refused, so that nothing of it is planned.

Lines are added, never changed; what is found twice stands there twice.
"""

from __future__ import annotations

import contextlib
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from meta_access.errors import ConfigError
from meta_access.redaction import scrub, scrub_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "META_ACCESS_FINDINGS"


class Kind(Enum):
    """The values of `finding`."""

    REFUSED = "refused"
    CONFIGURATION = "configuration"


def resource_refused(kind: str, name: str, reason: str) -> None:
    """Note that an update of a resource will be refused."""
    _write({"finding": Kind.REFUSED.value, "kind": kind, "name": name, "reason": scrub(reason)})


@contextmanager
def noted() -> Iterator[None]:
    """Note it when what runs inside refuses the configuration. Also a decorator."""
    try:
        yield
    except ConfigError as error:
        _write({"finding": Kind.CONFIGURATION.value, "reason": scrub_lines(str(error))})
        raise


def _write(line: dict[str, str]) -> None:
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
            texts = (str(one.get(name, "")) for name in ("kind", "name", "reason"))
            found.append(Finding(Kind(one["finding"]), *texts))
    return found


def pass_on(path: Path) -> None:
    """Add the lines of another file to the one that META_ACCESS_FINDINGS names here."""
    with contextlib.suppress(OSError):
        _add(path.read_text(encoding="utf-8"))
