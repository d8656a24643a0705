"""`meta-access gates`: what waits for people, who is next, and whether each app keeps its tier."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access import call_log
from meta_access.cli import current, pulumi_stack
from meta_access.cli.gates import look, review_pack
from meta_access.cli.stack.report import render_gates, render_lines
from meta_access.cli.stack.summary import Filter, filtered, gates_of, open_first
from meta_access.cli.terminal import DONE, EXPIRING, FAILED, WORK_LEFT, answer, to_person
from meta_access.clock import iso
from meta_access.gates import deadline, upkeep
from meta_access.gates.status import NOT_MADE, Status
from meta_access.stack import gate_names, time_limits
from meta_access.stack.load import load_stack
from meta_access.stack.problems import instead

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from meta_access.cli.gates.review_pack import Pack
    from meta_access.cli.pulumi_stack import Seen
    from meta_access.gates.upkeep import Upkeep
    from meta_access.stack.load import Stack


UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Board:
    """The gates, the open ones first and each part in the order of work, and the upkeep of the tiers.

    Attributes:
        gates: Name to what is known of each.
        days: By which an obligation must be met, by its gate.
        at: What the upkeep and the days are judged by.
        seen: When what the gates say was seen; None when Meta was asked just now.
        not_seen: Gate to the reason why a look just now did not show it; it stands as it was.
        admin_tokens: Connection to what the last update found doubtful about its admin token, and when that ends.
    """

    stack: str
    gates: Mapping[str, Mapping[str, Any]]
    days: Mapping[str, date]
    upkeep: tuple[Upkeep, ...]
    at: datetime
    seen: Seen | None
    not_seen: Mapping[str, str] = field(default_factory=dict)
    admin_tokens: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return self.at.date()

    @property
    def open(self) -> list[str]:
        return [name for name, gate in self.gates.items() if gate.get("status") != Status.SATISFIED]

    @property
    def owed(self) -> dict[str, date]:
        """The days of the obligations that are open, the next one first."""
        left = {name: self.days[name] for name in self.open if name in self.days}
        return dict(sorted(left.items(), key=lambda row: row[1]))

    @property
    def code(self) -> int:
        if self.not_seen:
            return FAILED
        if any(one.near(self.today) for one in self.upkeep) or any(
            deadline.near(day, self.today) for day in self.owed.values()
        ):
            return EXPIRING
        if any(one.get("ends") for one in self.admin_tokens.values()):
            return EXPIRING
        return WORK_LEFT if self.open else DONE

    def as_json(self) -> dict[str, Any]:
        return {
            "stack": self.stack,
            "seen": {"at": iso(self.at), "by": "look", "failed_since": False}
            if self.seen is None
            else self.seen.as_json(),
            **({"not_seen": self.not_seen} if self.not_seen else {}),
            "gates": self.gates,
            "open": self.open,
            "due": {name: day.isoformat() for name, day in self.owed.items()},
            "upkeep": {one.app: one.as_json() for one in self.upkeep},
            **({"admin_tokens": self.admin_tokens} if self.admin_tokens else {}),
        }


def board(name: str, stack: Stack, outputs: Mapping[str, Any], now: datetime, seen: Seen | None) -> Board:
    """Put a board together from a stack and the outputs of its last update, or of a look just now."""
    exported = outputs.get("gates")
    made: dict[str, Any] = exported if isinstance(exported, dict) else {}
    at = current.moment(stack, now)
    ended, stack = current.ended_gates(stack, at.date()), time_limits.on(stack, at.date())
    declared = gate_names.of_stack(stack.spec, stack.rules)
    first = gate_names.before(stack.spec, stack.rules)
    others = (one for one in made if one not in declared and one not in ended)
    names = gate_names.in_order([*declared, *others], first)
    gates = open_first({one: made.get(one) or {"status": NOT_MADE} for one in names})
    judged = upkeep.of_stack(stack, _seen(outputs), call_log.read, at)
    tokens = outputs.get("admin_tokens")
    return Board(
        name,
        gates,
        gate_names.due_days(stack.spec),
        tuple(judged),
        at,
        seen,
        admin_tokens=tokens if isinstance(tokens, dict) else {},
    )


def _seen(outputs: Mapping[str, Any]) -> dict[str, str | None]:
    """Connection to the tier that the last update saw; what it did not see is not in it."""
    exported = outputs.get("tiers")
    rows = exported.items() if isinstance(exported, dict) else ()
    return {name: str(row["observed"]) for name, row in rows if row.get("observed") not in {None, UNKNOWN}}


def chosen(found: Board, stack: Stack, wanted: Filter) -> Board:
    """The part of a board that was asked for.

    Raises:
        click.BadParameter: There is no such client or person.
    """
    for option, name, known in (
        ("--client", wanted.client, stack.spec.clients),
        ("--owner", wanted.owner, stack.spec.people),
    ):
        if name is not None and name not in known:
            hint = instead(name, known, f"there are {', '.join(known)}." if known else "there is none.")
            raise click.BadParameter(f"the stack has no {name!r}: {hint}", param_hint=option)
    gates = filtered(found.gates, wanted)
    unseen = {name: why for name, why in found.not_seen.items() if name in gates}
    if wanted.client:
        found = replace(found, upkeep=(), admin_tokens={})
    return replace(found, gates=gates, not_seen=unseen)


def render(found: Board) -> None:
    """Print a board for people."""
    source = "As Meta shows it now." if found.seen is None else found.seen.sentence(found.at)
    hint = "" if found.seen is None or found.seen.by == "snapshot" else " `meta-access gates --refresh` looks now."
    answer(f"{source}{hint}\n")
    if found.gates:
        render_gates(found.gates)
    else:
        answer("There is no such gate.")
    render_lines("Not looked at", [f"{name}: {why}" for name, why in found.not_seen.items()])
    doubts = [str(text) for one in found.admin_tokens.values() for text in one.get("says", ())]
    render_lines("Admin tokens", doubts)
    owed = {name: deadline.in_words(day, found.today) for name, day in found.owed.items()}
    render_lines("Due", [f"{name}: {when}" for name, when in owed.items() if when])
    render_lines("Keeping the tier", [one.sentence(found.today) for one in found.upkeep])
    left = len(found.open)
    answer(f"\n{left} of {len(found.gates)} gates open." if left else "\nEvery gate is open to what needs it.")


@click.command(name="gates")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option(
    "--review-pack",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write what each request for App Review needs into this folder, and make its test call.",
)
@click.option("--client", help="Only what waits for this client's shares.")
@click.option("--owner", help="Only the gates of this person.")
@click.option("--open", "only_open", is_flag=True, help="Only what is not satisfied.")
@click.option("--refresh", is_flag=True, help="Look at Meta now; nothing is changed there or in the state.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    stack: str | None,
    folder: Path | None,
    client: str | None,
    owner: str | None,
    *,
    only_open: bool,
    refresh: bool,
    as_json: bool,
) -> None:
    """Show every gate: where it stands, who is next, and the next step; and whether each app keeps its tier.

    Exit code 0 when all that are shown are satisfied, 1 after an error, 2 when work is left, 3 when an app's tier
    lapses, an open obligation is due, or an admin token ends, within 14 days.
    """
    name = stack or pulumi_stack.selected()
    home = pulumi_stack.find(Path.cwd())
    config = pulumi_stack.config(name)
    loaded = load_stack(config, name, home.stacks, project=home.name)
    outputs, seen, not_seen, now = pulumi_stack.outputs(name), None, {}, datetime.now(UTC)
    first = gate_names.before(loaded.spec, loaded.rules)
    if (held := pulumi_stack.recorded(name)) is not None:
        seen = pulumi_stack.Seen(held.date, "snapshot", failed_since=False)
    if refresh or held:
        looked = look.now(pulumi_stack.export(name), config, first)
        outputs, not_seen = {**outputs, "gates": looked.gates, "admin_tokens": looked.admin_tokens}, looked.not_seen
        now = looked.at or now
    else:
        seen = pulumi_stack.seen(name)
        outputs = {**outputs, "gates": gates_of(outputs, pulumi_stack.export(name), first)}
    whole = replace(board(name, loaded, outputs, now, seen), not_seen=not_seen)
    found = chosen(whole, loaded, Filter(client, owner, only_open))
    pack = None if folder is None else review_pack.make(folder, loaded, whole.gates, found.at, to_person)
    if as_json:
        click.echo(json.dumps({**found.as_json(), **({} if pack is None else {"review_pack": pack.as_json()})}))
        sys.exit(found.code)
    render(found)
    if pack is not None:
        _say(pack)
    sys.exit(found.code)


def _say(pack: Pack) -> None:
    answer(f"\nReview pack in {pack.folder}: nothing was submitted, a person does that.")
    for request in pack.requests:
        answer(f"{request.gate}: {request.call.told}")
        for file in request.written:
            answer(f"    written  {file}")
        for file in request.kept:
            answer(f"    kept     {file}: edited by a person; delete it to have it written anew")
    if not pack.requests:
        answer("No request waits for App Review.")
