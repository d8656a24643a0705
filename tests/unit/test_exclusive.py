"""Who is taken off what is held exclusively, and who stays: every reason by itself, and which of two counts."""

from __future__ import annotations

import pytest

from meta_access import exclusive
from meta_access.exclusive import Protected, Scope, Stays
from meta_access.graph.holders import Grant, Holder, HolderKind, Holdings
from meta_access.graph.lists import Unread
from meta_access.ids import parse_asset

SHOP, BRAND, PIXEL, GROUP = "act_1", "page:2", "pixel:3", "group:4"
BOT = Holder(HolderKind.SYSTEM_USER, "11", "Bot")
TOOL = Holder(HolderKind.SYSTEM_USER, "12", "old tool")
INES = Holder(HolderKind.PERSON, "21", "Ines Roth", "Ines@shop.example")
AGENCY = Holder(HolderKind.PARTNER, "31", "Agency")


def grant(holder: Holder, asset: str = SHOP, *, pending: bool = False) -> Grant:
    return Grant(holder, parse_asset(asset), ("ANALYZE",), pending)


def scope(*kept: str, assets: tuple[str, ...] = (SHOP,), user: str = "") -> Scope:
    return Scope(frozenset(assets), user, kept)


def seen(*grants: Grant, contained: dict[str, frozenset[str]] | None = None, unread: str = "") -> Holdings:
    lists = (Unread(unread, "No."),) if unread else ()
    return Holdings("1", grants, contained or {}, lists)


def beyond(held: Scope, found: Holdings) -> list[str]:
    return [f"{one.holder.id}/{one.asset.id}" for one in exclusive.beyond(held, found)]


@pytest.mark.parametrize(
    ("held", "left"),
    [
        (scope(), ["11/act_1", "12/act_1", "21/act_1", "31/act_1"]),
        (scope("11/act_1"), ["12/act_1", "21/act_1", "31/act_1"]),
        # A user has another id for each app, and Meta keeps one name per business.
        (scope("bot/act_1"), ["12/act_1", "21/act_1", "31/act_1"]),
        (scope("11/page:2", "12/act_1"), ["11/act_1", "21/act_1", "31/act_1"]),
        (scope("ines@SHOP.example/*", "31/act_1"), ["11/act_1", "12/act_1"]),
        # People and partners are known by no name: two may have one.
        (scope("ines roth/*", "agency/*"), ["11/act_1", "12/act_1", "21/act_1", "31/act_1"]),
        (scope("*/act_1"), []),
        (scope("*/page:2"), ["11/act_1", "12/act_1", "21/act_1", "31/act_1"]),
        (scope(assets=(), user="11"), ["11/act_1", "11/page:2"]),
        (scope("11/act_1", assets=(), user="11"), ["11/page:2"]),
        (scope(assets=(BRAND,)), ["11/page:2"]),
    ],
)
def test_what_nothing_keeps(held: Scope, left: list[str]) -> None:
    found = seen(grant(BOT), grant(TOOL), grant(INES), grant(AGENCY), grant(BOT, BRAND))

    assert beyond(held, found) == left


def test_what_comes_with_a_kept_group_is_kept() -> None:
    found = seen(grant(BOT), grant(TOOL), grant(BOT, GROUP), contained={GROUP: frozenset({SHOP})})

    assert beyond(scope("11/group:4"), found) == ["12/act_1"]
    assert beyond(scope("11/group:9"), found) == ["11/act_1", "12/act_1"]


@pytest.mark.parametrize(
    ("one", "protected", "why"),
    [
        (grant(TOOL), Protected(), None),
        (grant(INES), Protected(), None),
        (grant(AGENCY), Protected(), None),
        (grant(TOOL), Protected(own_ids=frozenset({"12"})), Stays.OWN_USER),
        # Its token's person, or the same user as another app sees it.
        (grant(INES), Protected(own_names=frozenset({"ines roth"})), Stays.OWN_USER),
        (grant(AGENCY), Protected(own_names=frozenset({"Agency"}), last_admins=frozenset({"31"})), None),
        (grant(INES), Protected(last_admins=frozenset({"21"})), Stays.LAST_ADMIN),
        (grant(TOOL), Protected(last_admins=frozenset({"12"})), Stays.LAST_ADMIN),
        (grant(TOOL, PIXEL), Protected(), Stays.NO_CALL),
        (grant(AGENCY, PIXEL), Protected(), None),
        (grant(AGENCY, pending=True), Protected(), Stays.PENDING),
        (grant(TOOL, PIXEL), Protected(own_ids=frozenset({"12"})), Stays.OWN_USER),
    ],
)
def test_who_stays_and_why(one: Grant, protected: Protected, why: Stays | None) -> None:
    verdict = exclusive.decided([one], scope(), seen(one), protected)

    assert verdict.removed == (() if why else (one,))
    assert verdict.stays == (((one, why),) if why else ())


def test_businesses_of_the_stack_share_among_themselves() -> None:
    verdict = exclusive.decided([grant(AGENCY)], scope(), seen(), Protected(businesses=frozenset({"31"})))

    assert verdict == exclusive.Verdict()


def test_what_comes_with_a_group_that_nothing_keeps_is_a_persons_work_and_the_group_itself_is_not() -> None:
    found = seen(grant(TOOL), grant(TOOL, GROUP), grant(INES), contained={GROUP: frozenset({SHOP})})

    verdict = exclusive.decided(found.grants, scope(), found, Protected())

    assert verdict.stays == ((grant(TOOL), Stays.BY_GROUP),)
    assert verdict.removed == (grant(TOOL, GROUP), grant(INES))


@pytest.mark.parametrize("unread", ["1/business_asset_groups", "11/assigned_business_asset_groups"])
def test_users_stay_where_a_kept_group_may_give_the_access_and_is_not_shown(unread: str) -> None:
    found = seen(grant(TOOL), grant(AGENCY), unread=unread)

    kept = exclusive.decided(found.grants, scope("11/group:4"), found, Protected())
    none = exclusive.decided(found.grants, scope("11/act_9"), found, Protected())

    assert kept == exclusive.Verdict((grant(AGENCY),), ((grant(TOOL), Stays.GROUPS_UNREAD),))
    assert none == exclusive.Verdict((grant(TOOL), grant(AGENCY)))


def test_a_list_that_is_not_shown_hides_its_own_rows_alone() -> None:
    found = seen(grant(TOOL), unread="1/business_users")

    assert exclusive.decided(found.grants, scope(), found, Protected()).removed == (grant(TOOL),)


@pytest.mark.parametrize("why", list(Stays))
def test_every_reason_has_words(why: Stays) -> None:
    assert exclusive.WHYS[why]


def test_a_row_gives_the_grant_back() -> None:
    row = exclusive.as_row(grant(INES), Stays.LAST_ADMIN)

    assert row == {
        "asset": "act_1", "tasks": ["ANALYZE"], "holder": "21", "kind": "person", "name": "Ines Roth",
        "email": "Ines@shop.example", "why": "last admin",
    }  # fmt: skip
    assert exclusive.of_row(row) == grant(INES)
    assert exclusive.named(INES) == "Ines Roth (person 21)"
