"""What the commands do on a terminal: its width, its colours, and the line that says that they are at work."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

from meta_access.cli import terminal
from meta_access.cli.terminal import AtWork, Mark
from tests.unit.graph.conftest import FakeClock


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """A terminal of forty columns."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "40")
    return Screen()


def test_a_sentence_fits_the_terminal(screen: Screen) -> None:
    with contextlib.redirect_stdout(screen):
        terminal.answer("Nothing was written. Decide these rows, and close again.\n\n    where:    " + "x" * 40)

    assert screen.getvalue().splitlines() == [
        "Nothing was written. Decide these rows,",
        "  and close again.",
        "",
        "    where:",
        "      " + "x" * 40,
    ]


def test_elsewhere_a_sentence_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setenv("COLUMNS", "40")

    with contextlib.redirect_stdout(file):
        terminal.answer("word " * 50)
    with contextlib.redirect_stdout(file):
        terminal.answer("one two", Mark.BROKEN, plain=5)

    assert file.getvalue() == "word " * 50 + "\none\n  two\n"


def test_no_sentence_is_wider_than_eighty_columns(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")

    with contextlib.redirect_stdout(screen):
        terminal.answer("word " * 50)

    assert [len(line) for line in screen.getvalue().splitlines()] == [79, 76, 76, 21]


def test_a_colour_means_one_thing(screen: Screen) -> None:
    rows = [(("a", "satisfied"), Mark.WELL), (("b", "drifted"), Mark.BROKEN), (("c", "-"), None)]
    with contextlib.redirect_stdout(screen):
        terminal.table(("Gate", "Status"), rows)

    assert screen.getvalue().splitlines() == [
        "\x1b[1mGate  Status\x1b[0m",
        "\x1b[32ma     satisfied\x1b[0m",
        "\x1b[31mb     drifted\x1b[0m",
        "c     -",
    ]
    assert [mark.on("x") for mark in (Mark.PERSON, Mark.UNKNOWN)] == ["\x1b[33mx\x1b[0m", "\x1b[36mx\x1b[0m"]


@pytest.mark.parametrize(("name", "value"), [("TERM", "dumb"), ("NO_COLOR", "1")])
def test_a_terminal_that_wants_no_colours_gets_none(
    screen: Screen, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with contextlib.redirect_stdout(screen):
        terminal.answer("all is well", Mark.WELL)

    assert screen.getvalue() == "all is well\n"


def test_a_file_gets_no_colours_whatever_is_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setenv("FORCE_COLOR", "1")

    with contextlib.redirect_stdout(file):
        terminal.answer("all is well", Mark.WELL)

    assert file.getvalue() == "all is well\n"


# --- at work ---


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_after_two_seconds_a_line_says_so_and_goes_before_the_answer(screen: Screen, clock: FakeClock) -> None:
    at_work = AtWork(screen, "meta-access gates", clock)
    door = terminal.Shown(screen, at_work)

    clock.sleep(1.9)
    at_work.look()
    assert screen.getvalue() == ""
    clock.sleep(1.1)
    at_work.look()
    at_work.look()
    clock.sleep(1)
    at_work.look()
    door.write("Nothing waits.\n")
    clock.sleep(1.5)
    at_work.look()
    at_work.end()

    assert screen.getvalue() == (
        "meta-access gates is at work, 3 s\r\x1b[Kmeta-access gates is at work, 4 s\r\x1b[KNothing waits.\n"
    )


def test_the_line_never_wraps_and_is_gone_at_the_end(
    screen: Screen, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    at_work = AtWork(screen, "meta-access gates", clock)

    clock.sleep(3)
    at_work.look()
    at_work.end()
    clock.sleep(3)
    at_work.look()

    assert screen.getvalue() == "meta-access gates i\r\x1b[K"


def test_a_question_is_left_alone_until_it_is_answered(screen: Screen, clock: FakeClock) -> None:
    at_work = AtWork(screen, "meta-access revoke", clock)
    door = terminal.Shown(screen, at_work)

    door.write("End them now? [y/N]:")
    door.write(" ")
    clock.sleep(60)
    at_work.look()
    assert screen.getvalue() == "End them now? [y/N]: "
    at_work.answered()
    clock.sleep(3)
    at_work.look()

    assert screen.getvalue() == "End them now? [y/N]: meta-access revoke is at work, 63 s"


PROGRAM = """
import time
from meta_access.cli import terminal

terminal.AtWork.AFTER_S, terminal._LOOK_EVERY_S = 0, 0.01
with terminal.shown("meta-access gates"):
    until = time.monotonic() + 30
    while terminal._now and not terminal._now[0]._said and time.monotonic() < until:
        pass
    text = "Client Jürgen & Söhne 株式会社 waits for one who is admin of the business."
    terminal.answer(text, terminal.Mark.PERSON)
"""
LINES = ["Client Jürgen & Söhne 株式会社 waits for", "  one who is admin of the business."]


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("xterm", [f"meta-access gates is at work, 0 s\r\x1b[K\x1b[33m{LINES[0]}", f"{LINES[1]}\x1b[0m"]),
        ("dumb", LINES),
    ],
)
def test_on_a_real_terminal_of_forty_columns(kind: str, lines: list[str]) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    env = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS"}}
    argv = [sys.executable, "-c", PROGRAM]
    subprocess.run(argv, stdin=theirs, stdout=theirs, stderr=theirs, env={**env, "TERM": kind}, timeout=60, check=True)
    os.close(theirs)
    with open(ours, "rb", buffering=0) as file:  # noqa: PTH123 - of a descriptor
        said = file.read(10_000).decode()

    assert said.replace("\r\n", "\n") == "\n".join([*lines, ""])
