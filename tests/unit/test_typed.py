"""What pages, and messages of the code, tell readers to type: each word and option exists, and each value fits."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import botocore.session
import click
import pytest
from botocore import xform_name

from meta_access.cli import main
from tests import shell_lines
from tests.shell_lines import Command

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROOT = Path(__file__).resolve().parents[2]
# CHANGELOG.md also names what is no more.
PAGES = sorted(
    [*(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")), *(ROOT / "docs").rglob("*.md")]
)
SOURCES = sorted(
    path
    for folder in ("meta_access", "meta_emulator", "components", "tools", "ci")
    for path in (ROOT / folder).rglob("*.py")
)
MESSAGE = re.compile(r"`((?:meta-access|make) (?:[^`\"\n]|\"\n\s*f?\")+)`")
"""A command within the text of a source, also where the text goes on in the next line."""
STATUSES = (
    *("meta-access comment", "meta-access issues", "meta-access nightly", "meta-access plan", "meta-access up"),
    *("meta-access review 1", "meta-access review of a fork"),
)
"""Names of jobs, statuses and files at a forge, which begin as a command does."""
OTHERS = {
    *(".", "cd", "eval", "export", "mktemp", "test"),
    *("curl", "docker", "git", "grep", "java", "jq", "keytool", "npm", "python3"),
}
"""Programs whose own words are not looked at here; nor are pulumi's, which tests/engine/test_typed.py looks at."""


def typed(pages: Iterable[Path]) -> list[Command]:
    return [command for page in pages for command in shell_lines.of(page, ROOT)]


def test_a_page_is_taken_apart_as_a_shell_does(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Run `make up`, or `aws sso login`.\n"
        "1. Then:\n"
        "   ```sh\n"
        "   A=1 B=$(inner 'x y' --json | jq -r .a) outer --to \"$(again)\" > out.txt  # says so\n"
        "   one --first \\\n"
        '     --second && two \'{"a": 1,\n'
        '     "b": 2}\' <<< "$A"; three\n'
        "   ```\n"
        "```text\n$ four five  # six\nwhat it says\n```\n"
    )

    assert [(*command.words, command.whole) for command in shell_lines.of(page, tmp_path)] == [
        ("inner", "x y", "--json", True),
        ("jq", "-r", ".a", True),
        ("again", True),
        ("outer", "--to", "INNER", True),
        ("one", "--first", "--second", True),
        ("two", '{"a": 1,\n"b": 2}', True),
        ("three", True),
        ("four", "five", True),
        ("make", "up", False),
        ("aws", "sso", "login", False),
    ]


def test_every_command_of_a_page_is_one_of_the_parser_and_its_values_fit() -> None:
    asked = [command for command in typed(PAGES) if command.words[0] == "meta-access"]

    assert len(asked) > 250
    assert [f"{command}: {wrong}" for command in asked if (wrong := refusal(command))] == []


def test_every_command_of_a_message_is_one_of_the_parser() -> None:
    asked = []
    for source in SOURCES:
        for found in MESSAGE.findall(source.read_text(encoding="utf-8")):
            text = re.sub(r"\"\n\s*f?\"", "", found)
            text = re.sub(r"\{[^{}]*\}", "NAME", text).translate(dict.fromkeys(map(ord, "…[]")))
            name = str(source.relative_to(ROOT))
            asked += [Command(name, tuple(words), whole=False) for words in shell_lines.commands(text)]

    assert len(asked) > 150
    assert [f"{command}: {wrong}" for command in asked if (wrong := refusal(command))] == []


