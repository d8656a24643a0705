"""Engines that only answer their version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.engine.binaries import FILES

if TYPE_CHECKING:
    from pathlib import Path


def fake_engine(folder: Path, version: str = "3.259.0", *, without: tuple[str, ...] = ()) -> Path:
    """Write the four files of an engine; `pulumi` prints a version."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        if name not in without:
            file = folder / name
            file.write_text(f"#!/bin/sh\necho v{version}\n")
            file.chmod(0o755)
    return folder


class Words:
    """Collects what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str) -> None:
        self.lines.append(line)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)
