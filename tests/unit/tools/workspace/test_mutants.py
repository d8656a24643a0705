"""The runner of mutants on a small house of its own: one change noticed, one not, and places that are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.workspace.mutants import Mutant, PlaceError, every, named, run

if TYPE_CHECKING:
    from pathlib import Path

CODE = '''"""Whether to go."""

LIMIT = 3


class Door:
    def opens(self, people: int, *, locked: bool = False) -> str | None:
        """Say so."""
        if locked:
            return None
        told = f"for {people + 1}"
        return told if people < LIMIT and people != 0 else "shut"
'''
TESTS = """from meta_access.door import Door


def test_a_locked_door_is_shut():
    assert Door().opens(1, locked=True) is None


def test_two_may_pass():
    assert Door().opens(2) == "for 3"
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    for name, text in {
        "meta_access/__init__.py": "",
        "meta_access/door.py": CODE,
        "tests/test_door.py": TESTS,
        "pyproject.toml": "",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def mutant(name: str, there: str, instead: str) -> Mutant:
    text = named(CODE, "Door.opens", there, instead)
    return Mutant(name=name, file="meta_access/door.py", text=text, tests=("tests/test_door.py",))


def test_a_change_is_noticed_by_its_tests_or_survives(house: Path) -> None:
    made = [mutant("guarded", "locked", "False"), mutant("unguarded", "people != 0", "True")]

    found = {verdict.mutant.name: verdict.noticed for verdict in run(house, made, workers=2, report=lambda _: None)}

    assert found == {"guarded": True, "unguarded": False}
    assert (house / "meta_access" / "door.py").read_text() == CODE


def test_tests_that_fail_without_a_change_say_nothing(house: Path) -> None:
    (house / "tests" / "test_door.py").write_text("def test_it():\n    assert False\n")
    with pytest.raises(PlaceError, match=r"end with code 1 without any change: tests/test_door\.py"):
        list(run(house, [mutant("guarded", "locked", "False")], workers=1, report=lambda _: None))


@pytest.mark.parametrize(
    ("function", "there", "instead", "before", "after"),
    [
        ("", "LIMIT = ...", "LIMIT = 4", "LIMIT = 3", "LIMIT = 4"),
        ("Door.opens", "people<LIMIT and ...", "True", "people < LIMIT and people != 0", "(True)"),
        ("Door.opens", "return None", "", "            return None", "            pass"),
        ("Door.opens", "LIMIT", "2", "people < LIMIT", "people < (2)"),
    ],
)
def test_a_place_is_syntax_not_text(function: str, there: str, instead: str, before: str, after: str) -> None:
    assert named(CODE, function, there, instead) == CODE.replace(before, after)


def test_a_keyword_is_a_place() -> None:
    assert named("f(a=1, b=2)\n", "", "b=2", "b=3") == "f(a=1, b=3)\n"


@pytest.mark.parametrize(
    ("function", "there", "why"),
    [
        ("Door.shuts", "LIMIT", "there is no Door.shuts"),
        ("Door.opens", "people > LIMIT", "Door.opens has 0 times `people > LIMIT`, not once"),
        ("Door.opens", "None", "Door.opens has 2 times `None`, not once"),
    ],
)
def test_a_place_that_is_gone_or_not_alone_is_an_error(function: str, there: str, why: str) -> None:
    with pytest.raises(PlaceError) as refused:
        named(CODE, function, there, "False")
    assert str(refused.value) == why


def test_every_comparison_condition_number_and_return_changes_in_turn() -> None:
    assert [name for name, _ in every(CODE)] == [
        "module:3 `3` -> `4`",
        "Door.opens:9 `locked` -> `not (locked)`",
        'Door.opens:12 `told if people < LIMIT and people != 0 else "shut"` -> `None`',
        "Door.opens:12 `people < LIMIT and people != 0` -> `not (people < LIMIT and people != 0)`",
        "Door.opens:12 `people < LIMIT and people != 0` -> `people != 0`",
        "Door.opens:12 `people < LIMIT and people != 0` -> `people < LIMIT`",
        "Door.opens:12 `people < LIMIT` -> `people <= LIMIT`",
        "Door.opens:12 `people != 0` -> `people == 0`",
        "Door.opens:12 `0` -> `1`",
    ]


def test_a_verdict_becomes_another_one_of_its_enum() -> None:
    source = "class A(Enum):\n    X = 1\n    Y = 2\n\n\ndef f():\n    return A.Y\n"
    assert [name for name, _ in every(source)] == ["f:7 `A.Y` -> `None`", "f:7 `A.Y` -> `A.X`"]
