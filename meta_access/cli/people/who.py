"""`meta-access who`: who may touch which asset, with which tasks, since when and by whom, and what no line declares."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from meta_access import snapshot, undeclared
from meta_access.access import Access, Judged, Standing
from meta_access.cli import current, pulumi_stack
from meta_access.cli.graph_client import client_for
from meta_access.cli.terminal import DONE, FAILED, WIDTH, WORK_LEFT, Mark, answer, table, to_person
from meta_access.clock import SYSTEM_CLOCK, iso
from meta_access.errors import MetaAccessError, OfflineError
from meta_access.graph import activities, whereabouts
from meta_access.graph.holders import HolderKind
from meta_access.graph.reads import reads_for
from meta_access.ids import AD_ACCOUNT_PREFIX, parse_asset
from meta_access.stack.connections import settings_of
from meta_access.stack.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meta_access.graph.activities import Activity
    from meta_access.graph.client import GraphClient
    from meta_access.graph.whereabouts import Fate
    from meta_access.snapshot import Snapshot
    from meta_access.stack.connections import Connection
    from meta_access.stack.load import Stack

RECORD = timedelta(days=90)
"""How far back the records of ad accounts are asked."""
BOUND_S = 30.0
"""For the records of all accounts together: the list is worth reading without them."""
COLUMNS = (
    "client", "asset", "kind", "holder", "name", "email", "key", "tasks", "undeclared", "standing", "pending",
    "reason", "person", "until", "since", "by", "through",
)  # fmt: skip
_KINDS = {"identity": (HolderKind.SYSTEM_USER,), "person": (HolderKind.PERSON,)}
_FORMULA = ("=", "+", "-", "@")
_FEW = 3
"""So many lists are named by an error; the table names all of them."""


@dataclass(frozen=True, slots=True)
class Gone:
    """What has become of an asset, in a sentence, and the command that follows."""

    fate: Fate
    what: str
    then: str


@dataclass(frozen=True, slots=True)
class Found:
    """The access that was asked for.

    Attributes:
        changed: Row to the last entry about it in the account's record; a row that is not in it has none.
        gone: Asset of which something is declared and not given to what has become of it.
    """

    stack: str
    judged: Judged
    changed: Mapping[Access, Activity]
    gone: Mapping[str, Gone] = field(default_factory=dict)

    @property
    def code(self) -> int:
        if self.judged.undeclared:
            return WORK_LEFT
        return FAILED if self.judged.unread else DONE


def chosen(judged: Judged, stack: Stack, what: str) -> Judged:
    """The rows that a client, asset, identity, person or id names.

    Raises:
        click.UsageError: Nothing is called so, or several things are.
    """
    kind, colon, name = what.partition(":")
    only = kind if colon and kind in {"client", "identity", "person"} else ""
    word = name if only else what
    tables: dict[str, Mapping[str, Any]] = {
        "client": stack.spec.clients,
        "identity": stack.spec.identities,
        "person": stack.spec.people,
    }
    fitting = [table for table, entries in tables.items() if word in entries and only in {"", table}]
    if len(fitting) > 1:
        ways = ", ".join(f"{table}:{word}" for table in fitting)
        raise click.UsageError(f'"{word}" is {" and ".join(fitting)} of this stack: write one of {ways}.')
    if fitting == ["client"]:
        rows = [row for row in judged.rows if row.client == word]
    elif fitting:
        rows = [row for row in judged.rows if row.key == word and row.holder.kind in _KINDS[fitting[0]]]
    else:
        rows = [row for row in judged.rows if word in {row.asset, row.holder.id, row.holder.email, row.holder.name}]
        if not rows and not any(word in client.assets for client in stack.spec.clients.values()):
            raise click.UsageError(_unknown(word, judged, tables))
    return replace(judged, rows=tuple(rows))


def _unknown(word: str, judged: Judged, tables: Mapping[str, Mapping[str, Any]]) -> str:
    known = [name for entries in tables.values() for name in entries]
    known += [text for row in judged.rows for text in (row.asset, row.holder.name, row.holder.email) if text]
    near = nearest(word, known)
    fix = f'Did you mean "{near}"?' if near else f"Clients: {', '.join(tables['client']) or 'none'}."
    hidden = "".join(f" Not shown, so it may be in there: {one.path}." for one in judged.unread[:_FEW])
    return f'No client, asset, identity, person or holder is called "{word}". {fix}{hidden}'


def records(rows: Sequence[Access], clients: Sequence[GraphClient]) -> dict[Access, Activity]:
    """The last entry about each row in the record of its ad account, the undeclared first, as long as time is left."""
    if os.environ.get(snapshot.VARIABLE):
        return {}
    end = SYSTEM_CLOCK.monotonic() + BOUND_S
    entries: dict[str, list[Activity]] = {}
    found: dict[Access, Activity] = {}
    order = list(Standing)
    for row in sorted(rows, key=lambda one: order.index(one.standing)):
        if not row.asset.startswith(AD_ACCOUNT_PREFIX) or row.standing is Standing.MISSING:
            continue
        if row.asset not in entries:
            entries[row.asset] = _record(row.asset, clients, end)
        about = [one for one in entries[row.asset] if row.holder.id in one.about]
        if about:
            found[row] = max(about, key=lambda one: one.at)
    return found


def _record(account: str, clients: Sequence[GraphClient], end: float) -> list[Activity]:
    for client in clients:
        left = end - SYSTEM_CLOCK.monotonic()
        if left <= 0:
            return []
        try:
            since = client.now() - RECORD
            return activities.of_users(client, account, since, lambda: end - SYSTEM_CLOCK.monotonic())
        except MetaAccessError:
            continue  # nobody knows then, and the row says so
    return []


def gone(rows: Sequence[Access], stack: Stack, connections: Sequence[Connection]) -> dict[str, Gone]:
    """What has become of the assets of which something is declared and not given, where Meta's answers are enough."""
    found = {}
    for row in (row for row in rows if row.standing is Standing.MISSING and row.client in stack.spec.clients):
        client = stack.spec.clients[row.client]
        for connection in () if row.asset in found else connections:
            declared = connection.business_id if client.access == "own" else client.business or ""
            now = whereabouts.look(reads_for(connection), parse_asset(row.asset), declared)
            business = f"business {connection.business_name} ({connection.business_id})"
            other = declared if declared != connection.business_id else ""
            if told := whereabouts.told(row.asset, now, business=business, declared=other):
                found[row.asset] = Gone(now.fate, told, whereabouts.follows(row.asset, now, row.client))
    return found


