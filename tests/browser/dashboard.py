"""The dashboard as a person sees it, and a world in which every page has something to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from meta_emulator import tokens

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.emulators import RunningEmulator

PATHS = (
    "", "apps", "roles", "redirects", "review", "logins", "verification", "people", "people-tokens", "system-users",
    "clients", "assignments", "journal", "limits", "faults", "clock",
)  # fmt: skip
INES = "100000000000402"
ROOT = "122090000000301"
SHOP, BRAND, ACME_MAIN = "act_104320000000501", "act_104320000000502", "act_205550000000601"
PAGE = "102930000000801"
USERS = ("trading", "measuring", "audit")


@dataclass(frozen=True, slots=True)
class Dashboard:
    page: Page
    meta: RunningEmulator
    troubles: list[str]

    def url(self, path: str = "") -> str:
        return f"{self.meta.graph_url}/dashboard{'/' if path else ''}{path}"

    def open(self, path: str = "") -> None:
        answer = self.page.goto(self.url(path))
        assert answer is not None
        assert answer.status == 200

    def press(self, name: str, *, within: Locator | None = None) -> None:
        (within or self.page.locator("main")).get_by_role("button", name=name, exact=True).click()

    def unfold(self, name: str) -> None:
        self.page.locator("main summary").filter(has_text=name).click()

    def says(self, sentence: str) -> None:
        """What the page says was done."""
        expect(self.page.get_by_role("status").filter(has_text=sentence)).to_be_visible()

    def refuses(self, sentence: str) -> None:
        expect(self.page.get_by_role("alert")).to_contain_text(f"Nothing was changed. {sentence}")
        self.troubles.remove(
            "console: Failed to load resource: the server responded with a status of 400 (Bad Request)"
        )


def furnish(meta: RunningEmulator) -> str:
    """Put something on every page; returns the token that was minted meanwhile."""
    meta.act("request", name="ads_read")
    meta.act("request", name="tier")
    meta.act("decline", name="tier", reason="The app made 120 calls in the last 15 days; 500 are needed.")
    meta.act("approve", name="ads_management")
    meta.act("add-redirect", uri="https://connect.lindenhof.example/meta/callback/")
    meta.act("verify", status="pending")
    meta.act("consent", person="nadia", permissions="email,ads_read")
    meta.act("create-login-configuration", name="Connect", permissions="ads_read", token="system_user_60d")
    meta.act("invite-person", email="omar@lindenhof.example")
    user = meta.create_system_user("reporting")
    meta.act("grant-app", user=user)
    meta.graph("POST", f"{user}/applications", {"business_app": meta.app_id})
    minted = meta.graph(
        "POST",
        f"{user}/access_tokens",
        {
            "business_app": meta.app_id,
            "scope": "ads_read",
            "set_token_expires_in_60_days": True,
            "appsecret_proof": tokens.proof(meta.admin_token, meta.app_secret),
        },
    )
    assert minted.status == 200, minted.body
    for asset, who, tasks in (
        (SHOP, user, ["ANALYZE"]),
        (BRAND, user, ["ADVERTISE", "ANALYZE"]),
        (ACME_MAIN, user, ["ANALYZE"]),
        (SHOP, ROOT, ["MANAGE", "ADVERTISE", "ANALYZE"]),
        (PAGE, ROOT, ["ADVERTISE", "ANALYZE"]),
    ):
        assert meta.graph("POST", f"{asset}/assigned_users", {"user": who, "tasks": tasks}).status == 200
    world = meta.world()
    asked = {"permitted_tasks": ["ANALYZE"], "business_id": "998870000000701"}
    world["asset_requests"].append({"id": "1", "asset_id": BRAND, **asked})
    world["app_clients"].append({"id": "2", "app_id": meta.app_id, "business_id": "998870000000701"})
    held = {"user_id": INES, "app_id": meta.app_id, "scopes": ["public_profile", "email"], "issued_at": world["now"]}
    world["tokens"].append({"fingerprint": f"sha256:{'0' * 16}", "system_user_id": None, "issued_by": "api", **held})
    meta.put_world(world)
    meta.graph("GET", "999")
    meta.graph("GET", f"me?access_token={minted.body['access_token']}", token="")
    meta.secrets().create_secret(Name="meta/dev/reporting", SecretString=minted.body["access_token"])
    meta.fault("graph", method="POST", path="access_tokens$", code=2, times=3)
    meta.fault("latency", ms=1, path="nobody-asks-this")
    return str(minted.body["access_token"])


def crowd(meta: RunningEmulator, accounts: int) -> None:
    """Many ad accounts, each with three users."""
    world = meta.world()
    business = meta.business_id
    for at, name in enumerate(USERS):
        user = {"id": f"12209000000090{at}", "name": name, "role": "EMPLOYEE", "business_id": business}
        world["system_users"].append({**user, "app_id": meta.app_id})
    for number in range(accounts):
        id_ = f"act_{777000000000000 + number}"
        world["ad_accounts"].append({"id": id_, "name": f"Client {number + 1:03}", "business_id": business})
        for at in range(len(USERS)):
            tasks = ["MANAGE", "ADVERTISE", "ANALYZE"] if (number + at) % 10 == 0 else ["ANALYZE"]
            world["assignments"].append({"asset_id": id_, "user_id": f"12209000000090{at}", "tasks": tasks})
    meta.put_world(world)
