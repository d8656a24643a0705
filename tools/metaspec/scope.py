"""What of the specification is about access, and why the emulator differs from it where it does: `scope.toml`, read."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.metaspec.compare import Difference

FILE = Path(__file__).with_name("scope.toml")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why differences of one sort stay; `about` is searched in the sentence that names one, from its beginning."""

    about: re.Pattern[str]
    why: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What is compared, and what is known.

    Attributes:
        edges: The names of edges that decide or tell who may do what.
        reasons: The first that matches a difference explains it.
    """

    edges: re.Pattern[str]
    reasons: tuple[Reason, ...]

    def holds(self, edge: str) -> bool:
        return edge == "" or self.edges.fullmatch(edge) is not None

    def why(self, difference: Difference) -> str | None:
        """The reason of a difference, None for one that nobody has explained."""
        return next((row.why for row in self.reasons if row.about.match(str(difference))), None)


def load(path: Path = FILE) -> Scope:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    reasons = (Reason(re.compile(pattern), row["why"]) for row in data["reason"] for pattern in row["about"])
    return Scope(re.compile("|".join(data["edges"])), tuple(reasons))
