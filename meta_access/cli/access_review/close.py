"""`meta-access access-review close`: writes what decided and signed reviews lead to into the stack's files."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field, replace
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access import snapshot
from meta_access.access_review import consequences, record
from meta_access.access_review.consequences import Task, Work
from meta_access.access_review.record import ReviewError
from meta_access.cli import pulumi_stack
from meta_access.cli.access_review import records, status
from meta_access.cli.access_review.git import Repository
from meta_access.cli.access_review.start import Looked
from meta_access.cli.stack.stack_texts import alone, loaded, read_files
from meta_access.cli.stack.stack_texts import replace as replace_files
from meta_access.cli.terminal import DONE, WORK_LEFT, agrees, answer
from meta_access.clock import iso
from meta_access.errors import Problem
from meta_access.graph.holders import HolderKind
from meta_access.stack.yaml_edits import Put, edited

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meta_access.access_review.record import Row
    from meta_access.cli.access_review.records import Held
    from meta_access.discovery.files import Files
    from meta_access.stack.load import Stack


@dataclass(slots=True)
class Result:
    """What closing did.

    Attributes:
        changed: What Meta lists otherwise than a record, which has it now to be decided; nothing was closed then.
        texts: Name to text of each file that changes.
    """

    stack: str
    closed: list[str] = field(default_factory=list)
    changed: list[dict[str, str]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    diff: str = ""
    work: list[dict[str, Any]] = field(default_factory=list)

    @property
    def code(self) -> int:
        return WORK_LEFT if self.changed or self.work else DONE


def _refuse(held: Sequence[Held], stack: Stack, looked: Looked, folder: Path, *, incomplete: bool) -> None:
    """Every reason why a review cannot be closed.

    Raises:
        ReviewError: There is one.
        GitError: Git cannot tell who signed.
    """
    repository, problems = Repository(folder), list[Problem]()
    repository.refuse_shallow()
    for one in held:
        problems += status.problems(one, stack, looked.at.date())
        problems += status.unsigned(one, stack, repository)
        lists = [entry.list for entry in one.record.unread] or [entry.path for entry in looked.judged.unread]
        if lists and not incomplete:
            text = f"Meta did not show {', '.join(dict.fromkeys(lists))}, so nobody decided about what it holds."
            problems.append(
                Problem(one.shown, text, "let the token read it and start anew, or close with --incomplete.")
            )
    if problems:
        raise ReviewError(problems)


def _compared(held: Sequence[Held], looked: Looked) -> Result | None:
    """The records with what Meta lists by now; None where all is as it was."""
    now = looked.rows([one.client for one in held])
    result = Result("")
    for one in held:
        rows = now.get(one.client, ())
        changed, new = record.compared(one.record, rows, whole=not looked.judged.unread)
        if not changed and not new:
            continue
        result.texts[one.name] = record.renewed(one.text, one.shown, changed, new)
        result.changed += [_told(one, row, "new") for row in new]
        result.changed += [
            _told(one, row, "gone" if row.standing == record.GONE else "changed") for row in changed.values()
        ]
    return result if result.texts else None


def _told(one: Held, row: Row, what: str) -> dict[str, str]:
    return {"file": one.shown, "what": what, "row": row.shown, "tasks": ", ".join(row.tasks)}


def _closed(held: Sequence[Held], stack: Stack, files: Files, looked: Looked, *, incomplete: bool) -> Result:
    found = consequences.of_records([one.record for one in held], stack, files)
    result = Result("", [one.shown for one in held])
    result.texts = found.applied({files.stack[0]: files.stack[1], **files.clients})
    for one in held:
        partly = incomplete and bool(one.record.unread or looked.judged.unread)
        edits = [Put(("closed",), iso(looked.at)), *([Put(("incomplete",), True)] if partly else [])]
        result.texts[one.name] = edited(one.text, edits, one.shown)
    result.work = [_as_json(one, stack) for one in found.work]
    return result


_MENUS = {HolderKind.SYSTEM_USER: "system_users", HolderKind.PERSON: "people", HolderKind.PARTNER: "share_asset"}


def _as_json(work: Work, stack: Stack) -> dict[str, Any]:
    row = work.row
    name = row.name or row.identity or row.holder or ""
    menu = stack.rules.links[_MENUS[HolderKind(row.kind)]].menu
    if HolderKind(row.kind) is HolderKind.PARTNER:
        menu = menu.partition(" > Add")[0]
    texts = {
        Task.TAKE_AWAY: f"take {', '.join(work.tasks)} on {row.asset} from {name} ({row.kind} {row.holder}): {menu}.",
        Task.IN_A_GROUP: f"{name} has {row.asset} by a group of assets: take it out of that, or edit the group's line.",
        Task.WIDE_ENTRY: f"meta:{work.place} lets {name} stay on {row.asset} and is about more: edit it by hand.",
    }
    return {
        "client": work.client or None,
        "asset": row.asset,
        "holder": row.holder,
        "what": str(work.task),
        "tasks": list(work.tasks),
        "text": texts[work.task],
    }


def _diff(texts: Mapping[str, str], before: Mapping[str, str], folder: Path) -> Iterator[str]:
    for name, after in texts.items():
        place = f"{folder.name}/{name}"
        yield from unified_diff(before[name].splitlines(), after.splitlines(), place, place, lineterm="", n=1)


@click.command(name="close")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--client", "clients", multiple=True, help="Only the review of this client.")
@click.option("--no-client", is_flag=True, help="Only the review of the assets that no client has.")
@click.option("--incomplete", is_flag=True, help="Close although Meta did not show a list; the record says so.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; needs --yes.")
def command(
    stack: str | None, clients: tuple[str, ...], *, no_client: bool, incomplete: bool, yes: bool, as_json: bool
) -> None:
    """Judge the open reviews, look at Meta again, and write what follows into the stack's files.

    Every row is decided, and each decision was committed by the person it names; else nothing is written. What Meta
    lists otherwise by now goes into the record, to be decided. At Meta nothing is changed: the next update does that.
    Exit code 2 when something is left to people.
    """
    if as_json and not yes:
        raise click.UsageError("--json asks nothing, so it needs --yes.")
    if snapshot.given() is not None:
        raise click.ClickException(
            f"A review is closed by what Meta lists today, and {snapshot.VARIABLE} is set. Unset it and repeat."
        )
    asked, home = stack or pulumi_stack.selected(), pulumi_stack.find(Path.cwd())
    name = asked.rpartition("/")[2]
    with alone(home.stacks):
        files = read_files(home.stacks, name)
        pulumi_stack.config(asked)  # the engine's own look: it knows which values are secret
        declared = loaded(files, home.stacks, name, home.name)
        every = records.read(home.stacks, home.name, name)
        if all(one.record.closed for one in every):
            days = sorted(iso(one.record.closed)[:10] for one in every if one.record.closed)
            last = f" The last was closed on {days[-1]}." if days else ""
            _say(Result(name), f"No access review of stack {name} is open.{last}", as_json=as_json)
            return
        held = records.chosen(every, declared, clients, no_client=no_client)
        looked = Looked(asked, declared)
        result = _compared(held, looked)
        if result is None:
            _refuse(held, declared, looked, home.stacks, incomplete=incomplete)
            result = _closed(held, declared, files, looked, incomplete=incomplete)
            after = replace(
                files,
                stack=(files.stack[0], result.texts.get(files.stack[0], files.stack[1])),
                clients={one: result.texts.get(one, text) for one, text in files.clients.items()},
            )
            loaded(after, home.stacks, name, home.name)
        result.stack, result.files = name, [f"{home.stacks.name}/{one}" for one in result.texts]
        before = {files.stack[0]: files.stack[1], **files.clients, **{one.name: one.text for one in held}}
        result.diff = "\n".join(_diff(result.texts, before, home.stacks))
        if not as_json:
            _show(result)
        if not yes and not agrees("Write this?"):
            raise click.ClickException("not confirmed; nothing was changed.")
        if read_files(home.stacks, name) != files or records.read(home.stacks, home.name, name) != every:
            raise click.ClickException("The files were edited meanwhile, and nothing was written. Run this again.")
        replace_files(home.stacks, result.texts)
    _say(result, "", as_json=as_json)
    sys.exit(result.code)


def _show(result: Result) -> None:
    for one in result.changed:
        answer(f"Meta lists otherwise than {one['file']}: {one['what']}: {one['row']}: {one['tasks'] or 'nothing'}")
    click.echo(result.diff, err=True)


def _say(result: Result, text: str, *, as_json: bool) -> None:
    if as_json:
        told = {
            "stack": result.stack,
            "closed": result.closed,
            "changed": result.changed,
            "files": result.files,
            "diff": result.diff,
            "work": result.work,
        }
        click.echo(json.dumps(told))
        return
    if text:
        answer(text)
    elif result.changed:
        answer("Nothing was closed. Decide these rows in the records, commit them, and close again.")
    else:
        answer(f"Closed: {', '.join(result.closed)}. Commit it with the files: that is the next change.")
    for one in result.work:
        answer(f"Left to a person: {one['text']}")
