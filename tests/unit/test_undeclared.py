"""What a preview says of access that no line declares: counted, bounded in time, and never in a preview's way."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from meta_access import access, findings, undeclared
from meta_access.findings import Undeclared
from meta_access.stack.connections import settings_of
from meta_access.stack.files import config_of
from meta_access.stack.load import load_stack
from meta_emulator.world import Assignment
from tests.unit.emulated import NOW, EmulatedMeta, begin_process

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_emulator.embedded import MetaEmulator

DEV = Path(__file__).resolve().parents[2] / "stacks" / "Pulumi.dev.yaml"
SHOP, OTHER, ACME = "act_104320000000501", "act_104320000000502", "act_205550000000601"
USER = "122090000000901"
READ = ["ANALYZE"]
WHO = "`meta-access who` shows more."


@pytest.fixture
def meta(unit_emulator: MetaEmulator, monkeypatch: pytest.MonkeyPatch) -> EmulatedMeta:
    """The starting world, in which stack dev's user has what it declares."""
    found = EmulatedMeta(unit_emulator)
    begin_process(found, monkeypatch)
    monkeypatch.delenv("META_ACCESS_OFFLINE", raising=False)
    found.add_system_user(USER, "reporting")
    with found.edit() as world:
        world.assignments = [
            Assignment(SHOP, USER, READ),
            Assignment("102930000000801", USER, READ),
            Assignment(ACME, USER, READ),
        ]
    return found


@pytest.fixture
def seen(meta: EmulatedMeta) -> Callable[..., Undeclared]:
    """What a preview of stack dev sees; keys of `meta:` may be changed."""
    values: dict[str, Any] = copy.deepcopy(config_of(DEV))
    connection = values["meta:connections"]["main"]
    connection["graph_url"], connection["aws"]["endpoint_url"] = meta.emulator.graph_url, meta.emulator.aws_url

    def look(users: dict[str, str] | None = None, held: tuple[tuple[str, str], ...] = (), **changes: Any) -> Undeclared:
        whole = {**values, **{f"meta:{key}": value for key, value in changes.items()}}
        texts = {key: one if isinstance(one, str) else json.dumps(one) for key, one in whole.items()}
        stack = load_stack(texts, "dev", Path("nowhere"), now=NOW)
        meta.forget_calls()
        known = {"reporting": USER} if users is None else users
        return undeclared.in_brief(stack, settings_of(stack.spec), known, held)

    return look


def give(meta: EmulatedMeta, asset: str, user: str) -> None:
    with meta.edit() as world:
        world.assignments.append(Assignment(asset, user, list(READ)))


def test_a_stack_whose_access_is_declared_has_nothing_to_say(seen: Callable[..., Undeclared]) -> None:
    found = seen()

    assert found == Undeclared()
    assert access.sentence(found) == ""


def test_what_somebody_gave_by_hand_is_counted_by_client(seen: Callable[..., Undeclared], meta: EmulatedMeta) -> None:
    meta.add_system_user("122090000000777", "old tool")
    give(meta, SHOP, "122090000000777")
    give(meta, OTHER, USER)

    found = seen()

    assert found == Undeclared({"lindenhof": 1, "": 1})
    assert access.sentence(found) == f"Undeclared access: 2 (assets of no client 1, lindenhof 1). {WHO}"
    # Users with what they have, people, the groups; of ad accounts and Pages also the partners.
    assert len(meta.calls) == 5
    assert meta.writes == []


def test_entries_of_ignore_that_ended_or_fit_nothing_are_named(seen: Callable[..., Undeclared]) -> None:
    entry = {"holder": "9", "reason": "Migration", "person": "nadia"}

    found = seen(ignore=[{**entry, "until": "2026-11-24"}, {**entry, "until": "2027-01-01"}])

    assert found == Undeclared(ended=("ignore[0]",), unused=("ignore[1]",))
    assert access.sentence(found) == (
        f"Entries of ignore that have ended: ignore[0]. Entries of ignore that fit nothing: ignore[1]. {WHO}"
    )


def test_a_list_that_is_not_shown_is_named_and_its_rest_counted(
    seen: Callable[..., Undeclared], meta: EmulatedMeta
) -> None:
    give(meta, OTHER, USER)
    meta.refuse("GET", ".*/business_users", 200)

    found = seen()

    assert found == Undeclared({"": 1}, unread=("178000000000101/business_users",))
    assert "not shown, so nothing in them is counted: 178000000000101/business_users." in access.sentence(found)


def test_a_throttle_is_one_reason_and_ends_in_time(seen: Callable[..., Undeclared], meta: EmulatedMeta) -> None:
    meta.refuse("GET", ".*/system_users", 17, "Too many calls.")
    began = meta.monotonic()

    found = seen()

    assert (found.clients, meta.monotonic() - began <= undeclared.BOUND_S) == ({}, True)
    assert access.sentence(found).startswith("Undeclared access was not looked for: ")


def test_after_its_time_nothing_more_is_sent(meta: EmulatedMeta) -> None:
    client = meta.client(meta.connection).within(5)
    client.get("me", {"fields": "id"})
    meta.sleep(5)
    meta.forget_calls()

    with pytest.raises(Exception, match="the time for such reads is over"):
        client.get("me", {"fields": "id"})
    assert meta.calls == []


def test_a_stack_without_assets_and_identities_asks_nobody(seen: Callable[..., Undeclared], meta: EmulatedMeta) -> None:
    assert seen(clients={}, identities={}, apps=_without_permissions()) == Undeclared()
    assert meta.calls == []


def test_a_renamed_identity_is_known_by_its_key_of_before(seen: Callable[..., Undeclared], meta: EmulatedMeta) -> None:
    clients = {"lindenhof": {"access": "own", "assets": {SHOP: {"insights": READ}}}}
    identities = {"insights": {"use_case": "read_reports", "renamed_from": "reporting"}}
    with meta.edit() as world:
        world.assignments = world.assignments[:1]

    assert seen(clients=clients, identities=identities) == Undeclared()


def test_what_this_change_takes_away_is_a_loss_and_not_undeclared(
    seen: Callable[..., Undeclared], meta: EmulatedMeta
) -> None:
    clients = {"lindenhof": {"access": "own", "assets": {SHOP: {"reporting": READ}}}}
    with meta.edit() as world:
        world.assignments[0].tasks = ["ADVERTISE", "ANALYZE", "MANAGE"]

    found = seen(clients=clients, held=((USER, SHOP), (USER, ACME)))

    # The Page is in no state; of the account, what somebody added is drift, and counted as well.
    assert found == Undeclared({"lindenhof": 1, "": 1})


def _without_permissions() -> dict[str, Any]:
    apps: dict[str, Any] = config_of(DEV)["meta:apps"]
    return {"ads": {**apps["ads"], "permissions": {}}}


def test_a_review_finds_what_the_program_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "findings.jsonl"
    monkeypatch.setenv("META_ACCESS_FINDINGS", str(file))
    noted = Undeclared({"acme": 2, "": 1}, ("ignore[0]",), (), ("1/business_users",), "")

    findings.undeclared(noted)
    file.write_text(file.read_text() + '{"finding": "undeclared", "clients": 3}\n')

    assert [one.undeclared for one in findings.read(file)] == [noted]
