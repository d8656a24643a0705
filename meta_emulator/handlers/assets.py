"""Assets as nodes: `GET /{ad-account-id}`, `/{page-id}`, `/{catalog-id}`, `/{pixel-id}`, WhatsApp and Instagram assets.

Source: https://developers.facebook.com/docs/marketing-api/reference/ad-account and the pages of the other kinds, Graph
v26.0, read 2026-11. Only what tells assets apart; campaigns, events and messages are not emulated. The permissions that
pixels and Instagram assets ask for are inferred from those that the permissions' page lists for them.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from meta_emulator import holdings, levels, minting
from meta_emulator.errors import GraphFault, bad_parameter, denied
from meta_emulator.fields import Node, show
from meta_emulator.node_types import AD_ACCOUNT, BUSINESS, CATALOG, INSTAGRAM, PAGE, PIXEL, WABA
from meta_emulator.surface import SDK, NodeType, Param, Route, Tag, params
from meta_emulator.world import derived_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_emulator.call import GraphCall
    from meta_emulator.world import Asset, AssetKind, Person, SystemUser

TYPES: dict[AssetKind, NodeType] = {
    "ad_account": AD_ACCOUNT,
    "page": PAGE,
    "catalog": CATALOG,
    "pixel": PIXEL,
    "waba": WABA,
    "instagram": INSTAGRAM,
}
# One of these is enough.
SCOPES: dict[AssetKind, tuple[str, ...]] = {
    "ad_account": ("ads_read", "ads_management", "business_management"),
    "page": ("pages_read_engagement", "pages_show_list", "pages_manage_metadata", "pages_manage_ads"),
    "catalog": ("catalog_management",),
    "pixel": ("ads_management", "ads_read", "business_management"),
    "waba": ("whatsapp_business_management",),
    "instagram": ("instagram_basic", "business_management"),
}
# As users report it.
LEADS = "leads_retrieval"
PAGE_NOT_GRANTED = (
    "(#10) This endpoint requires the 'pages_read_engagement' permission or the 'Page Public Content Access' feature."
)
NOT_GRANTED = (
    "Ad account owner has NOT grant ads_management or ads_read permission, refer to "
    "https://developers.facebook.com/docs/marketing-api/get-started/authorization/#permissions-and-features "
    "for details."
)


def asset_node(call: GraphCall, kind: AssetKind, asset: Asset) -> Node:
    owner = call.world.business(asset.business_id or "")
    business = None if owner is None else Node(BUSINESS, {"id": owner.id, "name": owner.name})
    # Each type shows those of the three that it has.
    values: dict[str, Any] = {"id": asset.id, "name": asset.name, "business": business, "owner_business": business}
    if owner is not None:
        values["owner_business_info"] = {"id": owner.id, "name": owner.name}
        values["business_verification_status"] = owner.verification_status
    if kind == "page":
        values["access_token"] = partial(page_token, call, asset)
        values["has_lead_access"] = partial(lead_access, call, asset)
    return Node(TYPES[kind], {**values, **_own_values(kind, asset)})


def _own_values(kind: AssetKind, asset: Asset) -> dict[str, Any]:
    """What only this kind of asset has to show; much of it is the same for all, since the world does not keep it."""
    if kind == "ad_account":
        number = asset.id.removeprefix("act_")
        values = {"account_id": number, "account_status": 1, "disable_reason": 0, "currency": "EUR"}
        return {**values, "timezone_name": "Europe/Berlin"}
    if kind == "page":
        return {"category": "Advertising/Marketing"}
    if kind == "catalog":
        return {"product_count": 0, "vertical": "commerce"}
    if kind == "pixel":
        return {"is_created_by_business": True, "is_unavailable": False}
    if kind == "waba":
        namespace = derived_id("", "message templates", asset.id)
        values = {"currency": "EUR", "timezone_id": "47", "message_template_namespace": namespace}
        return {**values, "account_review_status": "APPROVED", "ownership_type": "SELF"}
    username = re.sub(r"[^a-z0-9]+", ".", asset.name.lower()).strip(".")
    return {"ig_user_id": derived_id("17841400", asset.id), "ig_username": username}


def reaches(call: GraphCall, kind: AssetKind, asset: Asset) -> bool:
    """Whether the caller reaches an asset: has tasks on it, or is an admin of a business that has it."""
    caller, user = call.caller, call.caller.user or call.caller.person
    having = (b for b in caller.businesses if call.world.permitted_tasks(asset, b) is not None)
    if user is None or any(caller.is_admin(business_id) for business_id in having):
        return True
    return holdings.of_user(call.world, call.rules, kind, asset, user) is not None


def require_use(kind: AssetKind, call: GraphCall, asset: Asset) -> None:
    """GraphFault unless the caller may read an asset: the app's tier, tasks or an admin's role, and a permission."""
    levels.check_tier(call, kind, asset)
    if not reaches(call, kind, asset):
        raise _not_assigned(kind)
    if not levels.permits(call, kind, asset, *SCOPES[kind]):
        raise _not_permitted(kind)


def get_asset(kind: AssetKind, call: GraphCall, asset: Asset) -> Any:
    require_use(kind, call, asset)
    return show(asset_node(call, kind, asset), call)


def page_tasks(call: GraphCall, holder: Person | SystemUser, page: Asset) -> list[str] | None:
    """What somebody may do on a Page: what was assigned, all for an admin of its business, None for nothing."""
    held = holdings.of_user(call.world, call.rules, "page", page, holder)
    if held is not None:
        return held
    return list(call.rules.task_enums["page"].allowed) if call.caller.is_admin(page.business_id) else None


def page_token(call: GraphCall, page: Asset, params: Mapping[str, str]) -> str | None:
    """The token of a Page for the caller, made when it is asked for.

    Source: https://developers.facebook.com/docs/graph-api/reference/page, read 2026-11: shown to users with a role on
    the Page. Which permission that takes is inferred from those of the Page itself. A Page's token is shown itself.
    """
    del params
    caller = call.caller
    holder = caller.user or caller.person
    if caller.page is not None:
        return caller.value if caller.page.id == page.id else None
    if caller.token is None or holder is None or not caller.holds(*SCOPES["page"]):
        return None
    if page_tasks(call, holder, page) is None:
        return None
    call.changed()
    return minting.page_token(call.world, caller.value, caller.token, page, call.now)


def lead_access(call: GraphCall, page: Asset, params: Mapping[str, str]) -> dict[str, Any]:
    """Whether a user may download the Page's leads, by its Leads Access Manager; only a person changes it.

    Source: https://developers.facebook.com/docs/graph-api/reference/has-lead-access/, read 2026-12-01. While nobody
    customized the manager, all admins of the Page may. Its reasons and remedies are in our own words, and what it says
    of an app is whether the caller's token, or App Review, has leads_retrieval for it.
    """
    call.caller.require_scope(LEADS)
    who = params.get("user_id", "")
    user = call.system_user(who) or call.world.human(who)
    if user is None:
        raise bad_parameter("Param user_id must be the id of a user.")
    may = holdings.has_leads(call.world, call.rules, page, user)
    found: dict[str, Any] = {
        "page_id": page.id,
        "user_id": who,
        "is_page_admin": "MANAGE" in (holdings.of_user(call.world, call.rules, "page", page, user) or ()),
        "enabled_lead_access_manager": any(row.page_id == page.id for row in call.world.lead_access),
        "user_has_leads_permission": may,
    }
    app_may = True
    if "app_id" in params:
        app = call.world.app(params["app_id"])
        app_may = app is not None and (app.id == call.caller.app.id or app.permissions.get(LEADS) == "live")
        found["app_has_leads_permission"] = app_may
    found["can_access_lead"] = may and app_may
    if not found["can_access_lead"]:
        found["failure_reason"] = "The user or the app has no access to the leads of this Page."
        found["failure_resolution"] = "Ask an admin of the business to give it in the Leads Access Manager."
    return found


def _not_assigned(kind: AssetKind) -> GraphFault:
    if kind == "ad_account":
        return denied(NOT_GRANTED)
    if kind == "page":
        return GraphFault(10, "(#10) The Page is not assigned to the system user.", subcode=1341012)
    return _not_permitted(kind)


def _not_permitted(kind: AssetKind) -> GraphFault:
    if kind == "ad_account":
        return denied(NOT_GRANTED)
    if kind == "page":
        return GraphFault(10, PAGE_NOT_GRANTED)
    return denied(f"Requires {SCOPES[kind][0]} permission to manage the object")


PAGES: dict[AssetKind, tuple[str, Tag]] = {
    "ad_account": ("marketing-api/reference/ad-account", "documented"),
    "page": ("graph-api/reference/page", "documented"),
    "catalog": ("marketing-api/reference/product-catalog", "documented"),
    "pixel": ("marketing-api/reference/ads-pixel", "documented"),
    "waba": ("graph-api/reference/whats-app-business-account", "documented"),
    "instagram": (f"{SDK}InstagramBusinessAsset.json", "SDK"),
}

USE_CASES = (
    "AFFILIATE_SELLER_STOREFRONT", "AFFILIATE_TAGGED_ONLY_DEPRECATED", "COLLAB_ADS",
    "COLLAB_ADS_FOR_MARKETPLACE_PARTNER", "COLLAB_ADS_SEGMENT_WITHOUT_SEGMENT_SYNCING", "DIGITAL_CIRCULARS",
    "FB_LIVE_SHOPPING", "IG_SHOPPING", "IG_SHOPPING_SUGGESTED_PRODUCTS", "MARKETPLACE_SHOPS", "TEST",
)  # fmt: skip
# What the specification takes besides `fields`; it chooses what the world does not keep.
MORE: dict[AssetKind, tuple[Param, ...]] = {
    "page": params(string="account_linking_token"),
    "catalog": (Param("segment_use_cases", "list<enum>", values=USE_CASES),),
}

ROUTES = tuple(
    Route("GET", kind, "", partial(get_asset, kind), page, tag, MORE.get(kind, ()), TYPES[kind])
    for kind, (page, tag) in PAGES.items()
)
