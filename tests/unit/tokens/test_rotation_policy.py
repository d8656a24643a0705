"""The policy in a rotation function's environment: written, read back, and refused when it is broken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meta_access.errors import ConfigError
from meta_access.tokens.aws_rotation import Bound, Policy, policy_of

SOUND: dict[str, Any] = {
    "stack": "meta-access/prod",
    "region": "eu-central-1",
    "account": "123456789012",
    "app": "120",
    "business": "178",
    "tokens": {
        "meta/prod/reporting": {"user": "301", "scopes": "ads_read business_management", "lifetime": "60d"},
        "meta/prod/trading": {"user": "302", "scopes": "ads_management", "lifetime": "never"},
    },
}
READ = Policy(
    owner="meta-access/prod",
    region="eu-central-1",
    account="123456789012",
    app_id="120",
    business_id="178",
    tokens={
        "meta/prod/reporting": Bound(
            app_id="120",
            business_id="178",
            system_user_id="301",
            scopes=frozenset({"ads_read", "business_management"}),
            expires=True,
        ),
        "meta/prod/trading": Bound(
            app_id="120", business_id="178", system_user_id="302", scopes=frozenset({"ads_management"}), expires=False
        ),
    },
)


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        policy_of({"META_ACCESS_ROTATION_POLICY": text})
    return [f"{problem.path}: {problem.problem}" for problem in refused.value.problems]


def test_a_policy_reads_back_as_it_was_written() -> None:
    assert policy_of({"META_ACCESS_ROTATION_POLICY": json.dumps(SOUND)}) == READ
    assert json.loads(READ.text()) == SOUND
    assert READ.text().startswith('{"stack":"meta-access/prod","region":"eu-central-1","account":"123456789012"')


def test_a_function_without_a_policy_has_none() -> None:
    assert policy_of({}) is None


@pytest.mark.parametrize("text", ["", "   ", "null", "[]", '"x"', "{", "[" * 4000, "$(meta-access function)"])
def test_what_is_no_object_is_one_problem_and_never_taken_for_no_policy(text: str) -> None:
    assert problems(text) == ["META_ACCESS_ROTATION_POLICY: is no JSON object."]


def test_every_problem_of_a_policy_is_named_at_once() -> None:
    broken = {
        "stack": "prod",
        "region": "eu-central-1/#",
        "account": 123456789012,
        "app": 120,
        "more": True,
        "tokens": {
            "meta/prod/reporting": {
                "user": "301/access_tokens",
                "scopes": "ads_read,ads_management",
                "lifetime": "90d",
            },
            "meta/prod/x y": {},
            "meta/prod/list": [],
            "meta/prod/short": {"user": "301", "scopes": ""},
        },
    }

    named = [
        (".business", "is missing"),
        ("", "'more'"),
        (".stack", "project/stack"),
        (".region", "eu-central-1"),
        (".account", "123456789012"),
        (".app", "is a number"),
        ('.tokens["meta/prod/reporting"].user', "is not an id"),
        ('.tokens["meta/prod/reporting"].scopes', "scopes with blanks"),
        ('.tokens["meta/prod/reporting"].lifetime', "60d nor never"),
        (".tokens", "512"),
        ('.tokens["meta/prod/list"]', "no JSON object"),
        ('.tokens["meta/prod/short"].lifetime', "is missing"),
        ('.tokens["meta/prod/short"].scopes', "scopes with blanks"),
    ]
    for problem, (path, fact) in zip(problems(json.dumps(broken)), named, strict=True):
        assert problem.startswith(f"META_ACCESS_ROTATION_POLICY{path}: ")
        assert fact in problem


@pytest.mark.parametrize("tokens", [{}, None, "all", ["meta/prod/reporting"]])
def test_a_policy_that_names_no_token_is_broken(tokens: Any) -> None:
    assert problems(json.dumps({**SOUND, "tokens": tokens})) == ["META_ACCESS_ROTATION_POLICY.tokens: names no token."]
