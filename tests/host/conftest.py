"""The real plugin host, `python -u -m pulumi.dynamic`, called over gRPC as the engine calls it."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import grpc
import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from meta_access.engine_marks import TYPE_PREFIX
from meta_access.providers.payloads import PAYLOADS
from tests.engine import lindenhof

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.emulators import RunningEmulator

CHECKOUT = Path(__file__).resolve().parents[2]
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine spells a value that it does not know yet, on the wire."""

CALL_S = 60.0


class HostError(Exception):
    """What the engine would print after `error: `."""


@dataclass
class Host:
    """One process of the plugin host, with the lines it printed for the user."""

    process: subprocess.Popen[str]
    stub: Any
    printed: list[str] = field(default_factory=list)
    lines: queue.Queue[str] = field(default_factory=queue.Queue)

    def configure(self, config: dict[str, Any]) -> None:
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
        self._call("Configure", provider_pb2.ConfigureRequest(args=struct(texts)))

    def check(self, name: str, news: dict[str, Any], olds: dict[str, Any] | None = None) -> Any:
        """The answer: `inputs`, and `failures` as pairs of property and reason."""
        request = provider_pb2.CheckRequest(olds=struct(_with(name, olds)), news=struct(_with(name, news)))
        answer = self._call("Check", request)
        failures = [(failure.property, failure.reason) for failure in answer.failures]
        return _plain(answer.inputs), failures

    def diff(self, name: str, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> str:
        request = provider_pb2.DiffRequest(id=id_, olds=struct(_with(name, olds)), news=struct(_with(name, news)))
        answer = self._call("Diff", request)
        assert not list(answer.replaces)
        return str(provider_pb2.DiffResponse.DiffChanges.Name(answer.changes))

    def create(self, name: str, props: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        answer = self._call("Create", provider_pb2.CreateRequest(properties=struct(_with(name, props))))
        return answer.id, _plain(answer.properties)

    def update(self, name: str, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        """The new outputs. A refused update raises, as the program's hook makes the engine's run fail."""
        request = provider_pb2.UpdateRequest(id=id_, olds=struct(_with(name, olds)), news=struct(_with(name, news)))
        outs = _plain(self._call("Update", request).properties)
        if "refused" in outs:
            raise HostError(f"meta-access: {outs['refused']}")
        return outs

    def read(self, name: str, id_: str, outs: dict[str, Any]) -> tuple[str, dict[str, Any], Any]:
        """Id, outputs and inputs; None for inputs that the engine is to keep as it has them."""
        answer = self._call("Read", provider_pb2.ReadRequest(id=id_, properties=struct(_with(name, outs))))
        return answer.id, _plain(answer.properties), _plain(answer.inputs) if answer.HasField("inputs") else None

    def delete(self, name: str, id_: str, outs: dict[str, Any]) -> None:
        self._call("Delete", provider_pb2.DeleteRequest(id=id_, properties=struct(_with(name, outs))))

    def said(self, text: str, timeout_s: float = 10.0) -> str:
        """Wait for a printed line that holds `text`."""
        for line in self.printed:
            if text in line:
                return line
        while True:
            line = self.lines.get(timeout=timeout_s)
            self.printed.append(line)
            if text in line:
                return line

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)

    def _call(self, method: str, request: Any) -> Any:
        try:
            return getattr(self.stub, method)(request, timeout=CALL_S)
        except grpc.RpcError as error:
            text = str(cast("grpc.Call", error).details())
        raise HostError(text)


def struct(bag: dict[str, Any]) -> struct_pb2.Struct:
    """A property bag as the engine sends it: numbers become doubles."""
    made = struct_pb2.Struct()
    json_format.ParseDict(bag, made)
    return made


def _with(name: str, bag: dict[str, Any] | None) -> dict[str, Any]:
    # An empty bag stays empty: the engine passes no old inputs to the check of a create.
    return {**bag, "__provider": PAYLOADS[TYPE_PREFIX + name]} if bag is not None else {}


def _plain(bag: struct_pb2.Struct) -> dict[str, Any]:
    plain: dict[str, Any] = json_format.MessageToDict(bag)
    plain.pop("__provider", None)
    return plain


def start_host(*arguments: str, env: dict[str, str] | None = None) -> Host:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.dynamic", *arguments],
        cwd=CHECKOUT,
        env={**os.environ, "PULUMI_PROJECT": "meta-access", **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    assert port.isdigit(), port + process.stdout.read()
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    host = Host(process, provider_pb2_grpc.ResourceProviderStub(channel))

    def collect() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            host.lines.put(line.rstrip("\n"))

    threading.Thread(target=collect, daemon=True).start()
    return host


@pytest.fixture
def emulator(running_emulator: RunningEmulator) -> RunningEmulator:
    """The starting world."""
    running_emulator.reset()
    return running_emulator


@pytest.fixture
def config(emulator: RunningEmulator) -> dict[str, Any]:
    """The dev stack's configuration as committed, on the emulator of this test."""
    return lindenhof.config(emulator)


@pytest.fixture
def hosts(config: dict[str, Any]) -> Iterator[Callable[..., Host]]:
    """Start hosts, configured; each is a process of its own, as each deployment has one."""
    started: list[Host] = []

    def start(*arguments: str, env: dict[str, str] | None = None, configured: bool = True) -> Host:
        host = start_host(*arguments, env=env)
        started.append(host)
        if configured:
            host.configure(config)
        return host

    yield start
    for host in started:
        host.stop()


@pytest.fixture
def host(hosts: Callable[..., Host]) -> Host:
    return hosts()
