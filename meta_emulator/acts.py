"""What people do in Meta's dashboards, because no call can: accept a role, add a redirect URI, approve, verify, share.

Each act is a function of the world whose parameters are the keys that the control API and the shell take.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, get_args

from meta_access import rules
from meta_emulator import business_acts, holdings, login_acts, named, sharing
from meta_emulator.activities import Author
from meta_emulator.named import ActError
from meta_emulator.tokens import ONLY_FAKE, holds_real
from meta_emulator.world import App, AppAccess, AppRole, LeadAccess, Review, RoleName, World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meta_emulator.world import Asset, Person

ROLES: Mapping[str, RoleName] = {
    "admin": "administrators",
    "developer": "developers",
    "tester": "testers",
    "analytics": "insights users",
    **{name: name for name in get_args(RoleName)},
}
LISTS = ("tasks", "permissions")  # keys that take a list, too; a text is separated by commas
PERMISSION_LEVEL = "advanced"  # the only one of a permission that is reviewed: standard comes with the app
VERIFICATION = (
    "expired",
    "failed",
    "ineligible",
    "not_verified",
    "pending",
    "pending_need_more_info",
    "pending_submission",
    "rejected",
    "revoked",
    "verified",
)


def perform(world: World, data: object) -> str:
    """Do an act given as `{action, …}`; the sentence that says what was done.

    Raises:
        ActError: Unknown action or key, or something named that is not there.
    """
    if not isinstance(data, dict):
        raise ActError("an act is an object such as {action, person}.")
    given = dict(data)
    if holds_real(str(data)):
        raise ActError(f"what was given looks like a real token of Meta's. {ONLY_FAKE}")
    action = given.pop("action", None)
    act = ACTS.get(str(action))
    if act is None:
        raise ActError(f"action: {action!r} is not one of {', '.join(ACTS)}.")
    parameters = list(inspect.signature(act).parameters.values())[1:]
    known = [parameter.name for parameter in parameters]
    wrong = [f"{key}: {action} takes {', '.join(known)}." for key in given if key not in known]
    for key in known:
        value = given.get(key, "")
        if not isinstance(value, str) and not (key in LISTS and isinstance(value, list)):
            wrong.append(f"{key}: {value!r} is not text.")
    needed = (parameter.name for parameter in parameters if parameter.default is inspect.Parameter.empty)
    wrong += [f"{name}: {action} needs it." for name in needed if name not in given]
    if wrong:
        raise ActError(" ".join(wrong))
    return act(world, **given)


def author(world: World, given: Mapping[str, Any]) -> Author | None:
    """Who did an act: the person it names, such as one who leaves; None where it names nobody."""
    try:
        return Author(named.person(world, str(given["person"])))
    except (KeyError, ActError):
        return None


def accept_role(world: World, person: str, role: str | None = None, app: str | None = None) -> str:
    """A person accepts the invitation to an app; with `role`, an admin invites them first."""
    who, target = named.person(world, person), named.app(world, app)
    pending = [r for r in world.app_roles if r.app_id == target.id and r.user_id == who.id and r.state == "pending"]
    if role is not None:
        named.check_word("role", role, ROLES)
        accepted = AppRole(target.id, who.id, ROLES[role])
    elif pending:
        accepted = AppRole(target.id, who.id, pending[0].role)
    else:
        raise ActError(f"person: {who.name} has no invitation to {target.name}; name the role, such as developer.")
    _check_role(world, who, target, accepted.role)
    remove_role(world, person, app)
    world.app_roles.append(accepted)
    return f"{who.name} has the role {accepted.role} on {target.name}."


def _check_role(world: World, who: Person, app: App, role: RoleName) -> None:
    """Meta's limits on roles, and its rule that people of a claimed app come from the business."""
    owner = world.business(app.business_id or "")
    if owner is not None and owner.id not in who.businesses:
        raise ActError(
            f"person: {who.name} is not in {owner.name}, which claimed {app.name}: invite-person, then join-business."
        )
    limits, verified = (
        rules.load(world.rules).role_limits,
        owner is not None and owner.verification_status == "verified",
    )
    counted: tuple[RoleName, ...] = (role,)
    if role == "administrators":
        most = limits.admins
    elif verified and role != "developers":
        most, counted = limits.testers_and_analytics_verified, ("testers", "insights users")
    elif role == "testers":
        most = limits.testers_unverified
    else:
        return
    held = {row.user_id for row in world.app_roles if row.app_id == app.id and row.role in counted} - {who.id}
    if len(held) >= most:
        raise ActError(f"role: {app.name} has {most} {' and '.join(counted)} already, which is Meta's limit.")


def invite(world: World, person: str, role: str, app: str | None = None) -> str:
    """An admin invites a person to an app; Graph does not show it until they accept."""
    accept_role(world, person, role, app)
    world.app_roles[-1].state = "pending"
    return f"{named.person(world, person).name} is invited as {world.app_roles[-1].role}; it counts once accepted."


