"""What the whole command shares: the hint at what was meant, failures as JSON, and a terminal that is not obeyed."""

from __future__ import annotations

import io
import json

import click
import pytest
from click.testing import CliRunner

from meta_access import snapshot
from meta_access.cli import COMMANDS, main, pulumi_stack, terminal


def test_a_command_that_was_probably_meant_is_named() -> None:
    for typed, meant in (("rot", "rotate"), ("rotat", "rotate"), ("reprot", "report"), ("gate", "gates")):
        done = CliRunner().invoke(main, [typed])
        assert (done.exit_code, done.stdout) == (1, "")
        assert f"Error: No such command '{typed}'. Did you mean {meant}?\n" in done.stderr

    assert "Error: No such command 'xyz'.\n" in CliRunner().invoke(main, ["xyz"]).stderr


def test_an_option_and_a_subcommand_that_were_probably_meant_are_named() -> None:
    assert "No such option '--rev'. Did you mean --review-pack?" in CliRunner().invoke(main, ["gates", "--rev"]).stderr
    assert "Did you mean '--stack'?" in CliRunner().invoke(main, ["gates", "--stak", "dev"]).stderr
    assert "Did you mean 'verify'?" in CliRunner().invoke(main, ["state", "verfy"]).stderr


def test_what_needs_what_is_so_today_is_refused_under_a_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(snapshot.VARIABLE, "s.json")
    live = sorted(name for name, command in COMMANDS.items() if command.live)
    assert live == [
        "attest",
        "bootstrap",
        "discover",
        "evidence",
        "function",
        "import",
        "offboard",
        "orphans",
        "revoke",
        "rotate",
        "snapshot",
        "token",
    ]
    for name in live:
        done = CliRunner().invoke(main, [name, "--yes"])
        text = f"`meta-access {name}` is refused: META_ACCESS_SNAPSHOT serves previews only. Unset it and repeat."
        assert (done.exit_code, done.stdout, done.stderr) == (1, "", f"Error: {text}\n")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["rot", "--json"], "No such command 'rot'. Did you mean rotate?"),
        (["gates", "--json", "--nix"], "No such option '--nix'."),
        (["gates", "--json", "--stack"], "Option '--stack' requires an argument."),
        (["--json"], "No such option '--json'."),
        (
            ["state", "verify", "--file", "absent.json", "--json"],
            "Reading absent.json failed: No such file or directory. Name a file that exists.",
        ),
    ],
)
def test_a_failure_under_json_is_one_object(words: list[str], error: str) -> None:
    done = CliRunner().invoke(main, words)

    assert (done.exit_code, done.stderr) == (1, "")
    told = json.loads(done.stdout)
    assert told["error"].startswith(error)
    assert list(told) == ["error"]


def test_a_question_that_is_not_answered_is_an_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def stops(_stack: str | None) -> None:
        raise click.Abort

    monkeypatch.setattr(pulumi_stack, "outputs", stops)

    done = CliRunner().invoke(main, ["report", "--json"])

    assert (done.exit_code, json.loads(done.stdout)) == (1, {"error": "stopped."})


ILL = "Acme \x1b[2J\x1b]0;x\x07\rall is well\u202egnp\n\x1b[31mred\x1b[0m"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_is_printed_is_shown_and_not_obeyed() -> None:
    file = io.StringIO()

    assert terminal.Shown(file).write(ILL) == len(ILL)

    assert file.getvalue() == (
        "Acme <U+001B>[2J<U+001B>]0;x<U+0007> all is well<U+202E>gnp\n<U+001B>[31mred<U+001B>[0m"
    )


def test_a_terminal_keeps_our_colours() -> None:
    screen = Terminal()

    terminal.Shown(screen).write(ILL)

    assert screen.getvalue().endswith("gnp\n\x1b[31mred\x1b[0m")
    assert "\x1b[2J" not in screen.getvalue()
    assert "\x1b]" not in screen.getvalue()


@pytest.mark.parametrize(
    ("written", "logged"),
    [
        (["::error::x\n"], "<U+003A>:error::x\n"),
        (["a\n \t::stop-commands::x\n::debug::y"], "a\n \t<U+003A>:stop-commands::x\n<U+003A>:debug::y"),
        (["a\n", "  ", "::error::x", "::y"], "a\n  <U+003A>:error::x::y"),
        (["act ::error::x, a", "::b"], "act ::error::x, a::b"),
        (["a ##[error]x ##vso[task.complete]\n"], "a <U+0023>#[error]x <U+0023>#vso[task.complete]\n"),
        (["## [A link](b.md)\n### C\n"], "## [A link](b.md)\n### C\n"),
    ],
)
def test_a_runner_that_reads_the_log_finds_no_command(written: list[str], logged: str) -> None:
    file = io.StringIO()
    door = terminal.Shown(file)

    for text in written:
        door.write(text)

    assert file.getvalue() == logged


def test_json_means_the_same_behind_the_door() -> None:
    file = io.StringIO()

    terminal.Shown(file).write(json.dumps({"name": "::a ##[error]x"}) + "\n")

    assert file.getvalue() == '{"name": "::a \\u0023#[error]x"}\n'
    assert json.loads(file.getvalue()) == {"name": "::a ##[error]x"}


def test_names_of_others_reach_the_terminal_through_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    state = {"deployment": {"resources": [{"type": "pulumi-python:dynamic/meta:AppRoles", "urn": f"urn::{ILL}"}]}}
    monkeypatch.setattr(pulumi_stack, "outputs", lambda _stack: {"login_urls": {"ads": ILL}})
    monkeypatch.setattr(pulumi_stack, "export", lambda _stack: state)
    monkeypatch.setattr(pulumi_stack, "seen", lambda _stack: pulumi_stack.Seen(None, "", failed_since=False))

    done = CliRunner().invoke(main, ["report", "--stack", "dev"])

    assert done.exit_code == 0
    assert "ads: Acme <U+001B>[2J" in done.stdout
    assert not set(done.stdout) & set("\x1b\x07\r\u202e")
