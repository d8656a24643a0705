"""RedirectUris, PermissionRequest, FeatureRequest, BusinessVerification: what each sees and asks people to do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.gates import evidence
from meta_access.providers.business_verification import BusinessVerificationProvider
from meta_access.providers.feature_request import FeatureRequestProvider
from meta_access.providers.login_configuration import LoginConfigurationProvider
from meta_access.providers.obligation import ObligationProvider
from meta_access.providers.permission_request import PermissionRequestProvider
from meta_access.providers.redirect_uris import RedirectUrisProvider
from tests.texts import lacks
from tests.unit.providers.conftest import APP, BUSINESS, NOT_KNOWN, configured, new_process

if TYPE_CHECKING:
    from meta_access.providers._gate import GateProvider
    from tests.unit.emulated import EmulatedMeta

URIS, PERMISSION = RedirectUrisProvider(), PermissionRequestProvider()
FEATURE, VERIFICATION = FeatureRequestProvider(), BusinessVerificationProvider()
CONFIGURATION, OBLIGATION = LoginConfigurationProvider(), ObligationProvider()
TIER = "ads_management_standard_access"
ATTESTED = "Then state it in the stack's evidence file (`meta-access attest`)."
CALLBACK = "https://connect.lindenhof.example/meta/callback/"
PROBED = "act_104320000000501"
TIME = f"GET {BUSINESS}"
"""The read that a process makes for Meta's time alone, where it has read nothing yet."""


def checked(provider: GateProvider, olds: dict[str, Any] | None = None, **props: Any) -> dict[str, Any]:
    result = provider.check(olds or {}, {"label": "gate", "connection": "main", **props})
    assert result.failures == [], [failure.reason for failure in result.failures]
    return result.inputs


def created(provider: GateProvider, **props: Any) -> dict[str, Any]:
    result = provider.create(checked(provider, **props))
    assert result.outs is not None
    return result.outs


def failures(provider: GateProvider, **props: Any) -> list[tuple[str, str]]:
    result = provider.check({}, {"label": "gate", "connection": "main", **props})
    return [(failure.property, failure.reason) for failure in result.failures]


# --- redirect URIs -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("props", "property_", "reason"),
    [
        ({"uris": []}, "uris", "must list at least one URI."),
        ({"uris": ["http://connect.lindenhof.example/"]}, "uris", "uses http"),
        ({"uris": ["https://connect.lindenhof.example/*"]}, "uris", "wildcard"),
        ({"uris": ["https://connect.lindenhof.example/#x"]}, "uris", "fragment"),
        ({"uris": [CALLBACK], "hosts": ["other.example"]}, "uris", "not one of: other.example"),
        (
            {"uris": ["https://a.example/cb"], "hosts": ["a.example/"]},
            "uris",
            "slash",
        ),
        ({"uris": [CALLBACK], "mode": "public"}, "mode", "is not one of: live, development"),
        (
            {"uris": [CALLBACK], "product": "business_login"},
            "product",
            "is not one of: facebook_login, login_for_business",
        ),
    ],
)
def test_redirect_uris_are_linted_at_preview(
    meta: EmulatedMeta, props: dict[str, Any], property_: str, reason: str
) -> None:
    ((found, text),) = failures(URIS, **props)

    assert found == property_
    assert reason in text


def test_redirect_uris_are_one_sorted_list(meta: EmulatedMeta) -> None:
    props = checked(URIS, uris=["https://b.example/", "https://a.example/", "https://b.example/"])

    assert props["uris"] == ["https://a.example/", "https://b.example/"]
    assert checked(URIS, uris=["https://a.example/", NOT_KNOWN])["uris"][1] is NOT_KNOWN


def test_an_app_with_login_for_business_has_its_uris_on_another_page(meta: EmulatedMeta) -> None:
    step = created(URIS, uris=[CALLBACK], product="login_for_business")["next_step"]

    assert step["where"] == f"https://developers.facebook.com/apps/{APP}/business-login/settings/"
    assert step["menu"] == "App Dashboard > Facebook Login for Business > Settings > Valid OAuth Redirect URIs"


