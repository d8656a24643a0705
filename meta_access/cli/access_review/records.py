"""The records of a stack's access reviews, as files beside the stack's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_access.access_review import record
from meta_access.access_review.record import ReviewError
from meta_access.errors import ConfigError, Problem
from meta_access.stack.files import SUFFIXES
from meta_access.stack.problems import instead
from meta_access.stack.yaml_files import read_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from meta_access.access_review.record import Record
    from meta_access.stack.load import Stack


@dataclass(frozen=True, slots=True)
class Held:
    """One record.

    Attributes:
        name: `access-reviews.prod/2026-12-02-acme.yaml`, below the folder of the stack files.
        shown: The same with that folder, as people name it.
    """

    name: str
    shown: str
    text: str
    record: Record

    @property
    def client(self) -> str:
        return self.record.client or ""


def read(folder: Path, project: str, stack: str) -> list[Held]:
    """All records of a stack, by name.

    Raises:
        ReviewError: Some are none; every problem of all of them is named.
    """
    place = record.folder_of(stack)
    found: list[Held] = []
    problems: list[Problem] = []
    for path in sorted((folder / place).glob("*")):
        if path.suffix not in SUFFIXES:
            continue
        shown = f"{folder.name}/{place}/{path.name}"
        if path.is_symlink():
            problems.append(Problem(shown, "is a link.", "put the record itself there."))
            continue
        try:
            text = read_text(path, shown)
            held = Held(f"{place}/{path.name}", shown, text, record.read(text, shown))
        except ConfigError as error:
            problems += error.problems
            continue
        its = (held.record.project, held.record.stack)
        if its != (project, stack):
            text = f"is a review of {'/'.join(its)}, and this is {project}/{stack}."
            problems.append(Problem(shown, text, f"move it to {record.folder_of(its[1])} of that project."))
        found.append(held)
    if problems:
        raise ReviewError(problems)
    return found


def chosen(held: Iterable[Held], stack: Stack, clients: Collection[str], *, no_client: bool) -> list[Held]:
    """The open records of the clients that were asked for; all without any.

    Raises:
        ReviewError: A client is none of the stack's, or has no open review.
    """
    check_clients(stack, clients)
    wanted = {*clients, *([""] if no_client else [])}
    found = [one for one in held if one.record.closed is None and (not wanted or one.client in wanted)]
    lacking = sorted(wanted - {one.client for one in found})
    if lacking:
        fix = "begin one: meta-access access-review start."
        raise ReviewError([Problem(option(client), "has no open access review.", fix) for client in lacking])
    return found


def check_clients(stack: Stack, clients: Iterable[str]) -> None:
    """Refuse clients that the stack has not.

    Raises:
        ReviewError: With each of them.
    """
    known = stack.spec.clients
    fix = f"the clients are {', '.join(known) or 'none'}."
    problems = [
        Problem("--client", f'there is no client "{one}" in this stack.', instead(one, known, fix))
        for one in clients
        if one not in known
    ]
    if problems:
        raise ReviewError(problems)


def option(client: str) -> str:
    """How a command line chooses the review of a client."""
    return f"--client {client}" if client else "--no-client"


def whose(client: str) -> str:
    """A client in a sentence."""
    return f"client {client}" if client else "the assets of no client"
