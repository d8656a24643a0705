"""Client and emulator, each against the same facts, which were written down by hand from Meta's pages (tests/facts).

The two share no code of Graph's protocol. If both agreed on a wrong constant, every other test would pass; here each is
asked alone, and then the client reads what the emulator really answered.
"""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from meta_access import errors, rules
from meta_access.graph import usage, wire
from meta_emulator.builder import WorldBuilder
from meta_emulator.embedded import MetaEmulator
from tests.emulators import GraphAnswer, graph_call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FACTS: dict[str, Any] = tomllib.loads((Path(__file__).parents[1] / "facts" / "graph.toml").read_text("utf-8"))
SITUATIONS = [fact for fact in FACTS["error"] if "situation" in fact]
TODAY = datetime(2026, 11, 27, 12, 0, 0, tzinfo=UTC)
HEADERS = FACTS["headers"]


def _name(fact: dict[str, Any]) -> str:
    return str(fact.get("situation") or f"{fact['code']}/{fact.get('subcode', 0)} {fact['words'][:20]}")


class Stage:
    """One business with an app, an admin, one more system user, an asset of each kind, and a stranger's app."""

    def __init__(self, tier: str = "development_access") -> None:
        build = WorldBuilder()
        self.business, other = build.business("Shop"), build.business("Stranger")
        self.app = build.app("Shop Ads", self.business, tier=tier)
        self.stranger = build.app("Stranger", other)
        self.root = build.system_user("root", self.business, self.app, role="ADMIN")
        scopes = ["business_management", "ads_management", "ads_read", "pages_show_list", "pages_manage_metadata"]
        build.token("admin", self.root, self.app, [*scopes, "catalog_management", "whatsapp_business_management"])
        build.token("narrow", self.root, self.app, ["ads_read"])
        build.token("short", self.root, self.app, ["ads_read"], lifetime="1h")
        self.assets = {
            "ad_account": build.ad_account("Shop", self.business),
            "page": build.page("Shop", self.business),
            "catalog": build.catalog("Shop", self.business),
            "pixel": build.pixel("Shop", self.business),
            "waba": build.whatsapp_business_account("Shop", self.business),
            "instagram": build.instagram_asset("Shop", self.business),
        }
        self.theirs = {
            "ad_account": build.ad_account("Stranger", other),
            "page": build.page("Stranger", other),
            "waba": build.whatsapp_business_account("Stranger", other),
        }
        self.group = build.asset_group("Shop", self.business, [self.assets["ad_account"]])
        self.meta = MetaEmulator(build)

    def call(self, method: str, path: str, params: dict[str, Any] | None = None, **more: Any) -> GraphAnswer:
        return graph_call(self.meta.graph_url, method, path, params, **{"token": self.meta.admin_token, **more})

    def users(self, role: str, names: str) -> GraphAnswer:
        """Create system users until one is refused."""
        answer = None
        for name in names:
            answer = self.call("POST", f"{self.business}/system_users", {"name": name, "role": role})
        assert answer is not None
        return answer

    def revoked(self) -> GraphAnswer:
        value = self.meta.token("narrow")
        secret = {"client_id": self.app, "client_secret": self.meta.app_secret, "revoke_token": value}
        assert self.call("GET", "oauth/revoke", secret).body == {"success": "true"}
        return self.call("GET", "me", token=value)

    def expired(self) -> GraphAnswer:
        self.meta.clock.advance(timedelta(hours=2))
        return self.call("GET", "me", token=self.meta.token("short"))

    def unclaimed(self) -> GraphAnswer:
        with self.meta.edit() as world:
            world.apps[0].business_id = None
        return self.users("EMPLOYEE", "a")

    def claimed(self, *accounts: str) -> GraphAnswer:
        """Claim ad accounts until one is refused."""
        answers = [self.call("POST", f"{self.business}/owned_ad_accounts", {"adaccount_id": one}) for one in accounts]
        return answers[-1]

    def clients(self, kind: str, strictness: str = "lenient") -> GraphAnswer:
        """Read what a client shares, with standard access alone."""
        tasks = {"waba": "MESSAGING"}.get(kind, "ANALYZE")
        self.meta.act("share", asset=self.theirs[kind], business="Shop", tasks=tasks)
        with self.meta.edit() as world:
            world.strictness = "strict" if strictness == "strict" else "lenient"
        return self.call("GET", self.theirs[kind])

    def grouped(self) -> GraphAnswer:
        given = {"user": self.root, "adaccount_tasks": ["ANALYZE"]}
        assert self.call("POST", f"{self.group}/assigned_users", given).body == {"success": True}
        return self.call("DELETE", f"{self.assets['ad_account']}/assigned_users", {"user": self.root})

    def retired(self) -> GraphAnswer:
        return self.call("GET", self.assets["ad_account"], version="v20.0")

    def stranger_asks(self) -> GraphAnswer:
        token = f"{self.stranger}|{self.meta.secret_of(self.stranger)}"
        return self.call("GET", "debug_token", {"input_token": self.meta.admin_token}, token=token)

    def mint(self) -> GraphAnswer:
        params = {"business_app": self.app, "scope": "ads_read"}
        return self.call("POST", f"{self.root}/access_tokens", params)


