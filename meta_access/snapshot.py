"""A snapshot: what a read-only preview was answered, as a file from which another one can be made without a call.

A protected job records it; a preview of a pull request that nobody has read yet is made from it, without a credential.
It holds the answers of Meta and of Secrets Manager (descriptions, never values), the stack's state without what is
encrypted in it, the moment of both, and a digest. The digest tells a damaged or edited file from a whole one; it does
not tell who wrote it, so take the file from where only that job writes.

Three variables, each of which names nothing by default:

- META_ACCESS_SNAPSHOT: the file to answer from. No call leaves, and no credential is looked up.
- META_ACCESS_SNAPSHOT_MAX_AGE: a duration such as 7d; an older file is refused.
- META_ACCESS_SNAPSHOT_READS: the folder in which the processes of a recording write down what they are answered.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meta_access import clock, redaction
from meta_access.engine_marks import SECRET, SIGNATURE, UNKNOWN
from meta_access.errors import MetaAccessError, NotRecordedError, OfflineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from meta_access.connection import Connection

VARIABLE = "META_ACCESS_SNAPSHOT"
MAX_AGE_VARIABLE = "META_ACCESS_SNAPSHOT_MAX_AGE"
READS_VARIABLE = "META_ACCESS_SNAPSHOT_READS"
_OFFLINE_VARIABLE = "META_ACCESS_OFFLINE"

FORMAT = "meta-access-snapshot/1"
LARGEST = 64 * 1024 * 1024
"""Bytes of a file: those of the largest state, see `pulumi_stack.LARGEST_FILE`."""
OLDEST = "48h"
"""A nightly job may fail once."""
_AHEAD = timedelta(minutes=10)
"""Clocks of two machines differ."""
_QUOTED = 40
_LONGEST_WHY = 400
_AGAIN = "Record it again: meta-access snapshot --out FILE."

_MANIFEST = "manifest"


class SnapshotError(MetaAccessError):
    """A snapshot cannot be recorded, or cannot be used here."""


# --- recording -----------------------------------------------------------------------------------


@contextlib.contextmanager
def recording_into(folder: Path) -> Iterator[None]:
    """Let this process, and those that it starts, write down what they are answered."""
    os.environ[READS_VARIABLE] = str(folder)
    try:
        yield
    finally:
        del os.environ[READS_VARIABLE]


def recording() -> bool:
    """Whether this process is to write down what it is answered."""
    return bool(os.environ.get(READS_VARIABLE))


def record(question: Mapping[str, Any], answer: Mapping[str, Any], at: datetime | None) -> None:
    """Write down a read.

    Args:
        question: What was asked, without any secret; two equal ones are one.
        answer: JSON. One with a text that looks like a secret is left out: what is asked about it is then unknown.
        at: The server's time.

    Raises:
        SnapshotError: It cannot be written.
    """
    line = {"question": question, "answer": answer, "at": clock.iso(at) if at else None}
    if any(_is_masked(text) for text in _texts(line)):
        return
    file = Path(os.environ[READS_VARIABLE], f"{os.getpid()}.jsonl")
    try:
        handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            # One write: threads of a process append to one file. A part of one is no line, and refused when it is read.
            os.write(handle, (json.dumps(line) + "\n").encode())
        finally:
            os.close(handle)
    except OSError as error:
        raise SnapshotError(f"Writing down a read for the snapshot failed: {error.strerror}.") from None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a snapshot is about: one stack, and what its connections act on."""

    project: str
    stack: str
    environment: str
    rules: str
    connections: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, project: str, stack: str, environment: str, rules: str, connections: Iterable[Connection]) -> Subject:
        return cls(project, stack, environment, rules, {one.name: _place(one) for one in connections})


def made(subject: Subject, folder: Path, state: Mapping[str, Any]) -> dict[str, Any]:
    """Put a snapshot together.

    Args:
        subject: What it is about.
        folder: In which the processes of the recording have written down their reads.
        state: As `pulumi stack export` gives it.

    Raises:
        SnapshotError: Nothing was read, or not all of it was written down.
    """
    try:
        lines = [json.loads(line) for file in sorted(folder.glob("*.jsonl")) for line in file.read_text().splitlines()]
    except ValueError:
        raise SnapshotError("Nothing was recorded: not all reads could be written down. Is the disk full?") from None
    if not lines:
        raise SnapshotError(
            "Nothing of Meta or Secrets Manager was read, so there is nothing to record. Does the program use them?"
        )
    lines.sort(key=lambda line: line["at"] or "")
    reads = {_key(line["question"]): line for line in lines}
    times = [line["at"] for line in lines if line["at"]]
    whole = {
        "format": FORMAT,
        "date": max(times, default=clock.iso(datetime.now(UTC))),
        "project": subject.project,
        "stack": subject.stack,
        "environment": subject.environment,
        "rules": subject.rules,
        "connections": {name: dict(place) for name, place in subject.connections.items()},
        "reads": [{"question": reads[key]["question"], "answer": reads[key]["answer"]} for key in sorted(reads)],
        "state": without_secrets(state),
    }
    return {**whole, "digest": _digest(whole)}


