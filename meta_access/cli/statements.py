"""The gates of a stack's state, and the file of what people stated about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import yaml

from meta_access.cli import stack as stacks
from meta_access.clock import iso
from meta_access.evidence import digest
from meta_access.providers.payloads import PAYLOADS, TYPE_PREFIX
from meta_access.redaction import scrub

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from meta_access.providers._gate import GateProvider

HEADER = (
    "# What people saw or did at Meta, bound by a digest to the declared value. Written by `meta-access attest` and "
    "`meta-access evidence import`; owned by the code owners.\n"
)


def gates(state: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The gates of an exported state by name."""
    found: dict[str, Mapping[str, Any]] = {}
    for resource in stacks.resources(dict(state)):
        outputs = resource.get("outputs") or {}
        if resource.get("type") in PAYLOADS and "next_step" in outputs:
            found[str(outputs["label"])] = resource
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
    told = {"declared": digest(declared(gate), app_id), "app": app_id, "at": iso(at)}
    told |= {"by": by, "status": status, "source": source}
    return {**told, "note": scrub(note)} if note else told


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
