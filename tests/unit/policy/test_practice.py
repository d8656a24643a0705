"""Each rule of this package fires where it should, and stays silent where somebody did as it says."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.policy.declared import Resource
from meta_access.policy.practice import PRACTICE

if TYPE_CHECKING:
    from collections.abc import Callable

SHOP = "act_1043217650987654"
WORK = f"meta:clients/own/assets/{SHOP}/reporting"
REPORTING = "meta:identities/reporting"
PLACE = "meta:identities.reporting"
PROD = {
    "meta:environment": "prod",
    "meta:connections/main/graph_url": "https://graph.facebook.com",
    "meta:connections/main/app_secret": "env:META_APP_SECRET",
    "meta:connections/main/admin_token": "env:META_ADMIN_TOKEN",
    "meta:connections/main/aws": {"region": "eu-central-1"},
    f"{REPORTING}/protect": True,
}
ROOT = {"role": "ADMIN", "scopes": ["business_management"]}
PERMISSIONS = {"meta:apps/ads/permissions": {"standard": ["ads_read", "ads_management", "business_management"]}}
ACTING = {"meta:connections/main/admin_token": "identity:root"}
NEVER = {"never": {"reason": "a partner's tool", "until": "2027-03-01"}}
TEN = {f"user{number}": {"use_case": "read_reports", "protect": True} for number in range(10)}

FIRES: list[tuple[str, dict[str, Any], str]] = [
    (
        "system-user-quota",
        {"meta:apps/ads/tier": None},
        (
            "advisory medium system-user-quota | meta:businesses.agency | Nothing tells how many system users of role "
            "EMPLOYEE it may have, so that none are counted. | Write the tier of its app, or "
            "meta:quota_overrides.agency."
        ),
    ),
    (
        "system-user-quota",
        {**PROD, "meta:identities": TEN, "meta:clients": {}},
        (
            "advisory medium system-user-quota | meta:businesses.agency | All 10 slots for system users of role "
            "EMPLOYEE are taken (user0, user1, user2, user3, user4, user5, user6, user7, user8, user9), and system "
            "users cannot be deleted. | Give two of them to one identity, or ask for the tier that allows more."
        ),
    ),
    (
        "admin-system-user",
        {f"{REPORTING}/role": "ADMIN"},
        (
            f"advisory high admin-system-user | {PLACE} | reporting is an ADMIN, which reaches every asset of the "
            "business, and no connection acts with it. | Make it an EMPLOYEE with the tasks that it needs."
        ),
    ),
    (
        "never-expiring-token",
        {f"{REPORTING}/lifetime": NEVER},
        (
            f"advisory high never-expiring-token | {PLACE} | The token of reporting never expires, so that a copy of "
            "it works until it is revoked. | Write lifetime: 60d; tokens are rotated by themselves."
        ),
    ),
    (
        "never-expiring-token",
        {"meta:token_defaults": {"lifetime": NEVER}},
        (
            f"advisory high never-expiring-token | {PLACE} | The token of reporting never expires, so that a copy of "
            "it works until it is revoked. | Write lifetime: 60d; tokens are rotated by themselves."
        ),
    ),
    (
        "broad-scopes",
        {**PERMISSIONS, REPORTING: {"scopes": ["ads_read", "business_management"]}},
        (
            f"advisory medium broad-scopes | {PLACE} | The token of reporting has business_management, which reaches "
            "the whole business, and no connection acts with it. | Take business_management out of its scopes."
        ),
    ),
    (
        "broad-scopes",
        {**PERMISSIONS, REPORTING: {"scopes": ["ads_management"]}},
        (
            f"advisory medium broad-scopes | {PLACE} | The token of reporting has ads_management, and reporting only "
            "reads: its tasks on ad accounts are ANALYZE alone. | Write ads_read instead of ads_management."
        ),
    ),
    (
        "manage-without-reason",
        {WORK: ["MANAGE"]},
        (
            f"advisory medium manage-without-reason | meta:clients.own.assets.{SHOP}.reporting | MANAGE on {SHOP} lets "
            "reporting give it to others, and no reason is written. | Write {tasks: …, reason: …}, or leave MANAGE out."
        ),
    ),
    (
        "unprotected-in-prod",
        {**PROD, f"{REPORTING}/protect": False},
        (
            f"advisory medium unprotected-in-prod | {PLACE} | A deleted line or `pulumi destroy` takes all tasks and "
            "the token of reporting at once. | Write protect: true, or on_destroy: keep."
        ),
    ),
    (
        "redirect-hosts",
        {"meta:apps/ads/login/hosts": []},
        (
            "advisory high redirect-hosts | meta:apps.ads.login | Its redirect URIs may be on any host: nothing would "
            "refuse one of somebody else. | Write hosts: with the hosts of your own."
        ),
    ),
    (
        "redirect-hosts",
        {"meta:apps/ads/login/hosts": ["connect.agency.example/", "old.agency.example"]},
        (
            "advisory high redirect-hosts | meta:apps.ads.login | hosts allows old.agency.example, and no redirect URI "
            "is there. | Take the host out, or add the URI that is missing."
        ),
    ),
    (
        "gates-warn-in-prod",
        {**PROD, "meta:gates": "warn"},
        (
            "advisory high gates-warn-in-prod | meta:gates | An open gate of prod is only a warning, so that access is "
            "widened before it is open. | Write meta:gates: block, or remove the line."
        ),
    ),
]

SILENT: list[tuple[str, dict[str, Any]]] = [
    ("system-user-quota", {"meta:apps/ads/tier": None, "meta:quota_overrides/agency/EMPLOYEE": {
        "limit": 3, "reason": "granted", "date": "2026-10-01"}}),
    ("system-user-quota", {"meta:identities": TEN, "meta:clients": {}}),  # not in prod
    ("system-user-quota", {**PROD, **PERMISSIONS, **ACTING, "meta:identities/root": {**ROOT, "protect": True}}),
    ("admin-system-user", {**PERMISSIONS, **ACTING, "meta:identities/root": ROOT}),
    ("never-expiring-token", {f"{REPORTING}/lifetime": "60d"}),
    ("broad-scopes", {**PERMISSIONS, **ACTING, "meta:identities/root": ROOT}),
    ("broad-scopes", {**PERMISSIONS, REPORTING: {"scopes": ["ads_management"]}, WORK: ["ADVERTISE", "ANALYZE"]}),
    ("manage-without-reason", {WORK: {"tasks": ["MANAGE"], "reason": "moves the account to its new owner"}}),
    ("manage-without-reason", {WORK: ["ADVERTISE"]}),
    ("unprotected-in-prod", PROD),
    ("unprotected-in-prod", {**PROD, f"{REPORTING}/protect": False, f"{REPORTING}/on_destroy": "keep"}),
    ("unprotected-in-prod", {}),
    ("redirect-hosts", {"meta:apps/ads/login": {"hosts": ["connect.agency.example"]}}),
    ("gates-warn-in-prod", PROD),
    ("gates-warn-in-prod", {"meta:gates": "warn"}),
]  # fmt: skip


def of(rule: str, lines: list[str]) -> list[str]:
    return [one for one in lines if f" {rule} | " in one]


@pytest.mark.parametrize(("rule", "changes", "told"), FIRES)
def test_a_rule_fires(judged: Callable[..., list[str]], rule: str, changes: dict[str, Any], told: str) -> None:
    assert of(rule, judged(changes)) == [told]


@pytest.mark.parametrize(("rule", "changes"), SILENT)
def test_a_rule_is_silent(judged: Callable[..., list[str]], rule: str, changes: dict[str, Any]) -> None:
    assert of(rule, judged(changes)) == []


def test_the_sound_stack_has_nothing_that_a_rule_finds(judged: Callable[..., list[str]]) -> None:
    assert judged() == []


def test_open_gates_of_prod_are_told_as_a_run_saw_them_or_as_somebody_stated(judged: Callable[..., list[str]]) -> None:
    gates = {"ads-tier": "satisfied", "agency-verification": "pending_human", "ads-app-roles": "drifted"}

    assert of("open-gate", judged(PROD, gates=gates)) == [
        (
            "advisory low open-gate | gates | 2 gates are not satisfied: gate agency-verification (pending_human), "
            "gate ads-app-roles (drifted). | Do what `meta-access gates` says of each."
        )
    ]
    assert of("open-gate", judged(PROD, gates={"ads-tier": "satisfied"})) == []
    assert of("open-gate", judged(PROD)) == []
    assert of("open-gate", judged(gates=gates)) == []


@pytest.mark.parametrize(
    ("rules", "today", "told"),
    [
        ("2026-05", date(2027, 2, 1), []),
        (
            "2026-05",
            date(2027, 2, 2),
            [
                (
                    "advisory medium rule-set-age | meta:rules | Rule set 2026-05 describes Meta before 2026-11-04; "
                    '2026-11 has replaced it. | Write meta:rules: "2026-11", after the preview of that change.'
                )
            ],
        ),
        ("2026-11", date(2027, 11, 30), []),
        (
            "2026-11",
            date(2027, 12, 1),
            [
                (
                    "advisory medium rule-set-age | meta:rules | The facts of rule set 2026-11 were last read on "
                    "2026-12-01, more than a year ago. | Install a newer meta-access, or correct what has moved "
                    "with meta:rules_overlay."
                )
            ],
        ),
    ],
)
def test_rules_age(judged: Callable[..., list[str]], rules: str, today: date, told: list[str]) -> None:
    assert of("rule-set-age", judged({"meta:rules": rules}, today=today)) == told


def test_what_has_ended_is_judged_no_more(judged: Callable[..., list[str]]) -> None:
    changes = {WORK: {"tasks": ["MANAGE"], "until": "2027-01-31"}}

    assert [one.split(" | ")[1] for one in judged(changes)] == [f"meta:clients.own.assets.{SHOP}.reporting"]
    assert judged(changes, today=date(2027, 1, 31)) == []


UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SYSTEM_USER = "100000000000901"
RESOURCES = [
    Resource("SystemUser", "ops", {"name": "ops", "role": "ADMIN", "on_destroy": "retire"}),
    Resource("SystemUser", "reader", {"name": "reader", "role": "EMPLOYEE"}, protect=True),
    Resource(
        "SystemUserToken",
        "reader",
        {
            "system_user_id": SYSTEM_USER,
            "scopes": ["ads_management"],
            "lifetime": {"never": {"reason": "a tool", "until": "2027-03-01"}},
        },
    ),
    Resource("AssetAssignment", "shop", {"system_user_id": SYSTEM_USER, "asset": SHOP, "tasks": ["ANALYZE"]}),
    Resource("AssetAssignment", "page", {"system_user_id": UNKNOWN, "asset": "page:102930", "tasks": ["MANAGE"]}),
    Resource("RedirectUris", "uris", {"uris": ["https://a.example/cb"], "hosts": [], "status": "pending_human"}),
    Resource("RandomId", "suffix", {}),
]


def test_the_same_rules_look_at_the_resources_of_a_program(judged: Callable[..., list[str]]) -> None:
    found = judged({**PROD, "meta:identities": {}, "meta:clients": {}}, resources=RESOURCES)

    assert [one.rpartition(" | ")[0] for one in found] == [
        (
            "advisory high admin-system-user | SystemUser ops | ops is an ADMIN, which reaches every asset of the "
            "business, and no connection acts with it."
        ),
        (
            "advisory high never-expiring-token | SystemUserToken reader | The token of reader never expires, so that "
            "a copy of it works until it is revoked."
        ),
        (
            "advisory high redirect-hosts | RedirectUris uris | Its redirect URIs may be on any host: nothing would "
            "refuse one of somebody else."
        ),
        (
            "advisory medium broad-scopes | SystemUserToken reader | The token of reader has ads_management, and "
            "reader only reads: its tasks on ad accounts are ANALYZE alone."
        ),
        (
            "advisory medium manage-without-reason | AssetAssignment page | MANAGE on page:102930 lets its system user "
            "give it to others, and no reason is written."
        ),
        (
            "advisory medium unprotected-in-prod | SystemUser ops | A deleted line or `pulumi destroy` takes all tasks "
            "and the token of ops at once."
        ),
        "advisory low open-gate | gates | 1 gate is not satisfied: gate uris (pending_human).",
    ]


def test_of_what_only_an_update_will_know_nothing_is_concluded(judged: Callable[..., list[str]]) -> None:
    token = Resource("SystemUserToken", "a", {"system_user_id": UNKNOWN, "scopes": ["ads_management"]})
    other = Resource("AssetAssignment", "b", {"system_user_id": UNKNOWN, "asset": SHOP, "tasks": ["ANALYZE"]})
    gate = Resource("AppRoles", "roles", {"status": UNKNOWN})

    assert judged({**PROD, "meta:identities": {}, "meta:clients": {}}, resources=[token, other, gate]) == []


def test_the_ids_are_stable() -> None:
    assert {one.id: (str(one.severity), str(one.level)) for one in PRACTICE} == {
        "system-user-quota": ("medium", "advisory"),
        "admin-system-user": ("high", "advisory"),
        "never-expiring-token": ("high", "advisory"),
        "broad-scopes": ("medium", "advisory"),
        "manage-without-reason": ("medium", "advisory"),
        "unprotected-in-prod": ("medium", "advisory"),
        "redirect-hosts": ("high", "advisory"),
        "gates-warn-in-prod": ("high", "advisory"),
        "open-gate": ("low", "advisory"),
        "rule-set-age": ("medium", "advisory"),
    }