def without_secrets(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state in which what is encrypted, or looks like a secret, is unknown; how it is encrypted goes as well."""
    found: dict[str, Any] = _known_part(state)
    given = state.get("deployment")
    if isinstance(given, dict) and isinstance(deployment := found.get("deployment"), dict):
        deployment.pop("secrets_providers", None)
        if _MANIFEST in given:  # its digest looks like a secret, and the engine compares it
            deployment[_MANIFEST] = given[_MANIFEST]
    return found


def _known_part(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return UNKNOWN
        return {key: _known_part(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_known_part(part) for part in value]
    return UNKNOWN if isinstance(value, str) and _is_masked(value) else value


def _is_masked(text: str) -> bool:
    return redaction.MASK not in text and redaction.MASK in redaction.scrub(text)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield f"{key}: {part}" if isinstance(part, str) else key
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


# --- answering -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A file that was found whole.

    Attributes:
        date: The last answer's, by the server's clock; everything in it is as of then.
        state: Of the stack, as `pulumi stack export` gives it, without what is encrypted.
    """

    subject: Subject
    date: datetime
    state: Mapping[str, Any]
    _answers: Mapping[str, Mapping[str, Any]]

    def __len__(self) -> int:
        return len(self._answers)

    def answer(self, question: Mapping[str, Any] | None, doing: str) -> Mapping[str, Any]:
        """What was answered.

        Args:
            question: As it was recorded; None for one that is never recorded, since it holds a secret.
            doing: For the message: "reading 178435550012345/system_users".

        Raises:
            NotRecordedError: It was not asked, or not answered.
        """
        found = None if question is None else self._answers.get(_key(question))
        if found is None:
            raise NotRecordedError(
                f"{doing} was not possible: the snapshot of {clock.iso(self.date)} does not hold it."
            )
        return found

    def refusal(self, doing: str) -> OfflineError:
        """Why a write, or the look for a credential, is not done."""
        return OfflineError(f"{doing} is refused: {VARIABLE} forbids every call and every change. Unset it and repeat.")

    def check_run(self, project: str, stack: str, *, dry_run: bool = True) -> None:
        """Refuse the snapshot of another stack, and a run that would change something.

        Raises:
            OfflineError: It is an update.
            SnapshotError: It is about another stack.
        """
        if not dry_run:
            raise OfflineError(
                f"Nothing was changed: {VARIABLE} is set, and a snapshot serves previews only, since what it shows may "
                "have changed meanwhile. Unset it and repeat."
            )
        mine = self.subject
        for what, theirs, ours in (("project", mine.project, project), ("stack", mine.stack, stack)):
            if theirs != ours:
                raise _foreign(f"it is of {what} {theirs}, and this is {what} {ours}")

    def check_settings(self, environment: str, connections: Iterable[Connection]) -> None:
        """Refuse the snapshot of another environment, business or app. What it knows no connection of is unknown.

        Raises:
            SnapshotError: It is about something else.
        """
        if self.subject.environment != environment:
            raise _foreign(f"it is of environment {self.subject.environment}, and this is environment {environment}")
        known = [
            (one, self.subject.connections[one.name]) for one in connections if one.name in self.subject.connections
        ]
        for connection, theirs in known:
            for what, ours in _place(connection).items():
                if theirs.get(what) != ours:
                    raise _foreign(
                        f"its connection {connection.name} has {what} {theirs.get(what)}, and here that is {ours}"
                    )
        if not known:
            raise _foreign(
                f"it has connections {', '.join(self.subject.connections)}, and none of them is declared here"
            )

    def sentence(self, now: datetime) -> str:
        """Its date and age, for people."""
        return f"the snapshot of {clock.iso(self.date)}, {clock.ago(now - self.date)}"


_given: dict[str, Snapshot] = {}
_given_lock = threading.Lock()


def given() -> Snapshot | None:
    """The snapshot to answer from; None where META_ACCESS_SNAPSHOT names none. Read once per process.

    Raises:
        SnapshotError: It cannot be used.
    """
    name = os.environ.get(VARIABLE, "")
    if not name:
        return None
    if os.environ.get(_OFFLINE_VARIABLE) == "1":
        raise SnapshotError(f"{_OFFLINE_VARIABLE}=1 and {VARIABLE} are both set, and ask for two things. Unset one.")
    if recording():
        raise SnapshotError(f"Recording a snapshot from a snapshot makes no sense. Unset {VARIABLE}.")
    with _given_lock:
        if name not in _given:
            _given[name] = load(Path(name), datetime.now(UTC))
        return _given[name]


def load(path: Path, now: datetime) -> Snapshot:
    """Read a file and refuse it unless it is whole and new enough.

    Raises:
        SnapshotError: Names what is wrong with it, and what to do.
    """
    whole = _parsed(path)
    if whole.get("format") != FORMAT:
        named = ascii(whole.get("format"))[:_QUOTED]
        raise _unusable(path, f"its format is {named}, and this version reads {FORMAT}", _AGAIN)
    try:
        if whole.pop("digest", None) != _digest(whole):
            why = "its digest does not fit what it holds: it was edited, or cut on its way"
            raise _unusable(path, why, "Take it anew from the job that records it.")
        found = _snapshot(whole)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise _unusable(path, "it lacks what a snapshot holds", _AGAIN) from None
    _check_age(path, found.date, now)
    return found


def write(whole: Mapping[str, Any], path: Path) -> None:
    """Write a snapshot for this user alone; a file or link of that name is replaced, and never written through.

    Raises:
        OSError: It cannot be written.
        SnapshotError: It would be too large to be read.
    """
    text = json.dumps(whole, sort_keys=True, indent=1) + "\n"
    if len(text) > LARGEST:
        raise SnapshotError(f"Nothing was written: the snapshot has {len(text)} bytes, and {LARGEST} are read at most.")
    made = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        made.unlink()
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        made.replace(path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


def _parsed(path: Path) -> dict[str, Any]:
    try:
        # A pipe or a device in its place would have no end.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise _unusable(path, f"{error.strerror or error}", f"Correct {VARIABLE}, or unset it.") from None
    if len(content) > LARGEST:
        raise _unusable(path, f"it has more than {LARGEST} bytes", _AGAIN)
    try:
        whole = json.loads(content)
    except (ValueError, RecursionError):
        whole = None
    if not isinstance(whole, dict):
        raise _unusable(path, "it is no JSON object", _AGAIN)
    return whole


def _snapshot(whole: Mapping[str, Any]) -> Snapshot:
    places = {name: {what: str(one) for what, one in place.items()} for name, place in whole["connections"].items()}
    # As `wire.decode` makes them: a file may have come by another way than from there.
    answers = {_key(read["question"]): redaction.visible_within(dict(read["answer"])) for read in whole["reads"]}
    subject = Subject(
        project=str(whole["project"]),
        stack=str(whole["stack"]),
        environment=str(whole["environment"]),
        rules=str(whole["rules"]),
        connections=places,
    )
    return Snapshot(subject, clock.parse_iso(whole["date"]), dict(whole["state"]), answers)


def _check_age(path: Path, date: datetime, now: datetime) -> None:
    asked = os.environ.get(MAX_AGE_VARIABLE) or OLDEST
    oldest = clock.seconds(asked)
    if oldest is None:
        raise SnapshotError(
            f"{MAX_AGE_VARIABLE} is no duration: {ascii(asked)[:_QUOTED]}. Write one such as 48h or 7d."
        )
    if date - now > _AHEAD:
        why = f"it is from the future, of {clock.iso(date)}"
        raise _unusable(path, why, f"Check this machine's clock, which says {clock.iso(now)}.")
    if now - date > timedelta(seconds=oldest):
        why = f"it is of {clock.iso(date)}, {clock.ago(now - date)}, and may be at most {asked} old"
        raise _unusable(path, why, f"See why the job that records it has not run, or set {MAX_AGE_VARIABLE}.")


def _place(connection: Connection) -> dict[str, str]:
    return {
        "business": connection.business_id,
        "app": connection.app_id,
        "graph_url": connection.graph_url,
    }


def _key(question: Mapping[str, Any]) -> str:
    return json.dumps(question, sort_keys=True, separators=(",", ":"))


def _digest(whole: Mapping[str, Any]) -> str:
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _unusable(path: Path, why: str, step: str) -> SnapshotError:
    return SnapshotError(f"The snapshot {path.name} is refused: {why}.", next_step=step)


def _foreign(why: str) -> SnapshotError:
    step = f"Name the snapshot of this stack in {VARIABLE}, or record one where the change is merged already."
    # What it names may be anybody's: a line of its own could be a command to the CI system that shows it.
    text = redaction.scrub(why)
    shown = text if len(text) <= _LONGEST_WHY else f"{text[:_LONGEST_WHY]}…"
    return SnapshotError(f"The snapshot is refused: {shown}.", next_step=step)
