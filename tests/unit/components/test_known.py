"""What an update exports of resources that failed: nothing, and never the engine's marker for what it does not know."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from components.known import known

if TYPE_CHECKING:
    from collections.abc import Callable


def output(value: Any, *, is_known: bool = True, is_secret: bool = False) -> pulumi.Output[Any]:
    def settled(what: Any) -> asyncio.Future[Any]:
        future = asyncio.get_running_loop().create_future()
        future.set_result(what)
        return future

    return pulumi.Output(set(), settled(value), settled(is_known), settled(is_secret))


def resolved(make: Callable[[], Any]) -> tuple[Any, list[bool]]:
    """The tree with the outputs' values in their places, and which of them were known or secret."""
    marks: list[bool] = []

    async def of(part: Any) -> Any:
        if isinstance(part, pulumi.Output):
            marks.extend([await part.is_known(), await part.is_secret()])
            return await part.future()
        return {key: await of(one) for key, one in part.items()} if isinstance(part, dict) else part

    async def ask() -> Any:
        return await of(known(make()))

    loop = asyncio.new_event_loop()  # asyncio.run would leave the thread without the loop that Pulumi's mocks want
    try:
        return loop.run_until_complete(ask()), marks
    finally:
        loop.close()


@pytest.fixture
def dry_run(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    return lambda dry: monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: dry)


def test_an_update_leaves_out_what_it_does_not_know(dry_run: Callable[[bool], None]) -> None:
    dry_run(False)

    told, marks = resolved(
        lambda: {
            "reporting": {"name": "meta/dev/reporting", "arn": output(None, is_known=False), "generation": output(2)},
            "trading": {"arn": output("arn:2")},
            "planned": {"limit": 1},
        }
    )

    assert told == {
        "reporting": {"name": "meta/dev/reporting", "generation": 2},
        "trading": {"arn": "arn:2"},
        "planned": {"limit": 1},
    }
    assert marks == [True, False, True, False]


def test_a_secret_stays_one_and_hides_its_own_row_only(dry_run: Callable[[bool], None]) -> None:
    dry_run(False)

    told, marks = resolved(lambda: {"a": {"x": output("s", is_secret=True)}, "b": {"x": output("y")}})

    assert told == {"a": {"x": "s"}, "b": {"x": "y"}}
    assert marks == [True, True, True, False]


def test_a_single_output_is_nothing_rather_than_a_marker(dry_run: Callable[[bool], None]) -> None:
    dry_run(False)

    assert resolved(lambda: output(None, is_known=False, is_secret=True)) == (None, [True, True])
    assert resolved(lambda: output("x")) == ("x", [True, False])


def test_a_preview_keeps_what_will_be_known(dry_run: Callable[[bool], None]) -> None:
    dry_run(True)

    told, marks = resolved(lambda: {"reporting": {"arn": output(None, is_known=False)}})

    assert (told, marks) == ({"reporting": {"arn": None}}, [False, False])
