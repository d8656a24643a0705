"""The files of a stack as texts: read together, checked as the program checks them, written all or none."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from meta_access.cli import plain_files
from meta_access.discovery.files import Files
from meta_access.errors import ConfigError, MetaAccessError, Problem
from meta_access.stack.files import SUFFIXES, config_of
from meta_access.stack.load import load_stack
from meta_access.stack.yaml_files import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meta_access.stack.load import Stack


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let no other run write the same files meanwhile.

    Raises:
        ClickException: Another one is at work, or there is no such folder.
    """
    try:
        at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise click.ClickException(
            f"Opening the folder of the stack files, {folder.name}, failed: {error.strerror}. Make it, or name another "
            "one at stackConfigDir in Pulumi.yaml."
        ) from None
    try:
        try:
            fcntl.flock(at, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise click.ClickException(
                f"Another run of meta-access is at work in {folder.name}. Nothing was read or written; run this "
                "again when it has ended."
            ) from None
        yield
    finally:
        os.close(at)


def read_files(folder: Path, stack: str) -> Files:
    """The texts of a stack's files.

    Raises:
        ConfigError: Some cannot be read; all of them are named.
    """
    name = f"Pulumi.{stack}.yaml"
    files = Files((name, read_text(folder / name, name)), f"clients.{stack}", named=False)
    if problems := files.problems():
        raise ConfigError(problems)
    named = config_of(folder / name).get("meta:clients_dir")
    place = str(named or files.clients_dir)
    inside = [path for path in sorted((folder / place).glob("*")) if path.suffix in SUFFIXES]
    if inside and not named:
        fix = f"write meta:clients_dir: {place}, or remove the folder."
        raise ConfigError(
            [Problem(f"{folder.name}/{place}", "holds client files, and the stack names no folder.", fix)]
        )
    clients = {f"{place}/{path.name}": read_text(path, f"{place}/{path.name}") for path in inside}
    files = Files(files.stack, place, bool(named), clients)
    if problems := files.problems():
        raise ConfigError(problems)
    return files


def loaded(files: Files, folder: Path, stack: str, project: str) -> Stack:
    """The stack as these texts declare it, checked as the program checks it.

    Raises:
        ConfigError: It is not sound.
        MetaAccessError: There is no room for a copy that is checked.
    """
    try:
        return _checked(files, folder, stack, project)
    except OSError as error:
        raise MetaAccessError(
            f"Checking a copy of the files in {tempfile.gettempdir()} failed: {error.strerror}. Nothing was written.",
            next_step="Let that folder have room, or name another in TMPDIR, then run this again.",
        ) from None


def _checked(files: Files, folder: Path, stack: str, project: str) -> Stack:
    with tempfile.TemporaryDirectory(prefix="meta-access-") as scratch:
        mirror = Path(scratch) / folder.name
        mirror.mkdir()
        for path in folder.iterdir():
            if path.name not in (files.stack[0], files.clients_dir):
                (mirror / path.name).symlink_to(path.absolute())
        if files.named:
            (mirror / files.clients_dir).mkdir()
            for path in (folder / files.clients_dir).glob("*"):
                (mirror / files.clients_dir / path.name).symlink_to(path.absolute())
        for name, text in ((files.stack[0], files.stack[1]), *files.clients.items()):
            (mirror / name).unlink(missing_ok=True)
            (mirror / name).write_text(text, encoding="utf-8", newline="")
        values = config_of(mirror / files.stack[0])
        return load_stack(values, stack, mirror, project=project)


def write(folder: Path, before: Files, changes: Mapping[str, tuple[str, str]], stack: str) -> None:
    """Write the files that changed, the stack file first: each file that follows needs what stands in it.

    So a run that is killed in between leaves a sound stack that lacks the rest, and the next run adds that.

    Raises:
        ClickException: The files are not those of `before` any more.
        MetaAccessError: One cannot be written; then none is.
    """
    now = read_files(folder, stack)
    if (now.stack, now.clients) != (before.stack, before.clients):
        raise click.ClickException("The files were edited meanwhile, and nothing was written. Run this again.")
    replace(folder, {name: after for name, (_, after) in changes.items()})


def replace(folder: Path, texts: Mapping[str, str | None]) -> None:
    """Write files below the folder of the stack files, all or none, and remove those without a text; while `alone`.

    Raises:
        MetaAccessError: One cannot be written; then none is.
    """
    try:
        with plain_files.Folder(folder) as place:
            place.sweep(*{name.rpartition("/")[0] for name in texts} - {""})
            place.replace(texts)
    except OSError as error:
        raise MetaAccessError(
            f"Writing to {folder.name} failed: {error.strerror}. Nothing was written.",
            next_step="Make the folder writable, then run this again.",
        ) from None
