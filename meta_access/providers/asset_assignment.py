"""AssetAssignment: the tasks of a system user on one asset.

POST /{asset-id}/assigned_users replaces the whole set, and Meta adds implied tasks, so sets are compared after adding
them: https://developers.facebook.com/docs/business-management-apis/business-asset-management (Graph v26.0, read
2026-11). A share that its owner withdrew shows as drift: it is other people's doing, and must not stop a refresh.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import CheckFailure, ReadResult

from meta_access import validation
from meta_access.errors import (
    AuthError,
    GraphError,
    InvalidRequestError,
    MetaAccessError,
    NotFoundError,
    PermissionDeniedError,
)
from meta_access.graph import assigned_users, snapshot
from meta_access.graph.business_assets import CLIENT
from meta_access.ids import Asset, parse_asset
from meta_access.providers._base import MetaProvider, hold_back
from meta_access.providers._boundary import say
from meta_access.providers._record import RECORD
from meta_access.providers._resource import MetaResource
from meta_access.providers._values import sorted_texts, unknown
from meta_access.providers.asset_share import beyond

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi import Input, Output, ResourceOptions

    from meta_access.providers._live import Live
    from meta_access.providers._record import Key

_PLACE = frozenset({"connection", "system_user_id", "asset"})


class AssetAssignmentProvider(MetaProvider):
    kind = "asset assignment"
    ends_access = True
    told_apart_by = ("connection", "system_user_id", "asset")
    inputs = ("label", "connection", "system_user_id", "asset", "tasks", "requires")

    def validate(self, olds: Mapping[str, Any], props: dict[str, Any]) -> list[CheckFailure]:
        del olds
        user, asset = props.get("system_user_id"), props.get("asset")
        reasons = {
            "system_user_id": None if unknown(user) else validation.graph_id(user),
            "asset": None if unknown(asset) else validation.asset(asset),
        }
        failures = [CheckFailure(name, why) for name, why in reasons.items() if why]
        if not failures and not unknown(asset) and not unknown(props.get("tasks")):
            allowed = {kind: rule.allowed for kind, rule in self.live(props).rules.task_enums.items()}
            if why := validation.task(parse_asset(str(asset)).kind, props.get("tasks"), allowed):
                failures.append(CheckFailure("tasks", why))
        props["tasks"] = sorted_texts(props.get("tasks"))
        return failures

    def key(self, props: Mapping[str, Any]) -> Key:
        return (props["connection"], props["system_user_id"], props["asset"])

    def look_ahead(self, olds: Mapping[str, Any], props: dict[str, Any]) -> list[CheckFailure]:
        """Tell what the owner of an asset does not permit. One client's trouble must not stop an update for others."""
        live, asked = self.live(props), [props.get(name) for name in ("asset", "tasks")]
        if unknown(asked) or live.offline or asked == [olds.get(name) for name in ("asset", "tasks")]:
            return []
        asset = parse_asset(props["asset"])
        try:
            permitted = live.snapshot.business_assets(CLIENT, asset.kind).get(asset.graph_id, ())
        except MetaAccessError:
            return []
        if lacking := beyond(live, asset, props["tasks"], permitted):
            say(
                f"{self.kind} {props['label']}: the owner of {asset} permits {', '.join(permitted)} there, and not "
                f"{', '.join(lacking)}, so Meta will refuse it. Let the owner permit that, or declare fewer tasks."
            )
        return []

    def make(self, props: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        _assign(self.live(props), props)
        return f"{props['system_user_id']}/{props['asset']}", {}

    def look(self, id_: str, outs: dict[str, Any]) -> ReadResult:
        live, asset = self.live(outs), parse_asset(outs["asset"])
        try:
            found = live.snapshot.assigned(outs["system_user_id"], asset.kind).get(asset.graph_id, ())
        except NotFoundError:
            found = ()
        except AuthError:
            raise
        except GraphError as error:
            return self.not_looked_at(id_, outs, error)  # one client's trouble
        same = live.rules.expand_tasks(asset.kind, found) == live.rules.expand_tasks(asset.kind, outs["tasks"])
        tasks = outs["tasks"] if same else sorted(found)
        return ReadResult(id_, {**outs, "tasks": tasks}, self.inputs_of(outs, tasks=tasks))

    def change(self, id_: str, outs: dict[str, Any], props: dict[str, Any], changed: frozenset[str]) -> dict[str, Any]:
        del id_
        live, user, asset = self.live(props), props["system_user_id"], parse_asset(props["asset"])
        if changed & _PLACE:
            hold_back(props, f"assigning {asset} to system user {user}")
            _assign(live, props)
            self._leave(outs)
            return {}
        before = live.rules.expand_tasks(asset.kind, outs["tasks"])
        after = live.rules.expand_tasks(asset.kind, props["tasks"])
        if added := sorted(set(after) - set(before)):
            hold_back(props, f"giving {', '.join(added)} on {asset} to system user {user}")
        if after != before:
            _assign(live, props)
        return {}

    def end(self, id_: str, outs: dict[str, Any]) -> str:
        del id_
        _unassign(self.live(outs), outs)
        return f"{outs['asset']} is no longer assigned to system user {outs['system_user_id']}."

    def _leave(self, outs: Mapping[str, Any]) -> None:
        holder = RECORD.holder(type(self).__name__, self.key(outs))
        if holder is None:
            _unassign(self.live(outs), outs)


def _assign(live: Live, props: Mapping[str, Any]) -> None:
    asset, user = parse_asset(props["asset"]), props["system_user_id"]
    tasks = live.rules.expand_tasks(asset.kind, props["tasks"])
    try:
        assigned_users.assign(live.client, asset, user, tasks)
    except (NotFoundError, PermissionDeniedError, InvalidRequestError) as error:
        refused = _explained(error, live, asset, user, tasks)
    else:
        return
    finally:
        live.snapshot.invalidate(snapshot.ASSIGNED, user)
    raise refused


def _unassign(live: Live, outs: Mapping[str, Any]) -> None:
    asset, user = parse_asset(outs["asset"]), outs["system_user_id"]
    try:
        assigned_users.unassign(live.client, asset, user)
    except NotFoundError:
        return
    except (PermissionDeniedError, InvalidRequestError):
        # A share that was withdrawn took the assignment with it, and Meta then refuses the call.
        live.snapshot.invalidate(snapshot.ASSIGNED, user)
        if asset.graph_id in live.snapshot.assigned(user, asset.kind):
            raise
    finally:
        live.snapshot.invalidate(snapshot.ASSIGNED, user)


def _explained(error: GraphError, live: Live, asset: Asset, user: str, tasks: Sequence[str]) -> GraphError:
    business = f"business {live.connection.business_name} ({live.connection.business_id})"
    if isinstance(error, NotFoundError):
        why = f"it is not shared with {business}, or does not exist"
        step = f"Let its owner share it with {business}, then `pulumi up` again."
    elif isinstance(error, PermissionDeniedError):
        why, step = _not_permitted(live, asset, tasks, business)
    else:
        why, step = f"Meta does not take the tasks {', '.join(tasks)} on it", "Declare a set that the asset permits."
    text = f"assigning {asset} to system user {user} failed: {why}. {step} Nothing was changed. Meta's answer: {error}"
    return type(error)(text, code=error.code, subcode=error.subcode, fbtrace_id=error.fbtrace_id)


def _not_permitted(live: Live, asset: Asset, tasks: Sequence[str], business: str) -> tuple[str, str]:
    permitted: Sequence[str] = ()
    with contextlib.suppress(MetaAccessError):
        permitted = live.snapshot.business_assets(CLIENT, asset.kind).get(asset.graph_id, ())
    if lacking := beyond(live, asset, tasks, permitted):
        why = f"its owner permits {business} only {', '.join(permitted)} on it, and not {', '.join(lacking)}"
        return why, f"Let its owner permit {', '.join(lacking)} as well, or declare fewer tasks."
    why = f"it belongs to another business and is not shared with {business}, or not for these tasks"
    return why, f"Let its owner share it with {business} for {', '.join(tasks)}, or declare fewer tasks."


class AssetAssignment(MetaResource, module="meta", name="AssetAssignment"):
    """Tasks of a system user on an ad account, a Page or another asset.

    Args:
        asset: `act_…`, `page:…`, `catalog:…`, `pixel:…`, `waba:…` or `instagram:…`.
        tasks: The whole set; implied tasks may be left out.
        requires: Gate to status: a create, or an update that adds tasks, waits until every one is satisfied.
    """

    if TYPE_CHECKING:
        system_user_id: Output[str]
        asset: Output[str]
        tasks: Output[list[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        connection: Input[str],
        system_user_id: Input[str],
        asset: Input[str],
        tasks: Input[Sequence[Input[str]]],
        requires: Input[Mapping[str, Input[str]]] | None = None,
        opts: ResourceOptions | None = None,
    ) -> None:
        props: dict[str, Any] = {"connection": connection, "system_user_id": system_user_id, "asset": asset}
        props |= {"tasks": tasks, "requires": requires}
        super().__init__(AssetAssignmentProvider(), resource_name, props, opts)
