"""What is served, as data, and the refusal of whatever is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from meta_emulator import router, surface

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator

BUSINESS = "178000000000101"
APP = "120480000000201"
SHOP = "act_104320000000501"


@pytest.mark.parametrize(
    ("method", "path", "params", "message"),
    [
        ("POST", f"{BUSINESS}/system_users", {"role": "ADMIN"}, "(#100) The parameter name is required"),
        ("GET", f"{SHOP}/assigned_users", {"business": "lindenhof"},
         '(#100) Param business must be a valid ID string (e.g., "123")'),
        ("GET", f"{BUSINESS}/owned_apps", {"limit": "many"}, "(#100) Param limit must be an integer"),
        ("POST", f"{BUSINESS}/system_users", {"name": ["a"]}, None),
        ("POST", f"{BUSINESS}/system_users", {"name": "x", "role": "KING"},
         ("(#100) Param role must be one of {ADMIN, EMPLOYEE, FINANCE_EDITOR, FINANCE_ANALYST, ADS_RIGHTS_REVIEWER, "
         "DEVELOPER, PARTNER_CENTER_ADMIN, PARTNER_CENTER_ANALYST, PARTNER_CENTER_OPERATIONS, "
         "PARTNER_CENTER_MARKETING, PARTNER_CENTER_EDUCATION, MANAGE, DEFAULT, FINANCE_EDIT, FINANCE_VIEW} - got "
         '"KING".')),
        ("GET", BUSINESS, {"fields": "colour"},
         "(#100) Tried accessing nonexisting field (colour) on node type (Business)"),
    ],
)  # fmt: skip
def test_what_is_not_declared_is_refused(
    meta: RunningEmulator, method: str, path: str, params: dict[str, Any], message: str | None
) -> None:
    if message is None:  # a text that looks like a list is a text
        assert meta.graph(method, path, params).status == 200
        return
    answer = meta.graph(method, path, params)

    assert (answer.status, answer.code) == (400, (100, None))
    assert answer.body["error"]["message"] == message


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("POST", f"{BUSINESS}/system_users", {"id": BUSINESS, "name": "ci", "role": "EMPLOYEE"}),  # Meta's SDK for Node
        ("DELETE", f"{SHOP}/assigned_users", {"id": SHOP, "user": "122090000000301", "business": BUSINESS}),
        ("GET", f"{SHOP}/insights", {"breakdown": "age"}),  # Meta's guides
        ("GET", "me", {"_": "1764600000000"}),  # jQuery
        ("GET", "debug_token", {"fields": "is_valid", "input_token": "x"}),
        ("GET", BUSINESS, {"limit": "5"}),
    ],
)
def test_what_nobody_declared_is_ignored(meta: RunningEmulator, method: str, path: str, params: dict[str, str]) -> None:
    assert meta.graph(method, path, params).status == 200


@pytest.mark.parametrize(
    ("path", "params", "names"),
    [(BUSINESS, {"colour": "red"}, ["colour"]), (f"{BUSINESS}/owned_apps", {"a": "1", "b": "2"}, ["a", "b"])],
)
def test_a_strict_world_blames_what_nobody_declared_by_name(
    meta: RunningEmulator, path: str, params: dict[str, str], names: list[str]
) -> None:
    meta.put_world({**meta.world(), "strictness": "strict"})

    error = meta.graph("GET", path, params).body["error"]

    assert error["message"] == f"(#100) Unknown parameters: {', '.join(names)}."
    assert error["error_data"] == {"blame_field_specs": [[name] for name in names]}


def test_a_list_of_an_enum_names_the_item(meta: RunningEmulator) -> None:
    answer = meta.graph("GET", f"{APP}/permissions", {"status": ["live", "dead"]}, token=meta.app_token)

    assert answer.body["error"]["message"] == '(#100) Param status[1] must be one of {live, unapproved} - got "dead".'


def test_known_fields_without_a_value_are_left_out(meta: RunningEmulator) -> None:
    assert meta.graph("GET", BUSINESS, {"fields": "payment_account_id"}).body == {"id": BUSINESS}


def test_the_token_is_judged_before_the_parameters(meta: RunningEmulator) -> None:
    assert meta.graph("GET", BUSINESS, {"limit": "many"}, token="").code == (104, None)
    assert meta.graph("GET", "", {"ids": BUSINESS}, token="").code == (104, None)


def test_the_description_is_plain_json() -> None:
    shown = json.loads(json.dumps(surface.describe(router.routes().values())))

    [route] = [r for r in shown["routes"] if (r["method"], r["node"], r["edge"]) == ("GET", "app", "permissions")]
    assert (route["source"], route["tag"], route["returns"], route["many"]) == (
        "https://developers.facebook.com/docs/graph-api/reference/application/permissions",
        "documented",
        "ApplicationPermission",
        True,
    )
    assert {"name": "status", "type": "list<enum>", "required": False, "values": ["live", "unapproved"]} in route[
        "params"
    ]
    assert shown["nodes"]["ApplicationPermission"] == {
        "fields": {"permission": "string", "status": "string"},
        "default": ["permission", "status"],
    }


def test_every_route_names_a_page_and_every_default_field_exists() -> None:
    shown = surface.describe(router.routes().values())

    assert [r for r in shown["routes"] if not r["source"].startswith("https://")] == []
    missing = [(n, f) for n, node in shown["nodes"].items() for f in node["default"] if f not in node["fields"]]
    assert missing == []
