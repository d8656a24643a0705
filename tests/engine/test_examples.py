"""Each example comes up, previews unchanged and is taken down; the agency's tells in one `up` what all that is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_emulator.tokens import PREFIX, fingerprint
from tests.engine import commands, examples, lindenhof

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulators import RunningEmulator
    from tests.engine.workers import Worker

DAY_S = 86_400


def test_a_single_advertiser(tmp_path: Path, engine: Path, worker: Worker, emulator: RunningEmulator) -> None:
    examples.enter(emulator, "single-advertiser")
    project = examples.copied("single-advertiser", tmp_path, engine, worker, emulator)

    up = project.up()

    assert up.code == 0, up.stdout
    assert lindenhof.users(emulator) == ["reporting"]
    assert lindenhof.tasks(emulator, "act_104320000001001") == {"reporting": ["ANALYZE"]}
    assert [token["scopes"] for token in lindenhof.live_tokens(emulator)] == [["ads_read"]]
    assert project.outputs()["gates"] == {
        "app-roles": "satisfied",
        "verification": "satisfied",
        "ads-read": "satisfied",
    }
    assert project.preview("--expect-no-changes").code == 0
    down = project.destroy()
    assert down.code == 0, down.stdout
    assert lindenhof.live_tokens(emulator) == []
    assert emulator.world()["assignments"] == []


def test_a_software_company_with_login_for_business(
    tmp_path: Path, engine: Path, worker: Worker, emulator: RunningEmulator
) -> None:
    examples.enter(emulator, "saas")
    project = examples.copied("saas", tmp_path, engine, worker, emulator)

    up = project.up()

    assert up.code == 0, up.stdout
    outputs = project.outputs()
    assert outputs["login_urls"]["connect"]["https://connect.kontor.example/meta/callback/"]["connect_business"] == (
        "https://www.facebook.com/v26.0/dialog/oauth?client_id=120480000003001"
        "&redirect_uri=https%3A%2F%2Fconnect.kontor.example%2Fmeta%2Fcallback%2F&state=STATE"
        "&config_id=130570000003001&response_type=code&override_default_response_type=true"
    )
    assert outputs["webhook_verify_tokens"] == {"connect": "[secret]"}
    assert [token["scopes"] for token in lindenhof.live_tokens(emulator)] == [["business_management"]]
    found = examples.statuses(project)
    assert {name: found[name] for name in ("connect-app-roles", "connect-ads_read", "kontor-verification")} == {
        "connect-app-roles": "satisfied",
        "connect-ads_read": "satisfied",
        "kontor-verification": "satisfied",
    }
    # What Graph shows to nobody waits for somebody's word.
    assert found["connect-redirect-uris"] == "unverifiable"
    assert project.preview("--expect-no-changes").code == 0
    down = project.destroy()
    assert down.code == 0, down.stdout
    assert lindenhof.live_tokens(emulator) == []


NORD_BUSINESS, NORD_APP, NORD_ROOT = "178000000002002", "120480000002002", "122090000000009"
NORD_ACCOUNT, NEW_ACCOUNT = "act_104320000002009", "act_205550000002013"


def prepare(emulator: RunningEmulator) -> dict[str, str]:
    """The people's part before the first `up`, and a second business of ours; the credentials of its connection."""
    world = emulator.world()
    token = PREFIX + "nord" * 12
    world["businesses"].append({"id": NORD_BUSINESS, "name": "Leuchtturm Nord", "verification_status": "verified"})
    world["apps"].append({"id": NORD_APP, "name": "Nord Ads", "business_id": NORD_BUSINESS, "mode": "live"})
    world["ad_accounts"].append({"id": NORD_ACCOUNT, "name": "Nord itself", "business_id": NORD_BUSINESS})
    world["system_users"].append(
        {"id": NORD_ROOT, "name": "root", "role": "ADMIN", "business_id": NORD_BUSINESS, "app_id": NORD_APP}
    )
    for rows in ("installations", "app_access"):
        world[rows].append({"system_user_id": NORD_ROOT, "app_id": NORD_APP})
    scopes = ["business_management", "ads_management", "pages_show_list", "pages_read_engagement"]
    world["tokens"].append(
        {
            "fingerprint": fingerprint(token),
            "system_user_id": NORD_ROOT,
            "app_id": NORD_APP,
            "scopes": scopes,
            "issued_at": world["now"],
        }
    )
    emulator.put_world(world)
    emulator.act("require-two-factor", rule="none", business="178000000002001")
    emulator.act("accept-role", person="aylin", role="developer")
    secret = emulator.control(f"credentials?app_id={NORD_APP}")["app_secret"]
    return {"META_NORD_TOKEN": token, "META_NORD_SECRET": secret}


