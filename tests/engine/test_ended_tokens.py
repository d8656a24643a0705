"""A token that a person ended at Meta, on the real engine: seen by the schedule, and renewed or the step named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine import lindenhof
from tests.engine.commands import command, run, values

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project


def end_tokens(emulator: RunningEmulator, user: str, *, take_the_app_off: bool) -> None:
    """What a person does in Business settings."""
    world = emulator.world()
    for token in world["tokens"]:
        if token["system_user_id"] == user and not token["revoked_at"]:
            token["revoked_at"] = world["now"]
    if take_the_app_off:
        world["installations"] = [row for row in world["installations"] if row["system_user_id"] != user]
    emulator.put_world(world)


@pytest.mark.provisioned
def test_a_token_that_has_ended_is_renewed_also_after_its_app_was_taken_off(
    dev: Project, emulator: RunningEmulator
) -> None:
    arn = dev.outputs()["secrets"]["reporting"]["arn"]
    [user] = [one["id"] for one in emulator.world()["system_users"] if one["name"] == "reporting"]

    end_tokens(emulator, user, take_the_app_off=False)
    code, told, said = run(dev, "rotate", "--due")
    assert (code, told["acted"]) == (0, ["reporting"]), said
    assert alive(emulator) == {values(emulator, arn)["fingerprint"]}

    # Nobody's decision is undone by a schedule that is about tokens alone; a whole up puts drift right.
    end_tokens(emulator, user, take_the_app_off=True)
    code, told, said = run(dev, "rotate", "--due")
    [row] = told["tokens"]
    assert (code, row["freshness"]) == (1, "rotation due: generation 2 has ended at Meta"), said
    assert f"If the app was taken off system user {user}, it has to be installed again first" in row["step"]
    assert "    rotation due: generation 2 has ended at Meta" in command(dev, "report").stdout
    page = command(dev, "report", "--html", "-").stdout
    assert "rotation due: generation 2 has ended at Meta</p>" in page
    assert '<code>act_104320000000501</code></th><td><i class="analyze">ANALYZE</i></td>' in page
    assert '<h1>Access of stack dev</h1><p class="soft">Environment dev. As the update of ' in page
    up = dev.up()
    assert up.code == 0, up.stdout
    assert f"is installed on system user {user} again" in up.stdout
    assert alive(emulator) == {values(emulator, arn)["fingerprint"]}
    assert run(dev, "rotate", "--due")[0] == 0


def alive(emulator: RunningEmulator) -> set[str]:
    return {token["fingerprint"] for token in lindenhof.live_tokens(emulator)}
