"""Renaming, moving, replacing and targeting end nothing live."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine import lindenhof
from tests.engine.lindenhof import SHOP
from tests.engine.templates import Beginning

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

PROGRAM = """
class Team(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("stranger:team:Team", name)

parent = {parent}
alias = {alias}

def opts(old):
    aliases = [pulumi.Alias(name=old, parent=pulumi.ROOT_STACK_RESOURCE)] if alias else None
    return pulumi.ResourceOptions(parent=parent, aliases=aliases)

user = meta.SystemUser("user", connection="main", name="reporting")
installed = meta.AppInstallation("{prefix}installed", connection="main", system_user_id=user.id, opts=opts("installed"))
meta.AssetAssignment(
    "{prefix}shop",
    connection="main",
    system_user_id=user.id,
    asset="act_104320000000501",
    tasks=["ANALYZE"],
    opts=opts("shop"),
)
token = meta.SystemUserToken(
    "{prefix}token", connection="main", system_user_id=user.id, scopes=["ads_read"], secret_name="meta/dev/stranger",
    opts=pulumi.ResourceOptions.merge(opts("token"), pulumi.ResourceOptions(depends_on=[installed])),
)
pulumi.export("arn", token.arn)
pulumi.export("generation", token.generation)
"""


def text(*, prefix: str = "", parent: str = "None", alias: bool = False) -> str:
    return lindenhof.program(PROGRAM.format(prefix=prefix, parent=parent, alias=alias))


UP = pytest.mark.provisioned(Beginning(name="stranger", program=text()))


@pytest.fixture
def stranger(provisioned: Project) -> Project:
    """The program above, which is up."""
    return provisioned


def state_of_things(emulator: RunningEmulator) -> dict[str, Any]:
    return {
        "users": lindenhof.users(emulator),
        "shop": lindenhof.tasks(emulator, SHOP),
        "tokens": [token["fingerprint"] for token in lindenhof.live_tokens(emulator)],
    }


@UP
@pytest.mark.parametrize(
    "change",
    [
        {"prefix": "new-"},
        {"prefix": "new-", "alias": True},
        {"parent": 'Team("ads")'},
        {"parent": 'Team("ads")', "alias": True},
    ],
    ids=["renamed", "renamed with alias", "moved into a component", "moved with alias"],
)
def test_a_renamed_or_moved_resource_ends_nothing(
    stranger: Project, emulator: RunningEmulator, change: dict[str, Any]
) -> None:
    before = state_of_things(emulator)
    stranger.program(text(**change))

    up = stranger.up()
    assert up.code == 0, up.stdout

    assert state_of_things(emulator) == before
    assert stranger.outputs()["generation"] == 1
    assert stranger.preview("--expect-no-changes").code == 0


@UP
def test_replace_of_everything_ends_nothing(stranger: Project, emulator: RunningEmulator) -> None:
    before = state_of_things(emulator)
    urns = [entry["urn"] for entry in stranger.resources().values() if "dynamic/meta:" in entry["type"]]
    assert len(urns) == 4

    up = stranger.up(*(part for urn in urns for part in ("--replace", urn)))
    assert up.code == 0, up.stdout

    assert state_of_things(emulator) == before
    assert stranger.preview("--expect-no-changes").code == 0


UNSEEN = """
def delete_first(args):
    first = pulumi.ResourceOptions(delete_before_replace=True)
    return pulumi.ResourceTransformResult(args.props, pulumi.ResourceOptions.merge(args.opts, first))

pulumi.runtime.register_resource_transform(delete_first)
"""


def test_replace_ends_nothing_with_options_that_only_the_engine_sees(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    stranger = make_project(program=lindenhof.program(UNSEEN) + text(), config=lindenhof.config(emulator))
    assert stranger.up().code == 0
    before = state_of_things(emulator)
    urns = [entry["urn"] for entry in stranger.resources().values() if "dynamic/meta:" in entry["type"]]

    up = stranger.up(*(part for urn in urns for part in ("--replace", urn)))
    assert up.code == 0, up.stdout

    assert "delete-replaced" in str(up.events)
    assert state_of_things(emulator) == before


@UP
def test_target_leaves_the_rest_alone(stranger: Project, emulator: RunningEmulator) -> None:
    before = state_of_things(emulator)
    [urn] = [entry["urn"] for name, entry in stranger.resources().items() if name == "shop"]

    assert stranger.up("--target", urn).code == 0

    assert state_of_things(emulator) == before


@UP
def test_a_lost_state_takes_over_what_this_stack_made(
    stranger: Project, emulator: RunningEmulator, make_project: Callable[..., Project]
) -> None:
    before = state_of_things(emulator)
    program = text().replace('name="reporting")', f'name="reporting", adopt="{user_id(emulator)}")')
    again = make_project(program=program, config=lindenhof.config(emulator), name="again")

    up = again.up()
    assert up.code == 0, up.stdout

    assert state_of_things(emulator) == before


def user_id(emulator: RunningEmulator) -> str:
    [found] = [user["id"] for user in emulator.world()["system_users"] if user["name"] == "reporting"]
    return str(found)


@UP
def test_a_renamed_system_user_resource_is_told_to_adopt_and_ends_nothing(
    stranger: Project, emulator: RunningEmulator
) -> None:
    before = state_of_things(emulator)
    emulator.clock(advance_s=25 * 3600)
    stranger.program(text().replace('meta.SystemUser("user"', 'meta.SystemUser("renamed"'))

    up = stranger.up()

    assert up.code != 0
    assert f'adopt: "{user_id(emulator)}"' in up.stdout
    assert state_of_things(emulator) == before


@UP
def test_taint_state_delete_and_removal_end_nothing_and_mint_nothing_more(
    stranger: Project, emulator: RunningEmulator
) -> None:
    before = state_of_things(emulator)
    urn = stranger.resources()["token"]["urn"]

    tainted = stranger.up("--target-replace", urn)
    assert tainted.code == 0, tainted.stdout
    assert state_of_things(emulator) == before

    # The state forgets the token, and the next up finds it in its secret.
    assert stranger.run("state", "delete", urn, "--yes", "--stack", stranger.stack).code == 0
    found = stranger.up()
    assert found.code == 0, found.stdout
    assert state_of_things(emulator) == before

    assert stranger.preview("--expect-no-changes").code == 0

    # Taken out in one commit and put back in the next: the secret waits for its deletion, and is restored.
    stranger.program(text().partition("token = meta.SystemUserToken")[0])
    removed = stranger.up()
    assert removed.code == 0, removed.stdout
    assert lindenhof.live_tokens(emulator) == []
    stranger.program(text())
    again = stranger.up()
    assert again.code == 0, again.stdout
    assert len(lindenhof.live_tokens(emulator)) == 1
    assert stranger.outputs()["generation"] == 3
    assert stranger.preview("--expect-no-changes").code == 0


@UP
def test_two_tokens_that_swap_their_secrets_are_refused_until_each_takes_over_and_nothing_ends(
    stranger: Project, emulator: RunningEmulator
) -> None:
    other = """
meta.SystemUserToken(
    "other", connection="main", system_user_id=user.id, scopes=["ads_read"], secret_name="meta/dev/other",
    opts=pulumi.ResourceOptions(depends_on=[installed]),
)
"""
    stranger.program(text() + other)
    assert stranger.up().code == 0
    before = state_of_things(emulator)
    assert len(before["tokens"]) == 2

    swapped = (text() + other).replace("meta/dev/other", "X").replace("meta/dev/stranger", "meta/dev/other")
    swapped = swapped.replace('"X"', '"meta/dev/stranger"')
    stranger.program(swapped)
    up = stranger.up()

    assert up.code != 0
    assert "has claimed it since" in up.stdout
    assert state_of_things(emulator) == before
    # Undone, everything is as it was.
    stranger.program(text() + other)
    assert stranger.up().code == 0
    assert state_of_things(emulator) == before
    assert stranger.preview("--expect-no-changes").code == 0

    # Said on purpose, one after the other: each has the other's secret, and the token in it.
    taking = 'scopes=["ads_read"], take_over_from="meta-access/dev",'
    stranger.program(swapped.replace('scopes=["ads_read"],', taking))
    assert stranger.up("--parallel", "1").code == 0
    assert "secret:meta/dev/other" in stranger.outputs()["arn"]
    assert state_of_things(emulator) == before
    stranger.program(swapped)
    assert stranger.up().code == 0
    assert stranger.preview("--expect-no-changes").code == 0
    assert state_of_things(emulator) == before


@UP
def test_a_renamed_stack_is_another_owner_until_it_takes_over(stranger: Project, emulator: RunningEmulator) -> None:
    before = state_of_things(emulator)
    renamed = stranger.run("stack", "rename", "live", "--stack", stranger.stack)
    assert renamed.code == 0, renamed.stdout
    file = stranger.stack_file
    stranger.stack = "live"
    if file.is_file() and not stranger.stack_file.is_file():
        file.rename(stranger.stack_file)

    up = stranger.up()
    assert up.code == 0, up.stdout

    assert state_of_things(emulator) == before
    assert stranger.preview("--expect-no-changes").code == 0


@UP
def test_an_interrupted_update_a_failed_and_a_postponed_delete_end_in_one_token(
    stranger: Project, emulator: RunningEmulator
) -> None:
    # Interrupted as by Ctrl-C, while Meta mints: the engine lets what is under way come to its end.
    emulator.fault("latency", ms=1500)
    stranger.program(
        text().replace('secret_name="meta/dev/stranger"', 'secret_name="meta/dev/stranger", keepers={"r": "2"}')
    )
    at_work = stranger.start("up", "--yes", "--skip-preview", "--stack", stranger.stack)
    emulator.forget_calls()
    emulator.wait_for_call("graph", "access_tokens", method="POST")
    os.kill(at_work.pid, signal.SIGINT)
    printed, _ = at_work.communicate(timeout=120)
    emulator.clear_faults()
    assert at_work.returncode != 0, printed
    up = stranger.up()
    assert up.code == 0, up.stdout
    assert stranger.outputs()["generation"] == 2
    assert len(lindenhof.live_tokens(emulator)) == 2
    assert stranger.preview("--expect-no-changes").code == 0

    # A replacement whose old half is still to be deleted, as an engine leaves it that died in between.
    state = stranger.export()
    [kept] = [entry for entry in state["deployment"]["resources"] if entry["urn"].endswith("::token")]
    state["deployment"]["resources"].append({**kept, "delete": True})
    stranger.write("state.json", json.dumps(state))
    assert stranger.run("stack", "import", "--file", "state.json", "--stack", stranger.stack).code == 0
    before = state_of_things(emulator)
    up = stranger.up()
    assert up.code == 0, up.stdout
    assert state_of_things(emulator) == before
    assert [entry for entry in stranger.export()["deployment"]["resources"] if entry.get("delete")] == []

    # Removed while Meta does not answer: the delete fails and is kept, and the next up carries it out.
    stranger.program(text().partition("token = meta.SystemUserToken")[0])
    emulator.fault("http", method="GET", path="oauth/revoke|debug_token", status=500, body="", times=99)
    failed = stranger.up()
    assert failed.code != 0
    assert "The secret is kept" in failed.stdout
    assert state_of_things(emulator) == before
    emulator.clear_faults()
    assert stranger.up().code == 0
    assert lindenhof.live_tokens(emulator) == []
    assert stranger.preview("--expect-no-changes").code == 0


@UP
def test_a_state_that_was_lost_is_imported_again_from_its_last_export(
    stranger: Project, emulator: RunningEmulator, make_project: Callable[..., Project]
) -> None:
    before = state_of_things(emulator)
    entries = [entry for entry in stranger.resources().values() if "dynamic/meta:" in entry["type"]]
    again = make_project(program=text(), config=lindenhof.config(emulator), name="again")

    # By id alone the engine sends a dynamic provider nothing that it could be made from.
    token = next(entry for entry in entries if entry["urn"].endswith("::token"))
    by_id = again.run("import", token["type"], "token", token["id"], "--yes", "--stack", again.stack)
    assert by_id.code != 0
    assert "__provider" in by_id.stdout

    rows = [
        {"type": entry["type"], "name": entry["urn"].rsplit("::", 1)[-1], "id": entry["id"],
         "inputs": entry["inputs"], "outputs": entry["outputs"]}
        for entry in entries
    ]  # fmt: skip
    again.write("import.json", json.dumps({"resources": rows}))
    words = ("import", "--file", "import.json", "--yes", "--protect=false", "--generate-code=false")
    imported = again.run(*words, "--stack", again.stack)
    assert imported.code == 0, imported.stdout

    up = again.up()
    assert up.code == 0, up.stdout
    assert state_of_things(emulator) == before
    assert again.outputs()["generation"] == 1
    assert again.preview("--expect-no-changes").code == 0


PARTS = """
class Part(pulumi.ComponentResource):
    def __init__(self, kind, name):
        super().__init__(f"stranger:index:{kind}", name)
        below = pulumi.ResourceOptions(parent=self)
        user = meta.SystemUser("user", connection="main", name=name, opts=below)
        app = meta.AppInstallation("app", connection="main", system_user_id=user.id, opts=below)
        meta.AssetAssignment(
            "shop", connection="main", system_user_id=user.id, asset="act_104320000000501", tasks=["ANALYZE"],
            opts=below,
        )
        meta.SystemUserToken(
            "token", connection="main", system_user_id=user.id, scopes=["ads_read"], secret_name=f"meta/dev/{name}",
            opts=pulumi.ResourceOptions(parent=self, depends_on=[app]),
        )


for kind in KINDS:
    Part(kind, kind.lower())
"""


def without_paths(project: Project) -> None:
    """Make the state one of a version that knew a resource by its name alone."""
    state = project.export()
    for entry in state["deployment"]["resources"]:
        for bag in ("inputs", "outputs"):
            entry.get(bag, {}).pop("path", None)
    project.write("state.json", json.dumps(state))
    assert project.run("stack", "import", "--file", "state.json", "--stack", project.stack).code == 0


def ids(emulator: RunningEmulator) -> dict[str, str]:
    return {user["name"]: user["id"] for user in emulator.world()["system_users"] if user["role"] == "EMPLOYEE"}


def test_children_of_one_name_in_two_components_are_kept_apart(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    config = lindenhof.config(emulator)
    config["meta:apps"]["ads"]["tier"] = "full"
    emulator.act("approve", name="tier")
    program = lindenhof.program(PARTS)
    parts = make_project(program=program.replace("KINDS", '["Reading"]'), config=config)
    assert parts.up().code == 0
    first = ids(emulator)["reading"]
    without_paths(parts)
    assert parts.preview("--expect-no-changes").code == 0

    parts.program(program.replace("KINDS", '["Trading", "Reading"]'))
    up = parts.up()
    assert up.code == 0, up.stdout
    users, tokens = ids(emulator), [token["fingerprint"] for token in lindenhof.live_tokens(emulator)]
    assert (users["reading"], len({users["reading"], users["trading"]}), len(tokens)) == (first, 2, 2)
    assert parts.preview("--expect-no-changes").code == 0

    resources = parts.export()["deployment"]["resources"]
    urns = [entry["urn"] for entry in resources if "dynamic/meta:" in entry["type"]]
    assert len(urns) == 8
    replaced = parts.up(*(part for urn in urns for part in ("--replace", urn)))
    assert replaced.code == 0, replaced.stdout
    assert ids(emulator) == users
    assert [token["fingerprint"] for token in lindenhof.live_tokens(emulator)] == tokens


TWINS = """
user = meta.SystemUser("user", connection="main", name="reporting")
app = meta.AppInstallation("app", connection="main", system_user_id=user.id)


class Part(pulumi.ComponentResource):
    def __init__(self, name, scopes):
        super().__init__(f"stranger:index:{name}", name)
        meta.SystemUserToken(
            "token", connection="main", system_user_id=user.id, scopes=scopes, secret_name="meta/dev/one",
            opts=pulumi.ResourceOptions(parent=self, depends_on=[app]),
        )


for name in NAMES:
    Part(name, {"reading": ["ads_read"], "trading": ["ads_management", "ads_read"]}[name])
"""


def test_two_tokens_of_one_secret_are_refused_whichever_comes_first(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    def named(*names: str) -> str:
        return lindenhof.program(TWINS.replace("NAMES", repr(names)))

    parts = make_project(program=named("reading", "trading"), config=lindenhof.config(emulator))
    up = parts.up()
    assert up.code != 0
    assert "resources token (in reading) and token (in trading) represent the same token" in up.stdout
    assert "Traceback" not in up.stdout
    assert lindenhof.live_tokens(emulator) == []

    parts.program(named("reading"))
    assert parts.up().code == 0
    before = lindenhof.live_tokens(emulator)
    parts.program(named("trading", "reading"))
    assert parts.up().code != 0
    assert lindenhof.live_tokens(emulator) == before
