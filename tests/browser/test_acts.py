"""Each thing that a person does in the dashboard, done with a browser, and what Graph or the world says afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.dashboard import ACME_MAIN, BRAND, INES, SHOP

if TYPE_CHECKING:
    from tests.browser.dashboard import Dashboard
    from tests.emulators import RunningEmulator


def _roles(meta: RunningEmulator) -> list[tuple[str, str]]:
    answer = meta.graph("GET", f"{meta.app_id}/roles", token=meta.app_token)
    return [(row["user"], row["role"]) for row in answer.body["data"]]


def _reviews(meta: RunningEmulator) -> list[tuple[str, str, str]]:
    return [(row["name"], row["phase"], row.get("reason", "")) for row in meta.world()["apps"][0]["reviews"]]


def test_a_newcomer_accepts_a_role_and_graph_shows_it(dashboard: Dashboard, meta: RunningEmulator) -> None:
    assert (INES, "developers") not in _roles(meta)

    dashboard.open()
    dashboard.press("Accept as ines")

    dashboard.says("ines has the role developers on Lindenhof Ads.")
    expect(dashboard.page.get_by_text("ines is invited")).to_have_count(0)
    assert (INES, "developers") in _roles(meta)


def test_without_script_it_works_the_same(dashboard: Dashboard, meta: RunningEmulator) -> None:
    browser = dashboard.page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(dashboard.url("roles"))
    page.get_by_role("button", name="Accept the invitation as ines").click()

    expect(page.get_by_role("status")).to_contain_text("ines has the role developers on Lindenhof Ads.")
    assert (INES, "developers") in _roles(meta)
    context.close()


def test_roles_are_invited_accepted_and_taken(dashboard: Dashboard, meta: RunningEmulator) -> None:
    dashboard.open("roles")
    dashboard.press("Remove ines from Lindenhof Ads")
    dashboard.says("ines has no role on Lindenhof Ads.")
    dashboard.unfold("Invite somebody")
    dashboard.page.get_by_label("Person").select_option(INES)
    dashboard.page.get_by_label("Role").select_option("tester")
    dashboard.press("Invite")
    dashboard.says("ines is invited as testers; it counts once accepted.")
    assert (INES, "testers") not in _roles(meta)
    dashboard.press("Accept the invitation as ines")
    dashboard.says("ines has the role testers on Lindenhof Ads.")

    assert (INES, "testers") in _roles(meta)


def test_redirect_uris_are_added_and_removed(dashboard: Dashboard, meta: RunningEmulator) -> None:
    uri = "https://connect.lindenhof.example/meta/callback/"
    dashboard.open("redirects")
    expect(dashboard.page.get_by_text("Text that never became a chip is not saved")).to_be_visible()

    dashboard.page.get_by_label("Valid OAuth redirect URI").fill(uri)
    dashboard.press("Add")
    dashboard.says(f"Lindenhof Ads lists {uri}.")
    assert meta.world()["apps"][0]["redirect_uris"] == [uri]

    dashboard.press(f"Remove {uri}")
    dashboard.says(f"Lindenhof Ads no longer lists {uri}.")
    assert meta.world()["apps"][0]["redirect_uris"] == []


def test_permissions_are_requested_declined_with_a_reason_approved_and_taken_back(
    dashboard: Dashboard, meta: RunningEmulator
) -> None:
    page = dashboard.page
    dashboard.open("review")
    dashboard.unfold("Request another")
    page.get_by_label("Permission or feature").select_option("ads_read")
    dashboard.press("Submit for review")
    dashboard.says("ads_read (advanced) is submitted for Lindenhof Ads; Meta decides.")
    assert _reviews(meta) == [("ads_read", "submitted", "")]

    dashboard.unfold("Decline ads_read")
    page.get_by_label("Reason").fill("Show the login in the screencast.")
    dashboard.press("Decline")
    dashboard.says("ads_read is declined for Lindenhof Ads: Show the login in the screencast.")
    assert _reviews(meta) == [("ads_read", "declined", "Show the login in the screencast.")]
    expect(page.get_by_role("row", name="ads_read").get_by_text("Show the login in the screencast.")).to_be_visible()

    dashboard.press("Request again ads_read")
    dashboard.press("Approve ads_read")
    dashboard.says("ads_read is approved for Lindenhof Ads.")
    assert meta.world()["apps"][0]["permissions"] == {"ads_read": "live"}

    dashboard.press("Take back the approval of ads_read")
    dashboard.says("ads_read is no longer approved for Lindenhof Ads.")
    assert meta.world()["apps"][0]["permissions"] == {}


def test_the_tier_is_asked_for_and_approved(dashboard: Dashboard, meta: RunningEmulator) -> None:
    dashboard.open("review")
    dashboard.press("Request Marketing API Access Tier")
    dashboard.open()
    dashboard.press("Approve ads_management_standard_access")

    dashboard.says("Marketing API Access Tier is full for Lindenhof Ads.")
    assert meta.world()["apps"][0]["tier"] == "standard_access"


def test_a_business_is_verified(dashboard: Dashboard, meta: RunningEmulator) -> None:
    dashboard.open("verification")
    own = dashboard.page.get_by_role("region", name="Lindenhof Media")
    own.get_by_label("Meta's decision").select_option("rejected")
    dashboard.press("Decide", within=own)
    dashboard.says("Lindenhof Media is rejected.")
    own.get_by_label("Meta's decision").select_option("verified")
    dashboard.press("Decide", within=own)

    dashboard.says("Lindenhof Media is verified.")
    answer = meta.graph("GET", f"{meta.business_id}?fields=verification_status")
    assert answer.body["verification_status"] == "verified"


def test_an_asset_is_shared_and_the_share_ended(dashboard: Dashboard, meta: RunningEmulator) -> None:
    dashboard.open("clients")
    dashboard.press("End the share of Acme Main with Lindenhof Media")
    dashboard.says("Acme Main is no longer shared with Lindenhof Media.")
    assert meta.world()["ad_accounts"][2]["shares"] == []

    form = dashboard.page.locator("#share-ad_account")
    form.get_by_label("Asset").select_option(ACME_MAIN)
    form.get_by_label("With").select_option(meta.business_id)
    form.get_by_label("ADVERTISE").uncheck()
    dashboard.press("Share", within=form)

    dashboard.says("Acme Main is shared with Lindenhof Media for ANALYZE.")
    assert meta.world()["ad_accounts"][2]["shares"] == [
        {"business_id": "178000000000101", "permitted_tasks": ["ANALYZE"]}
    ]


def test_full_control_of_the_app_is_given_and_taken(dashboard: Dashboard, meta: RunningEmulator) -> None:
    user = meta.create_system_user("reporting")
    held = {"system_user_id": user, "app_id": meta.app_id}
    dashboard.open("system-users")

    dashboard.press("Give full control of Lindenhof Ads to reporting")
    dashboard.says("reporting has full control of Lindenhof Ads.")
    assert held in meta.world()["app_access"]

    dashboard.press("Take away Lindenhof Ads from reporting")
    dashboard.says("reporting no longer has Lindenhof Ads.")
    assert held not in meta.world()["app_access"]


def test_faults_are_set_strike_and_are_removed(dashboard: Dashboard, meta: RunningEmulator) -> None:
    page = dashboard.page
    dashboard.open("faults")
    page.get_by_label("Graph code").fill("17")
    page.get_by_label("Path", exact=False).last.fill("me$")
    dashboard.press("Add")
    dashboard.says("(graph) is set.")
    (number,) = [fault["id"] for fault in meta.faults()]  # they go on from test to test
    dashboard.says(f"Fault {number} (graph) is set.")

    assert meta.graph("GET", "me").code[0] == 17
    page.reload()
    expect(page.get_by_role("row", name="me$").get_by_role("cell").nth(4)).to_have_text("1")  # hits

    dashboard.press(f"Remove fault {number}")
    dashboard.says(f"Fault {number} is removed.")
    meta.fault("graph", code=1)
    dashboard.open("faults")
    dashboard.press("Remove all faults")
    dashboard.says("All faults are removed, and calls that hung go on.")
    assert meta.faults() == []


@pytest.mark.parametrize(("kind", "wrong"), [("http", "status"), ("hang", "seconds"), ("latency", "ms")])
def test_a_fault_that_lacks_something_is_refused_and_what_was_typed_stays(
    dashboard: Dashboard, meta: RunningEmulator, kind: str, wrong: str
) -> None:
    dashboard.open("faults")
    dashboard.page.get_by_label("Kind").select_option(kind)
    dashboard.page.get_by_label("Method").fill("POST")
    dashboard.press("Add")

    dashboard.refuses(wrong)
    expect(dashboard.page.get_by_label("Kind")).to_have_value(kind)
    expect(dashboard.page.get_by_label("Method")).to_have_value("POST")
    assert meta.faults() == []


def test_the_clock_is_advanced_and_set_and_never_back(dashboard: Dashboard, meta: RunningEmulator) -> None:
    dashboard.open("clock")
    dashboard.page.get_by_label("To, in UTC").fill("2030-05-01T08:00")
    dashboard.press("Set")
    dashboard.says("The clock says 2030-05-01T08:00:0")
    dashboard.page.get_by_label("By").fill("3")
    dashboard.page.get_by_label("Unit").select_option("days")
    dashboard.press("Advance")
    dashboard.says("The clock says 2030-05-04T08:00:")
    dashboard.press("Forward 30 days ")
    dashboard.says("The clock says 2030-06-03T08:00:")

    dashboard.page.get_by_label("To, in UTC").fill("2029-01-01T00:00")
    dashboard.press("Set")

    dashboard.refuses("")
    assert meta.clock().startswith("2030-06-03T08:00:")


def test_the_matrix_says_who_may_do_what(dashboard: Dashboard, meta: RunningEmulator) -> None:
    user = meta.create_system_user("reporting")
    meta.graph("POST", f"{SHOP}/assigned_users", {"user": user, "tasks": ["ANALYZE"]})
    dashboard.open("assignments")

    matrix = dashboard.page.get_by_role("region", name="Assets and users, scrolls both ways")
    expect(matrix.get_by_role("columnheader")).to_have_text(["Asset", f"reporting system user, EMPLOYEE {user}"])
    row = matrix.get_by_role("row", name="Lindenhof Shop")
    expect(row.get_by_role("rowheader")).to_have_text(f"Lindenhof Shop {SHOP} ad account")
    expect(row.get_by_role("cell")).to_have_text(["ANALYZE"])
    expect(dashboard.page.get_by_text("Without any assignment: root.")).to_be_visible()


def test_somebody_is_invited_into_a_business_joins_and_leaves(dashboard: Dashboard, meta: RunningEmulator) -> None:
    page = dashboard.page
    dashboard.open("people")
    dashboard.unfold("Invite somebody")
    page.get_by_label("E-mail").fill("mara@lindenhof.example")
    page.get_by_label("Role").select_option("ADMIN")
    dashboard.press("Invite")
    dashboard.says("mara@lindenhof.example is invited into Lindenhof Media as ADMIN; it counts once accepted.")

    dashboard.press("Accept the invitation of mara@lindenhof.example into Lindenhof Media")
    dashboard.says("mara is in Lindenhof Media as ADMIN.")
    assert meta.world()["people"][2]["businesses"] == {meta.business_id: "ADMIN"}

    dashboard.press("Leave Lindenhof Media as mara")
    dashboard.says("mara is no longer in Lindenhof Media.")
    assert meta.world()["people"][2]["businesses"] == {}


def test_what_a_partner_asks_for_is_granted_or_declined(dashboard: Dashboard, meta: RunningEmulator) -> None:
    world = meta.world()
    wanted = {"business_id": "998870000000701", "permitted_tasks": ["ANALYZE"]}
    world["asset_requests"] = [{"id": "1", "asset_id": SHOP, **wanted}, {"id": "2", "asset_id": BRAND, **wanted}]
    world["app_clients"] = [{"id": "3", "app_id": meta.app_id, "business_id": "998870000000701", "state": "pending"}]
    meta.put_world(world)
    dashboard.open()
    expect(dashboard.page.get_by_text("Acme GmbH asks to use Lindenhof Shop.", exact=True)).to_be_visible()
    dashboard.press("Grant Lindenhof Ads to Acme GmbH")
    dashboard.says("Acme GmbH is a client of Lindenhof Ads.")
    dashboard.open("clients")
    expect(dashboard.page.get_by_role("region", name="Partners otherwise")).to_contain_text("Acme GmbH uses Lindenhof")

    dashboard.press("Accept the request for Lindenhof Shop")
    dashboard.says("Acme GmbH may use Lindenhof Shop.")
    dashboard.press("Decline the request for Lindenhof Brand")
    dashboard.says("The request of Acme GmbH is declined.")

    shop, brand = meta.world()["ad_accounts"][:2]
    assert shop["shares"] == [{"business_id": "998870000000701", "permitted_tasks": ["ANALYZE"]}]
    assert brand["shares"] == []


def test_an_app_is_switched_to_live_unclaimed_and_claimed(dashboard: Dashboard, meta: RunningEmulator) -> None:
    page = dashboard.page
    dashboard.open("apps")
    dashboard.press("Switch to live Lindenhof Ads")
    dashboard.says("Lindenhof Ads is in live mode.")
    dashboard.press("Back to development Lindenhof Ads")
    dashboard.says("Lindenhof Ads is in development mode.")
    page.get_by_label("Version that serves calls without one").select_option("v25.0")
    dashboard.press("Set")
    dashboard.says("Lindenhof Ads has its calls without a version served by v25.0.")
    assert meta.graph("GET", "me", version="").headers["facebook-api-version"] == "v25.0"
    dashboard.press("Switch to live Lindenhof Ads")
    dashboard.press("Unclaim Lindenhof Ads, which takes it from the system users of Lindenhof Media")
    dashboard.says("Lindenhof Ads no longer belongs to Lindenhof Media.")

    app = meta.world()["apps"][0]
    assert (app["mode"], app["business_id"], meta.world()["app_access"]) == ("live", None, [])
    page.get_by_label("Business that claims it").select_option("998870000000701")
    dashboard.press("Claim")
    dashboard.says("Lindenhof Ads belongs to Acme GmbH.")
    assert meta.world()["apps"][0]["business_id"] == "998870000000701"


def test_two_factors_are_required(dashboard: Dashboard, meta: RunningEmulator) -> None:
    dashboard.open("verification")
    own = dashboard.page.get_by_role("region", name="Lindenhof Media")
    own.get_by_label("Who has to sign in with two factors").select_option("all_required")
    dashboard.press("Require", within=own)

    dashboard.says("Lindenhof Media has the two-factor rule all_required.")
    expect(own.get_by_label("Who has to sign in with two factors")).to_have_value("all_required")
    answer = meta.graph("GET", f"{meta.business_id}?fields=two_factor_type")
    assert answer.body["two_factor_type"] == "all_required"


def test_an_app_is_installed_on_a_system_user(dashboard: Dashboard, meta: RunningEmulator) -> None:
    user = meta.create_system_user("reporting")
    dashboard.open("system-users")
    dashboard.press("Install Lindenhof Ads on reporting")

    dashboard.says("Lindenhof Ads is installed on reporting.")
    assert {"system_user_id": user, "app_id": meta.app_id} in meta.world()["installations"]
    expect(dashboard.page.get_by_role("button", name="Install Lindenhof Ads on reporting")).to_have_count(0)


def test_somebody_grants_permissions_without_the_dialog(dashboard: Dashboard, meta: RunningEmulator) -> None:
    page = dashboard.page
    dashboard.open("logins")
    expect(page.get_by_text("Nobody has logged in.")).to_be_visible()
    dashboard.unfold("Grant without the dialog")
    form = page.locator(f"#consent-{meta.app_id}")
    form.get_by_label("Person").select_option(INES)
    dashboard.press("Grant")
    dashboard.refuses("permissions: consent needs it.")
    expect(form.get_by_label("Person")).to_have_value(INES)

    form.get_by_label("ads_read", exact=True).check()
    form.get_by_label("email", exact=True).check()
    dashboard.press("Grant")
    dashboard.says("ines has granted Lindenhof Ads public_profile, email, ads_read.")
    [consent] = meta.world()["consents"]
    assert (consent["user_id"], consent["granted"]) == (INES, ["public_profile", "email", "ads_read"])
    expect(page.get_by_role("row", name="ines")).to_contain_text("ads_read")


def test_a_login_configuration_is_created_and_deleted(dashboard: Dashboard, meta: RunningEmulator) -> None:
    page = dashboard.page
    dashboard.open("logins")
    dashboard.unfold("Create a configuration")
    form = page.locator(f"#configure-{meta.app_id}")
    form.get_by_label("Name").fill("Connect")
    form.get_by_label("Token of").select_option("system_user_60d")
    form.get_by_label("ads_read", exact=True).check()
    dashboard.press("Create")

    dashboard.says("Lindenhof Ads has the login configuration 600000000000901 (Connect).")
    [row] = meta.world()["apps"][0]["login_configurations"]
    assert (row["name"], row["token_type"], row["expires"], row["permissions"]) == (
        "Connect", "system_user", True, ["ads_read"],
    )  # fmt: skip
    expect(page.get_by_role("row", name="Connect")).to_contain_text("a system user, for 60 days")

    dashboard.press("Delete the configuration Connect")
    dashboard.says("Lindenhof Ads no longer has the login configuration 600000000000901.")
    assert meta.world()["apps"][0]["login_configurations"] == []


def test_limits_are_switched_on_refuse_and_show_when_calls_are_taken_again(
    dashboard: Dashboard, meta: RunningEmulator
) -> None:
    page = dashboard.page
    dashboard.open("limits")
    expect(page.get_by_text("No call has counted yet.")).to_be_visible()
    dashboard.press("Refuse calls beyond a quota")
    dashboard.says("Calls beyond a quota are refused.")

    codes = {meta.graph("GET", SHOP).status for _ in range(60)}
    refused = meta.graph("GET", SHOP)
    assert (codes, refused.code) == ({200}, (17, 2446079))
    page.reload()
    row = page.get_by_role("row", name="Score on an ad account")
    expect(row).to_contain_text("61 of 60")
    expect(row).to_contain_text("Lindenhof Shop, Lindenhof Ads")
    expect(row).to_contain_text("in 5 minutes")

    dashboard.press("Only tell it in headers")
    dashboard.says("Quotas are counted, and nothing is refused.")
    assert meta.graph("GET", SHOP).status == 200


def test_the_matrix_names_people_under_the_ids_of_their_businesses(dashboard: Dashboard, meta: RunningEmulator) -> None:
    rows = meta.graph("GET", f"{meta.business_id}/business_users").body["data"]
    [ines] = [row["id"] for row in rows if row["name"] == "ines"]
    answer = meta.graph("POST", f"{BRAND}/assigned_users", {"user": ines, "tasks": ["ANALYZE"]})
    assert answer.status == 200, answer.body
    dashboard.open("assignments")

    heads = dashboard.page.get_by_role("columnheader")
    expect(heads).to_have_text(["Asset", f"ines person of Lindenhof Media {ines}"])
    expect(dashboard.page.get_by_role("row", name="Lindenhof Brand").get_by_role("cell")).to_have_text(["ANALYZE"])
