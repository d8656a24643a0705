"""AssetAssignment and AppInstallation: sets of tasks, drift, narrowing and widening, moves, refusals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.providers._boundary import Failure
from meta_access.providers.app_installation import AppInstallationProvider
from meta_access.providers.asset_assignment import AssetAssignmentProvider
from meta_emulator.world import Asset, Assignment, Installation
from tests.texts import lacks
from tests.unit.providers.conftest import APP, BUSINESS, NOT_KNOWN, new_process, updated

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.emulated import EmulatedMeta

PROVIDER = AssetAssignmentProvider()
USER, OTHER = "122090000000777", "122090000000778"
SHOP, PAGE = "act_104320000000501", "page:102930000000801"
ID = f"{USER}/{SHOP}"
READ = f"GET {USER}/assigned_ad_accounts"
ASSIGN, UNASSIGN = f"POST {SHOP}/assigned_users", f"DELETE {SHOP}/assigned_users"


@pytest.fixture
def meta(meta: EmulatedMeta) -> EmulatedMeta:
    meta.add_system_user(USER, "trading")
    meta.add_system_user(OTHER, "reporting")
    return meta


def hold(meta: EmulatedMeta, *tasks: str, asset: str = SHOP) -> None:
    """Let the user have these tasks, which no call gave it."""
    with meta.edit() as world:
        world.assignments = [Assignment(asset, USER, list(tasks))] if tasks else []


def has(meta: EmulatedMeta, user: str = USER, asset: str = SHOP) -> list[str]:
    rows = [row for row in meta.world.assignments if (row.user_id, row.asset_id) == (user, asset)]
    return sorted(rows[0].tasks) if rows else []


def lose(meta: EmulatedMeta) -> None:
    """Let the account belong to another business, which shares it with nobody."""
    with meta.edit() as world:
        world.ad_accounts[0].business_id = "998870000000701"


def asked(*tasks: str, **changed: Any) -> dict[str, Any]:
    props = {"label": "acme", "connection": "main", "system_user_id": USER, "asset": SHOP}
    return {**props, "tasks": list(tasks) or ["ANALYZE"], "access": "", **changed}


def outs(*tasks: str, **changed: Any) -> dict[str, Any]:
    return {**asked(*tasks), "kept": [], **changed}


def failures(**changed: Any) -> list[tuple[str, str]]:
    return [(found.property, found.reason) for found in PROVIDER.check({}, asked(**changed)).failures]


@pytest.mark.parametrize(
    ("changed", "property_", "reason"),
    [
        ({"system_user_id": "x"}, "system_user_id", "is not an id"),
        ({"asset": "104320000000501"}, "asset", "a bare number: ad accounts start with act_"),
        ({"asset": "shop:1"}, "asset", "names no kind of asset"),
        ({"tasks": []}, "tasks", "is empty"),
        ({"tasks": ["ANALYSE"]}, "tasks", "did you mean ANALYZE?"),
        ({"tasks": ["ANALYZE", "ANALYZE"]}, "tasks", "names ANALYZE twice"),
        ({"tasks": "ANALYZE"}, "tasks", "is not a list"),
        ({"asset": PAGE, "tasks": ["DRAFT"]}, "tasks", "'DRAFT' is not one of: ADVERTISE, ANALYZE"),
    ],
)
def test_check_refuses_bad_values(meta: EmulatedMeta, changed: dict[str, Any], property_: str, reason: str) -> None:
    ((found, text),) = failures(**changed)

    assert found == property_
    assert reason in text


def test_check_sorts_the_tasks_and_looks_once_at_what_owners_permit(meta: EmulatedMeta) -> None:
    lose(meta)

    assert PROVIDER.check({}, asked("MANAGE", "ANALYZE")).inputs["tasks"] == ["ANALYZE", "MANAGE"]
    assert PROVIDER.check({}, asked(label="b", system_user_id=OTHER)).failures == []
    looked = [f"GET {BUSINESS}/owned_ad_accounts", f"GET {BUSINESS}/client_ad_accounts"]
    assert meta.calls == looked
    PROVIDER.check(asked("ANALYZE"), asked("ANALYZE"))
    assert meta.calls == looked


def test_one_user_and_asset_is_one_resource(meta: EmulatedMeta) -> None:
    assert failures() == []
    assert failures(label="b", asset=PAGE) == []
    assert failures(label="c", system_user_id=OTHER) == []

    assert failures(label="d") == [
        ("", "resources acme and d represent the same asset assignment. Fix: remove one of them.")
    ]


def test_a_user_that_is_not_known_yet_is_no_second_one(meta: EmulatedMeta) -> None:
    assert failures(system_user_id=NOT_KNOWN) == failures(label="b", system_user_id=NOT_KNOWN) == []


def test_create_assigns_the_tasks_with_those_they_imply(meta: EmulatedMeta) -> None:
    result = PROVIDER.create(asked("MANAGE"))

    assert meta.calls == [READ, ASSIGN]
    assert has(meta) == ["ADVERTISE", "ANALYZE", "MANAGE"]
    assert (result.id, result.outs) == (ID, outs("MANAGE"))


@pytest.mark.parametrize(
    ("code", "subcode", "why"),
    [
        (100, 33, "it is not shared with business lindenhof"),
        (200, 0, "it belongs to another business and is not shared with business"),
        (100, 1752129, "Meta does not take the tasks ANALYZE on it."),
    ],
)
def test_a_refusal_names_the_asset_the_reason_and_the_next_step(
    meta: EmulatedMeta, code: int, subcode: int, why: str
) -> None:
    lose(meta)
    meta.refuse("POST", "assigned_users$", code, "Not this one.", subcode=subcode)

    with pytest.raises(Failure) as raised:
        PROVIDER.create(asked())

    text = str(raised.value)
    assert text.startswith(f"assigning {SHOP} to system user {USER} failed: ")
    assert why in text
    assert "Nothing was changed." in text
    assert "Not this one." in text.partition("Meta's answer: ")[2]


# --- read ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("live", "declared", "tasks"),
    [
        (("ANALYZE",), ["ANALYZE"], ["ANALYZE"]),
        (("ADVERTISE", "ANALYZE", "MANAGE"), ["MANAGE"], ["MANAGE"]),
        (("ANALYZE",), ["MANAGE"], ["ANALYZE"]),
        (("ADVERTISE", "ANALYZE"), ["ANALYZE"], ["ADVERTISE", "ANALYZE"]),
        ((), ["ANALYZE"], []),
    ],
)
def test_read_compares_sets_after_adding_implied_tasks(
    meta: EmulatedMeta, live: tuple[str, ...], declared: list[str], tasks: list[str]
) -> None:
    hold(meta, *live)

    result = PROVIDER.read(ID, asked(*declared))

    assert result.id == ID
    assert result.outs == outs(tasks=tasks)
    assert result.inputs == (None if tasks == declared else asked(tasks=tasks))
    assert PROVIDER.diff(ID, result.outs, asked(*declared)).changes is (tasks != declared)


def test_a_user_that_is_gone_is_drift_and_no_error(meta: EmulatedMeta) -> None:
    with meta.edit() as world:
        world.system_users = world.system_users[:1]

    result = PROVIDER.read(ID, asked())

    assert (result.id, result.outs) == (ID, outs(tasks=[]))


@pytest.mark.parametrize(
    ("code", "message"),
    [(4, "Throttled."), (10, "No."), (200, "API access blocked.")],
)
def test_one_clients_trouble_leaves_the_state_as_it_was(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str], code: int, message: str
) -> None:
    meta.refuse("GET", "assigned_ad_accounts$", code, message)

    result = PROVIDER.read(ID, asked())

    assert (result.outs, result.inputs) == (outs(), None)
    _, found, why = capsys.readouterr().out.partition("asset assignment acme was not looked at and stands as it was: ")
    assert found
    assert message in why


def test_a_refused_credential_is_an_error(meta: EmulatedMeta) -> None:
    meta.refuse("GET", "assigned_ad_accounts$", 190, "Expired.")

    with pytest.raises(Failure, match="Settings used: connection main"):
        PROVIDER.read(ID, asked())


def test_all_assets_of_a_user_cost_one_call_a_kind(meta: EmulatedMeta) -> None:
    for number in range(1, 30):
        PROVIDER.read("x", asked(asset=f"act_{number}"))
        PROVIDER.read("x", asked(asset=f"page:{number}"))

    assert meta.calls == [READ, f"GET {USER}/assigned_pages"]


# --- update --------------------------------------------------------------------------------------

CLOSED = {"requires": {"ads-tier": "pending_human"}}


def test_tasks_that_come_to_the_same_set_are_no_call(meta: EmulatedMeta) -> None:
    result = updated(PROVIDER, ID, asked("MANAGE"), asked("ADVERTISE", "ANALYZE", "MANAGE"))

    assert meta.calls == []
    assert result == outs("ADVERTISE", "ANALYZE", "MANAGE")


def test_narrowing_waits_for_no_gate(meta: EmulatedMeta) -> None:
    PROVIDER.update(ID, asked("MANAGE"), asked("ANALYZE", **CLOSED))

    assert meta.calls == [ASSIGN, READ]
    assert has(meta) == ["ANALYZE"]


def test_widening_waits_for_its_gates(meta: EmulatedMeta) -> None:
    text = (
        f"giving ADVERTISE, MANAGE on {SHOP} to system user {USER} is held back by a gate: ads-tier is pending_human."
    )

    result = updated(PROVIDER, ID, asked("ANALYZE"), asked("MANAGE", **CLOSED))

    assert result["refused"].startswith(text)
    assert result["tasks"] == ["ANALYZE"]
    assert meta.calls == []

    PROVIDER.update(ID, asked("ANALYZE"), asked("MANAGE", requires={"ads-tier": "satisfied"}))
    assert meta.calls == [ASSIGN]
    assert has(meta) == ["ADVERTISE", "ANALYZE", "MANAGE"]


@pytest.mark.parametrize("changed", [{"system_user_id": OTHER}, {"asset": PAGE}])
def test_a_move_assigns_the_new_before_it_ends_the_old(meta: EmulatedMeta, changed: dict[str, str]) -> None:
    hold(meta, "ANALYZE")

    PROVIDER.update(ID, asked(), asked(**changed))

    new = asked(**changed)
    asset = new["asset"].removeprefix("page:")
    assert meta.writes == [f"POST {asset}/assigned_users", UNASSIGN]
    assert (has(meta, new["system_user_id"], asset), has(meta)) == (["ANALYZE"], [])


def test_a_move_is_widening(meta: EmulatedMeta) -> None:
    result = updated(PROVIDER, ID, asked(), asked(system_user_id=OTHER, **CLOSED))

    assert "is held back by a gate" in result["refused"]
    assert result["system_user_id"] == USER
    assert meta.calls == []


def test_a_move_ends_nothing_that_another_resource_keeps(meta: EmulatedMeta) -> None:
    hold(meta, "ANALYZE")
    PROVIDER.check(asked(), asked(label="other"))

    PROVIDER.update(ID, asked(), asked(system_user_id=OTHER))

    assert meta.writes == [ASSIGN]
    assert (has(meta, OTHER), has(meta)) == (["ANALYZE"], ["ANALYZE"])


# --- a grant that is there already ---------------------------------------------------------------


def test_a_create_takes_no_task_away_and_says_what_it_keeps(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    hold(meta, "ADVERTISE", "ANALYZE", "MANAGE")
    sentence = (
        f"asset assignment acme: on {SHOP} system user {USER} has ADVERTISE, ANALYZE, MANAGE => ADVERTISE, ANALYZE, "
        "MANAGE; MANAGE not declared and kept: declare it, or set replace_existing: true to take it away.\n"
    )

    PROVIDER.check({}, asked("ADVERTISE", "ANALYZE"))
    assert capsys.readouterr().out == sentence
    result = PROVIDER.create(asked("ADVERTISE", "ANALYZE"))

    assert (meta.writes, capsys.readouterr().out) == ([], sentence)
    assert result.outs == outs("ADVERTISE", "ANALYZE", kept=["MANAGE"])
    assert PROVIDER.diff(ID, result.outs, asked("ADVERTISE", "ANALYZE")).changes is False


def test_a_create_adds_what_is_declared_to_what_is_there(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    hold(meta, "DRAFT")

    result = PROVIDER.create(asked("ANALYZE"))

    assert (meta.writes, has(meta)) == ([ASSIGN], ["ANALYZE", "DRAFT"])
    assert result.outs == outs("ANALYZE", kept=["DRAFT"])
    assert not lacks(
        capsys.readouterr().out,
        str(SHOP),
        USER,
        "DRAFT => ANALYZE, DRAFT",
        "ANALYZE added",
        "DRAFT not declared and kept",
    )


def test_replace_existing_takes_away_what_is_not_declared_and_says_so_before(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    hold(meta, "ADVERTISE", "ANALYZE", "MANAGE")
    sentence = (
        f"on {SHOP} system user {USER} has ADVERTISE, ANALYZE, MANAGE => ANALYZE; ADVERTISE, MANAGE taken away, "
        "because replace_existing is true.\n"
    )

    PROVIDER.check({}, asked("ANALYZE", replace_existing=True))
    assert capsys.readouterr().out.endswith(sentence)
    result = PROVIDER.create(asked("ANALYZE", replace_existing=True))

    assert (meta.writes, has(meta)) == ([ASSIGN], ["ANALYZE"])
    assert result.outs == outs("ANALYZE", replace_existing=True)


@pytest.mark.parametrize("declared", [("MANAGE",), ("ADVERTISE", "ANALYZE", "MANAGE")])
def test_a_grant_as_declared_is_adopted_without_a_write_a_gate_or_a_word(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str], declared: tuple[str, ...]
) -> None:
    hold(meta, "ADVERTISE", "ANALYZE", "MANAGE")

    PROVIDER.check({}, asked(*declared))
    result = PROVIDER.create(asked(*declared, **CLOSED))

    assert (meta.writes, has(meta), result.outs) == ([], ["ADVERTISE", "ANALYZE", "MANAGE"], outs(*declared, **CLOSED))
    assert capsys.readouterr().out == ""


def test_a_grant_that_meta_lists_without_what_it_implies_is_adopted_as_well(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    with meta.edit() as world:
        world.product_catalogs.append(Asset("930", "Shop", BUSINESS))
    hold(meta, "MANAGE", asset="930")

    PROVIDER.check({}, asked("MANAGE", asset="catalog:930"))
    PROVIDER.create(asked("MANAGE", asset="catalog:930"))

    assert (meta.writes, capsys.readouterr().out) == ([], "")


def test_a_grant_that_this_run_has_taken_away_is_given_again(meta: EmulatedMeta) -> None:
    hold(meta, "ANALYZE")
    PROVIDER.check({}, asked("ANALYZE"))
    made = PROVIDER.create(asked("ANALYZE"))

    PROVIDER.delete(made.id, made.outs)
    PROVIDER.create(asked("ANALYZE"))

    assert has(meta) == ["ANALYZE"]


def test_what_a_gate_holds_back_is_more_than_there_is(meta: EmulatedMeta) -> None:
    hold(meta, "ANALYZE")

    with pytest.raises(Failure, match="ads-tier is pending_human"):
        PROVIDER.create(asked("ADVERTISE", "ANALYZE", **CLOSED))

    assert (meta.writes, has(meta)) == ([], ["ANALYZE"])


def test_tasks_that_come_by_implication_alone_are_named_too(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    with meta.edit() as world:
        world.product_catalogs.append(Asset("930", "Shop", BUSINESS))
    hold(meta, "MANAGE", asset="930")

    PROVIDER.check({}, asked("ADVERTISE", "MANAGE", asset="catalog:930"))

    assert not lacks(
        capsys.readouterr().out,
        "acme",
        "catalog:930",
        USER,
        "MANAGE => ADVERTISE, MANAGE",
        "ADVERTISE by implication",
    )


def test_what_is_kept_is_named_by_each_refresh_and_is_no_drift(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    hold(meta, "ANALYZE", "DRAFT")

    result = PROVIDER.read(ID, outs("ANALYZE", kept=["DRAFT"]))

    assert result.outs == outs("ANALYZE", kept=["DRAFT"])
    assert not lacks(capsys.readouterr().out, USER, "keeps DRAFT", str(SHOP))


def test_replace_existing_set_later_says_before_what_it_takes_away(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    hold(meta, "ANALYZE", "MANAGE")

    PROVIDER.check(asked("ANALYZE"), asked("ANALYZE", replace_existing=True))
    assert not lacks(capsys.readouterr().out, "MANAGE taken away", "replace_existing")
    PROVIDER.check(asked("ANALYZE", replace_existing=True), asked("ANALYZE", replace_existing=True))
    assert capsys.readouterr().out == ""


def test_what_was_kept_and_is_taken_away_by_hand_is_kept_no_longer(meta: EmulatedMeta) -> None:
    hold(meta, "ANALYZE")

    result = PROVIDER.read(ID, outs("ANALYZE", kept=["DRAFT"]))

    assert result.outs == outs("ANALYZE")


def test_a_task_that_somebody_adds_later_is_drift_beside_what_is_kept(meta: EmulatedMeta) -> None:
    hold(meta, "ADVERTISE", "ANALYZE", "DRAFT")

    result = PROVIDER.read(ID, outs("ANALYZE", kept=["DRAFT"]))

    assert result.outs == outs("ADVERTISE", "ANALYZE", kept=["DRAFT"])


def test_other_tasks_leave_what_is_kept_and_the_wish_ends_it(meta: EmulatedMeta) -> None:
    hold(meta, "ANALYZE", "DRAFT")
    held = outs("ANALYZE", kept=["DRAFT"])

    more = PROVIDER.update(ID, held, asked("ADVERTISE", "ANALYZE"))
    assert more.outs == outs("ADVERTISE", "ANALYZE", kept=["DRAFT"])
    assert has(meta) == ["ADVERTISE", "ANALYZE", "DRAFT"]
    assert PROVIDER.diff(ID, held, asked("ANALYZE", replace_existing=True)).changes is True
    gone = PROVIDER.update(ID, held, asked("ANALYZE", replace_existing=True))

    assert (meta.writes, has(meta)) == ([ASSIGN, ASSIGN], ["ANALYZE"])
    assert gone.outs == outs("ANALYZE", replace_existing=True)


PATH = "acme:index:Client$pulumi-python:dynamic/meta:AssetAssignment::acme"


def test_the_state_leaves_out_what_follows_from_the_rest(meta: EmulatedMeta) -> None:
    bare = {"connection": "main", "system_user_id": USER, "asset": SHOP, "path": PATH, "access": "own"}
    news = PROVIDER.check({}, {**bare, "tasks": ["ANALYZE"], "replace_existing": False})
    assert news.inputs == {**bare, "tasks": ["ANALYZE"]}

    made = PROVIDER.create(news.inputs)
    assert made.outs == {**bare, "tasks": ["ANALYZE"], "kept": []}
    seen = PROVIDER.read(ID, made.outs or {})
    assert (seen.outs, seen.inputs) == (made.outs, None)
    assert PROVIDER.diff(ID, made.outs or {}, news.inputs).changes is False
    more = PROVIDER.update(ID, made.outs or {}, {**news.inputs, "tasks": ["ADVERTISE", "ANALYZE"]})
    assert more.outs == {**bare, "tasks": ["ADVERTISE", "ANALYZE"], "kept": []}
    assert has(meta) == ["ADVERTISE", "ANALYZE"]


def test_a_refresh_leaves_in_the_state_what_an_older_version_wrote(meta: EmulatedMeta) -> None:
    """Else each preview would show a change of what nobody changed."""
    hold(meta, "ANALYZE")
    older = outs(path=PATH, given={"whole": True}, replace_existing=False, stack_id="0", access="own")

    seen = PROVIDER.read(ID, older)

    assert (seen.outs, seen.inputs) == (older, None)
    assert PROVIDER.diff(ID, older, asked(path=PATH, access="own")).changes is False
    drifted = PROVIDER.read(ID, {**older, "tasks": ["MANAGE"]})
    assert drifted.outs == {**older, "tasks": ["ANALYZE"]}


def test_a_kept_task_that_is_declared_is_kept_no_longer(meta: EmulatedMeta) -> None:
    hold(meta, "ANALYZE", "DRAFT")

    result = updated(PROVIDER, ID, outs("ANALYZE", kept=["DRAFT"]), asked("ANALYZE", "DRAFT"))

    assert (meta.writes, result) == ([], outs("ANALYZE", "DRAFT"))


def test_a_kind_that_meta_does_not_list_is_assigned_all_the_same(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    meta.refuse("GET", "assigned_ad_accounts$", 100, "No such edge.")

    PROVIDER.create(asked())

    assert (meta.writes, has(meta)) == ([ASSIGN], ["ANALYZE"])
    assert "what was assigned before could not be read, so it goes. " in (said := capsys.readouterr().out)
    assert "No such edge." in said


# --- what will be refused ------------------------------------------------------------------------


def test_an_asset_of_nobody_is_told_in_the_preview_and_stops_nothing(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    lose(meta)

    assert failures() == []

    assert capsys.readouterr().out == (
        f"asset assignment acme will be refused at `pulumi up`: assigning {SHOP}: it is neither among the assets of "
        "business lindenhof (178000000000101) nor among those that others share with it. If it is yours, add it "
        "to business lindenhof (178000000000101) (Business settings > Accounts > Add); else let its owner share it "
        "with business lindenhof (178000000000101).\n"
    )


@pytest.mark.parametrize(
    ("access", "step"),
    [
        ("own", "Add it to business lindenhof (178000000000101) (Business settings > Accounts > Add)."),
        ("partner", "Let its owner share it with business lindenhof (178000000000101)."),
    ],
)
def test_the_next_step_follows_whose_the_asset_is(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str], access: str, step: str
) -> None:
    lose(meta)
    assert failures(access=access) == []

    assert capsys.readouterr().out.endswith(f"that others share with it. {step}\n")

    meta.refuse("POST", "assigned_users$", 100, "No object.", subcode=33)
    with pytest.raises(Failure) as raised:
        PROVIDER.create(asked(access=access))
    assert step.removesuffix(".") in str(raised.value)
    assert ("share" in str(raised.value)) is (access == "partner")


def test_whose_an_asset_is_changes_nothing_at_meta(meta: EmulatedMeta) -> None:
    old = {name: value for name, value in asked().items() if name != "access"}

    assert PROVIDER.diff("x", {**old, "kept": []}, asked(access="own")).changes is False


def test_an_instagram_account_is_named_by_one_of_its_several_ids(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failures(asset="instagram:17841400000000001", tasks=["ANALYZE"], access="own") == []

    assert (
        "which is neither ig_user_id, the id of the IG User that publishing takes, nor ig_id" in capsys.readouterr().out
    )


def test_a_program_can_read_what_will_be_refused(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("META_ACCESS_FINDINGS", str(tmp_path / "findings.jsonl"))

    lose(meta)

    failures()

    (found,) = [json.loads(line) for line in (tmp_path / "findings.jsonl").read_text().splitlines()]
    assert (found["finding"], found["kind"], found["name"]) == ("refused", "asset assignment", "acme")
    assert not lacks(found["reason"], str(SHOP), "lindenhof")


# --- delete --------------------------------------------------------------------------------------


def test_delete_unassigns(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    hold(meta, "ANALYZE")

    PROVIDER.delete(ID, asked())

    assert (meta.writes, has(meta)) == ([UNASSIGN], [])
    assert not lacks(capsys.readouterr().out, "no longer assigned", str(SHOP), USER)


def test_delete_of_an_absent_assignment_succeeds(meta: EmulatedMeta) -> None:
    meta.refuse("DELETE", "assigned_users$", 100, "No object.", subcode=33)

    PROVIDER.delete(ID, asked())


def test_delete_after_a_withdrawn_share_succeeds(meta: EmulatedMeta) -> None:
    meta.refuse("DELETE", "assigned_users$", 200)

    PROVIDER.delete(ID, asked())


def test_delete_that_meta_refuses_while_it_is_assigned_fails(meta: EmulatedMeta) -> None:
    meta.refuse("DELETE", "assigned_users$", 200)
    hold(meta, "ANALYZE")

    with pytest.raises(Failure) as raised:
        PROVIDER.delete(ID, asked())

    page = "https://business.facebook.com/latest/settings/system_users?business_id=178000000000101"
    facts = (SHOP, USER, "ANALYZE", "code 200", "Business settings > Users > System users", page, "`pulumi up`")
    assert not lacks(raised.value, *facts)


@pytest.mark.parametrize("refused", [False, True])
def test_a_removal_is_read_back_whatever_meta_answers(meta: EmulatedMeta, refused: bool) -> None:
    hold(meta, "ANALYZE")
    if refused:
        meta.refuse("DELETE", "assigned_users$", 100, "No object.", subcode=33)
    else:
        meta.pretend("DELETE", "assigned_users$")

    with pytest.raises(Failure, match=f"taking {SHOP} from system user {USER} failed: it still has ANALYZE there"):
        PROVIDER.delete(ID, asked())


def test_a_removal_that_cannot_be_read_back_is_not_called_done(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    meta.refuse("GET", "assigned_ad_accounts$", 10, "No list.")

    PROVIDER.delete(ID, asked())

    said = capsys.readouterr().out
    assert "is no longer assigned" not in said
    assert not lacks(said, "was taken", str(SHOP), USER)
    assert "No list." in said.partition("whether it is gone. ")[2]


def test_a_narrowing_that_cannot_be_read_back_is_said(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    meta.refuse("GET", "assigned_ad_accounts$", 10, "No list.")

    updated(PROVIDER, ID, asked("ADVERTISE", "ANALYZE"), asked("ANALYZE"))

    said = capsys.readouterr().out
    assert not lacks(said, USER, str(SHOP), "could not be read back", "No list.")


def test_a_narrowing_that_meta_does_not_make_is_no_success(meta: EmulatedMeta) -> None:
    hold(meta, "ADVERTISE", "ANALYZE")
    meta.pretend("POST", "assigned_users$")

    result = updated(PROVIDER, ID, asked("ADVERTISE", "ANALYZE"), asked("ANALYZE"))

    assert not lacks(result["refused"], "it still has ADVERTISE", str(SHOP), USER)
    assert result["tasks"] == ["ADVERTISE", "ANALYZE"]


def test_the_delete_of_a_renamed_resource_ends_nothing(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    PROVIDER.check({}, asked(label="new"))
    PROVIDER.delete(ID, asked())
    assert meta.writes == []
    assert not lacks(capsys.readouterr().out, "acme", "resource new", "represents the same thing")

    new_process(monkeypatch, meta)
    PROVIDER.delete(ID, asked())
    assert len(meta.writes) == 1


# --- installation --------------------------------------------------------------------------------

INSTALLATION = AppInstallationProvider()
INSTALLED = {"label": "reporting", "connection": "main", "system_user_id": USER}


def test_an_installation_is_one_call_and_needs_none_to_read_or_end(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    result = INSTALLATION.create(INSTALLED)
    assert (result.id, result.outs) == (f"{USER}/{APP}", INSTALLED)
    read = INSTALLATION.read(result.id, INSTALLED)
    assert (read.outs, read.inputs) == (INSTALLED, None)
    INSTALLATION.update(result.id, INSTALLED, {**INSTALLED, "label": "x"})
    INSTALLATION.delete(result.id, INSTALLED)

    assert meta.calls == [f"POST {USER}/applications"]
    assert Installation(USER, APP) in meta.world.installations
    assert "Meta has no call to take it back." in capsys.readouterr().out


def test_another_user_gets_an_installation_of_its_own(meta: EmulatedMeta) -> None:
    INSTALLATION.update("x", INSTALLED, {**INSTALLED, "system_user_id": OTHER})

    assert meta.calls == [f"POST {OTHER}/applications"]
