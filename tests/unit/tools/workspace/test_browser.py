from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.texts import lacks
from tools.workspace import browser

if TYPE_CHECKING:
    from collections.abc import Sequence


class Machine:
    """A PATH, and an apt-get that puts Chromium there."""

    def __init__(self, *programs: str, works: bool = True) -> None:
        self.programs = set(programs)
        self.works = works
        self.ran: list[str] = []

    def which(self, name: str) -> str | None:
        return f"/usr/bin/{name}" if name in self.programs else None

    def run(self, argv: Sequence[str]) -> None:
        self.ran.append(" ".join(argv))
        if not self.works:
            raise subprocess.CalledProcessError(100, list(argv), stderr="E: Unable to fetch some archives\n")
        if "install" in argv:
            self.programs.add("chromium")


def test_a_browser_on_path_is_taken_and_nothing_is_installed() -> None:
    machine = Machine("google-chrome", "apt-get")

    assert browser.obtain(machine.which, machine.run, root=True) == "/usr/bin/google-chrome"
    assert machine.ran == []


def test_chromium_is_preferred() -> None:
    assert browser.find(Machine("google-chrome", "chromium-browser", "chromium").which) == "/usr/bin/chromium"


def test_debians_package_is_installed_where_it_may_be(capsys: pytest.CaptureFixture[str]) -> None:
    machine = Machine("apt-get")

    assert browser.obtain(machine.which, machine.run, root=True) == "/usr/bin/chromium"
    assert machine.ran == ["apt-get update -qq", "apt-get install -y -qq --no-install-recommends chromium"]
    assert capsys.readouterr().out == "browser: installing Debian's chromium\n"


@pytest.mark.parametrize(
    ("machine", "root", "why"),
    [
        (Machine(), True, "and no apt-get to install one"),
        (Machine("apt-get"), False, "and only root may install one"),
        (Machine("apt-get", works=False), True, "`apt-get update -qq` failed: E: Unable to fetch some archives"),
    ],
)
def test_without_a_browser_it_fails_and_says_the_fix(machine: Machine, root: bool, why: str) -> None:
    with pytest.raises(browser.BrowserNotFoundError) as failed:
        browser.obtain(machine.which, machine.run, root=root)

    words = str(failed.value)
    assert not lacks(words, "chromium", "chromium-browser", "google-chrome")
    assert why in words
    assert not lacks(words, "`apt-get install chromium`")


def test_a_package_that_brings_no_browser_is_no_success() -> None:
    machine = Machine("apt-get")

    with pytest.raises(browser.BrowserNotFoundError, match="even after apt-get installed the package"):
        browser.obtain(machine.which, lambda _argv: None, root=True)


def test_a_stuck_apt_is_given_up() -> None:
    def stuck(argv: Sequence[str]) -> None:
        raise subprocess.TimeoutExpired(list(argv), 600)

    with pytest.raises(browser.BrowserNotFoundError, match="timed out after 600 seconds"):
        browser.obtain(Machine("apt-get").which, stuck, root=True)
