from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from meta_access.cli import pulumi_stack
from meta_access.cli.plain_files import LinkError
from meta_access.cli.stack import report
from meta_access.cli.stack.summary import Filter, gates_of, summarize, today
from meta_access.errors import MetaAccessError
from meta_access.stack import gate_names
from meta_access.stack.files import config_of
from meta_access.stack.load import load_stack
from meta_access.tokens.observe import Finding, Need, Observed, Presence
from tests.unit.cli.states import other, resource, state

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
SEEN = pulumi_stack.Seen(datetime(2026, 11, 24, 8, tzinfo=UTC), "refresh", failed_since=True)
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/dev/reporting/1a2b3c4d-AbCdEf"
LINK = "https://developers.facebook.com/apps/120480000000201/roles/roles/?business_id=178000000000101"
OUTPUTS: dict[str, Any] = {
    "secrets": {
        "reporting": {
            "name": "meta/dev/reporting/1a2b3c4d",
            "arn": ARN,
            "expires_at": "2027-01-23T08:00:00Z",
            "fingerprint": "sha256:0123456789abcdef",
        }
    },
    "gates": {
        "ads-app-roles": {
            "status": "pending_human",
            "waiting_on": "us",
            "owner": "nadia",
            "since": "2026-11-24T08:00:00Z",
            "next_step": {
                "what": "Invite ines as developer.",
                "where": LINK,
                "menu": "App dashboard > App roles > Roles",
                "expect": "Lindenhof Ads",
                "paste": "ines: developer\nnadia: admin",
            },
        },
        "ads-tier": {"status": "satisfied", "waiting_on": "nobody", "since": "2026-11-24T08:00:00Z", "next_step": {}},
    },
    "quota": {
        "lindenhof": {
            "EMPLOYEE": {"limit": 1.0, "planned": ["reporting"], "tier": "limited", "rules": "2026-05"},
            "ADMIN": {"limit": None, "planned": [], "tier": "limited", "rules": "2026-05"},
        }
    },
    "login_urls": {"ads": {"https://connect.example/": {"scope": "https://www.facebook.com/v26.0/dialog/oauth?a=b"}}},
    "upkeep": {"ads": {"standing": "lapses", "on": "2026-12-01", "rule": "Meta wants 500 calls."}},
    "webhook_verify_tokens": "[secret]",
}
STATE = state(
    other("pulumi:pulumi:Stack", "meta-access-dev"),
    other("random:index/randomId:RandomId", "suffix"),
    resource("AssetAssignment", "acme-reporting-act_2"),
    resource("AssetAssignment", "acme-reporting-act_1"),
    resource("AppRoles", "ads-app-roles"),
    resource("SystemUserToken", "reporting"),
    resource("SystemUser", "reporting", id_="122090000000999"),
    {**resource("SystemUser", "going", id_="1"), "delete": True},
    pending=[resource("SystemUserToken", "begun")],
)


def test_a_summary_counts_what_exists_in_reading_order() -> None:
    found = summarize("dev", OUTPUTS, STATE, SEEN, Filter(), declared=None)

    assert found.resources == {
        "SystemUser": ["reporting (122090000000999)"],
        "AssetAssignment": ["acme-reporting-act_1", "acme-reporting-act_2"],
        "SystemUserToken": ["reporting"],
        "AppRoles": ["ads-app-roles"],
    }
    assert list(found.resources) == ["SystemUser", "AssetAssignment", "SystemUserToken", "AppRoles"]


def test_a_summary_of_an_empty_stack_is_empty() -> None:
    found = summarize(
        None,
        {},
        {"version": 3, "deployment": {}},
        pulumi_stack.Seen(None, "", failed_since=False),
        Filter(),
        declared=None,
    )

    assert found.as_json() == {
        "stack": "",
        "environment": "",
        "seen": {"at": None, "by": "", "failed_since": False},
        "resources": {},
        "gates": {},
        "secrets": {},
        "quota": {},
        "login_urls": {},
        "upkeep": {},
        "clients": [],
        "assignments": [],
        "admin_tokens": {},
        "due": {},
        "not_looked_at": "",
    }


UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
TOLD: dict[str, Any] = {
    "secret_name": "meta/dev/reporting/1a2b3c4d",
    "arn": ARN,
    "version_id": "v1",
    "generation": 1,
    "fingerprint": "sha256:0123456789abcdef",
    "scopes": ["ads_read"],
    "issued_at": "2026-11-24T08:00:00Z",
    "expires_at": "2027-01-23T08:00:00Z",
    "superseded": [],
    "freshness": "current",
    "claim": "c",
}
STANDS: dict[str, Any] = {
    "status": "pending_human",
    "phase": "declined",
    "waiting_on": "us",
    "next_step": {"what": "Invite ines."},
}


@pytest.mark.parametrize(
    "outputs",
    [
        {},
        {"secrets": UNKNOWN, "gates": UNKNOWN},
        {
            "secrets": {"reporting": {"name": UNKNOWN, "arn": UNKNOWN}},
            "gates": {"ads-app-roles": {"status": UNKNOWN, "next_step": UNKNOWN}},
        },
    ],
)
def test_what_an_update_could_not_export_is_told_as_the_state_has_it(outputs: dict[str, Any]) -> None:
    made = state(resource("SystemUserToken", "reporting", **TOLD), resource("AppRoles", "ads-app-roles", **STANDS))

    found = summarize("dev", outputs, made, SEEN, Filter(), declared=None)

    kept = {name: TOLD[name] for name in TOLD if name not in {"secret_name", "claim"}}
    assert found.secrets == {"reporting": {"name": "meta/dev/reporting/1a2b3c4d", **kept}}
    assert found.gates == {"ads-app-roles": STANDS}


def test_gates_are_told_as_their_resources_have_them_with_what_comes_before() -> None:
    verified: dict[str, Any] = {"status": "pending_human", "next_step": {"what": "Verify."}}
    made = state(
        resource("AppRoles", "ads-app-roles", **STANDS), resource("BusinessVerification", "verified", **verified)
    )
    exported = {"ads-app-roles": "satisfied", "verified": "satisfied", "gone": "drifted", "unknown": UNKNOWN}

    assert gates_of({"gates": exported}, made, {"ads-app-roles": ("verified", "gone")}) == {
        "ads-app-roles": {**STANDS, "next_step": {"what": "Invite ines.", "first": "verified, gone"}},
        "verified": verified,
        "gone": {"status": "drifted"},
    }


def test_an_export_s_next_step_that_says_more_than_the_resource_stays() -> None:
    """As a version before has exported it."""
    made = state(resource("AppRoles", "ads-app-roles", **STANDS))
    first = {"what": "Invite ines.", "first": "ads-verification"}

    found = summarize(
        "dev", {"gates": {"ads-app-roles": {"next_step": first, "phase": UNKNOWN}}}, made, SEEN, Filter(), declared=None
    )

    assert found.gates == {"ads-app-roles": {**STANDS, "next_step": first}}


def test_two_tokens_of_one_name_are_both_told() -> None:
    second = {**TOLD, "secret_name": "meta/dev/other", "arn": "arn:2"}
    made = state(resource("SystemUserToken", "token", **TOLD), resource("SystemUserToken", "token", **second))

    found = summarize("dev", {}, made, SEEN, Filter(), declared=None)

    assert {name: row["arn"] for name, row in found.secrets.items()} == {"token": ARN, "token, meta/dev/other": "arn:2"}


def test_a_stack_that_can_be_read_tells_the_order_of_gates_their_days_and_the_environment() -> None:
    stacks = Path(__file__).resolve().parents[3] / "stacks"
    written = load_stack(config_of(stacks / "Pulumi.prod.yaml"), "prod", stacks)
    gates = dict.fromkeys(gate_names.of_stack(written.spec, written.rules), STANDS)
    days = gate_names.due_days(written.spec)
    assert days

    found = summarize("prod", {"gates": gates}, {}, SEEN, Filter(), declared=written)
    assert found.environment == "prod"
    assert found.due == dict(sorted(days.items(), key=lambda row: row[1]))
    assert "first" in found.gates["ads-ads_management"]["next_step"]

    met = summarize("prod", {"gates": dict.fromkeys(gates, "satisfied")}, {}, SEEN, Filter(), declared=written)
    assert met.due == {}


