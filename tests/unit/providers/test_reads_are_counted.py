"""How many calls an unchanged stack takes: as many as its lists have pages, whatever the number of its resources."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.providers import _live
from meta_access.providers._boundary import Failure
from meta_access.providers.app_installation import AppInstallationProvider
from meta_access.providers.asset_assignment import AssetAssignmentProvider
from meta_access.providers.system_user import SystemUserProvider
from meta_access.providers.system_user_app_access import SystemUserAppAccessProvider
from meta_access.providers.system_user_token import SystemUserTokenProvider
from meta_access.stack.connections import Settings
from meta_access.tokens.listed import DESCRIBE_VARIABLE
from meta_emulator.world import Asset, Assignment, Person
from tests.unit.cli import provisioned
from tests.unit.providers.conftest import BUSINESS, new_process

if TYPE_CHECKING:
    from meta_access.providers._base import MetaProvider
    from tests.unit.emulated import EmulatedMeta

OWNER = "meta-access/dev"
Resource = tuple["MetaProvider", str, dict[str, Any]]


def user(number: int) -> str:
    return f"{122090000005000 + number}"


def account(number: int) -> str:
    return f"act_{204320000000000 + number}"


def people(meta: EmulatedMeta, count: int) -> list[Resource]:
    """System users that have the app, as the state has them."""
    provisioned.users(meta, {user(n): f"user-{n}" for n in range(count)})
    return [
        one
        for n in range(count)
        for one in (
            (SystemUserProvider(), user(n), {**named(n), "name": f"user-{n}", "role": "EMPLOYEE"}),
            (SystemUserAppAccessProvider(), user(n), {**named(n), "system_user_id": user(n)}),
        )
    ]


def named(number: int) -> dict[str, Any]:
    return {"label": f"user-{number}", "connection": "main"}


def assignments(meta: EmulatedMeta, users: int, each: int) -> list[Resource]:
    """Accounts of its own for each user, as Meta and the state have them."""
    pairs = [(user(n), account(n * each + m)) for n in range(users) for m in range(each)]
    with meta.edit() as world:
        world.ad_accounts += [Asset(asset, asset, BUSINESS) for _, asset in pairs]
        world.assignments += [Assignment(asset, holder, ["ANALYZE"]) for holder, asset in pairs]
    return [assignment(holder, asset) for holder, asset in pairs]


def assignment(holder: str, asset: str) -> Resource:
    outs = {"label": "shop", "connection": "main", "system_user_id": holder, "asset": asset, "tasks": ["ANALYZE"]}
    return AssetAssignmentProvider(), f"{holder}/{asset}", {**outs, "replace_existing": False, "access": "", "kept": []}


def tokens(meta: EmulatedMeta, count: int) -> list[Resource]:
    """A token of each user, in a secret of its own, as the state has it."""
    return [token(meta, n) for n in range(count)]


def token(meta: EmulatedMeta, number: int, **changed: Any) -> Resource:
    name = f"meta/dev/user-{number}"
    arn, claim = provisioned.token(meta, name, user(number))
    shown = meta.store(meta.connection.aws).describe(arn)
    tags = provisioned.tags(meta, arn)
    outs = {
        **named(number),
        "owner": OWNER,
        "system_user_id": user(number),
        "scopes": list(provisioned.SCOPES),
        "secret_name": name,
        "lifetime": "60d",
        "rotate_before": "20d",
        "grace": "24h",
        "keepers": {},
        "rotation_owner": "pulumi",
        "freshness": "current",
        "arn": arn,
        "version_id": next(id_ for id_, labels in shown.stages.items() if "AWSCURRENT" in labels),
        "generation": 1,
        "claim": claim,
        "fingerprint": tags["fingerprint"],
        "issued_at": tags["issued-at"],
        "expires_at": tags["expires-at"],
        "trigger": "",
        "superseded": [],
        "suspects": [],
        "previous_secrets": [],
        "app_id": meta.app.id,
        **changed,
    }
    return SystemUserTokenProvider(), arn, outs


def read(resources: list[Resource]) -> list[dict[str, Any]]:
    """Read them as the engine does, by four at once; answers their outputs."""
    with ThreadPoolExecutor(4) as workers:
        done = workers.map(lambda one: one[0].read(one[1], one[2]).outs, resources)
        return [dict(outs or {}) for outs in done]


def counted(meta: EmulatedMeta) -> Counter[str]:
    """Calls by endpoint since the process began."""
    seen = meta.emulator.calls()[meta._forgotten :]
    return Counter(call.path.rpartition("v26.0/")[2] for call in seen)


def begun(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next deployment's process."""
    new_process(monkeypatch, meta)
    meta.forget_calls()


