"""Which identity and which system user an adoption is about."""

from __future__ import annotations

import click
import pytest

from meta_access.cli.token import chosen, user_of
from meta_access.spec.plan import IdentityPlan
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
    with pytest.raises(click.ClickException, match=r"There are: other \(meta/dev/other\), reporting"):
        chosen(plans, "meta/dev/nothing")


def test_a_secret_that_has_no_name_yet_holds_no_token() -> None:
    with pytest.raises(click.ClickException, match="gets its name when it is made"):
        chosen([identity(secret="meta/dev/reporting-{suffix}")], "reporting")


def test_the_state_s_user_comes_before_the_configured_one() -> None:
    made = state(resource("SystemUser", "reporting", id_="122"), resource("SystemUserToken", "reporting", id_="arn"))

    assert user_of(identity(adopt="999"), made) == "122"
    assert user_of(identity(adopt="999"), state()) == "999"
    with pytest.raises(click.ClickException, match="Set `adopt` of the identity"):
        user_of(identity(), state())
