"""What a request may hold, apart from what is stored: types, lengths, names, keys, tags, policies.

Pure rules on the parsed body. Lengths are those of the service model (botocore `secretsmanager/2017-10-17`) and of the
quota page, read 2026-11-24.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Any, cast

from meta_emulator.aws.errors import RefusedError, invalid, invalid_parameter, invalid_request, malformed
from meta_emulator.tokens import ONLY_FAKE, holds_real

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Secrets Manager takes the token as optional only because SDKs fill it in.
TOKEN_REQUIRED = frozenset({"CreateSecret", "PutSecretValue", "UpdateSecret", "RotateSecret"})
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "CreateSecret": ("Name",),
    "UpdateSecretVersionStage": ("SecretId", "VersionStage"),
    "TagResource": ("SecretId", "Tags"),
    "UntagResource": ("SecretId", "TagKeys"),
    "PutResourcePolicy": ("SecretId", "ResourcePolicy"),
    "ListSecrets": (),
    "BatchGetSecretValue": (),
    "GetRandomPassword": (),
    "ReplicateSecretToRegions": ("SecretId", "AddReplicaRegions"),
    "RemoveRegionsFromReplication": ("SecretId", "RemoveReplicaRegions"),
}
TEXTS: Mapping[str, tuple[int, int]] = {
    "Name": (1, 512),
    "SecretId": (1, 2048),
    "Description": (0, 2048),
    "KmsKeyId": (0, 2048),
    "ClientRequestToken": (0, 4096),  # 32 to 64, with a refusal of its own: `operations`
    "VersionId": (32, 64),
    "VersionStage": (1, 256),
    "RemoveFromVersionId": (32, 64),
    "MoveToVersionId": (32, 64),
    "NextToken": (1, 4096),
    "ResourcePolicy": (1, 20480),
    "RotationLambdaARN": (0, 2048),
    "SecretString": (1, 65536),
    "SecretBinary": (1, 4 * 65536),  # as base64; `_value` counts the bytes
    "ExcludeCharacters": (0, 4096),
}
NUMBERS: Mapping[str, tuple[int, int]] = {
    "MaxResults": (1, 100),
    "PasswordLength": (1, 4096),
    "RecoveryWindowInDays": (-(2**31), 2**31),  # 7 to 30, likewise
}
FLAGS = frozenset({
    "BlockPublicPolicy", "ExcludeLowercase", "ExcludeNumbers", "ExcludePunctuation", "ExcludeUppercase",
    "ForceDeleteWithoutRecovery", "ForceOverwriteReplicaSecret", "IncludeDeprecated", "IncludePlannedDeletion",
    "IncludeSpace", "RequireEachIncludedType", "RotateImmediately",
})  # fmt: skip
LISTS: Mapping[str, tuple[type, int]] = {
    "VersionStages": (str, 20),
    "TagKeys": (str, 200),
    "SecretIdList": (str, 20),
    "Tags": (dict, 200),
    "Filters": (dict, 10),
    "AddReplicaRegions": (dict, 128),  # neither page nor model has a quota of regions
    "RemoveReplicaRegions": (str, 128),
}
VALUE_BYTES = 65536
TAGS_PER_SECRET = 50
NAME = re.compile(r"[A-Za-z0-9/_+=.@-]+")

# There is no KMS behind this door: every key id exists, and so do AWS's own alias and those that begin with meta.
KMS_KEY = re.compile(
    r"(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/)?(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)
KMS_ALIAS = re.compile(r"(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:)?alias/(aws/secretsmanager|meta[A-Za-z0-9/_-]*)")


def check(operation: str, params: Mapping[str, Any]) -> None:
    """Refuse a request that AWS would refuse without looking at what is stored.

    Raises:
        RefusedError: With AWS's code.
    """
    if any(holds_real(text) for text in _texts(params)):
        raise invalid_parameter(f"The request holds what looks like a real Meta access token. {ONLY_FAKE}")
    _check_types(params)
    for key in REQUIRED.get(operation, ("SecretId",)):
        if key not in params:
            raise invalid(key, "Member must not be null")
    if operation in TOKEN_REQUIRED and not params.get("ClientRequestToken"):
        raise invalid_request("You must provide a ClientRequestToken value. We recommend a UUID-type value.")
    if operation == "CreateSecret" and not NAME.fullmatch(params["Name"]):
        raise RefusedError(
            "ValidationException",
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
        )
    _check_value(params)
    _check_key(params.get("KmsKeyId"))
    check_tags(params.get("Tags") or [])
    _check_policy(params)
    if not all(_is_list_of(item.get("Values"), str) for item in params.get("Filters") or []):
        raise malformed("A filter has a Key and a list of Values.")
    for row in params.get("AddReplicaRegions") or []:
        if not all(isinstance(row.get(key, ""), str) for key in ("Region", "KmsKeyId")):
            raise malformed("A replica region has a Region and a KmsKeyId, both texts.")
        _check_key(row.get("KmsKeyId"))


def check_tags(tags: list[dict[str, Any]]) -> None:
    """Refuse tags that break a rule of their own, or more than a secret may carry.

    Raises:
        RefusedError: InvalidParameterException or ValidationException.
    """
    if len(tags) > TAGS_PER_SECRET:
        raise invalid_parameter(f"A secret can have at most {TAGS_PER_SECRET} tags.")
    for tag in tags:
        key, value = tag.get("Key"), tag.get("Value", "")
        if not isinstance(key, str) or not 1 <= len(key) <= 128:  # noqa: PLR2004 - TagKeyType
            raise invalid("tags.member.key", "Member must have length between 1 and 128")
        if not isinstance(value, str) or len(value) > 256:  # noqa: PLR2004 - TagValueType
            raise invalid("tags.member.value", "Member must have length less than or equal to 256")
        if key.lower().startswith("aws:"):
            raise invalid_parameter("Tag keys that start with aws: are reserved.")


def _check_types(params: Mapping[str, Any]) -> None:
    for key, value in params.items():
        wrong = (
            (key in TEXTS and not isinstance(value, str))
            or (key in NUMBERS and (not isinstance(value, int) or isinstance(value, bool)))
            or (key in FLAGS and not isinstance(value, bool))
            or (key in LISTS and not _is_list_of(value, LISTS[key][0]))
            or (key == "RotationRules" and not isinstance(value, dict))
        )
        if wrong:
            raise malformed(f"{key} has the wrong type.")
        if key in TEXTS:
            _check_range(key, len(value), TEXTS[key], "have length")
        elif key in NUMBERS:
            _check_range(key, value, NUMBERS[key], "have value")
        elif key in LISTS:
            _check_range(key, len(value), (0 if key == "Tags" else 1, LISTS[key][1]), "have length")
    for label in params.get("VersionStages") or []:
        _check_range("VersionStages", len(label), TEXTS["VersionStage"], "have members with a length")


def _check_range(key: str, size: int, bounds: tuple[int, int], what: str) -> None:
    if size < bounds[0]:
        raise invalid(key, f"Member must {what} greater than or equal to {bounds[0]}")
    if size > bounds[1]:
        raise invalid(key, f"Member must {what} less than or equal to {bounds[1]}")


def _check_value(params: Mapping[str, Any]) -> None:
    string, binary = params.get("SecretString"), params.get("SecretBinary")
    if string is not None and binary is not None:
        raise invalid_parameter("You can't specify both a binary secret value and a string secret value.")
    size, key = 0, "secretString"
    if string is not None:
        size = len(string.encode("utf-8", "surrogatepass"))
    elif binary is not None:
        key = "secretBinary"
        try:
            size = len(base64.b64decode(binary, validate=True))
        except (binascii.Error, ValueError):
            raise malformed("SecretBinary is not base64.") from None
    if size > VALUE_BYTES:
        raise invalid(key, f"Member must have length less than or equal to {VALUE_BYTES}")


def _check_key(key_id: str | None) -> None:
    if key_id and not KMS_KEY.fullmatch(key_id) and not KMS_ALIAS.fullmatch(key_id):
        raise invalid_parameter("The operation failed because of an invalid KMS key: Invalid keyId")


def _check_policy(params: Mapping[str, Any]) -> None:
    text = params.get("ResourcePolicy")
    if text is None:
        return
    try:
        policy = json.loads(text)
    except ValueError:
        policy = None
    if not isinstance(policy, dict) or not policy.get("Statement"):
        raise RefusedError("MalformedPolicyDocumentException", "This resource policy contains invalid Json.")
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    if params.get("BlockPublicPolicy") and any(_is_public(statement) for statement in statements):
        raise RefusedError("PublicPolicyException", "This resource policy provides broad access to the secret.")


def _is_public(statement: object) -> bool:
    if not isinstance(statement, dict) or statement.get("Effect") != "Allow" or statement.get("Condition"):
        return False
    return statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})


def _is_list_of(value: object, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) for item in cast("list[object]", value))


def _texts(value: object, key: str = "") -> Iterator[str]:
    if isinstance(value, str):
        yield value
        if key == "SecretBinary":
            try:
                yield base64.b64decode(value).decode("latin-1")
            except (binascii.Error, ValueError):
                return
    elif isinstance(value, dict):
        for name, item in value.items():
            yield str(name)
            yield from _texts(item, str(name))
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
