"""All that a run found, in the order in which a person reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meta_access.clock import iso
from meta_access.doctor.catalog import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from meta_access.doctor.catalog import Finding


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found.

    Attributes:
        stack: Empty where none was looked at.
        at: This machine's time.
        versions: Of this package and what it stands on.
        connections: Name to what was seen of it.
        tokens: Name to what was seen of it.
    """

    stack: str
    at: datetime
    versions: Mapping[str, str]
    findings: tuple[Finding, ...]
    connections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tokens: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, severity: Severity) -> list[Finding]:
        return [one for one in self.findings if one.severity is severity]

    @property
    def worst(self) -> Severity:
        """Error before warning; what nobody looked at is no finding about what is there."""
        return next((one for one in (Severity.ERROR, Severity.WARNING) if self.of(one)), Severity.OK)

    def as_json(self) -> dict[str, Any]:
        return {
            "stack": self.stack or None,
            "at": iso(self.at),
            "worst": str(self.worst),
            "counts": {str(severity): len(self.of(severity)) for severity in Severity},
            "findings": [
                {
                    "id": one.id,
                    "severity": str(one.severity),
                    "subject": one.subject,
                    "cause": one.cause,
                    "next_step": one.next_step or None,
                }
                for severity in Severity
                for one in self.of(severity)
            ],
            "versions": dict(self.versions),
            "connections": {name: dict(facts) for name, facts in self.connections.items()},
            "tokens": {name: dict(facts) for name, facts in self.tokens.items()},
        }


def once(findings: list[Finding]) -> tuple[Finding, ...]:
    """Each thing once: two connections to one host that is away are one finding."""
    kept: dict[tuple[str, str], Finding] = {}
    for one in findings:
        kept.setdefault((one.id, one.subject), one)
    # What the program refuses in the configuration may have been met by itself as well, under an id that says more.
    last = {(one.subject, one.cause): one for one in kept.values()}
    return tuple(one for one in kept.values() if last[one.subject, one.cause] is one)
