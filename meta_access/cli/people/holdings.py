"""What a person holds of a stack: in its configuration, in its state, and at Meta. Pure.

Each holding says what takes it away: the stack's own `up` after an edit of the stack file, or a person with a step to
take. Meta lets no program take an app role away, and nobody but a person can say who is to own a gate from now on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meta_access.cli.pulumi_stack import resources
from meta_access.engine_marks import TYPE_PREFIX, name_of
from meta_access.graph.business_users import ADMIN, same
from meta_access.graph.holders import HolderKind
from meta_access.stack import gate_names
from meta_access.stack.plan import businesses_in_use

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from meta_access.access import Access
    from meta_access.cli.tokens.stack_tokens import StackToken
    from meta_access.rules import Link
    from meta_access.stack.load import Stack

APP_ADMIN = "admin"
BY_UP, BY_PERSON = "up", "person"
_INVITED = ", invited"


@dataclass(frozen=True, kw_only=True)
class Holding:
    """One thing a person holds.

    Attributes:
        kind: `app role`, `business user`, `token`, `credential`, `evidence`, `ownership`, `contact`, `access`; of
            clients, identities and assets also `asset`, `client`, `identity`, `asset assignment`, `system user`,
            `app installation`, `gate`, `share`, `connection`, `other`.
        name: Of the app, business, identity, gate, asset or key.
        text: What exactly.
        ends: `up` when this tool takes it away, `person` when somebody has to.
        step: What that person does.
        where: Link; `menu` is the way there for the day it has moved.
        urn: Of the resource that an `up` is to be targeted at.
    """

    kind: str
    name: str
    text: str
    ends: str = BY_PERSON
    step: str = ""
    where: str = ""
    menu: str = ""
    urn: str = ""

    def as_json(self) -> dict[str, str]:
        shown = {"kind": self.kind, "name": self.name, "text": self.text, "ends": self.ends}
        texts = {"step": self.step, "where": self.where, "menu": self.menu}
        return {**shown, **{key: text for key, text in texts.items() if text}}


@dataclass(frozen=True, kw_only=True)
class Member:
    """A person in a business, as Meta lists them.

    Attributes:
        last_admin: Nobody else there is one.
    """

    role: str
    pending: bool = False
    last_admin: bool = False


@dataclass(kw_only=True)
class Seen:
    """What Meta shows of a person.

    Attributes:
        roles: App to their role on it.
        members: Business to what they are in it.
        created: Ids of the system users that they made.
        credentials: Connections that act with a token of their own.
        access: Everybody's access to the assets of the stack, as `who` shows it.
        shared: The assets that other businesses share, as typed.
        unseen: What could not be looked at, and why.
    """

    roles: dict[str, str] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)
    credentials: list[str] = field(default_factory=list)
    access: tuple[Access, ...] = ()
    shared: frozenset[str] = frozenset()
    unseen: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Everything:
    """What the holdings are worked out from.

    Attributes:
        stack: As it is today: without what has ended.
        typed: As its files say it.
        minted: Secret's name to the generations that the audit says a person minted.
    """

    stack: Stack
    typed: Stack
    state: Mapping[str, Any]
    tokens: Sequence[StackToken]
    seen: Seen
    minted: Mapping[str, frozenset[int]] = field(default_factory=dict)


def held(person: str, found: Everything) -> list[Holding]:
    """Everything a person of `meta:people` holds."""
    return [
        *_app_roles(person, found),
        *_business(person, found),
        *_assets(person, found),
        *_credentials(found),
        *_tokens(found),
        *_evidence(person, found),
        *_ownership(person, found),
    ]


def loses_roles(person: str, stack: Stack) -> list[str]:
    """Apps whose declared roles a person can lose: where somebody else is an admin, too."""
    return [
        key
        for key, app in stack.spec.apps.items()
        if app.roles is not None and person in app.roles.by_person() and not _last_app_admin(person, stack, key)
    ]


def loses_business(person: str, found: Everything) -> bool:
    """Whether a person can lose their place in the business: never its last admin."""
    spec = found.stack.spec
    businesses = businesses_in_use(spec)
    mine = spec.people[person].roles_in(businesses)
    if not mine or any(one.last_admin for one in found.seen.members.values()):
        return False
    others = [entry.roles_in(businesses) for name, entry in spec.people.items() if name != person]
    return all(role != ADMIN or any(one.get(key) == ADMIN for one in others) for key, role in mine.items())


def _last_app_admin(person: str, stack: Stack, app: str) -> bool:
    roles = stack.spec.apps[app].roles
    declared = roles.by_person() if roles is not None else {}
    others = {role for name, role in declared.items() if name != person}
    return not others or (declared.get(person) == APP_ADMIN and APP_ADMIN not in others)


def _app_roles(person: str, found: Everything) -> Iterator[Holding]:
    spec, gates = found.stack.spec, _role_gates(person, found.state)
    for key, app in spec.apps.items():
        declared = app.roles.by_person().get(person) if app.roles is not None else None
        if declared is not None and _last_app_admin(person, found.stack, key):
            step = f"Add another admin to meta:apps.{key}.roles, who accepts; then run this again."
            yield Holding(kind="app role", name=key, text=f"{declared}, as declared; nobody else is admin", step=step)
        elif declared is not None:
            text = f"{declared}, as declared in meta:apps.{key}.roles"
            yield Holding(kind="app role", name=key, text=text, ends=BY_UP)
        if key in found.seen.roles:
            link = found.stack.rules.links["claimed_app_roles" if app.claimed_by else "app_roles"]
            business = spec.businesses[app.claimed_by].id if app.claimed_by in spec.businesses else ""
            yield Holding(
                kind="app role",
                name=key,
                text=f"{found.seen.roles[key]}, at Meta",
                step=f"An admin of the app {app.name or key} takes the role away; Meta lets no program do it.",
                **_way(link, app_id=app.id, business_id=business),
            )
        urn = gates.get(gate_names.app_roles(key))
        if declared is None and urn is not None:
            yield Holding(kind="app role", name=key, text="in the state of its gate", ends=BY_UP, urn=urn)


def _role_gates(person: str, state: Mapping[str, Any]) -> dict[str, str]:
    """The gates of app roles that name a person, to their URNs."""
    return {
        name_of(str(entry["urn"])): str(entry["urn"])
        for entry in resources(dict(state))
        if entry.get("type") == f"{TYPE_PREFIX}AppRoles" and person in ((entry.get("outputs") or {}).get("roles") or {})
    }


def _business(person: str, found: Everything) -> Iterator[Holding]:
    entry = found.stack.spec.people[person]
    can_go = loses_business(person, found)
    if entry.business is not None:
        roles = entry.roles_in(businesses_in_use(found.stack.spec))
        seen = found.seen.members
        listed = ", ".join(
            f"{role} in {business}{_INVITED if business in seen and seen[business].pending else ''}"
            for business, role in roles.items()
        )
        text = f"{listed}, as declared in meta:people.{person}.business"
        more = "" if can_go else "; the last admin"
        step = "" if can_go else "Make somebody else an admin of the business, who accepts; then run this again."
        ends = BY_UP if can_go else BY_PERSON
        yield Holding(kind="business user", name=person, text=text + more, ends=ends, step=step)
        return
    if managed := _managed(entry.email, found.state):
        for urn, name in managed:
            yield Holding(kind="business user", name=name, text="in the state of this stack", ends=BY_UP, urn=urn)
        return
    for business, member in found.seen.members.items():
        text = f"{member.role}, at Meta" + (_INVITED if member.pending else "")
        step = "An admin of the business takes them out under People."
        if member.last_admin:
            step = "Make somebody else an admin of the business first: it must not be left without one."
        way = _way(found.stack.rules.links["people"], business_id=found.stack.spec.businesses[business].id)
        yield Holding(kind="business user", name=business, text=text, step=step, **way)


def _managed(email: str | None, state: Mapping[str, Any]) -> list[tuple[str, str]]:
    """URN and name of the business users of an e-mail address."""
    if not email:
        return []
    return [
        (entry["urn"], name_of(str(entry["urn"])))
        for entry in resources(dict(state))
        if entry.get("type") == f"{TYPE_PREFIX}BusinessUser"
        and same(str((entry.get("outputs") or {}).get("email", "")), email)
        and not entry.get("delete")
    ]


def _assets(person: str, found: Everything) -> Iterator[Holding]:
    """What they may do on assets; a person's access cannot be declared, and goes with their place in the business."""
    for row in found.seen.access:
        if row.key == person and row.holder.kind is HolderKind.PERSON:
            yield Holding(
                kind="access",
                name=row.asset,
                text=f"{', '.join(row.tasks)}, {row.standing}",
                step="Ends with their place in the business; an admin takes it away alone in Business settings.",
            )


