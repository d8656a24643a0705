"""AppRoles, and with it everything that gates share: stamping, drift in inputs only, farewell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from meta_access.errors import AuthError, PermissionDeniedError, RateLimitedError
from meta_access.gates import evidence
from meta_access.graph.app_roles import RoleRow
from meta_access.graph.business_users import BusinessUserRow
from meta_access.providers._boundary import Failure
from meta_access.providers.app_roles import AppRolesProvider, compare
from tests.unit.providers.conftest import APP, NOT_KNOWN, FakeMeta, configured, new_process

PROVIDER = AppRolesProvider()
NADIA, INES = "100000000000401", "100000000000402"
PEOPLE = {"nadia": {"user_id": NADIA}, "ines": {"user_id": INES}}
ADMIN = RoleRow(NADIA, "administrators")
DEVELOPER = RoleRow(INES, "developers")
TESTER = RoleRow(INES, "testers")
ID = f"AppRoles/{APP}"


def asked(**changed: Any) -> dict[str, Any]:
    props = {
        "label": "ads-app-roles",
        "connection": "main",
        "roles": {"nadia": "admin", "ines": "developer"},
        "people": PEOPLE,
        "owner": "",
        **changed,
    }
    return {key: value for key, value in props.items() if value is not None}


def checked(olds: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    result = PROVIDER.check(olds or {}, asked(**changed))
    assert result.failures == []
    return result.inputs


def created(**changed: Any) -> dict[str, Any]:
    result = PROVIDER.create(checked(**changed))
    assert result.outs is not None
    return result.outs


def statement(roles: dict[str, str], status: str = "satisfied", at: str = "2026-11-20T08:00:00Z") -> dict[str, str]:
    declared = evidence.digest({"gate": "AppRoles", "roles": roles}, APP)
    return {"declared": declared, "app": APP, "at": at, "by": "nadia", "status": status, "source": "attestation"}


# --- matching ------------------------------------------------------------------------------------

IDS = {"nadia": NADIA, "ines": INES}


@pytest.mark.parametrize(
    ("roles", "ids", "rows", "met", "value", "reason"),
    [
        ({"nadia": "admin"}, IDS, [ADMIN], True, {"nadia": "admin"}, ""),
        ({"nadia": "admin"}, IDS, [], False, {}, "invite nadia as admin."),
        (
            {"nadia": "admin", "ines": "developer"},
            IDS,
            [ADMIN, TESTER],
            False,
            {"nadia": "admin", "ines": "tester"},
            "change ines from tester to developer.",
        ),
        # The declaration is the whole: whoever else has a role is to be removed, known by name or not.
        (
            {"nadia": "admin"},
            IDS,
            [ADMIN, TESTER],
            False,
            {"nadia": "admin", "ines": "tester"},
            "remove ines (tester).",
        ),
        (
            {"nadia": "admin"},
            IDS,
            [ADMIN, RoleRow("999", "insights users")],
            False,
            {"nadia": "admin", "user 999": "analytics"},
            "remove user 999 (analytics).",
        ),
        # A person without a user id cannot be told apart, unless somebody is missing beyond doubt.
        (
            {"nadia": "admin", "tom": "admin"},
            {"nadia": NADIA},
            [ADMIN],
            None,
            {"nadia": "admin"},
            "whether tom has the role cannot be told without user_id in meta:people.",
        ),
        (
            {"nadia": "admin", "tom": "developer"},
            {"nadia": NADIA},
            [ADMIN, RoleRow("999", "developers")],
            None,
            {"nadia": "admin"},
            "whether tom has the role cannot be told without user_id in meta:people.",
        ),
        (
            {"nadia": "admin", "tom": "developer"},
            {"nadia": NADIA},
            [ADMIN, RoleRow("998", "developers"), RoleRow("999", "developers")],
            False,
            {"nadia": "admin", "user 999": "developer", "tom": "developer"},
            "remove user 999 (developer).",
        ),
        (
            {"nadia": "admin", "tom": "developer"},
            {"nadia": NADIA},
            [],
            False,
            {"tom": "developer"},
            "invite nadia as admin.",
        ),
    ],
)
def test_people_are_matched_by_user_id(
    *,
    roles: dict[str, str],
    ids: dict[str, str],
    rows: list[RoleRow],
    met: bool | None,
    value: dict[str, str],
    reason: str,
) -> None:
    seen = compare(roles, ids, rows)

    assert (seen.met, seen.value, seen.reason) == (met, value, reason)


# --- check ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "property_", "reason"),
    [
        ({"roles": {}}, "roles", "must name at least one person"),
        ({"roles": {"nadia": "boss"}}, "roles", "nadia: 'boss' is not one of: admin, developer, tester, analytics."),
        ({"people": {"nadia": {"user_id": 1.0}}}, "people", "nadia: user_id is a number"),
        (
            {"roles": {f"p{n}": "admin" for n in range(501)}},
            "roles",
            "501 admins are more than the 500 an app may have.",
        ),
        (
            {"roles": {f"p{n}": "tester" if n % 2 else "analytics" for n in range(51)}},
            "roles",
            "51 testers and analytics users are more than 50 that an app without a verified business may have.",
        ),
    ],
)
def test_check_refuses_bad_values(meta: FakeMeta, changed: dict[str, Any], property_: str, reason: str) -> None:
    (failure,) = PROVIDER.check({}, asked(**changed)).failures

    assert failure.property == property_
    assert reason in failure.reason


def test_one_app_has_one_list_of_roles(meta: FakeMeta) -> None:
    checked()

    (failure,) = PROVIDER.check({}, asked(label="other")).failures

    assert (failure.property, failure.reason) == (
        "",
        "resources ads-app-roles and other stand for one and the same app roles. Fix: remove one of them.",
    )


def test_check_stamps_the_status_of_a_new_gate(meta: FakeMeta) -> None:
    meta.roles = [ADMIN]

    assert checked()["status"] == "pending_human"


def test_check_carries_a_status_on_without_looking(meta: FakeMeta) -> None:
    olds = {**asked(), "status": "satisfied"}

    assert checked(olds)["status"] == "satisfied"
    assert meta.calls == []


@pytest.mark.parametrize(
    "changed",
    [{"roles": {"nadia": "admin"}}, {"evidence": {"declared": "sha256:" + "0" * 16}}],
)
def test_check_stamps_anew_when_declaration_or_evidence_changed(meta: FakeMeta, changed: dict[str, Any]) -> None:
    meta.roles = [ADMIN]
    olds = {**asked(), "status": "unverifiable"}

    assert checked(olds, **changed)["status"] in {"satisfied", "pending_human"}
    assert meta.calls == ["roles"]


def test_check_leaves_the_status_open_while_the_roles_are_not_known(meta: FakeMeta) -> None:
    assert "status" not in checked(roles=NOT_KNOWN)


def test_a_reading_that_fails_at_check_is_told_and_stops_nothing(
    meta: FakeMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    meta.fails["roles"] = RateLimitedError("Throttled.", code=4)

    assert checked()["status"] == "unverifiable"
    assert "its status was not looked at: Throttled." in capsys.readouterr().out


def test_offline_nothing_is_looked_at(meta: FakeMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(monkeypatch, meta, offline=True)

    assert checked()["status"] == "unverifiable"
    assert meta.calls == []


# --- create and read -----------------------------------------------------------------------------


def test_create_tells_what_is_open_and_writes_nothing(meta: FakeMeta) -> None:
    meta.roles = [ADMIN]
    result = PROVIDER.create(checked(owner="nadia"))

    assert result.id == ID
    assert result.outs == {
        **asked(owner="nadia"),
        "status": "pending_human",
        "observed": {"nadia": "admin"},
        "evidence": {"source": "graph", "at": "2026-11-24T08:00:00Z"},
        "phase": "not_started",
        "waiting_on": "us",
        "since": "2026-11-24T08:00:00Z",
        "next_step": {
            "what": (
                "Invite ines as developer. Roles are given to people by an app admin; an invited person must accept."
            ),
            "where": f"https://developers.facebook.com/apps/{APP}/roles/roles/",
            "menu": "App Dashboard > App roles > Roles",
            "expect": f"app ads (id {APP})",
            "paste": "ines: developer\nnadia: admin",
        },
        "reason": "invite ines as developer.",
    }
    assert meta.writes == []


def test_a_claimed_app_has_its_people_elsewhere(meta: FakeMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    meta.connection = replace(meta.connection, app_claimed=True)
    configured(monkeypatch, meta)

    step = created()["next_step"]

    assert step["where"] == "https://business.facebook.com/latest/settings/apps?business_id=178000000000101"
    assert step["expect"] == "business lindenhof (id 178000000000101)"
    assert step["what"] == (
        "Invite ines as developer; invite nadia as admin. The app is claimed by business lindenhof (id "
        "178000000000101): a business admin gives its roles, to people of the business alone, and an invited person "
        "must accept."
    )


def test_people_of_a_claimed_app_who_are_not_in_the_business_are_named(
    meta: FakeMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    meta.connection = replace(meta.connection, app_claimed=True)
    configured(monkeypatch, meta)
    emails = {
        name: {"user_id": IDS.get(name), "email": f"{name}@lindenhof.example"} for name in ("nadia", "ines", "tom")
    }
    meta.people = [
        BusinessUserRow("1", "NADIA@lindenhof.example", "ADMIN"),
        BusinessUserRow("2", "ines@lindenhof.example", "EMPLOYEE", pending=True),
    ]
    roles = {"nadia": "admin", "ines": "developer", "tom": "tester"}

    step = created(roles=roles, people={**emails, "tom": {"email": "tom@lindenhof.example"}})["next_step"]

    assert step["what"].endswith("Not in the business yet: ines (invited, has not accepted), tom (not invited).")
    meta.fails["people"] = PermissionDeniedError("No.", code=10)
    new_process(monkeypatch, meta)
    assert "Not in the business yet" not in created(roles=roles, people=emails)["next_step"]["what"]


def test_a_claimed_app_may_have_five_hundred_testers(meta: FakeMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    meta.connection = replace(meta.connection, app_claimed=True)
    configured(monkeypatch, meta)

    assert PROVIDER.check({}, asked(roles={f"p{n}": "tester" for n in range(500)})).failures == []
    (failure,) = PROVIDER.check({}, asked(roles={f"p{n}": "tester" for n in range(501)})).failures
    assert failure.reason == "501 testers and analytics users are more than 500."


def test_an_invitation_that_was_sent_waits_for_the_invitee(meta: FakeMeta) -> None:
    roles = asked()["roles"]
    meta.roles = [ADMIN]

    outs = created(evidence=statement(roles, "submitted"))

    assert (outs["status"], outs["phase"], outs["waiting_on"]) == ("pending_human", "submitted", "invitee")
    assert outs["next_step"]["what"].startswith("Wait until the invited people accept")


def test_a_person_without_user_id_is_taken_from_the_evidence(meta: FakeMeta) -> None:
    meta.roles = [ADMIN]
    people = {"nadia": {"user_id": NADIA}}

    assert created(people=people)["status"] == "unverifiable"
    assert created(people=people, evidence=statement(asked()["roles"]))["status"] == "satisfied"


def test_a_gate_that_opens_shows_in_outputs_and_status_alone(meta: FakeMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    meta.roles = [ADMIN]
    outs = created()
    meta.roles = [ADMIN, DEVELOPER]
    new_process(monkeypatch, meta)

    result = PROVIDER.read(ID, outs)

    assert result.outs is not None
    assert result.outs["status"] == "satisfied"
    assert "next_step" not in result.outs or result.outs["next_step"] == {}
    assert result.inputs == {**asked(), "status": "satisfied"}
    assert PROVIDER.diff(ID, result.outs, {**asked(), "status": "satisfied"}).changes is False


def test_reading_what_has_not_changed_answers_the_same_state(meta: FakeMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    meta.roles = [ADMIN]
    outs = created()
    assert meta.server_time is not None
    meta.server_time = meta.server_time.replace(hour=20)
    new_process(monkeypatch, meta)

    assert PROVIDER.read(ID, outs).outs == outs


def drifted(meta: FakeMeta, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Outputs of a gate that was satisfied before somebody became a tester."""
    meta.roles = [ADMIN, DEVELOPER]
    outs = created()
    assert outs["status"] == "satisfied"
    meta.roles = [ADMIN, TESTER]
    new_process(monkeypatch, meta)
    return outs


