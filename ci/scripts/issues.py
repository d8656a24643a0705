"""Keeps one issue per client of what a nightly look found: what is not as declared, and what ends or has ended.

    python -m ci.scripts.issues --looks looks [--dry-run]

A look is a folder in there, named as its stack, with `review.json`, `gates.json` and `report.json`: what the commands
of these names print with `--json`. What belongs to no client goes into an issue of the stack. An issue is found by its
marker, written anew where it says something else, opened again when something comes back, and closed when nothing is
left. A look that is not whole closes nothing.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ci.scripts.fenced import fence_of
from ci.scripts.forge import ForgeError, UncertainError, of_job
from meta_access.clock import parse_iso
from meta_access.errors import MetaAccessError
from meta_access.gates.status import Status
from meta_access.redaction import visible
from meta_access.review import stored, words
from meta_access.review.facts import Cause, grouped
from meta_access.stack import gate_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ci.scripts.forge import Forge, Issue
    from meta_access.review.facts import Review

LABEL = "meta-access"
SOON_DAYS = 7
"""A token is renewed long before; one that is so near its end has not been."""
LINES = 200
LINE = 400
ROUNDS = 3
_MARKER = re.compile(r"<!-- meta-access issue (\S+) -->(?:\r?\n|\Z)")
_GATES = {Status.DRIFTED: "differs at Meta from what is declared", Status.STALE_EVIDENCE: "its evidence is too old"}


class LookError(Exception):
    """A file of a look is missing or is no such file."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What one issue is about; `client` is "" for what belongs to none."""

    stack: str
    client: str

    @property
    def marker(self) -> str:
        return f"<!-- meta-access issue {quote(self.stack, safe='')}/{quote(self.client, safe='')} -->"

    @property
    def title(self) -> str:
        if not self.client:
            return f"Stack {self.stack}: not as declared, or near its end"
        return f"{visible(self.client)}: not as declared in stack {self.stack}"


