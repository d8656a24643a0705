"""Values changed and taken out in YAML that people typed: nothing else of the text changes."""

from __future__ import annotations

import pytest

from meta_access.stack.yaml_additions import NotEditableError
from meta_access.stack.yaml_edits import Append, Drop, Edit, Put, edited

ENTRY = {"holder": "122", "reason": "Finance", "until": "2027-01-31"}
FLOW = '{holder: "122", reason: Finance, until: "2027-01-31"}'


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        ("a: {x: 1, y: 2}  # why\n", Drop(("a", "x")), "a: {y: 2}  # why\n"),
        ("a: {x: 1, y: 2}  # why\n", Drop(("a", "y")), "a: {x: 1}  # why\n"),
        ("a: {x: 1}  # why\n", Drop(("a", "x")), "a: {}  # why\n"),
        ("a:\n  x: 1  # gone\n  # stays\n  y: 2\n", Drop(("a", "x")), "a:\n  # stays\n  y: 2\n"),
        ("a:  # why\n  x: 1\nb: 2\n", Drop(("a", "x")), "a: {}  # why\nb: 2\n"),
        ("a:\n  - x\n  - y\n", Drop(("a", 0)), "a:\n  - y\n"),
        ("a:\n  - x\n", Drop(("a", 0)), "a: []\n"),
        ("a: [x, y]\n", Drop(("a", 1)), "a: [x]\n"),
        ("a:\n  x:\n    - A\n    - B\n  y: 2\n", Drop(("a", "x")), "a:\n  y: 2\n"),
        ("a: {x: read}  # why\n", Put(("a", "x"), ["A", "B"]), "a: {x: [A, B]}  # why\n"),
        ("a:\n  x: read  # why\n", Put(("a", "x"), {"tasks": "read"}), "a:\n  x: {tasks: read}  # why\n"),
        ("a:\n  x:\n    - A\n    - B\n  y: 2\n", Put(("a", "x"), ["A"]), "a:\n  x:\n    [A]\n  y: 2\n"),
        ("a:\n  x:  # keep?\n  y:\n", Put(("a", "x"), "keep"), "a:\n  x: keep  # keep?\n  y:\n"),
        ("a:\n  x: keep\n", Put(("a", "x"), None), "a:\n  x: null\n"),
        ("a:\n  - x: 1\n", Put(("a", 0, "y"), "2027-01-31"), 'a:\n  - x: 1\n    y: "2027-01-31"\n'),
        ("a:\n  x: 1", Put(("b",), True), "a:\n  x: 1\nb: true\n"),
        ("\ufeffa: 1\n", Put(("b",), True), "\ufeffa: 1\nb: true\n"),
        ("a: {x: 1}\n", Put(("a", "y"), "z"), "a: {x: 1, y: z}\n"),
        ("a:\n  x: 1\n", Append(("a", "l"), ENTRY), f"a:\n  x: 1\n  l:\n    - {FLOW}\n"),
        ("a:\r\n  x: 1\r\n", Append(("a", "l"), ENTRY), f"a:\r\n  x: 1\r\n  l:\r\n    - {FLOW}\r\n"),
        ("a:\n  l: []  # none\n", Append(("a", "l"), ENTRY), f"a:\n  l: [{FLOW}]  # none\n"),
        ("a:\n  l: [{b: c}]\n", Append(("a", "l"), ENTRY), f"a:\n  l: [{{b: c}}, {FLOW}]\n"),
        (
            "a:\n  l:\n  - b: c  # old\n\n  # more\n",
            Append(("a", "l"), ENTRY),
            f"a:\n  l:\n  - b: c  # old\n  - {FLOW}\n\n  # more\n",
        ),
        ("a:\n  l:\n", Append(("a", "l"), ENTRY), f"a:\n  l: [{FLOW}]\n"),
    ],
)
def test_one_place_changes_and_nothing_else(before: str, edit: Edit, after: str) -> None:
    assert edited(before, [edit], "a.yaml") == after


def test_edits_find_their_places_one_after_the_other() -> None:
    assert edited("a: [x, y, z]\n", [Drop(("a", 2)), Drop(("a", 0)), Append(("a",), "w")], "a.yaml") == "a: [y, w]\n"


@pytest.mark.parametrize(
    ("before", "edit"),
    [
        ('a: \'{"b": {"c": 1}}\'\n', Drop(("a", "b", "c"))),  # JSON, as pulumi writes it
        ("a: {b: &one {c: 1}, d: *one}\n", Drop(("a", "d", "c"))),
        ("a:\n  - b: 1\n    c: 2\n", Drop(("a", 0, "b"))),
        ("a:\n  - b: 1\n", Drop(("a", 0, "b"))),
        ("a: 1\n", Drop(("b", "c"))),
    ],
)
def test_what_cannot_be_edited_is_named_and_left(before: str, edit: Edit) -> None:
    with pytest.raises(NotEditableError, match=r"a\.yaml is written in a way that .* and nothing was changed"):
        edited(before, [edit], "a.yaml")
