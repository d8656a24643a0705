"""The Dockerfile names what the project has. No image is built here: that needs a daemon, and the packages anew."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from meta_emulator.__main__ import command_line
from meta_emulator.httpd import AWS_PORT, GRAPH_PORT

ROOT = Path(__file__).parents[3]
LINES = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text(encoding="utf-8")).splitlines()
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _words(instruction: str) -> list[str]:
    """What follows each instruction of that name."""
    return [line.partition(" ")[2] for line in LINES if line.startswith(f"{instruction} ")]


def test_it_copies_what_is_there_and_all_that_a_build_reads() -> None:
    copied = [name for words in _words("COPY") for name in words.split()[:-1]]

    assert [name for name in copied if not (ROOT / name).exists()] == []
    lock = "requirements/emulator.txt"
    assert {
        "pyproject.toml",
        "components",
        "meta_access",
        "meta_emulator",
        "schema",
        lock,
        PROJECT["readme"],
        *PROJECT["license-files"],
    } == set(copied)


def test_it_takes_a_python_that_is_supported() -> None:
    [base] = _words("FROM")
    version = base.removeprefix("python:").removesuffix("-slim")

    assert f"Programming Language :: Python :: {version}" in PROJECT["classifiers"]


def test_it_installs_the_extra_as_a_user_who_owns_the_state_folder() -> None:
    [run] = _words("RUN")
    [extra] = re.findall(r"--require-hashes --no-deps --only-binary :all: -r requirements/([a-z]+)\.txt", run)

    assert extra in PROJECT["optional-dependencies"]
    assert "pip install --no-cache-dir --no-deps --no-build-isolation . && rm -rf /src" in run
    assert "useradd --create-home --uid 10001 emulator && install -d -o emulator -g emulator -m 0700 /state" in run
    assert (_words("USER"), _words("VOLUME")) == (["emulator"], ["/state"])
    assert LINES.index("USER emulator") > next(n for n, line in enumerate(LINES) if line.startswith("RUN "))


def test_it_starts_the_emulator_on_every_address_with_the_state_folder_of_the_volume() -> None:
    [entry] = _words("ENTRYPOINT")
    python, option, module, *words = json.loads(entry)
    given = command_line().parse_args([*words, "--world", "agency"])

    assert (python, option, module) == ("python", "-m", "meta_emulator")
    assert (str(given.home), given.host, given.expose, given.world) == ("/state", "0.0.0.0", True, "agency")
    assert (given.port, given.aws_port) == (None, None)


def test_it_publishes_and_watches_the_usual_ports() -> None:
    [watch] = _words("HEALTHCHECK")

    assert _words("EXPOSE") == [f"{GRAPH_PORT} {AWS_PORT}"]
    assert (GRAPH_PORT, AWS_PORT) == (8765, 8766)
    assert "'http://127.0.0.1:8765/healthz'" in watch
    for page in ("Dockerfile", "docs/emulator/standalone.md"):
        assert "-p 127.0.0.1:8765:8765 -p 127.0.0.1:8766:8766" in (ROOT / page).read_text(encoding="utf-8")
