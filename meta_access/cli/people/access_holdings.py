"""What a stack has of a client, and what an identity has: in its files, in its state, and at Meta. Pure.

Each holding says what takes it away, as in `holdings`: the stack's own `up` after an edit of its files, or a person.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from meta_access.access import Standing
from meta_access.cli.people.holdings import BY_PERSON, BY_UP, Holding
from meta_access.cli.pulumi_stack import resources, system_users
from meta_access.engine_marks import TYPE_PREFIX, name_of
from meta_access.graph.holders import HolderKind
from meta_access.stack.fields import IDENTITY
from meta_access.stack.files import NAMESPACE
from meta_access.stack.plan import assignments

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from meta_access.access import Access
    from meta_access.cli.people.holdings import Everything
    from meta_access.stack.load import Stack

_CLIENT, _IDENTITY = "meta:access:ClientAccess", "meta:access:SystemIdentity"
_ASSIGNMENT, _SHARE, _USER = (f"{TYPE_PREFIX}{kind}" for kind in ("AssetAssignment", "AssetShare", "SystemUser"))
_WORDS = {
    _CLIENT: "client",
    _IDENTITY: "identity",
    _ASSIGNMENT: "asset assignment",
    f"{TYPE_PREFIX}SystemUserToken": "token",
    f"{TYPE_PREFIX}AppInstallation": "app installation",
    _USER: "system user",
}
_GATE, _OTHER = "gate", "other"
_ORDER = ("asset", *_WORDS.values(), _GATE, _OTHER)
_ENTRIES = f"{NAMESPACE}clients"
KEEP = "keep"

_Resource = dict[str, Any]


def of_client(client: str, found: Everything) -> list[Holding]:
    """Everything that a stack has of a client."""
    typed = found.typed.spec.clients.get(client)
    held = _below(found.state, _CLIENT, client)
    listed = [_of_resource(entry, found) for entry in held]
    if typed is not None:
        listed.append(_declared("client", client, found.typed))
        listed += _not_made(client, "", held, found)
    listed.sort(key=_rank)
    listed += undeclared(row for row in found.seen.access if row.client == client)
    if typed is None:
        return listed
    if shared := sorted(asset for asset in typed.assets if asset in found.seen.shared):
        listed.append(_share(client, typed.business, shared))
    clients = found.typed.spec.clients.items()
    elsewhere = {name for key, one in clients if key != client for given in one.assets.values() for name in given}
    for identity in sorted({name for given in typed.assets.values() for name in given} - elsewhere):
        step = f"If it is not needed any more: `meta-access offboard --identity {identity}`."
        text = "works for no other client; its user and its token stay"
        listed.append(Holding(kind="identity", name=identity, text=text, step=step))
    for name, connection in found.typed.spec.connections.items():
        if connection.tier_probe in typed.assets:
            listed.append(_probe(name, connection.tier_probe))
    return listed


def of_identity(identity: str, found: Everything) -> list[Holding]:
    """Everything that an identity has; nothing of it goes while a connection acts with its token."""
    typed = found.typed.spec.identities.get(identity)
    acting = acts_with(identity, found.typed)
    held = _of_user(identity, found.state)
    listed = [_of_resource(entry, found) for entry in held]
    if typed is not None:
        listed.append(_declared("identity", identity, found.typed))
    for client in found.stack.spec.clients:
        listed += _not_made(client, identity, held, found)
    user = next((_outs(one) for one in held if one.get("type") == _USER), None)
    keeps = typed is not None and typed.on_destroy == KEEP
    if user is not None and (keeps or user.get("adopted")):
        step = "An admin takes its assets away in Business settings, or leaves them: Meta deletes no system user."
        listed = [
            replace(one, text=f"{one.text}, in the state of this stack") if one.kind == _WORDS[_USER] else one
            for one in listed
        ]
        text = f"stays at Meta ({'on_destroy: keep' if keeps else 'it was adopted'})"
        listed.append(Holding(kind=_WORDS[_USER], name=identity, text=text, step=step))
    if acting:
        step = f"Give {', '.join(acting)} another admin_token first (`meta-access bootstrap`); then run this again."
        listed = [
            Holding(
                kind=one.kind, name=one.name, text=f"{one.text}; {', '.join(acting)} acts with its token", step=step
            )
            for one in listed
        ]
    listed.sort(key=_rank)
    mine = (row for row in found.seen.access if row.key == identity and row.holder.kind is HolderKind.SYSTEM_USER)
    return [*listed, *undeclared(mine)]


def clients_in(state: Mapping[str, Any]) -> set[str]:
    """The clients that a state has."""
    return {_name(one) for one in resources(dict(state)) if one.get("type") == _CLIENT}


def identities_in(state: Mapping[str, Any]) -> set[str]:
    """The identities that a state has."""
    return {_name(one) for one in resources(dict(state)) if one.get("type") == _IDENTITY}


def of_asset(asset: str, found: Everything) -> list[Holding]:
    """Everything that a stack has of an asset, whichever client has it."""
    held = [one for one in resources(dict(found.state)) if not one.get("delete") and _is_about(one, asset)]
    listed = [_of_resource(entry, found) for entry in held]
    for client in having(asset, found.typed):
        file = found.typed.origins.get(client)
        where = f"{file}: assets.{asset}" if file else f"{found.typed.file}: {_ENTRIES}.{client}.assets.{asset}"
        listed.append(Holding(kind="asset", name=asset, text=f"declared in {where}", ends=BY_UP))
        made = (one for one in _not_made(client, "", held, found) if one.name.endswith(f"-{asset}"))
        listed += made
    listed.sort(key=_rank)
    listed += undeclared(row for row in found.seen.access if row.asset == asset)
    if asset in found.seen.shared:
        clients = found.typed.spec.clients
        listed += [_share(client, clients[client].business, [asset]) for client in having(asset, found.typed)]
    for name, connection in found.typed.spec.connections.items():
        if connection.tier_probe == asset:
            listed.append(_probe(name, asset))
    return listed


def _share(client: str, business: str | None, assets: Iterable[str]) -> Holding:
    step = (
        "It ends when an admin of that business ends it (Business settings > Users > Partners), or when one of "
        "ours removes the partner there."
    )
    return Holding(kind="share", name=client, text=f"business {business} shares {', '.join(assets)}", step=step)


def having(asset: str, stack: Stack) -> list[str]:
    """The clients that have an asset."""
    return [client for client, spec in stack.spec.clients.items() if asset in spec.assets]


def _is_about(entry: _Resource, asset: str) -> bool:
    return str(entry.get("type", "")).startswith(TYPE_PREFIX) and asset in {
        _outs(entry).get("asset"),
        _outs(entry).get("page"),
    }


def _probe(connection: str, asset: str) -> Holding:
    step = f"Write an ad account that stays at {NAMESPACE}connections.{connection}.tier_probe."
    return Holding(kind="connection", name=connection, text=f"reads its tier of {asset}", step=step)


def assets_in(state: Mapping[str, Any]) -> set[str]:
    """The assets that a state has something of."""
    return {str(_outs(one)["asset"]) for one in resources(dict(state)) if one.get("type") == _ASSIGNMENT}


def acts_with(identity: str, stack: Stack) -> list[str]:
    """The connections that act with an identity's token."""
    rows = stack.spec.connections.items()
    return [name for name, one in rows if one.admin_token == f"{IDENTITY}{identity}"]


