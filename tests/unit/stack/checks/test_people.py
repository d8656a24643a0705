"""People in businesses: addresses, roles, and which business is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_access.stack import plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.load import Stack

SECOND = {
    "meta:businesses/shop": {"id": "178435550012346", "owner": "nadia"},
    "meta:connections/shop": {
        "business": "shop",
        "app": "ads",
        "graph_url": "http://127.0.0.1:8765",
        "api_version": "v26.0",
        "app_secret": "emulator:",
        "admin_token": "emulator:",
        "aws": {"region": "eu-central-1", "endpoint_url": "http://127.0.0.1:8766"},
    },
    "meta:identities/reporting/connection": "main",
}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"meta:people/ines/business": "EMPLOYEE"},
            (
                "meta:people.ines.email: no e-mail address is given, and people are invited into a business by theirs. "
                "Fix: write it, or remove business."
            ),
        ),
        (
            {"meta:people/ines/email": "ines"},
            (
                "meta:people.ines.email: 'ines' is no e-mail address; write it like nadia@agency.example. Fix: correct "
                "it."
            ),
        ),
        (
            {"meta:people/ines/email": "Nadia@agency.example"},
            (
                "meta:people.ines.email: nadia has the same address, so that the two are one person to Meta. Fix: keep "
                "one of nadia and ines."
            ),
        ),
        (
            {"meta:people/nadia/business": {"agencie": "ADMIN"}},
            ('meta:people.nadia.business.agencie: there is no "agencie" in meta:businesses. Fix: write "agency".'),
        ),
        (
            {
                "meta:people/nadia/business": {"shop": "ADMIN"},
                "meta:businesses/shop": {"id": "178435550012346"},
            },
            (
                'meta:people.nadia.business.shop: no connection acts for "shop", so nobody can be brought into it. '
                "Fix: write one of agency."
            ),
        ),
        (
            {"meta:people/nadia/business": "ADMIN", **SECOND},
            (
                "meta:people.nadia.business: there are 2 businesses, and it does not say which. Fix: write business: "
                "{agency: ADMIN}, with a line for each business they are in."
            ),
        ),
        (
            {"meta:apps/ads/roles": {"admin": ["nadja"]}},
            'meta:apps.ads.roles.admin[0]: there is no "nadja" in meta:people. Fix: write "nadia".',
        ),
        (
            {"meta:people/nadia/on_destroy": "removed"},
            'meta:people.nadia.on_destroy: "removed" is not one of remove, keep. Fix: write "remove".',
        ),
    ],
)
def test_a_person_who_could_not_be_brought_in(
    refusals: Callable[..., list[str]], changes: dict[str, Any], problem: str
) -> None:
    assert refusals(changes) == [problem]


def members(stack: Stack) -> list[tuple[str, str, str, str]]:
    return [
        (member.key, member.connection, member.role, member.on_destroy)
        for app in plan.apps(stack.spec)
        for member in app.members
    ]


def test_a_role_without_a_business_is_meant_for_the_only_one(load: Callable[..., Stack]) -> None:
    stack = load({"meta:people/nadia/business": "ADMIN", "meta:people/nadia/on_destroy": "keep"})

    assert members(stack) == [("agency-nadia", "main", "ADMIN", "keep")]


def test_a_person_may_be_in_several_businesses_each_time_once(load: Callable[..., Stack]) -> None:
    stack = load({"meta:people/nadia/business": {"agency": "EMPLOYEE", "shop": "ADMIN"}, **SECOND})

    assert members(stack) == [
        ("agency-nadia", "main", "EMPLOYEE", "remove"),
        ("shop-nadia", "shop", "ADMIN", "remove"),
    ]


def test_somebody_who_is_in_the_table_for_other_reasons_is_in_no_business(load: Callable[..., Stack]) -> None:
    assert members(load()) == []
