"""What holds in every file of `ci/`, whatever it does: pinned, bounded, least rights, nothing of a stranger is run."""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
GITHUB = sorted((ROOT / "ci" / "github").glob("*.yml"))
FORK = ROOT / "ci" / "github" / "review-fork.yml"
GITLAB = ROOT / "ci" / "gitlab" / "meta-access.gitlab-ci.yml"
PINNED = re.compile(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
TRUE = True  # how YAML 1.1 reads the key `on`


def workflow(file: Path) -> dict[Any, Any]:
    made: dict[Any, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return made


JOBS = [
    pytest.param(file, job, id=f"{file.stem}-{name}") for file in GITHUB for name, job in workflow(file)["jobs"].items()
]


def test_there_is_a_file_for_each_purpose() -> None:
    assert [file.stem for file in GITHUB] == ["nightly", "review-fork", "review", "rotate", "up"]


@pytest.mark.parametrize("file", GITHUB, ids=lambda file: file.stem)
def test_every_action_is_pinned_by_its_commit(file: Path) -> None:
    lines = [line.strip().removeprefix("- ") for line in file.read_text().splitlines() if "uses:" in line]

    assert [line for line in lines if not PINNED.match(line)] == []


def test_one_version_of_each_action_is_used() -> None:
    used = {found for file in GITHUB for found in re.findall(r"uses: (\S+)", file.read_text())}

    assert sorted(one.partition("@")[0] for one in used) == [
        "actions/checkout",
        "actions/download-artifact",
        "actions/upload-artifact",
        "aws-actions/configure-aws-credentials",
    ]


@pytest.mark.parametrize("file", GITHUB, ids=lambda file: file.stem)
def test_a_workflow_starts_without_any_right_and_never_twice_at_once(file: Path) -> None:
    made = workflow(file)

    assert made["permissions"] == {}
    assert made["concurrency"]["group"]
    assert made["defaults"] == {"run": {"shell": "bash"}}  # with pipefail


@pytest.mark.parametrize(("file", "job"), JOBS)
def test_a_job_is_bounded_and_names_its_rights(file: Path, job: dict[str, Any]) -> None:
    del file
    assert 0 < job["timeout-minutes"] <= 120
    assert job["permissions"]["contents"] == "read"
    written = {name for name, right in job["permissions"].items() if right == "write"}
    assert len(written) <= 1
    assert job["runs-on"] == "ubuntu-24.04"


@pytest.mark.parametrize(("file", "job"), JOBS)
def test_no_expression_becomes_part_of_a_script(file: Path, job: dict[str, Any]) -> None:
    """A title, a branch or a secret in a script would be code, or an argument that every process can read."""
    del file
    assert [step["run"] for step in job["steps"] if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize(("file", "job"), JOBS)
def test_a_checkout_leaves_no_token_behind(file: Path, job: dict[str, Any]) -> None:
    del file
    checkouts = [step["with"] for step in job["steps"] if "actions/checkout" in step.get("uses", "")]

    assert [given["persist-credentials"] for given in checkouts] == [False]


@pytest.mark.parametrize(("file", "job"), JOBS)
def test_a_role_or_a_secret_belongs_to_an_environment(file: Path, job: dict[str, Any]) -> None:
    text = yaml.safe_dump(job)
    held = "secrets." in text or "configure-aws-credentials" in text or "id-token" in job["permissions"]

    assert held == ("environment" in job)
    if held:
        assert file != FORK


@pytest.mark.parametrize(
    ("name", "job", "environment"),
    [
        ("review", "look", "${{ matrix.stack }}-review"),
        ("up", "plan", "${{ matrix.stack }}-review"),
        ("up", "up", "${{ matrix.stack }}"),
        ("rotate", "rotate", "${{ matrix.stack }}-rotate"),
        ("nightly", "look", "${{ matrix.stack }}-review"),
    ],
)
def test_each_purpose_has_a_role_of_its_own(name: str, job: str, environment: str) -> None:
    assert workflow(ROOT / "ci" / "github" / f"{name}.yml")["jobs"][job]["environment"] == environment


def test_who_writes_a_comment_runs_the_base_branchs_code() -> None:
    trusted, fork = (workflow(ROOT / "ci" / "github" / f"{name}.yml") for name in ("review", "review-fork"))

    assert trusted["jobs"]["comment"]["steps"][0]["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"
    assert "ref" not in fork["jobs"]["comment"]["steps"][0]["with"]  # `pull_request_target` is on the base branch


def test_nothing_of_a_fork_is_checked_out_or_trusted() -> None:
    made = workflow(FORK)

    assert list(made[TRUE]) == ["pull_request_target"]
    assert made["jobs"]["look"]["permissions"] == {"contents": "read", "actions": "read"}
    assert "secrets." not in FORK.read_text()
    assert "allow-unsafe-pr-checkout" not in FORK.read_text()
    scripts = [step["run"] for job in made["jobs"].values() for step in job["steps"] if "run" in step]
    git = [line.strip() for script in scripts for line in script.splitlines() if re.search(r"\bgit\b", line)]
    assert git == [
        'git fetch --no-tags --depth=1 origin "refs/pull/$NUMBER/head"',
        'test "$(git rev-parse FETCH_HEAD)" = "$HEAD_SHA" # a newer commit has a run of its own',
    ]
    # What runs the pull request's data knows no token: not even that of the job.
    ours = [step for step in made["jobs"]["look"]["steps"] if "ci.scripts" in step.get("run", "")]
    assert [step["name"] for step in ours] == [
        "Review the base branch's stack files, to know what is due without this change",
        "Lay the pull request's stack files over the checkout",
        "Review",
    ]
    assert [step.get("env") for step in ours] == [None, None, None]
    assert set(made["jobs"]["look"]["env"]) == {"STACK", "HEAD_SHA", "NUMBER"}


def test_a_rotation_waits_for_no_update() -> None:
    groups = {file.stem: workflow(file)["concurrency"] for file in GITHUB}

    assert groups["rotate"] == {"group": "rotate"}
    assert groups["up"] == {"group": "up"}
    assert "cancel-in-progress" not in groups["nightly"]
    assert len({group["group"] for group in groups.values()}) == len(GITHUB)  # groups are the repository's


# --- GitLab --------------------------------------------------------------------------------------


def gitlab() -> tuple[dict[str, Any], dict[str, Any]]:
    """The inputs with their defaults, and the file with these filled in as GitLab does: as text, arrays as JSON."""
    header, _, text = GITLAB.read_text(encoding="utf-8").partition("\n---\n")
    inputs = yaml.safe_load(header)["spec"]["inputs"]
    for name, row in inputs.items():
        value = row["default"]
        text = text.replace(f"$[[ inputs.{name} ]]", value if isinstance(value, str) else '["staging","prod"]')
    assert "$[[" not in text
    return inputs, yaml.safe_load(text)


def jobs() -> dict[str, dict[str, Any]]:
    """Each job with what it takes over from its template."""
    _, made = gitlab()

    def whole(job: dict[str, Any]) -> dict[str, Any]:
        base = whole(made[job["extends"]]) if "extends" in job else {}
        variables = {**base.get("variables", {}), **job.get("variables", {})}
        return {**base, **job, "variables": variables}

    return {name: whole(row) for name, row in made.items() if name != "stages" and not name.startswith(".")}


@pytest.mark.parametrize("name", jobs())
def test_a_job_at_gitlab_is_bounded_and_starts_by_a_rule(name: str) -> None:
    job = jobs()[name]

    assert job["stage"] in gitlab()[1]["stages"]
    assert re.fullmatch(r"\d+ minutes", job["timeout"])
    assert all("$CI_PIPELINE_SOURCE ==" in rule["if"] for rule in job["rules"])
    assert all(needed in jobs() for needed in job.get("needs", ()))
    assert all(isinstance(line, str) for line in [*job["before_script"], *job["script"]])


@pytest.mark.parametrize("name", jobs())
def test_a_job_at_gitlab_gets_credentials_by_its_environment_alone(name: str) -> None:
    job = jobs()[name]

    assert ("id_tokens" in job) == (job.get("environment", {}).get("name", "forge") != "forge")
    if name.endswith("of a fork"):
        assert "environment" not in job
    # A token that a script names would be an argument of what it runs.
    scripts = "\n".join(job["script"])
    assert "TOKEN" not in scripts


def test_what_may_be_lost_at_gitlab_is_not_run_twice_at_once() -> None:
    groups = {name: job["resource_group"] for name, job in jobs().items() if "resource_group" in job}

    assert groups == {
        "meta-access comment": "meta-access-comment-$CI_MERGE_REQUEST_IID",
        "meta-access comment for a fork": "meta-access-comment-$MERGE_REQUEST",
        "meta-access up": "meta-access-up-$STACK",
        "meta-access rotate": "meta-access-rotate-$STACK",
        "meta-access issues": "meta-access-issues",
    }


def test_each_purpose_at_gitlab_has_a_role_of_its_own() -> None:
    environments = {name: job["environment"]["name"] for name, job in jobs().items() if "id_tokens" in job}

    assert environments == {
        "meta-access review": "$STACK/review",
        "meta-access plan": "$STACK/review",
        "meta-access up": "$STACK",
        "meta-access rotate": "$STACK/rotate",
        "meta-access nightly": "$STACK/review",
    }


# --- code owners ---------------------------------------------------------------------------------


def test_code_owners_name_what_is_there() -> None:
    lines = [line.split() for line in (ROOT / "ci" / "CODEOWNERS").read_text().splitlines()]
    rows = {row[0]: row[1:] for row in lines if row and row[0] != "#"}
    at_home = {"*", "/.github/", "/.gitlab/", "/.gitlab-ci.yml"}  # of the repository that copies the files

    assert all(team.startswith("@lindenhof/") for teams in rows.values() for team in teams)
    there = [f"/{path.relative_to(ROOT)}" for path in ROOT.glob("*/**/*") if path.relative_to(ROOT).parts[0][0] != "."]
    for pattern in rows.keys() - at_home:
        glob = f"{pattern}*" if pattern.endswith("/") else pattern
        assert any(fnmatch.fnmatch(path, glob) for path in there), pattern
