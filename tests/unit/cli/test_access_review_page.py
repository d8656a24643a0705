"""What docs/access-review.md prints is what comes out: its commands, word for word, in a stack of the emulated Meta."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from click.testing import CliRunner

from meta_access.cli import main, pulumi_stack
from tests.unit.cli.reviewed import INES, INES_MAIL, NADIA, SHOP

if TYPE_CHECKING:
    from tests.unit.cli.reviewed import Place

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "access-review.md").read_text(encoding="utf-8")
SHORT, RUN, RECORD = (
    re.findall(rf"^```{kind}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)[0] for kind in ("sh", "text", "yaml")
)


@pytest.fixture
def given(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Somebody has given ines an ad account by hand; who commits is whom git is configured for, as on a machine."""
    place.give(SHOP, INES, "ANALYZE")
    monkeypatch.setattr(pulumi_stack, "selected", lambda: "dev")
    for key, value in {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}.items():
        monkeypatch.setenv(key, value)
    for key in [one for one in os.environ if one.startswith(("GIT_AUTHOR", "GIT_COMMITTER"))]:
        monkeypatch.delenv(key)
    sh("git config user.name x")
    return place


def sh(line: str) -> str:
    """What a line of a shell prints; `meta-access` is run here."""
    said = ""
    for command in line.partition("  #")[0].split(" && "):
        program, *words = shlex.split(command)
        if program == "git":
            ran = subprocess.run([program, *words], check=True, capture_output=True, text=True)
            said += "" if "-q" in words else ran.stdout
        else:
            assert program == "meta-access"
            done = CliRunner().invoke(main, words, input="y\n")
            assert done.exit_code in {0, 2}, done.output
            said += done.output
    return said


def test_the_recorded_run_comes_out_as_it_is_printed(given: Place) -> None:
    assert given.stacks.is_dir()
    for part in RUN.split("$ ")[1:]:
        command, _, printed = part.partition("\n")

        said = [line.rstrip() for line in sh(command).splitlines()]

        head, cut, tail = (text.splitlines() for text in printed.partition("…\n"))
        assert said[: len(head)] == head, command
        assert said[len(said) - len(tail) :] == tail if cut else said == head, command


def test_the_short_way_works_to_its_end(given: Place) -> None:
    sh(f"git config user.email {NADIA}")

    said = [sh(line.replace("--stack prod", "--stack dev")) for line in SHORT.splitlines()]

    assert "stacks/access-reviews.dev/2026-11-24-lindenhof.yaml: 3 decided by nadia; all are decided." in said[1]
    closed = [f"stacks/access-reviews.dev/2026-11-24-{client}.yaml" for client in ("acme", "lindenhof")]
    assert f"Closed: {', '.join(closed)}. Commit it with the files: that is the next change." in said[3]
    assert "pack/access.html\npack/access.csv\n" in said[5]
    assert (given.root / "pack" / "access.csv").is_file()


def test_the_record_is_as_it_is_printed(given: Place) -> None:
    sh("meta-access access-review start --client lindenhof")

    [row] = [
        one for one in given.record("access-reviews.dev/2026-11-24-lindenhof.yaml")["access"] if one["name"] == "ines"
    ]

    assert [row] == yaml.safe_load(RECORD)
    assert row["email"] == INES_MAIL
