"""`meta-access evidence import`, and figures by `meta-access attest`: what is written, skipped and refused."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from meta_access.cli import main, pulumi_stack
from meta_access.clock import iso
from meta_access.stack.files import config_of
from tests.texts import lacks
from tests.unit.cli.states import resource, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

ROOT = Path(__file__).resolve().parents[3]
APP, TOKENISH = "1204817736400501", "EAA" + "EMU" + "abcdefabcdefabcdef"
URI = "https://connect.northlight.example/meta/callback/"
NOW = datetime.now(UTC).replace(microsecond=0)
YESTERDAY = iso(NOW - timedelta(days=1))


def gate(kind: str, name: str, **outputs: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"label": name, "next_step": {}, "connection": "main", "status": "pending_human"}
    return resource(kind, name, **told, **outputs)


STATE = state(
    gate("PermissionRequest", "ads-ads_read", permission="ads_read", level="advanced"),
    gate("PermissionRequest", "ads-ads_management", permission="ads_management", level="advanced"),
    gate("PermissionRequest", "ads-business_management", permission="business_management", level="standard"),
    gate("FeatureRequest", "ads-tier", feature="ads_management_standard_access", level="full"),
    gate("RedirectUris", "ads-redirect-uris", uris=[URI]),
    gate("AppRoles", "ads-app-roles", roles={"nadia": "admin"}),
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the project, its prod stack and no evidence."""
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks")
    (tmp_path / "stacks" / "evidence.prod.yaml").unlink()
    monkeypatch.chdir(tmp_path)
    config = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in config_of(tmp_path / "stacks" / "Pulumi.prod.yaml").items()
    }
    monkeypatch.setattr(pulumi_stack, "config", lambda _stack: config)
    monkeypatch.setattr(pulumi_stack, "export", lambda _stack: STATE)
    return tmp_path


@pytest.fixture
def run(home: Path) -> Callable[..., Result]:
    def go(*documents: object, words: tuple[str, ...] = ("--by", "nadia"), at: str | None = YESTERDAY) -> Result:
        (home / "export.json").write_text("\n".join(json.dumps(one) for one in documents), encoding="utf-8")
        dated = ["--at", at] if at else []
        return CliRunner().invoke(main, ["evidence", "import", "export.json", "--stack", "prod", *words, *dated])

    return go


def row(permission: str, level: str, grant: str = "REJECTED", **more: object) -> dict[str, Any]:
    return {"permission": permission, "access_level": level, "grant_status": grant, **more}


def answers(*rows: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"app_id": APP, "privileges": list(rows), **more}


def file(home: Path) -> Any:
    path = home / "stacks" / "evidence.prod.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None


def test_what_is_granted_is_written_bound_to_digest_and_app(run: Callable[..., Result], home: Path) -> None:
    done = run(answers(row("ads_read", "advanced", "DEVOPS_APPROVED", is_live=True)), {"oauth_redirect_uris": [URI]})

    assert done.exit_code == 2, done.output  # ads_management and the tier are not in the export
    assert file(home)["ads-ads_read"] == {
        # SHA-256 of {"app":"1204817736400501","declared":{"gate":"PermissionRequest","level":"advanced",
        # "permission":"ads_read"}}
        "declared": "sha256:f4562e4fd97e032139b04cbdc0fab93c892146a7d7b0446587eea1f298b74948",
        "app": APP,
        "at": YESTERDAY,
        "by": "nadia",
        "status": "satisfied",
        "source": "export",
        "note": "Access level advanced.",
    }
    assert file(home)["ads-redirect-uris"]["status"] == "satisfied"
    assert set(file(home)) == {"ads-ads_read", "ads-redirect-uris"}
    assert "ads-ads_read: satisfied. Access level advanced.\n" in done.output
    assert "Not taken: ads-ads_management: the export lists no ads_management.\n" in done.output
    assert "Not taken: ads-app-roles: the tools show no app roles; Graph does.\n" in done.output


