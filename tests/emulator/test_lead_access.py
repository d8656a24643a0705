"""Who may download a Page's leads: all its admins, until the Leads Access Manager is customized."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_emulator.builder import WorldBuilder
from meta_emulator.embedded import MetaEmulator
from tests.emulators import GraphAnswer, graph_call

if TYPE_CHECKING:
    from collections.abc import Iterator

SCOPES = ["business_management", "pages_show_list", "leads_retrieval"]


class Leads:
    """A Page with a worker who manages it and one who may look."""

    def __init__(self) -> None:
        build = WorldBuilder()
        self.business = build.business("Shop")
        self.app = build.app("Shop Ads", self.business)
        self.root = build.system_user("root", self.business, self.app, role="ADMIN")
        self.worker = build.system_user("worker", self.business, self.app)
        self.viewer = build.system_user("viewer", self.business, self.app)
        build.token("admin", self.root, self.app, SCOPES)
        build.token("narrow", self.root, self.app, SCOPES[:2])
        self.page = build.page("Shop", self.business)
        build.assign(self.worker, self.page, ["MANAGE"])
        build.assign(self.viewer, self.page, ["ANALYZE"])
        self.meta = MetaEmulator(build)

    def ask(self, params: str, by: str = "admin") -> GraphAnswer:
        fields = {"fields": f"has_lead_access{params}"}
        return graph_call(self.meta.graph_url, "GET", self.page, fields, token=self.meta.token(by))

    def of(self, user: str, more: str = "") -> dict[str, Any]:
        found: dict[str, Any] = self.ask(f".user_id({user}){more}").body["has_lead_access"]
        return found


@pytest.fixture
def leads() -> Iterator[Leads]:
    made = Leads()
    with made.meta:
        yield made


def test_admins_of_a_page_have_its_leads_until_somebody_chooses(leads: Leads) -> None:
    assert leads.of(leads.worker) == {
        "page_id": leads.page,
        "user_id": leads.worker,
        "is_page_admin": True,
        "enabled_lead_access_manager": False,
        "user_has_leads_permission": True,
        "can_access_lead": True,
    }
    assert leads.of(leads.viewer)["can_access_lead"] is False

    leads.meta.act("grant-leads", user=leads.viewer, page=leads.page)
    leads.meta.act("withdraw-leads", user=leads.worker, page=leads.page)

    viewer, worker = leads.of(leads.viewer), leads.of(leads.worker)
    assert (viewer["can_access_lead"], viewer["enabled_lead_access_manager"]) == (True, True)
    assert (worker["can_access_lead"], worker["is_page_admin"]) == (False, True)
    assert set(worker) >= {"failure_reason", "failure_resolution"}


def test_an_app_is_answered_for_where_it_is_named(leads: Leads) -> None:
    assert leads.of(leads.worker, f".app_id({leads.app})")["app_has_leads_permission"] is True
    other = leads.of(leads.worker, ".app_id(1)")
    assert (other["app_has_leads_permission"], other["user_has_leads_permission"]) == (False, True)
    assert other["can_access_lead"] is False


def test_the_caller_needs_leads_retrieval_and_names_a_user(leads: Leads) -> None:
    refused = leads.ask(f".user_id({leads.worker})", by="narrow")
    assert (refused.code, refused.body["error"]["message"]) == (
        (200, None),
        "(#200) Requires leads_retrieval permission to manage the object",
    )
    assert leads.ask("").code == (100, None)
    assert leads.ask(".user_id(1)").code == (100, None)
