"""IAM policies from the calls that representative runs make. `python -m tests.unit.tokens.policies` writes docs/iam.

An action stands in a policy, on a resource and under a condition, because a run was seen to need it so, and for no
other reason. `allows` is how IAM would decide about a recorded call.
"""

from __future__ import annotations

import fnmatch
import json
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from meta_access import aws
from meta_access.stack.credentials import Credentials
from meta_access.tokens import tags
from meta_access.tokens.adopt import adopt
from meta_access.tokens.aws_rotation import STEPS, rotate
from meta_access.tokens.revocation import end_condemned, order
from meta_access.tokens.run import end, observe
from meta_emulator.tokens import PREFIX
from tests.connections import MAIN
from tests.unit.tokens.world import NAME, SPEC, World

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from meta_access.tokens.spec import TokenSpec

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "iam"
EVERYBODYS = "arn:aws:secretsmanager:REGION:ACCOUNT:secret:meta/*"
OURS = "arn:aws:secretsmanager:REGION:ACCOUNT:secret:meta/ENVIRONMENT/*"
ENVIRONMENT = "test"  # the recorded runs' own
APP_SECRET, ADMIN_TOKEN, READ, BY_HAND = "meta/app", "meta/admin", "meta/read", "meta/by-hand"
# Secrets that a role is given one by one, as its policy spells them.
SINGLE = {
    APP_SECRET: "ARN_OF_THE_APP_SECRET",
    ADMIN_TOKEN: "ARN_OF_THE_ADMIN_TOKEN",
    READ: "ARN_OF_THE_SECRET",
    BY_HAND: "ARN_OF_THE_SECRET_TO_ADOPT",
}
MANAGED_BY = "meta-tokens:managed-by"
OWN_TAG, NEW_TAG = f"aws:ResourceTag/{MANAGED_BY}", f"aws:RequestTag/{MANAGED_BY}"
STAGE = "secretsmanager:VersionStage"
TAG_KEYS, PRINCIPAL = "aws:TagKeys", "aws:PrincipalArn"
OUR_TAGS = "meta-tokens:*"
NOTES = {MANAGED_BY, tags.EXPIRES, tags.FINGERPRINT, tags.GENERATION, tags.HELD, tags.HELD_UNTIL, tags.ISSUED} | {
    tags.SUSPECTS
}
# Who writes our tags; everybody else is kept from it by `guard`.
TAGGING_ROLES = ["ARN_OF_THE_WRITERS_ROLE", "ARN_OF_THE_FUNCTIONS_ROLE", "ARN_OF_THE_ADOPTERS_ROLE"]
# What each action asks of the secret's key (user guide, "Secret encryption and decryption", read 2026-11-24).
KEY = {
    "CreateSecret": {"kms:GenerateDataKey", "kms:Decrypt"},
    "PutSecretValue": {"kms:GenerateDataKey", "kms:Decrypt"},
    "GetSecretValue": {"kms:Decrypt"},
    "UpdateSecret": {"kms:Encrypt", "kms:GenerateDataKey", "kms:Decrypt"},
}


@dataclass(frozen=True)
class Call:
    """A recorded call, as IAM sees it.

    Attributes:
        actions: The call's own; CreateSecret with tags needs TagResource as well.
        name: Of the secret; "" where a call is about none.
        tagged: The secret is ours by its tags, before the call.
        tags: The request sets our tag.
        stage: Label that a read names.
        keys: Of the tags that the request sets or removes.
        by: ARN of the role that calls.
        more: Other condition keys of the request.
    """

    actions: frozenset[str]
    name: str
    tagged: bool = False
    tags: bool = False
    stage: str = ""
    keys: frozenset[str] = frozenset()
    by: str = ""
    more: tuple[tuple[str, str], ...] = ()

    @property
    def context(self) -> dict[str, set[str]]:
        """The condition keys that stand in the request, with their values."""
        mine = {
            OWN_TAG: {"pulumi"} if self.tagged else set(),
            NEW_TAG: {"pulumi"} if self.tags else set(),
            STAGE: {self.stage} - {""},
            TAG_KEYS: set(self.keys),
            PRINCIPAL: {self.by} - {""},
            **{key: {value} for key, value in self.more},
        }
        return {key: values for key, values in mine.items() if values}


