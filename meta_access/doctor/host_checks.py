"""What is judged of this machine: engine, plugin, project, backend and variables. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_access.doctor.catalog import found
from meta_access.engine_marks import FIRST_UNFIT_ENGINE, OLDEST_ENGINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meta_access.doctor.catalog import Finding
    from meta_access.errors import MetaAccessError, Problem

_TRIED_MAJOR = 3
RANDOM = "random"
ACQUISITION = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
WANTED = {
    "PULUMI_RUN_PROGRAM": (
        "It is not true, so that refresh, and the refresh inside preview and up, use the configuration of the last "
        "update. The commands of meta-access set it for their own runs."
    ),
    "PULUMI_CONTINUE_ON_ERROR": (
        "It is not true, so that one failed create stops the rotations and removals behind it. The commands of "
        "meta-access set it for their own runs."
    ),
    ACQUISITION: "It is not true, so that the engine fetches and runs whatever plugin a state names.",
}
UNDOING = {
    "PULUMI_SKIP_CHECKPOINTS": "The state is written at the end of a run only: a killed run forgets what it made.",
    "PULUMI_SKIP_CONFIRMATIONS": "`pulumi up` and `destroy` ask nobody.",
}
RECORD = "PULUMI_DEBUG_GRPC"
FOREIGN = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE")
_FOREIGN_WHY = "Somebody's modules come before the environment's own, in the process that holds the credentials."
EXCEPTION = "META_ACCESS_ALLOW_GRAPH_HOST"
_TRUE = frozenset({"1", "true"})
"""What the engine takes for yes."""


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine on PATH.

    Attributes:
        version: As it tells it; empty where it told none.
        language_host: Whether the one for Python is there.
        random_plugins: Versions of pulumi-random's plugin.
        random_package: The version that the installed Python package wants; empty without one.
    """

    version: str = ""
    language_host: bool = True
    random_plugins: tuple[str, ...] = ()
    random_package: str = ""


@dataclass(frozen=True, slots=True)
class Project:
    """What Pulumi.yaml and its folder say.

    Attributes:
        content: Of the file, read.
        virtualenv: Whether the virtual environment that it names has a Python; None where it names none.
        package: The version of meta-access in there; empty where none was found.
        stack_folder: Whether the folder of the stack files is there.
    """

    content: Mapping[str, Any]
    virtualenv: bool | None = None
    package: str = ""
    stack_folder: bool = True


@dataclass(frozen=True, slots=True)
class Host:
    """What was read of this machine.

    Attributes:
        package: The version of meta-access that runs.
        engine: None where no pulumi is on PATH.
        project: None where there is none here or above.
        unreadable: Why Pulumi.yaml cannot be read.
        backend: The kind of the backend, `file` or `https`; empty without one.
        backend_metadata: Whether a file backend writes metadata beside the state.
        backend_error: Why the engine has none; None while it was not asked.
        variables: Those of the environment that are looked at.
        invalid: What is wrong with variables of this package.
    """

    package: str
    python: str
    platform: str
    engine: Engine | None
    project: Project | None = None
    unreadable: tuple[Problem, ...] = ()
    backend: str = ""
    backend_metadata: bool = False
    backend_error: MetaAccessError | None = None
    variables: Mapping[str, str] | None = None
    invalid: tuple[Problem, ...] = ()


def of_host(host: Host) -> list[Finding]:
    """Everything about this machine and its project."""
    return [*_engine(host), *_project(host), *_backend(host), *_environment(host)]


def of_plugin(host: Host, *, needed: bool) -> Iterator[Finding]:
    """Whether the plugin of pulumi-random can be had where the stack needs it: for suffixes of secrets' names."""
    engine = host.engine
    if engine is None or not engine.random_package:
        return
    wanted = f"pulumi-resource-random {engine.random_package}"
    if engine.random_package in engine.random_plugins:
        yield found("plugin.ok", RANDOM, f"{wanted} is installed.")
    elif not needed:
        yield found("plugin.ok", RANDOM, f"{wanted} is not installed, and nothing here needs it.")
    elif _set(host, ACQUISITION):
        yield found("plugin.missing", RANDOM, f"{wanted} is not installed, and {ACQUISITION} forbids to fetch it.")
    else:
        yield found("plugin.ok", RANDOM, f"{wanted} is not installed; the engine fetches it when it is needed.")


