"""The page on coverage says what is served; what it says is not served is not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meta_emulator import router
from tools.workspace import coverage

if TYPE_CHECKING:
    import pytest

TEXT = coverage.PAGE.read_text(encoding="utf-8")
NOT_SERVED = TEXT.partition("## What is not served")[2]


def test_the_page_and_the_routes_agree() -> None:
    assert coverage.filled(TEXT) == TEXT, "run: python -m tools.workspace.coverage"


def test_a_route_that_the_page_lacks_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    routes = dict(router.routes())
    routes.pop(("GET", "app", "roles"))
    monkeypatch.setattr("meta_emulator.router.routes", lambda: routes)

    assert coverage.filled(TEXT) != TEXT


def test_what_is_said_not_to_be_served_is_not() -> None:
    found = re.findall(r"`(GET|POST|DELETE) /\{([a-z-]+)\}/([a-z_]+)`", NOT_SERVED)
    calls = {(method, node.replace("-", "_"), edge) for method, node, edge in found}

    assert len(calls) > 5
    assert calls & router.routes().keys() == set()
