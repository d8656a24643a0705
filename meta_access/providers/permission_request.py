"""PermissionRequest: a permission of the app at an access level. Levels are changed in the dashboard, by App Review.

Read: GET /{app-id}/permissions, which lists review-approved ones only and knows no level. Standard access comes by
itself to business apps (https://developers.facebook.com/docs/graph-api/overview/access-levels, read 2026-11), for
people with a role on the app or on the business that claimed it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pulumi import Input, ResourceOptions
from pulumi.dynamic import CheckFailure

from meta_access import validation
from meta_access.gates.status import NextStep, Observation
from meta_access.providers._declaration import Evidence, one_of
from meta_access.providers._gate import GateProvider, GateResource, app_shown, place
from meta_access.providers._values import unknown
from meta_access.rules.permissions import elsewhere

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.providers._deployment import Key
    from meta_access.providers._live import Live

STANDARD = "standard"
LEVELS = (STANDARD, "advanced")
APPROVED = "live"
"""Meta's word for a permission that passed App Review."""


class PermissionRequestProvider(GateProvider):
    kind = "permission request"
    identified_by = ("connection", "permission")
    declared = ("permission", "level")
    link = "permissions"

    def validate(self, olds: Mapping[str, Any], props: dict[str, Any]) -> list[CheckFailure]:
        del olds
        rules, name = self.live(props).rules, props.get("permission")
        if isinstance(name, str) and not unknown(name) and (other := elsewhere(rules, name)):
            return [CheckFailure("permission", " ".join(other))]
        why = None if unknown(name) else validation.one_of(name, sorted(rules.permissions))
        return [CheckFailure("permission", why)] if why else []

    def key(self, props: Mapping[str, Any]) -> Key:
        return (self.live(props).connection.app_id, props["permission"])

    def by_rule(self, props: Mapping[str, Any], live: Live) -> Observation | None:
        if props["level"] != STANDARD:
            return None
        return Observation(met=True, value=STANDARD, source="rule", reason=f"rules {live.rules.name}")

    def observe(self, props: Mapping[str, Any], live: Live) -> Observation:
        permission = props["permission"]
        status = live.reads.app_permissions().get(permission)
        if status == APPROVED:
            return Observation(met=True, value=props["level"], source="graph")
        seen = f"lists {permission} as {status}" if status else f"does not list {permission}"
        reason = f"Meta {seen} among the permissions that passed App Review."
        return Observation(met=False, value=STANDARD, source="graph", reason=reason)

    def step(self, props: Mapping[str, Any], live: Live, seen: Observation) -> NextStep:
        del seen
        name, rules = props["permission"], live.rules
        needs = [other for other in rules.with_dependencies([name]) if other != name]
        along = f" It depends on {', '.join(needs)}, which must be requested along with it." if needs else ""
        return NextStep(
            what=f"Request {props['level']} access to {name} and submit it to App Review.{along}",
            **place(live, self.link),
            expect=app_shown(live),
            paste=f"Our app uses {name} for: {rules.permissions[name].about}",
            wait=f"Wait for Meta's review of {name}; answer its questions in the dashboard.",
        )

    def live_inputs(self, seen: Observation) -> dict[str, Any]:
        return {"level": seen.value}

    def farewell(self, outs: Mapping[str, Any]) -> str:
        if outs.get("level") == STANDARD:
            return "Nothing is left to do: standard access has no entry at Meta."
        return f"At Meta {outs.get('permission')} keeps its access level until an app admin lowers it."


class PermissionRequest(GateResource, provider=PermissionRequestProvider):
    """One permission of the app.

    Args:
        permission: Meta's name of it, of the rule set in use.
        level: `standard` or `advanced`.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        connection: Input[str],
        permission: Input[str],
        level: Annotated[Input[str], one_of(LEVELS)] | None = STANDARD,
        evidence: Evidence | None = None,
        owner: Input[str] | None = "",
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(resource_name, locals(), opts)
