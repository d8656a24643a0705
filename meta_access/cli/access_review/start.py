"""`meta-access access-review start`: writes who holds what now into a record per client, for people to decide."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meta_access.access_review import record
from meta_access.access_review.record import ReviewError
from meta_access.cli import current, pulumi_stack
from meta_access.cli.access_review import records
from meta_access.cli.access_review.records import whose
from meta_access.cli.people import who
from meta_access.cli.stack.stack_texts import alone
from meta_access.cli.stack.stack_texts import replace as replace_files
from meta_access.cli.terminal import DONE, WORK_LEFT, answer
from meta_access.errors import Problem
from meta_access.graph.client import meta_time

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from meta_access.access_review.record import Row
    from meta_access.cli.access_review.records import Held
    from meta_access.stack.load import Stack


class Looked:
    """Who holds what, as Meta lists it now.

    Attributes:
        at: When, by Meta's clock; of a snapshot, when it was taken.
    """

    def __init__(self, stack: str, loaded: Stack) -> None:
        found = who.look(stack, loaded)
        self.judged, self._clients, self.recorded = found.judged, found.clients, found.recorded is not None
        shown = found.recorded
        self.at = shown.date if shown is not None else meta_time(found.clients) or datetime.now(UTC)

    def rows(self, clients: Collection[str]) -> Mapping[str, tuple[Row, ...]]:
        """By client, what was read of those that have something."""
        wanted = [row for row in self.judged.rows if row.client in clients]
        changed = who.records(wanted, self._clients)
        found = {client: record.rows_of([row for row in wanted if row.client == client], changed) for client in clients}
        return {client: rows for client, rows in found.items() if rows}


def _refuse_open(held: Iterable[Held], clients: Collection[str]) -> None:
    problems = [
        Problem(one.shown, f"is an open access review of {whose(one.client)}.", "decide and close it, or delete it.")
        for one in held
        if one.record.closed is None and one.client in clients
    ]
    if problems:
        raise ReviewError(problems)


@click.command(name="start")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--client", "clients", multiple=True, help="Only this client; all, and no client's assets, without it.")
@click.option("--no-client", is_flag=True, help="Only the assets that no client has.")
@click.option("--due", type=click.DateTime(["%Y-%m-%d"]), help="The day until which it is to be closed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    stack: str | None, clients: tuple[str, ...], due: datetime | None, *, no_client: bool, as_json: bool
) -> None:
    """Write who may touch which asset, as Meta lists it now, into a record per client.

    Nothing is changed at Meta. Exit code 2 when Meta did not show a list; the record names it.
    """
    asked, home = stack or pulumi_stack.selected(), pulumi_stack.find(Path.cwd())
    name = asked.rpartition("/")[2]
    loaded = current.typed(asked)
    records.check_clients(loaded, clients)
    wanted = [*clients, *([""] if no_client else [])] or [*loaded.spec.clients, ""]
    with alone(home.stacks):
        held = records.read(home.stacks, home.name, name)
        _refuse_open(held, wanted)
        looked = Looked(asked, loaded)
        if due is not None and due.date() <= looked.at.date():
            text = f"{due.date()} is not in the future."
            raise ReviewError([Problem("--due", text, "write a day to come, or leave it out.")])
        made = {}
        place, taken = record.folder_of(name), {one.name.rpartition("/")[2] for one in held}
        for client, rows in looked.rows(wanted).items():
            new = record.begun(
                rows,
                looked.judged.unread,
                project=home.name,
                stack=name,
                client=client,
                started=looked.at,
                due=due.date() if due else None,
                snapshot=looked.recorded,
            )
            made[f"{place}/{record.file_name(client, looked.at.date(), taken)}"] = new
        replace_files(home.stacks, {file: record.written(new) for file, new in made.items()})
    unread = [{"list": one.path, "why": one.why} for one in looked.judged.unread]
    # A list that was not shown may have somebody.
    listed = {new.client for new in made.values()}
    nobody = [client for client in wanted if client and client not in listed and not unread]
    if as_json:
        reviews = [
            {"file": f"{home.stacks.name}/{file}", "client": new.client, "rows": len(new.access)}
            for file, new in made.items()
        ]
        click.echo(json.dumps({"stack": name, "reviews": reviews, "nobody": nobody, "unread": unread}))
    else:
        for file, new in made.items():
            answer(f"{home.stacks.name}/{file}: {len(new.access)} to decide about {whose(new.client or '')}.")
        for client in nobody:
            answer(f"Meta lists nobody for client {client}, so there is nothing to decide.")
        for one in unread:
            answer(f"Not shown, so nobody knows what it holds: {one['list']}: {one['why']}")
        if made:
            answer("Decide in the files, or by `meta-access access-review sign`; each person commits their own.")
    sys.exit(WORK_LEFT if unread else DONE)
