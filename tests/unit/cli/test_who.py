"""Who may touch what, in the emulator's starting world: declared, ignored, undeclared, and what nobody knows."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from meta_access import snapshot
from meta_access.cli import pulumi_stack
from meta_access.cli.people import who
from meta_access.snapshot import Subject
from meta_access.stack.files import config_of
from meta_emulator.world import Activity, AssetGroup, Assignment, GroupAssignment
from tests.unit.cli.states import resource, state
from tests.unit.emulated import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.emulated import EmulatedMeta

DEV = Path(__file__).resolve().parents[3] / "stacks" / "Pulumi.dev.yaml"
SHOP, OTHER, PAGE = "act_104320000000501", "act_104320000000502", "page:102930000000801"
USER = "122090000000901"
ACME = "act_205550000000601"
READ = ["ANALYZE"]
PAGE_TEXT = (DEV.parents[1] / "docs" / "who-has-access.md").read_text(encoding="utf-8")


@pytest.fixture
def ask(lindenhof: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Runs the command for stack dev, whose user has what it declares; keys of `meta:` may be changed."""
    lindenhof.add_system_user(USER, "reporting")
    with lindenhof.edit() as world:
        world.assignments = [
            Assignment(SHOP, USER, READ),
            Assignment("102930000000801", USER, READ),
            Assignment(ACME, USER, READ),
        ]
    values: dict[str, Any] = copy.deepcopy(config_of(DEV))
    connection = values["meta:connections"]["main"]
    connection["graph_url"] = lindenhof.emulator.graph_url
    connection["aws"]["endpoint_url"] = lindenhof.emulator.aws_url
    monkeypatch.delenv("META_ACCESS_OFFLINE", raising=False)
    monkeypatch.delenv("META_ACCESS_SNAPSHOT", raising=False)
    monkeypatch.setattr(pulumi_stack, "export", lambda _: state(resource("SystemUser", "reporting", id_=USER)))
    monkeypatch.setattr(pulumi_stack, "find", lambda _: pulumi_stack.Project("meta-access", tmp_path))

    def run(*arguments: str, **changes: Any) -> Result:
        whole = {**values, **{f"meta:{key}": value for key, value in changes.items()}}
        texts = {key: one if isinstance(one, str) else json.dumps(one) for key, one in whole.items()}
        monkeypatch.setattr(pulumi_stack, "config", lambda _: texts)
        return CliRunner().invoke(who.command, ["--stack", "dev", *arguments])

    return run


def give(meta: EmulatedMeta, asset: str, user: str, *tasks: str) -> None:
    with meta.edit() as world:
        world.assignments = [row for row in world.assignments if (row.asset_id, row.user_id) != (asset, user)]
        world.assignments.append(Assignment(asset, user, list(tasks)))


def rows(result: Result) -> list[tuple[str | None, str, str, str, list[str]]]:
    told = json.loads(result.stdout)["access"]
    return [(one["client"], one["asset"], one["name"], one["standing"], one["undeclared"]) for one in told]


def test_what_is_declared_is_shown_so(ask: Callable[..., Result]) -> None:
    result = ask("--json")

    assert rows(result) == [
        ("acme", ACME, "reporting", "declared", []),
        ("lindenhof", SHOP, "reporting", "declared", []),
        ("lindenhof", PAGE, "reporting", "declared", []),
    ]
    assert (result.exit_code, json.loads(result.stdout)["undeclared"]) == (0, {})


def test_what_somebody_gave_by_hand_is_undeclared(ask: Callable[..., Result], lindenhof: EmulatedMeta) -> None:
    give(lindenhof, OTHER, USER, "MANAGE", "ADVERTISE", "ANALYZE")
    give(lindenhof, SHOP, USER, "ADVERTISE", "ANALYZE")
    give(lindenhof, SHOP, "100000000000402", "ANALYZE")

    result = ask("--json")

    assert [row for row in rows(result) if row[3] != "declared"] == [
        ("lindenhof", SHOP, "ines", "undeclared", ["ANALYZE"]),
        ("lindenhof", SHOP, "reporting", "undeclared", ["ADVERTISE"]),
        (None, OTHER, "reporting", "undeclared", ["ADVERTISE", "ANALYZE", "MANAGE"]),
    ]
    assert (result.exit_code, json.loads(result.stdout)["undeclared"]) == (2, {"lindenhof": 2, "": 1})
    assert lindenhof.writes == []


def test_the_accounts_record_says_since_when_and_by_whom(ask: Callable[..., Result], lindenhof: EmulatedMeta) -> None:
    give(lindenhof, OTHER, USER, "ANALYZE")
    with lindenhof.edit() as world:
        world.activities.append(
            Activity(1, OTHER, NOW, USER, "reporting", [], READ, "100000000000402", "Ines Roth", "4200", "Suite")
        )

    [row] = [one for one in json.loads(ask("--json").stdout)["access"] if one["asset"] == OTHER]

    assert (row["since"], row["by"], row["through"]) == ("2026-11-24T08:00:00Z", "Ines Roth", "Suite")


