# ruff: noqa: N802, ARG002 - the method names and signatures are the protocol's
"""A resource plugin that stands in for `pulumi-resource-random` where the vendor's download cannot be reached.

It speaks the engine's provider protocol over gRPC on the loopback address and prints its port as the first line. It is
installed only into this project's private PULUMI_HOME, and only when the real plugin could not be had (`install.py`).
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct

from meta_access.engine_marks import UNKNOWN
from tools.engine.random_plugin import values

if __name__ == "__main__":
    # Of the SDK only the protocol is needed. To import its packages runs all of it, 0.12 s of processor time in each
    # operation of the engine; so they are empty here, and only say where their modules lie.
    _sdk = find_spec("pulumi")
    _site = Path(_sdk.origin).parents[1] if _sdk is not None and _sdk.origin is not None else Path()
    for _name in ("pulumi", "pulumi.runtime"):
        sys.modules[_name] = ModuleType(_name)
        sys.modules[_name].__path__ = [str(_site / _name.replace(".", "/"))]

from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

VERSION_VARIABLE = "RANDOM_STAND_IN_VERSION"


class RandomServicer(provider_pb2_grpc.ResourceProviderServicer):
    """The calls that the engine makes for the resources in `values.TYPES`."""

    def __init__(self, version: str) -> None:
        self.version = version

    def Handshake(self, request: provider_pb2.ProviderHandshakeRequest, context: Any) -> None:
        # An engine goes on without one. The generated class would print a traceback.
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "the stand-in shakes no hands")

    def GetPluginInfo(self, request: Empty, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self.version)

    def CheckConfig(self, request: provider_pb2.CheckRequest, context: Any) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: Any) -> provider_pb2.DiffResponse:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: provider_pb2.ConfigureRequest, context: Any) -> provider_pb2.ConfigureResponse:
        return provider_pb2.ConfigureResponse(supportsPreview=True, acceptSecrets=False)

    def Check(self, request: provider_pb2.CheckRequest, context: Any) -> provider_pb2.CheckResponse:
        kind = _kind(request.urn, context)
        failures = [
            provider_pb2.CheckFailure(property=name, reason=reason)
            for name, reason in values.problems(kind, _plain(request.news))
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def Diff(self, request: provider_pb2.DiffRequest, context: Any) -> provider_pb2.DiffResponse:
        names = values.changed(_plain(request.old_inputs), _plain(request.news))
        if not names:
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_SOME, replaces=names, diffs=names)

    def Create(self, request: provider_pb2.CreateRequest, context: Any) -> provider_pb2.CreateResponse:
        kind = _kind(request.urn, context)
        inputs = _plain(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(
                properties=_struct({**inputs, **dict.fromkeys(values.COMPUTED[kind], UNKNOWN)})
            )
        made, outputs = values.make(kind, inputs)
        return provider_pb2.CreateResponse(id=made, properties=_struct(outputs))

    def Read(self, request: provider_pb2.ReadRequest, context: Any) -> provider_pb2.ReadResponse:
        if not request.properties.fields:
            context.abort(
                grpc.StatusCode.UNIMPLEMENTED,
                "reading a random value by its id alone needs the real pulumi-random plugin; this is the stand-in",
            )
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Update(self, request: provider_pb2.UpdateRequest, context: Any) -> provider_pb2.UpdateResponse:
        # Every changed input replaces; the engine asks for an update only when nothing of ours changed.
        return provider_pb2.UpdateResponse(properties=request.olds)

    def Delete(self, request: provider_pb2.DeleteRequest, context: Any) -> Empty:
        return Empty()

    def Cancel(self, request: Empty, context: Any) -> Empty:
        return Empty()


def _kind(urn: str, context: Any) -> str:
    """Return the type token of a URN (`urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`), or end the call."""
    kind = urn.split("::")[2].rsplit("$", 1)[-1]
    if kind not in values.TYPES:
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            f"{kind} needs the real pulumi-random plugin; the stand-in knows RandomId, RandomString and RandomPassword",
        )
    return kind


def _plain(message: Struct) -> dict[str, Any]:
    properties: dict[str, Any] = MessageToDict(message)
    return properties


def _struct(properties: dict[str, Any]) -> Struct:
    message = Struct()
    ParseDict(properties, message)
    return message


def serve(servicer: RandomServicer) -> tuple[grpc.Server, int]:
    """Start to serve on a free port of the loopback address; the server, and its port."""
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def main() -> None:
    """Serve until the engine that started this process is gone."""
    server, port = serve(RandomServicer(os.environ.get(VERSION_VARIABLE, "0.0.0")))
    print(port, flush=True)
    # A killed engine does not take its plugins with it: they have a process group of their own.
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(1)
    server.stop(grace=None)


if __name__ == "__main__":
    main()
