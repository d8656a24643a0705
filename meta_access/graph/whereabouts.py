"""What has become of an asset that a business had: one diagnosis from several of Meta's answers.

Graph: GET /{business-id}/owned_ad_accounts, client_ad_accounts, pending_client_ad_accounts and their siblings; GET
/{business-id}/clients, the businesses that let this one use something; GET /{asset-id} with the field that names its
owner. Source: https://developers.facebook.com/docs/marketing-api/reference/business and
https://developers.facebook.com/docs/marketing-api/reference/business/clients, Graph v26.0, read 2026-11.

Meta answers 100/33 alike for what is gone and for what the caller may not see, and its lists lag behind its writes. So
no answer alone is proof: an asset counts as withdrawn where its list lacks it, its owner's row lacks it, and the asset
itself is not shown either.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from meta_access.errors import InvalidRequestError, MetaAccessError, NotFoundError, PermissionDeniedError
from meta_access.graph.business_assets import CLIENT, OWNED, PENDING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from meta_access.graph.reads import Reads
    from meta_access.ids import Asset

    T = TypeVar("T")


class Fate(StrEnum):
    """What has become of an asset."""

    HELD = "held"
    ASKED = "asked for"
    WITHDRAWN = "share withdrawn"  # its owner shares other assets still
    LEFT = "owner left"  # its owner shares nothing any more
    MOVED = "owner changed"  # another business owns it than is declared
    LOST = "no longer owned"  # it was our own, and who owns it now is not shown
    UNSURE = "unsure"  # Meta's answers are not enough, or contradict each other


class Node(StrEnum):
    """How Meta answered for the asset itself."""

    SHOWN = "shown"
    HIDDEN = "hidden"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Seen:
    """Meta's answers about one asset; None where a list is not shown.

    Attributes:
        owned: Whether the business lists it as its own; `shared` among those of others, `asked` among its requests.
        partners: Business that shares something to the assets it is listed with, as Graph ids.
        node: How the asset itself answered.
        owner: The business that owns it, where any answer says so.
    """

    owned: bool | None
    shared: bool | None
    asked: bool | None
    partners: Mapping[str, frozenset[str]] | None = None
    node: Node = Node.UNKNOWN
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The diagnosis; `owner` is the business that owns it now, of one that moved."""

    fate: Fate
    owner: str = ""


def judge(seen: Seen, graph_id: str, *, business: str, declared: str) -> Whereabouts:
    """What has become of an asset that the business `business` had.

    Args:
        seen: Meta's answers.
        graph_id: Of the asset.
        business: Whose lists these are.
        declared: The business that owns it by the declaration, `business` itself for an asset of its own; "" where
            nothing says.
    """
    fate = _fate(seen, graph_id, business, declared)
    return Whereabouts(fate, seen.owner if fate is Fate.MOVED else "")


def _fate(seen: Seen, graph_id: str, business: str, declared: str) -> Fate:
    says_so = bool(seen.shared) or seen.node is Node.SHOWN
    moved = says_so and declared != "" and seen.owner not in {"", declared, business}
    if seen.owned or seen.shared:
        return Fate.MOVED if moved and not seen.owned else Fate.HELD
    if seen.asked:
        return Fate.ASKED
    # What still names this business as its owner is missing from a list that lags.
    if None in {seen.owned, seen.shared} or seen.node is Node.UNKNOWN or seen.owner == business:
        return Fate.UNSURE
    if moved or declared == business:
        return Fate.MOVED if moved else Fate.LOST
    if seen.partners is None or any(graph_id in assets for assets in seen.partners.values()):
        return Fate.UNSURE
    return Fate.WITHDRAWN if declared in {"", *seen.partners} else Fate.LEFT


def look(reads: Reads, asset: Asset, declared: str) -> Whereabouts:
    """Ask Meta about an asset that was there; what it does not show makes the diagnosis unsure, and raises nothing."""
    kind, graph_id, business = asset.kind, asset.graph_id, reads.client.connection.business_id
    owned, shared, asked = (_asked(partial(_lists, reads, side, asset)) for side in (OWNED, CLIENT, PENDING))
    owner = _asked(lambda: reads.asset_owners(kind).get(graph_id, "")) or ""
    seen = Seen(owned, shared, asked, owner=owner)
    if not (owned or shared or asked):
        node, owner = _node(reads, asset)
        seen = Seen(owned, shared, asked, _asked(reads.clients), node, owner)
    return judge(seen, graph_id, business=business, declared=declared)


def _lists(reads: Reads, side: str, asset: Asset) -> bool:
    return asset.graph_id in reads.business_assets(side, asset.kind)


def _asked(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except MetaAccessError:
        return None


def _node(reads: Reads, asset: Asset) -> tuple[Node, str]:
    try:
        return Node.SHOWN, reads.owner_of(asset)
    except (NotFoundError, PermissionDeniedError, InvalidRequestError):
        return Node.HIDDEN, ""
    except MetaAccessError:
        return Node.UNKNOWN, ""


def told(asset: str, found: Whereabouts, *, business: str, declared: str) -> str:
    """The diagnosis as one sentence, without what follows and without a full stop; "" where there is nothing to say.

    Args:
        asset: As typed.
        found: The diagnosis.
        business: How the business is called that had it.
        declared: Id of another business that owns it by the declaration; "" where none is known.
    """
    of, other = (f"its owner, business {declared},", f"business {declared}") if declared else ("its owner", business)
    return {
        Fate.WITHDRAWN: f"{of} has withdrawn the share of {asset} with {business}, so it is not shared any more",
        Fate.LEFT: f"{of} shares nothing with {business} any more, {asset} included",
        Fate.MOVED: f"asset {asset} belongs to business {found.owner} now, and not to {other}",
        Fate.LOST: f"asset {asset} is no longer one of {business}: another business has it, or it was removed",
    }.get(found.fate, "")


def follows(asset: str, found: Whereabouts, client: str = "") -> str:
    """The command that follows from a diagnosis, and when; "" where none does.

    Args:
        asset: As typed.
        found: The diagnosis.
        client: Key of the client, where it is known.
    """
    leaves = f"`meta-access offboard --client {client}`" if client else f"`meta-access offboard {asset}`"
    return {
        Fate.WITHDRAWN: f"If that is meant: `meta-access offboard {asset}`. Otherwise let its owner share it again",
        Fate.LEFT: f"If the client has left: {leaves}. Otherwise let its owner share it again",
        Fate.MOVED: (
            f'To go on with it, write it under a client with business: "{found.owner}". '
            f"Otherwise: `meta-access offboard {asset}`"
        ),
        Fate.LOST: f"If that is meant: `meta-access offboard {asset}`. Otherwise add it to the business again",
    }.get(found.fate, "")