def remove_role(world: World, person: str, app: str | None = None) -> str:
    """An admin takes a person off an app."""
    who, target = named.person(world, person), named.app(world, app)
    world.app_roles = [r for r in world.app_roles if (r.app_id, r.user_id) != (target.id, who.id)]
    return f"{who.name} has no role on {target.name}."


def add_redirect(world: World, uri: str, app: str | None = None) -> str:
    """Add a valid OAuth redirect URI."""
    target = named.app(world, app)
    if uri not in target.redirect_uris:
        target.redirect_uris.append(uri)
    return f"{target.name} lists {uri}."


def remove_redirect(world: World, uri: str, app: str | None = None) -> str:
    """Take a redirect URI off the list."""
    target = named.app(world, app)
    if uri not in target.redirect_uris:
        raise ActError(f"uri: {target.name} does not list {uri}.")
    target.redirect_uris.remove(uri)
    return f"{target.name} no longer lists {uri}."


def request(world: World, name: str, level: str | None = None, app: str | None = None) -> str:
    """An admin submits a permission, a feature, or the Marketing API tier (`tier`) for App Review."""
    target, ruleset = named.app(world, app), rules.load(world.rules)
    key, title, chosen = _reviewed(ruleset, name, level)
    if _level(ruleset, target, key) == chosen:
        raise ActError(f"name: {title} is {chosen} for {target.name} already.")
    if any((row.name, row.phase) == (key, "submitted") for row in target.reviews):
        raise ActError(f"name: {title} waits for review already; approve or decline it.")
    _forget_review(target, key)
    target.reviews.append(Review(key, chosen))
    return f"{title} ({chosen}) is submitted for {target.name}; Meta decides."


def decline(world: World, name: str, reason: str, app: str | None = None) -> str:
    """Meta declines what was submitted, and says why."""
    target, ruleset = named.app(world, app), rules.load(world.rules)
    key, title, _ = _reviewed(ruleset, name, None)
    for row in target.reviews:
        if (row.name, row.phase) == (key, "submitted"):
            row.phase, row.reason = "declined", reason
            return f"{title} is declined for {target.name}: {reason}"
    raise ActError(f"name: {title} is not submitted for {target.name}; request it first.")


def approve(world: World, name: str, level: str | None = None, app: str | None = None) -> str:
    """Meta approves a permission, a feature, or the Marketing API tier (`tier`)."""
    target, ruleset = named.app(world, app), rules.load(world.rules)
    submitted = next((row.level for row in target.reviews if row.name == _key(ruleset, name)), None)
    key, title, chosen = _reviewed(ruleset, name, level or submitted)
    _forget_review(target, key)
    if key in ruleset.permissions:
        target.permissions[key] = "live"
        return f"{title} is approved for {target.name}."
    if key == ruleset.tier_feature_key:
        target.tier = ruleset.tiers[chosen].header
    else:
        target.features[key] = chosen
    return f"{title} is {chosen} for {target.name}."


def withdraw(world: World, name: str, app: str | None = None) -> str:
    """Meta takes an approval back; the tier falls to its lowest level."""
    target, ruleset = named.app(world, app), rules.load(world.rules)
    if name in ruleset.permissions:
        target.permissions.pop(name, None)
        return f"{name} is no longer approved for {target.name}."
    key = _feature(ruleset, name)
    if key == ruleset.tier_feature_key:
        lowest = next(iter(ruleset.tiers))
        target.tier = ruleset.tiers[lowest].header
        return f"{ruleset.features[key].name} is {lowest} for {target.name}."
    target.features.pop(key, None)
    return f"{ruleset.features[key].name} is no longer approved for {target.name}."


def _key(ruleset: rules.RuleSet, name: str) -> str:
    """A permission's name or a feature's key."""
    return name if name in ruleset.permissions else _feature(ruleset, name)


def _reviewed(ruleset: rules.RuleSet, name: str, level: str | None) -> tuple[str, str, str]:
    """Key, title and level of what App Review decides on; the highest level unless one is named."""
    key = _key(ruleset, name)
    feature = ruleset.features.get(key)
    title, levels = (key, (PERMISSION_LEVEL,)) if feature is None else (feature.name, feature.levels)
    if level is not None and level not in levels:
        raise ActError(f"level: {title} has {', '.join(levels)}.")
    return key, title, level or levels[-1]


def _level(ruleset: rules.RuleSet, app: App, key: str) -> str | None:
    """The level that an app was approved for."""
    if key in ruleset.permissions:
        return PERMISSION_LEVEL if app.permissions.get(key) == "live" else None
    return ruleset.tier_of_header(app.tier) if key == ruleset.tier_feature_key else app.features.get(key)


def _forget_review(app: App, key: str) -> None:
    app.reviews = [row for row in app.reviews if row.name != key]


def _feature(ruleset: rules.RuleSet, name: str) -> str:
    for key, feature in ruleset.features.items():
        if name.lower() in (key, feature.name.lower()):
            return key
    if name == "tier":
        return ruleset.tier_feature_key
    raise ActError(f"name: {name!r} is no permission or feature of the rules {ruleset.name}; the tier is called tier.")


