"""The engine's event log as values: what is planned, what the refresh saw, what was said, if it is whole.

`pulumi preview --event-log FILE` writes one JSON object a line (3.259.0, behind PULUMI_DEBUG_COMMANDS=true). It is
never trusted: its size, its lines and their depth are bounded, and what is no event of that form is one named error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any

from meta_access import engine_marks
from meta_access.errors import MetaAccessError

if TYPE_CHECKING:
    from typing import BinaryIO

MOST_BYTES = 512 * 1024 * 1024
"""Of a log; an event of a resource has some three thousand."""
LONGEST_LINE = 16 * 1024 * 1024
DEEPEST = 64


class Unknown(Enum):
    """A value that only the update will know."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN
SECRET = "[secret]"  # noqa: S105 - the word in its place


class EventLogError(MetaAccessError):
    """The event log is no log of the engine's, or too large."""


class Op(StrEnum):
    """What the engine plans for a resource; `OTHER` is what this version does not know."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"
    IMPORT = "import"
    OTHER = "other"


_OPS = {op.value: op for op in Op}
# The halves of a replacement, whose own step says both; and what the program reads without managing it.
_NO_STEPS = frozenset(
    {"create-replacement", "delete-replaced", "discard-replaced", "remove-pending-replace", "read", "read-replacement"}
)
_REFRESH = "refresh"


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Side:
    """A resource as the state has it, as the refresh saw it, or as the program wants it."""

    urn: str
    id: str
    parent: str
    custom: bool  # no component
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    protect: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What is planned for one resource.

    Attributes:
        kind: `AssetAssignment` for a resource of ours; the engine's type for any other.
        name: Its name in the program.
        old: What the engine compares with: the state, after the refresh if there was one; None of what is made.
        new: What the program wants; None of what is deleted.
    """

    op: Op
    urn: str
    kind: str
    name: str
    parent: str
    old: Side | None
    new: Side | None


@dataclass(frozen=True, slots=True)
class Observation:
    """What the refresh saw of one resource: the state before, and what is live; None where it is gone."""

    before: Side
    seen: Side | None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    severity: Severity
    urn: str
    text: str


@dataclass(slots=True)
class EventLog:
    """What a log says.

    Attributes:
        config: Full key to text, as the engine gave it to the program.
        steps: In the order of the log; the last word on each resource.
        observations: By URN.
        unread: URNs that the refresh began to read, and of which it saw nothing to its end.
        exports: The stack's outputs before and after; None where the log has none.
        ended: Whether the engine wrote its last event.
        succeeded: Whether that event says that nothing failed.
    """

    config: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    observations: dict[str, Observation] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    exports: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None
    ended: bool = False
    succeeded: bool = False

    @property
    def whole(self) -> bool:
        """Whether the preview came to its end and nothing failed."""
        return self.ended and self.succeeded

    @property
    def errors(self) -> list[Diagnostic]:
        return [one for one in self.diagnostics if one.severity is Severity.ERROR]


def type_of(urn: str) -> str:
    """The type of a URN, without those of its parents."""
    parts = urn.split("::", 3)
    return parts[2].rsplit("$", 1)[-1] if len(parts) == 4 else ""  # noqa: PLR2004 - stack, project, type, name


def project_of(urn: str) -> str:
    parts = urn.split("::", 3)
    return parts[1] if len(parts) == 4 else ""  # noqa: PLR2004 - likewise


def read(log: BinaryIO) -> EventLog:
    """Read a log to its end.

    A last line that is not finished is what a killed engine leaves: the log is then not whole, and no error.

    Raises:
        EventLogError: Some line is no event, or the log is too large.
    """
    found, steps = EventLog(), dict[str, Step]()
    number = taken = 0
    while line := log.readline(LONGEST_LINE + 1):
        number += 1
        taken += len(line)
        if len(line) > LONGEST_LINE or taken > MOST_BYTES:
            raise EventLogError(
                f"The preview's event log is too large: line {number} brings it above what a review reads.",
                next_step="Review with `pulumi preview`, and divide the stack.",
            )
        if not line.strip():
            continue
        try:
            _take(_event(line), found, steps)
        except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
            if not line.endswith(b"\n"):
                break
            raise EventLogError(
                f"Line {number} of the preview's event log is no event of the engine's.",
                next_step="Run `meta-access review` again; if it stays so, this version does not fit the engine's.",
            ) from None
    found.steps = list(steps.values())
    return found