def numbers(version: str) -> tuple[int, ...]:
    """`v3.259.0-dev` as numbers that compare; empty for a text that is no version."""
    return tuple(map(int, match[1].split("."))) if (match := re.match(r"v?(\d+(?:\.\d+)*)", version)) else ()


def _engine(host: Host) -> Iterator[Finding]:
    engine = host.engine
    if engine is None:
        yield found("engine.missing", "pulumi")
        return
    version = numbers(engine.version)
    oldest = ".".join(map(str, OLDEST_ENGINE))
    wrong = []
    if not version:
        wrong.append(found("engine.no_answer", "pulumi"))
    elif version < OLDEST_ENGINE:
        text = f"pulumi {engine.version} is older than {oldest}, which this package needs."
        wrong.append(found("engine.old", "pulumi", text, f"Install pulumi {oldest} or newer."))
    elif FIRST_UNFIT_ENGINE <= version < (_TRIED_MAJOR + 1,):
        text = f"pulumi {engine.version} is newer than this package knows, and its programs refuse to run on it."
        wrong.append(found("engine.new", "pulumi", text))
    elif version[0] != _TRIED_MAJOR:
        text = f"pulumi {engine.version} is of another major version than {_TRIED_MAJOR}."
        wrong.append(found("engine.untested", "pulumi", text))
    if not engine.language_host:
        wrong.append(found("engine.language_host", "pulumi-language-python"))
    yield from wrong or [found("engine.ok", "pulumi", f"pulumi {engine.version} with pulumi-language-python.")]


def _project(host: Host) -> Iterator[Finding]:
    if host.unreadable:
        yield from (found("project.unreadable", one.path, one.problem, _begun(one.fix)) for one in host.unreadable)
        return
    if host.project is None:
        yield found("look.no_project", "Pulumi.yaml")
        return
    project, content = host.project, host.project.content
    runtime = content.get("runtime")
    language = runtime.get("name") if isinstance(runtime, dict) else runtime
    options = content.get("options")
    wrong = []
    if language != "python":
        wrong.append(found("project.runtime", "Pulumi.yaml: runtime"))
    if not isinstance(options, dict) or options.get("refresh") != "always":
        wrong.append(found("project.refresh", "Pulumi.yaml: options.refresh"))
    if project.virtualenv is False:
        wrong.append(found("project.virtualenv", "Pulumi.yaml: runtime.options.virtualenv"))
    if project.package and project.package != host.package:
        text = f"The project's virtual environment has meta-access {project.package}, and {host.package} runs."
        wrong.append(found("project.other_package", "meta-access", text))
    if not project.stack_folder:
        wrong.append(found("project.stack_folder", "Pulumi.yaml: stackConfigDir"))
    yield from wrong or [found("project.ok", "Pulumi.yaml")]


def _backend(host: Host) -> Iterator[Finding]:
    if host.engine is None:
        return
    if host.backend_error is not None:
        yield found("backend.none", "backend", host.backend_error.problem, host.backend_error.next_step)
    elif host.backend == "file" and host.backend_metadata:
        yield found("backend.metadata", "backend")
    elif host.backend:
        yield found("backend.ok", "backend", f"The engine keeps its state in a backend of kind {host.backend}.")


def _environment(host: Host) -> Iterator[Finding]:
    variables = host.variables or {}
    wrong = [
        found("environment.unset", name, why, f"export {name}=true")
        for name, why in WANTED.items()
        if host.engine is not None and not _set(host, name)
    ]
    wrong += [found("environment.undoes", name, why) for name, why in UNDOING.items() if _set(host, name)]
    if variables.get(RECORD):
        wrong.append(found("environment.undoes", RECORD, "The engine writes every message of a run into a file."))
    wrong += [found("environment.undoes", name, _FOREIGN_WHY) for name in FOREIGN if variables.get(name)]
    if variables.get(EXCEPTION):
        wrong.append(found("environment.exception", EXCEPTION))
    wrong += [found("environment.invalid", one.path, one.problem, _begun(one.fix)) for one in host.invalid]
    yield from wrong or [found("environment.ok", "environment")]


def _set(host: Host, name: str) -> bool:
    return (host.variables or {}).get(name, "").lower() in _TRUE


def _begun(fix: str) -> str:
    """The fix of a problem as a sentence of its own."""
    return fix[:1].upper() + fix[1:]


def looked_at() -> tuple[str, ...]:
    """The names of the variables that are judged."""
    return (*WANTED, *UNDOING, RECORD, *FOREIGN, EXCEPTION)
