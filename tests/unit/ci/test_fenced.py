"""Text of others in a job's summary: it cannot leave its fence."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

from ci.scripts import fenced as module
from ci.scripts.fenced import fenced

if TYPE_CHECKING:
    import pytest


def test_the_fence_is_longer_than_any_in_the_text() -> None:
    assert fenced("a\n````\n</details>", "prod") == (
        "<details><summary>prod</summary>\n\n`````text\na\n````\n</details>\n`````\n\n</details>\n"
    )


def test_colours_go_and_other_control_characters_are_written_out() -> None:
    assert "\n+ red \\x08 \\u202e\n" in fenced("\x1b[31m+ red\x1b[0m \x08 \u202e\r\n", "prod")


def test_a_title_brings_no_markup() -> None:
    assert fenced("a", "<b>`prod`</b>").startswith("<details><summary>bprodb</summary>")


def test_a_summary_is_never_too_long_for_its_forge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BYTES", 5)

    assert "\nabcd\n… 3 more bytes: see the job's log\n" in fenced("abcdé34", "prod")


def test_the_command_reads_what_is_no_text_either(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"a\xff")))

    assert module.main(["--title", "prod"]) == 0
    assert "\na\ufffd\n" in capsys.readouterr().out
