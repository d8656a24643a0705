"""`meta-access snapshot`, and what the other commands read where META_ACCESS_SNAPSHOT names one."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from meta_access import engine_marks, snapshot
from meta_access.cli import main, pulumi_stack
from meta_access.cli.pulumi_stack import Seen
from meta_access.cli.stack import snapshot as command
from meta_access.clock import iso
from meta_access.errors import GraphUnreachableError, PermissionDeniedError
from meta_access.snapshot import SnapshotError, Subject
from meta_access.stack.files import config_of
from tests.unit.cli.states import other, resource, state

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime.now(UTC).replace(microsecond=0)
STACK = """config:
  meta:environment: dev
  meta:rules: "2026-11"
  meta:connections:
    main:
      business: agency
      app: ads
      graph_url: http://127.0.0.1:1
      api_version: v26.0
      app_secret: "emulator:"
      admin_token: "emulator:"
      aws: {region: eu-central-1, endpoint_url: "http://127.0.0.1:2"}
  meta:businesses:
    agency: {id: "178435550012345"}
  meta:apps:
    ads: {id: "1204817736400555", tier: full, permissions: {standard: [ads_read]}}
"""
PREVIEW = "preview --non-interactive --refresh --stack dev"
READ = json.dumps({"question": {"path": "me"}, "answer": {"data": 1}, "at": iso(NOW)})
OUTPUTS = {"quota": {"agency": {}}, "lost": engine_marks.UNKNOWN}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (snapshot.VARIABLE, snapshot.READS_VARIABLE, snapshot.MAX_AGE_VARIABLE, "META_ACCESS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(snapshot, "_given", {})
    folder = tmp_path / "project"
    (folder / "stacks").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: meta-access\nstackConfigDir: stacks\n")
    (folder / "stacks" / "Pulumi.dev.yaml").write_text(STACK)
    monkeypatch.chdir(folder)
    return folder


class Reads:
    """The lists of a business; `asked` holds what was asked for, `refuse` what to answer instead of nothing."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.refuse: Exception | None = None

    def __getattr__(self, noun: str) -> Any:
        def ask(*about: str) -> None:
            assert snapshot.recording()
            self.asked.append(" ".join([noun, *about]))
            if self.refuse is not None:
                raise self.refuse

        return ask


@pytest.fixture(autouse=True)
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    made = Reads()
    monkeypatch.setattr(command, "reads_for", lambda connection: made if connection.name == "main" else None)
    return made