def test_nobody_can_read_redirect_uris_so_a_statement_decides(meta: EmulatedMeta) -> None:
    outs = created(URIS, uris=[CALLBACK])

    assert (outs["status"], outs["reason"]) == ("unverifiable", "Graph shows no redirect URIs to anybody.")
    assert outs["next_step"]["paste"] == CALLBACK
    assert outs["next_step"]["where"] == f"https://developers.facebook.com/apps/{APP}/fb-login/settings/"
    assert "`meta-access attest`" in outs["next_step"]["what"]

    record = {
        "declared": evidence.digest({"gate": "RedirectUris", "uris": [CALLBACK]}, APP),
        "app": APP, "at": "2026-11-23T08:00:00Z", "by": "nadia", "status": "satisfied", "source": "attestation",
    }  # fmt: skip
    assert created(URIS, uris=[CALLBACK], evidence=record)["status"] == "satisfied"
    assert created(URIS, uris=[CALLBACK + "2/"], evidence=record)["status"] == "unverifiable"


def test_the_age_of_a_statement_is_told_by_metas_clock(meta: EmulatedMeta) -> None:
    created(URIS, uris=[CALLBACK])

    assert meta.calls == [TIME]


# --- permissions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("props", "property_", "reason"),
    [
        ({"permission": "ads_reed", "level": "standard"}, "permission", "did you mean ads_read?"),
        ({"permission": "ads_read", "level": "full"}, "level", "is not one of: standard, advanced"),
    ],
)
def test_permissions_and_levels_are_known_words(
    meta: EmulatedMeta, props: dict[str, Any], property_: str, reason: str
) -> None:
    ((found, text),) = failures(PERMISSION, **props)

    assert found == property_
    assert reason in text


def test_standard_access_is_satisfied_by_rule_without_a_call(meta: EmulatedMeta) -> None:
    outs = created(PERMISSION, permission="ads_read", level="standard")

    assert (outs["status"], outs["observed"], outs["evidence"]["source"]) == ("satisfied", "standard", "rule")
    assert meta.calls == [TIME]


@pytest.mark.parametrize(
    ("listed", "status", "observed", "reason"),
    [
        ({"ads_management": "live"}, "satisfied", "advanced", ""),
        (
            {"ads_management": "unapproved"},
            "pending_human",
            "standard",
            "Meta lists ads_management as unapproved among the permissions that passed App Review.",
        ),
        (
            {},
            "pending_human",
            "standard",
            "Meta does not list ads_management among the permissions that passed App Review.",
        ),
    ],
)
def test_advanced_access_is_read_from_the_app(
    meta: EmulatedMeta, listed: dict[str, str], status: str, observed: str, reason: str
) -> None:
    meta.change_app(permissions=listed)

    outs = created(PERMISSION, permission="ads_management", level="advanced")

    assert (outs["status"], outs["observed"], outs["reason"]) == (status, observed, reason)


def test_a_permission_request_names_what_it_depends_on(meta: EmulatedMeta) -> None:
    step = created(PERMISSION, permission="ads_management", level="advanced")["next_step"]

    assert not lacks(step["what"], "advanced", "ads_management", "pages_read_engagement, pages_show_list", "App Review")
    assert step["paste"].startswith("Our app uses ads_management for: ")
    assert step["expect"] == f"app ads (id {APP})"


