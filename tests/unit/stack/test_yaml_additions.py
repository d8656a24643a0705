"""Keys added to YAML that people typed: nothing else of the text changes."""

from __future__ import annotations

import pytest

from meta_access.stack.yaml_additions import Entry, NotEditableError, added, conflicts

USER = Entry(
    below={"name": Entry("📊 Reporting"), "adopt": Entry("122"), "tasks": Entry(["A", "B"])}, comment="made by hand"
)
WANTED = {"config": Entry(below={"users": Entry(below={"new": USER})})}
LINES = """\
    new:  # made by hand
      name: "📊 Reporting"
      adopt: "122"
      tasks: [A, B]
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"config:\n  users:\n{LINES}"),
        ("# Ours.\n", f"# Ours.\nconfig:\n  users:\n{LINES}"),
        ("config:\n  users:\n    old: {a: b}  # kept\n", f"config:\n  users:\n    old: {{a: b}}  # kept\n{LINES}"),
        (
            "config:\n  users:\n    old: x\n\n  # About more.\n  more: y\nsalt: z\n",
            f"config:\n  users:\n    old: x\n{LINES}\n  # About more.\n  more: y\nsalt: z\n",
        ),
        ("config:\n  users: {}  # none yet\n  more: y\n", f"config:\n  users:  # none yet\n{LINES}  more: y\n"),
        ("config:\n  users:\n  more: y", f"config:\n  users:\n{LINES}  more: y"),
        ("config:\n  users:", f"config:\n  users:\n{LINES}"),
        ("config:\n  more: |\n    text\n", f"config:\n  more: |\n    text\n  users:\n{LINES}"),
        ("config:\n  more: [\n    a]  # end", f"config:\n  more: [\n    a]  # end\n  users:\n{LINES}"),
        (
            "config:\n  users: {old: x}\n",
            'config:\n  users: {old: x, new: {name: "📊 Reporting", adopt: "122", tasks: [A, B]}}\n',
        ),
        (
            "config: {users: {}}\n",
            'config: {users: {new: {name: "📊 Reporting", adopt: "122", tasks: [A, B]}}}\n',
        ),
        (
            "config:\n  users:\n    new: {tasks: mine}\n",
            'config:\n  users:\n    new: {tasks: mine, name: "📊 Reporting", adopt: "122"}\n',
        ),
    ],
)
def test_what_is_lacking_is_put_in_and_nothing_else_changes(before: str, after: str) -> None:
    assert added(before, WANTED, "a.yaml") == after
    assert added(after, WANTED, "a.yaml") == after


def test_a_mark_of_byte_order_stays_and_is_no_column() -> None:
    assert added("\ufeffa: x\n", {"b": Entry("y")}, "f") == "\ufeffa: x\nb: y\n"


def test_a_comment_inside_of_nothing_is_left_to_people() -> None:
    with pytest.raises(NotEditableError, match="f is written in a way that nothing can be added to"):
        added("config:\n  users: {  # none: ask nadia\n  }\n", WANTED, "f")


def test_the_ends_of_lines_stay_those_of_the_file() -> None:
    text = added("config:\r\n  users:\r\n    old: x\r\n", WANTED, "a.yaml")
    assert text == "config:\r\n  users:\r\n    old: x\r\n" + LINES.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("Acme GmbH", "Acme GmbH"),
        ("null", '"null"'),
        ("yes", '"yes"'),
        ("0123", '"0123"'),
        ("2026-11-24", '"2026-11-24"'),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ('"quoted" \\', '"\\"quoted\\" \\\\"'),
        ("page:102", "page:102"),
        ("Ульм", '"Ульм"'),
        ("- x", '"- x"'),
    ],
)
def test_a_text_is_quoted_where_a_reader_might_take_it_for_something_else(typed: str, written: str) -> None:
    assert added("", {"a": Entry(typed)}, "a.yaml") == f"a: {written}\n"


@pytest.mark.parametrize(
    ("name", "comment"),
    [
        ("two\nlines", "  # two lines"),
        ("right\u202eleft", "  # right<U+202E>left"),
        ("", ""),
        ("EAAB" + "x" * 30, ""),
    ],
)
def test_a_comment_is_one_line_that_can_be_seen_and_no_secret(name: str, comment: str) -> None:
    assert added("", {"a": Entry("b", comment=name)}, "a.yaml") == f"a: b{comment}\n"


def test_a_file_that_repeats_a_block_by_an_alias_is_left_to_people() -> None:
    text = "config:\n  users: &all\n    old: x\n  others: *all\n"
    with pytest.raises(NotEditableError, match="nothing can be added to"):
        added(text, WANTED, "a.yaml")


@pytest.mark.parametrize(("mark", "line"), [("<<<<<<< HEAD", 2), ("=======", 2), (">>>>>>> theirs", 2)])
def test_marks_of_a_merge_are_called_so(mark: str, line: int) -> None:
    (problem,) = conflicts(f"a: b\n{mark}\nc: d\n", "a.yaml")
    assert str(problem) == (
        f"a.yaml: has conflict marks of a merge (line {line}). Fix: end the merge in that file first."
    )
    assert conflicts("a: '====== x'\n", "a.yaml") == []


def test_a_file_that_would_be_too_large_to_be_read_is_refused_with_its_size() -> None:
    with pytest.raises(NotEditableError, match="would hold 50005 values in 300020 bytes"):
        added("access: own\n", {"tasks": Entry(["READ"] * 50_000)}, "acme.yaml")
