"""`meta-access access-review sign`: puts a person's decisions into the open records; their commit signs them."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access.access_review import choices, judge, record
from meta_access.access_review.choices import Said
from meta_access.access_review.record import Decision, ReviewError
from meta_access.cli import current, pulumi_stack
from meta_access.cli.access_review import records
from meta_access.cli.access_review.git import GitError, Repository
from meta_access.cli.stack.stack_texts import alone
from meta_access.cli.stack.stack_texts import replace as replace_files
from meta_access.cli.terminal import answer, to_person
from meta_access.errors import Problem
from meta_access.graph.business_users import same
from meta_access.stack.problems import instead

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.cli.access_review.records import Held
    from meta_access.stack.load import Stack


def _said(stack: Stack, by: str, options: Mapping[str, Any]) -> Said:
    people = stack.spec.people
    person = choices.reviewer(by, people)
    if person is None:
        fix = instead(by, people, "add the person to meta:people, with the address of their commits.")
        raise ReviewError([Problem("--reviewer", f'there is no "{by}" in meta:people.', fix)])
    until, tasks = options["until"], options["tasks"]
    return Said(
        by=person,
        rows={one: options[str(one)] for one in Decision if options[str(one)]},
        rest=None if options["rest"] is None else Decision(options["rest"]),
        tasks=tuple(filter(None, (word.strip() for word in (tasks or "").split(",")))),
        until=None if until is None else until.date(),
        reason=options["reason"] or "",
    )


def _signed(held: list[Held], stack: Stack, said: Said) -> tuple[dict[str, str], choices.Choices]:
    """The records with the decisions in them.

    Raises:
        ReviewError: With every problem of what was decided.
    """
    found = choices.of_command(
        said, {one.name: one.record for one in held}, stack.spec.people, stack.rules
    )  # fmt: skip
    problems, texts = list(found.problems), {}
    today = datetime.now(UTC).date()
    for one in held:
        if (told := found.by_record.get(one.name)) is None:
            continue
        texts[one.name] = record.decided(one.text, one.shown, told)
        after = record.read(texts[one.name], one.shown)
        its = after.model_copy(update={"access": tuple(after.access[at] for at in sorted(told))})
        problems += judge.decisions(its, one.shown, stack.spec.people, stack.rules, today)
    if problems:
        raise ReviewError(problems)
    return texts, found


def _check_author(folder: Path, email: str | None, person: str) -> None:
    with contextlib.suppress(GitError):
        if email and not same(own := Repository(folder).own_email(), email):
            to_person(f"A commit made here is of {own}. {person} signs with {email}: git config user.email {email}")


@click.command(name="sign")
@click.option("--reviewer", required=True, help="Who decides: a name of meta:people, or its address.")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--client", "clients", multiple=True, help="Only in the review of this client.")
@click.option("--no-client", is_flag=True, help="Only in the review of the assets that no client has.")
@click.option("--keep", multiple=True, metavar="ROW", help="These stay: a holder, an asset, or ASSET/HOLDER.")
@click.option("--limit", multiple=True, metavar="ROW", help="These stay with fewer tasks, or until a day.")
@click.option("--remove", multiple=True, metavar="ROW", help="These go.")
@click.option(
    "--all", "rest", type=click.Choice([str(one) for one in Decision]), help="Every other row that nobody has decided."
)
@click.option("--tasks", metavar="A,B", help="What --limit limits to.")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="The day that --limit, or a kept undeclared row, ends."
)
@click.option("--reason", help="Why; needed where undeclared access stays.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    reviewer: str,
    stack: str | None,
    clients: tuple[str, ...],
    *,
    no_client: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Put decisions into the open records of a stack, in the name of a person who then commits them.

    Writes all of them or none. The files may be edited by hand as well; close judges both alike.
    """
    if not any(options[str(one)] for one in Decision) and options["rest"] is None:
        raise click.UsageError("Nothing is decided: add --keep, --limit, --remove or --all.")
    asked, home = stack or pulumi_stack.selected(), pulumi_stack.find(Path.cwd())
    name = asked.rpartition("/")[2]
    loaded = current.typed(asked)
    with alone(home.stacks):
        held = records.chosen(
            records.read(home.stacks, home.name, name), loaded, clients, no_client=no_client
        )  # fmt: skip
        if not held:
            raise click.ClickException(f"Stack {name} has no open access review: meta-access access-review start")
        said = _said(loaded, reviewer, options)
        texts, found = _signed(held, loaded, said)
        replace_files(home.stacks, texts)
    left = {
        one.name: sum(row.decision is None for row in record.read(texts.get(one.name, one.text), one.shown).access)
        for one in held
    }
    decided = {file: len(rows) for file, rows in found.by_record.items()}
    if as_json:
        reviews = [
            {"file": f"{home.stacks.name}/{file}", "decided": decided.get(file, 0), "left": left[file]} for file in left
        ]
        own = [row.shown for row in found.own]
        click.echo(json.dumps({"stack": name, "reviewer": said.by, "reviews": reviews, "own": own}))
        return
    for file, count in decided.items():
        rest = f"; {left[file]} left" if left[file] else "; all are decided"
        answer(f"{home.stacks.name}/{file}: {count} decided by {said.by}{rest}.")
    if found.own:
        answer(f"Left for another person, since nobody reviews themselves: {choices.shown(found.own)}.")
    if decided:
        answer(f"{said.by} signs by committing it.")
    else:
        answer("Nothing was left to decide.")
    _check_author(home.stacks, loaded.spec.people[said.by].email, said.by)
