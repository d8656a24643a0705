"""What every page owes its reader: a keyboard's way, a narrow screen, light and dark, labels, order, contrast."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.dashboard import INES, PATHS, Dashboard, furnish
from tests.browser.measures import FAINT, FOCUSED, NARROW, ORDER, REACHABLE, READABLE, SHADE, WIDTH

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.emulators import RunningEmulator


def _unfolded(page: Page) -> None:
    page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")


def test_no_page_scrolls_sideways_on_a_phone(dashboard: Dashboard, meta: RunningEmulator) -> None:
    furnish(meta)
    dashboard.page.set_viewport_size(NARROW)
    widths = {}
    for path in PATHS:
        dashboard.open(path)
        _unfolded(dashboard.page)
        widths[path] = dashboard.page.evaluate(WIDTH)

    assert widths == dict.fromkeys(PATHS, 360)


def test_a_phone_has_a_menu_that_leads_everywhere(dashboard: Dashboard) -> None:
    page = dashboard.page
    page.set_viewport_size(NARROW)
    dashboard.open()
    menu = page.get_by_role("navigation", name="Dashboard, folded")
    expect(menu.get_by_role("link")).to_have_count(0)
    menu.locator("summary").click()
    expect(menu.get_by_role("link")).to_have_count(len(PATHS))
    menu.get_by_role("link", name="Assignments").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Assignments")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_is_readable(dashboard: Dashboard, meta: RunningEmulator, scheme: Any) -> None:
    furnish(meta)
    page = dashboard.page
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    faint: dict[str, list[str]] = {}
    for path in PATHS:
        dashboard.open(path)
        _unfolded(page)
        told = page.evaluate(FAINT, READABLE)
        assert told["seen"] > 20, path
        faint[path] = told["found"]

    assert faint == {path: [] for path in PATHS}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_login_dialog_is_readable_in_order_and_fits_a_phone(
    dashboard: Dashboard, meta: RunningEmulator, scheme: Any
) -> None:
    page = dashboard.page
    page.set_viewport_size(NARROW)
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{meta.graph_url}/v26.0/dialog/oauth?client_id={meta.app_id}&sdk=joey&scope=email,ads_read")
    for heading, button in (
        ("Log in to continue to Lindenhof Ads", "Log in"),
        ("Lindenhof Ads asks for access", "Continue as nadia"),
        ("Back to Lindenhof Ads", ""),
    ):
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        assert page.evaluate(FAINT, READABLE)["found"] == []
        told = page.evaluate(ORDER)
        assert told == {
            "lang": "en", "levels": [1], "unlabelled": [], "nameless": [], "twice": [], "dangling": [], "headless": 0,
        }, heading  # fmt: skip
        assert page.evaluate(WIDTH) == 360
        if button:
            page.get_by_role("button", name=button).click()


def test_the_measure_finds_faint_text(dashboard: Dashboard) -> None:
    dashboard.open()
    dashboard.page.evaluate("document.querySelector('h1').style.color = 'rgba(128, 128, 128, 0.6)'")

    assert [line.split(" ", 1)[1] for line in dashboard.page.evaluate(FAINT, READABLE)["found"]] == ["Overview"]


def test_dark_is_dark(dashboard: Dashboard) -> None:
    dashboard.open()
    light = dashboard.page.evaluate(SHADE)
    dashboard.page.emulate_media(color_scheme="dark")

    assert light > 600
    assert dashboard.page.evaluate(SHADE) < 120


def test_headings_labels_and_names_are_in_order(dashboard: Dashboard, meta: RunningEmulator) -> None:
    furnish(meta)
    for path in PATHS:
        dashboard.open(path)
        told = dashboard.page.evaluate(ORDER)
        levels = told.pop("levels")
        assert told == {
            "lang": "en", "unlabelled": [], "nameless": [], "twice": [], "dangling": [], "headless": 0,
        }, path  # fmt: skip
        assert levels.count(1) == 1, path
        assert levels[0] == 1, path
        assert all(after - before <= 1 for before, after in pairwise(levels)), (path, levels)
        expect(dashboard.page.locator("nav.side a[aria-current=page]")).to_have_count(1)


def test_tab_reaches_every_control_in_order_and_shows_where_it_is(dashboard: Dashboard, meta: RunningEmulator) -> None:
    furnish(meta)
    page = dashboard.page
    for path in ("", "review", "journal", "assignments"):
        dashboard.open(path)
        places = []
        for _ in range(page.evaluate(REACHABLE)):
            page.keyboard.press("Tab")
            place = page.evaluate(FOCUSED)
            assert place["shown"], (path, place)
            places.append(place["at"])
        assert places == sorted(set(places)), path


def test_a_role_is_accepted_and_a_page_opened_without_a_pointer(dashboard: Dashboard, meta: RunningEmulator) -> None:
    page = dashboard.page
    dashboard.open()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Accept as ines")).to_be_focused()
    page.keyboard.press("Enter")

    dashboard.says("ines has the role developers on Lindenhof Ads.")
    expect(page.locator(".said")).to_be_focused()  # what was done is read out first
    states = {row["user_id"]: row["state"] for row in meta.world()["app_roles"]}
    assert states[INES] == "accepted"

    page.get_by_role("link", name="Faults").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Faults")
