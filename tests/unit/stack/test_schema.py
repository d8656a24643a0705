"""The JSON Schema agrees with the models about the repository's own stacks and about common mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from meta_access.stack.schema import client_file_schema, stack_file_schema

jsonschema = pytest.importorskip("jsonschema")
STACKS = Path(__file__).resolve().parents[3] / "stacks"


@pytest.fixture(scope="module")
def schema() -> Any:
    # Through JSON, as an editor gets it.
    return json.loads(json.dumps(stack_file_schema()))


def errors(schema: Any, document: Any) -> list[str]:
    return sorted(error.json_path for error in jsonschema.Draft202012Validator(schema).iter_errors(document))


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_the_stacks_of_the_repository_fit(schema: dict[str, Any], name: str) -> None:
    document = yaml.safe_load((STACKS / f"Pulumi.{name}.yaml").read_text())
    assert errors(schema, document) == []


@pytest.mark.parametrize("path", sorted(STACKS.glob("clients.*/*.yaml")), ids=lambda path: path.stem)
def test_the_clients_files_fit(path: Path) -> None:
    assert errors(client_file_schema(), yaml.safe_load(path.read_text())) == []


def test_mistakes_are_marked(schema: dict[str, Any]) -> None:
    document = yaml.safe_load((STACKS / "Pulumi.dev.yaml").read_text())
    config = document["config"]
    config["meta:conections"] = {}
    config["aws:region"] = "eu-central-1"
    config["meta:apps"]["ads"]["id"] = 120480000000201
    config["meta:apps"]["ads"]["tiers"] = "limited"
    config["meta:identities"]["reporting"]["lifetime"] = "90d"
    assert errors(schema, document) == [
        "$.config",
        "$.config['meta:apps'].ads",
        "$.config['meta:apps'].ads.id",
        "$.config['meta:identities'].reporting.lifetime",
    ]
