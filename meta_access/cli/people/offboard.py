"""`meta-access offboard`: takes away what a person holds of a stack where a program may; gives steps for the rest."""

from __future__ import annotations

import json
import os
import sys
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access.audit import VARIABLE
from meta_access.cli import plain_files, pulumi_run, pulumi_stack
from meta_access.cli.engine_output import EngineOutput
from meta_access.cli.people.holdings import BY_UP, Everything, Holding, Member, Seen, held, loses_business, loses_roles
from meta_access.cli.people.stack_file import StackFileError, without
from meta_access.cli.terminal import DONE, FAILED, WORK_LEFT, to_person
from meta_access.cli.tokens import audit, stack_tokens
from meta_access.errors import MetaAccessError
from meta_access.graph import app_roles, business_users, system_users
from meta_access.graph.business_users import is_last_admin, same
from meta_access.graph.client import client_for
from meta_access.graph.debug_token import inspect
from meta_access.stack.connections import settings_of
from meta_access.stack.credentials import credentials_for
from meta_access.stack.load import load_stack
from meta_access.stack.problems import instead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from meta_access.graph.client import GraphClient
    from meta_access.stack.connections import Connection
    from meta_access.stack.load import Stack
    from meta_access.stack.models import PersonSpec

    _Read = Callable[[PersonSpec, GraphClient, Seen], None]

USER = "USER"


def look(person: PersonSpec, connections: Iterable[Connection]) -> Seen:
    """What Meta shows of a person; what cannot be read is named and hides nothing else."""
    seen = Seen()
    apps: set[str] = set()
    businesses: set[str] = set()
    for connection in connections:
        client = client_for(connection)
        reads: list[tuple[str, _Read]] = [("whose token it acts with", _credential)]
        if connection.app_id not in apps:
            reads.append(("the roles on its app", _role))
        if connection.business_id not in businesses:
            reads += [("the people of its business", _member), ("who made its system users", _created)]
        apps.add(connection.app_id)
        businesses.add(connection.business_id)
        for what, read in reads:
            try:
                read(person, client, seen)
            except MetaAccessError as error:
                seen.unseen.append(f"connection {connection.name}, {what}: {error}")
    return seen


def _role(person: PersonSpec, client: GraphClient, seen: Seen) -> None:
    rows = app_roles.list_(client)
    if person.user_id is None:
        app = client.connection.app_name
        seen.unseen.append(f"their role on app {app}: Meta lists ids, and meta:people has no user_id of theirs.")
    for row in rows:
        if row.user == person.user_id:
            seen.roles[client.connection.app_name] = row.word


def _member(person: PersonSpec, client: GraphClient, seen: Seen) -> None:
    rows = business_users.list_(client)
    for row in rows:
        if person.email and same(row.email, person.email):
            seen.members[client.connection.business_name] = Member(
                role=row.role, pending=row.pending, last_admin=is_last_admin(rows, row)
            )


def _created(person: PersonSpec, client: GraphClient, seen: Seen) -> None:
    seen.created |= {
        row.id for row in system_users.list_(client) if row.created_by and row.created_by == person.user_id
    }


def _credential(person: PersonSpec, client: GraphClient, seen: Seen) -> None:
    info = inspect(client, credentials_for(client.connection).admin_token())
    if info.type == USER and info.user_id == person.user_id:
        seen.credentials.append(client.connection.name)


def minted(person: str, email: str | None) -> dict[str, frozenset[int]]:
    """What the audit says they minted: secret's name to generations; nothing where there is no audit to read."""
    file = os.environ.get(VARIABLE, "")
    if not file or not Path(file).is_file():
        return {}
    lines = Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
    found: dict[str, frozenset[int]] = {}
    for entry in audit.read(lines, audit.Filter(step="mint")).entries:
        if entry.get("who") in {person, email} and isinstance(entry.get("generation"), int):
            secret = str(entry.get("secret"))
            found[secret] = found.get(secret, frozenset()) | {entry["generation"]}
    return found


def everything(person: str, stack: Stack, read: stack_tokens.StackTokens, seen: Seen) -> Everything:
    return Everything(
        stack=stack,
        state=pulumi_stack.export(read.stack),
        tokens=read.tokens,
        seen=seen,
        minted=minted(person, stack.spec.people[person].email),
    )


def edited(text: str, person: str, found: Everything) -> str:
    """The stack file as it is to be."""
    apps = loses_roles(person, found.stack)
    return without(text, person, apps=apps, business=loses_business(person, found))


