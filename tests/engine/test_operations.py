"""The commands for a schedule and for an emergency, on the real engine: one project for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine import lindenhof
from tests.engine.commands import DAY_S, run, values

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project


@pytest.mark.provisioned
def test_due_tokens_are_rotated_and_all_are_revoked_while_another_resource_fails(
    dev: Project, emulator: RunningEmulator
) -> None:
    arn = dev.outputs()["secrets"]["reporting"]["arn"]
    assert run(dev, "rotate", "--due")[0] == 0

    emulator.clock(advance_s=41 * DAY_S)
    # What every plain `up` of this stack now stumbles over: the assigned users of an ad account cannot be read.
    emulator.fault("graph", method="GET", path="assigned_users$", code=100, times=None)
    code, told, said = run(dev, "rotate", "--due")

    assert code == 0, said
    assert (told["acted"], told["failed"]) == (["reporting"], False)
    assert [row["freshness"] for row in told["tokens"]] == ["current"]
    payload = values(emulator, arn)
    assert payload["generation"] == 2
    assert payload["access_token"] not in said

    # The emergency, in the same stack: the credential is another user's, so this one's tokens all die at Meta,
    # once a successor has shown that another can be made.
    before = {token["fingerprint"] for token in lindenhof.live_tokens(emulator)}
    code, told, said = run(dev, "revoke", "--all", "--yes")

    assert code == 0, said
    [row] = told["secrets"]
    assert (row["name"], row["generation"], row["served"], row["left"]) == ("reporting", 4, True, "")
    assert len(told["users"]) == 1
    assert f"whoever holds generation 2 of secret {row['secret']}" in said
    after = {token["fingerprint"] for token in lindenhof.live_tokens(emulator)}
    assert after == {values(emulator, arn)["fingerprint"]}
    assert not after & before
    # Once carried out it is over: nothing is due.
    assert run(dev, "rotate", "--due")[0] == 0

    # One token by its identity's name: the successor is current before the old one ends, and no other token is touched.
    code, told, said = run(dev, "revoke", "reporting", "--yes")
    assert code == 0, said
    assert (told["secrets"][0]["generation"], told["users"]) == (5, [])
    assert {token["fingerprint"] for token in lindenhof.live_tokens(emulator)} == {values(emulator, arn)["fingerprint"]}
