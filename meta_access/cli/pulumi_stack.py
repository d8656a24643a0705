"""A stack as its `Pulumi.yaml` and the `pulumi` command tell it: exported state, outputs, configuration. Read only.

Under META_ACCESS_SNAPSHOT the snapshot and the stack file tell it, and no backend is asked.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meta_access import snapshot
from meta_access.clock import ago, iso, parse_iso
from meta_access.engine_marks import TYPE_PREFIX, UNKNOWN, name_of
from meta_access.errors import ConfigError, MetaAccessError
from meta_access.redaction import scrub, visible_within
from meta_access.stack.files import NAMESPACE, config_of, project_of, secret_problems

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from meta_access.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Project:
    """What the commands need of a project; `stacks` is the folder of the stack files."""

    name: str
    stacks: Path


def find(folder: Path) -> Project:
    """Return the project of a folder or of the nearest one above it, as pulumi does.

    Raises:
        StackReadError: There is none.
        ConfigError: It cannot be read.
    """
    found = project_of(folder)
    if found is None:
        raise StackReadError("There is no Pulumi.yaml here or above.", next_step="Go to the folder of the project.")
    return Project(*found)


TIMEOUT_S = 120
QUOTED = 400
LARGEST_FILE = 64 * 1024 * 1024
"""Bytes of a file with a state; some twenty thousand resources."""
PAGE = 100
TORN = (
    "A killed run left an empty .attrs file beside the state in the file backend. The state itself is whole: delete "
    "the empty file (.pulumi/stacks/PROJECT/STACK.json.attrs below the backend's folder), and put ?metadata=skip "
    "behind the backend's address, so that none is written any more (docs/runbook.md)."
)


LOOKS = ("update", "refresh")  # the operations that read Meta and write down what they saw


class StackReadError(MetaAccessError):
    """The stack could not be read."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How old what the state says is.

    Attributes:
        at: When the newest update or refresh that succeeded ended; None when there is none on record.
        by: `update` or `refresh`; empty without one. Where no history is at hand: `state` or `snapshot`.
        failed_since: Whether a later one failed.
    """

    at: datetime | None
    by: str
    failed_since: bool

    def as_json(self) -> dict[str, Any]:
        return {"at": iso(self.at) if self.at else None, "by": self.by, "failed_since": self.failed_since}

    def sentence(self, now: datetime) -> str:
        """One sentence about it."""
        if self.at is None:
            return "How old this is, nobody can tell: the stack's history has no update that succeeded."
        later = " A later one failed, so parts may be newer." if self.failed_since else ""
        return f"As the {self.by} of {iso(self.at)} saw it, {ago(now - self.at)}.{later}"


@dataclass(frozen=True, slots=True)
class UpdateRecord:
    """A configuration as an update has used it.

    Attributes:
        at: When that update ended.
        values: Texts by full key, as `config` gives them.
    """

    at: str
    values: dict[str, str]


def recorded(stack: str | None) -> Snapshot | None:
    """The snapshot that stands in for the backend; None when there is none.

    Raises:
        SnapshotError: It cannot be used, or is of another stack.
    """
    shown = snapshot.given()
    if shown is not None:
        shown.check_run(find(Path.cwd()).name, stack or shown.subject.stack)
    return shown


def export(stack: str | None) -> dict[str, Any]:
    """Return the exported state, secrets left encrypted."""
    if (shown := recorded(stack)) is not None:
        return dict(shown.state)
    return _object(["stack", "export", *_chosen(stack)], "state")


def outputs(stack: str | None) -> dict[str, Any]:
    """Return the outputs without what the last update did not know, fit to be shown; a secret one reads `[secret]`."""
    held = recorded(stack)
    told = outputs_in(held.state) if held else _object(["stack", "output", "--json", *_chosen(stack)], "outputs")
    shown: dict[str, Any] = visible_within(known(told), keep="\n")  # what is pasted keeps its lines
    return shown


def known(value: Any) -> Any:
    """The same value without the engine's markers for what is not known."""
    if isinstance(value, dict):
        return {key: known(part) for key, part in value.items() if part != UNKNOWN}
    if isinstance(value, list):
        return [known(part) for part in value if part != UNKNOWN]
    return value


