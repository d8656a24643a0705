from __future__ import annotations

import pytest

from tools.workspace import preview, stack
from tools.workspace.environment import BACKEND
from tools.workspace.stack import StackError


def test_another_stack_is_not_looked_for_in_devs_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", BACKEND)

    with pytest.raises(StackError, match=r"local one of stack dev.* make preview STACK=prod OFFLINE=1$"):
        preview.live("prod")


def test_another_stack_is_verified_and_previewed_with_the_callers_own_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://states")
    monkeypatch.setattr(preview, "engine_folder", lambda: None)
    done: list[tuple[str, str]] = []
    monkeypatch.setattr(stack, "verify", lambda name, env: done.append((name, env["PULUMI_BACKEND_URL"])))
    monkeypatch.setattr(preview, "capture", lambda argv, _env, **_: done.append((" ".join(argv), "")))
    for run in ("engine", "stream"):
        monkeypatch.setattr(
            preview, run, lambda argv, env, **_: done.append((" ".join(argv), env["PULUMI_RUN_PROGRAM"]))
        )

    preview.live("prod")
    preview.live("prod", verbose=True)

    before = [("prod", "s3://states"), ("pulumi plugin install", "")]
    assert done == [
        *before,
        ("meta-access review --stack prod", "true"),
        *before,
        ("pulumi preview --non-interactive --stack prod", "true"),
    ]
