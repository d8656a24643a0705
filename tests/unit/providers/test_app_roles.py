"""AppRoles, and with it everything that gates share: stamping, drift in inputs only, farewell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from meta_access.gates import evidence
from meta_access.graph.app_roles import RoleRow
from meta_access.providers._boundary import Failure
from meta_access.providers.app_roles import AppRolesProvider, compare
from meta_emulator.world import AppRole, BusinessInvitation
from tests.texts import lacks
from tests.unit.providers.conftest import APP, BUSINESS, NOT_KNOWN, configured, new_process

if TYPE_CHECKING:
    from meta_emulator.world import RoleName
    from tests.unit.emulated import EmulatedMeta

PROVIDER = AppRolesProvider()
NADIA, INES = "100000000000401", "100000000000402"
PEOPLE = {"nadia": {"user_id": NADIA}, "ines": {"user_id": INES}}
ADMIN = RoleRow(NADIA, "administrators")
DEVELOPER = RoleRow(INES, "developers")
TESTER = RoleRow(INES, "testers")
ID = f"AppRoles/{APP}"
READ = f"GET {APP}/roles"


@pytest.fixture
def meta(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> EmulatedMeta:
    """An app of no business, on which nobody has a role yet."""
    meta.change_app(business_id=None)
    meta.connection = replace(meta.connection, app_claimed=False)
    configured(monkeypatch, meta)
    have(meta)
    return meta


def have(meta: EmulatedMeta, *rows: RoleRow) -> None:
    """Let these be the roles on the app."""
    with meta.edit() as world:
        world.app_roles = [AppRole(APP, row.user, cast("RoleName", row.role)) for row in rows]


def claim(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the business claim the app."""
    meta.change_app(business_id=BUSINESS)
    meta.connection = replace(meta.connection, app_claimed=True)
    configured(monkeypatch, meta)


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
            "whether tom has the role is unknown without user_id in meta:people.",
        ),
        (
            {"nadia": "admin", "tom": "developer"},
            {"nadia": NADIA},
            [ADMIN, RoleRow("999", "developers")],
            None,
            {"nadia": "admin"},
            "whether tom has the role is unknown without user_id in meta:people.",
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
def test_check_refuses_bad_values(meta: EmulatedMeta, changed: dict[str, Any], property_: str, reason: str) -> None:
    (failure,) = PROVIDER.check({}, asked(**changed)).failures

    assert failure.property == property_
    assert reason in failure.reason


def test_one_app_has_one_list_of_roles(meta: EmulatedMeta) -> None:
    checked()

    (failure,) = PROVIDER.check({}, asked(label="other")).failures

    assert (failure.property, failure.reason) == (
        "",
        "resources ads-app-roles and other represent the same app roles. Fix: remove one of them.",
    )


def test_check_stamps_the_status_of_a_new_gate(meta: EmulatedMeta) -> None:
    have(meta, ADMIN)

    assert checked()["status"] == "pending_human"


def test_check_carries_a_status_on_without_looking(meta: EmulatedMeta) -> None:
    olds = {**asked(), "status": "satisfied"}

    assert checked(olds)["status"] == "satisfied"
    assert meta.calls == []


@pytest.mark.parametrize(
    "changed",
    [{"roles": {"nadia": "admin"}}, {"evidence": {"declared": "sha256:" + "0" * 16}}],
)
def test_check_stamps_anew_when_declaration_or_evidence_changed(meta: EmulatedMeta, changed: dict[str, Any]) -> None:
    have(meta, ADMIN)
    olds = {**asked(), "status": "unverifiable"}

    assert checked(olds, **changed)["status"] in {"satisfied", "pending_human"}
    assert meta.calls == [READ]


def test_check_leaves_the_status_open_while_the_roles_are_not_known(meta: EmulatedMeta) -> None:
    assert "status" not in checked(roles=NOT_KNOWN)


def test_a_reading_that_fails_at_check_is_told_and_stops_nothing(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    meta.refuse("GET", "roles$", 4, "Throttled.")

    assert checked()["status"] == "unverifiable"
    said = capsys.readouterr().out
    assert "its status was not looked at: " in said
    assert "Throttled." in said


def test_offline_nothing_is_looked_at(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(monkeypatch, meta, offline=True)

    assert checked()["status"] == "unverifiable"
    assert meta.calls == []


# --- create and read -----------------------------------------------------------------------------


def test_create_tells_what_is_open_and_writes_nothing(meta: EmulatedMeta) -> None:
    have(meta, ADMIN)
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


def test_a_claimed_app_has_its_people_elsewhere(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    claim(meta, monkeypatch)

    step = created()["next_step"]

    assert step["where"] == "https://business.facebook.com/latest/settings/apps?business_id=178000000000101"
    assert step["expect"] == "business lindenhof (id 178000000000101)"
    assert not lacks(
        step["what"], "ines as developer", "nadia as admin", "lindenhof", "178000000000101", "business admin"
    )


def test_people_of_a_claimed_app_who_are_not_in_the_business_are_named(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim(meta, monkeypatch)
    emails = {
        name: {"user_id": IDS.get(name), "email": f"{name}@lindenhof.example"} for name in ("nadia", "ines", "tom")
    }
    with meta.edit() as world:
        nadia, _ines = world.people
        nadia.email = "NADIA@lindenhof.example"
        world.people = [nadia]
        world.business_invitations = [BusinessInvitation("2", BUSINESS, "ines@lindenhof.example")]
    roles = {"nadia": "admin", "ines": "developer", "tom": "tester"}

    step = created(roles=roles, people={**emails, "tom": {"email": "tom@lindenhof.example"}})["next_step"]

    assert not lacks(step["what"], "ines (invited", "tom (not invited")
    meta.refuse("GET", "business_users$", 10)
    new_process(monkeypatch, meta)
    assert "Not in the business yet" not in created(roles=roles, people=emails)["next_step"]["what"]


def test_a_claimed_app_may_have_five_hundred_testers(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    claim(meta, monkeypatch)

    assert PROVIDER.check({}, asked(roles={f"p{n}": "tester" for n in range(500)})).failures == []
    (failure,) = PROVIDER.check({}, asked(roles={f"p{n}": "tester" for n in range(501)})).failures
    assert not lacks(failure.reason, "501", "500")


def test_an_invitation_that_was_sent_waits_for_the_invitee(meta: EmulatedMeta) -> None:
    roles = asked()["roles"]
    have(meta, ADMIN)

    outs = created(evidence=statement(roles, "submitted"))

    assert (outs["status"], outs["phase"], outs["waiting_on"]) == ("pending_human", "submitted", "invitee")
    assert outs["next_step"]["what"].startswith("Wait until the invited people accept")


def test_a_person_without_user_id_is_taken_from_the_evidence(meta: EmulatedMeta) -> None:
    have(meta, ADMIN)
    people = {"nadia": {"user_id": NADIA}}

    assert created(people=people)["status"] == "unverifiable"
    assert created(people=people, evidence=statement(asked()["roles"]))["status"] == "satisfied"


def test_a_gate_that_opens_shows_in_outputs_and_status_alone(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    have(meta, ADMIN)
    outs = created()
    have(meta, ADMIN, DEVELOPER)
    new_process(monkeypatch, meta)

    result = PROVIDER.read(ID, outs)

    assert result.outs is not None
    assert result.outs["status"] == "satisfied"
    assert "next_step" not in result.outs or result.outs["next_step"] == {}
    assert result.inputs == {**asked(), "status": "satisfied"}
    assert PROVIDER.diff(ID, result.outs, {**asked(), "status": "satisfied"}).changes is False


def test_reading_what_has_not_changed_answers_the_same_state(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    have(meta, ADMIN)
    outs = created()
    meta.sleep(12 * 3600)
    new_process(monkeypatch, meta)

    assert PROVIDER.read(ID, outs).outs == outs


def drifted(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Outputs of a gate that was satisfied before somebody became a tester."""
    have(meta, ADMIN, DEVELOPER)
    outs = created()
    assert outs["status"] == "satisfied"
    have(meta, ADMIN, TESTER)
    new_process(monkeypatch, meta)
    return outs


def test_drift_is_in_the_inputs_and_the_outputs_keep_what_is_declared(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    outs = drifted(meta, monkeypatch)

    result = PROVIDER.read(ID, outs)

    assert result.inputs == {**asked(roles={"nadia": "admin", "ines": "tester"}), "status": "drifted"}
    assert result.outs is not None
    assert result.outs["roles"] == {"nadia": "admin", "ines": "developer"}
    assert result.outs["observed"] == {"nadia": "admin", "ines": "tester"}
    assert result.outs["status"] == "drifted"


def test_drift_stays_over_refreshes_and_updates_until_it_is_put_right(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
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

    have(meta, ADMIN, DEVELOPER)
    result = PROVIDER.read(ID, outs)

    assert result.outs is not None
    assert result.inputs == {**asked(), "status": "satisfied"}
    assert PROVIDER.diff(ID, result.outs, checked(result.inputs)).changes is False


def test_drift_that_is_accepted_in_the_program_ends(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    outs = drifted(meta, monkeypatch)
    result = PROVIDER.read(ID, outs)
    assert result.outs is not None
    accepted = {"nadia": "admin", "ines": "tester"}
    news = checked(result.inputs, roles=accepted)

    updated = PROVIDER.update(ID, result.outs, news)

    assert news["status"] == "satisfied"
    assert updated.outs is not None
    assert updated.outs["status"] == "satisfied"


def test_a_new_declaration_is_pending_and_not_drifted(meta: EmulatedMeta) -> None:
    have(meta, ADMIN)
    outs = created(roles={"nadia": "admin"})
    assert outs["status"] == "satisfied"

    updated = PROVIDER.update(ID, outs, checked({**asked(roles={"nadia": "admin"}), "status": "satisfied"}))

    assert updated.outs is not None
    assert updated.outs["status"] == "pending_human"


def test_trouble_of_one_gate_leaves_its_state_as_it_was(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    have(meta, ADMIN)
    outs = created()
    new_process(monkeypatch, meta)
    meta.refuse("GET", "roles$", 4, "Throttled.")

    result = PROVIDER.read(ID, outs)

    assert (result.id, result.outs) == (ID, outs)
    said = capsys.readouterr().out
    assert "was not looked at and stands as it was: " in said
    assert "Throttled." in said


def test_a_permission_that_is_missing_makes_the_gate_unverifiable(meta: EmulatedMeta) -> None:
    meta.refuse("GET", "roles$", 200, "No.")

    outs = created()

    assert outs["status"] == "unverifiable"
    assert outs["reason"].startswith("Meta does not show it: ")
    assert "No." in outs["reason"]


def test_a_refused_credential_is_an_error(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    outs = created()
    new_process(monkeypatch, meta)
    meta.refuse("GET", "roles$", 190)

    with pytest.raises(Failure, match=r"The token is not valid\. .*Settings used: connection main"):
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
def test_diff(meta: EmulatedMeta, changed: dict[str, Any], changes: bool | None) -> None:
    have(meta, ADMIN, DEVELOPER)
    outs = created(evidence=statement(asked()["roles"]))

    news = asked(evidence=statement(asked()["roles"]), status="satisfied") | changed

    assert PROVIDER.diff(ID, outs, news).changes is changes


def test_evidence_survives_in_the_state_beside_what_it_proved(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = statement(asked()["roles"])
    have(meta, ADMIN, DEVELOPER)
    outs = created(evidence=record)
    assert outs["evidence"]["source"] == "graph"
    new_process(monkeypatch, meta)

    result = PROVIDER.read(ID, outs)

    assert result.outs == outs
    assert result.inputs is None


def test_delete_of_what_the_same_run_declares_asks_nobody_for_anything(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    outs = created()
    new_calls = len(meta.calls)

    PROVIDER.delete(ID, outs)

    assert len(meta.calls) == new_calls
    said = capsys.readouterr().out
    assert not lacks(said, "ads-app-roles", "represents the same thing")
    assert "nadia" not in said


def test_delete_says_what_people_still_have_to_do(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outs = created()
    new_process(monkeypatch, meta)

    PROVIDER.delete(ID, outs)

    assert not lacks(capsys.readouterr().out, "ads-app-roles", "ines (developer)", "nadia (admin)")


def test_a_text_that_a_terminal_would_obey_is_refused_by_its_input(meta: EmulatedMeta) -> None:
    del meta
    failures = PROVIDER.check({}, asked(owner="nadia\x1b[2J", roles={"nadia\u202e": "admin"})).failures

    assert sorted(failure.reason for failure in failures) == [
        "owner holds a line break, or a character that cannot be seen (U+001B). Fix: type it anew, on one line.",
        "roles holds a line break, or a character that cannot be seen (U+202E). Fix: type it anew, on one line.",
    ]
    assert {failure.property for failure in failures} == {""}
