"""`make lambda`: the rotation function as a zip, with what it imports and nothing else; the same bytes each time."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tools.workspace.environment import ROOT, say
from tools.workspace.failures import explained
from tools.workspace.stack import StackError

OUT = ROOT / "dist" / "lambda.zip"
REQUIREMENTS = ROOT / "tools" / "workspace" / "lambda_requirements.txt"
HANDLER = "meta_access.vault.lambda_handler"
PYTHON, PLATFORM = "3.13", "manylinux2014_x86_64"
# Written by pip about the installation, not part of what is installed.
LEFT_OUT = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
# The first moment that a zip can tell.
EPOCH = (1980, 1, 1, 0, 0, 0)
PIP_S = 300


def own_files() -> list[str]:
    """Paths of the modules of ours that importing the handler loads."""
    code = (
        f"import json, sys, {HANDLER}\n"
        "print(json.dumps([m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'meta_access']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(Path(file).relative_to(ROOT).as_posix() for file in json.loads(done.stdout))


def install(folder: Path) -> None:
    """Install the requirements for AWS's runtime, whatever machine this is."""
    argv = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"]
    argv += ["--no-compile", "--only-binary=:all:", "--require-hashes", "--implementation", "cp"]
    argv += ["--python-version", PYTHON, "--platform", PLATFORM, "--target", str(folder), "-r", str(REQUIREMENTS)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=PIP_S)
    if done.returncode != 0:
        raise StackError(f"The function's requirements could not be installed: {done.stderr.strip()[-500:]}")


def write(out: Path, dependencies: Path) -> None:
    """Write the zip: sorted, dated alike, no mode of this machine."""
    files = {name: ROOT / name for name in own_files()}
    for path in dependencies.rglob("*"):
        name = path.relative_to(dependencies).as_posix()
        if path.is_file() and path.name not in LEFT_OUT and not name.startswith("bin/"):
            files[name] = path
    out.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(out, "w") as made:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            made.writestr(entry, files[name].read_bytes())


@explained("make lambda can be repeated.")
def main() -> int:
    with tempfile.TemporaryDirectory(prefix="meta-access-lambda-") as folder:
        install(Path(folder))
        write(OUT, Path(folder))
    size = OUT.stat().st_size / 1024 / 1024
    say(f"lambda: {OUT.relative_to(ROOT)}, {size:.1f} MB, Python {PYTHON} x86_64, handler {HANDLER}.lambda_handler")
    return 0


if __name__ == "__main__":
    sys.exit(main())
