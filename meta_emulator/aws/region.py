"""One region's secrets, as one call finds and changes them."""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING

from meta_emulator.aws import replicas
from meta_emulator.aws.errors import not_found, scheduled

if TYPE_CHECKING:
    from collections.abc import Container

    from meta_emulator.aws.secret import Secret
    from meta_emulator.aws.statefile import Everywhere

ACCOUNT = "123456789012"
SUFFIX = string.ascii_letters + string.digits


class Region:
    """The secrets of the region that a call is signed for.

    Args:
        name: Of the region.
        everywhere: All secrets; what the call changes is changed here.
        now: The emulator's time, in whole seconds.
        functions: ARNs of the Lambda functions that can be called.
    """

    def __init__(self, name: str, everywhere: Everywhere, now: int, functions: Container[str] = ()) -> None:
        self.name = name
        self.now = now
        self.functions = functions
        self._everywhere = everywhere
        self._arns = f"arn:{replicas.partition(name)}:secretsmanager:{name}:{ACCOUNT}:secret:"

    def all(self) -> list[Secret]:
        return list(self._everywhere.get(self.name, {}).values())

    def elsewhere(self, region: str, name: str) -> Secret | None:
        """What has this name in another region."""
        return self._everywhere.get(region, {}).get(name)

    def find(self, secret_id: str) -> Secret | None:
        """The secret of a name, an ARN, or an ARN without its suffix."""
        held = self._everywhere.get(self.name, {})
        if not secret_id.startswith("arn:"):
            return held.get(secret_id)
        name = secret_id.removeprefix(self._arns)
        whole = held.get(name.rpartition("-")[0])
        return whole if whole is not None and whole.arn == secret_id else held.get(name)

    def known(self, secret_id: str) -> Secret:
        """The secret, also one that is scheduled for deletion; ResourceNotFoundException when there is none."""
        secret = self.find(secret_id)
        if secret is None:
            raise not_found()
        return secret

    def usable(self, secret_id: str) -> Secret:
        """The secret; InvalidRequestException for one that is scheduled for deletion."""
        secret = self.known(secret_id)
        if secret.deleted_date is not None:
            raise scheduled()
        return secret

    def new_arn(self, name: str) -> str:
        return f"{self._arns}{name}-{''.join(secrets.choice(SUFFIX) for _ in range(6))}"

    def put(self, secret: Secret) -> Secret:
        """Store a secret in its own region, and bring its replicas up to date."""
        self._everywhere.setdefault(secret.region, {})[secret.name] = secret
        for status in secret.replication:
            if status["Status"] != replicas.FAILED:
                self.put(replicas.copied(secret, status["Region"], status["KmsKeyId"]))
        return secret

    def drop(self, name: str, region: str | None = None) -> None:
        """Forget a secret of this region, or of another one."""
        self._everywhere.get(region or self.name, {}).pop(name, None)
