"""Batch requests: order, names and dependencies, items without an answer, and what each item may bring itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from tests.emulator.test_sdk import api_for

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator

ROOT = "122090000000301"
BUSINESS = "178000000000101"
SHOP = "act_104320000000501"


def batch(meta: RunningEmulator, items: list[Any], **params: Any) -> Any:
    answer = meta.graph("POST", "", {"batch": items, **params})
    assert answer.status == 200, answer.body
    return answer.body


def bodies(answers: list[Any]) -> list[Any]:
    return [None if row is None else json.loads(row["body"]) for row in answers]


def test_items_are_answered_in_order_with_their_own_code(meta: RunningEmulator) -> None:
    answers = batch(meta, [{"method": "GET", "relative_url": "me"}, {"relative_url": "999"}, {"relative_url": SHOP}])

    assert [row["code"] for row in answers] == [200, 400, 200]
    assert bodies(answers)[0] == {"id": ROOT, "name": "root"}
    assert bodies(answers)[1]["error"]["error_subcode"] == 33
    headers = {row["name"].lower(): row["value"] for row in answers[0]["headers"]}
    assert headers["facebook-api-version"] == "v26.0"
    assert "etag" not in headers


def test_headers_can_be_left_out(meta: RunningEmulator) -> None:
    answers = batch(meta, [{"relative_url": "me"}], include_headers=False)

    assert set(answers[0]) == {"code", "body"}


def test_items_write_and_each_is_in_the_journal(meta: RunningEmulator) -> None:
    meta.forget_calls()
    answers = batch(
        meta,
        [
            {"method": "POST", "relative_url": f"{BUSINESS}/system_users", "body": "name=two+words&role=EMPLOYEE"},
            {"method": "DELETE", "relative_url": f"v25.0/{SHOP}/assigned_users?user={ROOT}"},
        ],
    )

    assert [row["code"] for row in answers] == [200, 200]
    assert [user["name"] for user in meta.world()["system_users"]] == ["root", "two words"]
    assert [(call["method"], call["path"]) for call in meta.calls("graph")] == [
        ("POST", f"/v26.0/{BUSINESS}/system_users"),
        ("DELETE", f"/v25.0/{SHOP}/assigned_users"),
        ("POST", "/v26.0"),
    ]


def test_an_item_uses_what_another_answered(meta: RunningEmulator) -> None:
    made = {"method": "POST", "relative_url": f"{BUSINESS}/system_users", "body": "name=ci", "name": "made"}
    assigned = {"method": "POST", "relative_url": f"{SHOP}/assigned_users"}
    assigned["body"] = "user={result=made:$.id}&tasks=[%22ANALYZE%22]"

    first, second = batch(meta, [made, assigned])

    assert first is None
    assert json.loads(second["body"]) == {"success": True}
    user = meta.world()["system_users"][1]["id"]
    assert meta.world()["assignments"] == [{"asset_id": SHOP, "user_id": user, "tasks": ["ANALYZE"]}]


def test_a_needed_answer_is_sent_too_when_asked_for(meta: RunningEmulator) -> None:
    accounts = {"relative_url": f"{BUSINESS}/owned_ad_accounts", "name": "accounts", "omit_response_on_success": False}
    read = {"relative_url": f"assigned_users?business={BUSINESS}&ids={{result=accounts:$.data.*.id}}"}
    one = {"relative_url": "{result=accounts:$.data[1].id}?fields=name"}

    meta.act("legacy", state="on")
    answers = bodies(batch(meta, [accounts, read, one]))

    assert len(answers[0]["data"]) == 2
    assert answers[1] == {SHOP: {"data": []}, "act_104320000000502": {"data": []}}
    assert answers[2]["name"] == "Lindenhof Brand"


def test_answer_can_be_left_out_on_success_only(meta: RunningEmulator) -> None:
    quiet = {"omit_response_on_success": True}

    good, bad = batch(meta, [{"relative_url": "me", **quiet}, {"relative_url": "999", **quiet}])

    assert good is None
    assert bad["code"] == 400


def test_what_depends_on_a_failure_is_not_carried_out(meta: RunningEmulator) -> None:
    create = {"method": "POST", "relative_url": f"{BUSINESS}/system_users", "body": "name=x", "depends_on": "first"}

    answers = batch(meta, [{"relative_url": "999", "name": "first"}, create])

    assert [row["code"] for row in answers] == [400, 400]
    assert "depends on first" in bodies(answers)[1]["error"]["message"]
    assert len(meta.world()["system_users"]) == 1


def test_item_has_its_own_token(meta: RunningEmulator) -> None:
    answers = batch(
        meta,
        [
            {"relative_url": "app?fields=name", "access_token": meta.app_token},
            {"relative_url": f"me?access_token={meta.app_token}"},
            {"relative_url": "me"},
        ],
    )

    assert [row["code"] for row in answers] == [200, 400, 200]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "hang"])
def test_item_that_times_out_is_null(meta: RunningEmulator, kind: str) -> None:
    options = {"seconds": 300} if kind == "hang" else {}
    meta.fault(kind, method="POST", path="system_users$", **options)
    create = {"method": "POST", "relative_url": f"{BUSINESS}/system_users", "body": "name=ci"}

    answers = batch(meta, [{"relative_url": "me"}, create])

    assert (answers[0]["code"], answers[1]) == (200, None)
    assert len(meta.world()["system_users"]) == (1 if kind == "drop_before" else 2)


def test_faults_strike_single_items(meta: RunningEmulator) -> None:
    meta.fault("graph", path="/me$", nth=2, code=4)

    answers = batch(meta, [{"relative_url": "me"}] * 3)

    assert [row["code"] for row in answers] == [200, 400, 200]


def test_the_headers_of_an_item_change_nothing(meta: RunningEmulator) -> None:
    answers = batch(meta, [{"relative_url": "me", "headers": [{"name": "If-None-Match", "value": '"x"'}]}])

    assert (answers[0]["code"], bodies(answers)) == (200, [{"id": ROOT, "name": "root"}])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([{"relative_url": "me"}] * 51, "Too many requests in batch message. Maximum batch size is 50"),
        ([], "Param batch must be a JSON array"),
        ("me", "Param batch must be a JSON array"),
        ([{"method": "GET"}], "Param batch[0] must be an object with a relative_url."),
        ([{"relative_url": "me", "nope": 1}], "Param batch[0] has an unknown key nope."),
        ([{"relative_url": "me", "headers": [1]}], "Param batch[0][headers]"),
        ([{"relative_url": "{result=a:$.id}"}], "Request 0 cannot depend on an unresolved request with name a."),
        ([{"relative_url": "me", "name": "a"}] * 2, "Request 1 has the name a"),
    ],
)
def test_a_batch_that_cannot_be_read_is_refused_whole(meta: RunningEmulator, given: Any, words: str) -> None:
    answer = meta.graph("POST", "", {"batch": given})

    assert answer.status == 400
    assert words in answer.body["error"]["message"]


def test_sdk_runs_a_batch_and_resends_what_timed_out(meta: RunningEmulator) -> None:
    meta.fault("drop_before", path="/act_104320000000501$")
    found: list[Any] = []
    failed: list[int] = []
    work = api_for(meta).new_batch()
    for path in ("me", SHOP, "999"):
        work.add(
            "GET",
            (path,),
            params={"fields": "name"},
            success=lambda answer: found.append(answer.json()["name"]),
            failure=lambda answer: failed.append(answer.error().api_error_code()),
        )

    again = work.execute()

    assert (found, failed) == (["root"], [100])
    assert len(again) == 1
    assert again.execute() is None
    assert found == ["root", "Lindenhof Shop"]


def test_sdk_objects_join_a_batch(meta: RunningEmulator) -> None:
    from facebook_business.adobjects.business import Business

    api, made = api_for(meta), []
    work = api.new_batch()
    business = Business(BUSINESS, api=api)
    business.create_system_user(params={"name": "ci"}, batch=work, success=lambda answer: made.append(answer.json()))
    business.api_get(fields=["name"], batch=work, success=lambda answer: made.append(answer.json()))

    assert work.execute() is None

    assert set(made[0]) == {"id"}
    assert made[1] == {"name": "Lindenhof Media", "id": BUSINESS}


def test_a_token_is_looked_at_and_ended_within_a_batch(meta: RunningEmulator) -> None:
    looked, own = f"debug_token?{urlencode({'input_token': meta.admin_token})}", {"access_token": meta.app_token}
    [seen] = bodies(batch(meta, [{"method": "GET", "relative_url": looked, **own}]))
    assert seen["data"]["is_valid"] is True

    asked = {"client_id": meta.app_id, "client_secret": meta.app_secret, "revoke_token": meta.admin_token}
    [ended] = bodies(batch(meta, [{"method": "GET", "relative_url": f"oauth/revoke?{urlencode(asked)}"}]))
    assert ended == {"success": "true"}
    [after] = meta.graph("POST", "", {"batch": [{"method": "GET", "relative_url": looked}]}, token=meta.app_token).body
    assert after["code"] == 200
    assert json.loads(after["body"])["data"]["is_valid"] is False
