"""The doctor with the real engine: a stack that is up, and the same when its token has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.commands import DAY_S, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project


def bad(told: dict[str, Any]) -> list[tuple[str, str]]:
    """Id and subject of what is not well with the stack, the machine that runs the test apart."""
    machine = ("engine", "plugin", "project", "backend", "environment")
    about = (one for one in told["findings"] if one["id"].partition(".")[0] not in machine)
    return [(one["id"], one["subject"]) for one in about if one["severity"] != "ok"]


@pytest.mark.provisioned
def test_a_stack_that_is_up_is_looked_at_and_nothing_is_changed(
    dev: Project, emulator: RunningEmulator, tmp_path: Path
) -> None:
    before = dev.export()
    _, told, said = run(dev, "doctor")

    waiting = [
        ("gates.open", "gates"),
        ("business.not_verified", "meta:businesses.lindenhof"),
        ("business.no_two_factor", "meta:businesses.lindenhof"),
    ]
    assert bad(told) == waiting, said
    passed = {one["subject"] for one in told["findings"] if one["id"] == "token.ok"}
    assert passed == {"meta:connections.main.admin_token", "token reporting"}
    assert told["versions"]["engine"].startswith("v3.")

    emulator.clock(advance_s=61 * DAY_S)
    code, told, said = run(dev, "doctor", "--bundle", str(tmp_path / "support.json"))

    ended = [("token.expired", "token reporting")]
    later = [("clock.moved", "clock of the emulator"), ("token.due", "token reporting")]
    assert (code, bad(told)) == (1, [*ended, *waiting, *later]), said
    assert told["tokens"]["reporting"]["meta"]["error"] == "190/463"
    assert (tmp_path / "support.json").stat().st_size > 0
    assert dev.export() == before
