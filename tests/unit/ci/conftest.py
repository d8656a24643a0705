"""A fake forge for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.ci import forges

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.ci.forges import State


@pytest.fixture
def state() -> Iterator[State]:
    with forges.running() as made:
        yield made


@pytest.fixture(params=["github", "gitlab"])
def job(request: pytest.FixtureRequest, state: State, monkeypatch: pytest.MonkeyPatch) -> State:
    """The environment of a job of either forge, on the fake one."""
    for name in ("GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    for name, value in forges.environment(state, request.param).items():
        monkeypatch.setenv(name, value)
    return state
