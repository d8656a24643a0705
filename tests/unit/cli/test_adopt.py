"""Which identity and which system user an adoption is about."""

from __future__ import annotations

from dataclasses import replace

import click
import pytest

from meta_access.cli.tokens.adopt import chosen, named_by_state, user_of
from meta_access.stack.plan import IdentityPlan
from tests.texts import lacks
from tests.unit.cli.states import resource, state


def identity(key: str = "reporting", secret: str = "meta/dev/reporting", adopt: str | None = None) -> IdentityPlan:
    return IdentityPlan(
        key=key,
        connection="main",
        name=key,
        role="EMPLOYEE",
        adopt=adopt,
        on_destroy="retire",
        scopes=("ads_read",),
        secret=secret,
        lifetime="60d",
        rotate_before="20d",
        grace="24h",
        keepers={},
        kms_key=None,
        take_over_from=None,
        rotation_owner="pulumi",
    )


def test_an_identity_is_named_by_its_key_or_its_secret() -> None:
    plans = [identity("other", "meta/dev/other"), identity()]

    assert chosen(plans, "reporting").key == "reporting"
    assert chosen(plans, "meta/dev/reporting").key == "reporting"
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/dev/reporting-a1B2c3"
    assert chosen(plans, arn).key == "reporting"
    with pytest.raises(click.ClickException) as refused:
        chosen(plans, "meta/dev/nothing")
    known = ("other (meta/dev/other)", "reporting (meta/dev/reporting)")
    assert lacks(refused.value.message, "meta/dev/nothing", *known) == []


def test_a_secret_that_has_no_name_yet_holds_no_token() -> None:
    with pytest.raises(click.ClickException) as refused:
        chosen(named_by_state([identity(secret="meta/dev/reporting-{suffix}")], state()), "reporting")
    assert lacks(refused.value.message, "reporting", "pulumi up", "secret") == []


def test_an_identity_without_a_token_adopts_none() -> None:
    with pytest.raises(click.ClickException) as refused:
        chosen([replace(identity(secret=""), scopes=())], "reporting")
    assert lacks(refused.value.message, "reporting", "token: none", "use_case", "`secret`") == []


def test_a_name_that_an_earlier_up_has_made_is_the_state_s() -> None:
    token = resource("SystemUserToken", "reporting", secret_name="meta/dev/reporting/1a2b3c4d")
    plans = [identity(secret="meta/dev/reporting/{suffix}"), identity("other", "meta/dev/other")]

    named = named_by_state(plans, state(token, resource("SystemUserToken", "other", secret_name="meta/dev/moved")))

    assert [one.secret for one in named] == ["meta/dev/reporting/1a2b3c4d", "meta/dev/other"]
    assert chosen(named, "meta/dev/reporting/1a2b3c4d").key == "reporting"


def test_the_state_s_user_comes_before_the_configured_one() -> None:
    made = state(resource("SystemUser", "reporting", id_="122"), resource("SystemUserToken", "reporting", id_="arn"))

    assert user_of(identity(adopt="999"), made) == "122"
    assert user_of(identity(adopt="999"), state()) == "999"
    with pytest.raises(click.ClickException) as refused:
        user_of(identity(), state())
    assert lacks(refused.value.message, "reporting", "adopt") == []
