"""An app: permissions, features, tier, roles and duties in the words of the rule set; login, settings and webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from meta_access.endpoints import is_loopback
from meta_access.rules.move import edition_of, word_for
from meta_access.stack.fields import shown
from meta_access.stack.models import GENERATE
from meta_access.stack.plan import TWO_FACTOR
from meta_access.stack.problems import instead, unknown_permission
from meta_access.stack.use_cases import ADVANCED, STANDARD
from meta_access.validation import (
    app_setting,
    https_redirect_uri,
    locks_out,
    verify_token_reference,
    webhook_callback,
    webhook_fields,
    webhook_name,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from meta_access.errors import Problem
    from meta_access.stack.draft import Draft
    from meta_access.stack.models import AppSpec, LoginSpec, SubscriptionSpec
    from meta_access.stack.problems import Loc


def check_apps(draft: Draft) -> Iterator[Problem]:
    for key, app in draft.spec.apps.items():
        at: Loc = ("apps", key)
        yield from _permissions(draft, at, app)
        yield from _features(draft, at, app)
        yield from _tier(draft, at, app)
        yield from _roles(draft, at, app)
        known = draft.rules.obligations
        for name in app.obligations:
            if name not in known:
                fix = instead(name, known, f"write one of {', '.join(known)}.")
                yield draft.problem((*at, "obligations", name), f"there is no obligation {shown(name)}.", fix)


def check_second_factors(draft: Draft) -> Iterator[Problem]:
    """A second factor is the business's: two of its apps that declare it would be two gates of one thing."""
    first: dict[str, str] = {}
    for key, app in draft.spec.apps.items():
        connection = next((typed for typed in draft.spec.connections.values() if typed.app == key), None)
        if connection is None or TWO_FACTOR not in app.obligations:
            continue
        other = first.setdefault(connection.business, key)
        if other != key:
            text = f"it is a duty of business {connection.business}, and {other} declares it already."
            yield draft.problem(("apps", key, "obligations", TWO_FACTOR), text, f"keep it with {other}.")


def _permissions(draft: Draft, at: Loc, app: AppSpec) -> Iterator[Problem]:
    seen: set[str] = set()
    for level, names in app.permissions:
        for place, name in enumerate(names):
            loc: Loc = (*at, "permissions", level, place)
            if name not in draft.rules.permissions:
                yield draft.problem(loc, *unknown_permission(draft.rules, name))
            elif name in seen:
                yield draft.problem(loc, f"{name} is there twice.", "keep it once, at the level that is needed.")
            elif level == ADVANCED:
                yield from _depends(draft, loc, name, app.permissions.standard)
            seen.add(name)


def _depends(draft: Draft, loc: Loc, name: str, standard: tuple[str, ...]) -> Iterator[Problem]:
    """What a permission depends on comes along by itself, unless it is declared at less."""
    below = [one for one in draft.rules.with_dependencies([name]) if one in standard and one != name]
    if below:
        text = f"{name} depends on {', '.join(below)}, declared at level {STANDARD} only (rule set {draft.rules.name})."
        yield draft.problem(loc, text, f"move {', '.join(below)} to {ADVANCED} as well, or remove it from {STANDARD}.")


def _features(draft: Draft, at: Loc, app: AppSpec) -> Iterator[Problem]:
    known = draft.rules.features
    for name, level in app.features.items():
        loc: Loc = (*at, "features", name)
        if name not in known:
            text = f"Meta has no feature {shown(name)} (rule set {draft.rules.name})."
            yield draft.problem(loc, text, instead(name, known, f"write one of {', '.join(known)}."))
        elif name == draft.rules.tier_feature_key:
            text = f"{draft.rules.tier_feature} is declared by the app's tier."
            yield draft.problem(loc, text, f"remove it, and write tier: at meta:apps.{at[1]}.")
        elif level not in known[name].levels:
            levels = known[name].levels
            text = f"{shown(level)} is no level of {known[name].name}."
            yield draft.problem(loc, text, instead(level, levels, f"write one of {', '.join(levels)}."))


def _tier(draft: Draft, at: Loc, app: AppSpec) -> Iterator[Problem]:
    known = draft.rules.tiers
    if app.tier is None or app.tier in known:
        return
    text = f"{shown(app.tier)} is no tier of rule set {draft.rules.name}"
    other = edition_of(app.tier, draft.rules)
    meant = word_for(other, draft.rules, app.tier) if other is not None else None
    if other is not None and meant is not None:
        said = f'{text}; it is the word of {other.name} for what is called "{meant}" here.'
        yield draft.problem((*at, "tier"), said, f'write "{meant}".')
        return
    fix = instead(app.tier, known, f"write one of {', '.join(known)}.")
    yield draft.problem((*at, "tier"), f"{text}, which has {' and '.join(known)}.", fix)


def _roles(draft: Draft, at: Loc, app: AppSpec) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for role, people in app.roles or ():
        for place, person in enumerate(people):
            if person in seen:
                text = f"{person} already is {seen[person]}; Meta knows one role per person and app."
                yield draft.problem((*at, "roles", role, place), text, "keep the one that is needed.")
            seen.setdefault(person, role)
    if app.roles is not None and not seen:
        text = "nobody has a role, so there is nothing to watch."
        yield draft.problem((*at, "roles"), text, "write at least admin: [a name of meta:people], or remove the line.")
    limits = draft.rules.role_limits
    admins = sum(1 for role in seen.values() if role == "admin")
    if admins > limits.admins:
        text = f"{admins} admins; Meta allows {limits.admins} (rule set {draft.rules.name})."
        yield draft.problem((*at, "roles", "admin"), text, "make some of them developers.")
    yield from _testers(draft, at, app, sum(1 for role in seen.values() if role in {"tester", "analytics"}))


