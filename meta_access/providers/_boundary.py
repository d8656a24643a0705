"""What crosses to the engine when something goes wrong: one clean paragraph, never a traceback, never a secret.

META_ACCESS_FINDINGS names a file for programs that read along; without it none is written. A line is a JSON object with
`finding` (`refused`: Meta or this tool will refuse it at `pulumi up`), `kind` and `name` of the resource, and
`reason`, a sentence without secrets. Lines are added, never changed; a resource checked twice stands there twice.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from meta_access.errors import told
from meta_access.providers import _host
from meta_access.redaction import scrub

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.connections import Connection


VARIABLE = "META_ACCESS_FINDINGS"


def write(finding: str, **told: str) -> None:
    """Add a line. A file that cannot be written stops nothing: the sentence was printed as well."""
    given = os.environ.get(VARIABLE, "")
    if not given:
        return
    line = json.dumps({"finding": finding, **told}, ensure_ascii=False) + "\n"
    with contextlib.suppress(OSError), Path(given).open("a", encoding="utf-8") as file:
        file.write(line)


T = TypeVar("T")


class Failure(Exception):  # noqa: N818 - its printed name is set below
    """The only exception that leaves a provider. Its printed name is the tool's, not a class's."""


Failure.__module__, Failure.__qualname__, Failure.__name__ = "builtins", "meta-access", "meta-access"


def boundary(method: Callable[..., T]) -> Callable[..., T]:
    """Count the call as in flight, and let nothing but a `Failure` out."""

    @functools.wraps(method)
    def guarded(*args: Any) -> T:
        with _host.call():
            try:
                return method(*args)
            except Exception as error:  # noqa: BLE001 - whatever it is, its text must be scrubbed before it is shown
                text = told(error)
        raise Failure(text)

    return guarded


def say(text: str) -> None:
    """Tell the user: the engine passes what this process prints on to the terminal, line by line."""
    # One write: print() makes two, between which another thread's line may come.
    sys.stdout.write(scrub(text) + "\n")
    sys.stdout.flush()


def will_be_refused(kind: str, label: str, why: str) -> None:
    """Say in a preview that the update will be refused, to people and to the file that a review reads."""
    say(f"{kind} {label} will be refused at `pulumi up`: {why}")
    write("refused", kind=kind, name=label, reason=scrub(why))


def settings_named(connection: Connection) -> str:
    """The settings behind a connection error. References and hosts only: no secret, no full address."""
    store = connection.aws.endpoint_url or f"AWS {connection.aws.region}"
    return (
        f"Settings used: connection {connection.name}, Graph {_host_of(connection.graph_url)} "
        f"{connection.api_version}, app {connection.app_id}, business {connection.business_id}, "
        f"admin token {connection.admin_token}, Secrets Manager {_host_of(store)}."
    )


def _host_of(url: str) -> str:
    return url.removeprefix("https://").removeprefix("http://").rstrip("/")


def quiet_tracebacks() -> None:
    """Make `traceback.format_exc()` print the exception alone, in this process."""
    sys.tracebacklimit = 0
