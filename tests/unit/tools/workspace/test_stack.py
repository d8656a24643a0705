from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.texts import lacks
from tools.workspace import down, ready, stack
from tools.workspace.stack import StackError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(stack, "ROOT", tmp_path)
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text("config: {}\n")
    return file


def test_a_rewritten_stack_file_is_put_back_and_said(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        with stack.unchanged(file):
            file.write_text("config: {}\nencryptionsalt: v1:x\n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert file.read_text() == "config: {}\n"
    assert not lacks(capsys.readouterr().out, "Pulumi.dev.yaml", "put back")


def test_an_untouched_stack_file_is_not_written(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.utime(file, (1, 1))
    with stack.unchanged(file):
        pass

    assert file.stat().st_mtime == 1
    assert capsys.readouterr().out == ""


def test_a_state_that_does_not_verify_stops_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tmp_path / "meta-access"
    command.write_text('#!/bin/sh\necho "$*" > "$CALLS"\nexit 1\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))

    with pytest.raises(StackError, match="does not vouch for the state of stack dev"):
        stack.verify("dev", os.environ)

    assert (tmp_path / "calls").read_text() == "state verify --stack dev\n"


PULUMI = '#!/bin/sh\necho "$*" > "$CALLS"\n'


@pytest.mark.parametrize(
    ("kind", "calls"),
    [
        ("creating", "refresh --yes --non-interactive --clear-pending-creates --stack dev\n"),
        ("deleting", None),  # an ordinary refresh settles those
    ],
)
def test_creates_that_were_never_recorded_are_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, calls: str | None
) -> None:
    command = tmp_path / "pulumi"
    command.write_text(PULUMI)
    command.chmod(0o755)
    pending = {"type": kind, "resource": {"urn": "urn:pulumi:dev::meta-access::a:b:C::reporting"}}
    (tmp_path / "dev.json").write_text(json.dumps({"checkpoint": {"latest": {"pending_operations": [pending]}}}))
    monkeypatch.setattr(stack, "CHECKPOINT", tmp_path / "dev.json")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))

    stack.forget_unfinished(os.environ)

    assert ((tmp_path / "calls").read_text() if (tmp_path / "calls").exists() else None) == calls


STACK = {"type": "pulumi:pulumi:Stack", "outputs": {"gates": {}}}
PROVIDER = {"type": "pulumi:providers:pulumi-python", "custom": True}


@pytest.mark.parametrize(
    ("latest", "empty"),
    [
        (None, True),
        ({}, True),
        ({"resources": [STACK, PROVIDER]}, True),
        ({"resources": [STACK, PROVIDER, {"type": "meta:access:AppAccess"}]}, False),
        ({"resources": [{"type": "pulumi-python:dynamic/meta:SystemUser", "custom": True}]}, False),
        ({"pending_operations": [{"type": "creating"}]}, False),
    ],
)
def test_a_stack_of_which_nothing_but_itself_is_left_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, latest: object, *, empty: bool
) -> None:
    file = tmp_path / "dev.json"
    monkeypatch.setattr(stack, "CHECKPOINT", file)
    if latest is not None:
        file.write_text(json.dumps({"version": 3, "checkpoint": {"stack": "dev", "latest": latest}}))

    assert stack.empty() is empty


def test_down_destroys_no_empty_stack_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[list[str]] = []

    def stream(argv: list[str], _env: object) -> int:
        ran.append(argv)
        return 0

    monkeypatch.setattr(ready, "dev", dict)
    monkeypatch.setattr(down, "stream", stream)
    monkeypatch.setattr(stack, "empty", lambda: True)
    monkeypatch.setattr(sys, "argv", ["down"])

    assert down.main() == 0

    assert ran == [["meta-access", "orphans", "--stack", "dev"]]
    assert "stack dev is empty: there is nothing to destroy\n" in capsys.readouterr().out


def test_what_dev_exports_is_read_where_the_backend_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "CHECKPOINT", tmp_path / "dev.json")
    assert stack.outputs() == {}

    kept = {"type": "pulumi:pulumi:Stack", "outputs": {"gates": {"ads-app-roles": "pending_human"}}}
    resources = [{"type": "pulumi:providers:pulumi-python"}, kept]
    (tmp_path / "dev.json").write_text(json.dumps({"checkpoint": {"latest": {"resources": resources}}}))

    assert stack.outputs() == {"gates": {"ads-app-roles": "pending_human"}}
