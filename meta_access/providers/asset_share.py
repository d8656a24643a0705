"""AssetShare: a client's asset, shared with our business by its owner. Only an admin of the client does that.

Read: GET /{business-id}/client_ad_accounts, owned_ad_accounts, pending_client_ad_accounts and their siblings,
https://developers.facebook.com/docs/marketing-api/reference/business (Graph v26.0, read 2026-11). What the owner
permits our business is all that it can hand on to a system user.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi import Input, ResourceOptions
from pulumi.dynamic import CheckFailure

from meta_access import validation
from meta_access.gates.status import Actor, Desired, NextStep, Observation, Phase, Status
from meta_access.graph import whereabouts
from meta_access.graph.business_assets import CLIENT, OWNED, PENDING
from meta_access.graph.whereabouts import Fate, Whereabouts
from meta_access.ids import parse_asset
from meta_access.providers._declaration import AssetId, Evidence, GraphId, TextSet
from meta_access.providers._gate import GateProvider, GateResource, business_shown
from meta_access.providers._values import unknown
from meta_access.stack import gate_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meta_access.ids import Asset
    from meta_access.providers._deployment import Key
    from meta_access.providers._live import Live


class AssetShareProvider(GateProvider):
    kind = "asset share"
    identified_by = ("connection", "asset")
    declared = ("owner_business", "asset", "tasks")
    link = "share_asset"

    def validate(self, olds: Mapping[str, Any], props: dict[str, Any]) -> list[CheckFailure]:
        del olds
        business, asset, tasks = props["owner_business"], props["asset"], props.get("tasks")
        if unknown([business, asset, tasks]):
            return []
        live, failures = self.live(props), []
        if business == live.connection.business_id:
            failures.append(CheckFailure("owner_business", "is our own business, with which nothing has to be shared."))
        allowed = {kind: rule.allowed for kind, rule in live.rules.task_enums.items()}
        if why := validation.task(parse_asset(str(asset)).kind, tasks, allowed):
            failures.append(CheckFailure("tasks", why))
        return failures

    def key(self, props: Mapping[str, Any]) -> Key:
        return (self.live(props).connection.business_id, props["asset"])

    def observe(self, props: Mapping[str, Any], live: Live) -> Observation:
        asset, tasks = parse_asset(props["asset"]), props["tasks"]
        permitted = live.reads.business_assets(CLIENT, asset.kind).get(asset.graph_id)
        if permitted is not None:
            lacking = beyond(live, asset, tasks, permitted)
            if not lacking and (owner := _other_owner(props, live)):
                return _open({"owner_business": owner}, _told(props, live, Whereabouts(Fate.MOVED, owner)))
            if not lacking:
                return Observation(met=True, value=tasks, source="graph")
            reason = f"Its owner permits {', '.join(permitted)}, and not {', '.join(lacking)}."
            return _open(list(permitted), reason)
        if asset.graph_id in live.reads.business_assets(OWNED, asset.kind):
            return Observation(met=True, value=tasks, source="graph")
        if asset.graph_id in live.reads.business_assets(PENDING, asset.kind):
            return _open([], "It is asked for, and its owner has not answered.", Phase.SUBMITTED)
        gone = _told(props, live, _whereabouts(props, live)) if _was_shared(props) else ""
        return _open([], gone or f"{asset} is not among the assets that others share with {business_shown(live)}.")

    def step(self, props: Mapping[str, Any], live: Live, seen: Observation) -> NextStep:
        ours, theirs = live.connection.business_id, props["owner_business"]
        link = live.rules.links[self.link]
        wanted = ", ".join(props["tasks"])
        told = ""
        if isinstance(seen.value, dict):
            told = seen.reason
        elif seen.met is False and _was_shared(props):
            told = _told(props, live, _whereabouts(props, live))
        if seen.phase is Phase.SUBMITTED:
            act = f"approve the request of {business_shown(live)} for {props['asset']}, with {wanted}"
        else:
            act = f"share {props['asset']} with {business_shown(live)} for {wanted}"
        return NextStep(
            what=told or f"Ask the client to {act}: an admin of its business {theirs} does it, nobody on our side can.",
            where=link.at(app_id=live.connection.app_id, business_id=theirs),
            menu=link.menu,
            expect=business_shown(live),
            paste=f"Partner business ID: {ours}\nAsset: {props['asset']}\nTasks: {wanted}",
        )

    def desired(self, props: Mapping[str, Any], live: Live, seen: Observation) -> Desired:
        step = self.step(props, live, seen)
        return Desired(self.subject(props), live.connection.app_id, step, reviewer=Actor.CLIENT)

    def live_inputs(self, seen: Observation) -> dict[str, Any]:
        return dict(seen.value) if isinstance(seen.value, dict) else {"tasks": seen.value}

    def farewell(self, outs: Mapping[str, Any]) -> str:
        return (
            f"{outs.get('asset')} stays shared until the client's business {outs.get('owner_business')} ends that; ask "
            "it to, under Business settings > Users > Partners."
        )


def _was_shared(props: Mapping[str, Any]) -> bool:
    """Whether the last look found it shared, or missed it already."""
    return props.get("status") in {Status.SATISFIED, Status.DRIFTED}


def _other_owner(props: Mapping[str, Any], live: Live) -> str:
    """The business that shares the asset, where that is another one than declared."""
    asset = parse_asset(props["asset"])
    owner = live.reads.asset_owners(asset.kind).get(asset.graph_id, "")
    return owner if owner not in {"", str(props["owner_business"]), live.connection.business_id} else ""


def _whereabouts(props: Mapping[str, Any], live: Live) -> Whereabouts:
    return whereabouts.look(live.reads, parse_asset(props["asset"]), str(props["owner_business"]))


def _told(props: Mapping[str, Any], live: Live, now: Whereabouts) -> str:
    """What has become of it, and the command that follows; "" where there is nothing to say."""
    asset, declared = str(props["asset"]), str(props["owner_business"])
    told = whereabouts.told(asset, now, business=business_shown(live), declared=declared)
    client = gate_names.client_of_share(str(props.get("label", "")), asset)
    return f"{told[0].upper()}{told[1:]}. {whereabouts.follows(asset, now, client)}." if told else ""


def beyond(live: Live, asset: Asset, tasks: Sequence[str], permitted: Sequence[str]) -> list[str]:
    """The tasks, implied ones included, that an owner does not permit our business; none where Meta does not say."""
    if not permitted:
        return []
    return sorted(set(live.rules.expand_tasks(asset.kind, tasks)) - set(live.rules.expand_tasks(asset.kind, permitted)))


def _open(value: list[str] | dict[str, str], reason: str, phase: Phase | None = None) -> Observation:
    return Observation(met=False, value=value, source="graph", reason=reason, phase=phase, waiting_on=Actor.CLIENT)


class AssetShare(GateResource, provider=AssetShareProvider):
    """An asset of a client, shared with the connection's business.

    Args:
        owner_business: The client's business.
        asset: As an AssetAssignment names it.
        tasks: All that is to be handed on to system users; implied tasks may be left out.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        connection: Input[str],
        owner_business: GraphId,
        asset: AssetId,
        tasks: TextSet,
        evidence: Evidence | None = None,
        owner: Input[str] | None = "",
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(resource_name, locals(), opts)