def config(stack: str | None) -> dict[str, str]:
    """Return the configuration by full key, structured values as JSON text, as a program sees them.

    Raises:
        ConfigError: A key of ours is stored as a secret, which the program refuses as well.
    """
    if (shown := recorded(stack)) is not None:
        typed = config_of(find(Path.cwd()).stacks / f"Pulumi.{shown.subject.stack}.yaml")
        return {key: one if isinstance(one, str) else json.dumps(one) for key, one in typed.items()}
    given = _object(["config", "--json", *_chosen(stack)], "configuration")
    if problems := secret_problems(_secret(given), _stack_file(stack)):
        raise ConfigError(problems)
    return _texts(given)


def last_good_config(stack: str) -> UpdateRecord | None:
    """Return the configuration of the newest update on record that succeeded; None when there is none."""
    entry = _last_good(stack)
    # A version that took secret values may have written it; they stay in this process, and nothing prints them.
    if entry is not None and _secret(entry["config"]):
        entry = _last_good(stack, "--show-secrets")
    return None if entry is None else UpdateRecord(str(entry.get("endTime", "")), _texts(entry["config"]))


def seen(stack: str | None) -> Seen:
    """Return when an update or a refresh last wrote what the state and the outputs say."""
    if (shown := recorded(stack)) is not None:
        return Seen(_written(shown.state), "state", failed_since=False)
    try:
        history = _list(_run(["stack", "history", "--json", "--page-size", str(PAGE), *_chosen(stack)], "history"), "")
    except StackReadError:  # what is shown is worth showing without its age
        history = []
    runs = [entry for entry in history if entry.get("kind") in LOOKS and _ended(entry)]
    # Newest first. A run that failed may have looked at some things only, so it makes nothing younger.
    good = next((entry for entry in runs if entry.get("result") == "succeeded"), None)
    if good is None:
        return Seen(None, "", failed_since=bool(runs))
    return Seen(_ended(good), str(good["kind"]), failed_since=good is not runs[0])


def _ended(entry: dict[str, Any]) -> datetime | None:
    return _moment(entry.get("endTime"))


def _written(state: Mapping[str, Any]) -> datetime | None:
    manifest = _holder(dict(state)).get("manifest")
    return _moment(manifest.get("time")) if isinstance(manifest, dict) else None


def _moment(text: object) -> datetime | None:
    try:
        return parse_iso(str(text))
    except ValueError:
        return None


def outputs_in(state: Mapping[str, Any]) -> dict[str, Any]:
    """The stack's outputs in a state; none where the state holds none that can be read."""
    stacks = (one for one in resources(dict(state)) if one.get("type") == "pulumi:pulumi:Stack")
    found = next(stacks, {}).get("outputs")
    return dict(found) if isinstance(found, dict) else {}


def listed() -> list[str]:
    """Return the names of all stacks of the backend, those of the project first; `export` takes them."""
    names = [str(entry["name"]) for entry in _list(_run(["stack", "ls", "--all", "--json"], "backend"), "the backend")]
    return sorted(names, key=lambda name: (name.count("/"), name))


def selected() -> str:
    """Return the name of the selected stack."""
    if (shown := recorded(None)) is not None:
        return shown.subject.stack
    return _run(["stack", "--show-name"], "name").strip()


def read_file(path: Path) -> dict[str, Any]:
    """Return what a file with an exported state, or an import, holds."""
    try:
        # A pipe or a device in a file's place has no end.
        if path.exists() and not path.is_file():
            raise StackReadError(f"Reading {path.name} failed: it is no file.", next_step="Name a plain file.")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise StackReadError(
                f"Reading {path.name} failed: it has more than {LARGEST_FILE} bytes.", next_step="Divide it."
            )
        return _parsed(content.decode("utf-8"), path.name)
    except OSError as error:
        raise StackReadError(
            f"Reading {path.name} failed: {error.strerror}.", next_step="Name a file that exists."
        ) from None
    except UnicodeDecodeError:
        raise StackReadError(f"Reading {path.name} failed: it is no UTF-8 text.") from None


