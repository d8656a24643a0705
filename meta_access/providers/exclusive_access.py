"""ExclusiveAccess: nobody but those who are kept has access to some assets, or a system user to no other assets.

Each check reads who holds what and writes into the input `removes` whom the update takes off, so that a preview shows
each by name and an update without one is none. Before a removal the holder is read anew: one that is gone or has other
tasks by then is left. DELETE /{asset-id}/assigned_users for users, DELETE /{asset-id}/agencies for partners:
https://developers.facebook.com/docs/marketing-api/reference/ad-account/assigned_users and …/agencies (Graph v26.0, read
2026-11). Why it is a resource of its own: docs/adr/0013-exclusive-access.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pulumi import Input, Output, ResourceOptions
from pulumi.dynamic import CheckFailure, ReadResult

from meta_access import exclusive
from meta_access.errors import (
    GraphError,
    InvalidRequestError,
    MetaAccessError,
    NotFoundError,
    PermissionDeniedError,
    printable,
)
from meta_access.exclusive import WHYS, Protected, Scope, Verdict
from meta_access.graph import holders, reads
from meta_access.graph.business_users import is_last_admin
from meta_access.graph.holders import HolderKind
from meta_access.ids import parse_asset
from meta_access.providers import _live
from meta_access.providers._base import MetaProvider
from meta_access.providers._boundary import say, say_once
from meta_access.providers._declaration import GraphId, TextSet
from meta_access.providers._gate import place
from meta_access.providers._refusal import REFUSED
from meta_access.providers._resource import MetaResource
from meta_access.providers._values import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.graph.holders import Grant, Holdings
    from meta_access.providers._deployment import Key
    from meta_access.providers._live import Live

MOST_SAID = 10
"""So many removals are said in a sentence each; the input names all."""
_ADMIN = "ADMIN"
_NOT_TAKEN = (NotFoundError, PermissionDeniedError, InvalidRequestError)


class ExclusiveAccessProvider(MetaProvider):
    kind = "exclusive access"
    own: ClassVar[Mapping[str, Any]] = {"removes": [], "stays": []}
    identified_by = ("connection", "assets", "system_user_id")

    def validate(self, olds: Mapping[str, Any], props: dict[str, Any]) -> list[CheckFailure]:
        del olds
        if not unknown([props["assets"], props["system_user_id"]]) and not (props["assets"] or props["system_user_id"]):
            return [CheckFailure("assets", "is empty, and so is system_user_id; name what is held exclusively.")]
        found = []
        for asset in () if unknown(props["assets"]) else props["assets"]:
            try:
                parse_asset(str(asset))
            except ValueError as error:
                found.append(CheckFailure("assets", str(error)))
        return found

    def key(self, props: Mapping[str, Any]) -> Key:
        assets = props["assets"]
        return (props["connection"], props["system_user_id"], assets if unknown(assets) else " ".join(assets))

    def compared(self) -> list[str]:
        # Of the rest nothing follows but who is removed.
        return ["connection", "assets", "system_user_id", "removes"]

    def look_ahead(self, olds: Mapping[str, Any], props: dict[str, Any]) -> None:
        """Write down whom the update takes off, and who stays although nothing keeps them."""
        del olds
        live = self.live(props)
        if live.offline or unknown([props["assets"], props["system_user_id"]]):
            return
        verdict = self._verdict(live, props)
        props["removes"] = [exclusive.as_row(grant) for grant in verdict.removed]
        props["stays"] = [exclusive.as_row(grant, why) for grant, why in verdict.stays]
        says = [f"an update takes {_shown(grant)}, which no line declares." for grant in verdict.removed]
        says += [f"{_shown(grant)} is declared by no line and stays: {WHYS[why]}." for grant, why in verdict.stays]
        for text in says[:MOST_SAID]:
            say(f"{self.kind} {props['label']}: {text}")
        if len(says) > MOST_SAID:
            say(f"{self.kind} {props['label']}: and {len(says) - MOST_SAID} more, which `meta-access who` shows.")

    def make(self, props: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        why = self._take(props)
        # A create that failed would be no resource; this one ends like a refused update, see `_refusal`.
        refused = {REFUSED: why} if why else {}
        return str(props["label"]), {"removes": [], **refused}

    def widens(self, props: dict[str, Any]) -> bool:
        del props
        return False

    def look(self, id_: str, outs: dict[str, Any]) -> ReadResult:
        return ReadResult(id_, outs, self.inputs_of(outs))

    def change(self, id_: str, outs: dict[str, Any], props: dict[str, Any], changed: frozenset[str]) -> dict[str, Any]:
        del id_, outs, changed
        if why := self._take(props):
            raise InvalidRequestError(why)
        return {"removes": []}

    def end(self, id_: str, outs: dict[str, Any]) -> str:
        del id_, outs
        return "nobody is taken off any more; who has access keeps it."

    def upgrade(self, outs: Mapping[str, Any]) -> dict[str, Any]:
        return {"removes": [], "stays": [], **super().upgrade(outs)}

    # --- who is taken off ---

    def _verdict(self, live: Live, props: Mapping[str, Any]) -> Verdict:
        kept = tuple(one for one in props["kept"] if isinstance(one, str) and not unknown(one))
        scope = Scope(frozenset(props["assets"]), str(props["system_user_id"]), kept)
        try:
            seen = live.reads.holders(*sorted({parse_asset(asset).kind for asset in scope.assets}))
            grants = exclusive.beyond(scope, seen)
            protected = _protected(live, grants)
        except MetaAccessError as error:
            say_once(f"who has access was not read, so nobody is taken off what is held exclusively: {error}")
            return Verdict()
        _say_unread(seen)
        return exclusive.decided(grants, scope, seen, protected)

    def _take(self, props: Mapping[str, Any]) -> str:
        """Take everybody off who was shown; answers why somebody was not, or ""."""
        live = self.live(props)
        failed: list[str] = []
        for row in props["removes"]:
            grant = exclusive.of_row(row)
            try:
                say(f"{self.kind} {props['label']}: {_taken(live, grant)}")
            except _NOT_TAKEN as error:
                failed.append(f"{_shown(grant)} was not taken: {printable(error)}")
            except MetaAccessError as error:
                failed.append(f"{_shown(grant)} was not taken, and nobody after that: {printable(error)}")
                break
        live.reads.invalidate(reads.HOLDERS)
        return " ".join(failed)


def _protected(live: Live, grants: Sequence[Grant]) -> Protected:
    """Who is never taken off; nobody is asked where there is nobody to take off."""
    if not grants:
        return Protected()
    business = live.connection.business_id
    ours = [one for one in _live.settings().connections.values() if one.business_id == business]
    own = [reads.reads_for(one).token_user() for one in ours]
    users, people = live.reads.system_users(), []
    if any(grant.holder.kind is HolderKind.PERSON for grant in grants):
        people = live.reads.business_users()
    admins = [row.id for row in users if row.role == _ADMIN]
    last = [*(admins if len(admins) == 1 else []), *(row.id for row in people if is_last_admin(people, row))]
    return Protected(
        frozenset(one.id for one in own),
        frozenset(one.name for one in own if one.name),
        frozenset(last),
        frozenset(one.business_id for one in _live.settings().connections.values()),
    )


def _say_unread(seen: Holdings) -> None:
    for one in seen.unread:
        say_once(f"{one.path} is not shown, so nobody who stands only there is taken off: {one.why}")


def _taken(live: Live, grant: Grant) -> str:
    """Take a holder off, as it was shown and in no other case, and read back; answers the sentence to print."""
    now = holders.tasks_now(live.client, grant.holder, grant.asset)
    if not now:
        return f"{_shown(grant)} is gone already."
    if set(now) != set(grant.tasks):
        return (
            f"{_shown(grant)} has changed to {', '.join(now)} since it was shown, so it is left. The next preview "
            "shows it as it is then."
        )
    refused: GraphError | None = None
    try:
        holders.remove(live.client, grant.holder, grant.asset)
    except _NOT_TAKEN as error:
        refused = error
    finally:
        live.reads.assignment_written(grant.holder.id, grant.asset)
    if holders.tasks_now(live.client, grant.holder, grant.asset):
        if refused is not None:
            raise refused
        where = place(live, "system_users")
        raise InvalidRequestError(
            "Meta answered success and kept it.", next_step=f"Look in {where['menu']}, at {where['where']}."
        )
    return f"{_shown(grant)} is taken away."


def _shown(grant: Grant) -> str:
    return f"{', '.join(grant.tasks) or 'access'} on {grant.asset.id} of {exclusive.named(grant.holder)}"


class ExclusiveAccess(MetaResource, provider=ExclusiveAccessProvider):
    """Access that is declared and nothing else: whoever else has it is taken off by the next update.

    Args:
        assets: The assets that nobody else may have; every asset where it is empty, of `system_user_id` then.
        system_user_id: The system user that may have no others; everybody where it is empty, on `assets` then.
        kept: Who stays, as `HOLDER/ASSET`. The holder by id, e-mail address or, for a system user, name; `*` in the
            place of either is any. What a kept holder may do there, an AssetAssignment says.

    Attributes:
        removes: Whom the update takes off, each with `asset`, `tasks`, `holder`, `kind`, `name` and `email`; empty once
            that is done.
        stays: Who has access that nothing keeps, and is not taken off, with `why`.
    """

    assets: Output[list[str]]
    system_user_id: Output[str]
    kept: Output[list[str]]
    removes: Output[list[dict[str, Any]]]
    stays: Output[list[dict[str, Any]]]

    def __init__(
        self,
        resource_name: str,
        *,
        connection: Input[str],
        assets: TextSet = (),
        system_user_id: GraphId = "",
        kept: Input[Sequence[Input[str]]] = (),
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(resource_name, locals(), opts)