def test_nothing_is_left_when_all_is_granted(run: Callable[..., Result], home: Path) -> None:
    everything = answers(
        row("ads_read", "advanced", "DEVOPS_APPROVED"),
        row("ads_management", "advanced", "DEVOPS_APPROVED"),
        row("business_management", "standard", "DEVOPS_APPROVED"),
        {"feature": "Marketing API Access Tier", "access_level": "full", "grant_status": "DEVOPS_APPROVED"},
    )
    done = run(everything, words=("--by", "nadia", "--json"))

    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert (told["app"], told["at"]) == ("ads", YESTERDAY)
    assert {name: record["status"] for name, record in told["taken"].items()} == {
        "ads-ads_read": "satisfied",
        "ads-ads_management": "satisfied",
        "ads-tier": "satisfied",
    }
    assert {
        "what": "ads-business_management",
        "why": "this level comes by itself, so it needs no evidence.",
        "left": False,
    } in told["skipped"]

    before = (home / "stacks" / "evidence.prod.yaml").read_bytes()
    assert run(everything).exit_code == 0
    assert (home / "stacks" / "evidence.prod.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("answer", "status", "note"),
    [
        (
            answers(row("ads_read", "standard", rejection_reasons=["No login shown.", "Unclear use."])),
            "declined",
            "No login shown. Unclear use.",
        ),
        (
            answers(row("ads_read", "standard", rejection_reasons=[]), has_been_previously_reviewed=True),
            "declined",
            "Meta gave no reason.",
        ),
        # The tools say REJECTED of what nobody ever asked for.
        (
            answers(row("ads_read", "none", rejection_reasons=[]), has_been_previously_reviewed=False),
            "open",
            "Access level none; never granted.",
        ),
        (
            answers(row("ads_read", "standard", rejection_reasons=[])),
            "open",
            "Access level standard; not granted; without the app's history nobody knows whether it was ever reviewed.",
        ),
        (
            answers(
                row("ads_read", "standard"),
                submission_status="PENDING",
                submission_id="77",
                items=["ads_read"],
            ),
            "submitted",
            "Access level standard; submission 77 is under review.",
        ),
        (
            answers(row("ads_read", "standard", "IN_REVIEW")),
            "submitted",
            "Access level standard; a submission is under review.",
        ),
        # can_submit: false "while a previous submission is in review" can be stale; it is a draft's, and not taken.
        (
            answers(
                row("ads_read", "standard", rejection_reasons=[]),
                requirements={"can_submit": False},
                submissions=[],
                has_been_previously_reviewed=False,
            ),
            "open",
            "Access level standard; never granted.",
        ),
    ],
)
def test_how_far_a_review_is(
    run: Callable[..., Result], home: Path, answer: dict[str, Any], status: str, note: str
) -> None:
    done = run(answer)

    assert done.exit_code == 2
    record = file(home)["ads-ads_read"]
    assert (record["status"], record["note"]) == (status, note)


@pytest.mark.parametrize(
    ("documents", "why"),
    [
        (
            [answers(row("ads_read", "standard"), submission_status="PENDING", submission_id="77")],
            (
                "ads-ads_read: submission 77 is under review, and the export does not say whether it asks for "
                "ads_read: state it with `meta-access attest ads-ads_read --status submitted`."
            ),
        ),
        (
            [answers(row("ads_read", "premium"))],
            'ads-ads_read: the export calls its level "premium", a word that is not known.',
        ),
        (
            [answers(row("ads_read", "advanced", "DEVOPS_APPROVED", is_live=False))],
            "ads-ads_read: it is granted at level advanced and not live yet.",
        ),
        (
            [answers(row("business_management", "none"))],
            "ads-business_management: Meta shows no access to it at all: add it to the app in the dashboard.",
        ),
        (
            [answers(row("pages_messaging", "advanced", "DEVOPS_APPROVED"))],
            "pages_messaging: Meta grants it at level advanced, and no gate of this stack asks for it.",
        ),
        (
            [{"app_id": APP, "oauth_redirect_uris": None}],
            "oauth_redirect_uris: is null, which tells neither that there are none nor which.",
        ),
    ],
)
def test_what_the_export_leaves_open_is_not_taken(
    run: Callable[..., Result], home: Path, documents: list[object], why: str
) -> None:
    done = run(*documents)

    assert f"Not taken: {why}\n" in done.output
    assert file(home) is None
    assert "Nothing was written to stacks/evidence.prod.yaml.\n" in done.output


@pytest.mark.parametrize(
    ("uris", "status", "note"),
    [
        ([URI], "satisfied", "Meta lists exactly these URIs."),
        ([URI.rstrip("/")], "open", f"Meta does not list {URI}."),
        ([], "open", f"Meta does not list {URI}."),
        (
            [URI, "https://old.example/"],
            "open",
            "Meta lists more than is declared: https://old.example/. Remove it there, or declare it.",
        ),
    ],
)
def test_redirect_uris_are_compared_to_the_letter(
    run: Callable[..., Result], home: Path, uris: list[str], status: str, note: str
) -> None:
    run({"app_id": APP, "oauth_redirect_uris": uris})

    record = file(home)["ads-redirect-uris"]
    assert (record["status"], record["note"]) == (status, note)


