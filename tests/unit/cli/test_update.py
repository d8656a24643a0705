"""A targeted run of pulumi: what of it is shown, and how its end is understood."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from meta_access.cli import pulumi_run
from meta_access.cli.engine_output import EngineOutput
from meta_access.cli.pulumi_run import Bounds, RunEnd
from meta_access.cli.pulumi_stack import StackReadError

URNS = ["urn:a", "urn:b"]
PROGRAM = """
from pathlib import Path
from meta_access.errors import ConfigError
from meta_access.stack.load import load_stack
try:
    load_stack({}, "dev", Path("nowhere"))
except ConfigError:
    print("no such luck")
"""


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the engine's command; write its body."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "pulumi"


def answer(pulumi: Path, body: str) -> None:
    pulumi.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    pulumi.chmod(0o755)


def test_the_resources_alone_are_run_and_what_it_prints_is_no_answer(
    pulumi: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    answer(
        pulumi,
        'test "$*" = "up --yes --non-interactive --refresh --stack dev --target urn:a --target urn:b" || exit 7\n'
        'test "$PULUMI_RUN_PROGRAM$PULUMI_CONTINUE_ON_ERROR" = truetrue || exit 8\necho Updating',
    )

    assert pulumi_run.targeted("dev", URNS, EngineOutput()) is RunEnd.WELL
    assert capfd.readouterr() == ("", "")
    assert pulumi_run.targeted("dev", URNS, EngineOutput(verbose=True)) is RunEnd.WELL
    assert capfd.readouterr() == ("", "Updating\n")


def test_a_run_that_failed_without_a_word_of_why_is_shown_whole(
    pulumi: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    answer(pulumi, 'test "$1" = up || exit 0; echo Updating; echo "warning: an old version" >&2; exit 255')

    assert pulumi_run.targeted("dev", URNS, EngineOutput()) is RunEnd.MISSED
    said = capfd.readouterr().err.splitlines()
    assert (said[0], sorted(said[1:])) == ("warning: an old version", ["Updating", "warning: an old version"])


def test_a_failed_run_shows_its_errors_and_the_next_one_only_what_is_new(
    pulumi: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    answer(
        pulumi,
        'test "$1" = up || exit 0\n'
        "printf 'Updating\\nDiagnostics:\\n  a:T (a):\\n    warning: old\\n    error: refused\\n\\nResources:\\n'\n"
        'echo "error: update failed" >&2; exit 255',
    )
    output = EngineOutput()

    assert pulumi_run.targeted("dev", URNS, output) is RunEnd.MISSED
    said = capfd.readouterr().err.splitlines()
    assert [line for line in said if line != "error: update failed"] == [
        "  a:T (a):",
        "    warning: old",
        "    error: refused",
    ]
    assert pulumi_run.targeted("dev", URNS, output) is RunEnd.MISSED
    assert capfd.readouterr().err == "error: update failed\n"


def test_no_plugin_is_fetched_but_those_of_the_program_s_own_packages(
    pulumi: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = tmp_path / "called"
    answer(pulumi, f'echo "$1 $2 ${{{pulumi_run.OFF}:-unset}}" >> {called}')
    monkeypatch.delenv(pulumi_run.OFF, raising=False)

    assert pulumi_run.targeted("dev", URNS, EngineOutput()) is RunEnd.WELL
    assert called.read_text() == "plugin install unset\nup --yes true\n"

    called.unlink()
    monkeypatch.setenv(pulumi_run.OFF, "true")
    assert pulumi_run.targeted("dev", URNS, EngineOutput()) is RunEnd.WELL
    assert called.read_text() == "up --yes true\n"


def test_plugins_that_cannot_be_got_hold_up_no_run(pulumi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(pulumi_run.OFF, raising=False)
    answer(pulumi, 'test "$1" = up')

    assert pulumi_run.targeted("dev", URNS, EngineOutput()) is RunEnd.WELL


def test_a_refused_configuration_is_a_finding_and_not_a_sentence(
    pulumi: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A program of the user's own may print the problems as it likes, or nothing at all.
    answer(pulumi, f"{sys.executable} -c '{PROGRAM}' >&2; exit 255")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    assert pulumi_run.targeted("dev", URNS, EngineOutput()) is RunEnd.REFUSED

    answer(pulumi, "echo '    error: 2 problems in the configuration:'; exit 255")
    assert pulumi_run.targeted("dev", URNS, EngineOutput()) is RunEnd.MISSED

    answer(
        pulumi,
        'test "$1" = up || exit 0; printf \'{"finding": "refused"}\\nhalf a li\' > "$META_ACCESS_FINDINGS"; exit 255',
    )
    monkeypatch.setenv("META_ACCESS_FINDINGS", str(tmp_path / "mine.jsonl"))
    assert pulumi_run.targeted("dev", URNS, EngineOutput()) is RunEnd.MISSED
    # Who reads along goes on reading.
    assert (tmp_path / "mine.jsonl").read_text() == '{"finding": "refused"}\nhalf a li'


def test_an_error_of_a_token_s_own_is_told_from_one_of_the_run(pulumi: Path) -> None:
    answer(pulumi, "echo '  pulumi-python:dynamic/meta:SystemUserToken (a):'; echo '    error: refused'; exit 255")

    assert pulumi_run.targeted("dev", URNS, EngineOutput()) is RunEnd.BADLY


@pytest.mark.parametrize(
    "said",
    [
        "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or …",
        "error: [409] Conflict: Another update is currently in progress.",
    ],
)
def test_a_lock_of_another_run_is_told_from_any_other_failure(pulumi: Path, said: str) -> None:
    answer(pulumi, f"echo '{said}' >&2; exit 255")

    assert pulumi_run.targeted("dev", URNS, EngineOutput()) is RunEnd.LOCKED


def test_a_run_that_stood_still_is_told(pulumi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true")
    answer(pulumi, "echo Updating; exec sleep 60")

    assert pulumi_run.targeted("dev", URNS, EngineOutput(), Bounds(0.3, 9, 9, 0.1)) is RunEnd.STILL


def test_a_state_that_cannot_be_loaded_gets_its_explanation(pulumi: Path, capfd: pytest.CaptureFixture[str]) -> None:
    answer(pulumi, "echo 'error: failed to load checkpoint: EOF' >&2; exit 255")

    assert pulumi_run.targeted("dev", URNS, EngineOutput()) is RunEnd.MISSED
    assert "delete the empty file (.pulumi/stacks/PROJECT/STACK.json.attrs" in capfd.readouterr().err


def test_a_run_that_ends_well_was_not_refused(pulumi: Path) -> None:
    answer(pulumi, 'echo \'{"finding": "configuration"}\' > "$META_ACCESS_FINDINGS"')

    assert pulumi_run.targeted("dev", URNS, EngineOutput()) is RunEnd.WELL


def test_without_the_engine_the_way_to_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(StackReadError, match="pulumi failed: it is not on PATH"):
        pulumi_run.targeted("dev", URNS, EngineOutput())