def as_rows(found: Found) -> Iterator[dict[str, Any]]:
    """The rows as programs read them; None where nobody knows."""
    for row in found.judged.rows:
        entry, last = row.ignored, found.changed.get(row)
        yield {
            "client": row.client or None,
            "asset": row.asset,
            "kind": str(row.holder.kind),
            "holder": row.holder.id,
            "name": row.holder.name,
            "email": row.holder.email or None,
            "key": row.key or None,
            "tasks": list(row.tasks),
            "undeclared": list(row.undeclared),
            "standing": str(row.standing),
            "pending": row.pending,
            "reason": entry.reason if entry else None,
            "person": entry.person if entry else None,
            "until": entry.until.isoformat() if entry else None,
            "since": iso(last.at) if last else None,
            "by": (last.actor or None) if last else None,
            "through": (last.application or None) if last else None,
        }


def as_json(found: Found) -> dict[str, Any]:
    judged = found.judged
    return {
        "stack": found.stack,
        "access": list(as_rows(found)),
        "undeclared": {client or "": count for client, count in judged.undeclared.items()},
        "unread": [{"list": one.path, "why": one.why} for one in judged.unread],
        "unused_ignores": list(judged.unused),
        "expired_ignores": list(judged.expired),
        "gone": [
            {"asset": asset, "fate": str(one.fate), "what": one.what, "then": one.then}
            for asset, one in found.gone.items()
        ],
    }


def as_csv(found: Found) -> str:
    """A line per row; what a spreadsheet would take for a formula is text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in as_rows(found):
        writer.writerow([cell(row[name]) for name in COLUMNS])
    return text.getvalue()


def cell(value: Any) -> str:
    """A value for a spreadsheet; what it would take for a formula begins with an apostrophe."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    told = " ".join(value) if isinstance(value, list) else str(value or "")
    return f"'{told}" if told.lstrip().startswith(_FORMULA) else told


