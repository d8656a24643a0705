"""The emulator is a witness of its own: nothing of the client is in it."""

from __future__ import annotations

import subprocess
import sys

FORBIDDEN = (
    "meta_access.graph",
    "meta_access.tokens",
    "meta_access.providers",
    "meta_access.stack.credentials",
    "pulumi",
)


def test_running_emulator_has_imported_nothing_of_the_client() -> None:
    code = "import sys, meta_emulator.process; print('\\n'.join(sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    found = {name for name in loaded.stdout.split() if name.startswith(FORBIDDEN)}
    assert found == set()


def test_its_secrets_manager_is_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, meta_emulator.emulator; print({'moto', 'botocore'} & set(sys.modules))"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "set()\n"
