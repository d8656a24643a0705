"""The rule sets against values copied by hand from the guide of 2025 and from Meta's pages since May 2026."""

from __future__ import annotations

from datetime import date
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from meta_access import rules
from meta_access.errors import ConfigError
from meta_access.rules.model import RuleSet

if TYPE_CHECKING:
    from pathlib import Path


def test_the_sets_are_found_oldest_first_and_the_last_is_the_newest() -> None:
    assert rules.names() == ["2025-06", "2026-05", "2026-11"]
    assert rules.newest() == "2026-11"


def test_an_unknown_set_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError) as refused:
        rules.load("2026-5")
    assert str(refused.value) == (
        "1 problem in the configuration:\n"
        '  - meta:rules: there is no rule set "2026-5"; known are 2025-06, 2026-05, 2026-11. Fix: write "2026-05".'
    )


def test_a_set_of_a_newer_package_is_not_taken_for_a_misspelt_old_one() -> None:
    with pytest.raises(ConfigError) as refused:
        rules.load("2027-05")
    assert str(refused.value) == (
        "1 problem in the configuration:\n"
        '  - meta:rules: there is no rule set "2027-05"; known are 2025-06, 2026-05, 2026-11. '
        'Fix: install the meta-access that has it, or write "2026-11".'
    )


@pytest.mark.parametrize(
    ("name", "feature", "words"),
    [
        ("2025-06", "Ads Management Standard Access", ["standard", "advanced"]),
        ("2026-05", "Marketing API Access Tier", ["limited", "full"]),
        ("2026-11", "Marketing API Access Tier", ["limited", "full"]),
    ],
)
def test_feature_and_words_of_the_tiers(name: str, feature: str, words: list[str]) -> None:
    found = rules.load(name)
    assert found.tier_feature == feature
    assert list(found.tiers) == words
    assert found.features["ads_management_standard_access"].levels == tuple(words)
    assert found.tier_feature_key == "ads_management_standard_access"


@pytest.mark.parametrize(
    ("name", "development_access", "standard_access"),
    [("2025-06", "standard", "advanced"), ("2026-05", "limited", "full")],
)
def test_header_values_map_to_the_words_of_the_set(name: str, development_access: str, standard_access: str) -> None:
    found = rules.load(name)
    assert found.tier_of_header("development_access") == development_access
    assert found.tier_of_header("standard_access") == standard_access
    assert found.tier_of_header("platinum_access") is None


def test_the_guides_other_vocabulary_stands_beside_the_tiers() -> None:
    tiers = rules.load("2025-06").tiers
    assert tiers["standard"].also_called == ("Development access",)
    assert tiers["advanced"].also_called == ("Standard access",)


@pytest.mark.parametrize(
    ("name", "calls", "days", "rate", "window"),
    [
        ("2025-06", 1500, 15, 0.10, "the last 15 days"),
        ("2026-05", 500, 15, 0.15, "the last 500 calls"),
        ("2026-11", 500, 15, 0.15, "the last 500 calls"),
    ],
)
def test_thresholds_of_the_higher_tier(name: str, calls: int, days: int, rate: float, window: str) -> None:
    found = rules.load(name).thresholds
    assert (found.calls, found.days, found.error_rate, str(found.error_window)) == (calls, days, rate, window)


@pytest.mark.parametrize(
    ("name", "tier", "employees", "admins"),
    [
        ("2025-06", "standard", 1, 1),
        ("2025-06", "advanced", 10, 1),
        ("2026-05", "limited", 1, 1),
        ("2026-05", "full", 10, 1),
    ],
)
def test_system_users_per_tier(name: str, tier: str | None, employees: int, admins: int) -> None:
    found = rules.load(name)
    assert found.quota(tier, "EMPLOYEE") == employees
    assert found.quota(tier, "ADMIN") == admins


@pytest.mark.parametrize(("tier", "role"), [(None, "EMPLOYEE"), ("advanced", "EMPLOYEE"), ("full", "DEVELOPER")])
def test_a_quota_that_cannot_be_told_is_none(tier: str | None, role: str) -> None:
    assert rules.load("2026-05").quota(tier, role) is None


@pytest.mark.parametrize("name", ["2025-06", "2026-05"])
def test_what_the_tiers_may_do(name: str) -> None:
    lower, higher = rules.load(name).tiers.values()
    assert (lower.score_limit, higher.score_limit) == (60, 9000)
    assert (lower.ads_management_per_hour, higher.ads_management_per_hour) == (300, 100_000)
    assert (lower.business_manager, higher.business_manager) == ("limited", "all")
    assert (lower.page_creation, higher.page_creation) == (False, False)


