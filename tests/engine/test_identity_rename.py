"""A key under `meta:identities` is renamed: with `renamed_from` nothing is deleted, without it the preview warns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.engine import lindenhof
from tests.engine.commands import DAY_S, command, run, values
from tests.engine.templates import Beginning

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project


def renamed(config: dict[str, Any], **more: str) -> dict[str, Any]:
    """The stack with its identity called `insights`."""
    clients = {
        name: {**client, "assets": {asset: {"insights": "read"} for asset in client["assets"]}}
        for name, client in config["meta:clients"].items()
    }
    identities = {"insights": {**config["meta:identities"]["reporting"], **more}}
    return {**config, "meta:identities": identities, "meta:clients": clients}


def raise_tier(emulator: RunningEmulator) -> None:
    """Make room for a second system user."""
    world = emulator.world()
    world["apps"][0]["tier"] = "standard_access"
    emulator.put_world(world)


def tiered(emulator: RunningEmulator) -> dict[str, Any]:
    """The dev stack where there is room for a second system user."""
    config = lindenhof.config(emulator)
    config["meta:apps"]["ads"]["tier"] = "full"
    return config


UP = pytest.mark.provisioned(Beginning(name="tiered", config=tiered, before=raise_tier))


@UP
def test_a_renamed_identity_keeps_its_user_and_its_readers_have_the_grace(
    provisioned: Project, emulator: RunningEmulator
) -> None:
    config, stack = tiered(emulator), provisioned
    old = stack.resources("SystemUserToken")["reporting"]["outputs"]
    [user] = stack.resources(":SystemUser").values()
    tasks = lindenhof.tasks(emulator, lindenhof.SHOP)

    stack.configure(renamed(config, renamed_from="reporting"))
    preview = stack.preview()
    assert preview.code == 0, preview.stdout
    # The component has no life of its own: its name comes and goes.
    assert {change for change in preview.changes if not change.startswith("update ")} == {
        "create SystemIdentity insights",
        "delete SystemIdentity reporting",
    }
    assert f"Secret {old['secret_name']} is left by identity insights, which was reporting" in preview.stdout
    up = stack.up()
    assert up.code == 0, up.stdout

    assert [one["id"] for one in stack.resources(":SystemUser").values()] == [user["id"]]
    assert lindenhof.users(emulator) == ["insights"]
    assert lindenhof.tasks(emulator, lindenhof.SHOP) == {"insights": tasks["reporting"]}
    new = stack.resources("SystemUserToken")["insights"]["outputs"]
    assert new["secret_name"] == old["secret_name"].replace("reporting", "insights")
    # Readers of either secret have a live token.
    alive = {token["fingerprint"] for token in lindenhof.live_tokens(emulator)}
    assert alive >= {old["fingerprint"], new["fingerprint"]}
    assert values(emulator, old["arn"])["state"] == "active"
    assert stack.preview("--expect-no-changes").code == 0

    emulator.clock(advance_s=2 * DAY_S)
    assert stack.up().code == 0
    assert [token["fingerprint"] for token in lindenhof.live_tokens(emulator)] == [new["fingerprint"]]
    # The line may go once it has done its work.
    stack.configure(renamed(config))
    again = stack.preview("--expect-no-changes")
    assert again.code == 0, again.stdout


@UP
def test_without_a_word_of_the_rename_the_preview_says_whose_readers_lose_access(
    provisioned: Project, emulator: RunningEmulator
) -> None:
    config, stack = tiered(emulator), provisioned
    secret = stack.resources("SystemUserToken")["reporting"]["outputs"]["secret_name"]

    stack.configure(renamed(config))
    preview = stack.preview()

    assert preview.code == 0, preview.stdout
    lines = [line for line in preview.stdout.splitlines() if f"Secret {secret} " in line]
    assert lines
    assert all("its readers lose access" in line for line in lines)
    assert all("write `renamed_from: reporting` under its new key" in line for line in lines)


def test_an_adopted_user_goes_on_under_its_new_key_and_the_old_secret_lives_through_its_grace(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    raise_tier(emulator)
    config = tiered(emulator)
    emulator.create_system_user("reporting")
    [user] = [one["id"] for one in emulator.world()["system_users"] if one["name"] == "reporting"]
    config["meta:identities"]["reporting"]["adopt"] = user
    stack = make_project(config=config)
    assert stack.up().code == 0
    old = stack.resources("SystemUserToken")["reporting"]["outputs"]

    stack.configure(renamed(config))
    preview = stack.preview()
    assert preview.code == 0, preview.stdout
    assert "leaves it to identity insights, which has its user, and ends it after its grace" in preview.stdout
    up = stack.up()
    assert up.code == 0, up.stdout

    assert f"kept at Meta as insights (id {user})" in up.stdout
    new = stack.resources("SystemUserToken")["insights"]["outputs"]
    assert {one["fingerprint"] for one in lindenhof.live_tokens(emulator)} == {old["fingerprint"], new["fingerprint"]}
    code, told, said = run(stack, "orphans")
    assert (code, told["orphans"], told["doubtful"]) == (0, [], []), said
    assert stack.preview("--expect-no-changes").code == 0

    # The schedule ends it, and a destroy would end both.
    emulator.clock(advance_s=2 * DAY_S)
    due = command(stack, "rotate", "--due")
    assert due.returncode == 0, due.stderr
    assert [one["fingerprint"] for one in lindenhof.live_tokens(emulator)] == [new["fingerprint"]]
    assert emulator.secrets().describe_secret(SecretId=old["arn"])["DeletedDate"]
    assert stack.preview("--expect-no-changes").code == 0


def test_a_rename_that_is_undone_within_the_grace_mints_nothing_and_ends_nothing(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    raise_tier(emulator)
    # A random suffix would be another one, and so would the secret.
    config = {**tiered(emulator), "meta:token_defaults": {"secret": "meta/{environment}/{identity}"}}
    emulator.create_system_user("reporting")
    [user] = [one["id"] for one in emulator.world()["system_users"] if one["name"] == "reporting"]
    config["meta:identities"]["reporting"]["adopt"] = user
    stack = make_project(config=config)
    assert stack.up().code == 0
    stack.configure(renamed(config))
    assert stack.up().code == 0
    before = {one["fingerprint"] for one in lindenhof.live_tokens(emulator)}
    assert len(before) == 2

    stack.configure(config)
    undone = stack.up()
    assert undone.code == 0, undone.stdout

    assert {one["fingerprint"] for one in lindenhof.live_tokens(emulator)} == before
    assert stack.resources("SystemUserToken")["reporting"]["outputs"]["generation"] == 1
    # A destroy ends both at once, the one in its grace too.
    ended = stack.destroy()
    assert ended.code == 0, ended.stdout
    assert lindenhof.live_tokens(emulator) == []
