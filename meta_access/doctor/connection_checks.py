"""What is judged of a connection and of the tokens made through it. Pure: readings in, findings out."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from meta_access import errors
from meta_access.aws_refusals import of_credentials
from meta_access.clock import iso
from meta_access.doctor.catalog import Finding, found
from meta_access.doctor.look import Skipped, aws_host, graph_host
from meta_access.endpoints import is_loopback
from meta_access.graph import codes
from meta_access.graph.admin_token import NEEDED, Doubt, doubts, refused
from meta_access.tokens.issuer import SYSTEM_USER
from meta_access.tokens.observe import Need, Presence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from meta_access.doctor.look import ConnectionSeen, Reading, TokenSeen
    from meta_access.errors import MetaAccessError
    from meta_access.rules import RuleSet
    from meta_access.stack.connections import Connection
    from meta_access.stack.models import StackSpec
    from meta_access.tokens.issuer import TokenFacts

NEAR_PERCENT, FULL_PERCENT = 80.0, 100.0
"""From where on Meta's own health check warns, and where it throttles."""
SKEW, FAR_OFF = timedelta(minutes=1), timedelta(minutes=5)
_SOON = timedelta(days=14)
_RETIRED, _REFUSED_VERSION = 2635, "version.refused"
_EXPIRED = (190, 463)
_DOUBTS = {
    Doubt.NOT_SYSTEM_USER: "token.not_system_user",
    Doubt.SCOPE: "token.scope_missing",
    Doubt.ELSEWHERE: "token.elsewhere",
    Doubt.NOT_ADMIN: "token.not_admin",
    Doubt.ENDS: "token.expiring",
}
_PAGE, _APP = "PAGE", "APP"
NEVER = "never"


def of_connection(seen: ConnectionSeen, spec: StackSpec | None, rules: RuleSet | None) -> list[Finding]:
    """Everything about a connection; spec and rules are None where the configuration is not sound enough for them."""
    return [
        *_credentials(seen),
        *_app(seen, rules),
        *_permissions(seen, spec),
        *_token(seen),
        *_business(seen, spec),
        *_calls(seen),
        *_version(seen, rules),
        *_secrets_manager(seen),
        *_clocks(seen),
        *_not_read(seen),
    ]


def today_of(seen: Iterable[ConnectionSeen], now: datetime) -> datetime:
    """Meta's time, as far as any connection has learnt it."""
    return max((one.headers.server_time for one in seen if one.headers.server_time is not None), default=now)


def _at(seen: ConnectionSeen) -> str:
    return f"meta:connections.{seen.connection.name}"


# --- errors ---------------------------------------------------------------------------------------


def of_error(error: MetaAccessError, subject: str, connection: Connection) -> Finding:
    """What an error of a read says, whatever was read."""
    if isinstance(error, errors.ConfigError):
        first = error.problems[0]
        return found("credential.unresolved", first.path, first.problem, first.fix[:1].upper() + first.fix[1:])
    if isinstance(error, errors.GraphUnreachableError):
        return found("meta.unreachable", graph_host(connection), error.problem, error.next_step)
    if isinstance(error, errors.SecretStoreError):
        return _of_aws(error, subject, connection)
    id_ = _of_meta(error)
    place = f"meta:connections.{connection.name}.api_version" if id_ == _REFUSED_VERSION else subject
    return found(id_, place, error.problem, error.next_step)


def _of_meta(error: MetaAccessError) -> str:
    if isinstance(error, errors.GraphError) and error.code == _RETIRED:
        return _REFUSED_VERSION
    kinds: tuple[tuple[type[MetaAccessError], str], ...] = (
        (errors.HumanNeededError, "meta.person_needed"),
        (errors.AuthError, "token.invalid"),
        (errors.PermissionDeniedError, "meta.denied"),
        (errors.NotFoundError, "meta.denied"),
        (errors.RateLimitedError, "meta.throttled"),
        (errors.TransientError, "meta.busy"),
    )
    return next((id_ for kind, id_ in kinds if isinstance(error, kind)), "meta.refused")


