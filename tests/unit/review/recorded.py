"""Event streams of the real engine, cut down to what a review reads of them; the unit tests' witnesses.

Each began as the event log of `pulumi preview --refresh` (3.259.0) on the emulator, in a project of `tests/engine`. To
make one anew, write a log there and cut it: `python -m tests.unit.review.recorded FROM TO`. Cut away are debug
messages, providers, what is the same and says nothing, and of the rest the pickled provider and long outputs.

`first`      the dev stack before its first `up`
`same`       unchanged
`widen`      MANAGE on an ad account given, a Page taken away
`rename`     the identity renamed with `renamed_from`
`drift`      tasks given and taken away at Meta by hand
`due`        the same, 45 days later
`held`       gates of mode block before a task is given
`branch`     nine accounts widened, a client removed, an identity renamed, a person promoted, an account nobody shares
`own`        a program without components: task, scopes and secret changed
`gone`       the same program, emptied
`refused`    a configuration with a key that does not exist

Beside a stream stands what META_ACCESS_FINDINGS named, where that run has found something.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meta_access import findings
from meta_access.gates.status import GATE_KINDS
from meta_access.review import judge, steps

if TYPE_CHECKING:
    from meta_access.review.facts import Review

STREAMS = Path(__file__).parent / "streams"
NAMES = tuple(path.stem for path in sorted(STREAMS.glob("*.jsonl")))
_CUT = ("__provider", "path", "given", "next_step", "evidence", "stack_id", "claim", "fingerprint", "provider")
_OUTPUTS = ("quota", "tiers")


def stream(name: str) -> steps.EventLog:
    with (STREAMS / f"{name}.jsonl").open("rb") as file:
        return steps.read(file)


def review(name: str) -> Review:
    """What a review of the stream says, with what its run has found besides."""
    noted = findings.read(STREAMS / f"{name}.findings")
    return judge.judged(stream(name), noted, stack="dev", project="meta-access")


def cut(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What of a log a review reads, in its order."""
    moving = {_urn(event) for event in events if _op(event) not in {"same", "refresh", ""}}
    return [_less(event) for event in events if _tells(event, moving)]


def _metadata(event: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (event.get("resourcePreEvent") or event.get("resOutputsEvent") or {}).get("metadata") or {}
    return found


def _urn(event: dict[str, Any]) -> str:
    return str(_metadata(event).get("urn", ""))


def _op(event: dict[str, Any]) -> str:
    return str(_metadata(event).get("op", ""))


def _tells(event: dict[str, Any], moving: set[str]) -> bool:
    if message := event.get("diagnosticEvent"):
        return message["severity"] in {"error", "warning"}
    if not (metadata := _metadata(event)):
        return "policyLoadEvent" not in event
    kind = steps.type_of(metadata["urn"])
    if kind == "pulumi:pulumi:Stack":
        return "resOutputsEvent" in event and bool((metadata.get("new") or {}).get("outputs"))
    if kind.startswith("pulumi:") or ("resourcePreEvent" in event) is (metadata["op"] == "refresh"):
        return False
    speaks = metadata["urn"] in moving or kind.endswith((":SystemUser", *(f":{gate}" for gate in GATE_KINDS)))
    return speaks and ("resourcePreEvent" in event or metadata["op"] == "refresh")


def _less(event: dict[str, Any]) -> dict[str, Any]:
    if "preludeEvent" in event:
        config = event["preludeEvent"]["config"]
        return {"preludeEvent": {"config": {"meta:rules": config["meta:rules"]}}}
    metadata = _metadata(event)
    for side in filter(None, (metadata.get("old"), metadata.get("new"))):
        for part in ("inputs", "outputs"):
            side[part] = {key: value for key, value in side[part].items() if key not in _CUT}
        if steps.type_of(metadata["urn"]) == "pulumi:pulumi:Stack":
            outputs = {key: value for key, value in side["outputs"].items() if key in _OUTPUTS}
            tiers = {name: {"observed": row["observed"]} for name, row in outputs.get("tiers", {}).items()}
            side["outputs"] = {**outputs, "tiers": tiers} if outputs else {}
        side.pop("provider", None)
    return {key: value for key, value in event.items() if key not in {"timestamp", "sequence"}}


def main() -> None:
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    left = cut([json.loads(line) for line in lines])
    text = "".join(json.dumps(event, separators=(",", ":")) + "\n" for event in left)
    Path(sys.argv[2]).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
