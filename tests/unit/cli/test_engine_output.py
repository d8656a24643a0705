"""What of the engine's text a command shows: the lines as the engine wrote them, and what stays of them."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from meta_access.cli.engine_output import EngineOutput
from tests.unit.graph.conftest import FakeClock

if TYPE_CHECKING:
    from collections.abc import Sequence

STACK = "  pulumi:pulumi:Stack (access-dev):"
TOKEN = "  pulumi-python:dynamic/meta:SystemUserToken (reporting):"


def section(*lines: str) -> list[str]:
    """A run's output with these diagnostics."""
    return [
        "Previewing update (dev):",
        "",
        "@ previewing update....",
        "    pulumi:pulumi:Stack access-dev running warning: a version ends",
        "Diagnostics:",
        *lines,
        "",
        "Outputs:",
        "    error: as an output",
        "Resources:",
        "    1 unchanged",
    ]


def shown(capsys: pytest.CaptureFixture[str], *runs: Sequence[str], failed: bool = False) -> list[str]:
    """What stands on standard error after runs of one command."""
    output = EngineOutput()
    for lines in runs:
        output.begin()
        for line in lines:
            output.out(f"{line}\n")
        output.end(failed=failed)
    told = capsys.readouterr()
    assert told.out == ""
    return told.err.splitlines()


@pytest.mark.parametrize(
    ("said", "left"),
    [
        pytest.param(section(STACK, "    a notice"), [], id="a notice is none"),
        pytest.param(
            section(STACK, "    warning: a version ends", "    a notice", "", "    another notice"),
            [STACK, "    warning: a version ends"],
            id="a notice below a warning",
        ),
        pytest.param(
            section(STACK, "    warning: two slips:", "      - one", "      - two", "    a notice"),
            [STACK, "    warning: two slips:", "      - one", "      - two"],
            id="a warning of several lines",
        ),
        pytest.param(
            section(STACK, "    a notice", TOKEN, "    error: failed:", "    Traceback", "", "    ValueError: x", ""),
            [TOKEN, "    error: failed:", "    Traceback", "", "    ValueError: x"],
            id="a traceback",
        ),
        pytest.param(
            section(STACK, "    error: one", "      error: within", "    error: two", TOKEN, "    error: one"),
            [STACK, "    error: one", "      error: within", "    error: two", TOKEN, "    error: one"],
            id="several errors",
        ),
        pytest.param(
            ["error: no stack named 'x' found", "Resources:"], ["error: no stack named 'x' found"], id="at the margin"
        ),
        pytest.param([STACK, "    error: elsewhere"], [], id="outside the section"),
    ],
)
def test_errors_and_warnings_are_shown_under_what_they_are_about(
    said: list[str], left: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(capsys, said) == left


def test_what_the_update_says_as_the_preview_did_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    before = section(STACK, "    warning: a version ends", "    1 call was made")
    after = section(STACK, "    warning: a version ends", "    2 calls were made", TOKEN, "    error: refused")

    assert shown(capsys, [*before, *after], after) == [
        STACK,
        "    warning: a version ends",
        TOKEN,
        "    error: refused",
    ]


def test_a_failed_run_that_only_warned_is_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    lines = section(STACK, "    warning: a version ends")

    assert shown(capsys, lines, failed=True) == [STACK, "    warning: a version ends", *lines]
    assert shown(capsys, section(STACK, "    error: x"), failed=True) == [STACK, "    error: x"]


def test_the_standard_error_is_passed_on_and_a_warning_in_it_once(capsys: pytest.CaptureFixture[str]) -> None:
    output = EngineOutput()
    for _ in range(2):
        output.begin()
        output.err("warning: a new version\n")
        output.err("panic: x\n")
        output.end(failed=True)

    assert capsys.readouterr().err == "warning: a new version\npanic: x\npanic: x\n"


def test_a_run_that_goes_on_says_so_every_quarter_of_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    clock = FakeClock()
    output = EngineOutput(clock=clock)
    for _ in range(5):
        clock.sleep(10)
        output.out("@ updating....\n")
        output.out("\n")

    assert capsys.readouterr().err == dedent(
        """\
        The run goes on: 2 lines of the engine so far.
        The run goes on: 4 lines of the engine so far.
        """
    )


def test_verbose_is_the_engines_own_text_as_it_comes(capsys: pytest.CaptureFixture[str]) -> None:
    lines = section(STACK, "    a notice")
    output = EngineOutput(verbose=True)
    for line in lines:
        output.out(f"{line}\n")
    output.err("warning: x\n")
    output.end(failed=True)

    assert capsys.readouterr().err.splitlines() == [*lines, "warning: x"]
