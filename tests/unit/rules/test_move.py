"""What changes for a stack that moves from one rule set to the other."""

from __future__ import annotations

from meta_access import rules
from meta_access.rules.move import changes, word_for

OLD, NEW = rules.load("2025-06"), rules.load("2026-05")


def test_the_two_vocabularies_are_mapped_both_ways() -> None:
    assert [word_for(OLD, NEW, word) for word in ("standard", "advanced", "limited")] == ["limited", "full", None]
    assert [word_for(NEW, OLD, word) for word in ("limited", "full", "standard")] == ["standard", "advanced", None]


def test_moving_to_may_2026_renames_and_lowers_the_thresholds() -> None:
    assert changes(OLD, NEW) == [
        (
            'The feature "Ads Management Standard Access" is called "Marketing API Access Tier"; its identifier stays '
            "ads_management_standard_access."
        ),
        "Of its levels, standard is called limited and advanced is called full; nothing changes at Meta by that.",
        "To reach and keep the higher one takes 500 successful calls in 15 days (before: 1500 in 15).",
        "Errors must stay below 15% over the last 500 calls (before: 10% over the last 15 days).",
    ]


def test_a_set_differs_in_nothing_from_itself() -> None:
    assert changes(NEW, NEW) == []


def test_other_numbers_and_rows_are_named() -> None:
    full = NEW.tiers["full"].model_copy(update={"system_users": {"EMPLOYEE": 20, "ADMIN": 1}, "score_limit": 12000})
    permissions = {name: row for name, row in NEW.permissions.items() if name != "publish_video"}
    permissions["ads_write"] = NEW.permissions["ads_read"]
    permissions["ads_read"] = NEW.permissions["ads_read"].model_copy(update={"depends_on": ("email",)})
    later = NEW.model_copy(update={"tiers": {**NEW.tiers, "full": full}, "permissions": permissions})
    assert changes(NEW, later) == [
        "Tier full allows 20 system users of role EMPLOYEE per business (before: 10).",
        "Tier full: score limit is 12000 (before: 9000).",
        "Permission new: ads_write.",
        "Permission gone: publish_video.",
        "Permission changed: ads_read.",
    ]
