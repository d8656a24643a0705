"""SystemUser: quota at check, adoption, slot reuse, rename, retirement, drift."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.graph import system_users
from meta_access.providers import _live
from meta_access.providers._boundary import Failure
from meta_access.providers._deployment import DEPLOYMENT, Grace
from meta_access.providers.system_user import SystemUserProvider
from meta_access.tokens import previous_users
from meta_emulator.world import AppAccess, Asset, Assignment, SystemUser
from tests.texts import lacks
from tests.unit.emulated import NOW
from tests.unit.providers.conftest import APP, BUSINESS, CALLER, NOT_KNOWN, configured, new_process, updated

if TYPE_CHECKING:
    from pathlib import Path

    from meta_access.graph.client import GraphClient
    from tests.unit.emulated import EmulatedMeta

PROVIDER = SystemUserProvider()
OURS = "122090000000777"
LIST = f"GET {BUSINESS}/system_users"
PUT: dict[str, str] = {}
"""Id to name of the users that a test put there, as it left them."""


@pytest.fixture
def meta(meta: EmulatedMeta) -> EmulatedMeta:
    """A business with its root user alone, made by nobody known."""
    PUT.clear()
    with meta.edit() as world:
        world.system_users[0].created_by = None
        world.system_users[0].created_time = NOW - timedelta(days=400)
    PUT[CALLER] = "root"
    return meta


def have(meta: EmulatedMeta, *rows: SystemUser) -> None:
    """Let the business have these users, too."""
    with meta.edit() as world:
        world.system_users += rows
    PUT.update({row.id: row.name for row in rows})


def named(meta: EmulatedMeta, id_: str, name: str) -> None:
    """Let somebody else rename a user."""
    with meta.edit() as world:
        next(row for row in world.system_users if row.id == id_).name = name
    PUT[id_] = name


def acts(meta: EmulatedMeta) -> list[str]:
    """What calls have made of the users that a test put there."""
    found = []
    for row in meta.world.system_users:
        if row.id not in PUT:
            found.append(f"create {row.name} {row.role}")
        elif row.name != PUT[row.id]:
            found.append(f"rename {row.id} {row.name}")
    assert len(meta.writes) == len(found), meta.writes
    return found


def forget(meta: EmulatedMeta) -> None:
    """Take the users as they are now for put there by the test, and no call for made."""
    PUT.update({row.id: row.name for row in meta.world.system_users})
    meta.forget_calls()


def asked(called: str = "trading", /, **changed: Any) -> dict[str, Any]:
    props = {
        "label": called,
        "connection": "main",
        "name": called,
        "role": "EMPLOYEE",
        "on_destroy": "retire",
        **changed,
    }
    return {key: value for key, value in props.items() if value is not None}


def outs(called: str = "trading", /, **changed: Any) -> dict[str, Any]:
    return {**asked(called), "given_name": called, "adopted": False, "slot_reused": False, "gone": False, **changed}


def user(id_: str, name: str, role: str = "EMPLOYEE", **changed: Any) -> SystemUser:
    row = SystemUser(id_, name, role, BUSINESS, "100000000000402", NOW - timedelta(days=30), APP)
    return replace(row, **changed)


def reasons(olds: dict[str, Any], news: dict[str, Any]) -> list[tuple[str, str]]:
    return [(failure.property, failure.reason) for failure in PROVIDER.check(olds, news).failures]


def no_tier(meta: EmulatedMeta) -> None:
    """Let no answer tell the app's tier."""
    meta.answer("GET", "act_104320000000501$", {"id": "act_104320000000501"})


def no_list(meta: EmulatedMeta, code: int, message: str = "No.") -> None:
    meta.refuse("GET", f"{BUSINESS}/system_users$", code, message)


# --- check ---------------------------------------------------------------------------------------


def test_check_fills_defaults(meta: EmulatedMeta) -> None:
    result = PROVIDER.check({}, {"label": "a", "connection": "main", "name": "a", "__provider": "x"})

    assert result.failures == []
    assert result.inputs == {
        "label": "a", "connection": "main", "name": "a", "role": "EMPLOYEE", "on_destroy": "retire",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "property_", "reason"),
    [
        ({"name": ""}, "name", "is not text"),
        ({"name": 7.0}, "name", "is not text"),
        ({"name": "unused x"}, "name", "marks retired system users"),
        ({"role": "BOSS"}, "role", "is not one of: EMPLOYEE, ADMIN"),
        ({"adopt": 122090000000301.0}, "adopt", "is a number"),
        ({"adopt": "abc"}, "adopt", "is not an id"),
        ({"on_destroy": "burn"}, "on_destroy", "is not one of: retire, keep"),
        ({"connection": "other"}, "connection", 'there is no connection "other" in meta:connections.'),
    ],
)
def test_check_refuses_bad_values(meta: EmulatedMeta, changed: dict[str, Any], property_: str, reason: str) -> None:
    found = reasons({}, asked(**changed))

    assert [name for name, _ in found] == [property_]
    assert reason in found[0][1]


