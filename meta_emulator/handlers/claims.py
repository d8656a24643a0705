"""Ad accounts and Pages that a business takes over, asks for, or gives up.

`POST /{business-id}/owned_ad_accounts`, `owned_pages` (claim), `client_ad_accounts`, `client_pages` (ask an owner for
the use), `DELETE /{business-id}/ad_accounts`, `pages` (give up), and the lists of what waits: `pending_client_…`,
`pending_owned_…`. Source, below https://developers.facebook.com/docs/: business-management-apis/
business-asset-management/guides/ad-accounts, …/pages and …/business-to-business, and the edges under
marketing-api/reference/business, Graph v26.0, read 2026-11. Giving up what is only asked for takes the request back;
that is inferred.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from meta_emulator import sharing
from meta_emulator.errors import GraphFault, bad_parameter, denied
from meta_emulator.fields import Node
from meta_emulator.handlers.agencies import CONFIRMED, PENDING, ask, manages, permitted_tasks
from meta_emulator.handlers.assets import asset_node
from meta_emulator.node_types import AD_ACCOUNT_REQUEST, PAGE_REQUEST
from meta_emulator.paging import page
from meta_emulator.surface import SDK, NodeType, Param, Route, Tag, params

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import Asset, AssetKind, Business

Side = Literal["client", "owned"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of asset that is claimed: the parameter that names one, the ends of its edges, its request."""

    kind: AssetKind
    param: str
    edge: str
    noun: str
    request: NodeType
    field: str


KINDS = (
    Kind("ad_account", "adaccount_id", "ad_accounts", "ad account", AD_ACCOUNT_REQUEST, "ad_account"),
    Kind("page", "page_id", "pages", "Page", PAGE_REQUEST, "page"),
)


def has_access() -> GraphFault:
    message = "Your Business Manager already has access to this object."
    return GraphFault(3944, f"(#3944) {message}", title=message)


def claim(kind: Kind, call: GraphCall, business: Business) -> Any:
    """Become the owner: at once for those who manage the asset, else the people of an ad account are asked."""
    asset = _named(kind, call, business)
    if asset.business_id == business.id:
        raise has_access()
    if manages(call, asset):
        sharing.hand_over(call.world, asset, business.id)
        return {"access_status": CONFIRMED}
    if kind.kind == "page":
        raise denied("Requires the MANAGE task on the Page; unlike those of an ad account, its admins are not asked.")
    _not_asked_yet(kind, call, business, asset, "owned")
    ask(call, asset, business.id, "owned", [])
    return {"access_status": PENDING}


def request_use(kind: Kind, call: GraphCall, business: Business) -> Any:
    """Ask to use an asset as an agency: granted at once to those who manage it, else its owner decides."""
    asset, tasks = _named(kind, call, business), permitted_tasks(kind.kind, call)
    if asset.business_id is None:
        raise bad_parameter(f"Param {kind.param} must be of an object that a business owns.")
    permitted = call.world.permitted_tasks(asset, business.id)
    if permitted is not None and (not permitted or set(tasks) <= set(permitted)):
        raise has_access()
    if manages(call, asset):
        sharing.share(call.world, asset, business.id, tasks)
        return {"access_status": CONFIRMED}
    _not_asked_yet(kind, call, business, asset, "client")
    ask(call, asset, business.id, "client", tasks)
    return {"access_status": PENDING}


def give_up(kind: Kind, call: GraphCall, business: Business) -> Any:
    asset = _named(kind, call, business)
    request = sharing.pending(call.world, asset, business.id)
    if asset.business_id == business.id:
        sharing.release(call.world, asset)
    elif call.world.permitted_tasks(asset, business.id) is not None:
        sharing.withdraw(call.world, asset, business.id)
    elif request is None and kind.kind == "page":
        raise GraphFault(3996, "(#3996) The page does not belong to this Business Manager.")
    elif request is None:
        raise bad_parameter(f"Param {kind.param} must be of an object that the business has access to.")
    if request is not None:
        sharing.forget(call.world, request)
    return {"success": True}


def list_pending(kind: Kind, side: Side, call: GraphCall, business: Business) -> Any:
    call.require_business_api()
    call.caller.require_scope("business_management")
    nodes, keys = [], []
    for row in call.world.asset_requests:
        found = call.world.asset(row.asset_id)
        if (row.business_id, row.kind) == (business.id, side) and found is not None and found[0] == kind.kind:
            values = {"id": row.id, kind.field: asset_node(call, *found), "permitted_tasks": row.permitted_tasks}
            nodes.append(Node(_row(kind), values))
            keys.append(row.id)
    return page(nodes, keys, call)


def _row(kind: Kind) -> NodeType:
    return kind.request.row(permitted_tasks="list<string>")


def _named(kind: Kind, call: GraphCall, business: Business) -> Asset:
    """The asset that the call is about, once the caller may make it."""
    call.require_business_api()
    call.caller.require_admin(business.id)
    found = call.world.asset(call.request.required(kind.param))
    if found is None or found[0] != kind.kind:
        raise bad_parameter(f"Param {kind.param} must be the id of an existing {kind.noun}.")
    return found[1]


def _not_asked_yet(kind: Kind, call: GraphCall, business: Business, asset: Asset, side: Side) -> None:
    before = sharing.pending(call.world, asset, business.id)
    if before is not None and before.kind == side:
        # The page words it for claims of ad accounts.
        message = (
            f"You've already tried to claim this {kind.noun}. You'll see a notification if your request is accepted."
        )
        raise GraphFault(3936, f"(#3936) {message}", title=message)


BUSINESS_PAGE = "marketing-api/reference/business"
GUIDES = "business-management-apis/business-asset-management/guides"
SPEC = f"{SDK}Business.json"
TASKS = Param("permitted_tasks", "list<string>", required=True)
# What the specification lists besides the id; they have no effect here.
MORE = {"page": params(string="code entry_point")}
# Of each kind: where claiming and giving up stand.
CLAIMED = {"ad_account": f"{BUSINESS_PAGE}/owned_ad_accounts", "page": f"{GUIDES}/pages"}
GIVEN_UP: dict[str, tuple[str, Tag]] = {"ad_account": (SPEC, "SDK"), "page": (f"{BUSINESS_PAGE}/pages", "documented")}


def _routes(kind: Kind) -> tuple[Route, ...]:
    owned, client, gone = partial(claim, kind), partial(request_use, kind), partial(give_up, kind)
    one, more = Param(kind.param, "id", required=True), MORE.get(kind.kind, ())
    gone_page, gone_tag = GIVEN_UP[kind.kind]
    b2b, claimed = f"{GUIDES}/business-to-business", CLAIMED[kind.kind]
    return (
        Route("POST", "business", f"owned_{kind.edge}", owned, claimed, params=(one, *more)),
        Route("POST", "business", f"client_{kind.edge}", client, b2b, params=(one, TASKS)),
        Route("DELETE", "business", kind.edge, gone, gone_page, gone_tag, (one,)),
        _pending(kind, "client", f"{BUSINESS_PAGE}/pending_client_{kind.edge}", "documented"),
        _pending(kind, "owned", SPEC, "SDK"),
    )


def _pending(kind: Kind, side: Side, source: str, tag: Tag) -> Route:
    edge, listed = f"pending_{side}_{kind.edge}", partial(list_pending, kind, side)
    return Route("GET", "business", edge, listed, source, tag, returns=_row(kind), many=True)


ROUTES = tuple(route for kind in KINDS for route in _routes(kind))
