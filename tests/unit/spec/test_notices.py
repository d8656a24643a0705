"""What a sound stack says aloud: about the files beside it, and about versions that end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from meta_access.spec import notices

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from meta_access.spec import Stack


def folder(tmp_path: Path, *names: str) -> Path:
    stacks = tmp_path / "stacks"
    stacks.mkdir()
    for name in names:
        (stacks / name).write_text("")
    return stacks


def test_evidence_that_a_renamed_stack_has_left_behind_is_named_with_its_new_name(tmp_path: Path) -> None:
    stacks = folder(tmp_path, "Pulumi.live.yaml", "evidence.prod.yaml")

    assert list(notices.strays(stacks, "live")) == [
        (
            "stacks/evidence.prod.yaml: there is no stack file Pulumi.prod.yaml, so what it states counts for nothing. "
            "If stack live was called that before, rename the file to evidence.live.yaml. Remove it if its stack is "
            "gone."
        )
    ]


def test_evidence_without_a_stack_beside_a_stack_that_has_its_own(tmp_path: Path) -> None:
    stacks = folder(tmp_path, "Pulumi.live.yaml", "evidence.live.yaml", "evidence.prod.yaml")

    assert list(notices.strays(stacks, "live")) == [
        (
            "stacks/evidence.prod.yaml: there is no stack file Pulumi.prod.yaml, so what it states counts for nothing. "
            "Remove it if its stack is gone."
        )
    ]


def test_evidence_of_another_stack_is_no_stray(tmp_path: Path) -> None:
    stacks = folder(tmp_path, "Pulumi.dev.yaml", "Pulumi.prod.yaml", "evidence.prod.yaml")

    assert list(notices.strays(stacks, "dev")) == []


@pytest.mark.parametrize(
    ("version", "day", "warned"),
    [
        ("v26.0", datetime(2026, 12, 1, tzinfo=UTC), []),
        ("v27.0", datetime(2026, 12, 1, tzinfo=UTC), []),
        ("v25.0", datetime(2026, 11, 24, tzinfo=UTC), []),
        (
            "v25.0",
            datetime(2026, 12, 1, tzinfo=UTC),
            ["v25.0 ends for the Marketing API on 2027-02-23. Move to v27.0 before."],
        ),
        (
            "v25.0",
            datetime(2027, 2, 23, tzinfo=UTC),
            [
                (
                    "v25.0 ended for the Marketing API on 2027-02-23, by the calendar of rule set 2026-05; what Meta "
                    "answers decides. Move to v27.0."
                )
            ],
        ),
        (
            "v2.1",
            datetime(2026, 12, 1, tzinfo=UTC),
            [
                (
                    "v2.1 ended for the Marketing API, by the calendar of rule set 2026-05; what Meta answers decides. "
                    "Move to v27.0."
                )
            ],
        ),
        (
            "v28.0",
            datetime(2026, 12, 1, tzinfo=UTC),
            ["v28.0 is not in the calendar of rule set 2026-05, whose newest is v27.0."],
        ),
    ],
)
def test_a_calendar_warns_and_never_refuses(
    load: Callable[..., Stack], version: str, day: datetime, warned: list[str]
) -> None:
    stack = load({"meta:connections/main/api_version": version}, now=day)

    found = list(notices.warnings(stack.spec, stack.rules, day.date()))

    assert found == [f"meta:connections.main.api_version: {text}" for text in warned]


def test_a_folder_of_clients_that_the_configuration_does_not_name_is_told(
    load: Callable[..., Stack], tmp_path: Path
) -> None:
    stacks = folder(tmp_path)
    for name in ("clients.dev", "clients.prod"):
        (stacks / name).mkdir()
        (stacks / name / "birch.yaml").write_text("access: own\n")

    assert list(notices.unread(load({}).spec, stacks, "dev")) == [
        (
            "stacks/clients.dev: meta:clients_dir does not name this folder, so that none of its clients is read. "
            "Write meta:clients_dir: clients.dev, or remove the folder."
        )
    ]
    assert list(notices.unread(load({"meta:clients_dir": "clients.dev"}).spec, stacks, "dev")) == []
    assert list(notices.unread(load({}).spec, stacks, "test")) == []
