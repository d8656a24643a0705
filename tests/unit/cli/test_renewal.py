"""When tokens are brought up to date by pulumi, and when without it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.cli import pulumi_run, pulumi_stack
from meta_access.cli.pulumi_run import RunEnd
from meta_access.cli.pulumi_stack import StackReadError, UpdateRecord
from meta_access.cli.tokens import renewal, stack_tokens
from meta_access.cli.tokens.renewal import WHY, Renewal
from meta_access.cli.tokens.stack_tokens import StackToken, StackTokens
from meta_access.errors import ConfigError, TokenPendingError
from meta_access.stack.connections import Settings
from meta_access.tokens.observe import Finding, Need, Observed, Presence
from tests.connections import MAIN
from tests.texts import lacks
from tests.unit.cli.states import resource, state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

GOOD = UpdateRecord("2026-11-24T08:00:00.000Z", {"meta:environment": "dev"})


@dataclass
class Engine:
    """What pulumi answers, and what was asked of it and of the protocol."""

    ends: list[RunEnd]
    good: UpdateRecord | None = GOOD
    fails: dict[str, str] = field(default_factory=dict)
    due: dict[str, Need] = field(default_factory=dict)
    ran: list[list[str]] = field(default_factory=list)
    renewed: list[str] = field(default_factory=list)

    def targeted(self, stack: str, urns: Sequence[str], _output: object) -> RunEnd:
        assert stack == "dev"
        self.ran.append(list(urns))
        return self.ends.pop(0)

    def look(self, token: StackToken) -> Observed:
        work = self.due.get(token.outputs["name"], Need.NONE)
        return Observed(presence=Presence.PRESENT, finding=Finding(work, "as found"), arn="arn")

    def renew(self, get: Callable[[str], str | None], outs: Mapping[str, Any]) -> str:
        print("said by a provider")
        if outs["name"] in self.fails:
            raise TokenPendingError(self.fails[outs["name"]])
        assert get("meta:environment") == "dev"
        self.renewed.append(outs["name"])
        return "rotation due: expires 2026-12-01"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = Engine([])
    monkeypatch.setattr(pulumi_run, "targeted", made.targeted)
    monkeypatch.setattr(renewal, "renew", made.renew)
    monkeypatch.setattr(pulumi_stack, "last_good_config", lambda _: made.good)
    monkeypatch.setattr(pulumi_stack, "config", lambda _: {"meta:environment": "dev"})
    monkeypatch.setattr(StackTokens, "look", lambda _, token: made.look(token))
    return made


def found(refused: str = "") -> StackTokens:
    return StackTokens(
        stack="dev",
        owner="meta-access/dev",
        settings=Settings("dev", "2026-05", offline=False, connections={"main": MAIN}),
        tokens=tuple(StackToken(urn=f"urn::{name}", outputs={"name": name}) for name in ("root", "a", "b")),
        refused=refused,
    )


class Time:
    """A clock that does not sleep."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_while_the_program_runs_pulumi_alone_acts(engine: Engine) -> None:
    engine.ends = [RunEnd.WELL]
    made = Renewal(found())

    assert made.up(["urn::a"])
    assert (engine.ran, engine.renewed, made.refused, made.outside) == ([["urn::a"]], [], False, [])


def test_a_lock_that_is_let_go_is_waited_for(engine: Engine) -> None:
    engine.ends = [RunEnd.LOCKED, RunEnd.LOCKED, RunEnd.WELL]
    clock = Time()

    assert Renewal(found(), clock).up(["urn::a"])
    assert (len(engine.ran), engine.renewed, clock.now) == (3, [], 20.0)


