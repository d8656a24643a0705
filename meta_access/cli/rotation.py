"""Which tokens a scheduled rotation acts on, in which order, and how it went. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_access.cli.exit_codes import DONE, EXPIRING, FAILED, WORK_LEFT
from meta_access.vault.observe import CURRENT, ROUTINE, Finding

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class Row:
    """A token and what its secret shows.

    Attributes:
        name: Pulumi name.
        finding: What is to be done; None when the secret could not be looked at.
        expires_at: As in the resource's outputs.
        late: Its expiry is nearer than `rotate_before`.
        credential: A connection acts with it.
        trouble: Why the secret could not be looked at.
        start: The command that starts AWS's rotation, where that one owns the token and is late; "" otherwise.
        step: What a person does about a token that has ended at Meta and cannot be replaced by a run; "" otherwise.
        unasked: Why Meta could not be asked whether the token lives; "" otherwise.
    """

    name: str
    urn: str
    secret: str
    finding: Finding | None
    expires_at: str = ""
    late: bool = False
    credential: bool = False
    trouble: str = ""
    start: str = ""
    step: str = ""
    unasked: str = ""

    @property
    def due(self) -> bool:
        """Whether a run puts it right without deciding anything for an operator."""
        return self.finding is not None and self.finding.work in ROUTINE

    @property
    def freshness(self) -> str:
        """As in the resource's outputs; "" when the secret could not be looked at."""
        return self.finding.text if self.finding else ""


@dataclass(frozen=True, slots=True)
class Rotation:
    """Before and after.

    Attributes:
        before: What was found first; `after` likewise after the runs, the same when nothing was due.
        failed: Whether a run of pulumi ended badly.
        acted: Names of the tokens that were due.
    """

    before: tuple[Row, ...]
    after: tuple[Row, ...]
    failed: bool = False
    acted: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        """The exit code. What counts is the tokens: a run that ended badly and left nothing due has done its work."""
        if any(row.trouble for row in self.after) or (self.failed and any(row.due for row in self.after)):
            return FAILED
        if any(row.late for row in self.after):
            return EXPIRING
        return WORK_LEFT if any(row.finding != CURRENT for row in self.after) else DONE


def rounds(rows: Sequence[Row]) -> list[list[str]]:
    """URNs for one run of the engine each: credentials first, since the others are minted with them."""
    first = [row.urn for row in rows if row.due and row.credential]
    rest = [row.urn for row in rows if row.due and not row.credential]
    return [urns for urns in (first, rest) if urns]
