"""The standard program: read the stack, look once at every connection, declare its access.

A project's `__main__.py` runs it: `from meta_access.components import program`, then `program.run()`.
"""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.runtime.config import get_config_env, get_config_secret_keys_env
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor
from pulumi_random import _utilities

from meta_access import access, call_log, departures, findings, snapshot, undeclared
from meta_access.errors import ConfigError, Problem, printable
from meta_access.gates import upkeep
from meta_access.graph.client import client_for, meta_time
from meta_access.policy import judge
from meta_access.preflight import Preflight, preflight
from meta_access.providers import last_update
from meta_access.stack import ignores, notices, plan, tier, time_limits
from meta_access.stack.connections import Settings, settings_of
from meta_access.stack.files import project_of
from meta_access.stack.load import Stack, load_stack
from meta_access.stack.plan import SUFFIX
from meta_access.stack.tier import quota_export

from . import exclusive_access
from .app_access import AppAccess
from .client_access import ClientAccess
from .gate_board import GateBoard
from .known import known
from .system_identity import SystemIdentity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REFUSED = 32
"""Exit code that tells the engine that the program has said all there is to say (measured)."""
OFFLINE = (
    "META_ACCESS_OFFLINE=1: nothing was asked of Meta or of Secrets Manager. Not looked at: whether the credentials "
    "work, which system users and assignments exist, how much of the quota is left, how the gates stand today, and "
    "which tokens are due. What is shown compares the configuration with the state of the last update."
)


def run() -> None:
    """Declare what the stack file of the running stack says; what is refused ends the process with one error."""
    try:
        _declare(_stacks_folder())
    except pulumi.RunError:
        raise  # the engine's own way to say why a program ends
    except Exception as error:  # noqa: BLE001 - a library's exception may quote a credential
        pulumi.log.error(printable(error))
        sys.exit(REFUSED)


def _stacks_folder() -> Path:
    """Where the engine took the stack file from: it runs a program in the folder of its project, or below it."""
    found = project_of(Path.cwd())
    if found is None:
        raise ConfigError([Problem("Pulumi.yaml", "is neither here nor above.", "run pulumi in the project's folder.")])
    return found[1]


def _declare(stacks: Path) -> None:
    secret = get_config_secret_keys_env()
    stack = load_stack(get_config_env(), pulumi.get_stack(), stacks, project=pulumi.get_project(), secret=secret)
    settings = settings_of(stack.spec)
    if lost := notices.losses(last_update.resources(), stack.spec, stack.rules):
        pulumi.log.warn(lost)
    with _plugins_starting(stack):
        seen, leaving = _look(stack, settings)
    for text in leaving:
        pulumi.log.warn(text)
    for doubts in seen.doubts.values():
        for text in doubts.says:
            pulumi.log.warn(text)
    now = _now(settings)
    limits = time_limits.of_stack(stack)
    _say_what_ends(limits, now.date(), offline=settings.offline)
    _tell_what_is_undeclared(stack, settings)
    stack = time_limits.on(stack, now.date())
    stack = replace(stack, spec=ignores.without_ended(stack.spec, now.date()))
    tiers = tier.reports(stack.spec, stack.rules, seen.tiers)
    kept = upkeep.of_stack(stack, {name: one.tier for name, one in seen.tiers.items()}, call_log.read, now)
    _say_of_files(stack, stacks)
    _say_of_tiers(stack, tiers, kept, now.date())
    board = GateBoard(stack, _refusing(stack, stacks, now.date()))
    apps = {app.key: AppAccess(app.key, stack=stack, plan=app, board=board) for app in plan.apps(stack.spec)}
    plans = {found.key: found for found in plan.identities(stack.spec, stack.rules)}
    identities = {key: SystemIdentity(key, plan=found, board=board) for key, found in plans.items()}
    clients = {
        key: ClientAccess(key, stack=stack, plans=plans, identities=identities, board=board)
        for key in stack.spec.clients
    }
    exclusive_access.declare(stack, clients, identities, last_update.assignments())

    secrets = {key: identity.secret for key, identity in identities.items() if identity.secret is not None}
    pulumi.export("secrets", known(secrets))
    pulumi.export("gates", known(board.export()))
    pulumi.export("quota", quota_export(stack.spec, stack.rules))
    live: dict[str, dict[str, Any]] = {
        "tiers": {report.connection: report.as_output() for report in tiers},
        "admin_tokens": {name: doubts.as_output() for name, doubts in seen.doubts.items()},
        "upkeep": {one.app: one.as_output() for one in kept},
    }
    for name, rows in (_as_it_was(live, stack) if settings.offline else live).items():
        if rows:
            pulumi.export(name, rows)
    if limits:
        pulumi.export("time_limits", time_limits.as_output(limits))
    pulumi.export("login_urls", {key: app.login_urls for key, app in apps.items()})
    if tokens := {
        key: known(app.webhook_verify_token) for key, app in apps.items() if app.webhook_verify_token is not None
    }:
        pulumi.export("webhook_verify_tokens", tokens)