def _of_aws(error: errors.SecretStoreError, subject: str, connection: Connection) -> Finding:
    if isinstance(error, errors.SecretUnreachableError) and not error.code:
        return found("aws.unreachable", aws_host(connection), error.problem, error.next_step)
    if isinstance(error, errors.SecretDeniedError):
        ours = not error.code or of_credentials(error.code) is not None
        where = aws_host(connection) if ours else subject
        return found("aws.credentials" if ours else "aws.denied", where, error.problem, error.next_step)
    if isinstance(error, (errors.SecretNotFoundError, errors.SecretScheduledForDeletionError)):
        return found("credential.unresolved", subject, error.problem, error.next_step)
    return found("aws.refused", subject, error.problem, error.next_step)


# --- one connection -------------------------------------------------------------------------------


def _credentials(seen: ConnectionSeen) -> Iterator[Finding]:
    if isinstance(seen.pairing.error, errors.ConfigError):
        for one in seen.pairing.error.problems:
            yield found("connection.pairing", one.path, one.problem, one.fix[:1].upper() + one.fix[1:])
        return
    yield found(
        "connection.ok", _at(seen), f"Graph at {graph_host(seen.connection)} goes with {aws_host(seen.connection)}."
    )
    failed = [
        of_error(reading.error, f"{_at(seen)}.{name}", seen.connection)
        for name, reading in (("app_secret", seen.app_secret), ("admin_token", seen.admin_token))
        if reading.error is not None
    ]
    yield from failed
    if seen.app_secret.read and seen.admin_token.read:
        yield found("credential.ok", _at(seen))


def _app(seen: ConnectionSeen, rules: RuleSet | None) -> Iterator[Finding]:
    place, connection = f"meta:apps.{seen.connection.app_name}", seen.connection
    wrong = []
    if isinstance(seen.app.error, errors.AuthError):
        wrong.append(found("app_secret.refused", f"{_at(seen)}.app_secret", seen.app.error.problem))
    elif seen.app.error is not None:
        wrong.append(of_error(seen.app.error, place, connection))
    elif seen.app.read and not seen.app.value:
        wrong.append(found("app.no_privacy_policy", place))
    if seen.owned.error is not None:
        wrong.append(of_error(seen.owned.error, f"apps of business {connection.business_id}", connection))
    elif seen.owned.value is not None and connection.app_id not in seen.owned.value:
        text = f"Business {connection.business_id} does not list app {connection.app_id} among its own."
        wrong.append(found("app.other_business", place, text))
    declared = connection.tier
    shown = None if rules is None or not seen.tier.value else rules.tier_of_header(seen.tier.value)
    if seen.tier.error is not None:
        wrong.append(of_error(seen.tier.error, f"{_at(seen)}.tier_probe", connection))
    elif shown is not None and declared is not None and shown != declared:
        text = f"Meta shows tier {shown}, and the stack declares {declared}."
        wrong.append(found("app.tier_differs", f"{place}.tier", text))
    yield from wrong
    if not wrong and seen.app.read and seen.owned.read:
        tier = f"tier {shown}" if shown else "tier not shown"
        yield found("app.ok", place, f"App {connection.app_id} of business {connection.business_id}, {tier}.")


_LIVE = "live"


def _permissions(seen: ConnectionSeen, spec: StackSpec | None) -> Iterator[Finding]:
    place = f"meta:apps.{seen.connection.app_name}.permissions"
    if seen.permissions.error is not None:
        yield of_error(seen.permissions.error, place, seen.connection)
    if seen.permissions.value is None or spec is None:
        return
    wanted = spec.apps[seen.connection.app_name].permissions.advanced
    missing = {name: seen.permissions.value.get(name, "not shown") for name in wanted}
    if waiting := [f"{name} ({status})" for name, status in missing.items() if status != _LIVE]:
        yield found("app.permission_not_live", place, f"Declared as advanced, and at Meta: {', '.join(waiting)}.")


