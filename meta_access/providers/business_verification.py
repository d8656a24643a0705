"""BusinessVerification: Meta's check of the business. A person hands the papers in; Graph shows how far it is.

Read: GET /{business-id}, field verification_status. Values: reference of the Business node,
https://developers.facebook.com/docs/marketing-api/reference/business (Graph v26.0, read 2026-11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pulumi import Input, ResourceOptions

from meta_access.gates.status import Actor, NextStep, Observation, Phase
from meta_access.providers._declaration import Evidence
from meta_access.providers._gate import AS_DECLARED, GateProvider, GateResource, business_shown, place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.providers._deployment import Key
    from meta_access.providers._live import Live

VERIFIED = "verified"
_PHASES = {
    "not_verified": Phase.NOT_STARTED,
    "pending_submission": Phase.NOT_STARTED,
    "pending": Phase.SUBMITTED,
    "pending_need_more_info": Phase.SUBMITTED,
    "failed": Phase.DECLINED,
    "rejected": Phase.DECLINED,
    "revoked": Phase.DECLINED,
    "expired": Phase.DECLINED,
    "ineligible": Phase.DECLINED,
}
_WITH_US = frozenset({"pending_need_more_info", "pending_submission"})


class BusinessVerificationProvider(GateProvider):
    kind = "business verification"
    identified_by = ("connection",)
    own: ClassVar[Mapping[str, Any]] = {**GateProvider.own, "state": AS_DECLARED}
    declared = ("state",)
    link = "business_verification"

    def key(self, props: Mapping[str, Any]) -> Key:
        return (self.live(props).connection.business_id,)

    def observe(self, props: Mapping[str, Any], live: Live) -> Observation:
        del props
        business = live.reads.business()
        status = business.verification_status
        if not status:
            return Observation(None, reason="Meta did not say verification_status.")
        if status == VERIFIED:
            return Observation(met=True, value=status, source="graph")
        return Observation(
            met=False,
            value=status,
            source="graph",
            reason=f"Meta reports {business.name or business.id} as {status}.",
            phase=_PHASES.get(status, Phase.NOT_STARTED),
            waiting_on=Actor.US if status in _WITH_US else None,
        )

    def step(self, props: Mapping[str, Any], live: Live, seen: Observation) -> NextStep:
        del props
        act = (
            "Give Meta the further papers it asks for"
            if seen.value == "pending_need_more_info"
            else "Verify the business"
        )
        return NextStep(
            what=f"{act}: a business admin does it, with the register entry and a bill or bank statement at hand.",
            **place(live, self.link),
            expect=business_shown(live),
            wait="Wait for Meta's review of the papers.",
        )

    def live_inputs(self, seen: Observation) -> dict[str, Any]:
        return {"state": seen.value}

    def farewell(self, outs: Mapping[str, Any]) -> str:
        del outs
        return "The business stays as it is at Meta. Nothing has to be done."


class BusinessVerification(GateResource, provider=BusinessVerificationProvider):
    """The verification of the connection's business."""

    def __init__(
        self,
        resource_name: str,
        *,
        connection: Input[str],
        evidence: Evidence | None = None,
        owner: Input[str] | None = "",
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(resource_name, locals(), opts)
