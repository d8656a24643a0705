"""What the program asks the engine for, stack by stack, and what it exports and says."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from components import program
from meta_access.providers import last_update
from meta_access.stack.files import config_of
from meta_access.stack.load import load_stack
from tests.texts import lacks

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.components.conftest import Asked

STACKS = Path(__file__).resolve().parents[3] / "stacks"
VERIFIED = {"agency-verification": "pending_human"}
TIER = {"ads-tier": "pending_human"}


def test_dev_asks_for_one_identity_its_assets_and_its_gates(program: Callable[..., Asked]) -> None:
    asked = program("dev")
    kinds: dict[str, list[str]] = {}
    for kind, name in asked.resources:
        kinds.setdefault(kind, []).append(name)
    assert {kind: sorted(names) for kind, names in kinds.items()} == {
        "AppAccess": ["ads"],
        "SystemIdentity": ["reporting"],
        "ClientAccess": ["acme", "lindenhof"],
        "AppRoles": ["ads-app-roles"],
        "AppSettings": ["ads-settings"],
        "RedirectUris": ["ads-redirect-uris"],
        "PermissionRequest": ["ads-ads_read"],
        "FeatureRequest": ["ads-tier"],
        "BusinessUser": ["lindenhof-ines", "lindenhof-nadia"],
        "BusinessVerification": ["lindenhof-verification"],
        "SystemUser": ["reporting"],
        "AppInstallation": ["reporting"],
        "RandomId": ["reporting-secret-suffix"],
        "SystemUserAppAccess": ["reporting-app-access"],
        "SystemUserToken": ["reporting"],
        "AssetShare": ["acme-share-act_205550000000601"],
        "AssetAssignment": [
            "acme-reporting-act_205550000000601",
            "lindenhof-reporting-act_104320000000501",
            "lindenhof-reporting-page:102930000000801",
        ],
    }


def test_a_random_suffix_of_eight_digits_ends_the_secrets_name(program: Callable[..., Asked]) -> None:
    asked = program("dev")
    assert asked.resources["RandomId", "reporting-secret-suffix"] == {"byteLength": 4}
    assert asked.resources["SystemUserToken", "reporting"]["secret_name"] == "meta/dev/reporting/0a1b2c3d"


def test_an_identity_without_a_token_is_a_user_and_its_assets_alone(program: Callable[..., Asked]) -> None:
    asked = program("dev", {"meta:identities": {"reporting": {"adopt": "122090000000302", "token": "none"}}})

    named = [kind for kind, name in asked.resources if name.startswith("reporting")]
    assert sorted(named) == ["SystemIdentity", "SystemUser"]
    assert sum(kind == "AssetAssignment" for kind, _ in asked.resources) == 3
    assert asked.outputs["secrets"] == {}
    assert asked.exit_code is None


def test_the_gates_are_given_what_is_declared_and_who_owns_it(program: Callable[..., Asked]) -> None:
    asked = program("dev")
    common = {"connection": "main", "owner": "nadia"}
    assert asked.resources["AppRoles", "ads-app-roles"] == {
        **common,
        "roles": {"nadia": "admin", "ines": "developer"},
        "people": {
            "nadia": {"user_id": "100000000000401", "email": "nadia@lindenhof.example"},
            "ines": {"user_id": "100000000000402", "email": "ines@lindenhof.example"},
        },
    }
    assert asked.resources["RedirectUris", "ads-redirect-uris"] == {
        **common,
        "uris": ["https://connect.lindenhof.example/meta/callback/"],
        "hosts": ["connect.lindenhof.example/"],
        "mode": "development",
        "product": "facebook_login",
    }
    assert asked.resources["PermissionRequest", "ads-ads_read"] == {
        **common,
        "permission": "ads_read",
        "level": "standard",
    }
    assert asked.resources["FeatureRequest", "ads-tier"] == {
        **common,
        "feature": "ads_management_standard_access",
        "level": "limited",
    }
    assert asked.resources["BusinessVerification", "lindenhof-verification"] == {**common, "state": "as declared"}


def test_settings_are_the_apps_own_and_no_gate(program: Callable[..., Asked]) -> None:
    asked = program("dev")
    assert asked.resources["AppSettings", "ads-settings"] == {
        "connection": "main",
        "app_domains": ["lindenhof.example"],
        "privacy_policy_url": "https://lindenhof.example/privacy",
    }
    assert "ads-settings" not in asked.outputs["gates"]


def test_a_partner_has_to_share_what_all_identities_need(program: Callable[..., Asked]) -> None:
    asked = program("prod").resources
    shares = {name: row for (kind, name), row in asked.items() if kind == "AssetShare"}
    assert shares["cedar-share-page:102938475610202"] == {
        "connection": "main",
        "owner": "nadia",
        "owner_business": "998877665544301",
        "asset": "page:102938475610202",
        "tasks": ["ADVERTISE", "ANALYZE"],
    }
    # Nobody shares with us what is our own.
    assert not [name for name in shares if name.startswith("agency-")]


def test_a_page_whose_leads_are_asked_for_has_a_gate_that_holds_nothing_back(program: Callable[..., Asked]) -> None:
    apps = config_of(STACKS / "Pulumi.dev.yaml")["meta:apps"]
    apps["ads"]["permissions"] = {"standard": ["leads_retrieval"]}
    changes = {
        "meta:apps": apps,
        "meta:gates": "block",
        "meta:identities": {"reporting": {"scopes": ["leads_retrieval"]}},
    }
    asked = program("dev", changes)
    gates = {name: row for (kind, name), row in asked.resources.items() if kind == "LeadAccess"}
    assert gates == {
        "reporting-lead-access-page:102930000000801": {
            "connection": "main",
            "owner": "nadia",
            "system_user_id": "reporting-id",
            "page": "page:102930000000801",
            "state": "as declared",
        }
    }
    assert "reporting-lead-access-page:102930000000801" in asked.outputs["gates"]
    assert not [rows for rows in requirements(asked).values() if rows and any("lead-access" in name for name in rows)]


def test_people_of_the_business_are_taken_over_where_they_are_there(program: Callable[..., Asked]) -> None:
    asked = program("dev").resources
    common = {"connection": "main", "adopt": True}
    assert asked["BusinessUser", "lindenhof-nadia"] == {
        **common,
        "email": "nadia@lindenhof.example",
        "role": "ADMIN",
        "on_destroy": "keep",
    }
    assert asked["BusinessUser", "lindenhof-ines"] == {
        **common,
        "email": "ines@lindenhof.example",
        "role": "EMPLOYEE",
        "on_destroy": "remove",
    }


def test_duties_and_login_configurations_are_gates_too(program: Callable[..., Asked]) -> None:
    asked = program("prod").resources
    assert asked["LoginConfiguration", "ads-login-client_reporting"] == {
        "connection": "main",
        "owner": "nadia",
        "config_id": "889900112233401",
        "token": "system_user",
        "permissions": ["ads_read"],
    }
    duties = {name: row for (kind, name), row in asked.items() if kind == "Obligation"}
    assert duties == {
        "ads-data_use_checkup": {
            "connection": "main",
            "kind": "data_use_checkup",
            "value": "done",
            "due": "2027-03-01",
            "owner": "nadia",
        },
        "ads-access_verification": {
            "connection": "main",
            "kind": "access_verification",
            "value": "done",
            "due": "",
            "owner": "tom",
        },
        "agency-two-factor": {
            "connection": "main",
            "kind": "two_factor",
            "value": "all_required",
            "due": "",
            "owner": "nadia",
        },
    }


def test_a_second_factor_of_app_and_business_is_one_gate(program: Callable[..., Asked]) -> None:
    apps = config_of(STACKS / "Pulumi.prod.yaml")["meta:apps"]
    apps["ads"]["obligations"] = {"two_factor": {"due": "2027-01-31", "owner": "ines"}, "app_mode": {}}
    duties = {
        name: row
        for (kind, name), row in program("prod", {"meta:apps": apps}).resources.items()
        if kind == "Obligation"
    }
    assert duties == {
        "ads-app_mode": {"connection": "main", "kind": "app_mode", "value": "live", "due": "", "owner": "nadia"},
        "agency-two-factor": {
            "connection": "main",
            "kind": "two_factor",
            "value": "all_required",
            "due": "2027-01-31",
            "owner": "ines",
        },
    }


def test_evidence_is_handed_to_its_gate_alone(program: Callable[..., Asked]) -> None:
    asked = program("prod")
    given = {name: inputs["evidence"]["by"] for (_, name), inputs in asked.resources.items() if "evidence" in inputs}
    assert given == {"ads-redirect-uris": "nadia", "ads-pages_read_engagement": "tom"}


def requirements(asked: Asked) -> dict[str, Any]:
    widening = {"SystemUser", "AssetAssignment", "SystemUserToken"}
    return {f"{kind} {name}": row.get("requires") for (kind, name), row in asked.resources.items() if kind in widening}


def test_in_warn_mode_nothing_requires_a_gate(program: Callable[..., Asked]) -> None:
    assert set(requirements(program("dev")).values()) == {None}


def test_in_block_mode_what_widens_access_requires_its_gates(program: Callable[..., Asked]) -> None:
    found = requirements(program("prod"))
    reading = {**TIER, **VERIFIED, "ads-ads_read": "pending_human"}
    assert found["SystemUser reporting"] == {**TIER, **VERIFIED}
    assert found["AssetAssignment cedar-reporting-act_1043217650987602"] == {
        **reading,
        "cedar-share-act_1043217650987602": "pending_human",
    }
    assert found["AssetAssignment agency-reporting-act_1043217650987601"] == reading
    assert found["SystemUserToken reporting"] == {**reading, "reporting-app-access": "pending_human"}
    # A use case brings the permissions that its own depend on.
    assert found["SystemUserToken trading"] == {
        **TIER,
        **VERIFIED,
        "ads-ads_management": "pending_human",
        "ads-pages_read_engagement": "pending_human",
        "ads-pages_show_list": "pending_human",
        "trading-app-access": "pending_human",
    }


def test_a_mandatory_rule_holds_back_what_widens_access_in_both_modes(program: Callable[..., Asked]) -> None:
    rules = {"admin-system-user": {"enforcement_level": "mandatory", "reason": "an audit"}}
    policy = {
        "meta:policy": {"rules": rules},
        "meta:identities": {"reporting": {"role": "ADMIN", "use_case": "read_reports"}},
    }
    held = {"policy:admin-system-user": "mandatory"}

    warned = program("dev", policy)

    assert list(requirements(warned).values()) == [held] * 5
    assert [text for level, text in warned.said if "policy" in text] == [
        (
            "policy admin-system-user, mandatory: meta:identities.reporting: reporting is an ADMIN, which reaches "
            "every asset of the business, and no connection acts with it. Nothing widens meanwhile. Make it an "
            "EMPLOYEE with the tasks that it needs."
        )
    ]
    assert warned.exit_code is None
    blocked = requirements(program("dev", {**policy, "meta:gates": "block"}))
    assert blocked["SystemUser reporting"] == {**TIER, "lindenhof-verification": "pending_human", **held}


def test_an_unusable_policy_ends_no_run_and_holds_back_what_widens(program: Callable[..., Asked]) -> None:
    asked = program("dev", {"meta:policy": {"files": ["nowhere.py"]}})

    assert asked.exit_code is None
    assert set(map(str, requirements(asked).values())) == {"{'policy:unusable-policy': 'mandatory'}"}


def test_taking_over_an_existing_user_requires_no_gate(program: Callable[..., Asked]) -> None:
    assert requirements(program("prod"))["SystemUser root"] is None


def test_block_and_warn_are_the_stacks_to_choose(program: Callable[..., Asked]) -> None:
    found = requirements(program("dev", {"meta:gates": "block"}))
    assert found["SystemUser reporting"] == {**TIER, "lindenhof-verification": "pending_human"}
    assert set(requirements(program("prod", {"meta:gates": "warn"})).values()) == {None}


def test_a_token_takes_the_connections_key_and_its_own_times(program: Callable[..., Asked]) -> None:
    token = program("prod").resources["SystemUserToken", "warehouse"]
    assert {key: token[key] for key in ("secret_name", "kms_key", "grace", "rotate_before", "lifetime", "scopes")} == {
        "secret_name": "meta/prod/warehouse/ads-read",
        "kms_key": "alias/meta-prod",
        "grace": "48h",
        "rotate_before": "20d",
        "lifetime": "60d",
        "scopes": ["ads_read"],
    }


def test_removing_a_client_takes_its_assignments_and_nothing_else(program: Callable[..., Asked]) -> None:
    both = program("dev").resources
    clients = {"lindenhof": {"access": "own", "assets": {"act_104320000000501": {"reporting": "read"}}}}
    left = program("dev", {"meta:clients": clients}).resources
    assert set(both) - set(left) == {
        ("ClientAccess", "acme"),
        ("AssetShare", "acme-share-act_205550000000601"),
        ("AssetAssignment", "acme-reporting-act_205550000000601"),
        ("AssetAssignment", "lindenhof-reporting-page:102930000000801"),
    }
    assert all(both[key] == left[key] for key in left)


def told(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def test_exports_of_dev(program: Callable[..., Asked]) -> None:
    outputs = program("dev").outputs
    assert set(outputs) == {"secrets", "gates", "quota", "tiers", "login_urls"}
    assert told(outputs["secrets"]["reporting"]) == {
        "name": "meta/dev/reporting/0a1b2c3d",
        "arn": "arn:reporting",
        "scopes": ["ads_read"],
        "expires_at": "2027-01-23T08:00:00Z",
        "freshness": "current",
    }
    assert outputs["gates"]["ads-app-roles"] == "pending_human"
    assert set(outputs["gates"]) == {
        "ads-app-roles",
        "ads-redirect-uris",
        "ads-ads_read",
        "ads-tier",
        "lindenhof-verification",
        "reporting-app-access",
        "acme-share-act_205550000000601",
    }
    assert outputs["quota"]["lindenhof"]["EMPLOYEE"]["limit"] == 1
    assert outputs["login_urls"]["ads"]["https://connect.lindenhof.example/meta/callback/"]["read_reports"].startswith(
        "https://www.facebook.com/v26.0/dialog/oauth?client_id=120480000000201&redirect_uri=https%3A%2F%2Fconnect"
    )


def test_a_webhook_gets_a_verify_token_that_cannot_be_guessed(program: Callable[..., Asked]) -> None:
    asked = program("staging")
    assert asked.resources["RandomPassword", "ads-webhook-verify-token"] == {"length": 40, "special": False}
    assert asked.outputs["webhook_verify_tokens"] == {"ads": "unguessable"}


def test_subscriptions_are_asked_for_with_a_reference_and_no_token_is_made(program: Callable[..., Asked]) -> None:
    apps = config_of(STACKS / "Pulumi.staging.yaml")["meta:apps"]
    hook = {"callback_url": "https://connect.lindenhof.example/hook", "fields": ["connected", "ads_read"]}
    webhooks = {"verify_token": "env:META_VERIFY_TOKEN", "subscriptions": {"permissions": hook}}
    asked = program("staging", {"meta:apps": {**apps, "ads": {**apps["ads"], "webhooks": webhooks}}})
    assert asked.resources["WebhookSubscription", "ads-permissions"] == {
        **hook,
        "fields": ["ads_read", "connected"],
        "connection": "main",
        "object": "permissions",
        "include_values": True,
        "verify_token": "env:META_VERIFY_TOKEN",
    }
    assert [kind for kind, _ in asked.resources if kind == "RandomPassword"] == []
    assert "webhook_verify_tokens" not in asked.outputs


def test_offline_is_said_first(program: Callable[..., Asked]) -> None:
    said = program("prod").said
    assert [level for level, _ in said] == ["warn", *["info"] * 8]
    assert not lacks(said[0][1], "META_ACCESS_OFFLINE=1")


def test_use_cases_are_written_out_and_an_unseen_tier_is_told(program: Callable[..., Asked]) -> None:
    told = [text for level, text in program("prod").said if level == "info"]
    assert not lacks(
        told[0],
        "meta:identities.reporting",
        "read_reports",
        "ads_read",
        "advanced",
        "cedar, dune, elm",
        "Marketing API Access Tier",
        "ad_account: ANALYZE; page: ANALYZE",
    )
    assert not lacks(told[3], "meta:apps.ads.login", "Facebook Login for Business")
    assert not lacks(told[4], "meta:connections.main", "cannot tell")


def test_the_tier_that_an_app_has_to_keep_is_judged_and_exported(program: Callable[..., Asked]) -> None:
    asked = program("prod")

    [told] = [text for level, text in asked.said if level == "info" and "tier stands" in text]
    assert not lacks(told, "meta:apps.ads", "0 successful calls", "15 days")
    assert asked.outputs["upkeep"]["ads"]["standing"] == "cannot tell"
    assert asked.outputs["upkeep"]["ads"]["on"] == ""


def test_offline_what_only_a_look_tells_is_exported_as_the_last_update_saw_it(program: Callable[..., Asked]) -> None:
    """A preview would show as a change that nobody has looked."""
    last = {
        "tiers": {"main": {"observed": "full"}, "gone": {"observed": "full"}},
        "admin_tokens": {"main": {"says": ["It ends soon."]}},
    }

    outputs = program("prod", last_exports=last).outputs

    assert outputs["tiers"]["main"] == {"observed": "full"}
    assert "gone" not in outputs["tiers"]
    assert outputs["admin_tokens"] == {"main": {"says": ["It ends soon."]}}
    assert "upkeep" not in outputs


def test_a_refused_configuration_is_one_error_and_no_resource(program: Callable[..., Asked]) -> None:
    asked = program("dev", {"meta:gates": "blok", "meta:clientz": {}})
    assert asked.exit_code == 32
    assert asked.resources == {}
    assert asked.said == [
        (
            "error",
            (
                "2 problems in the configuration:\n"
                '  - meta:gates: "blok" is not one of warn, block. Fix: write "block".\n'
                '  - meta:clientz: there is no key "clientz" here. Fix: write "clients".'
            ),
        )
    ]


def test_a_client_that_is_gone_since_the_last_update_is_told_before_anything_else(
    program: Callable[..., Asked],
) -> None:
    kind = "meta:access:ClientAccess"
    work = f"{kind}$pulumi-python:dynamic/meta:AssetAssignment"
    asked = program(
        "dev",
        last_urns=(
            f"urn:pulumi:dev::meta-access::{kind}::birch",
            f"urn:pulumi:dev::meta-access::{work}::birch-reporting-act_7",
        ),
    )

    level, text = asked.said[0]
    assert (level, text.partition(": ")[0]) == (
        "warn",
        "This configuration takes away 1 of the 1 asset assignments that the last update left",
    )
    assert "Nothing is left of birch." in text


def _ends(until: str) -> dict[str, Any]:
    clients = config_of(STACKS / "Pulumi.dev.yaml")["meta:clients"]
    clients["lindenhof"]["assets"]["act_104320000000501"] = {"reporting": {"tasks": "read", "until": until}}
    return {"meta:clients": clients}


SHOP = "lindenhof-reporting-act_104320000000501"
SHOP_URN = "urn:pulumi:dev::meta-access::meta:access:ClientAccess$pulumi-python:dynamic/meta:AssetAssignment::" + SHOP
SHOP_PLACE = "clients.lindenhof.assets.act_104320000000501.reporting"


def test_what_ends_on_a_day_leaves_the_plan_once_the_day_has_come(program: Callable[..., Asked]) -> None:
    asked = program("dev", _ends("2026-01-31"), last_urns=(SHOP_URN,))

    assert SHOP not in asked.names("AssetAssignment")
    assert asked.outputs["time_limits"] == {SHOP_PLACE: "2026-01-31"}
    assert [text for level, text in asked.said if level == "warn" and "until" in text] == [
        (
            f"meta:{SHOP_PLACE} ended on 2026-01-31 (until), so this change takes it away. Move its until, if it is to "
            "stay; remove it from the file otherwise."
        )
    ]


def test_what_has_ended_may_stay_in_the_file(program: Callable[..., Asked]) -> None:
    asked = program("dev", _ends("2026-01-31"), last_exports={"time_limits": {SHOP_PLACE: "2026-01-31"}})

    assert (asked.exit_code, SHOP in asked.names("AssetAssignment")) == (None, False)


def test_a_new_thing_whose_day_has_come_is_refused(program: Callable[..., Asked]) -> None:
    asked = program("dev", _ends("2026-01-31"), last_urns=("urn:pulumi:dev::meta-access::meta:SystemUser::other",))

    assert asked.exit_code == 32
    assert [text for level, text in asked.said if level == "error"] == [
        (
            f"1 problem in the configuration:\n  - meta:{SHOP_PLACE}.until: 2026-01-31 is not in the future, and this "
            "is new. Fix: write a day to come, or remove the entry."
        )
    ]


def test_a_day_to_come_changes_nothing_yet(program: Callable[..., Asked]) -> None:
    asked = program("dev", _ends("2099-01-31"))

    assert SHOP in asked.names("AssetAssignment")
    assert asked.outputs["time_limits"] == {SHOP_PLACE: "2099-01-31"}


def test_what_is_held_exclusively_keeps_who_is_declared_and_what_the_state_takes_away_itself(
    program: Callable[..., Asked],
) -> None:
    values = config_of(STACKS / "Pulumi.dev.yaml")
    clients, identities = values["meta:clients"], values["meta:identities"]
    clients["acme"]["exclusive"] = identities["reporting"]["exclusive"] = True
    acme, shop, page = "act_205550000000601", "act_104320000000501", "page:102930000000801"
    urn = "urn:pulumi:dev::meta-access::meta:access:ClientAccess$pulumi-python:dynamic/meta:AssetAssignment::a"
    gone = {urn: {"system_user_id": "122090000000555", "asset": acme}}

    asked = program("dev", {"meta:clients": clients, "meta:identities": identities}, last_outputs=gone)

    held = {name: row for (kind, name), row in asked.resources.items() if kind == "ExclusiveAccess"}
    bare = {"connection": "main", "removes": [], "stays": []}
    own = "reporting-id"
    leaving = f"122090000000555/{acme}"
    assert held == {
        "acme-exclusive": {
            **bare,
            "assets": [acme],
            "system_user_id": "",
            "kept": [f"reporting/{acme}", leaving, f"{own}/{acme}"],
        },
        "reporting-exclusive": {
            **bare,
            "assets": [],
            "system_user_id": own,
            "kept": [
                *(f"reporting/{asset}" for asset in (shop, acme, page)),
                leaving,
                *(f"{own}/{asset}" for asset in (shop, acme, page)),
            ],
        },
    }


# --- the engine's plugins ------------------------------------------------------------------------


class Engine:
    """Notes the functions that it is asked for without being waited for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.Invoke = self

    def future(self, request: Any) -> None:
        self.asked.append((request.tok, request.version))