def _event(line: bytes) -> Mapping[str, Any]:
    value = json.loads(line.decode("utf-8"))
    if not isinstance(value, dict):
        raise TypeError
    return value


def _take(event: Mapping[str, Any], found: EventLog, steps: dict[str, Step]) -> None:
    if "resourcePreEvent" in event:
        _planned(event["resourcePreEvent"]["metadata"], found, steps)
    elif "resOutputsEvent" in event:
        _done(event["resOutputsEvent"]["metadata"], found)
    elif "diagnosticEvent" in event:
        _said(event["diagnosticEvent"], found)
    elif "preludeEvent" in event:
        config = event["preludeEvent"].get("config") or {}
        found.config = {str(key): value for key, value in config.items() if isinstance(value, str)}
    elif "summaryEvent" in event:
        found.succeeded = event["summaryEvent"].get("result", "succeeded") == "succeeded"
    elif "cancelEvent" in event:
        found.ended = True


def _planned(metadata: Mapping[str, Any], found: EventLog, steps: dict[str, Step]) -> None:
    word, urn = metadata["op"], metadata["urn"]
    if not isinstance(urn, str) or not isinstance(word, str):
        raise TypeError
    if word == _REFRESH:
        found.unread.add(urn)
        return
    if word in _NO_STEPS:
        return
    kind = type_of(urn)
    old, new = _side(metadata.get("old")), _side(metadata.get("new"))
    parent = next((side.parent for side in (new, old) if side is not None), "")
    op = _OPS.get(word, Op.OTHER)
    steps[urn] = Step(op, urn, kind.removeprefix(engine_marks.TYPE_PREFIX), engine_marks.name_of(urn), parent, old, new)


def _done(metadata: Mapping[str, Any], found: EventLog) -> None:
    urn, old, new = metadata["urn"], metadata.get("old"), metadata.get("new")
    if metadata["op"] == _REFRESH:
        found.unread.discard(urn)
        if (before := _side(old)) is not None:
            found.observations[urn] = Observation(before, _side(new))
    elif type_of(urn) == "pulumi:pulumi:Stack":
        # Twice: as it is registered, and with its outputs at the end.
        before, after = _side(old), _side(new)
        if after is not None:
            found.exports = (before.outputs if before else {}, after.outputs)


def _said(event: Mapping[str, Any], found: EventLog) -> None:
    severity = {"info#err": "error"}.get(event["severity"], event["severity"])
    if severity in set(Severity):
        text = str(event["message"]).replace("<{%reset%}>", "").strip()
        found.diagnostics.append(Diagnostic(Severity(severity), str(event.get("urn") or ""), text))


def _side(value: Any) -> Side | None:
    if value is None:
        return None
    inputs, outputs = _known(value.get("inputs") or {}, DEEPEST), _known(value.get("outputs") or {}, DEEPEST)
    urn, id_, parent = (str(value.get(name) or "") for name in ("urn", "id", "parent"))
    custom, protect = bool(value.get("custom")), bool(value.get("protect"))
    return Side(urn, id_, parent, custom, _mapping(inputs), _mapping(outputs), protect)


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def _known(value: Any, depth: int) -> Any:
    if depth == 0:
        raise ValueError
    if isinstance(value, str):
        return UNKNOWN if value == engine_marks.UNKNOWN else value
    if isinstance(value, list):
        return [_known(part, depth - 1) for part in value]
    if isinstance(value, dict):
        if engine_marks.SIGNATURE in value:
            return SECRET
        return {key: _known(part, depth - 1) for key, part in value.items() if key != "__provider"}
    return value