def render(found: Found) -> None:
    """Print for people."""
    judged = found.judged
    for client, group in groupby(judged.rows, key=lambda row: row.client):
        answer(f"Client {client}" if client else "Assets of no client", Mark.TITLE)
        rows = [
            (
                (row.asset, _holder(row), _tasks(row), _standing(row, found.changed.get(row))),
                Mark.BROKEN if row.standing is Standing.UNDECLARED else None,
            )
            for row in group
        ]
        table(("Asset", "Holder", "Tasks", "Standing"), rows, plain=WIDTH)
        answer("")
    if not judged.rows:
        answer("No access, as far as the lists show.")
    _say("Not shown, so nobody knows what they hold", [f"{one.path}: {one.why}" for one in judged.unread])
    _say("Gone at Meta", [f"{one.what[0].upper()}{one.what[1:]}. {one.then}." for one in found.gone.values()])
    ended = [f"meta:{place} ended on {one.until}: {one.reason}" for place, one in judged.expired.items()]
    unused = [f"meta:{place} fits nothing: remove it." for place in judged.unused]
    _say("Entries of ignore", [*ended, *unused])
    count = sum(judged.undeclared.values())
    answer(f"{count} undeclared." if count else "Nothing undeclared in what was shown.")


def _say(title: str, lines: Sequence[str]) -> None:
    if lines:
        answer(title, Mark.TITLE)
    for line in lines:
        answer(f"  {line}")


def _holder(row: Access) -> str:
    known = f" ({row.key})" if row.key and row.key != row.holder.name else ""
    return f"{row.holder.name}{known}\n{row.holder.kind} {row.holder.id}"


def _tasks(row: Access) -> str:
    beyond = set(row.undeclared) if row.standing is Standing.UNDECLARED and row.undeclared != row.tasks else set()
    return ", ".join(f"{task}!" if task in beyond else task for task in row.tasks)


def _standing(row: Access, last: Activity | None) -> str:
    lines = [f"{row.standing}{', not agreed yet' if row.pending else ''}"]
    if row.ignored is not None:
        lines.append(f"{row.ignored.reason}; {row.ignored.person}, until {row.ignored.until}")
    if last is not None:
        through = f" through {last.application}" if last.application else ""
        lines.append(f"since {last.at:%Y-%m-%d} by {last.actor or 'nobody known'}{through}")
    elif row.standing is Standing.UNDECLARED:
        lines.append("since when and by whom: not known")
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Looked:
    """Who holds what, as Meta lists it now.

    Attributes:
        clients: One for each business.
        recorded: The snapshot that answered in Meta's place; None without one.
    """

    judged: Judged
    clients: Sequence[GraphClient]
    recorded: Snapshot | None


def look(name: str, loaded: Stack) -> Looked:
    """Read each business of a stack once, as far as the runner allows calls.

    Raises:
        OfflineError: It allows none.
        SnapshotError: The snapshot is of other connections.
    """
    settings = settings_of(loaded.spec)
    if settings.offline:
        raise OfflineError(
            "Who has access is Meta's to say, and META_ACCESS_OFFLINE=1 forbids every call.", next_step="Unset it."
        )
    if (shown := snapshot.given()) is not None:
        shown.check_settings(settings.environment, settings.connections.values())
    to_person("Looking at who has access; nothing is changed at Meta.")
    clients = [client_for(connection) for connection in settings.of_businesses]
    judged = undeclared.look(loaded, clients, pulumi_stack.system_users(pulumi_stack.export(name)))
    return Looked(judged, clients, shown)


@click.command(name="who")
@click.argument("what", required=False)
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--json", "json_wanted", is_flag=True, help="Print one JSON object.")
@click.option("--csv", "csv_wanted", is_flag=True, help="Print a line per holder and asset.")
def command(what: str | None, stack: str | None, *, json_wanted: bool, csv_wanted: bool) -> None:
    """Show who may touch WHAT: a client, asset, identity or person of the stack, or a holder's id; all without it.

    Every holder of a declared asset, and every asset of a declared user, as Meta lists them now: system users, people
    and partner businesses. Nothing is changed. Exit code 2 when something is undeclared, else 1 when a list was not
    shown.
    """
    if json_wanted and csv_wanted:
        raise click.UsageError("--json and --csv are two answers: leave one out.")
    name = stack or pulumi_stack.selected()
    loaded = current.typed(name)
    looked = look(name, loaded)
    judged = looked.judged if what is None else chosen(looked.judged, loaded, what)
    lost = gone(judged.rows, loaded, [one.connection for one in looked.clients])
    found = Found(name, judged, records(judged.rows, looked.clients), lost)
    if json_wanted:
        click.echo(json.dumps(as_json(found)))
    elif csv_wanted:
        click.echo(as_csv(found), nl=False)
    else:
        render(found)
    sys.exit(found.code)