def _credentials(found: Everything) -> Iterator[Holding]:
    for connection in found.seen.credentials:
        yield Holding(
            kind="credential",
            name=connection,
            text="acts with a token of their own login, which ends with their access",
            step=f"Run `meta-access bootstrap --connection {connection}` as another admin, and use what it prints.",
        )


def _tokens(found: Everything) -> Iterator[Holding]:
    """Tokens that may have passed through their hands: the first of a user they made, and what the audit names."""
    for token in found.tokens:
        generation = int(token.outputs["generation"])
        first = token.user in found.seen.created and generation == 1
        if not first and generation not in found.minted.get(token.secret, frozenset()):
            continue
        why = "the first one of a system user that they made" if first else "minted by them, as the audit says"
        yield Holding(
            kind="token",
            name=token.name,
            text=f"generation {generation} in secret {token.secret}, {why}",
            step=f"If they may have kept a copy: `meta-access revoke {token.name}` puts another one there first.",
        )


def _evidence(person: str, found: Everything) -> Iterator[Holding]:
    for gate, record in found.stack.evidence.items():
        if record.by == person:
            yield Holding(
                kind="evidence",
                name=gate,
                text=f"{record.status}, stated on {record.at.date()}",
                step=f"Somebody else looks, and states it: `meta-access attest {gate} --by NAME`.",
            )


def _ownership(person: str, found: Everything) -> Iterator[Holding]:
    spec = found.stack.spec
    keys = [f"meta:businesses.{key}.owner" for key, one in spec.businesses.items() if one.owner == person]
    keys += [f"meta:apps.{key}.owner" for key, app in spec.apps.items() if app.owner == person]
    keys += [
        f"meta:apps.{key}.obligations.{kind}.owner"
        for key, app in spec.apps.items()
        for kind, row in app.obligations.items()
        if row.owner == person
    ]
    for key in keys:
        yield Holding(kind="ownership", name=key, text="owner of its gates", step=f"Write another person at {key}.")
    email = spec.people[person].email
    for key, client in spec.clients.items():
        if email and client.contact == email:
            yield Holding(kind="contact", name=key, text=email, step=f"Write another contact for client {key}.")


def _way(link: Link, *, app_id: str = "", business_id: str) -> dict[str, str]:
    return {"where": link.at(app_id=app_id, business_id=business_id), "menu": link.menu}
