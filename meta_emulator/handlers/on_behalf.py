"""Acting for a client's business: a partner is let in, and takes the token of a system user there.

`POST` and `DELETE /{partner-id}/managed_businesses` (a client's admin lets a partner in, or the partner makes the
client's business; either side ends it),
`POST /{client-id}/access_token` (the partner takes the token) and `POST /{business-id}/system_user_access_tokens` (the
token of a system user that is named). Source, below https://developers.facebook.com/docs/marketing-api/:
business-manager/guides/on-behalf-of and reference/business/system_user_access_tokens, Graph v26.0, read 2026-11. What
ending it does to tokens, and the texts without a code of Meta's, are ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator import minting
from meta_emulator.caller import check_proof
from meta_emulator.errors import GraphFault, bad_parameter, denied
from meta_emulator.handlers.access_tokens import check_expiry, check_installed
from meta_emulator.handlers.child_businesses import OFFERED, new_business
from meta_emulator.handlers.codes import client_system_user
from meta_emulator.surface import Param, Route, params
from meta_emulator.world import ManagedBusiness

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import Business, SystemUser

PAGE = "marketing-api/business-manager/guides/on-behalf-of"
BY_BUSINESS = "marketing-api/reference/business/system_user_access_tokens"


def let_in(call: GraphCall, partner: Business) -> Any:
    client_id = call.request.text("existing_client_business_id")
    if client_id is None:
        return _make(call, partner)
    call.caller.require_admin(client_id)
    client = call.world.business(client_id)
    if client is None or client.id == partner.id:
        raise bad_parameter("Param existing_client_business_id must be another business.")
    row = ManagedBusiness(partner.id, client.id)
    if row not in call.world.managed_businesses:
        call.world.managed_businesses.append(row)
    return {"id": client.id}


def _make(call: GraphCall, partner: Business) -> Any:
    """Make a business for a client, which the partner manages from the beginning; that an admin may is inferred."""
    call.require_business_api()
    call.caller.require_admin(partner.id)
    client = new_business(call)
    call.world.managed_businesses.append(ManagedBusiness(partner.id, client.id))
    return {"id": client.id}


def end(call: GraphCall, partner: Business) -> Any:
    """End it. The tokens that the partner's apps took there end too: what they were given for is gone."""
    client_id = call.request.required("existing_client_business_id")
    if not (call.caller.is_admin(partner.id) or call.caller.is_admin(client_id)):
        raise denied("Requires business_management permission to manage the object")
    call.caller.require_scope("business_management")
    row = ManagedBusiness(partner.id, client_id)
    if row not in call.world.managed_businesses:
        raise bad_parameter("Param existing_client_business_id must be a business that is managed.")
    call.world.managed_businesses.remove(row)
    apps = {app.id for app in call.world.apps if app.business_id == partner.id}
    for token in call.world.tokens:
        if token.client_business_id == client_id and token.app_id in apps and token.revoked_at is None:
            token.revoked_at = call.now
    return {"success": True}


def take(call: GraphCall, client: Business) -> Any:
    app = call.world.app(call.request.required("app_id"))
    partner_id = call.caller.business_id or ""
    if ManagedBusiness(partner_id, client.id) not in call.world.managed_businesses:
        raise denied("Requires business_management permission to manage the object")
    call.caller.require_admin(partner_id)
    if app is None or app.business_id != partner_id:
        raise bad_parameter("Param app_id must be an app of the partner's business.")
    scopes = _scopes(call, call.request.texts("scope") or [])
    name = call.request.text("system_user_name") or f"{client.name} SYSTEM USER"
    user = client_system_user(call, client.id, name, app)
    value = minting.add_token(
        call.world, app.id, scopes, call.now, system_user_id=user.id, client_business_id=client.id
    )
    return {"access_token": value}


def by_business(call: GraphCall, business: Business) -> Any:
    caller = call.caller
    caller.require_admin(business.id)
    check_proof(call.request, caller.value, caller.app, call.keyring, call.now, required=True)
    if call.request.flag("fetch_only"):
        # It gives the token that exists, whose value nothing here has kept.
        raise GraphFault(452, "(#452) Session key invalid or no longer valid")
    user = _user(call, business)
    scopes = _scopes(call, call.request.texts("scope") or [])
    expires = call.request.flag("set_token_expires_in_60_days")
    check_expiry(business, expires=expires)
    targets = call.request.texts("asset") or []
    unknown = [asset for asset in targets if not _reaches(call, business, asset)]
    if unknown:
        raise bad_parameter(f"Param asset must hold assets of the business - got {', '.join(unknown)}.")
    value = minting.add_token(
        call.world,
        caller.app.id,
        scopes,
        call.now,
        system_user_id=user.id,
        target_ids=targets,
        expires_at=call.now + minting.SIXTY_DAYS if expires else None,
    )
    return {"access_token": value}


def _user(call: GraphCall, business: Business) -> SystemUser:
    user = call.system_user(call.request.required("system_user_id"))
    if user is None or user.business_id != business.id:
        raise bad_parameter("Param system_user_id must be a system user of this business.")
    check_installed(call, user, call.caller.app)
    return user


def _reaches(call: GraphCall, business: Business, asset_id: str) -> bool:
    found = call.world.asset(asset_id) or call.world.asset(f"act_{asset_id}")
    return found is not None and call.world.permitted_tasks(found[1], business.id) is not None


def _scopes(call: GraphCall, scopes: list[str]) -> list[str]:
    known = call.rules.permissions
    wrong = [scope for scope in scopes if scope not in known or known[scope].system_user is False]
    if wrong or not scopes:
        raise GraphFault(3962, f"(#3962) The permission is not valid for a system user: {', '.join(wrong) or 'none'}.")
    return list(dict.fromkeys(scopes))


ROUTES = (
    Route(
        "POST",
        "business",
        "managed_businesses",
        let_in,
        PAGE,
        params=(Param("existing_client_business_id", "id"), *OFFERED),
    ),
    Route(
        "DELETE",
        "business",
        "managed_businesses",
        end,
        PAGE,
        params=(Param("existing_client_business_id", "id", required=True),),
    ),
    Route(
        "POST",
        "business",
        "access_token",
        take,
        PAGE,
        params=(
            Param("app_id", "id", required=True),
            Param("scope", "list<string>", required=True),
            *params(string="system_user_name fbe_external_business_id"),
        ),
    ),
    Route(
        "POST",
        "business",
        "system_user_access_tokens",
        by_business,
        BY_BUSINESS,
        params=(
            Param("system_user_id", "id", required=True),
            *params(list_of_string="scope", list_of_id="asset", bool="fetch_only set_token_expires_in_60_days"),
        ),
    ),
)
