"""`meta-access run-all` without an engine: a stand-in plays for each stack what an engine would write."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from click.testing import CliRunner

from meta_access.cli import main
from tests.unit.review import recorded
from tests.unit.stack.conftest import SOUND

if TYPE_CHECKING:
    from click.testing import Result

ROOT = Path(__file__).resolve().parents[3]
# The stack's name says which stream is played.
PULUMI = """#!{python}
import os, shutil, signal, sys, time
words = sys.argv[1:]
stack = words[words.index("--stack") + 1] if "--stack" in words else ""
with open({folder!r} + "/asked", "a") as file:
    file.write(" ".join(words[:2]) + " " + stack + " in " + os.path.basename(os.getcwd()) + "\\n")
if stack.startswith("locked"):
    sys.exit("error: the stack is currently locked by 1 lock(s)")
if stack.startswith("secret"):
    sys.exit("error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE")
if stack.startswith("slow"):
    def end(*_):
        with open({folder!r} + "/interrupted", "a") as file:
            file.write(stack + "\\n")
        sys.exit(1)
    signal.signal(signal.SIGINT, end)
    with open({folder!r} + "/slow." + stack, "w") as file:
        file.write(str(os.getpid()))
    time.sleep(60)
if words[:2] == ["stack", "export"]:
    print('{{"version": 3, "deployment": {{"resources": []}}}}')
elif words[0] == "config":
    print(open({folder!r} + "/config").read())
elif words[0] == "preview":
    name = stack.partition("-")[0]
    log = words[words.index("--event-log") + 1]
    for kind, to in (("jsonl", log), ("findings", os.environ["META_ACCESS_FINDINGS"])):
        if os.path.exists({streams!r} + "/" + name + "." + kind):
            shutil.copy({streams!r} + "/" + name + "." + kind, to)
