"""`orphans` on the real engine: what is listed, what is left alone, and what a consent ends.

Also of a system user whose token has moved to another one: kept while that token is in grace, retired afterwards.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine import lindenhof
from tests.engine.commands import DAY_S, command, run
from tests.engine.templates import Beginning

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

PROGRAM = """
user = meta.SystemUser("{name}", connection="main", name="{name}")
installed = meta.AppInstallation("{name}", connection="main", system_user_id=user.id)
token = meta.SystemUserToken(
    "token", connection="main", system_user_id=user.id, scopes=["ads_read"], secret_name="meta/dev/reporting",
    opts=pulumi.ResourceOptions(depends_on=[installed]),
)
"""
UP = pytest.mark.provisioned(Beginning(name="orphans", program=lindenhof.program(PROGRAM.format(name="a"))))


def test_a_user_left_by_its_token_is_retired_after_the_grace(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    world = emulator.world()
    world["apps"][0]["tier"] = "standard_access"
    emulator.put_world(world)
    stack = make_project(
        program=lindenhof.program(PROGRAM.format(name="old")), config=lindenhof.config(emulator), name="stranger"
    )
    assert stack.up().code == 0
    [old] = [user["id"] for user in emulator.world()["system_users"] if user["name"] == "old"]
    # Nothing is left behind yet.
    assert run(stack, "orphans")[:2] == (0, NOTHING)

    stack.program(lindenhof.program(PROGRAM.format(name="new")))
    moved = stack.up()
    assert moved.code == 0, moved.stdout
    assert "`meta-access orphans` retires it afterwards." in moved.stdout
    assert sorted(lindenhof.users(emulator)) == ["new", "old"]
    code, told, said = run(stack, "orphans")
    assert code == 2, said
    assert told["left"] == [
        {
            "name": "old",
            "id": old,
            "text": f"kept until its tokens end (id {old}): generation 1 of secret meta/dev/reporting. After the grace "
            "`pulumi up` or `meta-access rotate --due` ends them",
        }
    ]

    emulator.clock(advance_s=2 * DAY_S)
    assert stack.up().code == 0
    assert len(lindenhof.live_tokens(emulator)) == 1
    code, told, said = run(stack, "orphans")
    assert (code, [line["name"] for line in told["orphans"]]) == (2, ["old"]), said
    assert sorted(lindenhof.users(emulator)) == ["new", "old"]
    code, told, said = run(stack, "orphans", "old", "--yes")
    assert (code, told["left"], told["ended"]) == (0, [], []), said
    [line] = told["withdrawn"]
    assert (line["name"], line["text"].startswith(f"retired: id {old} is now called unused ")) == ("old", True)
    assert [name.split(" ")[0] for name in sorted(lindenhof.users(emulator))] == ["new", "unused"]
    assert run(stack, "orphans")[1]["withdrawn"] == []


@UP
def test_a_token_that_the_state_forgot_is_listed_and_ends_after_consent_only(
    provisioned: Project, emulator: RunningEmulator
) -> None:
    stack = provisioned
    arn, urn = (stack.resources("SystemUserToken")["token"][key] for key in ("id", "urn"))
    assert stack.run("state", "delete", urn, "--yes", "--stack", stack.stack).code == 0

    for words in (("orphans",), ("orphans", "--end")):
        code, told, said = run(stack, *words)
        assert (code, [line["id"] for line in told["orphans"]]) == (2, [arn]), said
    assert len(lindenhof.live_tokens(emulator)) == 1

    code, told, said = run(stack, "orphans", arn, "--yes")
    assert (code, [line["id"] for line in told["ended"]]) == (0, [arn]), said
    assert lindenhof.live_tokens(emulator) == []


@UP
def test_a_token_that_was_moved_to_another_stack_is_no_orphan(provisioned: Project, emulator: RunningEmulator) -> None:
    stack = provisioned
    arn, urn = (stack.resources("SystemUserToken")["token"][key] for key in ("id", "urn"))
    assert stack.run("stack", "init", "tok", "--secrets-provider", "passphrase").code == 0
    moved = stack.run("state", "move", "--source", "dev", "--dest", "tok", "--yes", urn)
    assert moved.code == 0, moved.stdout

    code, told, said = run(stack, "orphans")
    assert (code, [line["id"] for line in told["elsewhere"]]) == (0, [arn]), said
    assert command(stack, "orphans", arn, "--yes").returncode == 1
    assert len(lindenhof.live_tokens(emulator)) == 1


def test_two_stacks_of_one_name_in_two_backends_are_two_owners(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    world = emulator.world()
    world["apps"][0]["tier"] = "standard_access"
    emulator.put_world(world)
    one = make_project(program=lindenhof.program(PROGRAM.format(name="a")), config=lindenhof.config(emulator), name="1")
    program = lindenhof.program(PROGRAM.format(name="b").replace("meta/dev/reporting", "meta/dev/other"))
    two = make_project(program=program, config=lindenhof.config(emulator), name="2")
    assert one.up().code == 0
    assert two.up().code == 0

    code, told, said = run(one, "orphans")

    assert (code, [line["name"] for line in told["foreign"]]) == (0, ["meta/dev/other"]), said
    assert command(one, "orphans", "meta/dev/other", "--yes").returncode == 1
    assert len(lindenhof.live_tokens(emulator)) == 2


@UP
def test_an_older_state_previews_unchanged_and_gets_its_id_with_the_next_write(
    provisioned: Project, emulator: RunningEmulator
) -> None:
    stack = provisioned
    state = stack.export()
    for entry in state["deployment"]["resources"]:
        entry.get("outputs", {}).pop("stack_id", None)
    stack.write("state.json", json.dumps(state))
    assert stack.run("stack", "import", "--file", "state.json", "--stack", stack.stack).code == 0

    preview = stack.preview("--expect-no-changes", "--diff")
    assert preview.code == 0, preview.stdout
    assert "stack_id" not in preview.stdout
    up = stack.up("--expect-no-changes")
    assert up.code == 0, up.stdout

    emulator.clock(advance_s=45 * DAY_S)
    rotated = stack.up()
    assert rotated.code == 0, rotated.stdout
    token = stack.resources("SystemUserToken")["token"]
    described = emulator.secrets().describe_secret(SecretId=token["id"])
    tags = {tag["Key"]: tag["Value"] for tag in described["Tags"]}
    assert (token["outputs"]["generation"], tags["meta-tokens:stack-id"]) == (2, token["outputs"]["stack_id"])
    assert stack.preview("--expect-no-changes").code == 0


NOTHING: dict[str, list[Any]] = {
    "orphans": [],
    "doubtful": [],
    "ended": [],
    "left": [],
    "withdrawn": [],
    "foreign": [],
    "elsewhere": [],
    "scheduled": [],
    "retired": [],
    "unseen": [],
}
