"""A business and apps: those it owns and claims (`owned_apps`), those of others that it uses or asks for.

`GET`, `POST /{business-id}/owned_apps` and `client_apps`, `GET /{business-id}/pending_client_apps`. Source:
https://developers.facebook.com/docs/marketing-api/reference/business/owned_apps, …/client_apps and
…/pending_client_apps, Graph v26.0, read 2026-11. Apps cannot be given up by a call. Whose claim is granted is ours: an
admin of an app that no business has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator.errors import bad_parameter, denied
from meta_emulator.fields import Node
from meta_emulator.handlers.agencies import CONFIRMED, PENDING
from meta_emulator.handlers.apps import app_node
from meta_emulator.handlers.assigned_assets import APP_TASKS
from meta_emulator.handlers.claims import has_access
from meta_emulator.node_types import APPLICATION, APPLICATION_REQUEST
from meta_emulator.paging import page
from meta_emulator.surface import SDK, Param, Route
from meta_emulator.world import AppClient

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import App, Business

CLIENT_APP = APPLICATION.row(permitted_tasks="list<string>")
REQUEST = APPLICATION_REQUEST.row(permitted_tasks="list<string>")


def list_owned(call: GraphCall, business: Business) -> Any:
    _check_reader(call)
    apps = [app for app in call.world.apps if app.business_id == business.id]
    return page([app_node(call, app) for app in apps], [app.id for app in apps], call)


def list_clients(call: GraphCall, business: Business) -> Any:
    _check_reader(call)
    found = [(row, app) for row, app in _uses(call, business) if row.state == "accepted"]
    nodes = [Node(CLIENT_APP, {**app_node(call, app).values, "permitted_tasks": APP_TASKS}) for _, app in found]
    return page(nodes, [app.id for _, app in found], call)


def list_pending(call: GraphCall, business: Business) -> Any:
    _check_reader(call)
    found = [(row, app) for row, app in _uses(call, business) if row.state == "pending"]
    values = [{"id": row.id, "application": app_node(call, app), "permitted_tasks": APP_TASKS} for row, app in found]
    return page([Node(REQUEST, one) for one in values], [row.id for row, _ in found], call)


def claim(call: GraphCall, business: Business) -> Any:
    app = _named(call, business)
    if app.business_id is not None or not _decides(call, app):
        raise denied("Only an admin of an app that belongs to no other business may claim it.")
    app.business_id = business.id
    call.world.app_clients = [r for r in call.world.app_clients if (r.app_id, r.business_id) != (app.id, business.id)]
    return {"access_status": CONFIRMED}


def request_use(call: GraphCall, business: Business) -> Any:
    """Ask to use the app of another business; the business that decides on it needs no answer."""
    app = _named(call, business)
    before = next((row for row, known in _uses(call, business) if known is app), None)
    if before is not None:
        if before.state == "pending":
            raise bad_parameter("The business has asked for this app already.")
        raise has_access()
    granted = _decides(call, app)
    request_id, _ = call.new_ids()
    call.world.app_clients.append(AppClient(request_id, app.id, business.id, "accepted" if granted else "pending"))
    return {"access_status": CONFIRMED if granted else PENDING}


def _check_reader(call: GraphCall) -> None:
    call.require_business_api()
    call.caller.require_scope("business_management")


def _named(call: GraphCall, business: Business) -> App:
    """The app that the call is about, once the caller may make it and the business does not own it."""
    call.require_business_api()
    call.caller.require_admin(business.id)
    app = call.world.app(call.request.required("app_id"))
    if app is None:
        raise bad_parameter("Param app_id must be the id of an existing app.")
    if app.business_id == business.id:
        raise has_access()
    return app


def _decides(call: GraphCall, app: App) -> bool:
    """Whether the caller decides on an app: an admin of it, or of the business that owns it."""
    person = call.caller.person
    admin = person is not None and call.world.role_on_app(person.id, app.id) == "administrators"
    return admin or call.caller.is_admin(app.business_id)


def _uses(call: GraphCall, business: Business) -> list[tuple[AppClient, App]]:
    """The apps of others that a business uses or asked for."""
    rows = [(row, call.world.app(row.app_id)) for row in call.world.app_clients if row.business_id == business.id]
    return [(row, app) for row, app in rows if app is not None]


OWNED, CLIENT = (f"marketing-api/reference/business/{edge}" for edge in ("owned_apps", "client_apps"))
SPEC = f"{SDK}Business.json"
APP_ID = Param("app_id", "id", required=True)

ROUTES = (
    Route("GET", "business", "owned_apps", list_owned, OWNED, returns=APPLICATION, many=True),
    Route("POST", "business", "owned_apps", claim, OWNED, params=(APP_ID,)),
    Route("GET", "business", "client_apps", list_clients, CLIENT, returns=CLIENT_APP, many=True),
    Route("POST", "business", "client_apps", request_use, CLIENT, params=(APP_ID,)),
    Route("GET", "business", "pending_client_apps", list_pending, SPEC, "SDK", returns=REQUEST, many=True),
)
