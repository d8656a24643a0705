"""Each noun: what it sends, and how it reads Meta's rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from meta_access.errors import GraphUnreachableError, InvalidRequestError, LimitReachedError, RateLimitedError
from meta_access.graph import (
    app_permissions,
    app_roles,
    app_settings,
    applications,
    assigned_users,
    business_assets,
    business_users,
    businesses,
    debug_token,
    lead_access,
    subscriptions,
    system_users,
    tiers,
)
from meta_access.graph.app_roles import RoleRow
from meta_access.graph.business_users import BusinessUserRow
from meta_access.graph.businesses import BusinessRow
from meta_access.graph.lead_access import LeadAccess
from meta_access.graph.subscriptions import Subscription
from meta_access.graph.system_users import SystemUserRow
from meta_access.ids import parse_asset
from meta_access.tokens.issuer import TokenFacts

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.graph.client import GraphClient
    from tests.unit.graph.conftest import Answer, FakeClock, Received, Server

    MakeAnswer = type[Answer]
    MakeError = Callable[..., Answer]

APP_TOKEN = "Bearer 120480000000201|" + "EAA" + "EMU" + "appsecretappsecret"
SU = "122090000000401"
USERS = "/v26.0/178000000000101/system_users"

# --- System users --------------------------------------------------------------------------------


def test_system_users_are_listed_with_role_and_origin(client: GraphClient, server: Server, answer: MakeAnswer) -> None:
    full = {
        "id": SU,
        "name": "trading",
        "role": "EMPLOYEE",
        "created_by": {"id": "122090000000301", "name": "root"},
        "created_time": "2026-11-24T08:00:00+0000",
    }
    server.answers = [answer({"data": [full, {"id": 5, "name": "old", "created_by": "7", "created_time": "?"}]})]

    assert system_users.list_(client) == [
        SystemUserRow(SU, "trading", "EMPLOYEE", "122090000000301", datetime(2026, 11, 24, 8, 0, tzinfo=UTC)),
        SystemUserRow("5", "old", "", "7", None),
    ]
    assert server.received[0].path == USERS
    assert server.received[0].query["fields"] == "id,name,role,created_by,created_time"


def test_one_system_user_is_read_without_asking_for_its_role(
    client: GraphClient, server: Server, answer: MakeAnswer
) -> None:
    server.answers = [answer({"id": SU, "name": "trading"})]

    assert system_users.get(client, SU) == SystemUserRow(SU, "trading", "", None, None)
    assert "role" not in server.received[0].query["fields"]


def test_a_system_user_is_created_by_name_and_role(client: GraphClient, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer({"id": SU})]

    assert system_users.create(client, "trading", "EMPLOYEE") == SU
    [seen] = server.received
    assert (seen.method, seen.path) == ("POST", USERS)
    assert seen.form.items() >= {"name": "trading", "role": "EMPLOYEE"}.items()


def test_a_lost_answer_to_a_create_is_found_in_the_list(
    client: GraphClient, server: Server, answer: MakeAnswer
) -> None:
    rows = [
        {"id": "1", "name": "trading", "role": "EMPLOYEE"},
        {"id": "2", "name": "trading", "role": "ADMIN"},
        {"id": "3", "name": "trading", "role": "EMPLOYEE"},
    ]
    server.answers = [answer(kind="cut"), answer({"data": rows})]

    assert system_users.create(client, "trading", "EMPLOYEE", known={"1"}) == "3"
    assert [seen.method for seen in server.received] == ["POST", "GET"]


def test_a_full_business_is_not_asked_twice(client: GraphClient, server: Server, graph_error: MakeError) -> None:
    server.answers = [
        graph_error(3949, message="This Business Manager has reached maximum number of system user limit.")
    ]

    with pytest.raises(LimitReachedError, match="no room for another system user"):
        system_users.create(client, "trading", "EMPLOYEE")
    assert len(server.received) == 1


def test_a_rename_names_the_user_at_the_business(client: GraphClient, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer({"id": SU})]

    system_users.rename(client, SU, "trading two")

    [seen] = server.received
    assert (seen.method, seen.path) == ("POST", USERS)
    assert seen.form.items() >= {"system_user_id": SU, "name": "trading two"}.items()


@pytest.mark.parametrize(("live", "posts"), [("trading two", 1), ("trading", 2)])
def test_a_lost_answer_to_a_rename_is_looked_for(
    client: GraphClient, server: Server, answer: MakeAnswer, live: str, posts: int
) -> None:
    server.answers = [answer(kind="cut"), answer({"id": SU, "name": live}), answer({"id": SU})]

    system_users.rename(client, SU, "trading two")

    assert [seen.method for seen in server.received].count("POST") == posts


@pytest.mark.parametrize("body", [{}, True, {"id": ""}])
def test_a_create_without_an_id_is_no_answer(
    client: GraphClient, server: Server, answer: MakeAnswer, body: object
) -> None:
    server.answers = [answer(body)]

    with pytest.raises(GraphUnreachableError, match="has no id"):
        system_users.create(client, "trading", "EMPLOYEE")


def test_a_node_that_is_not_one_is_no_answer(client: GraphClient, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer([])]

    with pytest.raises(GraphUnreachableError, match="is not one"):
        system_users.get(client, SU)


# --- Installations and assignments ---------------------------------------------------------------


@pytest.mark.parametrize("body", [True, {"success": True}])
def test_the_app_is_installed_on_a_system_user(
    client: GraphClient, server: Server, answer: MakeAnswer, body: object
) -> None:
    server.answers = [answer(kind="cut"), answer(body)]

    applications.install(client, SU)

    assert [(seen.method, seen.path) for seen in server.received] == [("POST", f"/v26.0/{SU}/applications")] * 2
    assert server.received[1].form["business_app"] == "120480000000201"


def test_the_apps_of_a_system_user_are_read_with_their_tasks(
    client: GraphClient, server: Server, answer: MakeAnswer
) -> None:
    server.answers = [answer({"data": [{"id": 120480000000201, "tasks": ["TEST", "MANAGE"]}, {"id": "2"}]})]

    assert applications.assigned(client, SU) == {"120480000000201": ("MANAGE", "TEST"), "2": ()}
    assert server.received[0].path == f"/v26.0/{SU}/assigned_apps"
    assert server.received[0].query["fields"] == "id,tasks"


@pytest.mark.parametrize(
    ("place", "edge", "row", "graph_id"),
    [
        ("client ad_account", "client_ad_accounts", {"id": "act_1"}, "act_1"),
        ("owned ad_account", "owned_ad_accounts", {"id": "1"}, "act_1"),
        ("client page", "client_pages", {"id": 7}, "7"),
        ("client catalog", "client_product_catalogs", {"id": "7"}, "7"),
        ("client pixel", "client_pixels", {"id": "7"}, "7"),
        ("owned waba", "owned_whatsapp_business_accounts", {"id": "7"}, "7"),
        ("client instagram", "client_instagram_assets", {"id": "7"}, "7"),
        ("pending_client page", "pending_client_pages", {"id": "9", "page": {"id": "7"}}, "7"),
        ("pending_client ad_account", "pending_client_ad_accounts", {"id": "9", "ad_account": {"id": "1"}}, "act_1"),
    ],
)
def test_assets_of_the_business_are_listed_side_by_side(
    asset_list: Callable[..., tuple[Any, Received]], place: str, edge: str, row: Any, graph_id: str
) -> None:
    found, seen = asset_list(place, {**row, "permitted_tasks": ["ANALYZE", "ADVERTISE"]})

    assert found == {graph_id: (("ADVERTISE", "ANALYZE"), "")}
    assert seen.path == f"/v26.0/178000000000101/{edge}"
    held = {"pending_client_pages": "page,", "pending_client_ad_accounts": "ad_account,"}.get(edge, "")
    owner = {
        "client_ad_accounts": ",business{id}",
        "client_pages": ",owner_business{id}",
        "client_product_catalogs": ",business{id}",
        "client_pixels": ",owner_business{id}",
    }.get(edge, "")
    assert seen.query["fields"] == f"id,{held}permitted_tasks{owner}"


def test_whose_the_assets_of_others_are_is_asked_and_does_without(
    client: GraphClient, server: Server, answer: MakeAnswer
) -> None:
    row = {"id": "act_1", "permitted_tasks": ["ANALYZE"]}
    server.answers = [answer({"data": [{**row, "business": {"id": "9"}}]})]
    assert business_assets.listed(client, "client", "ad_account") == {"act_1": (("ANALYZE",), "9")}

    server.answers = [answer({"error": {"code": 200, "message": "No."}}, 403), answer({"data": [row]})]
    assert business_assets.listed(client, "client", "ad_account") == {"act_1": (("ANALYZE",), "")}
    assert [seen.query["fields"] for seen in server.received[-2:]] == [
        "id,permitted_tasks,business{id}",
        "id,permitted_tasks",
    ]


def test_the_businesses_that_share_something_are_listed_with_what_they_share(
    client: GraphClient, server: Server, answer: MakeAnswer
) -> None:
    accounts = [{"id": "act_1", "access_status": "CONFIRMED"}, {"id": "act_2", "access_status": "PENDING"}]
    rows = [{"id": "9", "adaccount_permissions": accounts, "page_permissions": {"data": [{"id": "7"}]}}, {"id": 8}]
    server.answers = [answer({"data": rows})]

    assert business_assets.clients(client) == {"9": {"act_1", "7"}, "8": frozenset()}
    assert server.received[0].path == "/v26.0/178000000000101/clients"


@pytest.fixture
def asset_list(client: GraphClient, server: Server, answer: MakeAnswer) -> Callable[..., tuple[Any, Received]]:
    """Lists a side and a kind of which Meta has one row; answers what was read, and what was asked."""

    def read(place: str, row: Any) -> tuple[Any, Received]:
        server.answers = [answer({"data": [row]})]
        return business_assets.listed(client, *place.split()), server.received[0]

    return read


def test_what_is_asked_for_of_other_kinds_cannot_be_listed(client: GraphClient, server: Server) -> None:
    assert business_assets.listed(client, "pending_client", "catalog") == {}
    assert server.received == []


def test_a_row_without_an_asset_is_no_answer(client: GraphClient, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer({"data": [{"id": "9", "page": None}]})]

    with pytest.raises(GraphUnreachableError, match="has a row without an id"):
        business_assets.listed(client, "pending_client", "page")


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (
            {"can_access_lead": True, "user_has_leads_permission": True, "enabled_lead_access_manager": False},
            LeadAccess(allowed=True, customized=False),
        ),
        (
            {
                "can_access_lead": False,
                "enabled_lead_access_manager": True,
                "failure_reason": "No\naccess.",
                "failure_resolution": "Ask an admin.",
            },
            LeadAccess(allowed=False, customized=True, why="No access. Ask an admin."),
        ),
        ({"user_has_leads_permission": False}, LeadAccess(allowed=False)),
        ({"can_access_lead": "yes"}, LeadAccess(allowed=None)),
        (None, LeadAccess(allowed=None)),
    ],
    ids=["may", "not chosen", "only the user's", "no boolean", "nothing"],
)
def test_lead_access_is_a_field_of_the_page(
    client: GraphClient, server: Server, answer: MakeAnswer, said: Any, found: LeadAccess
) -> None:
    server.answers = [answer({"id": "7"} if said is None else {"id": "7", "has_lead_access": said})]

    assert lead_access.read(client, "7", SU) == found
    assert server.received[0].path == "/v26.0/7"
    assert server.received[0].query["fields"] == f"has_lead_access.user_id({SU})"


PEOPLE = "/v26.0/178000000000101/business_users"
INVITED = "/v26.0/178000000000101/pending_users"


def test_people_of_the_business_are_listed_with_those_invited(
    client: GraphClient, server: Server, answer: MakeAnswer
) -> None:
    server.by_path = {
        PEOPLE: answer({"data": [{"id": 7, "email": "nadia@a.example", "role": "ADMIN"}, {"id": "8", "email": None}]}),
        INVITED: answer({"data": [{"id": "9", "email": "ines@a.example", "role": "EMPLOYEE"}]}),
    }

    assert business_users.list_(client) == [
        BusinessUserRow("7", "nadia@a.example", "ADMIN"),
        BusinessUserRow("8", "", ""),
        BusinessUserRow("9", "ines@a.example", "EMPLOYEE", pending=True),
    ]
    assert sorted(seen.path for seen in server.received) == [PEOPLE, INVITED]
    assert {seen.query["fields"] for seen in server.received} == {"id,email,role"}


def test_a_person_is_invited_once_though_the_answer_is_lost(
    client: GraphClient, server: Server, answer: MakeAnswer
) -> None:
    server.answers = [
        answer(kind="cut"),
        answer({"data": []}),
        answer({"data": [{"id": "9", "email": "Ines@a.example", "role": "EMPLOYEE"}]}),
    ]

    assert business_users.invite(client, "ines@a.example", "EMPLOYEE") == "9"
    wrote = server.received[0]
    assert (wrote.method, wrote.path) == ("POST", PEOPLE)
    assert wrote.form.items() >= {"email": "ines@a.example", "role": "EMPLOYEE"}.items()


def test_the_limit_of_a_days_invitations_is_not_waited_out(
    client: GraphClient, server: Server, graph_error: MakeError, clock: FakeClock
) -> None:
    server.answers = [graph_error(17, message="(#17) The limit of invitations has been reached.")]

    with pytest.raises(RateLimitedError):
        business_users.invite(client, "ines@a.example", "EMPLOYEE")
    assert len(server.received) == 1
    assert clock.slept == []


def test_a_role_is_changed_and_a_person_removed_at_their_node(
    client: GraphClient, server: Server, answer: MakeAnswer
) -> None:
    ines = BusinessUserRow("8", "ines@a.example", "EMPLOYEE")
    server.answers = [answer({"success": True})]

    business_users.change_role(client, ines, "ADMIN")
    business_users.remove(client, ines)

    assert [(seen.method, seen.path) for seen in server.received] == [("POST", "/v26.0/8"), ("DELETE", "/v26.0/8")]
    assert server.received[0].form["role"] == "ADMIN"


SETTINGS = {"app_domains": ["a.example", "b.example"], "contact_email": "nadia@a.example"}


def test_settings_of_the_app_are_written_and_read_back(client: GraphClient, server: Server, answer: MakeAnswer) -> None:
    server.answers = [
        answer({"success": True}),
        answer({"id": "1", **SETTINGS, "app_domains": ["b.example", "a.example"]}),
    ]

    assert app_settings.write(client, SETTINGS) == SETTINGS

    wrote, read = server.received
    assert (wrote.method, wrote.path) == ("POST", "/v26.0/120480000000201")
    assert wrote.form["app_domains"] == '["a.example","b.example"]'
    assert read.query["fields"] == "app_domains,contact_email"
    assert wrote.headers["authorization"] == read.headers["authorization"] == APP_TOKEN


def test_a_setting_that_was_not_taken_is_looked_at_twice(
    client: GraphClient, server: Server, answer: MakeAnswer, clock: FakeClock
) -> None:
    server.answers = [answer({"success": True}), answer({"id": "1"}), answer({"id": "1", "contact_email": None})]

    assert app_settings.write(client, SETTINGS) == {"app_domains": [], "contact_email": ""}
    assert clock.slept == [1.0]


@pytest.mark.parametrize(("live", "posts"), [(SETTINGS, 1), ({}, 2)], ids=["it was carried out", "it was not"])
def test_a_lost_answer_to_a_setting_is_looked_for(
    client: GraphClient, server: Server, answer: MakeAnswer, live: dict[str, object], posts: int
) -> None:
    server.answers = [answer(kind="cut"), answer({"id": "1", **live})]
    server.answers += [answer({"success": True})] if posts == 2 else []
    server.answers += [answer({"id": "1", **SETTINGS})]

    assert app_settings.write(client, SETTINGS) == SETTINGS
    assert [seen.method for seen in server.received].count("POST") == posts


def test_no_settings_are_no_call(client: GraphClient, server: Server) -> None:
    assert app_settings.get(client, []) == {}
    assert server.received == []


@pytest.mark.parametrize(
    ("kind", "edge", "row_id", "graph_id"),
    [
        ("ad_account", "assigned_ad_accounts", "act_1", "act_1"),
        ("ad_account", "assigned_ad_accounts", "1", "act_1"),
        ("page", "assigned_pages", 102930000000801, "102930000000801"),
        ("catalog", "assigned_product_catalogs", "1", "1"),
        ("pixel", "assigned_ads_pixels", "1", "1"),
        ("waba", "assigned_whatsapp_business_accounts", "1", "1"),
        ("instagram", "assigned_instagram_accounts", "1", "1"),
    ],
)
def test_assignments_are_read_by_kind(
    *, client: GraphClient, server: Server, answer: MakeAnswer, kind: str, edge: str, row_id: object, graph_id: str
) -> None:
    server.answers = [answer({"data": [{"id": row_id, "tasks": ["B", "A"]}]})]

    assert assigned_users.assigned(client, SU, kind) == {graph_id: ("A", "B")}
    assert server.received[0].path == f"/v26.0/{SU}/{edge}"


def test_an_unknown_kind_has_no_assignments(client: GraphClient, server: Server) -> None:
    with pytest.raises(InvalidRequestError, match="of kind app"):
        assigned_users.assigned(client, SU, "app")
    assert server.received == []


def test_the_tasks_of_a_group_are_read_with_their_kind(client: GraphClient, server: Server, answer: MakeAnswer) -> None:
    rows = [
        {"id": "7", "adaccount_tasks": ["ANALYZE"], "page_tasks": ["MANAGE", "ADVERTISE"], "pixel_tasks": []},
        {"id": "8", "offline_conversion_data_set_tasks": ["UPLOAD"]},
        {"id": "9"},
    ]
    server.answers = [answer({"data": rows})]

    assert assigned_users.assigned(client, SU, "group") == {
        "7": ("ad_account:ANALYZE", "page:ADVERTISE", "page:MANAGE"),
        "8": ("offline_conversion_data_set:UPLOAD",),
        "9": (),
    }
    assert server.received[0].path == f"/v26.0/{SU}/assigned_business_asset_groups"
    assert server.received[0].query["fields"] == (
        "id,adaccount_tasks,page_tasks,pixel_tasks,offline_conversion_data_set_tasks"
    )


def test_the_tasks_of_a_group_are_written_in_a_list_for_each_kind(client: GraphClient, server: Server) -> None:
    tasks = ["ad_account:ADVERTISE", "ad_account:ANALYZE", "offline_conversion_data_set:VIEW", "page:ANALYZE"]
    assigned_users.assign(client, parse_asset("group:7"), SU, tasks)

    [seen] = server.received
    assert (seen.method, seen.path) == ("POST", "/v26.0/7/assigned_users")
    lists = {name: text for name, text in seen.form.items() if "tasks" in name}
    assert lists == {
        "adaccount_tasks": '["ADVERTISE","ANALYZE"]',
        "page_tasks": '["ANALYZE"]',
        "offline_conversion_data_set_tasks": '["VIEW"]',
    }


@pytest.mark.parametrize(
    ("side", "edge"), [("owned", "business_asset_groups"), ("client", "client_business_asset_groups")]
)
def test_groups_of_the_business_are_listed(
    asset_list: Callable[..., tuple[Any, Received]], side: str, edge: str
) -> None:
    found, seen = asset_list(f"{side} group", {"id": "7"})

    assert found == {"7": ((), "")}
    owner = ",owner_business{id}" if side == "client" else ""
    assert (seen.path, seen.query["fields"]) == (f"/v26.0/178000000000101/{edge}", f"id{owner}")


@pytest.mark.parametrize(
    ("kind", "row"),
    [("page", {"tasks": []}), ("page", {"id": "1", "tasks": "ANALYZE"}), ("group", {"id": "1", "page_tasks": "x"})],
)
def test_a_broken_assignment_row_is_no_answer(
    client: GraphClient, server: Server, answer: MakeAnswer, kind: str, row: dict[str, object]
) -> None:
    server.answers = [answer({"data": [row]})]

    with pytest.raises(GraphUnreachableError, match="without an id or tasks"):
        assigned_users.assigned(client, SU, kind)


def test_tasks_are_assigned_at_the_asset(client: GraphClient, server: Server) -> None:
    assigned_users.assign(client, parse_asset("page:102930000000801"), SU, ["ADVERTISE", "ANALYZE"])

    [seen] = server.received
    assert (seen.method, seen.path) == ("POST", "/v26.0/102930000000801/assigned_users")
    assert seen.form.items() >= {"user": SU, "tasks": '["ADVERTISE","ANALYZE"]'}.items()


@pytest.mark.parametrize(
    ("live", "posts"), [(["ANALYZE"], 1), (["ADVERTISE", "ANALYZE"], 2), ([], 2)], ids=["landed", "wider", "none"]
)
def test_a_lost_answer_to_an_assignment_is_looked_for(
    client: GraphClient, server: Server, answer: MakeAnswer, live: list[str], posts: int
) -> None:
    server.answers = [answer(kind="cut"), answer({"data": [{"id": "act_1", "tasks": live}]}), answer({"success": True})]

    assigned_users.assign(client, parse_asset("act_1"), SU, ["ANALYZE"])

    assert [seen.method for seen in server.received].count("POST") == posts


def test_an_assignment_is_taken_away_at_the_asset(client: GraphClient, server: Server) -> None:
    assigned_users.unassign(client, parse_asset("act_1"), SU)

    [seen] = server.received
    assert (seen.method, seen.path, seen.query["user"]) == ("DELETE", "/v26.0/act_1/assigned_users", SU)


def test_nothing_is_sent_to_take_a_pixel_away(client: GraphClient, server: Server) -> None:
    with pytest.raises(InvalidRequestError, match="Meta's API has no call that removes a user from a pixel"):
        assigned_users.unassign(client, parse_asset("pixel:106540000000701"), SU)

    assert server.received == []


# --- Read-only nouns -----------------------------------------------------------------------------


def test_app_roles_are_read_with_the_apps_token(client: GraphClient, server: Server, answer: MakeAnswer) -> None:
    words = ["administrators", "developers", "testers", "insights users", "owners"]
    rows = [{"app_id": "1", "user": 100 + place, "role": word} for place, word in enumerate(words)]
    server.answers = [answer({"data": rows})]

    found = app_roles.list_(client)

    assert found[0] == RoleRow("100", "administrators")
    assert [row.word for row in found] == ["admin", "developer", "tester", "analytics", "owners"]
    assert server.received[0].path == "/v26.0/120480000000201/roles"
    assert server.received[0].headers["authorization"] == APP_TOKEN


def test_app_permissions_are_read_with_the_apps_token(client: GraphClient, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer({"data": [{"permission": "ads_read", "status": "live"}]})]

    assert app_permissions.list_(client) == {"ads_read": "live"}
    assert server.received[0].path == "/v26.0/120480000000201/permissions"
    assert server.received[0].headers["authorization"] == APP_TOKEN


def test_the_business_is_read_with_its_verification(client: GraphClient, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer({"id": "178000000000101", "name": "Lindenhof", "verification_status": "not_verified"})]

    assert businesses.get(client) == BusinessRow("178000000000101", "Lindenhof", "not_verified", "")
    assert server.received[0].query["fields"] == "id,name,verification_status,two_factor_type"


def test_a_business_that_is_not_one_is_no_answer(client: GraphClient, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer(True)]

    with pytest.raises(GraphUnreachableError, match="is not one"):
        businesses.get(client)


@pytest.mark.parametrize(
    ("headers", "tier"),
    [({}, None), ({"x-ad-account-usage": '{"ads_api_access_tier": "standard_access"}'}, "standard_access")],
)
def test_the_tier_is_read_from_a_header(
    client: GraphClient, server: Server, answer: MakeAnswer, headers: dict[str, str], tier: str | None
) -> None:
    server.answers = [answer({"id": "act_1"}, headers=headers)]

    assert tiers.probe(client, "act_1") == tier
    assert server.received[0].path == "/v26.0/act_1"


# --- Tokens looked at ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "info"),
    [
        (
            {
                "app_id": "120480000000201",
                "type": "SYSTEM_USER",
                "expires_at": 1800000000,
                "issued_at": 1795000000,
                "is_valid": True,
                "user_id": SU,
                "scopes": ["business_management", "ads_read"],
                "granular_scopes": [
                    {"scope": "business_management", "target_ids": ["7", 5]},
                    {"scope": "ads_read"},
                    {"scope": "ads_management", "target_ids": []},
                    "odd",
                ],
            },
            TokenFacts(
                valid=True,
                app_id="120480000000201",
                user_id=SU,
                type="SYSTEM_USER",
                scopes=("ads_read", "business_management"),
                issued_at=datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC),
                expires_at=datetime(2027, 1, 15, 8, 0, tzinfo=UTC),
                narrowed={"business_management": ("5", "7")},
            ),
        ),
        (
            {"app_id": 1, "type": "USER", "expires_at": 0, "is_valid": True, "user_id": 2, "scopes": None},
            TokenFacts(valid=True, app_id="1", user_id="2", type="USER", scopes=(), issued_at=None, expires_at=None),
        ),
        (
            {
                "error": {"code": 190, "message": "Session\nhas expired", "subcode": 463},
                "is_valid": False,
                "scopes": [],
            },
            TokenFacts(
                valid=False,
                app_id="",
                user_id="",
                type="",
                scopes=(),
                issued_at=None,
                expires_at=None,
                problem="Session has expired",
                code=190,
                subcode=463,
            ),
        ),
        (
            {"app_id": 1, "type": "USER", "is_valid": True, "data_access_expires_at": 1800000000, "error": {"code": 1}},
            TokenFacts(
                valid=True,
                app_id="1",
                user_id="",
                type="USER",
                scopes=(),
                issued_at=None,
                expires_at=None,
                data_access_ends_at=datetime(2027, 1, 15, 8, 0, tzinfo=UTC),
            ),
        ),
    ],
)
def test_a_token_is_described(
    client: GraphClient, server: Server, answer: MakeAnswer, data: dict[str, object], info: TokenFacts
) -> None:
    server.answers = [answer({"data": data}).in_batch()]

    assert debug_token.inspect(client, SecretStr("EAA" + "EMU" + "looked-at")) == info
    [seen] = server.received
    assert (seen.method, seen.path, seen.query) == ("POST", "/v26.0", {})
    [item] = json.loads(seen.form["batch"])
    assert item["method"] == "GET"
    assert item["relative_url"].startswith("debug_token?input_token=EAA" + "EMU" + "looked-at&appsecret_proof=")
    assert seen.headers["authorization"] == APP_TOKEN


@pytest.mark.parametrize("body", [{}, {"data": {}}, {"data": []}, {"data": {"is_valid": "false"}}, True])
def test_an_answer_that_does_not_say_valid_or_not_is_no_answer(
    client: GraphClient, server: Server, answer: MakeAnswer, body: object
) -> None:
    server.answers = [answer(body).in_batch()]

    with pytest.raises(GraphUnreachableError, match="does not say whether it is valid"):
        debug_token.inspect(client, SecretStr("EAA" + "EMU" + "looked-at"))


HOOK = Subscription("permissions", "https://a.example/hook", ("ads_read", "connected"))
LISTED: dict[str, Any] = {
    "object": "permissions",
    "callback_url": "https://a.example/hook",
    "active": True,
    "fields": [{"name": "connected", "version": "v26.0"}, {"name": "ads_read", "version": "v25.0"}],
}


def test_a_subscription_is_read_by_its_object(client: GraphClient, server: Server, answer: MakeAnswer) -> None:
    older = {"object": "user", "callback_url": "https://b.example/", "active": False, "fields": ["name", "email"]}
    server.answers = [answer({"data": [older, LISTED]})] * 3

    assert subscriptions.get(client, "permissions") == HOOK
    assert subscriptions.get(client, "user") == Subscription("user", "https://b.example/", ("email", "name"), False)
    assert subscriptions.get(client, "page") is None
    assert {(seen.method, seen.path) for seen in server.received} == {("GET", "/v26.0/120480000000201/subscriptions")}
    assert server.received[0].headers["authorization"] == APP_TOKEN


def test_subscribing_takes_off_the_fields_that_are_not_wanted(
    client: GraphClient, server: Server, answer: MakeAnswer
) -> None:
    more = {**LISTED, "fields": [*LISTED["fields"], {"name": "email"}, {"name": "user_friends"}]}
    server.answers = [answer({"success": True}), answer({"data": [more]}), answer({"success": True})]

    subscriptions.subscribe(client, HOOK, verify_token=SecretStr("chosen"), include_values=False)

    wrote, _, took = server.received
    assert (wrote.method, wrote.form["fields"], wrote.form["include_values"]) == ("POST", "ads_read,connected", "false")
    assert (wrote.form["callback_url"], wrote.form["verify_token"]) == ("https://a.example/hook", "chosen")
    # What is secret stands in no address.
    assert wrote.query == {}
    assert (took.method, took.query["object"], took.query["fields"]) == ("DELETE", "permissions", "email,user_friends")


@pytest.mark.parametrize(("there", "posts"), [([LISTED], 1), ([], 2)], ids=["it was carried out", "it was not"])
def test_a_lost_answer_to_a_subscription_is_looked_for(
    client: GraphClient, server: Server, answer: MakeAnswer, there: list[object], posts: int
) -> None:
    server.answers = [answer(kind="cut"), answer({"data": there})]
    server.answers += [answer({"success": True})] if posts == 2 else []
    server.answers += [answer({"data": [LISTED]})]

    subscriptions.subscribe(client, HOOK, verify_token=SecretStr("chosen"), include_values=True)
    assert [seen.method for seen in server.received].count("POST") == posts


def test_a_subscription_is_taken_away_by_its_object(client: GraphClient, server: Server, answer: MakeAnswer) -> None:
    server.answers = [answer({"success": True})]
    subscriptions.unsubscribe(client, "permissions")
    assert [(seen.method, seen.query["object"]) for seen in server.received] == [("DELETE", "permissions")]