def test_the_call_volume_becomes_figures_that_count_every_kind_of_call(run: Callable[..., Result], home: Path) -> None:
    done = run({"app_id": APP, "total_calls": 4210, "lookback_minutes": 21600})

    assert done.exit_code == 0, done.output
    assert file(home) == {
        "ads-upkeep": [
            {"app": APP, "at": YESTERDAY, "by": "nadia", "source": "export", "days": 15, "graph_calls": 4210}
        ]
    }
    assert "ads-upkeep: 4210 Graph calls in 15 days, of every kind.\n" in done.output

    earlier = iso(NOW - timedelta(days=9))
    assert run({"app_id": APP, "total_calls": 9, "lookback_minutes": 720}, at=earlier).exit_code == 0
    assert [(one["at"], one["days"]) for one in file(home)["ads-upkeep"]] == [(earlier, 0.5), (YESTERDAY, 15)]


def test_a_newer_statement_stays_and_an_older_one_gives_way(run: Callable[..., Result], home: Path) -> None:
    assert run(answers(row("ads_read", "advanced", "DEVOPS_APPROVED")), at=iso(NOW - timedelta(hours=2))).exit_code == 2
    newer = file(home)["ads-ads_read"]

    late = run(answers(row("ads_read", "standard", rejection_reasons=["No."])))
    assert f"Not taken: ads-ads_read: the export of {newer['at']} is newer than the export.\n" in late.output
    assert file(home)["ads-ads_read"] == newer

    run(answers(row("ads_read", "standard", rejection_reasons=["No."])), at=iso(NOW - timedelta(hours=1)))
    assert file(home)["ads-ads_read"]["status"] == "declined"


def test_an_export_s_own_time_counts_before_the_word_of_a_person(run: Callable[..., Result], home: Path) -> None:
    own = iso(NOW - timedelta(days=3))
    run(answers(row("ads_read", "advanced", "DEVOPS_APPROVED"), exported_at=own))

    assert file(home)["ads-ads_read"]["at"] == own


def test_a_secret_in_a_reason_is_not_written(run: Callable[..., Result], home: Path) -> None:
    done = run(answers(row("ads_read", "standard", rejection_reasons=[f"Seen: {TOKENISH}"])))

    assert TOKENISH not in done.output
    assert TOKENISH not in (home / "stacks" / "evidence.prod.yaml").read_text(encoding="utf-8")


# --- Refused -------------------------------------------------------------------------------------

HEAD = "Error: 1 problem in the configuration:\n"


def assert_refused(done: Result, start: str, *facts: str) -> None:
    """One problem, in a line that begins so and says this."""
    *head, line = done.output.splitlines()
    assert done.exit_code == 1
    assert head == ([] if start == "Error: " else [HEAD.strip()])
    assert line.startswith(start)
    assert lacks(line, *facts) == []


@pytest.mark.parametrize(
    ("document", "words", "at", "facts"),
    [
        (
            {**answers(row("ads_read", "advanced")), "app_id": "120481773640"},
            ("--by", "nadia"),
            YESTERDAY,
            ["  - FILE: ", "app 120481773640", "meta:apps", f"ads {APP}"],
        ),
        (
            [answers(row("ads_read", "advanced")), {"app_id": "120481773640"}],
            ("--by", "nadia"),
            YESTERDAY,
            ["  - FILE: ", "several apps", f"120481773640, {APP}"],
        ),
        (
            {"oauth_redirect_uris": [URI]},
            ("--by", "nadia"),
            YESTERDAY,
            ["  - --app: ", "add --app"],
        ),
        (
            {"oauth_redirect_uris": [URI]},
            ("--by", "nadia", "--app", "add"),
            YESTERDAY,
            ["  - --app: ", '"add"', "meta:apps", "ads."],
        ),
        (
            answers(row("ads_read", "advanced")),
            ("--by", "nadja"),
            YESTERDAY,
            ["  - --by: ", '"nadja"', "meta:people", '"nadia"'],
        ),
        (
            answers(row("ads_read", "advanced")),
            ("--by", "nadia"),
            None,
            ["  - --at: ", "add --at"],
        ),
        (
            answers(row("ads_read", "advanced")),
            ("--by", "nadia"),
            "2031-01-01T00:00:00Z",
            ["  - --at: ", "2031-01-01T00:00:00Z", "future"],
        ),
        (
            answers(row("ads_read", "advanced")),
            ("--by", "nadia"),
            "2026-01-01T00:00:00Z",
            ["  - --at: ", "2026-01-01T00:00:00Z", "90 days"],
        ),
        (
            {"unknown": True},
            ("--by", "nadia"),
            YESTERDAY,
            ["Error: ", "export.json", "access_level", "submission_status", "oauth_redirect_uris", "total_calls"],
        ),
    ],
    # Fixed names: those of times would differ between the workers of one run, which pytest-xdist refuses.
    ids=[
        "another app",
        "several apps",
        "no app",
        "unknown app",
        "unknown person",
        "no time",
        "in the future",
        "too old",
        "nothing in it",
    ],
)
def test_what_cannot_be_imported_is_refused_in_one_message(
    run: Callable[..., Result], document: object, words: tuple[str, ...], at: str | None, facts: list[str]
) -> None:
    documents = document if isinstance(document, list) else [document]
    done = run(*documents, words=words, at=at)

    assert_refused(done, *facts)
    assert file(Path.cwd()) is None


