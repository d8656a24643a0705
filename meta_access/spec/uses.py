"""What a stack wants of each connection's tier, and where it says so. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.ids import GROUP
from meta_access.rules.allowance import Topic
from meta_access.spec.plan import identities_of, kind_of
from meta_access.spec.stack import PROD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.spec.stack import StackSpec


def uses(spec: StackSpec, connection: str) -> dict[Topic, list[str]]:
    """Topic to the places that want it, in the order of the file."""
    found: dict[Topic, list[str]] = {}
    for topic, place in _wanted(spec, connection):
        places = found.setdefault(topic, [])
        if place not in places:
            places.append(place)
    return found


def _wanted(spec: StackSpec, connection: str) -> Iterator[tuple[Topic, str]]:
    if spec.environment == PROD:
        yield Topic.PRODUCTION, "meta:environment"
    mine = identities_of(spec, connection)
    for name, client in spec.clients.items():
        kinds = {kind_of(asset) for asset, choices in client.assets.items() if mine & choices.keys()}
        place = f"meta:clients.{name}"
        if "ad_account" in kinds:
            yield Topic.OWN_AD_ACCOUNTS if client.access == "own" else Topic.CLIENT_AD_ACCOUNTS, place
        if kinds & {"ad_account", "page", GROUP}:
            yield Topic.BUSINESS_MANAGER, place
        if "catalog" in kinds:
            yield Topic.CATALOG, place