def test_a_permission_that_was_taken_away_is_shown_as_its_live_level(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    meta.change_app(permissions={"ads_read": "live"})
    outs = created(PERMISSION, permission="ads_read", level="advanced")
    meta.change_app(permissions={})
    new_process(monkeypatch, meta)

    result = PERMISSION.read("x", outs)

    assert result.inputs is not None
    assert result.outs is not None
    assert (result.inputs["level"], result.outs["level"], result.outs["status"]) == ("standard", "advanced", "drifted")


def test_each_permission_is_a_gate_of_its_own(meta: EmulatedMeta) -> None:
    checked(PERMISSION, permission="ads_read", level="standard")
    checked(PERMISSION, label="two", permission="ads_management", level="standard")

    ((_, text),) = failures(PERMISSION, label="three", permission="ads_read", level="advanced")

    assert not lacks(text, "gate", "three", "permission request")


# --- features and the tier -----------------------------------------------------------------------


@pytest.mark.parametrize("feature", [TIER, "Marketing API Access Tier"])
def test_a_feature_goes_by_identifier_or_name(meta: EmulatedMeta, feature: str) -> None:
    assert checked(FEATURE, feature=feature, level="limited")["feature"] == TIER


@pytest.mark.parametrize(
    ("props", "property_", "reason"),
    [
        ({"feature": "tiers", "level": "limited"}, "feature", "is not one of: ad_targeting_data_access"),
        ({"feature": TIER, "level": "advanced"}, "level", "is not one of: limited, full (words of the rules 2026-05)."),
        ({"feature": "human_agent", "level": "full"}, "level", "is not one of: standard, advanced"),
    ],
)
def test_levels_are_the_words_of_the_rule_set(
    meta: EmulatedMeta, props: dict[str, Any], property_: str, reason: str
) -> None:
    ((found, text),) = failures(FEATURE, **props)

    assert found == property_
    assert reason in text


@pytest.mark.parametrize(
    ("header", "level", "status", "observed"),
    [
        ("development_access", "limited", "satisfied", "limited"),
        ("standard_access", "limited", "satisfied", "full"),
        ("standard_access", "full", "satisfied", "full"),
        ("development_access", "full", "pending_human", "limited"),
        (None, "limited", "unverifiable", ""),
        (None, "full", "unverifiable", ""),
        ("quantum_access", "full", "unverifiable", ""),
    ],
)
def test_the_tier_is_read_from_a_header_and_no_header_is_unknown(
    meta: EmulatedMeta, header: str | None, level: str, status: str, observed: str
) -> None:
    if header in {"development_access", "standard_access"}:
        meta.change_app(tier=header)
    else:
        usage = {} if header is None else {"x-ad-account-usage": {"ads_api_access_tier": header}}
        meta.answer("GET", f"{PROBED}$", {"id": PROBED}, usage)

    outs = created(FEATURE, feature=TIER, level=level)

    assert (outs["status"], outs["observed"]) == (status, observed)
    assert meta.calls == [f"GET {PROBED}"]


def test_without_a_probe_the_tier_is_unknown_and_the_reason_says_so(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    meta.connection = replace(meta.connection, tier_probe=None)
    configured(monkeypatch, meta)

    outs = created(FEATURE, feature=TIER, level="limited")

    assert (outs["status"], outs["reason"]) == (
        "unverifiable",
        "Connection main names no tier_probe to read a header of.",
    )


def test_the_next_step_to_the_higher_tier_names_the_thresholds(meta: EmulatedMeta) -> None:
    step = created(FEATURE, feature=TIER, level="full")["next_step"]

    assert not lacks(step["what"], "Marketing API Access Tier", "full", "500", "15 days")


def test_other_features_are_unreadable_and_their_lowest_level_comes_by_itself(meta: EmulatedMeta) -> None:
    assert created(FEATURE, feature="human_agent", level="standard")["status"] == "satisfied"
    outs = created(FEATURE, label="b", feature="page_public_content_access", level="advanced")
    assert (outs["status"], outs["reason"]) == ("unverifiable", "Graph shows no features of an app.")
    assert meta.calls == [TIME]


# --- business verification -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "status", "phase", "waiting_on"),
    [
        ("verified", "satisfied", "granted", "nobody"),
        ("not_verified", "pending_human", "not_started", "us"),
        ("pending_submission", "pending_human", "not_started", "us"),
        ("pending", "pending_human", "submitted", "meta"),
        ("pending_need_more_info", "pending_human", "submitted", "us"),
        ("failed", "pending_human", "declined", "us"),
        ("rejected", "pending_human", "declined", "us"),
        ("revoked", "pending_human", "declined", "us"),
        ("expired", "pending_human", "declined", "us"),
        ("ineligible", "pending_human", "declined", "us"),
        ("something_new", "pending_human", "not_started", "us"),
        ("", "unverifiable", "not_started", "us"),
    ],
)
def test_verification_by_metas_word(meta: EmulatedMeta, shown: str, status: str, phase: str, waiting_on: str) -> None:
    meta.change_business(verification_status=shown)

    outs = created(VERIFICATION)

    assert (outs["status"], outs["phase"], outs["waiting_on"]) == (status, phase, waiting_on)


def test_a_lost_verification_shows_in_the_stamped_state(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    meta.change_business(verification_status="verified")
    outs = created(VERIFICATION)
    assert outs["state"] == "as declared"
    meta.change_business(verification_status="revoked")
    new_process(monkeypatch, meta)

    result = VERIFICATION.read("x", outs)

    assert result.inputs is not None
    assert result.outs is not None
    assert (result.inputs["state"], result.outs["state"], result.outs["status"]) == (
        "revoked",
        "as declared",
        "drifted",
    )
    assert VERIFICATION.diff("x", result.outs, checked(VERIFICATION, result.inputs)).changes is True


def test_who_verifies_sees_the_business_first(meta: EmulatedMeta) -> None:
    step = created(VERIFICATION)["next_step"]

    assert step["expect"] == "business lindenhof (id 178000000000101)"
    assert step["where"].endswith("business_id=178000000000101")


# --- moving from one rule set to the next --------------------------------------------------------


def test_a_stack_that_moves_to_another_rule_set_is_told_what_that_changes(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    olds = {"label": "gate", "connection": "main", "feature": TIER, "level": "advanced", "status": "pending_human"}
    checked(FEATURE, olds, feature=TIER, level="full")

    assert not lacks(
        capsys.readouterr().out,
        "2025-06",
        "2026-05",
        '"Ads Management Standard Access"',
        '"Marketing API Access Tier"',
    )
    checked(FEATURE, {**olds, "level": "limited"}, feature=TIER, level="full")
    assert "moves from rule set" not in capsys.readouterr().out


def test_a_refresh_reads_the_word_of_the_last_update(meta: EmulatedMeta) -> None:
    outs = {**created(FEATURE, feature=TIER, level="limited"), "level": "standard"}

    result = FEATURE.read("id", outs)

    assert result.outs is not None
    assert result.outs["level"] == "standard"


# --- login configurations and duties -------------------------------------------------------------


def test_a_login_configuration_is_told_by_a_statement_alone(meta: EmulatedMeta) -> None:
    asked = {"config_id": "889900112233445", "token": "system_user", "permissions": ["ads_read"]}
    outs = created(CONFIGURATION, **asked)

    assert (outs["status"], outs["reason"]) == ("unverifiable", "Graph shows no login configurations to anybody.")
    assert outs["next_step"]["where"] == f"https://developers.facebook.com/apps/{APP}/business-login/configurations/"
    assert outs["next_step"]["paste"] == "ads_read"

    record = {
        "declared": evidence.digest({"gate": "LoginConfiguration", **asked}, APP),
        "app": APP, "at": "2026-11-23T08:00:00Z", "by": "nadia", "status": "satisfied", "source": "attestation",
    }  # fmt: skip
    assert created(CONFIGURATION, **asked, evidence=record)["status"] == "satisfied"
    assert created(CONFIGURATION, **{**asked, "token": "user"}, evidence=record)["status"] == "unverifiable"


@pytest.mark.parametrize(
    ("props", "property_", "reason"),
    [
        ({"config_id": 8}, "config_id", "is a number; write it in quotes, because digits are lost above 2^53."),
        ({"config_id": "8", "token": "page"}, "token", "'page' is not one of: system_user, user"),
        ({"config_id": "8", "permissions": ["ads_reed"]}, "permissions", "did you mean ads_read?"),
    ],
)
def test_what_a_login_configuration_may_say(
    meta: EmulatedMeta, props: dict[str, Any], property_: str, reason: str
) -> None:
    ((found, text),) = failures(CONFIGURATION, **props)

    assert found == property_
    assert reason in text


@pytest.mark.parametrize(
    ("wanted", "seen", "status"),
    [
        ("all_required", "all_required", "satisfied"),
        ("all_required", "admin_required", "pending_human"),
        ("admin_required", "all_required", "satisfied"),
        (None, "admin_required", "satisfied"),
        (None, "none", "pending_human"),
        (None, "", "unverifiable"),
    ],
)
def test_the_second_factor_is_read_from_the_business(
    meta: EmulatedMeta, wanted: str | None, seen: str, status: str
) -> None:
    if seen:
        meta.change_business(two_factor_type=seen)
    else:
        meta.answer("GET", f"{BUSINESS}$", {"id": BUSINESS, "name": "Lindenhof Media"})
    value = {} if wanted is None else {"value": wanted}

    assert created(OBLIGATION, kind="two_factor", **value)["status"] == status


def test_a_weakened_second_factor_is_drift(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    meta.change_business(two_factor_type="all_required")
    outs = created(OBLIGATION, kind="two_factor", value="all_required")
    meta.change_business(two_factor_type="none")
    new_process(monkeypatch, meta)
    result = OBLIGATION.read("id", outs)

    assert result.inputs is not None
    assert result.outs is not None
    assert (result.outs["status"], result.inputs["value"]) == ("drifted", "none")


def test_a_duty_that_comes_near_is_said_in_every_preview(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    duty: dict[str, Any] = {"kind": "data_use_checkup", "due": "2026-12-20", "owner": "nadia"}
    outs = created(OBLIGATION, **duty)

    assert outs["status"] == "unverifiable"
    assert not lacks(capsys.readouterr().out, "gate", "due 2026-12-20", "26 days", "30 days", "nadia")
    assert outs["next_step"]["what"].endswith("It is due on 2026-12-20. " + ATTESTED)
    checked(OBLIGATION, **{**duty, "due": "2027-03-01"})
    assert "due 2027" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("2026-12-20", ""),
        ("2026-11-24", ""),
        ("2026-11-23", "obligation gate: met for 2026-11-23, which has passed; declare the next day. Owner: nadia."),
    ],
)
def test_a_duty_that_is_met_is_said_only_when_its_day_has_passed(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str], day: str, told: str
) -> None:
    meta.change_business(two_factor_type="all_required")
    checked(OBLIGATION, kind="two_factor", value="all_required", due=day, owner="nadia")

    said = capsys.readouterr().out
    assert (told in said) if told else ("obligation gate" not in said)


@pytest.mark.parametrize(
    ("props", "property_", "reason"),
    [
        ({"kind": "data_use_chekup"}, "kind", "did you mean data_use_checkup?"),
        ({"kind": "two_factor", "value": "some"}, "value", "is not one of: none, admin_required, all_required"),
        ({"kind": "app_mode", "due": "soon"}, "due", "'soon' is no day; write it as 2027-03-01, in quotes."),
    ],
)
def test_what_a_duty_may_say(meta: EmulatedMeta, props: dict[str, Any], property_: str, reason: str) -> None:
    ((found, text),) = failures(OBLIGATION, **props)

    assert found == property_
    assert reason in text


def test_the_declared_mode_is_told_and_a_statement_is_bound_to_it(meta: EmulatedMeta) -> None:
    outs = created(OBLIGATION, kind="app_mode", value="live")

    assert outs["next_step"]["what"].startswith("app_mode: The app is in the declared mode. Declared: live.")
    assert OBLIGATION.subject(outs)["value"] == "live"
