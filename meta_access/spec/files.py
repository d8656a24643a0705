"""The files of a stack as plain data: the stack file itself, its clients folder, its evidence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from meta_access.errors import ConfigError, Problem
from meta_access.spec.base import described
from meta_access.yaml_files import DEEPEST, read_yaml, too_deep

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAMESPACE = "meta:"
# Keys whose value is one word; everything else is a mapping, which Pulumi hands over as JSON text.
_WORDS = frozenset({"environment", "rules", "gates", "confirm_real_graph", "clients_dir"})


def config_of(path: Path) -> dict[str, Any]:
    """The `config` of a stack file, as typed, without the engine. For tools; the program gets it from Pulumi."""
    content = read_yaml(path, path.name)
    config = content.get("config") if isinstance(content, dict) else None
    return dict(config) if isinstance(config, dict) else {}


def stack_files(folder: Path) -> dict[str, Path]:
    """The stack files of a folder by the stack's name."""
    found = sorted(path for path in folder.glob("Pulumi.*.yaml") if path.is_file())
    return {path.name.removeprefix("Pulumi.").removesuffix(".yaml"): path for path in found}


def meta_values(config: Mapping[str, Any]) -> dict[str, Any]:
    """The values of namespace `meta:` by their bare key, JSON texts read.

    Raises:
        ConfigError: One is nested deeper than a configuration can be.
    """
    found = {
        key.removeprefix(NAMESPACE): _decoded(key.removeprefix(NAMESPACE), value)
        for key, value in config.items()
        if key.startswith(NAMESPACE)
    }
    text = f"is nested more than {DEEPEST} levels deep."
    if deep := [Problem(f"{NAMESPACE}{key}", text, "correct it.") for key in found if too_deep(found[key])]:
        raise ConfigError(deep)
    return found


def _decoded(key: str, value: Any) -> Any:
    if key in _WORDS or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except RecursionError:
        raise ConfigError([Problem(f"{NAMESPACE}{key}", "is nested too deep to be read.", "correct it.")]) from None
    except ValueError:
        return value


def evidence_file(folder: Path, stack: str) -> Path:
    """Where the evidence of a stack lies, in the folder of the stack files."""
    return folder / f"evidence.{stack}.yaml"


def stray_evidence(folder: Path) -> list[str]:
    """Names of the evidence files that belong to no stack, such as one whose stack was renamed."""
    kept = {evidence_file(folder, stack).name for stack in stack_files(folder)}
    return sorted(path.name for path in folder.glob("evidence.*.yaml") if path.name not in kept)


def client_files(folder: Path) -> tuple[dict[str, Any], dict[str, str], list[Problem]]:
    """Clients by name, the file each came from, and what is wrong with the files.

    A file holds what stands under a client's name in `meta:clients`; the file's name is the client's.
    """
    clients: dict[str, Any] = {}
    origins: dict[str, str] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.y*ml")):
        name = f"{folder.parent.name}/{folder.name}/{path.name}"
        try:
            content = read_yaml(path, name)
        except ConfigError as error:
            problems += error.problems
            continue
        if isinstance(content, dict) and list(content) == [path.stem]:
            content = content[path.stem]  # the client's name written again on top of the file
        if not isinstance(content, dict):
            fix = "write what stands under a client's name: business, access, assets."
            problems.append(Problem(name, f"is {described(content)}, not a client.", fix))
            continue
        clients[path.stem] = content
        origins[path.stem] = name
    return clients, origins, problems
