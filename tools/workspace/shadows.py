"""Files of the project's folder that Python would import instead of a library.

The engine starts the program and the provider process in the project's folder, which comes first on Python's path: a
`requests.py` there would run with the credentials of whoever runs the target.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def found(root: Path, venv: Path) -> list[str]:
    """Names in `root` that shadow a module of the standard library or of the environment."""
    installed = {_module(path) for folder in venv.glob("lib/python*/site-packages") for path in folder.iterdir()}
    known = (installed | set(sys.stdlib_module_names)) - {"", "__main__"}
    ours = [
        path
        for path in root.iterdir()
        if path.suffix in {".py", ".pyc", ".so"} or (path.is_dir() and any(path.glob("*.py")))
    ]
    return sorted(path.name for path in ours if _module(path) in known)


def _module(path: Path) -> str:
    return "" if path.name.endswith((".dist-info", ".pth")) else path.name.split(".")[0]
