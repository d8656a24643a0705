"""The quota at preview: what the checks of this deployment plan, counted against one reading of what lives.

The reading is taken once and kept: an `up` creates while later checks still run, and a list read anew would count those
creates twice.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meta_access import quota
from meta_access.errors import ConfigError, MetaAccessError
from meta_access.providers._boundary import say
from meta_access.quota import Limit, LiveUser, PlannedUser

if TYPE_CHECKING:
    from meta_access.providers._live import Live


@dataclass(slots=True)
class UserPlan:
    """Planned system users by business. Thread-safe."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _planned: dict[str, dict[str, PlannedUser]] = field(default_factory=dict)
    _living: dict[str, tuple[LiveUser, ...]] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def add(self, business_id: str, place: str, user: PlannedUser) -> list[PlannedUser]:
        """Enter a planned user; answers all of the business. A repeated check replaces its own entry."""
        with self._lock:
            planned = self._planned.setdefault(business_id, {})
            planned[place] = user
            return list(planned.values())

    def living(self, live: Live) -> tuple[LiveUser, ...]:
        """System users of the business when they were first read."""
        business_id = live.connection.business_id
        with self._lock:
            if business_id not in self._living:
                self._living[business_id] = self._read(live)
            return self._living[business_id]

    def tell_once(self, text: str) -> None:
        with self._lock:
            new = text not in self._told
            self._told.add(text)
        if new:
            say(text)

    def _read(self, live: Live) -> tuple[LiveUser, ...]:
        if live.offline:
            say("quota: no call was made (META_ACCESS_OFFLINE=1), so the planned system users alone were counted.")
            return ()
        try:
            rows = live.snapshot.system_users()
        except ConfigError:
            raise
        except MetaAccessError as error:
            say(f"quota: the planned system users alone were counted, because the live ones could not be read: {error}")
            return ()
        return tuple(LiveUser(row.id, row.name, row.role) for row in rows)


USER_PLAN = UserPlan()
"""The one of this process."""


def refusal(live: Live, place: str, user: PlannedUser) -> str | None:
    """Enter a planned create; answers why it does not fit."""
    connection = live.connection
    planned = USER_PLAN.add(connection.business_id, place, user)
    living = USER_PLAN.living(live)
    limit = limit_of(live, user.role)
    found = quota.fit(user.role, limit, living, planned)
    business = f"{connection.business_name} ({connection.business_id})"
    if found.over_already:
        USER_PLAN.tell_once("warning: " + quota.warning(found, business=business))
    if limit.number is None:
        USER_PLAN.tell_once(f"quota of {found.role} system users was not checked: {limit.why}.")
    return None if found.fits else quota.refusal(found, business=business, higher=_higher(live, user.role))


def limit_of(live: Live, role: str) -> Limit:
    """How many users of a role the business may have: an override, else the rule set's number for the app's tier."""
    connection, rules, counted = live.connection, live.rules, quota.counted_as(role)
    if counted in connection.quota_overrides:
        return Limit(connection.quota_overrides[counted], "meta:quota_overrides")
    tier, source = _tier(live)
    number = rules.quota(tier, counted)
    if tier is None or number is None:
        return Limit(None, f"the access tier of app {connection.app_id} is neither observed nor declared")
    where = rules.sources[rules.tiers[tier].source]
    return Limit(number, f"tier {tier}, {source}; rules {rules.name}, published {rules.published}, {where}")


def _tier(live: Live) -> tuple[str | None, str]:
    try:
        header = None if live.offline else live.snapshot.tier_header()
    except ConfigError:
        raise
    except MetaAccessError:
        header = None
    observed = live.rules.tier_of_header(header) if header else None
    return (observed, "as Meta reports") if observed else (live.connection.tier, "as declared")


def _higher(live: Live, role: str) -> str:
    counted, tiers = quota.counted_as(role), live.rules.tiers
    tier, _ = _tier(live)
    if tier not in tiers:
        return ""
    here = tiers[tier].system_users.get(counted, 0)
    more = [(word, row.system_users[counted]) for word, row in tiers.items() if row.system_users.get(counted, 0) > here]
    return f"reach tier {more[0][0]}, which allows {more[0][1]}" if more else ""