def _below(state: Mapping[str, Any], kind: str, name: str) -> list[_Resource]:
    """A component of a state, and what is in it."""
    rows = [entry for entry in resources(dict(state)) if not entry.get("delete")]
    top = {one["urn"] for one in rows if one.get("type") == kind and _name(one) == name}
    return [one for one in rows if one["urn"] in top or one.get("parent") in top]


def _of_user(identity: str, state: Mapping[str, Any]) -> list[_Resource]:
    """What a state has of an identity: its own, its assignments and their gates, and shares for nobody else."""
    own = _below(state, _IDENTITY, identity)
    users = {str(one.get("id")) for one in own if one.get("type") == _USER}
    seen = {one["urn"] for one in own}
    rest = [one for one in resources(dict(state)) if not one.get("delete") and one["urn"] not in seen]
    mine = [one for one in rest if _outs(one).get("system_user_id") in users]
    works = {_work(one) for one in mine if one.get("type") == _ASSIGNMENT}
    others = {_work(one) for one in rest if one.get("type") == _ASSIGNMENT and one not in mine}
    shares = [one for one in rest if one.get("type") == _SHARE and _work(one) in works - others]
    return [*own, *mine, *shares]


def _work(entry: _Resource) -> tuple[str, str]:
    """The client, as its component, and the asset."""
    return str(entry.get("parent")), str(_outs(entry).get("asset"))


