"""The quota of system users: who lives, what this plan adds, which retired slots it can take, what then fits.

Pure. Meta counts system users per business and role (ADMIN, all others), never deletes one, and shows no limit in
Graph: the numbers come from the dated rule set and the tier of the calling app.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

UNUSED = "unused "
"""How the name of a retired system user starts; a create of the same role takes its slot."""


@dataclass(frozen=True, slots=True)
class LiveUser:
    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class PlannedUser:
    """A system user this plan wants and the state does not hold yet."""

    name: str
    role: str
    adopt: str | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """How many users of a role a business may have, and where that is written. `number` None: unknown."""

    number: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Fit:
    """What the plan needs of one role.

    Attributes:
        live: Names of live users of the role, retired ones included: they occupy slots.
        new: Names of planned users that Meta must make.
        reused: Names of planned users that take a retired slot.
        needed: Users of the role after the plan.
    """

    role: str
    limit: Limit
    live: tuple[str, ...]
    new: tuple[str, ...]
    reused: tuple[str, ...]

    @property
    def needed(self) -> int:
        return len(self.live) + len(self.new)

    @property
    def fits(self) -> bool:
        return not self.new or self.limit.number is None or self.needed <= self.limit.number

    @property
    def over_already(self) -> bool:
        return self.limit.number is not None and len(self.live) > self.limit.number


def counted_as(role: str) -> str:
    """Meta has one number for admin system users and one for all other roles."""
    return "ADMIN" if role.upper() == "ADMIN" else "EMPLOYEE"


def is_retired(name: str) -> bool:
    return name.startswith(UNUSED)


def fit(role: str, limit: Limit, live: Sequence[LiveUser], planned: Sequence[PlannedUser]) -> Fit:
    """Count one role. A planned user that lives already (adopted, or our own lost create) needs no slot."""
    counted = counted_as(role)
    here = [user for user in live if counted_as(user.role) == counted]
    taken_ids = {user.adopt for user in planned if user.adopt}
    names = {user.name for user in here}
    wanted = [
        user.name for user in planned if counted_as(user.role) == counted and not user.adopt and user.name not in names
    ]
    free = [user for user in here if is_retired(user.name) and user.id not in taken_ids]
    reused = min(len(free), len(wanted))
    return Fit(
        role=counted,
        limit=limit,
        live=tuple(user.name for user in here),
        new=tuple(wanted[reused:]),
        reused=tuple(wanted[:reused]),
    )


def refusal(found: Fit, *, business: str, higher: str = "") -> str:
    """Why the plan does not fit, and the ways out. `higher` says what a higher tier would allow."""
    ways = [
        "adopt an existing user by its id (`adopt`)",
        "take a user that is not needed out of the stack and `pulumi up`: the next create takes its slot",
        "state another limit under meta:quota_overrides, with reason and date",
    ]
    return (
        f"{_users(len(found.new), found.role)} ({', '.join(found.new)}) cannot be created in business {business}: "
        f"{_has(found)}, so that {found.needed} would be needed, and the limit is {found.limit.number} "
        f"({found.limit.why}). Ways out: {'; '.join(([higher] if higher else []) + ways)}."
    )


def warning(found: Fit, *, business: str) -> str:
    """For a business that is over the limit without any create of ours: nothing is stopped by that."""
    return (
        f"business {business} has {_users(len(found.live), found.role)} ({', '.join(found.live)}), more than the limit "
        f"of {found.limit.number} ({found.limit.why}). Nothing is changed; a create of that role would be refused."
    )


def _has(found: Fit) -> str:
    if not found.live:
        return "it has none of that role yet"
    taken = f", of which {len(found.reused)} retired will be taken again" if found.reused else ""
    return f"it has {len(found.live)} of that role ({', '.join(found.live)}){taken}"


def _users(count: int, role: str) -> str:
    kind = "admin system user" if role == "ADMIN" else "system user"
    return f"{count} {kind}" + ("" if count == 1 else "s")
