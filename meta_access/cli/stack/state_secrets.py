"""Who may hold the key of a state's secrets: `secrets_providers`, in its exact shape. Pure.

The engine opens what stands there before it reads anything else, with this machine's credentials: an URL sends them to
whom it names, or has the key decided by somebody else. Forms: pulumi 3.259 (`secrets/passphrase`, `secrets/cloud`,
`secrets/service`) and the openers of gocloud.dev that it builds in, read 2026-12-01.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

PULUMI_CLOUD = "https://api.pulumi.com"

_SALT = re.compile(r"v1:[A-Za-z0-9+/=:]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_KMS_NAME = r"(?:alias/[A-Za-z0-9/_-]+|(?:key/)?(?:mrk-)?[0-9a-fA-F-]{32,36})"
_KEYS = (
    re.compile(rf"awskms:///?(?:arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{{12}}:)?{_KMS_NAME}"),
    re.compile(
        r"azurekeyvault://[A-Za-z0-9-]+\.(?:vault\.azure\.net|vault\.azure\.cn|vault\.usgovcloudapi\.net|"
        r"managedhsm\.azure\.net)/keys/[A-Za-z0-9-]+(?:/[0-9a-f]+)?"
    ),
    re.compile(
        r"gcpkms://projects/[a-z0-9](?:[.:]?[a-z0-9-])+/locations/[a-z0-9-]+/keyRings/[A-Za-z0-9_-]+"
        r"/cryptoKeys/[A-Za-z0-9_-]+"
    ),
    re.compile(r"hashivault://[A-Za-z0-9_-]+"),  # the server is this machine's own setting
)
# Left out of what the openers take: `endpoint`, `hostname_immutable`, `role` and `anonymous`, which say who is asked.
_SETTINGS = {
    "awskms": re.compile(
        r"region=[a-z0-9-]+|awssdk=v[12]|profile=[A-Za-z0-9_.@-]+|(?:fips|dualstack)=(?:true|false)"
        r"|context_[A-Za-z0-9_.-]+=[A-Za-z0-9_.:/-]+"
    ),
    "azurekeyvault": re.compile(r"algorithm=[A-Za-z0-9-]+"),
}


def problem(secrets: Mapping[str, Any], services: Collection[str]) -> str:
    """What is not of the exact shape, as the end of a sentence; empty when nothing is.

    Args:
        secrets: Its keys `type` and `state`; others are judged elsewhere.
        services: URLs of Pulumi's service that may hold the key.
    """
    kind, state = secrets.get("type"), secrets.get("state")
    if not isinstance(state, dict):
        return "its state is no object"
    if kind == "passphrase":
        return _passphrase(state)
    if kind == "cloud":
        return _cloud(state)
    if kind == "service":
        return _service(state, services)
    return "its type is none of passphrase, cloud and service"


def _passphrase(state: Mapping[str, Any]) -> str:
    if set(state) != {"salt"}:
        return "its state has other keys than salt"
    return "" if _is(state["salt"], _SALT) else "its salt is none"


def _cloud(state: Mapping[str, Any]) -> str:
    if set(state) != {"url", "encryptedkey"}:
        return "its state has other keys than url and encryptedkey"
    if not _is(state["encryptedkey"], _BASE64):
        return "its encryptedkey is none"
    url, mark, query = str(state["url"]).partition("?")
    settings = _SETTINGS.get(url.partition(":")[0])
    given = query.split("&") if mark else []
    names = [name for name, _ in parse_qsl(query)]
    plain = all(settings is not None and settings.fullmatch(one) for one in given) and len({*names}) == len(given)
    if plain and any(key.fullmatch(url) for key in _KEYS):
        return ""
    return "its url is not the plain address of a key of AWS KMS, Azure Key Vault, Google Cloud KMS or Vault"


def _service(state: Mapping[str, Any], services: Collection[str]) -> str:
    if not {"url", "owner", "project", "stack"} <= set(state) <= {"url", "owner", "project", "stack", "insecure"}:
        return "its state has other keys than url, owner, project and stack"
    if state["url"] not in services:
        return f"its url is neither {PULUMI_CLOUD} nor what PULUMI_BACKEND_URL names here"
    names = all(_is(state[key], _NAME) for key in ("owner", "project", "stack"))
    return "" if names and state.get("insecure") in (None, False) else "its state names no stack, or is insecure"


def _is(value: Any, form: re.Pattern[str]) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None
