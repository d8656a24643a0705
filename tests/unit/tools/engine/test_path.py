from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.tools.engine.engines import fake_engine
from tools.engine import path
from tools.engine.binaries import WayFailedError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_whole_and_recent_engine_on_path_is_taken(tmp_path: Path) -> None:
    folder = fake_engine(tmp_path / "bin", "3.260.1")

    found = path.look(str(folder))

    assert (found.folder, found.version, found.way) == (folder, "3.260.1", "PATH")


def test_the_folder_behind_a_link_is_the_engines_folder(tmp_path: Path) -> None:
    folder = fake_engine(tmp_path / "real")
    links = tmp_path / "links"
    links.mkdir()
    (links / "pulumi").symlink_to(folder / "pulumi")

    assert path.look(str(links)).folder == folder


def test_nothing_on_path_is_a_reason(tmp_path: Path) -> None:
    with pytest.raises(WayFailedError, match=r"^pulumi is not on PATH$"):
        path.look(str(tmp_path))


def test_an_engine_without_its_language_host_is_not_taken(tmp_path: Path) -> None:
    folder = fake_engine(tmp_path, without=("pulumi-language-python",))

    with pytest.raises(WayFailedError, match=r"has no pulumi-language-python next to pulumi$"):
        path.look(str(folder))


@pytest.mark.parametrize("version", ["3.253.9", "2.400.0"])
def test_an_engine_older_than_the_minimum_is_not_taken(tmp_path: Path, version: str) -> None:
    with pytest.raises(WayFailedError, match=rf"pulumi {version} in .* is older than 3\.254\.0$"):
        path.look(str(fake_engine(tmp_path, version)))


@pytest.mark.parametrize("version", ["3.261.0", "3.276.0", "4.0.0"])
def test_an_engine_on_which_a_failed_neighbour_may_cost_a_token_is_not_taken(tmp_path: Path, version: str) -> None:
    with pytest.raises(WayFailedError, match=rf"pulumi {version} in .* is newer than the programs run on$"):
        path.look(str(fake_engine(tmp_path, version)))


@pytest.mark.parametrize("version", ["3.254.0", "3.254.0-alpha.1", "3.260.9"])
def test_an_engine_from_the_minimum_on_is_taken(tmp_path: Path, version: str) -> None:
    assert path.look(str(fake_engine(tmp_path, version))).way == "PATH"


def test_an_engine_that_does_not_run_is_a_reason(tmp_path: Path) -> None:
    folder = fake_engine(tmp_path)
    (folder / "pulumi").write_text("#!/bin/sh\nexit 3\n")

    with pytest.raises(WayFailedError, match="does not run"):
        path.look(str(folder))


def test_a_version_that_cannot_be_read_is_a_reason(tmp_path: Path) -> None:
    with pytest.raises(WayFailedError, match="could not be read from 'vsomething'"):
        path.look(str(fake_engine(tmp_path, "something")))