def _token(seen: ConnectionSeen) -> Iterator[Finding]:
    place, facts = f"{_at(seen)}.admin_token", seen.token.value
    if isinstance(seen.token.error, errors.AuthError):  # the app's own token asks, so the error is about that one
        yield found("app_secret.refused", f"{_at(seen)}.app_secret", seen.token.error.problem)
    elif seen.token.error is not None:
        yield of_error(seen.token.error, place, seen.connection)
    if facts is None:
        return
    wrong = [*_unfit(seen, facts, place)] or [*_doubtful(seen, facts, place)]
    yield from wrong or [found("token.ok", place, _described(facts))]


def _unfit(seen: ConnectionSeen, facts: TokenFacts, place: str) -> Iterator[Finding]:
    """What can never act."""
    for problem in refused(seen.connection, facts):
        other_app = bool(facts.app_id) and facts.app_id != seen.connection.app_id
        id_ = "token.other_app" if other_app else _dead(seen, facts) if not facts.valid else "token.wrong_type"
        step = problem.fix[:1].upper() + problem.fix[1:]
        if not facts.valid and not other_app:
            verdict = codes.judge(facts.code, facts.subcode, facts.problem, transient=False, http_status=0)
            cause = " ".join(part for part in (problem.problem, verdict.why) if part)
            yield found(id_, place, cause, verdict.next_step if verdict.why else step)
        else:
            yield found(id_, place, f"The token {problem.problem}", step)
    if facts.valid and _passed(facts.data_access_ends_at, seen) and facts.type not in {_PAGE, _APP}:
        assert facts.data_access_ends_at is not None
        yield found("token.data_access_over", place, f"Its data access ended at {iso(facts.data_access_ends_at)}.")


def _dead(seen: ConnectionSeen, facts: TokenFacts) -> str:
    expired = (facts.code, facts.subcode) == _EXPIRED or _passed(facts.expires_at, seen)
    return "token.expired" if expired else "token.invalid"


def _doubtful(seen: ConnectionSeen, facts: TokenFacts, place: str) -> Iterator[Finding]:
    """What a person should know of a token that works."""
    denied = isinstance(seen.users.error, (errors.PermissionDeniedError, errors.NotFoundError))
    elsewhere = bool(granted := facts.narrowed.get(NEEDED, ())) and seen.connection.business_id not in granted
    asked = facts.type == SYSTEM_USER and NEEDED in facts.scopes and not elsewhere and (seen.users.read or denied)
    doubt = doubts(seen.connection, facts, _now(seen), seen.users.value, asked=asked)
    for kind, text in zip(doubt.kinds, doubt.says, strict=True):
        yield found(_DOUBTS[kind], place, text.removeprefix(f"{place}: "))
    if seen.users.error is not None and not (asked and denied):
        yield of_error(seen.users.error, f"system users of business {seen.connection.business_id}", seen.connection)
    ends = facts.data_access_ends_at
    if ends is not None and ends - _now(seen) <= _SOON:
        yield found("token.data_access_ends", place, f"Its data access ends at {iso(ends)}.")


def _passed(moment: datetime | None, seen: ConnectionSeen) -> bool:
    return moment is not None and moment <= _now(seen)


def _now(seen: ConnectionSeen) -> datetime:
    return seen.headers.server_time or seen.headers.at


def _described(facts: TokenFacts) -> str:
    ends = f"ends at {iso(facts.expires_at)}" if facts.expires_at else "never ends"
    return f"App {facts.app_id}, {facts.type} {facts.user_id}, {', '.join(facts.scopes) or 'no permission'}; {ends}."


