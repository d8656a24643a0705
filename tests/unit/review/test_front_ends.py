"""What the terminal, the comment and the JSON do with much, with little, and with hostile names."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from meta_access.errors import printable
from meta_access.findings import Undeclared
from meta_access.policy import Finding, Level, Severity
from meta_access.review import markdown, stored, terminal, words
from meta_access.review.facts import Budget, Cause, Difference, Fact, Group, Kind, Quota, Recorded, Review, Until

HOSTILE = (
    "@octocat **bold** <img src=x onerror=alert(1)> `code` ``` ~~~ | # <!-- meta-access review --> "
    "[link](https://evil.example) www.evil.example \x1b[31mred\x1b[0m\r\nnext\u202eline </details> ![i](j) #1"
)
TASK = Fact(
    kind=Kind.TASKS_GAINED, resource="AssetAssignment", name="a", who="trading", tasks=("MANAGE",), asset="act_1"
)


def review(*facts: Fact, stack: str = "dev", **more: Any) -> Review:
    return Review(stack=stack, project="shop", facts=facts, **more)


def every(text: str) -> list[Fact]:
    """A fact of each kind and cause whose every text is this one."""
    return [
        Fact(
            kind=kind,
            cause=cause,
            resource=text,
            name=text,
            who=text,
            tasks=(text,),
            implied=(text,),
            asset=f"page:{text}",
            client=text,
            role=text,
            secret=text,
            moved_to=text,
            grace=text,
            reason=text,
            gates=((text, text),),
            differences=(Difference(text, text, text),),
            already=True,
            until=Until(text, text, text),
        )
        for kind in Kind
        for cause in Cause
    ]


def hostile() -> Review:
    return review(
        *every(HOSTILE),
        stack=HOSTILE,
        quota=(Quota(HOSTILE, HOSTILE, 1, 2, 3),),
        budgets=(Budget(HOSTILE, 5, 300, HOSTILE),),
        failed=True,
        error=HOSTILE,
        undeclared=Undeclared({HOSTILE: 1}, (HOSTILE,), (HOSTILE,), (HOSTILE,), ""),
        policy=tuple(Finding(HOSTILE, Severity.HIGH, level, HOSTILE, HOSTILE, HOSTILE) for level in Level),
    )


# --- hostile names ---


def test_no_text_of_others_is_obeyed_by_a_terminal() -> None:
    for whole in (False, True):
        text = terminal.render([hostile()], whole=whole)
        assert re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text) is None
        assert max(map(len, text.splitlines())) <= terminal.WIDTH


def test_no_text_of_others_is_markup_in_the_comment() -> None:
    text = markdown.render([hostile()])
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text) is None
    assert text.count("<!--") == 1
    assert set(re.findall(r"</?[a-z]+", text)) == {"<details", "</details", "<summary", "</summary"}
    # A fence opens and closes on lines of its own alone.
    assert all(line in {"```diff", "```"} for line in text.splitlines() if "```" in line)
    assert text.splitlines().count("```diff") == text.splitlines().count("```")
    assert re.search(r"(?<!\w)@\w", text) is None
    outside = re.sub(r"```diff\n.*?\n```", "", text, flags=re.DOTALL)
    assert not re.search(r"://|www\.|\]\(|&#64;octocat|&#35;1", outside)


def test_names_stay_readable_in_the_comment() -> None:
    fact = replace(TASK, kind=Kind.PERSON_IN, resource="BusinessUser", who="ines@acme.example", role="ADMIN", asset="")
    assert "+ ines@acme.example enters the business as ADMIN" in markdown.render([review(fact)])


# --- policy ---

REFUSES = Finding("broad-scopes", Severity.HIGH, Level.MANDATORY, "meta:identities.a", "Too much.", "Ask for less.")
ADVISES = replace(REFUSES, rule="open-gate", level=Level.ADVISORY, place="gates", cause="Open.", fix="Open it.")


def test_what_the_policy_refuses_stands_at_the_head_and_what_it_advises_is_counted() -> None:
    one = review(TASK, policy=(REFUSES, ADVISES, ADVISES))

    assert terminal.render([one]).splitlines() == [
        "Stack dev: 1 refused by policy, 1 gain",
        "! policy broad-scopes: meta:identities.a: Too much. Fix: Ask for less.",
        "+ trading gains MANAGE on ad account 1",
        "Policy, advisory: 2 (open-gate 2)",
        "  meta-access review --all shows them",
    ]
    assert terminal.render([one], whole=True).splitlines()[-1] == "  policy open-gate: gates: Open. Fix: Open it."
    comment = markdown.render([one])
    assert "! policy broad-scopes: meta:identities.a: Too much. Fix: Ask for less.\n" in comment
    assert "<summary>Policy, advisory: 2 (open-gate 2)</summary>" in comment
    assert comment.endswith("Labels: `refused` `widening`\n")


def test_many_refusals_of_the_policy_are_counted() -> None:
    lines = terminal.render([review(policy=(REFUSES,) * 9)]).splitlines()

    assert lines[0] == "Stack dev: 9 refused by policy"
    assert lines[-1] == "  and 4 more of the policy; meta-access review --all shows them"


def test_findings_of_the_policy_come_back_from_json() -> None:
    one = review(TASK, policy=(REFUSES, ADVISES))

    (told,) = json.loads(stored.write([one]))["stacks"]
    assert told["policy"][0] == {
        "rule": "broad-scopes",
        "enforcement_level": "mandatory",
        "severity": "high",
        "path": "meta:identities.a",
        "cause": "Too much.",
        "fix": "Ask for less.",
    }
    assert stored.read(stored.write([one]).encode(), "it") == [one]
    # Of a version that asked no rules.
    old = json.loads(stored.write([one]))
    del old["stacks"][0]["policy"]
    assert stored.read(json.dumps(old).encode(), "it") == [review(TASK)]


# --- much, and little ---


def many(count: int) -> list[Fact]:
    return [replace(TASK, who=f"user-{number}", name=f"n{number}", asset=f"act_{number}") for number in range(count)]


def test_a_screen_stays_a_screen_and_counts_the_rest() -> None:
    lines = terminal.render([review(*many(500))]).splitlines()
    assert len(lines) <= terminal.MOST
    assert lines[0] == "Stack dev: 500 gains"
    assert lines[-1] == "  and 462 more gains; meta-access review --all shows them"
    assert len(terminal.render([review(*many(500))], whole=True).splitlines()) == 501


def test_the_longest_reasons_leave_room_for_the_rest() -> None:
    refused = [
        Fact(kind=Kind.REFUSED, resource="SystemUser", name=f"u{number}", reason=f"{number} " * 400)
        for number in range(9)
    ]
    lines = terminal.render([review(*refused, *many(50), failed=True, error="error " * 500)]).splitlines()
    assert len(lines) <= terminal.MOST
    assert sum(line.startswith("!") for line in lines) >= 4


@pytest.mark.parametrize("count", [1, 500, 5_000])
def test_a_comment_is_below_64000_characters_whatever_there_is(count: int) -> None:
    facts = [*many(count), *(replace(fact, cause=Cause.DRIFT, kind=Kind.TASKS_LOST) for fact in many(count))]
    text = markdown.render([review(*facts)])
    assert len(text) < 64_000
    assert f"Stack dev: {count} gain" in text
    assert text.endswith("Labels: `widening` `drift`\n")


@pytest.mark.parametrize("stacks", [1, 3, 20])
def test_nobody_hides_what_is_refused_or_lost_behind_much_else(stacks: int) -> None:
    # Every section is longer than its room: many alike with names to unfold, and as much of each other cause.
    facts = [
        Fact(kind=Kind.REFUSED, resource="SystemUser", name="trading", reason="no."),
        replace(TASK, kind=Kind.TASKS_LOST, who="acme"),
        *(replace(fact, who=f"user-{number // 5}-{'x' * 60}") for number, fact in enumerate(many(2_000))),
        *(replace(fact, cause=Cause.DRIFT, who=f"{fact.who}-{'y' * 90}") for fact in many(500)),
        *(replace(fact, kind=Kind.TOKEN_RENEWED, cause=Cause.DUE, secret="s" * 90) for fact in many(500)),
        *(
            replace(fact, kind=Kind.GATE_WAITS, cause=Cause.PEOPLE, differences=(Difference("a", "b", fact.who),))
            for fact in many(500)
        ),
    ]
    text = markdown.render([review(*facts, stack=f"s{number}") for number in range(stacks)])
    assert len(text) < 64_000
    assert text.count("! will be refused: system user trading: no.\n") == stacks
    assert text.count("- acme loses MANAGE on ad account 1\n") == stacks
    assert text.count(" more lines, which meta-access review --all shows\n") >= stacks
    assert text.count("Drift, which an update puts back: 500 ") == stacks


@pytest.mark.parametrize("stacks", [3, 300, 3_000])
def test_a_comment_of_many_stacks_is_below_it_too(stacks: int) -> None:
    text = markdown.render([review(*many(4), stack=f"s{number}") for number in range(stacks)])
    assert len(text) < 64_000
    assert f"{stacks} stacks: {stacks} changed, 0 failed" in text


def test_nothing_is_one_line() -> None:
    assert terminal.render([review()]) == "Stack dev: nothing changes\n"
    comment = (
        "<!-- meta-access review -->\n**Access review.** Stack dev: nothing changes\n\n### Stack dev: nothing changes\n"
    )
    assert markdown.render([review()]) == f"{comment}\nLabels: `unchanged`\n"


def test_several_stacks_stand_in_the_order_of_their_names() -> None:
    reviews = [review(TASK, stack="prod"), review(stack="dev", failed=True, error="error: no.")]
    text = markdown.render(reviews)
    assert text == markdown.render(reviews[::-1])
    assert re.findall(r"^### (.*)", text, re.MULTILINE) == [
        "Stack dev: the preview FAILED",
        "Stack prod: 1 gain",
    ]
    assert "2 stacks: 1 changed, 1 failed" in text
    assert "! The preview failed, so more may happen than is shown: error: no." in text
    assert text.endswith("Labels: `widening` `failed`\n")


# --- sentences ---


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_one_sentence_even_where_nothing_is_known(kind: Kind) -> None:
    empty = Fact(kind=kind, resource="SystemUser", name="x", differences=(Difference("k", "a", ""),))
    for fact in (empty, every("x")[0]):
        line = words.line(Group(fact, (fact,)))
        assert line
        assert "\n" not in line


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        (60, "Calls of main: about 60 of the 300 an hour of tier limited"),
        (61, "Calls of main: about 61 of the 300 an hour of tier limited; takes minutes"),
        (300, "Calls of main: about 300 of the 300 an hour of tier limited; takes minutes"),
        (301, "Calls of main: about 301 of the 300 an hour of tier limited; takes about 2 hours"),
        (3000, "Calls of main: about 3000 of the 300 an hour of tier limited; takes about 10 hours"),
    ],
)
def test_the_time_that_the_calls_take(calls: int, said: str) -> None:
    assert words.budget(Budget("main", calls, 300, "limited")) == said


def test_quota_that_nobody_knows() -> None:
    said = "Quota of acme, system users of role ADMIN: 1 -> a number known at the update of an unknown number"
    assert words.quota(Quota("acme", "ADMIN", 1, None, None)) == said


# --- JSON ---


def test_json_gives_back_every_kind_of_fact() -> None:
    whole = review(
        *sorted(every("x"), key=lambda fact: fact.order),
        quota=(Quota("b", "r", 1, None, None),),
        budgets=(Budget("main", 1, None, ""),),
        compared=True,
        snapshot=Recorded("2026-12-01T02:00:00Z", 18_000),
    )
    assert stored.read(stored.write([whole, whole]).encode(), "f") == [whole, whole]


def test_a_review_of_before_snapshots_is_read() -> None:
    whole = json.loads(stored.write([review(TASK)]))
    assert whole["stacks"][0].pop("snapshot") is None

    assert stored.read(json.dumps(whole).encode(), "f") == [review(TASK)]


def test_the_age_of_a_snapshot_stands_in_every_head() -> None:
    found = review(TASK, snapshot=Recorded("2026-12-01T02:00:00Z", 18_000))
    said = "From the snapshot of 2026-12-01T02:00:00Z, 5 hours ago: what happened since is not known."

    assert terminal.render([found]).splitlines()[:3] == [
        "Stack dev: 1 gain",
        "From the snapshot of 2026-12-01T02:00:00Z, 5 hours ago: what happened since is",
        "  not known.",
    ]
    assert f"```diff\n  {said}\n+ trading gains MANAGE on ad account 1\n" in markdown.render([found])
    [stack] = json.loads(stored.write([found]))["stacks"]
    assert stack["snapshot"] == {"at": "2026-12-01T02:00:00Z", "age_s": 18_000}
    failed = replace(found, failed=True, error="no.")
    assert terminal.render([failed]).splitlines()[3].startswith("The preview failed, so more may happen")


def test_undeclared_access_is_one_line_and_no_change() -> None:
    found = review(undeclared=Undeclared({"acme": 2, "": 1}, unused=("ignore[0]",)))

    assert terminal.render([found]).splitlines() == [
        "Stack dev: nothing changes",
        "Undeclared access: 3 (assets of no client 1, acme 2). Entries of ignore that fit",
        "  nothing: ignore[0]. `meta-access who` shows more.",
    ]
    assert "  Undeclared access: 3 (assets of no client 1, acme 2). Entries of" in markdown.render([found])
    assert json.loads(stored.write([found]))["labels"] == ["unchanged", "undeclared"]
    assert json.loads(stored.write([found]))["stacks"][0]["undeclared"]["clients"] == {"acme": 2, "": 1}
    assert stored.read(stored.write([found]).encode(), "one.json") == [found]


def test_a_review_of_before_undeclared_access_is_read() -> None:
    whole = json.loads(stored.write([review()]))
    del whole["stacks"][0]["undeclared"]

    assert stored.read(json.dumps(whole).encode(), "one.json") == [review()]


def test_a_failure_stands_where_every_command_has_it() -> None:
    assert json.loads(stored.write([review(failed=True, error="no.")]))["error"] == "no."
    assert "error" not in json.loads(stored.write([review()]))


GOOD = json.loads(stored.write([review(TASK)]))


def changed(**parts: Any) -> bytes:
    return json.dumps({**GOOD, "stacks": [{**GOOD["stacks"][0], **parts}]}).encode()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b"{}",
        b'{"error": "the stack could not be read"}',
        b'{"form": "meta-access review 2", "stacks": []}',
        b"[" * 100_000,
        json.dumps({**GOOD, "stacks": "x"}).encode(),
        json.dumps({**GOOD, "stacks": []}).encode(),
        changed(stack=1),
        changed(failed="no"),
        changed(facts=[{"kind": "surprise", "cause": "change"}]),
        changed(facts=[{"kind": "made", "cause": "whim"}]),
        changed(facts=[{"kind": "made", "cause": "change", "tasks": "MANAGE"}]),
        changed(facts=[{"kind": "made", "cause": "change", "gates": [["a"]]}]),
        changed(facts=[{"kind": "made", "cause": "change", "differences": [{"key": "a"}]}]),
        changed(facts=[{"kind": "made", "cause": "change", "already": "yes"}]),
        changed(facts=[{"kind": "user renamed", "cause": "change"}]),
        changed(facts=[{"kind": "person gets a higher role", "cause": "change"}]),
        changed(facts=[{"kind": "person gets a lower role", "cause": "change"}]),
        changed(quota=[{"business": "b", "role": "r", "before": True, "after": 1, "limit": 1}]),
        changed(budgets=[{"connection": "c", "calls": "1", "per_hour": 1, "tier": ""}]),
    ],
)
def test_what_is_no_review_is_one_named_error(text: bytes) -> None:
    with pytest.raises(stored.StoredError) as refused:
        stored.read(text, "base.json")
    assert printable(refused.value).startswith("base.json ")
    assert printable(refused.value).endswith("Write it with `meta-access review --json`, by this version.")


def test_a_file_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "MOST_BYTES", 10)
    with pytest.raises(stored.StoredError, match="f has more than 10 bytes"):
        stored.read(b" " * 11, "f")


def test_texts_that_were_read_are_made_harmless_again() -> None:
    [found] = stored.read(changed(error="a\x1b[31m\u202eb " + "EAA" + "c" * 30), "f")
    assert found.error == "a[31mb [redacted]"
