"""`meta-access access-review pack`: who had what between two days, from Git, the records of reviews and the audit."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access.access_review import evidence, history, record
from meta_access.access_review.evidence import Evidence
from meta_access.access_review.history import Declared
from meta_access.access_review.record import ReviewError
from meta_access.audit import STANDARD_OUTPUT, VARIABLE
from meta_access.cli import plain_files, pulumi_stack
from meta_access.cli.access_review import pack_page
from meta_access.cli.access_review.git import GitError, Repository, Version
from meta_access.cli.terminal import DONE, WORK_LEFT, answer, to_person
from meta_access.cli.tokens import audit
from meta_access.clock import parse_iso
from meta_access.errors import ConfigError, MetaAccessError, Problem
from meta_access.stack.files import SUFFIXES, config_of
from meta_access.stack.load import Stack, load_stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from meta_access.access_review.evidence import Line
    from meta_access.access_review.judge import People
    from meta_access.access_review.record import Record

HTML, CSV = "access.html", "access.csv"


@dataclass(slots=True)
class Past:
    """A stack as Git knows it, up to a day.

    Attributes:
        unknown: What Git could not tell.
    """

    repository: Repository
    project: str
    stack: str
    unknown: list[str] = field(default_factory=list)
    _stacks: dict[tuple[tuple[str, str], ...], Stack | str] = field(default_factory=dict)
    _records: dict[str, tuple[Version, str]] = field(default_factory=dict)
    """Path of each record to the last version that has it, and its blob there."""

    def declared(self, versions: list[Version]) -> list[Declared]:
        """What each version declares; one that is not sound has changed nothing, since no update takes it."""
        found = []
        for one in versions:
            held = self.at(one)
            if isinstance(held, str):
                self.unknown.append(
                    f"Commit {one.id[:12]} of {one.at:%Y-%m-%d} is not sound, so it changed nothing: {held}"
                )
                continue
            had = frozenset() if held is None else history.declared(held)
            found.append(Declared(one.at, one.id, one.email, had))
        return history.in_order(found)

    def at(self, version: Version) -> Stack | str | None:
        """The stack at a version: why it cannot be read, or None where it is not there."""
        files = self.repository.files(version.id)
        place = record.folder_of(self.stack)
        mine = [path for path in files if Path(path).parent.name == place and Path(path).suffix in SUFFIXES]
        self._records |= {path: (version, files[path]) for path in mine}
        name = f"Pulumi.{self.stack}.yaml"
        if name not in files:
            return None
        # Evidence and other stacks' files say nothing of who has access.
        declaring = {path: blob for path, blob in files.items() if self._is_mine(path)}
        key = tuple(sorted(declaring.items()))
        if key not in self._stacks:
            self._stacks[key] = self._loaded(declaring, version.at)
        return self._stacks[key]

    def _is_mine(self, path: str) -> bool:
        place = Path(path)
        if place.suffix not in SUFFIXES or place.parts[0].startswith("access-reviews."):
            return False
        return place.name == f"Pulumi.{self.stack}.yaml" or not place.name.startswith(("Pulumi.", "evidence."))

    def _loaded(self, files: Mapping[str, str], now: datetime) -> Stack | str:
        with tempfile.TemporaryDirectory(prefix="meta-access-") as scratch:
            folder = Path(scratch) / "stacks"
            for path, blob in files.items():
                place = folder / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(self.repository.text(blob), encoding="utf-8")
            try:
                values = config_of(folder / f"Pulumi.{self.stack}.yaml")
                return load_stack(values, self.stack, folder, project=self.project, now=now)
            except ConfigError as error:
                return " ".join(str(problem) for problem in error.problems[:1])

    def reviews(self, versions: Sequence[Version], start: date, end: date) -> Iterator[Line]:
        """The rows of the reviews that were closed in a period; `declared` has looked at these versions."""
        read: dict[str, tuple[Version, str, Record]] = {}
        for path, (version, blob) in sorted(self._records.items()):
            text = self.repository.text(blob)
            try:
                read[path] = version, text, record.read(text, path)
            except ConfigError as error:
                self.unknown.append(f"A record of a review cannot be read: {error.problems[0]}")
        last = versions[-1]
        there = {found.facts for version, _, found in read.values() if version == last}
        for path, (version, text, found) in read.items():
            if found.closed is None or not start <= found.closed.date() <= end:
                continue
            if version != last and found.facts in there:  # it was only moved
                continue
            if version != last:
                self.unknown.append(f"{path} was removed after commit {version.id[:12]}; it is here as it was then.")
            people = self._people(versions, found.closed)
            lines = record.decision_lines(text, path)
            yield from evidence.of_record(found, lines, self.repository.blame(path, version.id), people)

    def _people(self, versions: Sequence[Version], closed: datetime) -> People:
        """Who was in meta:people when a review was closed: who has left since has signed all the same."""
        before = [one for one in versions if one.at < closed][-1:]
        after = [one for one in versions if one.at >= closed][:1]
        held = [self.at(one) for one in (*after, *before)]
        return {key: one for stack in held if isinstance(stack, Stack) for key, one in stack.spec.people.items()}


def _steps(file: str, owner: str, start: date, end: date) -> list[dict[str, Any]]:
    """The steps of a stack's tokens in a period."""
    try:
        lines = Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise MetaAccessError(
            f"Reading the audit {file} failed: {error.strerror}.", next_step="Name the file of META_ACCESS_AUDIT."
        ) from None
    found = audit.read(lines, audit.Filter(stack=owner))
    if found.unreadable:
        to_person(f"{found.unreadable} line(s) of {file} are no record of the audit and were left out.")
    inside = [one for one in found.entries if start <= parse_iso(str(one["at"])).date() <= end]
    return sorted(inside, key=lambda one: (str(one["at"]), json.dumps(one, sort_keys=True)))


