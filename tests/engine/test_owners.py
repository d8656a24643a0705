"""Two that want one secret: one mint each, the loser is told who owns it, and nothing ends that the other uses."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine import lindenhof
from tests.engine.projects import Result
from tests.engine.templates import Beginning

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

SECRET = "meta/dev/shared"
PROGRAM = """
user = meta.SystemUser("user", connection="main", name="reporting"{adopt})
installed = meta.AppInstallation("installed", connection="main", system_user_id=user.id)
token = meta.SystemUserToken(
    "token", connection="main", system_user_id=user.id, scopes=["ads_read"], secret_name="meta/dev/shared",
    take_over_from={take_over!r}, opts=pulumi.ResourceOptions(depends_on=[installed]),
)
"""


def text(emulator: RunningEmulator | None = None, *, take_over: str | None = None) -> str:
    adopt = ""
    if emulator is not None:
        [id_] = [user["id"] for user in emulator.world()["system_users"] if user["name"] == "reporting"]
        adopt = f', adopt="{id_}"'
    return lindenhof.program(PROGRAM.format(adopt=adopt, take_over=take_over))


UP = pytest.mark.provisioned(Beginning(name="owner", program=text()))


def marks(emulator: RunningEmulator) -> list[str]:
    return [token["fingerprint"] for token in lindenhof.live_tokens(emulator)]


@UP
def test_a_second_stack_is_told_who_owns_the_secret_and_takes_it_over_by_that_name(
    provisioned: Project, make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    config = lindenhof.config(emulator)
    first = provisioned
    [token] = marks(emulator)
    second = make_project(program=text(emulator), name="second")
    second.stack = "prod"
    second.init()
    second.configure(config)

    refused = second.up()
    assert refused.code != 0
    assert "it belongs to meta-access/dev, and this is meta-access/prod" in refused.stdout
    assert marks(emulator) == [token]

    second.program(text(emulator, take_over="meta-access/dev"))
    taken = second.up()
    assert taken.code == 0, taken.stdout
    assert marks(emulator) == [token]

    # The first stack ends what is its own, and that is nothing any more.
    ended = first.destroy()
    assert "another resource has claimed it since" in ended.stdout
    assert marks(emulator) == [token]


def test_two_ups_of_one_stack_from_two_backends_mint_once(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    emulator.create_system_user("reporting")
    both = [
        make_project(program=text(emulator), config=lindenhof.config(emulator), name=name) for name in ("one", "two")
    ]

    at_work = [
        each.start("up", "--yes", "--skip-preview", "--stack", each.stack, stderr=subprocess.STDOUT) for each in both
    ]
    ended = [Result(each.wait(), str(each.stdout.read() if each.stdout else ""), []) for each in at_work]

    [token] = marks(emulator)
    for each, result in zip(both, ended, strict=True):
        if result.code != 0:
            assert "another run" in result.stdout or "claimed it" in result.stdout, result.stdout
            again = each.up()
            assert again.code == 0 or "another resource" in again.stdout, again.stdout
    assert any(result.code == 0 for result in ended)
    assert marks(emulator) == [token]
    assert lindenhof.users(emulator) == ["reporting"]


@UP
def test_a_claim_that_was_changed_by_hand_shows_and_nothing_is_written_or_ended(
    provisioned: Project, emulator: RunningEmulator
) -> None:
    stack = provisioned
    [token] = marks(emulator)
    emulator.secrets().tag_resource(SecretId=SECRET, Tags=[{"Key": "meta-tokens:claim", "Value": "somebody-else"}])

    preview = stack.preview("--diff")
    assert lindenhof.shows(preview.stdout, "freshness", "claimed by another resource", "current"), preview.stdout
    before = versions(emulator)
    up = stack.up()
    assert up.code != 0
    assert "another resource of meta-access/dev has claimed it since" in up.stdout
    assert versions(emulator) == before

    ended = stack.destroy()
    assert "another resource has claimed it since" in ended.stdout
    assert (marks(emulator), versions(emulator)) == ([token], before)


def versions(emulator: RunningEmulator) -> dict[str, Any]:
    return dict(emulator.secrets().describe_secret(SecretId=SECRET)["VersionIdsToStages"])
