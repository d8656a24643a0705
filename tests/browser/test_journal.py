"""The journal moves while one looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.dashboard import Dashboard
    from tests.emulators import RunningEmulator


def test_a_call_shows_up_by_itself(dashboard: Dashboard, meta: RunningEmulator) -> None:
    page = dashboard.page
    dashboard.open("journal")
    expect(page.get_by_text("No call was made yet.")).to_be_visible()
    page.evaluate("window.same = true")

    meta.graph("GET", "me")
    meta.graph("GET", "999")

    rows = page.locator("[data-rows] tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("GET /v26.0/me")
    expect(rows.nth(0)).to_contain_text("404" if meta.calls()[-1]["status"] == 404 else "400")
    expect(rows.nth(0)).to_contain_text("100")
    expect(page.get_by_text("No call was made yet.")).to_be_hidden()
    assert page.evaluate("window.same") is True  # nothing was loaded again


def test_it_can_be_paused_filtered_and_emptied(dashboard: Dashboard, meta: RunningEmulator) -> None:
    page = dashboard.page
    meta.graph("GET", "me")
    meta.graph("GET", "999")
    meta.secrets().list_secrets()
    dashboard.open("journal")
    rows = page.locator("[data-rows] tr")
    expect(rows).to_have_count(3)

    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status")).to_have_text("Paused")
    page.get_by_label("Outcome").select_option("failed")
    page.get_by_role("button", name="Filter").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("/999")
    page.get_by_label("Outcome").select_option("")
    page.get_by_label("Service").select_option("secretsmanager")
    page.get_by_role("button", name="Filter").click()
    expect(rows).to_contain_text("ListSecrets")

    dashboard.press("Empty the journal")
    dashboard.says("The journal is empty.")
    assert meta.calls() == []


def test_an_emulator_that_does_not_answer_is_said_to_and_waited_for(
    dashboard: Dashboard, meta: RunningEmulator
) -> None:
    page = dashboard.page
    dashboard.open("journal")
    page.route("**/dashboard/journal/rows*", lambda route: route.abort())
    state = page.locator("[data-live] [role=status]")
    expect(state).to_have_text("The emulator does not answer; trying again")

    page.unroute("**/dashboard/journal/rows*")
    expect(state).to_have_text("Live")
    meta.graph("GET", "me")
    expect(page.locator("[data-rows] tr")).to_have_count(1)
    assert {trouble[:39] for trouble in dashboard.troubles} == {"console: Failed to load resource: net::"}
    dashboard.troubles.clear()