CLIENT = "urn:pulumi:dev::meta-access::meta:access:ClientAccess::"


def test_assignments_are_told_by_client_and_asset_with_the_identity_of_the_user() -> None:
    def assigned(name: str, client: str, **outputs: Any) -> dict[str, Any]:
        return {**resource("AssetAssignment", name, **outputs), "parent": f"{CLIENT}{client}"}

    made = state(
        resource("SystemUser", "reporting", id_="122090000000999"),
        {"urn": f"{CLIENT}birke", "type": "meta:access:ClientAccess"},
        {"urn": f"{CLIENT}acme", "type": "meta:access:ClientAccess"},
        assigned("b", "acme", asset="page:8", system_user_id="122090000000999", tasks=["ANALYZE"], kept=["MANAGE"]),
        assigned("a", "acme", asset="act_1", system_user_id="77", tasks=["ADVERTISE", "ANALYZE"]),
        resource("AssetAssignment", "own", asset="act_3", system_user_id="77", tasks=UNKNOWN),
        {**assigned("gone", "acme", asset="act_9", system_user_id="77", tasks=["ANALYZE"]), "delete": True},
    )

    ends = {
        "clients.acme.assets.act_1.77": "2026-12-31",
        "clients.acme.assets.page:8.reporting": "2027-02-28",
        "identities.reporting": "2027-01-31",
        "clients.birke.assets.act_3.77": "2026-12-31",
    }

    found = summarize("dev", {"time_limits": ends}, made, SEEN, Filter(), declared=None).as_json()

    assert found["clients"] == ["acme", "birke"]
    both = ["ADVERTISE", "ANALYZE"]
    assert found["assignments"] == [
        {
            "client": "acme",
            "asset": "act_1",
            "identity": "77",
            "system_user": "77",
            "tasks": both,
            "kept": [],
            "until": "2026-12-31",
        },
        {
            "client": "acme",
            "asset": "page:8",
            "identity": "reporting",
            "system_user": "122090000000999",
            "tasks": ["ANALYZE"],
            "kept": ["MANAGE"],
            "until": "2027-01-31",
        },
        {
            "client": None,
            "asset": "act_3",
            "identity": "77",
            "system_user": "77",
            "tasks": [],
            "kept": [],
            "until": None,
        },
    ]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"expires_at": "2026-12-20T08:00:00Z"}, "current"),
        ({"expires_at": "2026-12-20T08:00:00Z", "rotate_before": "20d"}, "current"),
        ({"expires_at": "2026-12-15T08:00:00Z", "rotate_before": "20d"}, "due"),
        ({"expires_at": "2026-12-20T08:00:00Z", "freshness": "labels missing: generation 2"}, "due"),
        ({"expires_at": "2026-12-20T08:00:00Z", "freshness": "foreign: another stack's claim"}, "needs a decision"),
        ({"expires_at": "2026-11-25T08:00:00Z", "freshness": "foreign: another stack's claim"}, "expired"),
        ({"expires_at": "never", "lifetime": {"never": {"reason": "r", "until": "2026-11-25"}}}, "current"),
        ({"expires_at": "never", "lifetime": {"never": {"reason": "r", "until": "2026-11-24"}}}, "due"),
        ({}, "current"),
    ],
)
def test_how_a_token_stands_is_told_with_the_worst_first(row: dict[str, Any], told: str) -> None:
    assert today({"reporting": row}, {}, NOW)["reporting"]["state"] == told


