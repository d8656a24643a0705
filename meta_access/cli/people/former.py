"""Who or what has left a stack before: how Git has it last, and what Meta still shows of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from meta_access.cli import pulumi_stack
from meta_access.cli.access_review.git import GitError, Repository, Version
from meta_access.cli.access_review.pack import Past
from meta_access.cli.graph_client import client_for
from meta_access.cli.people import access_holdings
from meta_access.cli.people.holdings import BY_PERSON, Everything, Holding, Seen
from meta_access.cli.people.leavers import Kind, Leaver, look
from meta_access.errors import MetaAccessError
from meta_access.graph import system_users
from meta_access.graph.holders import HolderKind
from meta_access.stack.connections import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meta_access.cli.pulumi_stack import Project
    from meta_access.cli.tokens.stack_tokens import StackTokens
    from meta_access.stack.load import Stack
    from meta_access.stack.models import ClientSpec

MOST = 10
"""Commits that are looked into: what a file names and does not declare is in many."""


@dataclass(frozen=True, slots=True)
class Former:
    """What was declared once.

    Attributes:
        stack: As the last commit has it that declares it.
    """

    stack: Stack
    version: Version


def find(leaver: Leaver, home: Project, stack: str) -> Former | None:
    """How Git has it last; None where Git knows nothing of it, or cannot tell."""
    repository = Repository(home.stacks)
    past = Past(repository, home.name, stack.rpartition("/")[2])
    try:
        for version in _versions(repository, leaver.name):
            found = past.at(version)
            if found is not None and not isinstance(found, str) and _declares(found, leaver):
                return Former(found, version)
    except GitError:
        return None
    return None


def _versions(repository: Repository, name: str) -> Iterator[Version]:
    """The last commit, since an edit may not be committed yet; then each that names it, and the one before that."""
    history = repository.history()
    yield from history[-1:]
    first = history[0].id if history else ""
    for version in repository.naming(name)[:MOST]:
        yield version
        if version.id != first:
            yield replace(version, id=f"{version.id}^")


def _declares(stack: Stack, leaver: Leaver) -> bool:
    if leaver.kind is Kind.ASSET:
        return bool(access_holdings.having(leaver.name, stack))
    return leaver.name in (stack.spec.clients if leaver.kind is Kind.CLIENT else stack.spec.identities)


def remains(leaver: Leaver, former: Former, now: Stack, read: StackTokens) -> tuple[list[Holding], Seen]:
    """What is left of it at Meta, all of it for people to end, and what could not be looked at."""
    state = pulumi_stack.export(read.stack)
    if leaver.kind is Kind.IDENTITY:
        seen = look(leaver, now, state)
        name = former.stack.spec.identities[leaver.name].name or leaver.name
        mine = (row for row in seen.access if row.holder.kind is HolderKind.SYSTEM_USER and row.holder.name == name)
        return [*_users(name, now, seen), *access_holdings.undeclared(mine)], seen
    was = _of_it(leaver, former.stack, now)
    # Nobody is given anything of it any more, so that every holder shows as one whom no line declares.
    bare = {key: one.model_copy(update={"assets": {asset: {} for asset in one.assets}}) for key, one in was.items()}
    seen = look(leaver, _with(now, {**now.spec.clients, **bare}), state)
    whole = _with(now, {**now.spec.clients, **was})
    found = Everything(stack=whole, typed=whole, state=state, tokens=read.tokens, seen=seen)
    of = access_holdings.of_client if leaver.kind is Kind.CLIENT else access_holdings.of_asset
    listed = [one for one in of(leaver.name, found) if one.ends == BY_PERSON]
    return [one for one in listed if one.kind != "identity" or one.name in now.spec.identities], seen


def _with(stack: Stack, clients: Mapping[str, ClientSpec]) -> Stack:
    return replace(stack, spec=stack.spec.model_copy(update={"clients": clients}))


def _of_it(leaver: Leaver, was: Stack, now: Stack) -> dict[str, ClientSpec]:
    """The clients that had it, with what of it no client has today."""
    has = {asset for one in now.spec.clients.values() for asset in one.assets}
    if leaver.kind is Kind.CLIENT:
        keys, gone = [leaver.name], set(was.spec.clients[leaver.name].assets) - has
    else:
        keys, gone = access_holdings.having(leaver.name, was), {leaver.name}
    found = {}
    for key in keys:
        one = was.spec.clients[key]
        assets = {asset: given for asset, given in one.assets.items() if asset in gone}
        kept = now.spec.clients[key].assets if key in now.spec.clients else {}
        found[key] = one.model_copy(update={"assets": {**kept, **assets}})
    return found


def _users(name: str, now: Stack, seen: Seen) -> Iterator[Holding]:
    """System users of that name, whom no identity of today has."""
    if name in {one.name or key for key, one in now.spec.identities.items()}:
        return
    for connection in settings_of(now.spec).of_businesses:
        try:
            users = [one for one in system_users.list_(client_for(connection)) if one.name == name]
        except MetaAccessError as error:
            seen.unseen.append(f"the system users of business {connection.business_name}: {error}")
            continue
        for one in users:
            step = "An admin takes its assets away in Business settings, or leaves them: Meta deletes no system user."
            yield Holding(kind="system user", name=name, text=f"id {one.id}, is at Meta still", step=step)
