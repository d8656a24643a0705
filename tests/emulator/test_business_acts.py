"""What people do in Business Manager: who is in a business, whose an app is, and Meta's limits on roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_emulator.client import RefusedError

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator

BUSINESS = "178000000000101"
CLIENT = "998870000000701"
APP = "120480000000201"
ADMIN = "122090000000301"
NADIA = "100000000000401"
INES = "100000000000402"
ACME = "act_205550000000601"


def _people(meta: RunningEmulator) -> dict[str, dict[str, str]]:
    return {row["name"]: row["businesses"] for row in meta.world()["people"]}


def test_an_invited_person_is_in_the_business_once_they_accept(meta: RunningEmulator) -> None:
    meta.act("invite-person", email="omar@lindenhof.example", role="ADMIN")
    [waiting] = meta.world()["business_invitations"]
    assert (waiting["email"], waiting["role"], waiting["business_id"]) == ("omar@lindenhof.example", "ADMIN", BUSINESS)
    assert "omar" not in _people(meta)

    said = meta.act("join-business", email="omar@lindenhof.example")

    assert said == "omar is in Lindenhof Media as ADMIN."
    assert _people(meta)["omar"] == {BUSINESS: "ADMIN"}
    assert meta.world()["business_invitations"] == []


def test_leaving_ends_roles_and_assignments(meta: RunningEmulator) -> None:
    meta.act("accept-role", person="ines")
    meta.graph("POST", "act_104320000000501/assigned_users", {"user": INES, "tasks": ["ANALYZE"]})

    meta.act("leave-business", person="ines")

    world = meta.world()
    assert _people(meta)["ines"] == {}
    assert [row["user_id"] for row in world["app_roles"]] == [NADIA]
    assert world["assignments"] == []


def test_people_of_a_claimed_app_come_from_its_business(meta: RunningEmulator) -> None:
    world = meta.world()
    world["people"].append({"id": "100000000000499", "name": "paul", "email": "paul@else.example"})
    meta.put_world(world)

    with pytest.raises(RefusedError, match="paul is not in Lindenhof Media, which claimed Lindenhof Ads"):
        meta.act("invite", person="paul", role="tester")
    meta.act("unclaim-app")

    assert meta.act("invite", person="paul", role="tester") == "paul is invited as testers; it counts once accepted."


@pytest.mark.parametrize(
    ("role", "verified", "full", "fits"),
    [
        ("testers", "not_verified", 50, True),
        ("testers", "verified", 50, False),
        ("testers", "verified", 500, True),
        ("administrators", "not_verified", 499, True),
        ("developers", "verified", 600, False),
    ],
)
def test_meta_limits_the_people_of_an_app(
    meta: RunningEmulator, role: str, verified: str, full: int, fits: bool
) -> None:
    """`fits`: whether the people there are reach the limit, so that one more is refused."""
    world = meta.world()
    people = [{"id": f"1000009{n:08d}", "name": f"p{n}", "businesses": {BUSINESS: "EMPLOYEE"}} for n in range(full)]
    world["people"] += people
    world["businesses"][0]["verification_status"] = verified
    world["app_roles"] += [{"app_id": APP, "user_id": one["id"], "role": role} for one in people]
    meta.put_world(world)

    if fits:
        with pytest.raises(RefusedError, match="Meta's limit"):
            meta.act("invite", person="ines", role=role)
    else:
        assert "ines is invited" in meta.act("invite", person="ines", role=role)


def test_testers_and_analytics_users_share_a_number_once_verified(meta: RunningEmulator) -> None:
    world = meta.world()
    people = [{"id": f"1000009{n:08d}", "name": f"p{n}", "businesses": {BUSINESS: "EMPLOYEE"}} for n in range(500)]
    world["people"] += people
    world["businesses"][0]["verification_status"] = "verified"
    roles = ["testers" if n % 2 else "insights users" for n in range(500)]
    world["app_roles"] += [
        {"app_id": APP, "user_id": one["id"], "role": role} for one, role in zip(people, roles, strict=True)
    ]
    meta.put_world(world)

    with pytest.raises(RefusedError, match="500 testers and insights users already"):
        meta.act("invite", person="ines", role="analytics")


def test_an_app_is_unclaimed_and_claimed(meta: RunningEmulator) -> None:
    meta.act("unclaim-app")
    world = meta.world()
    assert world["apps"][0]["business_id"] is None
    assert (world["installations"], world["app_access"]) == ([], [])
    assert meta.graph("GET", "me").body["id"] == ADMIN

    assert meta.act("claim-app", app="Lindenhof Ads", business="Acme GmbH") == "Lindenhof Ads belongs to Acme GmbH."
    assert meta.world()["apps"][0]["business_id"] == CLIENT


def test_mode_and_two_factor(meta: RunningEmulator) -> None:
    assert meta.act("app-mode", mode="live") == "Lindenhof Ads is in live mode."
    assert meta.act("two-factor", person="nadia") == "nadia signs in with two factors."
    meta.act("require-two-factor", rule="admin_required")

    world = meta.world()
    assert world["apps"][0]["mode"] == "live"
    assert [row["two_factor"] for row in world["people"]] == [True, False]
    assert world["businesses"][0]["two_factor_type"] == "admin_required"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"action": "invite-person", "email": "omar"}, "email: 'omar' is not an e-mail address"),
        ({"action": "invite-person", "email": "ines@lindenhof.example"}, "ines is in Lindenhof Media already"),
        ({"action": "invite-person", "email": "a@b.example", "role": "KING"}, "role: 'KING' is not one of ADMIN"),
        ({"action": "join-business", "email": "a@b.example"}, "a@b.example has no invitation into Lindenhof Media"),
        ({"action": "leave-business", "person": "nadia"}, "nadia is the last admin of Lindenhof Media"),
        ({"action": "leave-business", "person": "ines", "business": "Acme GmbH"}, "ines is not in Acme GmbH"),
        ({"action": "two-factor", "person": "nadia", "state": "maybe"}, "state: 'maybe' is not one of on, off"),
        ({"action": "require-two-factor", "rule": "some"}, "rule: 'some' is not one of none"),
        ({"action": "claim-app", "app": "Lindenhof Ads"}, "Lindenhof Ads is claimed by Lindenhof Media"),
        ({"action": "app-mode", "mode": "dead"}, "mode: 'dead' is not one of development, live"),
        ({"action": "accept-request", "of": "Acme Main"}, "asked for no asset or app 'Acme Main'"),
    ],
)
def test_an_act_that_cannot_be_says_why(meta: RunningEmulator, body: dict[str, Any], words: str) -> None:
    before = meta.world()

    with pytest.raises(RefusedError, match=words):
        meta.control("act", "POST", body)

    assert {**meta.world(), "now": ""} == {**before, "now": ""}


@pytest.mark.parametrize(
    ("key", "row", "words"),
    [
        ("business_users", {"id": "1", "person_id": "2", "business_id": BUSINESS},
         r"business_users\[0\].person_id: '2' is no person"),
        ("business_invitations", {"id": "1", "email": "a@b.example", "business_id": "2"},
         r"business_invitations\[0\].business_id: '2' is no business"),
        ("app_clients", {"id": "1", "app_id": "2", "business_id": BUSINESS}, r"app_clients\[0\].app_id: '2' is no app"),
        ("pixels", {"id": APP, "name": "p", "business_id": BUSINESS}, r"pixels\[0\].id: '120480000000201' is taken"),
        ("asset_groups", {"id": "1", "name": "g", "business_id": BUSINESS, "asset_ids": ["2"]},
         r"asset_groups\[0\].asset_ids: '2' is no asset"),
        ("group_assignments", {"group_id": "1", "user_id": "2", "tasks": {}},
         r"group_assignments\[0\].user_id: '2' is no system user or person"),
    ],
)  # fmt: skip
def test_a_world_with_references_to_nothing_is_refused(
    meta: RunningEmulator, key: str, row: dict[str, Any], words: str
) -> None:
    with pytest.raises(RefusedError, match=words):
        meta.put_world({**meta.world(), key: [row]})
