"""A stack's state and outputs as an agency with many clients has them, for its report on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.cli.pulumi_stack import Seen
from meta_access.cli.stack.report_page import render
from meta_access.cli.stack.summary import Filter, summarize, today
from meta_access.clock import parse_iso
from tests.unit.cli.states import resource, state

if TYPE_CHECKING:
    from meta_access.cli.stack.summary import Summary

NOW = parse_iso("2026-12-02T10:00:00Z")
SEEN = Seen(parse_iso("2026-12-02T07:00:00Z"), "update", failed_since=False)
IDENTITIES = (
    "reporting", "trading", "catalog-sync", "pixel-feed", "leads-export", "creative", "audit", "billing-watch",
    "whatsapp", "instagram", "measurement", "sandbox",
)  # fmt: skip
KINDS = ("act_{}", "page:{}", "catalog:{}", "pixel:{}", "instagram:{}")
TASKS = (["ANALYZE"], ["ADVERTISE", "ANALYZE"], ["MANAGE", "ADVERTISE", "ANALYZE"])
_FIRST = "urn:pulumi:prod::agency::meta:access:ClientAccess::"
# Name, issued, expires, freshness: one of each state.
_TOKENS = (
    ("reporting", "2026-11-20T08:00:00Z", "2027-01-19T08:00:00Z", "current"),
    ("trading", "2026-10-10T08:00:00Z", "2026-12-09T08:00:00Z", "rotation due: expires 2026-12-09"),
    ("catalog-sync", "2026-09-20T08:00:00Z", "2026-11-19T08:00:00Z", "rotation due: expires 2026-11-19"),
    ("pixel-feed", "2026-11-01T08:00:00Z", "2026-12-31T08:00:00Z", "missing: the secret does not exist"),
    ("measurement", "2026-06-01T08:00:00Z", "never", "current"),
)


def agency(clients: int, assets: int = 5) -> tuple[dict[str, Any], dict[str, Any]]:
    """Outputs and state."""
    made: list[dict[str, Any]] = [
        resource("SystemUser", name, id_=str(122000000000000 + at)) for at, name in enumerate(IDENTITIES)
    ]
    for name, issued, expires, freshness in _TOKENS:
        never = {"lifetime": {"never": {"reason": "the vendor cannot rotate", "until": "2027-03-01"}}}
        times: dict[str, Any] = {
            "issued_at": issued,
            "expires_at": expires,
            "rotate_before": "20d",
            "freshness": freshness,
        }
        more: dict[str, Any] = never if expires == "never" else {"lifetime": "60d"}
        named = {"secret_name": f"meta/prod/{name}", "arn": f"arn:{name}"}
        made.append(resource("SystemUserToken", name, **named, **times, **more))
    for number in range(clients):
        client = f"client-{number + 1:03}"
        made.append({"urn": f"{_FIRST}{client}", "type": "meta:access:ClientAccess", "custom": False})
        for at in range(assets):
            asset = KINDS[at % len(KINDS)].format(100000000000000 + number * 100 + at)
            for step in range(3):
                identity = (number + at * 5 + step * 4) % len(IDENTITIES)
                made.append(
                    {
                        **resource(
                            "AssetAssignment",
                            f"{client}-{IDENTITIES[identity]}-{asset}",
                            asset=asset,
                            system_user_id=str(122000000000000 + identity),
                            tasks=TASKS[2 if (number + at) % 11 == 0 and step == 0 else step % 2],
                            kept=["MANAGE"] if number % 50 == 7 and at == step == 0 else [],
                        ),
                        "parent": f"{_FIRST}{client}",
                    }
                )
        made.append(_share(client, f"act_{100000000000000 + number * 100}", number))
    made += [_gate(*row) for row in _GATES]
    quota = {
        "lindenhof": {
            "EMPLOYEE": {"limit": 10.0, "planned": list(IDENTITIES[:7]), "tier": "standard", "rules": "2026-11"},
            "ADMIN": {"limit": 1.0, "planned": ["root"], "tier": "standard", "rules": "2026-11"},
        },
        "ahorn": {"EMPLOYEE": {"limit": None, "planned": ["audit"], "tier": "not declared", "rules": "2026-11"}},
    }
    upkeep = {"ads": {"standing": "stands", "on": None, "rule": "Meta wants 500 calls in 15 days."}}
    admins = {"main": {"says": ["meta:connections.main.admin_token ends soon."], "ends": "2026-12-20T00:00:00Z"}}
    return {"quota": quota, "upkeep": upkeep, "admin_tokens": admins}, state(*made)


_GATES = (
    ("BusinessVerification", "lindenhof-verification", "unverifiable", "Look at the Security Center.", ""),
    ("PermissionRequest", "ads-ads_management", "stale_evidence", "Look whether it still holds.", ""),
    ("AppRoles", "ads-app-roles", "drifted", "Invite ines as developer.", "ines: developer\nnadia: admin"),
)


def _gate(kind: str, name: str, status: str, what: str, paste: str) -> dict[str, Any]:
    where = "https://business.facebook.com/latest/settings/apps?business_id=178000000000101"
    step = {"what": what, "where": where, "menu": "Business settings > Apps", "paste": paste}
    told: dict[str, Any] = {
        "evidence": {"source": "person", "at": "2026-10-01T00:00:00Z"},
        "since": "2026-11-30T09:00:00Z",
    }
    return resource(kind, name, status=status, waiting_on="us", owner="nadia", next_step=step, **told)


def _share(client: str, asset: str, number: int) -> dict[str, Any]:
    waits = number % 20 == 3
    step = {"what": f"Let {client} share {asset} with business Lindenhof Media."} if waits else {}
    return resource(
        "AssetShare",
        f"{client}-share-{asset}",
        status="pending_human" if waits else "satisfied",
        waiting_on="client" if waits else "nobody",
        owner="omar",
        since="2026-11-24T08:00:00Z",
        evidence={"source": "graph", "at": "2026-11-24T08:00:00Z"},
        next_step=step,
    )


def summary(outputs: dict[str, Any], made: dict[str, Any]) -> Summary:
    """What the command makes of them when no secret was looked at."""
    from dataclasses import replace

    found = summarize("prod", outputs, made, SEEN, Filter(), declared=None)
    return replace(found, secrets=today(found.secrets, {}, NOW))


def page(clients: int) -> str:
    """The report of such a stack."""
    return render(summary(*agency(clients)), Filter(), NOW)
