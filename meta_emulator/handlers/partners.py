"""The other businesses that a business works with: `GET` and `DELETE /{business-id}/agencies` and `clients`.

An agency uses assets of the business; a client lets the business use its own. Source:
https://developers.facebook.com/docs/marketing-api/reference/business/agencies, …/clients and
https://developers.facebook.com/docs/business-management-apis/business-asset-management/guides/business-to-business,
Graph v26.0, read 2026-11.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from meta_emulator import sharing
from meta_emulator.errors import bad_parameter
from meta_emulator.fields import Node
from meta_emulator.handlers.agencies import CONFIRMED, PENDING
from meta_emulator.node_types import BUSINESS
from meta_emulator.paging import page
from meta_emulator.surface import SDK, Param, Route, Tag

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import Asset, AssetKind, Business

Side = Literal["agencies", "clients"]
LISTS: dict[AssetKind, str] = {
    "ad_account": "adaccount_permissions",
    "page": "page_permissions",
    "catalog": "productcatalog_permissions",
}
PARTNER = BUSINESS.row(*LISTS.values(), **dict.fromkeys(LISTS.values(), "list<object>"))


def list_partners(side: Side, call: GraphCall, business: Business) -> Any:
    call.require_business_api()
    call.caller.require_scope("business_management")
    nodes, keys = [], []
    for partner in call.world.businesses:
        owner, agency = _roles(side, business, partner)
        shown = _permissions(call, owner, agency)
        if shown or _shared(call, owner, agency) or agency.id in owner.agencies:
            nodes.append(Node(PARTNER, {"id": partner.id, "name": partner.name, **shown}))
            keys.append(partner.id)
    return page(nodes, keys, call)


def remove_partner(side: Side, call: GraphCall, business: Business) -> Any:
    """End all that is shared with an agency, or all that a client shares."""
    call.require_business_api()
    call.caller.require_admin(business.id)
    partner = call.world.business(call.request.required("business"))
    owner, agency = (None, None) if partner is None else _roles(side, business, partner)
    shared = [] if owner is None or agency is None else _shared(call, owner, agency)
    if owner is None or agency is None or not (shared or agency.id in owner.agencies):
        raise bad_parameter(f"Param business must be one of the {side} of the business.")
    for _, asset in shared:
        sharing.withdraw(call.world, asset, agency.id)
    owner.agencies = [business_id for business_id in owner.agencies if business_id != agency.id]
    return {"success": True}


def _roles(side: Side, business: Business, partner: Business) -> tuple[Business, Business]:
    """The owner and the agency of the two."""
    return (business, partner) if side == "agencies" else (partner, business)


def _shared(call: GraphCall, owner: Business, agency: Business) -> list[tuple[AssetKind, Asset]]:
    return [
        (kind, asset)
        for kind, asset in call.world.assets()
        if asset.business_id == owner.id and any(row.business_id == agency.id for row in asset.shares)
    ]


def _permissions(call: GraphCall, owner: Business, agency: Business) -> dict[str, list[dict[str, Any]]]:
    """What an agency may do, and what it asks for, by the name of the list: Meta has one for some kinds only."""
    found: dict[str, list[dict[str, Any]]] = {}
    rows = [
        (kind, asset, CONFIRMED, call.world.permitted_tasks(asset, agency.id))
        for kind, asset in _shared(call, owner, agency)
    ]
    for request in call.world.asset_requests:
        asked = call.world.asset(request.asset_id)
        if (request.business_id, request.kind) == (agency.id, "client") and asked is not None:
            rows.append((*asked, PENDING, request.permitted_tasks))
    for kind, asset, status, tasks in rows:
        if kind in LISTS and asset.business_id == owner.id:
            row = {"id": asset.id, "access_status": status, "permitted_tasks": tasks}
            found.setdefault(LISTS[kind], []).append(row)
    return found


def _routes(side: Side, source: str, end_source: str, end_tag: Tag) -> tuple[Route, ...]:
    listed, removed = partial(list_partners, side), partial(remove_partner, side)
    one = (Param("business", "id", required=True),)
    return (
        Route("GET", "business", side, listed, source, returns=PARTNER, many=True),
        Route("DELETE", "business", side, removed, end_source, end_tag, one),
    )


AGENCIES = "marketing-api/reference/business/agencies"
B2B = "business-management-apis/business-asset-management/guides/business-to-business"

ROUTES = (
    *_routes("agencies", AGENCIES, AGENCIES, "documented"),
    *_routes("clients", B2B, f"{SDK}Business.json", "SDK"),
)