@pytest.fixture
def pulumi(tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the engine's command, which reads one thing in a preview; `code` in a file makes that fail."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    config = {key: {"value": value} for key, value in texts(project).items()}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "state.json").write_text(json.dumps(held()))
    file = tmp_path / "pulumi"
    file.write_text(
        f"""#!/bin/sh
echo "$*" >> {tmp_path}/called
case "$*" in
  "stack --show-name --non-interactive") echo dev;;
  "config --json --stack dev --non-interactive") cat {tmp_path}/config.json;;
  "stack export --stack dev --non-interactive") cat {tmp_path}/state.json;;
  "plugin install") ;;
  "{PREVIEW}")
    test "$PULUMI_RUN_PROGRAM" = true || exit 8
    stat -c %a "$META_ACCESS_SNAPSHOT_READS" > {tmp_path}/mode
    echo '{READ}' > "$META_ACCESS_SNAPSHOT_READS/1.jsonl"
    echo "what the preview says"
    exit $(cat {tmp_path}/code 2>/dev/null || echo 0);;
  *) exit 7;;
esac
"""
    )
    file.chmod(0o755)
    return tmp_path


def texts(project: Path) -> dict[str, str]:
    typed = config_of(project / "stacks" / "Pulumi.dev.yaml")
    return {key: one if isinstance(one, str) else json.dumps(one) for key, one in typed.items()}


def held() -> dict[str, Any]:
    found = state(other("pulumi:pulumi:Stack", "meta-access-dev", **OUTPUTS))
    found["deployment"]["manifest"] = {"time": iso(NOW - timedelta(hours=5)), "magic": "0" * 64}
    return found


def test_a_preview_is_recorded_and_nothing_else_is_run(pulumi: Path) -> None:
    done = CliRunner().invoke(main, ["snapshot", "--out", str(pulumi / "s.json"), "--json"])

    assert done.exit_code == 0, done.output
    assert done.stderr == "Previewing stack dev, to record what that reads.\n"
    whole = json.loads((pulumi / "s.json").read_text())
    assert json.loads(done.stdout) == {
        "file": str(pulumi / "s.json"),
        "date": iso(NOW),
        "project": "meta-access",
        "stack": "dev",
        "environment": "dev",
        "digest": whole["digest"],
        "reads": 1,
        "resources": 1,
    }
    assert whole["connections"] == {
        "main": {"business": "178435550012345", "app": "1204817736400555", "graph_url": "http://127.0.0.1:1"}
    }
    assert whole["rules"] == "2026-11"
    assert whole["state"] == held()
    assert (pulumi / "mode").read_text() == "700\n"
    called = (pulumi / "called").read_text().splitlines()
    assert [line for line in called if not line.startswith(("config", "stack", "plugin"))] == [PREVIEW]


def test_what_a_change_would_ask_about_is_looked_at_as_well(pulumi: Path, reads: Reads) -> None:
    first = resource("AssetAssignment", "a", connection="main", system_user_id="7", asset="pixel:12345")
    other_one = resource("AssetAssignment", "b", connection="another", system_user_id="8", asset="catalog:12345")
    (pulumi / "state.json").write_text(json.dumps(state(first, other_one)))

    assert CliRunner().invoke(main, ["snapshot", "--out", str(pulumi / "s.json")]).exit_code == 0

    assert reads.asked == [
        *("business", "system_users", "business_users", "app_roles", "app_permissions"),
        *("business_assets owned ad_account", "business_assets owned page", "business_assets owned pixel"),
        *("business_assets client ad_account", "business_assets client page", "business_assets client pixel"),
        *("business_assets pending_client ad_account", "business_assets pending_client page"),
        "business_assets pending_client pixel",
        *("assigned 7 ad_account", "assigned 7 page", "assigned 7 pixel", "assigned_apps 7"),
        *("holders ad_account page pixel", "token_user"),
    ]
    assert not snapshot.recording()


@pytest.mark.parametrize(
    ("refusal", "code", "asked"),
    [
        (PermissionDeniedError("No."), 0, 13),
        (GraphUnreachableError("No answer.", sent=False), 0, 1),
        (SnapshotError("The disk is full."), 1, 1),
    ],
)
def test_what_is_refused_there_is_recorded_or_unknown_and_what_cannot_be_written_is_an_error(
    pulumi: Path, reads: Reads, refusal: Exception, code: int, asked: int
) -> None:
    reads.refuse = refusal

    assert CliRunner().invoke(main, ["snapshot", "--out", str(pulumi / "s.json")]).exit_code == code
    assert len(reads.asked) == asked
    assert not snapshot.recording()


def test_people_are_told_what_is_in_it(pulumi: Path) -> None:
    done = CliRunner().invoke(main, ["snapshot", "--stack", "dev", "--out", str(pulumi / "s.json")])

    assert done.stdout == (
        f"{pulumi}/s.json: stack dev as of {iso(NOW)} (reads: 1, resources: 1). It holds no secret, but names and "
        "e-mail addresses of people.\n"
    )


def test_a_preview_that_fails_is_shown_and_not_recorded(pulumi: Path) -> None:
    (pulumi / "code").write_text("255")

    done = CliRunner().invoke(main, ["snapshot", "--stack", "dev", "--out", str(pulumi / "s.json")])

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.partition("\n")[2] == (
        "what the preview says\n"
        "Error: Nothing was recorded: the preview failed, as it says above, so it has not read all there is. Mend what "
        "it says, then repeat.\n"
    )
    assert not (pulumi / "s.json").exists()


def test_a_folder_that_is_not_there_and_a_forbidden_call_are_one_sentence(
    pulumi: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = pulumi / "none" / "s.json"
    done = CliRunner().invoke(main, ["snapshot", "--stack", "dev", "--out", str(nowhere)])
    assert done.stderr.endswith(
        f"Error: Writing {nowhere} failed: No such file or directory. Name a file in a folder of yours.\n"
    )
    monkeypatch.setenv("META_ACCESS_OFFLINE", "1")
    done = CliRunner().invoke(main, ["snapshot", "--out", str(nowhere)])
    assert (done.exit_code, done.stderr) == (
        1,
        "Error: META_ACCESS_OFFLINE=1 forbids every call, so nothing can be recorded. Unset it and repeat.\n",
    )


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A snapshot, and no engine at hand."""
    reads = tmp_path / "reads"
    reads.mkdir()
    (reads / "1.jsonl").write_text(f"{READ}\n")
    places = {"main": {"business": "178435550012345", "app": "1204817736400555", "graph_url": "http://127.0.0.1:1"}}
    subject = Subject("meta-access", "dev", "dev", "2026-11", places)
    snapshot.write(snapshot.made(subject, reads, held()), tmp_path / "s.json")
    monkeypatch.setenv(snapshot.VARIABLE, str(tmp_path / "s.json"))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    return tmp_path


def test_a_snapshot_and_the_stack_file_stand_in_for_a_backend(given: Path, project: Path) -> None:
    assert pulumi_stack.selected() == "dev"
    assert pulumi_stack.export("dev") == held()
    assert pulumi_stack.outputs(None) == {"quota": {"agency": {}}}
    assert pulumi_stack.config("dev") == texts(project)
    assert pulumi_stack.seen("dev") == Seen(NOW - timedelta(hours=5), "state", failed_since=False)


def test_one_of_another_stack_is_refused_by_every_command(given: Path) -> None:
    for read in (pulumi_stack.export, pulumi_stack.outputs, pulumi_stack.config, pulumi_stack.seen):
        with pytest.raises(SnapshotError, match="it is of stack dev, and this is stack prod"):
            read("prod")


def test_the_gates_are_as_the_snapshot_saw_them(given: Path) -> None:
    done = CliRunner().invoke(main, ["gates", "--json"])

    assert done.exit_code == 2, done.output
    told = json.loads(done.stdout)
    assert told["seen"] == {"at": iso(NOW), "by": "snapshot", "failed_since": False}
    board = CliRunner().invoke(main, ["gates", "--stack", "dev"]).stdout
    assert board.startswith(f"As the snapshot of {iso(NOW)} saw it, ")
    assert "--refresh" not in board
