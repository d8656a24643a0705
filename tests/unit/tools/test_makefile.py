"""The Makefile and the CI script, as the README names them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TARGETS = {
    "help",
    "lock",
    "up",
    "preview",
    "down",
    "test",
    "test-faults",
    "test-faults-all",
    "bench",
    "rehearsal",
    "mutants",
    "fuzz",
    "check",
    "emulator",
    "env",
    "clean",
    "lambda",
    "screenshots",
    "site",
    "tables",
}


def make(*arguments: str) -> str:
    done = subprocess.run(
        ["make", "--no-print-directory", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def test_help_is_the_default_and_prints_each_target_with_one_line() -> None:
    text = make("help")

    assert make() == text
    assert {line.split()[1] for line in text.splitlines()} == TARGETS
    assert all(re.fullmatch(r"  make [a-z-]+ +\S.*", line) for line in text.splitlines())
    assert 'eval "$(make -s env)"' in text


def test_every_target_is_phony_and_its_module_exists() -> None:
    text = (ROOT / "Makefile").read_text()
    [phony] = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)

    assert set(phony.split()) == TARGETS | {"venv", "look"}
    for module in set(re.findall(r"-m tools\.workspace\.(\w+)", text)):
        assert (ROOT / "tools" / "workspace" / f"{module}.py").is_file()


def test_preview_hands_on_the_stack_and_offline() -> None:
    assert make("-n", "preview").split()[-3:] == ["tools.workspace.preview", "--stack", "dev"]
    assert make("-n", "preview", "STACK=prod", "OFFLINE=1").split()[-3:] == ["--stack", "prod", "--offline"]
    assert make("-n", "preview", "STACK=prod", "OFFLINE=0").split()[-2:] == ["--stack", "prod"]
    assert (
        make("-n", "preview", "STACK=prod", "SNAPSHOT=a b.json")
        .strip()
        .endswith(" --stack prod  --snapshot 'a b.json'")
    )
    assert make("-n", "preview", "VERBOSE=1").split()[-3:] == ["--stack", "dev", "--verbose"]


def test_a_quick_bench_is_asked_for_by_its_name() -> None:
    assert make("-n", "bench").split()[-2:] == ["-m", "tools.bench"]
    assert make("-n", "bench", "BENCH=quick").split()[-2:] == ["tools.bench", "--quick"]


def test_ci_runs_the_tests_and_a_sample_of_the_faults() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()

    assert [line for line in lines if "make " in line and not line.startswith(("#", "echo"))] == [
        "make test-faults || code=$?",
        "make test || code=$?",
    ]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
