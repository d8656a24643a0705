"""This machine as the doctor reads it: the engine on PATH, the project here, and variables. Nothing is changed."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meta_access import endpoints
from meta_access.cli.pulumi_stack import StackReadError
from meta_access.doctor.host_checks import RANDOM, Engine, Host, Project, looked_at
from meta_access.errors import ConfigError
from meta_access.redaction import scrub
from meta_access.stack.files import project_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meta_access.errors import Problem

PACKAGE = "meta-access"
PACKAGES = (PACKAGE, "pulumi", "pulumi-random", "boto3", "botocore", "requests", "urllib3", "pydantic")
_TIMEOUT_S = 20.0
_QUOTED = 300
_NO_PROJECT = "Correct Pulumi.yaml, or install the pulumi that it was written for."
_ADDRESS = re.compile(r"\b[A-Za-z0-9+.-]+://\S+")


def read(folder: Path) -> Host:
    """Read everything about this machine that needs no stack."""
    engine = _engine()
    unreadable, project = _project(folder)
    backend, without = ("", None) if engine is None else _backend()
    return Host(
        package=installed(PACKAGE),
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        engine=engine,
        project=project,
        unreadable=unreadable,
        backend=backend.partition("://")[0].lower(),
        backend_metadata="metadata=skip" not in backend.partition("?")[2],
        backend_error=without,
        variables={name: os.environ[name] for name in looked_at() if name in os.environ},
        invalid=tuple(_invalid_variables()),
    )


def versions(host: Host) -> dict[str, str]:
    """What runs here, for the report."""
    found = {name: installed(name) for name in PACKAGES}
    engine = host.engine.version if host.engine is not None else ""
    return {**found, "python": host.python, "platform": host.platform, "engine": engine or "none"}


def installed(package: str) -> str:
    """The version of an installed package; empty without one."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _engine() -> Engine | None:
    path = shutil.which("pulumi")
    if path is None:
        return None
    host = Path(path).resolve().with_name("pulumi-language-python")
    plugins = _json(_asked(["plugin", "ls", "--json"]), [])
    rows = [row for row in plugins if isinstance(row, dict)] if isinstance(plugins, list) else []
    return Engine(
        version=_asked(["version"]).strip()[:_QUOTED],
        language_host=host.exists() or shutil.which("pulumi-language-python") is not None,
        random_plugins=tuple(str(row.get("version", "")) for row in rows if row.get("name") == RANDOM),
        random_package=installed("pulumi-random"),
    )


def _asked(arguments: Sequence[str]) -> str:
    """What pulumi prints; empty where it fails."""
    try:
        done = _run(arguments)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - the user's own pulumi, as every command of this project
        ["pulumi", *arguments],  # noqa: S607 - likewise
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_TIMEOUT_S,
        check=False,
        env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
    )


def _json(text: str, otherwise: Any) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return otherwise


def _backend() -> tuple[str, StackReadError | None]:
    """The address of the backend, of which only the kind is ever shown, and why there is none."""
    try:
        done = _run(["whoami", "--verbose", "--json", "--non-interactive"])
    except (OSError, subprocess.TimeoutExpired):
        return "", StackReadError(f"Asking pulumi for its backend took more than {_TIMEOUT_S:.0f} s.")
    if done.returncode != 0:
        # An address may hold a password.
        said = _ADDRESS.sub("ADDRESS", scrub(done.stderr.strip() or done.stdout.strip()))[-_QUOTED:]
        # It looks into Pulumi.yaml first, and refuses what it does not know; another login would not mend that.
        unknown = "could not validate" in done.stderr and "Pulumi.yaml" in done.stderr
        return "", StackReadError(f"pulumi says: {said}", next_step=_NO_PROJECT if unknown else "")
    answer = _json(done.stdout, {})
    return (str(answer.get("url", "")) if isinstance(answer, dict) else ""), None


def _project(folder: Path) -> tuple[tuple[Problem, ...], Project | None]:
    try:
        here = project_file(folder)
    except ConfigError as error:
        return tuple(error.problems), None
    if here is None:
        return (), None
    file, content = here
    runtime = content.get("runtime")
    options = runtime.get("options") if isinstance(runtime, dict) else None
    named = options.get("virtualenv") if isinstance(options, dict) else None
    virtualenv = file.parent / str(named) if named else None
    return (), Project(
        content=content,
        virtualenv=None if virtualenv is None else _has_python(virtualenv),
        package="" if virtualenv is None else _package_in(virtualenv),
        stack_folder=(file.parent / str(content.get("stackConfigDir") or ".")).is_dir(),
    )


def _has_python(virtualenv: Path) -> bool:
    return any((virtualenv / place).exists() for place in ("bin/python", "Scripts/python.exe"))


def _package_in(virtualenv: Path) -> str:
    folders = [*virtualenv.glob("lib/python*/site-packages"), virtualenv / "Lib" / "site-packages"]
    found = [place.name for folder in folders for place in folder.glob("meta_access-*.dist-info")]
    return found[0].removeprefix("meta_access-").removesuffix(".dist-info") if len(found) == 1 else ""


def _invalid_variables() -> list[Problem]:
    problems: list[Problem] = []
    for look in (endpoints.proxy, endpoints.ca_bundle):
        try:
            look()
        except ConfigError as error:
            problems += error.problems
    return problems
