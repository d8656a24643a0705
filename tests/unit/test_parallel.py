from __future__ import annotations

import threading
from contextvars import ContextVar

import pytest

from meta_access.parallel import together

WHO: ContextVar[str] = ContextVar("who")


def test_calls_are_made_at_once_and_answered_in_their_order() -> None:
    all_here = threading.Barrier(4)

    def call(number: int) -> int:
        all_here.wait(5)
        return number

    assert together([lambda n=n: call(n) for n in range(4)]) == [0, 1, 2, 3]  # type: ignore[misc]


def test_each_call_knows_on_whose_behalf_it_is_made() -> None:
    WHO.set("the caller")

    assert together([WHO.get, WHO.get]) == ["the caller", "the caller"]


def test_the_first_failure_is_raised_once_all_have_ended() -> None:
    ended: list[int] = []

    def fail(number: int) -> None:
        ended.append(number)
        raise ValueError(number)

    with pytest.raises(ValueError, match="0"):
        together([lambda: fail(0), lambda: fail(1), lambda: ended.append(2)])
    assert sorted(ended) == [0, 1, 2]


def test_nothing_and_one_call_need_no_thread() -> None:
    assert together([]) == []
    assert together([threading.current_thread]) == [threading.main_thread()]