@contextmanager
def _plugins_starting(stack: Stack) -> Iterator[None]:
    """Have the engine start its plugins while the program looks: otherwise each starts with its first resource.

    They know no such function; to ask for it starts them. A preview of 110 resources took 0.7 s less with it. An update
    writes the configuration of each into the state, so it may start one only where the state has the same: the program
    may refuse yet.
    """
    starts = [_Start("pulumi-python:dynamic:Start", "default", get_config_env())]
    suffixed = any(one.has_token and SUFFIX in one.secret for one in plan.identities(stack.spec, stack.rules))
    if suffixed or any(app.webhooks is not None and app.webhooks.generated for app in stack.spec.apps.values()):
        # Of the version that its resources ask for: another one would be another provider.
        version = _utilities.get_version()  # type: ignore[no-untyped-call]  # generated, without annotations
        name = f"default_{version.replace('.', '_')}"
        starts.append(_Start("random:index:Start", name, {"version": version}, version))
    if not pulumi.runtime.is_dry_run():
        starts = [one for one in starts if last_update.provider(one.package, one.name) == one.config]
    begin = getattr(getattr(get_monitor(), "Invoke", None), "future", None)  # a program's mocks have none
    # Held meanwhile, since a call is cancelled when nobody holds it; what it answers is of no interest.
    asked = (resource_pb2.ResourceInvokeRequest(tok=one.function, version=one.version) for one in starts)
    calls = [begin(one) for one in asked] if begin is not None else []
    yield
    del calls


@dataclass(frozen=True, slots=True)
class _Start:
    """A plugin to be started.

    Attributes:
        name: Of the engine's provider for it.
        config: That this provider has in the state after an update with today's configuration.
    """

    function: str
    name: str
    config: Mapping[str, str]
    version: str = ""

    @property
    def package(self) -> str:
        return self.function.partition(":")[0]


def _refusing(stack: Stack, stacks: Path, today: date) -> list[str]:
    """The mandatory rules that find something; what they advise, `meta-access validate` and a review say."""
    found = judge.mandatory(judge.findings(stack, stacks, today))
    for one in found:
        pulumi.log.warn(f"policy {one.rule}, mandatory: {one.place}: {one.cause} Nothing widens meanwhile. {one.fix}")
    return list(dict.fromkeys(one.rule for one in found))


def _look(stack: Stack, settings: Settings) -> tuple[Preflight, list[str]]:
    """Look at the connections, live or in a snapshot; offline nothing is seen.

    Besides them, what to say of secrets that no identity declares.
    """
    if (shown := snapshot.given()) is not None:
        shown.check_run(pulumi.get_project(), pulumi.get_stack(), dry_run=pulumi.runtime.is_dry_run())
        shown.check_settings(settings.environment, settings.connections.values())
    if settings.offline:
        pulumi.log.warn(OFFLINE)
        return Preflight(), []
    leaving, project = list[str](), pulumi.get_project()

    def secrets() -> None:
        leaving.extend(departures.warnings(stack, settings, project))

    return preflight(stack, settings, [secrets]), leaving


def _tell_what_is_undeclared(stack: Stack, settings: Settings) -> None:
    """Say what no line declares at Meta, once it is known: a page for a hundred assets, and no resource waits for it.

    In a preview alone: an update has tokens to keep alive, and shows nobody anything.
    """
    if settings.offline or not pulumi.runtime.is_dry_run():
        return
    # Asked here: the engine answers the thread that runs the program.
    users, held = last_update.system_users(), last_update.assignments()
    # Not in a thread of the loop's: those are for the engine's calls.
    reading = ThreadPoolExecutor(1).submit(undeclared.in_brief, stack, settings, users, held)
    found: Any = asyncio.wrap_future(reading)
    # An output, so that the program does not end before.
    pulumi.Output.from_input(found).apply(_say_what_is_undeclared)


def _say_what_is_undeclared(found: findings.Undeclared) -> None:
    findings.undeclared(found)
    if text := access.sentence(found):
        # No warning: an unchanged stack with it is unchanged.
        pulumi.log.info(text)


def _say_what_ends(limits: list[time_limits.Limit], today: date, *, offline: bool) -> None:
    """Say what ends, and refuse what is new and would have ended before it began."""
    state = last_update.resources()
    standing = time_limits.standing(limits, state)
    known = {*standing, *(last_update.exports().get("time_limits") or {})}
    # Offline without a state everything looks new.
    if (state or not offline) and (late := list(time_limits.refusals(limits, today, known=known))):
        raise ConfigError(late)
    for text in time_limits.warnings(limits, today, standing=standing):
        pulumi.log.warn(text)


def _as_it_was(live: dict[str, dict[str, Any]], stack: Stack) -> dict[str, dict[str, Any]]:
    """What only a look at Meta tells, as the last update saw it: nobody has looked, which is no change."""
    last = last_update.exports()
    if not last:
        return live
    kept = {name: {key: row for key, row in (last.get(name) or {}).items() if _declared(key, stack)} for name in live}
    return {**kept, "tiers": {**live["tiers"], **kept["tiers"]}}


def _declared(key: str, stack: Stack) -> bool:
    return key in stack.spec.connections or key in stack.spec.apps


def _now(settings: Settings) -> datetime:
    """Meta's time, as the look at the connections learnt it; offline nobody else's clock can be asked."""
    asked = [] if settings.offline else map(client_for, settings.connections.values())
    return meta_time(asked) or datetime.now(UTC)


def _say_of_files(stack: Stack, stacks: Path) -> None:
    for notice in notices.of_stack(stack, stacks, datetime.now(UTC).date()):
        (pulumi.log.warn if notice.warning else pulumi.log.info)(notice.text)


def _say_of_tiers(stack: Stack, tiers: list[tier.TierReport], kept: list[upkeep.Upkeep], today: date) -> None:
    # Like gates: production is to stop and look, elsewhere it is to be known.
    tell = pulumi.log.warn if stack.spec.gate_mode == "block" else pulumi.log.info
    for report in tiers:
        for text in report.refused:
            tell(text)
        for text in report.uncertain:
            pulumi.log.info(text)
    for one in kept:
        if warning := one.warning(today):
            pulumi.log.warn(warning)
        elif one.standing is upkeep.Standing.CANNOT_TELL:
            pulumi.log.info(f"meta:apps.{one.app}: whether its tier stands, nobody can tell. {one.reason} {one.rule}")