USERS = f"{BUSINESS}/system_users"


@pytest.mark.parametrize("times", [1, 3])
def test_an_unchanged_stack_is_read_in_as_many_calls_as_its_lists_have_pages(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    resources = people(meta, 5 * times) + assignments(meta, 5 * times, 10) + tokens(meta, 5 * times)
    begun(meta, monkeypatch)

    found = read(resources)

    assert counted(meta) == {USERS: 1, "DescribeSecret": 1, "ListSecrets": 1}
    assert [outs["tasks"] for outs in found if "asset" in outs] == [["ANALYZE"]] * 50 * times
    assert [outs["freshness"] for outs in found if "arn" in outs] == ["current"] * 5 * times


@pytest.mark.parametrize("times", [1, 3])
def test_assignments_alone_are_read_together_from_the_second_user_on(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    people(meta, 5 * times)
    resources = assignments(meta, 5 * times, 4)
    begun(meta, monkeypatch)

    for one in resources:
        assert read([one])[0]["tasks"] == ["ANALYZE"]

    assert counted(meta) == {f"{user(0)}/assigned_ad_accounts": 1, USERS: 1}


def test_what_a_row_has_no_room_for_is_read_from_where_it_ends(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources = people(meta, 2) + assignments(meta, 2, 250)
    begun(meta, monkeypatch)

    assert {tuple(outs["tasks"]) for outs in read(resources) if "asset" in outs} == {("ANALYZE",)}

    edges = {f"{user(n)}/assigned_ad_accounts": 1 for n in range(2)}
    assert counted(meta) == {USERS: 1, **edges}


def test_a_business_of_five_thousand_accounts_stays_bounded_whoever_else_is_on_them(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources = people(meta, 2) + assignments(meta, 2, 1)
    with meta.edit() as world:
        world.ad_accounts += [Asset(account(n), account(n), BUSINESS) for n in range(2, 5000)]
        world.assignments += [Assignment(account(n), user(0), ["ANALYZE"]) for n in range(2, 5000)]
        # Nobody asks who else is on an account: as many more would be read.
        crowd = [Person(f"{998000000000000 + n}", "somebody", businesses={BUSINESS: "EMPLOYEE"}) for n in range(30)]
        world.people += crowd
        world.assignments += [Assignment(account(0), one.id, ["ANALYZE"]) for one in crowd]
    begun(meta, monkeypatch)

    assert {tuple(outs["tasks"]) for outs in read(resources) if "asset" in outs} == {("ANALYZE",)}

    assert counted(meta) == {USERS: 1, f"{user(0)}/assigned_ad_accounts": 10}


# --- what fails ----------------------------------------------------------------------------------


def refusal(code: int, message: str, **more: Any) -> dict[str, Any]:
    return {"kind": "graph", "path": "system_users$", "code": code, "message": message, "times": None, **more}


@pytest.mark.parametrize(
    "fault",
    [
        refusal(10, "(#10) No."),
        refusal(100, "(#100) Tried accessing nonexisting field (assigned_apps)"),
        refusal(1, "Please reduce the amount of data you're asking for, then retry your request"),
    ],
)
def test_where_the_list_of_all_is_refused_each_user_is_asked(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any]
) -> None:
    people(meta, 3)
    resources = assignments(meta, 3, 5)
    meta.emulator.faults.add(fault)
    begun(meta, monkeypatch)

    assert [outs["tasks"] for outs in read(resources)] == [["ANALYZE"]] * 15

    assert counted(meta) == {USERS: 1, **{f"{user(n)}/assigned_ad_accounts": 1 for n in range(3)}}


@pytest.mark.parametrize(
    "broken",
    [
        {"kind": "http", "status": 500, "body": "<html>"},
        {"kind": "garbage"},
        {"kind": "graph", "code": 2, "message": "Service temporarily unavailable"},
        {"kind": "http", "status": 200, "body": {"data": [7]}},
        {"kind": "http", "status": 200, "body": {"data": [], "paging": {"next": "x", "cursors": {"after": "again"}}}},
    ],
)
def test_a_second_page_that_fails_costs_the_users_on_it_a_call_each_and_hides_nobody(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, broken: dict[str, Any]
) -> None:
    people(meta, 27)
    resources = assignments(meta, 27, 1)
    begun(meta, monkeypatch)
    read(resources[:1])
    meta.emulator.faults.add({"path": "system_users$", "nth": 2, "times": None, **broken})

    assert [outs["tasks"] for outs in read(resources)] == [["ANALYZE"]] * 27

    alone = [path for path in counted(meta) if path.endswith("assigned_ad_accounts")]
    # The first one was alone when it was asked about; the world has one more user, which is on the first page.
    assert sorted(alone) == [f"{user(n)}/assigned_ad_accounts" for n in (0, 24, 25, 26)]


def test_an_edge_that_no_row_has_may_be_one_that_is_not_shown(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(meta, 2)
    resources = assignments(meta, 2, 1)
    meta.answer("GET", "system_users$", {"data": [{"id": user(n), "name": "", "role": "EMPLOYEE"} for n in range(2)]})
    begun(meta, monkeypatch)

    assert [outs["tasks"] for outs in read(resources)] == [["ANALYZE"]] * 2

    assert counted(meta) == {USERS: 1, **{f"{user(n)}/assigned_ad_accounts": 1 for n in range(2)}}


def test_a_throttle_that_outlasts_the_patience_is_met_once_and_no_user_is_asked_after_it(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    people(meta, 4)
    resources = assignments(meta, 4, 3)
    meta.refuse("GET", "system_users$", 17, "User request limit reached")
    begun(meta, monkeypatch)
    read(resources[:1])
    said = capsys.readouterr().out

    found = [read([one])[0]["tasks"] for one in resources]

    assert found == [["ANALYZE"]] * 12  # as the state has them
    assert "was not looked at and stands as it was" in capsys.readouterr().out
    assert "was not looked at" not in said
    assert {path for path in counted(meta) if path != USERS} == {f"{user(0)}/assigned_ad_accounts"}


def test_a_token_that_is_refused_fails_every_read_in_one_call(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources = people(meta, 3) + assignments(meta, 3, 2)
    meta.refuse("GET", "system_users$", 190, "Error validating access token.")
    begun(meta, monkeypatch)

    for one in [one for one in resources if isinstance(one[0], (SystemUserProvider, AssetAssignmentProvider))]:
        with pytest.raises(Failure, match="Error validating access token"):
            read([one])

    assert counted(meta) == {USERS: 1}


def test_one_connection_that_is_down_fails_only_what_is_read_through_it(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources = people(meta, 2) + assignments(meta, 2, 2)
    begun(meta, monkeypatch)
    down = replace(meta.connection, name="down", graph_url="http://127.0.0.1:9")
    settings = Settings("dev", "2026-05", offline=False, connections={"main": meta.connection, "down": down})
    monkeypatch.setattr(_live, "_settings", settings)
    lost = [(provider, id_, {**outs, "connection": "down"}) for provider, id_, outs in resources if "asset" in outs]

    for one in lost:
        with pytest.raises(Failure, match="Settings used: connection down"):
            read([one])

    assert len(read(resources)) == 8
    assert counted(meta) == {USERS: 1}


def test_the_first_list_that_is_asked_for_brings_those_that_the_stack_declares(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources = people(meta, 2)
    begun(meta, monkeypatch)
    declared = {"main": frozenset({"identities", "roles", "business", "tier"})}
    settings = Settings("dev", "2026-05", offline=False, connections={"main": meta.connection}, declares=declared)
    monkeypatch.setattr(_live, "_settings", settings)

    read(resources[:1])
    join_what_reads_ahead()

    business, app = meta.connection.business_id, meta.connection.app_id
    listed = {f"{business}/business_users": 1, f"{business}/pending_users": 1, f"{app}/roles": 1, business: 1}
    assert counted(meta) == {USERS: 1, **listed, str(meta.connection.tier_probe): 1}


@pytest.mark.parametrize(("users", "calls"), [(1, {"DescribeSecret": 1}), (2, {"ListSecrets": 1})])
def test_with_a_second_system_user_the_secrets_are_listed_before_the_first_token_is_asked_for(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, users: int, calls: dict[str, int]
) -> None:
    resources = people(meta, users)
    found = [one for one in resources if isinstance(one[0], SystemUserProvider)]
    held = tokens(meta, users)
    begun(meta, monkeypatch)

    read([(provider, id_, {**outs, "stack": OWNER}) for provider, id_, outs in found])
    join_what_reads_ahead()
    assert {outs["freshness"] for outs in read(held)} == {"current"}

    assert counted(meta) == {USERS: 1, **calls}


def join_what_reads_ahead() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("ahead-"):
            thread.join(10)


# --- after a write -------------------------------------------------------------------------------


def test_a_write_makes_the_next_read_of_its_user_a_new_one_under_four_threads(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(meta, 4)
    resources = assignments(meta, 4, 6)
    begun(meta, monkeypatch)
    read(resources)

    def widen(one: Resource) -> list[str]:
        provider, id_, outs = one
        asked = {name: value for name, value in outs.items() if name != "kept"}
        provider.update(id_, outs, {**asked, "tasks": ["ADVERTISE"]})
        found = provider.read(id_, {**outs, "tasks": ["ADVERTISE"]}).outs
        assert found is not None
        return sorted(found["tasks"])

    with ThreadPoolExecutor(4) as workers:
        assert list(workers.map(widen, resources[:12])) == [["ADVERTISE"]] * 12

    # Those of whom nothing was written are read no more.
    assert [outs["tasks"] for outs in read(resources[12:])] == [["ANALYZE"]] * 12
    written = {f"{user(n)}/assigned_ad_accounts" for n in (0, 1)}
    assert {path for path in counted(meta) if path.endswith("assigned_ad_accounts")} == written


def test_writes_about_a_user_let_no_look_at_its_other_assignments_ask_anew(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An update looks at some assignments while it writes others, in whatever order the engine comes to them."""
    people(meta, 1)
    written, *others = assignments(meta, 1, 4)
    begun(meta, monkeypatch)
    read(others[:1])
    lists = {f"{user(0)}/assigned_ad_accounts": 1}
    assert {path: calls for path, calls in counted(meta).items() if path in lists} == lists

    provider, id_, outs = written
    asked = {name: value for name, value in outs.items() if name != "kept"}
    provider.update(id_, outs, {**asked, "tasks": ["ADVERTISE"]})
    assert [outs["tasks"] for outs in read(others)] == [["ANALYZE"]] * 3
    assert {path: calls for path, calls in counted(meta).items() if path in lists} == lists

    [seen] = read([written])
    assert seen["tasks"] == ["ADVERTISE", "ANALYZE"]


def test_a_user_that_was_made_since_is_in_the_next_list(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    people(meta, 2)
    meta.change_app(tier="standard_access")
    begun(meta, monkeypatch)
    reads = _live.live("main").reads
    assert len(reads.system_users()) == 3

    made = SystemUserProvider().create({**named(9), "name": "late", "role": "EMPLOYEE"})

    assert made.id in {row.id for row in reads.system_users()}
    assert reads.assigned(made.id, "ad_account") == {}


def test_a_first_update_asks_little_more_than_it_writes(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine checks one resource after another: what a check asks of Meta, all others wait for."""
    meta.change_app(tier="standard_access")
    with meta.edit() as world:
        world.ad_accounts += [Asset(account(n), account(n), BUSINESS) for n in range(2)]
    begun(meta, monkeypatch)
    declared = {"main": frozenset({"identities"})}
    settings = Settings("dev", "2026-05", offline=False, connections={"main": meta.connection}, declares=declared)
    monkeypatch.setattr(_live, "_settings", settings)
    users, apps = SystemUserProvider(), AppInstallationProvider()
    grants, gates = AssetAssignmentProvider(), SystemUserAppAccessProvider()

    made = []
    for n in range(3):
        news = users.check({}, {**named(n), "name": f"user-{n}", "role": "EMPLOYEE"}).inputs
        made.append(users.create(news).id)
        of_user = {**named(n), "system_user_id": made[-1]}
        apps.create(apps.check({}, of_user).inputs)
        join_what_reads_ahead()
        for asset in (account(0), account(1)):
            asked = {**of_user, "label": f"{n}-{asset}", "asset": asset, "tasks": ["ANALYZE"]}
            grants.create(grants.check({}, asked).inputs)
        gates.create(gates.check({}, of_user).inputs)

    assert counted(meta) == {
        USERS: 1 + 3,  # the list, and three creates
        str(meta.connection.tier_probe): 1,
        **{f"{user_id}/applications": 1 for user_id in made},
        **{f"{user_id}/assigned_apps": 1 for user_id in made},
        **{f"{asset}/assigned_users": 3 for asset in (account(0), account(1))},
    }


# --- secrets -------------------------------------------------------------------------------------


def stale(meta: EmulatedMeta, writes: int = 1) -> None:
    meta.emulator.faults.add(service="secretsmanager", kind="stale", operation="ListSecrets", writes=writes)


def test_a_role_that_may_not_list_describes_each_secret(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    people(meta, 3)
    resources = tokens(meta, 3)
    told: dict[str, Any] = {
        "status": 400,
        "headers": {"Content-Type": "application/x-amz-json-1.1"},
        "body": {"__type": "AccessDeniedException", "message": "not authorized to perform: secretsmanager:ListSecrets"},
    }
    meta.emulator.faults.add(service="secretsmanager", kind="http", operation="ListSecrets", times=None, **told)
    begun(meta, monkeypatch)

    assert [outs["freshness"] for outs in read(resources)] == ["current"] * 3

    assert counted(meta) == {"DescribeSecret": 3, "ListSecrets": 1}


def test_what_a_list_shows_otherwise_than_the_state_is_described(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(meta, 3)
    resources = tokens(meta, 3)
    provider, arn, outs = resources[2]
    resources[2] = (provider, arn, {**outs, "generation": 2, "version_id": "another"})
    begun(meta, monkeypatch)

    found = read(resources[:2]) + read(resources[2:])

    assert [one["freshness"] for one in found] == ["current", "current", "edited by hand: moved back to generation 1"]
    assert counted(meta) == {"DescribeSecret": 2, "ListSecrets": 1}


def test_what_is_due_by_its_date_is_seen_in_a_list_as_well(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    people(meta, 3)
    resources = tokens(meta, 3)
    meta.emulator.clock.advance(45 * 86_400)
    begun(meta, monkeypatch)

    found = read(resources)

    assert {outs["freshness"][:30] for outs in found} == {"rotation due: expires 2027-01-"}


def test_a_list_that_lags_hides_an_order_from_a_look_and_not_from_the_runs_of_commands_nor_from_an_update(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(meta, 2)
    resources = tokens(meta, 2)
    arns = [arn for _, arn, _ in resources]
    for arn in arns:
        provisioned.retag(meta, arn, {"ended": "1"})
    stale(meta)
    begun(meta, monkeypatch)
    assert [read([one])[0]["freshness"] for one in resources] == [ENDED, "current"]
    acted = SystemUserTokenProvider().today(resources[1][2], acting=True)
    begun(meta, monkeypatch)
    monkeypatch.setenv(DESCRIBE_VARIABLE, "1")
    found = read(resources)

    assert acted["freshness"] == ENDED
    assert [one["freshness"] for one in found] == [ENDED, ENDED]
    assert counted(meta) == {"DescribeSecret": 2}


ENDED = "rotation due: generation 1 has ended at Meta"


def test_an_update_describes_what_a_list_has_shown(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    people(meta, 2)
    resources = tokens(meta, 2)
    begun(meta, monkeypatch)
    for one in resources:
        read([one])
    provider, arn, outs = resources[1]
    assert counted(meta) == {"DescribeSecret": 1, "ListSecrets": 1}

    provider.update(arn, outs, {**outs, "grace": "48h"})

    assert counted(meta) == {"DescribeSecret": 2, "ListSecrets": 1}
