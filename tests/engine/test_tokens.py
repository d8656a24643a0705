"""SystemUserToken on the real engine: rotation by what changed and by time, and the predecessor's grace."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine import lindenhof

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

DAY_S = 86_400


def secret(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = project.outputs()["secrets"]["reporting"]
    return found


def current(project: Project, emulator: RunningEmulator) -> dict[str, Any]:
    """What a consumer reads."""
    value = emulator.secrets().get_secret_value(SecretId=secret(project)["arn"], VersionStage="AWSCURRENT")
    payload: dict[str, Any] = json.loads(value["SecretString"])
    return payload


@pytest.mark.provisioned
def test_a_consumer_reads_a_token_that_meta_honours(dev: Project, emulator: RunningEmulator) -> None:
    payload = current(dev, emulator)

    assert payload["state"] == "active"
    assert payload["generation"] == 1
    assert payload["fingerprint"] == secret(dev)["fingerprint"]
    assert [token["fingerprint"] for token in lindenhof.live_tokens(emulator)] == [payload["fingerprint"]]


@pytest.mark.provisioned
def test_new_scopes_rotate_and_the_predecessor_lives_through_its_grace(dev: Project, emulator: RunningEmulator) -> None:
    first = current(dev, emulator)["fingerprint"]
    dev.configure(
        lindenhof.config(
            emulator,
            identities={"reporting": {"use_case": "read_reports", "scopes": ["ads_read", "pages_show_list"]}},
            apps=apps_with(emulator, ["ads_read", "pages_show_list"]),
        )
    )

    assert dev.up().code == 0
    second = current(dev, emulator)["fingerprint"]
    assert second != first
    assert {token["fingerprint"] for token in lindenhof.live_tokens(emulator)} == {first, second}
    assert [row["generation"] for row in secret(dev)["superseded"]] == [1]

    emulator.clock(advance_s=2 * DAY_S)
    assert dev.up().code == 0
    assert [token["fingerprint"] for token in lindenhof.live_tokens(emulator)] == [second]
    assert dev.preview("--expect-no-changes").code == 0


def apps_with(emulator: RunningEmulator, permissions: list[str]) -> dict[str, Any]:
    apps: dict[str, Any] = lindenhof.config(emulator)["meta:apps"]
    apps["ads"]["permissions"] = {"standard": permissions}
    return apps


@pytest.mark.provisioned
def test_time_rotates_and_preview_says_so(dev: Project, emulator: RunningEmulator) -> None:
    expiry = secret(dev)["expires_at"][:10]
    emulator.clock(advance_s=41 * DAY_S)

    preview = dev.preview("--diff")
    assert preview.code == 0, preview.stdout
    assert lindenhof.shows(preview.stdout, "freshness", f"rotation due: expires {expiry}", "current")
    assert dev.up().code == 0

    assert secret(dev)["generation"] == 2
    assert dev.preview("--expect-no-changes").code == 0


@pytest.mark.provisioned
def test_a_revoked_token_is_replaced(dev: Project, emulator: RunningEmulator) -> None:
    world = emulator.world()
    for token in world["tokens"]:
        if token["issued_by"] == "api":
            token["revoked_at"] = world["now"]
    emulator.put_world(world)
    dev.configure(
        lindenhof.config(emulator, identities={"reporting": {"use_case": "read_reports", "keepers": {"why": "leak"}}})
    )

    assert dev.up().code == 0

    assert [token["fingerprint"] for token in lindenhof.live_tokens(emulator)] == [
        current(dev, emulator)["fingerprint"]
    ]
