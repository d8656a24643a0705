"""Profile pictures: `GET /{person-id}/picture`, `/{page-id}/picture` and `/{business-id}/picture`.

Source: https://developers.facebook.com/docs/graph-api/reference/user/picture, read 2026-12-01, which says that it leads
to the image unless `redirect` is false; parameters and values are those of the specification (of 2026-04-15). As a
field it is always the data. A world has no pictures: everybody is a silhouette, and the address leads to one image of
the emulator's own. Sizes of the types are as users report them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from meta_emulator.errors import bad_parameter
from meta_emulator.fields import Node, show
from meta_emulator.node_types import PICTURE
from meta_emulator.reply import Redirect
from meta_emulator.surface import SDK, Param, Route, params

if TYPE_CHECKING:
    from meta_emulator.call import GraphCall
    from meta_emulator.world import Asset, Business, Person

SIZES = {"album": 50, "large": 200, "normal": 100, "small": 50, "square": 50}
BIGGEST = 2048
IMAGE = "/dashboard/static/mark.svg"  # everybody's


def show_picture(call: GraphCall, node: Person | Asset | Business) -> Any:
    width, height = _size(call)
    query = urlencode({"asid": node.id, "width": width, "height": height})
    address = f"{call.request.base_url}{IMAGE}?{query}"
    wanted = call.request.text("redirect")
    if not call.part and (wanted is None or call.request.flag("redirect")):
        return Redirect(address)
    values = {"height": height, "width": width, "is_silhouette": True, "url": address}
    return {"data": show(Node(PICTURE, values), call)}


def _size(call: GraphCall) -> tuple[int, int]:
    size = SIZES[call.request.text("type") or "square"]
    given = {name: call.request.text(name) for name in ("width", "height")}
    found = {name: int(text) for name, text in given.items() if text is not None}
    if not all(1 <= value <= BIGGEST for value in found.values()):
        raise bad_parameter(f"Params width and height must be between 1 and {BIGGEST}.")
    # One of the two makes a square.
    only = next(iter(found.values()), size)
    return found.get("width", only), found.get("height", only)


PARAMS = (*params(int="height width", bool="redirect"), Param("type", "enum", values=tuple(SIZES)))

ROUTES = (
    Route("GET", "person", "picture", show_picture, "graph-api/reference/user/picture", params=PARAMS, returns=PICTURE),
    Route("GET", "page", "picture", show_picture, f"{SDK}Page.json", "SDK", PARAMS, PICTURE),
    Route("GET", "business", "picture", show_picture, f"{SDK}Business.json", "SDK", PARAMS, PICTURE),
)
