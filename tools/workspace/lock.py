"""`make lock`: the newest packages that pyproject.toml allows, each with the hashes of its files, in `requirements/`.

Locked by uv, in an environment of its own, for every supported Python and system at once: what differs between them
carries a marker. The index is uv's own (`UV_DEFAULT_INDEX`), and its address is not written down.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UV = "0.13.9"
OLDEST = "3.11"
# The largest first: the others take its versions.
SETS = {"dev": ["--extra", "dev"], "emulator": ["--extra", "emulator"], "runtime": []}


def argv(uv: Path, which: str) -> list[str]:
    """The command that locks one set."""
    made = [str(uv), "pip", "compile", "--quiet", "--upgrade", "--universal", "--python-version", OLDEST]
    made += ["--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"]
    made += ["--strip-extras", "pyproject.toml", "requirements/tools.in", *SETS[which]]
    if which != "dev":
        made += ["--constraint", "requirements/dev.txt"]
    return [*made, "--output-file", f"requirements/{which}.txt"]


def main() -> int:
    folder = ROOT / ".work" / "lock"
    python = folder / "bin" / "python"
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", f"uv=={UV}"], check=True)
        for which in SETS:
            subprocess.run(argv(folder / "bin" / "uv", which), cwd=ROOT, check=True)
    except subprocess.CalledProcessError as error:
        print(f"error: locking failed ({error.cmd[0]} ended with {error.returncode}); it says why above")
        return 1
    print("lock: requirements/ is new; look at its changes, and run make test")
    return 0


if __name__ == "__main__":
    sys.exit(main())
