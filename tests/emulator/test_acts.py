"""The human steps: what they change, and what they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_emulator.client import RefusedError

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator

NADIA = "100000000000401"
INES = "100000000000402"
ACME = "act_205550000000601"


def _roles(meta: RunningEmulator) -> dict[str, tuple[str, str]]:
    return {row["user_id"]: (row["role"], row["state"]) for row in meta.world()["app_roles"]}


def test_an_invitation_is_accepted(meta: RunningEmulator) -> None:
    assert _roles(meta)[INES] == ("developers", "pending")

    said = meta.act("accept-role", person="ines")

    assert said == "ines has the role developers on Lindenhof Ads."
    assert _roles(meta)[INES] == ("developers", "accepted")


def test_a_role_can_be_given_changed_and_taken(meta: RunningEmulator) -> None:
    meta.act("accept-role", person=INES, role="tester")
    assert _roles(meta)[INES] == ("testers", "accepted")
    meta.act("invite", person="ines@lindenhof.example", role="analytics")
    assert _roles(meta)[INES] == ("insights users", "pending")
    meta.act("remove-role", person="ines")
    assert list(_roles(meta)) == [NADIA]


def test_redirect_uris_are_listed_and_unlisted(meta: RunningEmulator) -> None:
    uri = "https://connect.example/meta/callback/"
    meta.act("add-redirect", uri=uri)
    meta.act("add-redirect", uri=uri)
    assert meta.world()["apps"][0]["redirect_uris"] == [uri]
    meta.act("remove-redirect", uri=uri)
    assert meta.world()["apps"][0]["redirect_uris"] == []


def test_approvals_come_and_go(meta: RunningEmulator) -> None:
    for name in ("ads_read", "tier", "human_agent"):
        meta.act("approve", name=name)
    app = meta.world()["apps"][0]
    assert (app["permissions"], app["tier"], app["features"]) == (
        {"ads_read": "live"}, "standard_access", {"human_agent": "advanced"},
    )  # fmt: skip

    for name in ("ads_read", "tier", "human_agent"):
        meta.act("withdraw", name=name)
    app = meta.world()["apps"][0]
    assert (app["permissions"], app["tier"], app["features"]) == ({}, "development_access", {})


def test_words_of_the_older_rules_name_the_same_tier(meta: RunningEmulator) -> None:
    meta.put_world({**meta.world(), "rules": "2025-06"})

    meta.act("approve", name="Ads Management Standard Access", level="advanced")

    assert meta.world()["apps"][0]["tier"] == "standard_access"


def test_verification_is_decided(meta: RunningEmulator) -> None:
    meta.act("verify", business="Acme GmbH", status="pending")
    meta.act("verify")

    assert [row["verification_status"] for row in meta.world()["businesses"]] == ["verified", "pending"]


def test_a_share_is_given_and_ended(meta: RunningEmulator) -> None:
    meta.act("unshare", asset=ACME)
    assert meta.world()["ad_accounts"][2]["shares"] == []
    meta.act("share", asset=ACME, tasks=["ANALYZE"])
    assert meta.world()["ad_accounts"][2]["shares"] == [
        {"business_id": "178000000000101", "permitted_tasks": ["ANALYZE"]}
    ]
    meta.act("share", asset="page:102930000000801", business="Acme GmbH", tasks="ADVERTISE,ANALYZE")
    assert meta.world()["pages"][0]["shares"] == [
        {"business_id": "998870000000701", "permitted_tasks": ["ADVERTISE", "ANALYZE"]}
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"action": "dance"}, "action: 'dance' is not one of accept-role"),
        ({}, "action"),
        ({"action": "accept-role"}, "person: accept-role needs it"),
        ({"action": "accept-role", "person": "nobody"}, "person: 'nobody' is none of nadia, ines"),
        ({"action": "accept-role", "person": "nadia"}, "nadia has no invitation"),
        ({"action": "accept-role", "person": "ines", "role": "king"}, "role: 'king' is not one of admin"),
        ({"action": "accept-role", "person": "ines", "colour": "red"}, "colour: accept-role takes person, role, app"),
        ({"action": "accept-role", "person": 5}, "person: 5 is not text"),
        (
            {"action": "decline", "app": 5, "hue": "red"},
            r"hue: .+\. app: 5 .+\. name: .+ it\. reason: decline needs it",
        ),
        ({"action": "approve", "name": "flying"}, "name: 'flying' is no permission or feature"),
        ({"action": "approve", "name": "tier", "level": "huge"}, "level: Marketing API Access Tier has limited, full"),
        ({"action": "verify", "status": "maybe"}, "status: 'maybe' is not one of"),
        ({"action": "share", "asset": "act_104320000000501"}, "business: Lindenhof Media owns Lindenhof Shop"),
        ({"action": "share", "asset": ACME, "tasks": "FLY"}, "tasks: FLY given"),
        ({"action": "remove-redirect", "uri": "https://a.example/"}, "uri: Lindenhof Ads does not list"),
    ],
)
def test_an_act_that_cannot_be_says_why_and_changes_nothing(
    meta: RunningEmulator, body: dict[str, Any], words: str
) -> None:
    before = meta.world()

    with pytest.raises(RefusedError, match=words):
        meta.control("act", "POST", body)

    assert {**meta.world(), "now": ""} == {**before, "now": ""}


def _reviews(meta: RunningEmulator) -> list[tuple[str, str, str, str]]:
    rows = meta.world()["apps"][0]["reviews"]
    return [(row["name"], row["level"], row["phase"], row["reason"]) for row in rows]


def test_what_is_requested_waits_is_declined_with_a_reason_and_may_be_asked_again(meta: RunningEmulator) -> None:
    assert meta.act("request", name="ads_read") == "ads_read (advanced) is submitted for Lindenhof Ads; Meta decides."
    assert _reviews(meta) == [("ads_read", "advanced", "submitted", "")]
    assert meta.world()["apps"][0]["permissions"] == {}

    said = meta.act("decline", name="ads_read", reason="Show the login.")
    assert said == "ads_read is declined for Lindenhof Ads: Show the login."
    assert _reviews(meta) == [("ads_read", "advanced", "declined", "Show the login.")]

    meta.act("request", name="ads_read")
    assert _reviews(meta) == [("ads_read", "advanced", "submitted", "")]
    meta.act("approve", name="ads_read")
    assert _reviews(meta) == []
    assert meta.world()["apps"][0]["permissions"] == {"ads_read": "live"}


def test_a_feature_is_approved_at_the_level_that_was_asked_for(meta: RunningEmulator) -> None:
    said = meta.act("request", name="tier", level="full")
    assert said == "Marketing API Access Tier (full) is submitted for Lindenhof Ads; Meta decides."
    assert meta.act("approve", name="tier") == "Marketing API Access Tier is full for Lindenhof Ads."
    assert meta.world()["apps"][0]["tier"] == "standard_access"


@pytest.mark.parametrize(
    ("first", "body", "words"),
    [
        ("request", {"action": "request", "name": "ads_read"}, "ads_read waits for review already"),
        ("approve", {"action": "request", "name": "ads_read"}, "ads_read is advanced for Lindenhof Ads already"),
        (
            None,
            {"action": "decline", "name": "ads_read", "reason": "No."},
            "ads_read is not submitted for Lindenhof Ads",
        ),
        ("request", {"action": "decline", "name": "ads_read"}, "reason: decline needs it"),
        (None, {"action": "request", "name": "flying"}, "name: 'flying' is no permission or feature"),
    ],
)
def test_a_review_that_cannot_be_is_refused(
    meta: RunningEmulator, first: str | None, body: dict[str, Any], words: str
) -> None:
    if first is not None:
        meta.act(first, name="ads_read")
    before = _reviews(meta)

    with pytest.raises(RefusedError, match=words):
        meta.control("act", "POST", body)

    assert _reviews(meta) == before
