"""Makes `.venv` from the project's own files, and leaves it alone while pyproject.toml stays the same.

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
SAY_EVERY_S = 5.0
TAIL = 15


def say(line: str) -> None:
    print(f"environment: {line}", file=sys.stderr, flush=True)


def wanted() -> str:
    """What the stamp must say: the declared dependencies, the interpreter, and where the editable install points."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    return f"{digest} {sys.version_info.major}.{sys.version_info.minor} {ROOT}\n"


def current() -> bool:
    return STAMP.is_file() and STAMP.read_text() == wanted() and (VENV / "bin" / "python").exists()


def make() -> None:
    """Create or refresh `.venv`; raise CalledProcessError with the end of pip's words when it cannot be done."""
    (ROOT / ".work").mkdir(exist_ok=True)
    with (ROOT / ".work" / "venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if current():  # another make target did it while we waited
            return
        say(f"making .venv with Python {sys.version.split()[0]}")
        STAMP.unlink(missing_ok=True)
        if not _usable():
            shutil.rmtree(VENV, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True, stdout=sys.stderr)
        _install()
        STAMP.write_text(wanted())


def _usable() -> bool:
    """Tell whether an interrupted or older `.venv` can be built upon: same Python, and pip runs."""
    python = VENV / "bin" / "python"
    probe = "import sys, pip; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([str(python), "-c", probe], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.stdout.split() == [str(number) for number in sys.version_info[:2]]


def _install() -> None:
    argv = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    started = time.monotonic()
    next_word = started + SAY_EVERY_S
    tail: deque[str] = deque(maxlen=TAIL)
    found, doing = 0, "resolving and downloading"
    process = subprocess.Popen(
        [*argv, "--progress-bar", "off", "-e", f"{ROOT}[dev]"],
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
    say(f"ready after {time.monotonic() - started:.0f} s")


def main() -> int:
    if sys.version_info < MINIMUM:
        say(f"Python {MINIMUM[0]}.{MINIMUM[1]} or newer is needed; {sys.executable} is {sys.version.split()[0]}.")
        say("Name another one: make PYTHON=python3.12 up")
        return 1
    if current():
        return 0
    try:
        make()
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
