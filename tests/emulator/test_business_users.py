"""People in a business through Graph: listed, invited, changed, removed, and refused where Meta refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator

BUSINESS = "178000000000101"
CLIENT = "998870000000701"
NADIA = "100000000000401"
INES = "100000000000402"
SHOP = "act_104320000000501"


def _ids(meta: RunningEmulator) -> dict[str, str]:
    rows = meta.graph("GET", f"{BUSINESS}/business_users").body["data"]
    return {row["name"]: row["id"] for row in rows}


def test_everybody_of_the_business_is_listed_under_an_id_of_the_business(meta: RunningEmulator) -> None:
    fields = {"fields": "name,email,role,two_fac_status,business{id}", "summary": "true"}

    answer = meta.graph("GET", f"{BUSINESS}/business_users", fields).body

    assert answer["summary"] == {"total_count": 2}
    assert [{key: row[key] for key in row if key != "id"} for row in answer["data"]] == [
        {"name": "nadia", "email": "nadia@lindenhof.example", "role": "ADMIN", "two_fac_status": "DISABLED",
         "business": {"id": BUSINESS}},
        {"name": "ines", "email": "ines@lindenhof.example", "role": "EMPLOYEE", "two_fac_status": "DISABLED",
         "business": {"id": BUSINESS}},
    ]  # fmt: skip
    assert {row["id"] for row in answer["data"]}.isdisjoint({NADIA, INES})


def test_a_row_of_the_world_gives_the_id(meta: RunningEmulator) -> None:
    row = {"id": "122500000000001", "person_id": INES, "business_id": BUSINESS, "title": "Planner"}
    meta.put_world({**meta.world(), "business_users": [row]})

    shown = meta.graph("GET", "122500000000001", {"fields": "name,title"})

    assert shown.body == {"id": "122500000000001", "name": "ines", "title": "Planner"}


def test_an_invitation_waits_is_changed_and_becomes_a_member(meta: RunningEmulator) -> None:
    params = {"email": "omar@lindenhof.example", "role": "FINANCE_ANALYST", "invited_user_type": ["FB"]}
    request = meta.graph("POST", f"{BUSINESS}/business_users", params).body["id"]

    fields = {"fields": "email,role,finance_role,status", "email": "omar@lindenhof.example"}
    assert meta.graph("GET", f"{BUSINESS}/pending_users", fields).body["data"] == [
        {"id": request, "email": "omar@lindenhof.example", "role": "EMPLOYEE", "finance_role": "ANALYST",
         "status": "PENDING"}
    ]  # fmt: skip
    assert meta.graph("POST", request, {"role": "ADMIN"}).body == {"success": True}
    meta.act("join-business", email="omar@lindenhof.example")

    assert meta.graph("GET", f"{BUSINESS}/pending_users").body["data"] == []
    assert meta.graph("GET", _ids(meta)["omar"], {"fields": "role"}).body["role"] == "ADMIN"


def test_an_invitation_is_withdrawn(meta: RunningEmulator) -> None:
    request = meta.graph("POST", f"{BUSINESS}/business_users", {"email": "omar@lindenhof.example"}).body["id"]

    assert meta.graph("DELETE", request).body == {"success": True}
    assert meta.graph("GET", request).code == (100, 33)


def test_a_business_user_is_changed(meta: RunningEmulator) -> None:
    ines = _ids(meta)["ines"]
    params = {"role": "ADMIN", "title": "Planner", "first_name": "Ines", "last_name": "Lang", "email": "new@a.example"}

    assert meta.graph("POST", ines, params).body == {"success": True}

    fields = {"fields": "name,role,title,email,pending_email"}
    assert meta.graph("GET", ines, fields).body == {
        "id": ines, "name": "Ines Lang", "role": "ADMIN", "title": "Planner", "email": "ines@lindenhof.example",
        "pending_email": "new@a.example",
    }  # fmt: skip
    assert meta.graph("POST", ines, {"clear_pending_email": "true"}).body == {"success": True}
    assert "pending_email" not in meta.graph("GET", ines, fields).body
    assert meta.world()["people"][1]["businesses"] == {BUSINESS: "ADMIN"}


def test_the_last_admin_stays(meta: RunningEmulator) -> None:
    ids = _ids(meta)

    for method, params in (("DELETE", {}), ("POST", {"role": "EMPLOYEE"})):
        assert meta.graph(method, ids["nadia"], params).code == (3914, None)
    meta.graph("POST", ids["ines"], {"role": "ADMIN"})
    assert meta.graph("DELETE", ids["nadia"]).body == {"success": True}
    assert list(_ids(meta)) == ["ines"]


def test_removal_ends_what_was_assigned(meta: RunningEmulator) -> None:
    ines = _ids(meta)["ines"]
    assert meta.graph("POST", f"{SHOP}/assigned_users", {"user": ines, "tasks": ["ANALYZE"]}).status == 200
    rows = meta.graph("GET", f"{SHOP}/assigned_users", {"business": BUSINESS, "fields": "id,name,user_type"}).body
    assert rows["data"] == [{"id": ines, "name": "ines", "user_type": "BUSINESS_USER"}]

    meta.graph("DELETE", ines)

    assert meta.world()["assignments"] == []
    assert meta.graph("GET", ines).code == (100, 33)


def test_a_person_and_their_business_user_are_one(meta: RunningEmulator) -> None:
    meta.graph("POST", f"{SHOP}/assigned_users", {"user": INES, "tasks": ["ANALYZE"]})

    meta.graph("DELETE", f"{SHOP}/assigned_users", {"user": _ids(meta)["ines"]})

    assert meta.world()["assignments"] == []


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, 100),
        ({"email": "omar"}, 100),
        ({"email": "ines@lindenhof.example"}, 100),
        ({"email": "a@b.example", "role": "KING"}, 100),
        ({"email": "a@b.example", "invited_user_type": ["PIGEON"]}, 100),
    ],
)
def test_refused_invitations(meta: RunningEmulator, params: dict[str, Any], code: int) -> None:
    assert meta.graph("POST", f"{BUSINESS}/business_users", params).code == (code, None)
    assert meta.world()["business_invitations"] == []


def test_too_many_invitations_wait_a_day(meta: RunningEmulator) -> None:
    now = meta.world()["now"]
    rows = [
        {"id": f"12260000000{n:04d}", "business_id": BUSINESS, "email": f"p{n}@a.example", "created_at": now}
        for n in range(50)
    ]
    meta.put_world({**meta.world(), "business_invitations": rows})

    assert meta.graph("POST", f"{BUSINESS}/business_users", {"email": "a@b.example"}).code == (17, None)
    meta.clock(advance_s=24 * 3600 + 60)
    assert meta.graph("POST", f"{BUSINESS}/business_users", {"email": "a@b.example"}).status == 200


def test_people_of_another_business_are_not_seen(meta: RunningEmulator) -> None:
    world = meta.world()
    world["people"].append({"id": "100000000000499", "name": "paul", "businesses": {CLIENT: "ADMIN"}})
    row = {"id": "122500000000009", "person_id": "100000000000499", "business_id": CLIENT}
    meta.put_world({**world, "business_users": [row]})

    assert meta.graph("GET", "122500000000009").code == (100, 33)
    assert meta.graph("GET", f"{CLIENT}/business_users").code == (100, 33)
