from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_access.errors import GraphUnreachableError, LimitReachedError, MetaAccessError, TransientError
from meta_access.graph import landing

if TYPE_CHECKING:
    from collections.abc import Callable

CUT = GraphUnreachableError("cut", sent=True)
TAKEN = LimitReachedError("taken", code=3972)
BLIND = GraphUnreachableError("cannot look", sent=True)


class Script:
    """Gives or raises one thing per call, and counts."""

    def __init__(self, *steps: object) -> None:
        self.steps = list(steps)
        self.calls = 0

    def __call__(self) -> Any:
        self.calls += 1
        step = self.steps.pop(0)
        if isinstance(step, MetaAccessError):
            raise step
        return step


def write(send: Script, landed: Callable[[], Any] | None) -> tuple[Any, list[float]]:
    slept: list[float] = []
    return landing.write(send, landed, slept.append), slept


def test_an_answered_write_is_not_looked_for() -> None:
    landed = Script()

    assert write(Script("done"), landed) == ("done", [])
    assert landed.calls == 0


@pytest.mark.parametrize("failure", [CUT, TransientError("passing", code=1)])
def test_a_write_found_to_have_landed_is_not_repeated(failure: MetaAccessError) -> None:
    send = Script(failure)

    assert write(send, Script("found")) == ("found", [1.0])
    assert send.calls == 1


def test_a_write_that_did_not_land_is_repeated_once() -> None:
    send, landed = Script(CUT, "done"), Script(None)

    assert write(send, landed) == ("done", [1.0])
    assert (send.calls, landed.calls) == (2, 1)


def test_a_write_unanswered_twice_is_looked_for_again() -> None:
    assert write(Script(CUT, CUT), Script(None, "found"))[0] == "found"


def test_exists_already_after_an_unanswered_write_may_be_our_own() -> None:
    assert write(Script(CUT, TAKEN), Script(None, "found"))[0] == "found"


@pytest.mark.parametrize(
    ("send", "landed", "failure"),
    [
        (Script(CUT, CUT), Script(None, None), CUT),
        (Script(CUT, TAKEN), Script(None, None), TAKEN),
        (Script(CUT), Script(BLIND), CUT),
        (Script(CUT, TAKEN), Script(None, BLIND), TAKEN),
        (Script(TAKEN), Script(), TAKEN),
        (Script(CUT), None, CUT),
        (Script(GraphUnreachableError("refused", sent=False)), Script(), None),
    ],
)
def test_what_stays_unknown_or_refused_is_raised(
    send: Script, landed: Script | None, failure: MetaAccessError | None
) -> None:
    with pytest.raises(MetaAccessError) as raised:
        write(send, landed)

    assert failure is None or raised.value is failure
    assert raised.value.__context__ is None
    assert send.steps == []
    assert landed is None or landed.steps == []


def test_a_write_that_changes_nothing_twice_needs_no_look() -> None:
    assert write(Script(CUT, "done"), landing.nothing_to_look_at)[0] == "done"
