"""Which trials a journal makes."""

from __future__ import annotations

from typing import Any

from meta_emulator import fault
from tests.faults import trials
from tests.faults.trials import Trial


def graph(method: str, path: str) -> dict[str, Any]:
    return {"service": "graph", "method": method, "path": path}


def secrets(operation: str) -> dict[str, Any]:
    return {"service": "secretsmanager", "method": "POST", "operation": operation, "path": operation}


CALLS = [
    graph("GET", "/v26.0/178000000000101/system_users"),
    secrets("DescribeSecret"),
    secrets("PutSecretValue"),
    graph("POST", "/v26.0/122090000000777/access_tokens"),
    secrets("PutSecretValue"),
    graph("GET", "/v26.0/debug_token"),
    graph("POST", "/v26.0"),
    graph("GET", "/v26.0/oauth/revoke"),
]


def test_each_call_of_a_journal_is_a_point_of_its_own() -> None:
    found = trials.points(CALLS)

    assert [point.name for point in found] == [
        "graph GET /v26.0/ID/system_users #1",
        "secretsmanager DescribeSecret #1",
        "secretsmanager PutSecretValue #1",
        "graph POST /v26.0/ID/access_tokens #1",
        "secretsmanager PutSecretValue #2",
        "graph GET /v26.0/debug_token #1",
        "graph POST /v26.0 #1",
        "graph GET /v26.0/oauth/revoke #1",
    ]
    assert [point.reads for point in found] == [True, True, False, False, False, True, False, False]


def test_a_call_in_a_batch_is_never_held_and_never_behind() -> None:
    inspecting, batch, revoking = trials.points(CALLS)[5:]

    names = [way.name for way in trials.ALL if way.fits(inspecting)]
    assert names == [
        "refused", "lost", "lost again and again", "500", "throttle", "throttled for minutes", "garbage",
    ]  # fmt: skip
    assert {"500 though done", "garbage though done"} <= {way.name for way in trials.ALL if way.fits(revoking)}
    assert {"lost", "hang", "kill both"} <= {way.name for way in trials.ALL if way.fits(batch)}


def test_a_fault_strikes_the_call_it_is_meant_for_whatever_the_ids_are() -> None:
    minting = trials.points(CALLS)[3]
    spec = fault.parse(next(way for way in trials.ALL if way.name == "lost").fault(minting))

    assert spec.matches("graph", "POST", "/v26.0/122090000000999/access_tokens")
    assert not spec.matches("graph", "GET", "/v26.0/122090000000999/access_tokens")
    assert not spec.matches("graph", "POST", "/v26.0/122090000000999/applications")
    second = fault.parse(next(way for way in trials.ALL if way.name == "hang").fault(trials.points(CALLS)[4]))
    assert (second.operation, second.nth, second.times) == ("PutSecretValue", 2, 5)


def test_every_fault_is_one_that_the_emulator_takes() -> None:
    for point in trials.points(CALLS):
        for way in trials.ALL:
            if way.fits(point):
                fault.parse(way.fault(point))


def test_reads_and_writes_are_disturbed_in_their_own_ways() -> None:
    found = trials.trials("rotate", trials.points(CALLS))

    def ways(place: int) -> set[str]:
        return {trial.disturbance.name for trial in found if trial.point.place == place}

    common = {
        "refused", "lost", "lost again and again", "500", "throttle", "throttled for minutes", "garbage", "hang",
        "kill the engine", "kill the host", "kill both",
    }  # fmt: skip
    assert ways(1) == {*common, "stale"}
    assert ways(2) == {*common, "500 though done", "garbage though done"}
    # Meta judges tokens by the present: there is nothing that could be stale. The batch is held, not its call.
    assert ways(5) == common - {"hang", "kill the engine", "kill the host", "kill both"}
    assert len(found) == 12 + 12 + 13 + 13 + 13 + 7 + 13 + 9


def test_a_batch_is_of_one_operation_and_one_way_of_killing_and_its_calls_are_neighbours() -> None:
    found = [*trials.trials("rotate", trials.points(CALLS)), *trials.trials("create", trials.points(CALLS))]

    made = trials.batches(found, size=16, waiting=4)

    assert sorted(trial.name for batch in made for trial in batch) == sorted(trial.name for trial in found)
    for batch in made:
        assert len({(trial.scenario, trial.disturbance.kills, trial.disturbance.waits) for trial in batch}) == 1
        assert len(batch) <= (4 if batch[0].disturbance.waits else 16)
        assert [trial.point.place for trial in batch] == sorted(trial.point.place for trial in batch)


def test_a_name_tells_how_to_replay() -> None:
    point = trials.points(CALLS)[3]

    assert Trial("create", point, trials.KILLS[2]).name == "create | graph POST /v26.0/ID/access_tokens #1 | kill both"
