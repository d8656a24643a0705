"""The `fields` parameter: subfields, aliases, edges among the fields and their own parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator

ROOT = "122090000000301"
BUSINESS = "178000000000101"
SHOP = "act_104320000000501"


def test_edge_among_the_fields_answers_as_the_edge_does(meta: RunningEmulator) -> None:
    answer = meta.graph("GET", BUSINESS, {"fields": "name,owned_ad_accounts{id,name}"})

    assert answer.body["name"] == "Lindenhof Media"
    assert answer.body["id"] == BUSINESS
    assert answer.body["owned_ad_accounts"]["data"] == [
        {"id": SHOP, "name": "Lindenhof Shop"},
        {"id": "act_104320000000502", "name": "Lindenhof Brand"},
    ]


def test_edge_without_braces_shows_its_default_fields(meta: RunningEmulator) -> None:
    shown = meta.graph("GET", BUSINESS, {"fields": "owned_pages"}).body

    assert shown["owned_pages"]["data"] == [{"id": "102930000000801", "name": "Lindenhof"}]


def test_limit_of_an_edge_leaves_a_link_to_the_rest(meta: RunningEmulator) -> None:
    accounts = meta.graph("GET", BUSINESS, {"fields": "owned_ad_accounts.limit(1){name}"}).body["owned_ad_accounts"]

    link = urlsplit(accounts["paging"]["next"])
    assert accounts["data"] == [{"name": "Lindenhof Shop", "id": SHOP}]
    assert link.path == f"/v26.0/{BUSINESS}/owned_ad_accounts"
    rest = meta.graph("GET", f"{BUSINESS}/owned_ad_accounts?{link.query}", token="").body
    assert parse_qs(link.query)["fields"] == ["name"]
    assert rest["data"] == [{"name": "Lindenhof Brand", "id": "act_104320000000502"}]


def test_alias_names_the_key_of_a_field_and_of_an_edge_for_an_older_app(meta: RunningEmulator) -> None:
    meta.act("legacy", state="on")
    asked = "name.as(title),owned_ad_accounts.limit(1).as(first){id},system_users.summary(true).as(team){name}"

    shown = meta.graph("GET", BUSINESS, {"fields": asked}).body

    assert set(shown) == {"title", "first", "team", "id"}
    assert shown["title"] == "Lindenhof Media"
    assert [row["id"] for row in shown["first"]["data"]] == [SHOP]
    assert shown["team"]["summary"] == {"total_count": 1}


def test_edges_nest_and_take_the_parameters_they_need(meta: RunningEmulator) -> None:
    meta.graph("POST", f"{SHOP}/assigned_users", {"user": ROOT, "tasks": ["ANALYZE"]})
    asked = "owned_ad_accounts{name,assigned_users.business(178000000000101){name,tasks}}"

    first, second = meta.graph("GET", BUSINESS, {"fields": asked}).body["owned_ad_accounts"]["data"]

    assert first["assigned_users"]["data"] == [{"name": "root", "tasks": ["ANALYZE"], "id": ROOT}]
    assert second["assigned_users"] == {"data": []}


def test_subfields_of_a_node_within_a_node(meta: RunningEmulator) -> None:
    assert meta.graph("GET", SHOP, {"fields": "business{name}"}).body == {
        "business": {"name": "Lindenhof Media", "id": BUSINESS},
        "id": SHOP,
    }


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ("owned_ad_accounts{nope}", (100, None), "nonexisting field (nope) on node type (AdAccount)"),
        ("assigned_ad_accounts", (100, None), "nonexisting field (assigned_ad_accounts) on node type (Business)"),
        ("name{first}", (2500, None), "Subfields are not supported by name"),
        ("owned_ad_accounts{assigned_users}", (100, None), "The parameter business is required"),
        ("owned_ad_accounts.limit(0)", (100, None), "Param limit"),
        ("owned_ad_accounts.limit(1", (2500, None), "Syntax error"),
        ("name.as()", (2500, None), "Syntax error"),
        ("name.", (2500, None), "Syntax error"),
        ("a{" * 9 + "a" + "}" * 9, (2500, None), "Syntax error"),
    ],
)
def test_one_bad_field_fails_the_whole_request(
    meta: RunningEmulator, fields: str, code: tuple[int, int | None], words: str
) -> None:
    meta.act("legacy", state="on")  # else an alias is refused for itself
    answer = meta.graph("GET", BUSINESS, {"fields": fields})

    assert (answer.status, answer.code) == (400, code)
    assert words in answer.body["error"]["message"]


def test_answer_that_grows_without_bound_is_refused(meta: RunningEmulator) -> None:
    world = meta.world()
    world["ad_accounts"] += [
        {"id": f"act_{number}", "name": f"{number}", "business_id": BUSINESS} for number in range(7000, 7200)
    ]
    meta.put_world(world)
    inner = "business{owned_ad_accounts.limit(5000){business{owned_ad_accounts.limit(5000){id}}}}"

    answer = meta.graph("GET", SHOP, {"fields": inner}, timeout_s=60)

    assert answer.code == (1, None)
    assert answer.body["error"]["message"].startswith("Please reduce the amount of data you're asking for")
