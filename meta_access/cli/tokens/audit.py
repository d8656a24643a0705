"""`meta-access audit`: reads what META_ACCESS_AUDIT collected, newest last, and filters it. Writes nothing."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access.audit import SCHEMA, STANDARD_OUTPUT, VARIABLE
from meta_access.cli.terminal import answer, to_person
from meta_access.clock import parse_iso
from meta_access.redaction import scrub

if TYPE_CHECKING:
    from collections.abc import Iterable

# In the order of a sentence: when, what, to which, on whose behalf.
SHOWN = ("at", "step", "secret", "generation", "fingerprint", "stack", "who", "commit", "trace_id", "note")
_COMMIT_DIGITS = 10


@dataclass(slots=True)
class AuditRead:
    """What was read.

    Attributes:
        entries: Those that pass the filters, as written.
        unreadable: Lines that are no record: a torn one, or what a log put in between.
    """

    entries: list[dict[str, Any]] = field(default_factory=list)
    unreadable: int = 0


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which records to show; None lets everything pass.

    Attributes:
        secret: Name or ARN.
        stack: `project/stack`, or the stack alone.
    """

    secret: str | None = None
    step: str | None = None
    stack: str | None = None
    since: datetime | None = None

    def passes(self, entry: dict[str, Any]) -> bool:
        owner = str(entry.get("stack", ""))
        return (
            self.secret in {None, entry.get("secret"), entry.get("arn")}
            and self.step in {None, entry.get("step")}
            and self.stack in {None, owner, owner.rpartition("/")[2]}
            and (self.since is None or parse_iso(str(entry["at"])) >= self.since)
        )


def read(lines: Iterable[str], wanted: Filter) -> AuditRead:
    """Pick the records out of the lines of an audit, or of a log that the audit went to."""
    found = AuditRead()
    for line in lines:
        if not line.strip():
            continue
        entry = _entry(line)
        if entry is None:
            found.unreadable += 1
        elif wanted.passes(entry):
            found.entries.append(entry)
    return found


def _entry(line: str) -> dict[str, Any] | None:
    try:
        # The engine indents what a plugin prints, and a runner puts the time in front of it.
        entry = json.loads(line[line.index("{") :])
        parse_iso(str(entry["at"]))
    except (ValueError, KeyError, TypeError):
        return None
    return entry if isinstance(entry, dict) and entry.get("schema") == SCHEMA else None


def sentence(entry: dict[str, Any]) -> str:
    """One record on one line."""
    said = {name: str(entry[name]) for name in SHOWN if entry.get(name) is not None}
    if "generation" in said:
        said["generation"] = f"generation {said['generation']}"
    if "commit" in said:
        said["commit"] = f"commit {said['commit'][:_COMMIT_DIGITS]}"
    if "who" in said:
        said["who"] = f"by {said['who']}"
    if "trace_id" in said:
        said["trace_id"] = f"trace {said['trace_id']}"
    return scrub("  ".join(said.values()))


def _lines(file: str) -> list[str]:
    if file == STANDARD_OUTPUT:
        return sys.stdin.read().splitlines()
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        raise click.ClickException(
            f"There is no audit at {file} yet: the first step that {VARIABLE} sees makes it."
        ) from None
    except OSError as error:
        raise click.ClickException(f"Reading {file} failed: {error.strerror}. Name the file of {VARIABLE}.") from None


def _since(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    del ctx, param
    if value is None:
        return None
    try:
        if "T" not in value:
            return datetime.combine(datetime.fromisoformat(value).date(), time(), UTC)
        return parse_iso(value)
    except ValueError:
        raise click.BadParameter("write a day such as 2026-11-24 or a time such as 2026-11-24T08:00:00Z.") from None


@click.command(name="audit")
@click.option("--file", "file", help=f"The audit; what {VARIABLE} names when absent; - for standard input.")
@click.option("--secret", help="Only of this secret: its name or ARN.")
@click.option("--step", help="Only this step: mint, promote, retire, revoke …")
@click.option("--stack", help="Only of this stack: its name, or project/stack.")
@click.option("--since", callback=_since, metavar="TIME", help="Only from this day or time on.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(file: str | None, *, as_json: bool, **wanted: Any) -> None:
    """Read and filter the audit of what was done to tokens."""
    chosen = file or os.environ.get(VARIABLE, "")
    if not chosen or (file is None and chosen == STANDARD_OUTPUT):
        raise click.ClickException(f"There is no file to read: name one with --file, or set {VARIABLE} to it.")
    found = read(_lines(chosen), Filter(**wanted))
    if as_json:
        click.echo(json.dumps({"entries": found.entries, "unreadable": found.unreadable}))
        return
    for entry in found.entries:
        answer(sentence(entry))
    if not found.entries:
        answer("No record passes.")
    if found.unreadable:
        to_person(f"{found.unreadable} line(s) are no record of the audit and were left out.")