@pytest.mark.parametrize("name", ["name", "role", "adopt", "on_destroy", "requires"])
def test_check_passes_what_is_not_known_yet(meta: EmulatedMeta, name: str) -> None:
    result = PROVIDER.check({}, asked(**{name: NOT_KNOWN}))

    assert result.failures == []
    assert result.inputs[name] is NOT_KNOWN


def test_a_role_change_is_refused_with_the_way_out(meta: EmulatedMeta) -> None:
    found = reasons(asked(), asked(role="ADMIN"))

    why = (
        "system user trading is EMPLOYEE, and Meta cannot make it ADMIN. Declare a second user with role ADMIN, move "
        "its tokens and assignments there, and remove this one after the grace of its tokens."
    )
    assert found == [("role", why)]


def test_two_resources_of_one_name_fail_without_a_property(meta: EmulatedMeta) -> None:
    assert reasons(asked(), asked(label="one")) == []

    assert reasons(asked(), asked(label="two")) == [
        ("", "resources one and two represent the same system user. Fix: remove one of them.")
    ]


def test_the_repeated_check_of_a_replacement_is_no_second_resource(meta: EmulatedMeta) -> None:
    assert reasons(asked(), asked()) == []
    assert reasons({}, asked()) == []


def doomed(news: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> str:
    """Why a create will be refused, as check says it; "" when it says nothing of the kind. Check refuses none."""
    capsys.readouterr()
    assert reasons({}, news) == []
    start = f"system user {news['label']} will be refused at `pulumi up`: "
    lines = capsys.readouterr().out.splitlines()
    return "\n".join(line.removeprefix(start) for line in lines if line.startswith(start))


def test_a_create_that_does_not_fit_the_quota_is_told_and_fails_no_check(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doomed(asked("one"), capsys) == ""

    text = doomed(asked("two"), capsys)

    assert not lacks(text, "2 system users (one, two)", "lindenhof (178000000000101)")
    assert not lacks(text, "the limit is 1", "tier limited", "rules 2026-05", "2026-05-04")
    assert "reach tier full, which allows 10" in text
    assert meta.calls.count(LIST) == 1


def test_a_rename_to_the_name_of_another_is_told(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    have(meta, user(OURS, "trading"), user("2", "sales"), user("3", "buying"))
    held = {name: asked(name, label=name, path=name) for name in ("trading", "buying")}
    PROVIDER.read(OURS, outs(path="trading"))
    PROVIDER.read("3", outs("buying", label="buying", path="buying"))

    def renamed(name: str) -> str:
        capsys.readouterr()
        assert PROVIDER.check(held["trading"], {**held["trading"], "name": name}).failures == []
        return capsys.readouterr().out

    assert renamed("sales") == (
        f"system user trading will be refused at `pulumi up`: renaming system user {OURS} to sales: the business has "
        "another one of that name. Choose another.\n"
    )
    # The stack's own other user may go on under another name in the same update.
    assert renamed("buying") == ""
    assert renamed("selling") == ""


def test_a_second_admin_does_not_fit(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    text = doomed(asked("two", role="ADMIN"), capsys)

    assert text.startswith("1 admin system user (two) cannot be created")


def test_updates_need_no_quota(meta: EmulatedMeta) -> None:
    have(meta, *(user(str(number), f"u{number}") for number in range(1, 5)))

    assert reasons(asked("u1"), asked("u1")) == []
    assert meta.calls == []


def test_what_exists_is_adopted_or_retired_needs_no_slot(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    have(meta, user("1", "one"), user("2", "unused elder-aaaa"))

    assert doomed(asked("first", adopt="1"), capsys) == ""
    assert doomed(asked("second"), capsys) == ""
    assert "cannot be created" in doomed(asked("third"), capsys)


def test_creates_of_the_same_up_are_not_counted_twice(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    meta.change_app(tier="standard_access")
    for number in range(10):
        assert doomed(asked(f"u{number}"), capsys) == ""
        PROVIDER.create(asked(f"u{number}"))

    assert "cannot be created" in doomed(asked("u10"), capsys)


def test_the_declared_tier_counts_where_meta_reports_none(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    no_tier(meta)

    reasons({}, asked("one"))

    assert "tier limited, as declared" in doomed(asked("two"), capsys)


def test_an_unknown_tier_refuses_nothing_and_says_so(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    no_tier(meta)
    meta.connection = replace(meta.connection, tier=None)
    configured(monkeypatch, meta)

    assert reasons({}, asked("one")) == reasons({}, asked("two")) == []

    assert capsys.readouterr().out.count("quota of EMPLOYEE system users was not checked") == 1


def test_an_override_replaces_the_number(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    meta.connection = replace(meta.connection, quota_overrides={"EMPLOYEE": 2})
    configured(monkeypatch, meta)

    assert doomed(asked("one"), capsys) == doomed(asked("two"), capsys) == ""
    assert "the limit is 2 (meta:quota_overrides)" in doomed(asked("three"), capsys)


def test_being_over_the_limit_already_is_a_warning(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    have(meta, user("1", "one"), user("2", "two"))

    assert reasons({}, asked("x", adopt="1")) == []

    assert not lacks(capsys.readouterr().out, "warning", "lindenhof (178000000000101)", "2 system users")


def test_offline_counts_planned_names_alone_and_says_so(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(monkeypatch, meta, offline=True)

    assert reasons(asked("one"), asked("one")) == []
    assert "the planned system users alone were counted" in capsys.readouterr().out
    assert "cannot be created" in doomed(asked("two"), capsys)

    assert meta.calls == []


def test_a_reading_that_fails_does_not_fail_check(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    meta.cut("GET", "system_users$", applied=False)

    assert reasons({}, asked()) == []

    assert "could not be read: " in capsys.readouterr().out


def test_a_name_that_is_taken_is_told_at_preview(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    have(meta, user(OURS, "trading"))

    text = doomed(asked(), capsys)

    assert text.startswith(f"creating system user trading failed: one of that name exists (id {OURS}, role EMPLOYEE).")


def test_an_id_that_cannot_be_adopted_is_told_at_preview(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    have(meta, user(OURS, "trading"), user("2", "taken"))

    nobody = doomed(asked(adopt="999"), capsys)
    of_another_role = doomed(asked("root", adopt=CALLER), capsys)
    to_a_name_that_is_taken = doomed(asked("other", name="taken", adopt=OURS), capsys)

    assert nobody.startswith("adopting system user 999: business 178000000000101 lists no user of that id.")
    assert of_another_role.startswith(f"adopting system user {CALLER}: it is ADMIN, and EMPLOYEE is declared.")
    assert to_a_name_that_is_taken == (
        f"renaming system user {OURS} to taken: the business has another one of that name. Choose another."
    )


def test_the_name_that_an_adopted_user_loses_is_told_at_preview(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    have(meta, user(OURS, "Old Name"))

    assert reasons({}, asked(adopt=OURS)) == []

    assert not lacks(capsys.readouterr().out, "trading", OURS, "Old Name => trading")


def test_another_id_to_adopt_is_told_at_preview(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    have(meta, user(OURS, "trading"))
    PROVIDER.read(OURS, outs())

    assert reasons(asked(), asked(adopt="5")) == []

    assert not lacks(capsys.readouterr().out, "trading", "will be refused", OURS, "adopt names 5")


# --- diff ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "changes"),
    [
        ({}, False),
        ({"label": "other"}, False),
        ({"path": "acme:index:Reading$pulumi-python:dynamic/meta:SystemUser::user"}, False),
        ({"requires": {"tier": "satisfied"}}, False),
        ({"requires": NOT_KNOWN}, False),
        ({"name": "traders"}, True),
        ({"on_destroy": "keep"}, True),
        ({"adopt": OURS}, True),
        ({"name": NOT_KNOWN}, None),
        ({"__provider": "another"}, False),
    ],
)
def test_diff_compares_inputs_but_label_and_requires(
    meta: EmulatedMeta, changed: dict[str, Any], changes: bool | None
) -> None:
    result = PROVIDER.diff(OURS, outs(), asked(**changed))

    assert result.changes is changes
    assert not result.replaces


# --- create --------------------------------------------------------------------------------------


def test_create_makes_a_user(meta: EmulatedMeta) -> None:
    result = PROVIDER.create(asked())

    assert acts(meta) == ["create trading EMPLOYEE"]
    assert result.id == meta.world.system_users[-1].id
    assert result.outs == outs()


def test_create_takes_a_retired_slot_of_the_role(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    have(
        meta,
        user("1", "unused yew-0001", "ADMIN"),
        user("2", "unused elder-0002"),
        user("3", "unused birch-0003"),
    )

    result = PROVIDER.create(asked())

    assert acts(meta) == ["rename 2 trading"]
    assert (result.id, result.outs) == ("2", outs(slot_reused=True))
    assert "takes the retired slot unused elder-0002 (id 2)" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["ad_account", "page", "catalog"])
def test_a_slot_with_assignments_is_left_alone(meta: EmulatedMeta, kind: str) -> None:
    meta.change_app(tier="standard_access")
    have(meta, user("2", "unused elder-0002"))
    asset = {"ad_account": "act_104320000000501", "page": "102930000000801", "catalog": "930"}[kind]
    with meta.edit() as world:
        world.product_catalogs = [Asset("930", "Shop", BUSINESS)]
        world.assignments = [Assignment(asset, "2", ["ANALYZE"])]

    PROVIDER.create(asked())

    assert acts(meta) == ["create trading EMPLOYEE"]


def test_a_slot_that_another_stack_has_taken_since_the_list_was_read_is_left_to_it(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    meta.change_app(tier="standard_access")
    have(meta, user("2", "unused elder-0002"))
    _live.live("main").reads.system_users()
    named(meta, "2", "theirs")

    PROVIDER.create(asked())

    assert acts(meta) == ["create trading EMPLOYEE"]
    assert not lacks(capsys.readouterr().out, "trading", "unused elder-0002 (id 2)")


def test_a_slot_that_another_stack_takes_while_we_do_is_left_to_it(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], notes: Path
) -> None:
    have(meta, user("2", "unused elder-0002"), user("3", "unused elder-0003"))
    rename = system_users.rename

    def race(client: GraphClient, id_: str, name: str) -> None:
        rename(client, id_, name)
        if id_ == "2":
            rename(client, id_, "theirs")

    monkeypatch.setattr("meta_access.graph.system_users.rename", race)

    result = PROVIDER.create(asked())

    assert (result.id, dict(result.outs or {})["slot_reused"]) == ("3", True)
    assert [row.name for row in meta.world.system_users] == ["root", "theirs", "trading"]
    assert not lacks(capsys.readouterr().out, "unused elder-0002 (id 2)", "theirs")


def test_two_creates_never_take_one_slot(meta: EmulatedMeta) -> None:
    meta.change_app(tier="standard_access")
    have(meta, user("2", "unused elder-0002"))

    PROVIDER.create(asked("one"))
    PROVIDER.create(asked("two"))

    assert acts(meta) == ["rename 2 one", "create two EMPLOYEE"]


def test_create_adopts_by_id_and_renames(meta: EmulatedMeta) -> None:
    have(meta, user("2", "Old Name"))

    result = PROVIDER.create(asked(adopt="2"))

    assert acts(meta) == ["rename 2 trading"]
    assert (result.id, result.outs) == ("2", {**outs(adopted=True), "adopt": "2"})


def test_adopting_a_user_of_the_right_name_makes_no_write(meta: EmulatedMeta) -> None:
    PROVIDER.create(asked("root", role="ADMIN", adopt=CALLER))

    assert acts(meta) == []


@pytest.mark.parametrize(
    ("adopt", "role", "text"),
    [
        ("999", "EMPLOYEE", "adopting system user 999 failed: business 178000000000101 lists no user of that id."),
        (CALLER, "EMPLOYEE", "it is ADMIN, and EMPLOYEE is declared. Meta cannot change a role"),
    ],
)
def test_adopting_what_does_not_fit_is_refused(meta: EmulatedMeta, adopt: str, role: str, text: str) -> None:
    with pytest.raises(Failure, match=re.escape(text)):
        PROVIDER.create(asked(adopt=adopt, role=role))
    assert acts(meta) == []


def lost(**changed: Any) -> SystemUser:
    """The user that a create of ours has left, a minute after it was begun."""
    return user(OURS, "trading", **{"created_by": CALLER, "created_time": NOW + timedelta(minutes=1), **changed})


def interrupted(meta: EmulatedMeta, props: dict[str, Any]) -> None:
    """A create that Meta never answers: its note is left behind."""
    meta.cut("POST", "system_users$", applied=False)
    with pytest.raises(Failure):
        PROVIDER.create(props)
    meta.obey()
    forget(meta)


def test_our_own_lost_create_is_taken(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    interrupted(meta, asked())
    have(meta, lost())

    assert doomed(asked(), capsys) == ""
    result = PROVIDER.create(asked())

    assert (result.id, acts(meta)) == (OURS, [])
    assert result.outs == outs()
    assert not lacks(capsys.readouterr().out, "trading", OURS, "interrupted")


def test_a_create_that_was_answered_and_never_recorded_is_taken_by_its_id(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = PROVIDER.create(asked())
    new_process(monkeypatch, meta)
    forget(meta)

    assert PROVIDER.create(asked()).id == first.id
    assert acts(meta) == []


def test_a_slot_whose_rename_was_never_recorded_is_taken_by_its_id(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    have(meta, user("2", "unused elder-0002"))
    PROVIDER.create(asked())
    new_process(monkeypatch, meta)
    forget(meta)

    assert (PROVIDER.create(asked()).id, acts(meta)) == ("2", [])


@pytest.mark.parametrize(
    ("changed", "assigned", "app"),
    [
        ({"created_by": "100000000000402"}, False, False),
        ({"created_by": None}, False, False),
        ({"created_time": NOW - timedelta(minutes=6)}, False, False),
        ({"created_time": None}, False, False),
        ({"role": "ADMIN"}, False, False),
        ({}, True, False),
        ({}, False, True),
    ],
)
def test_somebody_elses_user_is_a_conflict_that_names_the_id(
    meta: EmulatedMeta, changed: dict[str, Any], assigned: bool, app: bool
) -> None:
    interrupted(meta, asked())
    have(meta, lost(**changed))
    with meta.edit() as world:
        world.assignments = [Assignment("act_104320000000501", OURS, ["ANALYZE"])] if assigned else []
        world.app_access = [AppAccess(OURS, APP)] if app else []

    with pytest.raises(Failure, match=re.escape(f'adopt it with adopt: "{OURS}"')):
        PROVIDER.create(asked())
    assert acts(meta) == []


@pytest.mark.parametrize(
    "begun",
    [
        None,
        {"stack": "other/dev"},
        {"path": "acme:index:Part$pulumi-python:dynamic/meta:SystemUser::trading"},
        {"path": "pulumi-python:dynamic/meta:SystemUser::other"},
    ],
)
def test_what_another_stack_or_resource_made_a_minute_ago_is_not_ours(
    meta: EmulatedMeta, begun: dict[str, str] | None
) -> None:
    mine = asked(stack="shop/dev", path="pulumi-python:dynamic/meta:SystemUser::trading")
    if begun is not None:
        interrupted(meta, {**mine, **begun})
    have(meta, lost())

    with pytest.raises(Failure, match=re.escape(f'adopt it with adopt: "{OURS}"')):
        PROVIDER.create(mine)
    assert acts(meta) == []


def test_a_create_that_meta_refused_leaves_no_note(meta: EmulatedMeta, notes: Path) -> None:
    meta.refuse("POST", "system_users$", 3949, "Full.")
    with pytest.raises(Failure):
        PROVIDER.create(asked())

    assert list(notes.iterdir()) == []


def test_a_user_that_the_state_knows_needs_no_note(meta: EmulatedMeta, notes: Path) -> None:
    made = PROVIDER.create(asked())
    assert len(list(notes.iterdir())) == 1

    PROVIDER.read(made.id, made.outs)

    assert list(notes.iterdir()) == []


def test_a_note_is_good_for_a_day(meta: EmulatedMeta) -> None:
    interrupted(meta, asked())
    meta.sleep(24 * 3600)
    have(meta, lost())

    with pytest.raises(Failure, match="creating system user trading failed: one of that name exists"):
        PROVIDER.create(asked())


def test_the_create_of_a_replacement_takes_what_exists(meta: EmulatedMeta) -> None:
    have(meta, user(OURS, "trading"))
    PROVIDER.check(asked(), asked())
    PROVIDER.check({}, asked())

    result = PROVIDER.create(asked())

    assert (result.id, acts(meta)) == (OURS, [])


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (3949, "Meta has no room for another EMPLOYEE in business 178000000000101 ("),
        (3965, "(code 3965). The limit is 1 (tier limited, as Meta reports;"),
        (3972, "creating system user trading failed: "),
        (104001, "The business has no app yet."),
    ],
)  # fmt: skip
def test_metas_refusals_keep_their_meaning(meta: EmulatedMeta, code: int, text: str) -> None:
    meta.refuse("POST", "system_users$", code)

    with pytest.raises(Failure, match=re.escape(text)):
        PROVIDER.create(asked())


@pytest.mark.parametrize("status", ["pending_human", "drifted", "unverifiable", "stale_evidence"])
def test_a_closed_gate_holds_a_create_back(meta: EmulatedMeta, status: str) -> None:
    with pytest.raises(Failure) as raised:
        PROVIDER.create(asked(requires={"ads-tier": status, "x": "satisfied"}))

    assert not lacks(raised.value, "trading", f"ads-tier is {status}", "`meta-access gates`", "`pulumi up`")
    assert "x is" not in str(raised.value)
    assert meta.calls == []


def test_satisfied_gates_hold_nothing_back(meta: EmulatedMeta) -> None:
    PROVIDER.create(asked(requires={"ads-tier": "satisfied"}))

    assert acts(meta) == ["create trading EMPLOYEE"]


# --- read ----------------------------------------------------------------------------------------


def test_read_of_an_unchanged_user_answers_the_same(meta: EmulatedMeta) -> None:
    have(meta, user(OURS, "trading"))

    result = PROVIDER.read(OURS, outs())

    assert (result.id, result.outs, result.inputs) == (OURS, outs(), None)


def test_a_rename_by_hand_is_drift_and_is_put_right(meta: EmulatedMeta) -> None:
    have(meta, user(OURS, "by hand"))

    result = PROVIDER.read(OURS, outs())

    assert result.inputs == asked(name="by hand", label="trading")
    assert result.outs is not None
    assert PROVIDER.diff(OURS, result.outs, asked()).changes is True
    updated = PROVIDER.update(OURS, result.outs, asked())
    assert acts(meta) == [f"rename {OURS} trading"]
    assert updated.outs == outs()


def test_a_user_that_is_listed_no_more_stays_in_the_state_and_is_to_be_replaced(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    result = PROVIDER.read(OURS, outs())

    assert (result.id, result.outs, result.inputs) == (OURS, outs(gone=True), None)
    assert not lacks(
        capsys.readouterr().out, "trading", "lindenhof (id 178000000000101)", OURS, "ads (id 120480000000201)"
    )
    found = PROVIDER.diff(OURS, outs(gone=True), asked())
    assert (found.changes, found.replaces) == (True, ["id"])


def test_a_user_that_is_listed_again_is_as_it_was(meta: EmulatedMeta) -> None:
    have(meta, user(OURS, "trading"))

    result = PROVIDER.read(OURS, outs(gone=True))

    assert (result.id, result.outs) == (OURS, outs())
    found = PROVIDER.diff(OURS, outs(), asked())
    assert (found.changes, found.replaces) == (False, None)


def gone(props: dict[str, Any]) -> None:
    """What the engine asks of a user that is gone before it asks for another one."""
    olds = PROVIDER.read(OURS, {**outs(), "path": "trading"}).outs
    PROVIDER.check(props, props)
    PROVIDER.diff(OURS, olds, props)
    PROVIDER.check({}, props)


def test_a_gone_user_is_made_anew(meta: EmulatedMeta) -> None:
    props = asked(path="trading")
    gone(props)

    result = PROVIDER.create(props)

    assert (result.id, result.outs) == (meta.world.system_users[-1].id, {**outs(), "path": "trading"})
    PROVIDER.delete(OURS, outs(gone=True, path="trading"))
    assert acts(meta) == ["create trading EMPLOYEE"]


@pytest.mark.parametrize(
    ("refused", "changed", "why"),
    [
        (True, {}, ""),
        (
            False,
            {"requires": {"lindenhof-verification": "pending_human"}},
            "creating system user trading is held back by a gate: lindenhof-verification is pending_human.",
        ),
        (
            False,
            {"requires": {"policy:broad-scopes": "mandatory", "lindenhof-verification": "pending_human"}},
            (
                "creating system user trading is held back by a mandatory rule: broad-scopes. Everything else of this "
                "update goes on. Do what `meta-access validate` says of it, then `pulumi up` again."
            ),
        ),
        (
            False,
            {"adopt": OURS},
            f"adopting system user {OURS} failed: business 178000000000101 lists no user of that id.",
        ),
    ],
)
def test_a_gone_user_that_cannot_be_made_again_stays_and_says_why(
    meta: EmulatedMeta, refused: bool, changed: dict[str, Any], why: str
) -> None:
    """A create that failed would hang the run: its dependents are in the state (see `_refusal`)."""
    props = asked(path="trading", **changed)
    gone(props)
    if refused:
        meta.refuse("POST", "system_users$", 10, "(#10) No.")

    result = PROVIDER.create(props)

    told = f"system user trading is gone at Meta and was not made again. It stays in the state as it was. {why}"
    kept = {**outs(gone=True), "path": "trading"}
    said = dict(result.outs or {})["refused"]
    assert said.startswith(told)
    assert ("(#10) No." in said) is refused
    assert (result.id, result.outs) == (OURS, {**kept, "refused": said})
    forget(meta)
    PROVIDER.delete(OURS, kept)
    assert acts(meta) == []
    again = PROVIDER.diff(OURS, result.outs, props)
    assert (again.changes, again.replaces) == (True, ["id"])


def test_a_user_whose_replacement_was_refused_outlives_the_delete_that_a_killed_run_has_left(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    """The engine notes the delete of the old one with the create, under the id that both have."""
    have(meta, user(OURS, "trading"))
    held, props = outs("sales", path="trading", name="trading"), asked("sales", path="trading")
    PROVIDER.read(OURS, held)
    PROVIDER.check(props, props)

    PROVIDER.delete(OURS, outs(path="trading"))

    assert acts(meta) == []
    assert not lacks(capsys.readouterr().out, "kept at Meta", "trading", OURS)


def test_a_replaced_user_is_retired_once_another_one_stands_for_the_resource(meta: EmulatedMeta) -> None:
    have(meta, user(OURS, "trading"), user("2", "sales"))
    PROVIDER.read(OURS, outs(path="trading"))
    props = asked("sales", path="trading", adopt="2")
    PROVIDER.check({}, props)
    assert PROVIDER.create(props).id == "2"

    PROVIDER.delete(OURS, outs(path="trading"))

    assert [call.rpartition(" ")[0] for call in acts(meta)] == [f"rename {OURS} unused"]


def test_a_name_that_somebody_else_has_by_now_is_not_taken_for_a_gone_user(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    have(meta, user("2", "trading"))
    props = asked(path="trading")

    gone(props)
    taken = "creating system user trading failed: one of that name exists (id 2, role EMPLOYEE)"
    assert f"system user trading will be refused at `pulumi up`: {taken}" in capsys.readouterr().out
    result = PROVIDER.create(props)

    assert result.id == OURS
    assert taken in dict(result.outs or {})["refused"]
    assert acts(meta) == []


def test_a_gone_user_whose_create_was_never_answered_is_recognised_by_its_note(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    props = asked(path="trading")
    gone(props)
    meta.cut("POST", "system_users$", applied=False)
    assert PROVIDER.create(props).id == OURS
    meta.obey()
    have(meta, user("2", "trading", created_by=CALLER, created_time=NOW + timedelta(minutes=1)))
    new_process(monkeypatch, meta)

    gone(props)

    assert PROVIDER.create(props).id == "2"


def test_a_list_that_cannot_be_read_proves_nothing(meta: EmulatedMeta) -> None:
    no_list(meta, 190)

    with pytest.raises(Failure) as raised:
        PROVIDER.read(OURS, outs())

    graph, vault = (url.removeprefix("http://") for url in (meta.emulator.graph_url, meta.emulator.aws_url))
    used = ("main", graph, "v26.0", "120480000000201", "178000000000101", "emulator:", vault)
    assert not lacks(raised.value, "code 190", "admin_token", *used)


@pytest.mark.parametrize(
    ("code", "message"),
    [(10, "(#10) No."), (4, "Throttled."), (1, "A passing fault.")],
)
def test_a_list_that_cannot_be_read_for_now_holds_up_no_token_of_the_user(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str], code: int, message: str
) -> None:
    no_list(meta, code, message)

    result = PROVIDER.read(OURS, outs())

    assert (result.id, result.outs, result.inputs) == (OURS, outs(), None)
    _, found, why = capsys.readouterr().out.partition("system user trading was not looked at and stands as it was: ")
    assert found
    assert message in why


def test_many_reads_cost_one_call(meta: EmulatedMeta) -> None:
    have(meta, user(OURS, "trading"))
    for _ in range(50):
        PROVIDER.read(OURS, outs())

    assert meta.calls == [LIST]


def test_state_of_the_first_version_is_read_as_it_is(meta: EmulatedMeta) -> None:
    have(meta, user(OURS, "trading"))

    result = PROVIDER.read(OURS, {"connection": "main", "name": "trading", "role": "EMPLOYEE", "label": "trading"})

    assert result.outs == outs()


# --- update --------------------------------------------------------------------------------------


@pytest.mark.parametrize("changed", [{"on_destroy": "keep"}, {"requires": {"x": "drifted"}}, {"label": "other"}])
def test_an_update_that_changes_nothing_at_meta_makes_no_call(meta: EmulatedMeta, changed: dict[str, Any]) -> None:
    result = PROVIDER.update(OURS, outs(), asked(**changed))

    assert meta.calls == []
    assert result.outs == {**outs(), **changed}


def test_an_update_renames_in_place(meta: EmulatedMeta) -> None:
    have(meta, user(OURS, "trading"))

    result = PROVIDER.update(OURS, outs(), asked("traders", label="trading"))

    assert acts(meta) == [f"rename {OURS} traders"]
    assert result.outs == {**outs("traders"), "label": "trading"}


def test_renaming_to_a_taken_name_is_a_conflict(meta: EmulatedMeta) -> None:
    have(meta, user(OURS, "trading"), user("2", "traders"))

    result = PROVIDER.update(OURS, outs(), asked("traders"))

    assert result.outs == {
        **outs(),
        "refused": (
            f"renaming system user {OURS} to traders failed: the business has another one of that name. Choose another."
        ),
    }


def test_naming_the_own_id_under_adopt_keeps_the_user_from_then_on(meta: EmulatedMeta) -> None:
    result = PROVIDER.update(OURS, outs(), asked(adopt=OURS))

    assert result.outs is not None
    assert result.outs["adopted"] is True


def test_adopting_another_user_in_place_is_refused(meta: EmulatedMeta) -> None:
    result = PROVIDER.update(OURS, outs(), asked(adopt="5"))

    assert result.outs == {
        **outs(),
        "refused": (
            f"system user trading has the id {OURS}, and adopt names 5. To use that one, declare it as a resource of "
            "its own and move the work to it."
        ),
    }


# --- delete --------------------------------------------------------------------------------------


def test_delete_retires_by_renaming(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    have(meta, user(OURS, "trading"))

    PROVIDER.delete(OURS, outs())

    assert len(acts(meta)) == 1
    assert re.fullmatch(rf"rename {OURS} unused [a-z]+-[0-9a-f]{{4}}", acts(meta)[0])
    assert "Meta cannot delete it; a later create takes its slot." in capsys.readouterr().out


@pytest.mark.parametrize("state", [{"adopted": True}, {"on_destroy": "keep"}])
def test_a_user_that_is_kept_is_told_by_the_name_that_it_has(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, state: dict[str, Any]
) -> None:
    # A twin of another name has adopted it in this very deployment.
    have(meta, user(OURS, "insights"))

    PROVIDER.delete(OURS, outs(**state))

    assert f"kept at Meta as insights (id {OURS}), because " in capsys.readouterr().out
    meta.cut("GET", "system_users$", applied=False)
    new_process(monkeypatch, meta)
    PROVIDER.delete(OURS, outs(**state))
    assert f"kept at Meta (id {OURS}), because " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "state", "why"),
    [
        ("trading", {"adopted": True}, "because it was adopted"),
        ("trading", {"on_destroy": "keep"}, "because on_destroy is keep"),
        ("theirs now", {}, "is called theirs now now and not trading"),
        ("theirs now", {"name": "theirs now"}, "is called theirs now now and not trading"),
        ("unused elder-0001", {}, "retired already"),
        (None, {}, "no longer listed"),
    ],
)
def test_delete_changes_nothing_that_is_not_ours(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str], name: str | None, state: dict[str, Any], why: str
) -> None:
    have(meta, *([user(OURS, name)] if name else []))

    PROVIDER.delete(OURS, outs(**state))

    assert acts(meta) == []
    assert why in capsys.readouterr().out


def test_the_user_of_the_credential_in_use_is_never_retired(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    PROVIDER.delete(CALLER, outs("root"))

    assert acts(meta) == []
    assert "the credential in use belongs to it" in capsys.readouterr().out


def test_a_token_in_grace_keeps_its_user(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    have(meta, user(OURS, "trading"))
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:meta/dev/trading-AbCdEf"
    DEPLOYMENT.note_grace(OURS, Grace("2026-11-25T08:00:00Z", arn))
    asked_for, marked = [], []
    monkeypatch.setattr(_live, "store_for", lambda aws: asked_for.append(aws.region))
    monkeypatch.setattr(previous_users, "mark", lambda _store, *given: marked.append(given))

    PROVIDER.delete(OURS, outs())

    assert acts(meta) == []
    # What is left to do stands in the secret of that token: its resource will be out of the state.
    assert (asked_for, marked) == (["eu-west-1"], [(arn, OURS, "trading")])
    assert "in grace, until 2026-11-25T08:00:00Z" in capsys.readouterr().out


def test_the_delete_of_a_renamed_resource_ends_nothing(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    have(meta, user(OURS, "trading"))
    PROVIDER.check({}, asked(label="new-label"))

    PROVIDER.delete(OURS, outs(name="renamed by hand"))

    assert acts(meta) == []
    assert not lacks(capsys.readouterr().out, "resource new-label", "represents the same thing")


IN_READING = "acme:index:Reading$pulumi-python:dynamic/meta:SystemUser::user"
IN_TRADING = "acme:index:Trading$pulumi-python:dynamic/meta:SystemUser::user"


def test_children_of_one_name_in_two_components_are_two_users(meta: EmulatedMeta) -> None:
    meta.change_app(tier="standard_access")
    have(meta, user(OURS, "reading"))
    PROVIDER.read(OURS, {**outs("reading"), "label": "user", "path": IN_READING})
    assert reasons(asked("reading"), asked("reading", label="user", path=IN_READING)) == []
    news = asked("trading", label="user", path=IN_TRADING)
    assert reasons({}, news) == []

    made = PROVIDER.create(news)

    assert made.id != OURS
    assert [(row.id, row.name) for row in meta.world.system_users[1:]] == [(OURS, "reading"), (made.id, "trading")]


def test_children_of_one_name_count_as_two_in_the_quota(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    assert doomed(asked("reading", label="user", path=IN_READING), capsys) == ""

    why = doomed(asked("trading", label="user", path=IN_TRADING), capsys)

    assert "reading" in why
    assert "trading" in why


def test_twins_of_one_name_are_told_by_their_components(meta: EmulatedMeta) -> None:
    assert reasons(asked(), asked(label="user", path=IN_READING)) == []

    both = f"{IN_READING} and {IN_TRADING}"
    assert reasons(asked(), asked(label="user", path=IN_TRADING)) == [
        ("", f"resources {both} represent the same system user. Fix: remove one of them.")
    ]


def test_a_replaced_user_keeps_its_slot_under_the_path(meta: EmulatedMeta) -> None:
    have(meta, user(OURS, "reading"))
    PROVIDER.read(OURS, {**outs("reading"), "label": "user", "path": IN_READING})
    news = asked("analysing", label="user", path=IN_READING)
    assert reasons({}, news) == []

    assert PROVIDER.create(news).id == OURS
    assert [row.name for row in meta.world.system_users] == ["root", "analysing"]


def test_a_state_without_paths_gives_its_user_only_to_a_resource_of_that_name_and_user(meta: EmulatedMeta) -> None:
    meta.change_app(tier="standard_access")
    have(meta, user(OURS, "reading"))
    PROVIDER.read(OURS, {**outs("reading"), "label": "user"})

    other = PROVIDER.create(asked("trading", label="user", path=IN_TRADING))
    same = PROVIDER.create(asked("reading", label="user", path=IN_READING))

    assert (other.id != OURS, same.id) == (True, OURS)


def test_another_process_knows_nothing_of_the_record(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    have(meta, user(OURS, "trading"))
    PROVIDER.check(asked(), asked())
    new_process(monkeypatch, meta)

    PROVIDER.delete(OURS, outs())

    assert len(acts(meta)) == 1


# --- offline -------------------------------------------------------------------------------------


def test_offline_reads_answer_the_state_and_writes_refuse(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(monkeypatch, meta, offline=True)

    result = PROVIDER.read(OURS, {**outs(), "__provider": "x"})
    assert (result.id, result.outs, result.inputs) == (OURS, {**outs(), "__provider": "x"}, None)

    for write in (lambda: PROVIDER.create(asked()), lambda: PROVIDER.delete(OURS, outs())):
        with pytest.raises(Failure, match="META_ACCESS_OFFLINE=1 forbids every call"):
            write()
    assert "META_ACCESS_OFFLINE=1 forbids every call" in updated(PROVIDER, OURS, outs(), asked())["refused"]
    assert meta.calls == []
