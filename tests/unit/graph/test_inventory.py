"""What a business has, read from the emulated Meta: whose each asset is, what is not shown, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meta_access.errors import AuthError, RateLimitedError
from meta_access.graph import inventory
from meta_access.graph.inventory import AppRow, AssetRow, Owner
from meta_access.graph.lists import Unread
from meta_access.ids import Asset
from meta_emulator.builder import WorldBuilder
from meta_emulator.world import BusinessInvitation
from tests.unit.emulated import EmulatedMeta

if TYPE_CHECKING:
    from meta_access.graph.inventory import Inventory
    from meta_emulator.embedded import MetaEmulator


def small() -> WorldBuilder:
    build = WorldBuilder()
    shop, acme = build.business("Shop", id="178000000000001"), build.business("Acme 🦊", id="178000000000002")
    ours = build.app("Shop Ads", shop, id="120480000000001", tier="standard_access")
    theirs = build.app("Acme Ads", acme, id="120480000000002")
    build._add("app_clients", {"id": "1", "app_id": theirs, "business_id": shop, "state": "accepted"})
    build.person("nadia", {shop: "ADMIN"}, email="nadia@shop.example", id="100000000000001")
    root = build.system_user("root", shop, ours, role="ADMIN", id="122090000000001")
    build.token("admin", root, ours, ["business_management", "ads_read"])
    build.ad_account("Shop", shop, id="act_10432000001")
    build.share(build.page("Acme page", acme, id="10293000001"), shop, ["ANALYZE"])
    build.share(build.instagram_asset("Acme", acme, id="17840000001"), shop, ["ANALYZE"])
    build.assign(root, "act_10432000001", ["MANAGE", "ADVERTISE", "ANALYZE"])
    build.assign(root, "10293000001", ["ANALYZE"])
    build.asset_group("All", shop, ["act_10432000001"])
    return build


def taken(meta: EmulatedMeta, *kinds: str) -> Inventory:
    return inventory.take(meta.client(meta.connection), kinds or inventory.KINDS)


def test_a_business_is_read_with_the_owner_of_each_asset(unit_emulator: MetaEmulator) -> None:
    meta = EmulatedMeta(unit_emulator, small())
    with meta.edit() as world:
        world.business_invitations.append(BusinessInvitation("9001", "178000000000001", "new@shop.example"))

    found = taken(meta)

    shop, acme = Owner("178000000000001", "Shop"), Owner("178000000000002", "Acme 🦊")
    group = found.assets[-1]
    assert found.assets[:-1] == (
        AssetRow(Asset("ad_account", "act_10432000001", "act_10432000001"), "Shop", shop, owned=True),
        AssetRow(Asset("page", "page:10293000001", "10293000001"), "Acme page", acme, owned=False),
        AssetRow(Asset("instagram", "instagram:17840000001", "17840000001"), "acme", None, owned=False),
    )
    assert (group.asset.kind, group.name, group.owner, group.owned) == ("group", "All", shop, True)
    assert [(one.id, one.name, one.role) for one in found.system_users] == [("122090000000001", "root", "ADMIN")]
    assert found.assigned == {
        "122090000000001": {
            "act_10432000001": ("ADVERTISE", "ANALYZE", "MANAGE"),
            "page:10293000001": ("ANALYZE",),
        }
    }
    assert [(one.email, one.role, one.pending) for one in found.people] == [
        ("nadia@shop.example", "ADMIN", False),
        ("new@shop.example", "EMPLOYEE", True),
    ]
    assert found.apps == (
        AppRow("120480000000001", "Shop Ads", shop, owned=True),
        AppRow("120480000000002", "Acme Ads", acme, owned=False),
    )
    assert found.unread == ()
    assert meta.writes == []


def test_a_list_that_is_not_shown_is_named_and_hides_no_other(unit_emulator: MetaEmulator) -> None:
    meta = EmulatedMeta(unit_emulator, small())
    meta.refuse("GET", ".*/owned_pages", 200, "Requires pages_show_list permission.")

    found = taken(meta, "ad_account", "page")

    assert [one.path for one in found.unread] == ["178000000000001/owned_pages"]
    assert isinstance(found.unread[0], Unread)
    assert "Requires pages_show_list permission." in found.unread[0].why
    assert [row.asset.id for row in found.assets] == ["act_10432000001", "page:10293000001"]


@pytest.mark.parametrize(("code", "error"), [(190, AuthError), (4, RateLimitedError)])
def test_trouble_with_the_token_or_a_throttle_ends_the_reading(
    unit_emulator: MetaEmulator, code: int, error: type[Exception]
) -> None:
    meta = EmulatedMeta(unit_emulator, small())
    meta.refuse("GET", ".*/client_pages", code)

    with pytest.raises(error):
        taken(meta, "page")


def test_a_long_list_is_read_page_by_page(unit_emulator: MetaEmulator) -> None:
    world = small()
    for at in range(1050):
        world.ad_account(f"Shop {at}", "178000000000001")
    meta = EmulatedMeta(unit_emulator, world)

    found = taken(meta, "ad_account")

    assert len(found.assets) == 1051
    assert sum(call.endswith("/owned_ad_accounts") for call in meta.calls) == 11
    assert len(meta.calls) == 11 + 1 + 1 + 1 + 2 + 2  # shared, users, the user's, people, apps
