"""What a stack's new configuration takes away of what its last update left: told when it is much. Pure.

A client's file that is missing by accident looks like one that was removed; nobody should have to count deletes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.spec.plan import assignments

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meta_access.rules import RuleSet
    from meta_access.spec.plan import AssignmentPlan
    from meta_access.spec.stack import StackSpec

SHARE = 0.25
"""From more than this share of the stack's assignments on, their loss is told."""

_CLIENT = "meta:access:ClientAccess"
_ASSIGNMENT = f"{_CLIENT}$pulumi-python:dynamic/meta:AssetAssignment"
_SHOWN = 10


def warning(urns: Iterable[str], spec: StackSpec, rules: RuleSet) -> str | None:
    """One paragraph about what goes, when that is a whole client or more than `SHARE` of all assignments.

    Args:
        urns: Of the resources in the state that the last update left.
        spec: The configuration of today.
        rules: Its rule set.
    """
    before = _assigned(urns)
    planned = {
        key.removeprefix(f"{client}-")
        for client in spec.clients
        for work in assignments(spec, rules, client)
        for key in _keys(work, spec)
    }
    gone = [(client, work) for client, works in before.items() for work in works if work not in planned]
    clients = [client for client, works in before.items() if works and not planned.intersection(works)]
    clients = [client for client in clients if client not in spec.clients]
    total = sum(len(works) for works in before.values())
    if not clients and len(gone) <= SHARE * total:
        return None
    shown = [f"{client}-{work}" for client, work in sorted(gone)]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    whole = f" Nothing is left of {', '.join(sorted(clients))}." if clients else ""
    return (
        f"This configuration takes away {len(gone)} of the {total} asset assignments that the last update left: "
        f"{', '.join(shown[:_SHOWN])}{more}.{whole} If that is not meant, look for a key or a client file that is "
        "missing, before `pulumi up`."
    )


def _keys(work: AssignmentPlan, spec: StackSpec) -> list[str]:
    """The key of an assignment, and the one it had before its identity was renamed."""
    before = spec.identities[work.identity].renamed_from
    return [work.key] if before is None else [work.key, work.key_of(before)]


def _assigned(urns: Iterable[str]) -> dict[str, list[str]]:
    """Client to its `IDENTITY-ASSET`; a client's name may begin another one's, so the longest that fits counts."""
    kinds = [urn.split("::")[2:4] for urn in urns if urn.count("::") > 2]  # noqa: PLR2004 - the parts of a URN
    found: dict[str, list[str]] = {name: [] for kind, name in kinds if kind == _CLIENT}
    for kind, name in kinds:
        owners = [client for client in found if name.startswith(f"{client}-")]
        if kind == _ASSIGNMENT and owners:
            client = max(owners, key=len)
            found[client].append(name.removeprefix(f"{client}-"))
    return found