def test_when_a_successor_is_wanted_follows_from_what_the_secret_tells_today() -> None:
    made = {
        "arn": ARN,
        "expires_at": "2026-12-15T08:00:00Z",
        "rotate_before": "20d",
        "issued_at": "2026-10-16T08:00:00Z",
    }
    look = Observed(
        presence=Presence.PRESENT,
        arn=ARN,
        generation=2,
        expires_at=datetime(2027, 1, 23, 8, tzinfo=UTC),
        issued_at="2026-11-24T08:00:00Z",
    )

    row = today({"reporting": made}, {ARN: look}, NOW)["reporting"]

    assert (row["issued_at"], row["rotate_at"], row["expires_at"], row["state"]) == (
        "2026-11-24T08:00:00Z",
        "2027-01-03T08:00:00Z",
        "2027-01-23T08:00:00Z",
        "current",
    )


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(pulumi_stack, "outputs", lambda _stack: OUTPUTS)
    monkeypatch.setattr(pulumi_stack, "export", lambda _stack: STATE)
    monkeypatch.setattr(report, "looked", lambda _stack: ({}, NOW, ""))
    monkeypatch.setattr(pulumi_stack, "seen", lambda _stack: SEEN)
    monkeypatch.setattr(report, "declared", lambda _stack, _now: (None, set()))
    monkeypatch.setattr(pulumi_stack, "selected", lambda: "dev")
    return lambda *arguments, **more: CliRunner().invoke(report.command, list(arguments), **more)


def test_the_report_says_who_acts_where_and_when_secrets_expire(run: Any) -> None:
    done = run("--stack", "dev")

    assert done.exit_code == 0
    text = done.output
    assert text.startswith("Stack dev\nAs the refresh of 2026-11-24T08:00:00Z saw it, 1 day ago.")
    assert " A later one failed, so parts may be newer. `meta-access gates --refresh` looks at the gates now." in text
    assert "reporting (122090000000999)" in text
    assert "\nads-app-roles: Invite ines as developer.\n" in text
    assert f"    where:    {LINK}\n" in text
    assert "    look for: Lindenhof Ads\n" in text
    assert "    paste:    ines: developer\n              nadia: admin\n" in text
    assert "\nads-tier:" not in text
    assert "reporting: expires 2027-01-23T08:00:00Z, meta/dev/reporting/1a2b3c4d\n" in text
    assert f"    {ARN}\n" in text
    assert "lindenhof, EMPLOYEE: 1 of 1 planned (reporting); tier limited, rules 2026-05\n" in text
    assert "lindenhof, ADMIN: 0 of an unknown number planned (); tier limited" in text
    assert "ads: lapses on 2026-12-01. Meta wants 500 calls.\n" in text
    assert "ads, https://connect.example/, scope: https://www.facebook.com/v26.0/dialog/oauth?a=b\n" in text


def test_the_report_for_machines_is_one_object(run: Any) -> None:
    done = run("--json")

    assert done.exit_code == 0
    told = json.loads(done.output)
    assert told["gates"]["ads-app-roles"]["owner"] == "nadia"
    assert told["secrets"]["reporting"]["arn"] == ARN
    assert told["resources"]["SystemUserToken"] == ["reporting"]
    assert told["at"] == "2026-11-25T08:00:00Z"


def test_brackets_in_names_are_printed_as_they_are(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi_stack, "export", lambda _stack: state(resource("SystemUser", "[red]x", id_="1")))

    assert "[red]x (1)" in run().output