def changed(config: dict[str, Any]) -> dict[str, Any]:
    """The agency's configuration some weeks later: a second connection, one more identity, ole has left."""
    main = config["meta:connections"]["main"]
    del config["meta:people"]["ole"]["business"]
    config["meta:connections"]["nord"] = {
        **main,
        "business": "nord",
        "app": "nord",
        "app_secret": "env:META_NORD_SECRET",
        "admin_token": "env:META_NORD_TOKEN",
        "tier_probe": NORD_ACCOUNT,
    }
    config["meta:businesses"]["nord"] = {"id": NORD_BUSINESS, "name": "Leuchtturm Nord"}
    config["meta:apps"]["nord"] = {"id": NORD_APP, "claimed_by": "nord", "permissions": {"standard": ["ads_read"]}}
    for name in ("jonas", "aylin"):
        person = config["meta:people"][name]
        person["business"] = {"leuchtturm": person["business"]}
    config["meta:apps"]["ads"]["permissions"]["advanced"].append("ads_management")
    config["meta:identities"]["reporting"]["connection"] = "main"
    config["meta:identities"]["trading"] = {"use_case": "manage_ads", "connection": "main"}
    config["meta:identities"]["north"] = {"use_case": "read_reports", "connection": "nord"}
    config["meta:clients"] = {"nord": {"access": "own", "assets": {NORD_ACCOUNT: {"north": "read"}}}}
    return config


def test_an_agency_and_one_up_that_shows_it_all(
    tmp_path: Path, engine: Path, worker: Worker, emulator: RunningEmulator
) -> None:
    examples.enter(emulator, "agency")
    credentials = prepare(emulator)
    project = examples.copied("agency", tmp_path, engine, worker, emulator)
    up = project.up()
    assert up.code == 0, up.stdout
    assert project.preview("--expect-no-changes").code == 0
    before = examples.statuses(project)
    assert before["ads-app-roles"] == "satisfied"
    assert before["leuchtturm-two-factor"] == "pending_human"
    assert project.outputs()["secrets"]["reporting"]["generation"] == 1

    # Weeks pass. A role is changed by hand, the second factor is asked for, ole came and leaves, a client is new.
    emulator.act("join-business", email="ole@leuchtturm.example", business="178000000002001")
    emulator.act("accept-role", person="aylin", role="tester")
    emulator.act("require-two-factor", rule="all_required", business="178000000002001")
    emulator.clock(advance_s=41 * DAY_S)
    (project.root / "stacks" / "clients.dev" / "kiefer.yaml").write_text(
        f'business: "998870000002013"\naccess: partner\nassets:\n  {NEW_ACCOUNT}: {{trading: use_case}}\n'
    )
    project.configure(changed(examples.config(project)))
    project.extra_env.update(credentials)

    story = project.up()

    # The new client waits for App Review, and says so; it stops nobody else.
    assert story.code != 0
    assert "is held back by a gate" in story.stdout
    assert "ads-pages_read_engagement is pending_human" in story.stdout
    assert "Traceback" not in story.stdout
    assert lindenhof.tasks(emulator, NEW_ACCOUNT) == {}
    after = project.resources()
    assert after["leuchtturm-two-factor"]["outputs"]["status"] == "satisfied"
    assert after["ads-app-roles"]["outputs"]["status"] == "drifted"
    assert "still drifted" in story.stdout
    generations = {name: one["outputs"]["generation"] for name, one in project.resources("SystemUserToken").items()}
    assert generations == {"reporting": 2, "north": 1}
    people = {person["name"]: person["businesses"] for person in emulator.world()["people"]}
    assert people == {
        "jonas": {"178000000002001": "ADMIN"},
        "aylin": {"178000000002001": "EMPLOYEE"},
        "ole": {},
    }
    assert lindenhof.tasks(emulator, "act_205550000002001") == {"reporting": ["ANALYZE"]}
    assert lindenhof.tasks(emulator, NORD_ACCOUNT) == {"north": ["ANALYZE"]}

    # Aylin leaves, too: this time by the command, which edits the stack file and touches nothing else.
    code, told, said = commands.run(project, "offboard", "aylin", "--yes")
    assert code == 0, said
    assert [f"{one['kind']} {one['name']}" for one in told["taken"]] == [
        "app role ads",
        "app role ads",
        "business user aylin",
    ]
    assert told["left"] == []
    assert told["unseen"] == []
    assert emulator.world()["people"][1]["businesses"] == {}

    down = project.destroy()
    assert down.code == 0, down.stdout
    assert [token["system_user_id"] for token in lindenhof.live_tokens(emulator)] == []
    assert {person["name"]: person["businesses"] for person in emulator.world()["people"]}["jonas"] == {
        "178000000002001": "ADMIN"
    }
