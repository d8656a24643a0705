"""What `requires` holds, and that it is no dependency."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from components.gate_board import GateBoard
from meta_access.stack.files import config_of
from meta_access.stack.load import load_stack

if TYPE_CHECKING:
    from collections.abc import Callable

STACKS = Path(__file__).resolve().parents[3] / "stacks"
STACK = load_stack(config_of(STACKS / "Pulumi.staging.yaml"), "staging", STACKS)


def settled(value: Any) -> asyncio.Future[Any]:
    future = asyncio.get_running_loop().create_future()
    future.set_result(value)
    return future


def required(status: str | None) -> tuple[set[Any], bool, str | None]:
    """Resources, known, and value of a requirement whose gate's status is as given; None is unknown."""

    async def ask() -> tuple[set[Any], bool, str | None]:
        gate: Any = object()
        output: pulumi.Output[str] = pulumi.Output(settled({gate}), settled(status), settled(status is not None))
        board = GateBoard(STACK)
        board.add("ads-tier", SimpleNamespace(status=output))
        found = board.for_user("main")
        assert found is not None
        assert list(found) == ["ads-tier"]
        return (
            set(await found["ads-tier"].resources()),
            await found["ads-tier"].is_known(),
            await found["ads-tier"].future(),
        )

    loop = asyncio.new_event_loop()  # asyncio.run would leave the thread without the loop that Pulumi's mocks want
    try:
        return loop.run_until_complete(ask())
    finally:
        loop.close()


@pytest.fixture
def dry_run(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    return lambda dry: monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: dry)


@pytest.mark.parametrize("preview", [True, False])
def test_a_status_is_passed_on_without_the_dependency_on_its_gate(
    dry_run: Callable[[bool], None], preview: bool
) -> None:
    dry_run(preview)
    assert required("satisfied") == (set(), True, "satisfied")


def test_a_status_that_a_preview_cannot_know_stays_unknown(dry_run: Callable[[bool], None]) -> None:
    dry_run(True)
    _, known, _ = required(None)
    assert not known


def test_a_gate_that_an_update_did_not_make_counts_as_closed(dry_run: Callable[[bool], None]) -> None:
    dry_run(False)
    assert required(None) == (set(), True, "not made yet")


def test_gates_that_are_not_declared_are_not_required() -> None:
    assert GateBoard(STACK).for_user("main") is None
