"""Settings for providers, from the config texts as the engine hands them over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.errors import ConfigError
from meta_access.stack.connections import AwsSettings, Connection, settings_from_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.connections import Settings

VALUES: dict[str, Any] = {
    "meta:environment": "prod",
    "meta:rules": "2026-05",
    "meta:connections": {
        "main": {
            "business": "agency",
            "app": "ads",
            "api_version": "v26.0",
            "app_secret": "env:META_APP_SECRET",
            "admin_token": "identity:root",
            "tier_probe": "act_1043217650987654",
            "aws": {"region": "eu-central-1", "kms_key": "alias/meta-prod"},
        }
    },
    "meta:businesses": {"agency": {"id": "178435550012345", "name": "Agency Ltd"}},
    "meta:apps": {"ads": {"id": "1204817736400555", "claimed_by": "agency", "tier": "full"}},
    "meta:identities": {"root": {"role": "ADMIN", "scopes": ["business_management"]}},
    "meta:quota_overrides": {"agency": {"EMPLOYEE": {"limit": 12, "reason": "granted", "date": "2026-10-01"}}},
}


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    monkeypatch.delenv("META_ACCESS_OFFLINE", raising=False)

    def read(**changes: Any) -> Settings:
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in VALUES.items()}
        texts |= {f"meta:{key}": json.dumps(value) for key, value in changes.items()}
        return settings_from_config(texts.get)

    return read


def test_a_connection_holds_all_that_its_name_stands_for(settings: Callable[..., Settings]) -> None:
    found = settings()
    assert (found.environment, found.rules, found.offline) == ("prod", "2026-05", False)
    assert found.connections == {
        "main": Connection(
            name="main",
            environment="prod",
            rules="2026-05",
            graph_url="https://graph.facebook.com",
            api_version="v26.0",
            business_id="178435550012345",
            business_name="agency",
            app_id="1204817736400555",
            app_name="ads",
            app_claimed=True,
            app_secret="env:META_APP_SECRET",
            admin_token="secret:meta/prod/root",
            tier_probe="act_1043217650987654",
            tier="full",
            aws=AwsSettings("eu-central-1", None, "alias/meta-prod"),
            quota_overrides={"EMPLOYEE": 12},
            business_display="Agency Ltd",
            app_display="ads",
        )
    }


def test_a_connection_can_key_a_cache(settings: Callable[..., Settings]) -> None:
    first, second = settings().connections["main"], settings().connections["main"]
    assert first == second
    assert len({first, second}) == 1


def test_another_reference_is_taken_as_it_is(settings: Callable[..., Settings]) -> None:
    main = {**VALUES["meta:connections"]["main"], "admin_token": "env:META_ADMIN_TOKEN"}
    assert settings(connections={"main": main}).connections["main"].admin_token == "env:META_ADMIN_TOKEN"


@pytest.mark.parametrize(("value", "offline"), [("1", True), ("0", False), ("", False)])
def test_offline_is_the_runners_to_say(
    settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch, value: Any, offline: bool
) -> None:
    monkeypatch.setenv("META_ACCESS_OFFLINE", value)
    assert settings().offline is offline


def test_what_connections_are_not_made_of_is_not_read(settings: Callable[..., Settings]) -> None:
    # A client's mistake must not keep a provider from ending a token.
    assert settings(clients={"acme": "nonsense"}, people=7).connections


def test_every_problem_of_those_parts_is_told(settings: Callable[..., Settings]) -> None:
    main = {**VALUES["meta:connections"]["main"], "business": "agenci", "admin_token": "identity:rot"}
    with pytest.raises(ConfigError) as refused:
        settings(connections={"main": main})
    assert [str(problem) for problem in refused.value.problems] == [
        'meta:connections.main: there is no "agenci" in meta:businesses. Fix: add it, or correct it.',
        'meta:connections.main.admin_token: there is no "rot" in meta:identities. Fix: add it, or correct it.',
    ]


def test_a_missing_table_is_told(settings: Callable[..., Settings]) -> None:
    texts = {"meta:environment": "dev", "meta:rules": "2026-05"}
    with pytest.raises(ConfigError) as refused:
        settings_from_config(texts.get)
    assert [str(problem) for problem in refused.value.problems] == [
        "meta:connections: is missing. Fix: add it: at least one connection.",
        "meta:businesses: is missing. Fix: add it: the business of each connection.",
        "meta:apps: is missing. Fix: add it: the app of each connection.",
    ]


def test_a_pasted_secret_is_not_repeated(settings: Callable[..., Settings]) -> None:
    secret = "0123456789abcdef" * 2
    main = {**VALUES["meta:connections"]["main"], "app_secret": secret}
    with pytest.raises(ConfigError) as refused:
        settings(connections={"main": main})
    assert secret not in str(refused.value)
    assert str(refused.value).startswith("1 problem in the configuration:\n  - meta:connections.main.app_secret: holds")
