"""Every resource through the real plugin host, against the emulator."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.callbacks import callback
from tests.host.conftest import UNKNOWN, Host, HostError
from tests.texts import lacks

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulators import RunningEmulator

SHOP, BRAND, ACME = "act_104320000000501", "act_104320000000502", "act_205550000000601"
PAGE = "102930000000801"
ROOT = "122090000000301"
USER = {"label": "reporting", "connection": "main", "name": "reporting"}
SECRET = "meta/dev/reporting/0123abcd"


def checked(host: Host, name: str, props: dict[str, Any], olds: dict[str, Any] | None = None) -> dict[str, Any]:
    inputs, failures = host.check(name, props, olds)
    assert failures == []
    return dict(inputs)


def make(host: Host, name: str, props: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return host.create(name, checked(host, name, props))


def user(host: Host) -> str:
    return make(host, "SystemUser", USER)[0]


def token_props(system_user_id: str, **changed: Any) -> dict[str, Any]:
    return {
        "label": "reporting",
        "connection": "main",
        "owner": "meta-access/dev",
        "system_user_id": system_user_id,
        "scopes": ["ads_read"],
        "secret_name": SECRET,
        **changed,
    }


def assignment(system_user_id: str, asset: str = SHOP, **changed: Any) -> dict[str, Any]:
    props = {"label": asset, "connection": "main", "system_user_id": system_user_id, "asset": asset}
    return {**props, "tasks": ["ANALYZE"], **changed}


def live_tokens(emulator: RunningEmulator) -> list[str]:
    tokens = emulator.world()["tokens"]
    return [row["fingerprint"] for row in tokens if row["issued_by"] == "api" and row["revoked_at"] is None]


def users(emulator: RunningEmulator) -> list[str]:
    return [row["name"] for row in emulator.world()["system_users"] if row["role"] == "EMPLOYEE"]


# --- system users --------------------------------------------------------------------------------


def test_a_system_user_lives_and_is_retired_and_its_slot_is_taken_again(
    hosts: Callable[..., Host], emulator: RunningEmulator
) -> None:
    host = hosts()
    id_, outs = make(host, "SystemUser", USER)
    assert outs == {
        **USER, "role": "EMPLOYEE", "on_destroy": "retire", "given_name": "reporting", "adopted": False,
        "slot_reused": False, "gone": False,
    }  # fmt: skip

    host = hosts()
    assert host.read("SystemUser", id_, outs)[:2] == (id_, outs)
    host.delete("SystemUser", id_, outs)
    (name,) = users(emulator)
    assert name.startswith("unused ")

    host = hosts()
    again, outs = make(host, "SystemUser", USER)
    assert (again, outs["slot_reused"], users(emulator)) == (id_, True, ["reporting"])


def test_an_answer_lost_on_the_way_makes_one_user(host: Host, emulator: RunningEmulator) -> None:
    emulator.fault("drop_after", service="graph", method="POST", path="system_users$", times=1)

    user(host)

    assert users(emulator) == ["reporting"]


def test_a_create_whose_host_died_is_taken_by_the_next_run(
    hosts: Callable[..., Host], emulator: RunningEmulator
) -> None:
    lost = user(hosts())

    found = user(hosts())

    assert (found, users(emulator)) == (lost, ["reporting"])


def test_after_a_day_a_user_of_that_name_is_somebody_elses(
    hosts: Callable[..., Host], emulator: RunningEmulator
) -> None:
    lost = user(hosts())
    emulator.clock(advance_s=25 * 3600)

    with pytest.raises(HostError, match=f'adopt it with adopt: "{lost}"'):
        user(hosts())


def test_a_user_with_work_is_somebody_elses(hosts: Callable[..., Host], emulator: RunningEmulator) -> None:
    host = hosts()
    make(host, "AssetAssignment", assignment(user(host)))

    with pytest.raises(HostError, match="adopt it with adopt"):
        user(hosts())


def test_a_user_that_does_not_fit_is_told_and_stops_nobody(host: Host, emulator: RunningEmulator) -> None:
    emulator.create_system_user("somebody-else")

    _, failures = host.check("SystemUser", USER)

    assert failures == []
    told = host.said(
        "system user reporting will be refused at `pulumi up`: 1 system user (reporting) cannot be created"
    )
    assert "somebody-else" in told


def test_meta_has_the_last_word_on_the_quota(host: Host, emulator: RunningEmulator) -> None:
    props = checked(host, "SystemUser", USER)
    emulator.create_system_user("quicker")

    with pytest.raises(HostError, match=r"Meta has no room for another EMPLOYEE .*\(code 3949\)"):
        host.create("SystemUser", props)


def test_a_rename_by_hand_is_drift_and_is_put_right(hosts: Callable[..., Host], emulator: RunningEmulator) -> None:
    id_, outs = make(hosts(), "SystemUser", USER)
    emulator.graph("POST", f"{emulator.business_id}/system_users", {"system_user_id": id_, "name": "by hand"})

    host = hosts()
    _, seen, inputs = host.read("SystemUser", id_, outs)
    assert inputs["name"] == "by hand"
    news = checked(host, "SystemUser", USER, inputs)
    assert host.diff("SystemUser", id_, seen, news) == "DIFF_SOME"
    assert host.update("SystemUser", id_, seen, news) == outs
    assert users(emulator) == ["reporting"]


def test_four_creates_at_once_make_four_users_in_one_second_round(host: Host, emulator: RunningEmulator) -> None:
    emulator.act("approve", name="tier")
    names = ["one", "two", "three", "four"]
    props = [checked(host, "SystemUser", {**USER, "label": name, "name": name}) for name in names]

    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda bag: host.create("SystemUser", bag)[0], props))

    assert len(set(ids)) == 4
    assert sorted(users(emulator)) == sorted(names)


# --- installation, assignments -------------------------------------------------------------------


def test_an_installation_is_made_again_at_will(host: Host, emulator: RunningEmulator) -> None:
    props = {"label": "reporting", "connection": "main", "system_user_id": user(host)}

    first, second = make(host, "AppInstallation", props), make(host, "AppInstallation", props)

    assert first == second == (f"{props['system_user_id']}/{emulator.app_id}", props)


def test_an_assignment_is_made_narrowed_and_ended(hosts: Callable[..., Host], emulator: RunningEmulator) -> None:
    host = hosts()
    wide = {**assignment(user(host), tasks=["MANAGE"]), "replace_existing": False, "access": ""}
    id_, outs = make(host, "AssetAssignment", wide)
    assert emulator.world()["assignments"][0]["tasks"] == ["MANAGE", "ADVERTISE", "ANALYZE"]

    host = hosts()
    assert host.read("AssetAssignment", id_, outs)[1:] == (outs, None)
    narrow = checked(host, "AssetAssignment", {**wide, "tasks": ["ANALYZE"]}, wide)
    outs = host.update("AssetAssignment", id_, outs, narrow)
    assert emulator.world()["assignments"][0]["tasks"] == ["ANALYZE"]

    hosts().delete("AssetAssignment", id_, outs)
    assert emulator.world()["assignments"] == []


def test_the_tasks_of_a_group_are_given_changed_and_taken(
    hosts: Callable[..., Host], emulator: RunningEmulator
) -> None:
    group = {"id": "189000000000901", "name": "Spring", "business_id": emulator.business_id, "asset_ids": [SHOP, PAGE]}
    emulator.put_world({**emulator.world(), "asset_groups": [group]})
    host = hosts()
    props = assignment(user(host), "group:189000000000901", tasks=["ad_account:ADVERTISE", "page:ANALYZE"])
    wide = {**props, "replace_existing": False, "access": ""}
    id_, outs = make(host, "AssetAssignment", wide)
    assert emulator.world()["group_assignments"][0]["tasks"] == {
        "adaccount_tasks": ["ADVERTISE", "ANALYZE"],
        "page_tasks": ["ANALYZE"],
    }

    host = hosts()
    assert host.read("AssetAssignment", id_, outs)[1:] == (outs, None)
    narrow = checked(host, "AssetAssignment", {**wide, "tasks": ["ad_account:ANALYZE"]}, wide)
    outs = host.update("AssetAssignment", id_, outs, narrow)
    assert emulator.world()["group_assignments"][0]["tasks"] == {"adaccount_tasks": ["ANALYZE"]}

    hosts().delete("AssetAssignment", id_, outs)
    assert emulator.world()["group_assignments"] == []


def test_lead_access_is_seen_as_far_as_the_admin_token_shows_it(
    hosts: Callable[..., Host], emulator: RunningEmulator
) -> None:
    host = hosts()
    page = f"page:{PAGE}"
    props = {"label": "leads", "connection": "main", "system_user_id": user(host), "page": page}
    make(host, "AssetAssignment", assignment(props["system_user_id"], page))
    id_, outs = make(host, "LeadAccess", props)
    assert outs["status"] == "unverifiable"
    assert "needs leads_retrieval and the Page for that: " in outs["reason"]

    world = emulator.world()
    world["tokens"][0]["scopes"].append("leads_retrieval")
    emulator.put_world(world)
    outs = hosts().read("LeadAccess", id_, outs)[1]
    assert (outs["status"], outs["observed"]) == ("pending_human", "may not download leads")
    assert outs["next_step"]["menu"] == (
        "Business settings > Integrations > Leads access > the Page > People > Assign people"
    )

    emulator.act("grant-leads", user="reporting", page=PAGE)
    outs = hosts().read("LeadAccess", id_, outs)[1]
    assert (outs["status"], outs["observed"]) == ("satisfied", "may download leads")

    emulator.act("withdraw-leads", user="reporting", page=PAGE)
    outs = hosts().read("LeadAccess", id_, outs)[1]
    assert outs["status"] == "drifted"
    assert not lacks(outs["reason"], "Meta says: ")
    hosts().delete("LeadAccess", id_, outs)


def test_a_withdrawn_share_is_drift(hosts: Callable[..., Host], emulator: RunningEmulator) -> None:
    host = hosts()
    id_, outs = make(host, "AssetAssignment", assignment(user(host), ACME))
    emulator.act("unshare", asset=ACME)

    host = hosts()
    read, seen, inputs = host.read("AssetAssignment", id_, outs)
    assert (read, seen["tasks"], inputs["tasks"]) == (id_, [], [])
    assert host.diff("AssetAssignment", id_, seen, outs) == "DIFF_SOME"
    with pytest.raises(HostError, match=f"assigning {ACME} to system user [0-9]+ failed: .*is not shared"):
        host.update("AssetAssignment", id_, seen, outs)
    hosts().delete("AssetAssignment", id_, seen)


@pytest.mark.parametrize("asset", [ACME, "act_999990000000001"])
def test_an_asset_that_is_not_ours_is_one_clear_error(host: Host, emulator: RunningEmulator, asset: str) -> None:
    emulator.act("unshare", asset=ACME)
    props = checked(host, "AssetAssignment", assignment(user(host), asset))

    with pytest.raises(HostError) as raised:
        host.create("AssetAssignment", props)

    assert str(raised.value).startswith(f"meta-access: assigning {asset} to system user ")
    assert "\n" not in str(raised.value).strip()


def test_the_delete_of_a_renamed_resource_ends_nothing(hosts: Callable[..., Host], emulator: RunningEmulator) -> None:
    host = hosts()
    props = assignment(user(host))
    id_, outs = make(host, "AssetAssignment", props)

    host = hosts()
    make(host, "AssetAssignment", {**props, "label": "new"})
    host.delete("AssetAssignment", id_, outs)

    assert len(emulator.world()["assignments"]) == 1
    host.said("resource new of this stack represents the same thing, so nothing is changed at Meta.")


# --- tokens --------------------------------------------------------------------------------------


def identity(host: Host) -> str:
    id_ = user(host)
    make(host, "AppInstallation", {"label": "reporting", "connection": "main", "system_user_id": id_})
    return id_


def test_a_token_goes_into_its_secret_and_nowhere_else(host: Host, emulator: RunningEmulator) -> None:
    id_, outs = make(host, "SystemUserToken", token_props(identity(host)))

    value = emulator.secrets().get_secret_value(SecretId=id_)["SecretString"]
    assert live_tokens(emulator) == [outs["fingerprint"]]
    assert "EAAEMU" in value
    assert "EAAEMU" not in str(outs)
    assert outs["arn"] == id_
    assert (outs["generation"], outs["freshness"], outs["superseded"], outs["suspects"]) == (1, "current", [], [])
    assert set(outs) == {
        "label", "connection", "owner", "system_user_id", "scopes", "secret_name", "lifetime", "rotate_before", "grace",
        "keepers", "freshness", "arn", "version_id", "generation", "claim", "fingerprint", "issued_at", "expires_at",
        "trigger", "superseded", "suspects", "previous_secrets", "app_id",
        "rotation_owner",
    }  # fmt: skip


def test_a_token_rotates_when_time_comes_and_its_predecessor_ends_after_grace(
    hosts: Callable[..., Host], emulator: RunningEmulator
) -> None:
    host = hosts()
    props = checked(host, "SystemUserToken", token_props(identity(host)))
    id_, outs = host.create("SystemUserToken", props)
    assert hosts().read("SystemUserToken", id_, outs)[1:] == (outs, None)
    emulator.clock(advance_s=41 * 86400)

    host = hosts()
    _, seen, inputs = host.read("SystemUserToken", id_, outs)
    assert inputs["freshness"] == seen["freshness"] == f"rotation due: expires {outs['expires_at'][:10]}"
    news = checked(host, "SystemUserToken", token_props(props["system_user_id"]), inputs)
    assert host.diff("SystemUserToken", id_, seen, news) == "DIFF_SOME"
    after = host.update("SystemUserToken", id_, seen, news)
    assert (after["generation"], after["freshness"], after["arn"]) == (2, "current", id_)
    assert [row["generation"] for row in after["superseded"]] == [1]
    assert len(live_tokens(emulator)) == 2

    emulator.clock(advance_s=2 * 86400)
    host = hosts()
    _, seen, _ = host.read("SystemUserToken", id_, after)
    assert seen["freshness"] == "retirement due: generation 1"
    last = host.update("SystemUserToken", id_, seen, news)
    assert live_tokens(emulator) == [last["fingerprint"]]
    assert last["superseded"] == []


@pytest.mark.parametrize("changed", [{"grace": "48h"}, {"rotate_before": "15d"}])
def test_policy_changes_no_token(
    hosts: Callable[..., Host], emulator: RunningEmulator, changed: dict[str, str]
) -> None:
    host = hosts()
    props = token_props(identity(host))
    id_, outs = make(host, "SystemUserToken", props)
    emulator.forget_calls()

    host = hosts()
    news = checked(host, "SystemUserToken", {**props, **changed}, outs)
    assert host.diff("SystemUserToken", id_, outs, news) == "DIFF_SOME"
    assert host.update("SystemUserToken", id_, outs, news) == {**outs, **changed}

    # No refresh has looked at the secret, so the diff does, once.
    assert [call["operation"] for call in emulator.calls()] == ["DescribeSecret"]


def test_a_new_secret_name_fills_the_new_secret_and_ends_the_old_after_grace(
    hosts: Callable[..., Host], emulator: RunningEmulator
) -> None:
    host = hosts()
    props = token_props(identity(host))
    id_, outs = make(host, "SystemUserToken", props)
    host = hosts()
    news = checked(host, "SystemUserToken", {**props, "secret_name": SECRET + "2"}, outs)

    moved = host.update("SystemUserToken", id_, outs, news)

    assert moved["arn"] != id_
    assert moved["claim"] == outs["claim"]
    assert [row["arn"] for row in moved["previous_secrets"]] == [id_]
    assert len(live_tokens(emulator)) == 2

    emulator.clock(advance_s=2 * 86400)
    host = hosts()
    _, seen, _ = host.read("SystemUserToken", id_, moved)
    assert seen["freshness"] == f"retirement due: secret {id_}"
    last = host.update("SystemUserToken", id_, seen, news)
    assert last["previous_secrets"] == []
    assert live_tokens(emulator) == [last["fingerprint"]]
    assert "DeletedDate" in emulator.secrets().describe_secret(SecretId=id_)


def test_delete_ends_every_token_and_schedules_the_secret(
    hosts: Callable[..., Host], emulator: RunningEmulator
) -> None:
    host = hosts()
    id_, outs = make(host, "SystemUserToken", token_props(identity(host)))

    host = hosts()
    host.delete("SystemUserToken", id_, outs)

    assert live_tokens(emulator) == []
    assert "DeletedDate" in emulator.secrets().describe_secret(SecretId=id_)
    host.said(f"Secret {SECRET} is deleted on ")


def test_the_delete_of_a_renamed_token_leaves_its_twin_alone(
    hosts: Callable[..., Host], emulator: RunningEmulator
) -> None:
    host = hosts()
    props = token_props(identity(host))
    id_, outs = make(host, "SystemUserToken", props)
    host = hosts()
    _, twin = make(host, "SystemUserToken", {**props, "label": "renamed"})
    host.delete("SystemUserToken", id_, outs)
    # A later process knows no record: the claim in the secret's tags tells them apart.
    hosts().delete("SystemUserToken", id_, outs)

    assert live_tokens(emulator) == [twin["fingerprint"]] == [outs["fingerprint"]]
    assert twin["claim"] != outs["claim"]


def test_two_tokens_in_one_secret_fail_at_check(host: Host) -> None:
    checked(host, "SystemUserToken", token_props(UNKNOWN))

    _, failures = host.check("SystemUserToken", token_props(UNKNOWN, label="other"))

    assert failures == [("", "resources reporting and other represent the same token. Fix: remove one of them.")]


def test_a_lost_secret_is_made_again_in_place(hosts: Callable[..., Host], emulator: RunningEmulator) -> None:
    host = hosts()
    id_, outs = make(host, "SystemUserToken", token_props(identity(host)))
    emulator.secrets().delete_secret(SecretId=id_, ForceDeleteWithoutRecovery=True)

    host = hosts()
    _, seen, inputs = host.read("SystemUserToken", id_, outs)
    assert seen["freshness"].startswith("missing: ")
    news = checked(host, "SystemUserToken", token_props(outs["system_user_id"]), inputs)
    after = host.update("SystemUserToken", id_, seen, news)

    assert after["arn"] != id_
    assert after["fingerprint"] in live_tokens(emulator)


# --- gates ---------------------------------------------------------------------------------------


def test_gates_open_when_people_have_acted(hosts: Callable[..., Host], emulator: RunningEmulator) -> None:
    host = hosts()
    props = {
        "label": "ads-app-roles",
        "connection": "main",
        "roles": {"nadia": "admin", "ines": "developer"},
        "people": {"nadia": {"user_id": "100000000000401"}, "ines": {"user_id": "100000000000402"}},
    }
    id_, outs = make(host, "AppRoles", props)
    _, verification = make(host, "BusinessVerification", {"label": "v", "connection": "main"})
    assert (outs["status"], verification["status"]) == ("pending_human", "pending_human")
    emulator.act("accept-role", person="ines")
    emulator.act("verify")

    host = hosts()
    assert host.read("AppRoles", id_, outs)[1]["status"] == "satisfied"
    assert host.read("BusinessVerification", "v", verification)[1]["status"] == "satisfied"


def test_the_tier_is_seen_in_a_header(host: Host) -> None:
    feature = {"label": "tier", "connection": "main", "feature": "ads_management_standard_access"}

    _, outs = make(host, "FeatureRequest", {**feature, "level": "limited"})

    assert (outs["status"], outs["observed"], outs["evidence"]["source"]) == ("satisfied", "limited", "header")


def test_a_closed_gate_holds_back_what_widens_and_nothing_else(
    hosts: Callable[..., Host], emulator: RunningEmulator
) -> None:
    host = hosts()
    closed = {"requires": {"ads-tier": "pending_human"}}
    id_ = identity(host)
    wide = {**assignment(id_, tasks=["ADVERTISE"]), "replace_existing": False}
    key, outs = make(host, "AssetAssignment", wide)
    token, token_outs = make(host, "SystemUserToken", token_props(id_))

    host = hosts()
    with pytest.raises(HostError, match="is held back by a gate: ads-tier is pending_human"):
        host.create("AssetAssignment", {**wide, "asset": BRAND, **closed})
    with pytest.raises(HostError, match=f"giving MANAGE on {SHOP} to system user {id_} is held back"):
        host.update("AssetAssignment", key, outs, {**wide, "tasks": ["MANAGE"], **closed})
    host.update("AssetAssignment", key, outs, {**wide, "tasks": ["ANALYZE"], **closed})
    assert emulator.world()["assignments"][0]["tasks"] == ["ANALYZE"]
    news = {**token_outs, "keepers": {"run": "2"}, **closed}
    assert host.update("SystemUserToken", token, token_outs, news)["generation"] == 2
    with pytest.raises(HostError, match="with added scopes pages_show_list is held back"):
        host.update("SystemUserToken", token, token_outs, {**news, "scopes": ["ads_read", "pages_show_list"]})


def test_a_closed_gate_does_not_keep_a_due_rotation_waiting(
    hosts: Callable[..., Host], emulator: RunningEmulator
) -> None:
    host = hosts()
    props = checked(host, "SystemUserToken", token_props(identity(host)))
    id_, outs = host.create("SystemUserToken", props)
    emulator.clock(advance_s=41 * 86400)
    host = hosts()
    _, seen, _ = host.read("SystemUserToken", id_, outs)
    wider = {**props, "scopes": ["ads_read", "pages_show_list"], "requires": {"ads-tier": "drifted"}}

    with pytest.raises(HostError, match="is held back by a gate"):
        host.update("SystemUserToken", id_, seen, wider)

    assert len(live_tokens(emulator)) == 2
    host.said("was brought up to date with the scopes it has (rotation due: expires ")


def test_an_audit_on_standard_output_stands_beside_the_protocol_of_the_host(
    hosts: Callable[..., Host], emulator: RunningEmulator
) -> None:
    # The engine reads the host's port from its first line, which `hosts` checks to be one.
    host = hosts(env={"META_ACCESS_AUDIT": "-"})

    _, outs = make(host, "SystemUserToken", token_props(identity(host)))

    host.said('"step": "promote"')
    records = [json.loads(line) for line in host.printed if line.startswith("{")]
    assert [record["step"] for record in records] == ["create", "claim", "mint", "park", "promote"]
    assert records[-1]["fingerprint"] == outs["fingerprint"]
    assert {record["stack"] for record in records} == {"meta-access/dev"}


# --- settings of the app -------------------------------------------------------------------------

SETTINGS = {"label": "ads-settings", "connection": "main", "app_domains": ["lindenhof.example"], "website_url": ""}


def test_settings_are_written_seen_to_drift_and_left(host: Host, emulator: RunningEmulator) -> None:
    def live() -> dict[str, Any]:
        settings: dict[str, Any] = emulator.world()["apps"][0]["settings"]
        return settings

    id_, outs = make(host, "AppSettings", SETTINGS)
    assert (id_, outs) == ("120480000000201", SETTINGS)
    assert live()["app_domains"] == ["lindenhof.example"]

    world = emulator.world()
    world["apps"][0]["settings"]["app_domains"] = ["elsewhere.example"]
    emulator.put_world(world)
    _, seen, inputs = host.read("AppSettings", id_, outs)
    assert seen["app_domains"] == inputs["app_domains"] == ["elsewhere.example"]
    assert host.update("AppSettings", id_, seen, SETTINGS) == outs
    assert live()["app_domains"] == ["lindenhof.example"]

    host.delete("AppSettings", id_, outs)
    assert live()["app_domains"] == ["lindenhof.example"]


def test_a_setting_that_meta_forgets_is_told_by_name(host: Host, emulator: RunningEmulator) -> None:
    world = emulator.world()
    world["apps"][0]["ignored_settings"] = ["contact_email"]
    emulator.put_world(world)

    with pytest.raises(HostError, match=r"did not take contact_email \(contact_email is empty, and a@b.example was"):
        make(host, "AppSettings", {**SETTINGS, "contact_email": "a@b.example"})


def test_a_whitelist_without_its_caller_never_reaches_meta(
    hosts: Callable[..., Host], emulator: RunningEmulator
) -> None:
    host = hosts()
    emulator.forget_calls()
    alone, named = ["203.0.113.7"], ["127.0.0.1", "203.0.113.7"]

    props = checked(host, "AppSettings", {**SETTINGS, "server_ip_whitelist": alone})
    host.said("app settings ads-settings will be refused at `pulumi up`: server_ip_whitelist does not hold 127.0.0.1")
    with pytest.raises(HostError, match=r"whitelist does not hold 127\.0\.0\.1, from which this machine calls"):
        host.create("AppSettings", props)
    assert [call for call in emulator.calls() if call["method"] == "POST"] == []

    make(hosts(), "AppSettings", {**SETTINGS, "server_ip_whitelist": named})
    assert emulator.world()["apps"][0]["settings"]["server_ip_whitelist"] == named


# --- people in the business ----------------------------------------------------------------------

TOM = {"label": "lindenhof-tom", "connection": "main", "email": "tom@lindenhof.example", "role": "ADMIN"}


def test_a_person_is_invited_accepts_is_changed_and_removed(
    hosts: Callable[..., Host], emulator: RunningEmulator
) -> None:
    host = hosts()
    id_, outs = make(host, "BusinessUser", TOM)
    assert outs["state"] == "pending"
    assert [row["email"] for row in emulator.world()["business_invitations"]] == ["tom@lindenhof.example"]

    emulator.act("join-business", email="tom@lindenhof.example")
    outs = host.update("BusinessUser", id_, outs, checked(host, "BusinessUser", {**TOM, "role": "EMPLOYEE"}, TOM))
    host = hosts()
    _, outs, _ = host.read("BusinessUser", id_, outs)
    assert (outs["state"], outs["role"]) == ("accepted", "EMPLOYEE")

    host.delete("BusinessUser", id_, outs)
    [tom] = [person for person in emulator.world()["people"] if person["email"] == "tom@lindenhof.example"]
    assert tom["businesses"] == {}


def test_the_last_admin_stays_and_the_refusal_says_why(hosts: Callable[..., Host], emulator: RunningEmulator) -> None:
    nadia = {**TOM, "label": "lindenhof-nadia", "email": "nadia@lindenhof.example", "adopt": True}
    id_, outs = make(hosts(), "BusinessUser", nadia)
    assert outs["state"] == "accepted"

    with pytest.raises(HostError, match="was refused: they are its last admin"):
        hosts().delete("BusinessUser", id_, outs)
    assert emulator.world()["people"][0]["businesses"] == {"178000000000101": "ADMIN"}


# --- webhooks ------------------------------------------------------------------------------------


def test_webhooks_are_subscribed_after_the_handshake_seen_to_drift_and_taken_away(
    hosts: Callable[..., Host], emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("META_VERIFY_TOKEN", "chosen")

    def live() -> list[tuple[str, str, list[str]]]:
        return [
            (row["object"], row["callback_url"], row["fields"]) for row in emulator.world()["apps"][0]["subscriptions"]
        ]

    with callback("chosen") as hook:
        given = {"label": "ads-permissions", "connection": "main", "object": "permissions", "callback_url": hook.url}
        given |= {"verify_token": "env:META_VERIFY_TOKEN"}
        props: dict[str, Any] = {**given, "fields": ["ads_read", "connected"], "include_values": True}
        host = hosts()
        id_, outs = make(host, "WebhookSubscription", props)
        assert (id_, outs) == ("120480000000201/permissions", {**props, "active": True, "made_url": hook.url})
        assert [asked["hub.verify_token"] for asked in hook.asked] == ["chosen"]
        emulator.act("consent", person="ines", permissions="ads_read")
        assert hook.body()["entry"][0]["changes"][0] == {"field": "ads_read", "value": {"verb": "granted"}}

        world = emulator.world()
        world["apps"][0]["subscriptions"][0]["fields"] = ["connected", "email"]
        emulator.put_world(world)
        _, seen, inputs = host.read("WebhookSubscription", id_, outs)
        assert seen["fields"] == inputs["fields"] == ["connected", "email"]
        assert host.update("WebhookSubscription", id_, seen, props) == outs
        assert live() == [("permissions", hook.url, ["connected", "ads_read"])]

        hook.verify_token = "another"
        with pytest.raises(HostError, match=r"did not answer Meta as asked .*HTTP Status Code = 403"):
            make(hosts(), "WebhookSubscription", {**props, "object": "user", "fields": ["name"]})

        hosts().delete("WebhookSubscription", id_, outs)
        assert live() == []
