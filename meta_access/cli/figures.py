"""Figures of an app's calls as rows of the evidence file. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.clock import iso
from meta_access.redaction import scrub

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meta_access.spec.evidence import FiguresSpec

KEPT = 8
"""Rows of an app: enough for a line through the last ones; version control keeps the rest."""


def row(app_id: str, at: str, by: str, source: str, *, days: float, **told: float | str | None) -> dict[str, Any]:
    """One row; `told` are calls, graph_calls, error_rate and note, those that are known."""
    span: float = int(days) if float(days).is_integer() else round(days, 4)
    if told.get("note"):
        told["note"] = scrub(str(told["note"]))
    found = {"app": app_id, "at": at, "by": by, "source": source, "days": span, **told}
    return {key: value for key, value in found.items() if value is not None}


def with_row(held: Sequence[FiguresSpec], added: dict[str, Any]) -> list[dict[str, Any]]:
    """The newest rows, oldest first; another row of the same time and source gives way."""
    rows = [row(one.app, iso(one.at), one.by, one.source, days=one.days, **_told(one)) for one in held]
    kept = [one for one in rows if (one["at"], one["source"]) != (added["at"], added["source"])]
    return sorted([*kept, added], key=lambda one: str(one["at"]))[-KEPT:]


def _told(one: FiguresSpec) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("calls", "graph_calls", "error_rate", "note")}
