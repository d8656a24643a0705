"""What a sound stack says aloud about the files beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.spec import notices

if TYPE_CHECKING:
    from pathlib import Path


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