def _secret(stage: Stage, app: str) -> GraphAnswer:
    params = {"client_id": app, "client_secret": "EAA" + "EMUwrong", "grant_type": "client_credentials"}
    return stage.call("GET", "oauth/access_token", params)


HOW: dict[str, Callable[[Stage], GraphAnswer]] = {
    "no token": lambda stage: stage.call("GET", "me", token=""),
    "token that is none": lambda stage: stage.call("GET", "me", token="EAA" + "EMUnone"),
    "expired token": Stage.expired,
    "revoked token": Stage.revoked,
    "wrong app secret": lambda stage: _secret(stage, stage.app),
    "app that is none": lambda stage: _secret(stage, "999"),
    "object that is none": lambda stage: stage.call("GET", "999"),
    "field that is none": lambda stage: stage.call("GET", stage.business, {"fields": "id,nope"}),
    "set of tasks that Meta does not list": lambda stage: stage.call(
        "POST", f"{stage.assets['ad_account']}/assigned_users", {"user": stage.root, "tasks": ["MANAGE"]}
    ),
    "one system user too many": lambda stage: stage.users("EMPLOYEE", "ab"),
    "one admin system user too many": lambda stage: stage.users("ADMIN", "a"),
    "name that is taken": lambda stage: stage.users("EMPLOYEE", "aa"),
    "app of another business": Stage.unclaimed,
    "permission that is missing": lambda stage: stage.call(
        "GET", f"{stage.business}/system_users", token=stage.meta.token("narrow")
    ),
    "wrong proof": lambda stage: stage.call("GET", "me", {"appsecret_proof": "00"}),
    "minting without proof": Stage.mint,
    "debug_token by a stranger": Stage.stranger_asks,
    "version that the Marketing API retired": Stage.retired,
    "asset that the business has": lambda stage: stage.claimed(stage.assets["ad_account"]),
    "ad account that was claimed before": lambda stage: stage.claimed(*[stage.theirs["ad_account"]] * 2),
    "Page of another business given up": lambda stage: stage.call(
        "DELETE", f"{stage.business}/pages", {"page_id": stage.theirs["page"]}
    ),
    "client's ad account at the limited tier": lambda stage: stage.clients("ad_account", "strict"),
    "client's WhatsApp account without advanced access": lambda stage: stage.clients("waba"),
    "user whose tasks come with a group": Stage.grouped,
    "path that is none": lambda stage: stage.call("GET", f"{stage.business}/nothing"),
}


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    with made.meta:
        made.meta.clock.set(max(TODAY, made.meta.clock.now()))
        yield made


def _raised(body: object, status: int, headers: dict[str, str] | None = None) -> errors.GraphError:
    with pytest.raises(errors.GraphError) as caught:
        wire.decode(wire.Reply(status, headers or {}, json.dumps(body).encode()), "reading")
    return caught.value


