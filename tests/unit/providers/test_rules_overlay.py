"""Providers judge by the rule set as the overlay corrects it, and by the released one where it cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meta_access.providers import _live

if TYPE_CHECKING:
    from pathlib import Path

OVERLAY = (
    'date = 2027-01-20\nsource = "https://developers.facebook.com/docs/permissions"\n'
    "[permissions.ads_write]\nsystem_user = true\n"
)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: meta-access\nstackConfigDir: stacks\n")
    stacks = tmp_path / "stacks"
    stacks.mkdir()
    (stacks / "rules.toml").write_text(OVERLAY)
    monkeypatch.chdir(tmp_path)
    _live.rule_set.cache_clear()
    return stacks


def test_the_overlay_beside_the_stack_file_counts() -> None:
    assert "ads_write" in _live.rule_set("2026-11", "rules.toml").permissions
    assert "ads_write" not in _live.rule_set("2026-11", None).permissions


def test_a_bad_overlay_keeps_no_provider_from_its_work(project: Path) -> None:
    (project / "rules.toml").write_text("date =")

    assert "ads_write" not in _live.rule_set("2026-11", "rules.toml").permissions
    assert "ads_write" not in _live.rule_set("2026-11", "gone.toml").permissions