def _outs(entry: _Resource) -> dict[str, Any]:
    outs: dict[str, Any] = entry.get("outputs") or {}
    return outs


def _name(entry: _Resource) -> str:
    return name_of(str(entry["urn"]))


def _of_resource(entry: _Resource, found: Everything) -> Holding:
    kind, outs = str(entry.get("type", "")), _outs(entry)
    word = _WORDS.get(kind, _GATE if "next_step" in outs else _OTHER)
    text = "in the state of this stack"
    if kind == _ASSIGNMENT:
        users = {id_: name for name, id_ in system_users(found.state).items()}
        user = str(outs.get("system_user_id"))
        text = (
            f"{', '.join(outs.get('tasks') or ())} of {users.get(user, f'system user {user}')} on {outs.get('asset')}"
        )
    elif word == "token":
        text = (
            f"generation {int(outs.get('generation') or 0)} in secret {outs.get('secret_name')}, whose readers lose it"
        )
    elif kind == _USER:
        text = f"id {entry.get('id')}"
    elif word == _GATE:
        text = f"{outs.get('status')}, no longer watched"
    return Holding(kind=word, name=_name(entry), text=text, ends=BY_UP, urn=str(entry["urn"]))


def _declared(kind: str, name: str, stack: Stack) -> Holding:
    place = f"{stack.file}: {NAMESPACE}{'clients' if kind == 'client' else 'identities'}.{name}"
    where = stack.origins.get(name, place) if kind == "client" else place
    return Holding(kind=kind, name=name, text=f"declared in {where}", ends=BY_UP)


def _not_made(client: str, identity: str, held: Iterable[_Resource], found: Everything) -> Iterator[Holding]:
    """What is declared and no update has made; of every identity where none is named."""
    if client not in found.stack.spec.clients:
        return
    made = {_name(one) for one in held}
    for work in assignments(found.stack.spec, found.stack.rules, client):
        if identity in {"", work.identity} and work.key not in made:
            text = f"{', '.join(work.tasks)} of {work.identity} on {work.asset}, declared and not made"
            yield Holding(kind=_WORDS[_ASSIGNMENT], name=work.key, text=text, ends=BY_UP)


def undeclared(rows: Iterable[Access]) -> Iterator[Holding]:
    """What no line gives, or an entry of ignore lets stay."""
    for row in rows:
        if row.standing in {Standing.UNDECLARED, Standing.IGNORED}:
            who = f"{row.holder.kind} {row.holder.name or row.holder.id} ({row.holder.id})"
            asked = ", not agreed yet" if row.pending else ""
            yield Holding(
                kind="access",
                name=row.asset,
                text=f"{', '.join(row.undeclared)} of {who}, {row.standing}{asked}",
                ends=BY_PERSON,
                step="No line gives it, so no update takes it: an admin takes it away in Business settings.",
            )


def _rank(one: Holding) -> tuple[int, str]:
    return _ORDER.index(one.kind), one.name
