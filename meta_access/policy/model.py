"""What a rule of good practice is, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from meta_access.policy.declared import Declared


class Level(StrEnum):
    """Pulumi's words for what follows of a finding, without the one that changes inputs."""

    MANDATORY = "mandatory"  # refuses a validate and a review, and holds back what widens access
    ADVISORY = "advisory"
    DISABLED = "disabled"


class Severity(StrEnum):
    """How much a finding weighs, in Pulumi's words; the heaviest first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Violation:
    """What a rule found in one place.

    Attributes:
        place: Where it is declared: that of what the rule looked at, such as `meta:identities.root`.
        cause: What is not as it should be, as a sentence.
        fix: What to write instead, as a sentence.
    """

    place: str
    cause: str
    fix: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, with what holds of it where a stack says nothing.

    Attributes:
        id: Stable; stacks name it.
        about: What it looks for.
        source: The page that the practice is from; "" of a practice of one's own.
    """

    id: str
    about: str
    severity: Severity
    level: Level
    source: str
    judge: Callable[[Declared], Iterable[Violation]]


@dataclass(frozen=True, slots=True)
class Finding:
    """A violation, with what holds of its rule in this stack."""

    rule: str
    severity: Severity
    level: Level
    place: str
    cause: str
    fix: str

    @property
    def order(self) -> tuple[int, int, str, str]:
        """What refuses first, then the heaviest."""
        return list(Level).index(self.level), list(Severity).index(self.severity), self.rule, self.place

    def as_json(self) -> dict[str, str]:
        return {
            "rule": self.rule,
            "enforcement_level": str(self.level),
            "severity": str(self.severity),
            "path": self.place,
            "cause": self.cause,
            "fix": self.fix,
        }


def rule(
    *, severity: Severity | str = Severity.MEDIUM, level: Level | str = Level.ADVISORY, source: str = ""
) -> Callable[[Callable[[Declared], Iterable[Violation]]], Rule]:
    """Make a rule of a function; its id is the function's name, with hyphens, and its docstring says what it looks for.

    Raises:
        ValueError: A severity or level that does not exist, or a function without a docstring.
    """

    def made(judge: Callable[[Declared], Iterable[Violation]]) -> Rule:
        name = getattr(judge, "__name__", "")
        about = " ".join((judge.__doc__ or "").split())
        if not about:
            raise ValueError(f"{name} has no docstring that says what it looks for")
        return Rule(name.replace("_", "-"), about, Severity(severity), Level(level), source, judge)

    return made
