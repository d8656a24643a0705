"""`meta-access orphans`: ends secrets of a stack that stand in no state, and says what remains and why."""

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
from meta_access.cli.leftovers import Leftovers, arns_in_state, sweep
from meta_access.cli.progress import to_person
from meta_access.connections import is_offline, settings_from_config
from meta_access.credentials import check_pairing
from meta_access.errors import MetaAccessError, OfflineError
from meta_access.graph.client import client_for
from meta_access.graph.snapshot import snapshot_for
from meta_access.issuing import issuer_of
from meta_access.vault import protocol, tags
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

    def users(self, connection: Connection) -> Iterable[SystemUserRow]:
        return snapshot_for(connection).system_users()


def _run(stack: str | None) -> Leftovers:
    if is_offline():
        raise OfflineError(
            "META_ACCESS_OFFLINE=1 forbids every call, so nothing can be looked for. Unset it and repeat."
        )
    name = stack or stacks.selected()
    settings = settings_from_config(stacks.config(name).get)
    kept = arns_in_state(stacks.export(name))
    return sweep(settings.connections.values(), kept, Live(project.find(Path.cwd()).name, name))


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
    """End secrets of the stack that stand in no state; list what remains. Exit code 2 while one is left."""
    try:
        found = _run(stack)
    except MetaAccessError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(asdict(found)))
    else:
        _print(found)
    sys.exit(DONE if found.done else WORK_LEFT)
