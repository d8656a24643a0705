"""What the pages point at exists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import meta_access
from meta_access.providers._gate import GateResource
from tools.workspace import tables

if TYPE_CHECKING:
    from meta_access.providers._resource import MetaResource

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("*.md")])
RESOURCES = ROOT / "docs" / "resources"
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


NAMES = [name for name in meta_access.__all__ if name != "__version__"]


def page_of(name: str) -> str:
    file = re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
    return (RESOURCES / f"{file}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "page", [tables.README, tables.DOCTOR, *sorted(RESOURCES.glob("*.md"))], ids=lambda page: page.stem
)
def test_the_tables_of_a_page_are_those_of_the_resources(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert tables.written(text) == text, "run `make tables`"


@pytest.mark.parametrize("name", NAMES)
def test_a_resource_has_a_page_that_explains_all_its_inputs_and_outputs(name: str) -> None:
    resource: type[MetaResource] = getattr(meta_access, name)
    declared = resource.declaration

    assert f"<!-- inputs of {name} -->" in page_of(name)
    if not issubclass(resource, GateResource):
        assert (f"<!-- outputs of {name} -->" in page_of(name)) is bool(declared.outputs)
    assert [field.name for field in declared.inputs if not field.about] == []
    assert [output.name for output in declared.outputs if not output.about] == []


def test_a_table_has_types_defaults_and_meanings() -> None:
    stale = "<!-- inputs of AppInstallation -->\nold\n<!-- end -->\n"
    stale += "<!-- inputs of LoginConfiguration -->\n<!-- end -->\n<!-- outputs of BusinessUser -->\n<!-- end -->\n"
    lines = tables.written(stale).splitlines()

    assert "old" not in lines
    assert "| `system_user_id` | `str` | required | The user, by the id that the app sees. |" in lines
    assert "| `permissions` | `list[str]` | `[]` | What it asks for, as a whole. |" in lines
    assert "| `member_id` | `str` | The id that Meta has for the person or, before, for the invitation. |" in lines


def test_every_drill_of_the_runbook_is_a_test() -> None:
    root = Path(__file__).resolve().parents[2]
    text = (root / "docs" / "runbook.md").read_text(encoding="utf-8")
    named = re.findall(r"^Drill: `(tests/[\w/]+\.py)::(test_\w+)`$", text, re.MULTILINE)

    assert len(named) == len(re.findall(r"^## ", text, re.MULTILINE)) == 16
    for file, test in named:
        assert f"def {test}(" in (root / file).read_text(encoding="utf-8"), test