@dataclass(frozen=True, slots=True)
class Look:
    """What was found in one stack.

    Attributes:
        whole: Whether everything was looked at; if not, what is missing here may still be so.
        found: Topic to its lines.
    """

    stack: str
    whole: bool
    found: Mapping[Topic, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do about one issue; `issue` is None for a new one."""

    topic: str
    issue: Issue | None
    title: str
    body: str
    opened: bool

    @property
    def line(self) -> str:
        if self.issue is None:
            return f"open an issue: {self.title}"
        if not self.opened:
            return f"close issue {self.issue.number}: nothing is left"
        return f"{'write' if self.issue.open else 'open again'} issue {self.issue.number}: {self.title}"


def look(stack: str, review: Review, gates: Mapping[str, Any], report: Mapping[str, Any], now: datetime) -> Look:
    """Put the three answers about a stack together."""
    lines: dict[Topic, list[str]] = {}

    def add(client: str, found: Iterable[str]) -> None:
        if texts := [visible(text)[:LINE] for text in found]:
            lines.setdefault(Topic(stack, client), []).extend(texts)

    clients = {fact.client for fact in review.facts} - {""}
    # What somebody changed reads as a change once a failed `up` has recorded it, and is not less of a drift for that.
    for words_before, cause in (("", Cause.DRIFT), ("not carried out: ", Cause.CHANGE)):
        for client in sorted({fact.client for fact in review.of(cause)}):
            own = tuple(fact for fact in review.of(cause) if fact.client == client)
            add(client, (f"{one.first.sign} {words_before}{words.line(one, whole=True)}" for one in grouped(own)))
    for name, gate in sorted(_table(gates, "gates").items()):
        if (status := str(gate.get("status"))) in set(_GATES):
            add(_client(name, clients), [f"! gate {name}: {_GATES[Status(status)]}"])
    add("", _ends(gates))
    add("", _expiring(_table(report, "secrets"), now))
    seen = not (review.failed or gates.get("not_seen") or report.get("not_looked_at"))
    return Look(stack, seen, {topic: tuple(rows) for topic, rows in lines.items()})


def _client(gate: str, clients: Iterable[str]) -> str:
    """Whose share a gate is about; the longest name that fits, since one client's may begin another's."""
    return max((one for one in clients if gate_names.is_share(gate, one)), key=len, default="")


def _ends(gates: Mapping[str, Any]) -> list[str]:
    found = [f"! gate {name}: due {day}" for name, day in sorted((gates.get("due") or {}).items())]
    for app, row in sorted(_table(gates, "upkeep").items()):
        if row.get("on"):
            found.append(f"! app {app}: its tier lapses on {row['on']}")
    for connection, row in sorted(_table(gates, "admin_tokens").items()):
        found += [f"! connection {connection}: {text}" for text in row.get("says") or ()]
    return found


def _expiring(secrets: Mapping[str, Mapping[str, Any]], now: datetime) -> list[str]:
    found = []
    for name, row in sorted(secrets.items()):
        try:
            ends = parse_iso(str(row.get("expires_at")))
        except ValueError:
            continue  # "never"
        if (left := (ends - now).days) <= SOON_DAYS:
            when = "has expired" if ends <= now else f"expires in {left} day{'' if left == 1 else 's'}"
            found.append(f"! token of {name} in {row.get('name', '?')} {when}, at {row['expires_at']}")
    return found


def body_of(topic: Topic, lines: Sequence[str]) -> str:
    """An issue's text: in a fence, where neither a mention nor markup of a name means anything."""
    shown = list(lines[:LINES])
    if len(lines) > LINES:
        shown.append(f"and {len(lines) - LINES} more")
    fence = fence_of("\n".join(shown))
    whose = f"client `{quote(topic.client, safe=' ')}` in stack" if topic.client else "stack"
    return "\n".join(
        [
            topic.marker,
            f"The nightly look found this of {whose} `{quote(topic.stack, safe='')}`.",
            "It writes this text anew when something changes, and closes the issue when nothing is left.",
            "",
            f"{fence}diff",
            *shown,
            fence,
            "",
        ]
    )


def steps(looks: Sequence[Look], issues: Sequence[Issue]) -> list[Step]:
    """Decide what is to be done about which issue."""
    known: dict[str, Issue] = {}
    for issue in issues:
        if issue.own and (marker := _MARKER.match(issue.body)):
            known[marker[1]] = issue if issue.open or marker[1] not in known else known[marker[1]]
    found: list[Step] = []
    for one in sorted(looks, key=lambda look: look.stack):
        wanted = {_key(topic): (topic, lines) for topic, lines in one.found.items()}
        for key, (topic, lines) in sorted(wanted.items()):
            there, body = known.get(key), body_of(topic, lines)
            if there is None or not there.open or (there.title, _plain(there.body)) != (topic.title, _plain(body)):
                found.append(Step(key, there, topic.title, body, opened=True))
        prefix = f"{quote(one.stack, safe='')}/"
        for key, issue in sorted(known.items()):
            if one.whole and issue.open and key.startswith(prefix) and key not in wanted:
                found.append(Step(key, issue, issue.title, issue.body, opened=False))
    return found


def _key(topic: Topic) -> str:
    found = _MARKER.match(topic.marker)
    assert found is not None
    return found[1]


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def kept(forge: Forge, looks: Sequence[Look], *, dry_run: bool) -> list[Step]:
    """Look at the issues, decide and act; once more where an answer was lost.

    Raises:
        ForgeError: It could not be done.
    """
    done: list[Step] = []
    for last in (False,) * (ROUNDS - 1) + (True,):
        planned = steps(looks, forge.issues(LABEL))
        if dry_run:
            return planned
        try:
            for step in planned:
                if step.issue is None:
                    forge.add_issue(step.title, step.body, LABEL)
                else:
                    forge.change_issue(step.issue.number, title=step.title, body=step.body, opened=step.opened)
                done.append(step)
        except UncertainError:
            if last:
                raise
        else:
            return done
    raise AssertionError("unreachable")


def read(folder: Path, now: datetime) -> Look:
    """Read a look.

    Raises:
        LookError: A file of it is missing, or says that it could not be made.
    """
    stack = folder.name
    try:
        review = stored.read_one((folder / "review.json").read_bytes(), f"{stack}/review.json", stack)
    except (OSError, MetaAccessError) as failed:
        raise LookError(f"{folder}/review.json is no review of stack {stack}: {failed}") from None
    return look(stack, review, _object(folder / "gates.json"), _object(folder / "report.json"), now)


def _object(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as failed:
        raise LookError(f"{file} cannot be read: {failed}") from None
    if not isinstance(value, dict) or "error" in value:
        raise LookError(f"{file} is no answer of the command: look into the job's log.")
    return value


def _table(given: Mapping[str, Any], name: str) -> dict[str, dict[str, Any]]:
    value = given.get(name)
    return {key: row for key, row in value.items() if isinstance(row, dict)} if isinstance(value, dict) else {}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="ci.scripts.issues", description=__doc__.partition("\n")[0])
    parser.add_argument("--looks", type=Path, required=True, help="the folder with one look per stack")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    given = parser.parse_args(argv)
    looks, code = [], 0
    folders = sorted(path for path in given.looks.glob("*") if path.is_dir())
    if not folders:
        print(f"issues: {given.looks} holds no look: read the jobs that make them.", file=sys.stderr)
        return 1
    for folder in folders:
        try:
            looks.append(read(folder, datetime.now(UTC)))
        except LookError as failed:  # the issues of other stacks do not wait for this one
            print(f"issues: {visible(str(failed))}", file=sys.stderr)
            code = 1
    try:
        done = kept(of_job(), looks, dry_run=given.dry_run)
    except ForgeError as failed:
        print(f"issues: {failed}", file=sys.stderr)
        return 1
    for step in done:
        print(f"issues: {'would ' if given.dry_run else ''}{step.line}")
    if not done:
        print("issues: nothing to do")
    return code


if __name__ == "__main__":
    sys.exit(main())
