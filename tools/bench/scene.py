"""What every contender has to provision: one business with ten system users beside the admin, and N ad accounts."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from tests.emulators import start_emulator
from tools.workspace.environment import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulators import RunningEmulator

LATENCY_MS = 150
USERS = tuple(f"u{number}" for number in range(10))
MODEL = "act_104320000000501"
FIRST_ACCOUNT = 204320000000000
BEFORE, AFTER = ["ANALYZE"], ["ADVERTISE", "ANALYZE"]
"""The tasks of an assignment, and those that the one change gives to the first."""


@dataclass(frozen=True, slots=True)
class Scene:
    """How much there is.

    Attributes:
        assignments: Ad accounts, each assigned to one of the users.
    """

    assignments: int

    @property
    def accounts(self) -> list[str]:
        return [f"act_{FIRST_ACCOUNT + number}" for number in range(self.assignments)]

    def emulator(self, home: Path) -> RunningEmulator:
        """Start an emulator with these accounts at the full tier, on which every call of either service is slow."""
        running = start_emulator(home, module="meta_access.cli")
        running.act("approve", name="tier")
        world = running.world()
        model = next(account for account in world["ad_accounts"] if account["id"] == MODEL)
        world["ad_accounts"] += [
            {**copy.deepcopy(model), "id": account, "name": f"Account {account}"} for account in self.accounts
        ]
        running.put_world(world)
        for service in ("graph", "secretsmanager"):
            running.fault("latency", service=service, ms=LATENCY_MS)
        running.forget_calls()
        return running

    def stack(self, emulator: RunningEmulator, *, changed: bool = False) -> dict[str, Any]:
        """The stack file: dev's, with ten users and the admin, a token each, and these assignments."""
        text = (ROOT / "stacks" / "Pulumi.dev.yaml").read_text(encoding="utf-8")
        values: dict[str, Any] = yaml.safe_load(text)["config"]
        main = values["meta:connections"]["main"]
        main["graph_url"] = emulator.graph_url
        main["aws"] = {"region": "eu-central-1", "endpoint_url": emulator.aws_url}
        values["meta:apps"]["ads"]["tier"] = "full"
        values["meta:task_sets"] = {"read": {"ad_account": BEFORE}, "more": {"ad_account": AFTER}}
        root = emulator.world()["system_users"][0]["id"]
        admin = {"role": "ADMIN", "adopt": root, "name": "root", "scopes": ["ads_read"]}
        values["meta:identities"] = {
            "root": {**admin, "on_destroy": "keep"},
            **{user: {"use_case": "read_reports"} for user in USERS},
        }
        assets = {account: {USERS[number % len(USERS)]: "read"} for number, account in enumerate(self.accounts)}
        if changed:
            assets[self.accounts[0]] = {USERS[0]: "more"}
        values["meta:clients"] = {"lindenhof": {"access": "own", "assets": assets}}
        return values
