"""Search and filters of the dashboard's long pages, and an assignments page with hundreds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.dashboard import PATHS, Dashboard, crowd, furnish
from tests.browser.measures import FAINT, NARROW, ORDER, READABLE, WIDTH

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.emulators import RunningEmulator


def shown(page: Page) -> Locator:
    return page.get_by_role("search").get_by_role("status")


def assets(page: Page) -> Locator:
    return page.locator(".matrix tbody tr:not(.group)").filter(visible=True)


def test_one_asset_of_a_hundred_is_found_and_what_somebody_may_manage(
    dashboard: Dashboard, meta: RunningEmulator
) -> None:
    crowd(meta, 100)
    page = dashboard.page
    dashboard.open("assignments")
    expect(page.get_by_text("300 assignments")).to_be_visible()
    expect(shown(page)).to_have_text("100 rows")

    find = page.get_by_label("Find in this page")
    find.fill("CLIENT 777000000000041")
    expect(shown(page)).to_have_text("1 of 100 rows")
    expect(assets(page).get_by_role("rowheader")).to_contain_text("act_777000000000041")

    find.fill("audit")  # every row has a cell of this user
    expect(shown(page)).to_have_text("100 of 100 rows")
    page.get_by_label("Task").select_option("MANAGE")
    expect(shown(page)).to_have_text("30 of 100 rows")
    expect(assets(page)).to_have_count(30)

    find.fill("nothing is called so")
    expect(shown(page)).to_have_text("0 of 100 rows")
    expect(page.locator(".matrix")).to_be_hidden()


def test_hundreds_of_assignments_fit_a_screen_and_a_phone(dashboard: Dashboard, meta: RunningEmulator) -> None:
    crowd(meta, 100)
    page = dashboard.page
    dashboard.open("assignments")
    frame = page.locator(".matrix")
    height = page.evaluate("document.documentElement.scrollHeight")
    assert height < 1400  # the table scrolls in its frame
    frame.evaluate("frame => { frame.scrollTop = 2000; }")
    heads, body = page.locator(".matrix thead").bounding_box(), frame.bounding_box()
    assert heads is not None
    assert body is not None
    head = page.get_by_role("columnheader", name="trading").bounding_box()
    assert head is not None
    assert abs(head["y"] - body["y"]) <= 1

    page.set_viewport_size(NARROW)
    assert page.evaluate(WIDTH) == 360
    frame.evaluate("frame => { frame.scrollLeft = 900; }")
    first = assets(page).nth(40).get_by_role("rowheader").bounding_box()
    assert first is not None
    assert first["x"] <= body["x"] + 20
    assert page.evaluate(FAINT, READABLE)["found"] == []
    order = page.evaluate(ORDER)
    assert (order["unlabelled"], order["nameless"], order["headless"]) == ([], [], 0)


def users(meta: RunningEmulator, count: int) -> None:
    """System users, each with one app."""
    world = meta.world()
    for at in range(count):
        user = {
            "id": f"12209000000080{at}",
            "name": f"keeper-{at}",
            "role": "EMPLOYEE",
            "business_id": meta.business_id,
        }
        world["system_users"].append({**user, "app_id": meta.app_id})
    meta.put_world(world)


def test_what_was_looked_for_stays_after_a_press(dashboard: Dashboard, meta: RunningEmulator) -> None:
    users(meta, 9)
    page = dashboard.page
    dashboard.open("system-users")
    page.get_by_label("Find in this page").fill("keeper-7")
    cards = page.get_by_role("article").filter(visible=True)
    expect(cards).to_have_count(1)
    dashboard.press("Give full control of Lindenhof Ads to keeper-7")

    expect(page.get_by_label("Find in this page")).to_have_value("keeper-7")
    expect(cards).to_have_count(1)
    page.get_by_label("Find in this page").fill("")
    expect(cards).to_have_count(10)


def test_every_long_page_is_searched_and_a_short_one_is_left_alone(dashboard: Dashboard, meta: RunningEmulator) -> None:
    furnish(meta)
    page = dashboard.page
    dashboard.open("people")
    expect(page.get_by_role("search")).to_be_hidden()
    crowd(meta, 12)
    users(meta, 9)
    world = meta.world()
    world["people"] += [{"id": str(100000000009000 + at), "name": f"person {at}"} for at in range(12)]
    meta.put_world(world)
    rows = "main tbody tr:not(.group), main .todo li, main .rows li"
    searched = []
    for path in PATHS:
        dashboard.open(path)
        if path == "journal":  # searched by the emulator, which has more than the page shows
            continue
        count = page.locator(rows).count()
        assert page.get_by_role("search").is_visible() is (count > 8), (path, count)
        if count > 8:
            searched.append(path)
            page.get_by_label("Find in this page").fill("zzz")
            expect(shown(page)).to_have_text(f"0 of {count} rows")
            expect(page.locator(rows).filter(visible=True)).to_have_count(0)
            page.get_by_label("Find in this page").fill("")

    assert searched == ["people", "system-users", "clients", "assignments"]


def test_a_filter_has_the_values_that_occur(dashboard: Dashboard, meta: RunningEmulator) -> None:
    crowd(meta, 12)
    page = dashboard.page
    dashboard.open("clients")
    kind = page.get_by_label("Kind")
    expect(kind.get_by_role("option")).to_have_text(["any", "ad account", "page"])
    kind.select_option("page")

    expect(shown(page)).to_have_text("1 of 16 rows")
    expect(page.get_by_role("row", name="Lindenhof")).to_have_count(1)
