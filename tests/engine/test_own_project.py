"""A project of somebody's own, without `options: {refresh: always}`: its tokens come due all the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.engine import lindenhof
from tests.engine.commands import DAY_S, TIMEOUT_S, command, values
from tests.engine.projects import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

SECRET = "meta/dev/reporting"


def test_without_a_refresh_up_rotate_and_revoke_treat_tokens_as_with_one(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    page = (CHECKOUT / "docs" / "own-program.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.+?)```", page, re.DOTALL)
    project = make_project(program=program, config=lindenhof.config(emulator))
    text = (project.root / "Pulumi.yaml").read_text(encoding="utf-8")
    project.write("Pulumi.yaml", text.replace("options:\n  refresh: always\n", ""))
    assert project.up().code == 0

    # Nobody refreshes, so the diff looks: once in each operation.
    emulator.forget_calls()
    assert project.preview("--expect-no-changes").code == 0
    assert [call["operation"] for call in emulator.calls("secretsmanager")] == ["DescribeSecret"]
    emulator.clock(advance_s=45 * DAY_S)
    due = project.up()
    assert due.code == 0, due.stdout
    assert "token reporting: rotation due: expires 20" in due.stdout
    assert values(emulator, SECRET)["generation"] == 2

    emulator.clock(advance_s=45 * DAY_S)
    rotated = command(project, "rotate", "--due", timeout_s=TIMEOUT_S)
    assert rotated.returncode == 0, rotated.stderr
    assert values(emulator, SECRET)["generation"] == 3

    # Where no successor can be made, the only token lives on.
    emulator.fault("graph", method="POST", path="access_tokens$", code=10, times=None)
    refused = command(project, "revoke", SECRET, "--yes", timeout_s=TIMEOUT_S)
    assert refused.returncode == 2, refused.stderr
    assert "generation 3 is condemned and LIVES ON: no successor is current yet" in refused.stdout
    assert values(emulator, SECRET)["fingerprint"] in alive(emulator)
    emulator.clear_faults()
    revoked = command(project, "revoke", SECRET, "--yes", timeout_s=TIMEOUT_S)
    assert revoked.returncode == 0, revoked.stderr
    assert alive(emulator) == {values(emulator, SECRET)["fingerprint"]}
    # The refused mint had claimed the fourth.
    assert values(emulator, SECRET)["generation"] == 5


def alive(emulator: RunningEmulator) -> set[str]:
    return {token["fingerprint"] for token in lindenhof.live_tokens(emulator)}
