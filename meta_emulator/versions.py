"""Which Graph version serves a call, by the dates of the rule set.

An expired version is served by the oldest usable one; the Marketing API gives ninety days and then refuses.
Source: https://developers.facebook.com/docs/graph-api/guides/versioning, read 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from meta_access.rules import version_number
from meta_emulator.errors import GraphFault, unknown_path

if TYPE_CHECKING:
    from datetime import date

    from meta_access.rules import RuleSet
    from meta_emulator.request import GraphRequest

GRACE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Served:
    """The version that serves a call; `warning` is the header Meta adds when it is not the one asked for."""

    version: str
    warning: str | None = None


def served(request: GraphRequest, rules: RuleSet, today: date, setting: str | None = None) -> Served:
    """The version for a Graph call; GraphFault for one that never was.

    Args:
        request: Its version decides, where it has one.
        rules: For the dates of the versions.
        today: On the emulator's clock.
        setting: The version that the calling app has set for calls without one; the newest usable when it has not.
    """
    named = request.version or setting
    row = rules.api_versions.get(named or "")
    if named is not None and row is not None and (row.graph_ends is None or today < row.graph_ends):
        return Served(named)  # nearly every call
    usable = sorted(
        (name for name, row in rules.api_versions.items() if row.graph_ends is None or today < row.graph_ends),
        key=version_number,
    )
    asked = named or usable[-1]
    if asked == usable[-1]:
        return Served(asked)
    if version_number(asked) > version_number(usable[0]):
        raise unknown_path("/".join(request.path))
    return Served(usable[0])


def served_marketing(graph: Served, request: GraphRequest, rules: RuleSet, today: date, *, strict: bool) -> Served:
    """The version for a Marketing API call, whose versions end sooner than that of Graph which would serve it.

    Meta's pages say that unversioned calls fail there and that Graph's are served; lenient serves them.
    """
    newest = max(rules.api_versions, key=version_number)
    if request.version is None and strict:
        raise _deprecated(newest)
    ended = _ended(graph.version, rules, today)
    if ended is None:
        return graph
    usable = [name for name in rules.api_versions if _ended(name, rules, today) is None]
    if not usable or today >= ended + GRACE:
        raise _deprecated(newest)
    oldest = min(usable, key=version_number)
    return Served(oldest, f"The call has been auto-upgraded to {oldest} as {graph.version} has been deprecated.")


def _ended(version: str, rules: RuleSet, today: date) -> date | None:
    """The day the version left the Marketing API; None while it has not. Old versions end with newer ones at last."""
    number = version_number(version)
    ends = [row.marketing_ends for name, row in rules.api_versions.items() if version_number(name) >= number]
    end = min((day for day in ends if day is not None), default=None)
    return end if end is not None and today >= end else None


def _deprecated(newest: str) -> GraphFault:
    return GraphFault(
        2635,
        f"(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: {newest}.",
    )
