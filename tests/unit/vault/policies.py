"""IAM policies from the calls that representative runs make. `python -m tests.unit.vault.policies` writes docs/iam.

An action stands in a policy because a run was seen to need it, and for no other reason.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from meta_access.vault import end, observe
from meta_access.vault.rotation import STEPS, rotate
from tests.unit.vault.world import ASK, NAME, World

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "iam"
OURS = "arn:aws:secretsmanager:REGION:ACCOUNT:secret:meta/*"
OWN_TAG = {"StringEquals": {"aws:ResourceTag/meta-tokens:managed-by": "pulumi"}}
NEW_TAG = {"StringEquals": {"aws:RequestTag/meta-tokens:managed-by": "pulumi"}}
CREDENTIALS = ["ARN_OF_THE_APP_SECRET", "ARN_OF_THE_ADMIN_TOKEN"]
# What each action asks of the secret's key (user guide, "Secret encryption and decryption", read 2026-11-24).
KEY = {
    "CreateSecret": {"kms:GenerateDataKey", "kms:Decrypt"},
    "PutSecretValue": {"kms:GenerateDataKey", "kms:Decrypt"},
    "GetSecretValue": {"kms:Decrypt"},
    "UpdateSecret": {"kms:Encrypt", "kms:GenerateDataKey", "kms:Decrypt"},
}


def action(operation: str) -> str:
    """boto3's name of a call as IAM spells it."""
    return "".join(word.capitalize() for word in operation.split("_"))


def writer_calls() -> set[str]:
    """Of whoever runs `pulumi up`, `destroy` and `meta-access orphans`."""
    world = World()
    claim = world.ensure().claim
    world.ensure(replace(ASK, keepers={"round": "2"}, kms_key="alias/meta"), claim=claim)
    world.time.advance(86401)
    world.ensure(replace(ASK, keepers={"round": "2"}, kms_key="alias/meta"), claim=claim)
    lambda_owned = replace(ASK, rotation_owner="lambda", keepers={"round": "2"}, kms_key="alias/meta")
    world.ensure(lambda_owned, claim=claim)
    calls = set(world.aws.calls)
    # What the test does in AWS's place is nobody's call.
    world.aws.rotate_secret(SecretId=NAME, ClientRequestToken="v" * 32)
    del world.aws.calls[:]
    arn = world.ensure(replace(lambda_owned, rotation_owner="pulumi"), claim=claim).arn
    end(world.store, world.meta, arn, claim=claim, clock=world.time, notify=world.said.append)
    world.ensure()
    return {action(call) for call in calls | set(world.aws.calls)} | {"ListSecrets"}


def observer_calls() -> set[str]:
    """Of a preview or refresh."""
    world = World()
    made = world.ensure()
    del world.aws.calls[:]
    observe(
        world.store, made.arn, claim=made.claim, version_id=made.version_id, generation=1, expires_at=made.expires_at,
        grace_s=3600, rotate_before_s=86400,
    )  # fmt: skip
    return {action(call) for call in world.aws.calls}


def lambda_calls() -> set[str]:
    """Of the rotation function."""
    world = World()
    owned = replace(ASK, rotation_owner="lambda")
    made = world.ensure(owned)
    del world.aws.calls[:]
    for version_id in ("a" * 32, "b" * 32):
        world.aws.rotate_secret(SecretId=NAME, ClientRequestToken=version_id)
        world.aws.calls.remove("rotate_secret")
        for step in STEPS:
            rotate(
                world.new_store(), lambda _: world.meta, step, made.arn, version_id,
                seconds_left=lambda: 900, clock=world.time, notify=world.said.append,
            )  # fmt: skip
        world.time.advance(86401)
    return {action(call) for call in world.aws.calls}


def policies() -> dict[str, Any]:
    """File name to policy."""
    return {
        "writer": _policy(writer_calls(), tagged=True),
        "observer": _policy(observer_calls(), tagged=False),
        "lambda": _policy(lambda_calls(), tagged=True, credentials=True),
        "reader": _reader(),
    }


def _policy(actions: set[str], *, tagged: bool, credentials: bool = False) -> dict[str, Any]:
    unconditional = {"DescribeSecret"} & actions
    making = {"CreateSecret", "TagResource"} & actions
    everywhere = {"ListSecrets"} & actions
    rest = actions - unconditional - making - everywhere
    statements = [_allow("Find", unconditional, OURS)]
    if making:
        statements.append(_allow("MakeAndTag", making, OURS, NEW_TAG))
    if rest:
        statements.append(_allow("WriteOwn", rest, OURS, OWN_TAG if tagged else None))
    if everywhere:
        statements.append(_allow("List", everywhere, "*"))
    if credentials:
        statements.append(_allow("Credentials", {"GetSecretValue"}, CREDENTIALS))
    if "DeleteSecret" in actions:
        bool_ = {"Bool": {"secretsmanager:ForceDeleteWithoutRecovery": "true"}}
        statements.append({**_allow("NeverAtOnce", {"DeleteSecret"}, "*", bool_), "Effect": "Deny"})
    if key := set[str]().union(*(KEY.get(found, set()) for found in actions)):
        statements.append(_key(key))
    return {"Version": "2012-10-17", "Statement": statements}


def _reader() -> dict[str, Any]:
    current = {"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}
    read = _allow("ReadCurrent", {"GetSecretValue"}, "ARN_OF_THE_SECRET", current)
    return {"Version": "2012-10-17", "Statement": [read, _key(KEY["GetSecretValue"])]}


def _allow(sid: str, actions: set[str], resource: Any, condition: Any = None) -> dict[str, Any]:
    found = {"Sid": sid, "Effect": "Allow", "Action": sorted(f"secretsmanager:{name}" for name in actions)}
    return {**found, "Resource": resource, **({"Condition": condition} if condition else {})}


def _key(actions: set[str]) -> dict[str, Any]:
    via = {"StringEquals": {"kms:ViaService": "secretsmanager.REGION.amazonaws.com"}}
    return {"Sid": "Key", "Effect": "Allow", "Action": sorted(actions), "Resource": "KEY_ARN", "Condition": via}


def text(policy: dict[str, Any]) -> str:
    return json.dumps(policy, indent=2) + "\n"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, policy in policies().items():
        (FOLDER / f"{name}.json").write_text(text(policy), encoding="utf-8")


if __name__ == "__main__":
    main()
