"""The page of `meta-access report --html`: what it says of which state, and that nobody's text is more than text."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from meta_access.cli.pulumi_stack import Seen
from meta_access.cli.stack.report_page import matrix, render, timeline
from meta_access.cli.stack.summary import Assignment, Filter, Summary, TokenState
from meta_access.clock import parse_iso
from tests import reports
from tests.reports import NOW, agency, summary

EMPTY = Summary("dev", Seen(None, "", failed_since=False), {}, {}, {}, {}, {}, {})
VOID = {"meta", "link", "input", "col"}


class Reader(HTMLParser):
    """The texts of a page by the way of elements to each; a tag that does not match fails."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1], data))

    @property
    def words(self) -> str:
        return " ".join(text for tag, text in self.texts if tag not in {"style", "script"})


def rows(page: str) -> list[list[str]]:
    """The rows of the matrix, each cell's words."""
    table = page.partition('id="matrix">')[2].partition("</table>")[0]
    lines = re.findall(r"<tr[^>]*>(.*?)</tr>", table)
    cells = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line) for line in lines)
    return [[" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in line] for line in cells]


def assigned(client: str, asset: str, identity: str, *tasks: str, kept: tuple[str, ...] = ()) -> Assignment:
    return Assignment(client, asset, identity, "1", tasks, kept)


def test_the_matrix_has_assets_by_client_and_a_column_for_each_identity() -> None:
    given = (
        assigned("", "act_9", "own", "ANALYZE"),
        assigned("acme", "act_1", "trading", "ANALYZE", "MANAGE", "ADVERTISE"),
        assigned("acme", "act_1", "reporting", "ANALYZE", kept=("MANAGE",)),
        assigned("acme", "page:2", "trading", "CREATE_CONTENT"),
        assigned("acme", "group:3", "trading", "page:MANAGE", "ad_account:DRAFT"),
    )
    found = replace(EMPTY, clients=("acme", "birke"), assignments=given)

    page = render(found, Filter(), NOW)

    assert rows(page) == [
        ["Client and asset", "own", "reporting", "trading"],
        ["acme 3 assets", "", "1 ANALYZE", "3 MANAGE"],
        ["act_1", "", "ANALYZE MANAGE", "MANAGE ADVERTISE ANALYZE"],
        ["page:2", "", "", "CREATE_CONTENT"],
        ["group:3", "", "", "page:MANAGE ad_account:DRAFT"],
        ["birke 0 assets", "", "", ""],
        ["Of no client 1 asset", "1 ANALYZE", "", ""],
        ["act_9", "ANALYZE", "", ""],
    ]
    assert '<i class="kept manage">MANAGE</i>' in page
    assert '<option value="*kept">kept, not declared</option>' in page
    assert "<dt>Assets that somebody may MANAGE</dt><dd>2</dd>" in page


def test_an_end_is_shown_where_it_comes_or_has_come() -> None:
    ends = {"acme": "2026-12-03", "birke": "2026-12-02"}
    given = [replace(assigned(client, "act_1", "x", "ANALYZE"), until=day) for client, day in ends.items()]

    page = render(replace(EMPTY, assignments=tuple(given)), Filter(), NOW)

    assert [row[1] for row in rows(page) if row[0] == "act_1"] == [
        "ANALYZE until 2026-12-03",
        "ANALYZE ended 2026-12-02: the next update takes it away",
    ]


def test_tasks_are_offered_with_the_strongest_first() -> None:
    shown = matrix.matrix([assigned("a", "act_1", "x", "DRAFT", "ANALYZE", "MANAGE", "AA_ANALYZE")], [])

    assert shown.tasks == ("MANAGE", "ANALYZE", "AA_ANALYZE", "DRAFT")


def test_a_stack_without_anything_says_so() -> None:
    words = Reader(render(EMPTY, Filter(), NOW)).words

    for sentence in (
        "Access of stack dev",
        "How old this is, nobody can tell: the stack's history has no update that succeeded.",
        "No assignment exists in this stack.",
        "No token exists in this stack.",
        "This stack has no gate.",
        "The last update exported no quota.",
        "Nothing exists in this stack.",
        "Made by meta-access report, 2026-12-02T10:00:00Z. No call was made to Meta for it.",
    ):
        assert sentence in words


def test_tokens_are_told_in_words_the_worst_first() -> None:
    found = summary(*agency(1))
    lives = timeline.lives(found) + timeline.of_admins(found, NOW)

    assert [(one.name, str(one.state), timeline.when(one, NOW), one.says) for one in lives] == [
        ("catalog-sync", "expired", "expired 2026-11-19, 13 days ago", "rotation due: expires 2026-11-19"),
        (
            "pixel-feed",
            "needs a decision",
            "expires 2026-12-31, in 28 days; a successor is wanted from 2026-12-11 on",
            "missing: the secret does not exist",
        ),
        (
            "trading",
            "due",
            "expires 2026-12-09, in 6 days; a successor is wanted from 2026-11-19 on",
            "rotation due: expires 2026-12-09",
        ),
        ("reporting", "current", "expires 2027-01-19, in 47 days; a successor is wanted from 2026-12-30 on", ""),
        ("measurement", "current", "never expires", "the vendor cannot rotate; to be looked at until 2027-03-01."),
        (
            "admin token of main",
            "due",
            "expires 2026-12-20, in 17 days",
            "A person makes its successor, where the connection's admin_token points.",
        ),
    ]
    words = Reader(render(found, Filter(), NOW)).words
    assert "6: 1 expired, 2 due" in words
    assert all(timeline.when(one, NOW) in words for one in lives)


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ("2026-12-02T10:00:00Z", "expired 2026-12-02"),
        ("2026-12-01T11:00:00Z", "expired 2026-12-01"),
        ("2026-12-01T09:00:00Z", "expired 2026-12-01, 1 day ago"),
        ("2026-12-02T11:00:00Z", "expires 2026-12-02, in 0 days"),
        ("2026-12-03T10:00:00Z", "expires 2026-12-03, in 1 day"),
    ],
)
def test_an_end_is_told_to_the_day(ends: str, told: str) -> None:
    assert timeline.when(timeline.Life("x", TokenState.DUE, "", None, None, parse_iso(ends)), NOW) == told


