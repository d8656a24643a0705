"""What a recorded call of our own client does that Meta has ended, or does not know: nothing may be found.

A call is held against what the emulator declares of Meta's surface. Graph ignores parameters that it does not know, so
nothing else would show that one of ours is misspelt.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from meta_emulator import router

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Ended for new apps since 2026-11-04 (Meta's blog on v27.0), and for all since 2026-10-27 (its changelog of v26.0).
ENDED = ("method", "ids", "callback", "date_format", "async", "asyncbatch", "adbatch", "debug", "pretty", "metadata")
ENDED_HEADERS = ("if-none-match", "x-http-method-override")
_ALIAS = re.compile(r"\.\s*as\s*\(")
_VERSION = re.compile(r"v\d+\.\d+")


def problems(
    method: str, path: str, params: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> Iterator[str]:
    """What is wrong with a call; its parameters from query and form, the header names in lower case."""
    place = f"{method} {path}"
    yield from (f"{place}: {name}" for name in ENDED if name in params)
    yield from (f"{place}: header {name}" for name in ENDED_HEADERS if name in (headers or {}))
    if _ALIAS.search(params.get("fields", "")):
        yield f"{place}: a field alias"
    if "batch" in params:
        for item in json.loads(params["batch"]):
            url = urlsplit(item["relative_url"])
            yield from problems(item["method"], url.path, dict(parse_qsl(f"{url.query}&{item.get('body', '')}")))
        return
    known = declared(method, path)
    if known is not None:
        yield from (f"{place}: {name} is no parameter of it" for name in params if name not in {*known, *ENDED})


def declared(method: str, path: str) -> set[str] | None:
    """The parameters of the calls that a path may stand for; None where it stands for none that is served."""
    parts = [part for part in path.split("/") if part and not _VERSION.fullmatch(part)]
    name = "/".join(parts)
    fits = [
        route
        for route in router.routes().values()
        if route.method == method
        and (route.edge == name if not route.node else len(parts) in {1, 2} and route.edge == "".join(parts[1:]))
    ]
    return {param.name for route in fits for param in route.accepted} if fits else None
