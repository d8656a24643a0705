"""Bad input: one clear error for each, no traceback, and nothing changed at Meta or in Secrets Manager."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.emulators import RunningEmulator, start_emulator
from tests.engine import lindenhof
from tests.engine.commands import command
from tests.engine.lindenhof import SHOP
from tests.engine.projects import Project, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.engine.workers import Worker


def put(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Set a value deep in the configuration: `apps/ads/tier`."""

    def change(config: dict[str, Any]) -> None:
        *parents, last = f"meta:{path}".split("|")
        at = config
        for part in parents:
            at = at.setdefault(part, {})
        at[last] = value

    return change


IDENTITY = {"use_case": "read_reports"}
BUSY_FOR_AN_HOUR = {
    "178000000000101": [
        {"type": "ads_management", "call_count": 100, "total_time": 100, "estimated_time_to_regain_access": 60}
    ]
}
URI = "https://connect.lindenhof.example"
# What is wrong in one configuration: changes, and for each problem its key and the words that its line holds.
CASES = {
    "what is written": (
        {
            "apps|ads|teir": "limited",
            "businesses|lindenhof|id": 178000000000101,
            "task_sets|read|ad_account": ["ANALYSE"],
            "apps|ads|login|redirect_uris": [
                "http://connect.lindenhof.example/meta/",
                f"{URI}/*/",
                f"{URI}/meta/#top",
                f"{URI}/meta",
            ],
            "clients|lindenhof|assets": {"104320000000501": {"reporting": "read"}},
            "identities|one": {**IDENTITY, "role": "ADMIN"},
            "identities|two": {**IDENTITY, "role": "ADMIN"},
            "identities|reporting|scopes": "ads_read",
        },
        {
            "meta:apps.ads.teir": ["tier"],
            "meta:businesses.lindenhof.id": ["2^53"],
            "meta:task_sets.read.ad_account[0]": ["ANALYZE"],
            "meta:apps.ads.login.redirect_uris[0]": ["https"],
            "meta:apps.ads.login.redirect_uris[1]": ["wildcard"],
            "meta:apps.ads.login.redirect_uris[2]": ["fragment"],
            "meta:apps.ads.login.redirect_uris[3]": ["slash"],
            "meta:clients.lindenhof.assets.104320000000501": ["act_"],
            "meta:identities.two": ["ADMIN", "one", "two"],
            "meta:identities.reporting.scopes": ["text", "list"],
        },
    ),
    "what it comes to": (
        {
            "identities|reporting|scopes": ["ads_reed", "catalog_management"],
            "identities|second": {**IDENTITY, "name": "reporting"},
            "identities|third": dict(IDENTITY),
        },
        {
            "meta:identities.reporting.scopes[0]": ["ads_read"],
            "meta:identities.reporting.scopes[1]": ["catalog_management"],
            "meta:identities.second.name": ["reporting"],
            "meta:identities.second": ["limited", "second", "third"],
        },
    ),
    "unknown rules": ({"rules": "2031-01"}, {"meta:rules": ["2031-01", "2026-05"]}),
}


class Refused(NamedTuple):
    """A project and its emulator for tests in which nothing is ever made."""

    project: Project
    emulator: RunningEmulator

    def up(self, config: dict[str, Any]) -> Result:
        self.emulator.forget_calls()
        self.project.configure(config)
        done = self.project.up()
        self.emulator.clear_faults()
        return done


@pytest.fixture(scope="module")
def refused(engine: Path, worker: Worker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Refused]:
    """One for the whole file: what the program refuses changes nothing, which each test asserts."""
    emulator = start_emulator(tmp_path_factory.mktemp("emulator"))
    project = Project(tmp_path_factory.mktemp("refused"), engine, worker)
    project.lay_out()
    project.init()
    yield Refused(project, emulator)
    emulator.stop()


def one_error(done: Result) -> str:
    assert done.code != 0
    assert "Traceback" not in done.stdout
    [error] = done.diagnostics
    return error


@pytest.mark.parametrize(("changes", "problems"), CASES.values(), ids=list(CASES))
def test_bad_configuration_is_one_error_with_all_problems_and_changes_nothing(
    refused: Refused, changes: dict[str, Any], problems: dict[str, list[str]]
) -> None:
    config = lindenhof.config(refused.emulator)
    for path, value in changes.items():
        put(path, value)(config)

    error = one_error(refused.up(config))
    head, *lines = error.splitlines()

    assert head == f"{len(problems)} problem{'s' * (len(problems) > 1)} in the configuration:"
    told = dict(line.removeprefix("  - ").split(": ", 1) for line in lines)
    assert told.keys() == problems.keys()
    for key, words in problems.items():
        for word in words:
            assert word in told[key]
    assert lindenhof.writes(refused.emulator) == []
    validated = command(refused.project, "validate")
    assert (validated.returncode, validated.stdout) == (1, f"stacks/Pulumi.dev.yaml: {error}\n")