@pytest.mark.parametrize(
    ("stack", "more", "started"),
    [
        pytest.param("dev", {}, ["pulumi-python", "random"], id="secret names end in a random suffix"),
        pytest.param("dev", {"token_defaults": {"secret": "meta/{identity}"}}, ["pulumi-python"], id="nothing random"),
    ],
)
def test_plugins_start_while_the_program_looks(
    monkeypatch: pytest.MonkeyPatch, stack: str, more: dict[str, Any], started: list[str]
) -> None:
    engine = Engine()
    monkeypatch.setattr(program, "get_monitor", lambda: engine)
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    texts = config_of(STACKS / f"Pulumi.{stack}.yaml")
    texts |= {f"meta:{key}": json.dumps(value) for key, value in more.items()}

    with program._plugins_starting(load_stack(texts, stack, STACKS)):
        assert [tok.partition(":")[0] for tok, _ in engine.asked] == started

    assert engine.asked[0] == ("pulumi-python:dynamic:Start", "")
    # Of another version the engine would start, and keep in the state, another provider than the resources'.
    assert {version for tok, version in engine.asked if tok.startswith("random:")} <= {
        metadata.version("pulumi-random")
    }


OF_DEV = config_of(STACKS / "Pulumi.dev.yaml")
RANDOM = metadata.version("pulumi-random")


