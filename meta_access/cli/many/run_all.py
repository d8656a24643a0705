"""`meta-access run-all`: a preview of many stacks, or their rotations, with one digest of what came of it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from meta_access.cli import pulumi_run, terminal
from meta_access.cli.many import children, digest, stacks
from meta_access.cli.many.children import Child, End, Fate
from meta_access.cli.pulumi_stack import StackReadError
from meta_access.cli.terminal import to_person
from meta_access.redaction import scrub

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from meta_access.cli.many.stacks import Stack

_NEWS_EVERY_S = 15.0
_NAMED = 4


@dataclass
class _Progress:
    """A line for each stack that has ended, and now and then one that the rest goes on."""

    names: Sequence[str]
    failed: Callable[[int, End], bool]
    done: int = 0
    bad: int = 0

    def __post_init__(self) -> None:
        self._at = time.monotonic()

    def ended(self, number: int, end: End, working: Sequence[int]) -> None:
        self.done += 1
        failed = self.failed(number, end)
        self.bad += failed
        how = end.fate if end.fate is not Fate.ENDED else "failed" if failed else "done"
        self._say(f"{self.names[number]}: {how} after {end.seconds:.0f} s", working)

    def goes_on(self, working: Sequence[int]) -> None:
        if working and time.monotonic() - self._at > _NEWS_EVERY_S:
            more = len(working) - _NAMED
            names = ", ".join(self.names[number] for number in working[:_NAMED])
            self._say(f"at work: {names}{f' and {more} more' if more > 0 else ''}", working)

    def _say(self, text: str, working: Sequence[int]) -> None:
        self._at = time.monotonic()
        left = len(self.names) - self.done - len(working)
        to_person(
            scrub(f"[{self.done}/{len(self.names)}] {text} ({len(working)} at work, {left} wait, {self.bad} failed)")
        )


def _run(
    chosen: Sequence[Stack],
    words: Sequence[str],
    *,
    parallel: int,
    timeout_minutes: float,
    failed: Callable[[int, End], bool],
) -> list[End]:
    """Run a command for each of the stacks.

    Raises:
        StackReadError: There is no engine; nothing was begun.
    """
    if shutil.which("pulumi") is None:
        raise StackReadError(
            "Running pulumi failed: it is not on PATH, so no stack was begun.",
            next_step='In a clone of the project: eval "$(make -s env)"',
        )
    begins = time.monotonic()
    env = dict(os.environ)
    for folder in dict.fromkeys(one.folder for one in chosen):  # once a project, and not once a stack
        env |= pulumi_run.installed_only(folder)
    news = _Progress([one.name for one in chosen], failed)
    return children.run(
        [Child((*words, "--stack", one.stack, "--json"), one.folder) for one in chosen],
        env=env,
        parallel=parallel,
        bound_s=timeout_minutes * 60 - (time.monotonic() - begins),
        ended=news.ended,
        goes_on=news.goes_on,
    )


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for add in (
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
        click.option(
            "--timeout-minutes",
            type=click.FloatRange(0.01, 1440),
            default=120,
            show_default=True,
            help="End after this time, and say of each stack how far it came.",
        ),
        click.option(
            "--parallel",
            type=click.IntRange(1, 64),
            default=4,
            show_default=True,
            help="How many stacks at a time; each takes up to a core and half a gigabyte.",
        ),
        stacks.options,
    ):
        command = add(command)
    return command


@click.group(name="run-all")
def command() -> None:
    """Preview many stacks, or rotate their tokens, and say once what is the same in many of them.

    Which stacks: as `meta-access matrix` lists them. A stack that fails stops no other.
    """


def _print(told: digest.Previews | digest.Rotations, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(told.as_object()))
    else:
        click.echo(told.as_text(terminal.width(sys.stdout) or digest.PLAIN_WIDTH), nl=False)


@command.command(name="preview")
@_options
@click.pass_context
def preview(context: click.Context, /, *, parallel: int, timeout_minutes: float, as_json: bool, **given: Any) -> None:
    """Review each stack as `meta-access review` does, and print each change once, with the stacks that have it.

    --json prints what `meta-access review --from` reads, with `changes`, `refusals` and `runs` besides.

    Exit codes: 0; 1 when a stack could not be previewed; 2 when something is refused.
    """
    found = stacks.select(given)
    ends = _run(
        found.stacks,
        ["review"],
        parallel=parallel,
        timeout_minutes=timeout_minutes,
        failed=lambda number, end: digest.review_of(found.stacks[number], end).failed,
    )
    told = digest.Previews(found.stacks, ends)
    _print(told, as_json=as_json)
    context.exit(told.code)


@command.command(name="rotate")
@click.option("--due", is_flag=True, required=True, help="Only what is due: rotation, retirement, revocation.")
@_options
@click.pass_context
def rotate(
    context: click.Context, /, *, due: bool, parallel: int, timeout_minutes: float, as_json: bool, **given: Any
) -> None:
    """Bring the due tokens of each stack up to date, as `meta-access rotate --due` does, whatever fails elsewhere.

    Exit codes: 0 when nothing is left anywhere; 1 when a stack failed; 3 when a token that could not be replaced is
    near its end; 2 when an operator must look.
    """
    del due  # required, as by `rotate`
    found = stacks.select(given)
    ends = _run(
        found.stacks,
        ["rotate", "--due"],
        parallel=parallel,
        timeout_minutes=timeout_minutes,
        failed=lambda _number, end: digest.rotation_of(end).failed,
    )
    told = digest.Rotations(found.stacks, ends)
    _print(told, as_json=as_json)
    context.exit(told.code)