def _business(seen: ConnectionSeen, spec: StackSpec | None) -> Iterator[Finding]:
    place = f"meta:businesses.{seen.connection.business_name}"
    if seen.business.error is not None:
        yield of_error(seen.business.error, place, seen.connection)
    row = seen.business.value
    if row is None:
        return
    declared = spec.businesses.get(seen.connection.business_name) if spec is not None else None
    wrong = []
    if declared is not None and declared.verification is not None and row.verification_status != declared.verification:
        text = f"Its verification is {row.verification_status or 'not shown'}, and {declared.verification} is declared."
        wrong.append(found("business.not_verified", place, text))
    if declared is not None and declared.two_factor is not None and row.two_factor_type != declared.two_factor:
        text = f"It asks for {row.two_factor_type or 'nothing that Meta shows'}, and {declared.two_factor} is declared."
        wrong.append(found("business.two_factor_differs", place, text))
    elif row.two_factor_type == "none" and (declared is None or declared.two_factor is None):
        wrong.append(found("business.no_two_factor", place))
    facts = f"verification {row.verification_status or 'not shown'}, second factor {row.two_factor_type or 'not shown'}"
    yield from wrong or [found("business.ok", place, f"Business {row.id}: {facts}.")]


def _calls(seen: ConnectionSeen) -> Iterator[Finding]:
    used = seen.headers.used_percent
    if used is None:
        return
    if used >= FULL_PERCENT:
        yield found("meta.throttled", _at(seen), f"{used:.0f} % of what Meta lets the app call is used up.")
    elif used >= NEAR_PERCENT:
        yield found("calls.near_limit", _at(seen), f"{used:.0f} % of what Meta lets the app call is used up.")
    else:
        yield found("calls.ok", _at(seen), f"{used:.0f} % of what Meta lets the app call is used up.")


def _version(seen: ConnectionSeen, rules: RuleSet | None) -> Iterator[Finding]:
    place, asked, served = f"{_at(seen)}.api_version", seen.connection.api_version, seen.headers.served_version
    wrong = []
    if served is not None and served != asked:
        wrong.append(found("version.not_served", place, f"{asked} was asked for, and Meta answered in {served}."))
    if seen.headers.version_ends:
        wrong.append(found("version.warned", place, f"Meta's answers announce the end of {asked}."))
    until = ""
    if rules is not None:
        state = rules.version_state(asked, _now(seen).date())
        until = f", until {state.ends}" if state.ends else ""
        text = {
            "ending": f"{asked} ends for the Marketing API on {state.ends}.",
            "retired": f"{asked} ended for the Marketing API{f' on {state.ends}' if state.ends else ''}, by the "
            f"calendar of rule set {rules.name}; what Meta answers decides.",
            "unknown": f"{asked} is not in the calendar of rule set {rules.name}, whose newest is {state.newest}.",
        }.get(state.kind)
        if text is not None:
            wrong.append(found(f"version.{state.kind}", place, text, f"Move to {state.newest}."))
    yield from wrong or [found("version.ok", place, f"{asked}{until}.")]


def _secrets_manager(seen: ConnectionSeen) -> Iterator[Finding]:
    place, aws = f"{_at(seen)}.aws", seen.aws
    if aws.describe.error is not None:
        yield of_error(aws.describe.error, place, seen.connection)
    if isinstance(aws.listed.error, errors.SecretDeniedError) and aws.describe.read:
        yield found("aws.list_denied", place, aws.listed.error.problem, aws.listed.error.next_step)
    elif aws.listed.error is not None and aws.describe.error is None:
        yield of_error(aws.listed.error, place, seen.connection)
    if aws.describe.read and aws.listed.read:
        text = f"{aws_host(seen.connection)} answers, and lets this role describe and list; {aws.listed.value} secrets "
        yield found("aws.ok", place, f"{text}of this stack. Rights to write are not tried.")


