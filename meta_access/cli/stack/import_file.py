"""`meta-access import`: verifies an import file of `meta-access discover`, and lets pulumi import it."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import click

from meta_access.cli import pulumi_run, pulumi_stack
from meta_access.cli.engine_output import EngineOutput
from meta_access.cli.stack.discover import hidden, importable, read_business
from meta_access.cli.stack.stack_texts import loaded, read_files
from meta_access.cli.terminal import DONE, FAILED, agrees, answer, to_person
from meta_access.stack.connections import refuse_offline, settings_of
from meta_access.stack.fields import few

_OPTIONS = ("--yes", "--protect=false", "--generate-code=false", "--non-interactive")


def strangers(given: dict[str, Any], right: dict[str, Any]) -> list[str]:
    """Names of the entries of a file that are not what the stack declares and Meta shows just now."""
    known = {row["name"]: row for row in right["resources"]}
    names = [str(row.get("name")) for row in given["resources"]]
    found = [name for name, row in zip(names, given["resources"], strict=True) if row != known.get(name)]
    found += [name for name, uses in Counter(names).items() if uses > 1 and name not in found]
    return found + [name for name, urn in given["nameTable"].items() if right["nameTable"].get(name) != urn]


def _read(file: Path) -> dict[str, Any]:
    """The content of an import file, which has a table of names and a list of objects.

    Raises:
        ClickException: It has not.
    """
    given = pulumi_stack.read_file(file)
    table, rows = given.get("nameTable"), given.get("resources")
    if not isinstance(table, dict) or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise click.ClickException(
            f"{file.name} is no import file: it lacks nameTable or resources. Write one with "
            "`meta-access discover --write --import-file`."
        )
    return given


def _run(content: dict[str, Any], stack: str, output: EngineOutput) -> bool:
    """Whether the engine has imported it; it gets what was compared, since it reads a file more laxly than we do."""
    with tempfile.TemporaryDirectory(prefix="meta-access-") as folder:
        checked = Path(folder, "import.json")
        checked.write_text(json.dumps(content), encoding="utf-8")
        done = pulumi_run.run(
            ["pulumi", "import", "--file", str(checked), "--stack", stack, *_OPTIONS],
            env={**os.environ, **pulumi_run.installed_only()},
            out=output.out,
            err=output.err,
            notify=to_person,
        )
    output.end(failed=done.code != 0)
    return done.code == 0


@click.command(name="import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--verbose", is_flag=True, help="Print all that pulumi prints.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; needs --yes.")
def command(file: Path, stack: str | None, *, yes: bool, verbose: bool, as_json: bool) -> None:
    """Take over what FILE, written by `meta-access discover --import-file`, holds into the state of a stack.

    Each entry is compared with what the stack declares and what Meta shows now; one that differs is refused by name,
    and nothing is imported. At Meta nothing is changed.
    """
    if as_json and not yes:
        raise click.UsageError("--json asks nothing, so it needs --yes.")
    refuse_offline("nothing can be imported")
    given, home = _read(file), pulumi_stack.find(Path.cwd())
    name = (stack or pulumi_stack.selected()).rpartition("/")[2]
    owner = f"{home.name}/{name}"
    declared = loaded(read_files(home.stacks, name), home.stacks, name, home.name)
    state = pulumi_stack.export(stack or name)
    inventories = [(one.name, read_business(one, declared)) for one in settings_of(declared.spec).of_businesses]
    right = importable(declared, inventories, owner, state)
    wrong = strangers(given, right)
    if wrong and not right["resources"] and not strangers(given, importable(declared, inventories, owner, {})):
        given, wrong = right, []  # the state has all of it: it was imported before
    if wrong:
        raise click.ClickException(
            f"{file.name} is not what stack {name} declares, Meta shows now and the state lacks: "
            f"{few(wrong)}. Nothing was imported. Write it anew with "
            "`meta-access discover --write --import-file`."
            + "".join(f" {line}" for line in hidden([one for _, found in inventories for one in found.unread]))
        )
    rows = [row for row in given["resources"] if not row.get("component")]
    code = DONE
    if rows:
        to_person(f"{len(rows)} resources go into the state of {name}; at Meta nothing changes.")
        if not yes and not agrees("Import them?"):
            raise click.ClickException("not confirmed; nothing was imported.")
        code = DONE if _run(given, stack or name, EngineOutput(verbose=verbose)) else FAILED
    result = {"stack": name, "imported": [row["logicalName"] for row in rows] if code == DONE else []}
    if as_json:
        click.echo(json.dumps(result))
    elif code != DONE:
        answer("pulumi did not import the file; its own words are above.")
    elif not rows:
        answer("The state has all of it.")
    else:
        answer(f"Imported: {len(rows)}. `pulumi preview` shows what is left: gates, and what does not exist yet.")
    sys.exit(code)
