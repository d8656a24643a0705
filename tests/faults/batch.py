"""One batch: an operation with one trial in each slot, then further runs, then the verdicts."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.faults import scenarios, verdict
from tests.faults.stand import Stand, gone, hosts_in, kill
from tests.faults.trials import ENGINE, HOST
from tests.faults.verdict import Complaint, Kind, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.engine.projects import Result
    from tests.faults.scenarios import Scenario
    from tests.faults.stand import Operation, Slot
    from tests.faults.trials import Trial

# More than a lease: the next run of a person or a job comes minutes later. Runs that do not wait are the survivors'.
LATER_S = 150
MOST_RUNS = 2
_ALL_HELD_S = 60.0
_SURVIVORS_S = 120.0
# A run that waits for a lease has nothing else to do by then.
_WAITS_BY_NOW_S = 20.0


@dataclass
class Played:
    """What became of a batch.

    Attributes:
        outcomes: Of trials that are decided.
        again: Trials whose call was not reached, since another one of the batch ended the operation before.
        log: What the engine printed, for a failing trial.
    """

    outcomes: list[Outcome]
    again: list[Trial]
    log: str


def play(stand: Stand, trials: Sequence[Trial]) -> Played:
    """Play trials of one operation and one kind of killing, one to a slot; slots to spare go undisturbed."""
    scenario = scenarios.ALL[trials[0].scenario]
    stand.project.program(scenario.program(stand))
    slots = list(zip(stand.slots, trials, strict=False))
    before = [slot.census() for slot, _ in slots]
    for slot, trial in slots:
        slot.emulator.state.faults.add(trial.fault())
    logs = [_disturbed(stand, scenario, [slot for slot, _ in slots], trials[0].disturbance.kills)]
    struck = [slot.struck for slot, _ in slots]
    logs.append(_recovered_from_kill(stand, scenario, trials[0].disturbance.kills))
    stand.clear_faults()
    between = [slot.census() for slot, _ in slots]
    runs, rest, more = _heal(stand, scenario, any(text for text in logs[1:]))
    logs += more
    outcomes, again = [], []
    for (slot, trial), was, then, met in zip(slots, before, between, struck, strict=True):
        if not met:
            again.append(trial)
            continue
        wish, now = scenario.wish(was), slot.census()
        complaints = [*verdict.meanwhile(then, wish, was), *verdict.finally_(now, wish, was)]
        if why := rest.get(slot.name, rest.get("")):
            complaints.append(Complaint(Kind.NOT_CONVERGED, why))
        outcomes.append(Outcome(trial.name, tuple(complaints), runs=runs, suspects=now.suspects))
    return Played(outcomes, again, "\n".join(logs))


# --- the disturbed run ----------------------------------------------------------------------------


def _disturbed(stand: Stand, scenario: Scenario, slots: Sequence[Slot], kills: Sequence[str]) -> str:
    operation = stand.begin(scenario.verb)
    if not kills:
        return operation.wait().stdout
    _wait_until_held(operation, slots)
    hosts = operation.host()
    if HOST in kills:
        kill(hosts)
    if ENGINE in kills:
        operation.kill_engine()
    return operation.wait().stdout


def _wait_until_held(operation: Operation, slots: Sequence[Slot]) -> None:
    until = time.monotonic() + _ALL_HELD_S
    while operation.running and time.monotonic() < until:
        if all(slot.struck for slot in slots):
            return
        time.sleep(0.02)


def _recovered_from_kill(stand: Stand, scenario: Scenario, kills: Sequence[str]) -> str:
    """After the engine has been killed: unlock, and when a host has survived it, run while that one finishes."""
    if ENGINE not in kills:
        return ""
    stand.unlock()
    if HOST in kills:
        return ""
    survivors = hosts_in(stand.project.root)
    for slot in stand.slots:
        slot.forget_calls()
    operation = stand.begin(scenario.verb)
    until = time.monotonic() + _SURVIVORS_S
    while operation.running and time.monotonic() < until and not any(slot.calls() for slot in stand.slots):
        time.sleep(0.05)
    stand.clear_faults()
    gone(survivors, within_s=_SURVIVORS_S)
    since = time.monotonic()
    while operation.running:
        if time.monotonic() - since > _WAITS_BY_NOW_S:
            stand.advance(LATER_S)
            since = time.monotonic()
        time.sleep(0.1)
    return operation.wait().stdout or "-"


# --- further runs ---------------------------------------------------------------------------------


def _heal(stand: Stand, scenario: Scenario, ran: bool) -> tuple[int, dict[str, str], list[str]]:
    """Run again, at most twice, until nothing changes.

    Returns:
        How often, what is wrong by slot ("" for all of them), and what the engine printed.
    """
    logs: list[str] = []
    runs = int(ran)
    while True:
        if runs:
            wrong, text = _at_rest(stand, scenario)
            logs.append(text)
            if not wrong or runs == MOST_RUNS:
                return runs, wrong, logs
        stand.advance(LATER_S)
        logs.append(stand.operate(scenario.verb).stdout)
        runs += 1


def _at_rest(stand: Stand, scenario: Scenario) -> tuple[dict[str, str], str]:
    if scenario.verb == "destroy":
        left = stand.project.resources()
        names = {name.partition("-")[0] for name, entry in left.items() if "dynamic/meta:" in entry["type"]}
        return dict.fromkeys(names, "resources are left"), f"left: {sorted(left)}"
    preview = stand.operate("preview")
    return judge_preview(preview), preview.stdout


def judge_preview(preview: Result) -> dict[str, str]:
    """What is not at rest, by slot."""
    wrong: dict[str, str] = {}
    for name, op in preview.ops.items():
        if op != "same":
            wrong[name.partition("-")[0]] = f"preview says {op} of {name}"
    for event in preview.events:
        said = event.get("diagnosticEvent") or {}
        if said.get("severity") == "error":
            name = str(said.get("urn", "")).rpartition("::")[2]
            slot = name.partition("-")[0] if name.endswith(("-user", "-app", "-token")) else ""
            wrong[slot] = f"preview fails: {said['message'].strip()}"
    if preview.code != 0 and not wrong:
        wrong[""] = f"preview fails with code {preview.code}"
    return wrong
