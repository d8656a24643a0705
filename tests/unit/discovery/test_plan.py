"""What a stack lacks of a business, decided from what was read of it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.discovery.files import Files
from meta_access.discovery.known import Known, Wanted
from meta_access.discovery.plan import Additions, additions
from meta_access.graph import inventory
from meta_access.graph.business_users import BusinessUserRow
from meta_access.graph.inventory import AssetRow, Inventory, Owner
from meta_access.graph.lists import Unread
from meta_access.graph.system_users import SystemUserRow
from meta_access.ids import parse_asset
from meta_access.stack.load import load_stack
from meta_access.tokens.in_secrets import Found, Whose
from tests import messy
from tests.unit.emulated import EmulatedMeta

if TYPE_CHECKING:
    from pathlib import Path

    from meta_emulator.embedded import MetaEmulator

OURS, THEIRS = Owner("178000000000001", "Ours"), Owner("998870000000001", "Acme GmbH")
AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
READ = ["ANALYZE"]
CONNECTION = {
    "business": "ours",
    "app": "ads",
    "api_version": "v26.0",
    "app_secret": "env:META_APP_SECRET",
    "admin_token": "env:META_ADMIN_TOKEN",
    "aws": {"region": "eu-central-1"},
}


def stack(folder: Path, permissions: tuple[str, ...] = (), **tables: Any) -> Known:
    config = {
        "meta:environment": "dev",
        "meta:rules": "2026-11",
        "meta:confirm_real_graph": True,
        "meta:connections": {"main": CONNECTION},
        "meta:businesses": {"ours": {"id": OURS.id}},
        "meta:apps": {"ads": {"id": "120480000000001", "permissions": {"standard": list(permissions)}}},
        **{f"meta:{name}": table for name, table in tables.items()},
    }
    loaded = load_stack(config, "dev", folder, project="meta-access", now=AT)
    return Known(loaded.spec, loaded.rules, "main", owner="meta-access/dev")


def user(at: int, name: str, role: str = "EMPLOYEE") -> SystemUserRow:
    return SystemUserRow(f"12209000000010{at}", name, role)


def account(at: int, owner: Owner | None = OURS, name: str = "Shop") -> AssetRow:
    return AssetRow(parse_asset(f"act_{at}"), name, owner, owned=owner is OURS)


def found(**rows: Any) -> Inventory:
    return Inventory(OURS.id, AT, **rows)


def about(more: Additions) -> dict[str, str]:
    return {one.subject: str(one.about) for one in more.findings}


def lines(more: Additions, identity: str) -> Any:
    return more.identities[identity].content


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("ines@ours.example", {}),
        ("a: b@ours.example", {"1": "address"}),
        ("no-at", {"1": "address"}),
        ("a\x1b[2J@ours.example", {"1": "address"}),
        ("", {"1": "no_address"}),
    ],
)
def test_an_address_that_no_stack_may_hold_hides_nobody_else(tmp_path: Path, email: str, said: dict[str, str]) -> None:
    people = (BusinessUserRow("1", email, "EMPLOYEE"), BusinessUserRow("2", "nadia@ours.example", "ADMIN"))
    more = additions(stack(tmp_path), found(people=people))
    assert about(more) == said
    assert ("nadia" in more.people, len(more.people)) == (True, 1 if said else 2)


@pytest.mark.parametrize(
    ("declared", "named", "said"),
    [
        ({}, ("feeds", "Feeds"), {}),
        ({}, ("feeds", "feeds"), {"122090000000101": "name_twice"}),
        ({"up": {"name": "Feeds", "token": "none"}}, ("feeds", "x"), {"122090000000100": "name_twice"}),
        ({"up": {"name": "Feeds", "token": "none", "adopt": "9"}}, ("feeds", "x"), {"9": "gone"}),
        ({}, ("EAA" + "b" * 20, "x"), {"122090000000100": "name"}),
        ({}, (" x", "unused y"), {"122090000000100": "name", "122090000000101": "retired"}),
        ({}, ("y" * 101, "x"), {"122090000000100": "name"}),
    ],
)
def test_a_system_user_whose_name_no_stack_may_hold_is_said(
    tmp_path: Path, declared: dict[str, Any], named: tuple[str, str], said: dict[str, str]
) -> None:
    users = tuple(user(at, name) for at, name in enumerate(named))
    more = additions(stack(tmp_path, identities=declared), found(system_users=users))
    assert about(more) == said
    assert len(more.identities) == 2 - len([one for one in said if one != "9"])


@pytest.mark.parametrize("name", ["{{ x }}", "${HOME}", "- a: b #c", "!!python/object", "*a", "<<<<<<< HEAD", "# '\""])
def test_a_name_in_words_of_yaml_is_a_name(tmp_path: Path, name: str) -> None:
    more = additions(
        stack(tmp_path),
        found(system_users=(user(0, name),), assets=(account(1, Owner(THEIRS.id, name), name),)),
    )
    before = Files(("Pulumi.dev.yaml", "config:\n  meta:environment: dev\n"), "clients.dev", named=False)
    after = before.with_added(more)
    assert after.problems() == []
    (text,) = after.clients.values()
    assert (json.dumps(name) in after.stack[1], json.dumps(name) in text, f"# {name}" in text) == (True, True, True)


CLIENTS = {
    "acme": {"access": "partner", "business": THEIRS.id, "assets": {"act_7": {"reporting": READ}}},
    "own": {"access": "own", "assets": {"act_8": {"reporting": READ}}},
}
IDENTITIES = {
    "reporting": {"adopt": "122090000000100", "token": "none"},
    "left": {"adopt": "122090000000109", "token": "none"},
}
GONE = {"act_7": "gone", "act_8": "gone", "122090000000109": "gone"}


@pytest.mark.parametrize(
    ("wanted", "unread", "said"),
    [
        (Wanted(), (), GONE),
        (Wanted(), ("system_users",), {"act_7": "gone", "act_8": "gone"}),
        (Wanted(), ("owned_ad_accounts",), {"122090000000109": "gone"}),
        (Wanted(), ("client_ad_accounts",), {"122090000000109": "gone"}),
        (Wanted(clients=frozenset({"acme"})), (), {"act_7": "gone"}),
        (Wanted(clients=frozenset({THEIRS.id})), (), {"act_7": "gone"}),
        (Wanted(users=frozenset({"left"})), (), {"122090000000109": "gone"}),
        (Wanted(users=frozenset({"reporting"})), (), {"act_7": "gone", "act_8": "gone"}),
        (Wanted(kinds=frozenset({"page"})), (), {}),
    ],
)
def test_what_is_gone_is_said_where_its_list_was_shown_and_it_was_asked_about(
    tmp_path: Path, wanted: Wanted, unread: tuple[str, ...], said: dict[str, str]
) -> None:
    users = () if "system_users" in unread else (user(0, "reporting"),)
    kinds = tuple(wanted.kinds) or inventory.KINDS
    hidden = tuple(Unread(f"{OURS.id}/{name}", "No.") for name in unread)
    read = found(system_users=users, unread=hidden, kinds=kinds)
    more = additions(stack(tmp_path, identities=IDENTITIES, clients=CLIENTS), read, wanted)
    assert about(more) == said
    assert (more.identities, more.people, more.clients) == ({}, {}, {})
    assert wanted.clients | wanted.users == more.matched


def test_a_user_that_holds_nothing_of_the_part_that_is_asked_about_is_not_written(tmp_path: Path) -> None:
    users = (user(0, "reporting"), user(1, "feeds"), user(2, "books", "FINANCE_EDITOR"))
    held = {users[0].id: {"act_1": ("ANALYZE",)}, users[1].id: {"act_2": ("ANALYZE",)}}
    read = found(system_users=users, assets=(account(1), account(2, THEIRS), account(3, None)), assigned=held)
    known = stack(tmp_path)

    def both(**wanted: str) -> tuple[list[str], list[str], list[str]]:
        more = additions(known, read, Wanted(**{name: frozenset({text}) for name, text in wanted.items()}))
        return [*more.identities], [*more.clients], [str(one.about) for one in more.findings]

    assert both(clients="Acme GmbH") == (["feeds"], ["acme-gmbh"], [])
    assert both(clients="ours", users="feeds") == ([], [], [])
    assert both(clients="acme-gmbh", users="feeds") == (["feeds"], ["acme-gmbh"], [])
    assert both(users="books") == ([], [], ["role"])
    assert both() == (["reporting", "feeds"], ["acme-gmbh", "ours"], ["role", "owner"])


def test_two_businesses_of_a_stack_may_have_users_of_one_name_and_share_an_asset(tmp_path: Path) -> None:
    second = Owner("178000000000002", "Second")
    two: dict[str, Any] = {
        "connections": {"main": CONNECTION, "two": {**CONNECTION, "business": "second", "app": "other"}},
        "businesses": {"ours": {"id": OURS.id}, "second": {"id": second.id}},
        "apps": {"ads": {"id": "120480000000001"}, "other": {"id": "120480000000002"}},
    }
    reading: dict[str, tuple[str, ...]] = {"act_5": ("ANALYZE",)}
    theirs = SystemUserRow("122090000000777", "reporting", "EMPLOYEE")
    shared = found(
        system_users=(user(0, "reporting"),), assets=(account(5, second),), assigned={user(0, "").id: reading}
    )
    first = additions(stack(tmp_path, **two), shared)
    written: dict[str, Any] = {
        "identities": {key: one.content for key, one in first.identities.items()},
        "clients": {key: {name: one.content for name, one in row.items()} for key, row in first.clients.items()},
    }
    assert written == {
        "identities": {"reporting": {"connection": "main", "adopt": "122090000000100", "token": "none"}},
        "clients": {
            "second": {
                "business": second.id,
                "name": "Second",
                "access": "own",
                "assets": {"act_5": {"reporting": READ}},
            }
        },
    }

    own = AssetRow(parse_asset("act_5"), "Shop", second, owned=True)
    read = Inventory(second.id, AT, system_users=(theirs,), assets=(own,), assigned={theirs.id: reading})
    more = additions(replace(stack(tmp_path, **two, **written), connection="two"), read)
    assert lines(more, "reporting-0777") == {
        "name": "reporting",
        "connection": "two",
        "adopt": "122090000000777",
        "token": "none",
    }
    assert more.clients["second"]["assets"].content == {"act_5": {"reporting-0777": READ}}
    assert (more.new_clients, more.findings) == (frozenset(), ())


def token(whose: Whose = Whose.USERS, secret: str = "meta/hand/feeds", **more: Any) -> Found:
    known = {"user": "122090000000100", "scopes": ("ads_read", "public_profile"), **more}
    return Found(f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:{secret}-AbCdEf", secret, whose, **known)


NONE = {"adopt": "122090000000100", "token": "none"}
NEVER = {"lifetime": {"never": {"reason": "as it was found", "until": "2027-02-22"}}}
TAKEN = {"adopt": "122090000000100", "scopes": ["ads_read"], "secret": "meta/hand/feeds"}


@pytest.mark.parametrize(
    ("tokens", "written", "said"),
    [
        ((token(),), TAKEN, {}),
        ((token(expires=False),), TAKEN | NEVER, {}),
        ((token(scopes=("ads_read", "leads_retrieval")),), NONE, {"122090000000100": "token_scopes"}),
        ((token(scopes=("ads_read", "of_tomorrow")),), NONE, {"122090000000100": "token_scopes"}),
        ((token(), token(secret="meta/hand/old")), NONE, {"122090000000100": "token_twice"}),
        ((token(Whose.AMONG_OTHERS),), NONE, {"122090000000100": "token_among_others"}),
        ((token(Whose.A_STACKS, owner="meta-access/prod"),), NONE, {"122090000000100": "token_of_stack"}),
        ((token(Whose.A_STACKS, owner="meta-access/dev"),), NONE, {}),
        ((token(Whose.ENDED, user=""),), NONE, {"meta/hand/feeds": "token_ended"}),
        ((token(Whose.NOT_SHOWN, user=""),), NONE, {"meta/hand/feeds": "token_of_another_app"}),
        ((token(Whose.NO_SYSTEM_USERS, user=""),), NONE, {}),
        ((token(user="9"),), NONE, {}),
    ],
)
def test_a_token_that_lies_in_one_secret_is_written_for_its_adoption(
    tmp_path: Path, tokens: tuple[Found, ...], written: dict[str, Any], said: dict[str, str]
) -> None:
    known = replace(stack(tmp_path, permissions=("ads_read",)), tokens=tokens)
    more = additions(known, found(system_users=(user(0, "feeds"),)))
    assert (lines(more, "feeds"), about(more)) == (written, said)
    assert set(more.adoptions) == ({"feeds"} if "scopes" in written else set())


def test_an_identity_that_is_declared_without_its_token_stays_so_and_is_said(tmp_path: Path) -> None:
    known = replace(stack(tmp_path, identities={"feeds": NONE}), tokens=(token(),))
    more = additions(known, found(system_users=(user(0, "feeds"),)))
    assert (more.identities, more.adoptions) == ({}, {})
    (said,) = more.findings
    assert str(said) == (
        "122090000000100 (feeds) is declared with token: none, and secret meta/hand/feeds holds a token of it; to keep "
        "that token, write scopes: [ads_read] and the secret instead of that line, then run `meta-access token adopt "
        "feeds`."
    )


def test_five_thousand_accounts_make_one_file_that_the_program_reads(tmp_path: Path) -> None:
    assets = tuple(account(at) for at in range(1, 5001))
    held = {"122090000000100": {f"act_{at}": ("ADVERTISE", "ANALYZE", "MANAGE") for at in range(1, 501)}}
    known = stack(tmp_path)
    more = additions(known, found(system_users=(user(0, "feeds"),), assets=assets, assigned=held))
    text = Files(("Pulumi.dev.yaml", "config: {}\n"), "clients.dev", named=False).with_added(more)
    written = text.clients["clients.dev/ours.yaml"]
    assert written.count("    feeds: [MANAGE, ADVERTISE, ANALYZE]\n") == 500
    assert written.count("  # Shop\n") == 5000


@pytest.fixture(scope="module")
def business(unit_emulator: MetaEmulator) -> Inventory:
    """The whole messy business, read once."""
    meta = EmulatedMeta(unit_emulator, messy.world())
    return inventory.take(meta.client(meta.connection))


@pytest.mark.parametrize(
    ("wanted", "clients", "identities"),
    [
        (Wanted(clients=frozenset({"Cedar"})), {"cedar"}, 5),
        (Wanted(frozenset({"998870000000007"}), frozenset({"page"})), {"cedar"}, 1),
        (Wanted(users=frozenset({"🦊"})), {"acme-gmbh-0001", "birke-sohne", "client-2-liga", "ours"}, 1),
        (Wanted(kinds=frozenset({"waba"})), {"ours"}, 4),
    ],
)
def test_a_run_may_be_about_a_part(
    business: Inventory, tmp_path: Path, wanted: Wanted, clients: set[str], identities: int
) -> None:
    kinds = tuple(wanted.kinds) or business.kinds
    rows = tuple(row for row in business.assets if row.asset.kind in kinds)
    assigned = {
        id_: {asset: tasks for asset, tasks in held.items() if parse_asset(asset).kind in kinds}
        for id_, held in business.assigned.items()
    }
    more = additions(stack(tmp_path), replace(business, kinds=kinds, assets=rows, assigned=assigned), wanted)
    assert more.people == {}
    assert (set(more.clients), len(more.identities)) == (clients, identities)


def test_an_entry_of_an_ignore_list_ends_by_metas_clock(business: Inventory, tmp_path: Path) -> None:
    entry = {"holder": "122090000000105", "reason": "moves", "person": "zoe", "until": "2026-11-25"}
    known = stack(tmp_path, people={"zoe": {}}, ignore=[entry])
    assert business.at == AT
    assert "uber-buro" not in additions(known, business).identities
    assert "uber-buro" in additions(known, replace(business, at=AT + timedelta(days=1))).identities


def test_each_object_of_a_messy_business_is_written_or_said(business: Inventory, tmp_path: Path) -> None:
    more = additions(stack(tmp_path), business)
    written = sum(len(rows["assets"].below or ()) for rows in more.clients.values())
    assert (len(more.identities), len(more.people), written) == (11, 6, 272)
    assert Counter(str(one.about) for one in more.findings) == {
        "retired": 1,
        "role": 1,
        "name": 1,
        "owner": 2,
        "no_address": 3,
        "invited": 4,
        "app_of_another": 1,
    }