def test_a_report_shows_open_gates_first_and_those_that_were_asked_for(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gates = {"ads-tier": OUTPUTS["gates"]["ads-tier"], "ads-app-roles": OUTPUTS["gates"]["ads-app-roles"]}
    gates["acme-share-act_1"] = {"status": "drifted", "owner": "omar"}
    monkeypatch.setattr(pulumi_stack, "outputs", lambda _stack: {**OUTPUTS, "gates": gates})

    def shown(*words: str) -> list[str]:
        return list(json.loads(run("--json", *words).output)["gates"])

    assert shown() == ["ads-app-roles", "acme-share-act_1", "ads-tier"]
    assert shown("--open") == ["ads-app-roles", "acme-share-act_1"]
    assert shown("--owner", "nadia") == ["ads-app-roles"]
    assert shown("--client", "acme") == ["acme-share-act_1"]
    assert json.loads(run("--json", "--client", "acme").output)["secrets"] == {
        "reporting": {**OUTPUTS["secrets"]["reporting"], "expired": False, "state": "current"}
    }


def test_a_report_leaves_out_the_gates_of_what_has_ended(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "declared", lambda _stack, now: (None, {"ads-tier"} if now == NOW else set()))

    assert list(json.loads(run("--json").output)["gates"]) == ["ads-app-roles"]


EXPIRED = "reporting: EXPIRED 2026-11-20T00:00:00Z, meta/dev/reporting/1a2b3c4d"
NAMED = "reporting: expires 2027-01-23T08:00:00Z, meta/dev/reporting/1a2b3c4d"


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ({}, "reporting: expires 2027-01-23T08:00:00Z, meta/dev/reporting/1a2b3c4d\n    arn"),
        (
            {"finding": Finding(Need.ROTATION, "rotation due: generation 1 has ended at Meta")},
            f"{NAMED}\n    rotation due: generation 1 has ended at Meta\n    arn",
        ),
        (
            {
                "finding": Finding(Need.ROTATION, "rotation due: expires 2026-11-20"),
                "expires_at": datetime(2026, 11, 20, tzinfo=UTC),
            },
            f"{EXPIRED}\n    rotation due: expires 2026-11-20\n    arn",
        ),
    ],
)
def test_what_a_secret_tells_today_is_marked(
    run: Any, monkeypatch: pytest.MonkeyPatch, seen: dict[str, Any], told: str
) -> None:
    given = {"expires_at": datetime(2027, 1, 23, 8, tzinfo=UTC), "generation": 1, **seen}
    look = Observed(presence=Presence.PRESENT, arn=ARN, **given)
    monkeypatch.setattr(report, "looked", lambda _stack: ({ARN: look}, NOW, ""))

    assert told in run().output
    assert json.loads(run("--json").output)["secrets"]["reporting"]["expired"] is ("EXPIRED" in told)


def test_a_secret_that_cannot_be_looked_at_is_told_as_the_state_has_it(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    past = datetime(2027, 1, 24, tzinfo=UTC)
    monkeypatch.setattr(report, "looked", lambda _stack: ({}, past, "Describing secret x failed."))

    assert "reporting: EXPIRED 2027-01-23T08:00:00Z" in run().output
    assert "As the last update saw them; they were not looked at: Describing secret x failed.\n" in run().output


# --- The page ------------------------------------------------------------------------------------


def test_the_page_is_written_whole_and_the_same_again(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "report.html"

    done = run("--stack", "dev", "--html", str(file))

    text = file.read_text(encoding="utf-8")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == f"Wrote {file}, {len(text.encode()) // 1024 + 1} KB: open it in a browser.\n"
    assert text.startswith("<!DOCTYPE html>\n")
    assert text.endswith("</html>\n")
    assert (
        "As the refresh of 2026-11-24T08:00:00Z saw it, 1 day ago. A later one failed, so parts may be newer." in text
    )
    assert run("--stack", "dev", "--html", "-").stdout == text
    assert run("--html", "-").stdout == text


def test_a_page_and_an_object_are_two_answers(run: Any, tmp_path: Path) -> None:
    done = run("--json", "--html", str(tmp_path / "report.html"))

    assert done.exit_code == 2
    assert "--json and --html are two answers: leave one out." in done.stderr
    assert not (tmp_path / "report.html").exists()


def test_a_page_that_cannot_be_written_is_one_error(run: Any, tmp_path: Path) -> None:
    with pytest.raises(
        MetaAccessError, match=r"report\.html failed: No such file or directory\. Name a file in a folder"
    ):
        run("--html", str(tmp_path / "absent" / "report.html"), catch_exceptions=False)
    (tmp_path / "report.html").symlink_to(tmp_path / "elsewhere.html")
    with pytest.raises(LinkError):
        run("--html", str(tmp_path / "report.html"), catch_exceptions=False)
    assert not (tmp_path / "elsewhere.html").exists()
    assert "is a directory" in run("--html", str(tmp_path)).stderr