def test_what_is_wrong_with_a_command_is_found() -> None:
    def wrong(*words: str, whole: bool = True) -> str | None:
        return refusal(Command("page.md", words, whole=whole))

    assert wrong("meta-access", "gates", "--stack", "prod") is None
    assert wrong("meta-access", "gate") == "No such command 'gate'. Did you mean gates?"
    assert wrong("meta-access", "gates", "--nix") == "No such option '--nix'."
    assert wrong("meta-access", "state", "verfy") == "No such command 'verfy'. Did you mean 'verify'?"
    assert wrong("meta-access", "access-review", "pack") == "Missing option '--from'."
    assert wrong("meta-access", "access-review", "pack", whole=False) is None
    assert "'soon' does not match" in str(wrong("meta-access", "access-review", "start", "--due", "soon"))
    assert wrong("make", "preview", "STACK=prod") is None
    assert wrong("make", "peview") == "There is no target peview."
    assert wrong("make", "preview", "STAK=prod") == "No target reads STAK."
    assert wrong("aws", "lambda", "add-permision") == "lambda has no add-permision."
    assert wrong("aws", "lambda", "add-permission", "--functon-name", "x") == "add-permission has no --functon-name."
    assert wrong("pip", "install", "meta-access[all]") == "There is no extra all."
    assert wrong("apt", "install", "jq") == "Nobody looked at how apt is called."


def refusal(command: Command) -> str | None:
    """What is wrong with a command, by the parser of its program."""
    program, *words = command.words
    match program.removeprefix(".venv/bin/"):
        case "meta-access":
            return None if " ".join(command.words) in STATUSES else _of_ours(words, whole=command.whole)
        case "make":
            return _of_make(words)
        case "aws":
            return _of_aws(words)
        case "pip":
            return _of_pip(words)
        case "pulumi":
            return None
        case other:
            return None if other in OTHERS else f"Nobody looked at how {other} is called."


def _of_ours(words: Sequence[str], *, whole: bool) -> str | None:
    """click's own refusal. A command within a sentence may lack what it needs, and name a value as COMMAND."""
    if words[0] in {"COMMAND", "NAME"}:
        return None
    command: click.Command = main
    name, arguments, context = "meta-access", list(words), None
    try:
        while True:
            context = command.make_context(name, arguments, parent=context)
            if not isinstance(command, click.Group) or not (rest := [*context._protected_args, *context.args]):
                return None
            found, chosen, arguments = command.resolve_command(context, rest)
            assert found is not None
            assert chosen is not None
            name, command = found, chosen
    except click.exceptions.Exit:  # --help, --version
        return None
    except (click.MissingParameter, click.exceptions.NoArgsIsHelpError) as wrong:
        return wrong.format_message() if whole else None
    except click.BadOptionUsage as wrong:
        return wrong.format_message() if whole or "requires an argument" not in wrong.message else None
    except click.UsageError as wrong:
        return wrong.format_message()


def _of_make(words: Sequence[str]) -> str | None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    for word in words:
        variable, given, _ = word.partition("=")
        if given and f"$({variable}" not in text and f",$({variable})" not in text:
            return f"No target reads {variable}."
        if not given and not word.startswith("-") and word not in targets:
            return f"There is no target {word}."
    return None


def _of_aws(words: Sequence[str]) -> str | None:
    """By botocore's model of the service, of which the options are made. Some commands are the program's alone."""
    service, operation, *rest = words if len(words) > 1 else (*words, "")
    if words[0] == "login" or words[:2] == ["sso", "login"]:
        return None
    model = botocore.session.get_session().get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in names:
        return f"{service} has no {operation}."
    shape = model.operation_model(names[operation]).input_shape
    known = {f"--{xform_name(name, '-')}" for name in (shape.members if shape else ())}
    wrong = [word for word in rest if word.startswith("--") and word not in known]
    return f"{operation} has no {', '.join(wrong)}." if wrong else None


def _of_pip(words: Sequence[str]) -> str | None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(re.findall(r"meta-access\[([\w,-]+)\]", " ".join(words)))
    unknown = sorted(extras - set(project["optional-dependencies"]))
    return f"There is no extra {', '.join(unknown)}." if unknown else None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_other_command_of_a_page_is_sound(page: Path) -> None:
    asked = [command for command in typed([page]) if command.words[0] != "meta-access"]

    assert [f"{command}: {wrong}" for command in asked if (wrong := refusal(command))] == []
