"""The journal as a page: the newest calls first, filtered by service, outcome and a piece of the path."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from meta_emulator.journal import NO_ANSWER

if TYPE_CHECKING:
    from meta_emulator.dashboard.scene import Scene
    from meta_emulator.journal import Call

SHOWN = 200


def failed(call: Call) -> bool:
    return call.status == NO_ANSWER or call.status >= HTTPStatus.BAD_REQUEST or call.code is not None


def look(scene: Scene) -> dict[str, Any]:
    service, outcome, path = (scene.query.get(key, "") for key in ("service", "outcome", "path"))
    kept = [
        call
        for call in scene.calls
        if service in ("", call.service) and (outcome != "failed" or failed(call)) and path.lower() in call.path.lower()
    ]
    return {
        "calls": kept[: -SHOWN - 1 : -1],
        "matching": len(kept),
        "total": len(scene.calls),
        "filters": {"service": service, "outcome": outcome, "path": path},
        "failed": failed,
    }
