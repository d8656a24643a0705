"""`meta-access review`: what a preview means, in the field's words: who gains and loses what, and what is refused."""

from __future__ import annotations

import contextlib
import tempfile
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access import findings, snapshot
from meta_access.cli import pulumi_run, pulumi_stack
from meta_access.cli.engine_output import Progress
from meta_access.cli.stack import drift_authors
from meta_access.cli.terminal import DONE, FAILED, WORK_LEFT, answer, to_person
from meta_access.clock import iso
from meta_access.errors import ConfigError, MetaAccessError
from meta_access.policy import judge as policy_rules
from meta_access.redaction import scrub
from meta_access.review import judge, markdown, policy, steps, stored, terminal
from meta_access.review.facts import Class, Recorded, Review, against
from meta_access.stack import time_limits
from meta_access.stack.connections import is_offline
from meta_access.stack.load import load_stack

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from meta_access.cli.pulumi_stack import Project
    from meta_access.policy import Finding
    from meta_access.review.steps import EventLog
    from meta_access.stack.load import Stack

_KEPT_LINES = 200
_LONGEST_ERROR = 1_500
ENGINE = {"PULUMI_DEBUG_COMMANDS": "true", "PULUMI_SKIP_UPDATE_CHECK": "true"}
"""The flag --event-log is hidden behind the first; a newer version of the engine is no news of the stack."""


class ReviewError(MetaAccessError):
    """Files that do not go together."""


def previewed(stack: str, project: str) -> Review:
    """Run a preview that looks at Meta first, and review what it says."""
    # `organization/project/stack` is the stack of that name.
    name = stack.rsplit("/", 1)[-1]
    held, now = _snapshot(), datetime.now(UTC)
    offline = is_offline()
    source = None if held is None else Recorded(iso(held.date), max(0, int((now - held.date).total_seconds())))
    nothing = Review(stack=scrub(name), project=project, facts=(), failed=True, offline=offline, snapshot=source)
    with tempfile.TemporaryDirectory(prefix="meta-access-review-") as folder:
        log, found = Path(folder, "events.jsonl"), Path(folder, "findings.jsonl")
        said: deque[str] = deque(maxlen=_KEPT_LINES)
        try:
            code, stood = _run(stack, log, found, said)
        except pulumi_stack.StackReadError as missing:
            return replace(nothing, error=str(missing))
        error = stood or ("" if code == 0 else _engine_error(said))
        if not log.is_file():
            return replace(nothing, error=error or _NO_LOG)
        try:
            with log.open("rb") as file:
                events = steps.read(file)
        except (steps.EventLogError, OSError) as unread:
            return replace(nothing, error=f"{scrub(str(unread))} {error}".strip())
        noted = findings.read(found)
        findings.pass_on(found)
        # What the log says itself need not be said twice.
        why = stood or ("" if events.errors or noted else error)
        home = pulumi_stack.find(Path.cwd())
        loaded = _configuration(events, name, home)
        # The program exports that something ends on a day; the files name the places.
        ends = loaded is not None and events.exports is not None and events.exports[1].get("time_limits")
        limits = time_limits.of_stack(loaded) if loaded is not None and ends else []
        made = judge.judged(events, noted, stack=name, project=project, failed=code != 0, error=why, limits=limits)
        found_by_policy = () if loaded is None else _policy(events, loaded, home.stacks, now.date())
        return replace(
            drift_authors.told(made, events, stack), offline=offline, snapshot=source, policy=found_by_policy
        )


def _configuration(log: EventLog, stack: str, home: Project) -> Stack | None:
    """The files that the program has read, for what no resource shows; None where they are refused, as the log says."""
    with contextlib.suppress(ConfigError):
        return load_stack(log.config, stack, home.stacks, project=home.name)
    return None


def _policy(log: EventLog, loaded: Stack, stacks: Path, today: date) -> tuple[Finding, ...]:
    """What rules of good practice find.

    A program of somebody's own declares resources and no identities: then those are looked at.
    """
    resources = None if loaded.spec.identities else policy.resources_of(log)
    return tuple(policy_rules.findings(loaded, stacks, today, gates=policy.gates_of(log), resources=resources))


def _snapshot() -> snapshot.Snapshot | None:
    """What is asked in the place of Meta and AWS. One that cannot be used is told by the preview, which refuses it."""
    with contextlib.suppress(snapshot.SnapshotError):
        return snapshot.given()
    return None


_NO_LOG = "pulumi has written no event log: this version of it does not know --event-log."


def _run(stack: str, log: Path, found: Path, said: deque[str]) -> tuple[int, str]:
    news = Progress("The preview")

    def hear(line: str) -> None:
        said.append(line)
        news.note(line)

    asks = not is_offline() and _snapshot() is None
    to_person(f"Previewing stack {stack}{': what is live is read first' if asks else ''}.")
    env = {**ENGINE, findings.VARIABLE: str(found)}
    done = pulumi_run.looking(["preview"], stack, "--event-log", str(log), env=env, out=hear, err=hear)
    return done.code, done.stood