def test_a_lock_that_is_held_for_a_minute_keeps_nothing_from_being_renewed(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.ends = [RunEnd.LOCKED] * 7
    clock = Time()
    made = Renewal(found(), clock)

    assert made.up(["urn::root"])
    assert made.up(["urn::a", "urn::b"])

    assert (len(engine.ran), engine.renewed, clock.now) == (7, ["root", "a", "b"], 60.0)
    assert (made.refused, made.outside) == (False, ["root", "a", "b"])
    *_, told = (line for line in capsys.readouterr().err.splitlines() if WHY[RunEnd.LOCKED] in line and "root" in line)
    assert lacks(WHY[RunEnd.LOCKED], "lock", "60 s") == []
    assert lacks(told, "root", "today's configuration") == []


def test_a_run_that_stood_still_is_not_begun_again(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    engine.ends = [RunEnd.STILL]
    made = Renewal(found())

    assert made.up(["urn::root"])
    assert made.up(["urn::a"])

    assert (len(engine.ran), made.outside) == (1, ["root", "a"])
    assert WHY[RunEnd.STILL] in capsys.readouterr().err


def test_what_a_failed_run_did_not_come_to_is_done_outside(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    engine.ends = [RunEnd.MISSED]
    engine.due = {"a": Need.ROTATION, "b": Need.UNFINISHED}
    made = Renewal(found())

    assert not made.up(["urn::root", "urn::a", "urn::b"])

    # What the run began is left to the next one, and what it has done is done.
    assert made.outside == ["a"]
    [told] = (line for line in capsys.readouterr().err.splitlines() if WHY[RunEnd.MISSED] in line)
    assert lacks(told, " a, ") == []
    assert lacks(told, "root") == ["root"]


def test_a_failed_run_that_did_everything_leaves_nothing_to_do_outside(engine: Engine) -> None:
    engine.ends = [RunEnd.MISSED]
    made = Renewal(found())

    assert not made.up(["urn::a"])
    assert (engine.renewed, made.outside) == ([], [])


def test_a_token_that_has_an_error_of_its_own_is_not_tried_again(engine: Engine) -> None:
    engine.ends, engine.due = [RunEnd.BADLY], {"a": Need.ROTATION}
    made = Renewal(found())

    assert not made.up(["urn::a"])
    assert (engine.renewed, made.outside) == ([], [])


def test_the_error_of_one_token_that_ends_the_run_for_all_holds_up_no_other(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.ends = [RunEnd.BADLY]
    engine.due = dict.fromkeys(("a", "b"), Need.ROTATION)
    made = Renewal(found())

    assert not made.up(["urn::a", "urn::b"])
    assert (engine.renewed, made.outside) == (["a", "b"], ["a", "b"])
    assert WHY[RunEnd.BADLY] in capsys.readouterr().err


def test_a_refused_configuration_is_met_once_and_then_all_is_done_without_it(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.ends = [RunEnd.REFUSED]
    made = Renewal(found())

    assert made.up(["urn::root"])
    assert made.up(["urn::a", "urn::b"])

    assert (engine.ran, engine.renewed) == ([["urn::root"]], ["root", "a", "b"])
    assert (made.refused, made.outside) == (True, ["root", "a", "b"])
    told = capsys.readouterr()
    *_, last = (line for line in told.err.splitlines() if WHY[RunEnd.REFUSED] in line)
    assert lacks(last, "a, b", "update of 2026-11-24T08:00:00.000Z") == []
    # Standard output is the command's answer alone.
    assert told.out == ""


def test_a_configuration_that_cannot_be_read_is_not_tried(engine: Engine) -> None:
    made = Renewal(found(refused="Reading the stack's configuration failed: invalid YAML file"))

    assert made.up(["urn::a"])
    assert (engine.ran, engine.renewed) == ([], ["a"])


def test_trouble_with_one_token_does_not_keep_the_others(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    engine.ends, engine.fails = [RunEnd.REFUSED], {"a": "Meta cannot be asked."}
    made = Renewal(found())

    assert not made.up(["urn::a", "urn::b"])
    assert made.outside == ["b"]
    assert "a: Meta cannot be asked.\n" in capsys.readouterr().err


def test_without_a_good_update_on_record_nothing_is_done(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    engine.ends, engine.good = [RunEnd.REFUSED], None
    made = Renewal(found())

    assert not made.up(["urn::a"])
    assert engine.renewed == []
    assert lacks(capsys.readouterr().err, "stack dev", "on record") == []


# --- reading a stack whose configuration is broken ---------------------------------------------------------------

CONNECTED = {
    "meta:environment": "dev",
    "meta:rules": "2026-05",
    "meta:connections": (
        '{"main": {"business": "lindenhof", "app": "ads", "graph_url": "http://127.0.0.1:8765", "api_version": '
        '"v26.0", "app_secret": "emulator:", "admin_token": "emulator:", "aws": {"region": "eu-central-1", '
        '"endpoint_url": "http://127.0.0.1:8766"}}}'
    ),
    "meta:businesses": '{"lindenhof": {"id": "178000000000101"}}',
    "meta:apps": '{"ads": {"id": "120480000000201"}}',
}


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    told: dict[str, Any] = {"config": CONNECTED, "good": UpdateRecord("then", CONNECTED)}

    def config(_: str) -> dict[str, str]:
        if isinstance(told["config"], Exception):
            raise told["config"]
        return dict(told["config"])

    monkeypatch.setattr(pulumi_stack, "config", config)
    monkeypatch.setattr(pulumi_stack, "export", lambda _: state())
    monkeypatch.setattr(pulumi_stack, "last_good_config", lambda _: told["good"])
    return told


def test_today_s_connections_are_taken_while_they_can_be_read(stack: dict[str, Any]) -> None:
    stack["good"] = None
    stack["config"] = {**CONNECTED, "meta:clients": "what a client's file got wrong"}

    read = stack_tokens.read("dev", "nothing can be rotated")

    assert (read.refused, list(read.settings.connections)) == ("", ["main"])


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (StackReadError("Reading the stack's configuration failed: invalid YAML file"), "invalid YAML file"),
        ({**CONNECTED, "meta:apps": '{"adz": {"id": "120480000000201"}}'}, 'there is no "ads" in meta:apps'),
    ],
)
def test_what_cannot_be_read_is_replaced_by_the_last_good_update_s(
    stack: dict[str, Any], config: Any, why: str
) -> None:
    stack["config"] = config

    read = stack_tokens.read("dev", "nothing can be rotated")

    assert why in read.refused
    assert read.settings.connections["main"].app_id == "120480000000201"


def test_a_state_that_carries_somebody_else_s_code_is_left_alone(
    stack: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    del stack
    monkeypatch.setattr(
        pulumi_stack, "export", lambda _: state(resource("SystemUserToken", "reporting", payload="theirs"))
    )

    with pytest.raises(StackReadError, match=r"urn:\S*::reporting: .*__provider.*meta-access state verify"):
        stack_tokens.read("dev", "nothing can be rotated")


def test_without_a_good_one_the_reason_is_the_error(stack: dict[str, Any]) -> None:
    stack["config"], stack["good"] = {**CONNECTED, "meta:apps": "{}"}, None

    with pytest.raises(ConfigError, match='there is no "ads" in meta:apps'):
        stack_tokens.read("dev", "nothing can be rotated")
