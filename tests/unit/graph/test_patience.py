from __future__ import annotations

from meta_access.graph.patience import NOBODY, Caller, Patience, Wait, caller, on_behalf_of
from tests.texts import lacks

TOKEN = Caller("token reporting", keeps=True)
SHOP = Caller("asset assignment shop")


def test_waits_at_the_same_time_count_once_and_are_told_once() -> None:
    run = Patience()

    assert run.begin(SHOP, 60, now=0) == Wait(announced=True, so_far_s=60, at_most_s=120)
    assert run.begin(SHOP, 50, now=10) == Wait(announced=False, so_far_s=60, at_most_s=120)
    assert run.begin(SHOP, 60, now=20) == Wait(announced=True, so_far_s=80, at_most_s=120)


def test_what_widens_gives_up_where_a_token_still_waits() -> None:
    run = Patience()
    run.begin(SHOP, 100, now=0)

    assert not lacks(run.begin(SHOP, 60, now=100).refused, "100 s", "120 s")
    assert run.begin(TOKEN, 60, now=100) == Wait(announced=True, so_far_s=160, at_most_s=240)
    assert not lacks(run.begin(TOKEN, 100, now=160).refused, "160 s", "240 s")


def test_while_a_rotation_is_due_threads_stay_free_for_it() -> None:
    run = Patience()
    run.expect("arn:one")
    for _ in range(2):
        assert run.begin(SHOP, 30, now=0).refused == ""

    assert not lacks(run.begin(SHOP, 30, now=0).refused, "a token is due")
    assert run.begin(TOKEN, 30, now=0).refused == ""
    run.end(SHOP)
    assert run.begin(SHOP, 30, now=0).refused == ""
    run.settled("arn:one")
    assert run.begin(SHOP, 30, now=0).refused == ""


def test_a_process_that_goes_on_begins_a_new_run() -> None:
    run = Patience()
    run.begin(SHOP, 120, now=0)

    assert run.begin(SHOP, 60, now=1019).refused != ""
    assert run.begin(SHOP, 60, now=1021) == Wait(announced=True, so_far_s=60, at_most_s=120)


def test_calls_are_made_on_behalf_of_somebody_and_then_of_nobody() -> None:
    with on_behalf_of(TOKEN):
        assert caller() == TOKEN

    assert caller() == NOBODY


def test_who_only_looks_waits_for_no_throttle() -> None:
    assert Patience(looks_only=True).begin(TOKEN, 1, now=0) == Wait("this run only looks")
