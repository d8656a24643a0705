"""`meta-access gates`: the board, its exit codes, and the review pack."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from meta_access import call_log
from meta_access.cli import main, pulumi_stack
from meta_access.cli.gates import board, look, review_pack
from meta_access.cli.gates.look import Looked
from meta_access.cli.gates.review_pack import Caller, ReviewCall
from meta_access.clock import iso
from meta_access.errors import PermissionDeniedError
from meta_access.stack import gate_names
from meta_access.stack.files import config_of
from meta_access.stack.load import load_stack
from meta_access.tokens.issuer import TokenFacts
from tests.texts import lacks

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from meta_access.stack.load import Stack

ROOT = Path(__file__).resolve().parents[3]
APP, META = "1204817736400501", "https://graph.facebook.com"
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
GOOD = {"status": "satisfied", "phase": "granted", "waiting_on": "nobody", "since": "2026-11-24T08:00:00Z"}
OPEN = {
    "status": "pending_human",
    "phase": "declined",
    "waiting_on": "us",
    "owner": "nadia",
    "since": "2026-11-24T08:00:00Z",
    "next_step": {"what": "Meta declined it (no login shown). Put that right.", "first": "agency-verification"},
}


def prod(folder: Path) -> Stack:
    return load_stack(config_of(folder / "Pulumi.prod.yaml"), "prod", folder)


PROD = prod(ROOT / "stacks")
GATES = gate_names.of_stack(PROD.spec, PROD.rules)


SEEN = pulumi_stack.Seen(datetime(2026, 11, 24, 5, tzinfo=UTC), "update", failed_since=False)


class Today(datetime):
    """The command's clock."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Today:
        return cls(2026, 11, 24, 8, tzinfo=tz)


@pytest.fixture
def outputs() -> dict[str, Any]:
    return {"gates": {name: dict(GOOD) for name in GATES}, "tiers": {"main": {"observed": "unknown"}}}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outputs: dict[str, Any]) -> Path:
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks")
    (tmp_path / "stacks" / "evidence.prod.yaml").unlink()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("META_ACCESS_CALL_LOG", str(tmp_path / "calls"))
    config = config_of(tmp_path / "stacks" / "Pulumi.prod.yaml")
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    monkeypatch.setattr(pulumi_stack, "config", lambda _stack: texts)
    monkeypatch.setattr(pulumi_stack, "outputs", lambda _stack: outputs)
    monkeypatch.setattr(pulumi_stack, "seen", lambda _stack: SEEN)
    monkeypatch.setattr(pulumi_stack, "export", lambda _stack: {"version": 3, "deployment": {}})
    monkeypatch.setattr(board, "datetime", Today)
    return tmp_path


@pytest.fixture
def run(home: Path) -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(main, ["gates", "--stack", "prod", *words])


def log_calls(count: int, days_ago: int) -> None:
    for _ in range(count):
        at = NOW - timedelta(days=days_ago, hours=1)
        call_log.write("act_1", app_id=APP, graph_url=META, at=at, outcome="ok")


# --- The board -----------------------------------------------------------------------------------


def test_nothing_is_left_when_every_gate_is_satisfied(run: Callable[..., Result]) -> None:
    done = run()

    assert done.exit_code == 0, done.output
    assert "Every gate is open to what needs it.\n" in done.output
    assert "ads: cannot tell. meta-access itself made 0 successful calls in 15 days." in done.output


def test_what_is_doubtful_about_an_admin_token_is_said_and_a_near_end_has_its_exit_code(
    run: Callable[..., Result], outputs: dict[str, Any]
) -> None:
    outputs["admin_tokens"] = {"main": {"says": ["meta:connections.main.admin_token: the token is odd."], "ends": None}}
    done = run()
    assert done.exit_code == 0, done.output
    assert "Admin tokens\nmeta:connections.main.admin_token: the token is odd.\n" in done.output

    outputs["admin_tokens"]["main"]["ends"] = "2026-12-03T08:00:00Z"
    done = run("--json")
    assert done.exit_code == 3
    assert json.loads(done.output)["admin_tokens"] == outputs["admin_tokens"]


