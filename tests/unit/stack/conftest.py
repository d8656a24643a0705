"""A small sound configuration, and the whole message that a changed one is refused with."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from meta_access.cli.pulumi_stack import Project
from meta_access.cli.stack.validate import verdict
from meta_access.errors import ConfigError
from meta_access.stack.load import load_stack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from meta_access.stack.load import Stack

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)

SOUND: dict[str, Any] = {
    "meta:environment": "test",
    "meta:rules": "2026-05",
    "meta:connections": {
        "main": {
            "business": "agency",
            "app": "ads",
            "graph_url": "http://127.0.0.1:8765",
            "api_version": "v26.0",
            "app_secret": "emulator:",
            "admin_token": "emulator:",
            "aws": {"region": "eu-central-1", "endpoint_url": "http://127.0.0.1:8766"},
        }
    },
    "meta:businesses": {"agency": {"id": "178435550012345", "owner": "nadia"}},
    "meta:people": {"nadia": {"email": "nadia@agency.example"}, "ines": {}},
    "meta:apps": {
        "ads": {
            "id": "1204817736400555",
            "claimed_by": "agency",
            "tier": "full",
            "roles": {"admin": ["nadia"]},
            "permissions": {"standard": ["ads_read"]},
            "login": {
                "hosts": ["connect.agency.example/"],
                "redirect_uris": ["https://connect.agency.example/meta/callback/"],
            },
        }
    },
    "meta:task_sets": {"read": {"ad_account": ["ANALYZE"], "page": ["ANALYZE"]}},
    "meta:identities": {"reporting": {"use_case": "read_reports"}},
    "meta:clients": {"own": {"access": "own", "assets": {"act_1043217650987654": {"reporting": "read"}}}},
}
REMOVED = object()


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """The configuration with changes: path with slashes to value."""
    config = copy.deepcopy(SOUND)
    for path, value in changes.items():
        *parents, last = path.split("/")
        target = config
        for name in parents:
            target = target.setdefault(name, {})
        if value is REMOVED:
            del target[last]
        else:
            target[last] = value
    return config


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Stack]:
    """Loads the configuration with changes."""

    def run(changes: dict[str, Any] | None = None, *, stack: str = "test", now: datetime = NOW, **more: Any) -> Stack:
        return load_stack(changed(changes or {}), stack, tmp_path / "stacks", now=now, **more)

    return run


@pytest.fixture
def refusals(load: Callable[..., Stack], tmp_path: Path) -> Callable[..., list[str]]:
    """The problems, one text each, that a changed configuration is refused with: by the program and by `validate`.

    `in_a_file`: whether it may be written into a file for `validate`; not where a test counts what files hold.
    """

    def run(changes: dict[str, Any], *, in_a_file: bool = True, **kwargs: Any) -> list[str]:
        with pytest.raises(ConfigError) as refused:
            load(changes, **kwargs)
        if in_a_file and not kwargs:
            home = Project("meta-access", tmp_path / "stacks")
            home.stacks.mkdir(exist_ok=True)
            file = home.stacks / "Pulumi.test.yaml"
            file.write_text(yaml.safe_dump({"config": changed(changes)}, sort_keys=False))
            assert verdict(home, "test", file, NOW).problems == tuple(refused.value.problems)
            file.unlink()
        return [str(problem) for problem in refused.value.problems]

    return run


@pytest.fixture
def removed() -> object:
    return REMOVED
