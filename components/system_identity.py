"""SystemIdentity: a system user, the app installed for it and in its hands, and its token in Secrets Manager."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_random

from meta_access import AppInstallation, SystemUser, SystemUserAppAccess, SystemUserToken
from meta_access.stack import gate_names
from meta_access.stack.plan import SUFFIX

from .known import known
from .renames import called_before

if TYPE_CHECKING:
    from meta_access.stack.plan import IdentityPlan

    from .gate_board import GateBoard

_SUFFIX_BYTES = 4  # eight hex digits: six behind a hyphen would read like the end of an ARN
_FIELDS = (
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
        secret: Name, ARN and expiry of the secret, never a value; None for an identity without a token.
    """

    system_user_id: pulumi.Output[str]
    secret: dict[str, pulumi.Output[Any]] | None

    def __init__(
        self, name: str, *, plan: IdentityPlan, board: GateBoard, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meta:access:SystemIdentity", name, None, opts)
        child, before = pulumi.ResourceOptions(parent=self), plan.renamed_from
        user = SystemUser(
            name,
            connection=plan.connection,
            name=plan.name,
            role=plan.role,
            adopt=plan.adopt,
            on_destroy=plan.on_destroy,
            # An adopted user exists already: taking it over widens nothing.
            requires=None if plan.adopt is not None else board.for_user(plan.connection),
            opts=called_before(
                pulumi.ResourceOptions(parent=self, protect=True) if plan.protect else child,
                before,
            ),
        )
        self.system_user_id = user.id
        self.secret = self._keep_token(plan, user, board) if plan.has_token else None
        kept = {} if self.secret is None else {"secret": known(self.secret)}
        self.register_outputs({"system_user_id": known(self.system_user_id), **kept})

    def _keep_token(self, plan: IdentityPlan, user: SystemUser, board: GateBoard) -> dict[str, pulumi.Output[Any]]:
        name, child, before = plan.key, pulumi.ResourceOptions(parent=self), plan.renamed_from
        installation = AppInstallation(
            name,
            connection=plan.connection,
            system_user_id=user.id,
            opts=called_before(child, before),
        )
        gate = gate_names.app_access(name)
        access = SystemUserAppAccess(
            gate,
            system_user_id=user.id,
            **board.given(gate, plan.connection),
            # Where Meta gives the app along with its installation, the gate is to see that at once.
            opts=called_before(
                pulumi.ResourceOptions(parent=self, depends_on=[installation]), before and gate_names.app_access(before)
            ),
        )
        board.add(gate, access)
        token = SystemUserToken(
            name,
            connection=plan.connection,
            system_user_id=user.id,
            scopes=list(plan.scopes),
            secret_name=self._secret_name(plan),
            lifetime=plan.lifetime,
            rotate_before=plan.rotate_before,
            grace=plan.grace,
            keepers=dict(plan.keepers),
            kms_key=plan.kms_key,
            take_over_from=plan.take_over_from,
            rotation_owner=plan.rotation_owner,
            requires=board.for_work(plan, gate),
            # Meta mints only for an app that the user has installed.
            opts=called_before(pulumi.ResourceOptions(parent=self, depends_on=[installation]), before),
        )
        return {"name": token.secret_name, **{field: getattr(token, field) for field in _FIELDS}}

    def _secret_name(self, plan: IdentityPlan) -> pulumi.Input[str]:
        if SUFFIX not in plan.secret:
            return plan.secret
        before = None if plan.renamed_from is None else _suffix_of(plan.renamed_from)
        suffix = pulumi_random.RandomId(
            _suffix_of(plan.key),
            byte_length=_SUFFIX_BYTES,
            opts=called_before(pulumi.ResourceOptions(parent=self), before),
        )
        return suffix.hex.apply(lambda digits: plan.secret.replace(SUFFIX, digits))


def _suffix_of(identity: str) -> str:
    return f"{identity}-secret-suffix"
