"""The guard of every door: a library's exception that quotes a credential, at each of them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import runpy
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pulumi
import pytest
import requests

from components import program
from meta_access import cli, errors
from meta_access.cli import main
from meta_access.errors import ConfigError, GraphError, Problem
from meta_access.redaction import hide
from meta_access.vault import lambda_handler
from tests.unit.providers.conftest import printed as printed_by_the_host

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
# Of no shape that the scrubber knows: only that they were resolved in this process gives them away.
VALUES = [
    "plain-canary-0123456789",
    "canary\n0123456789abcdefghij",
    "canary\u200b0123456789abcdefghij",
    '"quoted-canary-0123"',
]
PROOF = hmac.new(b"canary-app-secret", b"canary-token", hashlib.sha256).hexdigest()


def forms(value: str) -> list[str]:
    raw = value.encode()
    coded = [base64.b64encode(bytes(lead) + raw).decode()[4 if lead else 0 : -4] for lead in range(3)]
    return [value, repr(value)[1:-1], value.replace("\n", " ").replace("\u200b", ""), PROOF, *coded]


def quoting(value: str) -> Exception:
    """What a library raises that quotes what it was given."""
    header = f"Invalid header value {value!r}, {value}, {base64.b64encode(b'me:' + value.encode()).decode()}"
    error = requests.exceptions.InvalidHeader(f"{header}, appsecret_proof {PROOF}")
    error.__cause__ = ValueError(value)
    return error


def at_the_program(error: Exception, monkeypatch: pytest.MonkeyPatch, _: Any) -> str:
    said: list[str] = []

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(program, "load_stack", refuse)
    monkeypatch.setattr(pulumi.log, "error", said.append)
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")
    assert ended.value.code == 32
    return "\n".join(said)


def at_a_provider(error: Exception, monkeypatch: pytest.MonkeyPatch, _: Any) -> str:
    return printed_by_the_host(error, monkeypatch)


def at_the_command(error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: failing)
    with pytest.raises(SystemExit) as ended:
        main(["orphans"])
    assert ended.value.code == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


def at_the_rotation_function(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(lambda_handler, "_rotate", refuse)
    with pytest.raises(lambda_handler.RotationFailedError) as failed:
        lambda_handler.lambda_handler({})
    # What AWS logs of it: the whole chain.
    chain = "".join(traceback.format_exception(failed.value, limit=0))
    return chain.replace("Traceback (most recent call last):", "", 1) + capsys.readouterr().out


DOORS = [at_the_program, at_a_provider, at_the_command, at_the_rotation_function]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("door", DOORS)
def test_no_door_lets_a_librarys_exception_quote_a_credential(
    door: Callable[..., str], value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hide(value)

    said = door(quoting(value), monkeypatch, capsys)

    assert "unexpected InvalidHeader in " in said
    assert "(please report it)" in said
    assert "Traceback" not in said
    for form in forms(value):
        assert form not in said


@pytest.mark.parametrize("door", DOORS)
def test_every_door_tells_an_expected_failure_as_it_is(
    door: Callable[..., str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problems = [Problem("meta:a", "is wrong.", "write b."), Problem("meta:c", "is wrong.", "write d.")]

    said = door(ConfigError(problems), monkeypatch, capsys)

    assert "meta:a: is wrong. Fix: write b." in said
    assert "meta:c: is wrong. Fix: write d." in said
    assert "please report" not in said


def test_a_graph_error_keeps_its_words() -> None:
    assert errors.printable(GraphError("reading 1 failed: no.")) == "reading 1 failed: no."
