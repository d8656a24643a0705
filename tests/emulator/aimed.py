"""One request for every route that should succeed, and the corner of the world that makes it so.

The fuzzer sends them as they are, to reach what is behind all refusals, and bent, to be refused late.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meta_emulator import sharing, tokens
from meta_emulator.world import (
    App,
    AppAccess,
    AppClient,
    AppRole,
    Asset,
    AssetGroup,
    AssetRequest,
    Assignment,
    Business,
    BusinessInvitation,
    BusinessUser,
    Consent,
    GroupAssignment,
    Installation,
    ManagedBusiness,
    Person,
    PixelAccount,
    Share,
    SystemUser,
    Token,
)

if TYPE_CHECKING:
    from datetime import datetime

    from meta_emulator.world import World

AGENCY, CLIENT = "990000000000001", "990000000000002"
CHILD, SELLER, SIDE = "990000000000003", "990000000000004", "990000000000005"
APP, CLIENT_APP, FREE_APP = "990000000000011", "990000000000012", "990000000000013"
ROOT, WORKER, BOSS = "990000000000021", "990000000000022", "990000000000023"
BOTH, GUEST, MEMBER, INVITED = "990000000000031", "990000000000032", "990000000000033", "990000000000034"
GROUP = "990000000000041"
LISTS = {
    "ad_account": "ad_accounts",
    "page": "pages",
    "catalog": "product_catalogs",
    "pixel": "pixels",
    "waba": "whatsapp_business_accounts",
    "instagram": "instagram_assets",
}
TASKS: dict[str, list[str]] = {
    "ad_account": ["ANALYZE"],
    "page": ["ANALYZE"],
    "catalog": ["ADVERTISE"],
    "pixel": ["ANALYZE"],
    "waba": ["MESSAGING"],
    "instagram": ["CONTENT"],
}
CONTAINED = {
    "contained_adaccounts": "ad_account",
    "contained_pages": "page",
    "contained_product_catalogs": "catalog",
    "contained_instagram_accounts": "instagram",
    "contained_pixels": "pixel",
}
SCOPES = [
    "business_management", "ads_management", "ads_read", "pages_show_list", "pages_manage_metadata",
    "catalog_management", "pages_read_engagement", "whatsapp_business_management", "instagram_basic", "email",
    "manage_app_solution",
]  # fmt: skip
# Meta refuses the first two to everybody, as its page says; for the others a world has nothing to name.
NEVER = {
    ("POST", "app", "accounts"),
    ("DELETE", "app", "accounts"),
    ("POST", "asset_group", "contained_custom_conversions"),
    ("DELETE", "asset_group", "contained_custom_conversions"),
}


def own(kind: str) -> str:
    return _asset_id(kind, 1)


def foreign(kind: str) -> str:
    """The client's, and not shared."""
    return _asset_id(kind, 2)


def shared(kind: str) -> str:
    """The client's, and shared with the agency."""
    return _asset_id(kind, 3)


def _asset_id(kind: str, number: int) -> str:
    prefix = "act_" if kind == "ad_account" else ""
    return f"{prefix}9900000000001{list(LISTS).index(kind)}{number}"


@dataclass(frozen=True, slots=True)
class Aim:
    """A request that should be answered with 200.

    Attributes:
        by: Whose token it carries: `root`, `boss`, `both` (a person), or `app` for the app's own.
    """

    method: str
    path: str
    params: dict[str, Any] = field(default_factory=dict)
    by: str = "root"


