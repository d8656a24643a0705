"""What all unit tests share."""

from __future__ import annotations

import pytest

from meta_access import redaction


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process masks each credential that it has resolved; one test's would be masked in another's sentences."""
    monkeypatch.setattr(redaction, "_known", set())
