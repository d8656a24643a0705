"""AssetShare: seen among what clients share, what we own and what we asked for; assignments have to fit it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.providers._boundary import Failure
from meta_access.providers.asset_assignment import AssetAssignmentProvider
from meta_access.providers.asset_share import AssetShareProvider
from meta_emulator.world import AssetRequest, Share
from tests.texts import lacks
from tests.unit.providers.conftest import BUSINESS, new_process

if TYPE_CHECKING:
    from tests.unit.emulated import EmulatedMeta

PROVIDER, ASSIGNMENT = AssetShareProvider(), AssetAssignmentProvider()
ACME, OWNER = "act_205550000000601", "998870000000701"
OURS = f"business lindenhof (id {BUSINESS})"
PARTNERS = f"https://business.facebook.com/latest/settings/partners?business_id={OWNER}"


@pytest.fixture
def meta(meta: EmulatedMeta) -> EmulatedMeta:
    """A client's account that is shared with nobody."""
    unshare(meta)
    return meta


def share(meta: EmulatedMeta, *tasks: str) -> None:
    """Let the client share its account with us, for these tasks at most."""
    with meta.edit() as world:
        world.ad_accounts[2].shares = [Share(BUSINESS, list(tasks))]


def unshare(meta: EmulatedMeta) -> None:
    with meta.edit() as world:
        world.ad_accounts[2].shares = []


def asked(**props: Any) -> dict[str, Any]:
    given = {
        "label": "acme-share",
        "connection": "main",
        "owner_business": OWNER,
        "asset": ACME,
        "tasks": ["ADVERTISE"],
    }
    return {**given, **props}


def created(**props: Any) -> dict[str, Any]:
    result = PROVIDER.check({}, asked(**props))
    assert result.failures == [], [failure.reason for failure in result.failures]
    outs = PROVIDER.create(result.inputs).outs
    assert outs is not None
    return outs