@pytest.mark.parametrize("fact", FACTS["error"], ids=_name)
def test_the_client_takes_an_error_as_the_pages_mean_it(fact: dict[str, Any]) -> None:
    error = {"message": fact["words"], "type": fact.get("type", "OAuthException"), "code": fact["code"]}
    if "subcode" in fact:
        error["error_subcode"] = fact["subcode"]

    raised = _raised({"error": error}, fact["status"])

    assert type(raised).__name__ == fact["means"]
    assert (raised.code, raised.subcode) == (fact["code"], fact.get("subcode", 0))


@pytest.mark.parametrize("fact", SITUATIONS, ids=_name)
def test_the_emulator_answers_as_the_pages_say_and_the_client_understands(fact: dict[str, Any], stage: Stage) -> None:
    answer = HOW[fact["situation"]](stage)

    assert answer.code == (fact["code"], fact.get("subcode"))
    assert answer.status == fact["status"]
    assert fact["words"] in answer.body["error"]["message"]
    assert answer.body["error"]["type"] == fact.get("type", answer.body["error"]["type"])
    assert set(answer.body["error"]) >= {"message", "type", "code", "fbtrace_id"}
    assert type(_raised(answer.body, answer.status, answer.headers)).__name__ == fact["means"]


def test_every_situation_is_a_fact_and_the_other_way_round() -> None:
    assert sorted(HOW) == sorted(fact["situation"] for fact in SITUATIONS)


@pytest.mark.parametrize("fact", FACTS["tasks"], ids=lambda fact: f"{fact['asset']} {'+'.join(fact['given'])}")
def test_tasks_bring_the_tasks_below_them(fact: dict[str, Any], stage: Stage) -> None:
    asset = stage.assets[fact["asset"]]
    given = {"user": stage.root, "tasks": fact["given"]}
    stage.call("POST", f"{asset}/assigned_users", given)
    rows = stage.call("GET", f"{asset}/assigned_users", {"business": stage.business}).body["data"]

    assert [sorted(row["tasks"]) for row in rows] == [fact["has"]]
    assert sorted(rules.load("2026-05").expand_tasks(fact["asset"], fact["given"])) == fact["has"]


@pytest.mark.parametrize("fact", FACTS["quota"], ids=lambda fact: fact["name"])
def test_a_tier_has_room_for_so_many(fact: dict[str, Any]) -> None:
    stage = Stage(fact["tier"])
    with stage.meta:
        made = [stage.users("EMPLOYEE", name).status for name in "abcdefghijkl"]

    assert made == [200] * fact["others"] + [400] * (12 - fact["others"])
    assert rules.load("2026-05").quota(fact["name"], "EMPLOYEE") == fact["others"]
    assert rules.load("2026-05").quota(fact["name"], "ADMIN") == fact["admins"]


@pytest.mark.parametrize("fact", FACTS["version"], ids=lambda fact: fact["asked"])
def test_a_version_is_served_by(fact: dict[str, Any], stage: Stage) -> None:
    answer = stage.call("GET", stage.assets["ad_account"], version=fact["asked"])
    notice = wire.version_notice(answer.headers, fact["asked"])

    assert answer.headers[HEADERS["version"]] == fact["serves"]
    assert (HEADERS["warning"] in answer.headers) == fact["warned"]
    assert (notice is not None) == fact["warned"]


def test_headers_have_the_names_that_the_pages_give_them(stage: Stage) -> None:
    answer = stage.call("GET", stage.assets["ad_account"])
    report = stage.call("GET", f"{stage.assets['ad_account']}/insights")

    absent = {name for name in HEADERS.values() if name not in answer.headers}
    assert absent == {HEADERS["warning"], HEADERS["insights"]}
    assert usage.read({HEADERS["insights"]: report.headers[HEADERS["insights"]]}).tier == "development_access"
    for name in ("business_usage", "account_usage"):
        assert usage.read({HEADERS[name]: answer.headers[HEADERS[name]]}).tier == "development_access"


def test_the_odd_answers_are_data_to_the_client(stage: Stage) -> None:
    ended = stage.call("DELETE", f"{stage.root}/access_tokens")

    assert ended.body is True
    assert wire.decode(wire.Reply(200, {}, b"true"), "ending") is True
    assert wire.decode(wire.Reply(200, {}, b'{"success":"true"}'), "revoking") == {"success": "true"}