class Recorder:
    """A client that hands every call on, and keeps what IAM would have been asked."""

    def __init__(self, aws: Any) -> None:
        self.unseen = aws
        self.calls: set[Call] = set()

    def __getattr__(self, name: str) -> Any:
        handler = getattr(self.unseen, name)
        if not hasattr(type(self.unseen), f"do_{name}"):
            return handler

        def call(**given: Any) -> Any:
            self.calls.add(self._seen(name, given))
            return handler(**given)

        return call

    def _seen(self, operation: str, given: Mapping[str, Any]) -> Call:
        asked = str(given.get("SecretId") or given.get("Name") or "")
        found = next((one for one in self.unseen.secrets.values() if asked in {one.name, one.arn}), None)
        actions = {"".join(word.capitalize() for word in operation.split("_"))}
        return Call(
            actions=frozenset(actions | ({"TagResource"} if operation == "create_secret" else set())),
            name=found.name if found else asked,
            tagged=found is not None and found.tags.get(MANAGED_BY) == "pulumi",
            tags={"Key": MANAGED_BY, "Value": "pulumi"} in given.get("Tags", []),
            stage=given.get("VersionStage", "") if operation == "get_secret_value" else "",
            keys=frozenset(tag["Key"] for tag in given.get("Tags", [])),
        )


# --- roles ---------------------------------------------------------------------------------------


def writer() -> set[Call]:
    """Of whoever runs `pulumi up` and `destroy`, `meta-access rotate`, `revoke` and `orphans`."""
    world, recorder = _begun()
    _log_in(world)
    claim = world.ensure().claim
    rotated = replace(SPEC, keepers={"round": "2"}, kms_key="alias/meta")
    arn = world.ensure(rotated, claim=claim).arn
    world.time.advance(86401)
    world.ensure(rotated, claim=claim)
    given: Any = {"owner": SPEC.owner, "clock": world.time, "notify": world.said.append}
    order(world.new_store(), world.meta, arn, order_id="o1", **given)
    end_condemned(world.new_store(), world.meta, arn, **given)
    world.ensure(rotated, claim=claim)
    world.ensure(replace(rotated, rotation_owner="lambda"), claim=claim)
    # What the test does in AWS's place is nobody's call.
    recorder.unseen.rotate_secret(SecretId=NAME, ClientRequestToken="v" * 32)
    world.ensure(rotated, claim=claim)
    world.new_store().owned_by(SPEC.project, SPEC.stack)
    end(world.store, world.meta, arn, claim=claim, clock=world.time, notify=world.said.append)
    world.ensure()
    return recorder.calls


def observer() -> set[Call]:
    """Of a preview or refresh."""
    world, recorder = _begun()
    made = world.ensure()
    recorder.calls.clear()
    world.new_store().owned_by(SPEC.project, SPEC.stack)
    _log_in(world)
    observe(
        world.store, made.arn, claim=made.claim, version_id=made.version_id, generation=1, expires_at=made.expires_at,
        grace_s=3600, rotate_before_s=86400,
    )  # fmt: skip
    return recorder.calls


def rotation_function() -> set[Call]:
    """Of the function that AWS's own rotation calls. It reads its credentials anew in every call."""
    world, recorder = _begun()
    made = world.ensure(replace(SPEC, rotation_owner="lambda"))
    recorder.calls.clear()

    def issuer(_: TokenSpec) -> Any:
        _log_in(world)
        return world.meta

    for version_id in ("a" * 32, "b" * 32):
        recorder.unseen.rotate_secret(SecretId=NAME, ClientRequestToken=version_id)
        for step in STEPS:
            rotate(
                world.new_store(), issuer, step, made.arn, version_id,
                policy=None, seconds_left=lambda: 900, clock=world.time, notify=world.said.append,
            )  # fmt: skip
        world.time.advance(86401)
    return recorder.calls


def adopter() -> set[Call]:
    """Of `meta-access token adopt`, on a secret that a person has made."""
    world, recorder = _begun()
    _log_in(world)
    value = world.meta.mint(SPEC.system_user_id, SPEC.scopes, expires=True, deadline_s=60).get_secret_value()
    _by_hand(recorder.unseen, BY_HAND, value)
    spec = replace(SPEC, secret_name=BY_HAND)
    adopt(world.new_store(), world.meta, spec, clock=world.time, notify=world.said.append)
    return recorder.calls


