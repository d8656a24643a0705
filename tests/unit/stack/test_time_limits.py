"""What ends on a day: what is said before, what leaves the plan on it, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.stack import plan, time_limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.load import Stack

SHOP = "act_1043217650987654"
PLACE = f"clients.own.assets.{SHOP}.reporting"
TIMED = {f"meta:clients/own/assets/{SHOP}/reporting": {"tasks": "read", "until": "2027-01-31"}}
INES = {
    "meta:people/ines": {"email": "ines@agency.example", "business": "EMPLOYEE", "until": "2027-01-31"},
    "meta:apps/ads/roles/developer": ["ines"],
}
BEFORE, ON = date(2027, 1, 30), date(2027, 1, 31)
URN = (
    "urn:pulumi:test::meta-access::meta:access:ClientAccess$pulumi-python:dynamic/meta:AssetAssignment::own-reporting-"
)


def test_an_assignment_is_planned_until_its_day(load: Callable[..., Stack]) -> None:
    stack = load(TIMED)

    planned = {
        day: list(plan.assignments(time_limits.applied(stack.spec, day), stack.rules, "own")) for day in (BEFORE, ON)
    }

    assert [(one.asset, one.tasks) for one in planned[BEFORE]] == [(SHOP, ("ANALYZE",))]
    assert planned[ON] == []


def test_an_identity_goes_with_its_assignments(load: Callable[..., Stack]) -> None:
    stack = load({"meta:identities/reporting/until": "2027-01-31"})

    after = time_limits.applied(stack.spec, ON)

    assert (list(after.identities), after.clients["own"].assets) == ([], {SHOP: {}})
    assert time_limits.applied(stack.spec, BEFORE) == stack.spec


def test_a_person_loses_business_and_roles_and_stays_a_name(load: Callable[..., Stack]) -> None:
    stack = load(INES)

    after = time_limits.applied(stack.spec, ON)

    assert after.people["ines"].business is None
    assert after.apps["ads"].roles is not None
    assert after.apps["ads"].roles.by_person() == {"nadia": "admin"}
    assert stack.spec.apps["ads"].roles is not None
    assert stack.spec.apps["ads"].roles.by_person() == {"nadia": "admin", "ines": "developer"}


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (date(2027, 1, 16), []),
        (date(2027, 1, 17), ["in 14 days (said from 14 days before)"]),
        (date(2027, 1, 27), ["in 4 days (said from 14 days before)"]),
        (date(2027, 1, 28), ["in 3 days (said from 3 days before)"]),
        (date(2027, 1, 30), ["in 1 day (said from 3 days before)"]),
        (date(2027, 1, 31), ["ended on 2027-01-31 (until), so this change takes it away."]),
    ],
)
def test_it_is_said_fourteen_and_three_days_before_and_when_it_goes(
    load: Callable[..., Stack], today: date, said: list[str]
) -> None:
    limits = time_limits.of_stack(load(TIMED))

    found = list(time_limits.warnings(limits, today, standing={PLACE}))

    assert len(found) == len(said)
    assert all(text.startswith(f"meta:{PLACE} ") and part in text for text, part in zip(found, said, strict=True))


def test_what_goes_along_with_an_identity_is_said(load: Callable[..., Stack]) -> None:
    limits = time_limits.of_stack(load({"meta:identities/reporting/until": "2027-01-31"}))

    assert list(time_limits.warnings(limits, ON, standing={"identities.reporting"})) == [
        (
            "meta:identities.reporting ended on 2027-01-31 (until), so this change takes it away, with its assignments "
            "and its token: readers of that lose access. Move its until, if it is to stay; remove it from the file "
            "otherwise."
        )
    ]


def test_a_day_of_a_clients_file_is_named_by_its_place_there(load: Callable[..., Stack]) -> None:
    stack = replace(load(TIMED), origins={"own": "stacks/clients.test/own.yaml"})

    [limit] = time_limits.of_stack(stack)

    assert (limit.place, limit.file, limit.key) == (
        PLACE,
        "stacks/clients.test/own.yaml",
        f"assets.{SHOP}.reporting.until",
    )
    assert limit.shown == f"stacks/clients.test/own.yaml:assets.{SHOP}.reporting"
    assert [(one.file, one.key) for one in time_limits.of_stack(load(TIMED))] == [
        ("stacks/Pulumi.test.yaml", f"meta:{PLACE}.until")
    ]


def test_what_has_gone_is_said_no_more(load: Callable[..., Stack]) -> None:
    limits = time_limits.of_stack(load(TIMED))

    assert list(time_limits.warnings(limits, date(2027, 2, 1), standing=())) == []


def test_a_state_shows_which_of_them_stand(load: Callable[..., Stack]) -> None:
    limits = time_limits.of_stack(load({**TIMED, **INES, "meta:identities/reporting/until": "2027-02-01"}))
    root = "urn:pulumi:test::meta-access::"
    app_roles = f"{root}meta:access:AppAccess$pulumi-python:dynamic/meta:AppRoles::ads-app-roles"

    assert [limit.place for limit in limits] == ["people.ines", "identities.reporting", PLACE]
    assert time_limits.standing(limits, {URN + SHOP: {}}) == {PLACE}
    roles = {"roles": {"nadia": "admin", "ines": "developer"}}
    assert time_limits.standing(limits, {app_roles: roles, f"{root}x$meta:SystemUser::reporting": {}}) == {
        "people.ines",
        "identities.reporting",
    }
    # The gate of the others' roles stands without her.
    assert time_limits.standing(limits, {app_roles: {"roles": {"nadia": "admin"}}}) == set()
    assert time_limits.standing(limits, {f"{root}pulumi:pulumi:Stack::meta-access-test": {}}) == set()


def test_tasks_with_a_reason_and_no_day_stay(load: Callable[..., Stack]) -> None:
    stack = load({f"meta:clients/own/assets/{SHOP}/reporting": {"tasks": "read", "reason": "the yearly audit"}})

    assert time_limits.of_stack(stack) == []
    assert time_limits.on(stack, ON).spec.clients["own"].choices == {SHOP: {"reporting": "read"}}


def test_a_day_that_has_come_is_refused_for_a_new_thing_alone(load: Callable[..., Stack]) -> None:
    limits = time_limits.of_stack(load(TIMED))

    assert list(time_limits.refusals(limits, ON, known={PLACE})) == []
    assert list(time_limits.refusals(limits, BEFORE, known=())) == []
    assert [str(one) for one in time_limits.refusals(limits, ON, known=())] == [
        (
            f"meta:{PLACE}.until: 2027-01-31 is not in the future, and this is new. Fix: write a day to come, or "
            "remove the entry."
        )
    ]
    assert time_limits.as_output(limits) == {PLACE: "2027-01-31"}


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        (
            {f"meta:clients/own/assets/{SHOP}/reporting": {"tasks": "read"}},
            f'meta:clients.own.assets.{SHOP}.reporting: has no until. Fix: write {{tasks: …, until: "2027-01-31"}}.',
        ),
        (
            {f"meta:clients/own/assets/{SHOP}/reporting": {"tasks": "read", "until": "soon"}},
            f'meta:clients.own.assets.{SHOP}.reporting: "soon" is no date. Fix: write it like "2026-11-24", in quotes.',
        ),
        (
            {f"meta:clients/own/assets/{SHOP}/reporting": {"tasks": "read", "until": "2027-01-31", "by": "ines"}},
            (
                f'meta:clients.own.assets.{SHOP}.reporting: there is no key "by" here. Fix: write {{tasks: …, until: '
                '"2027-01-31"}.'
            ),
        ),
        (
            {f"meta:clients/own/assets/{SHOP}/reporting": {"reason": "the yearly audit"}},
            f'meta:clients.own.assets.{SHOP}.reporting: has no tasks. Fix: write {{tasks: …, until: "2027-01-31"}}.',
        ),
        (
            {f"meta:clients/own/assets/{SHOP}/reporting": {"tasks": "read", "reason": ""}},
            f"meta:clients.own.assets.{SHOP}.reporting: its reason is empty. Fix: write a text.",
        ),
        (
            {f"meta:clients/own/assets/{SHOP}/reporting": {"tasks": "raed", "until": "2027-01-31"}},
            f'meta:clients.own.assets.{SHOP}.reporting: there is no "raed" in meta:task_sets. Fix: write "read".',
        ),
        (
            {"meta:people/nadia/until": "2027-01-31"},
            (
                "meta:people.nadia.until: app ads has no admin after that day. Fix: name another admin without a day, "
                "or remove until."
            ),
        ),
        (
            {
                "meta:identities/root": {"role": "ADMIN", "use_case": "read_reports", "until": "2027-01-31"},
                "meta:connections/main/admin_token": "identity:root",
            },
            (
                "meta:identities.root.until: a connection acts with this identity's token, and would lose it on that "
                "day. Fix: remove until, or let another token be the admin's."
            ),
        ),
    ],
)
def test_what_cannot_end_so_is_refused(
    refusals: Callable[..., list[str]], changes: dict[str, Any], refused: str
) -> None:
    assert refusals(changes) == [refused]
