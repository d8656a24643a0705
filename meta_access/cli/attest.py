"""`meta-access attest`: a person states what they saw or did at Meta, bound to what is declared today.

The statement goes into the stack's evidence file and is judged there by every preview (`meta_access/evidence.py`).
Nothing is asked of Meta, and nothing is changed there.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from meta_access.cli import project
from meta_access.cli import stack as stacks
from meta_access.clock import iso, parse_iso
from meta_access.connections import settings_of
from meta_access.errors import ConfigError, MetaAccessError, Problem
from meta_access.evidence import SAYS, digest
from meta_access.providers.payloads import PAYLOADS, TYPE_PREFIX
from meta_access.spec import load_stack
from meta_access.spec.problems import instead

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.spec import Stack

HEADER = (
    "# What people saw or did at Meta, bound by a digest to the declared value. Written by `meta-access attest`; "
    "owned by the code owners.\n"
)


def gates(state: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The gates of an exported state by name."""
    found: dict[str, Mapping[str, Any]] = {}
    for resource in stacks.resources(dict(state)):
        outputs = resource.get("outputs") or {}
        if resource.get("type") in PAYLOADS and "next_step" in outputs:
            found[str(outputs["label"])] = resource
    return found


def declared(gate: Mapping[str, Any]) -> dict[str, Any]:
    """What a statement about a gate is bound to. Outputs hold what is declared, also while the gate is drifted."""
    kind = str(gate["type"]).removeprefix(TYPE_PREFIX)
    module = import_module(f"meta_access.providers.{re.sub(r'(?<!^)(?=[A-Z])', '_', kind).lower()}")
    subject: dict[str, Any] = getattr(module, f"{kind}Provider")().subject(gate["outputs"])
    return subject


def written(text: str, gate: str, record: Mapping[str, str]) -> str:
    """The evidence file with the record of a gate put in or replaced; every other line stays as it is."""
    entry = yaml.safe_dump({gate: dict(record)}, sort_keys=False, allow_unicode=True, width=1000)
    kept = text.splitlines(keepends=True)
    start = next((at for at, line in enumerate(kept) if re.match(rf"['\"]?{re.escape(gate)}['\"]?\s*:", line)), None)
    if start is None:
        before = "".join(kept) or HEADER
        return before + ("" if before.endswith("\n") else "\n") + entry
    end = start + 1
    for at in range(end, len(kept)):
        if kept[at].startswith(" "):
            end = at + 1
        elif kept[at].strip():
            break
    return "".join([*kept[:start], entry, *kept[end:]])


def _record(stack: Stack, found: Mapping[str, Mapping[str, Any]], gate: str, said: Mapping[str, Any]) -> dict[str, str]:
    """The record to write.

    Raises:
        ConfigError: With every problem of what was said.
    """
    people, problems = stack.spec.people, []
    if gate not in found:
        fix = instead(gate, found, "run `pulumi up` first: a gate is attested once it is in the stack's state.")
        problems.append(Problem(gate, "is no gate of this stack.", fix))
    if said["by"] not in people:
        fix = instead(said["by"], people, "add the person to meta:people.")
        problems.append(Problem("--by", f'there is no "{said["by"]}" in meta:people.', fix))
    if said["at"] > datetime.now(UTC):
        problems.append(Problem("--at", f"{iso(said['at'])} is in the future.", "write when it was seen."))
    if problems:
        raise ConfigError(problems)
    app_id = settings_of(stack.spec).connections[str(found[gate]["outputs"]["connection"])].app_id
    record = {
        "declared": digest(declared(found[gate]), app_id),
        "app": app_id,
        "at": iso(said["at"]),
        "by": said["by"],
        "status": said["status"],
        "source": "attestation",
    }
    return {**record, "note": said["note"]} if said["note"] else record


def _moment(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime:
    del ctx, param
    if value is None:
        return datetime.now(UTC)
    try:
        return parse_iso(value)
    except ValueError:
        raise click.BadParameter("write a time such as 2026-11-24T08:00:00Z.") from None


@click.command(name="attest")
@click.argument("gate")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--by", required=True, help="Who states it: a name of meta:people.")
@click.option("--status", type=click.Choice(SAYS), default="satisfied", show_default=True)
@click.option("--at", callback=_moment, metavar="TIME", help="When it was seen or done; now when absent.")
@click.option("--note", help="Where it was seen, a submission's number, or the reason of a refusal.")
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; needs --yes.")
def command(gate: str, stack: str | None, *, yes: bool, as_json: bool, **said: Any) -> None:
    """State what you saw or did at Meta about GATE, in the stack's evidence file."""
    if as_json and not yes:
        raise click.UsageError("--json asks nothing, so it needs --yes.")
    name = stack or stacks.selected()
    home = project.find(Path.cwd())
    try:
        found = gates(stacks.export(name))
        loaded = load_stack(stacks.config(name), name, home.stacks)
        record = _record(loaded, found, gate, said)
    except MetaAccessError as error:
        raise click.ClickException(str(error)) from None
    file = home.stacks / f"evidence.{name}.yaml"
    if not as_json:
        click.echo(f"{gate}, as declared: {json.dumps(declared(found[gate]), ensure_ascii=False)}")
        click.echo("".join(f"  {key}: {value}\n" for key, value in record.items()), nl=False)
    if not yes:
        click.confirm(f"Write this to {home.stacks.name}/{file.name}?", abort=True)
    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    file.write_text(written(before, gate, record), encoding="utf-8")
    if as_json:
        click.echo(json.dumps({"gate": gate, "file": str(file), "record": record}))
    else:
        click.echo(f"Written to {home.stacks.name}/{file.name}. Commit it; the next preview judges it.")
