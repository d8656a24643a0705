"""What is ignored: by somebody who is there, about an asset and a holder that can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.ids import how_to_write, is_graph_id, parse_asset
from meta_access.stack.fields import shown
from meta_access.stack.problems import instead
from meta_access.validation import email_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.errors import Problem
    from meta_access.stack.draft import Draft
    from meta_access.stack.models import IgnoreSpec
    from meta_access.stack.problems import Loc


def check_ignores(draft: Draft) -> Iterator[Problem]:
    for place, entry in enumerate(draft.spec.ignore):
        yield from _entry(draft, ("ignore", place), entry)
    for key, client in draft.spec.clients.items():
        for place, entry in enumerate(client.ignore):
            at: Loc = ("clients", key, "ignore", place)
            yield from _entry(draft, at, entry)
            if entry.asset is not None and entry.asset not in client.assets:
                fix = instead(entry.asset, client.assets, "write one of its assets, or move the entry to meta:ignore.")
                yield draft.problem((*at, "asset"), f"{shown(entry.asset)} is no asset of client {key}.", fix)


def _entry(draft: Draft, at: Loc, entry: IgnoreSpec) -> Iterator[Problem]:
    yield from draft.unknown((*at, "person"), entry.person, "people")
    if entry.holder is not None and not is_graph_id(entry.holder) and email_address(entry.holder):
        text = f"{shown(entry.holder)} is neither an id nor an e-mail address."
        yield draft.problem((*at, "holder"), text, "copy the id that `meta-access who` shows, in quotes.")
    if entry.asset is not None:
        try:
            parse_asset(entry.asset)
        except ValueError as error:
            yield draft.problem((*at, "asset"), f"{error}.", how_to_write(entry.asset))