"""


class Agency:
    """A project folder with stacks, whose `pulumi` plays streams back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.project(folder)
        config = {
            key: {"value": value if isinstance(value, str) else json.dumps(value)} for key, value in SOUND.items()
        }
        (folder / "config").write_text(json.dumps(config), encoding="utf-8")
        program = folder / "bin" / "pulumi"
        program.parent.mkdir()
        text = PULUMI.format(python=sys.executable, folder=str(folder), streams=str(recorded.STREAMS))
        program.write_text(text, encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def project(self, folder: Path, name: str = "agency") -> None:
        folder.mkdir(exist_ok=True)
        (folder / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n", encoding="utf-8")

    def has(self, *stacks: str) -> None:
        for name in stacks:
            file = self.folder / f"Pulumi.{name}.yaml"
            file.write_text("config: {meta:environment: prod}\n", encoding="utf-8")

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["run-all", *arguments])

    def told(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        done = self.run(*arguments, "--json")
        return done.exit_code, json.loads(done.stdout)

    @property
    def asked(self) -> list[str]:
        return (self.folder / "asked").read_text().splitlines()


@pytest.fixture
def agency(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Agency:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true")
    return Agency(tmp_path)


def test_a_change_is_told_once_with_its_stacks_and_failures_apart(agency: Agency) -> None:
    agency.has("widen-a", "widen-b", "widen-c", "widen-d", "same-a", "locked-a", "locked-b", "secret-a")

    done = agency.run("preview")

    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "8 stacks: 4 changed in 2 distinct ways, 3 failed.",
        "- reporting loses ANALYZE on Page 102930000000801 of lindenhof (4 of 8 stacks)",
        "+ reporting gains MANAGE (with ADVERTISE) on ad account 104320000000501 of lindenhof (4 of 8 stacks)",
        "People's work, gates: 15 (5 of 8 stacks, all but agency/locked-a, agency/locked-b, agency/secret-a)",
        "Failed in 3 of 8 stacks:",
        "! agency/locked-a, agency/locked-b: error: the stack is currently locked by 1 lock(s)",
        "! agency/secret-a: error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE",
    ]
    lines = done.stderr.splitlines()
    assert len(lines) == 8
    assert lines[-1].startswith("[8/8] agency/")
    assert lines[-1].endswith(" (0 at work, 0 wait, 3 failed)")


def test_the_json_is_what_review_reads_with_what_belongs_to_all(agency: Agency) -> None:
    agency.has("widen-a", "widen-b", "secret-a")

    code, told = agency.told("preview", "--parallel", "2")

    assert code == 1
    assert sorted(told) == ["changes", "error", "form", "labels", "refusals", "runs", "stacks"]
    assert told["error"] == "error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE"
    assert [
        {name: one[name] for name in ("sign", "kind", "count", "of", "facts", "stacks")} for one in told["changes"][:2]
    ] == [
        {
            "sign": "-",
            "kind": "tasks lost",
            "count": 2,
            "of": 3,
            "facts": 2,
            "stacks": ["agency/widen-a", "agency/widen-b"],
        },
        {
            "sign": "+",
            "kind": "tasks gained",
            "count": 2,
            "of": 3,
            "facts": 2,
            "stacks": ["agency/widen-a", "agency/widen-b"],
        },
    ]
    assert [(run["stack"], run["folder"], run["ended"], run["code"]) for run in told["runs"]] == [
        ("secret-a", ".", "ended", 1),
        ("widen-a", ".", "ended", 0),
        ("widen-b", ".", "ended", 0),
    ]
    (agency.folder / "all.json").write_text(json.dumps(told), encoding="utf-8")
    read = CliRunner().invoke(main, ["review", "--from", "all.json", "--markdown"])
    assert "3 stacks: 2 changed, 1 failed" in read.stdout


@pytest.mark.parametrize(
    ("stacks", "code"), [(["same-a", "widen-a"], 0), (["same-a", "refused-a"], 1), (["branch-a"], 2)]
)
def test_exit_codes_of_previews(agency: Agency, stacks: list[str], code: int) -> None:
    agency.has(*stacks)
    assert agency.run("preview").exit_code == code


def test_each_project_runs_in_its_own_folder(agency: Agency) -> None:
    (agency.folder / "Pulumi.yaml").unlink()
    for name in ("a", "b"):
        agency.project(agency.folder / name, name)
        (agency.folder / name / "Pulumi.same-x.yaml").write_text("config: {meta:environment: prod}\n")

    code, told = agency.told("preview")

    assert code == 0
    assert [(one["project"], one["stack"], one["failed"]) for one in told["stacks"]] == [
        ("a", "same-x", False),
        ("b", "same-x", False),
    ]
    assert sorted(line for line in agency.asked if line.startswith("preview")) == [
        "preview --non-interactive same-x in a",
        "preview --non-interactive same-x in b",
    ]


def test_rotations_go_on_whatever_fails_elsewhere(agency: Agency) -> None:
    agency.has("ok-a", "secret-a", "ok-b")

    done = agency.run("rotate", "--due", "--parallel", "1")

    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[:2] == ["3 stacks: 0 tokens were due in 0 stacks, 1 failed.", "Failed in 1 of 3 stacks:"]
    assert " ".join(line.strip() for line in lines[2:]) == (
        "! agency/secret-a: Reading the stack's state failed: error: passphrase must be set with "
        "PULUMI_CONFIG_PASSPHRASE"
    )
    assert [line for line in agency.asked if line.startswith("stack export")] == [
        "stack export ok-a in " + agency.folder.name,
        "stack export ok-b in " + agency.folder.name,
        "stack export secret-a in " + agency.folder.name,
    ]


def test_without_an_engine_nothing_is_begun(agency: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    agency.has("same-a", "same-b")
    monkeypatch.setenv("PATH", "/nowhere")

    done = agency.run("preview")

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        "Error: Running pulumi failed: it is not on PATH, so no stack was begun. In a clone of the project: "
        'eval "$(make -s env)"\n'
    )


def test_the_bound_ends_those_at_work_and_begins_no_more(agency: Agency) -> None:
    agency.has("slow-a", "slow-b")

    code, told = agency.told("preview", "--parallel", "1", "--timeout-minutes", "0.03")

    assert code == 1
    assert [(run["stack"], run["ended"], run["error"]) for run in told["runs"]] == [
        (
            "slow-a",
            "ended at the bound",
            "ended, because the whole run has taken as long as --timeout-minutes allows.",
        ),
        ("slow-b", "not begun", "not begun: the whole run had ended before its turn."),
    ]


def test_an_interrupt_ends_all_children_and_the_digest_is_told(agency: Agency) -> None:
    agency.has("slow-a", "slow-b", "widen-c")
    process = subprocess.Popen(
        [sys.executable, "-m", "meta_access.cli", "run-all", "preview", "--parallel", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    pids = [agency.folder / "slow.slow-a", agency.folder / "slow.slow-b"]
    until = time.monotonic() + 30
    while not all(path.exists() and path.read_text() for path in pids) and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=30)

    assert process.returncode == 1
    assert out.splitlines() == [
        "3 stacks: 0 changed, 3 failed.",
        "Failed in 3 of 3 stacks:",
        "! agency/slow-a, agency/slow-b: stopped by a signal; what was under way was recorded.",
        "! agency/widen-c: not begun: the whole run had ended before its turn.",
    ]
    assert sorted((agency.folder / "interrupted").read_text().split()) == ["slow-a", "slow-b"]
    assert not any(psutil.pid_exists(int(path.read_text())) for path in pids)
