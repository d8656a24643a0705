"""The page of `meta-access report --html` in a real browser: light, dark and phone, by keyboard, with 300 clients."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests import reports
from tests.browser.measures import FAINT, FOCUSED, NARROW, ORDER, REACHABLE, READABLE, SHADE, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Locator, Page

LARGE = 300


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    folder = tmp_path_factory.mktemp("reports")
    made = {count: folder / f"{count}.html" for count in (1, 12, LARGE)}
    for count, file in made.items():
        file.write_text(reports.page(count), encoding="utf-8")
    return made


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that asks nothing of anybody, and says nothing on the console."""
    troubles: list[str] = []
    opened = context.new_page()
    opened.on("console", lambda message: troubles.append(f"console: {message.text}"))
    opened.on("pageerror", lambda error: troubles.append(f"script: {error}"))

    def asked(url: str) -> None:
        if urlsplit(url).scheme not in {"file", "data"}:
            troubles.append(f"asked {url}")

    opened.on("request", lambda request: asked(request.url))
    yield opened
    assert troubles == []


def visible(page: Page) -> Locator:
    return page.locator("#matrix tbody tr:not(.group)").filter(visible=True)


def told(page: Page) -> Locator:
    return page.locator("#shown")


def test_three_hundred_clients_are_there_soon_folded_and_searched(page: Page, files: dict[int, Path]) -> None:
    began = time.monotonic()
    page.goto(files[LARGE].as_uri())
    expect(told(page)).to_have_text("1500 assets, 300 clients")
    assert time.monotonic() - began < 20  # about a second on a machine that does nothing else
    expect(visible(page)).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollHeight") < 6000

    find = page.get_by_label("Client, asset, identity or task")
    find.fill("client-042")
    expect(told(page)).to_have_text("5 of 1500 assets, 1 of 300 clients")
    expect(visible(page)).to_have_count(5)  # unfolded
    find.fill("client-042 catalog:")
    expect(visible(page).get_by_role("rowheader")).to_have_text(["catalog:100000000004102"])
    find.fill("no such client")
    expect(told(page)).to_have_text("0 of 1500 assets, 0 of 300 clients")
    expect(page.get_by_text("Nothing matches.")).to_be_visible()
    find.fill("")
    expect(told(page)).to_have_text("1500 assets, 300 clients")
    expect(visible(page)).to_have_count(0)


def test_a_task_and_an_identity_are_chosen(page: Page, files: dict[int, Path]) -> None:
    page.goto(files[LARGE].as_uri())
    page.get_by_label("Task", exact=True).select_option("MANAGE")
    expect(told(page)).to_have_text("136 of 1500 assets, 136 of 300 clients")
    expect(page.locator("td.hit").first).to_contain_text("MANAGE")
    page.get_by_label("Identity", exact=True).select_option("trading")
    expect(told(page)).to_have_text("12 of 1500 assets, 12 of 300 clients")
    expect(page.locator("#matrix thead th").filter(visible=True)).to_have_text(["Client and asset", "trading"])
    expect(visible(page)).to_have_count(12)
    expect(page.locator("td.hit").filter(visible=True)).to_have_count(12)

    page.get_by_label("Identity", exact=True).select_option("all identities")
    page.get_by_label("Task", exact=True).select_option("kept, not declared")
    expect(told(page)).to_have_text("6 of 1500 assets, 6 of 300 clients")
    page.get_by_label("Task", exact=True).select_option("any task")
    expect(page.locator("td.hit")).to_have_count(0)
    expect(page.locator("#matrix thead th").filter(visible=True)).to_have_count(13)


def test_heads_stay_in_sight(page: Page, files: dict[int, Path]) -> None:
    page.goto(files[12].as_uri())
    frame = page.locator(".wide")
    frame.evaluate("frame => { frame.scrollTop = 900; frame.scrollLeft = 400; }")
    box = frame.bounding_box()
    head = page.locator("#matrix thead th").nth(5).bounding_box()
    row = page.locator("#matrix tbody tr:not(.group) th").nth(30).bounding_box()
    assert box is not None
    assert head is not None
    assert row is not None
    assert abs(head["y"] - box["y"]) <= 2
    assert abs(row["x"] - box["x"]) <= 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("narrow", [False, True])
