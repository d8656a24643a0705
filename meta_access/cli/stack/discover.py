"""`meta-access discover`: reads a live business, and writes what a stack lacks of it into its files."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access.cli import plain_files, pulumi_stack
from meta_access.cli.graph_client import client_for
from meta_access.cli.stack.stack_texts import alone, loaded, read_files
from meta_access.cli.stack.stack_texts import write as write_files
from meta_access.cli.terminal import DONE, WORK_LEFT, answer, to_person
from meta_access.discovery.known import Known, Wanted
from meta_access.discovery.plan import additions
from meta_access.errors import MetaAccessError
from meta_access.graph import inventory
from meta_access.graph.issuer import issuer_of
from meta_access.graph.lists import Unread
from meta_access.stack import time_limits
from meta_access.stack.connections import refuse_offline, settings_of
from meta_access.stack.credentials import check_pairing
from meta_access.tokens import in_secrets
from meta_access.tokens.in_secrets import Looked
from meta_access.tokens.store import store_for

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from meta_access.discovery.finding import Finding
    from meta_access.discovery.plan import Additions
    from meta_access.graph.inventory import Inventory
    from meta_access.stack.connections import Connection
    from meta_access.stack.load import Stack
    from meta_access.tokens.in_secrets import Found

NOT_DISCOVERED = "nothing can be discovered"
TOKENS = (
    "Meta lists no tokens of a system user, so nobody can tell which are in use. An identity written here with "
    "token: none keeps none: `pulumi up` installs nothing on its user, mints nothing and ends nothing. Tokens that lie "
    "in secrets are found by --secrets and the beginning of the secrets' names."
)


@dataclass(slots=True)
class Seen:
    """What the runs over the businesses of a stack have brought together."""

    counts: dict[str, int] = field(default_factory=dict)
    added: dict[str, list[str]] = field(default_factory=lambda: {"identities": [], "people": [], "clients": []})
    assets: int = 0
    findings: list[Finding] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    matched: set[str] = field(default_factory=set)
    adoptions: dict[str, Found] = field(default_factory=dict)

    def note(self, found: Inventory, more: Additions, secrets: Looked) -> None:
        for name, rows in (
            ("system_users", found.system_users),
            ("assets", found.assets),
            ("people", [row for row in found.people if not row.pending]),
            ("invitations", [row for row in found.people if row.pending]),
            ("apps", found.apps),
        ):
            self.counts[name] = self.counts.get(name, 0) + len(rows)
        self.added["identities"] += more.identities
        self.added["people"] += more.people
        self.added["clients"] += sorted(more.new_clients)
        self.assets += sum(len(rows["assets"].below or ()) for rows in more.clients.values())
        self.findings += more.findings
        self.unread += found.unread
        self.unread += [Unread(f"secret {name}", why) for name, why in secrets.unread]
        self.adoptions |= more.adoptions
        self.matched |= more.matched


def known(stack: Stack, connection: str, state: Mapping[str, Any], owner: str, tokens: tuple[Found, ...] = ()) -> Known:
    """The stack as it is, for the business of a connection."""
    return Known(stack.spec, stack.rules, connection, pulumi_stack.system_users(state), tokens, owner)


def read_business(connection: Connection, stack: Stack, kinds: Collection[str] = inventory.KINDS) -> Inventory:
    """Read the business of a connection, as far as the stack's rule set knows the kinds of its assets.

    Raises:
        ClickException: Meta shows nothing at all of it.
    """
    check_pairing(connection.graph_url, connection.aws, path=f"meta:connections.{connection.name}")
    to_person(f"Reading business {connection.business_display} (id {connection.business_id}).")
    found = inventory.take(client_for(connection), [kind for kind in kinds if kind in stack.rules.task_enums])
    if not found.shown:
        raise click.ClickException(
            f"Meta shows nothing of business {connection.business_id} to the admin token of connection "
            f"{connection.name}: {found.unread[0].why}"
        )
    return found


def read_secrets(connection: Connection, prefixes: Iterable[str]) -> Looked:
    """Look for tokens in the secrets of a connection's region whose names begin so."""
    store, issuer = store_for(connection.aws), issuer_of(client_for(connection))
    looks = [in_secrets.look(store, issuer, prefix) for prefix in prefixes]
    found = {(one.arn, one.key): one for look in looks for one in look.found}
    return Looked(tuple(found.values()), tuple(dict(one for look in looks for one in look.unread).items()))


