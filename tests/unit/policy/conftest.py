"""A sound stack whose changes are judged: `judged` gives what the rules find, as the lines that tests write out."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.policy import judge
from tests.unit.stack.conftest import load as load  # noqa: PLC0414 - a fixture

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from meta_access.policy import Finding
    from meta_access.policy.declared import Resource
    from meta_access.stack.load import Stack

TODAY = date(2026, 12, 2)


def line(one: Finding) -> str:
    return f"{one.level} {one.severity} {one.rule} | {one.place} | {one.cause} | {one.fix}"


@pytest.fixture
def judged(load: Callable[..., Stack], tmp_path: Path) -> Callable[..., list[str]]:
    """What the rules find in the sound stack with changes."""

    def run(
        changes: dict[str, Any] | None = None,
        *,
        today: date = TODAY,
        gates: Mapping[str, str] | None = None,
        resources: Sequence[Resource] | None = None,
    ) -> list[str]:
        stack = load(changes)
        found = judge.findings(stack, tmp_path / "stacks", today, gates=gates, resources=resources)
        return [line(one) for one in found]

    return run


@pytest.fixture
def own(tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    """Writes a team's own file of rules; gives the setting that names it."""

    def write(text: str) -> dict[str, Any]:
        folder = tmp_path / "stacks"
        folder.mkdir(exist_ok=True)
        (folder / "own.py").write_text(text, encoding="utf-8")
        return {"meta:policy/files": ["own.py"]}

    return write
