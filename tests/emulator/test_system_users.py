"""System users: quota by tier, names, paging; no delete, no change of role."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meta_emulator.persistence import StateFolder
from tests.emulators import start_emulator

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulators import RunningEmulator

BUSINESS = "178000000000101"
ROOT = "122090000000301"
USERS = f"{BUSINESS}/system_users"


def test_list_has_id_name_and_role_and_counts_on_request(meta: RunningEmulator) -> None:
    answer = meta.graph("GET", USERS, {"summary": "true"})

    assert answer.body["data"] == [{"id": ROOT, "name": "root", "role": "ADMIN"}]
    assert answer.body["summary"] == {"total_count": 1}
    assert "next" not in answer.body["paging"]


def test_created_user_says_who_made_it_and_when(meta: RunningEmulator) -> None:
    meta.clock(set_="2027-01-02T03:04:05Z")
    made = meta.graph("POST", USERS, {"name": "reporting", "role": "EMPLOYEE"})

    node = meta.graph("GET", made.body["id"], {"fields": "id,name,created_by,created_time"}).body

    assert list(made.body) == ["id"]
    assert node["name"] == "reporting"
    assert node["created_by"] == {"id": ROOT, "name": "root"}
    assert node["created_time"].startswith("2027-01-02T03:04:")
    assert node["created_time"].endswith("+0000")


def test_create_answers_fields_that_are_asked_for(meta: RunningEmulator) -> None:
    made = meta.graph("POST", USERS, {"name": "reporting", "role": "EMPLOYEE", "fields": "name"})

    assert made.body["name"] == "reporting"


def test_role_is_a_field_of_the_list_and_not_of_the_node(meta: RunningEmulator) -> None:
    answer = meta.graph("GET", ROOT, {"fields": "id,role"})

    assert answer.status == 400
    assert answer.code == (100, None)
    assert "nonexisting field (role)" in answer.body["error"]["message"]


@pytest.mark.parametrize(
    ("role", "code", "message"),
    [
        ("EMPLOYEE", 3949, "This Business Manager has reached maximum number of system user limit."),
        ("ADMIN", 3965, "This Business Manager has reached maximum number of admin system user limit."),
    ],
)
def test_limited_tier_has_one_user_of_each_role(meta: RunningEmulator, role: str, code: int, message: str) -> None:
    meta.create_system_user("first")

    answer = meta.graph("POST", USERS, {"name": "second", "role": role})

    error = answer.body["error"]
    assert (answer.status, error["code"], error["message"]) == (400, code, message)
    assert error["error_user_title"] == message
    assert error["error_user_msg"] == message
    assert error["fbtrace_id"]


def test_full_tier_has_ten_employees_and_one_admin(meta: RunningEmulator) -> None:
    meta.act("approve", name="tier")
    for number in range(10):
        meta.create_system_user(f"user {number}")

    assert meta.graph("POST", USERS, {"name": "eleventh", "role": "EMPLOYEE"}).code == (3949, None)
    assert meta.graph("POST", USERS, {"name": "second root", "role": "ADMIN"}).code == (3965, None)


def test_rename_costs_no_quota_and_keeps_the_id(meta: RunningEmulator) -> None:
    user = meta.create_system_user("first")

    answer = meta.graph("POST", USERS, {"system_user_id": user, "name": "unused plum"})

    assert answer.body == {"id": user}
    assert meta.graph("GET", user).body == {"id": user, "name": "unused plum"}


def test_a_name_is_taken_once_per_business(meta: RunningEmulator) -> None:
    user = meta.create_system_user("first")

    assert meta.graph("POST", USERS, {"name": "root", "role": "EMPLOYEE"}).code == (3972, None)
    assert meta.graph("POST", USERS, {"name": "root", "system_user_id": user}).code == (3972, None)


def test_role_cannot_be_changed(meta: RunningEmulator) -> None:
    user = meta.create_system_user("first")

    answer = meta.graph("POST", USERS, {"system_user_id": user, "name": "first", "role": "ADMIN"})

    assert answer.code == (100, None)
    assert meta.world()["system_users"][1]["role"] == "EMPLOYEE"


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_node_is_neither_updated_nor_deleted(meta: RunningEmulator, method: str) -> None:
    user = meta.create_system_user("first")

    answer = meta.graph(method, user, {"name": "other"})

    assert answer.code == (100, 33)
    assert answer.body["error"]["type"] == "GraphMethodException"
    assert answer.body["error"]["message"].startswith(
        f"Unsupported {method.lower()} request. Object with ID '{user}' does not exist"
    )


def test_app_outside_the_business_creates_none(meta: RunningEmulator) -> None:
    world = meta.world()
    world["apps"][0]["business_id"] = None
    meta.put_world(world)

    assert meta.graph("POST", USERS, {"name": "first", "role": "EMPLOYEE"}).code == (104001, None)


def test_unknown_role_is_refused_with_the_enum(meta: RunningEmulator) -> None:
    answer = meta.graph("POST", USERS, {"name": "first", "role": "BOSS"})

    assert answer.code == (100, None)
    assert "(#100) Param role must be one of {ADMIN, EMPLOYEE, " in answer.body["error"]["message"]


def test_ids_are_strings_and_never_given_twice_even_after_a_reset(meta: RunningEmulator) -> None:
    first = meta.create_system_user("first")
    meta.reset()

    second = meta.create_system_user("first")

    assert isinstance(first, str)
    assert first.isdecimal()
    assert first != second


def test_a_reset_of_a_stopped_emulator_gives_no_id_again_either(tmp_path: Path) -> None:
    running = start_emulator(tmp_path)
    first = running.create_system_user("first")
    running.stop()
    assert StateFolder(tmp_path).wipe() == ["world.json", "secretsmanager.json", "credentials.json"]

    again = start_emulator(tmp_path)
    try:
        assert again.world()["system_users"] != []
        assert "first" not in [user["name"] for user in again.world()["system_users"]]
        assert again.create_system_user("second") != first
    finally:
        again.stop()


def test_another_app_of_the_business_knows_the_same_user_by_another_id(meta: RunningEmulator) -> None:
    world = meta.world()
    world["apps"].append({"id": "120480000000202", "name": "Second", "business_id": BUSINESS})
    meta.put_world(world)
    secret = meta.control("credentials?app_id=120480000000202")["app_secret"]
    other = f"120480000000202|{secret}"
    meta.graph("POST", f"{ROOT}/applications", {"business_app": "120480000000202"})
    world = meta.world()
    world["tokens"][0]["app_id"] = "120480000000202"
    meta.put_world(world)

    seen = meta.graph("GET", USERS).body["data"][0]

    assert seen["name"] == "root"
    assert seen["id"] != ROOT
    assert meta.graph("GET", seen["id"]).status == 200
    assert meta.graph("GET", ROOT).code == (100, 33)
    inspected = meta.graph("GET", "debug_token", {"input_token": meta.admin_token}, token=other).body["data"]
    assert inspected["user_id"] == seen["id"]


def test_employees_token_lists_no_users(meta: RunningEmulator, mint) -> None:  # type: ignore[no-untyped-def]
    token = mint(meta.create_system_user("first"), "ads_read,business_management")

    answer = meta.graph("GET", USERS, token=token)

    assert answer.status == 403
    assert answer.code == (200, None)
