"""Rows of docs/emulator/strictness.md that belong to tokens and logins: lenient goes on, strict refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulator.test_login import URI, answer, ask, dialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulators import RunningEmulator


def _strict(meta: RunningEmulator) -> None:
    meta.put_world({**meta.world(), "strictness": "strict"})


def test_a_dialog_without_state(meta: RunningEmulator) -> None:
    meta.act("add-redirect", uri=URI)
    assert answer(dialog(meta, state="")).status == 200

    _strict(meta)

    page = ask(dialog(meta, state=""))
    assert page.status == 400
    assert "Missing state parameter" in page.text


def test_a_dialog_for_the_profile_alone(meta: RunningEmulator) -> None:
    meta.act("add-redirect", uri=URI)
    assert answer(dialog(meta, scope="public_profile,email")).status == 200

    _strict(meta)

    page = answer(dialog(meta, scope="public_profile,email"))
    assert page.status == 400
    assert "This app needs at least one supported permission." in page.text
    assert answer(dialog(meta, scope="email,ads_read")).status == 200


def test_looking_at_another_system_users_token(meta: RunningEmulator, mint: Callable[..., str]) -> None:
    token = mint(meta.create_system_user("first"))
    assert meta.graph("GET", "debug_token", {"input_token": token}).body["data"]["is_valid"] is True

    _strict(meta)

    assert meta.graph("GET", "debug_token", {"input_token": token}).code == (100, None)
    assert meta.graph("GET", "debug_token", {"input_token": meta.admin_token}).body["data"]["is_valid"] is True


def test_a_person_looks_at_tokens_as_a_developer_of_the_app_only(meta: RunningEmulator) -> None:
    from meta_emulator import tokens

    value = "EAA" + "EMU" + "ines"
    world = meta.world()
    world["tokens"].append(
        {
            "fingerprint": tokens.fingerprint(value),
            "system_user_id": None,
            "user_id": "100000000000402",
            "app_id": meta.app_id,
            "scopes": ["public_profile"],
            "issued_at": world["now"],
        }
    )
    meta.put_world(world)

    refused = meta.graph("GET", "debug_token", {"input_token": meta.admin_token}, token=value)
    assert refused.code == (100, None)
    assert meta.graph("GET", "debug_token", {"input_token": value}, token=value).body["data"]["type"] == "USER"
    meta.act("accept-role", person="ines")
    seen = meta.graph("GET", "debug_token", {"input_token": meta.admin_token}, token=value)
    assert seen.body["data"]["type"] == "SYSTEM_USER"


def test_a_token_belongs_to_a_user_or_a_system_user(meta: RunningEmulator) -> None:
    import pytest

    from meta_emulator.client import RefusedError

    world = meta.world()
    world["tokens"][0]["system_user_id"] = None

    with pytest.raises(RefusedError, match=r"tokens\[0\]: give either system_user_id or user_id"):
        meta.put_world(world)


def test_a_native_app_has_no_app_token(meta: RunningEmulator) -> None:
    world = meta.world()
    world["apps"][0]["native"] = True
    meta.put_world(world)

    assert meta.graph("GET", f"{meta.app_id}/roles", token=meta.app_token).code == (190, None)
