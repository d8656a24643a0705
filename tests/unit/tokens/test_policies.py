"""docs/iam: an action that no recorded call needs, or one that is missing, fails here."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.tokens import policies

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
    "observer": READS | {"ListSecrets"},
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
    files = [*(CODE / "tokens").glob("*.py"), CODE / "stack" / "credentials.py"]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    named = re.findall(r"(?:_client|secrets_manager\([^()]*\))\.([a-z_]+)\(", text)
    operations = set(named) - {"meta"}

    assert {"".join(word.capitalize() for word in one.split("_")) for one in operations} == CALLS["writer"]


@pytest.mark.parametrize("name", ROLES)
def test_the_policy_in_the_documentation_is_what_the_calls_need(name: str) -> None:
    # Write them again with: python -m tests.unit.tokens.policies
    assert (policies.FOLDER / f"{name}.json").read_text(encoding="utf-8") == policies.text(policies.policies()[name])


def test_every_file_has_a_role() -> None:
    assert sorted(path.stem for path in policies.FOLDER.iterdir()) == sorted([*ROLES, "guard"])


def test_the_guard_in_the_documentation_is_the_one_that_is_tried_here() -> None:
    assert (policies.FOLDER / "guard.json").read_text(encoding="utf-8") == policies.text(policies.guard())


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

    # A preview reads no token of an identity; a consumer reads its own secret, by the label of the current version.
    assert {action for call in observer for action in call.actions} == READS | {"ListSecrets"}
    assert {call.name for call in observer if call.stage} == {policies.APP_SECRET, policies.ADMIN_TOKEN}
    assert {(call.name, call.stage) for call in reader} == {(policies.READ, "AWSCURRENT")}


OWN = "meta/test/reporting/x1"
MANAGED = frozenset({"meta-tokens:managed-by"})
WISH = frozenset({"meta-tokens:managed-by", "meta-tokens:system-user-id", "meta-tokens:scopes", "meta-tokens:lifetime"})
WRITES = ["PutSecretValue", "UpdateSecretVersionStage", "TagResource", "DeleteSecret", "UpdateSecret", "CreateSecret"]


def attempt(action: str, name: str = OWN, **given: Any) -> policies.Call:
    return policies.Call(frozenset({action}), name, **given)


@pytest.mark.parametrize("role", ["writer", "lambda", "observer"])
@pytest.mark.parametrize("action", ["DescribeSecret", "GetSecretValue", *WRITES])
@pytest.mark.parametrize("name", ["meta/prod/reporting", "meta/testing/reporting", "meta/reporting", "other/test/x"])
def test_no_role_of_an_environment_reaches_into_another(role: str, action: str, name: str) -> None:
    keys = MANAGED if action in {"TagResource", "CreateSecret"} else frozenset()
    call = attempt(action, name, tagged=action != "CreateSecret", tags=bool(keys), keys=keys, stage="AWSCURRENT")

    assert not policies.allows(written(role), call)


@pytest.mark.parametrize("role", ["writer", "lambda"])
def test_the_same_calls_are_allowed_in_the_role_s_own_environment(role: str) -> None:
    assert policies.allows(written(role), attempt("DescribeSecret"))
    assert policies.allows(written(role), attempt("PutSecretValue", tagged=True))
    assert policies.allows(written(role), attempt("TagResource", tagged=True, tags=True, keys=MANAGED))


@pytest.mark.parametrize("role", ["writer", "lambda", "observer", "reader"])
def test_a_secret_of_another_tool_cannot_be_made_ours_by_tagging_it(role: str) -> None:
    # A role that could put our tag on any secret could then read it.
    foreign = ((policies.OWN_TAG, "terraform"),)
    tag = attempt("TagResource", tags=True, keys=MANAGED, more=foreign)

    assert not policies.allows(written(role), tag)
    for action in ("GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage", "DeleteSecret"):
        assert not policies.allows(written(role), attempt(action, more=foreign))


def test_the_function_claims_nothing_and_writes_no_wish() -> None:
    untagged = attempt("TagResource", "meta/test/by-hand", tags=True, keys=MANAGED)
    wish = attempt("TagResource", tagged=True, tags=True, keys=WISH)
    condemned = attempt("TagResource", tagged=True, tags=True, keys=MANAGED | {"meta-tokens:revoke"})
    notes = attempt("TagResource", tagged=True, tags=True, keys=MANAGED | {"meta-tokens:suspects"})

    assert [policies.allows(written("lambda"), call) for call in (untagged, wish, condemned, notes)] == [
        False, False, False, True,
    ]  # fmt: skip
    assert policies.allows(written("writer"), wish)


@pytest.mark.parametrize("role", ["writer", "lambda", "adopter"])
def test_tags_of_others_stay_theirs(role: str) -> None:
    name = policies.BY_HAND if role == "adopter" else OWN
    call = attempt("TagResource", name, tagged=role != "adopter", tags=True, keys=MANAGED | {"team"})

    assert not policies.allows(written(role), call)


@pytest.mark.parametrize("action", ["TagResource", "UntagResource", "CreateSecret"])
@pytest.mark.parametrize("key", ["managed-by", "system-user-id", "scopes", "lifetime", "rotation-owner", "revoke", "x"])
@pytest.mark.parametrize("role", ["reader", "observer"])
def test_a_consumer_with_a_right_to_tag_has_none_on_our_tags(role: str, action: str, key: str) -> None:
    """A broad grant, as a team has it on its own secrets, beside our policy."""
    broad = {"Sid": "Team", "Effect": "Allow", "Action": [f"secretsmanager:{action}"], "Resource": "*"}
    policy = written(role)
    policy["Statement"].append(broad)
    name = policies.READ if role == "reader" else OWN

    mixed = attempt(action, name, tagged=True, keys=frozenset({"team", f"meta-tokens:{key}"}))
    theirs = attempt(action, name, tagged=True, keys=frozenset({"team"}))
    broad_key = {"Sid": "Key", "Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": "K"}
    policy["Statement"].append(broad_key)

    assert not policies.allows(policy, mixed)
    assert policies.allows(policy, theirs)


@pytest.mark.parametrize("action", ["TagResource", "UntagResource"])
def test_the_guard_denies_everybody_but_the_roles_that_tag(action: str) -> None:
    everything = {"Sid": "All", "Effect": "Allow", "Action": [f"secretsmanager:{action}"], "Resource": "*"}
    policy = {"Statement": [*written("guard")["Statement"], everything]}

    def may(by: str, name: str = OWN, keys: frozenset[str] = WISH) -> bool:
        return policies.allows(policy, attempt(action, name, tagged=True, keys=keys, by=by))

    assert not may("arn:aws:iam::123456789012:role/team")
    assert not may("")
    assert not may("arn:aws:iam::123456789012:role/ARN_OF_THE_WRITERS_ROLE")
    assert not may("arn:aws:iam::123456789012:role/team", "meta/prod/reporting")
    assert may("arn:aws:iam::123456789012:role/team", keys=frozenset({"team"}))
    assert may("arn:aws:iam::123456789012:role/team", "somebody/else")
    assert [may(role) for role in policies.TAGGING_ROLES] == [True, True, True]


@pytest.mark.parametrize("role", ROLES)
def test_deleting_at_once_is_allowed_to_nobody(role: str) -> None:
    at_once = (("secretsmanager:ForceDeleteWithoutRecovery", "true"),)

    assert not policies.allows(written(role), attempt("DeleteSecret", tagged=True, more=at_once))
    assert policies.allows(written(role), attempt("DeleteSecret", tagged=True)) == (role == "writer")


# What would hand values, rotations or keys to somebody else, or take them for good.
TAKEOVERS = ["PutResourcePolicy", "ReplicateSecretToRegions", "RotateSecret", "UntagResource", "BatchGetSecretValue"]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", [*TAKEOVERS, "StopReplicationToReplica", "DeleteResourcePolicy"])
def test_no_role_hands_a_secret_to_somebody_else(role: str, action: str) -> None:
    for name in (OWN, policies.ADMIN_TOKEN, policies.READ, policies.BY_HAND):
        assert not policies.allows(written(role), attempt(action, name, tagged=True, keys=MANAGED, stage="AWSCURRENT"))


@pytest.mark.parametrize("role", sorted({*ROLES} - {"writer"}))
def test_the_key_of_a_secret_is_changed_by_the_writer_alone(role: str) -> None:
    for name in (OWN, policies.READ, policies.BY_HAND):
        assert not policies.allows(written(role), attempt("UpdateSecret", name, tagged=True))


def test_the_writer_changes_the_key_of_its_own_secrets_alone() -> None:
    assert policies.allows(written("writer"), attempt("UpdateSecret", tagged=True))
    assert not policies.allows(written("writer"), attempt("UpdateSecret"))
    assert not policies.allows(written("writer"), attempt("UpdateSecret", "meta/prod/reporting/x1", tagged=True))
    assert not policies.allows(written("writer"), attempt("UpdateSecret", policies.ADMIN_TOKEN, tagged=True))


@pytest.mark.parametrize("role", ["lambda", "reader", "adopter"])
def test_names_of_secrets_are_listed_by_those_that_look_for_them_alone(role: str) -> None:
    assert not policies.allows(written(role), attempt("ListSecrets", ""))
    assert policies.allows(written("observer"), attempt("ListSecrets", ""))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("stage", ["AWSPREVIOUS", "AWSPENDING", "META_G1", ""])
def test_credentials_are_read_in_their_current_version_alone(role: str, stage: str) -> None:
    for name in (policies.ADMIN_TOKEN, policies.APP_SECRET, policies.READ):
        assert not policies.allows(written(role), attempt("GetSecretValue", name, stage=stage))


@pytest.mark.parametrize("role", ["observer", "lambda", "writer", "adopter"])
@pytest.mark.parametrize("action", ["PutSecretValue", "UpdateSecretVersionStage", "DeleteSecret"])
def test_the_connection_s_credentials_are_written_by_no_role(role: str, action: str) -> None:
    for name in (policies.ADMIN_TOKEN, policies.APP_SECRET):
        assert not policies.allows(written(role), attempt(action, name, tagged=True))


@pytest.mark.parametrize("role", ROLES)
def test_keys_are_used_through_secrets_manager_alone(role: str) -> None:
    [key] = [one for one in written(role)["Statement"] if one["Sid"] == "Key"]

    assert key["Resource"] == "KEY_ARN"
    assert key["Condition"] == {"StringEquals": {"kms:ViaService": "secretsmanager.REGION.amazonaws.com"}}
    assert not set(key["Action"]) & {"kms:*", "kms:CreateGrant", "kms:ReEncryptFrom", "kms:PutKeyPolicy"}


def test_the_function_is_invoked_for_secrets_of_its_own_account_only() -> None:
    page = (policies.FOLDER.parent / "lambda.md").read_text(encoding="utf-8")
    permission = next(part for part in page.split("```") if "aws lambda add-permission" in part)

    assert "--principal secretsmanager.amazonaws.com" in permission
    assert "--source-account ACCOUNT" in permission
