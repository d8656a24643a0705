"""SystemUserAppAccess: seen in the apps of the user, asked of a person, named when a mint is refused without it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.errors import GraphError, PermissionDeniedError, RateLimitedError
from meta_access.gates import evidence
from meta_access.providers import _live
from meta_access.providers._boundary import Failure
from meta_access.providers.app_installation import AppInstallationProvider
from meta_access.providers.system_user_app_access import SystemUserAppAccessProvider, without_access
from meta_emulator.world import AppAccess
from tests.texts import lacks
from tests.unit.providers.conftest import APP, BUSINESS, NOT_KNOWN, configured, new_process

if TYPE_CHECKING:
    from tests.unit.emulated import EmulatedMeta

PROVIDER = SystemUserAppAccessProvider()
USER = "122090000000777"
SETTINGS = "https://business.facebook.com/latest/settings/system_users?business_id=178000000000101"
MENU = "Business settings > Users > System users > the user > Assign assets > Apps > Full control"


@pytest.fixture
def meta(meta: EmulatedMeta) -> EmulatedMeta:
    meta.add_system_user(USER, "reporting")
    return meta


def give(meta: EmulatedMeta, *apps: str) -> None:
    """Let a person give the user full control of these apps, and of no other."""
    with meta.edit() as world:
        world.app_access = [AppAccess(USER, app) for app in apps]


def checked(olds: dict[str, Any] | None = None, **props: Any) -> dict[str, Any]:
    given = {"label": "reporting-app-access", "connection": "main", "system_user_id": USER, **props}
    result = PROVIDER.check(olds or {}, given)
    assert result.failures == [], [failure.reason for failure in result.failures]
    return result.inputs


def created(**props: Any) -> dict[str, Any]:
    result = PROVIDER.create(checked(**props))
    assert result.outs is not None
    return result.outs


def seen(outs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Outputs and inputs after a refresh."""
    result = PROVIDER.read("id", outs)
    assert result.outs is not None
    assert result.inputs is not None
    return result.outs, result.inputs


def test_a_user_that_has_the_app_is_satisfied(meta: EmulatedMeta) -> None:
    give(meta, APP)

    outs = created()

    assert (outs["status"], outs["observed"], outs["evidence"]["source"]) == ("satisfied", "full control", "graph")
    assert outs["next_step"] == {}


def test_a_user_without_it_is_a_persons_work_and_says_why(meta: EmulatedMeta) -> None:
    outs = created()

    assert (outs["status"], outs["waiting_on"], outs["observed"]) == ("pending_human", "us", "no access")
    assert not lacks(outs["reason"], USER, "full control")
    assert outs["next_step"] == {
        "what": (
            f"Give system user reporting (id {USER}) full control of app ads (id {APP}): a business admin does it, "
            "since Meta has no call for it. Until then Meta refuses to mint a token of that user."
        ),
        "where": SETTINGS,
        "menu": MENU,
        "expect": f"business lindenhof (id {BUSINESS})",
    }


def test_less_than_full_control_is_not_enough(meta: EmulatedMeta) -> None:
    meta.answer("GET", "assigned_apps$", {"data": [{"id": APP, "tasks": ["ANALYZE", "DEVELOP"]}]})

    outs = created()

    assert (outs["status"], outs["observed"]) == ("pending_human", "ANALYZE, DEVELOP")