def _clocks(seen: ConnectionSeen) -> Iterator[Finding]:
    for whose, url, theirs, ours in (
        ("Meta", seen.connection.graph_url, seen.headers.server_time, seen.headers.at),
        ("AWS", seen.connection.aws.endpoint_url, seen.aws.server_time, seen.aws.at),
    ):
        if theirs is None:
            continue
        # Whole seconds: a Date header has no others.
        off = abs(ours.astimezone(UTC).replace(microsecond=0) - theirs)
        if off >= SKEW and url is not None and is_loopback(urlsplit(url)):
            yield found("clock.moved", "clock of the emulator", f"It is {_minutes(off)} off this machine's.")
        elif off >= FAR_OFF:
            yield found("clock.far_off", "clock", f"It is {_minutes(off)} off {whose}'s.")
        elif off >= SKEW:
            yield found("clock.skew", "clock", f"It is {_minutes(off)} off {whose}'s.")
        else:
            yield found("clock.ok", f"clock of {whose}")


def _minutes(off: timedelta) -> str:
    return f"{off.days} days" if off.days > 1 else f"{off.total_seconds() / 60:.0f} min"


_SKIPS = {
    Skipped.AFTER: "look.after",
    Skipped.UNREACHED: "look.after",
    Skipped.TIME: "look.time",
    Skipped.OFFLINE: "look.offline",
    Skipped.NOT_RECORDED: "look.snapshot",
}
_WHY = {
    Skipped.AFTER: "since that needs what is broken",
    Skipped.UNREACHED: "since that needs what is broken",
    Skipped.TIME: "since the time of this run was over",
    Skipped.OFFLINE: "since no call may be made",
    Skipped.NOT_RECORDED: "since the snapshot does not hold it",
}


def _not_read(seen: ConnectionSeen) -> Iterator[Finding]:
    """One line for all that was not read of a connection for one reason."""
    readings: dict[str, Reading[Any]] = {
        "app secret": seen.app_secret,
        "admin token": seen.admin_token,
        "app": seen.app,
        "permissions of the app": seen.permissions,
        "what Meta says of the admin token": seen.token,
        "business": seen.business,
        "system users": seen.users,
        "apps of the business": seen.owned,
        "access tier": seen.tier,
        "a secret's description": seen.aws.describe,
        "the stack's secrets": seen.aws.listed,
    }
    missing: dict[str, list[str]] = {}
    why: dict[str, str] = {}
    for what, reading in readings.items():
        if reading.skipped is not None:
            id_ = _SKIPS[reading.skipped]
            missing.setdefault(id_, []).append(what)
            why[id_] = _WHY[reading.skipped]
    for id_, names in missing.items():
        yield found(id_, _at(seen), f"Not looked at, {why[id_]}: {', '.join(names)}.")


# --- the tokens of the stack ----------------------------------------------------------------------


def of_token(seen: TokenSeen, connection: Connection, now: datetime) -> list[Finding]:
    """What is judged of one token of the stack."""
    subject = f"token {seen.name}"
    facts, skipped = seen.facts.value, seen.observed.skipped
    if skipped is not None:
        return [found(_SKIPS[skipped], subject, f"Its secret was not looked at, {_WHY[skipped]}.")]
    wrong = [*_of_secret(seen, subject, connection)]
    if facts is not None:
        wrong += _of_facts(seen, facts, subject, now)
    elif seen.facts.error is not None:
        wrong.append(_not_asked(seen.facts.error, subject, connection))
    elif seen.facts.skipped in {Skipped.NOT_RECORDED, Skipped.TIME}:
        wrong.append(found(_SKIPS[seen.facts.skipped], subject, f"Meta was not asked, {_WHY[seen.facts.skipped]}."))
    return wrong or [found("token.ok", subject, _described(facts) if facts is not None else "")]


