"""Creates of system users that this machine has begun and not seen recorded.

Meta has no idempotency key, and a user's name is all that tells it: after a killed run nobody can see at Meta whose
create a user is from. Another stack acts with the same credential, perhaps a minute later, and must not take it. So the
run notes a create before it asks Meta, adds the id that Meta answers, and takes the note away when it meets the user in
its state: a note that is left is the proof that only the run itself could leave. A runner without this folder has no
proof, and asks for `adopt`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from meta_access import local_state
from meta_access.clock import iso, parse_iso
from meta_access.errors import GraphUnreachableError, MetaAccessError, TransientError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from meta_access.graph.system_users import SystemUserRow
    from meta_access.providers._live import Live

GOOD_FOR = timedelta(hours=24)
_CLOCKS = timedelta(minutes=5)
"""A note's time is that of an earlier answer of Meta's."""


@dataclass(frozen=True, slots=True)
class Note:
    """One create that was begun.

    Attributes:
        at: When, by Meta's clock.
        id: Of the user, once Meta has answered; "" before.
    """

    at: datetime
    id: str = ""

    def is_about(self, row: SystemUserRow) -> bool:
        """Whether a user of the noted name may be the one: by its id, or where Meta never answered by its age."""
        if self.id:
            return row.id == self.id
        return row.created_time is not None and row.created_time >= self.at - _CLOCKS


@contextlib.contextmanager
def noted(live: Live, props: Mapping[str, Any]) -> Iterator[None]:
    """Note a create while Meta is asked for it. Only what Meta has certainly refused leaves no note."""
    write(live, props)
    try:
        yield
    except MetaAccessError as error:
        if not (isinstance(error, TransientError) or (isinstance(error, GraphUnreachableError) and error.sent)):
            forget(live, props)
        raise


def write(live: Live, props: Mapping[str, Any], id_: str = "") -> None:
    """Note what is begun, or the id that came of it."""
    with contextlib.suppress(OSError, RuntimeError):  # without a folder there is no proof, and nothing else is lost
        file = _file(live, props)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            json.dump({"at": iso(live.now()), "id": id_}, opened)


def forget(live: Live, props: Mapping[str, Any]) -> None:
    """There is nothing to prove: Meta refused, or the state knows the user."""
    with contextlib.suppress(OSError, RuntimeError):
        _file(live, props).unlink(missing_ok=True)


def note(live: Live, props: Mapping[str, Any]) -> Note | None:
    """What this machine has begun for this very resource and not seen recorded; None when there is nothing."""
    try:
        found = json.loads(_file(live, props).read_text(encoding="utf-8"))
        left = Note(parse_iso(str(found["at"])), str(found["id"]))
    except (OSError, RuntimeError, ValueError, KeyError, TypeError):
        return None
    return left if live.now() - left.at < GOOD_FOR else None


def _file(live: Live, props: Mapping[str, Any]) -> Path:
    whose = [live.connection.graph_url, live.connection.business_id, props.get("stack"), props.get("path")]
    what = [props.get("label"), props["name"], props["role"]]
    digest = hashlib.sha256(json.dumps([*whose, *what]).encode()).hexdigest()
    return local_state.folder("creates") / f"{digest[:32]}.json"
