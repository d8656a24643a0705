"""Asking who made a drift: of the emulated Meta, once per account, and what cannot be asked stays unknown."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.cli import pulumi_stack
from meta_access.cli.stack import drift_authors
from meta_access.errors import MetaAccessError
from meta_access.graph import activities
from meta_access.review.facts import Actor, Fact, Kind, NoAuthor, Review
from meta_access.stack.files import config_of
from meta_emulator.world import Activity
from tests.unit.emulated import NOW
from tests.unit.review import recorded

if TYPE_CHECKING:
    from meta_access.review.steps import EventLog
    from tests.unit.emulated import EmulatedMeta

STACK = Path(__file__).resolve().parents[3] / "stacks" / "Pulumi.dev.yaml"
SHOP = "act_104320000000501"
USER = "122090000001001"
RECORD = f"GET {SHOP}/activities"
NOON = NOW - timedelta(hours=3)
INES = Actor("Ines Roth", "Business Suite", "2026-11-24T06:00:00Z")


def log(meta: EmulatedMeta, name: str = "drift") -> EventLog:
    """A recorded preview, as if it had run on this emulator."""
    found = recorded.stream(name)
    values: dict[str, Any] = config_of(STACK)
    connections = values["meta:connections"]
    connections = json.loads(connections) if isinstance(connections, str) else connections
    connections["main"]["graph_url"] = meta.emulator.graph_url
    connections["main"]["aws"]["endpoint_url"] = meta.emulator.aws_url
    values["meta:connections"] = connections
    found.config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    return found


def state(at: str) -> dict[str, Any]:
    urn = next(one.urn for one in recorded.stream("drift").steps if one.name == f"lindenhof-reporting-{SHOP}")
    return {"version": 3, "deployment": {"resources": [{"urn": urn, "modified": at}]}}


def asked(meta: EmulatedMeta, review: Review | None = None, name: str = "drift") -> dict[str, Any]:
    """Asset of each drifted fact to who is said to have changed it."""
    found = drift_authors.told(review or recorded.review(name), log(meta, name), "dev")
    return {fact.asset: fact.by for fact in found.facts if fact.by is not None}


def happened(meta: EmulatedMeta, *rows: tuple[int, str, str]) -> None:
    """Entries of the account's record: minutes after `NOON`, whose tasks, by whom."""
    with meta.edit() as world:
        for number, (minutes, user, actor) in enumerate(rows, 1):
            world.activities.append(
                Activity(
                    number, SHOP, NOON + timedelta(minutes=minutes), user, "reporting", ["ANALYZE"], ["MANAGE"],
                    "100000000000402", actor, "4200", "Business Suite",
                )
            )  # fmt: skip


@pytest.fixture(autouse=True)
def written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("META_ACCESS_OFFLINE", raising=False)
    monkeypatch.delenv("META_ACCESS_SNAPSHOT", raising=False)
    monkeypatch.setattr(pulumi_stack, "export", lambda _: state("2026-11-24T05:00:30.123456789Z"))


def test_the_accounts_record_says_who_did_it_and_is_asked_once(lindenhof: EmulatedMeta) -> None:
    happened(lindenhof, (0, USER, "Otto"), (40, USER, "Nadia"), (60, USER, "Ines Roth"), (90, "1220", "Otto"))
    assert asked(lindenhof) == {SHOP: INES, "page:102930000000801": NoAuthor.NO_RECORD}
    assert lindenhof.calls == [RECORD]


def test_two_facts_of_one_account_are_one_call(lindenhof: EmulatedMeta) -> None:
    happened(lindenhof, (60, USER, "Ines Roth"))
    review = recorded.review("drift")
    [fact] = [fact for fact in review.facts if fact.asset == SHOP]
    gained = replace(fact, kind=Kind.TASKS_GAINED, tasks=("CREATIVE",))
    both = replace(review, facts=(*review.facts, gained))
    found = drift_authors.told(both, log(lindenhof), "dev")
    assert [one.by for one in found.facts if one.asset == SHOP] == [INES, INES]
    assert lindenhof.calls == [RECORD]


