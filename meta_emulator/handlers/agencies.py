"""The businesses that may use an asset of another one: `GET`, `POST` and `DELETE /{asset-id}/agencies`.

Source: https://developers.facebook.com/docs/marketing-api/reference/ad-account/agencies,
https://developers.facebook.com/docs/graph-api/reference/page/agencies and
https://developers.facebook.com/docs/business-management-apis/business-asset-management/guides/business-to-business,
Graph v26.0, read 2026-11. That a share made by somebody who manages the asset without being an admin of its owner waits
for one (`requires_admin_approval`) is inferred; texts are ours where the pages give a code only.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from meta_emulator import sharing
from meta_emulator.errors import GraphFault, bad_parameter, denied, not_one_of
from meta_emulator.fields import Node
from meta_emulator.node_types import BUSINESS
from meta_emulator.paging import page
from meta_emulator.surface import SDK, Param, Route, Tag, params
from meta_emulator.world import AssetRequest

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import Asset, AssetKind

ACCESS = {"access_status": "string", "access_requested_time": "datetime", "access_updated_time": "datetime"}
AGENCY = BUSINESS.row(*ACCESS, "permitted_tasks", **ACCESS, permitted_tasks="list<string>")
CONFIRMED, PENDING = "CONFIRMED", "PENDING"


def list_agencies(call: GraphCall, asset: Asset) -> Any:
    call.require_business_api()
    call.caller.require_scope("business_management")
    if asset.business_id not in call.caller.businesses:
        raise denied("Only the business that owns the object may see who else has access to it.")
    rows = [(row.business_id, CONFIRMED, row.permitted_tasks) for row in asset.shares]
    waiting = (row for row in call.world.asset_requests if (row.asset_id, row.kind) == (asset.id, "client"))
    rows += [(row.business_id, PENDING, row.permitted_tasks) for row in waiting]
    nodes, keys = [], []
    for business_id, status, tasks in rows:
        business = call.world.business(business_id)
        if business is not None:
            values = {"id": business.id, "name": business.name, "access_status": status, "permitted_tasks": tasks}
            nodes.append(Node(AGENCY, values))
            keys.append(f"{business.id} {status}")
    return page(nodes, keys, call)


def add_agency(kind: AssetKind, call: GraphCall, asset: Asset) -> Any:
    call.require_business_api()
    caller = call.caller
    caller.require_scope("business_management")
    if kind == "page" and call.strict and caller.page is None:
        # The guide says that this takes a Page's token, and shows it; users do it with an admin's, too.
        raise GraphFault(210, "(#210) A page access token is required to request this resource.")
    if asset.business_id is None or asset.business_id not in caller.businesses:
        raise denied("Only the business that owns the object may share it: an agency cannot share it any further.")
    agency_id, tasks = call.request.required("business"), permitted_tasks(kind, call)
    if call.world.business(agency_id) is None or agency_id == asset.business_id:
        raise bad_parameter("Param business must be another business than the owner of the object.")
    if caller.is_admin(asset.business_id):
        sharing.share(call.world, asset, agency_id, tasks)
        return {"success": True}
    if not manages(call, asset):
        raise denied("Requires the MANAGE task on the object, or an admin of the business that owns it.")
    ask(call, asset, agency_id, "client", tasks)
    return {"success": True, "requires_admin_approval": True}


def remove_agency(call: GraphCall, asset: Asset) -> Any:
    """End a share, or turn a request for one down. The owner or the agency itself may do that."""
    call.require_business_api()
    agency_id, caller = call.request.required("business"), call.caller
    if not (caller.is_admin(asset.business_id) or caller.is_admin(agency_id)):
        raise denied("Requires business_management permission to manage the object")
    caller.require_scope("business_management")
    request = sharing.pending(call.world, asset, agency_id)
    if all(row.business_id != agency_id for row in asset.shares) and request is None:
        raise bad_parameter("Param business must be an agency of the object.")
    sharing.withdraw(call.world, asset, agency_id)
    if request is not None:
        sharing.forget(call.world, request)
    return {"success": True}


def ask(call: GraphCall, asset: Asset, business_id: str, kind: Any, tasks: list[str]) -> None:
    """Send a request to the owner of an asset; a later one of the same business replaces the first."""
    before = sharing.pending(call.world, asset, business_id)
    if before is not None:
        sharing.forget(call.world, before)
    request_id, _ = call.new_ids()
    call.world.asset_requests.append(AssetRequest(request_id, asset.id, business_id, kind, tasks))


def manages(call: GraphCall, asset: Asset) -> bool:
    """Whether the caller decides on an asset: an admin of its owner, or somebody in it, or of none, with MANAGE."""
    caller, user = call.caller, call.caller.user or call.caller.person
    if user is None:
        return False
    if caller.is_admin(asset.business_id):
        return True
    if asset.business_id is not None and asset.business_id not in caller.businesses:
        return False
    ids = call.world.ids_of(user)
    rows = (row for row in call.world.assignments if row.asset_id == asset.id and row.user_id in ids)
    return any("MANAGE" in row.tasks for row in rows)


def permitted_tasks(kind: AssetKind, call: GraphCall) -> list[str]:
    """The tasks that an agency may hand out, with those below them."""
    rule, given = call.rules.task_enums[kind], call.request.texts("permitted_tasks") or []
    for index, task in enumerate(given):
        if task not in rule.allowed and not (kind == "page" and task.startswith("PROFILE_PLUS_")):
            raise not_one_of(f"permitted_tasks[{index}]", task, rule.allowed)
    if not given:
        raise bad_parameter("The parameter permitted_tasks is required")
    return sharing.with_implied(call.rules, kind, given)


PAGES: dict[AssetKind, tuple[str, Tag]] = {
    "ad_account": ("marketing-api/reference/ad-account/agencies", "documented"),
    "page": ("graph-api/reference/page/agencies", "documented"),
    "catalog": (f"{SDK}ProductCatalog.json", "SDK"),
    "pixel": ("marketing-api/business-asset-management/guides/business-pixel-sharing", "documented"),
    "instagram": (f"{SDK}InstagramBusinessAsset.json", "SDK"),
}
# Of collaborative ads; they have no effect here.
CATALOG_TERMS = (
    Param(
        "enabled_collab_terms",
        "list<enum>",
        values=("ENFORCE_CREATE_NEW_AD_ACCOUNT", "ENFORCE_SHARE_AD_PERFORMANCE_ACCESS"),
    ),
    Param("permitted_roles", "list<enum>", values=("ADMIN", "ADVERTISER")),
    *params(bool="skip_defaults", object="utm_settings"),
)
AGENCY_ID = Param("business", "id", required=True)
TASKS = Param("permitted_tasks", "list<string>", required=True)


def _routes(kind: AssetKind) -> tuple[Route, ...]:
    source, tag = PAGES[kind]
    change, more = partial(add_agency, kind), CATALOG_TERMS if kind == "catalog" else ()
    return (
        Route("GET", kind, "agencies", list_agencies, source, tag, returns=AGENCY, many=True),
        Route("POST", kind, "agencies", change, source, tag, params=(AGENCY_ID, TASKS, *more)),
        Route("DELETE", kind, "agencies", remove_agency, source, tag, params=(AGENCY_ID,)),
    )


ROUTES = tuple(route for kind in PAGES for route in _routes(kind))
