from __future__ import annotations

import hashlib
import io
import platform
import tarfile
from typing import TYPE_CHECKING

import pytest

from tests.texts import lacks
from tests.unit.tools.engine.engines import Words
from tools.engine import archive
from tools.engine.binaries import FILES, VERSION, WayFailedError

if TYPE_CHECKING:
    from pathlib import Path

NAME = "pulumi-v3.259.0-linux-x64.tar.gz"
SUMS = "pulumi-3.259.0-checksums.txt"


KEPT = archive.SUMS


@pytest.fixture(autouse=True)
def linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine, and a repository that keeps no sum of the archives made here."""
    (tmp_path / "no-sums.txt").touch()
    monkeypatch.setattr(archive, "SUMS", tmp_path / "no-sums.txt")
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")


@pytest.fixture
def vendor(tmp_path: Path) -> Path:
    """A release folder as the vendor has it, reached by a file: URL."""
    folder = tmp_path / "releases"
    folder.mkdir()
    with tarfile.open(folder / NAME, "w:gz") as tar:
        for name in (*(f"pulumi/{file}" for file in FILES), "pulumi/pulumi-language-go", "../../escaped"):
            content = f"#!/bin/sh\n# {name}\n".encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    digest = hashlib.sha256((folder / NAME).read_bytes()).hexdigest()
    (folder / SUMS).write_text(f"{'0' * 64}  pulumi-v3.259.0-darwin-x64.tar.gz\n{digest}  {NAME}\n")
    return folder


def download(vendor: Path, into: Path) -> Words:
    into.mkdir()
    words = Words()
    archive.download(into, words, f"file://{vendor}")
    return words


def test_the_engines_files_and_no_others_are_taken_out_of_the_archive(vendor: Path, tmp_path: Path) -> None:
    words = download(vendor, tmp_path / "engine")

    assert sorted(file.name for file in (tmp_path / "engine").iterdir()) == sorted(FILES)
    assert all(file.stat().st_mode & 0o111 for file in (tmp_path / "engine").iterdir())
    assert f"downloading {NAME}" in words.lines


def test_an_archive_that_is_not_the_published_one_is_refused(vendor: Path, tmp_path: Path) -> None:
    (vendor / NAME).write_bytes(b"something else")

    with pytest.raises(WayFailedError, match="the vendor's list says"):
        download(vendor, tmp_path / "engine")

    assert not (tmp_path / "engine" / "pulumi").exists()


def test_a_sum_of_the_repository_outranks_the_vendors_list(
    vendor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "sums.txt"
    monkeypatch.setattr(archive, "SUMS", kept)
    good = hashlib.sha256((vendor / NAME).read_bytes()).hexdigest()
    kept.write_text(f"# a comment\n{good}  {NAME}\n")
    (vendor / SUMS).unlink()
    assert download(vendor, tmp_path / "engine").lines[0] == f"downloading {NAME}"

    # Archive and list replaced together, as whoever holds the vendor's host could.
    (vendor / NAME).write_bytes(b"something else")
    (vendor / SUMS).write_text(f"{hashlib.sha256(b'something else').hexdigest()}  {NAME}\n")
    with pytest.raises(WayFailedError, match=f"this repository's list says {good}"):
        download(vendor, tmp_path / "other")
    assert list((tmp_path / "other").iterdir()) == []


def test_it_is_said_that_only_the_vendor_vouches(vendor: Path, tmp_path: Path) -> None:
    words = download(vendor, tmp_path / "engine")

    assert not lacks(words.lines[0], NAME, "tools/engine/sums.txt")


def test_the_sums_kept_are_of_the_pinned_version_and_of_every_machine_or_none() -> None:
    kept = [line.split() for line in KEPT.read_text().splitlines() if not line.startswith("#")]

    assert [digest for digest, _ in kept if not archive.SHA256.fullmatch(digest)] == []
    machines = {
        f"pulumi-v{VERSION}-{system}-{cpu}.tar.gz" for system in ("linux", "darwin") for cpu in ("x64", "arm64")
    }
    assert {name for _, name in kept} in (machines, set())


def test_an_archive_that_the_checksums_do_not_list_is_refused(vendor: Path, tmp_path: Path) -> None:
    (vendor / SUMS).write_text("")

    with pytest.raises(WayFailedError, match=f"checksums do not list {NAME}"):
        download(vendor, tmp_path / "engine")


def test_a_host_that_cannot_be_reached_is_a_reason(tmp_path: Path) -> None:
    with pytest.raises(WayFailedError, match="cannot be reached"):
        archive.download(tmp_path, Words(), f"file://{tmp_path / 'absent'}")


@pytest.mark.parametrize(
    ("system", "machine", "expected"),
    [
        ("Linux", "aarch64", "pulumi-v3.259.0-linux-arm64.tar.gz"),
        ("Darwin", "arm64", "pulumi-v3.259.0-darwin-arm64.tar.gz"),
        ("Darwin", "x86_64", "pulumi-v3.259.0-darwin-x64.tar.gz"),
    ],
)
def test_the_archive_is_this_machines(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, expected: str
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)

    assert archive.name() == expected


def test_a_machine_without_an_archive_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")

    with pytest.raises(WayFailedError, match="no archive for Linux on riscv64"):
        archive.name()
