"""The workflows of `ci/github/` on the emulator: each script of a job runs as at GitHub, against a fake GitHub."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from meta_access.cli.stack import starter
from tests.engine import lindenhof
from tests.engine.checkouts import check_out
from tests.engine.commands import values
from tests.engine.projects import CHECKOUT
from tests.unit.ci import forges

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.emulators import RunningEmulator
    from tests.engine.checkouts import Checkout
    from tests.engine.projects import Project
    from tests.unit.ci.forges import State

STEP_S = 300
INSTALLS = re.compile("make venv|-m venv|pip install|pulumi plugin install")
EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")
GIT = {f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@dataclass
class Runner:
    """Runs the scripts of jobs in a folder, one after the other; what an action or an installation does is left out.

    Attributes:
        folder: The workspace.
        env: What a runner gives to every script.
        values: Expression to its value; one that is not here fails the test.
    """

    folder: Path
    env: dict[str, str]
    values: dict[str, str]
    outputs: dict[str, str] = field(default_factory=dict)

    def job(self, file: str, name: str, *, without: tuple[str, ...] = ()) -> tuple[int, str]:
        """Exit code of the first script that fails, or 0; and the job's summary."""
        return self.run((CHECKOUT / "ci" / "github" / f"{file}.yml").read_text(encoding="utf-8"), name, without=without)

    def gitlab(self, pipeline: str, name: str) -> tuple[int, str]:
        """Exit code and output of a job at GitLab, which runs `before_script` and `script` in one shell."""
        made = yaml.safe_load(pipeline)
        job, base = made[name], made[made[name]["extends"]]
        lines = [line for line in (*base["before_script"], *job["script"]) if not INSTALLS.search(line)]
        settings = {
            key: re.sub(r"\$(\w+)", lambda found: self.values[found[1]], value)
            for key, value in base["variables"].items()
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", "\n".join(lines)],
            cwd=self.folder,
            env={**self.env, **settings, **{key: value for key, value in self.values.items() if key.isupper()}},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=STEP_S,
            check=False,
        )
        print(f"--- {name}: {done.returncode}\n{done.stdout}")
        return done.returncode, done.stdout

    def run(self, workflow: str, name: str, *, without: tuple[str, ...] = ()) -> tuple[int, str]:
        """The same of the text of a workflow."""
        made = yaml.safe_load(workflow)
        job, summary = made["jobs"][name], self.folder / "summary.md"
        summary.write_text("")
        for step in job["steps"]:
            if "run" not in step or INSTALLS.search(step["run"]) or step["name"] in without:
                continue
            code = self._step({**made.get("env", {}), **job.get("env", {}), **step.get("env", {})}, step, summary)
            if code != 0 and not step.get("continue-on-error"):
                return code, summary.read_text()
        return 0, summary.read_text()

    def _step(self, env: dict[str, str], step: dict[str, Any], summary: Path) -> int:
        output = self.folder / "output"
        output.write_text("")
        own = {name: EXPRESSION.sub(lambda found: self._value(found[1]), value) for name, value in env.items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder,
            env={**self.env, **own, "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=STEP_S,
            check=False,
        )
        print(f"--- {step.get('name')}: {done.returncode}\n{done.stdout}")  # pytest shows it when the test fails
        for line in output.read_text().splitlines():
            key, _, value = line.partition("=")
            self.outputs[f"steps.{step['id']}.outputs.{key}"] = value
        return done.returncode

    def _value(self, expression: str) -> str:
        return {**self.values, **self.outputs}[expression]


def runner(folder: Path, env: dict[str, str], state: State) -> Runner:
    values = {
        "matrix.stack": "dev",
        "vars.PULUMI_BACKEND_URL": env.get("PULUMI_BACKEND_URL", ""),
        'vars.META_ACCESS_STACKS || \'["staging", "prod"]\'': '["dev"]',
        "secrets.PULUMI_ACCESS_TOKEN": "",
        "secrets.PULUMI_CONFIG_PASSPHRASE": env.get("PULUMI_CONFIG_PASSPHRASE", ""),
        "github.event.pull_request.number": "7",
        "github.event.pull_request.head.sha": state.head,
        "github.repository": forges.REPOSITORY,
        "github.run_id": "5",
        "github.server_url": "https://github.example",
        "github.token": forges.TOKEN,
        "github.workspace": str(folder),
    }
    job = {name: value for name, value in forges.environment(state, "github").items() if name != "GITHUB_TOKEN"}
    return Runner(folder, {**env, **GIT, **job, "RUNNER_TEMP": str(folder)}, values)


def git(folder: Path, *arguments: str) -> str:
    env = {**os.environ, **GIT, "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(["git", *arguments], cwd=folder, env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def give_more(dev: Project, emulator: RunningEmulator) -> None:
    """Write a task more for reporting's ad accounts."""
    config = lindenhof.config(emulator)
    config["meta:task_sets"]["read"]["ad_account"] = ["ANALYZE", "ADVERTISE"]
    dev.configure(config)


@pytest.mark.provisioned
def test_a_change_from_its_review_to_the_nightly_look(dev: Project, emulator: RunningEmulator) -> None:
    for name in ("ci", "tools"):
        (dev.root / name).symlink_to(CHECKOUT / name)
    git(dev.root, "init", "-q")
    git(dev.root, "add", "stacks")
    git(dev.root, "commit", "-q", "-m", "base")
    give_more(dev, emulator)
    git(dev.root, "commit", "-q", "-a", "-m", "widen")

    with forges.running() as state:
        jobs = runner(dev.root, dev.environment(), state)

        # The pull request: a review against the base branch, the engine's diff in the summary, the comment.
        code, summary = jobs.job("review", "look")
        assert code == 0
        assert "<summary>pulumi preview of dev</summary>" in summary
        assert '"ADVERTISE"' in summary
        assert git(dev.root, "status", "--porcelain", "stacks") == ""
        [reviewed] = json.loads((dev.root / "reviews" / "dev.json").read_text())["stacks"]
        assert reviewed["compared"]
        assert jobs.job("review", "comment")[0] == 0
        [comment] = state.comments
        assert "+ reporting gains ADVERTISE on ad account 104320000000501 of lindenhof" in comment["body"]
        assert "access: widening" in state.labels

        # After the merge: the plan of the review, and `up` of exactly that.
        code, summary = jobs.job("up", "plan")
        assert code == 0
        assert "+ reporting gains ADVERTISE on ad account 104320000000501 of lindenhof" in summary
        emulator.forget_calls()
        assert jobs.job("up", "up")[0] == 0
        assert lindenhof.tasks(emulator, lindenhof.SHOP)["reporting"] == ["ADVERTISE", "ANALYZE"]
        assert {call for call in lindenhof.writes(emulator) if "assigned_users" not in call} == set()

        # At night: what somebody took away is one issue of the client's.
        world = emulator.world()
        page = lindenhof.PAGE.partition(":")[2]
        world["assignments"] = [row for row in world["assignments"] if row["asset_id"] != page]
        emulator.put_world(world)
        assert jobs.job("nightly", "look", without=("Record the snapshot",))[0] == 0
        assert jobs.job("nightly", "issues")[0] == 0
        [issue] = [row for row in state.issues if "/lindenhof -->" in row["body"]]
        assert "+ reporting gains ANALYZE on Page 102930000000801 of lindenhof" in issue["body"]

        assert jobs.job("rotate", "rotate")[0] == 0
        assert state.tokens == {f"Bearer {forges.TOKEN}"}
    written = "".join(path.read_text() for path in dev.root.glob("*/*.json") if path.parent.name != "state")
    assert emulator.admin_token not in written
    assert emulator.app_secret not in written


@pytest.fixture
def checkout(tmp_path: Path, engine: Path) -> Iterator[Checkout]:
    made = check_out(tmp_path, engine)
    yield made
    made.emulator.stop()


def test_a_fork_is_reviewed_without_a_credential_and_nothing_of_it_is_run(checkout: Checkout) -> None:
    shutil.copytree(CHECKOUT / "ci", checkout.root / "ci")
    git(checkout.root, "init", "-q", "-b", "main")
    git(checkout.root, "add", "stacks", "__main__.py")
    git(checkout.root, "commit", "-q", "-m", "base")
    base, program = checkout.stack_file.read_text(), (checkout.root / "__main__.py").read_text()
    checkout.stack_file.write_text(
        base.replace("page:102930000000801: {reporting: read}", "act_104320000000502: {reporting: read}")
    )
    (checkout.root / "__main__.py").write_text("raise SystemExit('the pull request runs')\n")
    git(checkout.root, "commit", "-q", "-a", "-m", "the pull request")
    head = git(checkout.root, "rev-parse", "HEAD")
    git(checkout.root, "checkout", "-q", "HEAD^")

    with forges.running() as state:
        state.head = head
        jobs = runner(checkout.root, checkout.environment(), state)
        fetches = ("Fetch the pull request's commit, and check out none of it", "Fetch the newest snapshot")
        code, _ = jobs.job("review-fork", "look", without=fetches)
        assert code == 0
        assert (checkout.root / "__main__.py").read_text() == program
        assert jobs.job("review-fork", "comment")[0] == 0

    [comment] = state.comments
    # From nothing: what the base branch would make as well is due without the change.
    assert [line for line in comment["body"].splitlines() if line.startswith(("+ ", "- ", "! "))][:3] == [
        "! Offline: nothing was asked of Meta or AWS, so drift, what is due and what Meta will refuse are not known.",
        "- reporting loses ANALYZE on Page 102930000000801 of lindenhof",
        "+ reporting gains ANALYZE on ad account 104320000000502 of lindenhof",
    ]
    assert "Due anyway" in comment["body"]


def written(forge: str) -> str:
    """The pipeline that `init` writes for a forge."""
    real = starter.Real("178000000000101", "120480000000201", "eu-central-1")
    return starter.files("ads", "dev", real, forge=forge)[starter.CI[forge]]


@pytest.mark.provisioned
def test_what_init_writes_for_github_reviews_updates_and_rotates(dev: Project, emulator: RunningEmulator) -> None:
    workflow = written("github")
    give_more(dev, emulator)
    with forges.running() as state:
        jobs = runner(dev.root, dev.environment(), state)
        jobs.values |= {"secrets.META_APP_SECRET": "", "secrets.META_ADMIN_TOKEN": ""}

        code, summary = jobs.run(workflow, "review")
        assert code == 0
        assert "reporting gains ADVERTISE on ad account 104320000000501 of lindenhof" in summary
        assert jobs.run(workflow, "up")[0] == 0
        assert lindenhof.tasks(emulator, lindenhof.SHOP) == {"reporting": ["ADVERTISE", "ANALYZE"]}
        emulator.clock(advance_s=45 * 86400)
        assert jobs.run(workflow, "rotate")[0] == 0
        assert values(emulator, dev.outputs()["secrets"]["reporting"]["arn"])["generation"] == 2


@pytest.mark.provisioned
def test_what_init_writes_for_gitlab_reviews_updates_and_rotates(dev: Project, emulator: RunningEmulator) -> None:
    pipeline = written("gitlab")
    give_more(dev, emulator)
    identity = "the job's id token"
    given = {"CI_PROJECT_DIR": str(dev.root), "CI_JOB_ID": "5", "META_ACCESS_ID_TOKEN": identity}
    jobs = Runner(dev.root, dev.environment(), given)

    code, said = jobs.gitlab(pipeline, "review")
    assert code == 0
    review = (dev.root / "review.md").read_text()
    assert "reporting gains ADVERTISE on ad account 104320000000501 of lindenhof" in review
    assert review in said
    token = dev.root.with_name(f"{dev.root.name}.tmp") / "meta-access-id-token"
    assert (token.read_text(), token.stat().st_mode & 0o777) == (identity, 0o600)
    assert jobs.gitlab(pipeline, "up")[0] == 0
    assert lindenhof.tasks(emulator, lindenhof.SHOP) == {"reporting": ["ADVERTISE", "ANALYZE"]}
    emulator.clock(advance_s=45 * 86400)
    assert jobs.gitlab(pipeline, "rotate")[0] == 0
    assert values(emulator, dev.outputs()["secrets"]["reporting"]["arn"])["generation"] == 2
    assert identity not in said
