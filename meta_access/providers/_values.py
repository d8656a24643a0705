"""Values as they cross the plugin's wire: numbers arrive as floats, unknowns as objects, and nothing as None."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

if TYPE_CHECKING:
    from collections.abc import Mapping

PROVIDER_KEY = "__provider"


def unknown(value: Any) -> bool:
    """Whether a value, or anything inside it, is known only after an update."""
    return pulumi.contains_unknowns(value)


def clean(bag: Mapping[str, Any]) -> dict[str, Any]:
    """A copy without the host's own key and without Nones, numbers as people wrote them."""
    return {key: _plain(value) for key, value in bag.items() if key != PROVIDER_KEY and value is not None}


def in_order(value: Any) -> Any:
    """A list of texts in one order; anything else, or what is not known yet, as it is."""
    if not isinstance(value, list) or unknown(value) or not all(isinstance(item, str) for item in value):
        return value
    return sorted(value)


def sorted_texts(value: Any) -> Any:
    """As `in_order`, and each text once."""
    ordered = in_order(value)
    return ordered if ordered is value else sorted(set(ordered))


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