def test_an_entry_lets_access_stay_until_its_day(ask: Callable[..., Result], lindenhof: EmulatedMeta) -> None:
    give(lindenhof, OTHER, USER, "ANALYZE")
    entry = {"holder": USER, "asset": OTHER, "reason": "Migration", "person": "nadia", "until": "2026-11-25"}

    kept = json.loads(ask("--json", ignore=[entry]).stdout)
    [row] = [one for one in kept["access"] if one["asset"] == OTHER]
    ended = ask("--json", ignore=[{**entry, "until": "2026-11-24"}, {**entry, "holder": "9"}])

    assert (row["standing"], row["reason"], row["person"], row["until"]) == (
        "ignored", "Migration", "nadia", "2026-11-25",
    )  # fmt: skip
    assert kept["undeclared"] == {}
    assert ended.exit_code == 2
    assert json.loads(ended.stdout)["expired_ignores"] == ["ignore[0]"]
    assert json.loads(ended.stdout)["unused_ignores"] == ["ignore[1]"]


def test_what_is_declared_and_not_there_is_missing(ask: Callable[..., Result], lindenhof: EmulatedMeta) -> None:
    with lindenhof.edit() as world:
        world.assignments.pop()

    assert rows(ask("--json"))[0] == ("acme", ACME, "reporting", "declared, not given", [])


def test_an_asset_whose_share_was_withdrawn_is_told_with_the_command_that_follows(
    ask: Callable[..., Result], lindenhof: EmulatedMeta
) -> None:
    with lindenhof.edit() as world:
        world.assignments.pop()
        world.ad_accounts[2].shares = []

    told, shown = json.loads(ask("--json").stdout)["gone"], ask()

    assert told == [
        {
            "asset": ACME,
            "fate": "owner left",
            "what": (
                "its owner, business 998870000000701, shares nothing with business lindenhof (178000000000101) any "
                f"more, {ACME} included"
            ),
            "then": (
                "If the client has left: `meta-access offboard --client acme`. Otherwise let its owner share it again"
            ),
        }
    ]
    assert "Gone at Meta\n  Its owner, business 998870000000701, shares nothing" in shown.stdout


def test_a_list_that_is_not_shown_is_named_and_never_taken_for_empty(
    ask: Callable[..., Result], lindenhof: EmulatedMeta
) -> None:
    lindenhof.refuse("GET", ".*/business_users", 200, "No.")
    entry = {"holder": "9", "reason": "Migration", "person": "nadia", "until": "2027-01-01"}

    result = ask("--json", ignore=[entry])

    told = json.loads(result.stdout)
    assert [one["list"] for one in told["unread"]] == ["178000000000101/business_users"]
    assert (told["unused_ignores"], result.exit_code) == ([], 1)


@pytest.mark.parametrize(
    ("what", "assets"),
    [
        ("lindenhof", [SHOP, PAGE]),
        ("client:acme", [ACME]),
        (SHOP, [SHOP]),
        ("reporting", [ACME, SHOP, PAGE]),
        (USER, [ACME, SHOP, PAGE]),
        ("ines", []),
    ],
)
def test_one_thing_may_be_asked_for(ask: Callable[..., Result], what: str, assets: list[str]) -> None:
    assert [row[1] for row in rows(ask(what, "--json"))] == assets


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("acmee", 'No client, asset, identity, person or holder is called "acmee". Did you mean "acme"?'),
        ("zzz", 'No client, asset, identity, person or holder is called "zzz". Clients: lindenhof, acme.'),
    ],
)
def test_what_is_called_by_no_name_is_one_error(ask: Callable[..., Result], what: str, said: str) -> None:
    result = ask(what)

    assert said in result.output.replace("\n", " ")


def test_somebody_who_may_be_in_a_list_that_is_not_shown_is_not_called_unknown_alone(
    ask: Callable[..., Result], lindenhof: EmulatedMeta
) -> None:
    lindenhof.refuse("GET", ".*/business_users", 200, "No.")

    result = ask("ines@lindenhof.example")

    assert result.exit_code != 0
    said = " ".join(result.output.replace("\n", " ").split())
    assert "Not shown, so it may be in there: 178000000000101/business_users." in said


def test_two_things_of_one_name_are_told_apart(ask: Callable[..., Result]) -> None:
    result = ask("reporting", people={"reporting": {}, "nadia": {}, "ines": {}})

    assert "write one of identity:reporting, person:reporting." in result.output.replace("\n", " ")


