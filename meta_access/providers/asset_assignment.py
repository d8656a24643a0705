"""AssetAssignment: the tasks of a system user on one asset.

POST /{asset-id}/assigned_users replaces the whole set, and Meta adds implied tasks, so sets are compared after adding
them: https://developers.facebook.com/docs/business-management-apis/business-asset-management (Graph v26.0, read
2026-11). A share that its owner withdrew shows as drift: it is other people's doing, and must not stop a refresh.

A business built by hand has grants before its stack declares them. A create over one that is just as declared writes
nothing, and waits for no gate. Where less is declared it takes no task away unless `replace_existing` says so: what is
there and not declared stands in the output `kept`, and every refresh names it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pulumi import Input, Output, ResourceOptions
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
from meta_access.graph import assigned_users, whereabouts
from meta_access.graph.business_assets import CLIENT, OWNED
from meta_access.ids import INSTAGRAM_IDS, Asset, parse_asset
from meta_access.providers._base import MetaProvider, hold_back
from meta_access.providers._boundary import say, will_be_refused
from meta_access.providers._declaration import AssetId, Flag, Form, GraphId, Quiet, TextMap, one_of
from meta_access.providers._deployment import DEPLOYMENT
from meta_access.providers._gate import place
from meta_access.providers._resource import MetaResource
from meta_access.providers._values import in_order, unknown
from meta_access.providers.asset_share import beyond

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.providers._deployment import Key
    from meta_access.providers._live import Live

OWN = "own"
ACCESS = (OWN, "partner", "login")
_PLACE = frozenset({"connection", "system_user_id", "asset"})


class AssetAssignmentProvider(MetaProvider):
    kind = "asset assignment"
    ends_access = True
    in_turn = True
    # A stack has hundreds, and with a ninth output each of them takes the engine longer to write than with eight.
    keeps_stack_id = False
    identified_by = ("connection", "system_user_id", "asset")

    def validate(self, olds: Mapping[str, Any], props: dict[str, Any]) -> list[CheckFailure]:
        del olds
        asset, tasks = props["asset"], props.get("tasks")
        if unknown(asset) or unknown(tasks):
            return []
        allowed = {kind: rule.allowed for kind, rule in self.live(props).rules.task_enums.items()}
        why = validation.task(parse_asset(str(asset)).kind, tasks, allowed)
        return [CheckFailure("tasks", why)] if why else []

    def key(self, props: Mapping[str, Any]) -> Key:
        return (props["connection"], props["system_user_id"], props["asset"])

    def look_ahead(self, olds: Mapping[str, Any], props: dict[str, Any]) -> None:
        """Say what Meta will refuse, and what a create or `replace_existing` changes about a grant that is there."""
        live, asked = self.live(props), [props.get(name) for name in ("asset", "tasks")]
        same = asked == [olds.get(name) for name in ("asset", "tasks")]
        takes = props["replace_existing"] is True and not olds.get("replace_existing", False)
        if unknown(asked) or live.offline or DEPLOYMENT.writes or (same and not takes):
            return
        asset = parse_asset(props["asset"])
        if not same and (why := _doom(live, asset, props, was_there=bool(olds) and _same_place(olds, props))):
            will_be_refused(self.kind, props["label"], f"assigning {asset}: {why}.")
        elif (not olds or takes) and not unknown([props["system_user_id"], props["replace_existing"]]):
            found = live.reads.assigned_before(props["system_user_id"], asset.kind).get(asset.graph_id, ())
            if meets := Meeting.of(live, asset, found, props):
                say(f"{self.kind} {props['label']}: {meets.sentence(asset, props['system_user_id'])}")

    def make(self, props: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        live, asset, user = self.live(props), parse_asset(props["asset"]), props["system_user_id"]
        try:
            found = live.reads.assigned_before(user, asset.kind).get(asset.graph_id, ())
        except (NotFoundError, PermissionDeniedError, InvalidRequestError) as error:
            # Meta lists some kinds for some apps only; an assignment must not depend on that.
            say(
                f"{self.kind} {props.get('label', '')}: what was assigned before could not be read, so it goes. {error}"
            )
            found = ()
        meets = Meeting.of(live, asset, found, props)
        if meets is None and not _stands(live, asset, user, found):
            _assign(live, asset, props, live.rules.expand_tasks(asset.kind, props["tasks"]))
        if meets is None:
            return f"{user}/{asset}", {"kept": []}
        if meets.comes or meets.goes:
            _assign(live, asset, props, meets.after)
        say(f"{self.kind} {props.get('label', '')}: {meets.sentence(asset, user)}")
        return f"{user}/{asset}", {"kept": list(meets.kept)}

    def widens(self, props: dict[str, Any]) -> bool:
        live, asset = self.live(props), parse_asset(props["asset"])
        try:
            found = live.reads.assigned_before(props["system_user_id"], asset.kind).get(asset.graph_id, ())
        except (NotFoundError, PermissionDeniedError, InvalidRequestError):
            return True
        has, wanted = (set(live.rules.expand_tasks(asset.kind, tasks)) for tasks in (found, props["tasks"]))
        return not wanted <= has

    def look(self, id_: str, outs: dict[str, Any]) -> ReadResult:
        live, asset = self.live(outs), parse_asset(outs["asset"])
        try:
            found = live.reads.tasks(outs["system_user_id"], asset)
        except NotFoundError:
            found = ()
        except AuthError:
            raise
        except GraphError as error:
            return self.not_looked_at(id_, outs, error)  # one client's trouble
        there, declared = (set(live.rules.expand_tasks(asset.kind, tasks)) for tasks in (found, outs["tasks"]))
        kept = sorted(there & set(outs["kept"]) - declared)
        if kept:
            say(
                f"{self.kind} {outs.get('label', '')}: system user {outs['system_user_id']} keeps {', '.join(kept)} on "
                f"{asset}, which is not declared. Declare it, or take it away with replace_existing: true."
            )
        tasks = outs["tasks"] if there - set(kept) == declared else sorted(set(found) - set(kept))
        return ReadResult(id_, {**outs, "tasks": tasks, "kept": kept}, self.inputs_of(outs, tasks=tasks))

    def change(self, id_: str, outs: dict[str, Any], props: dict[str, Any], changed: frozenset[str]) -> dict[str, Any]:
        del id_
        live, user, asset = self.live(props), props["system_user_id"], parse_asset(props["asset"])
        if changed & _PLACE:
            hold_back(props, f"assigning {asset} to system user {user}")
            _, facts = self.make(props)
            self._leave(outs)
            return facts
        kept = [] if props["replace_existing"] else outs["kept"]
        before = live.rules.expand_tasks(asset.kind, [*outs["tasks"], *outs["kept"]])
        after = live.rules.expand_tasks(asset.kind, [*props["tasks"], *kept])
        if added := sorted(set(after) - set(before)):
            hold_back(props, f"giving {', '.join(added)} on {asset} to system user {user}")
        if after != before:
            _assign(live, asset, props, after, was_there=True)
        if gone := sorted(set(before) - set(after)):
            _see_gone(live, asset, user, gone)
        return {"kept": sorted(set(kept) - set(live.rules.expand_tasks(asset.kind, props["tasks"])))}

    def end(self, id_: str, outs: dict[str, Any]) -> str:
        del id_
        return _unassign(self.live(outs), outs)

    def upgrade(self, outs: Mapping[str, Any]) -> dict[str, Any]:
        return {"kept": [], **super().upgrade(outs)}

    def _leave(self, outs: Mapping[str, Any]) -> None:
        holder = DEPLOYMENT.holder(type(self).__name__, self.key(outs))
        if holder is None:
            say(f"{self.kind} {outs.get('label', '')}: {_unassign(self.live(outs), outs)}")


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """A create that meets a grant which is there already; all tasks sorted.

    Attributes:
        now: What Meta lists.
        after: What the user will have, implied tasks included.
        kept: What it has, is not declared, and stays.
        implied: Of what comes, the tasks that those it has imply already.
    """

    now: tuple[str, ...]
    after: tuple[str, ...]
    kept: tuple[str, ...]
    comes: tuple[str, ...]
    goes: tuple[str, ...]
    implied: tuple[str, ...]

    @classmethod
    def of(cls, live: Live, asset: Asset, found: Sequence[str], props: Mapping[str, Any]) -> Meeting | None:
        """What a create would do to a grant; None where there is none, or it is just as declared."""
        has, wanted = (set(live.rules.expand_tasks(asset.kind, tasks)) for tasks in (found, props["tasks"]))
        asked = set(props["tasks"])
        if not found or set(found) in (wanted, asked):
            return None
        kept = set() if props["replace_existing"] else has - wanted
        comes = wanted - set(found) if asked - set(found) else set()
        sets = {"now": set(found), "after": wanted | kept, "kept": kept, "comes": comes, "goes": has - wanted - kept}
        return cls(**{name: tuple(sorted(tasks)) for name, tasks in {**sets, "implied": comes & has}.items()})

    def sentence(self, asset: Asset, user: str) -> str:
        parts = [f"on {asset} system user {user} has {', '.join(self.now)} => {', '.join(self.after)}"]
        if self.comes:
            known = f", of which it has {', '.join(self.implied)} by implication" if self.implied else ""
            parts.append(f"{', '.join(self.comes)} added{known}")
        if self.goes:
            parts.append(f"{', '.join(self.goes)} taken away, because replace_existing is true")
        if self.kept:
            parts.append(
                f"{', '.join(self.kept)} not declared and kept: declare it, or set replace_existing: true to take it "
                "away"
            )
        return "; ".join(parts) + "."


def _stands(live: Live, asset: Asset, user: str, found: Sequence[str]) -> bool:
    """Whether a grant that was there at first is there still: this process may have taken it away since."""
    return bool(found) and live.reads.assigned(user, asset.kind).get(asset.graph_id, ()) == found


def _assign(
    live: Live, asset: Asset, props: Mapping[str, Any], tasks: Sequence[str], *, was_there: bool = False
) -> None:
    user = props["system_user_id"]
    try:
        assigned_users.assign(live.client, asset, user, tasks)
    except (NotFoundError, PermissionDeniedError, InvalidRequestError) as error:
        gone = _gone(live, asset, props) if was_there and not isinstance(error, InvalidRequestError) else ""
        refused = _explained(error, live, asset, props, tasks, gone=gone)
    else:
        return
    finally:
        live.reads.assignment_written(user, asset)
    raise refused


def _unassign(live: Live, outs: Mapping[str, Any]) -> str:
    """Take it away and read back; answers the sentence to print."""
    asset, user = parse_asset(outs["asset"]), outs["system_user_id"]
    refused: GraphError | None = None
    try:
        assigned_users.unassign(live.client, asset, user)
    except (NotFoundError, PermissionDeniedError, InvalidRequestError) as error:
        # It is gone, its share was withdrawn and took it along, or Meta has no removal for this kind: the list tells.
        refused = error
    finally:
        live.reads.assignment_written(user, asset)
    try:
        left = _left(live, asset, user)
    except (PermissionDeniedError, InvalidRequestError) as error:
        # Meta lists some kinds for some apps only: what it answered to the removal counts.
        if refused is not None:
            raise refused from None
        where = place(live, "system_users")
        return (
            f"Meta answered that {asset} was taken from system user {user}, and its list could not be read back, so "
            f"look in {where['menu']}, at {where['where']}, whether it is gone. {error}"
        )
    if left:
        raise _not_removed(asset, user, left, refused, live)
    return f"{asset} is no longer assigned to system user {user}."


def _left(live: Live, asset: Asset, user: str) -> tuple[str, ...]:
    """The tasks that a user still has."""
    try:
        return live.reads.assigned(user, asset.kind).get(asset.graph_id, ())
    except NotFoundError:
        return ()  # the user itself is gone


def _see_gone(live: Live, asset: Asset, user: str, gone: Sequence[str]) -> None:
    """Read back what a narrowing was to take away: Meta answers success and may keep it."""
    try:
        left = sorted(set(_left(live, asset, user)) & set(gone))
    except (PermissionDeniedError, InvalidRequestError) as error:
        say(f"what system user {user} still has on {asset} could not be read back: {error}")
        return
    if left:
        raise _not_removed(asset, user, left, None, live)


def _not_removed(
    asset: Asset, user: str, left: Sequence[str], refused: GraphError | None, live: Live
) -> InvalidRequestError:
    where = place(live, "system_users")
    answer = f"Meta's answer: {refused}" if refused is not None else "Meta answered success and kept it."
    return InvalidRequestError(
        f"taking {asset} from system user {user} failed: it still has {', '.join(left)} there. {answer} The resource "
        "stays in the state.",
        next_step=(
            "Only a person can do this: remove the asset from the system user in "
            f"{where['menu']}, at {where['where']}; then `pulumi up` again."
        ),
    )


def _same_place(olds: Mapping[str, Any], props: Mapping[str, Any]) -> bool:
    return all(olds.get(name) == props.get(name) for name in _PLACE)


def _gone(live: Live, asset: Asset, props: Mapping[str, Any]) -> str:
    """What has become of an asset that was assigned, and the command that follows; "" where nothing shows it."""
    connection = live.connection
    declared = connection.business_id if props.get("access") == OWN else ""
    now = whereabouts.look(live.reads, asset, declared)
    business = f"business {connection.business_name} ({connection.business_id})"
    told = whereabouts.told(str(asset), now, business=business, declared="")
    return f"{told}. {whereabouts.follows(str(asset), now)}" if told else ""


def _doom(live: Live, asset: Asset, props: Mapping[str, Any], *, was_there: bool) -> str:
    """Why Meta will refuse an assignment, as far as the lists of the business show; "" when they do not."""
    if asset.graph_id in live.reads.business_assets(OWNED, asset.kind):
        return ""
    permitted = live.reads.business_assets(CLIENT, asset.kind).get(asset.graph_id)
    business = f"business {live.connection.business_name} ({live.connection.business_id})"
    if permitted is None and was_there and (gone := _gone(live, asset, props)):
        return gone
    if permitted is None:
        step = _come_by(props, business)
        return f"it is neither among the assets of {business} nor among those that others share with it. {step}"
    if lacking := beyond(live, asset, props["tasks"], permitted):
        return (
            f"its owner permits {', '.join(permitted)} there, and not {', '.join(lacking)}. Let the owner permit that, "
            "or declare fewer tasks"
        )
    return ""


def _come_by(props: Mapping[str, Any], business: str, tasks: Sequence[str] = ()) -> str:
    """How an asset gets to a business, as far as it is known whose it is; without a full stop."""
    add = f"add it to {business} (Business settings > Accounts > Add)"
    share = f"let its owner share it with {business}" + (f" for {', '.join(tasks)}" if tasks else "")
    access = props.get("access")  # nothing of it in what older versions wrote
    step = add if access == OWN else share if access else f"if it is yours, {add}; else {share}"
    step = step[0].upper() + step[1:]
    return f"{step}. {INSTAGRAM_IDS}" if parse_asset(props["asset"]).kind == "instagram" else step


def _explained(
    error: GraphError, live: Live, asset: Asset, props: Mapping[str, Any], tasks: Sequence[str], *, gone: str
) -> GraphError:
    user = props["system_user_id"]
    business = f"business {live.connection.business_name} ({live.connection.business_id})"
    if gone:
        why, step = gone, "Then `pulumi up` again."
    elif isinstance(error, NotFoundError):
        shared = f"it is not shared with {business}, or does not exist"
        why = f"{business} does not hold it, or it does not exist" if props.get("access") == OWN else shared
        step = f"{_come_by(props, business)}, then `pulumi up` again."
    elif isinstance(error, PermissionDeniedError):
        why, step = _not_permitted(live, asset, props, tasks, business)
    else:
        why, step = f"Meta does not take the tasks {', '.join(tasks)} on it", "Declare a set that the asset permits."
    text = f"assigning {asset} to system user {user} failed: {why}. {step} Nothing was changed. Meta's answer: {error}"
    return type(error)(text, code=error.code, subcode=error.subcode, fbtrace_id=error.fbtrace_id)


def _not_permitted(
    live: Live, asset: Asset, props: Mapping[str, Any], tasks: Sequence[str], business: str
) -> tuple[str, str]:
    permitted: Sequence[str] = ()
    with contextlib.suppress(MetaAccessError):
        permitted = live.reads.business_assets(CLIENT, asset.kind).get(asset.graph_id, ())
    if lacking := beyond(live, asset, tasks, permitted):
        why = f"its owner permits {business} only {', '.join(permitted)} on it, and not {', '.join(lacking)}"
        return why, f"Let its owner permit {', '.join(lacking)} as well, or declare fewer tasks."
    why = f"it belongs to another business and is not shared with {business}, or not for these tasks"
    if props.get("access") == OWN:
        return f"{business} does not own it", f"{_come_by(props, business)}."
    return why, f"{_come_by(props, business, tasks)}, or declare fewer tasks."


class AssetAssignment(MetaResource, provider=AssetAssignmentProvider):
    """Tasks of a system user on an ad account, a Page or another asset.

    Args:
        system_user_id: The user, by the id that the app sees.
        asset: `act_…` for an ad account, else the kind in front: `page:…`, `catalog:…`, `pixel:…`, `waba:…`,
            `instagram:…`, or `group:…` for a business asset group.
        tasks: The whole set, in names of the rule set in use; implied tasks may be left out. On a group each names its
            kind: `ad_account:ANALYZE`, `page:ADVERTISE`.
        replace_existing: Whether tasks that the user had before this resource, and that are not declared, go. A client
            and an identity of a stack file have it too.
        access: `own`, `partner` or `login`: whose the asset is, so that a refusal says "add it to your business" or
            "let its owner share it"; changes nothing at Meta.
        requires: Gate to status, read in block mode: a create, or an update that adds a task, waits until every one is
            satisfied.

    Attributes:
        kept: The tasks that the user had before and that stay undeclared.
    """

    system_user_id: Output[str]
    asset: Output[str]
    tasks: Output[list[str]]
    kept: Output[list[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        connection: Input[str],
        system_user_id: GraphId,
        asset: AssetId,
        # One that is named twice is refused, so both stay.
        tasks: Annotated[Input[Sequence[Input[str]]], Form(in_order)],
        replace_existing: Annotated[Flag, Quiet()] = False,
        access: Annotated[Input[str], one_of(ACCESS)] = "",
        requires: TextMap | None = None,
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(resource_name, locals(), opts)
