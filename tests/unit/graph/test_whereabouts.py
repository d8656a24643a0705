"""What has become of an asset: each diagnosis, and that no answer of Meta's alone is proof."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from meta_access.graph.reads import Reads
from meta_access.graph.whereabouts import Fate, Node, Seen, Whereabouts, follows, judge, look, told
from meta_access.ids import parse_asset
from meta_emulator.world import Share
from tests.unit.emulated import EmulatedMeta, begin_process

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_emulator.embedded import MetaEmulator

OURS, THEIRS, OTHER, ASSET = "1", "2", "3", "act_7"
GONE = Seen(owned=False, shared=False, asked=False, partners={}, node=Node.HIDDEN)
STILL: Mapping[str, frozenset[str]] = {THEIRS: frozenset({"act_8"})}


def fate(seen: Seen, declared: str = THEIRS) -> Whereabouts:
    return judge(seen, ASSET, business=OURS, declared=declared)


@pytest.mark.parametrize(
    ("seen", "declared", "found"),
    [
        (Seen(owned=False, shared=True, asked=False, owner=THEIRS), THEIRS, Whereabouts(Fate.HELD)),
        (Seen(owned=False, shared=True, asked=False), THEIRS, Whereabouts(Fate.HELD)),
        (Seen(owned=False, shared=True, asked=False, owner=OTHER), THEIRS, Whereabouts(Fate.MOVED, OTHER)),
        (Seen(owned=False, shared=True, asked=False, owner=OTHER), "", Whereabouts(Fate.HELD)),
        (Seen(owned=False, shared=True, asked=False, owner=OTHER), OURS, Whereabouts(Fate.MOVED, OTHER)),
        (Seen(owned=True, shared=False, asked=False), OURS, Whereabouts(Fate.HELD)),
        (Seen(owned=True, shared=False, asked=False), THEIRS, Whereabouts(Fate.HELD)),
        (Seen(owned=False, shared=False, asked=True), THEIRS, Whereabouts(Fate.ASKED)),
        (GONE, THEIRS, Whereabouts(Fate.LEFT)),
        (Seen(False, False, False, STILL, Node.HIDDEN), THEIRS, Whereabouts(Fate.WITHDRAWN)),
        (Seen(False, False, False, STILL, Node.SHOWN, THEIRS), THEIRS, Whereabouts(Fate.WITHDRAWN)),
        (GONE, "", Whereabouts(Fate.WITHDRAWN)),
        (GONE, OURS, Whereabouts(Fate.LOST)),
        (Seen(False, False, False, STILL, Node.SHOWN, OTHER), THEIRS, Whereabouts(Fate.MOVED, OTHER)),
        (Seen(False, False, False, None, Node.SHOWN, OTHER), OURS, Whereabouts(Fate.MOVED, OTHER)),
        # Its owner's row still lists it, or the asset still names us: Meta's lists lag.
        (Seen(False, False, False, {THEIRS: frozenset({ASSET})}, Node.HIDDEN), THEIRS, Whereabouts(Fate.UNSURE)),
        (Seen(False, False, False, None, Node.SHOWN, OURS), OURS, Whereabouts(Fate.UNSURE)),
        (Seen(False, False, False, None, Node.HIDDEN), THEIRS, Whereabouts(Fate.UNSURE)),
        (Seen(False, None, False, {}, Node.HIDDEN), THEIRS, Whereabouts(Fate.UNSURE)),
        (Seen(None, False, False, {}, Node.HIDDEN), OURS, Whereabouts(Fate.UNSURE)),
        (Seen(False, False, False, {}, Node.UNKNOWN), THEIRS, Whereabouts(Fate.UNSURE)),
    ],
)
def test_each_diagnosis(seen: Seen, declared: str, found: Whereabouts) -> None:
    assert fate(seen, declared) == found


def test_whatever_meta_answers_nothing_is_gone_by_one_answer_alone() -> None:
    lists = (None, False, True)
    rows: tuple[Mapping[str, frozenset[str]] | None, ...] = (
        None,
        {},
        STILL,
        {THEIRS: frozenset({ASSET})},
        {OTHER: frozenset({ASSET})},
    )
    owners = ("", THEIRS, OURS, OTHER)
    count = 0
    for owned, shared, asked, partners, node, owner, declared in product(
        lists, lists, lists, rows, Node, owners, (OURS, THEIRS, "")
    ):
        found = fate(Seen(owned, shared, asked, partners, node, owner), declared)
        count += 1
        if found.fate in {Fate.WITHDRAWN, Fate.LEFT, Fate.LOST}:
            assert (owned, shared) == (False, False)
            assert asked is not True
            assert node is not Node.UNKNOWN
            assert owner != OURS
        if found.fate in {Fate.WITHDRAWN, Fate.LEFT}:
            assert declared != OURS
            assert partners is not None
            assert not any(ASSET in assets for assets in partners.values())
        if found.fate is Fate.LEFT:
            assert THEIRS not in (partners or ())
        if found.fate is Fate.MOVED:
            assert declared not in {"", owner}
            assert found.owner == owner not in {"", OURS}
            assert shared or node is Node.SHOWN
            assert not owned
        else:
            assert found.owner == ""
    assert count == 3 * 3 * 3 * 5 * 3 * 4 * 3


@pytest.mark.parametrize(
    ("found", "said", "command"),
    [
        (
            Whereabouts(Fate.WITHDRAWN),
            "its owner, business 2, has withdrawn the share of act_7 with business ours, so it is not shared any more",
            "If that is meant: `meta-access offboard act_7`. Otherwise let its owner share it again",
        ),
        (
            Whereabouts(Fate.LEFT),
            "its owner, business 2, shares nothing with business ours any more, act_7 included",
            "If the client has left: `meta-access offboard --client acme`. Otherwise let its owner share it again",
        ),
        (
            Whereabouts(Fate.MOVED, OTHER),
            "asset act_7 belongs to business 3 now, and not to business 2",
            ('To go on with it, write it under a client with business: "3". Otherwise: `meta-access offboard act_7`'),
        ),
        (
            Whereabouts(Fate.LOST),
            "asset act_7 is no longer one of business ours: another business has it, or it was removed",
            "If that is meant: `meta-access offboard act_7`. Otherwise add it to the business again",
        ),
        (Whereabouts(Fate.UNSURE), "", ""),
        (Whereabouts(Fate.HELD), "", ""),
        (Whereabouts(Fate.ASKED), "", ""),
    ],
)
def test_each_diagnosis_is_one_sentence_and_one_command(found: Whereabouts, said: str, command: str) -> None:
    assert told("act_7", found, business="business ours", declared=THEIRS) == said
    assert follows("act_7", found, "acme") == command


# --- what Meta is asked ---

ACME, ACME_ID, SHOP = "act_205550000000601", "998870000000701", "act_104320000000501"


@pytest.fixture
def lindenhof(unit_emulator: MetaEmulator, monkeypatch: pytest.MonkeyPatch) -> EmulatedMeta:
    meta = EmulatedMeta(unit_emulator)
    begin_process(meta, monkeypatch)
    return meta


@pytest.fixture
def reads(lindenhof: EmulatedMeta) -> Reads:
    return Reads(lindenhof.client(lindenhof.connection))


def test_a_share_that_stands_is_seen_in_the_lists_alone(lindenhof: EmulatedMeta, reads: Reads) -> None:
    lindenhof.forget_calls()

    assert look(reads, parse_asset(ACME), ACME_ID) == Whereabouts(Fate.HELD)

    assert lindenhof.calls == [
        "GET 178000000000101/owned_ad_accounts",
        "GET 178000000000101/client_ad_accounts",
        "GET 178000000000101/pending_client_ad_accounts",
    ]


def test_a_client_that_shares_nothing_any_more_has_left(lindenhof: EmulatedMeta, reads: Reads) -> None:
    with lindenhof.edit() as world:
        world.ad_accounts[2].shares = []

    assert look(reads, parse_asset(ACME), ACME_ID) == Whereabouts(Fate.LEFT)
    assert lindenhof.calls[-2:] == [f"GET {ACME}", "GET 178000000000101/clients"]


def test_a_client_that_shares_another_asset_has_withdrawn_this_one(lindenhof: EmulatedMeta, reads: Reads) -> None:
    with lindenhof.edit() as world:
        world.ad_accounts[2].shares = []
        world.pages[0].business_id = ACME_ID
        world.pages[0].shares = [Share("178000000000101", ["ANALYZE"])]

    assert look(reads, parse_asset(ACME), ACME_ID) == Whereabouts(Fate.WITHDRAWN)


def test_a_shared_asset_that_another_business_took_over_names_it(lindenhof: EmulatedMeta, reads: Reads) -> None:
    with lindenhof.edit() as world:
        world.ad_accounts[0].business_id = ACME_ID
        world.ad_accounts[0].shares = [Share("178000000000101", ["ANALYZE"])]

    assert look(reads, parse_asset(SHOP), "178000000000101") == Whereabouts(Fate.MOVED, ACME_ID)


def test_an_own_asset_that_has_gone_is_lost(lindenhof: EmulatedMeta, reads: Reads) -> None:
    with lindenhof.edit() as world:
        world.ad_accounts[0].business_id = ACME_ID

    assert look(reads, parse_asset(SHOP), "178000000000101") == Whereabouts(Fate.LOST)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("client_ad_accounts$", 200),
        ("owned_ad_accounts$", 4),
        ("/clients$", 200),
        (f"{ACME}$", 4),
    ],
)
def test_what_meta_does_not_show_leaves_it_unsure_and_raises_nothing(
    lindenhof: EmulatedMeta, reads: Reads, path: str, code: int
) -> None:
    with lindenhof.edit() as world:
        world.ad_accounts[2].shares = []
    lindenhof.refuse("GET", path, code)

    assert look(reads, parse_asset(ACME), ACME_ID) == Whereabouts(Fate.UNSURE)
