"""Who changed an ad account's users: noted whichever door was taken, newest first, for a week unless asked."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_emulator import activities
from meta_emulator.builder import WorldBuilder
from meta_emulator.embedded import MetaEmulator
from meta_emulator.world import AssetGroup
from tests.emulators import GraphAnswer, graph_call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADDED, REMOVED = "ad_account_add_user_to_role", "ad_account_remove_user_from_role"
START = datetime(2036, 7, 1, 12, 0, tzinfo=UTC)


class Client:
    """A client with an ad account that it shares with an agency, which has a system user and a person."""

    def __init__(self) -> None:
        build = WorldBuilder()
        self.client, self.agency = build.business("Client"), build.business("Agency")
        self.app = build.app("Client Ads", self.client)
        self.agency_app = build.app("Agency Ads", self.agency)
        self.boss = build.system_user("boss", self.client, self.app, role="ADMIN")
        self.worker = build.system_user("worker", self.client, self.app)
        self.root = build.system_user("root", self.agency, self.agency_app, role="ADMIN")
        self.helper = build.system_user("helper", self.agency, self.agency_app)
        self.clara = build.person("clara", {self.client: "ADMIN"})
        self.anna = build.person("anna", {self.agency: "EMPLOYEE"})
        build.person("adam", {self.agency: "ADMIN"})
        scopes = ["business_management", "ads_read"]
        build.token("admin", self.boss, self.app, scopes)
        build.token("agency", self.root, self.agency_app, scopes)
        build.token("pages", self.worker, self.app, ["pages_show_list"])
        build.token("worker", self.worker, self.app, ["ads_read"])
        self.account, self.page = build.ad_account("Shop", self.client), build.page("Shop", self.client)
        self.number = self.account.removeprefix("act_")
        self.meta = MetaEmulator(build)

    def __call__(self, method: str, path: str, params: dict[str, Any] | None = None, by: str = "admin") -> GraphAnswer:
        return graph_call(self.meta.graph_url, method, path, params, token=self.meta.token(by))

    def assign(self, user: str, *tasks: str, by: str = "admin") -> None:
        answer = self("POST", f"{self.account}/assigned_users", {"user": user, "tasks": list(tasks)}, by=by)
        assert answer.body == {"success": True}, answer.body

    def rows(self, **params: Any) -> list[dict[str, Any]]:
        answer = self("GET", f"{self.account}/activities", params)
        assert answer.status == 200, answer.body
        rows: list[dict[str, Any]] = answer.body["data"]
        return rows

    def told(self, **params: Any) -> list[tuple[str, str, str, list[str], list[str]]]:
        """What happened, who did it, to whom, and the tasks before and after."""
        rows = self.rows(fields="event_type,actor_name,extra_data", **params)
        extra = [json.loads(row["extra_data"]) for row in rows]
        return [
            (row["event_type"], row["actor_name"], more["user_name"], more["old_value"], more["new_value"])
            for row, more in zip(rows, extra, strict=True)
        ]


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client()
    with made.meta:
        made.meta.clock.set(START)
        yield made


def test_an_assignment_tells_who_did_it_with_which_app_and_when(client: Client) -> None:
    client.assign(client.worker, "ANALYZE")
    fields = (
        "actor_id,actor_name,application_id,application_name,date_time_in_timezone,event_time,event_type,extra_data,"
        "object_id,object_name,object_type,translated_event_type"
    )

    [row] = client.rows(fields=fields)

    assert row.pop("event_time").startswith("2036-07-01T12:00:")
    assert json.loads(row.pop("extra_data")) == {
        "user_id": client.worker,
        "user_name": "worker",
        "old_value": [],
        "new_value": ["ANALYZE"],
    }
    assert row == {
        "actor_id": client.boss,
        "actor_name": "boss",
        "application_id": client.app,
        "application_name": "Client Ads",
        "date_time_in_timezone": "7/1/2036 at 2:00 PM",
        "event_type": ADDED,
        "object_id": client.number,
        "object_name": "Shop",
        "object_type": "ACCOUNT",
        "translated_event_type": "User added to ad account",
    }


def test_what_is_shown_unless_asked_has_no_id(client: Client) -> None:
    client.assign(client.worker, "ANALYZE")

    [row] = client.rows()

    assert list(row) == ["event_time", "event_type", "actor_id", "object_id", "extra_data"]


def test_changes_come_newest_first_and_what_changes_nothing_is_none(client: Client) -> None:
    client.assign(client.worker, "ANALYZE")
    client.assign(client.worker, "ANALYZE")
    client.assign(client.worker, "ADVERTISE", "ANALYZE")
    client("POST", f"{client.page}/assigned_users", {"user": client.worker, "tasks": ["ANALYZE"]})
    client("DELETE", f"{client.account}/assigned_users", {"user": client.worker})
    client("DELETE", f"{client.account}/assigned_users", {"user": client.worker})

    assert client.told() == [
        (REMOVED, "boss", "worker", ["ADVERTISE", "ANALYZE"], []),
        (ADDED, "boss", "worker", ["ANALYZE"], ["ADVERTISE", "ANALYZE"]),
        (ADDED, "boss", "worker", [], ["ANALYZE"]),
    ]


def test_a_share_that_shrinks_and_ends_takes_tasks_from_the_agencys_users(client: Client) -> None:
    shared = {"business": client.agency, "permitted_tasks": ["ADVERTISE"]}
    client("POST", f"{client.account}/agencies", shared)
    client.assign(client.helper, "ADVERTISE", "ANALYZE", by="agency")

    client("POST", f"{client.account}/agencies", {**shared, "permitted_tasks": ["ANALYZE"]})
    client("DELETE", f"{client.account}/agencies", {"business": client.agency}, by="agency")

    assert client.told() == [
        (REMOVED, "root", "helper", ["ANALYZE"], []),
        (ADDED, "boss", "helper", ["ADVERTISE", "ANALYZE"], ["ANALYZE"]),
        (ADDED, "root", "helper", [], ["ADVERTISE", "ANALYZE"]),
    ]


def test_what_people_do_in_business_manager_is_told_without_an_app(client: Client) -> None:
    client.meta.act("share", asset=client.account, business="Agency", tasks="ANALYZE")
    client.assign(client.helper, "ANALYZE", by="agency")
    client.assign(client.anna, "ANALYZE", by="agency")

    client.meta.act("leave-business", person="anna", business="Agency")
    client.meta.act("unshare", asset=client.account, business="Agency")

    rows = client.rows(fields="event_type,actor_id,actor_name,application_id,extra_data", limit=2)
    assert [(row["event_type"], row["actor_name"], "application_id" in row) for row in rows] == [
        (REMOVED, "clara", False),
        (REMOVED, "anna", False),
    ]
    assert [json.loads(row["extra_data"])["user_name"] for row in rows] == ["helper", "anna"]


def test_what_comes_with_a_group_is_told_too(client: Client) -> None:
    with client.meta.edit() as world:
        world.asset_groups.append(AssetGroup("178000000009900", "Shops", client.client, [client.account]))

    given = {"user": client.worker, "adaccount_tasks": ["ANALYZE"]}
    assert client("POST", "178000000009900/assigned_users", given).body == {"success": True}
    client("DELETE", "178000000009900/contained_adaccounts", {"asset_id": client.account})

    assert client.told() == [
        (REMOVED, "boss", "worker", ["ANALYZE"], []),
        (ADDED, "boss", "worker", [], ["ANALYZE"]),
    ]


def test_a_world_that_is_put_is_nobodys_activity(client: Client) -> None:
    client.assign(client.worker, "ANALYZE")
    with client.meta.edit() as world:
        world.assignments.clear()

    assert client.told() == [(ADDED, "boss", "worker", [], ["ANALYZE"])]


def test_a_refused_call_is_none(client: Client) -> None:
    given = {"user": client.worker, "tasks": ["FLY"]}
    assert client("POST", f"{client.account}/assigned_users", given).code == (100, None)
    assert client("POST", f"{client.account}/assigned_users", {"user": client.worker}, by="worker").status == 403

    assert client.told() == []


def test_one_week_is_shown_unless_asked(client: Client) -> None:
    client.assign(client.worker, "ANALYZE")
    client.meta.clock.set(START + timedelta(days=8))
    client.assign(client.boss, "ANALYZE")

    def names(**params: Any) -> list[str]:
        return [user for _, _, user, _, _ in client.told(**params)]

    assert names() == ["boss"]
    assert names(since="2036-06-30") == ["boss", "worker"]
    assert names(since="2036-06-30", until="2036-07-02T00:00:00+0000") == ["worker"]
    assert names(since=int(START.timestamp()) - 60, until=int(START.timestamp()) + 3600) == ["worker"]
    assert names(until="2036-07-02") == ["worker"]


def test_they_are_found_by_object_actor_and_category(client: Client) -> None:
    client.assign(client.worker, "ANALYZE")

    asked: dict[str, dict[str, Any]] = {
        "account": {"oid": client.number},
        "with act_": {"oid": client.account, "add_children": True},
        "another": {"oid": "999"},
        "one of two": {"oid": "999", "extra_oids": [client.number]},
        "actor": {"uid": client.boss},
        "not the actor": {"uid": client.worker},
        "category": {"category": "ACCOUNT"},
        "other category": {"category": "BUDGET"},
    }
    found = {name: len(client.rows(**params)) for name, params in asked.items()}

    assert found == {
        "account": 1,
        "with act_": 1,
        "another": 0,
        "one of two": 1,
        "actor": 1,
        "not the actor": 0,
        "category": 1,
        "other category": 0,
    }


def test_pages_follow_one_another(client: Client) -> None:
    for user in (client.worker, client.boss):
        client.assign(user, "ANALYZE")
        client("DELETE", f"{client.account}/assigned_users", {"user": user})
    first = client("GET", f"{client.account}/activities", {"limit": 3, "fields": "event_type"}).body
    client.assign(client.worker, "ADVERTISE", "ANALYZE")  # a new entry moves no page

    after = first["paging"]["cursors"]["after"]
    second = client("GET", f"{client.account}/activities", {"limit": 3, "fields": "event_type", "after": after}).body

    assert [row["event_type"] for row in first["data"]] == [REMOVED, ADDED, REMOVED]
    assert [row["event_type"] for row in second["data"]] == [ADDED]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"since": "someday"}, "Param since must be a date or a time"),
        ({"until": "99999-01-01"}, "Param until must be a date or a time"),
        ({"since": "2036-07-02", "until": "2036-07-01"}, "Param since must not be later than until"),
        ({"category": "PEOPLE"}, "Param category must be one of {ACCOUNT, AD,"),
        ({"data_source": "X"}, "Param data_source must be one of {CALYPSO,"),
        ({"uid": "boss"}, "Param uid must be a valid ID string"),
    ],
)
def test_wrong_parameters_are_named(client: Client, params: dict[str, Any], words: str) -> None:
    answer = client("GET", f"{client.account}/activities", params)

    assert (answer.status, answer.code) == (400, (100, None))
    assert words in answer.body["error"]["message"]


def test_they_are_for_those_who_may_use_the_account(client: Client) -> None:
    path = f"{client.account}/activities"

    assert client("GET", path, by="worker").code == (200, None)  # has no task
    client.assign(client.worker, "ANALYZE")
    assert client("GET", path, by="worker").status == 200
    assert client("GET", path, by="pages").code == (200, None)  # has no permission
    assert client("GET", path, by="agency").code == (100, 33)  # does not see it


def test_another_app_sees_the_same_person_under_another_id(client: Client) -> None:
    client("POST", f"{client.account}/agencies", {"business": client.agency, "permitted_tasks": ["ANALYZE"]})
    client.assign(client.worker, "ANALYZE")

    [row] = client("GET", f"{client.account}/activities", by="agency").body["data"]

    assert row["actor_id"] != client.boss
    assert row["actor_id"].startswith("122097")


def test_the_oldest_make_room(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activities, "MOST_KEPT", 2)
    for tasks in (["ANALYZE"], ["ADVERTISE", "ANALYZE"], ["ANALYZE"]):
        client.assign(client.worker, *tasks)

    assert [row.number for row in client.meta.world.activities] == [2, 3]


def test_they_outlive_the_process(tmp_path: Path) -> None:
    with MetaEmulator(home=tmp_path) as meta:
        given = {"user": "122090000000301", "tasks": ["ANALYZE"]}
        shop = "act_104320000000501"
        graph_call(meta.graph_url, "POST", f"{shop}/assigned_users", given, token=meta.admin_token)
    with MetaEmulator(home=tmp_path) as meta:
        answer = graph_call(meta.graph_url, "GET", f"{shop}/activities", token=meta.admin_token)

    assert [row["event_type"] for row in answer.body["data"]] == [ADDED]
