"""What somebody has, from any giver: `GET /me/adaccounts`, `personal_ad_accounts`, `business_users`, `ids_for_…`.

Source: https://developers.facebook.com/docs/marketing-api/reference (a person's ad accounts),
https://developers.facebook.com/docs/graph-api/reference/user/business_users and the specification (User.json, of
2026-04-15), read 2026-12-01. The pages are about people; users report that a system user's token is answered alike.
Which permission `adaccounts` takes is inferred from those of an ad account, and its refusal is ours; that an admin sees
the ad accounts of the business is inferred from `accounts`. Which apps `ids_for_…` lists (those of the calling app's
business that the person uses) is inferred, too.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from meta_emulator import holdings
from meta_emulator.errors import bad_parameter
from meta_emulator.fields import Node
from meta_emulator.handlers.apps import app_node
from meta_emulator.handlers.assets import asset_node
from meta_emulator.handlers.business_users import user_node
from meta_emulator.node_types import AD_ACCOUNT, BUSINESS_USER, USER_ID_FOR_APP
from meta_emulator.paging import page
from meta_emulator.surface import SDK, Param, Route

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import App, Person, SystemUser


def list_ad_accounts(call: GraphCall, holder: Person | SystemUser) -> Any:
    call.caller.require_scope("ads_read", "ads_management")
    return _accounts(call, holder, personal=False)


def list_personal(call: GraphCall, person: Person) -> Any:
    """The ad accounts of a person that belong to no business."""
    call.caller.require_scope("ads_read", "ads_management")
    return _accounts(call, person, personal=True)


def _accounts(call: GraphCall, holder: Person | SystemUser, *, personal: bool) -> Any:
    nodes, keys = [], []
    for account in call.world.ad_accounts:
        if personal and account.business_id is not None:
            continue
        tasks = holdings.of_user(call.world, call.rules, "ad_account", account, holder)
        if tasks is None and call.caller.is_admin(account.business_id):
            tasks = list(call.rules.task_enums["ad_account"].allowed)
        if tasks is not None:
            nodes.append(Node(AD_ACCOUNT, {**asset_node(call, "ad_account", account).values, "user_tasks": tasks}))
            keys.append(account.id)
    return page(nodes, keys, call)


def list_business_users(call: GraphCall, person: Person) -> Any:
    """What the person is in each of their businesses."""
    call.require_business_api()
    call.caller.require_scope("business_management")
    members = (member for business in call.world.businesses for member in call.world.members(business.id))
    found = [member for member in members if member[0].id == person.id]
    return page([user_node(call, member) for member in found], [kept.id for _, kept in found], call)


def list_ids(only: str, call: GraphCall, person: Person) -> Any:
    """The person's ids in the scope of the apps that belong to the same business as the calling one."""
    wanted, own = call.request.text(only), call.caller.app
    apps = [app for app in call.world.apps if _together(app, own) and _uses(call, person, app)]
    if wanted is not None and all(app.id != wanted for app in apps):
        raise bad_parameter(f"Param {only} must be an app of the same business that the person uses.")
    apps = [app for app in apps if wanted in (None, app.id)]
    ids = [call.world.scoped_id(person, app.id) for app in apps]
    nodes = [
        Node(USER_ID_FOR_APP, {"id": scoped, "app": app_node(call, app)}) for scoped, app in zip(ids, apps, strict=True)
    ]
    return page(nodes, ids, call)


def _together(app: App, own: App) -> bool:
    return app.id == own.id or (app.business_id is not None and app.business_id == own.business_id)


def _uses(call: GraphCall, person: Person, app: App) -> bool:
    if app.id == call.caller.app.id or call.world.consent(person.id, app.id) is not None:
        return True
    return call.world.role_on_app(person.id, app.id) is not None


REFERENCE, SPEC = "marketing-api/reference", f"{SDK}User.json"
APP = (Param("app", "id"),)

ROUTES = (
    Route("GET", "person", "adaccounts", list_ad_accounts, REFERENCE, returns=AD_ACCOUNT, many=True),
    Route(
        "GET",
        "system_user",
        "adaccounts",
        list_ad_accounts,
        REFERENCE,
        "reported",
        returns=AD_ACCOUNT,
        many=True,
    ),
    Route("GET", "person", "personal_ad_accounts", list_personal, SPEC, "SDK", returns=AD_ACCOUNT, many=True),
    Route(
        "GET",
        "person",
        "business_users",
        list_business_users,
        "graph-api/reference/user/business_users",
        returns=BUSINESS_USER,
        many=True,
    ),
    Route("GET", "person", "ids_for_apps", partial(list_ids, "app"), SPEC, "SDK", APP, USER_ID_FOR_APP, many=True),
    Route("GET", "person", "ids_for_business", partial(list_ids, "app"), SPEC, "SDK", APP, USER_ID_FOR_APP, many=True),
)