def test_an_open_gate_is_work_left_with_its_phase_and_what_comes_first(
    run: Callable[..., Result], outputs: dict[str, Any]
) -> None:
    outputs["gates"]["ads-ads_read"] = OPEN
    del outputs["gates"]["ads-tier"]
    done = run()

    assert done.exit_code == 2
    lines = {line.split()[0]: line.split()[1:] for line in done.output.splitlines() if line.startswith("ads-")}
    assert (
        lines["ads-ads_read"] == ["pending_human", "declined", "us", "nadia", "2026-11-24"] or "ads-ads_read:" in lines
    )
    assert "ads-tier " in done.output
    assert "not made yet" in done.output
    assert (
        "\nads-ads_read: Meta declined it (no login shown). Put that right.\n    first:    agency-verification\n"
        in done.output
    )
    assert f"2 of {len(GATES)} gates open.\n" in done.output


def test_the_board_says_how_old_it_is(run: Callable[..., Result]) -> None:
    assert run().output.startswith(
        "As the update of 2026-11-24T05:00:00Z saw it, 3 hours ago. `meta-access gates --refresh` looks now.\n"
    )
    assert json.loads(run("--json").output)["seen"] == {
        "at": "2026-11-24T05:00:00Z",
        "by": "update",
        "failed_since": False,
    }


@pytest.mark.parametrize(("day", "shown"), [("2026-11-24", False), ("2026-11-25", True)])
def test_the_gates_of_what_has_ended_are_gone(
    run: Callable[..., Result], home: Path, outputs: dict[str, Any], day: str, *, shown: bool
) -> None:
    config = pulumi_stack.config("prod")
    identities = json.loads(config["meta:identities"])
    identities["warehouse"]["until"] = day
    config["meta:identities"] = json.dumps(identities)
    elm = home / "stacks" / "clients.prod" / "elm.yaml"
    timed = elm.read_text(encoding="utf-8").replace(
        "trading: [ADVERTISE, ANALYZE], reporting: read",
        f'trading: {{tasks: [ADVERTISE, ANALYZE], until: "{day}"}}, reporting: {{tasks: read, until: "{day}"}}',
    )
    elm.write_text(timed, encoding="utf-8")
    # The update of that day has not run yet, so the state still has them.
    ended = {"warehouse-app-access", "elm-share-act_3066612345678905"}
    outputs["gates"]["warehouse-app-access"] = OPEN

    found = json.loads(run("--json").output)

    assert ended.intersection(found["gates"]) == (ended if shown else set())
    assert found["open"] == (["warehouse-app-access"] if shown else [])


def test_open_gates_are_shown_first(run: Callable[..., Result], outputs: dict[str, Any]) -> None:
    outputs["gates"]["ads-login-client_reporting"] = OPEN
    outputs["gates"]["ads-ads_read"] = OPEN
    rows = [line.split()[:2] for line in run().output.splitlines() if "2026-11-24" in line and line[0] != "A"]

    assert rows[:2] == [["ads-ads_read", "pending_human"], ["ads-login-client_reporting", "pending_human"]]
    assert {status for _, status in rows[2:]} == {"satisfied"}
    assert list(json.loads(run("--json").output)["gates"])[:2] == ["ads-ads_read", "ads-login-client_reporting"]


def test_gates_are_filtered_by_client_owner_and_whether_they_are_open(
    run: Callable[..., Result], outputs: dict[str, Any]
) -> None:
    share = "elm-share-act_3066612345678905"
    outputs["gates"][share] = {**OPEN, "owner": "omar"}
    outputs["gates"]["ads-ads_read"] = OPEN
    outputs["gates"]["ads-tier"] = {**GOOD, "owner": "nadia"}

    def shown(*words: str) -> list[str]:
        return list(json.loads(run("--json", *words).output)["gates"])

    assert shown("--client", "elm") == [share]
    assert shown("--owner", "nadia") == ["ads-ads_read", "ads-tier"]
    assert shown("--owner", "nadia", "--open") == ["ads-ads_read"]
    assert sorted(shown("--open")) == sorted([share, "ads-ads_read"])
    assert shown("--client", "elm", "--owner", "nadia") == []
    # Nothing of what was asked for is open.
    assert run("--client", "elm", "--owner", "nadia").exit_code == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--client", "cedr"), "Invalid value for --client: the stack has no 'cedr': write \"cedar\"."),
        (("--owner", "nadja"), "Invalid value for --owner: the stack has no 'nadja': write \"nadia\"."),
    ],
)
def test_a_filter_names_what_is_there(run: Callable[..., Result], words: tuple[str, str], told: str) -> None:
    done = run(*words)

    assert done.exit_code == 1
    assert told in done.output


