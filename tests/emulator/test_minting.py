"""Minting: who may, for which app, and what has to be done first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_emulator import tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulators import RunningEmulator

SECOND = "120480000000202"
ROOT = "122090000000301"


@pytest.fixture
def second(meta: RunningEmulator) -> str:
    """The secret of a second app of the business, on which a system user is ready to be minted for."""
    world = meta.world()
    world["apps"].append({"id": SECOND, "name": "Second", "business_id": meta.business_id})
    meta.put_world(world)
    return str(meta.control(f"credentials?app_id={SECOND}")["app_secret"])


def _mint_for_second(meta: RunningEmulator, user: str, secret: str) -> Any:
    params = {"business_app": SECOND, "scope": "ads_read", "set_token_expires_in_60_days": "true"}
    params["appsecret_proof"] = tokens.proof(meta.admin_token, secret)
    return meta.graph("POST", f"{user}/access_tokens", params)


def test_a_token_for_another_app_is_proved_with_that_apps_secret(meta: RunningEmulator, second: str) -> None:
    user = meta.create_system_user("reporting")
    assert meta.graph("POST", f"{user}/applications", {"business_app": SECOND}).body == {"success": True}

    assert _mint_for_second(meta, user, meta.app_secret).code == (100, None)
    minted = _mint_for_second(meta, user, second)

    assert list(minted.body) == ["access_token"]
    found = meta.graph(
        "GET", "debug_token", {"input_token": minted.body["access_token"]}, token=f"{SECOND}|{second}"
    ).body["data"]
    assert (found["app_id"], found["is_valid"], found["scopes"]) == (SECOND, True, ["ads_read"])
    # One user, two apps, two ids.
    assert found["user_id"] != user
    assert meta.graph("GET", "me", token=minted.body["access_token"]).body == {
        "id": found["user_id"], "name": "reporting",
    }  # fmt: skip


def test_an_app_that_requires_proofs_takes_the_other_apps_proof_for_minting_only(
    meta: RunningEmulator, second: str
) -> None:
    user = meta.create_system_user("reporting")
    meta.graph("POST", f"{user}/applications", {"business_app": SECOND})
    world = meta.world()
    world["apps"][0]["require_app_secret"] = True
    meta.put_world(world)

    assert _mint_for_second(meta, user, second).status == 200
    refused = meta.graph("GET", "me")
    assert refused.body["error"]["message"] == "API calls from the server require an appsecret_proof argument"


def test_an_employee_installs_no_app(meta: RunningEmulator, mint: Callable[..., str]) -> None:
    user = meta.create_system_user("first")
    employee = mint(user, "ads_read,business_management")

    answer = meta.graph("POST", f"{ROOT}/applications", {"business_app": meta.app_id}, token=employee)

    assert (answer.status, answer.code) == (403, (200, None))


def test_a_client_secret_that_is_not_ours_is_refused_with_a_warning(meta: RunningEmulator) -> None:
    real = "0123456789abcdef" * 2
    params = {"grant_type": "client_credentials", "client_id": meta.app_id, "client_secret": real}

    answer = meta.graph("GET", "oauth/access_token", params, token="")

    assert answer.code == (1, None)
    assert answer.body["error"]["message"].startswith("Error validating client secret.")
    assert answer.body["error"]["message"].endswith("Never send it a real app secret.")
    assert real not in f"{answer.body}{meta.world()}{meta.calls()}{meta.output()}"


def test_me_of_a_stale_read_is_that_of_the_past(meta: RunningEmulator, mint: Callable[..., str]) -> None:
    user = meta.create_system_user("first")
    token = mint(user, "ads_read")
    meta.graph("POST", f"{meta.business_id}/system_users", {"system_user_id": user, "name": "renamed"})
    meta.fault("stale", path="/me$", writes=1)

    assert meta.graph("GET", "me", token=token).body["name"] == "first"
    meta.clear_faults()
    assert meta.graph("GET", "me", token=token).body["name"] == "renamed"


def test_a_real_looking_token_is_refused_wherever_it_stands(meta: RunningEmulator) -> None:
    real = "EAA" + "Bw" * 20
    users = f"{meta.business_id}/system_users"

    assert meta.graph("GET", "me", token=real).code == (190, None)
    assert meta.graph("GET", real).code == (100, 33)
    assert meta.graph("POST", users, {"name": f"key {real}", "role": "EMPLOYEE"}).code == (190, None)
    assert meta.graph("POST", users, {"name": f"key{real}", "role": "EMPLOYEE"}).code == (190, None)
    assert real not in f"{meta.world()}{meta.calls()}{(meta.home / 'world.json').read_text()}{meta.output()}"