@pytest.mark.parametrize("name", ["2025-06", "2026-05"])
def test_the_guides_use_cases(name: str) -> None:
    found = rules.load(name).use_cases
    asked = {key: use_case.permissions for key, use_case in found.items()}
    assert asked == {
        "manage_ads": ("ads_management",),
        "read_reports": ("ads_read",),
        "read_and_manage": ("ads_management", "ads_read"),
    }
    assert {use_case.feature for use_case in found.values()} == {"ads_management_standard_access"}
    assert found["read_reports"].tasks["ad_account"] == ("ANALYZE",)
    assert found["manage_ads"].tasks["ad_account"] == ("ADVERTISE", "ANALYZE")


@pytest.mark.parametrize("name", ["2025-06", "2026-05"])
def test_people_per_app(name: str) -> None:
    limits = rules.load(name).role_limits
    assert (limits.admins, limits.testers_and_analytics_verified, limits.testers_unverified) == (500, 500, 50)


def test_permissions_bring_what_they_depend_on() -> None:
    found = rules.load("2026-05")
    assert found.with_dependencies(["ads_read"]) == ("ads_read",)
    assert found.with_dependencies(["catalog_management"]) == (
        "business_management",
        "catalog_management",
        "pages_read_engagement",
        "pages_show_list",
    )
    assert found.with_dependencies(["no_such_thing"]) == ("no_such_thing",)


# The page of Login for Business of 2026-05-05, its column of system users' tokens; the WhatsApp one stands in such
# tokens (chatwoot/chatwoot#14690). Read 2026-12-01.
@pytest.mark.parametrize("name", ["2025-06", "2026-05", "2026-11"])
@pytest.mark.parametrize(
    ("permission", "may"),
    [
        ("ads_read", True),
        ("whatsapp_business_manage_events", True),
        ("commerce_manage_accounts", True),
        ("manage_app_solution", True),
        ("manage_app_solutions", None),
        ("page_events", True),
        ("pages_events", None),
        ("public_profile", False),
        ("email", False),
    ],
)
def test_which_permissions_a_system_users_token_may_hold(name: str, permission: str, may: bool | None) -> None:
    assert rules.load(name).permissions[permission].system_user is may


def test_the_ads_mcp_server_takes_tokens_of_employees_only() -> None:
    row = rules.load("2026-11").permissions["ads_mcp_management"]
    assert (row.system_user, row.system_user_roles) == (True, ("EMPLOYEE",))


def test_presets_of_november_2026() -> None:
    found = rules.load("2026-11").use_cases
    assert {key: row.permissions for key, row in found.items() if key not in rules.load("2026-05").use_cases} == {
        "manage_catalogs": ("catalog_management",),
        "send_events": ("ads_read",),
        "mcp_read": ("ads_mcp_management", "ads_read", "pages_show_list"),
        "mcp_write": (
            "ads_management",
            "ads_mcp_management",
            "ads_read",
            "business_management",
            "catalog_management",
            "instagram_basic",
            "pages_show_list",
        ),
    }
    assert found["send_events"].tasks == {"pixel": ("ANALYZE", "UPLOAD")}
    assert found["manage_catalogs"].tasks == {"catalog": ("ADVERTISE", "MANAGE")}


def test_duties_of_november_2026() -> None:
    new, old = (set(rules.load(name).obligations) for name in ("2026-11", "2026-05"))
    assert new - old == {"data_protection_assessment", "ongoing_review"}


@pytest.mark.parametrize(
    ("kind", "tasks", "expanded"),
    [
        ("ad_account", ["MANAGE"], ("ADVERTISE", "ANALYZE", "MANAGE")),
        ("ad_account", ["ANALYZE"], ("ANALYZE",)),
        ("ad_account", ["DRAFT", "ADVERTISE"], ("ADVERTISE", "ANALYZE", "DRAFT")),
        ("page", ["MODERATE"], ("ADVERTISE", "ANALYZE", "MODERATE")),
        ("catalog", ["MANAGE"], ("ADVERTISE", "MANAGE")),
        ("spaceship", ["FLY"], ("FLY",)),
    ],
)
def test_implied_tasks_are_added(kind: str, tasks: Any, expanded: tuple[str, ...]) -> None:
    assert rules.load("2026-05").expand_tasks(kind, tasks) == expanded


