"""What people do in Business Manager: come and go, claim apps, grant what a partner asked for.

Acts as in `acts`, which lists them for the control API and the shell.
"""

from __future__ import annotations

from typing import Literal, get_args

from meta_access import rules
from meta_emulator import named, sharing
from meta_emulator.named import ActError
from meta_emulator.world import AppClient, AssetRequest, BusinessInvitation, Person, World, derived_id

MemberRole = Literal["ADMIN", "EMPLOYEE"]
TWO_FACTOR = ("none", "admin_required", "all_required")
MODES = ("development", "live")


def invite_person(world: World, email: str, role: str = "EMPLOYEE", business: str | None = None) -> str:
    """An admin invites somebody into a business; they count once they accept."""
    target = named.business(world, business)
    if "@" not in email:
        raise ActError(f"email: {email!r} is not an e-mail address.")
    known = next((one for one in world.people if one.email.lower() == email.lower()), None)
    if known is not None and target.id in known.businesses:
        raise ActError(f"email: {known.name} is in {target.name} already.")
    _forget_invitation(world, target.id, email)
    invitation_id = derived_id("122099", email.lower(), target.id)
    world.business_invitations.append(BusinessInvitation(invitation_id, target.id, email, member_role(role)))
    return f"{email} is invited into {target.name} as {role}; it counts once accepted."


def join_business(world: World, email: str, business: str | None = None) -> str:
    """Somebody accepts the invitation into a business; a person nobody knows yet appears."""
    target = named.business(world, business)
    rows = world.business_invitations
    found = next((r for r in rows if r.business_id == target.id and r.email.lower() == email.lower()), None)
    if found is None:
        raise ActError(f"email: {email} has no invitation into {target.name}; invite-person sends one.")
    person = next((one for one in world.people if one.email.lower() == email.lower()), None)
    if person is None:
        person = Person(derived_id("100001", email.lower()), email.partition("@")[0], email)
        world.people.append(person)
    person.businesses[target.id] = found.role
    _forget_invitation(world, target.id, email)
    return f"{person.name} is in {target.name} as {found.role}."


def leave_business(world: World, person: str, business: str | None = None) -> str:
    """A person leaves a business, or is removed: the business's assignments to them end, roles on its apps included."""
    who, target = named.person(world, person), named.business(world, business)
    if target.id not in who.businesses:
        raise ActError(f"person: {who.name} is not in {target.name}.")
    if is_last_admin(world, who, target.id):
        raise ActError(f"person: {who.name} is the last admin of {target.name}.")
    remove_member(world, who, target.id)
    return f"{who.name} is no longer in {target.name}."


def remove_member(world: World, person: Person, business_id: str) -> None:
    """Take a person out of a business, with the roles on its apps and the assignments that came with it."""
    ids = {row.id for one, row in world.members(business_id) if one is person}
    elsewhere = set(person.businesses) - {business_id}
    if not elsewhere:  # assignments under the person's own id do not say by which business
        ids.add(person.id)
    apps = {app.id for app in world.apps if app.business_id == business_id}
    world.assignments = [row for row in world.assignments if row.user_id not in ids]
    world.group_assignments = [row for row in world.group_assignments if row.user_id not in ids]
    world.app_roles = [row for row in world.app_roles if row.user_id != person.id or row.app_id not in apps]
    kept = [row for row in world.business_users if (row.person_id, row.business_id) != (person.id, business_id)]
    world.business_users = kept
    del person.businesses[business_id]
    held = {row.asset_id for row in world.assignments if row.user_id == person.id}
    for _, asset in world.assets():
        if asset.id in held:
            sharing.settle(world, asset)


def is_last_admin(world: World, person: Person, business_id: str) -> bool:
    """Whether a business would be without an admin if this person were none."""
    admins = [one for one in world.people if one.businesses.get(business_id) == "ADMIN"]
    return admins == [person]


def member_role(role: str) -> MemberRole:
    """A role that a person can have in a business."""
    for name in get_args(MemberRole):
        if role == name:
            return name  # type: ignore[no-any-return]
    raise ActError(f"role: {role!r} is not one of {', '.join(get_args(MemberRole))}.")


def _forget_invitation(world: World, business_id: str, email: str) -> None:
    world.business_invitations = [
        row
        for row in world.business_invitations
        if (row.business_id, row.email.lower()) != (business_id, email.lower())
    ]


def two_factor(world: World, person: str, state: str = "on") -> str:
    """A person turns two-factor authentication on or off."""
    who = named.person(world, person)
    named.check_word("state", state, ("on", "off"))
    who.two_factor = state == "on"
    return f"{who.name} signs in with {'two factors' if who.two_factor else 'a password only'}."


