"""Who holds the assets of a business, read from the emulated Meta: in how many calls, and what is not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meta_access.errors import AuthError
from meta_access.graph import holders
from meta_access.graph.holders import Grant, Holder, HolderKind
from meta_access.ids import parse_asset
from meta_emulator.builder import WorldBuilder
from meta_emulator.world import AssetRequest
from tests.unit.emulated import EmulatedMeta

if TYPE_CHECKING:
    from meta_access.graph.holders import Holdings
    from meta_emulator.embedded import MetaEmulator

ROOT = Holder(HolderKind.SYSTEM_USER, "122090000000001", "root")
BOT = Holder(HolderKind.SYSTEM_USER, "122090000000002", "bot")
ACME = Holder(HolderKind.PARTNER, "178000000000002", "Acme")
ALL = ("ADVERTISE", "ANALYZE", "MANAGE")


def small() -> WorldBuilder:
    build = WorldBuilder()
    shop, acme = build.business("Shop", id="178000000000001"), build.business("Acme", id="178000000000002")
    app = build.app("Shop Ads", shop, id="120480000000001", tier="standard_access")
    nadia = build.person("nadia", {shop: "ADMIN"}, email="nadia@shop.example", id="100000000000001")
    root = build.system_user("root", shop, app, role="ADMIN", id="122090000000001")
    bot = build.system_user("bot", shop, app, id="122090000000002")
    build.token("admin", root, app, ["business_management", "ads_read"])
    build.ad_account("Shop", shop, id="act_10432000001")
    build.page("Shop page", shop, id="10293000001")
    build.instagram_asset("shop", shop, id="17840000001")
    build.share("act_10432000001", acme, ["ANALYZE"])
    build.assign(root, "act_10432000001", list(ALL))
    build.assign(bot, "10293000001", ["ANALYZE"])
    build.assign(nadia, "act_10432000001", ["ANALYZE"])
    build.assign(nadia, "17840000001", ["CONTENT"])
    build.asset_group("Everything", shop, ["act_10432000001", "10293000001"])
    return build


def grant(holder: Holder, asset: str, *tasks: str, pending: bool = False) -> Grant:
    return Grant(holder, parse_asset(asset), tasks, pending)


def business_user(meta: EmulatedMeta) -> str:
    return next(meta.world.members("178000000000001"))[1].id


def taken(meta: EmulatedMeta, *kinds: str) -> Holdings:
    meta.forget_calls()
    return holders.read(meta.client(meta.connection), kinds)


def test_every_holder_is_read_with_its_tasks(unit_emulator: MetaEmulator) -> None:
    meta = EmulatedMeta(unit_emulator, small())

    found = taken(meta, "ad_account", "page", "instagram")

    nadia = Holder(HolderKind.PERSON, business_user(meta), "nadia", "nadia@shop.example")
    assert found.grants == (
        grant(ROOT, "act_10432000001", *ALL),
        grant(BOT, "page:10293000001", "ANALYZE"),
        grant(nadia, "act_10432000001", "ANALYZE"),
        grant(Holder(HolderKind.PERSON, "100000000000001", "nadia"), "instagram:17840000001", "CONTENT"),
        grant(ACME, "act_10432000001", "ANALYZE"),
    )
    assert list(found.contained.values()) == [frozenset({"act_10432000001", "page:10293000001"})]
    assert found.unread == ()
    assert meta.writes == []


def test_the_calls_are_the_pages_of_the_lists_however_many_assets(unit_emulator: MetaEmulator) -> None:
    build = small()
    for number in range(90):
        build.assign("122090000000002", build.ad_account(f"More {number}", "178000000000001"), ["ANALYZE"])
    meta = EmulatedMeta(unit_emulator, build)

    found = taken(meta, "ad_account")

    assert len(found.grants) == 94
    # The lists are read at once.
    assert sorted(meta.calls) == [
        "GET 178000000000001/business_asset_groups",
        "GET 178000000000001/business_users",
        "GET 178000000000001/owned_ad_accounts",
        "GET 178000000000001/system_users",
    ]


def test_a_list_of_more_than_a_page_is_read_to_its_end(unit_emulator: MetaEmulator) -> None:
    build = small()
    for number in range(120):
        build.assign("122090000000002", build.ad_account(f"More {number}", "178000000000001"), ["ANALYZE"])
    meta = EmulatedMeta(unit_emulator, build)

    found = taken(meta)

    assert sum(one.holder == BOT for one in found.grants) == 121
    assert sorted(meta.calls) == [
        *["GET 122090000000002/assigned_ad_accounts"] * 2,
        "GET 178000000000001/business_asset_groups",
        "GET 178000000000001/business_users",
        "GET 178000000000001/system_users",
    ]


def test_a_row_on_two_pages_is_one_holder(unit_emulator: MetaEmulator) -> None:
    meta = EmulatedMeta(unit_emulator, small())
    assigned = {"data": [{"id": "act_10432000001", "tasks": ["ANALYZE"]}]}
    bot = {"id": "122090000000002", "name": "bot", "assigned_ad_accounts": assigned}
    meta.answer("GET", ".*/system_users", {"data": [bot, bot]})

    assert [one for one in taken(meta).grants if one.holder.kind == "system user"] == [
        grant(BOT, "act_10432000001", "ANALYZE")
    ]


def test_a_partner_that_nobody_has_agreed_to_yet_is_marked(unit_emulator: MetaEmulator) -> None:
    meta = EmulatedMeta(unit_emulator, small())
    with meta.edit() as world:
        world.asset_requests.append(AssetRequest("7", "10293000001", "178000000000002", "client", ["ANALYZE"]))

    found = taken(meta, "page")

    assert found.grants[-1] == grant(ACME, "page:10293000001", "ANALYZE", pending=True)


def test_each_list_that_is_not_shown_is_named_and_hides_no_other(unit_emulator: MetaEmulator) -> None:
    meta = EmulatedMeta(unit_emulator, small())
    # Graph refuses a call for one expanded edge that it does not show.
    meta.emulator.faults.add(kind="graph", method="GET", path=".*/system_users", code=200, message="No.", times=1)
    meta.refuse("GET", "122090000000002/assigned_pages", 200, "Requires pages_show_list permission.")
    meta.refuse("GET", ".*/owned_ad_accounts", 10, "No.")

    found = taken(meta, "ad_account")

    assert [one.path for one in found.unread] == [
        "122090000000002/assigned_pages",
        "178000000000001/owned_ad_accounts, agencies",
    ]
    assert "Requires pages_show_list permission." in found.unread[0].why
    assert [(one.holder.name, one.asset.id) for one in found.grants] == [
        ("root", "act_10432000001"),
        ("nadia", "act_10432000001"),
    ]


def test_a_business_whose_users_are_not_shown_has_no_known_holders(unit_emulator: MetaEmulator) -> None:
    meta = EmulatedMeta(unit_emulator, small())
    meta.refuse("GET", ".*/(system_users|business_users|business_asset_groups)", 200, "No.")

    found = taken(meta)

    assert found.grants == ()
    assert [one.path for one in found.unread] == [
        "178000000000001/system_users",
        "178000000000001/business_users",
        "178000000000001/business_asset_groups",
    ]


def test_a_token_that_meta_refuses_ends_the_reading(unit_emulator: MetaEmulator) -> None:
    meta = EmulatedMeta(unit_emulator, small())
    meta.refuse("GET", ".*/business_users", 190, "Session has expired.")

    with pytest.raises(AuthError, match="Session has expired"):
        taken(meta)