def test_a_file_that_is_none_is_refused(home: Path) -> None:
    words = ["evidence", "import", "export.json", "--stack", "prod", "--by", "nadia"]
    assert_refused(CliRunner().invoke(main, words), "Error: ", "export.json", "No such file or directory")

    (home / "export.json").write_text("{'app_id': 1}", encoding="utf-8")
    assert_refused(CliRunner().invoke(main, words), "Error: ", "export.json", "no JSON", "line 1")

    (home / "export.json").write_bytes(b"\xff\xfe")
    assert_refused(CliRunner().invoke(main, words), "Error: ", "export.json", "UTF-8")


def test_an_evidence_file_with_broken_yaml_is_refused_before_anything_is_written(
    run: Callable[..., Result], home: Path
) -> None:
    broken = "ads-tier:\n  by: [nadia\n"
    (home / "stacks" / "evidence.prod.yaml").write_text(broken, encoding="utf-8")
    done = run(answers(row("ads_read", "advanced")))

    assert done.exit_code == 1
    assert done.output == (
        f"{HEAD}  - stacks/evidence.prod.yaml: is not valid YAML: expected ',' or ']', but got '<stream end>' "
        "(line 3). Fix: correct that line.\n"
    )
    assert (home / "stacks" / "evidence.prod.yaml").read_text(encoding="utf-8") == broken


def test_a_stack_without_gates_is_told_to_make_them(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi_stack, "export", lambda _stack: state())

    assert run(answers(row("ads_read", "advanced"))).output == (
        "Error: the stack has no gate in its state yet: run `pulumi up` first.\n"
    )


# --- Figures by a person -------------------------------------------------------------------------


def attest(*words: str) -> Result:
    return CliRunner().invoke(main, ["attest", *words, "--stack", "prod", "--yes"])


@pytest.mark.usefixtures("home")
def test_a_person_states_what_the_dashboard_shows(home: Path) -> None:
    first = attest("ads-upkeep", "--by", "tom", "--calls", "1720", "--error-rate", "0.03", "--at", YESTERDAY, "--json")
    assert first.exit_code == 0, first.output
    assert json.loads(first.output)["record"] == {
        "app": APP,
        "at": YESTERDAY,
        "by": "tom",
        "source": "attestation",
        "days": 15,
        "calls": 1720,
        "error_rate": 0.03,
    }
    assert attest("ads-upkeep", "--by", "tom", "--calls", "1500", "--days", "7").exit_code == 0
    assert [(one["days"], one["calls"]) for one in file(home)["ads-upkeep"]] == [(15, 1720), (7, 1500)]

    for count in range(10):
        at = iso(NOW - timedelta(hours=count + 2))
        assert attest("ads-upkeep", "--by", "tom", "--calls", str(count), "--at", at).exit_code == 0
    assert len(file(home)["ads-upkeep"]) == 8


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("words", "facts"),
    [
        (
            ("adds-upkeep", "--by", "tom", "--calls", "1"),
            ["  - adds-upkeep: ", '"adds"', "meta:apps", '"ads-upkeep"'],
        ),
        (
            ("ads-upkeep", "--by", "tom"),
            ["  - ads-upkeep: ", "no figure", "--calls", "--error-rate"],
        ),
        (
            ("ads-upkeep", "--by", "tom", "--calls", "1", "--at", "2031-01-01T00:00:00Z"),
            ["  - --at: ", "2031-01-01T00:00:00Z", "future"],
        ),
        (
            ("ads-upkeep", "--by", "tom", "--calls", "1", "--status", "declined"),
            ["  - --status: ", "gate", "figures"],
        ),
        (
            ("ads-tier", "--by", "tom", "--error-rate", "0.1"),
            ["  - --error-rate: ", "figure of an app", "<app>-upkeep"],
        ),
    ],
)
def test_figures_that_cannot_be_stated(words: tuple[str, ...], facts: list[str]) -> None:
    assert_refused(attest(*words), *facts)
