"""`meta-access state verify`: no code but ours in a stack's state or in an import file.

A dynamic resource carries its provider as a pickle, and the engine's host runs what it unpickles. So each payload is
compared, as text, with the frozen table of this version; nothing is ever unpickled here.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access.cli import stack as stacks
from meta_access.providers.payloads import PAYLOADS, spellings

if TYPE_CHECKING:
    from collections.abc import Mapping

DYNAMIC = "pulumi-python:dynamic"
KEY = "__provider"
BAGS = ("inputs", "outputs")


@dataclass(frozen=True, slots=True)
class Finding:
    """A resource whose payload is not the frozen one."""

    resource: str
    type: str
    bag: str
    reason: str


def verify(state: Mapping[str, Any], payloads: Mapping[str, str]) -> list[Finding]:
    """Compare every payload of a state or an import file with the table, type token to payload."""
    whole = [found for resource in stacks.resources(dict(state)) for found in _of(resource, payloads, whole=True)]
    # A create that was interrupted has no outputs yet; what it does carry must be ours all the same.
    return whole + [
        found for resource in stacks.unfinished(dict(state)) for found in _of(resource, payloads, whole=False)
    ]


def dynamic(state: Mapping[str, Any]) -> int:
    """Count the resources that carry a payload, or ought to."""
    return sum(_is_dynamic(resource) for resource in stacks.resources(dict(state)))


def _of(resource: Mapping[str, Any], payloads: Mapping[str, str], *, whole: bool) -> list[Finding]:
    kind = str(resource.get("type", ""))
    name = str(resource.get("urn") or resource.get("name") or "?")
    found = []
    for bag in BAGS:
        properties = resource.get(bag)
        carried = properties.get(KEY) if isinstance(properties, dict) else None
        if carried is None and not (whole and _is_dynamic(resource)):
            continue
        reason = _reason(carried, payloads.get(kind))
        if reason:
            found.append(Finding(name, kind, bag, reason))
    return found


def _is_dynamic(resource: Mapping[str, Any]) -> bool:
    return str(resource.get("type", "")).startswith(DYNAMIC)


def _reason(carried: Any, frozen: str | None) -> str | None:
    if carried is None:
        return f"it carries no {KEY}"
    if frozen is None:
        return f"it carries a {KEY}, and no provider of this project has that type"
    if not isinstance(carried, str):
        return f"its {KEY} is encrypted or no text, so it cannot be compared"
    if carried not in spellings(frozen):
        return f"its {KEY} is not the one this version writes"
    return None


@click.group(name="state")
def command() -> None:
    """Look into a stack's state."""


@command.command(name="verify")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option(
    "--file", "file", type=click.Path(path_type=Path), help="An exported state or an import file instead of a stack."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify_command(stack: str | None, file: Path | None, *, as_json: bool) -> None:
    """Compare every provider payload with the frozen table. Exit code 1 when one differs."""
    state = stacks.read_file(file) if file else stacks.export(stack)
    findings = verify(state, PAYLOADS)
    if as_json:
        click.echo(json.dumps({"dynamic": dynamic(state), "findings": [asdict(finding) for finding in findings]}))
    elif findings:
        for finding in findings:
            click.echo(f"{finding.resource} ({finding.type}, {finding.bag}): {finding.reason}.", err=True)
        click.echo(
            "Do not run pulumi on this state or file: the engine would execute those payloads. Find out who wrote "
            "them; after an upgrade, read the changelog for a moved provider.",
            err=True,
        )
    else:
        click.echo(f"state verify: {dynamic(state)} provider payload(s), each the one this version writes")
    sys.exit(1 if findings else 0)
