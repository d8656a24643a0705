"""The changes of many stacks, each once."""

from __future__ import annotations

from meta_access.policy import Finding, Level, Severity
from meta_access.review import words
from meta_access.review.distinct import distinct, refusals
from meta_access.review.facts import Cause, Fact, Kind, Review, Until


def review(number: int, *facts: Fact, policy: tuple[Finding, ...] = ()) -> Review:
    return Review(stack=f"s{number}", project="agency", facts=facts, policy=policy)


def gained(number: int, *tasks: str) -> Fact:
    """What one line of a template does in a business: its own ad account, of its own client."""
    return Fact(
        kind=Kind.TASKS_GAINED,
        resource="AssetAssignment",
        name=f"shop{number}-reporting-act_{number}",
        who="reporting",
        tasks=tasks,
        asset=f"act_{number}",
        client=f"shop{number}",
    )


def told(reviews: list[Review]) -> list[tuple[str, int]]:
    return [(f"{one.group.first.sign} {words.line(one.group)}", len(one.stacks)) for one in distinct(reviews)]


def test_the_change_of_a_template_is_one_in_287_of_300_stacks() -> None:
    changed = [review(number, gained(number, "ADVERTISE")) for number in range(287)]
    others = [review(number) for number in range(287, 299)]

    assert told([*changed, *others, review(299, gained(299, "MANAGE"))]) == [
        ("+ reporting gains ADVERTISE on 287 ad accounts", 287),
        ("+ reporting gains MANAGE on ad account 299 of shop299", 1),
    ]


def test_one_name_in_many_stacks_is_one_thing() -> None:
    """Each stack has a system user, a gate and an app installation of its own, by the same name."""

    def alike(kind: Kind, resource: str, name: str) -> list[tuple[str, int]]:
        fact = Fact(kind=kind, resource=resource, name=name, who=name)
        return told([review(1, fact), review(2, fact)])

    assert alike(Kind.USER_MADE, "SystemUser", "reporting") == [("+ system user reporting is made", 2)]
    assert alike(Kind.HELD_BACK, "SystemUser", "reporting") == [
        ("! held back: system user reporting is not made yet: ", 2)
    ]
    assert alike(Kind.HELD_BACK, "AppInstallation", "reporting") == [
        ("! held back: app installation reporting waits: ", 2)
    ]
    assert alike(Kind.MADE, "AppInstallation", "reporting") == [("+ app installation reporting is made", 2)]
    assert alike(Kind.GATE_WAITS, "AppRoles", "roles") == [("~ gate roles waits for people", 2)]
    assert alike(Kind.GATE_DROPPED, "AppRoles", "roles") == [("- gate roles is no longer watched", 2)]


def test_secrets_and_days_keep_what_all_have_in_common() -> None:
    tokens = [
        Fact(
            kind=Kind.TOKEN_NEW,
            name=f"t{number}",
            who="reporting",
            tasks=("ads_read",),
            secret=f"meta/s{number}/reporting",
        )
        for number in (1, 2)
    ]
    ends = [
        Fact(
            kind=Kind.TASKS_LOST,
            who="agency",
            tasks=("ANALYZE",),
            asset=f"act_{number}",
            until=Until("2027-01-31", f"stacks/clients.s{number}/a.yaml", f"assets.act_{number}.agency"),
        )
        for number in (1, 2)
    ]

    assert told([review(1, tokens[0], ends[0]), review(2, tokens[1], ends[1])]) == [
        (
            (
                "- agency loses ANALYZE on ad accounts 1 and 2; ends on 2027-01-31, set in stacks/…/a.yaml: "
                "assets.act_1.agency and assets.act_2.agency"
            ),
            2,
        ),
        ("+ reporting gets its first token, for ads_read, in secret meta/…/reporting", 2),
    ]


def test_causes_stay_apart_and_a_refused_configuration_is_no_change() -> None:
    fact = gained(1, "ANALYZE")
    drift = Fact(**{**{name: getattr(fact, name) for name in fact.__dataclass_fields__}, "cause": Cause.DRIFT})
    refused = Fact(kind=Kind.REFUSED, reason="meta:apps lacks ads")

    found = distinct([review(1, fact), review(2, drift), review(3, refused)])

    assert [(one.group.first.cause, one.stacks) for one in found] == [
        (Cause.CHANGE, (("agency", "s1"),)),
        (Cause.DRIFT, (("agency", "s2"),)),
    ]


def test_what_the_policy_refuses_is_one_by_rule_and_cause() -> None:
    one = Finding(
        "broad-scopes", Severity.HIGH, Level.MANDATORY, "meta:identities.a", "a has all scopes.", "name fewer."
    )
    other = Finding("broad-scopes", Severity.HIGH, Level.ADVISORY, "meta:identities.a", "a has all scopes.", "fewer.")

    found = refusals([review(1, policy=(one,)), review(2, policy=(one,)), review(3, policy=(other,))])

    assert [(each.finding, each.stacks) for each in found] == [(one, (("agency", "s1"), ("agency", "s2")))]