def _testers(draft: Draft, at: Loc, app: AppSpec, count: int) -> Iterator[Problem]:
    limits = draft.rules.role_limits
    business = draft.spec.businesses.get(app.claimed_by or "")
    verified = business is not None and business.verification == "verified"
    limit = limits.testers_and_analytics_verified if verified else limits.testers_unverified
    if count > limit:
        whose = "an app of a verified business" if verified else "an app without a verified business"
        text = f"{count} testers and analytics users; Meta allows {limit} for {whose} (rule set {draft.rules.name})."
        yield draft.problem((*at, "roles", "tester"), text, "remove those who no longer need it.")


def check_login(draft: Draft) -> Iterator[Problem]:
    for key, app in draft.spec.apps.items():
        if app.login is not None:
            at: Loc = ("apps", key, "login")
            yield from _redirect_uris(draft, at, app.login)
            yield from _configurations(draft, at, app.login)


def _redirect_uris(draft: Draft, at: Loc, login: LoginSpec) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for place, uri in enumerate(login.redirect_uris):
        loc: Loc = (*at, "redirect_uris", place)
        reason = https_redirect_uri(uri, login.hosts)
        if reason is not None:
            yield draft.problem(loc, f"{shown(uri)} {reason}.", _mend(uri, login.hosts))
        elif (same := seen.get(_normal(uri))) is not None:
            text = f"{shown(uri)} is the same address as {shown(same)}."
            yield draft.problem(loc, text, "keep the one your application sends.")
        else:
            seen[_normal(uri)] = uri


def _mend(uri: str, hosts: Collection[str]) -> str:
    """What to write instead, where a scheme, a fragment or a slash is all that is wrong."""
    try:
        parts = urlsplit(uri)._replace(scheme="https", fragment="")
    except ValueError:
        return "write the URI as Meta is to compare it."
    for mended in (parts.geturl(), parts._replace(path=f"{parts.path}/").geturl()):
        if https_redirect_uri(mended, hosts) is None:
            return f'write "{mended}".'
    return "write the URI as Meta is to compare it."


def _normal(uri: str) -> str:
    parts = urlsplit(uri)
    port = "" if parts.port in {None, 443} else f":{parts.port}"
    return parts._replace(scheme=parts.scheme.lower(), netloc=f"{parts.hostname}{port}").geturl()


def _configurations(draft: Draft, at: Loc, login: LoginSpec) -> Iterator[Problem]:
    for name, configuration in login.configurations.items():
        for place, permission in enumerate(configuration.permissions):
            if permission not in draft.rules.permissions:
                loc: Loc = (*at, "configurations", name, "permissions", place)
                yield draft.problem(loc, *unknown_permission(draft.rules, permission))


def check_settings(draft: Draft) -> Iterator[Problem]:
    for key, app in draft.spec.apps.items():
        if app.settings is None or draft.is_broken("apps", key, "settings"):
            continue
        at: Loc = ("apps", key, "settings")
        typed = app.settings.declared()
        if not [name for name in typed if name != "callers"]:
            yield draft.problem(at, "nothing is set.", "write at least one setting, or remove the line.")
        faults = {name: why for name, value in typed.items() if (why := app_setting(name, value))}
        for name, why in faults.items():
            yield draft.problem((*at, name), f"{why}.", "correct it.")
        callers, listed = app.settings.callers, app.settings.server_ip_whitelist
        # Without `callers` it depends on the machine: the resource looks when it is checked.
        if callers and listed and not faults and (why := locks_out(listed, callers, None)):
            yield draft.problem((*at, "server_ip_whitelist"), f"{why}.", "add it to the list, or correct callers.")


def check_webhooks(draft: Draft) -> Iterator[Problem]:
    for key, app in draft.spec.apps.items():
        if app.webhooks is None:
            continue
        at: Loc = ("apps", key, "webhooks")
        if app.webhooks.generated:
            if app.webhooks.subscriptions:
                text = f"{GENERATE} makes a token that only Pulumi knows, and subscriptions take none from a state."
                fix = "write env:META_VERIFY_TOKEN, or aws-secret:ARN#verify_token, and give it to the callback."
                yield draft.problem((*at, "verify_token"), text, fix)
        elif reason := verify_token_reference(app.webhooks.verify_token):
            yield draft.problem((*at, "verify_token"), f"{reason}.", f"write {GENERATE}, or such a reference.")
        here = all(
            is_loopback(urlsplit(typed.graph_url)) for typed in draft.spec.connections.values() if typed.app == key
        )
        for name, row in app.webhooks.subscriptions.items():
            yield from _subscription(draft, (*at, "subscriptions", name), name, row, here=here)


def _subscription(draft: Draft, at: Loc, name: str, row: SubscriptionSpec, *, here: bool) -> Iterator[Problem]:
    if reason := webhook_name(name):
        yield draft.problem(at, f"{reason}.", "write an object of Meta's list of webhooks.")
    if reason := webhook_callback(row.callback_url, here=here):
        yield draft.problem((*at, "callback_url"), f"{reason}.", "write the https address that takes Meta's calls.")
    if reason := webhook_fields(list(row.fields)):
        yield draft.problem((*at, "fields"), f"{reason}.", "write the names of fields in Meta's reference of it.")
