"""`meta-access report`: what a stack made, which human work is open and where, and when its secrets expire."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access.cli import current, plain_files, pulumi_stack
from meta_access.cli.stack import report_page
from meta_access.cli.stack.summary import Filter, Summary, secrets_of, summarize, today
from meta_access.cli.terminal import Mark, answer, table, to_person
from meta_access.cli.tokens import stack_tokens
from meta_access.clock import iso
from meta_access.errors import MetaAccessError
from meta_access.stack import time_limits
from meta_access.tokens.observe import Need, finding_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meta_access.stack.load import Stack
    from meta_access.tokens.observe import Observed

MARKS = {"satisfied": Mark.WELL, "drifted": Mark.BROKEN, "pending_human": Mark.PERSON}
LABELS = {"first": "first", "where": "where", "menu": "menu", "expect": "look for", "paste": "paste"}


def render(summary: Summary, now: datetime) -> None:
    """Print a summary for people."""
    answer(f"Stack {summary.stack or '(selected)'}", Mark.TITLE)
    answer(f"{summary.seen.sentence(now)} `meta-access gates --refresh` looks at the gates now.\n")
    if summary.resources:
        rows = [((kind, str(len(names)), ", ".join(names)), None) for kind, names in summary.resources.items()]
        table(("What exists", "Count", "Names"), rows)
    else:
        answer("Nothing exists in this stack.")
    if summary.gates:
        answer("")
        render_gates(summary.gates)
    _render_secrets(summary.secrets)
    if summary.secrets and summary.not_looked_at:
        answer(f"As the last update saw them; they were not looked at: {summary.not_looked_at}")
    render_lines("Quota of system users", quota_lines(summary.quota))
    render_lines("Keeping the tier", upkeep_lines(summary.upkeep))
    render_lines("Login URLs", lines(summary.login_urls))


def render_gates(gates: Mapping[str, Mapping[str, Any]]) -> None:
    """Print where each gate stands, and the next step of every one that is not satisfied."""
    rows = []
    for name, gate in gates.items():
        status = str(gate.get("status", "?"))
        rest = (gate.get("phase"), gate.get("waiting_on"), gate.get("owner"), str(gate.get("since") or "")[:10])
        rows.append(((name, *(str(cell or "-") for cell in (status, *rest))), MARKS.get(status)))
    table(("Gate", "Status", "Phase", "Waiting on", "Owner", "Since"), rows)
    for name, gate in gates.items():
        step = gate.get("next_step")
        if gate.get("status") == "satisfied" or not step:
            continue
        fields = step if isinstance(step, dict) else {"what": step}
        answer(f"\n{name}: {fields.get('what', '')}")
        for key, label in LABELS.items():
            for number, text in enumerate(str(fields.get(key) or "").splitlines()):
                answer(f"    {'' if number else label + ':':<10}{text}", indent=" " * 10)


def _render_secrets(secrets: Mapping[str, Mapping[str, Any]]) -> None:
    if not secrets:
        return
    answer("\nSecrets", Mark.TITLE)
    for identity, secret in secrets.items():
        how = "EXPIRED" if secret.get("expired") else "expires"
        answer(f"{identity}: {how} {secret.get('expires_at') or 'never'}, {secret.get('name', '?')}")
        freshness = secret.get("freshness")
        if freshness is not None and finding_of(str(freshness)).need is not Need.NONE:
            answer(f"    {freshness}")
        answer(f"    {secret.get('arn', '?')}")


def render_lines(title: str, found: Sequence[str]) -> None:
    """Print lines under a title; nothing when there are none."""
    if found:
        answer(f"\n{title}", Mark.TITLE)
    for line in found:
        answer(line)


def quota_lines(quota: Mapping[str, Any]) -> list[str]:
    """Say per business and role how many users are planned, of how many, and which rule says so."""
    found = []
    for business, roles in quota.items():
        for role, row in roles.items() if isinstance(roles, dict) else ():
            planned = row.get("planned") or []
            limit = "an unknown number" if row.get("limit") is None else _text(row["limit"])
            found.append(
                f"{business}, {role}: {len(planned)} of {limit} planned ({_text(planned)}); "
                f"tier {row.get('tier', '?')}, rules {row.get('rules', '?')}"
            )
    return found


def upkeep_lines(upkeep: Mapping[str, Any]) -> list[str]:
    """Say per app whether its tier stands, as the last update saw it; `meta-access gates` counts anew."""
    found = []
    for app, row in upkeep.items():
        on = f" on {row['on']}" if row.get("on") else ""
        found.append(f"{app}: {row.get('standing', '?')}{on}. {row.get('rule', '')}")
    return found


def lines(value: Any, path: str = "") -> list[str]:
    """Flatten a nested value into `a, b: value` lines."""
    if isinstance(value, dict):
        return [line for key, part in value.items() for line in lines(part, f"{path}, {key}" if path else str(key))]
    return [f"{path}: {_text(value)}"]


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():  # the engine's numbers are all floats
        return str(int(value))
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def looked(stack: str | None) -> tuple[dict[str, Observed], datetime, str]:
    """What each secret tells today, by ARN; when that is, by AWS's clock; and why not all were looked at.

    The first that cannot be looked at ends it: what keeps AWS away keeps it from all, and each would wait for it.
    """
    looks: dict[str, Observed] = {}
    now = datetime.now(UTC)
    try:
        found = stack_tokens.read(stack, "no secret was looked at")
        for token in found.tokens:
            looks[token.arn] = found.look(token)
            # An emulator's clock may be ahead of this machine's.
            now = found.store(token).now()
    except MetaAccessError as error:
        return looks, now, str(error)
    return looks, now, ""


def declared(stack: str | None, now: datetime) -> tuple[Stack | None, set[str]]:
    """The stack as it stands today, and the gates of what has ended by now.

    None where the configuration cannot be read, or is another project's.
    """
    try:
        loaded = current.typed(stack or pulumi_stack.selected())
    except MetaAccessError:
        return None, set()
    day = current.moment(loaded, now).date()
    return time_limits.on(loaded, day), current.ended_gates(loaded, day)


def write(page: str, file: Path) -> None:
    """Write the page.

    Raises:
        MetaAccessError: It cannot be written there.
    """
    try:
        plain_files.write(file, page)
    except OSError as error:
        raise MetaAccessError(
            f"Writing {file} failed: {error.strerror}.", next_step="Name a file in a folder that exists and is yours."
        ) from None
    to_person(f"Wrote {file}, {len(page.encode()) // 1024 + 1} KB: open it in a browser.")


@click.command(name="report")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--client", help="Of the gates, only the shares of this client.")
@click.option("--owner", help="Of the gates, only those of this person.")
@click.option("--open", "only_open", is_flag=True, help="Of the gates, only what is not satisfied.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--html",
    "page",
    metavar="FILE",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Write one page with pictures that needs no network; - prints it.",
)
def command(
    stack: str | None, client: str | None, owner: str | None, page: Path | None, *, only_open: bool, as_json: bool
) -> None:
    """Show what a stack made, which human work is open, and when its secrets expire.

    With --html also who may do what on which asset, as a matrix, and the tokens on a line of time. No call is made to
    Meta.
    """
    if as_json and page is not None:
        raise click.UsageError("--json and --html are two answers: leave one out.")
    wanted = Filter(client, owner, only_open)
    outputs, state, seen = pulumi_stack.outputs(stack), pulumi_stack.export(stack), pulumi_stack.seen(stack)
    looks, now, why = looked(stack) if secrets_of(outputs, state) else ({}, datetime.now(UTC), "")
    stands, ended = declared(stack, now)
    made = summarize(stack, outputs, state, seen, wanted, declared=stands, ended=ended)
    summary = replace(made, secrets=today(made.secrets, looks, now), not_looked_at=why)
    if as_json:
        click.echo(json.dumps({**summary.as_json(), "at": iso(now)}))
    elif page is not None:
        # Whoever opens a page does not know which stack is selected here.
        named = summary if stack else replace(summary, stack=pulumi_stack.selected())
        text = report_page.render(named, wanted, now)
        write(text, page) if str(page) != "-" else click.echo(text, nl=False)
    else:
        render(summary, now)
