"""`meta-access discover`: reads a live business, and writes what a stack lacks of it into its files."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access.cli import plain_files, pulumi_stack
from meta_access.cli.terminal import DONE, WORK_LEFT, to_person
from meta_access.discovery.files import Files
from meta_access.discovery.plan import About, Finding, Known, Wanted, additions
from meta_access.errors import ConfigError, MetaAccessError, Problem
from meta_access.graph import inventory, patience
from meta_access.graph.client import GraphClient
from meta_access.stack.connections import refuse_offline, settings_of
from meta_access.stack.credentials import check_pairing, credentials_for
from meta_access.stack.files import SUFFIXES, config_of
from meta_access.stack.load import load_stack
from meta_access.stack.time_limits import applied
from meta_access.stack.yaml_files import read_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from meta_access.discovery.plan import Additions
    from meta_access.graph.inventory import Inventory
    from meta_access.stack.connections import Connection
    from meta_access.stack.load import Stack

NOT_DISCOVERED = "nothing can be discovered"
TOKENS = (
    "Meta lists no tokens of a system user, so nobody can tell which are in use. An identity written here has "
    "token: none: `pulumi up` installs nothing on its user, mints nothing and ends nothing. Where a token lies in a "
    "secret, name its scopes and the secret instead of that line, and take it over with `meta-access token adopt`."
)

_WHY = {
    About.RETIRED: "is a retired system user; a later create takes its slot",
    About.NAME: "has a name that no file can hold: too long, with blanks around it, or a character that is not seen",
    About.NAME_TWICE: "has the name of another system user; rename one of them in Business settings",
    About.ROLE: "has the role {there}, which a stack cannot declare",
    About.OWNER: "is shared by a business that Meta does not name, so no client can be chosen for it",
    About.TASKS: "has tasks for {name} that the rule set does not know, and they are not written: {there}",
    About.NOT_LISTED: "is assigned to {name} ({there}), and no list of the business has it",
    About.DIFFERS: "is declared for {name} with {declared}, and Meta has {there}; the file stays as it is",
    About.GONE: "is declared ({name}), and the business has it no more; the file stays as it is",
    About.INVITED: "was invited as {there} and has not accepted; who accepts is written by a later run",
    About.NO_ADDRESS: "is {there} in the business, without an e-mail address that Meta shows to this token",
    About.IGNORED: "is ignored: {there} ({declared})",
    About.APP_OF_ANOTHER: "is an app of another business ({there}), which the business uses",
}


@dataclass(slots=True)
class Seen:
    """What the runs over the businesses of a stack have brought together."""

    counts: dict[str, int] = field(default_factory=dict)
    added: dict[str, list[str]] = field(default_factory=lambda: {"identities": [], "people": [], "clients": []})
    assets: int = 0
    findings: list[Finding] = field(default_factory=list)
    unread: list[dict[str, str]] = field(default_factory=list)
    matched: set[str] = field(default_factory=set)

    def note(self, found: Inventory, more: Additions) -> None:
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
        self.unread += [{"list": one.path, "why": one.why} for one in found.unread]
        self.matched |= more.matched


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let no other run write the same files meanwhile.

    Raises:
        ClickException: Another one is at work.
    """
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(at, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise click.ClickException(
                f"Another run of meta-access is at work in {folder.name}. Nothing was read or written; run this "
                "again when it has ended."
            ) from None
        yield
    finally:
        os.close(at)


def read_files(folder: Path, stack: str) -> Files:
    """The texts of a stack's files.

    Raises:
        ConfigError: Some cannot be read; all of them are named.
    """
    name = f"Pulumi.{stack}.yaml"
    files = Files((name, read_text(folder / name, name)), f"clients.{stack}", named=False)
    if problems := files.problems():
        raise ConfigError(problems)
    named = config_of(folder / name).get("meta:clients_dir")
    place = str(named or files.clients_dir)
    inside = [path for path in sorted((folder / place).glob("*")) if path.suffix in SUFFIXES]
    if inside and not named:
        fix = f"write meta:clients_dir: {place}, or remove the folder."
        raise ConfigError(
            [Problem(f"{folder.name}/{place}", "holds client files, and the stack names no folder.", fix)]
        )
    clients = {f"{place}/{path.name}": read_text(path, f"{place}/{path.name}") for path in inside}
    files = Files(files.stack, place, bool(named), clients)
    if problems := files.problems():
        raise ConfigError(problems)
    return files


def loaded(files: Files, folder: Path, stack: str, project: str) -> Stack:
    """The stack as these texts declare it, checked as the program checks it.

    Raises:
        ConfigError: It is not sound.
    """
    with tempfile.TemporaryDirectory(prefix="meta-access-") as scratch:
        mirror = Path(scratch) / folder.name
        mirror.mkdir()
        for path in folder.iterdir():
            if path.name not in (files.stack[0], files.clients_dir):
                (mirror / path.name).symlink_to(path.absolute())
        if files.named:
            (mirror / files.clients_dir).mkdir()
            for path in (folder / files.clients_dir).glob("*"):
                (mirror / files.clients_dir / path.name).symlink_to(path.absolute())
        for name, text in ((files.stack[0], files.stack[1]), *files.clients.items()):
            (mirror / name).unlink(missing_ok=True)
            (mirror / name).write_text(text, encoding="utf-8", newline="")
        values = config_of(mirror / files.stack[0])
        return load_stack(values, stack, mirror, project=project)


def known(stack: Stack, connection: str, state: Mapping[str, Any]) -> Known:
    """The stack as it is, for the business of a connection."""
    return Known(stack.spec, stack.rules, connection, pulumi_stack.system_users(state), datetime.now(UTC).date())


def read_business(connection: Connection, stack: Stack, kinds: Collection[str] = inventory.KINDS) -> Inventory:
    """Read the business of a connection, as far as the stack's rule set knows the kinds of its assets."""
    check_pairing(connection.graph_url, connection.aws, path=f"meta:connections.{connection.name}")
    to_person(f"Reading business {connection.business_display} (id {connection.business_id}).")
    client = GraphClient(connection, credentials_for(connection), notify=to_person, run=patience.RUN)
    return inventory.take(client, [kind for kind in kinds if kind in stack.rules.task_enums])


def written_out(
    stack: Stack, inventories: Iterable[tuple[str, Inventory]], owner: str, state: Mapping[str, Any]
) -> str:
    """The import file of what is declared, exists at Meta just so, and stands in no state."""
    from meta_access.discovery import imports  # noqa: PLC0415 - it loads pulumi, which takes longer than all the rest

    there = {str(row["urn"]) for row in pulumi_stack.resources(dict(state))}
    rows: dict[str, dict[str, Any]] = {}
    names: dict[str, str] = {}
    lasting = replace(stack, spec=applied(stack.spec, datetime.now(UTC).date()))
    for connection, found in inventories:
        more, parents = imports.resources(known(lasting, connection, state), found, owner, there)
        rows |= {row["name"]: row for row in more}
        names |= parents
    return json.dumps({"nameTable": names, "resources": list(rows.values())}, ensure_ascii=False, indent=2) + "\n"


def explained(finding: Finding) -> str:
    """A finding as a sentence."""
    words = _WHY[finding.about].format(
        name=finding.name, there=", ".join(finding.there) or "nothing", declared=", ".join(finding.declared)
    )
    named = f" ({finding.name})" if finding.name and "{name}" not in _WHY[finding.about] else ""
    return f"{finding.subject}{named} {words}."


def _diff(changes: Mapping[str, tuple[str, str]], folder: Path) -> str:
    lines: list[str] = []
    for name, (before, after) in changes.items():
        place = f"{folder.name}/{name}"
        old = place if before else "/dev/null"
        lines += unified_diff(before.splitlines(), after.splitlines(), old, place, lineterm="")
    return "\n".join(lines)


def _write(folder: Path, before: Files, changes: Mapping[str, tuple[str, str]], stack: str) -> None:
    now = read_files(folder, stack)
    if (now.stack, now.clients) != (before.stack, before.clients):
        raise click.ClickException("The files were edited meanwhile, and nothing was written. Run this again.")
    try:
        with plain_files.Folder(folder) as place:
            place.replace({name: after for name, (_, after) in changes.items()})
    except OSError as error:
        raise MetaAccessError(
            f"Writing to {folder.name} failed: {error.strerror}. Nothing was written.",
            next_step="Make the folder writable, then run this again.",
        ) from None


def _print(result: dict[str, Any], diff: str) -> None:
    found, added = result["found"], result["added"]
    click.echo(
        f"Found: {found['system_users']} system users, {found['assets']} assets, {found['people']} people, "
        f"{found['invitations']} pending invitations, {found['apps']} apps."
    )
    for one in result["unread"]:
        click.echo(f"Not shown, so nothing is known of what it holds: {one['list']}: {one['why']}")
    for one in result["findings"]:
        click.echo(f"Not written: {one['text']}")
    if not result["files"]:
        click.echo("The files lack nothing of that.")
        return
    if not result["written"]:
        click.echo(diff)
    total = f"{len(added['identities'])} identities, {len(added['people'])} people, {added['assets']} assets"
    names = ", ".join(result["files"])
    if result["written"]:
        click.echo(f"Written: {total}, into {names}.")
    else:
        click.echo(f"To be written: {total}, into {names}. Run it with --write to do so.")
    if added["identities"]:
        click.echo(TOKENS)


@click.command(name="discover")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--write", is_flag=True, help="Write the files; without it the merge is shown as a diff.")
@click.option("--dry-run", is_flag=True, help="Show the merge as a diff and write nothing, which is the default.")
@click.option("--client", "clients", multiple=True, help="Only the assets of this client: its key, or its business.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(inventory.KINDS), help="Only assets of this kind.")
@click.option("--user", "users", multiple=True, help="Only this system user: its identity's key, its id or its name.")
@click.option(
    "--import-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write what `meta-access import` takes over without an update; needs --write.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    stack: str | None,
    clients: tuple[str, ...],
    kinds: tuple[str, ...],
    users: tuple[str, ...],
    import_file: Path | None,
    *,
    write: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Read the business of a stack at Meta, and add what the stack's files lack of it.

    System users become identities without a token of ours, people entries of meta:people, and assets go to the client
    that owns them, with the tasks that are held. Nothing that stands in the files is changed, and at Meta nothing at
    all. Exit code 2 where Meta did not show a list.
    """
    if write and dry_run:
        raise click.UsageError("--write writes and --dry-run does not; give one of them.")
    if import_file is not None and not write:
        raise click.UsageError("--import-file needs --write: what is imported is what the files declare.")
    refuse_offline(NOT_DISCOVERED)
    home = pulumi_stack.find(Path.cwd())
    name = (stack or pulumi_stack.selected()).rpartition("/")[2]
    wanted = Wanted(frozenset(clients), frozenset(kinds), frozenset(users))
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
            more = additions(known(declared, connection.name, state), found, wanted)
            seen.note(found, more)
            whole = whole.with_added(more)
            declared = loaded(whole, home.stacks, name, home.name)
        if strange := sorted((wanted.clients | wanted.users) - seen.matched):
            raise click.ClickException(f"Meta shows no {', '.join(strange)}. Nothing was written.")
        changes = before.changed_in(whole)
        if write and changes:
            _write(home.stacks, before, changes, name)
    if import_file is not None:
        plain_files.write(import_file, written_out(declared, inventories, f"{home.name}/{name}", state))
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
                "text": explained(one),
            }
            for one in seen.findings
        ],
        "unread": seen.unread,
        "tokens": TOKENS,
    }
    diff = _diff(changes, home.stacks)
    if as_json:
        click.echo(json.dumps({**result, "diff": "" if write else diff}))
    else:
        _print(result, diff)
    sys.exit(WORK_LEFT if seen.unread else DONE)
