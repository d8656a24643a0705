"""LeadAccess: whether a system user may download the leads of a Page. Only a person gives that, in Business settings.

A token with leads_retrieval reads no lead of a Page whose business has customized its Leads Access Manager without that
user: https://developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving. Read: GET
/{page-id}?fields=has_lead_access.user_id(...), https://developers.facebook.com/docs/graph-api/reference/has-lead-access/
(both Graph v26.0, read 2026-12-01), for which the connection's admin token needs leads_retrieval itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pulumi import Input, ResourceOptions

from meta_access import validation
from meta_access.errors import InvalidRequestError, NotFoundError, PermissionDeniedError
from meta_access.gates.status import NextStep, Observation
from meta_access.graph import lead_access
from meta_access.ids import parse_asset
from meta_access.providers._declaration import Evidence, GraphId, Rule
from meta_access.providers._gate import AS_DECLARED, GateProvider, GateResource, business_shown, place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.providers._deployment import Key
    from meta_access.providers._live import Live

PAGE = "page"


class LeadAccessProvider(GateProvider):
    kind = "lead access of a system user"
    identified_by = ("connection", "system_user_id", "page")
    own: ClassVar[Mapping[str, Any]] = {**GateProvider.own, "state": AS_DECLARED}
    declared = ("system_user_id", "page")
    link = "lead_access"

    def key(self, props: Mapping[str, Any]) -> Key:
        return (self.live(props).connection.business_id, props["system_user_id"], props["page"])

    def observe(self, props: Mapping[str, Any], live: Live) -> Observation:
        page, user = parse_asset(props["page"]), props["system_user_id"]
        try:
            found = lead_access.read(live.client, page.graph_id, user)
        except (PermissionDeniedError, NotFoundError, InvalidRequestError) as error:
            return Observation(
                None,
                reason=(
                    f"Meta does not show it to the admin token of connection {live.connection.name}, which needs "
                    f"leads_retrieval and the Page for that: {error}"
                ),
            )
        if found.allowed is None:
            return Observation(None, reason="Meta's answer does not say whether the user may download leads.")
        if found.allowed:
            return Observation(met=True, value="may download leads", source="graph")
        reason = f"System user {user} may not download leads of {page}.{_because(found)}"
        return Observation(met=False, value="may not download leads", source="graph", reason=reason)

    def step(self, props: Mapping[str, Any], live: Live, seen: Observation) -> NextStep:
        del seen
        return NextStep(
            what=(
                f"Give system user {props['system_user_id']} access to the leads of {props['page']}: an admin of the "
                "business does it, since Meta has no call for it. Where another business owns the Page, that one "
                "first gives it to ours, under Assign partners."
            ),
            **place(live, self.link),
            expect=business_shown(live),
        )

    def live_inputs(self, seen: Observation) -> dict[str, Any]:
        return {"state": seen.value}

    def farewell(self, outs: Mapping[str, Any]) -> str:
        return (
            f"System user {outs.get('system_user_id')} keeps the leads of {outs.get('page')} until a business admin "
            "takes them away, or its assignment to the Page ends."
        )


def _because(found: lead_access.LeadAccess) -> str:
    chosen = " Its business chose who may, and did not choose this user." if found.customized else ""
    return chosen + (f" Meta says: {found.why}" if found.why else "")


def _no_page(value: object) -> str | None:
    return validation.asset(value) or (
        None if parse_asset(str(value)).kind == PAGE else f"{value} is no Page; write page: and its id"
    )


class LeadAccess(GateResource, provider=LeadAccessProvider):
    """Access to the leads of a Page for a system user.

    Args:
        system_user_id: The user, by the id that the app sees.
        page: As an AssetAssignment names it: `page:…`.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        connection: Input[str],
        system_user_id: GraphId,
        page: Annotated[Input[str], Rule(_no_page)],
        evidence: Evidence | None = None,
        owner: Input[str] | None = "",
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(resource_name, locals(), opts)
