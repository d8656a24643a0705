from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_access.stack import notices
from tests.texts import lacks

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.load import Stack

KIND = "meta:access:ClientAccess"
WORK = f"{KIND}$pulumi-python:dynamic/meta:AssetAssignment"


def client(name: str, *works: str) -> list[str]:
    return [
        f"urn:pulumi:test::access::{KIND}::{name}",
        *(f"urn:pulumi:test::access::{WORK}::{name}-{work}" for work in works),
    ]


OTHERS = [
    "urn:pulumi:test::access::pulumi:pulumi:Stack::access-test",
    "urn:pulumi:test::access::meta:access:ClientAccess$pulumi-python:dynamic/meta:AssetShare::birch-share-act_1",
    "urn:pulumi:test::access::pulumi-python:dynamic/meta:AssetAssignment::a-strangers-own",
]


@pytest.fixture
def warning(load: Callable[..., Stack]) -> Callable[..., str | None]:
    """What is told of a stack whose clients have these assets, all for the identity `reporting`."""

    def run(urns: list[str], **clients: list[str]) -> str | None:
        typed: dict[str, Any] = {
            name: {"access": "own", "assets": {asset: {"reporting": ["ANALYZE"]} for asset in assets}}
            for name, assets in clients.items()
        }
        stack = load({"meta:clients": typed})
        return notices.losses([*OTHERS, *urns], stack.spec, stack.rules)

    return run


def test_a_client_that_is_gone_is_told_however_small(warning: Callable[..., str | None]) -> None:
    before = [*client("birch", "reporting-act_1"), *client("oak", *(f"reporting-act_{n}" for n in range(2, 12)))]

    told = warning(before, oak=[f"act_{n}" for n in range(2, 12)])

    assert not lacks(told, "1 of the 11 asset assignments", "birch-reporting-act_1", "Nothing is left of birch")


@pytest.mark.parametrize(("left", "told"), [(3, False), (2, True)])
def test_more_than_a_quarter_is_told(warning: Callable[..., str | None], left: int, told: bool) -> None:
    before = client("oak", *(f"reporting-act_{n}" for n in range(1, 5)))

    found = warning(before, oak=[f"act_{n}" for n in range(1, left + 1)])

    assert (found is not None) is told
    if found:
        assert not lacks(found, "2 of the 4 asset assignments")
        assert "oak-reporting-act_3, oak-reporting-act_4. If that" in found


def test_a_renamed_client_loses_nothing(warning: Callable[..., str | None]) -> None:
    assert warning(client("birch", "reporting-act_1"), birch_two=["act_1"]) is None


def test_a_name_that_begins_another_takes_none_of_its_assignments(warning: Callable[..., str | None]) -> None:
    before = [*client("oak", "reporting-act_1"), *client("oak-north", "reporting-act_2")]

    told = warning(before, oak=["act_1"])

    assert told is not None
    assert not lacks(told, "oak-north-reporting-act_2", "Nothing is left of oak-north")


def test_a_first_update_loses_nothing(warning: Callable[..., str | None]) -> None:
    assert warning([], oak=["act_1"]) is None


def test_a_long_list_is_cut(warning: Callable[..., str | None]) -> None:
    told = warning(client("birch", *(f"reporting-act_{n}" for n in range(10, 30))))

    assert told is not None
    assert told.count("birch-reporting-act_") == 10
    assert "act_19 and 10 more. Nothing is left of birch." in told


def test_what_a_renamed_identity_keeps_is_not_lost(load: Callable[..., Stack]) -> None:
    changes = {
        "meta:identities": {"insights": {"use_case": "read_reports", "renamed_from": "reporting"}},
        "meta:clients": {"acme": {"access": "own", "assets": {"act_1043217650987651": {"insights": ["ANALYZE"]}}}},
    }
    stack = load(changes)

    assert notices.losses(client("acme", "reporting-act_1043217650987651"), stack.spec, stack.rules) is None
