"""What a sweep finds of a stack's secrets and system users at the emulated Meta and AWS, and what it ends of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.cli import pulumi_stack
from meta_access.cli.pulumi_stack import StackReadError
from meta_access.cli.tokens import orphan_sweep
from meta_access.cli.tokens.orphan_sweep import Known, Line, SweepResult, known_of
from meta_access.cli.tokens.orphans import LiveSweep
from meta_emulator.world import App, AppAccess, Business, Installation, SystemUser
from tests.texts import lacks
from tests.unit.cli.provisioned import admin_token, goes, living, names, retag, schedule_deletion, tags, token, users
from tests.unit.cli.states import other, resource, state
from tests.unit.emulated import secrets

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from meta_access.stack.connections import Connection
    from tests.unit.emulated import EmulatedMeta

BASE = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/dev/"
ROOT, OLD, OTHER = "122090000000301", "122090000000777", "122090000000778"
# What the state of the stack holds, unless a test says otherwise: resources, and their id.
HERE = Known(ids=frozenset({"one"}))


@pytest.fixture
def meta(lindenhof: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> EmulatedMeta:
    """Two users that have the app, and a backend that holds no other stack."""
    users(lindenhof, {OLD: "reporting", OTHER: "insights"})
    backend(monkeypatch)
    return lindenhof


def backend(monkeypatch: pytest.MonkeyPatch, **states: dict[str, Any]) -> None:
    """The other stacks of the backend."""
    monkeypatch.setattr(pulumi_stack, "listed", lambda: list(states))
    monkeypatch.setattr(pulumi_stack, "export", lambda name: states[name])


def secret(meta: EmulatedMeta, name: str, user_id: str = OTHER, *, stack_id: str = "one", former: str = "") -> str:
    """A secret that this stack has made, with a token in it; its ARN."""
    arn, _ = token(meta, f"meta/dev/{name}", user_id, stack_id=stack_id)
    if former:
        retag(meta, arn, {"former-users": former})
    return arn


def sweep(
    meta: EmulatedMeta,
    known: Known,
    agreed: Collection[str] = (),
    connections: Iterable[Connection] = (),
) -> SweepResult:
    """A sweep of a process of its own."""
    return orphan_sweep.sweep(connections or [meta.connection], known, LiveSweep("meta-access", "dev"), agreed)


def kept(*arns: str) -> Known:
    """A state that holds these secrets."""
    return replace(HERE, arns=frozenset(arns))


def known_by(lines: list[Line]) -> list[tuple[str, str]]:
    return [(line.name, line.id) for line in lines]


def test_a_state_tells_its_secrets_its_users_and_its_ids() -> None:
    token = resource(
        "SystemUserToken",
        "reporting",
        id_=f"{BASE}old-AAAAAA",
        arn=f"{BASE}new-BBBBBB",
        leaving=[{"arn": f"{BASE}x-CCCCCC"}],
        stack_id="one",
    )
    user = resource("SystemUser", "a", id_="7", stack_id="two")

    token["outputs"]["claim"] = "c1"
    assert known_of(state(token, user, other("a:b:C", "else", arn=f"{BASE}foreign-DDDDDD", stack_id="three"))) == Known(
        arns=frozenset({f"{BASE}old-AAAAAA", f"{BASE}new-BBBBBB", f"{BASE}x-CCCCCC"}),
        claims=frozenset({"c1"}),
        users=frozenset({"7"}),
        ids=frozenset({"one", "two"}),
        resources=True,
    )


def test_a_state_without_our_resources_is_known_for_that() -> None:
    assert known_of({"version": 3, "deployment": {}}) == Known(resources=False)
    assert known_of(state(other("random:index/randomId:RandomId", "suffix"))) == Known(resources=False)
    # What a killed run began and never recorded is a resource of this stack all the same.
    assert known_of(state(pending=[resource("SystemUser", "a", id_="")])).resources


def test_nothing_is_ended_before_somebody_agrees(meta: EmulatedMeta) -> None:
    here, lost = secret(meta, "kept"), secret(meta, "lost")

    found = sweep(meta, kept(here))

    assert known_by(found.orphans) == [("meta/dev/lost", lost)]
    assert lacks(found.orphans[0].text, f"system user {OTHER}") == []
    assert (goes(meta, lost), living(meta, OTHER), found.done) == (False, 2, False)


def test_a_secret_that_was_left_to_a_token_of_the_state_is_no_orphan(meta: EmulatedMeta) -> None:
    left = secret(meta, "left")

    found = sweep(meta, replace(HERE, claims=frozenset({tags(meta, left)["claim"]})), {left})

    assert (goes(meta, left), found.orphans, found.done) == (False, [], True)


def test_only_what_was_agreed_to_is_ended(meta: EmulatedMeta) -> None:
    here, lost, second = (secret(meta, name) for name in ("kept", "lost", "other"))

    found = sweep(meta, kept(here), {lost})

    assert [goes(meta, arn) for arn in (here, lost, second)] == [False, True, False]
    assert living(meta, OTHER) == 2
    assert known_by(found.ended) == [("meta/dev/lost", lost)]
    assert lacks(found.ended[0].text, "meta/dev/lost", "generation 1") == []
    assert known_by(found.orphans) == [("meta/dev/other", second)]
    assert not found.done


def test_a_state_without_our_resources_proves_nothing_whatever_was_agreed(meta: EmulatedMeta) -> None:
    lost = secret(meta, "lost", former=MARKED)

    found = sweep(meta, Known(resources=False), {lost, OLD})

    assert (goes(meta, lost), living(meta, OTHER), names(meta)[OLD]) == (False, 1, "reporting")
    assert known_by(found.left) == [("meta/dev/lost", lost)]
    assert lacks(found.left[0].text, "state of this stack", "pulumi up") == []
    assert not found.done


def test_a_secret_with_another_stack_id_is_another_owner_s_and_is_never_ended(meta: EmulatedMeta) -> None:
    theirs = secret(meta, "theirs", stack_id="two")

    found = sweep(meta, HERE, {theirs})

    assert (goes(meta, theirs), living(meta, OTHER)) == (False, 1)
    assert known_by(found.foreign) == [("meta/dev/theirs", theirs)]
    assert lacks(found.foreign[0].text, "another stack", "stack id, two") == []
    assert found.done


def test_a_secret_that_another_stack_of_the_backend_holds_is_left_alone(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = secret(meta, "moved")
    backend(monkeypatch, tok=state(resource("SystemUserToken", "t", id_=moved, arn=moved)))

    found = sweep(meta, HERE, {moved})

    assert (goes(meta, moved), living(meta, OTHER)) == (False, 1)
    assert known_by(found.elsewhere) == [("meta/dev/moved", moved)]
    assert lacks(found.elsewhere[0].text, "stack tok", "pulumi up") == []
    assert found.done


def test_a_secret_without_an_id_is_ended_only_when_it_is_named(meta: EmulatedMeta) -> None:
    old = secret(meta, "old", stack_id="")

    found = sweep(meta, HERE)

    assert (known_by(found.doubtful), found.orphans) == ([("meta/dev/old", old)], [])
    assert lacks(found.doubtful[0].text, f"system user {OTHER}", "no stack id") == []
    assert not goes(meta, old)
    assert sweep(meta, HERE, {old}).done
    assert (goes(meta, old), living(meta, OTHER)) == (True, 0)


def test_a_state_of_an_older_version_has_no_id_to_compare_with_so_only_a_name_is_enough(meta: EmulatedMeta) -> None:
    lost = secret(meta, "lost")

    found = sweep(meta, Known())

    assert (known_by(found.doubtful), found.orphans) == ([("meta/dev/lost", lost)], [])
    assert lacks(found.doubtful[0].text, "no resource of this state has a stack id") == []
    assert sweep(meta, Known(), {lost}).done


def test_a_stack_that_could_not_be_looked_into_leaves_a_doubt(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_name: str) -> Any:
        raise StackReadError("no such checkpoint")

    lost = secret(meta, "lost")
    backend(monkeypatch, tok={})
    monkeypatch.setattr(pulumi_stack, "export", fails)

    found = sweep(meta, HERE)

    assert (known_by(found.doubtful), found.orphans) == ([("meta/dev/lost", lost)], [])
    assert lacks(found.doubtful[0].text, "tok: no such checkpoint") == []


def test_the_other_stacks_are_looked_into_only_when_something_seems_left_behind(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> list[str]:
        raise AssertionError

    monkeypatch.setattr(pulumi_stack, "listed", busy)
    here, _ = secret(meta, "kept"), secret(meta, "theirs", stack_id="two")

    assert sweep(meta, kept(here)).done


def test_one_that_cannot_be_ended_is_left_and_the_others_are_ended(meta: EmulatedMeta) -> None:
    busy, lost = secret(meta, "busy", OLD), secret(meta, "lost")
    # Meta neither ends the token of the first one nor says whether it is dead.
    meta.emulator.faults.add(kind="graph", method="GET", path="oauth/revoke$", code=10, times=1)
    meta.emulator.faults.add(kind="graph", method="GET", path="debug_token$", code=10, nth=2, times=1)

    found = sweep(meta, HERE, {busy, lost})

    assert known_by(found.left) == [("meta/dev/busy", busy)]
    assert lacks(found.left[0].text, "generation 1", "Meta did not say") == []
    assert known_by(found.ended) == [("meta/dev/lost", lost)]
    assert [goes(meta, busy), goes(meta, lost)] == [False, True]
    assert [living(meta, OLD), living(meta, OTHER)] == [1, 0]
    assert not found.done


def test_a_secret_is_ended_by_the_connection_of_its_app_and_once(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Meta gives a system user another id for each app.
    app, admin, employee = "120480000000202", "122090000000402", "122090000000403"
    with meta.edit() as world:
        business = world.businesses[0].id
        world.apps.append(App(app, "Lindenhof Second", business_id=business))
        world.system_users.append(SystemUser(admin, "boss", "ADMIN", business, app_id=app))
        world.system_users.append(SystemUser(employee, "other", "EMPLOYEE", business, app_id=app))
        world.app_access.append(AppAccess(employee, app))
        world.installations.append(Installation(employee, app))
    monkeypatch.setenv("META_SECOND_SECRET", meta.emulator.secret_of(app))
    monkeypatch.setenv("META_SECOND_TOKEN", admin_token(meta, admin, app).get_secret_value())
    second = replace(
        meta.connection,
        name="second",
        app_id=app,
        app_secret="env:META_SECOND_SECRET",
        admin_token="env:META_SECOND_TOKEN",
    )
    lost, _ = token(meta, "meta/dev/lost", employee, connection=second, stack_id="one")

    found = sweep(meta, HERE, {lost}, [meta.connection, second])

    # Meta ends a token for its own app alone.
    assert (goes(meta, lost), living(meta, employee)) == (True, 0)
    assert known_by(found.ended) == [("meta/dev/lost", lost)]


def test_a_secret_with_the_credential_in_use_is_left_and_not_called_ended(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = secret(meta, "lost", ROOT)
    aws = meta.connection.aws
    held = json.loads(secrets(aws.region, aws.endpoint_url).get_secret_value(SecretId=lost)["SecretString"])
    monkeypatch.setenv("META_ADMIN_TOKEN", held["access_token"])

    found = sweep(meta, HERE, {lost}, [replace(meta.connection, admin_token="env:META_ADMIN_TOKEN")])

    assert (known_by(found.ended), known_by(found.left)) == ([], [("meta/dev/lost", lost)])
    assert (goes(meta, lost), living(meta, ROOT), found.done) == (False, 2, False)


def test_a_secret_of_an_app_that_no_connection_acts_for_is_left(meta: EmulatedMeta) -> None:
    lost = secret(meta, "lost")
    retag(meta, lost, {"app-id": "1"})

    found = sweep(meta, HERE, {lost})

    assert known_by(found.left) == [("meta/dev/lost", lost)]
    assert lacks(found.left[0].text, "no connection", "app 1") == []
    assert (goes(meta, lost), living(meta, OTHER)) == (False, 1)


def test_what_waits_for_its_deletion_is_listed_with_the_date(meta: EmulatedMeta) -> None:
    gone = secret(meta, "gone")
    schedule_deletion(meta, gone)

    found = sweep(meta, HERE)

    assert known_by(found.scheduled) == [("meta/dev/gone", gone)]
    assert lacks(found.scheduled[0].text, "2026-12-01T08:00:00Z", "up") == []
    assert living(meta, OTHER) == 1
    assert found.done


def test_retired_users_are_listed_once_per_business(meta: EmulatedMeta) -> None:
    meta.add_system_user("122090000000779", "unused alder-1a2b")

    found = sweep(meta, HERE, (), [meta.connection, replace(meta.connection, name="second")])

    assert known_by(found.retired) == [("unused alder-1a2b", "122090000000779")]
    assert lacks(found.retired[0].text, "id 122090000000779", "EMPLOYEE", "business 178000000000101") == []


# --- system users whose resource is gone --------------------------------------------------------------------------

# sha256("reporting"), its first 16 hex digits; likewise of "root"
DIGEST, OF_ROOT = "637d7becb9983937", "4813494d137e1631"
MARKED = f"{OLD}={DIGEST}"


def test_a_user_whose_tokens_have_ended_is_listed_before_it_is_retired(meta: EmulatedMeta) -> None:
    here = secret(meta, "kept", former=f"{OTHER} {MARKED}")

    found = sweep(meta, kept(here))

    assert known_by(found.orphans) == [("reporting", OLD)]
    assert lacks(found.orphans[0].text, f"id {OLD}") == []
    assert (names(meta)[OLD], tags(meta, here)["former-users"]) == ("reporting", f"{OTHER} {MARKED}")
    assert not found.done


def test_a_user_that_another_stack_holds_is_left_alone(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    here = secret(meta, "kept", former=MARKED)
    backend(monkeypatch, tok=state(resource("SystemUser", "u", id_=OLD)))

    found = sweep(meta, kept(here), {OLD})

    assert known_by(found.elsewhere) == [("reporting", OLD)]
    assert lacks(found.elsewhere[0].text, "stack tok", f"id {OLD}") == []
    assert (names(meta)[OLD], tags(meta, here)["former-users"], found.done) == ("reporting", MARKED, True)


def test_a_user_whose_tokens_have_ended_is_retired_and_forgotten(meta: EmulatedMeta) -> None:
    here = secret(meta, "kept", former=f"{OTHER} {MARKED}")

    found = sweep(meta, kept(here), {OLD})

    now = names(meta)
    assert now[OLD].startswith("unused ")
    assert (now[OTHER], now[ROOT]) == ("insights", "root")
    assert known_by(found.withdrawn) == [("reporting", OLD)]
    assert lacks(found.withdrawn[0].text, f"id {OLD}", now[OLD]) == []
    assert tags(meta, here)["former-users"] == OTHER
    assert found.done


def test_a_user_with_a_token_in_grace_anywhere_in_the_stack_is_work_left(meta: EmulatedMeta) -> None:
    here = secret(meta, "kept", OLD, former=MARKED)
    second, claim = token(meta, "meta/dev/other", OLD, stack_id="one")
    token(meta, "meta/dev/other", OLD, stack_id="one", claim=claim, keepers={"round": "2"})

    found = sweep(meta, kept(here, second), {OLD})

    assert (names(meta)[OLD], tags(meta, here)["former-users"], found.done) == ("reporting", MARKED, False)
    assert known_by(found.left) == [("reporting", OLD)]
    assert (
        lacks(
            found.left[0].text,
            f"id {OLD}",
            "generation 1 of secret meta/dev/kept",
            "generation 1, 2 of secret meta/dev/other",
            "pulumi up",
            "meta-access rotate --due",
        )
        == []
    )


def test_a_user_that_the_state_has_again_or_that_is_retired_already_is_only_forgotten(meta: EmulatedMeta) -> None:
    here = secret(meta, "kept", former=MARKED)
    known = kept(here)

    assert sweep(meta, replace(known, users=frozenset({OLD})), {"x"}).withdrawn == []
    assert (names(meta)[OLD], tags(meta, here)["former-users"]) == ("reporting", "")

    retag(meta, here, {"former-users": MARKED})
    with meta.edit() as world:
        next(one for one in world.system_users if one.id == OLD).name = "unused alder-1a2b"
    assert sweep(meta, known, {"x"}).withdrawn == []
    assert (names(meta)[OLD], tags(meta, here)["former-users"]) == ("unused alder-1a2b", "")


def test_a_user_of_another_name_is_somebody_else_s_by_now(meta: EmulatedMeta) -> None:
    here = secret(meta, "kept", former=MARKED)
    with meta.edit() as world:
        next(one for one in world.system_users if one.id == OLD).name = "billing"

    found = sweep(meta, kept(here))

    assert known_by(found.withdrawn) == [("billing", OLD)]
    assert lacks(found.withdrawn[0].text, "kept", f"id {OLD}", "another name") == []
    assert (names(meta)[OLD], found.done) == ("billing", True)


def test_a_user_that_cannot_be_retired_is_work_left(meta: EmulatedMeta) -> None:
    here = secret(meta, "kept", former=f"{ROOT}={OF_ROOT}")

    found = sweep(meta, kept(here), {ROOT})

    assert known_by(found.left) == [("root", ROOT)]
    assert lacks(found.left[0].text, f"system user {ROOT}", "credential in use") == []
    assert (names(meta)[ROOT], tags(meta, here)["former-users"]) == ("root", f"{ROOT}={OF_ROOT}")
    assert not found.done


def test_the_mark_in_a_secret_that_goes_counts_and_stays(meta: EmulatedMeta) -> None:
    gone = secret(meta, "gone", former=MARKED)
    schedule_deletion(meta, gone)

    found = sweep(meta, HERE, {OLD})

    assert names(meta)[OLD].startswith("unused ")
    assert (tags(meta, gone)["former-users"], found.done) == (MARKED, True)


def test_a_user_that_a_listed_secret_alone_still_holds_is_listed_with_it(meta: EmulatedMeta) -> None:
    lost = secret(meta, "lost", OLD, former=MARKED)

    assert known_by(sweep(meta, HERE).orphans) == [("meta/dev/lost", lost), ("reporting", OLD)]
    # Agreed for the user alone, the secret stays and so does the user.
    assert known_by(sweep(meta, HERE, {OLD}).left) == [("reporting", OLD)]
    assert (goes(meta, lost), living(meta, OLD), names(meta)[OLD]) == (False, 1, "reporting")
    assert sweep(meta, HERE, {OLD, lost}).done
    assert (goes(meta, lost), living(meta, OLD)) == (True, 0)
    assert names(meta)[OLD].startswith("unused ")


def test_a_user_that_a_connection_does_not_list_is_another_business_s(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    business, admin, app = "178000000000102", "122090000000302", meta.app.id
    with meta.edit() as world:
        world.businesses.append(Business(business, "Lindenhof Süd"))
        world.apps[0].permissions["business_management"] = "live"
        world.system_users.append(SystemUser(admin, "boss", "ADMIN", business, app_id=app))
        next(one for one in world.system_users if one.id == OLD).business_id = business
    monkeypatch.setenv("META_SECOND_TOKEN", admin_token(meta, admin, app).get_secret_value())
    here = secret(meta, "kept", former=MARKED)
    second = replace(meta.connection, name="second", business_id=business, admin_token="env:META_SECOND_TOKEN")

    found = sweep(meta, kept(here), {OLD}, [meta.connection, second])

    assert known_by(found.withdrawn) == [("reporting", OLD)]
    assert names(meta)[OLD].startswith("unused ")


def test_a_connection_that_cannot_be_reached_is_work_left_and_stops_no_other(meta: EmulatedMeta) -> None:
    lost = secret(meta, "lost")
    denied = {"__type": "AccessDeniedException", "Message": "No."}
    meta.emulator.faults.add(kind="http", operation="ListSecrets", status=400, body=denied, times=1)

    found = sweep(meta, HERE, {lost}, [meta.connection, replace(meta.connection, name="second")])

    assert [line.name for line in found.unseen] == ["main"]
    assert known_by(found.ended) == [("meta/dev/lost", lost)]
    assert (goes(meta, lost), living(meta, OTHER), found.done) == (True, 0, False)


def test_nothing_left_is_done() -> None:
    assert SweepResult().done
