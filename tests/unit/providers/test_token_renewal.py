"""A due token brought up to date without an engine: as its update would, and only what the state asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from meta_access.errors import ConfigError, ConflictError, TokenPendingError
from meta_access.providers.token_renewal import renew
from meta_access.tokens.observe import Finding, Need
from tests.texts import lacks
from tests.unit.providers.conftest import configured
from tests.unit.providers.test_system_user_token import FakeVault, arn, meta, outs, vault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.emulated import EmulatedMeta

__all__ = ["meta", "vault"]

DUE = "rotation due: expires 2026-12-01"


def nowhere(_key: str) -> None:
    """A configuration that is not asked: this process has been configured."""


def test_what_the_state_asks_for_is_asked_for_again_under_its_claim(vault: FakeVault) -> None:
    vault.seen = {"finding": Finding(Need.ROTATION, DUE)}

    done = renew(nowhere, outs(scopes=["ads_read", "pages_show_list"], keepers={"round": "2"}, kms_key="alias/k"))

    assert done == DUE
    [(ask, claim)] = vault.asks
    assert (claim, ask.owner, ask.secret_name) == ("claim-1", "meta-access/dev", "meta/dev/reporting")
    assert (ask.system_user_id, ask.scopes) == ("122090000000777", ("ads_read", "pages_show_list"))
    assert (dict(ask.keepers), ask.kms_key, ask.expires) == ({"round": "2"}, "alias/k", True)
    assert (ask.grace_s, ask.rotate_before_s, ask.rotate_now) == (86_400, 1_728_000, DUE)


def test_what_is_current_is_not_touched(vault: FakeVault) -> None:
    assert renew(nowhere, outs()) == ""
    assert vault.asks == []


def test_a_secret_that_was_left_is_ended_after_its_grace(vault: FakeVault) -> None:
    left = {"arn": arn("meta/dev/old"), "ends_at": "2026-11-23T08:00:00Z"}

    assert renew(nowhere, outs(previous_secrets=[left])) == f"retirement due: secret {left['arn']}"
    assert vault.left == [f"{left['arn']} claim-1 86400 eu-central-1"]


def other_app(meta: EmulatedMeta) -> None:
    meta.connection = replace(meta.connection, app_id="999")


def other_region(meta: EmulatedMeta) -> None:
    meta.connection = replace(meta.connection, aws=replace(meta.connection.aws, region="us-east-1"))


@pytest.mark.parametrize("moves", [other_app, other_region])
def test_a_connection_that_stands_for_something_else_touches_nothing(
    vault: FakeVault, meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, moves: Callable[[EmulatedMeta], None]
) -> None:
    vault.seen = {"finding": Finding(Need.ROTATION, DUE)}
    moves(meta)
    configured(monkeypatch, meta)

    with pytest.raises(ConflictError) as refused:
        renew(nowhere, outs())

    assert not lacks(refused.value, "reporting", "main", "`pulumi up`")
    assert vault.asks == []


def test_a_connection_that_is_gone_touches_nothing(vault: FakeVault) -> None:
    with pytest.raises(ConflictError, match="the connection it was made through, gone, is not in the configuration"):
        renew(nowhere, outs(connection="gone"))


def test_endpoints_that_do_not_go_together_are_refused_here_too(
    vault: FakeVault, meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    meta.connection = replace(meta.connection, graph_url="https://graph.evil.example")
    configured(monkeypatch, meta)

    with pytest.raises(ConfigError, match="does not go with Secrets Manager"):
        renew(nowhere, outs())
    assert vault.regions == []


def test_trouble_is_the_protocol_s_own_error(vault: FakeVault) -> None:
    vault.fails = TokenPendingError("Meta cannot be asked")

    with pytest.raises(TokenPendingError, match="Meta cannot be asked"):
        renew(nowhere, outs())
