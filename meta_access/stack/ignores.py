"""The entries of `ignore`: access that stays although no line declares it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from meta_access.stack.models import IgnoreSpec, StackSpec


@dataclass(frozen=True, slots=True)
class Ignore:
    """An entry at its place.

    Attributes:
        place: Where it is typed, without the namespace: `clients.acme.ignore[0]`.
        client: Whose list it stands in; "" in the whole stack's.
    """

    place: str
    client: str
    entry: IgnoreSpec

    def ended(self, today: date) -> bool:
        """Whether its day has come, from which on it ignores nothing."""
        return self.entry.until <= today

    def fits(self, client: str, asset: str, holders: Collection[str]) -> bool:
        """Whether it is about an asset of a client, a holder, or that holder on that asset.

        Args:
            client: Whose the asset is; "" of an asset of no client, and of a holder alone.
            asset: As typed; "" where a holder alone is asked about.
            holders: What the holder goes by, its id and its address; nothing where the asset alone is asked about.
        """
        if self.client not in {"", client} or self.entry.asset not in {None, asset}:
            return False
        holder = self.entry.holder
        return holder is None or holder.casefold() in {one.casefold() for one in holders}


def of_stack(spec: StackSpec) -> list[Ignore]:
    """All entries, the whole stack's first."""
    found = [Ignore(f"ignore[{at}]", "", entry) for at, entry in enumerate(spec.ignore)]
    for key, client in spec.clients.items():
        found += [Ignore(f"clients.{key}.ignore[{at}]", key, entry) for at, entry in enumerate(client.ignore)]
    return found


def without_ended(spec: StackSpec, today: date) -> StackSpec:
    """The configuration without the entries whose day has come."""
    clients = {key: one.model_copy(update={"ignore": _live(one.ignore, today)}) for key, one in spec.clients.items()}
    return spec.model_copy(update={"ignore": _live(spec.ignore, today), "clients": clients})


def _live(entries: tuple[IgnoreSpec, ...], today: date) -> tuple[IgnoreSpec, ...]:
    return tuple(one for one in entries if one.until > today)
