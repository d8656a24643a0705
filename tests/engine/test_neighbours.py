"""A neighbour's trouble on the real engine: nothing hangs, a due token is rotated, and nothing is taken unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine import lindenhof
from tests.engine.templates import Beginning

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

DAY_S = 86_400
ENDS_WITHIN_S = 60.0
"""What hangs, hangs for ever; a run of these takes some five seconds."""

PROGRAM = """
user = meta.SystemUser("user", connection="main", name={name!r}, adopt={adopt!r})
app = meta.AppInstallation("app", connection="main", system_user_id=user.id)
shop = meta.AssetAssignment(
    "shop", connection="main", system_user_id=user.id, asset="act_104320000000501", tasks={tasks!r}
)
meta.SystemUserToken(
    "token", connection="main", system_user_id=user.id, scopes=["ads_read"], secret_name="meta/dev/reporting",
    opts=pulumi.ResourceOptions(depends_on=[app, shop]),
)
"""
NEW = """
anew = meta.SystemUser("anew", connection="main", name="anew")
its_app = meta.AppInstallation("anew", connection="main", system_user_id=anew.id)
meta.SystemUserToken(
    "anew", connection="main", system_user_id=anew.id, scopes=["ads_read"], secret_name="meta/dev/anew",
    opts=pulumi.ResourceOptions(depends_on=[its_app]),
)
"""


def program(*, name: str = "reporting", adopt: str | None = None, tasks: tuple[str, ...] = ("ANALYZE",)) -> str:
    return lindenhof.program(PROGRAM.format(name=name, adopt=adopt, tasks=list(tasks)))


UP = pytest.mark.provisioned(Beginning(name="neighbours", program=program()))


def generation(project: Project) -> int:
    return int(project.resources("SystemUserToken")["token"]["outputs"]["generation"])


@UP
def test_updates_that_are_refused_end_fail_and_leave_a_due_token_to_its_rotation(
    provisioned: Project, emulator: RunningEmulator
) -> None:
    """Each of them has dependents, behind which the engine would wait for ever (pulumi/pulumi#16373)."""
    project = provisioned
    refusals = {
        "renaming system user": program(name="reporters"),
        "and adopt names 61550000000001": program(adopt="61550000000001"),
        f"giving ADVERTISE on {lindenhof.SHOP}": program(tasks=("ADVERTISE", "ANALYZE")),
    }
    emulator.fault(
        "graph", service="graph", method="POST", path="system_users$", code=3972, message="(#3972) Taken.", times=50
    )
    closed = 'tasks=["ADVERTISE", "ANALYZE"], requires={"lindenhof-verification": "pending_human"}'
    before = generation(project)

    for why, text in refusals.items():
        project.program(text.replace("tasks=['ADVERTISE', 'ANALYZE']", closed))
        emulator.clock(advance_s=45 * DAY_S)

        refused = project.up(timeout_s=ENDS_WITHIN_S)

        assert refused.code != 0
        assert why in refused.stdout
        assert generation(project) > before
        before = generation(project)
    assert lindenhof.users(emulator) == ["reporting"]
    assert lindenhof.tasks(emulator, lindenhof.SHOP) == {"reporting": ["ANALYZE"]}

    project.program(program())
    assert project.up().code == 0
    assert "refused" not in project.resources("SystemUser")["user"]["outputs"]


def removed(emulator: RunningEmulator, name: str) -> None:
    """Somebody removes a system user in Business settings, and with it all that it had."""
    world = emulator.world()
    (id_,) = (row["id"] for row in world["system_users"] if row["name"] == name)
    for part, key in (
        ("system_users", "id"),
        ("installations", "system_user_id"),
        ("app_access", "system_user_id"),
        ("assignments", "user_id"),
        ("tokens", "system_user_id"),
    ):
        world[part] = [row for row in world[part] if row.get(key) != id_]
    emulator.put_world(world)


def narrowed(emulator: RunningEmulator, asset: str) -> None:
    """Somebody takes all tasks but one on an asset in Business settings."""
    world = emulator.world()
    for row in world["assignments"]:
        if row["asset_id"] == asset:
            row["tasks"] = ["ANALYZE"]
    emulator.put_world(world)


def test_what_is_gone_or_to_be_replaced_and_refused_hangs_nobody_and_heals(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    """Others of the state depend on it, behind a create that failed the engine would wait for ever."""
    ours = f"""
meta.SystemUserToken(
    "ours", connection="main", system_user_id="{lindenhof.ROOT}", scopes=["ads_read"], secret_name="meta/dev/ours",
    opts=pulumi.ResourceOptions(depends_on=[token]),
)
"""
    text = PROGRAM.replace("meta.SystemUserToken(", "token = meta.SystemUserToken(")
    whole = lindenhof.program(text.format(name="reporting", adopt=None, tasks=["ADVERTISE", "ANALYZE"]) + ours)
    project = make_project(program=whole, config=lindenhof.config(emulator))
    assert project.up().code == 0
    before = {name: entry.get("id") for name, entry in project.resources().items()}
    urns = {name: entry["urn"] for name, entry in project.resources().items()}

    def others(project: Project) -> int:
        return int(project.resources("SystemUserToken")["ours"]["outputs"]["generation"])

    # Asked for by name, each with dependents: the engine's own replacement.
    for name, path in (("app", "applications$"), ("shop", "assigned_users$"), ("user", "system_users$")):
        code = "refused by the test"
        emulator.fault("graph", service="graph", method="POST", path=path, code=10, message=code, times=50)
        if name == "user":
            removed(emulator, "reporting")
        if name == "shop":  # a grant just as declared would be taken over without a call that can be refused
            narrowed(emulator, lindenhof.SHOP)
        emulator.clock(advance_s=45 * DAY_S)
        generation_before = others(project)
        refused = project.up(*(() if name == "user" else ("--replace", urns[name])), timeout_s=ENDS_WITHIN_S)
        assert refused.code != 0
        (told,) = [text for text in refused.diagnostics if "update failed" not in text]
        assert "It stays in the state as it was." in told
        assert "refused by the test" in told
        assert others(project) == generation_before + 1
        assert {key: entry.get("id") for key, entry in project.resources().items()} == before
        emulator.clear_faults()

    assert lindenhof.users(emulator) == []
    preview = project.preview()
    assert "lists no user of id " in preview.stdout
    assert "replace SystemUser user" in preview.changes
    assert project.up().code == 0
    assert lindenhof.users(emulator) == ["reporting"]
    assert lindenhof.tasks(emulator, lindenhof.SHOP) == {"reporting": ["ADVERTISE", "ANALYZE"]}
    assert project.resources("SystemUser")["user"]["outputs"]["gone"] is False
    assert project.preview("--expect-no-changes").code == 0


@UP
def test_a_create_that_fails_is_the_only_error_and_a_due_token_is_rotated(
    provisioned: Project, emulator: RunningEmulator
) -> None:
    project = provisioned
    emulator.clock(advance_s=45 * DAY_S)
    project.program(program() + NEW)

    # The limited tier has room for one user. The preview says so and lives.
    preview = project.preview()
    assert preview.code == 0, preview.stdout
    assert "system user anew will be refused at `pulumi up`: 1 system user (anew) cannot be created" in preview.stdout
    up = project.up(timeout_s=ENDS_WITHIN_S)

    assert up.code != 0
    (told,) = [text for text in up.diagnostics if "update failed" not in text]
    assert told.startswith("meta-access: creating system user anew failed: Meta has no room for another EMPLOYEE")
    assert generation(project) == 2


def test_what_meta_keeps_of_a_removal_stays_in_the_state(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    """Meta's API removes no system user from a pixel: it says that there is no such object."""
    pixel = "pixel:106540000000701"
    world = emulator.world()
    world["pixels"].append({"id": pixel.partition(":")[2], "name": "Shop", "business_id": emulator.business_id})
    emulator.put_world(world)
    watched = f"""
meta.AssetAssignment("pixel", connection="main", system_user_id=user.id, asset="{pixel}", tasks=["ANALYZE"])
"""
    project = make_project(program=program() + watched, config=lindenhof.config(emulator))
    assert project.up().code == 0
    assert lindenhof.tasks(emulator, pixel) == {"reporting": ["ANALYZE"]}

    project.program(program())
    for _ in range(2):
        gone = project.up()
        assert gone.code != 0
        assert f"taking {pixel} from system user " in gone.stdout
        assert "Only a person can do this: remove the asset from the system user in Business settings" in gone.stdout
        assert "pixel" in project.resources("AssetAssignment")

    world = emulator.world()
    world["assignments"] = [row for row in world["assignments"] if row["asset_id"] != pixel.partition(":")[2]]
    emulator.put_world(world)
    assert project.up().code == 0
    assert "pixel" not in project.resources("AssetAssignment")


MOVED = """
anew = meta.SystemUser("anew", connection="main", name="anew")
box = pulumi.ComponentResource("tests:Box", "box")
meta.SystemUserToken(
    "token", connection="main", system_user_id=anew.id, scopes=["ads_read"], secret_name="meta/dev/reporting",
    opts=pulumi.ResourceOptions(parent=box, depends_on=[app, shop]),
)
"""


@UP
def test_a_token_that_moved_behind_a_create_that_fails_is_not_ended(
    provisioned: Project, emulator: RunningEmulator
) -> None:
    """Moved without an alias it is a create, which waits for the failed one, and a delete, which the engine goes on to.

    Engine 3.259.0 asks the check of what waits, from which the delete learns of it; 3.276.0 asks none.
    """
    before = lindenhof.live_tokens(emulator)
    rest = PROGRAM.partition("meta.SystemUserToken(")[0]
    provisioned.program(lindenhof.program(rest.format(name="reporting", adopt=None, tasks=["ANALYZE"]) + MOVED))

    up = provisioned.up(timeout_s=ENDS_WITHIN_S)

    assert up.code != 0
    assert lindenhof.live_tokens(emulator) == before
    assert len(before) == 1