def importable(
    stack: Stack, inventories: Iterable[tuple[str, Inventory]], owner: str, state: Mapping[str, Any]
) -> dict[str, Any]:
    """The content of an import file: what is declared, exists at Meta just so, and stands in no state."""
    from meta_access.discovery import imports  # noqa: PLC0415 - it loads pulumi, which takes longer than all the rest

    there = {str(row["urn"]) for row in pulumi_stack.resources(dict(state))}
    rows: dict[str, dict[str, Any]] = {}
    names: dict[str, str] = {}
    for connection, found in inventories:
        lasting = time_limits.on(stack, found.at.date())
        more, parents = imports.resources(known(lasting, connection, state, owner), found, owner, there)
        rows |= {row["name"]: row for row in more}
        names |= parents
    return {"nameTable": names, "resources": list(rows.values())}


def _write_import(file: Path, content: Mapping[str, Any]) -> None:
    try:
        plain_files.write(file, json.dumps(content, ensure_ascii=False, indent=2) + "\n")
    except OSError as error:
        raise MetaAccessError(
            f"Writing {file} failed: {error.strerror}. The stack's files are written.",
            next_step="Name a file in a folder that you may write to, then run this again.",
        ) from None


def _diff(changes: Mapping[str, tuple[str, str]], folder: Path) -> str:
    lines: list[str] = []
    for name, (before, after) in changes.items():
        place = f"{folder.name}/{name}"
        old = place if before else "/dev/null"
        lines += unified_diff(before.splitlines(), after.splitlines(), old, place, lineterm="")
    return "\n".join(lines)


def hidden(lists: Iterable[Unread]) -> Iterator[str]:
    """A line for each kind of list that was not shown: of the assets of a hundred users one says it."""
    alike: dict[str, list[Unread]] = {}
    for one in lists:
        alike.setdefault(one.path.rpartition("/")[2], []).append(one)
    for first, *others in alike.values():
        more = f" (and {len(others)} more lists of this kind)" if others else ""
        yield f"Not shown, so nothing is known of what it holds: {first.path}{more}: {first.why}"


_PEOPLE, _ASSETS = ("person", "people"), ("asset", "assets")


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _print(result: dict[str, Any], diff: str, stack: str) -> None:
    found, added = result["found"], result["added"]
    everything = (
        (found["system_users"], "system user", "system users"),
        (found["assets"], *_ASSETS),
        (found["people"], *_PEOPLE),
        (found["invitations"], "pending invitation", "pending invitations"),
        (found["apps"], "app", "apps"),
    )
    answer(
        f"Found{', in the lists that were shown' if result['unread'] else ''}: "
        f"{', '.join(_counted(*one) for one in everything)}."
    )
    for line in hidden(Unread(one["list"], one["why"]) for one in result["unread"]):
        answer(line)
    for one in result["findings"]:
        answer(f"Not written: {one['text']}")
    if not result["files"]:
        answer("The files lack nothing of that.")
        return
    if not result["written"]:
        click.echo(diff)
    parts = (
        (len(added["identities"]), "identity", "identities"),
        (len(added["people"]), *_PEOPLE),
        (added["assets"], *_ASSETS),
    )
    # A change of a file that adds none of these is an `adopt`, or the name of the folder.
    total = ", ".join(_counted(*one) for one in parts if one[0]) or "what was lacking"
    names = ", ".join(result["files"])
    if result["written"]:
        answer(f"Written: {total}, into {names}.")
    else:
        answer(f"To be written: {total}, into {names}. Run it with --write to do so.")
    for one in result["adoptions"]:
        key = f" --key {shlex.quote(one['key'])}" if one["key"] else ""
        answer(
            f"Before `pulumi up`, take over the token of {one['identity']}: "
            f"meta-access token adopt {one['secret']}{key} --stack {stack}"
        )
    if len(added["identities"]) > len(result["adoptions"]):
        answer(TOKENS)


