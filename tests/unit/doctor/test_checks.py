"""What is judged: a table of everything that can be found, each from what was read. No call is made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest

from meta_access import errors, rules
from meta_access.doctor.catalog import CATALOG, Severity, found
from meta_access.doctor.connection_checks import of_connection, of_token, token_facts
from meta_access.doctor.host_checks import Engine, Host, Project, numbers, of_host, of_plugin
from meta_access.doctor.look import ConnectionSeen, Headers, Reading, SecretsManager, Skipped, TokenSeen
from meta_access.doctor.report import Report, once
from meta_access.doctor.stack_checks import StackSeen, StateSeen, of_quota, of_stack
from meta_access.engine_marks import FIRST_UNFIT_ENGINE, OLDEST_ENGINE
from meta_access.errors import Problem
from meta_access.graph.businesses import BusinessRow
from meta_access.graph.system_users import SystemUserRow
from meta_access.stack.models import StackSpec
from meta_access.tokens.issuer import TokenFacts
from meta_access.tokens.observe import Finding as Due
from meta_access.tokens.observe import Need, Observed, Presence
from tests.connections import MAIN
from tools.engine.binaries import FIRST_UNFIT, MINIMUM

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.doctor.catalog import Finding

NOW = datetime(2026, 12, 2, 8, 0, tzinfo=UTC)
RULES = rules.load("2026-11")
REAL = replace(MAIN, rules="2026-11", graph_url="https://graph.facebook.com", aws=replace(MAIN.aws, endpoint_url=None))
SPEC = StackSpec.model_validate(
    {
        "environment": "dev",
        "rules": "2026-11",
        "connections": {
            "main": {
                "business": "lindenhof", "app": "ads", "api_version": "v26.0", "app_secret": "env:META_A",
                "admin_token": "env:META_B", "aws": {"region": "eu-central-1"},
            }
        },
        "businesses": {"lindenhof": {"id": REAL.business_id}},
        "apps": {"ads": {"id": REAL.app_id, "tier": "limited", "permissions": {"advanced": ["ads_read"]}}},
        "identities": {"reporting": {"use_case": "read_reports"}},
    }
)  # fmt: skip
FACTS = TokenFacts(True, REAL.app_id, "301", "SYSTEM_USER", ("ads_read", "business_management"), NOW, None)
SEEN = ConnectionSeen(
    REAL,
    pairing=Reading(),
    app_secret=Reading(),
    admin_token=Reading(),
    app=Reading("https://lindenhof.example/privacy"),
    permissions=Reading({"ads_read": "live"}),
    token=Reading(FACTS),
    business=Reading(BusinessRow(REAL.business_id, "Lindenhof", "verified", "all_required")),
    users=Reading([SystemUserRow("301", "admin", "ADMIN")]),
    owned=Reading({REAL.app_id}),
    tier=Reading("development_access"),
    headers=Headers(NOW, NOW, "v26.0", version_ends=False, used_percent=3.0),
    aws=SecretsManager(Reading(value=True), Reading(1), NOW, NOW),
)
OBSERVED = Observed(presence=Presence.PRESENT, arn="arn", version_id="v", generation=1)
TOKEN = TokenSeen("reporting", "meta/dev/reporting", "main", Reading(OBSERVED), Reading(FACTS))
SAFE = {
    "PULUMI_RUN_PROGRAM": "true",
    "PULUMI_CONTINUE_ON_ERROR": "1",
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "TRUE",
}
ENGINE = Engine("v3.259.0", random_plugins=("4.21.4",), random_package="4.21.4")
HOST = Host(
    "0.1.0",
    "3.11.7",
    "Linux x86_64",
    ENGINE,
    Project({"runtime": {"name": "python"}, "options": {"refresh": "always"}}),
    backend="https",
    variables=SAFE,
)
STACK = StackSeen("dev", spec=SPEC, rules=RULES, rules_typed="2026-11", state=StateSeen(3, "v3.259.0"))


def host(**changes: Any) -> list[Finding]:
    return of_host(replace(HOST, **changes))


def project(**content: Any) -> list[Finding]:
    return host(project=Project({"runtime": "python", "options": {"refresh": "always"}, **content}))


def stack(**changes: Any) -> list[Finding]:
    return of_stack(replace(STACK, **changes), "v3.259.0")


def state(**changes: Any) -> list[Finding]:
    return stack(state=replace(StateSeen(3, "v3.259.0"), **changes))


def seen(**changes: Any) -> list[Finding]:
    return of_connection(replace(SEEN, **changes), SPEC, RULES)


def facts(**changes: Any) -> list[Finding]:
    return seen(token=Reading(replace(FACTS, **changes)))


def headers(**changes: Any) -> list[Finding]:
    return seen(headers=replace(SEEN.headers, **changes))


def business(**changes: str) -> list[Finding]:
    row = BusinessRow(REAL.business_id, "Lindenhof", "verified", "all_required")
    return seen(business=Reading(replace(row, **changes)))


def declared(row: BusinessRow, **changes: str) -> list[Finding]:
    """With keys of the business in the stack file."""
    spec = SPEC.model_copy(
        update={"businesses": {"lindenhof": SPEC.businesses["lindenhof"].model_copy(update=changes)}}
    )
    return of_connection(replace(SEEN, business=Reading(row)), spec, RULES)


def token(**changes: Any) -> list[Finding]:
    return of_token(replace(TOKEN, **changes), REAL, NOW)


def observed(**changes: Any) -> list[Finding]:
    return token(observed=Reading(replace(OBSERVED, **changes)))


def refusal(path: str, problem: str, fix: str) -> errors.ConfigError:
    return errors.ConfigError([Problem(path, problem, fix)])


def failed(error: errors.MetaAccessError) -> list[Finding]:
    return seen(business=Reading(error=error))


def aws(error: errors.MetaAccessError) -> list[Finding]:
    return seen(aws=replace(SEEN.aws, describe=Reading(error=error)))


def quota(*users: str) -> list[Finding]:
    rows = [SystemUserRow(str(at), name, "EMPLOYEE") for at, name in enumerate(users)]
    return of_quota(SPEC, RULES, [replace(SEEN, users=Reading(rows))])


AT, APP, BUSINESS = "meta:connections.main", "meta:apps.ads", "meta:businesses.lindenhof"
FAR = NOW + timedelta(minutes=6)
# What is broken to the id and the subject of what is found.
BROKEN: dict[str, tuple[Callable[[], list[Finding]], str, str]] = {
    "no pulumi": (lambda: host(engine=None), "engine.missing", "pulumi"),
    "pulumi is mute": (lambda: host(engine=replace(ENGINE, version="")), "engine.no_answer", "pulumi"),
    "old pulumi": (lambda: host(engine=replace(ENGINE, version="v3.253.9")), "engine.old", "pulumi"),
    "new pulumi": (lambda: host(engine=replace(ENGINE, version="v3.276.0")), "engine.new", "pulumi"),
    "pulumi 4": (lambda: host(engine=replace(ENGINE, version="v4.0.0")), "engine.untested", "pulumi"),
    "no language host": (
        lambda: host(engine=replace(ENGINE, language_host=False)), "engine.language_host", "pulumi-language-python",
    ),
    "no plugin": (
        lambda: list(of_plugin(replace(HOST, engine=replace(ENGINE, random_plugins=("4.0.0",))), needed=True)),
        "plugin.missing", "random",
    ),
    "unreadable project": (
        lambda: host(project=None, unreadable=(Problem("Pulumi.yaml", "is no YAML.", "correct it."),)),
        "project.unreadable", "Pulumi.yaml",
    ),
    "no project": (lambda: host(project=None), "look.no_project", "Pulumi.yaml"),
    "go project": (lambda: project(runtime="go"), "project.runtime", "Pulumi.yaml: runtime"),
    "no refresh": (lambda: project(options={}), "project.refresh", "Pulumi.yaml: options.refresh"),
    "no virtualenv": (
        lambda: host(project=replace(HOST.project, virtualenv=False)),  # type: ignore[type-var]
        "project.virtualenv", "Pulumi.yaml: runtime.options.virtualenv",
    ),
    "another package": (
        lambda: host(project=replace(HOST.project, package="0.2.0")),  # type: ignore[type-var]
        "project.other_package", "meta-access",
    ),
    "no folder of stacks": (
        lambda: host(project=replace(HOST.project, stack_folder=False)),  # type: ignore[type-var]
        "project.stack_folder", "Pulumi.yaml: stackConfigDir",
    ),
    "not logged in": (
        lambda: host(backend_error=errors.MetaAccessError("pulumi says: no.")), "backend.none", "backend",
    ),
    "metadata": (lambda: host(backend="file", backend_metadata=True), "backend.metadata", "backend"),
    "variable missing": (
        lambda: host(variables={**SAFE, "PULUMI_RUN_PROGRAM": "false"}), "environment.unset", "PULUMI_RUN_PROGRAM",
    ),
    "no checkpoints": (
        lambda: host(variables={**SAFE, "PULUMI_SKIP_CHECKPOINTS": "true"}),
        "environment.undoes", "PULUMI_SKIP_CHECKPOINTS",
    ),
    "messages recorded": (
        lambda: host(variables={**SAFE, "PULUMI_DEBUG_GRPC": "f.log"}), "environment.undoes", "PULUMI_DEBUG_GRPC",
    ),
    "foreign modules": (lambda: host(variables={**SAFE, "PYTHONPATH": "x"}), "environment.undoes", "PYTHONPATH"),
    "an exception": (
        lambda: host(variables={**SAFE, "META_ACCESS_ALLOW_GRAPH_HOST": "a+aws"}),
        "environment.exception", "META_ACCESS_ALLOW_GRAPH_HOST",
    ),
    "odd proxy": (
        lambda: host(invalid=(Problem("META_ACCESS_PROXY", "is no proxy.", "unset it."),)),
        "environment.invalid", "META_ACCESS_PROXY",
    ),
    "no stack": (
        lambda: stack(unread=errors.MetaAccessError("no such stack")), "stack.unreadable", "stack dev",
    ),
    "refused": (
        lambda: stack(problems=(Problem("meta:apps", "is missing.", "add it."),)), "config.invalid", "meta:apps",
    ),
    "newer key": (
        lambda: stack(
            problems=(Problem("meta:x", "there is no key.", "remove it."),), unknown_keys=frozenset({"meta:x"})
        ),
        "config.unknown_key", "meta:x",
    ),
    "newer rules": (
        lambda: stack(problems=(Problem("meta:rules", "no such set.", "write it."),), rules_typed="2030-01"),
        "rules.unknown", "meta:rules",
    ),
    "older rules": (lambda: stack(rules=rules.load("2026-05")), "rules.old", "meta:rules"),
    "no state": (
        lambda: stack(state=None, state_error=errors.MetaAccessError("no backend")), "state.unreadable", "state of dev",
    ),
    "foreign state": (lambda: state(foreign=(("mine", "it is not ours"),)), "state.foreign", "mine"),
    "newer resource": (lambda: state(unknown_types=("AdPledge",)), "state.newer_package", "AdPledge"),
    "newer engine": (lambda: state(engine="v3.300.0"), "state.newer_engine", "state of dev"),
    "killed run": (lambda: state(pending=("reporting",)), "state.pending", "state of dev"),
    "failed run": (lambda: state(last_failed=True), "state.last_failed", "state of dev"),
    "open gate": (lambda: state(gates={"a": {"status": "pending_human"}}), "gates.open", "gates"),
    "drifted gate": (lambda: state(gates={"a": {"status": "drifted"}}), "gates.drifted", "gates"),
    "pairing": (
        lambda: seen(pairing=Reading(error=refusal(AT, "No pair.", "pair them."))),
        "connection.pairing", AT,
    ),
    "unset reference": (
        lambda: seen(app_secret=Reading(error=refusal(f"{AT}.app_secret", "is not set.", "set it."))),
        "credential.unresolved", f"{AT}.app_secret",
    ),
    "secret of the token gone": (
        lambda: seen(admin_token=Reading(error=errors.SecretNotFoundError("gone", code="ResourceNotFoundException"))),
        "credential.unresolved", f"{AT}.admin_token",
    ),
    "app secret": (lambda: seen(app=Reading(error=errors.AuthError("no"))), "app_secret.refused", f"{AT}.app_secret"),
    "app's token asks": (
        lambda: seen(token=Reading(error=errors.AuthError("no"))), "app_secret.refused", f"{AT}.app_secret",
    ),
    "dead": (lambda: facts(valid=False, code=190, subcode=460), "token.invalid", f"{AT}.admin_token"),
    "expired": (lambda: facts(valid=False, code=190, subcode=463), "token.expired", f"{AT}.admin_token"),
    "past its end": (
        lambda: facts(valid=False, expires_at=NOW - timedelta(1)), "token.expired", f"{AT}.admin_token",
    ),
    "other app": (lambda: facts(app_id="9"), "token.other_app", f"{AT}.admin_token"),
    "dead and of another app": (lambda: facts(app_id="9", valid=False), "token.other_app", f"{AT}.admin_token"),
    "page": (lambda: facts(type="PAGE"), "token.wrong_type", f"{AT}.admin_token"),
    "person": (lambda: facts(type="USER"), "token.not_system_user", f"{AT}.admin_token"),
    "scope": (lambda: facts(scopes=("ads_read",)), "token.scope_missing", f"{AT}.admin_token"),
    "elsewhere": (
        lambda: facts(narrowed={"business_management": ("7",)}), "token.elsewhere", f"{AT}.admin_token",
    ),
    "employee": (
        lambda: seen(users=Reading([SystemUserRow("301", "admin", "EMPLOYEE")])),
        "token.not_admin", f"{AT}.admin_token",
    ),
    "lists nobody": (
        lambda: seen(users=Reading(error=errors.PermissionDeniedError("no"))), "token.not_admin", f"{AT}.admin_token",
    ),
    "ends": (lambda: facts(expires_at=NOW + timedelta(5)), "token.expiring", f"{AT}.admin_token"),
    "data access over": (
        lambda: facts(type="USER", data_access_ends_at=NOW), "token.data_access_over", f"{AT}.admin_token",
    ),
    "data access ends": (
        lambda: facts(data_access_ends_at=NOW + timedelta(13)),
        "token.data_access_ends", f"{AT}.admin_token",
    ),
    "recorded otherwise": (lambda: token(faults=("it lacks ads_read",)), "token.not_as_recorded", "token reporting"),
    "due": (
        lambda: observed(finding=Due(Need.ROTATION, "rotation due: soon")), "token.due", "token reporting",
    ),
    "edited": (lambda: observed(finding=Due(Need.DECISION, "edited by hand")), "token.decision", "token reporting"),
    "gone": (lambda: observed(presence=Presence.MISSING), "secret.missing", "token reporting"),
    "goes": (lambda: observed(presence=Presence.SCHEDULED), "secret.scheduled", "token reporting"),
    "own token dead": (
        lambda: token(facts=Reading(replace(FACTS, valid=False, code=190))), "token.invalid", "token reporting",
    ),
    "not readable": (
        lambda: token(facts=Reading(error=errors.SecretDeniedError("no", code="AccessDeniedException"))),
        "look.not_examined", "token reporting",
    ),
    "away": (
        lambda: failed(errors.GraphUnreachableError("away", sent=False)), "meta.unreachable", "graph.facebook.com",
    ),
    "throttled": (lambda: failed(errors.RateLimitedError("slow", code=4)), "meta.throttled", BUSINESS),
    "used up": (lambda: headers(used_percent=100.0), "meta.throttled", AT),
    "busy": (lambda: failed(errors.TransientError("oops", code=2)), "meta.busy", BUSINESS),
    "denied": (lambda: failed(errors.PermissionDeniedError("no", code=200)), "meta.denied", BUSINESS),
    "not there": (lambda: failed(errors.NotFoundError("no", code=100)), "meta.denied", BUSINESS),
    "checkpoint": (lambda: failed(errors.HumanNeededError("look", code=368)), "meta.person_needed", BUSINESS),
    "other refusal": (lambda: failed(errors.GraphError("no", code=9)), "meta.refused", BUSINESS),
    "other app's business": (lambda: seen(owned=Reading({"1"})), "app.other_business", APP),
    "no privacy policy": (lambda: seen(app=Reading("")), "app.no_privacy_policy", APP),
    "permission not approved": (
        lambda: seen(permissions=Reading({"ads_read": "unapproved"})),
        "app.permission_not_live", f"{APP}.permissions",
    ),
    "permission not shown": (
        lambda: seen(permissions=Reading({})), "app.permission_not_live", f"{APP}.permissions",
    ),
    "other tier": (lambda: seen(tier=Reading("standard_access")), "app.tier_differs", f"{APP}.tier"),
    "not verified": (
        lambda: declared(BusinessRow("1", "L", "pending", "all_required"), verification="verified"),
        "business.not_verified", BUSINESS,
    ),
    "no second factor": (lambda: business(two_factor_type="none"), "business.no_two_factor", BUSINESS),
    "other second factor": (
        lambda: declared(BusinessRow("1", "L", "verified", "none"), two_factor="admin_required"),
        "business.two_factor_differs", BUSINESS,
    ),
    "no room": (lambda: quota("a", "b"), "quota.exceeded", "quota of business lindenhof"),
    "too many": (lambda: quota("a", "reporting"), "quota.over", "quota of business lindenhof"),
    "near the limit": (lambda: headers(used_percent=80.0), "calls.near_limit", AT),
    "version ends": (lambda: _version("v25.0", NOW), "version.ending", f"{AT}.api_version"),
    "version ended": (lambda: _version("v2.0", NOW), "version.retired", f"{AT}.api_version"),
    "version not known": (lambda: _version("v99.0", NOW), "version.unknown", f"{AT}.api_version"),
    "version refused": (
        lambda: failed(errors.HumanNeededError("retired", code=2635)), "version.refused", f"{AT}.api_version",
    ),
    "version served": (lambda: headers(served_version="v27.0"), "version.not_served", f"{AT}.api_version"),
    "version warned": (lambda: headers(version_ends=True), "version.warned", f"{AT}.api_version"),
    "aws away": (
        lambda: aws(errors.SecretUnreachableError("away")), "aws.unreachable", "Secrets Manager in eu-central-1",
    ),
    "aws login": (
        lambda: aws(errors.SecretDeniedError("nobody")), "aws.credentials", "Secrets Manager in eu-central-1",
    ),
    "aws session": (
        lambda: aws(errors.SecretDeniedError("over", code="ExpiredTokenException")),
        "aws.credentials", "Secrets Manager in eu-central-1",
    ),
    "aws denies": (lambda: aws(errors.SecretDeniedError("no", code="AccessDenied")), "aws.denied", f"{AT}.aws"),
    "aws denies lists": (
        lambda: seen(aws=replace(SEEN.aws, listed=Reading(error=errors.SecretDeniedError("no", code="AccessDenied")))),
        "aws.list_denied", f"{AT}.aws",
    ),
    "aws busy": (
        lambda: aws(errors.SecretUnreachableError("slow", code="SlowDown")), "aws.refused", f"{AT}.aws",
    ),
    "a minute off": (lambda: headers(server_time=NOW + timedelta(seconds=61)), "clock.skew", "clock"),
    "six minutes off": (lambda: headers(server_time=FAR), "clock.far_off", "clock"),
    "emulator's clock": (
        lambda: seen(connection=MAIN, headers=replace(SEEN.headers, server_time=NOW + timedelta(60))),
        "clock.moved", "clock of the emulator",
    ),
    "earlier configuration": (lambda: stack(earlier="2026-12-01"), "look.earlier_config", "stack dev"),
    "AWS's clock": (lambda: seen(aws=replace(SEEN.aws, server_time=FAR)), "clock.far_off", "clock"),
    "broken before": (lambda: seen(owned=Reading(skipped=Skipped.AFTER)), "look.after", AT),
    "away before": (lambda: seen(owned=Reading(skipped=Skipped.UNREACHED)), "look.after", AT),
    "time": (lambda: seen(owned=Reading(skipped=Skipped.TIME)), "look.time", AT),
    "offline": (lambda: seen(owned=Reading(skipped=Skipped.OFFLINE)), "look.offline", AT),
    "snapshot": (lambda: seen(owned=Reading(skipped=Skipped.NOT_RECORDED)), "look.snapshot", AT),
    "token not looked at": (lambda: token(observed=Reading(skipped=Skipped.TIME)), "look.time", "token reporting"),
}  # fmt: skip


def _version(asked: str, at: datetime) -> list[Finding]:
    return seen(
        connection=replace(REAL, api_version=asked),
        headers=replace(SEEN.headers, at=at, server_time=at, served_version=asked),
        aws=replace(SEEN.aws, at=at, server_time=at),
    )


def bad(findings: list[Finding]) -> list[Finding]:
    return [one for one in findings if one.severity is not Severity.OK]


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_found_and_nothing_else(what: str) -> None:
    breaks, id_, subject = BROKEN[what]

    found_ = bad(breaks())

    assert [(one.id, one.subject) for one in found_] == [(id_, subject)]
    assert found_[0].cause
    assert found_[0].next_step


def well() -> list[Finding]:
    plugin = of_plugin(HOST, needed=True)
    gates = state(gates={"a": {"status": "satisfied"}})
    return [*of_host(HOST), *plugin, *stack(), *gates, *seen(), *token(), *quota("reporting")]


def test_where_all_is_well_everything_has_passed() -> None:
    assert bad(well()) == []


def test_the_tables_of_this_file_have_every_finding_of_the_catalog() -> None:
    tried = {id_ for _, id_, _ in BROKEN.values()} | {one.id for one in well()}

    # Of the command alone: tests/unit/cli/test_doctor.py.
    assert set(CATALOG) - tried == {"look.no_stack"}


def test_an_unreadable_engine_is_not_asked_for_its_plugin_or_variables() -> None:
    assert list(of_plugin(replace(HOST, engine=None), needed=True)) == []
    assert [one.id for one in bad(host(engine=None, variables={}))] == ["engine.missing"]


@pytest.mark.parametrize(
    ("plugins", "needed", "variables", "cause"),
    [
        (("4.21.4",), True, SAFE, "pulumi-resource-random 4.21.4 is installed."),
        ((), False, SAFE, "pulumi-resource-random 4.21.4 is not installed, and nothing here needs it."),
        ((), True, {}, "pulumi-resource-random 4.21.4 is not installed; the engine fetches it when it is needed."),
    ],
)
def test_a_plugin_that_is_there_not_needed_or_can_be_fetched(
    plugins: tuple[str, ...], needed: bool, variables: dict[str, str], cause: str
) -> None:
    here = replace(HOST, engine=replace(ENGINE, random_plugins=plugins), variables=variables)

    assert list(of_plugin(here, needed=needed)) == [found("plugin.ok", "random", cause)]


@pytest.mark.parametrize(
    ("version", "read"),
    [("v3.259.0", (3, 259, 0)), ("3.254.1-dev+dirty", (3, 254, 1)), ("", ()), ("pulumi", ())],
)
def test_a_version_is_read_as_numbers(version: str, read: tuple[int, ...]) -> None:
    assert numbers(version) == read


def test_the_engines_that_fit_are_those_that_the_project_takes() -> None:
    assert (OLDEST_ENGINE, FIRST_UNFIT_ENGINE) == (MINIMUM, FIRST_UNFIT)


def test_no_password_of_an_address_is_shown() -> None:
    told = found("stack.unreadable", "stack dev", "cannot open https://user:secret@pulumi.example/x or s3://bucket/@a")

    assert told.cause == "cannot open https://pulumi.example/x or s3://bucket/@a"


def test_an_emulators_clock_that_was_moved_is_named_and_no_fault_of_this_machine() -> None:
    moved = replace(SEEN, connection=MAIN, headers=replace(SEEN.headers, server_time=NOW + timedelta(60)))

    clocks = [one for one in of_connection(moved, None, None) if one.id.startswith("clock")]
    assert [(one.id, one.subject) for one in clocks] == [
        ("clock.moved", "clock of the emulator"),
        ("clock.ok", "clock of AWS"),
    ]
    assert clocks[0].cause == "It is 60 days off this machine's."


def test_a_dead_token_says_what_its_code_means_and_what_to_do() -> None:
    [dead] = bad(facts(valid=False, code=190, subcode=464, problem="Session"))

    assert dead.cause == (
        "Meta says that the token is not valid (Session). The account of the person behind the token is not confirmed; "
        "the token may well be good."
    )
    assert dead.next_step == "Sign in at facebook.com as that person and confirm the account, then run this again."


def test_what_debug_token_told_stands_in_the_report() -> None:
    told = replace(FACTS, narrowed={"ads_read": ("act_1",)}, data_access_ends_at=NOW)

    assert token_facts(told) == {
        "valid": True,
        "app": REAL.app_id,
        "type": "SYSTEM_USER",
        "user": "301",
        "scopes": ["ads_read", "business_management"],
        "granular": {"ads_read": ["act_1"]},
        "issued_at": "2026-12-02T08:00:00Z",
        "expires_at": "never",
        "data_access_ends_at": "2026-12-02T08:00:00Z",
        "error": None,
    }
    dead = token_facts(replace(FACTS, valid=False, code=190, subcode=463))
    assert dead is not None
    assert (dead["expires_at"], dead["error"]) == (None, "190/463")


def test_one_thing_stands_once_under_the_id_that_says_most() -> None:
    refused = found("config.invalid", AT, "No pair.")
    met = found("connection.pairing", AT, "No pair.")
    other = found("config.invalid", "meta:apps", "is missing.")

    assert once([refused, other, met, met]) == (other, met)


@pytest.mark.parametrize(
    ("ids", "worst"),
    [
        (["engine.ok"], Severity.OK),
        (["look.offline", "engine.ok"], Severity.OK),
        (["look.offline", "gates.open"], Severity.WARNING),
        (["gates.open", "engine.missing"], Severity.ERROR),
    ],
)
def test_the_worst_finding_decides(ids: list[str], worst: Severity) -> None:
    assert Report("dev", NOW, {}, tuple(found(id_, "x") for id_ in ids)).worst is worst


def test_every_id_has_an_area_and_a_name() -> None:
    assert [id_ for id_ in CATALOG if id_.count(".") != 1 or id_ != id_.lower()] == []
    lacking = [id_ for id_, one in CATALOG.items() if one.severity is not Severity.OK and not one.next_step]
    assert lacking == []
    sentences = chain.from_iterable((one.means, one.next_step) for one in CATALOG.values())
    assert [text for text in sentences if "  " in text] == []
