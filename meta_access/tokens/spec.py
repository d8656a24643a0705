"""What a resource asks of its secret."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PULUMI = "pulumi"
LAMBDA = "lambda"


@dataclass(frozen=True, kw_only=True)
class TokenSpec:
    """One token, in one secret.

    Attributes:
        project: Pulumi project; with `stack` it is the owner written into the secret's tags.
        expires: True asks for a 60-day token, False for one that never expires.
        keepers: Any change of them asks for another token.
        grace_s: How long a superseded token lives on, counted from when its successor was seen as current.
        rotate_before_s: How long before its recorded expiry a token is no longer enough.
        kms_key: Key of the secret; None means the account's own for Secrets Manager.
        take_over_from: `project/stack` of a foreign owner whose secret may be taken.
        rotation_owner: Who mints once the secret holds a token: `pulumi`, or `lambda` for AWS's own rotation.
        renews: Trigger of what the owner asked for, when it was asked for elsewhere: AWS's rotation mints for the wish
            that Pulumi has written into the secret's tags, and so leaves nothing to do for Pulumi's next run.
        stack_id: The unguessable id of the stack, besides its name; "" where no state can hold it.
        rotate_now: Why the caller thinks a rotation is due. Written into the intent; whether one is due is decided on
            the live secret, so that two runs with the same wish mint once.
    """

    project: str
    stack: str
    secret_name: str
    app_id: str
    business_id: str
    system_user_id: str
    api_version: str
    scopes: tuple[str, ...]
    expires: bool
    keepers: Mapping[str, str] = field(default_factory=dict)
    grace_s: int
    rotate_before_s: int
    kms_key: str | None = None
    take_over_from: str | None = None
    rotation_owner: str = PULUMI
    renews: str | None = None
    stack_id: str = ""
    rotate_now: str | None = None

    @property
    def owner(self) -> str:
        """`project/stack`, as it stands in the tags."""
        return f"{self.project}/{self.stack}"

    @property
    def scope(self) -> str:
        """The scopes as a token's record in the secret has them."""
        return ",".join(sorted(set(self.scopes)))

    @cached_property
    def trigger(self) -> str:
        """Hash of what was asked for. Another trigger means another token; policy (grace and the like) is no part."""
        if self.renews is not None:
            return self.renews
        asked = {
            "app_id": self.app_id,
            "keepers": dict(self.keepers),
            "lifetime": "60d" if self.expires else "never",
            "scopes": sorted(set(self.scopes)),
            "system_user_id": self.system_user_id,
        }
        if self.kms_key is not None:
            asked["kms_key"] = self.kms_key
        return "sha256:" + hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
