"""The secrets of one region: finding them, adding versions to them, recording them and putting them back.

The store that `backend.Backend` works on. Built on moto's backend, in instances of its own: moto's global backends, and
so every other user of moto in the process, stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.secretsmanager.exceptions import SecretNotFoundException
from moto.secretsmanager.models import SecretsManagerBackend
from moto.utilities.utils import get_partition

from meta_emulator.aws import labels, records
from meta_emulator.aws.refusals import ScheduledForDeletionException

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from datetime import datetime

    from meta_emulator.aws.records import Record

ACCOUNT = "123456789012"


class Inventory(SecretsManagerBackend):
    """The secrets of one region. Not thread-safe: the door lets one call in at a time.

    Args:
        region_name: As signed for.
        now: The emulator's clock.
    """

    def __init__(self, region_name: str, now: Callable[[], datetime]) -> None:
        super().__init__(region_name, ACCOUNT)
        self._now = now
        self._pruned: dict[str, list[str]] = {}
        self.functions: Container[str] = ()
        """ARNs of the functions that can be called."""
        self.elsewhere: Callable[[str], Inventory] = lambda region: Inventory(region, now)
        """The secrets of another region of the same account."""

    def all_records(self) -> list[Record]:
        self.drop_expired()
        found = [self.record(name) for name in dict.keys(self.secrets)]
        return [record for record in found if record is not None]

    def name_of(self, secret_id: str) -> str | None:
        """The name behind a name, an ARN, or an ARN without its suffix; None when there is no such secret."""
        secret = self._lookup(secret_id)
        return None if secret is None else secret.name

    def record(self, name: str) -> Record | None:
        secret = self._lookup(name)
        return None if secret is None else records.to_record(secret, self._pruned.get(name, []))

    def restore_record(self, name: str, record: Record | None) -> None:
        """Put a secret back to an earlier state; None is its absence."""
        if record is None:
            dict.pop(self.secrets, name, None)
            self._pruned.pop(name, None)
        else:
            self.secrets[name] = records.from_record(record, self.account_id, self.region_name)
            self._pruned[name] = list(record["pruned"])

    def _is_valid_identifier(self, identifier: str) -> bool:
        return self._lookup(identifier) is not None

    def _usable(self, secret_id: str) -> records.Secret:
        secret = self._lookup(secret_id)
        if secret is None:
            raise SecretNotFoundException
        if secret.is_deleted():
            raise ScheduledForDeletionException
        return secret

    def _lookup(self, secret_id: str) -> records.Secret | None:
        self.drop_expired()
        # moto takes the last part of any partial ARN as a name, whatever region and account it names.
        if secret_id.startswith("arn:") and not secret_id.startswith(self._arn_prefix()):
            return None
        secret = self.secrets.get(secret_id)
        return secret if isinstance(secret, records.Secret) else None

    def drop_expired(self) -> None:
        now = self._seconds()
        for name, secret in list(dict.items(self.secrets)):
            if isinstance(secret, records.Secret) and secret.deleted_date is not None and secret.deleted_date <= now:
                self.restore_record(name, None)

    def _add_version(
        self, secret: records.Secret, version_id: str, text: str | None, binary: str | None, stages: list[str]
    ) -> None:
        now = self._seconds()
        self._pruned.setdefault(secret.name, []).extend(labels.prune(secret.versions, now))
        version: dict[str, Any] = {"version_id": version_id, "createdate": now, "version_stages": []}
        if text is not None:
            version["secret_string"] = text
        if binary is not None:
            version["secret_binary"] = binary
        secret.versions[version_id] = version
        labels.place(secret.versions, version_id, stages)
        records.follow_current(secret)
        secret.last_changed_date = now

    def _arn_prefix(self) -> str:
        partition = get_partition(self.region_name)
        return f"arn:{partition}:secretsmanager:{self.region_name}:{self.account_id}:secret:"

    def _seconds(self) -> int:
        return int(self._now().timestamp())
