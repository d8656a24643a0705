"""`?ids=`: one answer for several objects, keyed by id, of the node itself or of one edge of each.

Source: https://developers.facebook.com/docs/graph-api/overview, read 2026-11. Version 26.0 is reported to refuse it at
the root (restfb/restfb#1692) where Meta's guide still shows it: lenient serves it, strict refuses from v26.0 on. The
text of that refusal is ours; the limit of fifty is documented since v2.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.emulator.errors import bad_parameter
from meta_access.rules import version_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.emulator.call import GraphCall

MOST = 50
REFUSED_SINCE = 26.0


def asked(call: GraphCall) -> bool:
    return call.request.method == "GET" and len(call.request.path) <= 1 and "ids" in call.request.params


def read(call: GraphCall, dispatch: Callable[[GraphCall], Any]) -> dict[str, Any]:
    """Each id's answer; one that fails fails them all."""
    if call.strict and not call.request.path and version_number(call.served.version) >= REFUSED_SINCE:
        raise bad_parameter("The parameter ids is not supported on this request. Use a batch request instead.")
    ids = list(dict.fromkeys(call.request.texts("ids") or []))
    if not ids:
        raise bad_parameter("Param ids must be a list of object ids.")
    if len(ids) > MOST:
        raise bad_parameter(f"Too many IDs. Maximum: {MOST}. Provided: {len(ids)}.")
    params = {name: value for name, value in call.request.params.items() if name != "ids"}
    return {node_id: dispatch(call.within((node_id, *call.request.path), params)) for node_id in ids}
