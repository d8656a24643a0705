"""What Git knows of files: whether they are committed, who brought each line, and how they were at each commit."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from meta_access.access_review.judge import Commit
from meta_access.errors import MetaAccessError
from meta_access.redaction import scrub
from meta_access.stack.files import SUFFIXES

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT_S = 120
_QUOTED = 300
_PLAIN = frozenset({"100644", "100755"})
_HASH = re.compile(r"[0-9a-f]{40,64} ")
_HEADER = 3
"""Words of a line of blame that begins a line of the file: commit, line there, line here."""


class GitError(MetaAccessError):
    """Git could not tell."""


@dataclass(frozen=True, slots=True)
class Version:
    """A commit of the history that a branch has by itself, without those of merged branches.

    Attributes:
        at: When it was made or merged.
    """

    id: str
    at: datetime
    email: str


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the user's own git in a folder, whatever language and replacements that one is set to."""
    return subprocess.run(  # noqa: S603 - fixed words, and paths behind --
        ["git", "--no-replace-objects", "-c", "blame.ignoreRevsFile=", *arguments],  # noqa: S607 - the user's own git
        cwd=folder,
        env={**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )


class Repository:
    """The repository that a folder is in; all paths are below that folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def changed(self, path: str) -> list[str]:
        """Files at or below a path that differ from the last commit, or are not in it."""
        said = self._git("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", path)
        return sorted({entry[3:].rpartition("/")[2] for entry in said.split("\0") if entry})

    def refuse_shallow(self) -> None:
        """Let nobody take a cut history for a whole one.

        Raises:
            GitError: It is cut.
        """
        if self._git("rev-parse", "--is-shallow-repository").strip() == "true":
            raise GitError(
                "This clone is shallow: it holds only the last commits, so nobody can tell who wrote what.",
                next_step="Fetch the rest: git fetch --unshallow (in CI: a checkout with fetch-depth 0).",
            )

    def blame(self, file: str, at: str = "HEAD") -> dict[int, Commit]:
        """Line of a file, as a commit has it, to the commit that brought it, with the address that one itself has."""
        said = self._git("blame", "--porcelain", at, "--", file)
        headers = [words for line in said.split("\n") if _HASH.match(line) and len(words := line.split(" ")) >= _HEADER]
        emails = self._emails(sorted({words[0] for words in headers}))
        return {int(words[2]): Commit(words[0], emails.get(words[0], "")) for words in headers}

    def _emails(self, commits: list[str]) -> dict[str, str]:
        # Not %aE: what .mailmap says is a file's word, and not the author's.
        said = self._git("log", "--no-walk", "--format=%H %ae", *commits) if commits else ""
        return {commit: email for commit, _, email in (line.partition(" ") for line in said.splitlines())}

    def own_email(self) -> str:
        """The address that a commit of this person would have."""
        said = self._git("var", "GIT_AUTHOR_IDENT")
        return said[said.find("<") + 1 : said.rfind(">")]

    def history(self) -> list[Version]:
        """The commits that changed something in the folder, the oldest first."""
        return self._versions("--reverse", "--", ".")

    def naming(self, word: str) -> list[Version]:
        """The commits since which a file of the folder names a word, or no longer does, the newest first.

        In its text, or by its own name.
        """
        files = [f":(glob)**/{word}{suffix}" for suffix in SUFFIXES]
        found = {one.id: one for one in [*self._versions(f"-S{word}", "--", "."), *self._versions("--", *files)]}
        return sorted(found.values(), key=lambda one: one.at, reverse=True)

    def _versions(self, *arguments: str) -> list[Version]:
        said = self._git("log", "--first-parent", "--format=%H %cI %ae", *arguments)
        found = []
        for line in said.splitlines():
            commit, at, email = line.split(" ", 2)
            found.append(Version(commit, datetime.fromisoformat(at).astimezone(UTC), email))
        return found

    def files(self, commit: str) -> dict[str, str]:
        """Path to blob, of the plain files below the folder."""
        found = {}
        for entry in self._git("ls-tree", "-r", "-z", commit, "--", ".").split("\0"):
            meta, _, path = entry.partition("\t")
            if meta and meta.split()[0] in _PLAIN:
                found[path] = meta.split()[2]
        return found

    def text(self, blob: str) -> str:
        """The content of a file."""
        return self._git("cat-file", "blob", blob)

    def _git(self, *arguments: str) -> str:
        what = arguments[0]
        try:
            done = run(self._folder, *arguments)
        except OSError as error:
            if not self._folder.is_dir():
                raise GitError(f"There is no folder {self._folder.name}, so Git knows nothing of it.") from None
            if isinstance(error, FileNotFoundError):
                raise GitError("Git is not on PATH, and who decided what is told by commits.") from None
            raise GitError(f"git {what} could not be run: {error.strerror}.") from None
        except subprocess.TimeoutExpired:
            raise GitError(f"git {what} did not end within {TIMEOUT_S} s.") from None
        if done.returncode != 0:
            reason = scrub(done.stderr.decode("utf-8", "replace").strip())[-_QUOTED:]
            raise GitError(f"git {what} failed, and who decided what is told by commits: {reason}")
        return done.stdout.decode("utf-8", "replace")
