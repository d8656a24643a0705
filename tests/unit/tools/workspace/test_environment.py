from __future__ import annotations

import os
from pathlib import Path

from tools.workspace.environment import ROOT, environment, variables

ENGINE = Path("/opt/engine")


def test_dev_has_a_local_backend_a_private_home_and_a_known_passphrase() -> None:
    found = variables(ENGINE, "dev", "/usr/bin:/bin")

    assert found == {
        "PATH": f"/opt/engine:{ROOT}/.venv/bin:/usr/bin:/bin",
        "PULUMI_RUN_PROGRAM": "true",
        "PULUMI_CONTINUE_ON_ERROR": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PYTHONUNBUFFERED": "1",
        "PULUMI_HOME": f"{ROOT}/.work/pulumi-home",
        "PULUMI_BACKEND_URL": f"file://{ROOT}/.work/state?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": "dev",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "META_ACCESS_EMULATOR_HOME": f"{ROOT}/.work/emulator",
        "META_ACCESS_CALL_LOG": f"{ROOT}/.work/calls",
    }


def test_another_stack_keeps_the_callers_backend_home_and_passphrase() -> None:
    base = {"PATH": "/bin", "PULUMI_BACKEND_URL": "s3://states", "PULUMI_CONFIG_PASSPHRASE_FILE": "/run/passphrase"}

    found = environment(ENGINE, "prod", base=base, terminal=True)

    assert found["PULUMI_BACKEND_URL"] == "s3://states"
    assert found["PULUMI_CONFIG_PASSPHRASE_FILE"] == "/run/passphrase"
    assert found["PULUMI_RUN_PROGRAM"] == "true"
    assert found["PULUMI_CONTINUE_ON_ERROR"] == "true"
    assert found["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"
    assert {"PULUMI_HOME", "PULUMI_CONFIG_PASSPHRASE"}.isdisjoint(found)


def test_evaluating_the_environment_twice_does_not_lengthen_path() -> None:
    once = variables(ENGINE, "dev", "/usr/bin")["PATH"]

    assert variables(ENGINE, "dev", once)["PATH"] == once


def test_a_passphrase_file_of_the_caller_does_not_replace_devs_passphrase() -> None:
    found = environment(ENGINE, "dev", base={"PULUMI_CONFIG_PASSPHRASE_FILE": "/run/passphrase"}, terminal=True)

    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in found
    assert found["PATH"].endswith(os.defpath)


def test_python_keeps_its_bytecode_in_an_image_that_forbids_it() -> None:
    assert "PYTHONDONTWRITEBYTECODE" not in environment(None, base={"PYTHONDONTWRITEBYTECODE": "1"}, terminal=True)


def test_there_is_no_colour_without_a_terminal() -> None:
    assert environment(None, base={}, terminal=False)["NO_COLOR"] == "1"
    assert "NO_COLOR" not in environment(None, base={}, terminal=True)
