"""`meta-access orphans`: ends secrets, and retires users, of a stack that stand in no state; says what remains."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meta_access.cli import project
from meta_access.cli import stack as stacks
from meta_access.cli.exit_codes import DONE, WORK_LEFT
from meta_access.cli.leftovers import Leftovers, arns_in_state, sweep, users_in_state
from meta_access.cli.progress import to_person
from meta_access.connections import is_offline, settings_from_config
from meta_access.credentials import check_pairing
from meta_access.errors import ConflictError, OfflineError
from meta_access.graph import system_users
from meta_access.graph.client import client_for
from meta_access.issuing import issuer_of
from meta_access.vault import former, protocol, tags
from meta_access.vault.inventory import owned_by
from meta_access.vault.store import store_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meta_access.cli.leftovers import Line
    from meta_access.connections import Connection
    from meta_access.graph.system_users import SystemUserRow
    from meta_access.vault.description import Description

TITLES = {
    "ended": "Ended now, because no state of the stack holds it",
    "withdrawn": "System users of no state",
    "left": "Not ended",
    "unseen": "Not looked at",
    "scheduled": "Secrets that remain, until AWS deletes them",
    "retired": "System users that remain, because Meta cannot delete one",
}


class Live:
    """The emulated or the real Meta and Secrets Manager."""

    def __init__(self, project_name: str, stack: str) -> None:
        self._project = project_name
        self._stack = stack

    def secrets(self, connection: Connection) -> Iterable[Description]:
        check_pairing(connection.graph_url, connection.aws)
        return owned_by(store_for(connection.aws), self._project, self._stack)

    def end(self, connection: Connection, secret: Description) -> str:
        issuer = issuer_of(client_for(connection))
        claim = secret.tags.get(tags.CLAIM, "")
        return protocol.end(store_for(connection.aws), issuer, secret.arn, claim=claim, notify=to_person)

    def held(self, connection: Connection, secret: Description, user: str) -> list[int]:
        return former.held(store_for(connection.aws), secret.arn, user)

    def retire(self, connection: Connection, user: str) -> str:
        if user == issuer_of(client_for(connection)).calling_token()[0]:
            raise ConflictError(
                f"system user {user} is kept, because the credential in use is its own. Give the connection another "
                "credential, then run this again."
            )
        return system_users.retire(client_for(connection), user)

    def forget(self, connection: Connection, secret: Description, user: str) -> None:
        former.forget(store_for(connection.aws), secret.arn, user)

    def users(self, connection: Connection) -> Iterable[SystemUserRow]:
        return system_users.list_(client_for(connection))


def _run(stack: str | None) -> Leftovers:
    if is_offline():
        raise OfflineError(
            "META_ACCESS_OFFLINE=1 forbids every call, so nothing can be looked for. Unset it and repeat."
        )
    name = stack or stacks.selected()
    settings = settings_from_config(stacks.config(name).get)
    state = stacks.export(name)
    live = Live(project.find(Path.cwd()).name, name)
    return sweep(settings.connections.values(), arns_in_state(state), live, users_in_state(state))


def _print(found: Leftovers) -> None:
    for part, title in TITLES.items():
        lines: list[Line] = getattr(found, part)
        if lines:
            click.echo(f"{title}:")
        for line in lines:
            click.echo(f"  - {line.name}: {line.text}")
    if found.done:
        click.echo("No orphan is left.")
    else:
        click.echo("Work is left: run `meta-access orphans` again when the reason above is gone.")


@click.command(name="orphans")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(stack: str | None, *, as_json: bool) -> None:
    """End secrets and retire system users of the stack that stand in no state; list what remains.

    Exit code 2 while a secret or a user is left.
    """
    found = _run(stack)
    if as_json:
        click.echo(json.dumps(asdict(found)))
    else:
        _print(found)
    sys.exit(DONE if found.done else WORK_LEFT)
