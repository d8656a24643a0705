"""Runs `pulumi up` of what was approved, and of nothing else.

    python -m ci.scripts.apply --stack prod --plan plans/prod.plan.json --review plans/prod.json

A plan that creates nothing binds the engine: it refuses every step that is not in it. Measured with pulumi 3.259.0, a
plan that creates something does not: values that only the update knows violate it. Then the stack is reviewed once
more, and `up` runs if the facts are those that were approved.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meta_access.errors import MetaAccessError
from meta_access.redaction import visible
from meta_access.review import stored, words
from meta_access.review.facts import grouped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.review.facts import Review

REVIEW_S = 1800.0
UP = ("pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--suppress-progress", "--suppress-outputs")
AGAIN = "Start the workflow again: it shows what is left, and carries it out once somebody agrees."


class ApplyError(Exception):
    """Why nothing was carried out."""


class Way(Enum):
    """How `up` is held to what was approved."""

    PLAN = "the engine is bound to the plan"
    FACTS = "the plan creates something, which the engine cannot be bound to: the stack is reviewed once more"


def way(plan: Mapping[str, Any]) -> Way:
    """Decide by the steps of a plan.

    Raises:
        ApplyError: It is no plan.
    """
    try:
        steps = [str(step) for row in plan["resourcePlans"].values() for step in (row.get("steps") or ())]
    except (KeyError, TypeError, AttributeError):
        raise ApplyError("The plan has no resourcePlans: is it what --save-plan wrote?") from None
    return Way.FACTS if any("create" in step or "replace" in step for step in steps) else Way.PLAN


def differences(approved: Review, now: Review) -> list[str]:
    """What happens now and was not approved, or was and does not; a line each."""
    lines = []
    # Who made a drift may be known at one time and not at another; what is done about it is the same.
    before, today = ([replace(fact, by=None) for fact in review.facts] for review in (approved, now))
    for sign, these, those in (("new since", today, before), ("no longer so", before, today)):
        odd = tuple(fact for fact in these if fact not in those)
        lines += [f"{sign}: {visible(words.line(group, whole=True))}" for group in grouped(odd)]
    return lines


def read(raw: bytes, name: str, stack: str) -> Review:
    """One stack's review out of a file.

    Raises:
        ApplyError: It is none, or says that the preview failed.
    """
    try:
        review = stored.read_one(raw, name, stack)
    except MetaAccessError as failed:
        raise ApplyError(f"{name} is no review of stack {stack}: {failed}") from None
    if review.failed:
        raise ApplyError(f"{name} is of a preview that failed. {AGAIN}")
    return review


def once_more(stack: str) -> Review:
    """Review the stack as it is now.

    Raises:
        ApplyError: It could not be reviewed.
    """
    argv = [sys.executable, "-m", "meta_access.cli", "review", "--stack", stack, "--json"]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=REVIEW_S, check=False)
    except subprocess.TimeoutExpired:
        raise ApplyError(f"The review took more than {REVIEW_S:.0f} s.") from None
    return read(done.stdout, "the review just now", stack)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="ci.scripts.apply", description=__doc__.partition("\n")[0])
    parser.add_argument("--stack", required=True)
    parser.add_argument("--plan", type=Path, required=True, help="what --save-plan wrote in the preview of the review")
    parser.add_argument("--review", type=Path, required=True, help="the review that was approved")
    given = parser.parse_args(argv)
    try:
        approved = read(given.review.read_bytes(), given.review.name, given.stack)
        chosen = way(json.loads(given.plan.read_text(encoding="utf-8")))
        print(f"apply: {chosen.value}", flush=True)
        found = differences(approved, once_more(given.stack)) if chosen is Way.FACTS else []
    except (OSError, ValueError, ApplyError) as failed:
        print(f"apply: {failed}\napply: nothing was carried out", file=sys.stderr)
        return 1
    if found:
        print(
            "\n  ".join(["apply: this is not what was approved, so nothing was carried out:", *found]), file=sys.stderr
        )
        print(f"apply: {AGAIN}", file=sys.stderr)
        return 1
    bound = ["--plan", str(given.plan)] if chosen is Way.PLAN else []
    code = subprocess.run([*UP, "--stack", given.stack, *bound], stdin=subprocess.DEVNULL, check=False).returncode
    if code != 0:
        print(f"apply: pulumi ended with {code}. {AGAIN}", file=sys.stderr)
    return 1 if code else 0


if __name__ == "__main__":
    sys.exit(main())
