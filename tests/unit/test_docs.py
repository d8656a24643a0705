"""What the pages point at exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import meta_access
from meta_access.cli import COMMANDS
from meta_access.providers._gate import GateResource
from tools.workspace import tables

if TYPE_CHECKING:
    from meta_access.providers._resource import MetaResource

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("*.md")])
RESOURCES = ROOT / "docs" / "resources"
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
LISTED = re.compile(r"^(?:\.\./)?[a-z]+(?:[/-][A-Za-z-]+)*$", re.MULTILINE)
"""An entry of one of the site's lists of pages."""
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
            text = page.read_text(encoding="utf-8")
            found = [(page.parent / link).resolve() for link in LINK.findall(text)]
            found += [ROOT / place for place in PLACE.findall(text)]
            found += [(page.parent / f"{entry}.md").resolve() for entry in LISTED.findall(text)]
            found += sorted(page.parent.glob("*.md")) if "\n:glob:\n" in text else []
            open_ += [link for link in found if link.exists() and link not in seen]
    unreached = [page for page in PAGES if page not in seen]

    assert [str(page.relative_to(ROOT)) for page in unreached] == []


NAMES = [name for name in meta_access.__all__ if name != "__version__"]


def page_of(name: str) -> str:
    file = re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
    return (RESOURCES / f"{file}.md").read_text(encoding="utf-8")


def test_the_pages_have_what_the_code_says() -> None:
    # In a process of its own: click keeps the help option of a command as the first call of this process had it.
    argv = [sys.executable, "-m", "tools.workspace.tables", "--check"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert (done.returncode, done.stdout) == (0, "")


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


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_a_page_that_says_what_it_needs_and_what_it_takes(name: str) -> None:
    text = (ROOT / "docs" / "commands" / f"{name}.md").read_text(encoding="utf-8")

    assert re.findall(r"^\| (Meta|AWS) \|", text, re.MULTILINE) == ["Meta", "AWS"]
    assert f"<!-- help of {name} -->" in text


def test_pages_have_the_help_of_commands_and_the_codes_of_errors() -> None:
    stale = "".join(f"<!-- {of} -->\n<!-- end -->\n" for of in ("help of token", "codes of meta", "codes of aws"))
    lines = tables.written(stale).splitlines()

    assert "Usage: meta-access token [OPTIONS] COMMAND [ARGS]..." in lines
    assert "## token adopt" in lines
    at = lines.index("### 190/463")
    assert lines[at + 2 : at + 4] == [
        "The token has expired.",
        "*Next:* Put a valid token where admin_token of this connection points.",
    ]
    assert "### AccessDeniedException" in lines


def test_every_drill_of_the_runbook_is_a_test() -> None:
    root = Path(__file__).resolve().parents[2]
    text = (root / "docs" / "runbook.md").read_text(encoding="utf-8")
    named = re.findall(r"^Drill: `(tests/[\w/]+\.py)::(test_\w+)`$", text, re.MULTILINE)

    assert len(named) == len(re.findall(r"^## ", text, re.MULTILINE)) == 16
    for file, test in named:
        assert f"def {test}(" in (root / file).read_text(encoding="utf-8"), test