def test_a_look_now_replaces_what_the_outputs_say(
    run: Callable[..., Result], outputs: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs["gates"]["ads-ads_read"] = OPEN
    seen = {name: dict(GOOD) for name in GATES}
    monkeypatch.setattr(pulumi_stack, "export", lambda _stack: {})
    monkeypatch.setattr(look, "now", lambda *_: Looked(seen))

    done = run("--refresh")
    assert (done.exit_code, done.output.splitlines()[0]) == (0, "As Meta shows it now.")
    assert json.loads(run("--refresh", "--json").output)["seen"] == {
        "at": "2026-11-24T08:00:00Z",
        "by": "look",
        "failed_since": False,
    }

    monkeypatch.setattr(look, "now", lambda *_: Looked(seen, {"ads-tier": "Meta asks for less."}))
    done = run("--refresh")
    assert done.exit_code == 1
    assert "\nNot looked at\nads-tier: Meta asks for less.\n" in done.output
    assert json.loads(run("--refresh", "--json").output)["not_seen"] == {"ads-tier": "Meta asks for less."}


def test_the_board_for_machines_stands_in_the_order_of_work(
    run: Callable[..., Result], outputs: dict[str, Any]
) -> None:
    outputs["gates"]["ads-ads_read"] = OPEN
    done = run("--json")

    assert done.exit_code == 2
    told = json.loads(done.output)
    assert told["open"] == ["ads-ads_read"]
    assert told["gates"]["ads-ads_read"]["next_step"]["first"] == "agency-verification"
    names = list(told["gates"])
    # What is open comes first, and within each part the order is that of the work.
    assert names[0] == "ads-ads_read"
    assert names.index("agency-verification") < names.index("ads-tier") < names.index("ads-login-client_reporting")
    assert sorted(names) == sorted(GATES)
    assert told["upkeep"]["ads"]["standing"] == "cannot tell"


def test_a_tier_that_lapses_within_the_lead_time_is_three(run: Callable[..., Result], outputs: dict[str, Any]) -> None:
    outputs["gates"]["ads-ads_read"] = OPEN
    log_calls(550, days_ago=12)
    done = run("--json")

    assert done.exit_code == 3
    told = json.loads(done.output)["upkeep"]["ads"]
    assert (told["standing"], told["on"]) == ("lapses", "2026-11-27")
    assert "ads: lapses on 2026-11-27, in 3 days (told from 3 days before)." in run().output


@pytest.mark.parametrize(
    ("day", "code", "told"),
    [
        ("2027-02-01", 2, ""),
        ("2027-01-23", 2, "due 2027-01-23, in 60 days (told from 60 days before)"),
        ("2026-12-09", 2, "due 2026-12-09, in 15 days (told from 30 days before)"),
        ("2026-12-08", 3, "due 2026-12-08, in 14 days (told from 30 days before)"),
        ("2026-11-20", 3, "overdue since 2026-11-20, 4 days ago"),
    ],
)
def test_an_open_obligation_that_is_due_within_the_lead_time_is_three(
    run: Callable[..., Result],
    outputs: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    *,
    day: str,
    code: int,
    told: str,
) -> None:
    config = pulumi_stack.config("prod")
    apps = json.loads(config["meta:apps"])
    apps["ads"]["obligations"]["data_use_checkup"]["due"] = day
    monkeypatch.setattr(pulumi_stack, "config", lambda _stack: {**config, "meta:apps": json.dumps(apps)})
    outputs["gates"]["ads-data_use_checkup"] = OPEN
    done = run()

    assert done.exit_code == code
    said = [line for line in done.output.splitlines() if line.startswith("ads-data_use_checkup: ") and "due" in line]
    assert said == ([f"ads-data_use_checkup: {told}"] if told else [])
    assert json.loads(run("--json").output)["due"] == {"ads-data_use_checkup": day}

    outputs["gates"]["ads-data_use_checkup"] = GOOD
    assert run().exit_code == 0
    assert json.loads(run("--json").output)["due"] == {}


def test_an_app_that_was_seen_at_the_lower_tier_has_none_to_lose(
    run: Callable[..., Result], outputs: dict[str, Any]
) -> None:
    outputs["tiers"]["main"]["observed"] = "limited"

    assert json.loads(run("--json").output)["upkeep"] == {}


def test_a_refused_configuration_is_told_with_all_its_problems(run: Callable[..., Result], home: Path) -> None:
    (home / "stacks" / "evidence.prod.yaml").write_text("ads-tier: [\n", encoding="utf-8")
    done = run()

    assert done.exit_code == 1
    assert done.output.startswith(
        "Error: 1 problem in the configuration:\n  - stacks/evidence.prod.yaml: is not valid YAML:"
    )


# --- The review pack -----------------------------------------------------------------------------

CALL = ReviewCall(made=True, succeeded=True, told="The test call went well.", call="GET act_1", at=iso(NOW), ms=7)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    asked: list[tuple[str, str]] = []

    def make(self: Caller, app: str, name: str) -> ReviewCall:
        del self
        asked.append((app, name))
        return CALL

    monkeypatch.setattr(Caller, "make", make)
    return asked


@pytest.mark.parametrize(
    ("link", "folder"),
    [
        ("pack/ads-tier", "pack"),  # a request's folder
        ("pack/ads-tier/README.md", "pack"),  # a file that is not there yet
        ("pack/.meta-access.json", "pack"),
        ("pack", "pack"),  # the target itself
        ("linked", "linked/pack"),  # above the target
        ("linked", "{home}/linked/pack"),
        ("linked", "linked/a/b"),
        ("linked", "stacks/../linked/pack"),
    ],
)
def test_a_pack_is_not_written_through_a_link(  # noqa: PLR0917 - fixtures
    run: Callable[..., Result],
    home: Path,
    outputs: dict[str, Any],
    calls: list[tuple[str, str]],
    link: str,
    folder: str,
) -> None:
    outputs["gates"]["ads-tier"] = {"status": "pending_human", "phase": "not_started"}
    outside = home.parent / f"{home.name}-outside"
    outside.mkdir()
    (home / link).parent.mkdir(parents=True, exist_ok=True)
    (home / link).symlink_to(outside if "." not in link else outside / "made")

    done = run("--review-pack", folder.format(home=home))

    assert done.exit_code == 1
    assert "it is a link, or no plain file or folder, and may lead out of the project." in done.output
    assert list(outside.iterdir()) == []
    assert calls == []


def test_a_pack_beside_a_link_or_outside_the_project_is_written(
    run: Callable[..., Result], home: Path, outputs: dict[str, Any], calls: list[tuple[str, str]]
) -> None:
    outputs["gates"]["ads-tier"] = {"status": "pending_human", "phase": "not_started"}
    away = home.parent / f"{home.name}-away"
    (away / "deep").mkdir(parents=True)
    (home / "linked").symlink_to(away / "deep")

    # `linked/..` means the project, where the link stands, and not the folder above that it leads to.
    assert run("--review-pack", "linked/../pack").exit_code == 2
    assert run("--review-pack", f"{away}/pack").exit_code == 2

    assert (home / "pack" / "ads-tier" / "README.md").is_file()
    assert (away / "pack" / "ads-tier" / "README.md").is_file()
    assert not list((away / "deep").iterdir())
    assert calls == [("ads", "ads_management_standard_access")] * 2


def test_a_pack_that_leads_to_itself_or_holds_a_pipe_is_one_clear_error(
    run: Callable[..., Result], home: Path, outputs: dict[str, Any]
) -> None:
    outputs["gates"]["ads-tier"] = {"status": "pending_human", "phase": "not_started"}
    (home / "loop").symlink_to("loop")
    (home / "pack").mkdir()
    os.mkfifo(home / "pack" / ".meta-access.json")

    assert f"Writing {home}/loop failed: it is a link" in run("--review-pack", "loop").output
    assert (
        "Writing pack/.meta-access.json failed: it is a link, or no plain file" in run("--review-pack", "pack").output
    )


def test_each_open_request_gets_a_folder_of_its_own(
    run: Callable[..., Result], home: Path, outputs: dict[str, Any], calls: list[tuple[str, str]]
) -> None:
    outputs["gates"]["ads-ads_read"] = OPEN
    outputs["gates"]["ads-tier"] = {"status": "pending_human", "phase": "not_started"}
    done = run("--review-pack", "pack", "--json")

    assert done.exit_code == 2
    pack = json.loads(done.stdout)["review_pack"]
    names = ["README.md", "usage.md", "screencast.md", "data-handling.md", "test-call.md"]
    assert {one["gate"]: one["written"] for one in pack["requests"]} == {
        gate: [f"{gate}/{name}" for name in names] for gate in ("ads-tier", "ads-ads_read")
    }
    assert calls == [("ads", "ads_management_standard_access"), ("ads", "ads_read")]
    assert pack["requests"][0]["call"]["ms"] == 7

    overview = (home / "pack" / "ads-ads_read" / "README.md").read_text(encoding="utf-8")
    assert f"https://developers.facebook.com/apps/{APP}/app-review/permissions/" in overview
    assert "- Menu, should the link have moved: App Dashboard > App Review > Permissions and Features\n" in overview
    assert "- Before: ads-tier (gates of this stack that are not open yet).\n" in overview
    assert "Nothing in this folder was submitted." in overview
    assert "Rules 2026-11 of 2026-11-04, read 2026-12-01: https://developers.facebook.com/docs/graph-api/" in overview
    usage = (home / "pack" / "ads-ads_read" / "usage.md").read_text(encoding="utf-8")
    assert "Our app uses ads_read for: insights, reading ads, sending server events.\n" in usage
    assert "Read ad reports of ad accounts that are owned, or granted by their owner. (reporting; " in usage
    screencast = (home / "pack" / "ads-ads_read" / "screencast.md").read_text(encoding="utf-8")
    assert f"https://www.facebook.com/v26.0/dialog/oauth?client_id={APP}" in screencast
    questions = (home / "pack" / "ads-ads_read" / "data-handling.md").read_text(encoding="utf-8")
    assert questions.count("_To fill in._") == 5
    call = (home / "pack" / "ads-ads_read" / "test-call.md").read_text(encoding="utf-8")
    assert (
        "The test call went well.\n\nMeta wants at least one successful call in the last 30 days. It may take 24 hours"
        in call
    )
    tier = (home / "pack" / "ads-tier" / "README.md").read_text(encoding="utf-8")
    assert "- [ ] 500 successful Marketing API calls in the last 15 days and an error rate below 15%" in tier
    assert "- meta-access itself made 0 successful calls in 15 days. What other programs call" in tier
    assert "Not wanted for the tier (rule set 2026-11)." in (home / "pack" / "ads-tier" / "screencast.md").read_text(
        encoding="utf-8"
    )


def test_a_persons_edits_are_kept_and_said(
    run: Callable[..., Result], home: Path, outputs: dict[str, Any], calls: list[tuple[str, str]]
) -> None:
    outputs["gates"]["ads-ads_read"] = OPEN
    assert run("--review-pack", "pack").exit_code == 2
    usage = home / "pack" / "ads-ads_read" / "usage.md"
    usage.write_text("What we really do.\n", encoding="utf-8")
    (home / "pack" / "ads-ads_read" / "screencast.md").unlink()
    outputs["gates"]["ads-ads_read"] = {**OPEN, "phase": "submitted"}

    done = run("--review-pack", "pack")

    assert usage.read_text(encoding="utf-8") == "What we really do.\n"
    assert "    kept     ads-ads_read/usage.md: edited by a person; delete it to have it written anew\n" in done.output
    assert "    written  ads-ads_read/README.md\n" in done.output  # its phase is another
    assert "    written  ads-ads_read/screencast.md\n" in done.output  # it was deleted
    assert "data-handling.md" not in done.output
    # The list of digests is no licence: without it every file is somebody's.
    (home / "pack" / ".meta-access.json").write_text("broken", encoding="utf-8")
    outputs["gates"]["ads-ads_read"] = OPEN
    assert "    kept     ads-ads_read/README.md: edited by a person" in run("--review-pack", "pack").output


def test_nothing_to_request_makes_no_call(run: Callable[..., Result], calls: list[tuple[str, str]]) -> None:
    done = run("--review-pack", "pack")

    assert done.exit_code == 0
    assert calls == []
    assert "No request waits for App Review.\n" in done.output


def test_a_folder_that_cannot_be_written_is_one_line(
    run: Callable[..., Result], home: Path, outputs: dict[str, Any], calls: list[tuple[str, str]]
) -> None:
    outputs["gates"]["ads-ads_read"] = OPEN
    (home / "pack").mkdir()
    (home / "pack" / "ads-ads_read").write_text("a file", encoding="utf-8")
    done = run("--review-pack", "pack")

    assert done.exit_code == 1
    assert done.stderr.splitlines()[-1] == (
        "Error: Writing the review pack to pack failed: File exists. Name another folder."
    )


# --- The test call -------------------------------------------------------------------------------


class FakeClient:
    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.error = error

    def now(self) -> datetime:
        return datetime(2026, 11, 24, 8, tzinfo=UTC)

    def get(self, path: str, params: dict[str, str]) -> dict[str, str]:
        self.asked.append((path, params))
        if self.error is not None:
            raise self.error
        return {"id": path}


def caller(monkeypatch: pytest.MonkeyPatch, client: FakeClient, *scopes: str) -> Caller:
    info = TokenFacts(
        valid=True, app_id=APP, user_id="122", type="SYSTEM_USER", scopes=scopes, issued_at=None, expires_at=None
    )
    monkeypatch.delenv("META_ACCESS_OFFLINE", raising=False)
    monkeypatch.setattr(review_pack, "client_for", lambda _connection: client)
    monkeypatch.setattr(review_pack, "inspect", lambda _client, _token: info)

    class Held:
        def admin_token(self) -> str:
            return "held"

    monkeypatch.setattr(review_pack, "credentials_for", lambda _connection: Held())
    times = iter([100.0, 100.085])
    monkeypatch.setattr("meta_access.cli.gates.review_pack.time.monotonic", lambda: next(times))
    return Caller(PROD)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("ads_read", "act_1043217650987601"),
        ("ads_management_standard_access", "act_1043217650987601"),
        ("business_management", "178435550012301"),
        ("pages_show_list", "122/assigned_pages"),
        ("pages_read_engagement", "102938475610201"),
    ],
)
def test_the_call_is_made_through_the_connection_timed_and_dated(
    monkeypatch: pytest.MonkeyPatch, name: str, path: str
) -> None:
    client = FakeClient()
    found = caller(monkeypatch, client, name).make("ads", name)

    assert client.asked == [(path, {"fields": "id,name"})]
    assert lacks(found.told, f"GET {path}?fields=id,name", "2026-11-24T08:00:00Z", "85 ms", "2026-12-24") == []
    assert found == ReviewCall(
        made=True,
        succeeded=True,
        told=found.told,
        call=f"GET {path}?fields=id,name",
        at="2026-11-24T08:00:00Z",
        ms=85,
    )