def test_a_token_of_which_the_state_knows_little_has_a_row() -> None:
    found = replace(EMPTY, secrets={"x": {"expires_at": "soon", "state": "due"}})

    assert [timeline.when(one, NOW) for one in timeline.lives(found)] == ["when it expires, nobody knows"]
    assert "when it expires, nobody knows" in render(found, Filter(), NOW)


def test_a_moment_is_where_it_belongs_on_the_line_and_months_have_room() -> None:
    begin = parse_iso("2026-11-05T00:00:00Z")
    lives = [timeline.Life("x", TokenState.CURRENT, "", begin, None, begin + timedelta(days=92))]
    scale = timeline.Scale.of(lives, begin + timedelta(days=46))

    assert scale.at(begin - timedelta(days=4)) == "0.00%"
    assert scale.at(begin + timedelta(days=46)) == "50.00%"
    assert scale.at(begin + timedelta(days=96)) == "100.00%"
    assert scale.at(begin - timedelta(days=400)) == "0.00%"
    assert [f"{at:%Y-%m-%d}" for at in scale.months()] == ["2026-12-01", "2027-01-01", "2027-02-01"]
    far = [timeline.Life("x", TokenState.CURRENT, "", begin, None, begin + timedelta(days=3000))]
    assert len(list(timeline.Scale.of(far, begin).months())) == 7


def test_gates_stand_by_status_and_only_the_satisfied_are_folded() -> None:
    found = replace(summary(*agency(4)), due={"ads-app-roles": NOW.date() + timedelta(days=5)})

    page = render(found, Filter(), NOW)

    folds = re.findall(r'<details class="panel gates"( open)? data-status="(\w+)"><summary><span[^>]*>([^<]*)', page)
    assert folds == [
        (" open", "drifted", "drifted"),
        (" open", "pending_human", "pending human"),
        (" open", "stale_evidence", "stale evidence"),
        (" open", "unverifiable", "unverifiable"),
        ("", "satisfied", "satisfied"),
    ]
    assert '<th scope="row">ads-app-roles<p class="due">due 2026-12-07, in 5 days (told from 7 days before)</p>' in page
    assert '<td data-label="Known by">person 2026-10-01</td>' in page
    assert "<pre>ines: developer\nnadia: admin</pre>" in page
    where = "https://business.facebook.com/latest/settings/apps?business_id=178000000000101"
    assert f'Where: <a href="{where}" rel="noreferrer">{where}</a>' in page


