"""From a person's token to a stack that acts with a credential of its own, as a newcomer does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator.tokens import PREFIX, fingerprint
from tests.engine import commands, lindenhof

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

NADIA = "100000000000401"
TOKEN = PREFIX + "nadia" * 10


def before_the_first_run(emulator: RunningEmulator) -> None:
    """No system user at all, and nadia has logged in to the app."""
    world = emulator.world()
    for rows in ("system_users", "tokens", "installations", "app_access"):
        world[rows] = []
    world["tokens"].append(
        {
            "fingerprint": fingerprint(TOKEN),
            "system_user_id": None,
            "user_id": NADIA,
            "app_id": lindenhof.APP,
            "scopes": ["business_management", "ads_management"],
            "issued_at": world["now"],
        }
    )
    emulator.put_world(world)


def test_bootstrap_makes_the_credential_that_the_first_up_acts_with(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    before_the_first_run(emulator)
    config = lindenhof.config(emulator)
    config["meta:connections"]["main"]["admin_token"] = "env:META_ADMIN_TOKEN"
    project = make_project(config=config, env={"META_BOOTSTRAP_TOKEN": TOKEN})

    code, told, said = commands.run(project, "bootstrap", "--yes")

    assert code == 0, said
    assert told["system_user"]["created"]
    assert told["admin_token"] == f"aws-secret:{told['secret']['arn']}#access_token"
    again, repeated, _ = commands.run(project, "bootstrap", "--yes")
    assert (again, repeated["secret"]) == (0, told["secret"])
    assert not repeated["system_user"]["created"]

    del project.extra_env["META_BOOTSTRAP_TOKEN"]
    project.configure(merged(config, told["configuration"]))
    up = project.up()

    assert up.code == 0, up.stdout
    assert lindenhof.users(emulator, "ADMIN") == ["root"]
    assert lindenhof.users(emulator) == ["reporting"]
    secrets = project.outputs()["secrets"]
    # The stack has taken the secret over as it is: nothing was minted anew.
    assert secrets["root"]["generation"] == 1
    assert secrets["root"]["arn"] == told["secret"]["arn"]
    assert secrets["root"]["fingerprint"] == told["secret"]["fingerprint"]
    made = {token["fingerprint"]: token["scopes"] for token in lindenhof.live_tokens(emulator)}
    assert made == {
        secrets["root"]["fingerprint"]: ["ads_management", "business_management"],
        secrets["reporting"]["fingerprint"]: ["ads_read"],
    }
    (reporting,) = (one for one in emulator.world()["system_users"] if one["name"] == "reporting")
    assert reporting["created_by"] == told["system_user"]["id"]
    value = commands.values(emulator, told["secret"]["arn"])["access_token"]
    for secret in (TOKEN, value):
        assert secret not in project.everything_written() + up.stdout + said + str(told)


def merged(config: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """The stack file with what bootstrap printed put into it."""
    return {**config, **{key: {**config.get(key, {}), **entries} for key, entries in told.items()}}