@click.command(name="discover")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--write", is_flag=True, help="Write the files; without it the merge is shown as a diff.")
@click.option("--dry-run", is_flag=True, help="Show the merge as a diff and write nothing, which is the default.")
@click.option("--client", "clients", multiple=True, help="Only the assets of this client: its key, or its business.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(inventory.KINDS), help="Only assets of this kind.")
@click.option("--user", "users", multiple=True, help="Only this system user: its identity's key, its id or its name.")
@click.option(
    "--secrets",
    "prefixes",
    multiple=True,
    metavar="PREFIX",
    help="Look for tokens in the secrets whose names begin so, such as meta/; no value is shown or kept.",
)
@click.option(
    "--import-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write what `meta-access import` takes over without an update; needs --write.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    *,
    stack: str | None,
    clients: tuple[str, ...],
    kinds: tuple[str, ...],
    users: tuple[str, ...],
    prefixes: tuple[str, ...],
    import_file: Path | None,
    write: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Read the business of a stack at Meta, and add what the stack's files lack of it.

    System users become identities without a token of ours, people entries of meta:people, and assets go to the client
    that owns them, with the tasks that are held. Nothing that stands in the files is changed, and at Meta nothing at
    all. Exit code 2 where a list or a secret was not shown.
    """
    if write and dry_run:
        raise click.UsageError("--write writes and --dry-run does not; give one of them.")
    if import_file is not None and not write:
        raise click.UsageError("--import-file needs --write: what is imported is what the files declare.")
    if not all((*clients, *users, *prefixes)):
        raise click.UsageError("--client, --user and --secrets need a text; an empty one fits everything or nothing.")
    if import_file is not None and not import_file.absolute().parent.is_dir():
        raise click.UsageError(f"--import-file: there is no folder {import_file.parent}.")
    refuse_offline(NOT_DISCOVERED)
    home = pulumi_stack.find(Path.cwd())
    name = (stack or pulumi_stack.selected()).rpartition("/")[2]
    wanted, owner = Wanted(frozenset(clients), frozenset(kinds), frozenset(users)), f"{home.name}/{name}"
    with alone(home.stacks):
        before = read_files(home.stacks, name)
        pulumi_stack.config(stack or name)  # the engine's own look: it knows which values are secret
        whole, seen = before, Seen()
        declared = loaded(before, home.stacks, name, home.name)
        state = pulumi_stack.export(stack or name)
        inventories: list[tuple[str, Inventory]] = []
        for connection in settings_of(declared.spec).of_businesses:
            found = read_business(connection, declared, kinds or inventory.KINDS)
            inventories.append((connection.name, found))
            secrets = read_secrets(connection, prefixes)
            more = additions(known(declared, connection.name, state, owner, secrets.found), found, wanted)
            seen.note(found, more, secrets)
            whole = whole.with_added(more)
            declared = loaded(whole, home.stacks, name, home.name)
        if strange := sorted((wanted.clients | wanted.users) - seen.matched):
            named = ", ".join(f'"{one}"' for one in strange)
            unknown = "".join(f" {line}" for line in hidden(seen.unread))
            raise click.ClickException(
                f"Nothing that Meta shows or the stack declares is called {named}. Nothing was written.{unknown}"
            )
        changes = before.changed_in(whole)
        if write and changes:
            write_files(home.stacks, before, changes, name)
    if import_file is not None:
        _write_import(import_file, importable(declared, inventories, owner, state))
    result = {
        "stack": name,
        "written": write and bool(changes),
        "files": [f"{home.stacks.name}/{one}" for one in changes],
        "found": seen.counts,
        "added": {**seen.added, "assets": seen.assets},
        "findings": [
            {
                "about": str(one.about),
                "subject": one.subject,
                "name": one.name,
                "there": list(one.there),
                "declared": list(one.declared),
                "text": str(one),
            }
            for one in seen.findings
        ],
        "unread": [{"list": one.path, "why": one.why} for one in seen.unread],
        "adoptions": [
            {"identity": key, "secret": one.arn, "key": one.key or None} for key, one in seen.adoptions.items()
        ],
        "tokens": TOKENS,
    }
    diff = _diff(changes, home.stacks)
    if as_json:
        click.echo(json.dumps({**result, "diff": "" if write else diff}))
    else:
        _print(result, diff, stack or name)
    sys.exit(WORK_LEFT if seen.unread else DONE)
