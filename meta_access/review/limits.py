"""What an update takes of what Meta limits: slots of system users, and calls within the hour of the tier. Pure.

The table of calls is counted on the emulator's journal (`tests/unit/providers/test_planned_calls.py`): what a step
sends, and what it reads around that. What every preview reads is not in it: an update reads that as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.review.facts import Budget, Quota
from meta_access.review.steps import UNKNOWN, Op
from meta_access.review.view import EXCLUSIVE, text_of, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meta_access.review.steps import EventLog, Step
    from meta_access.rules import RuleSet

CALLS: Mapping[str, tuple[int, int, int]] = {
    # A create, an update, a delete. What is taken away is read back, since Meta may answer success and keep it.
    "AssetAssignment": (1, 2, 2),
    # The list is read anew around a create, and before the rename that a removal is.
    "SystemUser": (3, 1, 2),
    # Meta has no call to take it back.
    "AppInstallation": (1, 0, 0),
    # Minting, and asking Meta about the tokens.
    "SystemUserToken": (2, 3, 3),
    "BusinessUser": (3, 3, 5),
    "AppSettings": (3, 2, 0),
    "WebhookSubscription": (4, 3, 3),
}
OTHERS = (1, 1, 0)
"""A gate changes nothing, and is read."""


def budget_of(steps: Iterable[Step], log: EventLog, rules: RuleSet | None) -> tuple[Budget, ...]:
    """One budget per connection that has something to do, by name."""
    calls: dict[str, int] = {}
    for step in steps:
        connection = _connection(step)
        if connection:
            calls[connection] = calls.get(connection, 0) + _calls(step)
    found = []
    for connection, count in sorted(calls.items()):
        tier = _tier(log, connection)
        row = rules.tiers.get(tier) if rules is not None else None
        found.append(Budget(connection, count, None if row is None else row.ads_management_per_hour, tier))
    return tuple(found)


def _connection(step: Step) -> str:
    side = step.new or step.old
    value = side.inputs.get("connection") if side is not None and ":" not in step.kind else None
    return text_of(value) if isinstance(value, str) else ""


def _calls(step: Step) -> int:
    if step.kind == EXCLUSIVE:
        # Each holder is read, taken off and read back.
        taken = step.new.inputs.get("removes") if step.new is not None and step.op is not Op.SAME else None
        return 3 * len(taken) if isinstance(taken, list) else 0
    made, changed, gone = CALLS.get(step.kind, OTHERS)
    return {Op.CREATE: made, Op.IMPORT: 0, Op.DELETE: gone, Op.SAME: 0, Op.REPLACE: made + gone}.get(step.op, changed)


def _tier(log: EventLog, connection: str) -> str:
    """The tier that was seen, a word of the rule set; "" where nobody saw it."""
    value: Any = log.exports[1].get("tiers") if log.exports is not None else None
    for key in (connection, "observed"):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) and value is not UNKNOWN else ""


def quota_of(log: EventLog) -> tuple[Quota, ...]:
    """The quota of each business and role, as the stack exports it."""
    if log.exports is None:
        return ()
    before, after = (_table(side.get("quota")) for side in log.exports)
    found = []
    for business in sorted({*before, *after}):
        old, new = _table(before.get(business)), _table(after.get(business))
        for role in sorted({*old, *new}):
            was, will = _table(old.get(role)), _table(new.get(role))
            planned = will.get("planned")
            found.append(
                Quota(
                    text_of(business),
                    text_of(role),
                    len(texts(was.get("planned"))),
                    None if planned is UNKNOWN else len(texts(planned)),
                    _whole(will.get("limit", was.get("limit"))),
                )
            )
    return tuple(found)


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _whole(value: Any) -> int | None:
    # The engine's numbers are all floats; infinity is one to Python.
    return int(value) if isinstance(value, (int, float)) and float(value).is_integer() else None
