"""Writes the reviews of all stacks into a pull request: one comment, changed in place, and its labels.

    python -m ci.scripts.comment --number 7 --head SHA --reviews reviews --stacks '["prod"]' --run URL [--dry-run]

`reviews` is a folder with a file per stack that `meta-access review --json` wrote. A stack whose file is missing or no
review is named in the comment. Only a comment of the account's own counts, by the marker at its beginning or the note
at its end, so that neither a copy of somebody else nor an edit by hand leads elsewhere. A run for a commit that is not
the newest one writes nothing.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ci.scripts.forge import ForgeError, UncertainError, of_job
from meta_access.errors import MetaAccessError
from meta_access.review import facts, markdown, stored

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ci.scripts.forge import Comment, Forge

# GitHub takes 65,536 characters, and our own note comes behind the body.
LONGEST = 65_000
PREFIX = "access: "
_HEAD = re.compile(r"<!-- meta-access head ([0-9a-f]{7,64}) -->\s*\Z")
_SHA = re.compile(r"[0-9a-f]{7,64}")
_STACK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Writing:
    """What is to be done in a pull request.

    Attributes:
        why_not: Why nothing is done; "" where something may be.
        add: Whether a comment is added.
        change: Id of the comment that gets the body.
        remove: Ids of further comments of ours.
        labels: To be added.
        unlabel: To be taken off.
    """

    why_not: str = ""
    add: bool = False
    change: int | None = None
    remove: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    unlabel: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """What would be done, for people."""
        if self.why_not:
            return [self.why_not]
        found = ["add a comment"] if self.add else []
        found += [] if self.change is None else [f"change comment {self.change}"]
        found += [f"remove comment {one}, which is a second one" for one in self.remove]
        found += [f"add label {name!a}" for name in self.labels]
        found += [f"take label {name!a} off" for name in self.unlabel]
        return found or ["nothing to do: the comment and its labels are as they should be"]


@dataclass(frozen=True, slots=True)
class Said:
    """What the reviews come to: the comment's text without the note of its commit, and its labels."""

    body: str
    labels: tuple[str, ...]


def said(folder: Path, stacks: Sequence[str], run: str) -> Said:
    """Put the reviews of a folder together.

    Args:
        folder: Holds `STACK.json` of each stack.
        stacks: Those that were to be reviewed.
        run: Where to read why one was not.
    """
    reviews, missing = [], []
    for stack in stacks:
        file = folder / f"{stack}.json"
        try:
            reviews.append(stored.read_one(file.read_bytes(), file.name, stack))
        except (OSError, MetaAccessError):
            missing.append(stack)
    body = markdown.render(reviews) if reviews else f"{markdown.MARKER}\n"
    for stack in missing:
        body = f"{body.rstrip()}\n\nNo review of `{stack}` could be made: [its job]({run}) says why.\n"
    labels = set(facts.labels(reviews)) if reviews else set()
    if missing:
        labels = labels - {"unchanged"} | {"failed"}
    return Said(body, tuple(sorted(f"{PREFIX}{name}" for name in labels)))


def whole(body: str, head: str) -> str:
    """The comment's text: the reviews, and which commit they are of.

    Raises:
        ForgeError: It has no marker, or is too long.
    """
    text = body.replace("\r\n", "\n").rstrip("\n")
    if not text.startswith(f"{markdown.MARKER}\n"):
        raise ForgeError(f"The reviews do not begin with {markdown.MARKER}.")
    if len(text) > LONGEST:
        raise ForgeError(f"The reviews have {len(text)} characters; {LONGEST} are allowed.")
    return f"{text}\n\n<!-- meta-access head {head} -->"


def decided(wanted: Said, head: str, *, newest: str, comments: Sequence[Comment], labels: Collection[str]) -> Writing:
    """Decide what to do with the reviews of a commit, given the newest commit, the comments and the labels there are.

    Raises:
        ForgeError: The body cannot be a comment.
    """
    text = whole(wanted.body, head)
    if newest != head:
        return Writing(why_not=f"nothing to do: {newest[:12]} is the newest commit, and its own run writes the comment")
    ours = [one for one in comments if one.own and _is_review(one.body)]
    kept = ours[0] if ours else None
    has = {name for name in labels if name.startswith(PREFIX)}
    return Writing(
        add=kept is None,
        change=kept.id if kept is not None and _plain(kept.body) != text else None,
        remove=tuple(one.id for one in ours[1:]),
        labels=tuple(name for name in wanted.labels if name not in has),
        unlabel=tuple(sorted(has - set(wanted.labels))),
    )


def _is_review(body: str) -> bool:
    return body.startswith(markdown.MARKER) or _HEAD.search(body) is not None


def _plain(body: str) -> str:
    return body.replace("\r\n", "\n").rstrip("\n")


def written(forge: Forge, number: int, head: str, wanted: Said, *, dry_run: bool) -> Writing:
    """Look, decide and act; once more where an answer was lost.

    Raises:
        ForgeError: It could not be done.
    """
    for last in (False,) * (ROUNDS - 1) + (True,):
        writing = decided(
            wanted, head, newest=forge.head(number), comments=forge.comments(number), labels=forge.labels(number)
        )
        if dry_run or writing.why_not:
            return writing
        try:
            _act(forge, number, whole(wanted.body, head), writing)
        except UncertainError:
            if last:
                raise
        else:
            return writing
    raise AssertionError("unreachable")


def _act(forge: Forge, number: int, text: str, writing: Writing) -> None:
    if writing.add:
        forge.add_comment(number, text)
    if writing.change is not None:
        forge.change_comment(number, writing.change, text)
    for one in writing.remove:
        forge.remove_comment(number, one)
    if writing.labels or writing.unlabel:
        forge.change_labels(number, add=list(writing.labels), remove=list(writing.unlabel))


def commit(text: str) -> str:
    """A commit's name as an option."""
    if not _SHA.fullmatch(text):
        raise argparse.ArgumentTypeError("write a commit's full name in hexadecimal digits")
    return text


def stacks(text: str) -> list[str]:
    """The names of stacks as an option: a JSON list."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if (
        not isinstance(found, list)
        or not found
        or not all(isinstance(one, str) and _STACK.fullmatch(one) for one in found)
    ):
        raise argparse.ArgumentTypeError('write a JSON list of stacks, such as ["staging", "prod"]')
    return found


def address(text: str) -> str:
    """A web address as an option, fit for a link in Markdown."""
    if urlsplit(text).scheme != "https" or not re.fullmatch(r"[!#-';-~*-:]+", text):
        raise argparse.ArgumentTypeError("write an https address")
    return text


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="ci.scripts.comment", description=__doc__.partition("\n")[0])
    parser.add_argument("--number", type=int, required=True, help="of the pull or merge request")
    parser.add_argument("--head", type=commit, required=True, help="the commit that was reviewed")
    parser.add_argument("--reviews", type=Path, required=True, help="a folder with STACK.json of each stack")
    parser.add_argument("--stacks", type=stacks, required=True, help="the stacks, as a JSON list")
    parser.add_argument("--run", type=address, required=True, help="where to read why a review is missing")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    given = parser.parse_args(argv)
    try:
        wanted = said(given.reviews, given.stacks, given.run)
        writing = written(of_job(), given.number, given.head, wanted, dry_run=given.dry_run)
    except (OSError, ForgeError) as failed:
        print(f"comment: {failed}", file=sys.stderr)
        return 1
    if given.dry_run and not writing.why_not:
        print(whole(wanted.body, given.head))
    for line in writing.lines():
        print(f"comment: {'would ' if given.dry_run and not writing.why_not else ''}{line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