def test_people_read_a_table_of_eighty_columns(ask: Callable[..., Result], lindenhof: EmulatedMeta) -> None:
    give(lindenhof, OTHER, USER, "MANAGE", "ADVERTISE", "ANALYZE")

    result = ask()

    assert max(map(len, result.stdout.splitlines())) <= 80
    assert OTHER in result.stdout
    assert result.stdout.splitlines()[-1] == "1 undeclared."


@pytest.mark.parametrize("text", ["=1+1", " =1+1", "\t@x", "\r-1", "\n+1"])
def test_what_a_spreadsheet_would_count_is_text(text: str) -> None:
    assert who.cell(text) == f"'{text}"


def test_the_page_shows_what_comes_out(ask: Callable[..., Result], lindenhof: EmulatedMeta) -> None:
    shown = PAGE_TEXT.partition("$ meta-access who --stack dev\n")[2].partition("```")[0]
    give(lindenhof, SHOP, "100000000000402", "ANALYZE")
    give(lindenhof, OTHER, USER, "MANAGE", "ADVERTISE", "ANALYZE")
    with lindenhof.edit() as world:
        by = ("100000000000402", "Ines Roth", "4200", "Business Suite")
        world.activities.append(Activity(1, OTHER, NOW, USER, "reporting", [], READ, *by))
    ignored = {"holder": "ines@lindenhof.example", "asset": SHOP, "person": "nadia", "until": "2027-03-01"}

    result = ask(ignore=[{**ignored, "reason": "Finance reads the invoices"}])

    assert [line.rstrip() for line in result.stdout.splitlines()] == shown.splitlines()


def test_a_long_word_is_neither_broken_nor_cut(ask: Callable[..., Result], lindenhof: EmulatedMeta) -> None:
    with lindenhof.edit() as world:
        next(one for one in world.system_users if one.id == USER).name = "reporting" * 6

    lines = ask("acme").stdout.splitlines()

    assert lines[1:6] == [
        ACME,
        "  Holder: reportingreportingreportingreportingreportingreporting (reporting),",
        f"    system user {USER}",
        "  Tasks: ANALYZE",
        "  Standing: declared",
    ]


def test_somebody_without_access_has_none(ask: Callable[..., Result]) -> None:
    assert ask("ines").stdout.splitlines() == [
        "No access, as far as the lists show.",
        "Nothing undeclared in what was shown.",
    ]


def test_a_spreadsheet_gets_text_and_no_formula(ask: Callable[..., Result], lindenhof: EmulatedMeta) -> None:
    with lindenhof.edit() as world:
        next(one for one in world.system_users if one.id == USER).name = "=1+1"

    lines = ask("--csv").stdout.splitlines()

    assert lines[0] == ",".join(who.COLUMNS)
    assert lines[2] == f"lindenhof,{SHOP},system user,{USER},'=1+1,,reporting,ANALYZE,,declared,no,,,,,,"


def test_offline_nobody_can_tell(ask: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_ACCESS_OFFLINE", "1")

    result = ask()

    assert "META_ACCESS_OFFLINE=1 forbids every call" in str(result.exception)


def test_a_snapshot_tells_it_without_a_call(
    ask: Callable[..., Result], lindenhof: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    give(lindenhof, OTHER, USER, "ANALYZE")
    reads = tmp_path / "reads"
    reads.mkdir()
    with snapshot.recording_into(reads):
        live = ask("--json")
    subject = Subject.of("meta-access", "dev", "dev", "2026-11", [lindenhof.connection])
    snapshot.write(snapshot.made(subject, reads, {}), tmp_path / "s.json")
    monkeypatch.setenv("META_ACCESS_SNAPSHOT", str(tmp_path / "s.json"))
    monkeypatch.setenv("META_ACCESS_SNAPSHOT_MAX_AGE", "99999d")
    lindenhof.forget_calls()

    told = ask("--json")

    assert rows(told) == rows(live)
    assert (told.exit_code, lindenhof.calls) == (2, [])


def test_what_comes_with_a_declared_group_is_declared(ask: Callable[..., Result], lindenhof: EmulatedMeta) -> None:
    with lindenhof.edit() as world:
        world.asset_groups.append(AssetGroup("1890", "All", "178000000000101", [OTHER]))
        world.group_assignments.append(GroupAssignment("1890", USER, {"adaccount_tasks": READ}))
    clients = copy.deepcopy(config_of(DEV)["meta:clients"])
    clients["lindenhof"]["assets"]["group:1890"] = {"reporting": ["ad_account:ANALYZE"]}

    told = rows(ask("--json", clients=clients))

    assert [row for row in told if row[1] in {OTHER, "group:1890"}] == [
        ("lindenhof", "group:1890", "reporting", "declared", []),
        (None, OTHER, "reporting", "declared", []),
    ]
