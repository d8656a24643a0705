"""Stack files of a pull request as data: plain YAML alone, and nothing that names a secrets provider."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from ci.scripts import overlay
from ci.scripts.overlay import OverlayError, lay

if TYPE_CHECKING:
    from pathlib import Path

STACK = (
    "environment: [evil]\nsecretsprovider: awskms://key?endpoint=evil.example\nencryptedkey: abc\n"
    "config:\n  meta:environment: prod\n"
)
HOME = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}


class Repository:
    """A repository with a base commit checked out; `commit` makes another one and checks the base out again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "-q", "-b", "main")
        self.write("stacks/Pulumi.prod.yaml", "config: {}\n")
        self.write("stacks/clients.prod/gone.yaml", "name: Gone\n")
        self.write("__main__.py", "base\n")
        self.base = self._commit()

    def git(self, *arguments: str) -> str:
        env = {**os.environ, **HOME}
        return subprocess.run(
            ["git", *arguments], cwd=self.root, env=env, check=True, capture_output=True, text=True
        ).stdout.strip()

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def _commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")
        return self.git("rev-parse", "HEAD")

    def commit(self) -> str:
        made = self._commit()
        self.git("checkout", "-q", self.base)
        return made


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def files(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in (root / "stacks").rglob("*") if path.is_file()}


def test_the_stack_files_are_the_pull_requests_and_the_code_is_not(repository: Repository) -> None:
    repository.write("stacks/Pulumi.prod.yaml", STACK)
    repository.write("stacks/clients.prod/acme.yaml", "name: Acme\n")
    (repository.root / "stacks/clients.prod/gone.yaml").unlink()
    repository.write("__main__.py", "changed\n")

    assert lay(repository.root, repository.commit()) == 2

    assert files(repository.root) == {
        "stacks/Pulumi.prod.yaml": "\n\n\nconfig:\n  meta:environment: prod\n",
        "stacks/clients.prod/acme.yaml": "name: Acme\n",
    }
    assert (repository.root / "__main__.py").read_text() == "base\n"


@pytest.mark.parametrize(
    "path",
    [
        "stacks/json.py",
        "stacks/.gitattributes",
        "stacks/.hidden.yaml",
        "stacks/clients.prod/deeper/a.yaml",
        "stacks/a b.yaml",
        "stacks/run.sh",
    ],
)
def test_another_file_is_named_and_nothing_is_laid(repository: Repository, path: str) -> None:
    before = files(repository.root)
    repository.write(path, "x\n")
    commit = repository.commit()

    with pytest.raises(OverlayError, match="Only plain"):
        lay(repository.root, commit)
    assert files(repository.root) == before


def test_a_link_is_named_and_nothing_is_laid(repository: Repository) -> None:
    (repository.root / "stacks/Pulumi.other.yaml").symlink_to("/etc/passwd")
    commit = repository.commit()

    with pytest.raises(OverlayError, match=r"stacks/Pulumi\.other\.yaml"):
        lay(repository.root, commit)


def test_a_name_that_steers_a_terminal_is_written_out(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("stacks/\x1b[31m.yaml", "x\n")
    commit = repository.commit()
    monkeypatch.chdir(repository.root)

    assert overlay.main(["--commit", commit]) == 1
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize(("bound", "value"), [("FILES", 1), ("BYTES", 20)])
def test_too_much_is_refused(repository: Repository, monkeypatch: pytest.MonkeyPatch, bound: str, value: int) -> None:
    monkeypatch.setattr(overlay, bound, value)
    repository.write("stacks/clients.prod/acme.yaml", "name: Acme\n")
    commit = repository.commit()

    with pytest.raises(OverlayError, match="more than"):
        lay(repository.root, commit)


@pytest.mark.parametrize("text", [b"\xff\xfe", b"a: [\n"])
def test_what_is_no_stack_file_is_refused(repository: Repository, text: bytes) -> None:
    (repository.root / "stacks/Pulumi.prod.yaml").write_bytes(text)
    commit = repository.commit()

    with pytest.raises(OverlayError, match=r"stacks/Pulumi\.prod\.yaml"):
        lay(repository.root, commit)
    assert files(repository.root)["stacks/Pulumi.prod.yaml"] == "config: {}\n"


def test_a_commit_without_stacks_is_refused(repository: Repository) -> None:
    repository.git("rm", "-q", "-r", "stacks")
    commit = repository.commit()

    with pytest.raises(OverlayError, match="has no stacks/"):
        lay(repository.root, commit)


@pytest.mark.parametrize("commit", ["main", "--output=x", "HEAD", "abc123"])
def test_only_a_commits_full_name_is_taken(commit: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        overlay.main([f"--commit={commit}"])
    assert "full name" in capsys.readouterr().err


def test_an_unknown_commit_is_one_sentence(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(repository.root)

    assert overlay.main(["--commit", "0" * 40]) == 1
    assert "git ls-tree failed" in capsys.readouterr().err
