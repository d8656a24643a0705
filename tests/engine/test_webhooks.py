"""An app's webhooks in a stack file: subscribed after the handshake, seen to drift, taken away; no token in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.callbacks import callback
from tests.engine import lindenhof

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

TOKEN = "verify-" + "me-" * 6


def test_webhooks_of_a_stack_file_live_and_end_with_it(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    def live() -> list[tuple[str, list[str]]]:
        return [(row["object"], row["fields"]) for row in emulator.world()["apps"][0]["subscriptions"]]

    with callback(TOKEN) as hook:
        config = lindenhof.config(emulator)
        row = {"callback_url": hook.url, "fields": ["connected", "ads_read"]}
        webhooks = {"verify_token": "env:META_VERIFY_TOKEN", "subscriptions": {"permissions": row}}
        config["meta:apps"]["ads"]["webhooks"] = webhooks
        project = make_project(config=config, env={"META_VERIFY_TOKEN": TOKEN})
        made = project.up()
        assert made.code == 0, made.stdout
        assert "create WebhookSubscription ads-permissions" in made.changes
        assert live() == [("permissions", ["ads_read", "connected"])]
        assert TOKEN not in made.stdout + project.everything_written()
        assert project.preview("--expect-no-changes").code == 0

        world = emulator.world()
        world["apps"][0]["subscriptions"][0]["fields"] = ["email"]
        emulator.put_world(world)
        drift = project.preview()
        assert "update WebhookSubscription ads-permissions" in drift.changes
        del config["meta:apps"]["ads"]["webhooks"]
        project.configure(config)
        gone = project.up()
        assert gone.code == 0, gone.stdout
        assert f"Meta no longer tells {hook.url} of permissions." in gone.stdout
        assert live() == []
