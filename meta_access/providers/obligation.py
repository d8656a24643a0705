"""Obligation: what Meta wants of the owner of an app from time to time, with a day and a person for it.

Data use checkup, access verification, app mode, the second factor and the rest are answered in dashboards. Of these
Graph shows the business's rule for a second factor alone (`two_factor_type`), so evidence tells about the others.
Source: https://developers.facebook.com/docs/graph-api/overview/access-levels (Graph v26.0, read 2026-11).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from pulumi import Input, ResourceOptions
from pulumi.dynamic import CheckFailure

from meta_access import validation
from meta_access.gates import deadline
from meta_access.gates.status import NextStep, Observation, Status
from meta_access.providers._boundary import say
from meta_access.providers._declaration import Evidence, Rule
from meta_access.providers._gate import GateProvider, GateResource, app_shown, business_shown, place
from meta_access.providers._values import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.providers._deployment import Key
    from meta_access.providers._live import Live

TWO_FACTOR = "two_factor"
_STRENGTH = ("none", "admin_required", "all_required")


class ObligationProvider(GateProvider):
    kind = "obligation"
    identified_by = ("connection", "kind")
    declared = ("kind", "value", "due")
    link = "obligations"

    def validate(self, olds: Mapping[str, Any], props: dict[str, Any]) -> list[CheckFailure]:
        del olds
        failures = []
        kind, value = props.get("kind"), props["value"]
        if not unknown(kind) and (why := validation.one_of(kind, self.live(props).rules.obligations)):
            failures.append(CheckFailure("kind", why))
        if (
            kind == TWO_FACTOR
            and not unknown(value)
            and value != "done"
            and (why := validation.one_of(value, _STRENGTH))
        ):
            failures.append(CheckFailure("value", why))
        return failures

    def key(self, props: Mapping[str, Any]) -> Key:
        connection = self.live(props).connection
        whose = connection.business_id if props["kind"] == TWO_FACTOR else connection.app_id
        return (whose, props["kind"])

    def look_ahead(self, olds: Mapping[str, Any], props: dict[str, Any]) -> None:
        super().look_ahead(olds, props)
        if unknown(props["due"]) or not props["due"]:
            return
        day, today = date.fromisoformat(props["due"]), self.live(props).now().date()
        state = deadline.in_words(day, today)
        if props.get("status") == Status.SATISFIED:
            state = f"met for {day}, which has passed; declare the next day" if day < today else ""
        if state:
            say(f"{self.kind} {props['label']}: {state}. Owner: {props['owner'] or 'nobody'}.")
        return

    def observe(self, props: Mapping[str, Any], live: Live) -> Observation:
        if props["kind"] != TWO_FACTOR:
            return Observation(None, reason=f"Graph does not show it: {self._about(props, live)}")
        seen = live.reads.business().two_factor_type
        if seen not in _STRENGTH:
            return Observation(None, reason="Meta did not say two_factor_type.")
        wanted = "admin_required" if props["value"] == "done" else props["value"]
        if _STRENGTH.index(seen) >= _STRENGTH.index(wanted):
            return Observation(met=True, value=seen, source="graph")
        return Observation(met=False, value=seen, source="graph", reason=f"Meta reports two_factor_type {seen}.")

    def step(self, props: Mapping[str, Any], live: Live, seen: Observation) -> NextStep:
        del seen
        business = props["kind"] == TWO_FACTOR
        by = f" It is due on {props['due']}." if props["due"] else ""
        return NextStep(
            what=f"{self._about(props, live)}{by}",
            **place(live, "two_factor" if business else self.link),
            expect=business_shown(live) if business else app_shown(live),
        )

    def live_inputs(self, seen: Observation) -> dict[str, Any]:
        return {"value": seen.value}

    def farewell(self, outs: Mapping[str, Any]) -> str:
        return f"Nobody is reminded of {outs.get('kind')} any more; Meta still wants it."

    def _about(self, props: Mapping[str, Any], live: Live) -> str:
        about = live.rules.obligations[props["kind"]].about
        declared = f" Declared: {props['value']}." if props["value"] != "done" else ""
        return f"{props['kind']}: {about}{declared}"


def _no_day(day: Any) -> str | None:
    try:
        date.fromisoformat(day)
    except (TypeError, ValueError):
        return f"{day!r} is no day; write it as 2027-03-01, in quotes."
    return None


class Obligation(GateResource, provider=ObligationProvider):
    """One duty of the app's, or the business's, owner.

    Args:
        kind: A row of the rule set's obligations: `app_mode`, `data_use_checkup`, `access_verification`,
            `require_app_secret`, `two_factor`, `restriction`, `data_protection_assessment`, `ongoing_review`.
        value: What must hold, where there is more than done and not done: `admin_required` or `all_required`, or the
            mode.
        due: The day, as `2027-03-01`; warned of from 60 days before.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        connection: Input[str],
        kind: Input[str],
        value: Input[str] | None = "done",
        due: Annotated[Input[str], Rule(_no_day)] | None = "",
        evidence: Evidence | None = None,
        owner: Input[str] | None = "",
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(resource_name, locals(), opts)