def _of_secret(seen: TokenSeen, subject: str, connection: Connection) -> Iterator[Finding]:
    observed = seen.observed.value
    if seen.observed.error is not None:
        yield of_error(seen.observed.error, subject, connection)
    elif observed is not None:
        if observed.presence is Presence.MISSING:
            yield found("secret.missing", subject, f"Secret {seen.secret} does not exist.")
        elif observed.presence is Presence.SCHEDULED:
            when = f" on {iso(observed.ends_at)}" if observed.ends_at else ""
            yield found("secret.scheduled", subject, f"Secret {seen.secret} is to be deleted{when}.")
        elif observed.finding.need is Need.DECISION:
            yield found("token.decision", subject, f"Secret {seen.secret}: {observed.freshness}.")
        elif observed.finding.need is not Need.NONE:
            yield found("token.due", subject, f"{observed.freshness[:1].upper()}{observed.freshness[1:]}.")


def _of_facts(seen: TokenSeen, facts: TokenFacts, subject: str, now: datetime) -> Iterator[Finding]:
    step = "Run `meta-access rotate --due`: the next update mints a successor."
    if not facts.valid:
        expired = (facts.code, facts.subcode) == _EXPIRED or (facts.expires_at is not None and facts.expires_at <= now)
        verdict = codes.judge(facts.code, facts.subcode, facts.problem, transient=False, http_status=0)
        cause = f"Meta says that it is not valid. {verdict.why}".rstrip()
        yield found("token.expired" if expired else "token.invalid", subject, cause, step)
    elif seen.faults:
        yield found(
            "token.not_as_recorded", subject, f"Of the token in secret {seen.secret}: {'; '.join(seen.faults)}."
        )


def _not_asked(error: MetaAccessError, subject: str, connection: Connection) -> Finding:
    if isinstance(error, (errors.SecretDeniedError, errors.SecretNotFoundError)):
        return found("look.not_examined", subject, error.problem)
    return of_error(error, subject, connection)


# --- facts ----------------------------------------------------------------------------------------


def facts_of(seen: ConnectionSeen) -> dict[str, Any]:
    """What was seen of a connection, for programs; None where nobody knows. Names of people and businesses are not."""
    here, row = seen.connection, seen.business.value
    return {
        "graph_host": graph_host(here),
        "api_version": here.api_version,
        "served_version": seen.headers.served_version,
        "app": here.app_id,
        "business": here.business_id,
        "verification": (row.verification_status or None) if row else None,
        "two_factor": (row.two_factor_type or None) if row else None,
        "permissions": dict(sorted(seen.permissions.value.items())) if seen.permissions.value is not None else None,
        "app_in_business": here.app_id in seen.owned.value if seen.owned.value is not None else None,
        "tier_header": seen.tier.value,
        "calls_used_percent": seen.headers.used_percent,
        "system_users": len(seen.users.value) if seen.users.value is not None else None,
        "admin_token": token_facts(seen.token.value),
        "aws": aws_host(here),
        "may_describe": _allowed(seen.aws.describe),
        "may_list": _allowed(seen.aws.listed),
        "meta_time": iso(seen.headers.server_time) if seen.headers.server_time else None,
        "aws_time": iso(seen.aws.server_time) if seen.aws.server_time else None,
    }


def _allowed(reading: Reading[Any]) -> bool | None:
    if reading.read:
        return True
    return False if isinstance(reading.error, errors.SecretDeniedError) and reading.error.code else None


def token_facts(facts: TokenFacts | None) -> dict[str, Any] | None:
    """What Meta's `debug_token` told, for programs."""
    if facts is None:
        return None
    never = NEVER if facts.valid else None
    return {
        "valid": facts.valid,
        "app": facts.app_id or None,
        "type": facts.type or None,
        "user": facts.user_id or None,
        "scopes": list(facts.scopes),
        "granular": {scope: list(ids) for scope, ids in sorted(facts.narrowed.items())},
        "issued_at": iso(facts.issued_at) if facts.issued_at else None,
        "expires_at": iso(facts.expires_at) if facts.expires_at else never,
        "data_access_ends_at": iso(facts.data_access_ends_at) if facts.data_access_ends_at else never,
        "error": "/".join(str(part) for part in (facts.code, facts.subcode) if part) or None,
    }
