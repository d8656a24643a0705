"""What crosses to the engine when something goes wrong: one clean paragraph, never a traceback, never a secret."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any, TypeVar

from meta_access import findings
from meta_access.errors import printable
from meta_access.providers import _host
from meta_access.providers._deployment import DEPLOYMENT
from meta_access.redaction import scrub

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.connections import Connection


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
                with findings.noted():
                    return method(*args)
            except Exception as error:  # noqa: BLE001 - whatever it is, its text must be scrubbed before it is shown
                text = printable(error)
        raise Failure(text)

    return guarded


def say(text: str) -> None:
    """Tell the user: the engine passes what this process prints on to the terminal, line by line."""
    # One write: print() makes two, between which another thread's line may come.
    sys.stdout.write(scrub(text) + "\n")
    sys.stdout.flush()


def say_once(text: str) -> None:
    """Tell the user what many resources would say alike, once in a deployment."""
    if DEPLOYMENT.is_news(text):
        say(text)


def will_be_refused(kind: str, label: str, why: str) -> None:
    """Say in a preview that the update will be refused, to people and to the file that a review reads."""
    say(f"{kind} {label} will be refused at `pulumi up`: {why}")
    findings.resource_refused(kind, label, why)


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
