"""The program Pulumi runs: read the stack, look once at every connection, declare its access."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pulumi
from pulumi.runtime.config import get_config_env

from components.app_access import AppAccess
from components.client_access import ClientAccess
from components.gate_board import GateBoard
from components.system_identity import SystemIdentity
from meta_access.connections import settings_of
from meta_access.errors import MetaAccessError
from meta_access.preflight import preflight
from meta_access.spec import load_stack, notices, plan
from meta_access.spec.quota import quota_export

STACKS = Path(__file__).absolute().parent / "stacks"
REFUSED = 32
"""Exit code that tells the engine that the program has said all there is to say (measured)."""
OFFLINE = (
    "META_ACCESS_OFFLINE=1: nothing was asked of Meta or of Secrets Manager. Not looked at: whether the credentials "
    "work, which system users and assignments exist, how much of the quota is left, how the gates stand today, and "
    "which tokens are due. What is shown compares the configuration with the state of the last update."
)


def main() -> None:
    stack = load_stack(get_config_env(), pulumi.get_stack(), STACKS)
    settings = settings_of(stack.spec)
    if settings.offline:
        pulumi.log.warn(OFFLINE)
    else:
        preflight(stack, settings)
    for text in notices.warnings(stack.spec, stack.rules, datetime.now(UTC).date()):
        pulumi.log.warn(text)
    if unserved := notices.not_acted_on(stack.spec):
        pulumi.log.info(f"Read and checked, but no resource acts on it yet: {', '.join(unserved)}.")

    board = GateBoard(stack.spec)
    apps = {app.key: AppAccess(app.key, stack=stack, plan=app, board=board) for app in plan.apps(stack.spec)}
    plans = {found.key: found for found in plan.identities(stack.spec, stack.rules)}
    identities = {key: SystemIdentity(key, plan=found, board=board) for key, found in plans.items()}
    for client in stack.spec.clients:
        work = plan.assignments(stack.spec, client)
        ClientAccess(client, assignments=work, plans=plans, identities=identities, board=board)

    pulumi.export("secrets", {key: identity.secret for key, identity in identities.items()})
    pulumi.export("gates", board.export())
    pulumi.export("quota", quota_export(stack.spec, stack.rules))
    pulumi.export("login_urls", {key: app.login_urls for key, app in apps.items()})
    if tokens := {key: app.webhook_verify_token for key, app in apps.items() if app.webhook_verify_token is not None}:
        pulumi.export("webhook_verify_tokens", tokens)


try:
    main()
except MetaAccessError as error:
    pulumi.log.error(str(error))
    sys.exit(REFUSED)
