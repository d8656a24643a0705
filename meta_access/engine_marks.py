"""What the engine writes into states and event logs, and its readers have to know again (pulumi 3.259); which fit."""

from __future__ import annotations

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""In the place of a value that only an update will know."""
SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key of an object that is none: a secret, a file, an archive, a reference (`sig`)."""
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the mark of one, the same in every state
"""The value of that key in a secret."""
TYPE_PREFIX = "pulumi-python:dynamic/meta:"
"""How the types of our resources begin."""
OLDEST_ENGINE = (3, 254, 0)
"""Import files that carry inputs and outputs, the only import a Python dynamic provider has, came with this release."""
FIRST_UNFIT_ENGINE = (3, 261, 0)
"""Measured on 3.276.0: what depends on a failed resource is no longer checked. A token that moves behind one ends in
its old place, and a rename may hang (ADR 8). By its sources 3.260.0 still checks it."""


def name_of(urn: str) -> str:
    """`shop` of `urn:pulumi:dev::project::type::shop`."""
    return urn.split("::", 3)[-1]
