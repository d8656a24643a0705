"""`meta-access access-review status`: which reviews are open, and what each of them lacks. Asks nothing of Meta."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access.access_review import judge, record
from meta_access.cli import current, pulumi_stack
from meta_access.cli.access_review import records
from meta_access.cli.access_review.git import GitError, Repository
from meta_access.cli.access_review.records import whose
from meta_access.cli.terminal import DONE, EXPIRING, WORK_LEFT, answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from meta_access.cli.access_review.records import Held
    from meta_access.errors import Problem
    from meta_access.stack.load import Stack

MOST = 6
"""What one review lacks, in lines: before anybody has decided, each of its rows is one."""


def problems(one: Held, stack: Stack, today: date) -> Iterator[Problem]:
    """What is wrong with the decisions of a record."""
    yield from judge.undecided(one.record, one.shown)
    yield from judge.decisions(one.record, one.shown, stack.spec.people, stack.rules, today)


def unsigned(one: Held, stack: Stack, repository: Repository) -> Iterator[Problem]:
    """What is wrong with the commits of a record.

    Raises:
        GitError: Git cannot tell.
    """
    if repository.changed(one.name):
        yield judge.not_committed(one.shown)
        return
    lines = record.decision_lines(one.text, one.shown)
    yield from judge.signatures(one.record, one.shown, lines, repository.blame(one.name), stack.spec.people)


def as_json(one: Held, stack: Stack, folder: Path, today: date) -> dict[str, Any]:
    """Where a review stands."""
    found = one.record
    lacking: list[str] = []
    if found.closed is None:
        lacking = [str(problem) for problem in problems(one, stack, today)]
        try:
            lacking += [str(problem) for problem in unsigned(one, stack, Repository(folder))]
        except GitError as unknown:
            lacking.append(str(unknown))
    return {
        "file": one.shown,
        "client": found.client,
        "started": found.started.isoformat().replace("+00:00", "Z"),
        "due": found.due.isoformat() if found.due else None,
        "closed": found.closed.isoformat().replace("+00:00", "Z") if found.closed else None,
        "rows": len(found.access),
        "decided": sum(row.decision is not None for row in found.access),
        "unread": [entry.list for entry in found.unread],
        "overdue": found.overdue(today),
        "lacking": lacking,
    }


@click.command(name="status")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object.")
def command(stack: str | None, *, json_wanted: bool) -> None:
    """Show the access reviews of a stack: who still has to decide, commit or close.

    Asks nothing of Meta. Exit code 0 when none is open, 2 when one is, 3 when one is overdue.
    """
    asked, home = stack or pulumi_stack.selected(), pulumi_stack.find(Path.cwd())
    name = asked.rpartition("/")[2]
    loaded = current.typed(asked)
    today = datetime.now(UTC).date()
    held = records.read(home.stacks, home.name, name)
    reviews = [as_json(one, loaded, home.stacks, today) for one in held]
    if json_wanted:
        click.echo(json.dumps({"stack": name, "reviews": reviews}))
    else:
        for one in reviews:
            _print(one)
        if not reviews:
            answer(f"Stack {name} has no access review.")
    open_ = [one for one in reviews if one["closed"] is None]
    sys.exit(EXPIRING if any(one["overdue"] for one in open_) else WORK_LEFT if open_ else DONE)


def _print(one: dict[str, Any]) -> None:
    head = f"{one['file']}: {whose(one['client'] or '')}"
    if one["closed"]:
        answer(f"{head}, closed {one['closed'][:10]}.")
        return
    due = f", due {one['due']}" if one["due"] else ""
    late = ", OVERDUE" if one["overdue"] else ""
    answer(f"{head}, {one['decided']} of {one['rows']} decided{due}{late}.")
    for text in one["lacking"][:MOST]:
        answer(f"    {text}")
    if (more := len(one["lacking"]) - MOST) > 0:
        answer(f"    and {more} more; --json has all.")
    if not one["lacking"]:
        answer("    Decided and signed: meta-access access-review close")
