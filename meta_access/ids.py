"""Identifiers as people type them, and what Graph calls the same thing.

An asset is written with its kind, because a bare number does not say whether it is an ad account or a Page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Graph ids exceed 2**53: they are text everywhere. ASCII digits only: str.isdigit() accepts other scripts' digits.
_GRAPH_ID = re.compile(r"[1-9][0-9]{0,24}", re.ASCII)

LONGEST_SHOWN = 40
"""Characters: longer text in the place of an id is not repeated."""

AD_ACCOUNT_PREFIX = "act_"
"""Part of the Graph id itself, unlike the other prefixes."""

GROUP = "group"
"""A business asset group: who has tasks on it has them on what is in it, each kind with tasks of its own."""

PREFIXED_KINDS = ("page", "catalog", "pixel", "waba", "instagram", GROUP)
"""Kinds written `kind:number`; Graph knows them by the number alone."""

KINDS_IN_A_GROUP = ("ad_account", "page", "pixel", "offline_conversion_data_set")
"""What a group gives tasks on, whatever else is in it; a task is written with its kind, as in `page:ANALYZE`."""

INSTAGRAM_IDS = (
    "An Instagram account has several ids: the business lists the one that counts here (the id of "
    "owned_instagram_assets), which is neither ig_user_id, the id of the IG User that publishing takes, nor ig_id, its "
    "older number"
)

_OTHER_WORDS = {
    "act": "act_",
    "ad_account": "act_",
    "adaccount": "act_",
    "account": "act_",
    "pages": "page:",
    "product_catalog": "catalog:",
    "productcatalog": "catalog:",
    "dataset": "pixel:",
    "ads_pixel": "pixel:",
    "adspixel": "pixel:",
    "whatsapp": "waba:",
    "whatsapp_business_account": "waba:",
    "wa": "waba:",
    "ig": "instagram:",
    "ig_user": "instagram:",
    "instagram_account": "instagram:",
    "business_asset_group": "group:",
    "asset_group": "group:",
    "groups": "group:",
    "bag": "group:",
}
_APPS = ("app", "apps", "application")
_NOT_ASSIGNED = "names an app, which no call of Meta's assigns: the gate SystemUserAppAccess is for that"
_INSTEAD_OF_APPS = (
    "remove the line. Each identity has the gate <identity>-app-access for the app of its connection: it shows what a "
    "person does in Business settings, and sees when that is done. An app that is not there yet goes into meta:apps, "
    "with a connection of its own."
)


@dataclass(frozen=True, slots=True)
class Asset:
    """A business asset that people and system users can be assigned to.

    Attributes:
        kind: `ad_account`, or one of `PREFIXED_KINDS`.
        id: As typed in the configuration: `act_123`, `page:123`.
        graph_id: As Graph knows it: `act_123`, `123`.
    """

    kind: str
    id: str
    graph_id: str

    def __str__(self) -> str:
        return self.id


def is_graph_id(text: str) -> bool:
    """Whether `text` can be a Graph id: digits, none in front being zero."""
    return _GRAPH_ID.fullmatch(text) is not None


def parse_asset(text: str) -> Asset:
    """Read an asset as people type it.

    Raises:
        ValueError: With the reason and how to write it; fit to be shown as it is.
    """
    if text.startswith(AD_ACCOUNT_PREFIX):
        if not is_graph_id(text.removeprefix(AD_ACCOUNT_PREFIX)):
            raise ValueError(f"{shown(text)} is no ad account: write act_ and digits, such as act_1043217650987654")
        return Asset("ad_account", text, text)
    kind, colon, number = text.partition(":")
    if colon and kind in PREFIXED_KINDS:
        if not is_graph_id(number):
            raise ValueError(f"{shown(text)} has no id: write {kind}: and digits, such as {kind}:102938475610293")
        return Asset(kind, text, number)
    raise ValueError(_why_not(text, kind if colon else ""))


def listed(kind: str, graph_id: str) -> Asset:
    """An asset as a list of its kind has it: of ad accounts some lists leave the prefix out."""
    if kind == "ad_account":
        typed = AD_ACCOUNT_PREFIX + graph_id.removeprefix(AD_ACCOUNT_PREFIX)
        return Asset(kind, typed, typed)
    return Asset(kind, f"{kind}:{graph_id}", graph_id)


def shown(text: str) -> str:
    """Quote what was typed, unless it is so long that it may be a token pasted into the wrong line."""
    return repr(text) if len(text) <= LONGEST_SHOWN else "the value"


def how_to_write(text: str) -> str:
    """The fix for what `parse_asset` refused: with the prefix that was meant, where that is known."""
    kind, colon, number = text.partition(":")
    if _is_app(text):
        return _INSTEAD_OF_APPS
    meant = _meant(kind if colon else text.partition("_")[0])
    digits = (number if colon else text.partition("_")[2]).strip()
    if meant is None:
        return f"start with {_known()}, and go on with the id's digits."
    return f'write "{meant}{digits}".' if is_graph_id(digits) else f"write {meant} and the id's digits."


def _known() -> str:
    return "act_, " + ", ".join(f"{name}:" for name in PREFIXED_KINDS)


def _meant(kind: str) -> str | None:
    word = kind.strip().lower().replace("-", "_").replace(" ", "_")
    return _OTHER_WORDS.get(word) or (f"{word}:" if word in PREFIXED_KINDS else None)


def _is_app(text: str) -> bool:
    word, _, number = text.strip().lower().replace(":", "_").rpartition("_")
    return word in _APPS and is_graph_id(number)


def _why_not(text: str, kind: str) -> str:
    if _is_app(text):
        return f"{shown(text)} {_NOT_ASSIGNED}"
    if text != text.strip():
        return f"{shown(text)} has blanks around it; write it without them"
    if text.strip("0123456789") == "" and text:
        return "a bare number: ad accounts start with act_, others with their kind, such as page:"
    meant = _meant(kind)
    if meant:
        return f"{shown(text)} is spelt with {kind}: where {meant} is meant"
    return f"{shown(text)} names no kind of asset; start it with one of {_known()}"
