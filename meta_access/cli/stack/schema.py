"""`meta-access schema`: the JSON Schema that an editor checks stack and client files by as they are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access.cli import plain_files
from meta_access.cli.terminal import answer
from meta_access.errors import MetaAccessError
from meta_access.stack.schema import client_file_schema, stack_file_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {"stack": stack_file_schema, "client": client_file_schema}


def text_of(which: str) -> str:
    """A schema as its file holds it."""
    return json.dumps(SCHEMAS[which](), ensure_ascii=False, indent=2) + "\n"


@click.command(name="schema")
@click.argument("which", required=False, type=click.Choice(list(SCHEMAS)))
@click.option(
    "--write",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Write stack.json and client.json into this folder.",
)
def command(which: str | None, write: Path | None) -> None:
    """Print the JSON Schema of a stack file or of a client file.

    A file names its schema in its first line: # yaml-language-server: $schema=../schema/stack.json
    """
    if (which is None) == (write is None):
        raise click.UsageError("Name the schema to print, stack or client, or give --write FOLDER for both.")
    if write is None:
        click.echo(text_of(str(which)), nl=False)
        return
    try:
        with plain_files.Folder(write) as folder:
            folder.replace({f"{name}.json": text_of(name) for name in SCHEMAS})
    except OSError as error:
        raise MetaAccessError(
            f"Writing to {write} failed: {error.strerror}. Nothing was written.",
            next_step="Name a folder that you may write to.",
        ) from None
    answer(f"Written: {', '.join(f'{write}/{name}.json' for name in SCHEMAS)}.")
