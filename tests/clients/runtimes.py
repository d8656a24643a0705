"""Clients in other languages: their packages, from their registries, and a run of one of them.

The packages lie in the user's cache, one folder for each lock, so that a session installs them once. Where a runtime or
a registry is missing a test is skipped with a word on it; in CI it fails, because a skipped test looks like a passed
one.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tools.engine import cache

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

HERE = Path(__file__).parent
NODE, JAVA = HERE / "node", HERE / "java"
INSTALL_S = 300.0
RUN_S = 300.0  # Java compiles its source each time, on a machine that runs other tests meanwhile
# Short runs: the first compiler alone, and no threads for collecting.
BRIEF = {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
# The password of the store that every Java comes with. It protects nothing: the store holds a certificate.
STORE_PASSWORD = "changeit"


class Given(dict[str, str]):
    """What a client is started with. pytest shows arguments, and these are credentials."""

    def __repr__(self) -> str:
        return "the client's credentials"


def node_packages() -> Path:
    """The folder `node_modules` of the lock."""
    _need("node", "npm")

    def install(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(NODE / name, folder)
        _install(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)

    return _kept("node", NODE / "package-lock.json", install) / "node_modules"


def java_packages() -> Path:
    """The folder that holds the jars of the pom, which names exact versions."""
    _need("java", "keytool", "mvn")

    def install(folder: Path) -> None:
        shutil.copy(JAVA / "pom.xml", folder)
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder / 'jars'}"]
        _install(["mvn", "--quiet", "--batch-mode", *goal], folder)

    return _kept("java", JAVA / "pom.xml", install) / "jars"


def run_node(script: str, given: Given) -> dict[str, Any]:
    """Run a script of `node/` and return what it printed."""
    return _run(["node", str(NODE / script)], given, NODE_PATH=str(node_packages()))


def run_java(source: str, given: Given, authority: Path, folder: Path) -> dict[str, Any]:
    """Run a source file of `java/`, which trusts an authority, and return what it printed; `folder` is its store's."""
    jars, store = java_packages(), folder / "store.p12"
    words = ["-noprompt", "-alias", "emulator", "-file", str(authority), "-keystore", str(store)]
    subprocess.run(
        ["keytool", "-importcert", *words, "-storepass", STORE_PASSWORD], check=True, capture_output=True, timeout=RUN_S
    )
    trust = [f"-Djavax.net.ssl.trustStore={store}", f"-Djavax.net.ssl.trustStorePassword={STORE_PASSWORD}"]
    return _run(["java", *trust, "-cp", f"{jars}/*", str(JAVA / source)], given)


def printed(argv: Sequence[str], typed: str, env: Mapping[str, str], folder: Path | None = None) -> str:
    """Run a program that reads `typed`, with more environment and in a folder, and return what it printed."""
    # A proxy of the machine is not for loopback.
    base = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        argv,
        input=typed,
        env={**base, **BRIEF, **env},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=RUN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _run(argv: Sequence[str], given: Given, **env: str) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(printed(argv, json.dumps(given), env))
    return shown


def _need(*programs: str) -> None:
    lacking = [program for program in programs if shutil.which(program) is None]
    if lacking:
        _do_without(f"no {' and no '.join(lacking)} on PATH: the clients that need it were not driven")


def _install(argv: Sequence[str], folder: Path) -> None:
    try:
        done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except subprocess.TimeoutExpired:
        _do_without(f"`{argv[0]}` got no packages within {INSTALL_S:.0f} s")
    else:
        if done.returncode:
            _do_without(f"`{argv[0]}` got no packages: {(done.stderr or done.stdout).strip()[-500:]}")


def _do_without(word: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(word)
    pytest.skip(word)


def _kept(name: str, lock: Path, install: Callable[[Path], None]) -> Path:
    root = cache.root().parent / "clients"
    root.mkdir(parents=True, exist_ok=True)
    target = root / f"{name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    with (root / f"{name}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # freed by the kernel, and no installation takes longer than INSTALL_S
        if not target.is_dir():
            fresh = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=root))
            try:
                install(fresh)
                fresh.rename(target)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    return target