def _show(person: str, holdings: list[Holding], seen: Seen) -> None:
    to_person(f"{person} holds:" if holdings else f"{person} holds nothing here.")
    for one in holdings:
        to_person(f"  - {one.kind} {one.name}: {one.text}")
    for text in seen.unseen:
        to_person(f"  ? not looked at: {text}")


def _show_edit(file: Path, before: str, after: str) -> None:
    to_person(f"{file.parent.name}/{file.name}:")
    for line in unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""):
        if not line.startswith(("---", "+++", "@@")):
            to_person(f"    {line}")


def _print(person: str, result: dict[str, Any]) -> None:
    for one in result["taken"]:
        click.echo(f"Taken away: {one['kind']} {one['name']}: {one['text']}")
    for one in result["left"]:
        click.echo(f"Left: {one['kind']} {one['name']}: {one['text']}")
        for key in ("step", "where", "menu"):
            if key in one:
                click.echo(f"    {key + ':':<7}{one[key]}")
    for text in result["unseen"]:
        click.echo(f"Not looked at: {text}")
    if not result["left"] and not result["unseen"]:
        click.echo(f"{person} holds nothing any more.")


@click.command(name="offboard")
@click.argument("person")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--verbose", is_flag=True, help="Print all that pulumi prints, and not its errors and warnings alone.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; needs --yes.")
def command(person: str, stack: str | None, *, yes: bool, verbose: bool, as_json: bool) -> None:
    """Show everything PERSON (a name of meta:people) holds here, and take away what a program may.

    Edits the stack file and runs `pulumi up` for what is about them alone. The last admin of a business or an app
    stays. Exit code 2 while something is left that people have to do; run it again to see what.
    """
    if as_json and not yes:
        raise click.UsageError("--json asks nothing, so it needs --yes.")
    read = stack_tokens.read(stack, "nothing can be looked at")
    home = pulumi_stack.find(Path.cwd())
    loaded = load_stack(pulumi_stack.config(read.stack), read.stack, home.stacks, project=home.name)
    people = loaded.spec.people
    if person not in people:
        fix = instead(person, people, f"there are {', '.join(people) or 'none'}.")
        raise click.ClickException(f'There is no "{person}" in meta:people. Nothing was changed; {fix}')
    to_person("Looking at the configuration, the state and Meta.")
    seen = look(people[person], settings_of(loaded.spec).connections.values())
    found = everything(person, loaded, read, seen)
    before = held(person, found)
    _show(person, before, seen)
    failed = False
    if any(one.ends == BY_UP for one in before):
        file = home.stacks / f"Pulumi.{read.stack}.yaml"
        failed = not _take_away(person, found, read, file, yes=yes, verbose=verbose)
        loaded = load_stack(pulumi_stack.config(read.stack), read.stack, home.stacks, project=home.name)
        seen = look(people[person], settings_of(loaded.spec).connections.values())
        found = everything(person, loaded, read, seen)
    after = held(person, found)
    result = {
        "person": person,
        "stack": read.stack,
        "held": [one.as_json() for one in before],
        "taken": [one.as_json() for one in before if one not in after],
        "left": [one.as_json() for one in after],
        "unseen": seen.unseen,
    }
    if as_json:
        click.echo(json.dumps(result))
    else:
        _print(person, result)
    sys.exit(FAILED if failed else WORK_LEFT if result["left"] or result["unseen"] else DONE)


def _take_away(
    person: str, found: Everything, read: stack_tokens.StackTokens, file: Path, *, yes: bool, verbose: bool
) -> bool:
    """Edit the stack file, and run pulumi for what is theirs; whether that went well."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise StackFileError(
            f"Reading {file.name} failed: {error.strerror}. Nothing was changed.",
            next_step=f"Take {person} out of where the stack's configuration stands, then run this again.",
        ) from None
    wanted = edited(text, person, found)
    if wanted != text:
        _show_edit(file, text, wanted)
    if not yes and not click.confirm("Take away what a program may, now?", err=True):
        raise click.ClickException("not confirmed; nothing was changed.")
    plain_files.write(file, wanted)
    try:
        loaded = load_stack(
            pulumi_stack.config(read.stack), read.stack, file.parent, project=pulumi_stack.find(Path.cwd()).name
        )
    except MetaAccessError:
        plain_files.write(file, text)
        raise
    urns = [one.urn for one in held(person, everything(person, loaded, read, found.seen)) if one.urn]
    if not urns:
        return True
    to_person(f"Running pulumi for {', '.join(urn.rsplit('::', 1)[-1] for urn in urns)}.")
    return pulumi_run.targeted(read.stack, urns, EngineOutput(verbose=verbose)) is pulumi_run.RunEnd.WELL
