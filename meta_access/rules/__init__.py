"""Meta's rules as dated data: one TOML file per set, chosen by `meta:rules`. A new set is one new file."""

from __future__ import annotations

import difflib
import re
import tomllib
from functools import cache
from importlib import resources

from meta_access.errors import ConfigError, Problem
from meta_access.rules.model import (
    ApiVersion,
    Feature,
    Link,
    Permission,
    RoleLimits,
    RuleSet,
    TaskRule,
    Thresholds,
    Tier,
    UseCase,
    VersionState,
    version_number,
)

__all__ = [
    "ApiVersion",
    "Feature",
    "Link",
    "Permission",
    "RoleLimits",
    "RuleSet",
    "TaskRule",
    "Thresholds",
    "Tier",
    "UseCase",
    "VersionState",
    "load",
    "names",
    "newest",
    "version_number",
]

_MONTH = re.compile(r"20[0-9]{2}-[01][0-9]")


def names() -> list[str]:
    """The sets that exist, oldest first."""
    files = resources.files(__name__).iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def newest() -> str:
    """The name of the newest set: where nobody has chosen one."""
    return names()[-1]


@cache
def load(name: str) -> RuleSet:
    """The set of that name; ConfigError names those that exist."""
    known = names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5) or known[-1:]
        fix = f'write "{near[0]}".'
        # The nearest in letters may be years older.
        if _MONTH.fullmatch(name) and name > known[-1]:
            fix = f'install the meta-access that has it, or write "{known[-1]}".'
        problem = f'there is no rule set "{name}"; known are {", ".join(known)}.'
        raise ConfigError([Problem("meta:rules", problem, fix)])
    text = resources.files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return RuleSet.model_validate({"name": name, **tomllib.loads(text)})
