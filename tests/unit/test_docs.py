"""What the pages point at exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
PLACE = re.compile(r"`((?:meta_access|components|tools|tests|stacks|docs)/[A-Za-z0-9_./-]+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_places_of_a_page_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    missing = [link for link in LINK.findall(text) if not (page.parent / link).exists()]
    missing += [place for place in PLACE.findall(text) if not (ROOT / place).exists()]

    assert missing == []


def test_every_page_is_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    open_ = [ROOT / "README.md"]
    while open_:
        page = open_.pop()
        seen.add(page)
        if page.suffix == ".md":
            found = [(page.parent / link).resolve() for link in LINK.findall(page.read_text(encoding="utf-8"))]
            open_ += [link for link in found if link.exists() and link not in seen]
    unreached = [page for page in PAGES if page not in seen and page.parent.name != "adr"]

    assert [str(page.relative_to(ROOT)) for page in unreached] == []


def test_every_drill_of_the_runbook_is_a_test() -> None:
    root = Path(__file__).resolve().parents[2]
    text = (root / "docs" / "runbook.md").read_text(encoding="utf-8")
    named = re.findall(r"^Drill: `(tests/[\w/]+\.py)::(test_\w+)`$", text, re.MULTILINE)

    assert len(named) == len(re.findall(r"^## ", text, re.MULTILINE)) == 10
    for file, test in named:
        assert f"def {test}(" in (root / file).read_text(encoding="utf-8"), test
