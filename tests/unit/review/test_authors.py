"""Who made a drift: which facts are asked about, which entry is chosen, and how it is said."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from meta_access.graph.activities import Activity
from meta_access.review import authors, markdown, stored, terminal, words
from meta_access.review.authors import Drifted
from meta_access.review.facts import Actor, Cause, Fact, Kind, NoAuthor, Review, against, grouped
from tests.unit.review import recorded

SHOP = "act_104320000000501"
USER = "122090000001001"
WRITTEN = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
INES = Actor("Ines Roth", "Business Manager", "2026-12-01T09:12:00Z")
LOST = Fact(
    kind=Kind.TASKS_LOST, cause=Cause.DRIFT, resource="AssetAssignment", name="a", who="reporting", asset=SHOP,
    tasks=("MANAGE",), client="lindenhof",
)  # fmt: skip


def entry(minutes: int, actor: str = "Ines Roth", user: str = USER) -> Activity:
    return Activity(WRITTEN + timedelta(minutes=minutes), actor, "Business Manager", frozenset({user, "MANAGE"}))


@pytest.mark.parametrize(
    ("entries", "who"),
    [
        ([], NoAuthor.NO_ENTRY),
        ([entry(72)], INES),
        ([entry(72), entry(30, "Otto"), entry(71, "Nadia")], INES),
        ([entry(30, "Otto"), entry(72)], INES),
        ([entry(72, user="122090000001002")], NoAuthor.NO_ENTRY),
        ([entry(72), entry(90, "Otto", user="122090000001002")], INES),
        ([entry(-1)], NoAuthor.NO_ENTRY),
        ([entry(0)], NoAuthor.NO_ENTRY),
        ([entry(-1, "Otto"), entry(72)], INES),
    ],
    ids=["none", "one", "several", "oldest first", "another user", "another, later", "before", "at once", "around"],
)
def test_the_newest_entry_about_the_user_since_the_state_was_written_is_chosen(
    entries: list[Activity], who: Actor | NoAuthor
) -> None:
    one = Drifted(LOST, "urn", "main", SHOP, USER)
    assert authors.chosen(one, entries, WRITTEN) == who


def test_only_drifted_tasks_on_ad_accounts_are_asked_about() -> None:
    found = authors.drifted(recorded.review("drift"), recorded.stream("drift"))
    assert [(one.connection, one.account, one.user, one.fact.kind) for one in found] == [
        ("main", SHOP, USER, Kind.TASKS_LOST)
    ]
    assert found[0].urn.endswith("AssetAssignment::lindenhof-reporting-act_104320000000501")


@pytest.mark.parametrize("name", [name for name in recorded.NAMES if name not in {"drift", "due"}])
def test_without_drift_nothing_is_asked_and_nothing_said(name: str) -> None:
    review = recorded.review(name)
    assert authors.drifted(review, recorded.stream(name)) == []
    assert authors.told(review, {}) == review


def test_what_is_refused_is_not_asked_about() -> None:
    review = Review("dev", "p", (replace(LOST, kind=Kind.REFUSED), replace(LOST, kind=Kind.HELD_BACK)))
    assert authors.drifted(review, recorded.stream("drift")) == []
    assert authors.told(review, {}) == review


@pytest.mark.parametrize(
    ("fact", "by"),
    [
        (LOST, NoAuthor.NOT_ASKED),
        (replace(LOST, asset="page:1"), NoAuthor.NO_RECORD),
        (Fact(kind=Kind.GATE_DRIFTED, cause=Cause.DRIFT, resource="AppRoles", name="r"), NoAuthor.NO_RECORD),
        (Fact(kind=Kind.PERSON_DEMOTED, cause=Cause.DRIFT, resource="BusinessUser", name="b"), NoAuthor.NO_RECORD),
        (Fact(kind=Kind.GATE_DRIFTED, cause=Cause.DRIFT, resource="AssetShare", name="s"), None),
        (replace(LOST, cause=Cause.CHANGE), None),
    ],
)
def test_where_meta_keeps_no_record_that_is_known(fact: Fact, by: NoAuthor | None) -> None:
    [told] = authors.told(Review("dev", "p", (fact,)), {}).facts
    assert told == replace(fact, by=by)


def line(*facts: Fact) -> str:
    [group] = grouped(facts)
    return words.line(group)


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (INES, "changed by Ines Roth through Business Manager on 2026-12-01 09:12 UTC"),
        (
            replace(INES, application=""),
            "changed by Ines Roth through an application that Meta does not name, on 2026-12-01 09:12 UTC",
        ),
        (
            replace(INES, name=""),
            "changed by somebody whom Meta does not name through Business Manager on 2026-12-01 09:12 UTC",
        ),
        (
            NoAuthor.NO_ENTRY,
            "who changed it is unknown: the ad account's activities have no entry of it since the last update",
        ),
        (NoAuthor.NO_TIME, "who changed it is unknown: the state does not say when it was last written"),
        (NoAuthor.NOT_ASKED, "who changed it is unknown: Meta was not asked"),
        (NoAuthor.NO_CREDENTIAL, "who changed it is unknown: there was no credential to ask Meta with"),
        (NoAuthor.NO_ANSWER, "who changed it is unknown: Meta did not answer"),
        (NoAuthor.REFUSED, "who changed it is unknown: Meta did not show the ad account's activities"),
    ],
)
def test_who_did_it_is_said(by: Actor | NoAuthor, said: str) -> None:
    assert line(replace(LOST, by=by)) == f"reporting loses MANAGE on ad account 104320000000501 of lindenhof; {said}"


@pytest.mark.parametrize(
    ("fact", "what"),
    [
        (replace(LOST, asset="page:1"), "Pages"),
        (replace(LOST, asset="odd:1"), "such assets"),
        (Fact(kind=Kind.GATE_DRIFTED, cause=Cause.DRIFT, resource="AppRoles", name="r"), "app roles"),
        (Fact(kind=Kind.PERSON_OUT, cause=Cause.DRIFT, resource="BusinessUser", who="o"), "the people of a business"),
        (Fact(kind=Kind.CHANGED, cause=Cause.DRIFT, resource="Odd", name="o"), "such things"),
    ],
)
def test_that_meta_keeps_no_record_is_said(fact: Fact, what: str) -> None:
    said = line(replace(fact, by=NoAuthor.NO_RECORD))
    assert said.endswith(f"; who changed it is unknown: Meta keeps no public activity log of {what}")


def test_changes_of_one_person_stand_together_and_those_of_two_do_not() -> None:
    first = replace(LOST, by=INES)
    second = replace(LOST, asset="act_1", name="b", by=replace(INES, at="2026-12-01T09:40:00Z"))
    other = replace(LOST, asset="act_2", name="c", by=replace(INES, name="Otto"))
    assert len(grouped((first, second, other))) == 2
    assert line(second, first).endswith("Business Manager between 2026-12-01 09:12 UTC and 2026-12-01 09:40 UTC")


def test_all_front_ends_have_it_and_the_json_is_read_back() -> None:
    facts = (
        replace(LOST, by=INES),
        replace(LOST, asset="page:1", by=NoAuthor.NO_RECORD),
    )
    review = Review("dev", "p", tuple(sorted(facts, key=lambda fact: fact.order)))
    text = stored.write([review])
    assert {fact["asset"]: fact["by"] for fact in json.loads(text)["stacks"][0]["facts"]} == {
        SHOP: {"name": "Ines Roth", "application": "Business Manager", "at": "2026-12-01T09:12:00Z"},
        "page:1": {"unknown": "no record"},
    }
    assert stored.read(text.encode(), "r.json") == [review]
    said = "changed by Ines Roth through Business Manager on 2026-12-01 09:12 UTC"
    assert said in markdown.render([review])
    assert said in " ".join(terminal.render([review], whole=True).split())


@pytest.mark.parametrize(
    "by", [{}, "refused", {"unknown": "odd"}, {"unknown": []}, {"name": "a", "application": "b", "at": "<x>"}, [1]]
)
def test_a_stored_author_that_is_none_is_refused(by: object) -> None:
    value = json.loads(stored.write([Review("dev", "p", (LOST,))]))
    value["stacks"][0]["facts"][0]["by"] = by
    with pytest.raises(stored.StoredError, match=r"r\.json is no review"):
        stored.read(json.dumps(value).encode(), "r.json")


def test_names_of_others_are_harmless() -> None:
    hostile = "@octocat\x1b[31m ```</details><img src=x>\n+ trading gains all"
    entries = [replace(entry(5, hostile), application=hostile)]
    by = authors.chosen(Drifted(LOST, "urn", "main", SHOP, USER), entries, WRITTEN)
    review = Review("dev", "p", (replace(LOST, by=by),))
    comment, screen = markdown.render([review]), terminal.render([review], whole=True)
    plain = markdown.render([Review("dev", "p", (replace(LOST, by=INES),))])
    assert comment.count("```") == plain.count("```")
    assert comment.count("</details>") == plain.count("</details>")
    for bad in ("@octocat", "\x1b", "<img", "\n+ trading"):
        assert bad not in comment
    assert "\x1b" not in screen
    assert not [line for line in screen.splitlines() if line.startswith("+")]


def test_a_base_review_that_knows_no_author_knows_the_drift_all_the_same() -> None:
    mine = Review("dev", "p", (replace(LOST, by=INES),))
    base = Review("dev", "p", (replace(LOST, by=NoAuthor.NO_ANSWER),))
    assert against(mine, base).facts == mine.facts
    [made] = against(mine, Review("dev", "p", ())).facts
    assert (made.cause, made.by) == (Cause.CHANGE, None)
