from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from meta_access.cli import pulumi_stack
from meta_access.cli.pulumi_stack import Seen, StackReadError
from meta_access.errors import ConfigError
from tests.texts import lacks

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the engine's command; write its body."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "pulumi"


def answer(pulumi: Path, body: str) -> None:
    pulumi.write_text(f"#!/bin/sh\n{body}\n")
    pulumi.chmod(0o755)


def test_configuration_comes_as_a_program_sees_it(pulumi: Path) -> None:
    answer(
        pulumi,
        """test "$*" = "config --json --stack dev --non-interactive" || exit 7
        echo '{"meta:environment": {"value": "dev", "secret": false},
               "meta:apps": {"value": "{\\\\"ads\\\\":1}", "objectValue": {"ads": 1}, "secret": false},
               "aws:token": {"secret": true}}'""",
    )

    assert pulumi_stack.config("dev") == {"meta:environment": "dev", "meta:apps": '{"ads":1}'}


def test_a_secret_value_is_refused_at_its_place_in_the_stack_file(
    pulumi: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: meta-access\nstackConfigDir: stacks\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text(
        "config:\n  meta:people:\n    ines:\n      email: {secure: v1:abc}\n      name: Ines\n"
    )
    answer(pulumi, """echo '{"meta:people": {"secret": true}, "meta:environment": {"value": "dev"}}'""")

    with pytest.raises(ConfigError) as refused:
        pulumi_stack.config("dev")

    (problem,) = refused.value.problems
    assert problem.path == "meta:people.ines.email"
    assert lacks(problem.problem, "secret") == []
    assert lacks(problem.fix, "pulumi config set --plaintext --path meta:people.ines.email VALUE") == []


def test_a_last_good_configuration_with_a_secret_is_read_whole(pulumi: Path) -> None:
    answer(
        pulumi,
        """case "$*" in *--show-secrets*) value='"value": "{}", ' ;; *) value= ;; esac
        echo '[{"kind": "update", "result": "succeeded", "endTime": "1", "config":
              {"meta:people": {'"$value"'"secret": true}}}]'""",
    )

    assert pulumi_stack.last_good_config("dev") == pulumi_stack.UpdateRecord("1", {"meta:people": "{}"})


def test_all_stacks_of_the_backend_are_listed_those_of_the_project_first(pulumi: Path) -> None:
    answer(
        pulumi,
        """test "$*" = "stack ls --all --json --non-interactive" || exit 7
        echo '[{"name": "organization/a/dev"}, {"name": "tok"}, {"name": "dev"}]'""",
    )

    assert pulumi_stack.listed() == ["dev", "tok", "organization/a/dev"]


def test_the_selected_stack_is_read_when_none_is_named(pulumi: Path) -> None:
    answer(pulumi, """test "$*" = "stack export --non-interactive" || exit 7\necho '{"version": 3}'""")

    assert pulumi_stack.export(None) == {"version": 3}


def test_the_engines_reason_is_passed_on_without_secrets(pulumi: Path) -> None:
    token = "EAA" + "EMU" + "a" * 30
    answer(pulumi, f"echo 'error: no stack named dev; {token}' >&2; exit 255")

    with pytest.raises(StackReadError) as caught:
        pulumi_stack.outputs("dev")

    assert str(caught.value).startswith("Reading the stack's outputs failed: error: no stack named dev")
    assert token not in str(caught.value)


def test_without_the_engine_the_way_to_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(StackReadError, match=r'pulumi is not on PATH\. .*eval "\$\(make -s env\)"'):
        pulumi_stack.export("dev")


def test_an_answer_that_is_no_object_is_an_error(pulumi: Path) -> None:
    answer(pulumi, "echo hello")

    with pytest.raises(StackReadError, match=r"it is no JSON object\.$"):
        pulumi_stack.export("dev")


HISTORY = """[
  {"kind": "update", "result": "failed", "endTime": "3", "config": {"meta:environment": {"value": "broken"}}},
  {"kind": "refresh", "result": "succeeded", "endTime": "2", "config": {"meta:environment": {"value": "older"}}},
  {"kind": "update", "result": "succeeded", "endTime": "1", "config": {
    "meta:environment": {"value": "dev", "secret": false}, "aws:token": {"secret": true}}}
]"""


def test_the_last_good_configuration_is_that_of_the_newest_update_that_succeeded(pulumi: Path) -> None:
    answer(
        pulumi,
        f'test "$*" = "stack history --json --page-size 100 --stack dev --non-interactive" || exit 7\n'
        f"cat <<'END'\n{HISTORY}\nEND",
    )

    good = pulumi_stack.last_good_config("dev")

    assert good == pulumi_stack.UpdateRecord("1", {"meta:environment": "dev"})


@pytest.mark.parametrize("told", ["[]", '[{"kind": "update", "result": "failed"}]'])
def test_a_stack_without_a_good_update_has_none(pulumi: Path, told: str) -> None:
    answer(pulumi, f"echo '{told}'")

    assert pulumi_stack.last_good_config("dev") is None


def test_a_history_that_is_no_array_is_an_error(pulumi: Path) -> None:
    answer(pulumi, "echo '{}'")

    with pytest.raises(StackReadError, match="Reading the stack's history failed: it is no JSON array"):
        pulumi_stack.last_good_config("dev")


def history(*runs: tuple[str, str, str]) -> str:
    rows = [{"kind": kind, "result": result, "endTime": end} for kind, result, end in runs]
    return f"""test "$1 $2" = "stack history" || exit 7\ncat <<'END'\n{json.dumps(rows)}\nEND"""


DAY = "2026-11-2{}T08:00:00.000Z"


def test_what_the_state_says_is_as_old_as_the_newest_update_or_refresh_that_succeeded(pulumi: Path) -> None:
    # An import, or a state that was edited, looks at nothing.
    answer(
        pulumi,
        history(
            ("resource-import", "succeeded", DAY.format(5)),
            ("update", "failed", DAY.format(4)),
            ("refresh", "succeeded", DAY.format(3)),
            ("update", "succeeded", DAY.format(2)),
        ),
    )

    found = pulumi_stack.seen("dev")

    assert found == Seen(datetime(2026, 11, 23, 8, tzinfo=UTC), "refresh", failed_since=True)
    told = found.sentence(datetime(2026, 11, 24, 9, tzinfo=UTC))
    assert lacks(told, "refresh of 2026-11-23T08:00:00Z", "1 day ago", "failed") == []


@pytest.mark.parametrize("body", [history(), history(("update", "in-progress", "")), "exit 255"])
def test_without_a_history_nobody_can_tell_the_age_and_nothing_stops(pulumi: Path, body: str) -> None:
    answer(pulumi, body)

    found = pulumi_stack.seen("dev")

    assert found == Seen(None, "", failed_since=False)
    assert found.sentence(datetime(2026, 11, 24, tzinfo=UTC)) == (
        "How old this is, nobody can tell: the stack's history has no update that succeeded."
    )


def test_what_the_last_update_did_not_know_is_no_output(pulumi: Path) -> None:
    marker = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    answer(pulumi, f"""echo '{{"arn": "{marker}", "a": {{"b": "{marker}", "c": ["{marker}", 1]}}, "d": "x"}}'""")

    assert pulumi_stack.outputs("dev") == {"a": {"c": [1]}, "d": "x"}


def test_a_file_backend_that_a_kill_left_unreadable_gets_its_explanation(pulumi: Path) -> None:
    answer(pulumi, "echo 'error: failed to load checkpoint: EOF' >&2; exit 255")

    with pytest.raises(StackReadError, match=r"EOF A killed run left an empty \.attrs file .*put \?metadata=skip"):
        pulumi_stack.export("dev")
