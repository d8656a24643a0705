"""Evidence: about a gate that exists, of an app that exists, by a person we know, from the past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.clock import iso
from meta_access.errors import Problem
from meta_access.spec.base import shown
from meta_access.spec.gate_names import of_stack
from meta_access.spec.problems import instead, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.spec.draft import Draft


def check_evidence(draft: Draft) -> Iterator[Problem]:
    gates = of_stack(draft.spec, draft.rules)
    apps = {app.id for app in draft.spec.apps.values()}
    people = draft.names("people")
    told = not draft.is_broken("apps") and not draft.is_broken("businesses")
    for gate, record in draft.evidence.items():
        name = f"{draft.folder.name}/evidence.{draft.stack}.yaml:{gate}"
        if told and gate not in gates:
            fix = instead(gate, gates, "remove it: what it speaks of is no longer declared.")
            yield Problem(name, f"this stack has no gate {shown(gate)}.", fix)
        if told and record.app not in apps:
            text = f"it was given for app {record.app}, which is none of meta:apps."
            yield Problem(f"{name}.app", text, "attest again for this stack's app.")
        if record.at > draft.now:
            yield Problem(f"{name}.at", f"{iso(record.at)} is in the future.", "write when it was seen.")
        if record.by not in people:
            near = nearest(record.by, people)
            fix = f'write "{near}".' if near else "add the person to meta:people."
            yield Problem(f"{name}.by", f'there is no "{record.by}" in meta:people.', fix)
