"""A partner acts for a client's business, and a business takes a token of a system user by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_emulator import tokens

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator

LINDENHOF = "178000000000101"
ACME = "998870000000701"
ROOT = "122090000000301"
CARL = "100000000000450"


@pytest.fixture
def client(meta: RunningEmulator) -> str:
    """The token of a client's admin."""
    value = "EAA" + "EMU" + "carl"
    world = meta.world()
    world["people"].append({"id": CARL, "name": "carl", "businesses": {ACME: "ADMIN"}})
    world["app_roles"].append({"app_id": meta.app_id, "user_id": CARL, "role": "testers"})
    world["tokens"].append(
        {
            "fingerprint": tokens.fingerprint(value),
            "system_user_id": None,
            "user_id": CARL,
            "app_id": meta.app_id,
            "scopes": ["business_management"],
            "issued_at": world["now"],
        }
    )
    meta.put_world(world)
    return value


def _take(meta: RunningEmulator) -> Any:
    return meta.graph("POST", f"{ACME}/access_token", {"app_id": meta.app_id, "scope": "ads_read"})


def test_a_partner_takes_a_token_once_the_client_lets_it_in(meta: RunningEmulator, client: str) -> None:
    assert _take(meta).code == (100, 33)
    params = {"existing_client_business_id": ACME}
    assert meta.graph("POST", f"{LINDENHOF}/managed_businesses", params).code == (200, None)

    assert meta.graph("POST", f"{LINDENHOF}/managed_businesses", params, token=client).body == {"id": ACME}
    got = _take(meta)

    assert list(got.body) == ["access_token"]
    value = got.body["access_token"]
    me = meta.graph("GET", "me", {"fields": "name,client_business_id"}, token=value).body
    assert (me["name"], me["client_business_id"]) == ("Acme GmbH SYSTEM USER", ACME)
    assert meta.graph("DELETE", f"{LINDENHOF}/managed_businesses", params).body == {"success": True}
    assert meta.graph("GET", "me", token=value).code == (190, 467)
    assert _take(meta).code == (100, 33)


def test_a_clients_system_user_needs_advanced_access(meta: RunningEmulator, client: str) -> None:
    meta.graph("POST", f"{LINDENHOF}/managed_businesses", {"existing_client_business_id": ACME}, token=client)
    value = _take(meta).body["access_token"]
    world = meta.world()
    user = next(row for row in world["system_users"] if row["business_id"] == ACME)
    world["assignments"].append({"asset_id": "act_205550000000601", "user_id": user["id"], "tasks": ["ANALYZE"]})
    meta.put_world(world)

    assert meta.graph("GET", "act_205550000000601", token=value).code == (200, None)
    meta.act("approve", name="ads_read")
    assert meta.graph("GET", "act_205550000000601", token=value).status == 200


def _by_business(meta: RunningEmulator, **changes: Any) -> Any:
    params = {"system_user_id": ROOT, "scope": "ads_read", "asset": '["104320000000501"]', **changes}
    params.setdefault("appsecret_proof", tokens.proof(meta.admin_token, meta.app_secret))
    return meta.graph("POST", f"{LINDENHOF}/system_user_access_tokens", {k: v for k, v in params.items() if v})


def test_a_business_takes_a_token_of_a_named_system_user(meta: RunningEmulator) -> None:
    value = _by_business(meta, set_token_expires_in_60_days="true").body["access_token"]

    found = meta.graph("GET", "debug_token", {"input_token": value}, token=meta.app_token).body["data"]
    assert (found["user_id"], found["type"]) == (ROOT, "SYSTEM_USER")
    assert found["granular_scopes"] == [{"scope": "ads_read", "target_ids": ["104320000000501"]}]
    assert found["expires_at"] - found["issued_at"] == 5184000


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"scope": "fly"}, 3962),
        ({"scope": ""}, 3962),
        ({"asset": '["1"]'}, 100),
        ({"system_user_id": "1"}, 100),
        ({"appsecret_proof": ""}, 100),
        ({"fetch_only": "true"}, 452),
    ],
)
def test_taking_one_is_refused(meta: RunningEmulator, change: dict[str, str], code: int) -> None:
    assert _by_business(meta, **change).body["error"]["code"] == code
    assert len(meta.world()["tokens"]) == 1


def test_a_partner_makes_a_business_for_a_client_and_manages_it(meta: RunningEmulator) -> None:
    made = meta.graph("POST", f"{LINDENHOF}/managed_businesses", {"name": "New client", "vertical": "RETAIL"})

    assert made.status == 200, made.body
    world = meta.world()
    assert {"partner_id": LINDENHOF, "client_id": made.body["id"]} in world["managed_businesses"]
    assert [row["name"] for row in world["businesses"] if row["id"] == made.body["id"]] == ["New client"]
    unnamed = meta.graph("POST", f"{LINDENHOF}/managed_businesses", {"vertical": "RETAIL"})
    assert unnamed.body["error"]["message"] == "(#100) The parameter name is required"
