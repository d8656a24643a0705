from __future__ import annotations

import pytest

from tools.engine.random_plugin import values

SPECIAL = set("!@#$%&*()-_=+[]{}<>:?")


def test_a_random_id_is_given_in_all_its_forms() -> None:
    made, outputs = values.make(values.RANDOM_ID, {"byteLength": 4.0, "prefix": "p-", "keepers": {"a": "1"}})

    assert len(outputs["hex"]) == len("p-") + 8
    assert outputs["hex"].startswith("p-")
    assert outputs["dec"] == f"p-{int.from_bytes(bytes.fromhex(outputs['hex'].removeprefix('p-')), 'big')}"
    assert outputs["b64Url"] == f"p-{made}"
    assert outputs["keepers"] == {"a": "1"}
    assert outputs["byteLength"] == 4.0


def test_two_draws_differ() -> None:
    assert len({values.make(values.RANDOM_ID, {"byteLength": 16})[0] for _ in range(50)}) == 50


def test_a_string_has_its_length_and_its_minimums() -> None:
    inputs = {"length": 12, "minUpper": 3, "minNumeric": 4, "special": False}
    made, outputs = values.make(values.RANDOM_STRING, inputs)

    assert made == outputs["result"]
    assert len(made) == 12
    assert sum(character.isupper() for character in made) >= 3
    assert sum(character.isdigit() for character in made) >= 4
    assert not SPECIAL & set(made)
    assert outputs["special"] is False
    assert outputs["lower"] is True
    assert outputs["minSpecial"] == 0


def test_the_older_name_of_numeric_is_understood() -> None:
    made, outputs = values.make(values.RANDOM_STRING, {"length": 40, "number": False})

    assert not any(character.isdigit() for character in made)
    assert outputs["numeric"] is False
    assert outputs["number"] is False


def test_special_characters_can_be_chosen() -> None:
    inputs = {"length": 30, "lower": False, "upper": False, "numeric": False, "overrideSpecial": "+-"}

    assert set(values.make(values.RANDOM_STRING, inputs)[0]) <= {"+", "-"}


def test_a_password_is_not_its_own_id() -> None:
    made, outputs = values.make(values.RANDOM_PASSWORD, {"length": 20})

    assert made == "none"
    assert len(outputs["result"]) == 20


@pytest.mark.parametrize(
    ("kind", "inputs", "expected"),
    [
        (values.RANDOM_ID, {}, [("byteLength", "must be at least 1")]),
        (values.RANDOM_ID, {"byteLength": 0}, [("byteLength", "must be at least 1")]),
        (values.RANDOM_STRING, {"length": 0}, [("length", "must be at least 1")]),
        (
            values.RANDOM_PASSWORD,
            {"length": 4, "minLower": 3, "minUpper": 2},
            [("length", "must be at least 5, the sum of the minimums asked for")],
        ),
        (
            values.RANDOM_STRING,
            {"length": 4, "lower": False, "upper": False, "numeric": False, "special": False},
            [("", "at least one class of characters must be allowed")],
        ),
        (values.RANDOM_STRING, {"length": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}, []),
        (values.RANDOM_ID, {"byteLength": 8}, []),
    ],
)
def test_inputs_that_the_real_provider_refuses_are_refused(
    kind: str, inputs: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    assert values.problems(kind, inputs) == expected


def test_changed_inputs_are_named() -> None:
    olds = {"byteLength": 4.0, "keepers": {"round": "1"}}

    assert values.changed(olds, dict(olds)) == []
    assert values.changed(olds, {"byteLength": 4.0, "keepers": {"round": "2"}, "prefix": "x"}) == ["keepers", "prefix"]
