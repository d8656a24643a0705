"""SystemIdentity: a system user, the app installed for it and in its hands, and its token in Secrets Manager."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_random

from components.known import known
from meta_access import AppInstallation, SystemUser, SystemUserAppAccess, SystemUserToken
from meta_access.spec import gate_names
from meta_access.spec.plan import SUFFIX

if TYPE_CHECKING:
    from components.gate_board import GateBoard
    from meta_access.spec.plan import IdentityPlan

_SUFFIX_BYTES = 4  # eight hex digits: six behind a hyphen would read like the end of an ARN
_TOLD = (
    "arn",
    "version_id",
    "generation",
    "fingerprint",
    "scopes",
    "issued_at",
    "expires_at",
    "superseded",
    "freshness",
)


class SystemIdentity(pulumi.ComponentResource):
    """One identity of `meta:identities`.

    Attributes:
        system_user_id: Known as soon as the user exists; what assignments take.
        secret: Name, ARN and expiry of the secret; never a value.
    """

    system_user_id: pulumi.Output[str]
    secret: dict[str, pulumi.Output[Any]]

    def __init__(
        self, name: str, *, plan: IdentityPlan, board: GateBoard, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meta:access:SystemIdentity", name, None, opts)
        user = SystemUser(
            name,
            connection=plan.connection,
            name=plan.name,
            role=plan.role,
            adopt=plan.adopt,
            on_destroy=plan.on_destroy,
            # An adopted user exists already: taking it over widens nothing.
            requires=None if plan.adopt is not None else board.for_user(plan.connection),
            opts=pulumi.ResourceOptions(parent=self),
        )
        installation = AppInstallation(
            name,
            connection=plan.connection,
            system_user_id=user.id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        gate = gate_names.app_access(name)
        access = SystemUserAppAccess(
            gate,
            system_user_id=user.id,
            **board.given(gate, plan.connection),
            # Where Meta gives the app along with its installation, the gate is to see that at once.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[installation]),
        )
        board.add(gate, access)
        token = SystemUserToken(
            name,
            connection=plan.connection,
            system_user_id=user.id,
            scopes=list(plan.scopes),
            secret_name=self._secret_name(name, plan.secret),
            lifetime=plan.lifetime,
            rotate_before=plan.rotate_before,
            grace=plan.grace,
            keepers=dict(plan.keepers),
            kms_key=plan.kms_key,
            take_over_from=plan.take_over_from,
            rotation_owner=plan.rotation_owner,
            requires=board.for_work(plan, gate),
            # Meta mints only for an app that the user has installed.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[installation]),
        )
        self.system_user_id = user.id
        self.secret = {"name": token.secret_name, **{field: getattr(token, field) for field in _TOLD}}
        self.register_outputs({"system_user_id": known(self.system_user_id), "secret": known(self.secret)})

    def _secret_name(self, name: str, pattern: str) -> pulumi.Input[str]:
        if SUFFIX not in pattern:
            return pattern
        suffix = pulumi_random.RandomId(
            f"{name}-secret-suffix", byte_length=_SUFFIX_BYTES, opts=pulumi.ResourceOptions(parent=self)
        )
        return suffix.hex.apply(lambda digits: pattern.replace(SUFFIX, digits))
