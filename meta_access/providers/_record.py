"""What the checks of this deployment have seen: which resource stands for which thing at Meta.

All checks of a deployment run in one process. A resource renamed without an alias is a create and a delete of the same
thing; the record lets that delete end nothing. A missing entry proves nothing: `destroy` checks none, `--target` few.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A resource as the state has it: its id and its outputs, as this deployment has read them last."""

    id: str
    outs: Mapping[str, Any]


@dataclass(slots=True)
class Record:
    """Natural keys by kind of resource. Thread-safe."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _owners: dict[tuple[str, Key], str] = field(default_factory=dict)
    _seen: set[tuple[str, str]] = field(default_factory=set)
    _replaced: set[tuple[str, str]] = field(default_factory=set)
    _held: dict[tuple[str, str], Held] = field(default_factory=dict)
    _waiting: dict[tuple[str, str], str] = field(default_factory=dict)
    _kept: set[tuple[str, str]] = field(default_factory=set)

    def enter(self, kind: str, key: Key | None, place: str, *, fresh: bool) -> str | None:
        """Enter a resource; answers the place of another one that stands for the same thing.

        Args:
            kind: Class of the resource.
            key: What it stands for at Meta; None while a part of it is not known.
            place: Which resource of the program it is, see `place_of`. The check that the engine repeats for a
                replacement carries the same one.
            fresh: The engine passed no old inputs: a create, or that repeated check.
        """
        with self._lock:
            if fresh and (kind, place) in self._seen:
                self._replaced.add((kind, place))
            self._seen.add((kind, place))
            owner = place if key is None else self._owners.setdefault((kind, key), place)
            return owner if owner != place else None

    def wait(self, kind: str, label: str, place: str) -> None:
        """Note a resource that this deployment leaves out, since a failed one owes it an input."""
        with self._lock:
            self._waiting[kind, label] = place

    def waiting(self, kind: str, label: str) -> str | None:
        """The place of a resource of that name that was left out: one that is removed may have moved there.

        The places are not compared: a state keeps the one from before a move with an alias, which changes nothing else.
        """
        with self._lock:
            return self._waiting.get((kind, label))

    def holder(self, kind: str, key: Key | None) -> str | None:
        """The place of the resource that this deployment keeps for `key`."""
        with self._lock:
            return self._owners.get((kind, key)) if key is not None else None

    def replaced(self, kind: str, place: str) -> bool:
        """Whether the create about to run is the second half of a replacement: it takes what exists."""
        with self._lock:
            return (kind, place) in self._replaced

    def seen(self, kind: str, place: str) -> bool:
        """Whether this deployment declares a resource at a place."""
        with self._lock:
            return (kind, place) in self._seen

    def hold(self, kind: str, place: str, held: Held) -> None:
        """Note what the state holds at a place, as a refresh or a diff of this deployment has met it."""
        with self._lock:
            self._held[kind, place] = held

    def held(self, kind: str, place: str) -> Held | None:
        """What the state holds at a place.

        `--replace` and a taint call check once, without old inputs (engine 3.259, step_generator.go): nothing but this
        tells such a create from a new resource.
        """
        with self._lock:
            return self._held.get((kind, place))

    def keep(self, kind: str, place: str) -> None:
        """Note that a replacement was refused: what stands at a place stays, and the engine's delete ends nothing."""
        with self._lock:
            self._kept.add((kind, place))

    def kept(self, kind: str, place: str) -> bool:
        """Whether the replacement of what stands at a place was refused."""
        with self._lock:
            return (kind, place) in self._kept


def place_of(props: Mapping[str, Any]) -> str:
    """Which resource of the program has these inputs: `path`, the end of its URN.

    A name alone is shared by the children of several components; only a state of an older version has nothing else.
    """
    return str(props.get("path") or props.get("label", ""))


def shown(place: str, other: str) -> str:
    """A place as a person reads it beside another one: the name, and the whole path where both have the same name."""
    name = place.rpartition("::")[2]
    return place if place != other and name == other.rpartition("::")[2] else name


RECORD = Record()
"""The one of this process."""
