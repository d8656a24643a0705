"""The gates of a stack's state, and the file of what people stated about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import yaml

from meta_access.cli import plain_files, pulumi_stack
from meta_access.clock import iso
from meta_access.engine_marks import TYPE_PREFIX, name_of
from meta_access.errors import MetaAccessError
from meta_access.gates.evidence import digest
from meta_access.providers.payloads import PAYLOADS
from meta_access.redaction import scrub

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from meta_access.providers._gate import GateProvider
    from meta_access.stack.models import FiguresSpec


KEPT = 8
"""Rows of an app: enough for a line through the last ones; version control keeps the rest."""


def row(app_id: str, at: str, by: str, source: str, *, days: float, **known: float | str | None) -> dict[str, Any]:
    """One row; `known` are calls, graph_calls, error_rate and note, those that are known."""
    span: float = int(days) if float(days).is_integer() else round(days, 4)
    if known.get("note"):
        known["note"] = scrub(str(known["note"]))
    found = {"app": app_id, "at": at, "by": by, "source": source, "days": span, **known}
    return {key: value for key, value in found.items() if value is not None}


def with_row(held: Sequence[FiguresSpec], added: dict[str, Any]) -> list[dict[str, Any]]:
    """The newest rows, oldest first; another row of the same time and source gives way."""
    rows = [row(one.app, iso(one.at), one.by, one.source, days=one.days, **_told(one)) for one in held]
    kept = [one for one in rows if (one["at"], one["source"]) != (added["at"], added["source"])]
    return sorted([*kept, added], key=lambda one: str(one["at"]))[-KEPT:]


def _told(one: FiguresSpec) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("calls", "graph_calls", "error_rate", "note")}


HEADER = (
    "# What people saw or did at Meta, bound by a digest to the declared value. Written by `meta-access attest` and "
    "`meta-access evidence import`; owned by the code owners.\n"
)


def gates(state: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The gates of an exported state by name."""
    found: dict[str, Mapping[str, Any]] = {}
    for resource in pulumi_stack.resources(dict(state)):
        outputs = resource.get("outputs") or {}
        if resource.get("type") in PAYLOADS and "next_step" in outputs:
            found[name_of(str(resource["urn"]))] = resource
    return found


def declared(gate: Mapping[str, Any]) -> dict[str, Any]:
    """What a statement about a gate is bound to. Outputs hold what is declared, also while the gate is drifted."""
    return provider(gate).subject(gate["outputs"])


def provider(gate: Mapping[str, Any]) -> GateProvider:
    """This version's own provider of a gate in a state; what the state carries is never unpickled."""
    kind = str(gate["type"]).removeprefix(TYPE_PREFIX)
    module = import_module(f"meta_access.providers.{re.sub(r'(?<!^)(?=[A-Z])', '_', kind).lower()}")
    made: GateProvider = getattr(module, f"{kind}Provider")()
    return made


def record(
    gate: Mapping[str, Any], app_id: str, *, at: datetime, by: str, status: str, source: str, note: str | None
) -> dict[str, str]:
    """What is written of a gate (an entry of `gates`), bound to what it declares today and to the app."""
    made = {"declared": digest(declared(gate), app_id), "app": app_id, "at": iso(at)}
    made |= {"by": by, "status": status, "source": source}
    return {**made, "note": scrub(note)} if note else made


def written(text: str, gate: str, record: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> str:
    """The evidence file with the record of a gate put in or replaced; every other line stays as it is."""
    plain = dict(record) if isinstance(record, Mapping) else [dict(row) for row in record]
    entry = yaml.safe_dump({gate: plain}, sort_keys=False, allow_unicode=True, width=1000)
    kept = text.splitlines(keepends=True)
    start = next((at for at, line in enumerate(kept) if re.match(rf"['\"]?{re.escape(gate)}['\"]?\s*:", line)), None)
    if start is None:
        before = "".join(kept) or HEADER
        return before + ("" if before.endswith("\n") else "\n") + entry
    end = start + 1
    for at in range(end, len(kept)):
        if kept[at].startswith((" ", "- ")):
            end = at + 1
        elif kept[at].strip():
            break
    return "".join([*kept[:start], entry, *kept[end:]])


def write(file: Path, text: str) -> None:
    """Write the stack's file of statements.

    Raises:
        MetaAccessError: It cannot be written; then the one before stays.
    """
    try:
        plain_files.write(file, text)
    except OSError as error:
        raise MetaAccessError(
            f"Writing {file} failed: {error.strerror}. Nothing was stated.",
            next_step="Make the folder of the stack files writable, then run this again.",
        ) from None