def test_a_missing_variable_is_one_error_and_changes_nothing(refused: Refused) -> None:
    config = lindenhof.config(refused.emulator)
    put("connections|main|app_secret", "env:META_NOT_SET")(config)

    assert "META_NOT_SET" in one_error(refused.up(config))
    assert lindenhof.writes(refused.emulator) == []


def test_an_ended_version_is_warned_of_and_refused_by_meta_alone(dev: Project, emulator: RunningEmulator) -> None:
    config = lindenhof.config(emulator)
    put("connections|main|api_version", "v19.0")(config)
    dev.configure(config)

    preview, up = dev.preview(), dev.up()

    assert preview.code == 0
    assert "meta:connections.main.api_version: v19.0 ended for the Marketing API on 2026-02-19" in preview.stdout
    assert up.code != 0
    refused = [error for error in up.diagnostics if "2635" in error]
    assert len(refused) == 3
    for error in refused:
        assert "Raise api_version" in error
        assert "tasks" not in error


def test_a_pasted_secret_is_refused_without_repeating_it(refused: Refused) -> None:
    config = lindenhof.config(refused.emulator)
    pasted = refused.emulator.credentials["admin_token"]
    put("connections|main|admin_token", pasted)(config)

    up = refused.up(config)

    assert "meta:connections.main.admin_token" in one_error(up)
    assert pasted not in up.stdout


def test_emulator_not_running(dev: Project, emulator: RunningEmulator) -> None:
    emulator.stop()

    error = one_error(dev.preview())

    assert "127.0.0.1" in error
    assert "meta-access emulator start" in error


def test_wrong_app_secret(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = refused.emulator.app_secret[:-4] + "ffff"
    monkeypatch.setitem(refused.project.extra_env, "META_WRONG", wrong)
    config = lindenhof.config(refused.emulator)
    put("connections|main|app_secret", "env:META_WRONG")(config)

    up = refused.up(config)

    assert "app secret" in one_error(up)
    assert wrong not in up.stdout


def test_the_emulator_takes_no_secret_that_is_not_its_own(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(refused.project.extra_env, "META_WRONG", "f" * 32)
    config = lindenhof.config(refused.emulator)
    put("connections|main|app_secret", "env:META_WRONG")(config)

    up = refused.up(config)

    assert "meta:connections.main.app_secret" in one_error(up)
    assert "f" * 32 not in up.stdout


def test_token_of_another_app(dev: Project, emulator: RunningEmulator) -> None:
    world = emulator.world()
    other = {**world["apps"][0], "id": "120480000000999", "name": "Somebody's app"}
    world["apps"].append(other)
    for token in world["tokens"]:
        token["app_id"] = "120480000000999"
    emulator.put_world(world)

    error = one_error(dev.preview())

    assert "The app secret is wrong, or the token was made by another app." in error


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            {"kind": "http", "status": 400, "body": {"__type": "AccessDeniedException", "Message": "no"}},
            ["AccessDeniedException"],
        ),
        ({"kind": "drop_before"}, ["Secrets Manager"]),
    ],
    ids=["denied", "unreachable"],
)
def test_secrets_manager_trouble_is_one_error(refused: Refused, fault: dict[str, Any], words: list[str]) -> None:
    refused.emulator.fault(service="secretsmanager", times=50, **fault)

    error = one_error(refused.up(lindenhof.config(refused.emulator)))

    for word in words:
        assert word in error
    assert lindenhof.live_tokens(refused.emulator) == []


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "garbage"},
        {"kind": "http", "status": 200, "body": ""},
        {"kind": "http", "status": 500},
        {"kind": "graph", "code": 4, "headers": {"X-Business-Use-Case-Usage": BUSY_FOR_AN_HOUR}},
    ],
    ids=["HTML", "empty", "500", "throttled"],
)
def test_graph_trouble_is_one_error(refused: Refused, fault: dict[str, Any]) -> None:
    refused.emulator.fault(service="graph", times=200, **fault)

    error = one_error(refused.up(lindenhof.config(refused.emulator)))

    assert "Graph" in error or "Meta" in error
    assert lindenhof.writes(refused.emulator) == []


def test_an_asset_of_another_business_is_told_and_the_rest_happens(dev: Project, emulator: RunningEmulator) -> None:
    clients = lindenhof.config(emulator)["meta:clients"]
    emulator.act("unshare", asset="act_205550000000601")
    dev.configure(lindenhof.config(emulator, clients=clients))

    up = dev.up()

    assert up.code != 0
    assert "act_205550000000601" in "".join(up.diagnostics)
    assert "Traceback" not in up.stdout
    assert lindenhof.tasks(emulator, SHOP) == {"reporting": ["ANALYZE"]}


SECRET_PROGRAM = lindenhof.program("""
user = meta.SystemUser("user", connection="main", name="reporting", adopt=pulumi.Config("meta").get("adopt"))
installed = meta.AppInstallation("installed", connection="main", system_user_id=user.id)
for name in pulumi.Config("meta").require_object("secrets"):
    meta.SystemUserToken(
        name, connection="main", system_user_id=user.id, scopes=["ads_read"], secret_name="meta/dev/stranger",
        opts=pulumi.ResourceOptions(depends_on=[installed]),
    )
""")


