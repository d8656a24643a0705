"""`meta-access orphans`: secrets, and users, of a stack that stand in no state. Lists them; ends what was agreed to."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meta_access.cli import pulumi_stack
from meta_access.cli.graph_client import client_for
from meta_access.cli.terminal import DONE, WORK_LEFT, agrees, answer, to_person
from meta_access.cli.tokens.orphan_sweep import Elsewhere, known_of, sweep
from meta_access.clock import SYSTEM_CLOCK
from meta_access.errors import ConflictError, MetaAccessError
from meta_access.graph import system_users
from meta_access.graph.issuer import issuer_of
from meta_access.stack.connections import refuse_offline, settings_from_config
from meta_access.stack.credentials import check_pairing
from meta_access.tokens import previous_users, run, tags
from meta_access.tokens.store import store_for

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from meta_access.cli.tokens.orphan_sweep import Line, SweepResult
    from meta_access.clock import Clock
    from meta_access.graph.system_users import SystemUserRow
    from meta_access.stack.connections import Connection
    from meta_access.tokens.delete import SecretEnd
    from meta_access.tokens.store import Description

TITLES = {
    "orphans": "In no state, to be ended once you agree",
    "doubtful": "In no state of this stack, to be ended only when you name it",
    "ended": "Ended now, because no state holds it and you agreed",
    "withdrawn": "System users of no state",
    "left": "Not ended",
    "unseen": "Not looked at",
    "elsewhere": "Held by another stack of this backend, and left alone",
    "foreign": "Another owner's, and left alone",
    "scheduled": "Secrets that remain, until AWS deletes them",
    "retired": "System users that remain, because Meta cannot delete one",
}
ENDABLE = ("orphans", "doubtful")
# To look into all other stacks; an organization may have hundreds.
LOOK_FOR_S = 300.0


class LiveSweep:
    """The emulated or the real Meta and Secrets Manager."""

    def __init__(self, project_name: str, stack: str) -> None:
        self._project = project_name
        self._stack = stack

    @cached_property
    def _elsewhere(self) -> Elsewhere:
        to_person("Looking for them in the other stacks of this backend.")
        return elsewhere()

    def elsewhere(self) -> Elsewhere:
        return self._elsewhere

    def secrets(self, connection: Connection) -> Iterable[Description]:
        check_pairing(connection.graph_url, connection.aws)
        return store_for(connection.aws).owned_by(self._project, self._stack)

    def end(self, connection: Connection, secret: Description) -> SecretEnd:
        issuer = issuer_of(client_for(connection))
        claim = secret.tags.get(tags.CLAIM, "")
        return run.end(store_for(connection.aws), issuer, secret.arn, claim=claim, notify=to_person)

    def held(self, connection: Connection, secret: Description, user: str) -> list[int]:
        return previous_users.held(store_for(connection.aws), secret.arn, user)

    def retire(self, connection: Connection, user: str) -> str:
        if user == issuer_of(client_for(connection)).calling_token()[0]:
            raise ConflictError(
                f"system user {user} is kept, because the credential in use is its own.",
                next_step="Give the connection another credential, then run this again.",
            )
        return system_users.retire(client_for(connection), user)

    def forget(self, connection: Connection, secret: Description, user: str) -> None:
        previous_users.forget(store_for(connection.aws), secret.arn, user)

    def users(self, connection: Connection) -> Iterable[SystemUserRow]:
        return system_users.list_(client_for(connection))


def elsewhere(clock: Clock = SYSTEM_CLOCK) -> Elsewhere:
    """What the states of the backend's stacks hold, the asking one's included: what that one holds is no orphan."""
    arns: dict[str, str] = {}
    users: dict[str, str] = {}
    unread: dict[str, str] = {}
    began = clock.monotonic()
    try:
        names = pulumi_stack.listed()
    except MetaAccessError as error:
        return Elsewhere(unread={"the list of stacks": str(error)})
    for name in names:
        try:
            if clock.monotonic() - began > LOOK_FOR_S:
                unread[name] = f"there was no time for it within {LOOK_FOR_S:.0f} s"
                continue
            known = known_of(pulumi_stack.export(name))
        except MetaAccessError as error:
            unread[name] = str(error)
            continue
        arns |= dict.fromkeys(known.arns, name)
        users |= dict.fromkeys(known.users, name)
    return Elsewhere(arns, users, unread)


def chosen(found: SweepResult, wanted: Sequence[str]) -> list[Line]:
    """What may be ended: all that is certain, or what is named by secret, ARN, or a system user's name or id.

    Raises:
        ClickException: A name is none of what can be ended; says why.
    """
    if not wanted:
        return list(found.orphans)
    endable = [line for part in ENDABLE for line in getattr(found, part)]
    picked = [line for line in endable if {line.name, line.id} & set(wanted)]
    if unknown := [name for name in wanted if not any(name in {line.name, line.id} for line in endable)]:
        other = [line for part in TITLES if part not in ENDABLE for line in getattr(found, part)]
        why = [f"{line.name}: {line.text}." for line in other if {line.name, line.id} & set(unknown)]
        known = ", ".join(line.name for line in endable) or "nothing"
        sentences = [
            f"Not to be ended here: {', '.join(unknown)}.",
            *why,
            f"To be ended: {known}. Nothing was changed.",
        ]
        raise click.ClickException(" ".join(sentences))
    return picked


def _print(found: SweepResult) -> None:
    for part, title in TITLES.items():
        lines: list[Line] = getattr(found, part)
        if lines:
            answer(f"{title}:")
        for line in lines:
            answer(f"  - {line.name}: {line.text}")
    if found.done:
        answer("No orphan is left.")
        return
    if found.orphans:
        answer("Work is left: `meta-access orphans --end` ends the orphans after you have agreed.")
    if found.doubtful:
        answer("Work is left: `meta-access orphans NAME --end` ends what you name and know to be yours.")
    if found.left or found.unseen:
        answer("Work is left: run `meta-access orphans` again when the reason above is gone.")


def _agrees(lines: Sequence[Line], *, yes: bool) -> bool:
    if yes:
        return True
    to_person("These end:")
    for line in lines:
        to_person(f"  - {line.name}: {line.text}")
    try:
        return agrees("End them now?")
    except click.Abort:  # nobody is there to answer
        return False


@click.command(name="orphans")
@click.argument("name", nargs=-1)
@click.option("--end", is_flag=True, help="End what is listed, or the NAMEs of it, after asking.")
@click.option("--yes", is_flag=True, help="End the NAMEs without asking.")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(name: tuple[str, ...], stack: str | None, *, end: bool, yes: bool, as_json: bool) -> None:
    """List secrets and system users of the stack that stand in no state, and end them once you agree.

    NAME is a secret's name or ARN, or a system user's name or id. Exit code 2 while one is left.
    """
    if yes and not name:
        raise click.ClickException(
            "Ending without asking needs the names of what to end. Nothing was changed. `meta-access orphans` lists "
            "them; to be asked, say --end."
        )
    if name and not (end or yes):
        raise click.ClickException("To end what is named, say --end, or --yes not to be asked. Nothing was changed.")
    refuse_offline("nothing can be looked for")
    named = stack or pulumi_stack.selected()
    connections = list(settings_from_config(pulumi_stack.config(named).get).connections.values())

    def swept(agreed: Collection[str] = ()) -> SweepResult:
        # Everything is read anew once somebody has agreed: an `up` may have taken up what was listed.
        actions = LiveSweep(pulumi_stack.find(Path.cwd()).name, named)
        return sweep(connections, known_of(pulumi_stack.export(named)), actions, agreed)

    found = swept()
    if end or yes:
        lines = chosen(found, name)
        if lines and _agrees(lines, yes=yes):
            found = swept({line.id for line in lines})
        elif lines:
            to_person("Nobody agreed, so nothing was ended. Without a person: name what to end, with --yes.")
    if as_json:
        click.echo(json.dumps(asdict(found)))
    else:
        _print(found)
    sys.exit(DONE if found.done else WORK_LEFT)
