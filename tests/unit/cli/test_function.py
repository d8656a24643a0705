"""The environment that a stack's rotation function is deployed with."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import click
import pytest

from meta_access.cli.tokens.function import chosen, remarks, variables
from meta_access.cli.tokens.stack_tokens import StackTokens, tokens_of
from meta_access.connection import AwsSettings
from meta_access.stack.connections import Settings
from meta_access.tokens.aws_rotation import policy_of
from tests.connections import MAIN
from tests.texts import lacks
from tests.unit.cli.states import resource, state

APP_SECRET = "aws-secret:arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/app-AbCdEf#app_secret"
REAL = replace(
    MAIN,
    name="main",
    graph_url="https://graph.facebook.com",
    app_id="120",
    business_id="178",
    app_secret=APP_SECRET,
    admin_token="secret:meta/prod/root",
    aws=AwsSettings("eu-central-1"),
)


def arn(name: str, region: str = "eu-central-1") -> str:
    return f"arn:aws:secretsmanager:{region}:123456789012:secret:meta/prod/{name}-AbCdEf"


def token(name: str, user: str, **outputs: Any) -> dict[str, Any]:
    told = {
        "arn": arn(name), "secret_name": f"meta/prod/{name}", "system_user_id": user, "connection": "main",
        "scopes": ["ads_read", "business_management"], "lifetime": "60d", "rotation_owner": "lambda",
    }  # fmt: skip
    return resource("SystemUserToken", name, **{**told, **outputs})


NEVER = {"never": {"reason": "a partner's machine", "until": "2027-03-01"}}
REPORTING, TRADING = token("reporting", "301"), token("trading", "302", scopes=["ads_management"], lifetime=NEVER)
ROOT = token("root", "300", rotation_owner="pulumi")


def stack(*resources: dict[str, Any], **connections: Any) -> StackTokens:
    return StackTokens(
        stack="prod",
        owner="meta-access/prod",
        settings=Settings("prod", "2026-05", offline=False, connections={"main": REAL, **connections}),
        tokens=tokens_of(state(*resources)),
    )


def test_the_environment_binds_what_the_stack_has_made() -> None:
    found = stack(REPORTING, TRADING, ROOT)

    told = variables(found, chosen(found, ()))

    assert list(told) == ["META_ACCESS_APP_SECRET", "META_ACCESS_ADMIN_TOKEN", "META_ACCESS_ROTATION_POLICY"]
    assert told["META_ACCESS_APP_SECRET"] == APP_SECRET
    assert told["META_ACCESS_ADMIN_TOKEN"] == f"aws-secret:{arn('root')}#access_token"
    assert json.loads(told["META_ACCESS_ROTATION_POLICY"]) == {
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
    policy = policy_of(told)
    assert policy is not None
    assert policy.text() == told["META_ACCESS_ROTATION_POLICY"]


@pytest.mark.parametrize("named", ["reporting", "meta/prod/reporting", arn("reporting")])
def test_a_token_is_named_by_its_identity_its_secret_or_its_arn(named: str) -> None:
    assert [one.name for one in chosen(stack(REPORTING, TRADING), (named,))] == ["reporting"]


@pytest.mark.parametrize("named", ["root", "nothing"])
def test_what_aws_does_not_rotate_is_not_bound(named: str) -> None:
    with pytest.raises(click.ClickException) as refused:
        chosen(stack(REPORTING, TRADING, ROOT), ("reporting", named))

    assert lacks(refused.value.message, "prod", "rotation_owner: lambda", named, "reporting, trading") == []


def test_a_stack_without_such_tokens_says_what_comes_first() -> None:
    with pytest.raises(click.ClickException) as refused:
        chosen(stack(ROOT), ())
    assert lacks(refused.value.message, "prod", "rotation_owner: lambda", "pulumi up") == []


def test_one_function_acts_for_one_connection_in_one_place() -> None:
    other = token("shop", "303", connection="second")
    moved = token("moved", "304", arn=arn("moved", "us-east-1"))

    for more, there in ((other, "second in eu-central-1:123456789012"), (moved, "main in us-east-1:123456789012")):
        found = stack(REPORTING, more, second=replace(REAL, name="second"))
        with pytest.raises(click.ClickException, match=there):
            chosen(found, ())
        assert [one.name for one in chosen(found, ("reporting",))] == ["reporting"]


def test_more_than_aws_allows_is_refused_with_the_way_out() -> None:
    many = [token(f"reporting-of-a-client-{number}", str(400 + number)) for number in range(60)]

    with pytest.raises(click.ClickException) as refused:
        variables(stack(*many), chosen(stack(*many), ()))

    assert lacks(refused.value.message, "60 tokens", "4096") == []


def test_against_an_emulator_both_endpoints_are_told() -> None:
    local = replace(
        REAL,
        graph_url="http://127.0.0.1:8765",
        app_secret="emulator:",
        admin_token="emulator:",
        aws=AwsSettings("eu-central-1", "http://127.0.0.1:8766"),
    )
    found = stack(REPORTING, main=local)

    told = variables(found, chosen(found, ()))

    assert (told["META_ACCESS_GRAPH_URL"], told["META_ACCESS_AWS_URL"]) == (local.graph_url, local.aws.endpoint_url)
    assert (told["META_ACCESS_APP_SECRET"], told["META_ACCESS_ADMIN_TOKEN"]) == ("emulator:", "emulator:")
    assert remarks(found, chosen(found, ())) == []


def test_a_token_of_the_credential_s_own_and_a_value_in_the_environment_are_remarked_on() -> None:
    found = stack(REPORTING, token("root", "300"), main=replace(REAL, app_secret="env:META_APP_SECRET"))

    own, clear = remarks(found, chosen(found, ()))
    assert lacks(own, "token root", "connection main", "rotation_owner: pulumi") == []
    assert lacks(clear, "META_ACCESS_APP_SECRET", "env:META_APP_SECRET", "aws-secret:ARN#key") == []
