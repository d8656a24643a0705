"""The rules of good practice as a Pulumi policy pack: the engine asks them of the resources that it plans or has made.

A pack's `__main__.py` runs it: `from meta_access.components import policy_pack`, then `policy_pack.run()`. It speaks
the engine's protocol with what the Pulumi SDK brings; ADR 14 says why no other package does that.

A mandatory finding ends `pulumi preview` with an error. In a run that acts it is a warning: the engine can only stop
the whole run, and with it the rotation of a token. There the standard program holds back what widens (`gate_board.py`).
"""

from __future__ import annotations

import sys
from concurrent import futures
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import psutil
from google.protobuf import json_format
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2

from meta_access.engine_marks import TYPE_PREFIX
from meta_access.errors import ConfigError
from meta_access.policy import Finding, Level, Rule, Severity, judge
from meta_access.policy.declared import Resource
from meta_access.policy.practice import PRACTICE
from meta_access.stack.files import project_of
from meta_access.stack.load import Stack, load_stack

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "meta-access"
_LEVELS = {
    Level.ADVISORY: analyzer_pb2.ADVISORY,
    Level.MANDATORY: analyzer_pb2.MANDATORY,
    Level.DISABLED: analyzer_pb2.DISABLED,
}
_SEVERITIES = {
    Severity.LOW: analyzer_pb2.POLICY_SEVERITY_LOW,
    Severity.MEDIUM: analyzer_pb2.POLICY_SEVERITY_MEDIUM,
    Severity.HIGH: analyzer_pb2.POLICY_SEVERITY_HIGH,
    Severity.CRITICAL: analyzer_pb2.POLICY_SEVERITY_CRITICAL,
}
_LARGEST = 400 * 1024 * 1024
"""Bytes of a message, as the SDK lets its own servers take."""
_UNREADABLE = Finding(
    judge.UNUSABLE,
    Severity.CRITICAL,
    Level.MANDATORY,
    "the stack file",
    "The configuration is refused, so that no rule was asked.",
    "Mend what the program, or `meta-access validate`, says of it.",
)


def run() -> None:
    """Serve the engine that started this process, until it ends it."""
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=1),
        options=[("grpc.max_receive_message_length", _LARGEST), ("grpc.max_send_message_length", _LARGEST)],
    )
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Analyzer(Path.cwd(), acts=not _previews()), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    # The engine reads the port, and nothing else, from here.
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


class Analyzer(analyzer_pb2_grpc.AnalyzerServicer):
    """The engine's questions, and what the rules say.

    Args:
        folder: Of the project whose program the engine runs, or below it.
        acts: Whether the run changes something, if nobody stops it.
    """

    def __init__(self, folder: Path, *, acts: bool) -> None:
        self._folder = folder
        self._acts = acts
        self._stack: Stack | None = None
        self._stacks = folder

    def ConfigureStack(self, request: Any, _context: Any) -> Any:  # noqa: N802 - the protocol's names, here and below
        """Take the configuration of the stack, as its program gets it."""
        project = project_of(self._folder)
        if project is not None:
            self._stacks = project[1]
        try:
            self._stack = load_stack(
                dict(request.config),
                request.stack,
                self._stacks,
                project=request.project,
                secret=list(request.config_secret_keys),
            )
        except ConfigError:
            # The program says why, problem by problem.
            self._stack = None
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    def Handshake(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return analyzer_pb2.AnalyzerHandshakeResponse()

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version="0.0.1")

    def GetAnalyzerInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """The rules, with a team's own ones and the levels of the stack where one is configured."""
        rules: Sequence[Rule] = PRACTICE
        if self._stack is not None:
            rules = [one for _, one in judge.rules_of(self._stack, self._stacks)[0]]
        return analyzer_pb2.AnalyzerInfo(
            name=NAME,
            displayName="Access to Meta",
            version="0.0.1",
            description="Rules of good practice of meta-access.",
            policies=[self._policy(one) for one in rules],
        )

    def _policy(self, rule: Rule) -> Any:
        return analyzer_pb2.PolicyInfo(
            name=rule.id,
            displayName=rule.id,
            description=rule.about,
            enforcementLevel=_LEVELS[self._level(rule.level)],
            policy_type=analyzer_pb2.POLICY_TYPE_STACK,
            severity=_SEVERITIES[rule.severity],
            url=rule.source,
        )

    def _level(self, level: Level) -> Level:
        return Level.ADVISORY if self._acts and level is Level.MANDATORY else level

    def Analyze(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Say nothing of one resource: what a rule looks at are several."""
        return analyzer_pb2.AnalyzeResponse()

    def Remediate(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return analyzer_pb2.RemediateResponse()

    def Configure(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Take no configuration: levels, with their reasons, are in the stack file, where a review shows a change."""
        return Empty()

    def Cancel(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return Empty()

    def AnalyzeStack(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Judge the resources of a run, once it has planned or made them."""
        rows = [(row.urn, _resource(row)) for row in request.resources if row.type.startswith(TYPE_PREFIX)]
        urns = {resource.place: urn for urn, resource in rows}
        if self._stack is None:
            found = [_UNREADABLE]
        else:
            today = datetime.now(UTC).date()
            found = judge.findings(self._stack, self._stacks, today, resources=[resource for _, resource in rows])
        return analyzer_pb2.AnalyzeResponse(
            diagnostics=[
                analyzer_pb2.AnalyzeDiagnostic(
                    policyName=one.rule,
                    policyPackName=NAME,
                    policyPackVersion="0.0.1",
                    description=one.cause,
                    message=f"{one.place}: {one.cause} Fix: {one.fix}",
                    enforcementLevel=_LEVELS[self._level(one.level)],
                    severity=_SEVERITIES[one.severity],
                    urn=urns.get(one.place, ""),
                )
                for one in found
            ]
        )


def _resource(row: Any) -> Resource:
    kind = row.type.removeprefix(TYPE_PREFIX)
    return Resource(kind, row.name, json_format.MessageToDict(row.properties), row.options.protect)


_LOOKS = frozenset({"preview", "pre"})
"""The command of the engine that plans and changes nothing, and its other name."""
_WITH_VALUE = frozenset(
    {"-C", "--cwd", "--color", "--tracing", "--otel-traces", "--profiling", "-v", "--verbose", "--memprofilerate"}
)


def _previews() -> bool:
    """Whether the engine that started this is `pulumi preview`; `up` previews as well, and then acts."""
    try:
        parents = [parent.cmdline() for parent in psutil.Process().parents()]
    except psutil.Error:
        return False
    return is_preview(next((words for words in parents if words and Path(words[0]).stem == "pulumi"), []))


def is_preview(words: Sequence[str]) -> bool:
    """Whether a command line of the engine only looks."""
    rest = iter(words[1:])
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif not word.startswith("-"):
            return word in _LOOKS
    return False
