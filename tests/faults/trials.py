"""Which trials there are: every call that a clean run made, times every way in which a call can go wrong. Pure.

The calls come from the journal of a clean run and from no list, so a new call of the product is disturbed from the day
it is made. A call is told from others by what it is and by how many of its kind came before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

GRAPH, SECRETS = "graph", "secretsmanager"
READS = frozenset({"DescribeSecret", "GetSecretValue", "ListSecretVersionIds", "ListSecrets"})
_ID = re.compile(r"[0-9]{6,}")

# More often than any one call is repeated by its client: 5 times by boto3, 4 by ours.
LASTING = 5
LISTED = "listed"
HOLD_S = 600


@dataclass(frozen=True, slots=True)
class Point:
    """One call of an operation.

    Attributes:
        verb: HTTP method at Graph, operation at Secrets Manager.
        path: Regular expression for Graph's path; "" for Secrets Manager.
        nth: From 1, among the calls that look the same.
        place: From 0, among all calls of the operation.
    """

    service: str
    verb: str
    path: str
    nth: int
    place: int

    @property
    def name(self) -> str:
        shown = self.path.strip("^$").replace("[0-9]+", "ID").replace("\\", "")
        where = f" {shown}" if shown else ""
        return f"{self.service} {self.verb}{where} #{self.nth}"

    @property
    def reads(self) -> bool:
        return self.verb in READS or (self.verb == "GET" and not self.path.endswith("oauth/revoke$"))

    @property
    def in_batch(self) -> bool:
        """Sent in a batch because of the token in it. The batch is a point of its own."""
        return self.path.endswith(("debug_token$", "oauth/revoke$"))

    def match(self) -> dict[str, Any]:
        """The keys of a fault that strikes this call."""
        if self.service == SECRETS:
            return {"service": SECRETS, "operation": self.verb, "nth": self.nth}
        return {"service": GRAPH, "method": self.verb, "path": self.path, "nth": self.nth}


def points(calls: Sequence[Mapping[str, Any]]) -> list[Point]:
    """The calls of a journal (rows as the control API shows them), told apart."""
    seen: dict[tuple[str, str, str], int] = {}
    found = []
    for place, call in enumerate(calls):
        graph = call["service"] == GRAPH
        verb = call["method"] if graph else call["operation"]
        path = f"^{_ID.sub('[0-9]+', re.escape(call['path']))}$" if graph else ""
        key = (call["service"], verb, path)
        seen[key] = seen.get(key, 0) + 1
        found.append(Point(call["service"], verb, path, seen[key], place))
    return found


@dataclass(frozen=True, slots=True)
class Disturbance:
    """One way for a call to go wrong.

    Attributes:
        graph: The fault at Graph; `secrets` likewise at Secrets Manager.
        only: "writes", LISTED for reads that can be behind the writes (Meta judges tokens by the present), or "".
        kills: Which processes are killed while the call is held, its effect done and its answer not given.
        waits: The client waits for its own timeouts, so few trials fit into one operation.
    """

    name: str
    graph: Mapping[str, Any]
    secrets: Mapping[str, Any]
    only: str = ""
    kills: tuple[str, ...] = ()
    waits: bool = False

    def fits(self, point: Point) -> bool:
        # An item is never held: it times out within its batch, which is answered.
        if point.in_batch and (self.graph["kind"] == "hang" or self.only == LISTED):
            return False
        if self.only == LISTED:
            return point.verb in READS or point.verb == "GET"
        return self.only in {"", "reads" if point.reads else "writes"}

    def fault(self, point: Point) -> dict[str, Any]:
        """The fault to inject, as the control API takes it."""
        chosen = self.graph if point.service == GRAPH else self.secrets
        return {**point.match(), "times": 1, **chosen}


def _error(status: int, name: str) -> dict[str, Any]:
    return {"kind": "http", "status": status, "body": {"__type": name, "Message": "injected"}}


_BUSY = {"X-Business-Use-Case-Usage": {"1": [{"estimated_time_to_regain_access": 10}]}}
_HELD = {"kind": "hang", "seconds": HOLD_S}

ENGINE, HOST = "engine", "host"
FAULTS = (
    Disturbance("refused", {"kind": "graph", "code": 10}, _error(400, "AccessDeniedException")),
    Disturbance("lost", {"kind": "drop_after"}, {"kind": "drop_after"}),
    Disturbance("lost again and again", *2 * ({"kind": "drop_after", "times": LASTING},)),
    Disturbance(
        "500",
        {"kind": "graph", "code": 2, "status": 500, "times": LASTING},
        {**_error(500, "InternalServiceError"), "times": LASTING},
    ),
    Disturbance(
        "500 though done",
        {"kind": "graph", "code": 2, "status": 500, "applied": True},
        {**_error(500, "InternalServiceError"), "applied": True},
        only="writes",
    ),
    Disturbance("throttle", {"kind": "graph", "code": 80004}, _error(400, "ThrottlingException"), waits=True),
    Disturbance(
        "throttled for minutes",
        {"kind": "graph", "code": 80004, "headers": _BUSY, "times": LASTING},
        {**_error(400, "ThrottlingException"), "times": LASTING},
    ),
    Disturbance("garbage", *2 * ({"kind": "garbage", "times": LASTING},)),
    Disturbance("garbage though done", *2 * ({"kind": "garbage", "applied": True},), only="writes"),
    Disturbance("hang", *2 * ({**_HELD, "times": LASTING},), waits=True),
    Disturbance("stale", *2 * ({"kind": "stale", "writes": 1},), only=LISTED),
)
KILLS = (
    Disturbance("kill the engine", _HELD, _HELD, kills=(ENGINE,), waits=True),
    Disturbance("kill the host", _HELD, _HELD, kills=(HOST,), waits=True),
    Disturbance("kill both", _HELD, _HELD, kills=(HOST, ENGINE), waits=True),
)
ALL = (*FAULTS, *KILLS)


@dataclass(frozen=True, slots=True)
class Trial:
    """One operation, disturbed at one call in one way."""

    scenario: str
    point: Point
    disturbance: Disturbance

    @property
    def name(self) -> str:
        return f"{self.scenario} | {self.point.name} | {self.disturbance.name}"

    def fault(self) -> dict[str, Any]:
        return self.disturbance.fault(self.point)


def trials(scenario: str, found: Iterable[Point]) -> list[Trial]:
    """Every trial of one operation."""
    return [Trial(scenario, point, each) for point in found for each in ALL if each.fits(point)]


def batches(wanted: Sequence[Trial], *, size: int, waiting: int) -> list[list[Trial]]:
    """Put trials together that one run of the operation can carry.

    Trials of one batch are disturbed at neighbouring calls: a read that fails for good ends the operation for all
    resources of the stack, and what comes later than it in another trial would not be reached.

    Args:
        wanted: Of any operations.
        size: Most trials in a batch.
        waiting: Likewise for those whose calls are held or waited for: the plugin host serves four calls at a time.
    """
    groups: dict[tuple[str, tuple[str, ...], bool], list[Trial]] = {}
    for trial in wanted:
        way = trial.disturbance
        groups.setdefault((trial.scenario, way.kills, way.waits), []).append(trial)
    made = []
    for (_, _, waits), group in groups.items():
        step = waiting if waits else size
        ordered = sorted(group, key=lambda trial: (trial.point.place, trial.disturbance.name))
        made += [ordered[at : at + step] for at in range(0, len(ordered), step)]
    return made