def test_drift_is_in_the_inputs_and_the_outputs_keep_what_is_declared(
    meta: FakeMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    outs = drifted(meta, monkeypatch)

    result = PROVIDER.read(ID, outs)

    assert result.inputs == {**asked(roles={"nadia": "admin", "ines": "tester"}), "status": "drifted"}
    assert result.outs is not None
    assert result.outs["roles"] == {"nadia": "admin", "ines": "developer"}
    assert result.outs["observed"] == {"nadia": "admin", "ines": "tester"}
    assert result.outs["status"] == "drifted"


def test_drift_stays_over_refreshes_and_updates_until_it_is_put_right(
    meta: FakeMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outs = drifted(meta, monkeypatch)
    for _ in range(3):
        result = PROVIDER.read(ID, outs)
        assert result.outs is not None
        assert result.inputs is not None
        news = checked(result.inputs)
        assert news["status"] == "drifted"
        assert PROVIDER.diff(ID, result.outs, news).changes is True
        updated = PROVIDER.update(ID, result.outs, news)
        assert updated.outs is not None
        outs = updated.outs
        assert outs["status"] == "drifted"
        new_process(monkeypatch, meta)
    assert (
        capsys.readouterr().out.count(
            "app roles ads-app-roles: still drifted: change ines from tester to developer. Nothing was changed: "
        )
        == 3
    )

    meta.roles = [ADMIN, DEVELOPER]
    result = PROVIDER.read(ID, outs)

    assert result.outs is not None
    assert result.inputs == {**asked(), "status": "satisfied"}
    assert PROVIDER.diff(ID, result.outs, checked(result.inputs)).changes is False


def test_drift_that_is_accepted_in_the_program_ends(meta: FakeMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    outs = drifted(meta, monkeypatch)
    result = PROVIDER.read(ID, outs)
    assert result.outs is not None
    accepted = {"nadia": "admin", "ines": "tester"}
    news = checked(result.inputs, roles=accepted)

    updated = PROVIDER.update(ID, result.outs, news)

    assert news["status"] == "satisfied"
    assert updated.outs is not None
    assert updated.outs["status"] == "satisfied"


def test_a_new_declaration_is_pending_and_not_drifted(meta: FakeMeta) -> None:
    meta.roles = [ADMIN]
    outs = created(roles={"nadia": "admin"})
    assert outs["status"] == "satisfied"

    updated = PROVIDER.update(ID, outs, checked({**asked(roles={"nadia": "admin"}), "status": "satisfied"}))

    assert updated.outs is not None
    assert updated.outs["status"] == "pending_human"


@pytest.mark.parametrize("error", [RateLimitedError("Throttled.", code=4)])
def test_trouble_of_one_gate_leaves_its_state_as_it_was(
    meta: FakeMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: RateLimitedError
) -> None:
    meta.roles = [ADMIN]
    outs = created()
    new_process(monkeypatch, meta)
    meta.fails["roles"] = error

    result = PROVIDER.read(ID, outs)

    assert (result.id, result.outs) == (ID, outs)
    assert "was not looked at and stands as it was: Throttled." in capsys.readouterr().out


def test_a_permission_that_is_missing_makes_the_gate_unverifiable(meta: FakeMeta) -> None:
    meta.fails["roles"] = PermissionDeniedError("No.", code=200)

    outs = created()

    assert (outs["status"], outs["reason"]) == ("unverifiable", "Meta does not show it: No.")


def test_a_refused_credential_is_an_error(meta: FakeMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    outs = created()
    new_process(monkeypatch, meta)
    meta.fails["roles"] = AuthError("The token is not valid.", code=190)

    with pytest.raises(Failure, match=r"The token is not valid\. Settings used: connection main"):
        PROVIDER.read(ID, outs)


# --- diff, evidence, delete ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "changes"),
    [
        ({}, False),
        ({"status": "pending_human"}, False),
        ({"label": "x"}, False),
        ({"roles": {"nadia": "admin"}}, True),
        ({"owner": "tom"}, True),
        ({"evidence": {"status": "declined"}}, True),
        ({"roles": {"nadia": NOT_KNOWN}}, None),
    ],
)
def test_diff(meta: FakeMeta, changed: dict[str, Any], changes: bool | None) -> None:
    meta.roles = [ADMIN, DEVELOPER]
    outs = created(evidence=statement(asked()["roles"]))

    news = asked(evidence=statement(asked()["roles"]), status="satisfied") | changed

    assert PROVIDER.diff(ID, outs, news).changes is changes


def test_evidence_survives_in_the_state_beside_what_it_proved(meta: FakeMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    record = statement(asked()["roles"])
    meta.roles = [ADMIN, DEVELOPER]
    outs = created(evidence=record)
    assert outs["evidence"]["source"] == "graph"
    new_process(monkeypatch, meta)

    result = PROVIDER.read(ID, outs)

    assert result.outs == outs
    assert result.inputs == {**asked(evidence=record), "status": "satisfied"}


def test_delete_says_what_people_still_have_to_do(meta: FakeMeta, capsys: pytest.CaptureFixture[str]) -> None:
    outs = created()
    new_calls = len(meta.calls)

    PROVIDER.delete(ID, outs)

    assert len(meta.calls) == new_calls
    assert "stand for the same thing" not in capsys.readouterr().out


def test_delete_in_a_process_that_checked_nothing(
    meta: FakeMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outs = created()
    new_process(monkeypatch, meta)

    PROVIDER.delete(ID, outs)

    assert capsys.readouterr().out == (
        "app roles ads-app-roles: no longer declared. At Meta these people keep their roles until an app admin removes "
        "them: ines (developer), nadia (admin).\n"
    )


def test_a_text_that_a_terminal_would_obey_is_refused_by_its_input(meta: FakeMeta) -> None:
    del meta
    failures = PROVIDER.check({}, asked(owner="nadia\x1b[2J", roles={"nadia\u202e": "admin"})).failures

    assert sorted(failure.reason for failure in failures) == [
        "owner holds a line break, or a character that cannot be seen (U+001B). Fix: type it anew, on one line.",
        "roles holds a line break, or a character that cannot be seen (U+202E). Fix: type it anew, on one line.",
    ]
    assert {failure.property for failure in failures} == {""}
