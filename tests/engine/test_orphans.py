"""A system user whose token has moved to another one: kept while that token is in grace, retired by `orphans`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.engine import lindenhof
from tests.engine.commands import DAY_S, run

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
            "text": f"kept until its tokens end (id {old}): generation 1 of secret meta/dev/reporting. After the grace "
            "`pulumi up` or `meta-access rotate --due` ends them",
        }
    ]

    emulator.clock(advance_s=2 * DAY_S)
    assert stack.up().code == 0
    assert len(lindenhof.live_tokens(emulator)) == 1
    code, told, said = run(stack, "orphans")
    assert (code, told["left"], told["ended"]) == (0, [], []), said
    [line] = told["withdrawn"]
    assert (line["name"], line["text"].startswith(f"retired: id {old} is now called unused ")) == ("old", True)
    assert [name.split(" ")[0] for name in sorted(lindenhof.users(emulator))] == ["new", "unused"]
    assert run(stack, "orphans")[1]["withdrawn"] == []


NOTHING: dict[str, list[Any]] = {"ended": [], "left": [], "withdrawn": [], "scheduled": [], "retired": [], "unseen": []}