def require_two_factor(world: World, rule: str, business: str | None = None) -> str:
    """An admin decides who in a business has to sign in with two factors."""
    target = named.business(world, business)
    named.check_word("rule", rule, TWO_FACTOR)
    target.two_factor_type = rule  # type: ignore[assignment]
    return f"{target.name} has the two-factor rule {rule}."


def claim_app(world: World, app: str, business: str | None = None) -> str:
    """An admin of the app lets a business claim it; the business's people manage its roles from then on."""
    target, owner = named.app(world, app), named.business(world, business)
    if target.business_id is not None:
        raise ActError(
            f"app: {target.name} is claimed by {_business_name(world, target.business_id)}; unclaim it first."
        )
    target.business_id = owner.id
    world.app_clients = [r for r in world.app_clients if (r.app_id, r.business_id) != (target.id, owner.id)]
    return f"{target.name} belongs to {owner.name}."


def unclaim_app(world: World, app: str | None = None) -> str:
    """A business removes an app: its system users lose the app, and can be given no token for it."""
    target = named.app(world, app)
    if target.business_id is None:
        raise ActError(f"app: {target.name} belongs to no business.")
    users = [user for user in world.system_users if user.business_id == target.business_id]
    for user in users:
        user.app_id = world.home_app_id(user)  # ids stay what they were
    ids, name = {user.id for user in users}, _business_name(world, target.business_id)
    for rows in ("installations", "app_access"):
        kept = [r for r in getattr(world, rows) if r.app_id != target.id or r.system_user_id not in ids]
        setattr(world, rows, kept)
    target.business_id = None
    return f"{target.name} no longer belongs to {name}."


def app_mode(world: World, mode: str, app: str | None = None) -> str:
    """An admin switches an app to live mode or back to development."""
    target = named.app(world, app)
    named.check_word("mode", mode, MODES)
    target.mode = mode  # type: ignore[assignment]
    return f"{target.name} is in {mode} mode."


def legacy(world: World, state: str, app: str | None = None) -> str:
    """Make an app older than 2026-11-04 (`on`), which may use what Meta has ended for newer apps, or newer (`off`)."""
    target = named.app(world, app)
    named.check_word("state", state, ("on", "off"))
    target.legacy = state == "on"
    when = "before" if target.legacy else "since"
    return f"{target.name} was created {when} 4 November 2026: Graph's legacy features are {state} for it."


def api_version(world: World, version: str, app: str | None = None) -> str:
    """An admin chooses the version that serves an app's calls without one ("Upgrade API version")."""
    target = named.app(world, app)
    named.check_word("version", version, rules.load(world.rules).api_versions)
    target.api_version = version
    return f"{target.name} has its calls without a version served by {version}."


def accept_request(world: World, of: str, business: str | None = None) -> str:
    """An owner grants what a business asked for: the use of an asset or an app, or an asset itself."""
    partner = named.business(world, business)
    found = _request(world, of, partner.id)
    if isinstance(found, AppClient):
        found.state = "accepted"
        return f"{partner.name} is a client of {named.app(world, found.app_id).name}."
    _, asset = named.asset(world, found.asset_id)
    sharing.carry_out(world, found, asset)
    return f"{partner.name} {'owns' if found.kind == 'owned' else 'may use'} {asset.name}."


def decline_request(world: World, of: str, business: str | None = None) -> str:
    """An owner declines what a business asked for."""
    partner = named.business(world, business)
    found = _request(world, of, partner.id)
    world.app_clients = [row for row in world.app_clients if row is not found]
    world.asset_requests = [row for row in world.asset_requests if row is not found]
    return f"The request of {partner.name} is declined."


def _request(world: World, of: str, business_id: str) -> AssetRequest | AppClient:
    asset_ids = {asset.id for _, asset in world.assets() if of.lower() in (asset.id, asset.name.lower())}
    app_ids = {app.id for app in world.apps if of.lower() in (app.id, app.name.lower())}
    for row in world.asset_requests:
        if row.business_id == business_id and row.asset_id in asset_ids:
            return row
    for client in world.app_clients:
        if client.business_id == business_id and client.app_id in app_ids and client.state == "pending":
            return client
    raise ActError(f"of: {_business_name(world, business_id)} asked for no asset or app {of!r}.")


def _business_name(world: World, business_id: str) -> str:
    business = world.business(business_id)
    return business_id if business is None else business.name