def test_two_tokens_in_one_secret_are_refused(make_project: Callable[..., Project], emulator: RunningEmulator) -> None:
    config = {**lindenhof.config(emulator), "meta:secrets": ["one", "two"]}
    project = make_project(program=SECRET_PROGRAM, config=config)

    # With the preview that `up` begins with: the first of the two would be made before the second is checked.
    done = project.run("up", "--yes", "--stack", "dev")

    assert done.code != 0
    assert re.search("resources (one and two|two and one) represent the same", done.stdout)
    assert lindenhof.live_tokens(emulator) == []


def test_two_assignments_of_one_asset_are_refused(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    program = lindenhof.program("""
user = meta.SystemUser("user", connection="main", name="reporting")
for name in ("one", "two"):
    meta.AssetAssignment(
        name, connection="main", system_user_id="122090000000301", asset="act_104320000000501", tasks=["ANALYZE"]
    )
""")
    project = make_project(program=program, config=lindenhof.config(emulator))

    done = project.preview()

    assert done.code != 0
    assert re.search("resources (one and two|two and one) represent the same", done.stdout)


def test_a_secret_of_another_stack_is_refused_by_its_owners_name(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    emulator.secrets().create_secret(
        Name="meta/dev/stranger",
        SecretString="{}",
        Tags=[
            {"Key": "meta-tokens:managed-by", "Value": "pulumi"},
            {"Key": "meta-tokens:project", "Value": "their-project"},
            {"Key": "meta-tokens:stack", "Value": "prod"},
        ],
    )
    project = make_project(program=SECRET_PROGRAM, config={**lindenhof.config(emulator), "meta:secrets": ["one"]})

    up = project.up()

    assert up.code != 0
    assert "their-project/prod" in "".join(up.diagnostics)
    assert "take_over_from" in "".join(up.diagnostics)
    assert lindenhof.live_tokens(emulator) == []


def test_a_secret_that_waits_for_deletion_is_restored_if_it_is_ours(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    project = make_project(program=SECRET_PROGRAM, config={**lindenhof.config(emulator), "meta:secrets": ["one"]})
    assert project.up().code == 0
    assert project.destroy().code == 0
    assert "DeletedDate" in emulator.secrets().describe_secret(SecretId="meta/dev/stranger")

    up = project.up()

    assert up.code == 0, up.stdout
    assert "DeletedDate" not in emulator.secrets().describe_secret(SecretId="meta/dev/stranger")
    assert len(lindenhof.live_tokens(emulator)) == 1


def test_a_foreign_secret_that_waits_for_deletion_is_left_alone(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    secrets = emulator.secrets()
    secrets.create_secret(Name="meta/dev/stranger", SecretString="{}")
    secrets.delete_secret(SecretId="meta/dev/stranger", RecoveryWindowInDays=7)
    project = make_project(program=SECRET_PROGRAM, config={**lindenhof.config(emulator), "meta:secrets": ["one"]})

    up = project.up()

    assert up.code != 0
    assert "meta/dev/stranger" in "".join(up.diagnostics)
    assert "DeletedDate" in secrets.describe_secret(SecretId="meta/dev/stranger")


ONLY_A_USER = 'meta.SystemUser("user", connection="main", name="reporting")'


def test_two_ups_at_once_mint_once_and_the_loser_says_why(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    """One stack in two backends: the file lock of either says nothing to the other."""
    config = {**lindenhof.config(emulator), "meta:secrets": ["one"]}
    first = make_project(program=lindenhof.program(ONLY_A_USER), config=config, name="first")
    assert first.up().code == 0
    first.program(SECRET_PROGRAM)
    [user] = [u["id"] for u in emulator.world()["system_users"] if u["name"] == "reporting"]
    adopted = {**config, "meta:adopt": user}
    first.configure(adopted)
    second = make_project(program=SECRET_PROGRAM, config=adopted, name="second")

    running = [project.start("up", "--yes", "--stack", "dev") for project in (first, second)]
    ends = [process.communicate(timeout=180)[0] for process in running]

    minted = [row for row in emulator.world()["tokens"] if row["issued_by"] == "api"]
    assert len(minted) == 1, ends
    assert all("Traceback" not in text for text in ends)


def test_a_locked_stack_says_who_holds_it(dev: Project, emulator: RunningEmulator) -> None:
    emulator.fault(service="graph", method="POST", path="system_users", kind="hang", seconds=8)
    first = dev.start("up", "--yes", "--stack", "dev")
    emulator.wait_for_call("graph", "system_users", method="POST")

    second = dev.run("up", "--yes", "--stack", "dev")

    assert second.code != 0
    assert "currently locked" in second.stdout
    first.communicate(timeout=120)
