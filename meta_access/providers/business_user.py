"""BusinessUser: a person in the business. Invited by e-mail, pending until they accept, taken out at the end.

POST /{business-id}/business_users and the nodes behind its rows:
https://developers.facebook.com/docs/marketing-api/reference/business/business_users (Graph v26.0, read 2026-11). Meta
refuses to take the last admin away (3914), and takes only so many invitations a day (17); we ask for neither.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated, Any

from pulumi import Input, Output, ResourceOptions
from pulumi.dynamic import ReadResult

from meta_access import validation
from meta_access.errors import AuthError, ConflictError, GraphError, NotFoundError, RateLimitedError
from meta_access.graph import business_users, reads
from meta_access.graph.business_users import ADMIN, is_last_admin, same
from meta_access.providers._base import MetaProvider
from meta_access.providers._boundary import say, will_be_refused
from meta_access.providers._declaration import Flag, Rule, one_of
from meta_access.providers._deployment import DEPLOYMENT
from meta_access.providers._gate import business_shown
from meta_access.providers._resource import MetaResource
from meta_access.providers._values import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meta_access.graph.business_users import BusinessUserRow
    from meta_access.providers._deployment import Key
    from meta_access.providers._live import Live

ROLES = ("ADMIN", "EMPLOYEE")
ON_DESTROY = ("remove", "keep")
PENDING, ACCEPTED = "pending", "accepted"
GONE = "gone"
"""Who left or declined. The resource stays and its update invites them again: a create that Meta refuses would hang the
run where a resource that exists depends on it (see `_refusal`)."""
LAST_ADMIN = 3914

_lock = threading.Lock()
"""Two admins that go at once would each see the other one stay."""


class BusinessUserProvider(MetaProvider):
    kind = "business user"
    ends_access = True
    identified_by = ("connection", "email")

    def key(self, props: Mapping[str, Any]) -> Key:
        email = props["email"]
        return (self.live(props).connection.business_id, email if unknown(email) else str(email).casefold())

    def look_ahead(self, olds: Mapping[str, Any], props: dict[str, Any]) -> None:
        """Say what an update does to a person who is there already, and what it will be refused."""
        live, before = self.live(props), olds.get("role")
        if unknown([props["email"], props["role"]]) or live.offline:
            return
        if olds and self.key(olds) != self.key(props):
            before = None  # another person, who is brought in
        elif before == props["role"]:
            return
        rows = live.reads.business_users()
        if olds and before is None and (why := self._stranded(olds, props)):
            will_be_refused(self.kind, props["label"], str(why))
            return
        row = _found(rows, props["email"])
        if row is None or row.pending:
            return
        if before is None and not props["adopt"]:
            will_be_refused(self.kind, props["label"], str(_is_there_already(row, props["email"], live)))
        elif before is None:
            turns = "" if row.role == props["role"] else f", and becomes {props['role']}"
            who = f"{self.kind} {props['label']}: {props['email']}"
            say(f"{who} is in the business already as {row.role}, is taken over{turns}.")
        if props["role"] != ADMIN and is_last_admin(rows, row):
            will_be_refused(
                self.kind, props["label"], str(_only_admin(f"making {props['email']} {props['role']} in", live))
            )

    def make(self, props: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        live = self.live(props)
        return f"{live.connection.business_id}/{props['email']}", self._bring_in(live, props)

    def look(self, id_: str, outs: dict[str, Any]) -> ReadResult:
        live = self.live(outs)
        try:
            rows = live.reads.business_users()
        except AuthError:
            raise
        except GraphError as error:
            return self.not_looked_at(id_, outs, error)
        row = _found(rows, outs["email"], outs["member_id"])
        if row is None and any(not found.email for found in rows):
            say(f"{self.kind} {outs.get('label', '')} stands as it was: Meta does not show everybody's e-mail address.")
            return ReadResult(id_, outs, self.inputs_of(outs))
        if row is None:
            if outs["state"] != GONE:
                say(f"{self.kind} {outs.get('label', '')}: {_gone(live, outs)}")
            return ReadResult(id_, {**outs, "state": GONE, "member_id": ""}, self.inputs_of(outs))
        return ReadResult(id_, {**outs, "role": row.role, **_facts(row)}, self.inputs_of(outs, role=row.role))

    def due(self, outs: Mapping[str, Any], props: Mapping[str, Any]) -> bool:
        del props
        return bool(outs["state"] == GONE)

    def change(self, id_: str, outs: dict[str, Any], props: dict[str, Any], changed: frozenset[str]) -> dict[str, Any]:
        del id_
        live = self.live(props)
        if changed & {"connection", "email"} and self.key(outs) != self.key(props):
            leaves = DEPLOYMENT.holder(type(self).__name__, self.key(outs)) is None
            # Asked first: an invitation that is out would stay although nobody leaves.
            if leaves and (why := self._stranded(outs, props)):
                raise why
            facts = self._bring_in(live, props)
            if leaves:
                say(f"{self.kind} {props.get('label', '')}: {self._take_out(outs)}")
            return facts
        if outs["state"] == GONE:
            return self._bring_in(live, props)
        facts = {"member_id": outs["member_id"], "state": outs["state"]}
        if "role" not in changed:
            return facts
        row = _found(live.reads.business_users(), props["email"], outs["member_id"])
        if row is None:
            return self._bring_in(live, props)
        return _set_role(live, row, props)

    def end(self, id_: str, outs: dict[str, Any]) -> str:
        del id_
        return self._take_out(outs)

    def upgrade(self, outs: Mapping[str, Any]) -> dict[str, Any]:
        return {"member_id": "", "state": PENDING, **super().upgrade(outs)}

    def _bring_in(self, live: Live, props: Mapping[str, Any]) -> dict[str, Any]:
        row = _found(live.reads.business_users(), props["email"])
        if row is None:
            return _invite(live, props)
        if not row.pending and not props["adopt"]:
            raise _is_there_already(row, props["email"], live)
        return _facts(row) if row.role == props["role"] else _set_role(live, row, props)

    def _stranded(self, leaving: Mapping[str, Any], coming: Mapping[str, Any]) -> ConflictError | None:
        """Why one person cannot make room for another: the business would have no admin until that one accepts."""
        live = self.live(leaving)
        if leaving.get("on_destroy") == "keep":
            return None
        rows = live.reads.business_users()
        row = _found(rows, leaving["email"], leaving.get("member_id", ""))
        if row is None or not is_last_admin(rows, row):
            return None
        here = live.connection.business_id == self.live(coming).connection.business_id
        heir = _found(rows, coming["email"]) if here and coming["role"] == ADMIN else None
        if heir is not None and not heir.pending:
            return None
        return _only_admin(f"removing {leaving['email']} from", live)

    def _take_out(self, outs: Mapping[str, Any]) -> str:
        live, email = self.live(outs), outs["email"]
        if outs["on_destroy"] == "keep":
            return f"{email} is kept in {business_shown(live)} as {outs['role']}, because on_destroy is keep."
        with _lock:
            live.reads.invalidate(reads.BUSINESS_USERS)
            rows = live.reads.business_users()
            row = _found(rows, email, outs["member_id"])
            if row is None:
                return f"{email} is not in {business_shown(live)}; there is nothing to remove."
            if is_last_admin(rows, row):
                raise _only_admin(f"removing {email} from", live)
            refused: ConflictError | None = None
            try:
                business_users.remove(live.client, row)
            except NotFoundError:
                pass  # gone meanwhile, which is what was wanted
            except GraphError as error:
                if error.code != LAST_ADMIN:
                    raise
                refused = _only_admin(f"removing {email} from", live)
            finally:
                live.reads.invalidate(reads.BUSINESS_USERS)
        if refused:
            raise refused
        if (left := _found(live.reads.business_users(), email, outs["member_id"])) and left.pending == row.pending:
            raise ConflictError(
                f"removing {email} from {business_shown(live)} failed: Meta answered success and still lists them.",
                next_step=(
                    "A business admin takes them out under Business settings > Users > People; then `pulumi up` again."
                ),
            )
        if row.pending:
            return f"the invitation of {email} into {business_shown(live)} is withdrawn."
        return f"{email} is removed from {business_shown(live)}, and with that from its apps and assets."


def _found(rows: Sequence[BusinessUserRow], email: str, member_id: str = "") -> BusinessUserRow | None:
    # Who accepted while an old invitation is still listed is in the business: those rows come first.
    by_address = next((row for row in rows if same(row.email, email)), None)
    return by_address or next((row for row in rows if row.id == member_id), None)


def _facts(row: BusinessUserRow) -> dict[str, Any]:
    return {"member_id": row.id, "state": PENDING if row.pending else ACCEPTED}


def _gone(live: Live, outs: Mapping[str, Any]) -> str:
    """What has become of somebody whom Meta no longer lists, and the command that follows."""
    business, label = business_shown(live), str(outs.get("label", ""))
    if outs["state"] == PENDING:
        return (
            f"the invitation of {outs['email']} into {business} is no longer listed: it was declined, or has expired. "
            "`pulumi up` sends another one."
        )
    key = label.removeprefix(f"{live.connection.business_name}-")
    let = f"`meta-access offboard {key}`" if key != label else "remove this resource"
    return (
        f"{outs['email']} has left {business}, or was taken out by hand. To let them go: {let}; `pulumi up` invites "
        "them again."
    )


def _invite(live: Live, props: Mapping[str, Any]) -> dict[str, Any]:
    try:
        id_ = business_users.invite(live.client, props["email"], props["role"])
    except RateLimitedError as error:
        refused = RateLimitedError(
            f"inviting {props['email']} into {business_shown(live)} failed: Meta takes no more invitations today (code "
            f"{error.code}). It takes them again 24 hours later. Meta's answer: {error.problem}",
            code=error.code,
            fbtrace_id=error.fbtrace_id,
            next_step="Run `pulumi up` again then.",
        )
    else:
        say(f"business user {props.get('label', '')}: {props['email']} is invited, and counts once they accept.")
        return {"member_id": id_, "state": PENDING}
    finally:
        live.reads.invalidate(reads.BUSINESS_USERS)
    raise refused


def _set_role(live: Live, row: BusinessUserRow, props: Mapping[str, Any]) -> dict[str, Any]:
    doing = f"making {props['email']} {props['role']} in"
    refused: ConflictError | None = None
    with _lock:
        live.reads.invalidate(reads.BUSINESS_USERS)
        if props["role"] != ADMIN and is_last_admin(live.reads.business_users(), row):
            raise _only_admin(doing, live)
        try:
            business_users.change_role(live.client, row, props["role"])
        except GraphError as error:
            if error.code != LAST_ADMIN:
                raise
            refused = _only_admin(doing, live)
        finally:
            live.reads.invalidate(reads.BUSINESS_USERS)
    if refused:
        raise refused
    return _facts(row)


def _is_there_already(row: BusinessUserRow, email: str, live: Live) -> ConflictError:
    return ConflictError(
        f"inviting {email} failed: that person is in {business_shown(live)} already, as {row.role} (id {row.id}).",
        next_step="Take them over with adopt: true; removing the resource then takes them out of the business.",
    )


def _only_admin(doing: str, live: Live) -> ConflictError:
    return ConflictError(
        f"{doing} {business_shown(live)} was refused: they are its last admin, and a business without one cannot be "
        "helped by anybody. Nothing was changed.",
        next_step=(
            "Make somebody else an admin first and wait until they accept; or keep them (on_destroy: keep, then "
            "`pulumi up` before the removal)."
        ),
    )


class BusinessUser(MetaResource, provider=BusinessUserProvider):
    """A person in the connection's business.

    Args:
        email: Where the invitation goes, and what tells people apart, whatever the case; a change is another person:
            the new one is invited, the old one removed.
        role: `EMPLOYEE` or `ADMIN`; changed in place.
        adopt: Takes over a person who is in the business already; without it that is refused. An invitation that is out
            is taken over either way.
        on_destroy: `remove` (from the business, or the invitation), or `keep`. The last admin is never removed.

    Attributes:
        state: `pending` until the invitation is accepted, then `accepted`; `gone` for those who declined or left.
        member_id: The id that Meta has for the person or, before, for the invitation.
    """

    email: Output[str]
    role: Output[str]
    state: Output[str]
    member_id: Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        connection: Input[str],
        email: Annotated[Input[str], Rule(validation.email_address)],
        role: Annotated[Input[str], one_of(ROLES)] = "EMPLOYEE",
        adopt: Flag = False,
        on_destroy: Annotated[Input[str], one_of(ON_DESTROY)] = "remove",
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(resource_name, locals(), opts)
