"""Evidence: what a person stated about a gate, or an export showed, and whether it may be believed today.

Pure. A statement is bound to the declared value and the app by a digest, so that it does not outlive a change of the
declaration; it may not be dated in the future; and it grows old.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from meta_access.clock import iso, parse_iso

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

GOOD_FOR = timedelta(days=90)
SOURCES = ("attestation", "export")
SAYS = ("satisfied", "submitted", "declined", "open")


def digest(declared: Mapping[str, Any], app_id: str) -> str:
    """What a statement is bound to: the declared inputs by name, and the app."""
    text = json.dumps({"app": app_id, "declared": declared}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Judged:
    """A record after judgement; `says` is empty when there is none or it is refused, and `reason` says why."""

    says: str = ""
    source: str = ""
    at: str = ""
    reason: str = ""
    stale: bool = False

    @property
    def fresh(self) -> bool:
        return bool(self.says) and not self.stale

    def as_output(self) -> dict[str, str]:
        return {"source": self.source, "at": self.at} if self.says else {}


def judge(record: Mapping[str, Any] | None, *, declared: Mapping[str, Any], app_id: str, now: datetime) -> Judged:
    """Judge one record of the evidence file. `now` is the server's time."""
    if not record:
        return Judged()
    at = _moment(str(record.get("at", "")))
    if at is None:
        return Judged(reason="The evidence is not used: it has no time such as 2026-11-24T08:00:00Z.")
    if fault := _fault(record, at, now) or _unbound(record, declared, app_id):
        return Judged(reason=f"The evidence of {at.date()} is not used: {fault}.")
    source, says = str(record["source"]), str(record["status"])
    if now - at > GOOD_FOR:
        reason = f"The {source} of {at.date()} is older than {GOOD_FOR.days} days."
        return Judged(says, source, iso(at), reason, stale=True)
    return Judged(says, source, iso(at), str(record.get("note") or ""))


def _fault(record: Mapping[str, Any], at: datetime, now: datetime) -> str:
    if record.get("source") not in SOURCES:
        return f"its source is none of {', '.join(SOURCES)}"
    if record.get("status") not in SAYS:
        return f"its status is none of {', '.join(SAYS)}"
    return "it is dated in the future" if at > now else ""


def _unbound(record: Mapping[str, Any], declared: Mapping[str, Any], app_id: str) -> str:
    if record.get("app") not in {None, app_id}:
        return "it is about another app"
    if record.get("declared") != digest(declared, app_id):
        return "it is about another declaration than the one of today"
    return ""


def _moment(text: str) -> datetime | None:
    try:
        return parse_iso(text)
    except ValueError:
        return None
