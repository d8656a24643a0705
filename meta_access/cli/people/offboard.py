"""`meta-access offboard`: takes away what a person, a client or an identity has of a stack, as far as a program may."""

from __future__ import annotations

import json
import sys
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from meta_access.cli import current, pulumi_run, pulumi_stack
from meta_access.cli.engine_output import EngineOutput
from meta_access.cli.people import access_holdings, former
from meta_access.cli.people.edits import edited, evidence_of
from meta_access.cli.people.holdings import BY_UP
from meta_access.cli.people.leavers import TABLES, Kind, Leaver, everything, held, look
from meta_access.cli.people.stack_file import StackFileError
from meta_access.cli.stack.stack_texts import alone
from meta_access.cli.stack.stack_texts import replace as replace_files
from meta_access.cli.terminal import DONE, FAILED, WORK_LEFT, agrees, answer, to_person
from meta_access.cli.tokens import stack_tokens
from meta_access.errors import ConfigError, MetaAccessError
from meta_access.stack.plan import kind_of
from meta_access.stack.problems import instead
from meta_access.stack.yaml_files import read_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.cli.people.holdings import Everything, Holding, Seen
    from meta_access.stack.load import Stack


def _show(leaver: Leaver, found: list[Holding], seen: Seen, *, dry: bool) -> None:
    to_person(f"{leaver.name} holds:" if found else f"{leaver.name} holds nothing here.")
    for one in found:
        ends = ("goes: " if one.ends == BY_UP else "stays: ") if dry else ""
        to_person(f"  - {ends}{one.kind} {one.name}: {one.text}")
    for text in seen.unseen:
        to_person(f"  ? not looked at: {text}")


