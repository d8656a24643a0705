"""No circle of imports within the emulator: not for types alone, and not within functions either."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def imports(package: Path) -> dict[str, set[str]]:
    """Each module of a package with those that it imports anywhere in its text."""
    files = {_name(file, package): file for file in package.rglob("*.py")}
    return {
        module: {
            found for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) for found in _named(node, files)
        }
        - {module}
        for module, file in files.items()
    }


def _name(file: Path, package: Path) -> str:
    parts = file.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def _named(node: ast.AST, files: dict[str, Path]) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names if alias.name in files}
    if not isinstance(node, ast.ImportFrom) or node.module not in files:
        return set()
    inner = {f"{node.module}.{alias.name}" for alias in node.names}
    return inner & files.keys() or {node.module}


def test_imports_of_the_emulator_close_no_circle() -> None:
    found = imports(ROOT / "meta_emulator")

    assert len(found) > 100
    graphlib.TopologicalSorter(found).prepare()  # CycleError names the modules of a circle


def test_a_circle_for_types_alone_is_found(tmp_path: Path) -> None:
    package = tmp_path / "pair"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "one.py").write_text("from pair.two import Two\n")
    (package / "two.py").write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pair import one\n")

    with pytest.raises(graphlib.CycleError, match=r"pair\.(one|two)"):
        graphlib.TopologicalSorter(imports(package)).prepare()
