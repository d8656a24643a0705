"""Lines and tables in the columns of a terminal: words whole, wide characters counted as two."""

from __future__ import annotations

import pytest

from meta_access import wrapping

LONG = "Agentur-für-Übersee-" + "x" * 100
"""A name of 120 characters."""


@pytest.mark.parametrize(
    ("text", "wide"),
    [("abc", 3), ("Jürgen", 6), ("Ju\u0308rgen", 6), ("株式会社", 8), ("한국", 4), ("😀", 2)],
)
def test_a_wide_character_takes_two_columns_and_a_mark_none(text: str, wide: int) -> None:
    assert wrapping.columns(text) == wide


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("", [""]),
        ("short", ["short"]),
        ("one two three four five", ["one two three four", "  five"]),
        ("  one two three four 5", ["  one two three four", "    5"]),
        ("see `a b c d e` now", ["see `a b c d e` now"]),
        ("look: see `a b c d e`.", ["look: see", "  `a b c d e`."]),
        ("`one two three four five`", ["`one two three four", "  five`"]),
        ("go to https://example.com/a/long/link soon", ["go to", "  https://example.com/a/long/link", "  soon"]),
        ("株式 会社 広告 代理 店舗", ["株式 会社 広告 代理", "  店舗"]),
        ("id   name", ["id   name"]),
    ],
)
def test_a_line_is_broken_between_words_and_outside_of_commands(line: str, found: list[str]) -> None:
    assert wrapping.wrapped(line, 20) == found


def test_a_link_stays_behind_its_label_where_a_line_of_its_own_gains_nothing() -> None:
    link = "https://example.com/a/long/link"

    assert wrapping.wrapped(f"  where:  {link} now", 20, " " * 8) == [f"  where:  {link}", "          now"]


def test_a_word_is_cut_only_where_that_is_asked_for() -> None:
    assert wrapping.wrapped("a " + "x" * 25, 12, cut=True) == ["a xxxxxxxxxx", "  xxxxxxxxxx", "  xxxxx"]
    assert wrapping.wrapped("株式会社", 5, "", cut=True) == ["株式", "会社"]


GATES = ("Gate", "Status", "Waiting on", "Since")
ROLES = ("ads-app-roles", "pending_human", "us", "2026-12-03")
SHARE = ("acme-share-act_205550000000601", "satisfied", "nobody", "2026-12-03")


@pytest.mark.parametrize(
    ("width", "rows", "lines"),
    [
        pytest.param(
            80,
            [ROLES, SHARE],
            [
                "Gate                            Status         Waiting on  Since",
                "ads-app-roles                   pending_human  us          2026-12-03",
                "acme-share-act_205550000000601  satisfied      nobody      2026-12-03",
            ],
            id="it fits",
        ),
        pytest.param(
            57,
            [ROLES, SHARE],
            [
                "Gate           Status         Waiting on  Since",
                "ads-app-roles  pending_human  us          2026-12-03",
                "acme-share-act_205550000000601",
                "               satisfied      nobody      2026-12-03",
            ],
            id="a name with a line of its own",
        ),
        pytest.param(
            40,
            [ROLES],
            ["ads-app-roles", "  Status: pending_human", "  Waiting on: us", "  Since: 2026-12-03"],
            id="a list",
        ),
        pytest.param(
            80,
            [("広告-roles", "satisfied", "Jürgen", "2026-12-03"), (LONG, "drifted", "株式会社", "-")],
            [
                "Gate        Status     Waiting on  Since",
                "広告-roles  satisfied  Jürgen      2026-12-03",
                LONG,
                "            drifted    株式会社    -",
            ],
            id="wide characters and a name of 120",
        ),
    ],
)
def test_a_table_breaks_no_word(width: int, rows: list[tuple[str, ...]], lines: list[str]) -> None:
    assert [line for block in wrapping.table(GATES, rows, width) for line in block] == lines


def test_a_cell_of_several_lines_stays_so() -> None:
    found = wrapping.table(("Asset", "Holder"), [("act_1", "reporting\nsystem user 122090000001001")], 24)

    assert found == [
        ["Asset  Holder"],
        ["act_1  reporting", "       system user", "       122090000001001"],
    ]
