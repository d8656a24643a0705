"""docs/iam: an action that no recorded run needs, or one that is missing, fails here."""

from __future__ import annotations

import pytest

from tests.unit.vault import policies

WRITES = {
    "CancelRotateSecret", "CreateSecret", "DeleteSecret", "PutSecretValue", "RestoreSecret", "TagResource",
    "UpdateSecret", "UpdateSecretVersionStage",
}  # fmt: skip


def test_the_calls_of_each_role_are_these() -> None:
    assert policies.writer_calls() == WRITES | {"DescribeSecret", "GetSecretValue", "ListSecrets"}
    assert policies.observer_calls() == {"DescribeSecret"}
    assert policies.lambda_calls() == {
        "DescribeSecret", "GetSecretValue", "PutSecretValue", "TagResource", "UpdateSecretVersionStage",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["writer", "observer", "lambda", "reader"])
def test_the_policy_in_the_documentation_is_what_the_calls_need(name: str) -> None:
    written = (policies.FOLDER / f"{name}.json").read_text(encoding="utf-8")

    # Write them again with: python -m tests.unit.vault.policies
    assert written == policies.text(policies.policies()[name])
