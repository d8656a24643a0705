"""The dev stack's configuration on an emulator of the test's own, and small programs that use the library alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from tests.engine.projects import CHECKOUT

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator

_BATCH = re.compile(r"/v[0-9]+\.[0-9]+")
BUSINESS = "178000000000101"
APP = "120480000000201"
ROOT = "122090000000301"
SHOP = "act_104320000000501"
BRAND = "act_104320000000502"
ACME = "act_205550000000601"
PAGE = "page:102930000000801"


def config(emulator: RunningEmulator, **changes: Any) -> dict[str, Any]:
    """The dev stack as committed, on this emulator; `changes` replace whole keys (`gates="block"`)."""
    text = (CHECKOUT / "stacks" / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    values: dict[str, Any] = yaml.safe_load(text)["config"]
    main = values["meta:connections"]["main"]
    main["graph_url"] = emulator.graph_url
    main["aws"] = {"region": "eu-central-1", "endpoint_url": emulator.aws_url}
    return {**values, **{f"meta:{key}": value for key, value in changes.items()}}


def program(body: str) -> str:
    """A program of a stranger: the library's resources, no components."""
    return f"import pulumi\nimport meta_access as meta\n\n{body}\n"


def live_tokens(emulator: RunningEmulator) -> list[dict[str, Any]]:
    """Tokens that the emulated Meta would still honour, those of the starting world aside."""
    world = emulator.world()
    return [
        token
        for token in world["tokens"]
        if token["issued_by"] == "api"
        and token["revoked_at"] is None
        and (token["expires_at"] is None or token["expires_at"] > world["now"])
    ]


def users(emulator: RunningEmulator, role: str = "EMPLOYEE") -> list[str]:
    return [user["name"] for user in emulator.world()["system_users"] if user["role"] == role]


def tasks(emulator: RunningEmulator, asset: str) -> dict[str, list[str]]:
    """System user's name to its tasks on an asset, as the emulated Meta has them."""
    world = emulator.world()
    names = {user["id"]: user["name"] for user in world["system_users"]}
    graph_id = asset.partition(":")[2] or asset
    return {names[row["user_id"]]: sorted(row["tasks"]) for row in world["assignments"] if row["asset_id"] == graph_id}


def writes(emulator: RunningEmulator) -> list[str]:
    """`POST act_1/assigned_users`, `PutSecretValue`: the calls so far that change something, in order."""
    reads = {"DescribeSecret", "GetSecretValue", "ListSecretVersionIds", "ListSecrets"}
    found = []
    for row in emulator.calls():
        if row["service"] == "secretsmanager":
            found += [row["operation"]] if row["operation"] not in reads else []
        # The items of a batch come one by one: the batch itself changes nothing, and a revocation is a GET.
        elif row["path"].endswith("oauth/revoke") or (row["method"] != "GET" and not _BATCH.fullmatch(row["path"])):
            found.append(f"{row['method']} {row['path']}")
    return found


def shows(text: str, key: str, before: str, after: str) -> bool:
    """Whether a diff of the engine shows `~ key: "before" => "after"`; it aligns keys with blanks."""
    return re.search(rf'~ {re.escape(key)} *: "{re.escape(before)}" => "{re.escape(after)}"', text) is not None