class Corner:
    """An agency and its client, which no request can spoil for long: `furnish` puts them back as they were."""

    def __init__(self) -> None:
        self.tokens = {name: tokens.new_value() for name in ("root", "boss", "both", "spare")}

    def furnish(self, world: World, now: datetime) -> None:
        rows: dict[str, list[Any]] = {
            "businesses": [
                Business(AGENCY, "Aimed agency", agencies=[]),
                Business(CLIENT, "Aimed client"),
                Business(CHILD, "Aimed child", parent_id=AGENCY),
                Business(SELLER, "Aimed seller", parent_id=AGENCY),
                Business(SIDE, "Aimed beside"),
            ],
            "apps": [
                App(APP, "Aimed", AGENCY, "standard_access", permissions=dict.fromkeys(SCOPES, "live"), legacy=True),
                App(CLIENT_APP, "Aimed client", CLIENT, "standard_access", permissions=dict.fromkeys(SCOPES, "live")),
                App(FREE_APP, "Aimed and free"),
            ],
            "people": [
                Person(
                    BOTH, "both", "both@aimed.example", {AGENCY: "ADMIN", CLIENT: "ADMIN", SIDE: "EMPLOYEE"}, app_id=APP
                ),
                Person(GUEST, "guest", "guest@aimed.example", {AGENCY: "EMPLOYEE"}, app_id=APP),
            ],
            "system_users": [
                SystemUser(ROOT, "root", "ADMIN", AGENCY, app_id=APP),
                SystemUser(WORKER, "worker", "EMPLOYEE", AGENCY, app_id=APP),
                SystemUser(BOSS, "boss", "ADMIN", CLIENT, app_id=CLIENT_APP),
            ],
            "business_users": [BusinessUser(MEMBER, GUEST, AGENCY)],
            "business_invitations": [BusinessInvitation(INVITED, AGENCY, "invited@aimed.example")],
        }
        for kind, name in LISTS.items():
            share = [Share(AGENCY, list(TASKS[kind]))]
            rows[name] = [
                Asset(own(kind), "own", AGENCY, [Share(CLIENT, list(TASKS[kind]))]),
                Asset(foreign(kind), "foreign", CLIENT),
                Asset(shared(kind), "shared", CLIENT, share),
            ]
        rows["asset_groups"] = [AssetGroup(GROUP, "aimed", AGENCY, [own(kind) for kind in LISTS], [APP])]
        for name, found in rows.items():
            for row in found:
                _put(getattr(world, name), row)
        self._facts(world, now)
        for kind, asset in list(world.assets()):
            if kind in LISTS and asset.id in (own(kind), foreign(kind), shared(kind)):
                sharing.settle(world, asset)  # what others did with it

    @staticmethod
    def fill(world: World) -> None:
        """Something for every list to show: assignments of the users, a group of theirs, requests that wait."""
        both = (WORKER, MEMBER)
        world.assignments = [row for row in world.assignments if row.user_id not in both]
        world.assignments += [Assignment(own(kind), user, list(TASKS[kind])) for kind in LISTS for user in both]
        tasks = {"adaccount_tasks": ["ANALYZE"]}
        world.group_assignments += [GroupAssignment(GROUP, user, dict(tasks)) for user in both]
        asked = [("ad_account", "client"), ("page", "client"), ("ad_account", "owned"), ("page", "owned")]
        for number, (kind, side) in enumerate(asked):
            request_id, asset_id = f"99000000000005{number}", foreign(kind)
            row = AssetRequest(request_id, asset_id, AGENCY, "client", list(TASKS[kind]))
            row.kind = "owned" if side == "owned" else "client"
            world.asset_requests.append(row)
        world.app_clients += [
            AppClient("990000000000061", CLIENT_APP, AGENCY, "pending"),
            AppClient("990000000000062", FREE_APP, AGENCY),
        ]

    def _facts(self, world: World, now: datetime) -> None:
        mine = {ROOT, WORKER, BOSS}
        world.tokens = [row for row in world.tokens if row.system_user_id not in mine and row.user_id != BOTH]
        world.tokens += [
            Token(tokens.fingerprint(self.tokens["root"]), ROOT, APP, list(SCOPES), now),
            Token(tokens.fingerprint(self.tokens["spare"]), ROOT, APP, list(SCOPES), now),
            Token(tokens.fingerprint(self.tokens["boss"]), BOSS, CLIENT_APP, list(SCOPES), now),
            Token(tokens.fingerprint(self.tokens["both"]), None, APP, list(SCOPES), now, user_id=BOTH),
        ]
        world.business_invitations = [
            row for row in world.business_invitations if row.business_id != AGENCY or row.id == INVITED
        ]
        world.app_clients = [row for row in world.app_clients if row.business_id != AGENCY]
        world.asset_requests = [row for row in world.asset_requests if row.business_id != AGENCY]
        world.consents = [row for row in world.consents if (row.user_id, row.app_id) != (BOTH, APP)]
        world.consents.append(Consent(BOTH, APP, list(SCOPES)))
        world.group_assignments = [row for row in world.group_assignments if row.group_id != GROUP]
        world.group_assignments.append(GroupAssignment(GROUP, ROOT, {"adaccount_tasks": ["ANALYZE"]}))
        world.app_roles = [row for row in world.app_roles if row.user_id != BOTH]
        world.app_roles += [AppRole(APP, BOTH, "administrators"), AppRole(FREE_APP, BOTH, "administrators")]
        facts: dict[str, list[Any]] = {
            "installations": [Installation(user, APP) for user in (ROOT, WORKER)],
            "app_access": [AppAccess(user, APP) for user in (ROOT, WORKER)],
            "managed_businesses": [ManagedBusiness(AGENCY, CLIENT)],
            "pixel_accounts": [PixelAccount(own("pixel"), own("ad_account"), AGENCY)],
        }
        for name, found in facts.items():
            known = getattr(world, name)
            known += [row for row in found if row not in known]
        if not any((row.asset_id, row.user_id) == (own("page"), BOTH) for row in world.assignments):
            world.assignments.append(Assignment(own("page"), BOTH, ["ANALYZE"]))


