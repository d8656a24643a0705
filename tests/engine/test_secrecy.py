"""Canaries: no secret value in anything the engine or the tool writes or prints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.engine import lindenhof

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project


def test_no_secret_is_in_state_history_events_output_or_journal(dev: Project, emulator: RunningEmulator) -> None:
    seen = []
    canaries = {emulator.credentials["app_secret"], emulator.credentials["admin_token"]}
    for keepers in ({"run": "1"}, {"run": "2"}):
        identities = {"reporting": {"use_case": "read_reports", "keepers": keepers}}
        dev.configure(lindenhof.config(emulator, identities=identities))
        for done in (dev.preview("--diff"), dev.up("--diff"), dev.refresh()):
            seen += [done.stdout, json.dumps(done.events)]
        arn = dev.outputs()["secrets"]["reporting"]["arn"]
        value = emulator.secrets().get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"]
        canaries.add(json.loads(value)["access_token"])
    seen += [json.dumps(dev.export("--show-secrets")), dev.everything_written()]
    seen += [json.dumps(emulator.calls()), json.dumps(emulator.world()), emulator.output()]
    seen.append(dev.destroy().stdout)

    assert len(canaries) == 4
    for canary in canaries:
        assert len(canary) > 20
        for text in seen:
            assert canary not in text


def test_a_failing_up_prints_no_secret_and_no_traceback(dev: Project, emulator: RunningEmulator) -> None:
    emulator.fault(service="graph", method="POST", path="access_tokens", kind="http", status=500, times=9)

    up = dev.up()

    assert up.code != 0
    assert "Traceback" not in up.stdout
    assert emulator.credentials["admin_token"] not in up.stdout
    assert emulator.credentials["app_secret"] not in up.stdout
    assert lindenhof.live_tokens(emulator) == []


def test_the_engines_own_debug_logs_hold_no_secret(
    make_project: Callable[..., Project], emulator: RunningEmulator, tmp_path: Path
) -> None:
    grpc = tmp_path / "grpc.json"
    env = {"PULUMI_DEBUG_GRPC": str(grpc), "PYTHONVERBOSE": "1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    project = make_project(config=lindenhof.config(emulator), env=env, name="debug")

    up = project.run("up", "--yes", "--skip-preview", "--stack", project.stack, "-v=9", "--logtostderr", "--logflow")

    assert up.code == 0, up.stdout[-3000:]
    arn = project.outputs()["secrets"]["reporting"]["arn"]
    value = emulator.secrets().get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")["SecretString"]
    calls = grpc.read_text()
    assert "SystemUserToken" in calls
    for canary in (json.loads(value)["access_token"], emulator.app_secret, emulator.admin_token):
        assert canary not in up.stdout
        assert canary not in calls


def test_a_secret_value_of_ours_is_refused_in_a_program_of_ones_own(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    program = lindenhof.program('meta.SystemUser("user", connection="main", name="reporting")')
    own = make_project(program=program, config=lindenhof.config(emulator))
    place = "meta:connections.main.tier_probe"
    done = own.run("config", "set", "--secret", "--path", place, lindenhof.SHOP, "--stack", own.stack)
    assert done.code == 0, done.stdout

    up = own.up()

    assert up.code != 0
    assert "meta:connections: is stored as a secret" in up.stdout
    assert "Traceback" not in up.stdout
    assert lindenhof.users(emulator) == []
