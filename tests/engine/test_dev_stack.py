"""The dev stack as a newcomer meets it: created, unchanged, drifted, destroyed, created again within the quota."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.engine import lindenhof
from tests.engine.lindenhof import ACME, PAGE, SHOP

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project


def test_the_first_up_provisions_and_the_second_changes_nothing(dev: Project, emulator: RunningEmulator) -> None:
    first = dev.up()
    assert first.code == 0, first.stdout
    assert lindenhof.users(emulator) == ["reporting"]
    assert lindenhof.tasks(emulator, SHOP) == {"reporting": ["ANALYZE"]}
    assert lindenhof.tasks(emulator, ACME) == {"reporting": ["ANALYZE"]}
    assert lindenhof.tasks(emulator, PAGE) == {"reporting": ["ANALYZE"]}
    assert [token["scopes"] for token in lindenhof.live_tokens(emulator)] == [["ads_read"]]
    outputs = dev.outputs()
    assert re.fullmatch(
        r"arn:aws:secretsmanager:eu-central-1:\d{12}:secret:meta/dev/reporting/[0-9a-f]{8}-\w{6}",
        outputs["secrets"]["reporting"]["arn"],
    )
    assert outputs["secrets"]["reporting"]["fingerprint"].startswith("sha256:")
    assert outputs["gates"] == {
        "ads-app-roles": "pending_human",
        "ads-ads_read": "satisfied",
        "ads-redirect-uris": "unverifiable",
        "ads-tier": "satisfied",
        "lindenhof-verification": "pending_human",
        "reporting-app-access": "satisfied",
        "acme-share-act_205550000000601": "satisfied",
    }

    file = dev.stack_file.read_bytes()
    emulator.forget_calls()
    second = dev.up("--expect-no-changes")
    assert second.code == 0, second.stdout
    assert set(second.ops.values()) == {"same"}
    assert lindenhof.writes(emulator) == []
    assert dev.stack_file.read_bytes() == file
    assert dev.preview("--expect-no-changes").code == 0


@pytest.mark.provisioned
def test_destroy_ends_everything_and_up_takes_the_retired_slot_again(dev: Project, emulator: RunningEmulator) -> None:
    # Three lives: the second one takes a slot that was never retired before, the third one that was.
    for life in range(3):
        if life > 0:
            up = dev.up()
            assert up.code == 0, up.stdout
        arn = dev.outputs()["secrets"]["reporting"]["arn"]
        down = dev.destroy()
        assert down.code == 0, down.stdout

        assert lindenhof.live_tokens(emulator) == []
        assert "DeletedDate" in emulator.secrets().describe_secret(SecretId=arn)
        assert emulator.world()["assignments"] == []
        [left] = lindenhof.users(emulator)
        assert left.startswith("unused ")


def test_a_preview_tells_of_a_second_user_that_the_quota_refuses(dev: Project, emulator: RunningEmulator) -> None:
    emulator.create_system_user("somebody-else")

    preview = dev.preview()

    assert preview.code == 0, preview.stdout
    told = next(line for line in preview.stdout.splitlines() if "1 system user (reporting) cannot be created" in line)
    assert "will be refused at `pulumi up`" in told
    assert "somebody-else" in told
    assert "2026-11" in told
    assert "Traceback" not in preview.stdout


@pytest.mark.provisioned
def test_every_resource_shows_what_was_changed_by_hand_and_puts_it_right(
    dev: Project, emulator: RunningEmulator
) -> None:
    world = emulator.world()
    for user in world["system_users"]:
        if user["name"] == "reporting":
            user["name"] = "renamed by hand"
    for row in world["assignments"]:
        if row["asset_id"] == SHOP:
            row["tasks"] = ["MANAGE", "ADVERTISE", "ANALYZE"]
    world["apps"][0]["settings"]["app_domains"] = ["elsewhere.example"]
    [ines] = [person for person in world["people"] if person["name"] == "ines"]
    ines["businesses"] = {"178000000000101": "ADMIN"}
    emulator.put_world(world)
    emulator.act("unshare", asset=ACME)
    emulator.act("withdraw-app", user="renamed by hand")

    preview = dev.preview("--diff")
    assert preview.code == 0, preview.stdout
    assert lindenhof.shows(preview.stdout, "name", "renamed by hand", "reporting")
    assert preview.ops["lindenhof-reporting-act_104320000000501"] == "update"
    assert preview.ops["acme-reporting-act_205550000000601"] == "update"
    assert preview.ops["acme-share-act_205550000000601"] == "update"
    assert preview.ops["reporting-app-access"] == "update"
    assert lindenhof.shows(preview.stdout, "state", "no access", "as declared")
    assert lindenhof.shows(preview.stdout, "role", "ADMIN", "EMPLOYEE")
    assert re.search(r'"elsewhere.example" => "lindenhof.example"', preview.stdout)
    assert "~ 7 to update" in preview.stdout

    up = dev.up()
    assert up.code != 0
    assert "is not shared" in up.stdout
    assert lindenhof.users(emulator) == ["reporting"]
    assert lindenhof.tasks(emulator, SHOP) == {"reporting": ["ANALYZE"]}
    assert emulator.world()["apps"][0]["settings"]["app_domains"] == ["lindenhof.example"]
    assert [person["businesses"]["178000000000101"] for person in emulator.world()["people"]] == ["ADMIN", "EMPLOYEE"]

    emulator.act("share", asset=ACME, business="178000000000101")
    assert dev.up().code == 0
    assert lindenhof.tasks(emulator, ACME) == {"reporting": ["ANALYZE"]}


@pytest.mark.provisioned
def test_a_deleted_secret_is_made_again_and_the_old_token_is_accounted_for(
    dev: Project, emulator: RunningEmulator
) -> None:
    emulator.secrets().delete_secret(SecretId=dev.outputs()["secrets"]["reporting"]["arn"], RecoveryWindowInDays=7)

    assert dev.up().code == 0
    assert dev.preview("--expect-no-changes").code == 0

    assert len(lindenhof.live_tokens(emulator)) == 1
