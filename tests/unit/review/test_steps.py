from __future__ import annotations

import io
import json
from typing import Any

import pytest

from meta_access.errors import printable
from meta_access.review import steps
from meta_access.review.steps import Op, Severity
from tests.unit.review.planned import CLIENT, END, UNKNOWN, event, log, planned, side, urn, written


def read(text: bytes) -> steps.EventLog:
    return steps.read(io.BytesIO(text))


def test_a_step_and_what_the_refresh_saw_of_it() -> None:
    was = {"asset": "act_1", "tasks": ["ANALYZE"]}
    found = log(
        planned(
            "update", "AssetAssignment", "shop", was=was, live={"tasks": []}, wants=was, parent=CLIENT, id_="7/act_1"
        )
    )
    [step] = found.steps
    assert (step.op, step.kind, step.name, step.parent) == (Op.UPDATE, "AssetAssignment", "shop", CLIENT)
    assert step.old is not None
    assert step.new is not None
    assert (step.old.id, step.old.outputs["tasks"], step.new.inputs["tasks"]) == ("7/act_1", [], ["ANALYZE"])
    [seen] = found.observations.values()
    assert seen.seen is not None
    assert (seen.before.outputs["tasks"], seen.seen.outputs["tasks"]) == (["ANALYZE"], [])
    assert found.whole
    assert found.config == {"meta:rules": "2026-11"}


def test_what_only_the_update_will_know_is_a_value_of_its_own_wherever_it_stands() -> None:
    wants = {"system_user_id": UNKNOWN, "requires": {"gate": UNKNOWN}, "tasks": ["A", UNKNOWN]}
    [step] = log(planned("create", "AssetAssignment", "shop", wants=wants)).steps
    assert step.new is not None
    assert step.new.inputs == {
        "system_user_id": steps.UNKNOWN,
        "requires": {"gate": steps.UNKNOWN},
        "tasks": ["A", steps.UNKNOWN],
    }


def test_a_secret_of_the_engine_and_a_pickled_provider_do_not_come_in() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
    [step] = log(planned("create", "AppSettings", "s", wants={"a": secret, "__provider": "gAS"})).steps
    assert step.new is not None
    assert step.new.inputs == {"a": "[secret]"}


def test_the_halves_of_a_replacement_are_one_step() -> None:
    where = urn("SystemUser", "reporting")
    old, new = side(where, "", {}, {}, "7"), side(where, "", {}, {}, "")
    ops = ("create-replacement", "replace", "delete-replaced")
    found = log([event("resourcePreEvent", op, where, old, new) for op in ops])
    assert [step.op for step in found.steps] == [Op.REPLACE]


def test_an_operation_of_a_later_engine_is_kept_as_unknown() -> None:
    assert [step.op for step in log(planned("teleport", "SystemUser", "x", wants={})).steps] == [Op.OTHER]


@pytest.mark.parametrize(
    ("severity", "kept"),
    [("error", Severity.ERROR), ("info#err", Severity.ERROR), ("warning", Severity.WARNING), ("info", Severity.INFO)],
)
def test_messages_are_kept_by_severity(severity: str, kept: Severity) -> None:
    said = {"diagnosticEvent": {"severity": severity, "urn": "u", "message": "<{%reset%}>no<{%reset%}>\n"}}
    assert log([said]).diagnostics == [steps.Diagnostic(kept, "u", "no")]


def test_debug_messages_are_dropped() -> None:
    assert log([{"diagnosticEvent": {"severity": "debug", "message": "x"}}]).diagnostics == []


def test_a_failed_preview_and_one_that_never_ended_are_not_whole() -> None:
    failed = read(written([{"summaryEvent": {"result": "failed"}}, {"cancelEvent": {}}]))
    assert (failed.ended, failed.succeeded, failed.whole) == (True, False, False)
    assert not log(end=False).whole
    assert not read(b"").whole


def test_a_last_line_that_a_killed_engine_left_unfinished_is_no_error() -> None:
    whole = written([*planned("create", "SystemUser", "reporting", wants={"name": "r"}), *END])
    cut = whole[: whole.index(b'{"cancelEvent"') + 5]
    found = read(cut)
    assert [step.name for step in found.steps] == ["reporting"]
    assert not found.ended


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


def deep(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe",
        b"no JSON",
        b"[]",
        b"null",
        b'"text"',
        b'{"resourcePreEvent": null}',
        b'{"resourcePreEvent": {"metadata": 5}}',
        b'{"resourcePreEvent": {"metadata": {"op": 1, "urn": "u"}}}',
        b'{"resourcePreEvent": {"metadata": {"op": "create", "urn": ["u"]}}}',
        b'{"resourcePreEvent": {"metadata": {"op": "create", "urn": "u", "new": {"inputs": []}}}}'.replace(
            b"[]", b"[1]"
        ),
        b'{"resOutputsEvent": {"metadata": {"op": "refresh", "urn": {}, "old": {}}}}',
        b'{"diagnosticEvent": {}}',
        b'{"preludeEvent": {"config": [1]}}',
        b'{"summaryEvent": 3}',
        nested(100_000),
        json.dumps(planned("create", "X", "x", wants={"a": deep(80)})[0]).encode(),
    ],
)
def test_a_hostile_line_is_one_named_error(line: bytes) -> None:
    with pytest.raises(steps.EventLogError) as refused:
        read(b"{}\n" + line + b"\n{}\n")
    assert printable(refused.value).startswith("Line 2 of the preview's event log is no event of the engine's.")


def test_a_line_without_an_end_and_a_log_without_an_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "LONGEST_LINE", 100)
    with pytest.raises(steps.EventLogError, match="line 1 brings it above what a review reads"):
        read(b'{"a": "' + b"x" * 200)
    monkeypatch.setattr(steps, "MOST_BYTES", 250)
    with pytest.raises(steps.EventLogError, match="line 4 brings it above what a review reads"):
        read((b'{"a": "' + b"x" * 60 + b'"}\n') * 5)
