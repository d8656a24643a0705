"""Way 4: the engine built from the Go module proxy, from two committed modules.

Two, because the language host's newest published version compiles only against the Pulumi packages of its own date. A
newer command and an older language host work together.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.engine import progress
from tools.engine.binaries import LANGUAGE_HOST_VERSION, VERSION, WayFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HERE = Path(__file__).resolve().parent
MINIMUM_GO = (1, 26)
TIMEOUT_S = 45 * 60
DOWNLOAD_TRIES = 3
RETRY_PAUSE_S = 3
SDK = "github.com/pulumi/pulumi/sdk/v3"
VERSION_SYMBOL = f"{SDK}/go/common/version.Version"


@dataclass(frozen=True, slots=True)
class Target:
    """One binary and the module that pins it."""

    what: str
    module: Path
    package: str
    version: str
    tags: str = ""


COMMAND = Target("pulumi", HERE / "cli", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", VERSION, "osusergo,grpcnotrace")
LANGUAGE_HOST = Target(
    "pulumi-language-python",
    HERE / "langhost",
    "github.com/pulumi/pulumi/sdk/python/cmd/pulumi-language-python/v3",
    LANGUAGE_HOST_VERSION,
)
# Scripts that ship inside the SDK's module; nothing to compile.
SCRIPTS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")


def build(folder: Path, say: Callable[[str], None]) -> None:
    """Put a built engine into `folder`. Repeating an interrupted build goes on where Go's own cache stands."""
    require_go()
    started = time.monotonic()
    say("building from the Go module proxy; the first time this takes several minutes")
    for target in (COMMAND, LANGUAGE_HOST):
        packages = _packages(target, say)
        _compile(target, packages, folder, say)
    sdk = Path(go(["list", "-m", "-f", "{{.Dir}}", SDK], COMMAND, _silent, say).strip())
    for script in SCRIPTS:
        copy = folder / Path(script).name
        shutil.copyfile(sdk / script, copy)
        copy.chmod(0o755)
    say(f"built in {progress.elapsed(started)}")


def _command() -> str:
    # Go's own installer puts it here and leaves PATH to the user.
    return shutil.which("go") or shutil.which("go", path="/usr/local/go/bin") or "go"


def require_go() -> None:
    """Raise WayFailedError, with the reason, unless a Go that is new enough is here."""
    needed = ".".join(str(number) for number in MINIMUM_GO)
    try:
        done = subprocess.run(
            [_command(), "version"], env=_environment(), capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        raise WayFailedError(f"go {needed} or newer is needed and `go version` does not run") from None
    found = re.search(r"go(\d+)\.(\d+)", done.stdout)
    if found is None or (int(found[1]), int(found[2])) < MINIMUM_GO:
        raise WayFailedError(f"go {needed} or newer is needed; {done.stdout.strip()[:80]!r} is here")


def _packages(target: Target, say: Callable[[str], None]) -> int:
    """Download what the binary is made of and count its packages."""
    argv = ["list", "-deps", *_tags(target), target.package]
    for attempt in range(1, DOWNLOAD_TRIES + 1):
        try:
            return len(go(argv, target, lambda lines: _downloading(target, lines), say).splitlines())
        except WayFailedError as error:
            if attempt == DOWNLOAD_TRIES:
                raise
            say(f"download failed, once more: {str(error).splitlines()[-1][:200]}")
            time.sleep(RETRY_PAUSE_S)
    raise AssertionError("unreachable")


def _compile(target: Target, packages: int, folder: Path, say: Callable[[str], None]) -> None:
    flags = ["-trimpath", "-v", *_tags(target), "-ldflags", f"-s -w -X {VERSION_SYMBOL}=v{target.version}"]
    go(
        ["build", *flags, "-o", f"{folder}/", target.package],
        target,
        lambda lines: _compiling(target, lines, packages),
        say,
    )
    # The module's path ends in its major version; Go names the binary after what stands before it.
    say(f"compiled {target.what}")


def _downloading(target: Target, lines: Sequence[str]) -> str:
    count = sum(line.startswith("go: downloading") for line in list(lines))
    return f"{target.what}: {count} modules downloaded so far"


def _compiling(target: Target, lines: Sequence[str], packages: int) -> str:
    done = min(sum(not line.startswith("go: ") for line in list(lines)), packages)
    if done == packages:
        return f"{target.what}: linking"
    return f"{target.what}: {done} of at most {packages} packages compiled ({done * 100 // max(packages, 1)} %)"


def _silent(_lines: Sequence[str]) -> str:
    return "asking Go where the SDK lies"


def _tags(target: Target) -> list[str]:
    return ["-tags", target.tags] if target.tags else []


def go(argv: list[str], target: Target, words: Callable[[Sequence[str]], str], say: Callable[[str], None]) -> str:
    """Run Go in the module that pins a target; WayFailedError with the end of what it wrote when it fails."""
    try:
        return progress.run(
            [_command(), *argv], cwd=target.module, env=_environment(), progress=words, say=say, timeout_s=TIMEOUT_S
        )
    except progress.CommandFailedError as error:
        raise WayFailedError(f"`go {argv[0]}` of {target.what} failed:\n{error}") from None


def _environment() -> dict[str, str]:
    # GOTOOLCHAIN=local: a newer toolchain is never downloaded behind the user's back. GOWORK=off: a workspace file in a
    # parent folder must not replace the pinned modules.
    pinned = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly", "GOWORK": "off"}
    return {**os.environ, **pinned}
