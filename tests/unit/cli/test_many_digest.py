"""What is told of the rotations of many stacks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from meta_access.cli.many.children import End, Fate
from meta_access.cli.many.digest import Previews, Rotations
from meta_access.cli.many.stacks import Stack
from meta_access.review import stored
from meta_access.review.facts import Fact, Kind, Review


def stack(name: str) -> Stack:
    return Stack(name, "agency", ".", "prod", Path(f"Pulumi.{name}.yaml"), Path(f"clients.{name}"))


def token(name: str, need: str | None = "none", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "need": need,
        "late": False,
        "trouble": "",
        "freshness": "current",
        "step": "",
        "start": "",
        "expires_at": "2026-12-09T00:00:00Z",
        **more,
    }


def end(code: int, *tokens: dict[str, Any], acted: tuple[str, ...] = (), said: str = "") -> End:
    return End(Fate.ENDED, code, json.dumps({"acted": acted, "tokens": tokens}).encode(), said, 2.04)


def rotations(**ends: End) -> Rotations:
    return Rotations([stack(name) for name in ends], list(ends.values()))


def test_a_rotation_in_which_nothing_is_left() -> None:
    done = rotations(a=end(0, token("reporting"), acted=("reporting",)), b=end(0, token("reporting")))

    assert (done.code, done.as_text()) == (0, "2 stacks: 1 token was due in 1 stack, 0 failed.\n")
    assert done.as_object() == {
        "runs": [
            {
                "stack": "a", "project": "agency", "folder": ".", "environment": "prod", "ended": "ended", "code": 0,
                "seconds": 2.0, "error": "", "acted": ["reporting"], "left": [],
            },
            {
                "stack": "b", "project": "agency", "folder": ".", "environment": "prod", "ended": "ended", "code": 0,
                "seconds": 2.0, "error": "", "acted": [], "left": [],
            },
        ]
    }  # fmt: skip


def test_the_same_reason_is_told_once_and_the_worst_code_counts() -> None:
    foreign = token("reporting", "decision", freshness="foreign: another stack's claim")
    late = token("trading", "rotation", late=True, freshness="rotation due")
    unseen = token("trading", None, trouble="Secrets Manager refused.")

    assert rotations(a=end(2, foreign), b=end(0)).code == 2
    assert rotations(a=end(2, foreign), b=end(3, late)).code == 3
    done = rotations(
        a=end(2, foreign),
        b=end(2, foreign),
        c=end(3, late),
        d=end(1, unseen, said="error: AccessDenied\n"),
        e=End(Fate.ENDED, -9, b"", "warning: x\nKilled\n"),
        f=End(Fate.NOT_BEGUN),
    )

    assert done.code == 1
    assert done.as_text().splitlines() == [
        "6 stacks: 0 tokens were due in 0 stacks, 3 failed.",
        "A token is near its end, or has ended, in 1 of 6 stacks:",
        "! agency/c: trading: rotation due (expires 2026-12-09T00:00:00Z)",
        "Something is left in 3 of 6 stacks:",
        "! agency/a, agency/b: reporting: foreign: another stack's claim",
        "! agency/d: trading: Secrets Manager refused.",
        "Failed in 3 of 6 stacks:",
        "! agency/d: error: AccessDenied",
        "! agency/e: it ended without an answer (exit code -9). warning: x Killed",
        "! agency/f: not begun: the whole run had ended before its turn.",
    ]
    assert done.as_object()["error"] == "error: AccessDenied"
    assert done.as_object()["runs"][3]["left"] == [
        {"name": "trading", "need": None, "late": False, "text": "Secrets Manager refused."}
    ]


def test_a_failed_rotation_whose_child_said_nothing_names_the_token_that_could_not_be_looked_at() -> None:
    done = rotations(a=end(1, token("trading", None, trouble="Secrets Manager refused.")), b=end(1, token("reporting")))

    assert [run["error"] for run in done.as_object()["runs"]] == [
        "trading: Secrets Manager refused.",
        "a token could not be renewed.",
    ]
    assert done.as_object()["error"] == "trading: Secrets Manager refused."
    assert done.as_text().splitlines() == [
        "2 stacks: 0 tokens were due in 0 stacks, 2 failed.",
        "Something is left in 1 of 2 stacks:",
        "! agency/a: trading: Secrets Manager refused.",
        "Failed in 2 of 2 stacks:",
        "! agency/a: trading: Secrets Manager refused.",
        "! agency/b: a token could not be renewed.",
    ]


def test_a_refused_configuration_is_a_failure_and_no_change() -> None:
    gained = Fact(kind=Kind.TASKS_GAINED, who="reporting", asset="act_1", tasks=("ANALYZE",))
    refused = Fact(kind=Kind.REFUSED, reason="meta:connections.main: no app.")
    ends = [
        End(
            Fate.ENDED,
            code,
            json.dumps(
                stored.as_object([Review(stack=name, project="agency", facts=(fact,), failed=code == 1)])
            ).encode(),
        )
        for name, fact, code in (("a", gained, 0), ("b", refused, 1))
    ]

    assert Previews([stack("a"), stack("b")], ends).as_text().splitlines() == [
        "2 stacks: 1 changed in 1 distinct way, 1 failed.",
        "+ reporting gains ANALYZE on ad account 1 (1 of 2 stacks: agency/a)",
        "Failed in 1 of 2 stacks:",
        "! agency/b: meta:connections.main: no app.",
    ]


def test_nothing_to_do_is_no_failure() -> None:
    assert (Rotations([], []).code, Rotations([], []).as_object()) == (0, {"runs": []})
    assert Rotations([], []).as_text() == "0 stacks: 0 tokens were due in 0 stacks, 0 failed.\n"
    assert (Previews([], []).code, Previews([], []).as_text()) == (0, "0 stacks: 0 changed, 0 failed.\n")
    assert Previews([], []).as_object() == {
        "form": "meta-access review 1",
        "labels": ["unchanged"],
        "stacks": [],
        "changes": [],
        "refusals": [],
        "runs": [],
    }
