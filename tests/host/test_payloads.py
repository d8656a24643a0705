"""What stands in every stack's state: frozen references to stateless classes."""

from __future__ import annotations

import base64
import importlib
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime._serialization import _serialize

import meta_access
from meta_access.engine_marks import TYPE_PREFIX
from meta_access.providers.payloads import PAYLOADS, spellings

if TYPE_CHECKING:
    from pulumi.dynamic import ResourceProvider

NAMES = [name for name in meta_access.__all__ if name != "__version__"]


def provider(name: str) -> ResourceProvider:
    home = importlib.import_module(getattr(meta_access, name).__module__)
    made: ResourceProvider = getattr(home, f"{name}Provider")()
    return made


@pytest.mark.parametrize("name", NAMES)
def test_the_payload_is_the_frozen_one(name: str) -> None:
    payload, holds_secrets = _serialize(True, serialize_provider, provider(name))

    assert payload in spellings(PAYLOADS[TYPE_PREFIX + name])
    assert not holds_secrets


@pytest.mark.parametrize(("protocol", "written"), [(4, 0), (5, 1)])
@pytest.mark.parametrize("name", NAMES)
def test_a_later_python_differs_in_the_protocol_s_number_alone(
    name: str, protocol: int, written: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pickle, "DEFAULT_PROTOCOL", protocol)

    payload, _ = _serialize(True, serialize_provider, provider(name))

    assert payload == spellings(PAYLOADS[TYPE_PREFIX + name])[written]


@pytest.mark.parametrize("name", NAMES)
def test_a_payload_names_a_class_and_holds_nothing_else(name: str) -> None:
    text = base64.b64decode(PAYLOADS[TYPE_PREFIX + name])

    assert f"{name}Provider".encode() in text
    assert len(text) < 100
    assert provider(name).__dict__ == {}
    assert provider(name).serialize_as_secret_always is False


def test_the_table_knows_every_type() -> None:
    assert set(PAYLOADS) == {TYPE_PREFIX + name for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_type_tokens_are_fixed(name: str) -> None:
    resource: Any = getattr(meta_access, name)

    assert f"pulumi-python:{resource._resource_type_name}" == TYPE_PREFIX + name


def test_a_thousand_resources_in_one_program_serialize() -> None:
    """A provider with any instance attribute ends in a RecursionError at the 977th (SDK 3.272)."""
    for _ in range(1500):
        _serialize(True, serialize_provider, provider("SystemUser"))


def test_providers_come_without_what_no_call_of_theirs_needs() -> None:
    """A plugin host is started by every operation, and pays for each import anew."""
    code = (
        "import sys, meta_access; [getattr(meta_access, name) for name in meta_access.__all__]; "
        "print({'boto3', 's3transfer', 'rich', 'click', 'moto', 'jinja2', 'werkzeug', 'cryptography'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout == "set()\n"
