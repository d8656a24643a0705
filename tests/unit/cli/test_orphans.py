"""Whose consent `meta-access orphans` needs, and for what: with a pulumi that answers as a test says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from meta_access.cli import pulumi_stack
from meta_access.cli.pulumi_stack import StackReadError
from meta_access.cli.tokens import orphans
from meta_access.cli.tokens.orphan_sweep import Elsewhere, Line, SweepResult
from meta_access.stack.connections import Settings
from tests.connections import MAIN
from tests.unit.cli.states import resource, state

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

LOST = Line("meta/dev/lost", "no state holds it", "arn:lost")
OLD = Line("meta/dev/old", "its tags have no stack id", "arn:old")
USER = Line("reporting", "system user of no state", "7")
THEIRS = Line("meta/dev/theirs", "another stack has it", "arn:theirs")


class Sweeps:
    """What was agreed to, sweep after sweep; the first lists, each later one has ended what was agreed to."""

    def __init__(self) -> None:
        self.agreed: list[set[str]] = []

    def sweep(self, _connections: Any, _known: Any, _world: Any, agreed: Collection[str] = ()) -> SweepResult:
        self.agreed.append(set(agreed))
        found = SweepResult(orphans=[LOST, USER], doubtful=[OLD], foreign=[THEIRS])
        for lines in (found.orphans, found.doubtful):
            found.ended += [line for line in lines if line.id in self.agreed[-1]]
            lines[:] = [line for line in lines if line.id not in self.agreed[-1]]
        return found


@pytest.fixture
def sweeps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sweeps:
    (tmp_path / "Pulumi.yaml").write_text("name: p\n")
    monkeypatch.chdir(tmp_path)
    fake = Sweeps()
    monkeypatch.setattr(orphans, "sweep", fake.sweep)
    monkeypatch.setattr(pulumi_stack, "config", lambda _stack: {})
    monkeypatch.setattr(pulumi_stack, "export", lambda _stack: state())
    settings = Settings(environment="dev", rules="2026-05", offline=False, connections={"main": MAIN})
    monkeypatch.setattr(orphans, "settings_from_config", lambda _get: settings)
    return fake


def run(*arguments: str, answer: str | None = None) -> tuple[int, str]:
    done = CliRunner().invoke(orphans.command, ["--stack", "dev", *arguments], input=answer)
    return done.exit_code, done.output


def test_by_default_it_lists_and_whatever_stands_on_standard_input_is_no_consent(sweeps: Sweeps) -> None:
    code, said = run(answer="yes\nyes\n")

    assert (code, sweeps.agreed) == (2, [set()])
    assert "In no state, to be ended once you agree:\n  - meta/dev/lost: no state holds it\n" in said
    assert "`meta-access orphans --end` ends the orphans after you have agreed." in said


@pytest.mark.parametrize("answer", ["", "n\n", "no\n"])
def test_without_a_clear_yes_nothing_is_ended(sweeps: Sweeps, answer: str) -> None:
    code, said = run("--end", answer=answer)

    assert (code, sweeps.agreed) == (2, [set()])
    assert "Nobody agreed, so nothing was ended." in said


def test_a_yes_ends_what_was_listed_as_certain_and_no_more(sweeps: Sweeps) -> None:
    code, _ = run("--end", answer="yes\n")

    assert (code, sweeps.agreed) == (2, [set(), {"arn:lost", "7"}])


@pytest.mark.parametrize(("name", "id_"), [("arn:old", "arn:old"), ("meta/dev/old", "arn:old"), ("7", "7")])
def test_names_and_yes_end_what_is_named_without_a_question(sweeps: Sweeps, name: str, id_: str) -> None:
    run(name, "--yes", answer="")

    assert sweeps.agreed == [set(), {id_}]


def test_a_name_that_is_asked_about_is_ended_after_a_yes_only(sweeps: Sweeps) -> None:
    run("meta/dev/old", "--end", answer="")
    assert sweeps.agreed == [set()]
    run("meta/dev/old", "--end", answer="y\n")
    assert sweeps.agreed == [set(), set(), {"arn:old"}]


def test_yes_without_names_ends_nothing(sweeps: Sweeps) -> None:
    code, said = run("--yes")

    assert (code, sweeps.agreed) == (1, [])
    assert "Ending without asking needs the names of what to end. Nothing was changed." in said


def test_a_name_that_is_not_to_be_ended_is_refused_with_the_reason_and_nothing_ends(sweeps: Sweeps) -> None:
    code, said = run("meta/dev/lost", "meta/dev/theirs", "meta/dev/none", "--yes")

    assert (code, sweeps.agreed) == (1, [set()])
    assert (
        "Not to be ended here: meta/dev/theirs, meta/dev/none. meta/dev/theirs: another stack has it. To be ended: "
        "meta/dev/lost, reporting, meta/dev/old. Nothing was changed."
    ) in said


def test_a_name_alone_asks_for_the_wish_in_words(sweeps: Sweeps) -> None:
    code, said = run("meta/dev/lost")

    assert (code, sweeps.agreed) == (1, [])
    assert "say --end, or --yes not to be asked" in said


def test_json_is_one_object_with_what_each_thing_is_known_by(sweeps: Sweeps) -> None:
    done = CliRunner().invoke(orphans.command, ["--stack", "dev", "--json"])

    assert sweeps.agreed == [set()]
    assert json.loads(done.output)["orphans"] == [
        {"name": "meta/dev/lost", "text": "no state holds it", "id": "arn:lost"},
        {"name": "reporting", "text": "system user of no state", "id": "7"},
    ]


# --- the other stacks of the backend ------------------------------------------------------------------------------


def backend(monkeypatch: pytest.MonkeyPatch, **states: Any) -> None:
    def export(name: str) -> Any:
        if isinstance(states[name], str):
            raise StackReadError(states[name])
        return states[name]

    monkeypatch.setattr(pulumi_stack, "listed", lambda: list(states))
    monkeypatch.setattr(pulumi_stack, "export", export)


def test_what_other_stacks_hold_is_told_with_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    token = resource("SystemUserToken", "t", id_="arn:moved", arn="arn:moved")
    backend(monkeypatch, dev=state(), tok=state(token), users=state(resource("SystemUser", "u", id_="7")), bad="EOF")

    assert orphans.elsewhere() == Elsewhere(arns={"arn:moved": "tok"}, users={"7": "users"}, unread={"bad": "EOF"})


def test_a_backend_that_does_not_list_its_stacks_is_one_great_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> list[str]:
        raise StackReadError("no access")

    monkeypatch.setattr(pulumi_stack, "listed", fails)

    assert orphans.elsewhere() == Elsewhere(unread={"the list of stacks": "no access"})


def test_looking_into_other_stacks_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    backend(monkeypatch, a=state(resource("SystemUser", "u", id_="7")), b=state())

    class Late:
        times = iter((0.0, 1.0, 301.0))

        def monotonic(self) -> float:
            return next(self.times)

        def sleep(self, seconds: float) -> None:
            raise AssertionError(seconds)

    assert orphans.elsewhere(Late()) == Elsewhere(
        users={"7": "a"}, unread={"b": "there was no time for it within 300 s"}
    )
