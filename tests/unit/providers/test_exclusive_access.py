"""ExclusiveAccess before the emulated Meta: whom a check names, whom an update takes off, and what goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_access.graph.reads import HOLDERS_BOUND_S
from meta_access.providers.exclusive_access import ExclusiveAccessProvider
from meta_emulator.world import AssetGroup, Assignment, GroupAssignment
from tests.texts import lacks
from tests.unit.providers.conftest import BUSINESS, CALLER, NOT_KNOWN, configured, new_process, updated

if TYPE_CHECKING:
    from tests.unit.emulated import EmulatedMeta

SHOP, BRAND = "act_104320000000501", "act_104320000000502"
BOT, TOOL = "122090000000901", "122090000000777"
READ = ["ANALYZE"]
ALL = ["ADVERTISE", "ANALYZE", "MANAGE"]
PROVIDER = ExclusiveAccessProvider()
OF_SHOP: dict[str, Any] = {
    "label": "shop-exclusive", "path": "ExclusiveAccess::shop-exclusive", "connection": "main", "assets": [SHOP],
    "kept": [f"{BOT}/{SHOP}"],
}  # fmt: skip
OF_BOT: dict[str, Any] = {**OF_SHOP, "assets": [], "system_user_id": BOT}


@pytest.fixture(autouse=True)
def two_users(meta: EmulatedMeta) -> None:
    """A user that is declared, one that nobody declares, and Ines, who has the account as well."""
    meta.add_system_user(BOT, "bot")
    meta.add_system_user(TOOL, "old tool")
    with meta.edit() as world:
        world.assignments = [Assignment(SHOP, BOT, READ), Assignment(BRAND, BOT, READ), Assignment(SHOP, TOOL, READ)]


def person(meta: EmulatedMeta, name: str) -> str:
    return next(member.id for one, member in meta.world.members(BUSINESS) if one.name.casefold().startswith(name))


def give(meta: EmulatedMeta, asset: str, user: str, *tasks: str) -> None:
    with meta.edit() as world:
        world.assignments = [one for one in world.assignments if (one.asset_id, one.user_id) != (asset, user)]
        world.assignments += [Assignment(asset, user, list(tasks))] if tasks else []


def held(meta: EmulatedMeta, asset: str = SHOP) -> set[str]:
    return {one.user_id for one in meta.world.assignments if one.asset_id == asset}


def checked(props: dict[str, Any] = OF_SHOP, **more: Any) -> dict[str, Any]:
    result = PROVIDER.check({}, {**props, **more})
    assert not result.failures, [one.reason for one in result.failures]
    return dict(result.inputs)


def named(props: dict[str, Any]) -> list[str]:
    return [f"{row['holder']}/{row['asset']}" for row in props["removes"]]


def made(props: dict[str, Any]) -> dict[str, Any]:
    outs = PROVIDER.create(props).outs
    assert outs is not None
    return dict(outs)


# --- what a check names ---


def test_a_check_names_whom_nothing_keeps_and_a_preview_says_it(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    ines = person(meta, "ines")
    give(meta, SHOP, ines, *READ)
    props = checked()

    assert named(props) == [f"{TOOL}/{SHOP}", f"{ines}/{SHOP}"]
    assert props["removes"][0] == {
        "asset": SHOP, "tasks": READ, "holder": TOOL, "kind": "system user", "name": "old tool", "email": "",
    }  # fmt: skip
    assert not lacks(
        capsys.readouterr().out,
        f"exclusive access shop-exclusive: an update takes ANALYZE on {SHOP} of old tool (system user {TOOL}), ",
        "which no line declares.",
    )
    assert meta.writes == []


def test_a_users_other_assets_are_named(meta: EmulatedMeta) -> None:
    give(meta, BRAND, TOOL, *READ)

    assert named(checked(OF_BOT)) == [f"{BOT}/{BRAND}"]


def test_nothing_to_take_is_no_change(meta: EmulatedMeta) -> None:
    give(meta, SHOP, TOOL)
    outs = made(checked())

    assert (outs["removes"], outs["stays"]) == ([], [])
    assert PROVIDER.diff("x", outs, checked()).changes is False
    # Who else is kept changes nothing.
    assert PROVIDER.diff("x", outs, checked(kept=[f"{BOT}/{SHOP}", "9/*"])).changes is False


def test_a_user_that_is_not_made_yet_hides_nobody(meta: EmulatedMeta) -> None:
    props = checked(kept=[f"{BOT}/{SHOP}", NOT_KNOWN])

    assert named(props) == [f"{TOOL}/{SHOP}"]
    outs = {**props, "removes": []}
    assert PROVIDER.diff("x", outs, props).changes is True
    assert meta.writes == []


def test_all_resources_of_a_connection_share_their_reads(meta: EmulatedMeta) -> None:
    checked()
    meta.forget_calls()
    checked(OF_BOT)
    checked({**OF_SHOP, "label": "two", "path": "two", "assets": [BRAND]})

    assert meta.calls == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"assets": [], "system_user_id": ""}, "is empty, and so is system_user_id; name what is held exclusively."),
        ({"assets": ["shop"]}, "shop"),
        ({"system_user_id": "bot"}, "is not an id"),
    ],
)
def test_what_cannot_be_held(change: dict[str, Any], why: str) -> None:
    [failure] = PROVIDER.check({}, {**OF_SHOP, **change}).failures

    assert why in failure.reason


def test_offline_nobody_is_looked_at(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(monkeypatch, meta, offline=True)

    assert named(checked()) == []
    assert meta.calls == []


# --- who is never taken off ---


def test_the_connections_own_user_and_the_last_admins_stay(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    nadia = person(meta, "nadia")
    give(meta, SHOP, CALLER, *ALL)
    give(meta, SHOP, nadia, *READ)

    props = checked()

    assert named(props) == [f"{TOOL}/{SHOP}"]
    assert [(row["holder"], row["why"]) for row in props["stays"]] == [(CALLER, "own user"), (nadia, "last admin")]
    assert not lacks(
        capsys.readouterr().out, "is declared by no line and stays: it is the only admin of its kind in the business."
    )


def test_access_that_comes_with_a_group_is_a_persons_work(meta: EmulatedMeta) -> None:
    give(meta, SHOP, TOOL)
    with meta.edit() as world:
        world.asset_groups.append(AssetGroup("9001", "All", BUSINESS, [SHOP]))
        world.group_assignments.append(GroupAssignment("9001", TOOL, {"adaccount_tasks": READ}))

    props = checked()

    assert (named(props), [row["why"] for row in props["stays"]]) == ([], ["by group"])


# --- what an update takes ---


def test_an_update_takes_whom_it_named_and_the_next_preview_is_unchanged(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    ines = person(meta, "ines")
    give(meta, SHOP, ines, *READ)
    props = checked()
    meta.forget_calls()

    outs = updated(PROVIDER, "shop-exclusive", {**props, "removes": []}, props)

    assert "refused" not in outs
    assert outs["removes"] == []
    assert meta.writes == [f"DELETE {SHOP}/assigned_users"] * 2
    assert held(meta) == {BOT}
    # Each is read, taken and read back.
    assert len(meta.calls) == 6
    new_process(monkeypatch, meta)
    configured(monkeypatch, meta)
    assert PROVIDER.diff("shop-exclusive", outs, checked()).changes is False


def test_a_partner_is_taken_off_an_own_asset(meta: EmulatedMeta) -> None:
    with meta.edit() as world:
        account = next(one for one in world.ad_accounts if one.id == SHOP)
        other = next(one.id for one in world.businesses if one.id != BUSINESS)
        account.shares.append(type(next(s for a in world.ad_accounts for s in a.shares))(other, list(READ)))
    props = checked()

    assert named(props) == [f"{TOOL}/{SHOP}", f"{other}/{SHOP}"]
    assert "refused" not in made(props)
    assert f"DELETE {SHOP}/agencies" in meta.writes


def test_one_that_is_gone_meanwhile_is_no_call(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    props = checked()
    give(meta, SHOP, TOOL)

    assert "refused" not in made(props)
    assert meta.writes == []
    assert "is gone already." in capsys.readouterr().out


def test_one_whose_tasks_changed_meanwhile_is_left_for_the_next_preview(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    props = checked()
    give(meta, SHOP, TOOL, *ALL)

    assert "refused" not in made(props)
    assert meta.writes == []
    assert "has changed to ADVERTISE, ANALYZE, MANAGE since it was shown, so it is left." in capsys.readouterr().out


def test_a_refused_removal_ends_like_a_refused_update_and_the_others_are_made(meta: EmulatedMeta) -> None:
    ines = person(meta, "ines")
    give(meta, SHOP, ines, *READ)
    give(meta, BRAND, TOOL, *READ)
    props = checked(assets=[SHOP, BRAND], kept=[f"{BOT}/*"])
    assert named(props) == [f"{TOOL}/{SHOP}", f"{TOOL}/{BRAND}", f"{ines}/{SHOP}"]
    meta.refuse("DELETE", f".*{BRAND}/assigned_users", 3919, "There was an unexpected technical issue.")

    outs = updated(PROVIDER, "x", {**props, "removes": []}, props)

    assert not lacks(outs["refused"], f"ANALYZE on {BRAND} of old tool (system user {TOOL}) was not taken")
    assert outs["removes"] == []
    assert (held(meta), held(meta, BRAND)) == ({BOT}, {BOT, TOOL})


def test_a_create_with_a_refused_removal_is_a_resource_all_the_same(meta: EmulatedMeta) -> None:
    props = checked()
    meta.pretend("DELETE", f".*{SHOP}/assigned_users")

    outs = made(props)

    assert not lacks(outs["refused"], "Meta answered success and kept it.")
    assert outs["removes"] == []


def test_trouble_with_meta_itself_ends_the_removals(meta: EmulatedMeta) -> None:
    give(meta, SHOP, person(meta, "ines"), *READ)
    props = checked()
    meta.forget_calls()
    meta.refuse("GET", ".*/assigned_ad_accounts", 190, "Error validating access token.", subcode=460)

    outs = updated(PROVIDER, "x", {**props, "removes": []}, props)

    assert not lacks(outs["refused"], "and nobody after that")
    assert meta.writes == []
    assert len(held(meta)) == 3


# --- lists that are not read ---


def test_a_list_that_is_refused_takes_nobody_off_and_is_said_once(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    give(meta, SHOP, person(meta, "ines"), *READ)
    meta.refuse("GET", ".*/business_users", 200, "No.")

    assert named(checked()) == [f"{TOOL}/{SHOP}"]
    checked({**OF_SHOP, "label": "two", "path": "two", "assets": [BRAND]})

    said = capsys.readouterr().out
    assert said.count("178000000000101/business_users is not shown, so nobody who stands only there is taken off") == 1


def test_a_throttle_takes_nobody_off_and_is_said_once_and_in_time(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    meta.refuse("GET", ".*/system_users", 17, "Too many calls.")
    began = meta.monotonic()

    assert (named(checked()), named(checked(OF_BOT))) == ([], [])

    assert meta.monotonic() - began <= HOLDERS_BOUND_S
    assert capsys.readouterr().out.count("who has access was not read, so nobody is taken off") == 1


def test_nobody_is_taken_off_while_it_is_not_known_whose_the_token_is(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    meta.refuse("GET", ".*/me$", 2, "Service temporarily unavailable.")

    assert named(checked()) == []
    assert "who has access was not read, so nobody is taken off" in capsys.readouterr().out


# --- its life ---


def test_a_refresh_and_a_delete_call_nobody(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outs = made(checked())
    new_process(monkeypatch, meta)
    configured(monkeypatch, meta)
    meta.forget_calls()

    assert PROVIDER.read("shop-exclusive", outs).outs == outs
    PROVIDER.delete("shop-exclusive", outs)

    assert meta.calls == []
    assert "nobody is taken off any more; who has access keeps it." in capsys.readouterr().out