def verify(world: World, business: str | None = None, status: str = "verified") -> str:
    """Meta decides on a business's verification."""
    target = named.business(world, business)
    named.check_word("status", status, VERIFICATION)
    target.verification_status = status
    return f"{target.name} is {status}."


def share(world: World, asset: str, business: str | None = None, tasks: str | list[str] = "ADVERTISE,ANALYZE") -> str:
    """An asset's owner shares it with a business."""
    kind, target = named.asset(world, asset)
    partner = named.business(world, business)
    chosen = named.words(tasks)
    allowed = rules.load(world.rules).task_enums[kind].allowed
    wrong = [task for task in chosen if task not in allowed]
    if wrong or not chosen:
        raise ActError(f"tasks: {', '.join(wrong) or 'none'} given; a {kind} has {', '.join(allowed)}.")
    if partner.id == target.business_id:
        raise ActError(f"business: {partner.name} owns {target.name}.")
    permitted = sharing.with_implied(rules.load(world.rules), kind, chosen)
    sharing.share(world, target, partner.id, permitted)
    return f"{target.name} is shared with {partner.name} for {', '.join(permitted)}."


def unshare(world: World, asset: str, business: str | None = None) -> str:
    """An asset's owner ends a share, and with it every assignment the partner made."""
    _, target = named.asset(world, asset)
    partner = named.business(world, business)
    sharing.withdraw(world, target, partner.id)
    return f"{target.name} is no longer shared with {partner.name}."


def grant_app(world: World, user: str, app: str | None = None) -> str:
    """Give a system user full control of the app."""
    who, target = named.system_user(world, user), named.app(world, app)
    if not world.has_app_access(who.id, target.id):
        world.app_access.append(AppAccess(who.id, target.id))
    return f"{who.name} has full control of {target.name}."


def withdraw_app(world: World, user: str, app: str | None = None) -> str:
    """Take the app away from a system user: it can mint no more."""
    who, target = named.system_user(world, user), named.app(world, app)
    world.app_access = [row for row in world.app_access if row != AppAccess(who.id, target.id)]
    return f"{who.name} no longer has {target.name}."


def grant_leads(world: World, user: str, page: str) -> str:
    """Let a system user download a Page's leads, in the Leads Access Manager."""
    who, (row, target) = named.system_user(world, user), _leads_of(world, page)
    row.user_ids = sorted({*row.user_ids, who.id})
    return f"{who.name} may download the leads of {target.name}."


def withdraw_leads(world: World, user: str, page: str) -> str:
    """Take a Page's leads away from a system user."""
    who, (row, target) = named.system_user(world, user), _leads_of(world, page)
    row.user_ids = [one for one in row.user_ids if one != who.id]
    return f"{who.name} may no longer download the leads of {target.name}."


def _leads_of(world: World, page: str) -> tuple[LeadAccess, Asset]:
    """The Leads Access Manager of a Page, made when it is first needed, with the Page's admins."""
    kind, target = named.asset(world, page)
    if kind != "page":
        raise ActError(f"page: {target.name} is no Page.")
    row = next((row for row in world.lead_access if row.page_id == target.id), None)
    if row is None:
        held = holdings.of_asset(world, rules.load(world.rules), kind, target)
        row = LeadAccess(target.id, sorted(user for user, tasks in held.items() if "MANAGE" in tasks))
        world.lead_access.append(row)
    return row, target


def limits(world: World, state: str) -> str:
    """Refuse calls beyond Meta's quotas (`on`), or only tell their use in headers (`off`)."""
    if state not in ("on", "off"):
        raise ActError(f"state: {state!r} is not on or off.")
    world.limits = "on" if state == "on" else "off"
    return "Calls beyond a quota are refused." if state == "on" else "Quotas are counted, and nothing is refused."


ACTS: Mapping[str, Callable[..., str]] = {
    "accept-role": accept_role,
    "invite": invite,
    "remove-role": remove_role,
    "add-redirect": add_redirect,
    "remove-redirect": remove_redirect,
    "request": request,
    "approve": approve,
    "decline": decline,
    "withdraw": withdraw,
    "verify": verify,
    "share": share,
    "unshare": unshare,
    "grant-app": grant_app,
    "withdraw-app": withdraw_app,
    "grant-leads": grant_leads,
    "withdraw-leads": withdraw_leads,
    "claim-app": business_acts.claim_app,
    "unclaim-app": business_acts.unclaim_app,
    "app-mode": business_acts.app_mode,
    "api-version": business_acts.api_version,
    "legacy": business_acts.legacy,
    "invite-person": business_acts.invite_person,
    "join-business": business_acts.join_business,
    "leave-business": business_acts.leave_business,
    "two-factor": business_acts.two_factor,
    "require-two-factor": business_acts.require_two_factor,
    "accept-request": business_acts.accept_request,
    "decline-request": business_acts.decline_request,
    "limits": limits,
    "install": login_acts.install,
    "consent": login_acts.consent,
    "create-login-configuration": login_acts.create_login_configuration,
    "delete-login-configuration": login_acts.delete_login_configuration,
}
