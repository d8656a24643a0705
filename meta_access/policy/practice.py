"""The rules of this package, in the order of its page (docs/policy.md).

All are advisory: a newer version of the package stops nobody's pipeline, and a stack says which of them are mandatory.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from meta_access.gates.status import Status
from meta_access.ids import parse_asset
from meta_access.policy.model import Rule, Severity, Violation, rule
from meta_access.stack.fields import few
from meta_access.stack.models import PROD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.policy.declared import Declared

_SYSTEM_USERS = "https://developers.facebook.com/docs/business-management-apis/system-users/overview"
_PERMISSIONS = "https://developers.facebook.com/docs/permissions"
_ASSETS = "https://developers.facebook.com/docs/business-management-apis/business-asset-management"
_LOGIN = "https://developers.facebook.com/docs/facebook-login/security"
_VERSIONS = "https://developers.facebook.com/docs/graph-api/changelog"

MANAGE, ANALYZE = "MANAGE", "ANALYZE"
BUSINESS, WRITES, READS = "business_management", "ads_management", "ads_read"
MOVE_WITHIN = timedelta(days=90)
"""How long a newer rule set may be out before a stack should have moved to it."""
OLDEST_READ = timedelta(days=365)


@rule(severity=Severity.MEDIUM, source=_SYSTEM_USERS)
def system_user_quota(declared: Declared) -> Iterator[Violation]:
    """A number of system users that nobody can check, or, in prod, one that leaves no slot for an emergency."""
    for quota in declared.quotas:
        if quota.limit is None:
            yield Violation(
                quota.place,
                f"Nothing tells how many system users of role {quota.role} it may have, so that none are counted.",
                f"Write the tier of its app, or meta:quota_overrides.{quota.business}.",
            )
        # A quota of one has no slot to keep free.
        elif declared.environment == PROD and len(quota.users) >= quota.limit > 1:
            yield Violation(
                quota.place,
                f"All {quota.limit} slots for system users of role {quota.role} are taken ({few(quota.users)}), and "
                "system users cannot be deleted.",
                "Give two of them to one identity, or ask for the tier that allows more.",
            )


@rule(severity=Severity.HIGH, source=_SYSTEM_USERS)
def admin_system_user(declared: Declared) -> Iterator[Violation]:
    """An admin system user with whose token no connection acts: it may change everything in the business."""
    for user in declared.users:
        if user.role == "ADMIN" and not user.acts:
            yield Violation(
                user.place,
                f"{user.name} is an ADMIN, which reaches every asset of the business, and no connection acts with it.",
                "Make it an EMPLOYEE with the tasks that it needs.",
            )


@rule(severity=Severity.HIGH, source=_SYSTEM_USERS)
def never_expiring_token(declared: Declared) -> Iterator[Violation]:
    """A token that never expires: one that leaks works until somebody notices."""
    for token in declared.tokens:
        if token.never:
            yield Violation(
                token.place,
                f"The token of {token.name} never expires, so that a copy of it works until it is revoked.",
                "Write lifetime: 60d; tokens are rotated by themselves.",
            )


@rule(severity=Severity.MEDIUM, source=_PERMISSIONS)
def broad_scopes(declared: Declared) -> Iterator[Violation]:
    """A token that may do more than its work needs: the whole business, or writing where everything is only read."""
    tasks: dict[str, set[str]] = {}
    for work in declared.assignments:
        if work.user is not None and _is_account(work.asset):
            tasks.setdefault(work.user, set()).update(work.tasks)
    for token in declared.tokens:
        if BUSINESS in token.scopes and not token.acts:
            yield Violation(
                token.place,
                f"The token of {token.name} has {BUSINESS}, which reaches the whole business, and no connection acts "
                "with it.",
                f"Take {BUSINESS} out of its scopes.",
            )
        if WRITES in token.scopes and not token.acts and tasks.get(token.user or "") == {ANALYZE}:
            yield Violation(
                token.place,
                f"The token of {token.name} has {WRITES}, and {token.name} only reads: its tasks on ad accounts are "
                f"{ANALYZE} alone.",
                f"Write {READS} instead of {WRITES}.",
            )


@rule(severity=Severity.MEDIUM, source=_ASSETS)
def manage_without_reason(declared: Declared) -> Iterator[Violation]:
    """The task MANAGE, which lets give the asset to others, without a word why."""
    for work in declared.assignments:
        if MANAGE in {task.rpartition(":")[2] for task in work.tasks} and not work.reason.strip():
            yield Violation(
                work.place,
                f"MANAGE on {work.asset} lets {work.user or 'its system user'} give it to others, and no reason is "
                "written.",
                "Write {tasks: …, reason: …}, or leave MANAGE out.",
            )


@rule(severity=Severity.MEDIUM, source=_SYSTEM_USERS)
def unprotected_in_prod(declared: Declared) -> Iterator[Violation]:
    """A system user of prod that one deleted line, or a destroy, takes away."""
    if declared.environment != PROD:
        return
    for user in declared.users:
        if not user.kept:
            yield Violation(
                user.place,
                f"A deleted line or `pulumi destroy` takes all tasks and the token of {user.name} at once.",
                "Write protect: true, or on_destroy: keep.",
            )


@rule(severity=Severity.HIGH, source=_LOGIN)
def redirect_hosts(declared: Declared) -> Iterator[Violation]:
    """Redirect URIs that may be on any host, or a host that is allowed and not used."""
    for login in declared.logins:
        if login.uris and not login.hosts:
            yield Violation(
                login.place,
                "Its redirect URIs may be on any host: nothing would refuse one of somebody else.",
                "Write hosts: with the hosts of your own.",
            )
        unused = [host for host in login.hosts if not any(_is_on(uri, host) for uri in login.uris)]
        if login.uris and unused:
            yield Violation(
                login.place,
                f"hosts allows {few(unused)}, and no redirect URI is there.",
                "Take the host out, or add the URI that is missing.",
            )


@rule(severity=Severity.HIGH)
def gates_warn_in_prod(declared: Declared) -> Iterator[Violation]:
    """A prod whose gates only warn: access is widened before Meta, or a person, has agreed."""
    if declared.environment == PROD and declared.gate_mode == "warn":
        yield Violation(
            "meta:gates",
            "An open gate of prod is only a warning, so that access is widened before it is open.",
            "Write meta:gates: block, or remove the line.",
        )


@rule(severity=Severity.LOW)
def open_gate(declared: Declared) -> Iterator[Violation]:
    """Gates of prod that are not satisfied."""
    waiting = [f"{gate.place} ({gate.status})" for gate in declared.gates if gate.status != Status.SATISFIED]
    if declared.environment == PROD and waiting:
        count = "1 gate is" if len(waiting) == 1 else f"{len(waiting)} gates are"
        yield Violation("gates", f"{count} not satisfied: {few(waiting)}.", "Do what `meta-access gates` says of each.")


@rule(severity=Severity.MEDIUM, source=_VERSIONS)
def rule_set_age(declared: Declared) -> Iterator[Violation]:
    """A rule set that a newer one has replaced for 90 days, or whose facts nobody has read for a year."""
    rules, newest, overlay = declared.rules, declared.newest, declared.stack.overlay
    read = rules.read if overlay is None else max(rules.read, overlay.day)
    if newest.name != rules.name and declared.today >= newest.published + MOVE_WITHIN:
        yield Violation(
            "meta:rules",
            f"Rule set {rules.name} describes Meta before {newest.published}; {newest.name} has replaced it.",
            f'Write meta:rules: "{newest.name}", after the preview of that change.',
        )
    elif declared.today >= read + OLDEST_READ:
        yield Violation(
            "meta:rules",
            f"The facts of rule set {rules.name} were last read on {read}, more than a year ago.",
            "Install a newer meta-access, or correct what has moved with meta:rules_overlay.",
        )


def _is_account(asset: str) -> bool:
    try:
        return parse_asset(asset).kind == "ad_account"
    except ValueError:
        return False


def _is_on(uri: str, host: str) -> bool:
    return (urlsplit(uri).hostname or "") == host.removesuffix("/").partition(":")[0].lower()


PRACTICE: tuple[Rule, ...] = (
    system_user_quota,
    admin_system_user,
    never_expiring_token,
    broad_scopes,
    manage_without_reason,
    unprotected_in_prod,
    redirect_hosts,
    gates_warn_in_prod,
    open_gate,
    rule_set_age,
)
