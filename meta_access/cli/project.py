"""The project in a folder, as its `Pulumi.yaml` says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_access.cli.stack import StackReadError
from meta_access.yaml_files import read_yaml

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
    for place in (folder, *folder.parents):
        file = place / "Pulumi.yaml"
        if file.is_file():
            told = read_yaml(file, file.name)
            if isinstance(told, dict) and isinstance(told.get("name"), str):
                return Project(told["name"], place / str(told.get("stackConfigDir") or "."))
    raise StackReadError("There is no Pulumi.yaml here or above. Go to the folder of the project.")