def seen(outs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    result = PROVIDER.read("id", outs)
    assert result.outs is not None
    assert result.inputs is not None
    return result.outs, result.inputs


@pytest.mark.parametrize(
    ("props", "property_", "reason"),
    [
        ({"owner_business": "acme"}, "owner_business", "is not an id: digits only, without blanks or a zero in front."),
        ({"owner_business": BUSINESS}, "owner_business", "is our own business, with which nothing has to be shared."),
        ({"asset": "205550000000601"}, "asset", "a bare number: ad accounts start with act_, others with their kind"),
        ({"tasks": []}, "tasks", "is empty; to take all access away, remove the assignment."),
        ({"tasks": ["ADVERTIZE"]}, "tasks", "did you mean ADVERTISE?"),
    ],
)
def test_bad_values_are_refused(meta: EmulatedMeta, props: dict[str, Any], property_: str, reason: str) -> None:
    ((found, text),) = [(one.property, one.reason) for one in PROVIDER.check({}, asked(**props)).failures]

    assert found == property_
    assert reason in text


@pytest.mark.parametrize("permitted", [("ADVERTISE", "ANALYZE"), ("MANAGE",), ()])
def test_a_share_that_covers_the_tasks_satisfies(meta: EmulatedMeta, permitted: tuple[str, ...]) -> None:
    share(meta, *permitted)

    outs = created()

    assert (outs["status"], outs["observed"], outs["evidence"]["source"]) == ("satisfied", ["ADVERTISE"], "graph")


def test_what_is_our_own_has_to_be_shared_by_nobody(meta: EmulatedMeta) -> None:
    with meta.edit() as world:
        world.ad_accounts[2].business_id = BUSINESS

    assert created()["status"] == "satisfied"


def test_a_share_that_is_missing_is_the_clients_work(meta: EmulatedMeta) -> None:
    outs = created(tasks=["ANALYZE", "ADVERTISE"])

    assert (outs["status"], outs["waiting_on"], outs["phase"]) == ("pending_human", "client", "not_started")
    assert not lacks(outs["reason"], str(ACME), OURS)
    assert outs["next_step"] == {
        "what": (
            f"Ask the client to share {ACME} with {OURS} for ADVERTISE, ANALYZE: an admin of its business {OWNER} does "
            "it, nobody on our side can."
        ),
        "where": PARTNERS,
        "menu": "Business settings > Users > Partners > Add > Give a partner access to your assets",
        "expect": OURS,
        "paste": f"Partner business ID: {BUSINESS}\nAsset: {ACME}\nTasks: ADVERTISE, ANALYZE",
    }


def test_a_share_that_permits_less_names_what_is_lacking(meta: EmulatedMeta) -> None:
    share(meta, "ANALYZE")

    outs = created()

    assert (outs["status"], outs["observed"]) == ("pending_human", ["ANALYZE"])
    assert outs["reason"] == "Its owner permits ANALYZE, and not ADVERTISE."


def test_what_is_asked_for_waits_for_its_owner(meta: EmulatedMeta) -> None:
    with meta.edit() as world:
        world.asset_requests = [AssetRequest("7001", ACME, BUSINESS, "client", ["ADVERTISE"])]

    outs = created()

    assert (outs["status"], outs["phase"], outs["waiting_on"]) == ("pending_human", "submitted", "client")
    assert outs["reason"] == "It is asked for, and its owner has not answered."
    assert not lacks(outs["next_step"]["what"], str(ACME), OURS, "approve the request")


def test_a_withdrawn_share_is_drift_until_it_is_back(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    share(meta, "ADVERTISE", "ANALYZE")
    outs = created()
    unshare(meta)
    new_process(monkeypatch, meta)

    found, inputs = seen(outs)

    assert (found["status"], found["tasks"], inputs["tasks"]) == ("drifted", ["ADVERTISE"], [])
    share(meta, "ADVERTISE", "ANALYZE")
    new_process(monkeypatch, meta)
    assert seen(found)[0]["status"] == "satisfied"


def test_a_client_that_has_left_is_told_as_that_with_the_command_that_follows(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    share(meta, "ADVERTISE", "ANALYZE")
    outs = created(label=f"acme-share-{ACME}")
    unshare(meta)
    new_process(monkeypatch, meta)

    found, _ = seen(outs)

    assert found["reason"] == found["next_step"]["what"]
    assert found["reason"] == (
        f"Its owner, business {OWNER}, shares nothing with {OURS} any more, {ACME} included. If the client has left: "
        "`meta-access offboard --client acme`. Otherwise let its owner share it again."
    )
    assert found["next_step"]["where"] == PARTNERS


def test_a_client_that_shares_something_else_has_withdrawn_this_share(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    share(meta, "ADVERTISE", "ANALYZE")
    outs = created()
    unshare(meta)
    with meta.edit() as world:
        world.pages[0].business_id = OWNER
        world.pages[0].shares = [Share(BUSINESS, ["ANALYZE"])]
    new_process(monkeypatch, meta)

    assert seen(outs)[0]["reason"] == (
        f"Its owner, business {OWNER}, has withdrawn the share of {ACME} with {OURS}, so it is not shared any more. "
        f"If that is meant: `meta-access offboard {ACME}`. Otherwise let its owner share it again."
    )


def test_one_list_that_lacks_it_is_no_proof(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    share(meta, "ADVERTISE", "ANALYZE")
    outs = created()
    meta.answer("GET", "client_ad_accounts$", {"data": []})
    new_process(monkeypatch, meta)

    found, _ = seen(outs)

    assert found["reason"] == f"{ACME} is not among the assets that others share with {OURS}."
    assert not lacks(found["next_step"]["what"], "Ask the client to share", ACME)


def test_another_owner_is_drift_that_names_it(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    share(meta, "ADVERTISE", "ANALYZE")
    outs = created()
    with meta.edit() as world:
        world.businesses.append(replace(world.businesses[1], id="998870000000799", name="Birch Ltd"))
        world.ad_accounts[2].business_id = "998870000000799"
    new_process(monkeypatch, meta)

    found, inputs = seen(outs)

    assert (found["status"], found["owner_business"], found["tasks"]) == ("drifted", OWNER, ["ADVERTISE"])
    assert (inputs["owner_business"], inputs["tasks"]) == ("998870000000799", ["ADVERTISE"])
    assert found["reason"] == found["next_step"]["what"]
    assert found["reason"] == (
        f"Asset {ACME} belongs to business 998870000000799 now, and not to business {OWNER}. To go on with it, write "
        f'it under a client with business: "998870000000799". Otherwise: `meta-access offboard {ACME}`.'
    )
    new_process(monkeypatch, meta)
    assert created(owner_business="998870000000799")["status"] == "satisfied"


def test_one_clients_trouble_stops_no_refresh(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    share(meta)
    outs = created()
    new_process(monkeypatch, meta)
    meta.refuse("GET", "client_ad_accounts$", 80004)

    assert PROVIDER.read("id", outs).outs == outs


def test_lists_that_meta_does_not_show_leave_it_to_a_statement(meta: EmulatedMeta) -> None:
    meta.refuse("GET", "client_ad_accounts$", 10)

    assert created()["status"] == "unverifiable"


def test_the_end_says_who_ends_the_sharing(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outs = created()
    new_process(monkeypatch, meta)

    PROVIDER.delete("id", outs)

    assert not lacks(capsys.readouterr().out, "acme-share", "no longer declared", str(ACME), OWNER)


# --- assignments fit the share -------------------------------------------------------------------


def assignment(*tasks: str) -> dict[str, Any]:
    given = {"label": "acme-trading", "connection": "main", "system_user_id": "122090000000777", "asset": ACME}
    return {**given, "tasks": list(tasks)}


def test_a_preview_tells_what_the_owner_does_not_permit_and_stops_nobody(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    share(meta, "ANALYZE")

    assert ASSIGNMENT.check({}, assignment("ADVERTISE")).failures == []

    assert not lacks(
        capsys.readouterr().out, "acme-trading", "will be refused", str(ACME), "permits ANALYZE", "not ADVERTISE"
    )
    ASSIGNMENT.check(assignment("ADVERTISE"), assignment("ADVERTISE"))
    assert capsys.readouterr().out == ""


def test_what_was_assigned_and_is_gone_is_told_as_that(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    ASSIGNMENT.check(assignment(), assignment("ADVERTISE"))

    assert capsys.readouterr().out == (
        f"asset assignment acme-trading will be refused at `pulumi up`: assigning {ACME}: its owner has withdrawn the "
        f"share of {ACME} with business lindenhof ({BUSINESS}), so it is not shared any more. If that is meant: "
        f"`meta-access offboard {ACME}`. "
        "Otherwise let its owner share it again.\n"
    )
    ASSIGNMENT.check({}, assignment("ADVERTISE"))
    assert not lacks(capsys.readouterr().out, "nor among those that others share with it", "let its owner share it")


def test_an_own_asset_that_another_business_has_is_told_as_that(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    own = {"access": "own", "asset": ACME}

    ASSIGNMENT.check({**assignment(), **own}, {**assignment("ANALYZE"), **own})

    assert not lacks(
        capsys.readouterr().out,
        f"asset {ACME} is no longer one of business lindenhof ({BUSINESS}): another business has it, or it was "
        f"removed. If that is meant: `meta-access offboard {ACME}`. Otherwise add it to the business again.",
    )


def test_a_refused_update_says_what_has_become_of_the_asset(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    meta.add_system_user("122090000000777", "trading")
    share(meta, "ADVERTISE", "ANALYZE")
    wanted = ASSIGNMENT.check({}, assignment("ANALYZE")).inputs
    outs = ASSIGNMENT.create(wanted).outs
    assert outs is not None
    unshare(meta)
    new_process(monkeypatch, meta)

    found = ASSIGNMENT.update("id", {**outs, "tasks": []}, wanted).outs

    assert found is not None
    assert not lacks(
        found["refused"],
        f"failed: its owner has withdrawn the share of {ACME} with business lindenhof ({BUSINESS}), "
        "so it is not shared any more.",
        f"`meta-access offboard {ACME}`",
        "100/33",
    )


def test_a_list_that_cannot_be_read_is_no_reason_to_stop(meta: EmulatedMeta) -> None:
    meta.cut("GET", "client_ad_accounts$", applied=False)

    assert ASSIGNMENT.check({}, assignment("ADVERTISE")).failures == []


def test_a_refusal_names_what_the_owner_permits(meta: EmulatedMeta) -> None:
    share(meta, "ANALYZE")
    meta.add_system_user("122090000000777", "trading")

    with pytest.raises(Failure) as raised:
        ASSIGNMENT.create(assignment("ADVERTISE", "ANALYZE"))

    assert not lacks(raised.value, str(ACME), "122090000000777", BUSINESS, "only ANALYZE", "not ADVERTISE")
    assert meta.world.assignments == []