def test_a_status_of_another_version_is_shown_before_those_that_are_satisfied() -> None:
    found = replace(EMPTY, gates={"a": {"status": "satisfied"}, "b": {"status": "asleep"}, "c": {}})

    page = render(found, Filter(), NOW)

    assert re.findall(r'data-status="([^"]*)"', page) == ["asleep", "?", "satisfied"]


def test_gates_that_were_asked_for_alone_are_said_to_be() -> None:
    words = Reader(render(EMPTY, Filter("acme", "nadia", only_open=True), NOW)).words

    assert "Only those that are of client acme and owned by nadia and open." in words
    assert "There is no such gate." in words


def test_quota_is_a_bar_with_its_numbers() -> None:
    over = {"planned": ["a", "b"], "limit": 1.0, "tier": "limited", "rules": "2026-11"}
    found = replace(summary(*agency(1)), quota={**summary(*agency(1)).quota, "birke": {"EMPLOYEE": over}, "odd": "x"})

    page = render(found, Filter(), NOW)

    assert '<td data-label="System users">7 of 10 planned<svg' in page
    assert '<rect width="70.00%" height="10" class="used"></rect>' in page
    assert '1 of 1 planned <span class="status wait">none is left</span>' in page
    assert '2 of 1 planned <span class="status bad">more than the limit</span>' in page
    assert '<td data-label="System users">1 planned, of an unknown number</td>' in page


def test_what_could_not_be_looked_at_is_said() -> None:
    found = replace(summary(*agency(1)), not_looked_at="Describing secret x failed.")

    assert "As the last update saw them; they were not looked at: Describing secret x failed." in render(
        found, Filter(), NOW
    )


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style></script></table>",
    "a\u202eb\u2066c\u200d",
    "👩‍💻 עברית",
    "x" * 400,
    "--><!--",
    "javascript:alert(1)",
)


def hostile(text: str) -> Summary:
    secret: dict[str, Any] = {
        "state": "due",
        "expires_at": "2027-01-01T00:00:00Z",
        "issued_at": text,
        "freshness": text,
    }
    gate: dict[str, Any] = dict.fromkeys(("status", "phase", "waiting_on", "owner", "since", "reason"), text)
    gate |= {"evidence": {"source": text, "at": text}}
    gate |= {"next_step": dict.fromkeys(("what", "where", "menu", "expect", "paste", "first"), text)}
    return Summary(
        stack=text,
        seen=Seen(NOW, "update", failed_since=True),
        resources={text: [text]},
        gates={text: gate},
        secrets={text: {**secret, "lifetime": text}},
        quota={text: {text: {"planned": [text], "limit": 2, "tier": text, "rules": text}}},
        login_urls={text: {text: text}},
        upkeep={text: {"standing": text, "on": text, "rule": text}},
        environment=text,
        clients=(text,),
        assignments=(Assignment(text, text, text, text, (text, "MANAGE"), (text,), text),),
        admin_tokens={text: {"says": [text], "ends": "2027-01-01T00:00:00Z"}},
        not_looked_at=text,
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_text_wherever_it_stands(text: str) -> None:
    plain, page = Reader(render(hostile("plain"), Filter(), NOW)), Reader(render(hostile(text), Filter(), NOW))

    # The same elements with the same attributes, whatever stands in them.
    assert [tag for tag, _ in page.texts] == [tag for tag, _ in plain.texts]
    assert [name for name, _ in page.attributes] == [name for name, _ in plain.attributes]
    assert [value for name, value in page.attributes if name == "href"] == [
        value for name, value in plain.attributes if name == "href"
    ]
    assert not re.search("[\u200b\u202a-\u202e\u2066-\u2069]", page.words)


def test_a_page_for_three_hundred_clients_is_small_and_the_same_again() -> None:
    page = reports.page(300)

    assert len(page.encode()) < 1_100_000
    assert page == reports.page(300)
    assert len(rows(page)) == 1 + 300 + 1500
    assert page.count('<tbody class="folded">') == 300
    assert '<tbody class="folded">' not in reports.page(12)
    assert "http-equiv" in page.partition("<style>")[0]
    assert not re.search(r'(?:src|href)="(?!#|data:,|https://business\.facebook\.com/)', page)
