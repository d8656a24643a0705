"""docs/iam: an action that no recorded call needs, or one that is missing, fails here."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.vault import policies

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLES = sorted(policies.ROLES)
CODE = Path(__file__).resolve().parents[3] / "meta_access"
READS = {"DescribeSecret", "GetSecretValue"}
CALLS = {
    "writer": READS
    | {
        "CancelRotateSecret", "CreateSecret", "DeleteSecret", "ListSecrets", "PutSecretValue", "RestoreSecret",
        "TagResource", "UpdateSecret", "UpdateSecretVersionStage",
    },
    "observer": READS,
    "lambda": READS | {"PutSecretValue", "TagResource", "UpdateSecretVersionStage"},
    "adopter": READS | {"PutSecretValue", "TagResource", "UpdateSecretVersionStage"},
    "reader": {"GetSecretValue"},
}  # fmt: skip


def written(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((policies.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def actions(name: str) -> set[str]:
    return {action for call in policies.ROLES[name]() for action in call.actions}


@pytest.mark.parametrize("name", ROLES)
def test_the_calls_of_each_role_are_these(name: str) -> None:
    assert actions(name) == CALLS[name]


def test_every_call_that_the_code_can_make_is_one_that_was_recorded() -> None:
    # Import contracts keep Secrets Manager's client to these files.
    files = [*(CODE / "vault").glob("*.py"), CODE / "credentials.py"]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    named = re.findall(r"(?:_client|secrets_manager\([^()]*\))\.([a-z_]+)\(", text)
    operations = set(named) - {"meta"}

    assert {"".join(word.capitalize() for word in one.split("_")) for one in operations} == CALLS["writer"]


@pytest.mark.parametrize("name", ROLES)
def test_the_policy_in_the_documentation_is_what_the_calls_need(name: str) -> None:
    # Write them again with: python -m tests.unit.vault.policies
    assert (policies.FOLDER / f"{name}.json").read_text(encoding="utf-8") == policies.text(policies.policies()[name])


def test_every_file_has_a_role() -> None:
    assert sorted(path.stem for path in policies.FOLDER.iterdir()) == ROLES


@pytest.mark.parametrize("name", ROLES)
def test_the_policy_lets_every_recorded_call_through(name: str) -> None:
    calls = policies.ROLES[name]()

    assert calls
    assert [call for call in calls if not policies.allows(written(name), call)] == []


@pytest.mark.parametrize("name", ROLES)
def test_without_any_one_action_or_resource_a_recorded_call_is_refused(name: str) -> None:
    calls = policies.ROLES[name]()

    for lacking, policy in poorer(written(name)):
        assert not all(policies.allows(policy, call) for call in calls), lacking


def poorer(policy: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The policy without one action, or one resource, of a statement that allows."""
    for number, statement in enumerate(policy["Statement"]):
        if statement["Effect"] == "Deny":
            continue
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        for key, values in (("Action", statement["Action"]), ("Resource", resources)):
            for value in values:
                less = copy.deepcopy(policy)
                less["Statement"][number][key] = [kept for kept in values if kept != value]
                yield f"{statement['Sid']} without {value}", less


def test_a_role_may_not_do_what_only_another_one_does() -> None:
    foreign = {(name, call) for name in ROLES for call in policies.ROLES[name]()}
    observer = [call for name, call in foreign if policies.allows(written("observer"), call)]
    reader = [call for name, call in foreign if policies.allows(written("reader"), call)]

    # A refresh reads no token of an identity; a consumer reads its own secret, by the label of the current version.
    assert {action for call in observer for action in call.actions} == READS
    assert {call.name for call in observer if call.stage} == {policies.APP_SECRET, policies.ADMIN_TOKEN}
    assert {(call.name, call.stage) for call in reader} == {(policies.READ, "AWSCURRENT")}


def test_a_secret_that_is_not_ours_cannot_be_written_by_tagging_it() -> None:
    # A function that could put our tag on any secret could then read it.
    tag = policies.Call(frozenset({"TagResource"}), "meta/somebody-elses", tagged=False, tags=True, stage="")

    assert not policies.allows(written("lambda"), tag)
