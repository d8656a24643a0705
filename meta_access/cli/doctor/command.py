"""`meta-access doctor`: what is wrong with this machine, a stack, its connections and tokens, and what to do."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access import snapshot
from meta_access.cli.doctor import bundle as support
from meta_access.cli.doctor import host as machine
from meta_access.cli.doctor.stack import Stack, named, project
from meta_access.cli.terminal import DONE, FAILED, WIDTH, WORK_LEFT, Mark, answer, to_person
from meta_access.doctor.catalog import Severity, found
from meta_access.doctor.connection_checks import facts_of, of_connection, of_token, today_of, token_facts
from meta_access.doctor.explain import UnknownError, explained
from meta_access.doctor.host_checks import of_host, of_plugin
from meta_access.doctor.look import Look
from meta_access.doctor.report import Report, once
from meta_access.doctor.stack_checks import of_quota, of_stack
from meta_access.errors import MetaAccessError
from meta_access.stack.connections import is_offline
from meta_access.stack.plan import SUFFIX, identities

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meta_access.doctor.catalog import Finding
    from meta_access.doctor.look import ConnectionSeen

_ANY_SECRET = "meta/doctor"  # noqa: S105 - a name that any answer serves
_CODES = {Severity.ERROR: FAILED, Severity.WARNING: WORK_LEFT}
_HEADS = {
    Severity.ERROR: ("Broken", "!", Mark.BROKEN),
    Severity.WARNING: ("Needs a person", "~", Mark.PERSON),
    Severity.UNKNOWN: ("Not looked at", "?", Mark.UNKNOWN),
}


def examined(stack: str | None) -> tuple[Report, Stack | None]:
    """Read and judge everything that there is."""
    here, at = Path.cwd(), datetime.now(UTC)
    to_person("Looking at this machine and the project; nothing is changed.")
    host = machine.read(here)
    findings = of_host(host)
    offline, backend = is_offline(), host.engine is not None
    if offline:
        findings.append(found("look.offline", "calls"))
    try:
        if snapshot.given() is not None:
            findings.append(found("look.snapshot", "calls"))
            backend = True
    except MetaAccessError as error:
        findings.append(found("environment.invalid", snapshot.VARIABLE, error.problem, error.next_step))
        offline, backend = True, False
    home = project(here)
    name = named(stack) if home is not None and (backend or stack is not None) else None
    if home is None and stack is not None and not host.unreadable:
        findings.append(found("stack.unreadable", f"stack {stack}", "There is no project here, so no stack either."))
    if home is not None and name is None:
        findings.append(found("look.no_stack", "stack"))
    if home is None or name is None:
        findings += of_plugin(host, needed=False)
        return Report("", at, machine.versions(host), once(findings)), None
    to_person(f"Looking at stack {name}.")
    whole = Stack(name, home, backend=backend)
    findings += of_plugin(host, needed=whole.needs_random)
    findings += of_stack(whole.seen, host.engine.version if host.engine is not None else "")
    seen, tokens, more = _connections(whole, offline=offline, now=at)
    findings += more
    if whole.seen.spec is not None and whole.seen.rules is not None:
        findings += of_quota(whole.seen.spec, whole.seen.rules, seen)
    facts = {one.connection.name: facts_of(one) for one in seen}
    return Report(name, at, machine.versions(host), once(findings), facts, tokens), whole


def _connections(
    whole: Stack, *, offline: bool, now: datetime
) -> tuple[list[ConnectionSeen], dict[str, dict[str, Any]], list[Finding]]:
    look = Look(offline)
    secrets: dict[str, str] = {}
    spec, rules = whole.seen.spec, whole.seen.rules
    if spec is not None and rules is not None:
        secrets = {
            one.connection: one.secret.replace(SUFFIX, "0" * 8) for one in identities(spec, rules) if one.has_token
        }
    seen, findings = [], []
    for name, connection in whole.connections.items():
        to_person(f"Looking at connection {name}.")
        one = look.connection(connection, secrets.get(name, _ANY_SECRET), (whole.project.name, whole.name))
        seen.append(one)
        findings += of_connection(one, spec, rules)
    today = today_of(seen, now)
    tokens: dict[str, dict[str, Any]] = {}
    for token, connection in whole.tokens(look):
        findings += of_token(token, connection, today)
        observed = token.observed.value
        tokens[token.name] = {
            "secret": token.secret,
            "connection": token.connection,
            "freshness": observed.freshness if observed else None,
            "meta": token_facts(token.facts.value),
        }
    return seen, tokens, findings


def render(report: Report, *, whole: bool) -> None:
    """Print for people: problems first, and what is well as a count unless all of it is wanted."""
    count = {severity: len(report.of(severity)) for severity in Severity}
    about = f"Stack {report.stack}" if report.stack else "No stack"
    tally = f"{about}: {_many(count[Severity.ERROR], 'error')}, {_many(count[Severity.WARNING], 'warning')}"
    answer(f"{tally}, {_many(count[Severity.OK], 'check')} passed", Mark.TITLE)
    for severity, (head, sign, style) in _HEADS.items():
        if not report.of(severity):
            continue
        answer("")
        answer(head, Mark.TITLE)
        for one in report.of(severity):
            answer(f"{sign} {one.id}  {one.subject}", style)
            _indented(one.cause)
            if one.next_step:
                _indented(f"Next: {one.next_step}")
    if whole:
        _render_what_is_well(report)
    elif count[Severity.OK]:
        answer("")
        answer("meta-access doctor --all shows what passed, and what was seen")


def _render_what_is_well(report: Report) -> None:
    answer("")
    answer("Passed", Mark.TITLE)
    for one in report.of(Severity.OK):
        answer(f"  {one.id}  {one.subject}", Mark.WELL)
        _indented(one.cause)
    for title, rows in (("Connection", report.connections), ("Token", report.tokens)):
        for name, facts in rows.items():
            answer("")
            answer(f"{title} {name}", Mark.TITLE)
            for line in _lines(facts):
                _indented(line)
    answer("")
    answer("Versions", Mark.TITLE)
    _indented(", ".join(f"{name} {version}" for name, version in report.versions.items() if version))


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _lines(facts: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for key, value in facts.items():
        name = f"{path} {key}".strip().replace("_", " ")
        if isinstance(value, dict):
            yield from _lines(value, name)
        elif isinstance(value, list):
            yield f"{name}: {', '.join(map(str, value)) or 'none'}"
        elif isinstance(value, bool):
            yield f"{name}: {'yes' if value else 'no'}"
        elif value is not None or key != "error":
            yield f"{name}: {'not known' if value is None else value}"


def _indented(text: str) -> None:
    answer(f"    {text}", indent="", plain=WIDTH)


@click.group(name="doctor", invoke_without_command=True)
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--all", "whole", is_flag=True, help="Also show what passed, and what was seen.")
@click.option(
    "--bundle", type=click.Path(path_type=Path), help="Write a support file without secrets; it may not exist."
)
@click.pass_context
def command(ctx: click.Context, stack: str | None, bundle: Path | None, *, as_json: bool, whole: bool) -> None:
    """Look for what is wrong with this machine, a stack, its connections and its tokens, and say what to do.

    Everything is only read. Exit code 1 when something is broken, else 2 when something needs a person, else 0; what
    could not be looked at is named.
    """
    if ctx.invoked_subcommand is not None:
        return
    if bundle is not None and bundle.exists():
        raise click.ClickException(f"--bundle: {bundle} is there already, and nothing is written over it.")
    report, read = examined(stack)
    if bundle is not None:
        support.write(bundle, support.contents(report, read.values if read else {}, read.state if read else {}))
        to_person(f"Wrote {bundle}. Look through it before you pass it on.")
    if as_json:
        click.echo(json.dumps(report.as_json()))
    else:
        render(report, whole=whole)
    sys.exit(_CODES.get(report.worst, DONE))


@command.command(name="explain")
@click.argument("code", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def explain_command(code: tuple[str, ...], *, as_json: bool) -> None:
    """Say what CODE means and what to do.

    CODE is one of Meta's (190/463), of AWS's (AccessDeniedException), or the id of a finding (token.expired).
    """
    typed = ("/" if all(part.isdecimal() for part in code) else " ").join(code)
    try:
        known = explained(typed)
    except UnknownError as unknown:
        near = f" Did you mean {unknown.near}?" if unknown.near else ""
        raise click.ClickException(
            f"Nothing is known of {typed}: it is no code of Meta's or AWS's that this version knows, and no finding of "
            f"the doctor's.{near}"
        ) from None
    if as_json:
        click.echo(json.dumps(known.as_json()))
        return
    answer(f"{known.what}  {known.kind}", Mark.TITLE)
    for part in filter(None, (known.means, f"Next: {known.next_step}" if known.next_step else "", *known.notes)):
        _indented(part)
