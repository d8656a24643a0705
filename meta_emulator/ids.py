"""`GET /{edge}?ids=`: one answer for an edge of several objects, keyed by id.

Source: https://developers.facebook.com/docs/graph-api/overview, read 2026-11; the limit of fifty is documented since
v2.2. Since 2026-11-04 it is for older apps only, and `GET /?ids=` is for none: see `legacy.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator.errors import bad_parameter

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_emulator.call import GraphCall

MOST = 50


def asked(call: GraphCall) -> bool:
    return call.request.method == "GET" and len(call.request.path) == 1 and "ids" in call.request.params


def read(call: GraphCall, dispatch: Callable[[GraphCall], Any]) -> dict[str, Any]:
    """Each id's answer; one that fails fails them all."""
    ids = list(dict.fromkeys(call.request.texts("ids") or []))
    if not ids:
        raise bad_parameter("Param ids must be a list of object ids.")
    if len(ids) > MOST:
        raise bad_parameter(f"Too many IDs. Maximum: {MOST}. Provided: {len(ids)}.")
    params = {name: value for name, value in call.request.params.items() if name != "ids"}
    return {node_id: dispatch(call.within((node_id, *call.request.path), params)) for node_id in ids}