def test_every_text_is_readable_and_no_page_scrolls_sideways(
    page: Page, files: dict[int, Path], scheme: Any, narrow: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    if narrow:
        page.set_viewport_size(NARROW)
    page.goto(files[12].as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")

    assert (page.evaluate(SHADE) < 120) is (scheme == "dark")
    assert page.evaluate(WIDTH) == (360 if narrow else 1280)
    seen = page.evaluate(FAINT, READABLE)
    assert seen["found"] == []
    assert seen["seen"] > 300


def test_headings_labels_and_names_are_in_order(page: Page, files: dict[int, Path]) -> None:
    page.goto(files[12].as_uri())
    found = page.evaluate(ORDER)
    levels = found.pop("levels")

    assert found == {"lang": "en", "unlabelled": [], "nameless": [], "twice": [], "dangling": [], "headless": 0}
    assert levels == [2, 2, 2, 2, 2]  # the first stands in the header
    expect(page.get_by_role("heading", level=1)).to_have_text("Access of stack prod")
    expect(page.get_by_role("main")).to_have_count(1)
    for title in ("Who may do what", "Tokens", "Gates", "Quota", "More"):
        expect(page.get_by_role("region", name=title)).to_have_count(1)


def test_all_of_it_is_done_by_keyboard(page: Page, files: dict[int, Path]) -> None:
    page.goto(files[1].as_uri())
    places = []
    for _ in range(page.evaluate(REACHABLE)):
        page.keyboard.press("Tab")
        place = page.evaluate(FOCUSED)
        assert place["shown"], place
        places.append(place["at"])
    assert all(before < after for before, after in pairwise(places))

    fold = page.get_by_role("button", name="client-001")
    expect(fold).to_have_attribute("aria-expanded", "true")
    fold.focus()
    page.keyboard.press("Enter")
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(visible(page)).to_have_count(0)
    page.keyboard.press("Space")
    expect(visible(page)).to_have_count(5)
    page.get_by_role("button", name="Fold all", exact=True).press("Enter")
    expect(visible(page)).to_have_count(0)
    page.get_by_role("button", name="Unfold all", exact=True).press("Enter")
    expect(visible(page)).to_have_count(5)


def test_gates_are_searched_and_their_folds_open_for_what_is_found(page: Page, files: dict[int, Path]) -> None:
    page.goto(files[LARGE].as_uri())
    expect(page.locator("#shown-gates")).to_have_text("303 gates")
    rows = page.locator("details.gates tbody tr").filter(visible=True)
    expect(rows).to_have_count(18)
    page.get_by_label("Gate, owner or step").fill("client-042")
    expect(page.locator("#shown-gates")).to_have_text("1 of 303 gates")
    expect(rows.get_by_role("rowheader")).to_have_text(["client-042-share-act_100000000004100"])
    page.get_by_label("Gate, owner or step").fill("")
    page.get_by_label("Status", exact=True).select_option("pending human")
    expect(page.locator("#shown-gates")).to_have_text("15 of 303 gates")
    expect(rows).to_have_count(15)


def test_it_is_read_without_script(browser: Any, files: dict[int, Path]) -> None:
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(files[LARGE].as_uri())
    expect(plain.locator("#matrix tbody tr:not(.group)").filter(visible=True)).to_have_count(1500)
    expect(plain.get_by_role("search")).to_have_count(0)
    context.close()


def test_a_folded_page_is_printed_unfolded(page: Page, files: dict[int, Path]) -> None:
    page.goto(files[LARGE].as_uri())
    expect(visible(page)).to_have_count(0)
    page.emulate_media(media="print")

    expect(visible(page)).to_have_count(1500)
    expect(page.get_by_role("search")).to_have_count(0)
