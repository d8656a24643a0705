"""The quota: live users, planned ones, retired slots, and what then fits."""

from __future__ import annotations

import pytest

from meta_access.quota import Limit, LiveUser, PlannedUser, counted_as, fit, is_retired, refusal, warning
from tests.texts import lacks

ROOT = LiveUser("1", "root", "ADMIN")
REPORTING = LiveUser("2", "reporting", "EMPLOYEE")
TRADING = LiveUser("3", "trading", "EMPLOYEE")
RETIRED = LiveUser("4", "unused maple-1a2b", "EMPLOYEE")
RETIRED_ADMIN = LiveUser("5", "unused yew-3c4d", "ADMIN")
DEVELOPER = LiveUser("6", "dev", "DEVELOPER")


def limit(number: int | None) -> Limit:
    return Limit(number, "tier limited, rules 2026-05")


def new(*names: str, role: str = "EMPLOYEE") -> list[PlannedUser]:
    return [PlannedUser(name, role) for name in names]


@pytest.mark.parametrize(
    ("role", "number", "live", "planned", "fits", "needed", "created", "reused"),
    [
        # Nothing planned: nothing is refused, over the limit or not.
        ("EMPLOYEE", 1, [], [], True, 0, (), ()),
        ("EMPLOYEE", 1, [REPORTING, TRADING], [], True, 2, (), ()),
        # Room.
        ("EMPLOYEE", 1, [], new("a"), True, 1, ("a",), ()),
        ("EMPLOYEE", 10, [REPORTING], new("a", "b"), True, 3, ("a", "b"), ()),
        # The edge.
        ("EMPLOYEE", 2, [REPORTING], new("a"), True, 2, ("a",), ()),
        ("EMPLOYEE", 2, [REPORTING], new("a", "b"), False, 3, ("a", "b"), ()),
        ("EMPLOYEE", 1, [REPORTING], new("a"), False, 2, ("a",), ()),
        ("EMPLOYEE", 0, [], new("a"), False, 1, ("a",), ()),
        # Over the limit already, and one more.
        ("EMPLOYEE", 1, [REPORTING, TRADING], new("a"), False, 3, ("a",), ()),
        # A retired slot is taken before a new one is asked for.
        ("EMPLOYEE", 1, [RETIRED], new("a"), True, 1, (), ("a",)),
        ("EMPLOYEE", 1, [RETIRED], new("a", "b"), False, 2, ("b",), ("a",)),
        ("EMPLOYEE", 2, [RETIRED, REPORTING], new("a"), True, 2, (), ("a",)),
        ("EMPLOYEE", 1, [RETIRED, REPORTING], new("a"), True, 2, (), ("a",)),
        # One of the other role is not.
        ("EMPLOYEE", 1, [RETIRED_ADMIN], new("a"), True, 1, ("a",), ()),
        ("ADMIN", 1, [RETIRED], new("a", role="ADMIN"), True, 1, ("a",), ()),
        ("ADMIN", 1, [ROOT], new("a", role="ADMIN"), False, 2, ("a",), ()),
        ("ADMIN", 1, [RETIRED_ADMIN], new("a", role="ADMIN"), True, 1, (), ("a",)),
        # Roles are counted apart, all but ADMIN together.
        ("EMPLOYEE", 1, [ROOT], new("a"), True, 1, ("a",), ()),
        ("EMPLOYEE", 1, [DEVELOPER], new("a"), False, 2, ("a",), ()),
        ("EMPLOYEE", 1, [], [*new("a"), *new("b", role="ADMIN")], True, 1, ("a",), ()),
        # What exists needs no slot: adopted by id, or of that name (our lost create, or a conflict of its own).
        ("EMPLOYEE", 1, [REPORTING], [PlannedUser("x", "EMPLOYEE", adopt="2")], True, 1, (), ()),
        ("EMPLOYEE", 1, [REPORTING], new("reporting"), True, 1, (), ()),
        # An adopted retired user is not free any more.
        ("EMPLOYEE", 1, [RETIRED], [PlannedUser("x", "EMPLOYEE", adopt="4"), *new("a")], False, 2, ("a",), ()),
        # No number: cannot be told, so nothing is refused.
        ("EMPLOYEE", None, [REPORTING], new("a", "b"), True, 3, ("a", "b"), ()),
    ],
)
def test_what_fits(
    *,
    role: str,
    number: int | None,
    live: list[LiveUser],
    planned: list[PlannedUser],
    fits: bool,
    needed: int,
    created: tuple[str, ...],
    reused: tuple[str, ...],
) -> None:
    found = fit(role, limit(number), live, planned)

    assert (found.fits, found.needed, found.new, found.reused) == (fits, needed, created, reused)


@pytest.mark.parametrize(
    ("number", "live", "over"),
    [
        (1, [REPORTING], False),
        (1, [REPORTING, TRADING], True),
        (1, [REPORTING, RETIRED], True),
        (1, [REPORTING, ROOT], False),
        (None, [REPORTING, TRADING], False),
    ],
)
def test_being_over_the_limit_already_is_told_apart(number: int | None, live: list[LiveUser], over: bool) -> None:
    assert fit("EMPLOYEE", limit(number), live, []).over_already is over


def test_the_refusal_names_count_names_limit_source_and_ways_out() -> None:
    found = fit("EMPLOYEE", limit(1), [REPORTING], new("a", "b"))

    text = refusal(found, business="lindenhof (178)", higher="reach tier full, which allows 10")

    assert not lacks(
        text, "2 system users (a, b)", "lindenhof (178)", "reporting", "limit is 1", "rules 2026-05", "tier full", "10"
    )
    assert not lacks(text, "3 would", "`adopt`", "`pulumi up`", "meta:quota_overrides")


def test_the_refusal_of_an_admin_says_so_and_counts_taken_slots() -> None:
    found = fit("ADMIN", limit(1), [ROOT, RETIRED_ADMIN], new("a", "b", role="ADMIN"))

    text = refusal(found, business="x")

    assert not lacks(
        text,
        "1 admin system user (b)",
        "business x",
        "2 of that role (root, unused yew-3c4d)",
        "1 retired",
        "3 would",
        "limit is 1",
    )


def test_the_refusal_for_an_empty_business() -> None:
    text = refusal(fit("EMPLOYEE", limit(1), [], new("a", "b")), business="x")

    assert not lacks(text, "2 would be needed")


def test_the_warning_stops_nothing_and_says_so() -> None:
    text = warning(fit("EMPLOYEE", limit(1), [REPORTING, TRADING], []), business="x")

    assert not lacks(text, "business x", "2 system users (reporting, trading)", "limit of 1", "rules 2026-05")


@pytest.mark.parametrize(
    ("role", "counted"),
    [("ADMIN", "ADMIN"), ("admin", "ADMIN"), ("EMPLOYEE", "EMPLOYEE"), ("FINANCE_EDIT", "EMPLOYEE")],
)
def test_meta_counts_admins_apart_from_all_others(role: str, counted: str) -> None:
    assert counted_as(role) == counted


@pytest.mark.parametrize(
    ("name", "retired"), [("unused maple-1a2b", True), ("unused", False), ("Unused x", False), ("reporting", False)]
)
def test_a_retired_user_is_told_by_its_name(name: str, retired: bool) -> None:
    assert is_retired(name) is retired