@pytest.mark.parametrize(
    ("version", "on", "kind", "ends"),
    [
        ("v27.0", date(2026, 12, 1), "ok", None),
        # An empty end is Meta's "to be announced", which Graph's end in 2028 says nothing of.
        ("v26.0", date(2030, 1, 1), "ok", None),
        ("v25.0", date(2026, 11, 24), "ok", date(2027, 2, 23)),
        ("v25.0", date(2026, 11, 25), "ending", date(2027, 2, 23)),
        ("v25.0", date(2027, 2, 22), "ending", date(2027, 2, 23)),
        ("v25.0", date(2027, 2, 23), "retired", date(2027, 2, 23)),
        ("v24.0", date(2026, 11, 9), "ending", date(2026, 11, 10)),
        ("v24.0", date(2026, 11, 10), "retired", date(2026, 11, 10)),
        ("v23.0", date(2026, 11, 24), "retired", date(2026, 6, 9)),
        ("v22.0", date(2026, 2, 19), "retired", date(2026, 2, 19)),
        ("v20.0", date(2025, 11, 1), "ok", date(2026, 2, 19)),
        ("v9.0", date(2026, 11, 24), "retired", None),
        ("v28.0", date(2026, 12, 1), "unknown", None),
        ("v26.1", date(2026, 11, 24), "unknown", None),
    ],
)
def test_how_long_a_version_is_good_for_the_marketing_api(version: str, on: date, kind: str, ends: date | None) -> None:
    assert rules.load("2026-05").version_state(version, on) == (kind, ends, "v27.0")


def test_every_edition_has_the_same_calendar() -> None:
    calendars = [rules.load(name).api_versions for name in rules.names()]
    assert all(calendar == calendars[0] for calendar in calendars)


@pytest.mark.parametrize("name", ["2025-06", "2026-05", "2026-11"])
def test_links_are_filled_in(name: str) -> None:
    links = rules.load(name).links
    assert set(links) == {
        "app_roles",
        "claimed_app_roles",
        "redirect_uris",
        "redirect_uris_business",
        "login_configurations",
        "obligations",
        "two_factor",
        "permissions",
        "features",
        "business_verification",
        "system_users",
        "app_access",
        "lead_access",
        "app_settings",
        "share_asset",
        "people",
    }
    for link in links.values():
        found = link.at(app_id="11", business_id="22")
        assert found.startswith("https://")
        assert "{" not in found
        assert link.menu
    assert links["app_roles"].at(app_id="11") == "https://developers.facebook.com/apps/11/roles/roles/"


@pytest.mark.parametrize("name", ["2025-06", "2026-05", "2026-11"])
def test_every_source_is_a_page_of_meta_with_a_day_it_was_read(name: str) -> None:
    found = rules.load(name)
    hosts = {url.split("/")[2] for url in found.sources.values()}
    assert hosts <= {"developers.facebook.com", "developers.meta.com", "github.com"}
    assert found.read >= found.published


def test_the_sets_differ_only_where_may_2026_changed_something() -> None:
    old, new = (rules.load(name).model_dump() for name in ("2025-06", "2026-05"))
    assert {key for key in old if old[key] != new[key]} == {
        "name",
        "published",
        "sources",
        "tier_feature",
        "tiers",
        "features",
        "thresholds",
        "review",
    }
    assert {key for key in old["review"] if old["review"][key] != new["review"][key]} == {"screencast_for_tier"}


@pytest.mark.parametrize(("name", "screencast"), [("2025-06", True), ("2026-05", False)])
def test_what_app_review_wants(name: str, *, screencast: bool) -> None:
    found = rules.load(name).review
    assert (found.call_within_days, found.call_shown_after_hours) == (30, 24)
    assert found.screencast_for_tier is screencast
    assert len(found.data_handling) == 5


def test_a_third_set_is_one_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("2025-06", "2026-05"):
        text = resources.files("meta_access.rules").joinpath(f"{name}.toml").read_text()
        (tmp_path / f"{name}.toml").write_text(text)
    (tmp_path / "2027-01.toml").write_text(
        (tmp_path / "2026-05.toml").read_text().replace("EMPLOYEE = 10", "EMPLOYEE = 25")
    )
    monkeypatch.setattr("meta_access.rules.resources.files", lambda _: tmp_path)
    assert rules.names() == ["2025-06", "2026-05", "2027-01"]
    assert rules.load.__wrapped__("2027-01").quota("full", "EMPLOYEE") == 25


def test_a_set_that_names_what_it_does_not_define_cannot_be_loaded() -> None:
    values = rules.load("2026-05").model_dump()
    values["use_cases"]["manage_ads"]["permissions"] = ("ads_mangement",)
    values["tiers"]["full"]["source"] = "hearsay"
    with pytest.raises(ValidationError, match="full: hearsay, manage_ads: ads_mangement"):
        RuleSet.model_validate(values)