def test_a_token_without_the_permission_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeClient()
    found = caller(monkeypatch, client, "business_management").make("ads", "ads_read")

    assert client.asked == []
    assert not found.made
    assert lacks(found.told, "connection main", "not hold ads_read", "holds business_management") == []


def test_a_refusal_of_meta_is_told_and_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeClient(PermissionDeniedError("Meta refused reading act_1. Ask for the permission."))
    found = caller(monkeypatch, client, "ads_read").make("ads", "ads_read")

    assert (found.made, found.succeeded) == (True, False)
    assert lacks(found.told, "Meta refused reading act_1. Ask for the permission") == []


def test_offline_and_unknown_requests_make_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    client = FakeClient()
    made = caller(monkeypatch, client, "leads_retrieval")
    unknown = made.make("ads", "leads_retrieval")
    assert (unknown.made, lacks(unknown.told, "leads_retrieval")) == (False, [])

    monkeypatch.setenv("META_ACCESS_OFFLINE", "1")
    offline = made.make("ads", "ads_read")
    assert (offline.made, lacks(offline.told, "META_ACCESS_OFFLINE=1")) == (False, [])
    assert client.asked == []


def test_what_a_stack_asks_app_review_for() -> None:
    assert [(one.gate, one.level, one.tier) for one in review_pack.requests(PROD)] == [
        ("ads-tier", "full", True),
        ("ads-ads_read", "advanced", False),
        ("ads-ads_management", "advanced", False),
        ("ads-pages_show_list", "advanced", False),
        ("ads-pages_read_engagement", "advanced", False),
    ]
