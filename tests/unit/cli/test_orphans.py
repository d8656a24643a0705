"""Whose consent `meta-access orphans` needs, and for what: with a pulumi that answers as a test says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from meta_access.cli import pulumi_stack
from meta_access.cli.pulumi_stack import StackReadError
from meta_access.cli.tokens import orphans
from meta_access.cli.tokens.orphan_sweep import Elsewhere
from meta_access.tokens.tags import PREFIX
from tests.texts import lacks
from tests.unit.cli.provisioned import configuration, goes, names, retag, token, users
from tests.unit.cli.states import resource, state

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.emulated import EmulatedMeta

USER, OTHER = "122090000000777", "122090000000778"
# sha256("reporting"), its first 16 hex digits
MARKED = f"{USER}=637d7becb9983937"


@dataclass
class Left:
    """A secret and a user that are certainly left behind, a secret of an older version, and another stack's."""

    meta: EmulatedMeta
    lost: str
    old: str
    theirs: str

    @property
    def ended(self) -> set[str]:
        secrets = {name for name in ("lost", "old", "theirs") if goes(self.meta, getattr(self, name))}
        return secrets | ({"user"} if names(self.meta)[USER].startswith("unused ") else set())


@pytest.fixture
def left(lindenhof: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Left:
    users(lindenhof, {USER: "reporting", OTHER: "insights"})
    made = Left(
        lindenhof,
        lost=token(lindenhof, "meta/dev/lost", OTHER, stack_id="one")[0],
        old=token(lindenhof, "meta/dev/old", OTHER)[0],
        theirs=empty(lindenhof, "meta/dev/theirs", stack_id="two"),
    )
    kept = empty(lindenhof, "meta/dev/kept", stack_id="one")
    retag(lindenhof, kept, {"former-users": MARKED})
    lindenhof.forget_calls()
    (tmp_path / "Pulumi.yaml").write_text("name: meta-access\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("META_ACCESS_OFFLINE", raising=False)
    monkeypatch.setattr(pulumi_stack, "config", lambda _stack: configuration(lindenhof))
    backend(monkeypatch, dev=state(resource("SystemUserToken", "kept", id_=kept, arn=kept, stack_id="one")))
    return made


def empty(meta: EmulatedMeta, name: str, *, stack_id: str) -> str:
    """A secret of this project and stack whose tokens do not matter; its ARN."""
    tags = {"managed-by": "pulumi", "project": "meta-access", "stack": "dev", "app-id": meta.app.id}
    written = {f"{PREFIX}{key}": value for key, value in {**tags, "stack-id": stack_id}.items()}
    store = meta.store(meta.connection.aws)
    return store.create(name, "{}", token="0" * 32, tags=written, description="", kms_key=None).arn


def run(*arguments: str, answer: str | None = None) -> tuple[int, str]:
    done = CliRunner().invoke(orphans.command, ["--stack", "dev", *arguments], input=answer)
    return done.exit_code, done.output


def test_by_default_it_lists_and_whatever_stands_on_standard_input_is_no_consent(left: Left) -> None:
    code, said = run(answer="yes\nyes\n")

    assert (code, left.ended) == (2, set())
    shown = ("meta/dev/lost", "reporting", "meta/dev/old", "meta/dev/theirs", "meta-access orphans --end")
    assert lacks(said, *shown) == []


@pytest.mark.parametrize("answer", ["", "n\n", "no\n"])
def test_without_a_clear_yes_nothing_is_ended(left: Left, answer: str) -> None:
    code, said = run("--end", answer=answer)

    assert (code, left.ended) == (2, set())
    assert lacks(said, "--yes") == []


def test_a_yes_ends_what_was_listed_as_certain_and_no_more(left: Left) -> None:
    code, _ = run("--end", answer="yes\n")

    assert (code, left.ended) == (2, {"lost", "user"})


@pytest.mark.parametrize(
    ("name", "ended"), [("the ARN", "old"), ("meta/dev/old", "old"), (USER, "user"), ("reporting", "user")]
)
def test_names_and_yes_end_what_is_named_without_a_question(left: Left, name: str, ended: str) -> None:
    run(left.old if name == "the ARN" else name, "--yes", answer="")

    assert left.ended == {ended}


def test_a_name_that_is_asked_about_is_ended_after_a_yes_only(left: Left) -> None:
    run("meta/dev/old", "--end", answer="")
    assert left.ended == set()
    run("meta/dev/old", "--end", answer="y\n")
    assert left.ended == {"old"}


def test_yes_without_names_ends_nothing(left: Left) -> None:
    code, said = run("--yes")

    assert (code, left.ended, left.meta.calls) == (1, set(), [])
    assert lacks(said, "--end") == []


def test_a_name_that_is_not_to_be_ended_is_refused_with_the_reason_and_nothing_ends(left: Left) -> None:
    code, said = run("meta/dev/lost", "meta/dev/theirs", "meta/dev/none", "--yes")

    assert (code, left.ended) == (1, set())
    *_, refusal = said.splitlines()
    unknown, _, able = refusal.partition("another stack")
    assert lacks(unknown, "meta/dev/theirs, meta/dev/none") == []
    assert lacks(able, "meta/dev/lost", "reporting", "meta/dev/old") == []


def test_a_name_alone_asks_for_the_wish_in_words(left: Left) -> None:
    code, said = run("meta/dev/lost")

    assert (code, left.ended, left.meta.calls) == (1, set(), [])
    assert lacks(said, "--end", "--yes") == []


def test_json_is_one_object_with_what_each_thing_is_known_by(left: Left) -> None:
    done = CliRunner().invoke(orphans.command, ["--stack", "dev", "--json"])

    assert left.ended == set()
    told = json.loads(done.stdout)
    known = {part: [(line["name"], line["id"]) for line in lines] for part, lines in told.items()}
    assert {part: lines for part, lines in known.items() if lines} == {
        "orphans": [("meta/dev/lost", left.lost), ("reporting", USER)],
        "doubtful": [("meta/dev/old", left.old)],
        "foreign": [("meta/dev/theirs", left.theirs)],
    }
    assert all(line["text"] for line in told["orphans"])


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