def _diff(before: str, after: str | None) -> list[str]:
    lines = unified_diff(before.splitlines(), (after or "").splitlines(), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def _show_edit(file: str, before: str, after: str | None) -> None:
    to_person(f"{file}:" if after is not None else f"{file} is removed:")
    for line in _diff(before, after):
        click.echo(f"    {line}", err=True)


def _print(leaver: Leaver, result: dict[str, Any]) -> None:
    for one in result["taken"]:
        answer(f"Taken away: {one['kind']} {one['name']}: {one['text']}")
    for one in result.get("goes", ()):
        answer(f"Would go: {one['kind']} {one['name']}: {one['text']}")
    for one in result["left"]:
        answer(f"Left: {one['kind']} {one['name']}: {one['text']}")
        for key in ("step", "where", "menu"):
            if key in one:
                answer(f"    {key + ':':<7}{one[key]}")
    for text in result["unseen"]:
        answer(f"Not looked at: {text}")
    if result.get("goes"):
        answer("Nothing was changed; without --dry-run this asks, and takes it away.")
    elif not result["left"] and not result["unseen"]:
        answer(f"{leaver.name} holds nothing{'' if result.get('dry_run') else ' any more'}.")


@click.command(name="offboard")
@click.argument("who", metavar="PERSON|ASSET", required=False)
@click.option("--client", help="A client that leaves, in the place of a person: a name of meta:clients.")
@click.option("--identity", help="An identity that is not needed any more: a name of meta:identities.")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--dry-run", is_flag=True, help="Show what would go and what would be left; change nothing, ask nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--verbose", is_flag=True, help="Print all that pulumi prints, and not its errors and warnings alone.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; needs --yes or --dry-run.")
def command(
    who: str | None,
    client: str | None,
    identity: str | None,
    stack: str | None,
    *,
    dry_run: bool,
    yes: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    """Show everything PERSON (a name of meta:people) holds here, and take away what a program may.

    With ASSET (act_1, page:2), --client or --identity: what the stack has of it. Edits the stack's files
    and runs `pulumi up` for what is about them alone. The last admin of a business or an app stays, and so does an
    identity that a connection acts with.

    Exit code 2 while something is left that people have to do, or, with --dry-run, while anything is held; run it again
    to see what.
    """
    if as_json and not (yes or dry_run):
        raise click.UsageError("--json asks nothing, so it needs --yes or --dry-run.")
    first = Kind.PERSON if kind_of(who or "") is None else Kind.ASSET
    named = {first: who, Kind.CLIENT: client, Kind.IDENTITY: identity}
    given = [Leaver(kind, name) for kind, name in named.items() if name is not None]
    if len(given) != 1:
        raise click.UsageError("Name one that leaves: PERSON, ASSET, --client NAME or --identity NAME.")
    [leaver] = given
    read = stack_tokens.read(stack, "nothing can be looked at")
    home = pulumi_stack.find(Path.cwd())
    loaded = current.typed(read.stack)
    known = _known(leaver, loaded, pulumi_stack.export(read.stack))
    if leaver.name not in known:
        _end_former(leaver, loaded, read, home, known, dry=dry_run, as_json=as_json)
    to_person("Looking at the configuration, the state and Meta.")
    found = everything(leaver, loaded, read, look(leaver, current.today(loaded), pulumi_stack.export(read.stack)))
    before = held(leaver, found)
    _show(leaver, before, found.seen, dry=dry_run)
    goes = [one for one in before if one.ends == BY_UP]
    texts = _texts(loaded, home.stacks) if goes else {}
    files = edited(leaver, found, texts) if goes else {}
    for file, text in files.items():
        _show_edit(file, texts[file], text)
    if dry_run:
        left = [one.as_json() for one in before if one.ends != BY_UP]
        result = {
            **_head(leaver, read.stack, before),
            "dry_run": True,
            "goes": [one.as_json() for one in goes],
            "taken": [],
            "left": left,
            "unseen": found.seen.unseen,
            "files": {file: _diff(texts[file], text) for file, text in files.items()},
        }
        _end(leaver, result, as_json=as_json, failed=False, open_=bool(before))
    failed = False
    if goes:
        failed = not _take_away(leaver, found, files, texts, read, yes=yes, verbose=verbose)
        loaded = current.typed(read.stack)
        found = everything(leaver, loaded, read, look(leaver, current.today(loaded), pulumi_stack.export(read.stack)))
    after = held(leaver, found)
    if leaver.kind is not Kind.PERSON:
        # Once it is out of the files nothing says any more which assets were its own.
        after += [one for one in before if one.ends != BY_UP and one not in after]
    result = {
        **_head(leaver, read.stack, before),
        "taken": [one.as_json() for one in before if one not in after],
        "left": [one.as_json() for one in after],
        "unseen": found.seen.unseen,
    }
    _end(leaver, result, as_json=as_json, failed=failed, open_=bool(after))


def _head(leaver: Leaver, stack: str, before: list[Holding]) -> dict[str, Any]:
    return {str(leaver.kind): leaver.name, "stack": stack, "held": [one.as_json() for one in before]}


def _end(leaver: Leaver, result: dict[str, Any], *, as_json: bool, failed: bool, open_: bool) -> NoReturn:
    if as_json:
        click.echo(json.dumps(result))
    else:
        _print(leaver, result)
    sys.exit(FAILED if failed else WORK_LEFT if open_ or result["unseen"] else DONE)


def _known(leaver: Leaver, stack: Stack, state: Mapping[str, Any]) -> set[str]:
    """What the configuration or the state has: what was taken out of a file may still be to end."""
    return {
        Kind.PERSON: set(stack.spec.people),
        Kind.CLIENT: {*stack.spec.clients, *access_holdings.clients_in(state)},
        Kind.IDENTITY: {*stack.spec.identities, *access_holdings.identities_in(state)},
        Kind.ASSET: {*(asset for one in stack.spec.clients.values() for asset in one.assets)}
        | access_holdings.assets_in(state),
    }[leaver.kind]


def _end_former(
    leaver: Leaver,
    stack: Stack,
    read: stack_tokens.StackTokens,
    home: pulumi_stack.Project,
    known: set[str],
    *,
    dry: bool,
    as_json: bool,
) -> NoReturn:
    """Show what is left of one that the stack had once; refuse one that it never had."""
    was = None if leaver.kind is Kind.PERSON else former.find(leaver, home, read.stack)
    if was is None:
        raise click.ClickException(_unknown(leaver, stack, known))
    does = "took it out" if was.version.id.endswith("^") else "still has it"
    to_person(
        f"Neither the files nor the state of stack {stack.name} has {leaver.name} any more; commit "
        f"{was.version.id[:12]} of {was.version.at:%Y-%m-%d} {does}. Looking at Meta for what is left."
    )
    left, seen = former.remains(leaver, was, stack, read)
    result: dict[str, Any] = {
        **_head(leaver, read.stack, left),
        **({"dry_run": True, "goes": [], "files": {}} if dry else {}),
        "taken": [],
        "left": [one.as_json() for one in left],
        "unseen": seen.unseen,
    }
    _end(leaver, result, as_json=as_json, failed=False, open_=bool(left))


def _unknown(leaver: Leaver, stack: Stack, known: set[str]) -> str:
    fix = instead(leaver.name, known, f"there are {', '.join(sorted(known)) or 'none'}.")
    others = [kind for kind, table in TABLES.items() if leaver.name in getattr(stack.spec, table)]
    if others:
        option = f"--{others[0]} {leaver.name}" if others[0] is not Kind.PERSON else leaver.name
        fix = f"it is {'an' if others[0] is Kind.IDENTITY else 'a'} {others[0]}: `meta-access offboard {option}`."
    return f'There is no "{leaver.name}" in {leaver.table}. Nothing was changed; {fix}'


def _texts(stack: Stack, folder: Path) -> dict[str, str]:
    """The files of a stack that may have to change."""
    found = {}
    for name in (stack.file, *stack.origins.values(), evidence_of(stack)):
        file = folder / name.partition("/")[2]
        try:
            found[name] = read_text(file, name) if file.is_file() or name == stack.file else ""
        except ConfigError as error:
            raise StackFileError(
                f"{error.problems[0]} Nothing was changed.",
                next_step="Take out what leaves of where the stack's configuration stands, then run this again.",
            ) from None
    return found


def _take_away(
    leaver: Leaver,
    found: Everything,
    files: Mapping[str, str | None],
    texts: Mapping[str, str],
    read: stack_tokens.StackTokens,
    *,
    yes: bool,
    verbose: bool,
) -> bool:
    """Edit the files, and run pulumi for what is theirs; whether that went well."""
    if not yes and not agrees("Take away what a program may, now?"):
        raise click.ClickException("not confirmed; nothing was changed.")
    home = pulumi_stack.find(Path.cwd())
    with alone(home.stacks):
        if _texts(found.typed, home.stacks) != texts:
            raise click.ClickException("The files were edited meanwhile, and nothing was changed. Run this again.")
        _write(home.stacks, files)
        try:
            loaded = current.typed(read.stack)
        except MetaAccessError:
            _write(home.stacks, {file: texts[file] for file in files})
            raise
    urns = [one.urn for one in held(leaver, everything(leaver, loaded, read, found.seen)) if one.urn]
    if not urns:
        return True
    to_person(f"Running pulumi for {', '.join(urn.rsplit('::', 1)[-1] for urn in urns)}.")
    return pulumi_run.targeted(read.stack, urns, EngineOutput(verbose=verbose)) is pulumi_run.RunEnd.WELL


def _write(folder: Path, files: Mapping[str, str | None]) -> None:
    """Write the files of a stack, and remove those that go, all or none."""
    replace_files(folder, {file.partition("/")[2]: text for file, text in files.items()})