def test_access_that_was_taken_away_is_drift_until_it_is_back(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(meta, APP)
    outs = created()
    give(meta)
    new_process(monkeypatch, meta)

    found, inputs = seen(outs)

    assert found["status"] == "drifted"
    assert (inputs["state"], found["state"]) == ("no access", "as declared")
    assert PROVIDER.diff("id", found, checked(inputs)).changes is True
    give(meta, APP)
    new_process(monkeypatch, meta)
    assert seen(found)[0]["status"] == "satisfied"


def test_where_meta_does_not_show_it_a_statement_about_the_user_counts(meta: EmulatedMeta) -> None:
    meta.refuse("GET", "assigned_apps$", 100, "No such edge.")
    record = {
        "declared": evidence.digest({"gate": "SystemUserAppAccess", "system_user_id": USER}, APP),
        "app": APP, "at": "2026-11-23T08:00:00Z", "by": "nadia", "status": "satisfied", "source": "attestation",
    }  # fmt: skip

    assert created()["status"] == "unverifiable"
    assert created(evidence=record)["status"] == "satisfied"
    assert created(evidence=record, system_user_id="122090000000778")["status"] == "unverifiable"


def test_a_user_that_does_not_exist_yet_is_not_looked_for(meta: EmulatedMeta) -> None:
    props = checked(system_user_id=NOT_KNOWN)

    assert "status" not in props
    assert meta.calls == []


def test_offline_nothing_is_asked(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(monkeypatch, meta, offline=True)

    assert checked()["status"] == "unverifiable"
    assert meta.calls == []


def test_an_id_that_is_none_is_refused(meta: EmulatedMeta) -> None:
    result = PROVIDER.check({}, {"label": "g", "connection": "main", "system_user_id": 122090000000777})

    assert [(failure.property, failure.reason) for failure in result.failures] == [
        ("system_user_id", "is a number; write it in quotes, because digits are lost above 2^53.")
    ]


def test_an_installation_lets_the_gate_look_again(meta: EmulatedMeta) -> None:
    assert created()["status"] == "pending_human"
    give(meta, APP)

    AppInstallationProvider().create({"label": "reporting", "connection": "main", "system_user_id": USER})

    assert created()["status"] == "satisfied"


# --- a refused mint ------------------------------------------------------------------------------

DENIED = PermissionDeniedError("(#200) The system user does not have full control of the app.", code=200)


def test_a_mint_refused_for_want_of_the_app_names_the_gate_and_the_step(meta: EmulatedMeta) -> None:
    error = without_access(DENIED, _live.live("main"), USER, "reporting")

    assert isinstance(error, PermissionDeniedError)
    assert error.code == 200
    assert not lacks(error.problem, "reporting", USER, APP, str(DENIED))
    assert not lacks(error.next_step, MENU, SETTINGS, "SystemUserAppAccess", "`pulumi up`")


@pytest.mark.parametrize(
    ("error", "apps"),
    [(DENIED, [APP]), (RateLimitedError("Too many.", code=17), [])],
    ids=["the user has the app", "another trouble"],
)
def test_other_refusals_keep_their_words(meta: EmulatedMeta, error: GraphError, apps: list[str]) -> None:
    give(meta, *apps)

    assert without_access(error, _live.live("main"), USER, "reporting") is None


def test_a_refusal_that_cannot_be_explained_keeps_its_words(meta: EmulatedMeta) -> None:
    meta.refuse("GET", "assigned_apps$", 17)

    assert without_access(DENIED, _live.live("main"), USER, "reporting") is None


def test_trouble_of_its_own_stops_nothing(meta: EmulatedMeta) -> None:
    give(meta, APP)
    outs = created()
    meta.refuse("GET", "assigned_apps$", 17)

    assert PROVIDER.read("id", outs).outs == outs


def test_removing_the_gate_says_who_takes_the_app_away(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outs = created()
    new_process(monkeypatch, meta)

    PROVIDER.delete("id", outs)

    assert not lacks(
        capsys.readouterr().out, "reporting-app-access", "no longer declared", "122090000000777", "business admin"
    )


def test_two_gates_of_one_user_are_refused(meta: EmulatedMeta) -> None:
    checked()

    result = PROVIDER.check({}, {"label": "twin", "connection": "main", "system_user_id": USER})

    (failure,) = result.failures
    assert not lacks(failure.reason, "reporting-app-access", "twin")


def test_the_name_on_metas_page_is_the_one_to_look_for(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    meta.connection = replace(meta.connection, business_display="Lindenhof Media", app_display="Lindenhof Ads")
    configured(monkeypatch, meta)

    assert created()["next_step"]["expect"] == "business Lindenhof Media (id 178000000000101)"


def test_a_foreign_connection_is_one_clean_error(meta: EmulatedMeta) -> None:
    with pytest.raises(Failure, match="there is no connection"):
        PROVIDER.create({"label": "g", "connection": "other", "system_user_id": USER, "state": "as declared"})
