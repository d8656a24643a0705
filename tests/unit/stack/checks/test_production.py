"""Ids of production in another stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meta_access.stack import yaml_files
from meta_access.stack.checks import production

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from meta_access.stack.load import Stack


@pytest.fixture
def production_stack(tmp_path: Path) -> None:
    stacks = tmp_path / "stacks"
    (stacks / "clients.prod").mkdir(parents=True)
    (stacks / "Pulumi.prod.yaml").write_text(
        "config:\n"
        '  meta:apps: {ads: {id: "1204817736400555"}}\n'
        "  meta:identities: {root: {adopt: 122096106543457614}}\n"
        "  meta:clients_dir: clients.prod\n"
    )
    (stacks / "clients.prod" / "acme.yaml").write_text("access: own\nassets:\n  act_1043217650987654: {x: [ANALYZE]}\n")


@pytest.mark.usefixtures("production_stack")
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
            "(stacks/clients.prod/acme.yaml has it). Fix: write an id of environment test."
        ),
    ]


@pytest.mark.usefixtures("production_stack")
def test_production_is_known_by_its_environment_after_its_stack_was_renamed(
    refusals: Callable[..., list[str]], tmp_path: Path
) -> None:
    stacks = tmp_path / "stacks"
    text = (stacks / "Pulumi.prod.yaml").read_text()
    (stacks / "Pulumi.prod.yaml").unlink()
    (stacks / "Pulumi.live.yaml").write_text(text.replace("config:\n", "config:\n  meta:environment: prod\n"))
    (stacks / "Pulumi.other.yaml").write_text('config:\n  meta:apps: {ads: {id: "1099999999999999"}}\n')

    assert refusals({"meta:apps/ads/id": "1204817736400555"})[0] == (
        "meta:apps.ads.id: 1204817736400555 belongs to production (stacks/Pulumi.live.yaml has it). "
        "Fix: write an id of environment test."
    )


@pytest.mark.usefixtures("production_stack")
def test_the_escape_of_a_letter_hides_no_production(refusals: Callable[..., list[str]], tmp_path: Path) -> None:
    stacks = tmp_path / "stacks"
    text = (stacks / "Pulumi.prod.yaml").read_text()
    (stacks / "Pulumi.prod.yaml").unlink()
    said = 'config:\n  meta:environment: "pr\\x6fd"\n'
    (stacks / "Pulumi.live.yaml").write_text(text.replace("config:\n", said))

    assert refusals({"meta:apps/ads/id": "1204817736400555"})[0] == (
        "meta:apps.ads.id: 1204817736400555 belongs to production (stacks/Pulumi.live.yaml has it). "
        "Fix: write an id of environment test."
    )


def test_only_what_may_be_of_production_is_parsed(
    load: Callable[..., Stack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {
        "live": "meta:environment: produce\n",
        "old": "meta:environment: staging # was prod\n",
        "pre_prod": "config: {}\n",
        "test": "config:\n  meta:clients: {prod-ag: {}}\n",
    }
    (tmp_path / "stacks").mkdir(exist_ok=True)
    for name, text in texts.items():
        (tmp_path / "stacks" / f"Pulumi.{name}.yaml").write_text(text)
    parsed = []

    def config_of(path: Path, whole: object) -> dict[str, object]:
        parsed.append(path.name)
        return {}

    monkeypatch.setattr(production, "config_of", config_of)

    assert load()
    assert parsed == ["Pulumi.old.yaml", "Pulumi.test.yaml"]


@pytest.mark.parametrize("text", ["config:\n  meta:environment: prod\n  a: [\n", '"meta:environment": "prod"\na: [\n'])
def test_a_renamed_production_that_is_no_yaml_protects_nothing_and_that_is_said(
    refusals: Callable[..., list[str]], tmp_path: Path, text: str
) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.live.yaml").write_text(text)

    (problem,) = refusals({"meta:apps/ads/id": "1204817736400555"})

    assert problem.startswith("stacks/Pulumi.live.yaml: cannot be read, so its ids cannot be kept out of this stack.")


def test_a_slip_in_the_file_of_another_environment_stops_nobody(load: Callable[..., Stack], tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.live.yaml").mkdir()
    (tmp_path / "stacks" / "Pulumi.staging.yaml").write_text("config:\n  meta:environment: staging\n  a: [\n")

    assert load()


@pytest.mark.usefixtures("production_stack")
def test_a_production_that_cannot_be_read_protects_nothing_and_that_is_said(
    refusals: Callable[..., list[str]], tmp_path: Path
) -> None:
    (tmp_path / "stacks" / "clients.prod" / "acme.yaml").write_text("access: [own\n")

    (problem,) = refusals({"meta:apps/ads/id": "99887766554433221"})

    assert problem.startswith(
        "stacks/Pulumi.prod.yaml: cannot be read, so its ids cannot be kept out of this stack. "
        "Fix: mend it: stacks/clients.prod/acme.yaml: is not valid YAML"
    )


def test_the_same_person_works_in_every_environment(load: Callable[..., Stack], tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir(exist_ok=True)
    people = 'config:\n  meta:people: {nadia: {user_id: "100004471120031"}}\n'
    (tmp_path / "stacks" / "Pulumi.prod.yaml").write_text(people)

    assert load({"meta:people/nadia/user_id": "100004471120031"})


@pytest.mark.usefixtures("production_stack")
def test_production_may_use_its_own_ids(load: Callable[..., Stack]) -> None:
    assert load(stack="prod")


@pytest.mark.usefixtures("production_stack")
def test_many_stack_files_cost_together_no_more_than_a_few(
    refusals: Callable[..., list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml_files, "MOST_IN_FOLDER", 1000)
    for number in range(30):
        (tmp_path / "stacks" / f"Pulumi.a{number:02}.yaml").write_text("config: {}\nx: [" + "1, " * 60 + "]\n")

    assert refusals({}, in_a_file=False) == [
        (
            "stacks/Pulumi.prod.yaml: cannot be read, so its ids cannot be kept out of this stack. Fix: mend it: "
            "stacks: its files hold together 1016 values or more, and at most 1000 are read. Fix: divide the clients "
            "among stacks, or correct a file."
        )
    ]
