"""Makes `.venv` of the locked packages, and leaves it alone while lock and pyproject.toml stay the same.

Nothing is installed but what `requirements/` names with its hash. `--runtime` leaves out what only tests and checks
need, for a job that holds credentials, and takes no package that would have to be built.

Runs on a bare Python, before anything is installed: standard library only, and no syntax newer than the message about
an old Python needs.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
STAMP = VENV / "meta-access.stamp"
MINIMUM = (3, 11)
DEV, RUNTIME = "dev", "runtime"
SAY_EVERY_S = 5.0
TAIL = 15


def say(line: str) -> None:
    print(f"environment: {line}", file=sys.stderr, flush=True)


def lock(which: str) -> Path:
    """The locked packages: of `dev`, or of `runtime`."""
    return ROOT / "requirements" / f"{which}.txt"


def wanted(which: str) -> str:
    """What the stamp must say: the packages, the interpreter, and where the editable install points."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + lock(which).read_bytes()).hexdigest()
    return f"{which} {digest} {sys.version_info.major}.{sys.version_info.minor} {ROOT}\n"


def current(which: str) -> bool:
    return STAMP.is_file() and STAMP.read_text() == wanted(which) and (VENV / "bin" / "python").exists()


def make(which: str) -> None:
    """Create or refresh `.venv`; raise CalledProcessError with the end of pip's words when it cannot be done."""
    (ROOT / ".work").mkdir(exist_ok=True)
    with (ROOT / ".work" / "venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if current(which):  # another make target did it while we waited
            return
        say(f"making .venv with Python {sys.version.split()[0]}")
        STAMP.unlink(missing_ok=True)
        # pip takes nothing away: what another set has left would stay with the runtime's.
        if which == RUNTIME or not _usable():
            shutil.rmtree(VENV, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True, stdout=sys.stderr)
        _install(which)
        STAMP.write_text(wanted(which))


def _usable() -> bool:
    """Tell whether an interrupted or older `.venv` can be built upon: same Python, and pip runs."""
    python = VENV / "bin" / "python"
    probe = "import sys, pip; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([str(python), "-c", probe], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.stdout.split() == [str(number) for number in sys.version_info[:2]]


def _install(which: str) -> None:
    started = time.monotonic()
    wheels = ["--only-binary", ":all:"] if which == RUNTIME else []
    locked = ["--require-hashes", "--no-deps", *wheels, "-r", str(lock(which))]
    for arguments in (locked, ["--no-deps", "--no-build-isolation", "-e", str(ROOT)]):
        _pip(arguments, started)
    say(f"ready after {time.monotonic() - started:.0f} s")


def _pip(arguments: list[str], started: float) -> None:
    argv = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    next_word = max(time.monotonic(), started + SAY_EVERY_S)
    tail: deque[str] = deque(maxlen=TAIL)
    found, doing = 0, "downloading"
    process = subprocess.Popen(
        [*argv, "--progress-bar", "off", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    for line in process.stdout or ():
        tail.append(line.rstrip())
        found += line.startswith("Collecting ")
        if line.startswith("Installing collected"):
            doing, next_word = "installing", 0.0
        if time.monotonic() >= next_word:
            say(f"{doing}, {found} packages, {time.monotonic() - started:.0f} s")
            next_word = time.monotonic() + SAY_EVERY_S
    if process.wait() != 0:
        raise subprocess.CalledProcessError(process.returncode, "pip install", output="\n".join(tail))


def main() -> int:
    if sys.version_info < MINIMUM:
        say(f"Python {MINIMUM[0]}.{MINIMUM[1]} or newer is needed; {sys.executable} is {sys.version.split()[0]}.")
        say("Name another one: make PYTHON=python3.12 up")
        return 1
    which = RUNTIME if "--runtime" in sys.argv[1:] else DEV
    if current(which):
        return 0
    try:
        make(which)
    except KeyboardInterrupt:
        say("interrupted; the same command goes on from here")
        return 130
    except subprocess.CalledProcessError as error:
        say(f"{error.cmd if isinstance(error.cmd, str) else 'python -m venv'} failed; its last words:")
        print(error.output or "(see above; on Debian and Ubuntu: apt-get install python3-venv)", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
