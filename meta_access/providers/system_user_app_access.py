"""SystemUserAppAccess: full control of the app for a system user. Only a person gives it, and minting fails without it.

An app is an asset of the business, and system users are given it in Business settings: Graph has no call for tasks on
an app. Read: GET /{system-user-id}/assigned_apps, https://developers.facebook.com/docs/marketing-api/reference/business
(Graph v26.0, read 2026-11). That a token is refused without it is what users report; Meta's guide names no such step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pulumi import Input, ResourceOptions

from meta_access.errors import GraphError, InvalidRequestError, MetaAccessError, PermissionDeniedError
from meta_access.gates.status import NextStep, Observation
from meta_access.graph import reads
from meta_access.providers._declaration import Evidence, GraphId
from meta_access.providers._gate import AS_DECLARED, GateProvider, GateResource, business_shown, place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.providers._deployment import Key
    from meta_access.providers._live import Live

FULL_CONTROL = "MANAGE"
LINK = "app_access"


class SystemUserAppAccessProvider(GateProvider):
    kind = "app access of a system user"
    identified_by = ("connection", "system_user_id")
    own: ClassVar[Mapping[str, Any]] = {**GateProvider.own, "state": AS_DECLARED}
    declared = ("system_user_id",)
    link = LINK

    def key(self, props: Mapping[str, Any]) -> Key:
        return (self.live(props).connection.app_id, props["system_user_id"])

    def observe(self, props: Mapping[str, Any], live: Live) -> Observation:
        tasks = live.reads.assigned_apps(props["system_user_id"]).get(live.connection.app_id, ())
        if FULL_CONTROL in tasks:
            return Observation(met=True, value="full control", source="graph")
        value = ", ".join(tasks) or "no access"
        user = props["system_user_id"]
        reason = f"System user {user} has {value} to the app, and Meta mints a token with full control only."
        return Observation(met=False, value=value, source="graph", reason=reason)

    def step(self, props: Mapping[str, Any], live: Live, seen: Observation) -> NextStep:
        del seen
        return NextStep(
            what=(
                f"Give system user {_name(props['system_user_id'], live)} full control of app "
                f"{live.connection.app_display or live.connection.app_name} (id {live.connection.app_id}): a business "
                "admin does it, since Meta has no call for it. Until then Meta refuses to mint a token of that user."
            ),
            **place(live, self.link),
            expect=business_shown(live),
        )

    def live_inputs(self, seen: Observation) -> dict[str, Any]:
        return {"state": seen.value}

    def farewell(self, outs: Mapping[str, Any]) -> str:
        return f"System user {outs.get('system_user_id')} keeps the app until a business admin takes it away."


def _name(system_user_id: str, live: Live) -> str:
    """As Business settings show it: by name, since the id there is another one."""
    if live.offline:
        return system_user_id
    try:
        rows = live.reads.system_users()
    except MetaAccessError:
        return system_user_id
    return next((f"{row.name} (id {system_user_id})" for row in rows if row.id == system_user_id), system_user_id)


def without_access(error: GraphError, live: Live, system_user_id: str, label: str) -> GraphError | None:
    """The refusal of a mint in other words when the user lacks the app; None when that is not why."""
    if not isinstance(error, (PermissionDeniedError, InvalidRequestError)):
        return None
    live.reads.invalidate(reads.ASSIGNED_APPS, system_user_id)
    try:
        tasks = live.reads.assigned_apps(system_user_id).get(live.connection.app_id, ())
    except MetaAccessError:
        return None
    if FULL_CONTROL in tasks:
        return None
    where = place(live, LINK)
    problem = (
        f"minting token {label} failed: system user {_name(system_user_id, live)} has no full control of app "
        f"{live.connection.app_id}, and Meta mints no token without it. No token was made. Meta's answer: "
        f"{error.problem}"
    )
    advice = (
        f"A business admin gives it: {where['menu']}, at {where['where']}; the gate SystemUserAppAccess of this user "
        "shows it and sees when it is done. Then `pulumi up` again."
    )
    return type(error)(problem, code=error.code, subcode=error.subcode, fbtrace_id=error.fbtrace_id, next_step=advice)


class SystemUserAppAccess(GateResource, provider=SystemUserAppAccessProvider):
    """Full control of the connection's app for a system user.

    Args:
        system_user_id: The user, by the id that the app sees.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        connection: Input[str],
        system_user_id: GraphId,
        evidence: Evidence | None = None,
        owner: Input[str] | None = "",
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(resource_name, locals(), opts)
