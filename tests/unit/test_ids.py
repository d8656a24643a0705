from __future__ import annotations

import pytest

from meta_access import ids
from meta_access.ids import Asset


@pytest.mark.parametrize(
    ("text", "asset"),
    [
        ("act_1043217650987654", Asset("ad_account", "act_1043217650987654", "act_1043217650987654")),
        ("act_1", Asset("ad_account", "act_1", "act_1")),
        ("page:102938475610293", Asset("page", "page:102938475610293", "102938475610293")),
        ("catalog:123", Asset("catalog", "catalog:123", "123")),
        ("pixel:123", Asset("pixel", "pixel:123", "123")),
        ("waba:123", Asset("waba", "waba:123", "123")),
        ("instagram:123", Asset("instagram", "instagram:123", "123")),
        ("group:123", Asset("group", "group:123", "123")),
    ],
)
def test_assets_are_read_with_their_kind(text: str, asset: Asset) -> None:
    assert ids.parse_asset(text) == asset
    assert str(ids.parse_asset(text)) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1043217650987654", "a bare number: ad accounts start with act_, others with their kind, such as page:"),
        (
            "",
            "'' names no kind of asset; start it with one of act_, page:, catalog:, pixel:, waba:, instagram:, group:",
        ),
        ("act_", "'act_' is no ad account: write act_ and digits, such as act_1043217650987654"),
        ("act_12a", "'act_12a' is no ad account: write act_ and digits, such as act_1043217650987654"),
        ("act_012", "'act_012' is no ad account: write act_ and digits, such as act_1043217650987654"),
        (
            "act_\u0661\u0662",
            "'act_\u0661\u0662' is no ad account: write act_ and digits, such as act_1043217650987654",
        ),
        ("act_12\n", "'act_12\\n' is no ad account: write act_ and digits, such as act_1043217650987654"),
        ("page:", "'page:' has no id: write page: and digits, such as page:102938475610293"),
        ("page:act_1", "'page:act_1' has no id: write page: and digits, such as page:102938475610293"),
        ("act:123", "'act:123' is spelt with act: where act_ is meant"),
        ("ad_account:123", "'ad_account:123' is spelt with ad_account: where act_ is meant"),
        ("Page:123", "'Page:123' is spelt with Page: where page: is meant"),
        ("product-catalog:1", "'product-catalog:1' is spelt with product-catalog: where catalog: is meant"),
        (" page:123", "' page:123' has blanks around it; write it without them"),
        (
            "video:1",
            (
                "'video:1' names no kind of asset; start it with one of act_, page:, catalog:, pixel:, waba:, "
                "instagram:, group:"
            ),
        ),
        (
            "business_asset_group:1",
            "'business_asset_group:1' is spelt with business_asset_group: where group: is meant",
        ),
        *(
            (
                text,
                f"'{text}' names an app, which no call of Meta's assigns: the gate SystemUserAppAccess is for that",
            )
            for text in ("app:1204", "app_1204", "application:1204")
        ),
    ],
)
def test_other_spellings_are_refused_with_the_right_one(text: str, reason: str | None) -> None:
    with pytest.raises(ValueError, match=r".+") as refused:
        ids.parse_asset(text)

    assert str(refused.value) == reason


def test_text_as_long_as_a_token_is_not_repeated() -> None:
    pasted = "EAA" + "EMU" + "a1B2" * 20

    with pytest.raises(ValueError, match="the value names no kind") as refused:
        ids.parse_asset(pasted)

    assert pasted not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("178435550012345", True),
        ("1", True),
        ("9" * 25, True),
        ("9" * 26, False),
        ("0", False),
        ("012", False),
        ("", False),
        ("12 ", False),
        ("12\n", False),
        ("1e15", False),
        ("\u0661\u0662", False),
        ("act_1", False),
    ],
)
def test_graph_ids_are_digits(text: str, verdict: bool) -> None:
    assert ids.is_graph_id(text) is verdict
