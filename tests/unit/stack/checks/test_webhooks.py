"""Webhooks of an app: all that is wrong at once, and no verify token that a state would know or a callback must not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.load import Stack

AT = "meta:apps.ads.webhooks"
ROWS = f"{AT}.subscriptions"
PATH = "meta:apps/ads/webhooks"
HOOK = {"callback_url": "https://connect.agency.example/hook", "fields": ["connected"]}
REAL = {
    "meta:confirm_real_graph": True,
    "meta:connections/main/graph_url": "https://graph.facebook.com",
    "meta:connections/main/aws": {"region": "eu-central-1"},
    "meta:connections/main/app_secret": "env:META_APP_SECRET",
    "meta:connections/main/admin_token": "env:META_ADMIN_TOKEN",
}
NO_REFERENCE = (
    f"{AT}.verify_token: is no reference to a verify token: write env: and a variable that begins with "
    "META_VERIFY_TOKEN, or aws-secret:ARN#verify_token, the secret's ARN and that very key. Fix: write generate, or "
    "such a reference."
)


@pytest.mark.parametrize(
    "token",
    [
        "env:META_VERIFY_TOKEN",
        "env:META_VERIFY_TOKEN_ADS",
        "aws-secret:arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/hooks-AbCdEf#verify_token",
    ],
)
def test_subscriptions_take_a_reference(load: Callable[..., Stack], token: str) -> None:
    made = load({PATH: {"verify_token": token, "subscriptions": {"permissions": HOOK}}}).spec.apps["ads"].webhooks
    assert made is not None
    assert (made.generated, made.subscriptions["permissions"].include_values) == (False, True)


def test_a_generated_token_stays_for_those_who_type_it_in(load: Callable[..., Stack]) -> None:
    made = load({PATH: {"verify_token": "generate"}}).spec.apps["ads"].webhooks
    assert made is not None
    assert made.generated


@pytest.mark.parametrize(
    "token", ["env:META_APP_SECRET", "env:VERIFY_TOKEN", "emulator:", "identity:root", "typed-in-by-hand"]
)
def test_nothing_else_may_be_handed_to_a_callback(refusals: Callable[..., list[str]], token: str) -> None:
    assert refusals({PATH: {"verify_token": token}}) == [NO_REFERENCE]


def test_all_that_is_wrong_is_told_at_once(refusals: Callable[..., list[str]]) -> None:
    rows = {
        "permissions": {**HOOK, "callback_url": "http://connect.agency.example/"},
        "Page": {**HOOK, "fields": []},
        "user": {**HOOK, "fields": ["first name"]},
    }
    assert refusals({PATH: {"verify_token": "generate", "subscriptions": rows}}) == [
        (
            f"{AT}.verify_token: generate makes a token that only Pulumi knows, and subscriptions take none from a "
            "state. Fix: write env:META_VERIFY_TOKEN, or aws-secret:ARN#verify_token, and give it to the callback."
        ),
        (
            f"{ROWS}.permissions.callback_url: 'http://connect.agency.example/' is not https, and Meta calls "
            "nothing else. Fix: write the https address that takes Meta's calls."
        ),
        (
            f"{ROWS}.Page: 'Page' is no name of Meta's; write it in small letters, such as permissions. Fix: "
            "write an object of Meta's list of webhooks."
        ),
        (
            f"{ROWS}.Page.fields: must list at least one field. Fix: write the names of fields in Meta's "
            "reference of it."
        ),
        (
            f"{ROWS}.user.fields: 'first name' is no name of Meta's; write it in small letters, such as "
            "permissions. Fix: write the names of fields in Meta's reference of it."
        ),
    ]


def test_this_machine_is_called_by_the_emulator_alone(
    load: Callable[..., Stack], refusals: Callable[..., list[str]]
) -> None:
    row: dict[str, Any] = {**HOOK, "callback_url": "http://127.0.0.1:9000/hook"}
    local = {PATH: {"verify_token": "env:META_VERIFY_TOKEN", "subscriptions": {"permissions": row}}}
    load(local)
    assert refusals({**local, **REAL}) == [
        (
            f"{ROWS}.permissions.callback_url: 'http://127.0.0.1:9000/hook' is this machine, which Meta cannot "
            "reach. Fix: write the https address that takes Meta's calls."
        )
    ]