def reader() -> set[Call]:
    """Of a consumer of one secret: as this library reads where it is one itself."""
    world, recorder = _begun()
    arn = world.ensure(replace(SPEC, secret_name=READ)).arn
    recorder.calls.clear()
    _Borrowed(world, admin_token=f"aws-secret:{arn}#access_token").admin_token()
    return recorder.calls


ROLES: Mapping[str, Callable[[], set[Call]]] = {
    "writer": writer,
    "observer": observer,
    "lambda": rotation_function,
    "adopter": adopter,
    "reader": reader,
}


class _Borrowed(Credentials):
    """Credentials that lie in the world's Secrets Manager."""

    def __init__(self, world: World, **references: Any) -> None:
        super().__init__(replace(MAIN, **references))
        self._aws = world.aws

    def _resolved(self, field: str) -> Any:
        with mock.patch.object(aws, "secrets_manager", return_value=self._aws):
            return super()._resolved(field)


def _begun() -> tuple[World, Recorder]:
    world = World()
    _by_hand(world.aws, APP_SECRET, json.dumps({"app_secret": PREFIX + "signs"}))
    _by_hand(world.aws, ADMIN_TOKEN, json.dumps({"access_token": PREFIX + "acts"}))
    recorder = world.aws = Recorder(world.aws)
    world.store = world.new_store()
    return world, recorder


def _by_hand(aws: Any, name: str, text: str) -> None:
    aws.create_secret(Name=name, ClientRequestToken="c" * 32, SecretString=text, Tags=[], Description="")


def _log_in(world: World) -> None:
    """Read what a call of Graph needs: the token, and the app's secret, which signs it."""
    secrets = world.aws.unseen
    found = _Borrowed(
        world,
        app_secret=f"aws-secret:{secrets.find(APP_SECRET).arn}#app_secret",
        admin_token=f"aws-secret:{secrets.find(ADMIN_TOKEN).arn}#access_token",
    )
    found.app_secret()
    found.admin_token()


# --- policies ------------------------------------------------------------------------------------


def policies() -> dict[str, Any]:
    """File name to policy."""
    found = {name: policy(role()) for name, role in ROLES.items()}
    for name in KEPT_FROM_TAGS:
        found[name]["Statement"].append(_keep_tags("*"))
    return {**found, "guard": guard()}


# Roles that tag nothing. What they were given beside this policy must not let them choose what is minted for them.
KEPT_FROM_TAGS = ("observer", "reader")


def guard() -> dict[str, Any]:
    """What a service control policy or a permissions boundary denies everybody else: our tags say what is minted."""
    others = {"ArnNotLike": {PRINCIPAL: TAGGING_ROLES}}
    return {"Version": "2012-10-17", "Statement": [_keep_tags(EVERYBODYS, others)]}


def _keep_tags(resource: str, condition: Mapping[str, Any] | None = None) -> dict[str, Any]:
    touching = {"ForAnyValue:StringLike": {TAG_KEYS: OUR_TAGS}}
    kept = _allow("KeepTags", {"CreateSecret", "TagResource", "UntagResource"}, [resource], None)
    return {**kept, "Effect": "Deny", "Condition": {**touching, **(condition or {})}}


def policy(calls: Collection[Call]) -> dict[str, Any]:
    """The policy that allows these calls, each under the narrowest condition that holds for it."""
    grouped: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        grouped[_sid(call)].append(call)
    written = [_statement(sid, grouped[sid]) for sid in _CONDITIONS if sid in grouped]
    if any("DeleteSecret" in call.actions for call in calls):
        at_once = {"Bool": {"secretsmanager:ForceDeleteWithoutRecovery": "true"}}
        written.append(_allow("NeverAtOnce", {"DeleteSecret"}, ["*"], at_once) | {"Effect": "Deny"})
    if key := key_actions(calls):
        via = {"StringEquals": {"kms:ViaService": "secretsmanager.REGION.amazonaws.com"}}
        allowed = {"Sid": "Key", "Effect": "Allow", "Action": sorted(key), "Resource": "KEY_ARN"}
        written.append({**allowed, "Condition": via})
    return {"Version": "2012-10-17", "Statement": written}