def resources(state: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the resources of an exported state or of an import file."""
    return _objects(_holder(state).get("resources"))


def system_users(state: Mapping[str, Any]) -> dict[str, str]:
    """Return the name of each system user's resource, which is its identity's key, with the user's id."""
    return {
        name_of(str(entry["urn"])): str(entry["id"])
        for entry in resources(dict(state))
        if entry.get("type") == f"{TYPE_PREFIX}SystemUser" and entry.get("id") and not entry.get("delete")
    }


def unfinished(state: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the resources of operations that a killed run began and never recorded as done."""
    operations = _objects(_holder(state).get("pending_operations"))
    return [entry["resource"] for entry in operations if isinstance(entry.get("resource"), dict)]


def _objects(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _holder(state: dict[str, Any]) -> dict[str, Any]:
    deployment = state.get("deployment")
    return deployment if isinstance(deployment, dict) else state


def _object(arguments: Sequence[str], what: str) -> dict[str, Any]:
    return _parsed(_run(arguments, what), f"the stack's {what}")


def _run(arguments: Sequence[str], what: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the user's own pulumi, as every command of this project
            ["pulumi", *arguments, "--non-interactive"],  # noqa: S607 - likewise
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError:
        raise StackReadError(
            f"Reading the stack's {what} failed: pulumi is not on PATH.",
            next_step='In a clone of the project: eval "$(make -s env)"',
        ) from None
    except subprocess.TimeoutExpired:
        raise StackReadError(f"Reading the stack's {what} failed: pulumi did not end within {TIMEOUT_S} s.") from None
    if done.returncode != 0:
        reason = scrub(done.stderr.strip() or done.stdout.strip())[-QUOTED:]
        raise StackReadError(f"Reading the stack's {what} failed: {reason} {explained(reason)}".rstrip())
    return done.stdout


def explained(said: str) -> str:
    """What an error of the engine means that says too little; empty for any other text."""
    return TORN if "failed to load checkpoint: EOF" in said else ""


def _parsed(text: str, what: str) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = next(key for key in found if sum(key == name for name, _ in pairs) > 1)
            raise StackReadError(
                f"Reading {what} failed: the key {ascii(twice)[:QUOTED]} stands twice in one object, and which of the "
                "two counts differs from reader to reader. Nothing that pulumi writes has that.",
                next_step="Find out who wrote it.",
            )
        return found

    def no_number(_word: str) -> None:
        raise ValueError

    try:
        value = json.loads(text, object_pairs_hook=once, parse_constant=no_number)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()  # half characters, 1e999: Go reads others
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise StackReadError(f"Reading {what} failed: it is no JSON object.")
    return value


def _list(text: str, what: str) -> list[dict[str, Any]]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, list):
        raise StackReadError(f"Reading {what} failed: it is no JSON array.")
    return [entry for entry in value if isinstance(entry, dict)]


def _last_good(stack: str, *more: str) -> dict[str, Any] | None:
    history = _run(["stack", "history", "--json", "--page-size", str(PAGE), *more, *_chosen(stack)], "history")
    for entry in _list(history, "the stack's history"):
        if entry.get("kind") == "update" and entry.get("result") == "succeeded":
            values = entry.get("config")
            return {**entry, "config": values if isinstance(values, dict) else {}}
    return None


def _secret(values: dict[str, Any]) -> list[str]:
    ours = {key: entry for key, entry in values.items() if key.startswith(NAMESPACE) and isinstance(entry, dict)}
    return [key for key, entry in ours.items() if entry.get("secret")]


def _stack_file(stack: str | None) -> Path | None:

    try:
        return find(Path.cwd()).stacks / f"Pulumi.{stack}.yaml" if stack else None
    except StackReadError:
        return None


def _texts(values: dict[str, Any]) -> dict[str, str]:
    return {
        key: entry["value"]
        for key, entry in values.items()
        if isinstance(entry, dict) and entry.get("value") is not None
    }


def _chosen(stack: str | None) -> list[str]:
    return ["--stack", stack] if stack else []
