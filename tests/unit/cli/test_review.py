"""`meta-access review` without an engine: a stand-in writes what an engine would, and files are read again."""

from __future__ import annotations

import json
import os
import stat
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from meta_access.cli import main
from tests.unit.review import recorded
from tests.unit.stack.conftest import SOUND

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

PULUMI = """#!{python}
import json, os, shutil, sys
words = sys.argv[1:]
if words[:2] == ["stack", "--show-name"]:
    print("dev")
elif words[0] == "preview":
    with open({folder!r} + "/asked.json", "w") as file:
        json.dump([words, {{name: os.environ.get(name) for name in {names!r}}}], file)
    log = words[words.index("--event-log") + 1]
    for kind, to in (("events", log), ("findings", os.environ["META_ACCESS_FINDINGS"])):
        if os.path.exists({folder!r} + "/" + kind):
            shutil.copy({folder!r} + "/" + kind, to)
    sys.stderr.write({said!r})
    sys.exit({code})
"""
NAMES = ("PULUMI_RUN_PROGRAM", "PULUMI_CONTINUE_ON_ERROR", "PULUMI_DEBUG_COMMANDS")


class Bench:
    """A project folder whose `pulumi` plays a stream back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n", encoding="utf-8")

    def plays(self, stream: str, *, code: int = 0, said: str = "", cut: int | None = None) -> None:
        self.writes((recorded.STREAMS / f"{stream}.jsonl").read_bytes()[:cut], code=code, said=said)
        findings = recorded.STREAMS / f"{stream}.findings"
        if findings.exists():
            (self.folder / "findings").write_bytes(findings.read_bytes())

    def writes(self, events: bytes | None, *, code: int = 0, said: str = "") -> None:
        if events is not None:
            (self.folder / "events").write_bytes(events)
        text = PULUMI.format(python=sys.executable, folder=str(self.folder), said=said, code=code, names=NAMES)
        program = self.folder / "bin" / "pulumi"
        program.parent.mkdir(exist_ok=True)
        program.write_text(text, encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def review(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["review", *arguments], standalone_mode=True)

    def keep(self, name: str, *arguments: str) -> None:
        (self.folder / name).write_text(self.review("--json", *arguments).stdout, encoding="utf-8")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true")
    monkeypatch.delenv("META_ACCESS_FINDINGS", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return Bench(tmp_path)


def test_it_previews_with_a_refresh_and_leaves_nothing_behind(bench: Bench) -> None:
    bench.plays("widen")
    done = bench.review()
    assert done.exit_code == 0
    assert done.stdout.splitlines()[:2] == [
        "Stack dev: 1 loss, 1 gain",
        "- reporting loses ANALYZE on Page 102930000000801 of lindenhof",
    ]
    assert done.stderr == "Previewing stack dev: what is live is read first.\n"
    words, environment = json.loads((bench.folder / "asked.json").read_text())
    log = words.pop()
    assert words == ["preview", "--non-interactive", "--refresh", "--stack", "dev", "--event-log"]
    assert environment == dict.fromkeys(NAMES, "true")
    assert not os.path.exists(os.path.dirname(log))  # noqa: PTH110, PTH120 - as text
    assert sorted(path.name for path in bench.folder.iterdir()) == ["Pulumi.yaml", "asked.json", "bin", "events"]


@pytest.mark.parametrize(
    ("stream", "arguments", "code"),
    [
        ("same", [], 0),
        ("widen", [], 0),
        ("widen", ["--fail-on", "widening"], 2),
        ("widen", ["--fail-on", "deletion"], 2),
        ("drift", ["--fail-on", "refused,widening,deletion"], 0),
        ("branch", [], 2),
        ("branch", ["--fail-on", "deletion"], 2),
        ("gone", ["--fail-on", "widening"], 0),
    ],
)
def test_exit_codes(bench: Bench, stream: str, arguments: list[str], code: int) -> None:
    bench.plays(stream)
    assert bench.review(*arguments).exit_code == code


def with_policy(stream: str, policy: dict[str, object]) -> bytes:
    """A recorded stream of a stack whose system user is an admin, and whose configuration says this of its policy."""
    admin = {"reporting": {"use_case": "read_reports", "role": "ADMIN"}}
    config = {**SOUND, "meta:rules": "2026-11", "meta:identities": admin, "meta:policy": policy}
    lines = [json.loads(line) for line in (recorded.STREAMS / f"{stream}.jsonl").read_bytes().splitlines()]
    (prelude,) = (line["preludeEvent"] for line in lines if "preludeEvent" in line)
    prelude["config"] = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@pytest.mark.parametrize(
    ("level", "code", "told"),
    [
        ("advisory", 0, ["Policy, advisory: 1 (admin-system-user 1)"]),
        ("disabled", 0, []),
        ("mandatory", 2, ["! policy admin-system-user: meta:identities.reporting: reporting is an ADMIN,"]),
    ],
)
def test_a_mandatory_rule_refuses_the_review(bench: Bench, level: str, code: int, told: list[str]) -> None:
    rules = {"admin-system-user": {"enforcement_level": level, "reason": "an audit"}}
    bench.writes(with_policy("same", {"rules": rules}))

    done = bench.review()

    assert [line for line in done.stdout.splitlines() if "olicy" in line and "refused by" not in line] == told
    assert done.exit_code == code


@pytest.mark.parametrize(("arguments", "code"), [([], 0), (["--fail-on", "undeclared"], 2)])
def test_undeclared_access_stops_where_it_is_asked_for(bench: Bench, arguments: list[str], code: int) -> None:
    noted = {"clients": {"acme": 1}, "ended": [], "unused": [], "unread": [], "why": ""}
    bench.plays("same")
    (bench.folder / "findings").write_text(json.dumps({"finding": "undeclared", **noted}) + "\n", encoding="utf-8")

    done = bench.review(*arguments)

    assert "Undeclared access: 1 (acme 1). `meta-access who` shows more." in done.stdout
    assert done.exit_code == code


@pytest.mark.parametrize(
    ("noted", "code"),
    [
        ({}, 0),
        ({"unread": ["178000000000101/business_users"]}, 1),
        ({"unread": ["178000000000101/business_users"], "clients": {"acme": 1}}, 2),
        ({"why": "Meta throttles."}, 1),
        (None, 1),
    ],
)
def test_what_nobody_could_look_at_is_not_taken_for_declared(
    bench: Bench, noted: dict[str, object] | None, code: int
) -> None:
    bench.plays("same")
    if noted is not None:
        line = {"finding": "undeclared", "clients": {}, "ended": [], "unused": [], "unread": [], "why": "", **noted}
        (bench.folder / "findings").write_text(json.dumps(line) + "\n", encoding="utf-8")

    done = bench.review("--fail-on", "undeclared")

    said = "Whether access is undeclared is not known of dev: not every list was looked at." in done.stderr
    assert (done.exit_code, said) == (code, code == 1)
    assert bench.review("--fail-on", "refused").exit_code == 0


def test_a_preview_that_failed_is_reviewed_as_far_as_it_came(bench: Bench) -> None:
    whole = (recorded.STREAMS / "widen.jsonl").read_bytes()
    bench.plays("widen", code=255, said="error: the engine was killed\n", cut=whole.index(b'{"summaryEvent"'))
    done = bench.review("--stack", "dev")
    assert done.exit_code == 1
    assert done.stdout.splitlines()[:3] == [
        "Stack dev: the preview FAILED; known so far: 1 loss, 1 gain",
        "The preview failed, so more may happen than is shown: error: the engine was",
        "  killed",
    ]
    assert "+ reporting gains MANAGE" in done.stdout
    comment = bench.review("--markdown")
    assert comment.exit_code == 1
    assert comment.stdout.endswith("Labels: `widening` `deletion` `people` `failed`\n")


@pytest.mark.parametrize(
    ("events", "said", "told"),
    [
        (None, "  \nerror: no stack named 'x' found\n", "error: no stack named 'x' found"),
        (None, "error: the stack is currently locked by 1 lock(s).\n  it: x\n", "locked by 1 lock(s). it: x"),
        (b"{\n{}\n", "", "Line 1 of the preview's event log is no event of the engine's."),
        (None, "error: failed to load checkpoint: EOF\n", "A killed run left an empty .attrs file"),
        (None, "", "pulumi has written no event log"),
    ],
)
def test_a_preview_that_did_not_run_says_the_engines_own_error(
    bench: Bench, events: bytes | None, said: str, told: str
) -> None:
    bench.writes(events, code=255, said=said)
    done = bench.review("--stack", "x", "--json")
    assert done.exit_code == 1
    [found] = json.loads(done.stdout)["stacks"]
    assert (found["failed"], found["facts"]) == (True, [])
    assert told in found["error"]
    assert json.loads(done.stdout)["error"] == found["error"]


def test_a_secret_in_the_engines_words_stays_out(bench: Bench) -> None:
    fake = "EAA" + "b" * 30
    bench.writes(None, code=255, said=f"error: token {fake}\n")
    assert fake not in bench.review("--stack", "x").output


def test_without_pulumi(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(bench.folder))
    done = bench.review("--stack", "dev", "--markdown")
    assert done.exit_code == 1
    assert "Running pulumi failed: it is not on PATH." in done.stdout
    selected = bench.review()
    assert selected.exit_code == 1
    assert "pulumi is not on PATH" in selected.stderr


# --- files ---


def test_several_reviews_are_one_comment_and_the_worst_exit_code(bench: Bench) -> None:
    for stack, stream in (("prod", "branch"), ("staging", "same")):
        bench.plays(stream)
        bench.keep(f"{stack}.json", "--stack", stack)
        (bench.folder / "findings").unlink(missing_ok=True)
    done = bench.review("--from", "staging.json", "--from", "prod.json", "--markdown")
    assert done.exit_code == 2
    assert "2 stacks: 1 changed, 0 failed" in done.stdout
    assert done.stdout == bench.review("--from", "prod.json", "--from", "staging.json", "--markdown").stdout
    # What is read may be written, and read once more.
    bench.keep("all.json", "--from", "staging.json", "--from", "prod.json")
    assert bench.review("--from", "all.json", "--markdown").stdout == done.stdout


def test_a_base_review_takes_what_is_due_anyway_off_the_change(bench: Bench) -> None:
    bench.plays("widen")
    bench.keep("base.json")
    bench.plays("widen")
    done = bench.review("--base", "base.json", "--fail-on", "widening,deletion")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[:2] == [
        "Stack dev: this change changes nothing",
        "Due anyway: 2 (lindenhof: 1 loss, 1 gain)",
    ]


def refusal(bench: Bench, *arguments: str) -> str:
    done = bench.review(*arguments)
    assert done.exit_code == 1
    assert done.stdout == ""
    return " ".join(done.stderr.split())


def test_a_base_that_is_of_no_use_is_one_error_with_its_fix(bench: Bench) -> None:
    bench.plays("widen")
    bench.keep("head.json", "--stack", "dev")
    bench.keep("other.json", "--stack", "prod")
    bench.writes(b"", code=255, said="error: no.\n")
    bench.keep("failed.json", "--stack", "dev")
    (bench.folder / "no.json").write_text('{"error": "x"}')
    (bench.folder / "folder").mkdir()

    def base(name: str) -> str:
        return refusal(bench, "--from", "head.json", "--base", name)

    assert base("missing.json").startswith("Error: Reading missing.json failed: No such file or directory. Write it")
    assert base("no.json").startswith("Error: no.json is no review. Write it with `meta-access review --json`")
    assert base("folder").startswith("Error: Reading folder failed: it is no file.")
    assert base("other.json").startswith("Error: other.json is a review of shop/prod, and not of shop/dev. Run")
    assert base("failed.json").startswith("Error: failed.json: the preview of the base branch failed")


def test_options_that_do_not_go_together(bench: Bench) -> None:
    bench.plays("same")
    bench.keep("a.json")
    both = bench.review("--json", "--markdown", "--from", "a.json")
    assert (both.exit_code, json.loads(both.stdout)) == (
        1,
        {"error": "--json and --markdown are two answers: leave one out."},
    )
    assert "leave --stack out" in refusal(bench, "--from", "a.json", "--stack", "dev")
    assert "write some of refused, widening, deletion" in refusal(bench, "--fail-on", "everything")
    assert "Stack dev is reviewed twice" in refusal(bench, "--from", "a.json", "--from", "a.json")


def test_an_offline_review_says_what_it_cannot_know(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ACCESS_OFFLINE", "1")
    bench.plays("widen")
    assert bench.review().stdout.splitlines()[1:4] == [
        "Offline: nothing was asked of Meta or AWS, so drift, what is due and what Meta",
        "  will refuse are not known.",
        "- reporting loses ANALYZE on Page 102930000000801 of lindenhof",
    ]


def test_a_stack_of_an_organization_is_the_stack(bench: Bench) -> None:
    bench.plays("same")
    found: dict[str, Any] = json.loads(bench.review("--stack", "acme/shop/prod", "--json").stdout)
    assert (found["stacks"][0]["stack"], found["stacks"][0]["project"]) == ("prod", "shop")
