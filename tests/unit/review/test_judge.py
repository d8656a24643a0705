"""From what is planned to facts: one behaviour each, on events written by hand."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from meta_access.findings import Finding
from meta_access.findings import Kind as Found
from meta_access.review import judge, stored, words
from meta_access.review.facts import (
    Budget,
    Cause,
    Class,
    Difference,
    Fact,
    Group,
    Kind,
    Quota,
    Until,
    grouped,
)
from meta_access.stack.time_limits import Limit
from tests.unit.review.planned import APP, CLIENT, IDENTITY, UNKNOWN, event, log, planned, review, side, urn

ACCOUNT = "act_205550000000601"
NAME = f"acme-trading-{ACCOUNT}"
USER = {"name": "trading", "role": "EMPLOYEE", "on_destroy": "retire", "connection": "main"}
TOKEN = {
    "secret_name": "meta/prod/trading", "scopes": ["ads_read"], "grace": "24h", "lifetime": "60d", "keepers": {},
    "rotation_owner": "pulumi", "system_user_id": "7", "connection": "main", "freshness": "current",
}  # fmt: skip


def assignment(*tasks: str, user: str = "7", **more: Any) -> dict[str, Any]:
    return {"asset": ACCOUNT, "tasks": list(tasks), "system_user_id": user, "connection": "main", "kept": [], **more}


def user(op: str = "same", **more: Any) -> list[dict[str, Any]]:
    return planned(op, "SystemUser", "trading", was=USER, wants={**USER, **more}, parent=IDENTITY, id_="7")


def told(*events: list[dict[str, Any]]) -> list[tuple[Kind, Cause]]:
    return [(fact.kind, fact.cause) for fact in review(*events).facts]


# --- access to assets ---


def test_who_gains_what_on_which_asset_of_which_client() -> None:
    [fact] = review(
        user(),
        planned(
            "update", "AssetAssignment", NAME, was=assignment("ANALYZE"), wants=assignment("MANAGE"), parent=CLIENT
        ),
    ).facts
    assert fact == Fact(
        kind=Kind.TASKS_GAINED,
        cause=Cause.CHANGE,
        resource="AssetAssignment",
        name=NAME,
        who="trading",
        tasks=("MANAGE",),
        implied=("ADVERTISE",),
        asset=ACCOUNT,
        client="acme",
    )
    assert fact.classes == {Class.WIDENING}


def test_a_task_that_another_one_implies_is_neither_gained_nor_lost() -> None:
    was, wants = assignment("MANAGE"), assignment("ADVERTISE", "ANALYZE", "MANAGE")
    assert told(planned("update", "AssetAssignment", NAME, was=was, wants=wants, parent=CLIENT)) == []


def test_a_narrower_set_loses_and_a_deletion_loses_all() -> None:
    [narrow] = review(
        planned("update", "AssetAssignment", NAME, was=assignment("MANAGE"), wants=assignment("ANALYZE"))
    ).facts
    assert (narrow.kind, narrow.tasks, narrow.implied) == (Kind.TASKS_LOST, ("MANAGE",), ("ADVERTISE",))
    [gone] = review(planned("delete", "AssetAssignment", NAME, was=assignment("ANALYZE", kept=["DRAFT"]))).facts
    assert (gone.kind, gone.tasks) == (Kind.TASKS_LOST, ("ANALYZE", "DRAFT"))
    assert gone.classes == {Class.DELETION}


def test_drift_is_told_from_the_change_task_by_task() -> None:
    # By hand DRAFT was given and ANALYZE taken away; the program now wants ADVERTISE as well.
    events = planned(
        "update",
        "AssetAssignment",
        NAME,
        was=assignment("ANALYZE"),
        live={"tasks": ["DRAFT"]},
        wants=assignment("ANALYZE", "CREATIVE"),
    )
    found = {(fact.kind, fact.cause): fact.tasks for fact in review(events).facts}
    assert found == {
        (Kind.TASKS_GAINED, Cause.CHANGE): ("CREATIVE",),
        (Kind.TASKS_GAINED, Cause.DRIFT): ("ANALYZE",),
        (Kind.TASKS_LOST, Cause.DRIFT): ("DRAFT",),
    }


def test_what_a_deletion_takes_away_is_the_change_even_what_was_given_by_hand() -> None:
    was = assignment("ANALYZE")
    [fact] = review(planned("delete", "AssetAssignment", NAME, was=was, live={"tasks": ["ANALYZE", "DRAFT"]})).facts
    assert (fact.kind, fact.cause, fact.tasks) == (Kind.TASKS_LOST, Cause.CHANGE, ("ANALYZE", "DRAFT"))


def test_what_was_kept_stays_kept_and_goes_with_replace_existing() -> None:
    was = assignment("ANALYZE", kept=["DRAFT"])
    assert told(planned("update", "AssetAssignment", NAME, was=was, wants=assignment("ANALYZE"))) == []
    wants = assignment("ANALYZE", replace_existing=True)
    [fact] = review(planned("update", "AssetAssignment", NAME, was=was, wants=wants)).facts
    assert (fact.kind, fact.cause, fact.tasks) == (Kind.TASKS_LOST, Cause.CHANGE, ("DRAFT",))


def test_one_grant_under_two_names_is_no_loss() -> None:
    events = [
        *planned("delete", "AssetAssignment", "old", was=assignment("ANALYZE")),
        *planned("create", "AssetAssignment", "new", wants=assignment("ANALYZE")),
    ]
    assert told(user(), events) == []


@pytest.mark.parametrize("op", ["same", "update"])
def test_what_somebody_did_by_hand_and_the_change_declares_is_the_changes(op: str) -> None:
    was = assignment("ANALYZE", "DRAFT")
    # MANAGE was given by hand, DRAFT was taken away, and so the program wants it now: nothing is left to be done.
    events = planned(
        op, "AssetAssignment", NAME, was=was, live={"tasks": ["MANAGE"]}, wants=assignment("MANAGE"), parent=CLIENT
    )
    lost, gained = review(user(), events).facts
    assert (lost.kind, lost.tasks, lost.cause, lost.already) == (Kind.TASKS_LOST, ("DRAFT",), Cause.CHANGE, True)
    assert (gained.kind, gained.tasks, gained.cause) == (Kind.TASKS_GAINED, ("MANAGE",), Cause.CHANGE)
    assert gained.classes == {Class.WIDENING}
    assert words.line(Group(gained, (gained,))) == (
        "trading gains MANAGE (with ADVERTISE) on ad account 205550000000601 of acme; Meta has it so already"
    )


def test_users_of_one_name_in_two_businesses_are_two() -> None:
    connections = {"main": {"business": "lindenhof"}, "again": {"business": "lindenhof"}, "other": {"business": "acme"}}

    def who(where: str, id_: str) -> list[dict[str, Any]]:
        named = {**USER, "connection": where}
        return planned("same", "SystemUser", f"user-{id_}", was=named, wants=named, id_=id_)

    def moved(where: str, user: str) -> list[str]:
        events = [
            *who("main", "7"),
            *who("other", "8"),
            *planned("delete", "AssetAssignment", "a", was=assignment("ANALYZE")),
            *planned("create", "AssetAssignment", "b", wants=assignment("ANALYZE", user=user, connection=where)),
        ]
        stream = log([{"preludeEvent": {"config": {"meta:connections": json.dumps(connections)}}}], events)
        return [
            words.line(Group(fact, (fact,))) for fact in judge.judged(stream, [], stack="dev", project="shop").facts
        ]

    assert moved("other", "8") == [
        "trading (lindenhof) loses ANALYZE on ad account 205550000000601",
        "trading (acme) gains ANALYZE on ad account 205550000000601",
    ]
    # Another connection of the same business is no other user.
    assert moved("again", "7") == []


def test_another_user_on_the_asset_gains_and_the_one_before_loses() -> None:
    events = planned(
        "update", "AssetAssignment", NAME, was=assignment("ANALYZE"), wants=assignment("ANALYZE", user="8")
    )
    found = {fact.kind: fact.who for fact in review(user(), events).facts}
    assert found == {Kind.TASKS_LOST: "trading", Kind.TASKS_GAINED: "system user 8"}


def test_tasks_that_only_the_update_knows_are_said_to_be_unknown() -> None:
    wants = {**assignment(), "tasks": UNKNOWN}
    assert told(planned("create", "AssetAssignment", NAME, wants=wants)) == [(Kind.TASKS_UNKNOWN, Cause.CHANGE)]


@pytest.mark.parametrize("hidden", ["asset", "tasks"])
def test_what_an_update_hides_is_the_changes_and_no_loss(hidden: str) -> None:
    events = planned(
        "update",
        "AssetAssignment",
        NAME,
        was=assignment("ANALYZE"),
        live={"tasks": ["ANALYZE", "DRAFT"]},
        wants={**assignment("ANALYZE"), hidden: UNKNOWN},
        parent=CLIENT,
    )
    [fact] = review(user(), events).facts
    assert (fact.kind, fact.cause) == (Kind.TASKS_UNKNOWN, Cause.CHANGE)
    assert fact.classes == {Class.WIDENING}


def test_a_user_that_is_made_is_named_by_the_components_child_or_because_it_is_the_only_one() -> None:
    wants = assignment("ANALYZE", user=UNKNOWN)
    [fact] = review(planned("create", "AssetAssignment", NAME, wants=wants, parent=CLIENT)).facts
    assert (fact.who, fact.client) == ("trading", "acme")
    made = planned("create", "SystemUser", "u", wants=USER)
    found = review(made, planned("create", "AssetAssignment", "shop", wants=wants)).facts
    assert [fact.who for fact in found] == ["trading", "trading"]
    second = planned("create", "SystemUser", "v", wants={**USER, "name": "other"})
    found = review(made, second, planned("create", "AssetAssignment", "shop", wants=wants)).facts
    assert [fact.who for fact in found if fact.kind is Kind.TASKS_GAINED] == [""]


def test_an_adopted_user_is_known_by_its_id_before_the_state_has_it() -> None:
    made = planned("create", "SystemUser", "trading", wants={**USER, "adopt": "7"}, parent=IDENTITY)
    shop = planned("create", "AssetAssignment", "shop", wants=assignment("ANALYZE"))
    assert [fact.who for fact in review(made, shop).facts] == ["trading", "trading"]


def test_a_gate_that_only_the_update_knows_holds_back_as_well() -> None:
    wants = assignment("ANALYZE", requires={"trading-app-access": UNKNOWN})
    [fact] = review(user(), planned("create", "AssetAssignment", NAME, wants=wants, parent=CLIENT)).facts
    assert words.line(Group(fact, (fact,))) == (
        "held back: trading does not get ANALYZE on ad account 205550000000601 of acme yet: trading-app-access is not "
        "known yet"
    )


def test_what_a_gate_holds_back_is_not_gained() -> None:
    wants = assignment("MANAGE", requires={"ads-tier": "satisfied", "ads-ads_management": "pending_human"})
    [fact] = review(planned("update", "AssetAssignment", NAME, was=assignment("DRAFT"), wants=wants)).facts
    # The update does not come to what it would take away either.
    assert (fact.kind, fact.gates) == (Kind.HELD_BACK, (("ads-ads_management", "pending_human"),))
    assert fact.classes == frozenset()


# --- users and people ---


@pytest.mark.parametrize(
    ("events", "kind", "cause"),
    [
        (planned("create", "SystemUser", "u", wants=USER), Kind.USER_MADE, Cause.CHANGE),
        (planned("create", "SystemUser", "u", wants={**USER, "adopt": "9"}), Kind.USER_ADOPTED, Cause.CHANGE),
        (
            planned("create", "SystemUser", "u", wants={**USER, "requires": {"g": "pending_human"}}),
            Kind.HELD_BACK,
            Cause.CHANGE,
        ),
        (planned("delete", "SystemUser", "u", was=USER), Kind.USER_RETIRED, Cause.CHANGE),
        (planned("delete", "SystemUser", "u", was={**USER, "on_destroy": "keep"}), Kind.USER_LEFT, Cause.CHANGE),
        (planned("delete", "SystemUser", "u", was={**USER, "adopted": True}), Kind.USER_LEFT, Cause.CHANGE),
        (planned("update", "SystemUser", "u", was=USER, wants={**USER, "name": "n"}), Kind.USER_RENAMED, Cause.CHANGE),
        (
            planned("update", "SystemUser", "u", was=USER, live={"name": "x"}, wants=USER),
            Kind.USER_RENAMED,
            Cause.DRIFT,
        ),
        (planned("replace", "SystemUser", "u", was=USER, live={"gone": True}, wants=USER), Kind.USER_MADE, Cause.DRIFT),
        (
            planned("update", "SystemUser", "u", was=USER, wants={**USER, "on_destroy": "keep"}),
            Kind.CHANGED,
            Cause.CHANGE,
        ),
    ],
)
def test_a_system_user(events: list[dict[str, Any]], kind: Kind, cause: Cause) -> None:
    assert told(events) == [(kind, cause)]


PERSON = {"email": "ines@acme.example", "role": "EMPLOYEE", "on_destroy": "remove", "state": "accepted"}


@pytest.mark.parametrize(
    ("events", "kind", "cause"),
    [
        (planned("create", "BusinessUser", "i", wants=PERSON), Kind.PERSON_IN, Cause.CHANGE),
        (planned("delete", "BusinessUser", "i", was=PERSON), Kind.PERSON_OUT, Cause.CHANGE),
        (planned("delete", "BusinessUser", "i", was={**PERSON, "on_destroy": "keep"}), Kind.PERSON_LEFT, Cause.CHANGE),
        (
            planned("update", "BusinessUser", "i", was=PERSON, wants={**PERSON, "role": "ADMIN"}),
            Kind.PERSON_PROMOTED,
            Cause.CHANGE,
        ),
        (
            planned("update", "BusinessUser", "i", was=PERSON, live={"role": "ADMIN"}, wants=PERSON),
            Kind.PERSON_DEMOTED,
            Cause.DRIFT,
        ),
        (
            planned("update", "BusinessUser", "i", was=PERSON, live={"state": "gone"}, wants=PERSON),
            Kind.PERSON_BACK,
            Cause.DRIFT,
        ),
    ],
)
def test_a_person(events: list[dict[str, Any]], kind: Kind, cause: Cause) -> None:
    [fact] = review(events).facts
    assert (fact.kind, fact.cause, fact.who) == (kind, cause, "ines@acme.example")


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (
            "accepted",
            (
                "ines@acme.example has left the business, or was taken out by hand; an update invites them again, as "
                "EMPLOYEE; to let them go: `meta-access offboard ines`"
            ),
        ),
        (
            "pending",
            (
                "the invitation of ines@acme.example is no longer listed, because it was declined or has expired; an "
                "update sends another one, as EMPLOYEE"
            ),
        ),
        (
            "gone",
            (
                "ines@acme.example is no longer in the business; an update invites them again, as EMPLOYEE; to let "
                "them go: `meta-access offboard ines`"
            ),
        ),
    ],
)
def test_who_is_gone_without_the_change_is_told_as_what_happened(before: str, said: str) -> None:
    was = {**PERSON, "state": before}
    events = log(planned("update", "BusinessUser", "i", was=was, live={"state": "gone"}, wants=PERSON))
    events.config["meta:people"] = json.dumps({"ines": {"email": "Ines@acme.example"}})

    found = judge.judged(events, [], stack="dev", project="shop")

    assert [words.line(group) for group in grouped(found.facts)] == [said]
    assert [(fact.kind, fact.cause, fact.classes) for fact in found.facts] == [
        (Kind.PERSON_BACK, Cause.DRIFT, frozenset())
    ]
    [again] = stored.read(stored.write([found]).encode(), "review.json")
    assert again == found


def test_a_drifted_share_says_why() -> None:
    why = "Its owner shares nothing any more."
    was = {"asset": ACCOUNT, "tasks": ["ANALYZE"], "status": "satisfied", "reason": why}
    live, wants = {"tasks": [], "status": "drifted"}, {**was, "status": "drifted"}

    [fact] = review(
        planned("update", "AssetShare", f"acme-share-{ACCOUNT}", was=was, live=live, wants=wants, parent=CLIENT)
    ).facts

    assert (fact.kind, fact.cause, fact.reason) == (Kind.GATE_DRIFTED, Cause.DRIFT, why)
    assert words.line(Group(fact, (fact,))) == (
        f"gate acme-share-{ACCOUNT} drifted, declared and found: tasks ANALYZE taken out; a person puts it right: Its "
        "owner shares nothing any more."
    )


@pytest.mark.parametrize(
    ("was", "wants", "told"),
    [
        # On the engine the one is taken out and the other is invited; only the case of an address may change.
        ({}, {"email": "otto@acme.example"}, {"- ines leaves", "+ otto EMPLOYEE"}),
        ({}, {"email": "otto@acme.example", "role": "ADMIN"}, {"- ines leaves", "+ otto ADMIN"}),
        ({"on_destroy": "keep"}, {"email": "otto@acme.example"}, {"~ ines stays", "+ otto EMPLOYEE"}),
        ({"state": "gone"}, {"email": "otto@acme.example"}, {"+ otto EMPLOYEE"}),
        ({}, {"connection": "other"}, {"- ines leaves", "+ ines EMPLOYEE"}),
        ({}, {"email": "INES@acme.example"}, {"~ changed email"}),
        ({}, {"email": UNKNOWN}, {"~ unknown email"}),
    ],
)
def test_a_resource_of_another_person_takes_one_out_and_brings_one_in(
    was: dict[str, str], wants: dict[str, str], told: set[str]
) -> None:
    before = {**PERSON, "connection": "main", **was}
    after = {**PERSON, "connection": "main", **was, **wants}
    facts = review(planned("update", "BusinessUser", "i", was=before, wants=after)).facts
    said = {
        Kind.PERSON_OUT: "leaves",
        Kind.PERSON_LEFT: "stays",
        Kind.CHANGED: "changed",
        Kind.UNKNOWN: "unknown",
    }
    found = set()
    for fact in facts:
        who = "" if fact.differences else fact.who.partition("@")[0]
        rest = (*(one.key for one in fact.differences), fact.role)
        found.add(" ".join(filter(None, (fact.sign, who, said.get(fact.kind, ""), *rest))))
    assert found == told


def test_a_person_whom_another_resource_takes_over_leaves_nobody() -> None:
    events = [
        *planned("update", "BusinessUser", "i", was=PERSON, wants={**PERSON, "email": "otto@acme.example"}),
        *planned("create", "BusinessUser", "j", wants=PERSON),
    ]
    assert sorted((fact.kind, fact.who) for fact in review(events).facts) == [
        (Kind.PERSON_IN, "ines@acme.example"),
        (Kind.PERSON_IN, "otto@acme.example"),
    ]


def test_a_role_that_somebody_gave_by_hand_and_the_change_declares_is_the_changes() -> None:
    wants = {**PERSON, "role": "ADMIN"}
    [fact] = review(planned("same", "BusinessUser", "i", was=PERSON, live={"role": "ADMIN"}, wants=wants)).facts
    assert (fact.kind, fact.cause, fact.already) == (Kind.PERSON_PROMOTED, Cause.CHANGE, True)
    assert fact.classes == {Class.WIDENING}
    assert told(planned("same", "BusinessUser", "i", was=PERSON, wants=PERSON)) == []


# --- tokens ---


def of_token(op: str, **parts: Any) -> Fact:
    [fact] = review(planned(op, "SystemUserToken", "trading", parent=IDENTITY, **parts)).facts
    return fact


def test_a_first_token_and_its_end() -> None:
    made = of_token("create", wants={**TOKEN, "secret_name": UNKNOWN})
    assert (made.kind, made.who, made.secret, made.tasks) == (Kind.TOKEN_NEW, "trading", "", ("ads_read",))
    ends = of_token("delete", was=TOKEN)
    assert (ends.kind, ends.secret, ends.grace) == (Kind.TOKEN_ENDS, "meta/prod/trading", "")


def test_readers_of_a_token_that_goes_while_its_user_keeps_another_one_have_the_grace() -> None:
    facts = review(
        planned("delete", "SystemUserToken", "a", was=TOKEN),
        planned("same", "SystemUserToken", "b", was=TOKEN, wants=TOKEN),
    ).facts
    assert [(fact.kind, fact.grace) for fact in facts] == [(Kind.TOKEN_ENDS, "24h")]


def test_a_token_that_moves() -> None:
    fact = of_token("update", was=TOKEN, wants={**TOKEN, "secret_name": "meta/new"})
    assert (fact.kind, fact.secret, fact.moved_to, fact.grace) == (
        Kind.TOKEN_MOVES,
        "meta/prod/trading",
        "meta/new",
        "24h",
    )
    assert fact.classes == frozenset()


def test_added_scopes_are_gained_and_widen_and_lost_ones_are_told() -> None:
    wider = of_token("update", was=TOKEN, wants={**TOKEN, "scopes": ["ads_management", "ads_read"]})
    assert (wider.kind, wider.tasks, wider.differences) == (Kind.TOKEN_RENEWED, ("ads_management",), ())
    assert wider.classes == {Class.WIDENING}
    other = of_token("update", was=TOKEN, wants={**TOKEN, "scopes": ["ads_management"]})
    assert other.differences == (Difference("scopes", "ads_read", "ads_management"),)


@pytest.mark.parametrize(
    ("wants", "classes"),
    [
        ({"scopes": ["ads_management"]}, {Class.WIDENING, Class.DELETION}),
        ({"scopes": ["ads_management"], "secret_name": "meta/new"}, {Class.WIDENING, Class.DELETION}),
        ({"scopes": []}, {Class.DELETION}),
        ({"system_user_id": "8"}, {Class.WIDENING}),
        ({"connection": "other"}, {Class.WIDENING}),
        ({"scopes": UNKNOWN}, {Class.WIDENING}),
        ({"scopes": UNKNOWN, "keepers": {"a": "1"}}, {Class.WIDENING, Class.DELETION}),
        ({"keepers": {"a": "1"}}, set()),
        ({"system_user_id": UNKNOWN}, set()),
    ],
)
def test_what_a_changed_token_may_do_stops_a_pipeline(wants: dict[str, Any], classes: set[Class]) -> None:
    assert of_token("update", was=TOKEN, wants={**TOKEN, **wants}).classes == classes


def test_added_scopes_that_a_gate_holds_back() -> None:
    wants = {**TOKEN, "scopes": ["ads_management", "ads_read"], "requires": {"g": "pending_human"}}
    # As on the engine: the update is refused whole, another secret and a lost scope with it.
    for more in ({}, {"secret_name": "meta/new"}, {"scopes": ["ads_management"]}):
        fact = of_token("update", was=TOKEN, wants={**wants, **more})
        assert (fact.kind, fact.tasks, fact.differences) == (Kind.HELD_BACK, ("ads_management",), ())
        assert fact.classes == frozenset()
    # What is due is renewed with the scopes that it has.
    due = planned("update", "SystemUserToken", "t", was=TOKEN, live={"freshness": "rotation due: soon"}, wants=wants)
    assert told(due) == [(Kind.HELD_BACK, Cause.CHANGE), (Kind.TOKEN_RENEWED, Cause.DUE)]
    # Where AWS rotates, the function mints later, and no gate is asked.
    by_lambda = of_token(
        "update", was={**TOKEN, "rotation_owner": "lambda"}, wants={**wants, "rotation_owner": "lambda"}
    )
    assert (by_lambda.kind, by_lambda.tasks) == (Kind.TOKEN_RENEWED, ("ads_management",))


def test_a_token_that_is_due_whatever_the_change() -> None:
    why = "rotation due: expires 2027-01-31"
    fact = of_token("update", was=TOKEN, live={"freshness": why}, wants=TOKEN)
    assert (fact.kind, fact.cause, fact.reason) == (Kind.TOKEN_RENEWED, Cause.DUE, why)


def test_what_only_says_when_to_act_renews_no_token() -> None:
    fact = of_token("update", was=TOKEN, wants={**TOKEN, "grace": "48h"})
    assert (fact.kind, fact.differences) == (Kind.CHANGED, (Difference("grace", "24h", "48h"),))


def test_a_token_whose_user_is_made_anew_may_be_renewed_and_that_is_said_to_be_unknown() -> None:
    fact = of_token("update", was=TOKEN, wants={**TOKEN, "system_user_id": UNKNOWN})
    assert (fact.kind, fact.differences) == (Kind.UNKNOWN, (Difference("system_user_id", "7", "", unknown=True),))


# --- gates ---

GATE = {"status": "satisfied", "roles": {"ines": "developer"}, "connection": "main"}


def of_gate(op: str, **parts: Any) -> list[tuple[Kind, Cause]]:
    return told(planned(op, "AppRoles", "ads-app-roles", parent=APP, **parts))


def test_gates() -> None:
    pending = {**GATE, "status": "pending_human"}
    assert of_gate("create", wants=pending) == [(Kind.GATE_WAITS, Cause.CHANGE)]
    assert of_gate("create", wants=GATE) == [(Kind.GATE_SATISFIED, Cause.CHANGE)]
    assert of_gate("same", was=GATE, wants=GATE) == []
    assert of_gate("same", was=pending, wants=pending) == [(Kind.GATE_WAITS, Cause.PEOPLE)]
    assert of_gate("same", was=pending, live={"status": "satisfied"}, wants=pending) == [
        (Kind.GATE_SATISFIED, Cause.PEOPLE)
    ]
    assert of_gate("update", was=GATE, wants={**pending, "roles": {"ines": "tester"}}) == [
        (Kind.GATE_WAITS, Cause.CHANGE)
    ]
    assert of_gate("update", was=pending, wants={**GATE, "evidence": {"status": "satisfied"}}) == [
        (Kind.GATE_SATISFIED, Cause.CHANGE)
    ]
    assert of_gate("delete", was=GATE) == [(Kind.GATE_DROPPED, Cause.CHANGE)]


def test_a_drifted_gate_says_what_was_declared_and_what_was_found() -> None:
    live = {"roles": {"ines": "admin"}, "status": "drifted"}
    events = planned("update", "AppRoles", "r", was=GATE, live=live, wants={**GATE, "status": "drifted"}, parent=APP)
    [fact] = review(events).facts
    assert (fact.kind, fact.cause, fact.client) == (Kind.GATE_DRIFTED, Cause.DRIFT, "ads")
    assert fact.differences == (Difference("roles.ines", "developer", "admin"),)


# --- everything else ---


def test_other_resources_and_what_is_none_of_ours() -> None:
    bucket, was = "aws:s3/bucket:Bucket", {"acl": "private"}
    found = review(
        planned("create", "AppInstallation", "i", wants={}),
        planned("update", bucket, "b", was=was, wants={"acl": "public"}),
        planned("delete", "WebhookSubscription", "w", was={}),
        planned("update", "AppSettings", "s", was={"a": "1"}, wants={"a": UNKNOWN}),
        planned("same", "AppSettings", "t", was={"a": "1"}, wants={"a": "1"}),
        [event("resourcePreEvent", "create", urn("pulumi:providers:aws", "p"), None, side("u", "", {}, {}, ""))],
        [event("resourcePreEvent", "create", CLIENT, None, {"urn": CLIENT, "inputs": {}, "outputs": {}})],
    ).facts
    assert [(fact.kind, fact.resource, fact.name, fact.differences) for fact in found] == [
        (Kind.UNKNOWN, "AppSettings", "s", (Difference("a", "1", "", unknown=True),)),
        (Kind.REMOVED, "WebhookSubscription", "w", ()),
        (Kind.MADE, "AppInstallation", "i", ()),
        (Kind.CHANGED, "Bucket", "b", (Difference("acl", "private", "public"),)),
    ]


def test_what_the_program_only_reads_is_nothing() -> None:
    assert told(planned("read", "aws:s3/bucket:Bucket", "b", wants={"acl": "private"})) == []


@pytest.mark.parametrize(
    ("live", "wants", "cause"),
    [
        ({}, {"acl": "public"}, Cause.CHANGE),
        ({}, {"acl": "private"}, Cause.CHANGE),
        ({"acl": "x"}, {"acl": "private"}, Cause.DRIFT),
    ],
)
def test_a_replacement_takes_the_old_one_away(live: dict[str, str], wants: dict[str, str], cause: Cause) -> None:
    events = planned("replace", "aws:s3/bucket:Bucket", "b", was={"acl": "private"}, live=live, wants=wants)
    [fact] = review(events).facts
    assert (fact.kind, fact.cause) == (Kind.REPLACED, cause)
    assert fact.classes == ({Class.DELETION} if cause is Cause.CHANGE else frozenset())
    assert words.line(Group(fact, (fact,))).startswith("Bucket b is replaced, the old one goes")


def test_what_is_known_does_not_hide_what_only_the_update_knows() -> None:
    wants = {**PERSON, "role": UNKNOWN, "on_destroy": "keep"}
    [fact] = review(planned("update", "BusinessUser", "i", was=PERSON, wants=wants)).facts
    assert fact.differences == (
        Difference("on_destroy", "remove", "keep"),
        Difference("role", "EMPLOYEE", "", unknown=True),
    )
    assert fact.classes == {Class.WIDENING}


def test_a_change_by_hand_that_the_update_puts_back_is_drift() -> None:
    was = {"policy": "a"}
    [fact] = review(planned("update", "AppSettings", "s", was=was, live={"policy": "b"}, wants=was)).facts
    assert (fact.cause, fact.differences) == (Cause.DRIFT, (Difference("policy", "b", "a"),))


def test_what_is_gone_at_meta_and_is_made_again_is_drift() -> None:
    events = planned("create", "WebhookSubscription", "w", was={"a": "1"}, wants={"a": "1"}, gone=True)
    assert told(events) == [(Kind.MADE, Cause.DRIFT)]


# --- what is refused ---


def refused(findings: list[Finding], *events: list[dict[str, Any]]) -> list[Fact]:
    facts = judge.judged(log(*events), findings, stack="dev", project="shop").facts
    return [fact for fact in facts if fact.kind is Kind.REFUSED]


def test_a_finding_takes_the_place_of_the_gain() -> None:
    wants = {**assignment("ANALYZE"), "label": NAME}
    events = planned("create", "AssetAssignment", NAME, wants=wants, parent=CLIENT)
    found = judge.judged(
        log(user(), events), [Finding(Found.REFUSED, "asset assignment", NAME, "not shared.")], stack="d", project="p"
    )
    [fact] = found.facts
    assert (fact.kind, fact.who, fact.asset, fact.client, fact.reason) == (
        Kind.REFUSED,
        "trading",
        ACCOUNT,
        "acme",
        "not shared.",
    )
    assert found.classes == {Class.REFUSED}


def test_a_finding_is_about_the_resource_of_its_kind_alone() -> None:
    label = {"label": "trading"}
    events = [
        planned("create", "SystemUser", "trading", wants={**USER, **label}),
        planned("create", "SystemUserToken", "trading", wants={**TOKEN, **label}),
    ]
    [fact] = refused([Finding(Found.REFUSED, "token", "trading", "no.")], *events)
    assert fact.resource == "SystemUserToken"


def diagnosed(where: str, text: str) -> list[dict[str, Any]]:
    return [{"diagnosticEvent": {"severity": "error", "urn": where, "message": text}}]


def test_what_is_refused_hides_nothing_of_its_namesake_elsewhere() -> None:
    was, label = assignment("ANALYZE"), {"label": "shop"}
    here = planned("update", "AssetAssignment", "shop", was=was, wants={**assignment("BOGUS"), **label})
    there = {**assignment("MANAGE"), "asset": "act_2", **label}
    elsewhere = planned("create", "AssetAssignment", "shop", wants=there, parent=CLIENT)
    error = diagnosed(
        urn("AssetAssignment", "shop"),
        "pulumi-python:dynamic/meta:AssetAssignment resource 'shop': property tasks value {[{BOGUS}]} has a problem: "
        "no.",
    )
    finding = Finding(Found.REFUSED, "asset assignment", "shop", "no.")
    gain = (Kind.TASKS_GAINED, "act_2", ("MANAGE",))
    for findings, errors in (((), error), ([finding], [])):
        facts = judge.judged(log(here, elsewhere, errors), list(findings), stack="dev", project="shop").facts
        assert gain in [(fact.kind, fact.asset, fact.tasks) for fact in facts]
        [refused] = [fact for fact in facts if fact.kind is Kind.REFUSED]
        assert refused.reason in {"no.", "property tasks value {[{BOGUS}]} has a problem: no."}


def test_what_could_not_be_looked_at_is_no_refusal() -> None:
    # As the engine writes it: the refresh of the resource begins, and an error is all that comes of it.
    where = urn("AssetAssignment", NAME, CLIENT)
    begun = side(where, CLIENT, assignment("ANALYZE"), assignment("ANALYZE"), "1")
    events: list[list[dict[str, Any]]] = [
        [event("resourcePreEvent", "refresh", where, begun, begun)],
        diagnosed(where, "Preview failed: meta-access: Meta's Graph API was not reached."),
        diagnosed("", "preview failed"),
        [{"summaryEvent": {"result": "failed"}}, {"cancelEvent": {}}],
    ]
    found = judge.judged(log(user(), *events, end=False), [], stack="dev", project="shop", failed=True)
    assert (found.failed, found.facts, found.classes) == (True, (), frozenset())
    assert found.error == "Preview failed: meta-access: Meta's Graph API was not reached. preview failed"


def test_each_problem_of_a_refused_configuration_is_one() -> None:
    reason = "2 problems in the configuration:\n  - meta:a: no. Fix: b.\n  - meta:c: no. Fix: d."
    found = refused([Finding(Found.CONFIGURATION, "", "", reason)])
    assert [fact.reason for fact in found] == ["meta:a: no. Fix: b.", "meta:c: no. Fix: d."]


def test_an_error_about_a_resource_is_a_refusal_and_any_other_is_the_failure() -> None:
    def error(where: str, text: str) -> list[dict[str, Any]]:
        return [{"diagnosticEvent": {"severity": "error", "urn": where, "message": text}}]

    events = [error(urn("SystemUser", "u"), "role is refused"), error("", "update failed")]
    found = judge.judged(log(*events), [], stack="d", project="p", failed=True)
    assert [(fact.kind, fact.resource, fact.reason) for fact in found.facts] == [
        (Kind.REFUSED, "SystemUser", "role is refused")
    ]
    assert (found.failed, found.error) == (True, "update failed")


# --- quota and calls ---


# --- what a day takes away ---

STACK_FILE, CLIENT_FILE = "stacks/Pulumi.dev.yaml", "stacks/clients.dev/acme.yaml"
TRADING_ENDS = Limit(
    "identities.trading",
    date(2027, 1, 31),
    (("SystemUser", "trading"),),
    STACK_FILE,
    "meta:identities.trading.until",
)
ASSET_ENDS = Limit(
    f"clients.acme.assets.{ACCOUNT}.trading",
    date(2027, 1, 31),
    (("AssetAssignment", NAME),),
    CLIENT_FILE,
    f"assets.{ACCOUNT}.trading.until",
)
INES_ENDS = Limit(
    "people.ines",
    date(2027, 1, 31),
    (("BusinessUser", "shop-ines"), ("AppRoles", "ads-app-roles")),
    STACK_FILE,
    "meta:people.ines.until",
    person="ines",
)
INES = {"email": "ines@shop.example", "role": "EMPLOYEE", "state": "accepted", "connection": "main"}


@pytest.mark.parametrize(
    ("limit", "events", "said"),
    [
        (
            ASSET_ENDS,
            [user(), planned("delete", "AssetAssignment", NAME, was=assignment("ANALYZE"), parent=CLIENT)],
            [
                (
                    "trading loses ANALYZE on ad account 205550000000601 of acme; ends on 2027-01-31, set in "
                    f"{CLIENT_FILE}: assets.{ACCOUNT}.trading.until"
                )
            ],
        ),
        (
            TRADING_ENDS,
            [
                planned("delete", "SystemUser", "trading", was=USER, parent=IDENTITY, id_="7"),
                planned("delete", "AssetAssignment", NAME, was=assignment("ANALYZE"), parent=CLIENT),
                planned("delete", "SystemUserToken", "trading", was=TOKEN, parent=IDENTITY),
            ],
            [
                (
                    "trading loses ANALYZE on ad account 205550000000601 of acme; ends on 2027-01-31, set in "
                    f"{STACK_FILE}: meta:identities.trading.until"
                ),
                (
                    "system user trading is retired, and its slot reused later; ends on 2027-01-31, set in "
                    f"{STACK_FILE}: meta:identities.trading.until"
                ),
                (
                    "the token of trading ends and secret meta/prod/trading is deleted; readers of it lose access at "
                    f"once; ends on 2027-01-31, set in {STACK_FILE}: meta:identities.trading.until"
                ),
            ],
        ),
        (
            INES_ENDS,
            [
                planned("delete", "BusinessUser", "shop-ines", was=INES, parent=APP),
                planned(
                    "update",
                    "AppRoles",
                    "ads-app-roles",
                    was={"roles": {"nadia": "admin", "ines": "developer"}, "status": "satisfied"},
                    wants={"roles": {"nadia": "admin"}, "status": "pending_human"},
                    parent=APP,
                ),
            ],
            [
                (
                    f"ines@shop.example leaves the business; ends on 2027-01-31, set in {STACK_FILE}: "
                    "meta:people.ines.until"
                ),
                (
                    "gate ads-app-roles waits for people: roles.ines developer taken out; ends on 2027-01-31, set in "
                    f"{STACK_FILE}: meta:people.ines.until"
                ),
            ],
        ),
    ],
)
def test_what_a_day_takes_away_is_told_with_the_place_of_the_day(
    limit: Limit, events: list[list[dict[str, Any]]], said: list[str]
) -> None:
    found = review(*events, limits=[limit])

    assert [words.line(group) for group in grouped(found.facts)] == said
    assert {fact.until for fact in found.facts} == {Until("2027-01-31", limit.file, limit.key)}
    [again] = stored.read(stored.write([found]).encode(), "review.json")
    assert again == found
    assert json.loads(stored.write([found]))["stacks"][0]["facts"][0]["until"] == {
        "day": "2027-01-31",
        "file": limit.file,
        "key": limit.key,
    }
    # Without the day the same removal is told as the change's alone.
    assert {fact.until for fact in review(*events).facts} == {None}


def test_what_stays_or_is_another_ones_ends_on_no_day() -> None:
    other = planned(
        "delete", "AssetAssignment", "acme-other-act_1", was=assignment("ANALYZE", asset="act_1"), parent=CLIENT
    )
    narrowed = planned(
        "update",
        "AssetAssignment",
        NAME,
        was=assignment("MANAGE"),
        wants=assignment("ANALYZE"),
        parent=CLIENT,
    )

    found = review(user(), other, narrowed, limits=[ASSET_ENDS, TRADING_ENDS])

    assert [(fact.kind, fact.until) for fact in found.facts] == [(Kind.TASKS_LOST, None), (Kind.TASKS_LOST, None)]


def test_quota_and_the_calls_of_the_steps() -> None:
    row = {"limit": 10.0, "planned": ["a"]}
    stack = urn("pulumi:pulumi:Stack", "shop-dev")
    exports = event(
        "resOutputsEvent",
        "same",
        stack,
        side(stack, "", {}, {"quota": {"acme": {"EMPLOYEE": row}}}, ""),
        side(
            stack,
            "",
            {},
            {
                "quota": {"acme": {"EMPLOYEE": {**row, "planned": ["a", "b"]}}},
                "tiers": {"main": {"observed": "limited"}},
            },
            "",
        ),
    )
    found = review(planned("create", "AssetAssignment", NAME, wants=assignment("ANALYZE")), [exports])
    assert found.quota == (Quota("acme", "EMPLOYEE", 1, 2, 10),)
    assert found.budgets == (Budget("main", 1, 300, "limited"),)


def test_a_rule_set_that_this_version_lacks_expands_no_tasks() -> None:
    events = planned("update", "AssetAssignment", NAME, was=assignment("ANALYZE"), wants=assignment("MANAGE"))
    found = {fact.kind: fact.tasks for fact in review(events, rules="2031-01").facts}
    assert found == {Kind.TASKS_LOST: ("ANALYZE",), Kind.TASKS_GAINED: ("MANAGE",)}


def test_secrets_and_unseen_characters_of_names_stay_out() -> None:
    fake = "EAA" + "b" * 30
    wants = assignment("ANALYZE", asset=f"act_1\u202e{fake}")
    [fact] = review(planned("create", "AssetAssignment", f"a{fake}\x1b[31m", wants=wants)).facts
    assert fake not in repr(fact)
    assert "\\u202e" not in repr(fact)
    assert "\\x1b" not in repr(fact)


# --- what is held exclusively ---

HOLDS = {"connection": "main", "assets": [ACCOUNT], "system_user_id": "", "kept": [], "removes": [], "stays": []}
TOOL = {"asset": ACCOUNT, "tasks": ["MANAGE"], "holder": "9", "kind": "system user", "name": "old tool", "email": ""}
NADIA = {**TOOL, "holder": "8", "kind": "person", "name": "Nadia", "tasks": ["ANALYZE"], "why": "last admin"}


def held(op: str, was: dict[str, Any] | None, wants: dict[str, Any] | None) -> list[dict[str, Any]]:
    before = None if was is None else {**HOLDS, **was}
    return planned(
        op,
        "ExclusiveAccess",
        "acme-exclusive",
        was=before,
        wants=None if wants is None else {**HOLDS, **wants},
        parent=CLIENT,
    )


def said(*events: list[dict[str, Any]]) -> list[tuple[str, set[str]]]:
    facts = review(*events).facts
    return [(f"{one.sign} {words.line(Group(one, (one,)))}", {str(each) for each in one.classes}) for one in facts]


def test_who_is_taken_off_loses_and_stops_for_deletion() -> None:
    assert said(held("update", {}, {"removes": [TOOL]})) == [
        ("- old tool (system user 9) loses MANAGE on ad account 205550000000601 of acme", {"deletion"})
    ]
    [fact] = review(held("update", {}, {"removes": [TOOL]})).facts
    assert (fact.cause, fact.resource, fact.client) == (Cause.CHANGE, "ExclusiveAccess", "acme")


def test_the_first_preview_of_it_shows_both() -> None:
    assert said(held("create", None, {"removes": [TOOL]})) == [
        ("- old tool (system user 9) loses MANAGE on ad account 205550000000601 of acme", {"deletion"}),
        ("+ exclusive access acme-exclusive of acme is made", set()),
    ]


def test_who_stays_is_a_persons_work_whatever_is_planned() -> None:
    what = "Nadia (person 8) keeps ANALYZE on ad account 205550000000601 of acme, which no line declares"
    expected = f"~ {what}: it is the only admin of its kind in the business"
    for op in ("same", "update"):
        found = review(held(op, {}, {"stays": [NADIA]}))
        assert [(one.kind, one.cause) for one in found.facts] == [(Kind.HOLDER_STAYS, Cause.PEOPLE)]
        assert said(held(op, {}, {"stays": [NADIA]})) == [(expected, set())]


def test_what_the_last_update_took_is_no_change() -> None:
    # The state has the inputs of that update still.
    assert said(held("same", {"removes": [TOOL]}, {})) == []


def test_another_asset_and_the_end_of_it() -> None:
    [(line, classes)] = said(held("update", {}, {"assets": [ACCOUNT, "page:7"]}))
    assert line == f"~ exclusive access acme-exclusive of acme is changed: assets {ACCOUNT} => {ACCOUNT}, page:7"
    assert classes == set()
    assert said(held("delete", {}, None)) == [("- exclusive access acme-exclusive of acme is removed", {"deletion"})]


@pytest.mark.parametrize("rows", [None, "x", [None], [{}], [{**TOOL, "kind": "robot"}], [{**TOOL, "asset": "x"}]])
def test_rows_that_are_none_are_left_out(rows: Any) -> None:
    assert said(held("update", {}, {"removes": rows, "stays": rows})) == []


def test_the_calls_of_a_removal_are_planned() -> None:
    [budget] = review(held("update", {}, {"removes": [TOOL, {**TOOL, "asset": "act_2"}]})).budgets
    assert budget.calls == 6
