"""JSON Schema of a stack file, for editors and reviewers. The program itself checks with the models."""

from __future__ import annotations

from typing import Any

from meta_access.stack.files import NAMESPACE
from meta_access.stack.models import ClientSpec, StackSpec

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def stack_file_schema() -> dict[str, Any]:
    """The schema of `stacks/Pulumi.<stack>.yaml`: our keys in full, other namespaces as they like."""
    spec = StackSpec.model_json_schema()
    definitions = spec.pop("$defs", {})
    config = {
        "type": "object",
        "description": "the configuration by full key; keys of meta: are ours",
        "properties": {f"{NAMESPACE}{key}": value for key, value in spec["properties"].items()},
        "required": [f"{NAMESPACE}{key}" for key in spec["required"]],
        # A key of ours that is not listed is a mistake; every other namespace belongs to somebody else.
        "propertyNames": {"anyOf": [{"enum": [f"{NAMESPACE}{key}" for key in spec["properties"]]}, _foreign_key()]},
    }
    return {
        "$schema": _DRAFT,
        "title": "Stack configuration of meta-access",
        "type": "object",
        "properties": {
            "config": config,
            "secretsprovider": {
                "type": "string",
                "description": "what encrypts the state's secrets; written by pulumi",
            },
            "encryptedkey": {"type": "string", "description": "written by pulumi"},
            "encryptionsalt": {"type": "string", "description": "written by pulumi"},
            "environment": {"description": "environments of Pulumi ESC"},
        },
        "required": ["config"],
        "$defs": definitions,
    }


def client_file_schema() -> dict[str, Any]:
    """The schema of a file in the clients folder."""
    return {"$schema": _DRAFT, **ClientSpec.model_json_schema()}


def _foreign_key() -> dict[str, Any]:
    return {"not": {"pattern": f"^{NAMESPACE}"}}
