"""The secrets of a stack as their list shows them: a page for a hundred of them instead of a description of each.

AWS says of ListSecrets that it may lack what was changed in the last five minutes (its reference, read 2026-12). So the
list serves one question alone: whether a secret is as the stack's state has it. What the stack itself has changed, the
list either shows or contradicts, and then the secret is described. What is due by its date is due by tags that were
there long before. What somebody else has changed within those minutes is found by the next run. Nothing is decided by
it: whatever is to be changed is described first, and what was found in a list does not count for that.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from typing import TYPE_CHECKING

from meta_access.errors import NotRecordedError, SecretStoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.tokens.store import Description, SecretStore

DESCRIBE_VARIABLE = "META_ACCESS_DESCRIBE_SECRETS"
"""Set to 1 by commands for the runs that they start after they have written tags (an order to revoke, the note that a
token has ended at Meta): these runs have to see them, and a list may not show them yet."""


class ListedSecrets:
    """Of one region, read when a stack turns out to have several: for one secret, its description is as short."""

    def __init__(self, store: SecretStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._asked: dict[str, set[str]] = {}
        self._users: Counter[str] = Counter()
        self._shown: dict[str, Mapping[str, Description]] = {}

    def ahead(self, owner: str) -> None:
        """Read before a secret is asked for, once a second system user of `project/stack` comes: tokens come last."""
        if os.environ.get(DESCRIBE_VARIABLE) == "1":
            return
        with self._lock:
            self._users[owner] += 1
            if self._users[owner] > 1 and owner not in self._shown:
                self._shown[owner] = self._read(owner)

    def find(self, owner: str, arn: str) -> Description | None:
        """The secret of `project/stack` with that ARN; None where it has to be described."""
        if os.environ.get(DESCRIBE_VARIABLE) == "1":
            return None
        # The others wait for the one who reads: it is what they would read.
        with self._lock:
            asked = self._asked.setdefault(owner, set())
            asked.add(arn)
            if owner not in self._shown:
                if len(asked) == 1:
                    return None
                self._shown[owner] = self._read(owner)
            return self._shown[owner].get(arn)

    def _read(self, owner: str) -> Mapping[str, Description]:
        project, _, stack = owner.partition("/")
        try:
            return {one.arn: one for one in self._store.owned_by(project, stack)}
        except (SecretStoreError, NotRecordedError):
            # A role of an earlier policy may describe and not list; whatever else it is, the descriptions say it.
            return {}
