"""The project in a folder, as its `Pulumi.yaml` says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_access.cli.stack import StackReadError
from meta_access.spec.files import project_of

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Project:
    """What the commands need of a project; `stacks` is the folder of the stack files."""

    name: str
    stacks: Path


def find(folder: Path) -> Project:
    """Return the project of a folder or of the nearest one above it, as pulumi does.

    Raises:
        StackReadError: There is none.
        ConfigError: It cannot be read.
    """
    found = project_of(folder)
    if found is None:
        raise StackReadError("There is no Pulumi.yaml here or above. Go to the folder of the project.")
    return Project(*found)
