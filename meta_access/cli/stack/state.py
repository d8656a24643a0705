"""`meta-access state verify`: no code but ours in a stack's state or in an import file.

A dynamic resource carries its provider as a pickle, and the engine's host runs what it unpickles; other resources bring
plugins. So a state is accepted in its exact shape only (`state_shape`), and each payload is compared, as text, with the
frozen table of this version; nothing is ever unpickled here.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access.cli import pulumi_stack
from meta_access.cli.stack.state_secrets import PULUMI_CLOUD
from meta_access.cli.stack.state_shape import DYNAMIC, Finding, Known, findings
from meta_access.cli.terminal import answer, to_person
from meta_access.providers.payloads import PAYLOADS

if TYPE_CHECKING:
    from collections.abc import Mapping


def verify(state: Mapping[str, Any], payloads: Mapping[str, str]) -> list[Finding]:
    """Hold a state or an import file against the exact shape, and its payloads against those of each type token."""
    # A service of one's own is named by this machine, never by the file.
    own = os.environ.get("PULUMI_BACKEND_URL", "").rstrip("/")
    services = frozenset({PULUMI_CLOUD, own} if own.startswith("https://") else {PULUMI_CLOUD})
    return findings(state, Known(payloads=payloads, random=version("pulumi-random"), services=services))


def dynamic(state: Mapping[str, Any]) -> int:
    """Count the resources that carry a payload, or ought to."""
    return sum(str(resource.get("type", "")).startswith(DYNAMIC) for resource in pulumi_stack.resources(dict(state)))


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
    """Accept a state that brings no code but this version's. Exit code 1 when anything else is in it."""
    state = pulumi_stack.read_file(file) if file else pulumi_stack.export(stack)
    found = verify(state, PAYLOADS)
    if as_json:
        click.echo(json.dumps({"dynamic": dynamic(state), "findings": [_told(finding) for finding in found]}))
    elif found:
        for finding in found:
            about = ", ".join(part for part in (finding.type, finding.bag) if part)
            to_person(f"{finding.resource}{f' ({about})' if about else ''}: {finding.reason}.")
        to_person(
            "Do not run pulumi on this state or file: the engine would execute those payloads, or code that those "
            "keys and types bring. Find out who wrote them; after an upgrade, read the changelog for a moved provider."
        )
    else:
        answer(f"state verify: {dynamic(state)} provider payload(s), each the one this version writes")
    sys.exit(1 if found else 0)


def _told(finding: Finding) -> dict[str, str]:
    return {"resource": finding.resource, "type": finding.type, "bag": finding.bag, "reason": finding.reason}