def _put(rows: list[Any], row: Any) -> None:
    """Put a row in the place of the one with its id."""
    for index, known in enumerate(rows):
        if known.id == row.id:
            rows[index] = row
            return
    rows.append(row)


NODES: dict[str, str] = {
    "": "",
    "business": AGENCY,
    "app": APP,
    "system_user": WORKER,
    "person": "me",
    "business_user": MEMBER,
    "business_role_request": INVITED,
    "asset_group": GROUP,
    **{kind: own(kind) for kind in LISTS},
}
BY: dict[tuple[str, str, str], str] = {
    ("POST", "app", ""): "app",
    ("GET", "app", "accounts"): "app",
    ("GET", "app", "roles"): "app",
    ("GET", "app", "permissions"): "app",
    ("GET", "app", "subscriptions"): "app",
    ("POST", "app", "subscriptions"): "app",
    ("DELETE", "app", "subscriptions"): "app",
    ("GET", "", "debug_token"): "app",
    ("POST", "business", "owned_ad_accounts"): "both",
    ("POST", "business", "owned_pages"): "both",
    ("POST", "business", "owned_apps"): "both",
    ("POST", "business", "managed_businesses"): "boss",
    ("DELETE", "business", "managed_businesses"): "boss",
}
# What a route needs beside what its required parameters say by their names.
MORE: dict[tuple[str, str, str], dict[str, Any]] = {
    ("POST", "app", "subscriptions"): {
        "object": "permissions",
        "callback_url": "https://a.example/",
        "fields": "email",
    },
    ("POST", "business", "owned_ad_accounts"): {"adaccount_id": foreign("ad_account")},
    ("POST", "business", "client_ad_accounts"): {
        "adaccount_id": foreign("ad_account"),
        "permitted_tasks": TASKS["ad_account"],
    },
    ("DELETE", "business", "ad_accounts"): {"adaccount_id": shared("ad_account")},
    ("POST", "business", "owned_pages"): {"page_id": foreign("page")},
    ("POST", "business", "client_pages"): {"page_id": foreign("page"), "permitted_tasks": TASKS["page"]},
    ("DELETE", "business", "pages"): {"page_id": shared("page")},
    ("POST", "business", "owned_apps"): {"app_id": FREE_APP},
    ("POST", "business", "client_apps"): {"app_id": CLIENT_APP},
    ("DELETE", "business", "agencies"): {"business": CLIENT},
    ("DELETE", "business", "clients"): {"business": CLIENT},
    ("POST", "business", "system_users"): {"system_user_id": WORKER, "name": "worker"},
    ("POST", "business", "system_user_access_tokens"): {"scope": ["ads_read"]},
    ("POST", "business", "business_users"): {"email": "new@aimed.example"},
    ("POST", "business", ""): {"name": "Aimed agency"},
    ("POST", "app", ""): {"website_url": "https://aimed.example/"},
    ("POST", "business_user", ""): {"title": "Guest"},
    ("POST", "business_role_request", ""): {"role": "EMPLOYEE"},
    ("POST", "asset_group", ""): {"name": "aimed"},
    ("POST", "asset_group", "assigned_users"): {"user": WORKER, "adaccount_tasks": ["ANALYZE"]},
    ("DELETE", "person", "permissions"): {"permission": "email"},
    ("POST", "person", "businesses"): {"name": "aimed", "vertical": "RETAIL"},
    ("DELETE", "person", "businesses"): {"business": SIDE},
    ("POST", "business", "managed_businesses"): {"existing_client_business_id": CLIENT},
    ("POST", "business", "owned_businesses"): {"name": "aimed", "vertical": "RETAIL"},
    ("DELETE", "business", "owned_businesses"): {"client_id": CHILD},
    ("POST", "business", "managed_partner_businesses"): {
        "name": "aimed",
        "vertical": "RETAIL",
        "catalog_id": own("catalog"),
        "seller_external_website_url": "https://seller.example",
        "seller_targeting_countries": ["DE"],
    },
    ("DELETE", "business", "managed_partner_businesses"): {"child_business_id": SELLER},
    **{("GET", node, "picture"): {"redirect": "false"} for node in ("business", "page", "person")},
    **{
        (method, "asset_group", edge): {"asset_id": own(kind)}
        for edge, kind in CONTAINED.items()
        for method in ("POST", "DELETE")
    },
    **{
        (method, "asset_group", edge): {"asset_id": APP}
        for edge in ("contained_applications", "contained_custom_conversions")
        for method in ("POST", "DELETE")
    },
    **{(method, kind, "agencies"): {"business": CLIENT} for kind in LISTS for method in ("POST", "DELETE")},
    **{
        (method, kind, "assigned_users"): {"user": WORKER, "tasks": TASKS[kind]}
        for kind in LISTS
        for method in ("POST",)
    },
}


