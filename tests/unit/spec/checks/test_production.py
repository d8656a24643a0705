"""Ids of production in another stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from meta_access.spec import Stack


@pytest.fixture
def production(tmp_path: Path) -> None:
    stacks = tmp_path / "stacks"
    (stacks / "clients.prod").mkdir(parents=True)
    (stacks / "Pulumi.prod.yaml").write_text(
        "config:\n"
        '  meta:apps: {ads: {id: "1204817736400555"}}\n'
        "  meta:identities: {root: {adopt: 122096106543457614}}\n"
        "  meta:clients_dir: clients.prod\n"
    )
    (stacks / "clients.prod" / "acme.yaml").write_text("access: own\nassets:\n  act_1043217650987654: {x: [ANALYZE]}\n")


@pytest.mark.usefixtures("production")
def test_ids_of_production_are_refused_elsewhere(refusals: Callable[..., list[str]]) -> None:
    changes = {"meta:identities/reporting/adopt": "122096106543457614"}
    assert refusals(changes) == [
        (
            "meta:apps.ads.id: 1204817736400555 belongs to production (stacks/Pulumi.prod.yaml has it). "
            "Fix: write an id of environment test."
        ),
        (
            "meta:identities.reporting.adopt: 122096106543457614 belongs to production (stacks/Pulumi.prod.yaml has "
            "it). "
            "Fix: write an id of environment test."
        ),
        (
            "meta:clients.own.assets.act_1043217650987654: 1043217650987654 belongs to production "
            "(stacks/Pulumi.prod.yaml has it). Fix: write an id of environment test."
        ),
    ]


@pytest.mark.usefixtures("production")
def test_production_may_use_its_own_ids(load: Callable[..., Stack]) -> None:
    assert load(stack="prod")
