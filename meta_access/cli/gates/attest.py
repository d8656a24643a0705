"""`meta-access attest`: a person states what they saw or did at Meta, bound to what is declared today.

The statement goes into the stack's evidence file, where every preview judges it (`meta_access/gates/evidence.py`).
Nothing is asked of Meta, and nothing is changed there.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access.cli import current, pulumi_stack
from meta_access.cli.gates import statements
from meta_access.cli.gates.statements import declared, gates, written
from meta_access.cli.terminal import answer
from meta_access.clock import iso, parse_iso
from meta_access.errors import ConfigError, Problem
from meta_access.gates.evidence import SAYS
from meta_access.stack import gate_names
from meta_access.stack.connections import settings_of
from meta_access.stack.files import evidence_file
from meta_access.stack.problems import instead

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meta_access.stack.load import Stack

FIGURES = ("calls", "days", "error_rate")


def _record(stack: Stack, found: Mapping[str, Mapping[str, Any]], gate: str, said: Mapping[str, Any]) -> dict[str, str]:
    """The record to write.

    Raises:
        ConfigError: With every problem of what was said.
    """
    problems = []
    if gate not in found:
        fix = instead(gate, found, "run `pulumi up` first: a gate is attested once it is in the stack's state.")
        problems.append(Problem(gate, "is no gate of this stack.", fix))
    problems += _about_statement(stack, said)
    given = [f"--{name.replace('_', '-')}" for name in FIGURES if said[name] is not None]
    if given:
        problems.append(Problem(given[0], "is a figure of an app, not of a gate.", "name <app>-upkeep as the gate."))
    if problems:
        raise ConfigError(problems)
    app_id = settings_of(stack.spec).connections[str(found[gate]["outputs"]["connection"])].app_id
    stated = {name: said[name] for name in ("at", "by", "status", "note")}
    return statements.record(found[gate], app_id, source="attestation", **stated)


def _figures(stack: Stack, gate: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """The row to add to an app's figures.

    Raises:
        ConfigError: With every problem of what was said.
    """
    app, problems = gate.removesuffix(gate_names.UPKEEP), []
    if app not in stack.spec.apps:
        fix = instead(gate, [gate_names.upkeep(one) for one in stack.spec.apps], "name an app of meta:apps.")
        problems.append(Problem(gate, f'there is no app "{app}" in meta:apps.', fix))
    if said["calls"] is None and said["error_rate"] is None:
        fix = "add --calls, --error-rate, or both, as the App Dashboard shows them."
        problems.append(Problem(gate, "no figure is given.", fix))
    if said["status"] != "satisfied":
        problems.append(Problem("--status", "is said of a gate, not of figures.", "leave it out."))
    problems += _about_statement(stack, said)
    if problems:
        raise ConfigError(problems)
    given = {name: said[name] for name in ("calls", "error_rate", "note")}
    days = said["days"] if said["days"] is not None else stack.rules.thresholds.days
    return statements.row(stack.spec.apps[app].id, iso(said["at"]), said["by"], "attestation", days=days, **given)


def _about_statement(stack: Stack, said: Mapping[str, Any]) -> Iterator[Problem]:
    if said["by"] not in stack.spec.people:
        fix = instead(said["by"], stack.spec.people, "add the person to meta:people.")
        yield Problem("--by", f'there is no "{said["by"]}" in meta:people.', fix)
    if said["at"] > datetime.now(UTC):
        yield Problem("--at", f"{iso(said['at'])} is in the future.", "write when it was seen.")


def moment(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    """A time as an option."""
    del ctx, param
    if value is None:
        return None
    try:
        return parse_iso(value)
    except ValueError:
        raise click.BadParameter("write a time such as 2026-11-24T08:00:00Z.") from None


@click.command(name="attest")
@click.argument("gate")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--by", required=True, help="Who states it: a name of meta:people.")
@click.option("--status", type=click.Choice(SAYS), default="satisfied", show_default=True)
@click.option("--at", callback=moment, metavar="TIME", help="When it was seen or done; now when absent.")
@click.option("--note", help="Where it was seen, a submission's number, or the reason of a refusal.")
@click.option("--calls", type=click.IntRange(min=0), help="Of <app>-upkeep: calls of the Marketing API.")
@click.option(
    "--days", type=click.FloatRange(min=0, min_open=True), help="In how many days; the rule set's when absent."
)
@click.option("--error-rate", type=click.FloatRange(0, 1, max_open=True), help="How many of them failed: 0.04 for 4 %.")
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; needs --yes.")
def command(gate: str, stack: str | None, *, yes: bool, as_json: bool, **said: Any) -> None:
    """State what you saw or did at Meta about GATE, in the stack's evidence file.

    <app>-upkeep means how much an app called: the App Dashboard's figures, which keeping the tier is judged by.
    """
    if as_json and not yes:
        raise click.UsageError("--json asks nothing, so it needs --yes.")
    name = stack or pulumi_stack.selected()
    home = pulumi_stack.find(Path.cwd())
    said["at"] = said["at"] or datetime.now(UTC)
    record: dict[str, Any]
    loaded = current.read(name)
    if gate.endswith(gate_names.UPKEEP):
        record, shown = _figures(loaded, gate, said), "figures"
        held = loaded.figures.get(gate.removesuffix(gate_names.UPKEEP), ())
        entry: Any = statements.with_row(held, record)
    else:
        found = gates(pulumi_stack.export(name))
        record = entry = _record(loaded, found, gate, said)
        shown = f"as declared: {json.dumps(declared(found[gate]), ensure_ascii=False)}"
    file = evidence_file(home.stacks, name)
    if not as_json:
        answer(f"{gate}, {shown}")
        answer("\n".join(f"  {key}: {value}" for key, value in record.items()))
    if not yes:
        click.confirm(f"Write this to {home.stacks.name}/{file.name}?", abort=True)
    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    statements.write(file, written(before, gate, entry))
    if as_json:
        click.echo(json.dumps({"gate": gate, "file": str(file), "record": record}))
    else:
        answer(f"Written to {home.stacks.name}/{file.name}. Commit it; the next preview judges it.")
