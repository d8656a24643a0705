"""Which stacks there are, by their files: of the project here, or of projects in folders. No engine is asked."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access.cli.access_review import git
from meta_access.errors import ConfigError, MetaAccessError, Problem
from meta_access.redaction import scrub
from meta_access.stack.files import config_of as values_of
from meta_access.stack.files import (
    evidence_file,
    meta_values,
    project_config,
    project_file,
    project_of,
    stack_files,
)
from meta_access.stack.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

PROJECT = "Pulumi.yaml"
# Folders of other people's files; hidden ones are left out as well.
_FOREIGN = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})
_OF_A_STACK = re.compile(r"(?:Pulumi|evidence)\.(?P<file>.+)\.yaml|clients\.(?P<folder>.+)")


class StacksError(MetaAccessError):
    """The stacks that were asked for cannot be told."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack by its file.

    Attributes:
        folder: The project's, as a relative path from here.
        environment: `meta:environment`; "" where the file does not say, or cannot be read.
        file: The stack file.
        clients: The folder of its client files.
    """

    stack: str
    project: str
    folder: str
    environment: str
    file: Path
    clients: Path

    @property
    def name(self) -> str:
        """The project's name and its own, which no other stack of a backend has."""
        return f"{self.project}/{self.stack}"

    def as_row(self) -> dict[str, str]:
        """What a job of CI needs."""
        return {
            "stack": self.stack,
            "project": self.project,
            "folder": self.folder,
            "environment": self.environment,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """The stacks of some projects in the order of folder and name, and the stack files that cannot be read."""

    stacks: tuple[Stack, ...]
    unread: tuple[Problem, ...]


def find(here: Path, folders: Sequence[Path] = ()) -> Found:
    """Find the stacks of the project here or above, or of the projects in folders and below.

    Without a folder and without a project here, the projects below are meant. A project in which no stack file has a
    key of ours belongs to another program.

    Raises:
        ConfigError: A project's file cannot be read, or two stacks have one name.
        StacksError: There is none.
    """
    above = project_file(here) if not folders else None
    places = [above[0].parent] if above is not None else _places(folders or [here])
    found: list[Stack] = []
    unread: list[Problem] = []
    broken: list[Problem] = []
    for place in places:
        try:
            stacks, problems = _of_project(place, here)
        except ConfigError as error:
            at = os.path.relpath(place, here)
            broken += [Problem(f"{at}/{one.path}", one.problem, one.fix) for one in error.problems]
            continue
        if above is not None or problems or any(ours for _, ours in stacks):
            found += [stack for stack, _ in stacks]
            unread += problems
    if wrong := [*broken, *_twice(found)]:
        raise ConfigError(wrong)
    if not found:
        where = " or ".join(str(folder) for folder in folders) or "here or below"
        raise StacksError(
            f"There is no stack of meta-access {where}: no Pulumi.yaml with a stack file Pulumi.<stack>.yaml.",
            next_step="Go to the folder of the project, or name a folder that holds projects with --in.",
        )
    found.sort(key=lambda one: (one.folder != ".", one.folder, one.stack))
    return Found(tuple(found), tuple(unread))


def _places(folders: Iterable[Path]) -> list[Path]:
    places: dict[Path, None] = {}
    for folder in folders:
        if not folder.is_dir():
            raise StacksError(f"There is no folder {folder}.", next_step="Name one that holds projects.")
        for at, below, files in os.walk(folder.resolve()):
            below[:] = sorted(name for name in below if name not in _FOREIGN and not name.startswith("."))
            if PROJECT in files:
                places[Path(at)] = None
    return list(places)


def _of_project(place: Path, here: Path) -> tuple[list[tuple[Stack, bool]], list[Problem]]:
    """The stacks of a project, each with whether it has a key of ours, and which of their files cannot be read."""
    project = project_of(place)
    if project is None or not (place / PROJECT).is_file():
        raise ConfigError([Problem(PROJECT, "has no name.", "write name: and the project's name.")])
    name, folder = project
    common = project_config(folder)
    folder_here = Path(os.path.relpath(place.resolve(), here.resolve())).as_posix()
    found: list[tuple[Stack, bool]] = []
    unread: list[Problem] = []
    for stack, file in stack_files(folder).items():
        values: dict[str, Any] = {}
        try:
            values = meta_values({**common, **values_of(file)})
        except ConfigError as error:
            at = f"{folder_here}/{folder.name}" if folder != place else folder_here
            unread += [Problem(f"{at}/{one.path}", one.problem, one.fix) for one in error.problems]
        environment, clients = values.get("environment"), values.get("clients_dir")
        row = Stack(
            stack=stack,
            project=name,
            folder=folder_here,
            environment=environment if isinstance(environment, str) else "",
            file=file,
            clients=folder / (clients if isinstance(clients, str) else f"clients.{stack}"),
        )
        found.append((row, bool(values)))
    return found, unread


def _twice(stacks: Iterable[Stack]) -> list[Problem]:
    """The stacks of one name: the backend has one of it, and each run would undo the other's."""
    known: dict[str, Stack] = {}
    problems = []
    for one in stacks:
        first = known.setdefault(one.name, one)
        if first is not one:
            text = f"is stack {one.name}, and so is {first.folder}: a backend has one stack of a name."
            problems.append(Problem(one.folder, text, f"give one of the projects another name in its {PROJECT}."))
    return problems


def chosen(found: Found, patterns: Sequence[str], environments: Sequence[str]) -> list[Stack]:
    """The stacks whose name fits one of the patterns, and whose environment is one of those named.

    What cannot be read is in any environment: a stack that is left out because its file is broken would be missed by
    nobody.

    Raises:
        StacksError: A pattern or an environment fits none.
    """
    wrong = [pattern for pattern in patterns if not any(_fits(one, pattern) for one in found.stacks)]
    known = {one.environment for one in found.stacks if one.environment}
    lines = []
    for pattern in wrong:
        near = nearest(pattern, [one.stack for one in found.stacks])
        lines.append(f"No stack is called {pattern}.{f' Did you mean {near}?' if near else ''}")
    lines += [f"No stack is in environment {name}." for name in environments if name not in known]
    if lines:
        names = ", ".join(dict.fromkeys(one.stack for one in found.stacks))
        of = f" Environments: {', '.join(sorted(known))}." if any(name not in known for name in environments) else ""
        raise StacksError(f"{' '.join(lines)} Stacks: {names}.{of}")
    return [
        one
        for one in found.stacks
        if (not patterns or any(_fits(one, pattern) for pattern in patterns))
        and (not environments or one.environment in {*environments, ""})
    ]


def _fits(stack: Stack, pattern: str) -> bool:
    return fnmatchcase(stack.name if "/" in pattern else stack.stack, pattern)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a stack's files are, without links: looked up once, for any number of changed files."""

    name: str
    own: frozenset[Path]
    clients: Path
    stacks: Path
    project: Path

    @classmethod
    def of(cls, stack: Stack) -> _Place:
        folder = stack.file.parent
        found = project_file(folder)
        return cls(
            stack.name,
            frozenset({stack.file.resolve(), evidence_file(folder, stack.stack).resolve()}),
            stack.clients.resolve(),
            folder.resolve(),
            (found[0].parent if found is not None else folder).resolve(),
        )


def touched(stacks: Sequence[Stack], changed: Iterable[Path]) -> list[Stack]:
    """The stacks that a change of these files may change.

    A stack's own files touch that stack alone. Any other file of a project, its program above all, touches all its
    stacks, and a file outside of every project touches all: code may be shared. Markdown is read by people only.
    """
    places = [_Place.of(one) for one in stacks]
    hit: set[str] = set()
    for path in changed:
        if path.suffix != ".md":
            hit.update(one.name for one in _touched_by(places, path))
    return [one for one in stacks if one.name in hit]


def _touched_by(places: Sequence[_Place], path: Path) -> Iterable[_Place]:
    own = [one for one in places if path in one.own or one.clients in path.parents]
    if own:
        return own
    for folder in path.parents:
        name = path.relative_to(folder).parts[0]
        if _OF_A_STACK.fullmatch(name) and any(one.stacks == folder for one in places):
            return []  # of a stack that is no more, or was not chosen
        if (folder / PROJECT).is_file():
            return [one for one in places if one.project == folder]
    return places


def changed_since(revision: str, here: Path) -> list[Path]:
    """The files that differ from where this branch left a revision, those not yet committed included.

    Raises:
        StacksError: Git does not know the revision, or there is no repository here.
    """
    top = Path(_git(here, "rev-parse", "--show-toplevel").strip()).resolve()
    try:
        commit = _git(here, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").strip()
    except StacksError:
        raise StacksError(
            f"Git knows no commit {revision!r} here.",
            next_step="Fetch it first: a checkout of CI has the newest commit alone (fetch-depth, GIT_DEPTH).",
        ) from None
    with contextlib.suppress(StacksError):  # a shallow checkout has none: then more differs, and nothing is missed
        commit = _git(here, "merge-base", commit, "HEAD").strip()
    differ = _git(top, "diff", "--name-only", "--no-renames", "-z", commit, "--")
    new = _git(top, "ls-files", "--others", "--exclude-standard", "-z")
    return sorted({top / name for name in (*differ.split("\0"), *new.split("\0")) if name})


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = git.run(folder, *arguments)
    except FileNotFoundError:
        raise StacksError("Looking for changed files failed: git is not on PATH.") from None
    except subprocess.TimeoutExpired as late:
        raise StacksError(f"Looking for changed files failed: git did not end within {late.timeout:.0f} s.") from None
    if done.returncode != 0:
        reason = scrub(done.stderr.decode("utf-8", "replace").strip())
        raise StacksError(f"Looking for changed files failed: {reason}")
    return done.stdout.decode("utf-8", "surrogateescape")


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command for many stacks; `select` takes what they say."""
    for add in (
        click.option("--since", metavar="REV", help="Those alone that files changed since this commit may change."),
        click.option(
            "--environment", "environments", multiple=True, metavar="NAME", help="Those of this meta:environment."
        ),
        click.option(
            "--in",
            "folders",
            multiple=True,
            type=click.Path(path_type=Path),
            metavar="FOLDER",
            help="Those of all projects in this folder and below, instead of the project here.",
        ),
        click.option("--stack", "more", multiple=True, metavar="STACK", help="The same as STACK."),
        click.argument("patterns", nargs=-1, metavar="[STACK]..."),
    ):
        command = add(command)
    return command


def select(given: dict[str, Any]) -> Found:
    """The stacks that the options mean, taken out of `given`; none of them where nothing has changed.

    Raises:
        MetaAccessError: As `find`, `chosen` and `changed_since`.
    """
    patterns = (*given.pop("patterns"), *given.pop("more"))
    environments, since, folders = given.pop("environments"), given.pop("since"), given.pop("folders")
    here = Path.cwd()
    found = find(here, folders)
    stacks = chosen(found, patterns, environments)
    if since is not None:
        stacks = touched(stacks, changed_since(since, here))
    return Found(tuple(stacks), found.unread)


def unread_notes(found: Found) -> Iterator[str]:
    """A line for each problem of a stack file that cannot be read; its stack is listed all the same."""
    for one in found.unread:
        yield f"warning: {one}"
