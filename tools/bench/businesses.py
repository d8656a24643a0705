"""What the rehearsal provisions: many businesses at the limited tier, and a stack for each from one template.

An app's system users are those of the business that claimed it, so each business has an app of its own. The limited
tier has room for one admin system user and one other in a business: more than these two cannot be rehearsed at it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from meta_emulator.builder import WorldBuilder
from tests.emulators import start_emulator
from tools.bench.scene import AFTER, BEFORE, LATENCY_MS
from tools.workspace.environment import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulators import RunningEmulator

COUNT = 30
ACCOUNTS = 5
ADMIN_SCOPES = ("business_management", "ads_management", "ads_read", "pages_show_list", "pages_read_engagement")
ADMIN = "admin"
"""A business's own name, too, is that of its admin token; the emulator wants one of this name besides."""


@dataclass(frozen=True, slots=True)
class Business:
    """One of them, as the world has it; `name` is its stack's, too."""

    name: str
    id: str
    app: str
    root: str
    accounts: tuple[str, ...]
    page: str

    @property
    def variables(self) -> tuple[str, str]:
        """The names of the variables of its admin token and its app secret."""
        return f"META_{self.name.upper()}_TOKEN", f"META_{self.name.upper()}_SECRET"

    def config(self, emulator: RunningEmulator, *, changed: bool) -> dict[str, Any]:
        """Its stack, from the template; the change gives its one user another task on its first ad account."""
        text = (ROOT / "stacks" / "Pulumi.dev.yaml").read_text(encoding="utf-8")
        values: dict[str, Any] = yaml.safe_load(text)["config"]
        token, secret = self.variables
        values["meta:connections"]["main"] |= {
            "business": "own",
            "graph_url": emulator.graph_url,
            "aws": {"region": "eu-central-1", "endpoint_url": emulator.aws_url},
            "admin_token": f"env:{token}",
            "app_secret": f"env:{secret}",
            "tier_probe": self.accounts[0],
        }
        values["meta:businesses"] = {"own": {"id": self.id, "name": self.name, "verification": "verified"}}
        values["meta:apps"]["ads"] |= {"id": self.app, "name": f"{self.name} Ads", "claimed_by": "own"}
        del values["meta:people"], values["meta:apps"]["ads"]["roles"]
        values["meta:task_sets"] = {"read": {"ad_account": BEFORE, "page": ["ANALYZE"]}, "more": {"ad_account": AFTER}}
        root = {"role": "ADMIN", "adopt": self.root, "name": "root", "scopes": ["ads_read"], "on_destroy": "keep"}
        values["meta:identities"] = {"root": root, "reporting": {"use_case": "read_reports"}}
        assets = {asset: {"reporting": "read"} for asset in (*self.accounts, f"page:{self.page}")}
        if changed:
            assets[self.accounts[0]] = {"reporting": "more"}
        values["meta:clients"] = {"own": {"access": "own", "assets": assets}}
        return values


def world(count: int) -> tuple[list[Business], dict[str, Any]]:
    """Put the businesses into a world."""
    build, found = WorldBuilder(), []
    for number in range(1, count + 1):
        name = f"shop{number:02d}"
        business = build.business(name, verification_status="verified")
        app = build.app(f"{name} Ads", business)
        root = build.system_user("root", business, app, role="ADMIN")
        for token in ([ADMIN] if number == 1 else []) + [name]:
            build.token(token, root, app, ADMIN_SCOPES)
        accounts = tuple(build.ad_account(f"{name} {place}", business) for place in range(ACCOUNTS))
        found.append(Business(name, business, app, root, accounts, build.page(name, business)))
    return found, build.data()


def emulator(home: Path, data: dict[str, Any]) -> RunningEmulator:
    """Start an emulator in a world, which refuses what Meta's quotas refuse and where every call is slow."""
    home.mkdir(parents=True)
    file = home / "businesses.yaml"
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    running = start_emulator(home, "--world", str(file), module="meta_access.cli")
    running.act("limits", state="on")
    for service in ("graph", "secretsmanager"):
        running.fault("latency", service=service, ms=LATENCY_MS)
    return running


def credentials(running: RunningEmulator, businesses: list[Business]) -> dict[str, str]:
    """The environment of all stacks: each business's fake admin token and app secret."""
    found: dict[str, str] = {}
    for one in businesses:
        offered = running.control(f"credentials?app_id={one.app}")
        token, secret = one.variables
        found |= {token: offered["tokens"][one.name], secret: offered["app_secret"]}
    return found
