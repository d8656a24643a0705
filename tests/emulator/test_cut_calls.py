"""A call whose connection is cut is in the journal before its client can see the cut."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import create_environ

from meta_emulator.embedded import MetaEmulator
from meta_emulator.wsgi import SOCKET

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def meta() -> Iterator[MetaEmulator]:
    with MetaEmulator() as running:
        yield running


def never(*_: Any) -> Any:
    raise AssertionError("a cut call begins no answer")


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
@pytest.mark.parametrize(
    ("door", "path", "headers"),
    [
        ("_route", "/v26.0/me", {}),
        ("_route", "/v26.0/dialog/oauth", {}),
        ("_route_aws", "/", {"X-Amz-Target": "secretsmanager.ListSecrets"}),
    ],
)
def test_a_cut_call_is_in_the_journal_first(
    meta: MetaEmulator, kind: str, door: str, path: str, headers: dict[str, str]
) -> None:
    noted: list[int] = []

    class Connection(socket.socket):
        def shutdown(self, how: int) -> None:
            assert how == socket.SHUT_RDWR
            noted.append(len(meta.calls()))

    meta.faults.add(kind=kind, service="secretsmanager" if door == "_route_aws" else "graph")
    with Connection() as connection:
        environ = create_environ(
            path, method="POST" if headers else "GET", headers=headers, data="{}" if headers else None
        )
        environ[SOCKET] = connection
        with pytest.raises(ConnectionAbortedError):
            getattr(meta._emulator, door)(environ, never)

    assert noted == [1]