def collected(past: Past, start: date, end: date, file: str | None) -> Evidence:
    """The content of a pack.

    Args:
        past: Of the stack.
        start: The first day.
        end: The last day.
        file: With the audit; None without one.

    Raises:
        GitError: Git cannot tell.
    """
    project, stack = past.project, past.stack
    past.repository.refuse_shallow()
    beyond = datetime.combine(end, time.max, UTC)
    versions = [one for one in past.repository.history() if one.at <= beyond]
    declared = past.declared(versions)
    first = next((one for one in declared if one.had), None)
    if first is None:
        raise GitError(
            f"Git has no sound version of stack {stack} up to {end}, so nobody can tell who had what.",
            next_step="Name the stack as its file is called, or a later period.",
        )
    if first.at.date() > start:
        past.unknown.insert(
            0, f"Git knows nothing of this stack before {first.at:%Y-%m-%d} (commit {first.commit[:12]})."
        )
    notes = [
        "What was declared, by the commits of this branch; a merge counts from when it was made.",
        "What Meta listed beyond that is known at the reviews alone.",
        "Steps of tokens are those of the audit." if file else "No audit was given, so steps of tokens are missing.",
    ]
    lines = [*evidence.of_spans(history.spans(declared, start, end)), *past.reviews(versions, start, end)]
    lines += evidence.of_audit(_steps(file, f"{project}/{stack}", start, end)) if file else []
    return Evidence(
        project, stack, start, end, versions[-1].id, tuple(lines), tuple(past.unknown), tuple(notes)
    )  # fmt: skip


@click.command(name="pack")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--from", "start", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The first day.")
@click.option("--to", "end", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The last day.")
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), required=True, help="The folder to write to."
)
@click.option("--audit", "file", help=f"The audit of tokens; what {VARIABLE} names when absent.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    stack: str | None, start: datetime, end: datetime, output: Path, file: str | None, *, as_json: bool
) -> None:
    """Write who had what between two days, for auditors: a page and a table.

    From the commits of the stack's files, the closed reviews and the audit of tokens; nothing is asked of Meta. The
    same commit gives the same bytes. Exit code 2 when something is not known; the pack names it.
    """
    problems = []
    if end < start:
        problems.append(Problem("--to", "is before --from.", "turn the two round."))
    if end.date() > datetime.now(UTC).date():
        problems.append(Problem("--to", "has not come, so nobody can tell.", "write today, or a day that is past."))
    if problems:
        raise ReviewError(problems)
    home = pulumi_stack.find(Path.cwd())
    name = (stack or pulumi_stack.selected()).rpartition("/")[2]
    repository = Repository(home.stacks)
    chosen = file or os.environ.get(VARIABLE, "")
    audit_file = chosen if chosen and chosen != STANDARD_OUTPUT else None
    found = collected(Past(repository, home.name, name), start.date(), end.date(), audit_file)
    if changed := repository.changed("."):
        to_person(f"Not in the pack, since no commit has it: {', '.join(changed)}")
    try:
        with plain_files.Folder(output) as folder:
            folder.replace({HTML: pack_page.as_html(found), CSV: pack_page.as_csv(found)})
    except OSError as error:
        raise MetaAccessError(
            f"Writing the pack to {output} failed: {error.strerror}.", next_step="Name another folder."
        ) from None
    files = [str(output / HTML), str(output / CSV)]
    if as_json:
        told = {"stack": name, "from": f"{found.start}", "to": f"{found.end}", "commit": found.commit, "files": files}
        click.echo(json.dumps({**told, "lines": len(found.lines), "unknown": found.unknown}))
    else:
        for one in files:
            answer(one)
        answer(f"{len(found.lines)} lines, as of commit {found.commit[:12]}.")
        for text in found.unknown:
            answer(f"Not known: {text}")
    sys.exit(WORK_LEFT if found.unknown else DONE)
