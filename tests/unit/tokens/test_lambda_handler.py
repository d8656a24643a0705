"""What the rotation function refuses before it asks anybody anything."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.vault import lambda_handler as function
from meta_access.vault.lambda_handler import RotationFailedError, lambda_handler
from tests.texts import lacks

if TYPE_CHECKING:
    from collections.abc import Mapping

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/prod/reporting-AbCdEf"
EVENT = {"Step": "createSecret", "SecretId": ARN, "ClientRequestToken": "v" * 32}
POLICY = {
    "stack": "meta-access/prod",
    "region": "eu-central-1",
    "account": "123456789012",
    "app": "120",
    "business": "178",
    "tokens": {"meta/prod/reporting": {"user": "301", "scopes": "ads_read", "lifetime": "60d"}},
}
HERE = SimpleNamespace(invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:rotate")


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Regions whose Secrets Manager was to be asked; none of them is."""
    asked: list[str] = []

    def store_for(aws: Any) -> Any:
        asked.append(aws.region)
        raise RotationFailedError("not asked in a test")

    monkeypatch.setattr(function, "store_for", store_for)
    for name in ("META_ACCESS_ROTATION_POLICY", "META_ACCESS_GRAPH_URL", "META_ACCESS_AWS_URL"):
        monkeypatch.delenv(name, raising=False)
    return asked


def refused(event: Mapping[str, Any], context: Any = HERE) -> str:
    with pytest.raises(RotationFailedError) as found:
        lambda_handler(event, context)
    return str(found.value)


@pytest.mark.parametrize(
    ("policy", "here"),
    [
        (None, "this function is in eu-central-1, account 123456789012"),
        (POLICY, "META_ACCESS_ROTATION_POLICY of this function binds eu-central-1, account 123456789012"),
    ],
    ids=["where it runs", "policy"],
)
@pytest.mark.parametrize(
    ("arn", "there"),
    [
        (ARN.replace("123456789012", "999999999999"), "eu-central-1, account 999999999999"),
        (ARN.replace("eu-central-1", "us-east-1"), "us-east-1, account 123456789012"),
    ],
)
def test_a_secret_of_another_account_or_region_is_not_even_looked_at(
    stores: list[str], monkeypatch: pytest.MonkeyPatch, *, policy: Any, here: str, arn: str, there: str
) -> None:
    if policy:
        monkeypatch.setenv("META_ACCESS_ROTATION_POLICY", json.dumps(policy))

    assert not lacks(refused({**EVENT, "SecretId": arn}), there, here)
    assert stores == []


@pytest.mark.parametrize(
    "event", [[], None, "createSecret", {}, {"Step": ["createSecret"], "SecretId": ARN, "ClientRequestToken": "v"}]
)
def test_an_event_of_another_shape_is_one_sentence(event: Any) -> None:
    with pytest.raises(RotationFailedError, match="is no call of Secrets Manager's rotation"):
        lambda_handler(event)


@pytest.mark.parametrize(
    "arn",
    [
        "meta/prod/reporting",
        ARN.replace("eu-central-1", "eu-central-1.evil.example/#"),
        ARN.replace("eu-central-1", ""),
        ARN.replace("secretsmanager", "lambda"),
        f"{ARN}\n",
        f"{ARN}:extra",
        ARN.replace("123456789012", "12345678901"),
        ["arn"],
        None,
    ],
)
def test_what_is_no_arn_of_a_secret_is_refused(stores: list[str], arn: Any) -> None:
    assert "Fix: let RotateSecret call this function." in refused({**EVENT, "SecretId": arn})
    assert stores == []


def test_a_broken_policy_is_one_error_with_every_problem_and_nothing_is_rotated(
    stores: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("META_ACCESS_ROTATION_POLICY", json.dumps({**POLICY, "app": "", "account": "1"}))

    said = refused(EVENT)
    paths = ("META_ACCESS_ROTATION_POLICY.account", "META_ACCESS_ROTATION_POLICY.app")
    assert not lacks(said, "2 problems", *paths, "`meta-access function`")
    assert "\n" not in said
    assert stores == []


def test_a_function_without_a_policy_says_so_with_each_rotation(
    stores: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    refused(EVENT)
    refused({**EVENT, "Step": "testSecret"})

    assert stores == ["eu-central-1", "eu-central-1"]
    assert capsys.readouterr().out.count("This function has no META_ACCESS_ROTATION_POLICY: it mints what the") == 1


def test_a_bound_function_and_one_outside_of_lambda_go_on_to_the_secret(
    stores: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("META_ACCESS_ROTATION_POLICY", json.dumps(POLICY))
    refused(EVENT)
    assert "has no META_ACCESS_ROTATION_POLICY" not in capsys.readouterr().out
    monkeypatch.delenv("META_ACCESS_ROTATION_POLICY")
    refused(EVENT, None)

    assert stores == ["eu-central-1", "eu-central-1"]