@pytest.mark.parametrize(
    ("state", "started"),
    [
        pytest.param({}, [], id="the first update"),
        pytest.param(
            {"pulumi-python::default": OF_DEV}, ["pulumi-python"], id="the configuration is that of the state"
        ),
        pytest.param({"pulumi-python::default": {**OF_DEV, "meta:gates": "block"}}, [], id="it is another one"),
        pytest.param({"pulumi-python::default": {"meta:gates": "warn"}}, [], id="it has more"),
        pytest.param(
            {f"random::default_{RANDOM.replace('.', '_')}": {"version": RANDOM}, "pulumi-python::default": OF_DEV},
            ["pulumi-python", "random"],
            id="both stand in the state",
        ),
    ],
)
def test_an_update_starts_only_plugins_of_which_the_state_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch, state: dict[str, dict[str, str]], started: list[str]
) -> None:
    """Whatever the program refuses after that, a destroy goes by the configuration of the last update."""
    engine = Engine()
    held = {f"urn:pulumi:dev::acme::pulumi:providers:{name}": config for name, config in state.items()}
    monkeypatch.setattr(program, "get_monitor", lambda: engine)
    monkeypatch.setattr(program, "get_config_env", lambda: dict(OF_DEV))
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)
    monkeypatch.setattr(pulumi, "get_project", lambda: "acme")
    monkeypatch.setattr(pulumi, "get_stack", lambda: "dev")
    monkeypatch.setattr(last_update, "resources", lambda: held)

    with program._plugins_starting(load_stack(OF_DEV, "dev", STACKS)):
        assert [tok.partition(":")[0] for tok, _ in engine.asked] == started
