"""Tokens: minted once, looked at, refreshed, revoked, expired; the value is in one answer and nowhere else."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from meta_emulator import tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulators import GraphAnswer, RunningEmulator

DAY_S = 86400


def _mint(meta: RunningEmulator, user: str, **changes: Any) -> GraphAnswer:
    params: dict[str, Any] = {
        "business_app": meta.app_id,
        "scope": "ads_read",
        "set_token_expires_in_60_days": True,
        "appsecret_proof": tokens.proof(meta.admin_token, meta.app_secret),
        **changes,
    }
    return meta.graph("POST", f"{user}/access_tokens", {k: v for k, v in params.items() if v is not None})


def _inspect(meta: RunningEmulator, token: str) -> dict[str, Any]:
    answer = meta.graph("GET", "debug_token", {"input_token": token}, token=meta.app_token)
    assert answer.status == 200
    found: dict[str, Any] = answer.body["data"]
    return found


def _revoke(meta: RunningEmulator, token: str, **changes: str) -> GraphAnswer:
    params = {"client_id": meta.app_id, "client_secret": meta.app_secret, "revoke_token": token, **changes}
    return meta.graph("GET", "oauth/revoke", params)


@pytest.fixture
def user(meta: RunningEmulator) -> str:
    made = meta.create_system_user("reporting")
    assert meta.graph("POST", f"{made}/applications", {"business_app": meta.app_id}).body == {"success": True}
    return made


def test_minting_needs_the_app_installed_first(meta: RunningEmulator) -> None:
    made = meta.create_system_user("reporting")

    assert _mint(meta, made).code == (100, None)
    meta.graph("POST", f"{made}/applications", {"business_app": meta.app_id})
    assert _mint(meta, made).status == 200


def test_installing_again_changes_nothing(meta: RunningEmulator, user: str) -> None:
    assert meta.graph("POST", f"{user}/applications", {"business_app": meta.app_id}).body == {"success": True}
    assert len(meta.world()["installations"]) == 2


def test_minting_needs_access_to_the_app(meta: RunningEmulator, user: str) -> None:
    meta.act("withdraw-app", user="reporting")

    assert _mint(meta, user).code == (200, None)
    meta.act("grant-app", user=user)
    assert _mint(meta, user).status == 200
    assert meta.graph("GET", f"{user}/assigned_apps").body["data"][0]["id"] == meta.app_id


def test_strict_world_waits_for_a_person_to_give_the_app(meta: RunningEmulator) -> None:
    meta.put_world({**meta.world(), "strictness": "strict"})
    made = meta.create_system_user("reporting")
    meta.graph("POST", f"{made}/applications", {"business_app": meta.app_id})

    assert _mint(meta, made).code == (200, None)


def test_answer_of_minting_is_the_value_alone_and_the_world_knows_its_fingerprint(
    meta: RunningEmulator, user: str
) -> None:
    answer = _mint(meta, user)

    value = answer.body["access_token"]
    assert list(answer.body) == ["access_token"]
    assert value.startswith("EAA" + "EMU")
    [token] = [row for row in meta.world()["tokens"] if row["issued_by"] == "api"]
    assert token["fingerprint"] == "sha256:" + hashlib.sha256(value.encode()).hexdigest()[:16]
    assert (token["system_user_id"], token["app_id"], token["scopes"]) == (user, meta.app_id, ["ads_read"])
    assert token["revoked_at"] is None


def test_no_token_value_and_no_secret_is_in_world_journal_or_world_file(meta: RunningEmulator, user: str) -> None:
    value = _mint(meta, user).body["access_token"]
    _inspect(meta, value)
    _revoke(meta, value)

    seen = f"{meta.world()}{meta.calls()}{(meta.home / 'world.json').read_text()}{meta.output()}"

    for secret in (value, meta.admin_token, meta.app_secret):
        assert secret not in seen


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"appsecret_proof": None}, 100, "API calls from the server require an appsecret_proof argument"),
        ({"appsecret_proof": "0" * 64}, 100, "Invalid appsecret_proof provided in the API argument"),
        ({"scope": None}, 100, "(#100) The parameter scope is required"),
        ({"scope": "ads_read,fly"}, 100, "(#100) Invalid Scopes: fly."),
        ({"scope": "email"}, 100, "(#100) Invalid Scopes: email."),
        ({"business_app": None}, 100, "(#100) The parameter business_app is required"),
    ],
)
def test_minting_refuses(meta: RunningEmulator, user: str, change: dict[str, Any], code: int, message: str) -> None:
    answer = _mint(meta, user, **change)

    assert (answer.status, answer.body["error"]["code"]) == (400, code)
    assert answer.body["error"]["message"] == message
    assert len(meta.world()["tokens"]) == 1


def test_proof_is_over_the_calling_token(meta: RunningEmulator, user: str) -> None:
    other = tokens.proof("EAA" + "EMU" + "other", meta.app_secret)

    assert _mint(meta, user, appsecret_proof=other).code == (100, None)


def test_proof_with_a_time_lasts_five_minutes(meta: RunningEmulator, user: str) -> None:
    moment = str(_epoch(meta))
    proof = tokens.proof(meta.admin_token, meta.app_secret, time=moment)

    assert _mint(meta, user, appsecret_proof=proof, appsecret_time=moment).status == 200
    meta.clock(advance_s=301)
    assert _mint(meta, user, appsecret_proof=proof, appsecret_time=moment).code == (100, None)


def _epoch(meta: RunningEmulator) -> int:
    from datetime import datetime

    return int(datetime.fromisoformat(meta.clock()).timestamp())


def test_business_that_requires_expiring_tokens_gets_no_other(meta: RunningEmulator, user: str) -> None:
    world = meta.world()
    world["businesses"][0]["requires_expiring_tokens"] = True
    meta.put_world(world)

    assert _mint(meta, user, set_token_expires_in_60_days=None).code == (100, None)
    assert _mint(meta, user).status == 200


def test_debug_token_describes_a_valid_token(meta: RunningEmulator, user: str) -> None:
    value = _mint(meta, user, scope="ads_read,business_management").body["access_token"]

    found = _inspect(meta, value)

    assert found["is_valid"] is True
    assert (found["type"], found["app_id"], found["user_id"]) == ("SYSTEM_USER", meta.app_id, user)
    assert found["scopes"] == ["ads_read", "business_management"]
    assert found["granular_scopes"] == [{"scope": "ads_read"}, {"scope": "business_management"}]
    assert found["expires_at"] - found["issued_at"] == 5184000
    assert found["data_access_expires_at"] == 0


def test_never_expiring_token_shows_zero(meta: RunningEmulator, user: str) -> None:
    value = _mint(meta, user, set_token_expires_in_60_days=False).body["access_token"]

    assert _inspect(meta, value)["expires_at"] == 0


def test_token_expires_after_sixty_days_of_the_emulators_clock(meta: RunningEmulator, user: str) -> None:
    value = _mint(meta, user).body["access_token"]

    meta.clock(advance_s=59 * DAY_S)
    assert _inspect(meta, value)["is_valid"] is True
    meta.clock(advance_s=DAY_S)
    found = _inspect(meta, value)
    assert found["is_valid"] is False
    assert (found["error"]["code"], found["error"]["subcode"]) == (190, 463)
    refused = meta.graph("GET", "me", token=value)
    assert (refused.status, refused.code) == (401, (190, 463))
    assert "Session has expired" in refused.body["error"]["message"]


def test_revoke_answers_true_as_text_and_ends_that_token_alone(meta: RunningEmulator, user: str) -> None:
    first, second = (_mint(meta, user).body["access_token"] for _ in range(2))

    assert _revoke(meta, first).body == {"success": "true"}
    found = _inspect(meta, first)
    assert (found["is_valid"], found["scopes"]) == (False, [])
    assert (found["error"]["code"], found["error"]["subcode"]) == (190, 467)
    assert _inspect(meta, second)["is_valid"] is True


def test_revoke_as_a_form_with_the_method_overridden_is_for_older_apps(meta: RunningEmulator, user: str) -> None:
    value = _mint(meta, user).body["access_token"]
    params = {"method": "get", "client_id": meta.app_id, "client_secret": meta.app_secret, "revoke_token": value}

    assert meta.graph("POST", "oauth/revoke", {**params, "method": ""}).code == (100, 33)
    assert meta.graph("POST", "oauth/revoke", params).code == (100, None)
    meta.act("legacy", state="on")
    assert meta.graph("POST", "oauth/revoke", params).body == {"success": "true"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"client_id": "1"}, 101),
        ({"client_secret": "EAA" + "EMU" + "wrong"}, 1),
        ({"revoke_token": "EAA" + "EMU" + "unknown"}, 190),
    ],
)
def test_revoke_refuses(meta: RunningEmulator, change: dict[str, str], code: int) -> None:
    assert _revoke(meta, meta.admin_token, **change).body["error"]["code"] == code
    assert meta.graph("GET", "me").status == 200


def test_revoking_an_ended_token_tells_its_own_error(meta: RunningEmulator, user: str) -> None:
    value = _mint(meta, user).body["access_token"]
    _revoke(meta, value)

    assert _revoke(meta, value).code == (190, 467)


def test_invalidating_answers_bare_true_and_ends_all_of_the_user(meta: RunningEmulator, user: str) -> None:
    values = [_mint(meta, user).body["access_token"] for _ in range(2)]

    answer = meta.graph("DELETE", f"{user}/access_tokens")

    assert answer.body is True
    assert [_inspect(meta, value)["is_valid"] for value in values] == [False, False]
    assert meta.graph("GET", "me").status == 200


def test_refresh_gives_a_new_token_and_leaves_the_old_one(meta: RunningEmulator, user: str) -> None:
    value = _mint(meta, user, scope="ads_read,ads_management").body["access_token"]
    meta.clock(advance_s=10 * DAY_S)
    params = {"grant_type": "fb_exchange_token", "client_id": meta.app_id, "client_secret": meta.app_secret}
    params |= {"set_token_expires_in_60_days": "true", "fb_exchange_token": value}

    answer = meta.graph("GET", "oauth/access_token", params, token="")

    assert answer.body["token_type"] == "bearer"
    assert answer.body["expires_in"] == 5184000
    new = answer.body["access_token"]
    assert new != value
    assert _inspect(meta, new)["scopes"] == ["ads_read", "ads_management"]
    assert _inspect(meta, value)["is_valid"] is True
    meta.clock(advance_s=50 * DAY_S)
    assert meta.graph("GET", "oauth/access_token", params, token="").code == (190, 463)
    assert _inspect(meta, new)["is_valid"] is True


def test_client_credentials_give_the_app_token(meta: RunningEmulator) -> None:
    params = {"grant_type": "client_credentials", "client_id": meta.app_id, "client_secret": meta.app_secret}

    answer = meta.graph("GET", "oauth/access_token", params, token="")

    assert answer.body == {"access_token": meta.app_token, "token_type": "bearer"}
    assert _inspect(meta, meta.app_token)["type"] == "APP"


def test_debug_token_of_an_unknown_token_is_an_answer_not_an_error(meta: RunningEmulator) -> None:
    found = _inspect(meta, "EAA" + "EMU" + "nobody")

    assert found["is_valid"] is False
    assert found["error"]["code"] == 190


def test_debug_token_needs_a_token_of_the_same_app(meta: RunningEmulator) -> None:
    world = meta.world()
    world["apps"].append({"id": "120480000000202", "name": "Second", "business_id": meta.business_id})
    meta.put_world(world)
    secret = meta.control("credentials?app_id=120480000000202")["app_secret"]

    answer = meta.graph("GET", "debug_token", {"input_token": meta.admin_token}, token=f"120480000000202|{secret}")

    assert (answer.status, answer.code) == (400, (100, None))
    assert "You must provide an app access token" in answer.body["error"]["message"]


def test_system_user_may_mint_for_itself_and_not_for_others(
    meta: RunningEmulator, user: str, mint: Callable[..., str]
) -> None:
    own = mint(user, "ads_read,business_management")
    params = {"business_app": meta.app_id, "scope": "ads_read", "set_token_expires_in_60_days": "true"}
    params["appsecret_proof"] = tokens.proof(own, meta.app_secret)

    assert meta.graph("POST", f"{user}/access_tokens", params, token=own).status == 200
    assert meta.graph("POST", "122090000000301/access_tokens", params, token=own).code == (200, None)
