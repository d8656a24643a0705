"""The locked packages: complete, hashed, of one version everywhere, and without an address."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.workspace import lock

ROOT = Path(__file__).resolve().parents[3]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ONLY_TESTS = {"pytest", "mypy", "moto", "ruff", "playwright", "facebook-business", "hypothesis"}


def locked(which: str) -> dict[str, list[Requirement]]:
    """The requirements of a set by name; two when systems or Pythons differ."""
    text = (ROOT / "requirements" / f"{which}.txt").read_text(encoding="utf-8")
    found: dict[str, list[Requirement]] = {}
    for line in (line.removesuffix(" \\") for line in text.splitlines() if not line.startswith(" ")):
        one = Requirement(line)
        found.setdefault(canonicalize_name(one.name), []).append(one)
    return found


def declared(extra: str | None) -> list[Requirement]:
    """What pyproject.toml asks for, an extra that names another one followed."""
    asked = [Requirement(line) for line in PROJECT["dependencies"]]
    waiting = [extra] if extra else []
    while waiting:
        for line in PROJECT["optional-dependencies"][waiting.pop()]:
            one = Requirement(line)
            if canonicalize_name(one.name) == PROJECT["name"]:
                waiting.extend(one.extras)
            else:
                asked.append(one)
    return asked


@pytest.mark.parametrize(("which", "extra"), [("dev", "dev"), ("emulator", "emulator"), ("runtime", None)])
def test_each_set_has_what_the_project_declares_in_a_version_that_it_allows(which: str, extra: str | None) -> None:
    found = locked(which)
    tools = [Requirement(line) for line in (ROOT / "requirements/tools.in").read_text().splitlines() if line[0] != "#"]

    for asked in [*declared(extra), *tools]:
        here = [one for one in found[canonicalize_name(asked.name)] if one.marker is None or one.marker.evaluate()]
        [version] = [str(one.specifier).removeprefix("==") for one in here]
        assert asked.specifier.contains(version), f"{asked} is locked at {version}: make lock"


@pytest.mark.parametrize("which", lock.SETS)
def test_every_line_has_a_version_and_hashes_and_names_no_place(which: str) -> None:
    text = (ROOT / "requirements" / f"{which}.txt").read_text(encoding="utf-8")

    assert "://" not in text
    assert not re.search(r"^ *-(?!-hash=sha256:)", text, re.MULTILINE)
    entries = re.split(r"\n(?=[a-z])", text.rstrip("\n"))
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_smaller_sets_are_parts_of_the_largest() -> None:
    dev = {str(one) for lines in locked("dev").values() for one in lines}

    assert {str(one) for lines in locked("emulator").values() for one in lines} <= dev
    assert {str(one) for lines in locked("runtime").values() for one in lines} <= dev


def test_a_job_that_holds_credentials_gets_nothing_of_the_tests() -> None:
    assert set(locked("dev")) >= ONLY_TESTS
    assert ONLY_TESTS.isdisjoint(locked("runtime"))
    assert default_environment()["python_version"] >= lock.OLDEST


def test_locking_writes_no_address_and_takes_over_the_largest_set_s_versions() -> None:
    words = lock.argv(Path("uv"), "runtime")

    assert words[:3] == ["uv", "pip", "compile"]
    assert {"--generate-hashes", "--universal", "--no-emit-index-url", "--no-emit-find-links"} <= set(words)
    assert words[words.index("--constraint") + 1] == "requirements/dev.txt"
    assert words[-1] == "requirements/runtime.txt"
