"""Businesses that a call makes: a person's own, a partner's children, the sellers of collaborative ads.

`POST` and `DELETE /{person-id}/businesses`, `GET`, `POST`, `DELETE /{business-id}/owned_businesses`, `POST` and
`DELETE /{business-id}/managed_partner_businesses`. Source:
https://developers.facebook.com/documentation/ads-commerce/marketing-api/reference/business/owned_businesses (updated
2025-08-18), …/managed_partner_businesses (2025-05-29) and the specification (of 2026-04-15), read 2026-12-01. What they
leave open is inferred: who is an admin of a new business, that a child stays when its parent gives it up, and what a
seller begins with. Surveys, lines of credit, and whose Page is shared are taken and have no effect.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from meta_emulator import business_acts
from meta_emulator.errors import GraphFault, bad_parameter
from meta_emulator.fields import Node, show
from meta_emulator.handlers.assets import asset_node
from meta_emulator.handlers.businesses import VERTICALS
from meta_emulator.node_types import BUSINESS, MANAGED_PARTNER
from meta_emulator.paging import page
from meta_emulator.surface import SDK, Param, Route, params
from meta_emulator.world import Asset, Business

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import Person


def make_own(call: GraphCall, person: Person) -> Any:
    """A person opens a business, and is its admin."""
    call.require_business_api()
    call.caller.require_scope("business_management")
    business = new_business(call)
    person.businesses[business.id] = "ADMIN"
    return {"id": business.id}


def leave(call: GraphCall, person: Person) -> Any:
    """A person leaves a business."""
    call.caller.require_scope("business_management")
    business_id = call.request.text("business") or ""
    if business_id not in person.businesses:
        raise bad_parameter("Param business must be a business that the person is in.")
    if business_acts.is_last_admin(call.world, person, business_id):
        message = "The last admin of a business cannot be removed or lose this role. Make somebody else an admin first."
        raise GraphFault(3914, f"(#3914) {message}", title=message)
    business_acts.remove_member(call.world, person, business_id)
    return {"success": True}


def list_children(call: GraphCall, business: Business) -> Any:
    call.require_business_api()
    call.caller.require_scope("business_management")
    wanted = call.request.text("child_business_external_id")
    found = [row for row in _children(call, business) if wanted in (None, row.external_id)]
    return page([Node(BUSINESS, {"id": row.id, "name": row.name}) for row in found], [row.id for row in found], call)


def make_child(call: GraphCall, business: Business) -> Any:
    _check_admin(call, business)
    return {"id": new_business(call, business.id).id}


def give_up_child(call: GraphCall, business: Business) -> Any:
    _check_admin(call, business)
    _child(call, business, "client_id", "id").parent_id = None
    return {"success": True}


def make_partner(call: GraphCall, business: Business) -> Any:
    """A seller: a business with a part of the catalog and, unless they are left out, an ad account and a Page."""
    _check_admin(call, business)
    catalog = call.world.asset(call.request.required("catalog_id"))
    if catalog is None or catalog[0] != "catalog" or catalog[1].business_id != business.id:
        raise bad_parameter("Param catalog_id must be a catalog that the business owns.")
    seller = new_business(call, business.id)
    segment = Asset(call.new_ids()[0], seller.name, seller.id)
    call.world.product_catalogs.append(segment)
    values: dict[str, Any] = {
        "catalog_segment": asset_node(call, "catalog", segment),
        "seller_business_info": {"id": seller.id, "name": seller.name},
        "seller_business_status": "ACTIVE",
    }
    if not call.request.flag("no_ad_account"):
        account = Asset(f"act_{call.new_ids()[0]}", seller.name, seller.id)
        call.world.ad_accounts.append(account)
        values["ad_account"] = asset_node(call, "ad_account", account)
    if not call.request.flag("skip_partner_page_creation"):
        made = Asset(call.new_ids()[0], call.request.text("page_name") or seller.name, seller.id)
        call.world.pages.append(made)
        values["page"] = asset_node(call, "page", made)
    return show(Node(MANAGED_PARTNER, values), call)


def give_up_partner(call: GraphCall, business: Business) -> Any:
    _check_admin(call, business)
    if call.request.text("child_business_id") is not None:
        child = _child(call, business, "child_business_id", "id")
    else:
        child = _child(call, business, "child_business_external_id", "external_id")
    child.parent_id = None
    return {"success": True}


def _check_admin(call: GraphCall, business: Business) -> None:
    call.require_business_api()
    call.caller.require_admin(business.id)


def _children(call: GraphCall, business: Business) -> list[Business]:
    return [row for row in call.world.businesses if row.parent_id == business.id]


def _child(call: GraphCall, business: Business, param: str, attribute: str) -> Business:
    wanted = call.request.required(param)
    found = next((row for row in _children(call, business) if getattr(row, attribute) == wanted), None)
    if found is None:
        raise bad_parameter(f"Param {param} must be of a business that this one owns.")
    return found


def new_business(call: GraphCall, parent_id: str | None = None) -> Business:
    """A business with the name and the vertical that a call gives."""
    name = call.request.required("name").strip()
    if not name:
        raise bad_parameter("Param name must be a non-empty string.")
    external_id = call.request.text("child_business_external_id")
    made = Business(call.new_ids()[0], name, created_time=call.now, parent_id=parent_id, external_id=external_id)
    made.vertical = call.request.required("vertical")
    made.timezone_id = int(call.request.text("timezone_id") or made.timezone_id)
    call.world.businesses.append(made)
    return made


PAGE = "marketing-api/reference/business"
EXTERNAL = params(string="child_business_external_id")
# What every new business is asked.
OFFERED = (
    Param("name"),
    Param("vertical", "enum", values=VERTICALS),
    *EXTERNAL,
    *params(string="sales_rep_email", int="survey_num_assets survey_num_people timezone_id"),
    Param("survey_business_type", "enum", values=("ADVERTISER", "AGENCY", "APP_DEVELOPER", "PUBLISHER")),
)
NEW = tuple(replace(one, required=one.name in ("name", "vertical")) for one in OFFERED)
SELLER = (
    *NEW,
    Param("catalog_id", "id", required=True),
    Param("seller_external_website_url", required=True),
    Param("seller_targeting_countries", "list<string>", required=True),
    Param("partition_type", "enum", values=("AUTH", "FIXED", "FIXED_WITHOUT_PARTITION")),
    *params(
        string="ad_account_currency page_name page_profile_image_url partner_facebook_page_url",
        int="credit_limit",
        id="line_of_credit_id",
        bool="no_ad_account skip_partner_page_creation",
        list_of_string="partner_registration_countries",
    ),
)
CHILD = (
    *NEW,
    *params(id="shared_page_id", bool="should_generate_name", list_of_string="page_permitted_tasks"),
)
PARTNERS = f"{PAGE}/managed_partner_businesses"
LEAVE = params(id="business")
GONE = (Param("client_id", "id", required=True),)
FOUND = (*EXTERNAL, *params(id="client_user_id"))

ROUTES = (
    Route(
        "POST",
        "person",
        "businesses",
        make_own,
        f"{SDK}User.json",
        "SDK",
        (*NEW, *params(string="email", id="primary_page")),
    ),
    Route("DELETE", "person", "businesses", leave, f"{SDK}User.json", "SDK", LEAVE),
    Route(
        "GET",
        "business",
        "owned_businesses",
        list_children,
        f"{PAGE}/owned_businesses",
        params=FOUND,
        returns=BUSINESS,
        many=True,
    ),
    Route("POST", "business", "owned_businesses", make_child, f"{PAGE}/owned_businesses", params=CHILD),
    Route("DELETE", "business", "owned_businesses", give_up_child, f"{PAGE}/owned_businesses", params=GONE),
    Route(
        "POST", "business", "managed_partner_businesses", make_partner, PARTNERS, params=SELLER, returns=MANAGED_PARTNER
    ),
    Route(
        "DELETE",
        "business",
        "managed_partner_businesses",
        give_up_partner,
        PARTNERS,
        params=(*EXTERNAL, *params(id="child_business_id")),
    ),
)