def _engine_error(said: Sequence[str]) -> str:
    """The engine's own error as one paragraph."""
    lines = [line.strip() for line in said if line.strip()]
    at = next((number for number, line in enumerate(lines) if line.startswith("error:")), None)
    text = scrub(" ".join(lines[at:] if at is not None else lines[-5:]))[:_LONGEST_ERROR]
    return f"{text} {pulumi_stack.explained(text)}".strip()


def _finished(paths: Sequence[Path]) -> list[Review]:
    """The reviews of files, each stack once."""
    found: dict[tuple[str, str], Review] = {}
    for path in paths:
        for review in stored.read(_content(path), path.name):
            if (review.project, review.stack) in found:
                raise ReviewError(f"Stack {review.stack} is reviewed twice in the files.", next_step="Leave one out.")
            found[(review.project, review.stack)] = review
    return list(found.values())


def _content(path: Path) -> bytes:
    try:
        # A pipe or a device in a file's place has no end.
        if path.exists() and not path.is_file():
            raise ReviewError(f"Reading {path.name} failed: it is no file.", next_step="Name a plain file.")
        with path.open("rb") as file:
            return file.read(stored.MOST_BYTES + 1)
    except OSError as error:
        raise ReviewError(
            f"Reading {path.name} failed: {error.strerror}.",
            next_step="Write it with `meta-access review --json > FILE`, on the base branch for --base.",
        ) from None


def _compared(reviews: Sequence[Review], base: Path, before: Sequence[Review]) -> list[Review]:
    known = {(one.project, one.stack): one for one in before}
    found = []
    for review in reviews:
        one = known.get((review.project, review.stack))
        if one is None:
            has = ", ".join(f"{project}/{stack}" for project, stack in known)
            raise ReviewError(
                f"{base.name} is a review of {has}, and not of {review.project}/{review.stack}.",
                next_step="Run `meta-access review --json` for this stack on the base branch, and name that file.",
            )
        if one.failed:
            raise ReviewError(
                f"{base.name}: the preview of the base branch failed, so it tells nothing of what is due anyway.",
                next_step="Mend the base branch's preview, or leave --base out.",
            )
        found.append(against(review, one))
    return found


def _classes(_context: click.Context, _parameter: click.Parameter, value: str) -> frozenset[Class]:
    try:
        return frozenset(Class(word.strip()) for word in value.split(",") if word.strip())
    except ValueError:
        raise click.BadParameter(f"write some of {', '.join(Class)}, with commas between them.") from None


def _exit(reviews: Sequence[Review], stops: frozenset[Class]) -> int:
    if any(review.classes & (stops | {Class.REFUSED}) for review in reviews):
        return WORK_LEFT
    unknown = [] if Class.UNDECLARED not in stops else [one.stack for one in reviews if not one.knows_access]
    if unknown:
        to_person(f"Whether access is undeclared is not known of {', '.join(unknown)}: not every list was looked at.")
    return FAILED if unknown or any(review.failed for review in reviews) else DONE


@click.command(name="review")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, which --from and --base read.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print one comment for a pull request.")
@click.option(
    "--fail-on",
    "stops",
    default="refused",
    show_default=True,
    callback=_classes,
    help="End with exit code 2 for what there is of these: refused,widening,deletion,undeclared.",
)
@click.option("--base", type=click.Path(path_type=Path), help="What --json wrote on the base branch.")
@click.option("--from", "sources", type=click.Path(path_type=Path), multiple=True, help="Read what --json wrote.")
@click.option("--all", "whole", is_flag=True, help="Fold nothing.")
@click.pass_context
def command(
    context: click.Context,
    /,
    stack: str | None,
    stops: frozenset[Class],
    base: Path | None,
    sources: tuple[Path, ...],
    **flags: Any,
) -> None:
    """Show what a preview means: who gains and loses what, what is refused, and what is due anyway.

    Exit codes: 0; 2 when something is refused, also by a mandatory rule of good practice, or in a class of --fail-on;
    1 when the preview failed.
    """
    if flags["as_json"] and flags["as_markdown"]:
        raise click.UsageError("--json and --markdown are two answers: leave one out.")
    if sources and stack:
        raise click.UsageError("--from reads finished reviews, each of its own stack: leave --stack out.")
    # Read first: a preview takes its time.
    before = _finished([base]) if base is not None else []
    if sources:
        reviews = _finished(sources)
    else:
        reviews = [previewed(stack or pulumi_stack.selected(), pulumi_stack.find(Path.cwd()).name)]
    if base is not None:
        reviews = _compared(reviews, base, before)
    with contextlib.suppress(BrokenPipeError):
        if flags["as_json"]:
            click.echo(stored.write(reviews))
        elif flags["as_markdown"]:
            click.echo(markdown.render(reviews), nl=False)
        else:
            answer(terminal.render(reviews, whole=flags["whole"]).removesuffix("\n"))
    context.exit(_exit(reviews, stops))
