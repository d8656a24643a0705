"""`meta-access matrix`: the stacks as a CI matrix, from their files alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from meta_access.cli.many import stacks
from meta_access.cli.terminal import to_person

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meta_access.cli.many.stacks import Stack

MOST_AT_GITHUB = 256
MOST_AT_GITLAB = 200


def github(chosen: Sequence[Stack]) -> str:
    """One line that `strategy.matrix` takes with `fromJSON`.

    Raises:
        StacksError: GitHub would refuse it.
    """
    if len(chosen) > MOST_AT_GITHUB:
        raise stacks.StacksError(
            f"These are {len(chosen)} stacks, and GitHub takes a matrix of {MOST_AT_GITHUB} jobs at most.",
            next_step="Name a pattern, --since or --environment, or run `meta-access run-all` in one job.",
        )
    return json.dumps({"include": [one.as_row() for one in chosen]})


def gitlab(chosen: Sequence[Stack]) -> str:
    """A child pipeline: a job for each stack, as `.meta-access-stack` of another included file says."""
    return "\n".join(_gitlab(chosen)) + "\n"


def _gitlab(chosen: Sequence[Stack]) -> Iterator[str]:
    # A pipeline without a job is an error.
    if not chosen:
        yield "meta-access none:"
        yield '  script: ["echo No stack has changed."]'
    parts = [chosen[at : at + MOST_AT_GITLAB] for at in range(0, len(chosen), MOST_AT_GITLAB)]
    for number, part in enumerate(parts, start=1):
        yield f"meta-access{f' {number}' if len(parts) > 1 else ''}:"
        yield "  extends: .meta-access-stack"
        yield "  parallel:"
        yield "    matrix:"
        for one in part:
            # JSON is YAML, and quotes what YAML would read as something else than text.
            yield f"      - {json.dumps({name.upper(): value for name, value in one.as_row().items()})}"


@click.command(name="matrix")
@stacks.options
@click.option("--gitlab", "as_gitlab", is_flag=True, help="Print a child pipeline of GitLab's, as YAML.")
@click.option("--json", "as_json", is_flag=True, help="Print what GitHub's fromJSON takes; it is so without, too.")
def command(*, as_gitlab: bool, as_json: bool, **given: Any) -> None:
    """List the stacks of the project, or of the projects in folders, for a CI matrix.

    STACK is a name or a pattern such as 'shop-*', or PROJECT/STACK; without one all stacks are meant. Each row has
    stack, project, folder and environment. No engine, no credential and no network is needed.

    A stack whose file cannot be read is listed, with a warning: its job says what is wrong. Exit code 0, also for an
    empty list because nothing has changed since REV; 1 where there is no such stack, or two have one name.
    """
    if as_gitlab and as_json:
        raise click.UsageError("--gitlab and --json are two answers: leave one out.")
    found = stacks.select(given)
    for note in stacks.unread_notes(found):
        to_person(note)
    click.echo(gitlab(found.stacks) if as_gitlab else github(found.stacks), nl=not as_gitlab)
