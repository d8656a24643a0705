"""Calls by endpoint: what the emulator was asked during one operation."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ID = re.compile(r"(act_)?[0-9]{6,}")
_VERSION = re.compile(r"^/?v[0-9]+\.[0-9]+")


def by_endpoint(calls: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """`GET {id}/assigned_users`, `DescribeSecret`: how often each was asked; of a batch its items, as Meta counts."""
    return Counter(_endpoint(call) for call in calls if not is_batch(call))


def is_batch(call: Mapping[str, Any]) -> bool:
    """Whether it only brings others: Meta counts those."""
    return call["service"] == "graph" and not _noun(call)


def _endpoint(call: Mapping[str, Any]) -> str:
    if call["service"] == "secretsmanager":
        return str(call["operation"])
    return f"{call['method']} {_ID.sub('{id}', _noun(call))}"


def _noun(call: Mapping[str, Any]) -> str:
    """Of a batch empty: it goes to the version itself."""
    return _VERSION.sub("", call["path"]).strip("/")


def split(endpoints: Mapping[str, int]) -> tuple[int, int]:
    """How many calls to Meta, and how many to Secrets Manager."""
    graph = sum(count for name, count in endpoints.items() if " " in name)
    return graph, sum(endpoints.values()) - graph
