"""What is served, as data, and the refusal of whatever is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.emulator import router, surface

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator

BUSINESS = "178000000000101"
APP = "120480000000201"
SHOP = "act_104320000000501"


@pytest.mark.parametrize(
    ("method", "path", "params", "message"),
    [
        ("GET", BUSINESS, {"colour": "red"}, "(#100) Unknown parameters: colour."),
        ("GET", f"{BUSINESS}/owned_apps", {"a": "1", "b": "2"}, "(#100) Unknown parameters: a, b."),
        ("GET", BUSINESS, {"limit": "5"}, "(#100) Unknown parameters: limit."),
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
         "(#100) Tried accessing nonexistent field (colour) on node type (Business)"),
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


def test_unknown_parameters_are_blamed_by_name(meta: RunningEmulator) -> None:
    error = meta.graph("GET", BUSINESS, {"colour": "red"}).body["error"]

    assert error["error_data"] == {"blame_field_specs": [["colour"]]}


def test_a_list_of_an_enum_names_the_item(meta: RunningEmulator) -> None:
    answer = meta.graph("GET", f"{APP}/permissions", {"status": ["live", "dead"]}, token=meta.app_token)

    assert answer.body["error"]["message"] == '(#100) Param status[1] must be one of {live, unapproved} - got "dead".'


def test_known_fields_without_a_value_are_left_out(meta: RunningEmulator) -> None:
    assert meta.graph("GET", BUSINESS, {"fields": "payment_account_id"}).body == {"id": BUSINESS}


def test_the_token_is_judged_before_the_parameters(meta: RunningEmulator) -> None:
    assert meta.graph("GET", BUSINESS, {"colour": "red"}, token="").code == (104, None)


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