@pytest.mark.parametrize("name", ["same", "widen", "branch"])
def test_without_drift_nobody_is_asked(lindenhof: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(pulumi_stack, "export", lambda _: pytest.fail("the state was read"))
    assert asked(lindenhof, name=name) == {}
    assert lindenhof.calls == []


def test_an_empty_record_is_unknown(lindenhof: EmulatedMeta) -> None:
    assert asked(lindenhof)[SHOP] is NoAuthor.NO_ENTRY
    assert lindenhof.calls == [RECORD]


@pytest.mark.parametrize("name", ["META_ACCESS_OFFLINE", "META_ACCESS_SNAPSHOT"])
def test_where_nothing_may_be_asked_nothing_is(
    lindenhof: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")
    assert asked(lindenhof)[SHOP] is NoAuthor.NOT_ASKED
    assert lindenhof.calls == []


def test_a_state_that_cannot_be_read_leaves_it_unknown(
    lindenhof: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: str) -> dict[str, Any]:
        raise pulumi_stack.StackReadError("No.")

    monkeypatch.setattr(pulumi_stack, "export", refused)
    assert asked(lindenhof)[SHOP] is NoAuthor.NOT_ASKED
    monkeypatch.setattr(pulumi_stack, "export", lambda _: state("yesterday"))
    assert asked(lindenhof)[SHOP] is NoAuthor.NO_TIME
    assert lindenhof.calls == []


def test_a_refusal_or_silence_of_metas_leaves_it_unknown(lindenhof: EmulatedMeta) -> None:
    lindenhof.refuse("GET", f"/v26.0/{SHOP}/activities", 200)
    assert asked(lindenhof)[SHOP] is NoAuthor.REFUSED
    lindenhof.obey()
    lindenhof.answer("GET", f"/v26.0/{SHOP}/activities", {"data": "no list"})
    assert asked(lindenhof)[SHOP] is NoAuthor.NO_ANSWER
    lindenhof.obey()
    lindenhof.cut("GET", f"/v26.0/{SHOP}/activities", applied=False)
    before = lindenhof.monotonic()
    assert asked(lindenhof)[SHOP] is NoAuthor.NO_ANSWER
    assert lindenhof.monotonic() - before <= drift_authors.BOUND_S


@pytest.mark.parametrize(
    ("error", "why"),
    [(MetaAccessError("No token."), NoAuthor.NO_CREDENTIAL), (RuntimeError("odd"), NoAuthor.NO_ANSWER)],
)
def test_a_credential_that_is_missing_leaves_it_unknown(
    lindenhof: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, error: Exception, why: NoAuthor
) -> None:
    def raised(*_: object) -> None:
        raise error

    monkeypatch.setattr(activities, "of_users", raised)
    assert asked(lindenhof)[SHOP] is why


def test_rows_that_are_odd_are_passed_over(lindenhof: EmulatedMeta) -> None:
    good: dict[str, object] = {
        "event_type": "ad_account_remove_user_from_role", "event_time": "2026-11-24T06:00:00+0000",
        "actor_id": "9", "application_name": "Business Suite", "extra_data": json.dumps({"a": [{"b": int(USER)}]}),
    }  # fmt: skip
    rows: list[dict[str, object]] = [
        {},
        {**good, "event_time": "later"},
        {**good, "event_time": "2026-11-24T07:00:00+0000", "event_type": "update_ad_set_bidding"},
        {**good, "event_time": "2026-11-24T07:00:00+0000", "extra_data": "["},
        {**good, "event_time": "2026-11-24T07:00:00+0000", "extra_data": "[" * 100_000},
        good,
    ]
    lindenhof.answer("GET", f"/v26.0/{SHOP}/activities", {"data": rows})
    assert asked(lindenhof)[SHOP] == replace(INES, name="9")


def test_a_record_without_an_end_is_not_read_to_it(lindenhof: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activities, "MOST_ROWS", 2)
    happened(lindenhof, (40, USER, "Otto"), (50, USER, "Otto"), (60, USER, "Ines Roth"))
    assert asked(lindenhof)[SHOP] is NoAuthor.REFUSED


def test_the_sooner_end_of_the_time_is_kept(lindenhof: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift_authors, "BOUND_S", 0.0)
    assert asked(lindenhof)[SHOP] is NoAuthor.NO_ANSWER
    assert lindenhof.calls == []


def test_other_facts_keep_what_they_say(lindenhof: EmulatedMeta) -> None:
    review = recorded.review("drift")
    found = drift_authors.told(review, log(lindenhof), "dev")

    def without(facts: tuple[Fact, ...]) -> list[Fact]:
        return [replace(fact, by=None) for fact in facts]

    assert without(found.facts) == list(review.facts)
