"""`meta-access evidence import`: what Meta's developer tools showed about an app, into the stack's evidence file.

A person saves the answers of the tools; this reads the file, asks nothing of Meta, and writes what it is sure of.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access.cli import current, pulumi_stack
from meta_access.cli.gates import devtools_export, export_judgement, statements
from meta_access.cli.gates.attest import moment
from meta_access.cli.gates.statements import gates, written
from meta_access.cli.terminal import DONE, WORK_LEFT, answer
from meta_access.clock import iso
from meta_access.errors import ConfigError, Problem
from meta_access.gates.evidence import GOOD_FOR
from meta_access.stack import gate_names
from meta_access.stack.connections import settings_of
from meta_access.stack.files import evidence_file
from meta_access.stack.problems import instead

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.cli.gates.devtools_export import Export
    from meta_access.cli.gates.export_judgement import Judged
    from meta_access.stack.load import Stack

LARGEST = 8 * 1024 * 1024
_MINUTES_A_DAY = 1440


@dataclass(slots=True)
class Result:
    """What an import came to.

    Attributes:
        records: Gate to the record that was written.
        figures: The figures that were written; empty when the export has none.
    """

    app: str
    app_id: str
    by: str
    at: datetime
    judged: Judged
    records: dict[str, dict[str, str]] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> int:
        left = any(one.left for one in self.judged.skipped) or any(
            r["status"] != "satisfied" for r in self.records.values()
        )
        return WORK_LEFT if left else DONE

    def as_json(self, file: Path) -> dict[str, Any]:
        return {
            "file": str(file),
            "app": self.app,
            "at": iso(self.at),
            "taken": self.records,
            "figures": self.figures,
            "skipped": [asdict(one) for one in self.judged.skipped],
        }


@click.group(name="evidence")
def command() -> None:
    """Bring evidence from Meta's developer tools into the stack's evidence file."""


@command.command(name="import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--by", required=True, help="Who made the export: a name of meta:people.")
@click.option("--app", help="Whose export it is, when it does not say: a name of meta:apps.")
@click.option("--at", callback=moment, metavar="TIME", help="When it was made, when it does not say.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def import_command(file: Path, stack: str | None, *, as_json: bool, **said: Any) -> None:
    """Take what FILE shows about the stack's gates, and how much its app called.

    FILE holds answers of Meta's developer tools, saved by a person. Exit code 0 when everything it tells is settled, 1
    after an error, 2 when work is left: a gate that is open, declined or under review, or that the export leaves open.
    """
    name, home = stack or pulumi_stack.selected(), pulumi_stack.find(Path.cwd())
    export = _read(file)
    loaded = current.read(name)
    app, at = _bound(loaded, export, said, datetime.now(UTC))
    found = gates(pulumi_stack.export(name))
    if not found:
        raise click.ClickException("the stack has no gate in its state yet: run `pulumi up` first.")
    app_id = loaded.spec.apps[app].id
    connections = settings_of(loaded.spec).connections
    mine = {key: one for key, one in found.items() if connections[str(one["outputs"]["connection"])].app_id == app_id}
    result = Result(app, app_id, said["by"], at, export_judgement.judge(export, mine))
    target = evidence_file(home.stacks, name)
    before = target.read_text(encoding="utf-8") if target.is_file() else ""
    if (text := _apply(result, loaded, export, mine, before)) != before:
        statements.write(target, text)
    if as_json:
        click.echo(json.dumps(result.as_json(target)))
    else:
        _print(result, f"{home.stacks.name}/{target.name}")
    sys.exit(result.code)


def _read(file: Path) -> Export:
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise click.ClickException(f"{file.name} is larger than 8 MiB, which no export of an app is.")
        export = devtools_export.read(data.decode("utf-8"))
    except OSError as error:
        raise click.ClickException(f"reading {file.name} failed: {error.strerror}. Name a file that exists.") from None
    except UnicodeDecodeError:
        raise click.ClickException(f"{file.name} is not UTF-8 text. Save the tools' answers as JSON.") from None
    except devtools_export.NotAnExportError as error:
        raise click.ClickException(
            f"{file.name} is no JSON ({error}). Save the tools' answers as they are, one after the other."
        ) from None
    if export.empty:
        raise click.ClickException(
            f"{file.name} holds nothing that Meta's developer tools answer: no privileges (access_level), no review "
            "status (submission_status), no oauth_redirect_uris, no call volume (total_calls). Nothing was written."
        )
    return export


def _bound(stack: Stack, export: Export, said: Mapping[str, Any], now: datetime) -> tuple[str, datetime]:
    """The app and the time that the export is about.

    Raises:
        ConfigError: With every problem.
    """
    people, problems = stack.spec.people, []
    if said["by"] not in people:
        fix = instead(said["by"], people, "add the person to meta:people.")
        problems.append(Problem("--by", f'there is no "{said["by"]}" in meta:people.', fix))
    app = _app(stack, export, said["app"], problems)
    at = export.at or said["at"]
    if at is None:
        problems.append(Problem("--at", "the export does not say when it was made.", "add --at with that time."))
    elif at > now:
        problems.append(Problem("--at", f"{iso(at)} is in the future.", "write when it was made."))
    elif now - at > GOOD_FOR:
        text = f"the export of {iso(at)} is older than {GOOD_FOR.days} days, so that nothing of it would count."
        problems.append(Problem("--at", text, "make a new one."))
    if problems or app is None or at is None:
        raise ConfigError(problems)
    return app, at


def _app(stack: Stack, export: Export, named: str | None, problems: list[Problem]) -> str | None:
    apps = stack.spec.apps
    if named is not None and named not in apps:
        fix = instead(named, apps, f"use one of {', '.join(apps)}.")
        problems.append(Problem("--app", f'there is no "{named}" in meta:apps.', fix))
        return None
    ids = sorted(export.app_ids)
    if len(ids) > 1:
        problems.append(Problem("FILE", f"speaks of several apps: {', '.join(ids)}.", "import them one by one."))
        return None
    if not ids:
        if named is None:
            problems.append(
                Problem("--app", "the export does not say which app it is about.", "add --app with its name.")
            )
        return named
    found = next((key for key, app in apps.items() if app.id == ids[0]), None)
    if found is None:
        known = ", ".join(f"{key} {app.id}" for key, app in apps.items())
        text = f"is about app {ids[0]}, which is none of meta:apps ({known})."
        problems.append(Problem("FILE", text, "import it into the stack of that app."))
    elif named not in {None, found}:
        text = f"meta:apps.{named} is {apps[str(named)].id}, and the export is about app {ids[0]}."
        problems.append(Problem("--app", text, f"leave it out, or write {found}."))
    return found


def _apply(result: Result, stack: Stack, export: Export, mine: Mapping[str, Mapping[str, Any]], text: str) -> str:
    """The evidence file with what was taken; a record that is newer than the export stays."""
    for taken in result.judged.taken:
        held = stack.evidence.get(taken.gate)
        if held is not None and held.at > result.at:
            why = f"the {held.source} of {iso(held.at)} is newer than the export."
            result.judged.add(export_judgement.Skipped(taken.gate, why))
            continue
        result.records[taken.gate] = statements.record(
            mine[taken.gate],
            result.app_id,
            at=result.at,
            by=result.by,
            status=taken.status,
            source="export",
            note=taken.note,
        )
        if held is None or held.as_input() != result.records[taken.gate]:
            text = written(text, taken.gate, result.records[taken.gate])
    if export.total_calls is None:
        return text
    figures: dict[str, Any] = {"days": export.minutes / _MINUTES_A_DAY, "graph_calls": export.total_calls}
    result.figures = statements.row(result.app_id, iso(result.at), result.by, "export", **figures)
    rows = statements.with_row(stack.figures.get(result.app, ()), result.figures)
    return written(text, gate_names.upkeep(result.app), rows)


def _print(result: Result, file: str) -> None:
    for gate, record in result.records.items():
        answer(f"{gate}: {record['status']}. {record.get('note', '')}".rstrip())
    if found := result.figures:
        key = gate_names.upkeep(result.app)
        answer(f"{key}: {found['graph_calls']} Graph calls in {found['days']:g} days, of every kind.")
    for one in result.judged.skipped:
        answer(f"Not taken: {one.what}: {one.why}")
    if result.records or result.figures:
        answer(f"Written to {file}, as of {iso(result.at)}. Commit it; the next preview judges it.")
    else:
        answer(f"Nothing was written to {file}.")
