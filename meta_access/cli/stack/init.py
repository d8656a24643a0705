"""`meta-access init`: a project that works, in an empty folder."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import sys
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import click

from meta_access import validation
from meta_access.cli import EXTRAS, plain_files
from meta_access.cli.stack import starter
from meta_access.cli.terminal import answer
from meta_access.errors import MetaAccessError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

LONGEST = 100
"""Characters of a project's name to Pulumi."""
NAME = re.compile(rf"[A-Za-z0-9_.-]{{1,{LONGEST}}}")
STACK = re.compile(r"[a-z][a-z0-9_-]{0,62}")
KEPT = frozenset({".gitignore", "requirements.txt"})
"""Files that a folder may have already; they stay as they are."""
USUAL = starter.Emulated("http://127.0.0.1:8765", "http://127.0.0.1:8766")
SETTINGS = "export PULUMI_RUN_PROGRAM=true PULUMI_CONTINUE_ON_ERROR=true"


def _emulator() -> starter.Emulated:
    """The emulator that runs, else where one listens that is started without an option."""
    if any(importlib.util.find_spec(needed) is None for needed in EXTRAS["emulator"]):
        return USUAL
    from meta_access.cli import emulator  # noqa: PLC0415 - it needs the extra

    found = emulator.addresses()
    return USUAL if found is None else starter.Emulated(*found)


def _problems(name: str, stack: str, real: starter.Real | None) -> list[str]:
    found = []
    if not NAME.fullmatch(name):
        found.append(f'--name: "{name}" is no name of a project. Write letters, digits, - and _.')
    if not STACK.fullmatch(stack):
        found.append(f'--stack: "{stack}" is no name. Start with a small letter; go on with those, digits, - and _.')
    if real is not None:
        for option, value in (("--business", real.business), ("--app", real.app)):
            if why := validation.graph_id(value):
                found.append(f"{option}: {value} {why}." if value else f"{option}: is missing. It is an id of Meta's.")
        if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", real.region):
            found.append("--region: name the AWS region of the secrets, such as eu-central-1.")
    return found


def _refuse_what_is_there(folder: Path, names: Collection[str]) -> None:
    there = [name for name in names if name not in KEPT and (folder / name).exists()]
    # A file where a folder has to be.
    above = dict.fromkeys(str(up) for name in names for up in reversed(PurePath(name).parents))
    there += [up for up in above if (folder / up).is_file()]
    # The engine would take this folder for a part of it.
    there += [str(up / "Pulumi.yaml") for up in folder.resolve().parents if (up / "Pulumi.yaml").exists()][:1]
    if there:
        raise click.ClickException(
            f"Nothing was written: {', '.join(there)} {'is' if len(there) == 1 else 'are'} there already. Name an "
            "empty folder outside of any project; in a project that exists, `meta-access schema --write schema` and "
            "`meta-access discover` add to it."
        )


def _refuse_a_pipeline_that_nobody_runs(folder: Path, forge: str) -> None:
    where = folder.resolve()
    top = next((up for up in (where, *where.parents) if (up / ".git").exists()), where)
    if top != where:
        raise click.ClickException(
            f"--ci: {forge} runs only what {starter.CI[forge]} says at the top of a repository, and that is {top}: "
            "nothing would rotate a token. Leave --ci out and take a workflow of docs/ci, or run `git init` in the "
            "project's folder first, for a repository of its own. Nothing was written."
        )


def _next_steps(folder: Path, stack: str, real: starter.Real | None) -> list[str]:
    steps = [] if folder == Path.cwd() else [f"cd {shlex.quote(str(folder))}"]
    if not (folder / ".venv").exists():
        steps.append("python3 -m venv .venv && .venv/bin/pip install -r requirements.txt")
    if real is None:
        steps.append("meta-access emulator start")
    steps += [SETTINGS, f"pulumi stack init {stack}"]
    if real is not None:
        return [*steps, f"meta-access bootstrap --stack {stack}", f"meta-access discover --stack {stack}"]
    return [*steps, f"pulumi up --stack {stack}"]


@click.command(name="init")
@click.argument("folder", default=".", type=click.Path(file_okay=False, path_type=Path))
@click.option("--name", help="Name of the project; that of the folder when absent.")
@click.option("--stack", help="Name of its first stack: dev when absent, prod with --real.")
@click.option("--emulator", is_flag=True, help="Against the emulator, which is the default.")
@click.option("--real", is_flag=True, help="Against Meta itself and AWS.")
@click.option("--business", metavar="ID", default="", help="With --real: id of your business portfolio.")
@click.option("--app", metavar="ID", default="", help="With --real: id of your app.")
@click.option("--region", default="", help="With --real: AWS region of the secrets.")
@click.option(
    "--ci",
    "forge",
    type=click.Choice(list(starter.CI)),
    help="With --real: also what reviews, updates and rotates there; its first lines say what to set up.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(  # noqa: PLR0917 - one argument for each option
    folder: Path,
    name: str | None,
    stack: str | None,
    emulator: bool,
    real: bool,
    business: str,
    app: str,
    region: str,
    forge: str | None,
    as_json: bool,
) -> None:
    """Write a project with one stack into FOLDER, or into this one.

    Against the emulator its first `pulumi up` makes a system user and a token, with nothing else needed. Files that
    are there are never changed; where one is in the way, nothing is written.
    """
    if real and emulator:
        raise click.UsageError("--real is Meta itself, and --emulator is not; give one of them.")
    if not real and (business or app or region or forge):
        raise click.UsageError("--business, --app, --region and --ci are of Meta itself and AWS; add --real.")
    meta = starter.Real(business, app, region) if real else None
    folder = folder.absolute()
    chosen = name or re.sub(r"[^A-Za-z0-9_.-]+", "-", folder.resolve().name).strip("-")[:LONGEST] or "meta-access"
    stack = stack or (starter.PROD if real else "dev")
    if problems := _problems(chosen, stack, meta):
        raise click.ClickException("\n".join(problems))
    if forge:
        _refuse_a_pipeline_that_nobody_runs(folder, forge)
    texts = starter.files(chosen, stack, meta or _emulator(), forge=forge or "")
    _refuse_what_is_there(folder, texts)
    written = {path: text for path, text in texts.items() if not (path in KEPT and (folder / path).exists())}
    _write(folder, written)
    steps = _next_steps(folder, stack, meta)
    if as_json:
        click.echo(
            json.dumps({"folder": str(folder), "project": chosen, "stack": stack, "files": [*written], "next": steps})
        )
    else:
        answer(f"Written: {', '.join(written)}.")
        click.echo("Next:\n" + "\n".join(f"  {step}" for step in steps))
    sys.exit(0)


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with plain_files.Folder(folder) as place:
            place.replace(texts)
    except OSError as error:
        raise MetaAccessError(
            f"Writing to {folder} failed: {error.strerror}. Nothing was written.",
            next_step="Name a folder that you may write to.",
        ) from None