def at(route: dict[str, Any], corner: Corner, app_secret: str) -> Aim:
    """The request of a route, as `surface.describe` shows it, that a furnished corner answers with 200."""
    key = (route["method"], route["node"], route["edge"])
    node, by = NODES[route["node"]], BY.get(key, "both" if route["node"] == "person" else "root")
    if key == ("POST", "business", "access_token"):
        node = CLIENT
    named: dict[str, Any] = {
        "business": AGENCY,
        "user": WORKER,
        "system_user_id": WORKER,
        "business_app": APP,
        "app_id": APP,
        "scope": ["ads_read"],
        "permitted_tasks": TASKS.get(route["node"], []),
        "existing_client_business_id": CLIENT,
        "account_id": own("ad_account"),
        "client_id": APP,
        "client_secret": app_secret,
        "input_token": corner.tokens["root"],
        "revoke_token": corner.tokens["spare"],
        "name": "aimed",
        "uid": "1",
    }
    params = {one["name"]: named[one["name"]] for one in route["params"] if one["required"] and one["name"] in named}
    if route["edge"] == "oauth/access_token":
        params["grant_type"] = "client_credentials"
    path = "/".join(part for part in (node, route["edge"]) if part)
    return Aim(route["method"], path, {**params, **MORE.get(key, {})}, by)
