"""The files of a stack without one that leaves, every other character left as typed. Pure: texts in, texts out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.cli.people.access_holdings import acts_with, having
from meta_access.cli.people.holdings import loses_business, loses_roles
from meta_access.cli.people.leavers import Kind
from meta_access.cli.people.stack_file import removed, without
from meta_access.stack import gate_names
from meta_access.stack.files import NAMESPACE
from meta_access.stack.yaml_files import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meta_access.cli.people.holdings import Everything
    from meta_access.cli.people.leavers import Leaver
    from meta_access.stack.load import Stack
    from meta_access.stack.models import StackSpec

_ENTRIES = f"{NAMESPACE}clients"
_Places = dict[str, list[tuple[str, ...]]]
"""File to the places in it; no place is the whole file."""


def edited(leaver: Leaver, found: Everything, texts: Mapping[str, str]) -> dict[str, str | None]:
    """The files as they are to be, by name; None for one that goes, and none that stays as it is.

    Args:
        leaver: Who or what leaves.
        found: What it has.
        texts: Each file of the stack that may have to change, by the name that people call it.
    """
    stack, name = found.typed, leaver.name
    if leaver.kind is Kind.IDENTITY and acts_with(name, stack):
        return {}
    if leaver.kind is Kind.PERSON:
        apps, business = loses_roles(name, stack), loses_business(name, found)
        after: dict[str, str | None] = {stack.file: without(texts[stack.file], name, apps=apps, business=business)}
    else:
        places_of, less = _WAYS[leaver.kind]
        places = places_of(name, stack)
        after = {file: _cut(file, below, texts, stack) if below else None for file, below in places.items()}
        after |= _without_evidence(stack, less(name, stack.spec), texts)
    return {file: text for file, text in after.items() if text != texts[file]}


def _cut(file: str, places: list[tuple[str, ...]], texts: Mapping[str, str], stack: Stack) -> str:
    client = next((key for key, origin in stack.origins.items() if origin == file), "")
    # A client's file may have the client's name on top.
    on_top = bool(client) and list(parse_yaml(texts[file], file)) == [client]
    return removed(texts[file], [(client, *place) if on_top else place for place in places], file)


def _without_evidence(stack: Stack, less: StackSpec, texts: Mapping[str, str]) -> dict[str, str | None]:
    """The evidence file without what was stated of gates that go: the stack would declare none of that name."""
    left = gate_names.of_stack(less, stack.rules)
    going = set(gate_names.of_stack(stack.spec, stack.rules)).difference(left)
    file, stated = evidence_of(stack), sorted(going & set(stack.evidence))
    return {file: removed(texts[file], [(gate,) for gate in stated], file)} if stated else {}


def evidence_of(stack: Stack) -> str:
    """The evidence file, as people name it."""
    return f"{stack.file.rpartition('/')[0]}/evidence.{stack.name}.yaml"


def _places_of_client(client: str, stack: Stack) -> _Places:
    """Where a client is typed: the file, and the places in it; no place is the whole file."""
    if client in stack.origins:
        return {stack.origins[client]: []}
    return {stack.file: [("config", _ENTRIES, client)]}


def _places_of_identity(identity: str, stack: Stack) -> _Places:
    """Where an identity is typed, with the assets that it works on: file to the places in it."""
    files: _Places = {stack.file: [("config", f"{NAMESPACE}identities", identity)]}
    for client, spec in stack.spec.clients.items():
        for asset, choices in spec.assets.items():
            if identity in choices and client in stack.origins:
                files.setdefault(stack.origins[client], []).append(("assets", asset, identity))
            elif identity in choices:
                files[stack.file].append(("config", _ENTRIES, client, "assets", asset, identity))
    return files


def _places_of_asset(asset: str, stack: Stack) -> _Places:
    """Where an asset is typed: file to the places in it."""
    files: _Places = {}
    for client in having(asset, stack):
        top = () if client in stack.origins else ("config", _ENTRIES, client)
        files.setdefault(stack.origins.get(client, stack.file), []).append((*top, "assets", asset))
    return files


def _without_client(client: str, spec: StackSpec) -> StackSpec:
    """A configuration without a client."""
    return spec.model_copy(update={"clients": {key: one for key, one in spec.clients.items() if key != client}})


def _without_asset(asset: str, spec: StackSpec) -> StackSpec:
    """A configuration without an asset."""
    return _with_assets(spec, lambda assets: {key: given for key, given in assets.items() if key != asset})


def _without_identity(identity: str, spec: StackSpec) -> StackSpec:
    """A configuration without an identity and its work."""
    left = _with_assets(
        spec,
        lambda assets: {
            asset: {name: choice for name, choice in given.items() if name != identity}
            for asset, given in assets.items()
        },
    )
    users = {key: one for key, one in spec.identities.items() if key != identity}
    return left.model_copy(update={"identities": users})


def _with_assets(spec: StackSpec, change: Callable[[dict[str, Any]], dict[str, Any]]) -> StackSpec:
    clients = spec.clients.items()
    return spec.model_copy(
        update={"clients": {key: one.model_copy(update={"assets": change(one.assets)}) for key, one in clients}}
    )


_WAYS: dict[Kind, tuple[Callable[[str, Stack], _Places], Callable[[str, StackSpec], StackSpec]]] = {
    Kind.CLIENT: (_places_of_client, _without_client),
    Kind.IDENTITY: (_places_of_identity, _without_identity),
    Kind.ASSET: (_places_of_asset, _without_asset),
}