# In the order in which they are written.
_CONDITIONS: Mapping[str, Mapping[str, Any]] = {
    # A secret that does not exist has no tags: with a condition AWS would answer "denied" instead of "not found".
    "Find": {},
    # New: our tag comes with the call, and no other tool's stands there.
    "MakeAndTag": {"StringEquals": {NEW_TAG: "pulumi"}, "Null": {OWN_TAG: "true"}},
    "WriteOwn": {"StringEquals": {OWN_TAG: "pulumi"}},
    # And nothing beside our tags: another tool, or the account's own rules, may go by theirs.
    "TagOwn": {"StringEquals": {OWN_TAG: "pulumi", NEW_TAG: "pulumi"}},
    "Untagged": {},
    "List": {},
    "ReadCurrent": {"StringEquals": {STAGE: "AWSCURRENT"}},
}


def _sid(call: Call) -> str:
    if not call.name:
        return "List"
    if call.actions == {"DescribeSecret"}:
        return "Find"
    if call.stage:
        return "ReadCurrent"
    if call.tagged:
        return "TagOwn" if "TagResource" in call.actions else "WriteOwn"
    return "MakeAndTag" if call.tags else "Untagged"


def _statement(sid: str, calls: Iterable[Call]) -> dict[str, Any]:
    calls = list(calls)
    actions = set[str]().union(*(call.actions for call in calls))
    resources = sorted({resource_of(call) for call in calls})
    condition = dict(_CONDITIONS[sid])
    keys = set[str]().union(*(call.keys for call in calls))
    if keys:
        # Notes for observers are all that a rotation writes. With a right to write a wish it could widen its own.
        allowed = sorted(NOTES) if keys <= NOTES else [OUR_TAGS]
        condition["ForAllValues:StringLike"] = {TAG_KEYS: allowed}
    return _allow(sid, actions, resources, condition)


def _allow(sid: str, actions: set[str], resources: list[str], condition: Any) -> dict[str, Any]:
    named = sorted(f"secretsmanager:{name}" for name in actions)
    resource = resources if len(resources) > 1 else resources[0]
    found = {"Sid": sid, "Effect": "Allow", "Action": named, "Resource": resource}
    return {**found, **({"Condition": condition} if condition else {})}


def resource_of(call: Call) -> str:
    """As a policy spells it."""
    return SINGLE.get(call.name, OURS) if call.name else "*"


def key_actions(calls: Iterable[Call]) -> set[str]:
    """What the calls ask of the secret's key."""
    return set[str]().union(*(KEY.get(action, set()) for call in calls for action in call.actions))


def allows(policy: Mapping[str, Any], call: Call) -> bool:
    """Whether IAM would let the call through, by this policy alone."""
    granted, denied = set[str](), set[str]()
    for statement in policy["Statement"]:
        if statement["Sid"] != "Key" and meets(statement, call):
            (granted if statement["Effect"] == "Allow" else denied).update(statement["Action"])
    usable = [one for one in policy["Statement"] if one["Sid"] == "Key" and one["Resource"]]
    key = {action for statement in usable for action in statement["Action"]}
    wanted = {f"secretsmanager:{action}" for action in call.actions}
    return wanted <= granted and not wanted & denied and key_actions([call]) <= key


def meets(statement: Mapping[str, Any], call: Call) -> bool:
    """Whether a statement is about the call: its resource and its condition, not its actions."""
    resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
    spelled = [one.replace("ENVIRONMENT", ENVIRONMENT) for one in resources]
    arn = EVERYBODYS.removesuffix("meta/*") + call.name
    covered = any(
        one == "*" or one == SINGLE.get(call.name) or (call.name and fnmatch.fnmatchcase(arn, one)) for one in spelled
    )
    conditions = statement.get("Condition", {})
    return bool(covered) and all(
        _holds(operator, call.context.get(key, set()), wanted if isinstance(wanted, list) else [wanted])
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, values: set[str], wanted: list[str]) -> bool:
    """One condition. A key that is not in the request meets only what is negated, Null, or about all values."""
    like = {value for value in values if any(fnmatch.fnmatchcase(value, pattern) for pattern in wanted)}
    found: dict[str, bool] = {
        "StringEquals": bool(values & set(wanted)),
        "Bool": bool(values & set(wanted)),
        "Null": wanted == [str(not values).lower()],
        "ArnNotLike": not like,
        "ForAnyValue:StringLike": bool(like),
        "ForAllValues:StringLike": values == like,
    }
    return found[operator]


def text(policy: dict[str, Any]) -> str:
    return json.dumps(policy, indent=2) + "\n"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, found in policies().items():
        (FOLDER / f"{name}.json").write_text(text(found), encoding="utf-8")


if __name__ == "__main__":
    main()
