"""Keys out of names that people gave."""

from __future__ import annotations

import pytest

from meta_access.discovery.keys import keys, slug


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("reporting", "reporting"),
        ("📊 Reporting (EU)", "reporting-eu"),
        ("Über Büro", "uber-buro"),
        ("Straße", "strasse"),
        ("  a__b..c  ", "a-b-c"),
        ("🦊", ""),
        ("отчёты", ""),
        ("x" * 100, "x" * 30),
    ],
)
def test_a_key_is_what_can_be_typed_of_a_name(name: str, key: str) -> None:
    assert slug(name) == key


@pytest.mark.parametrize(
    ("named", "taken", "found"),
    [
        ([("1001", "Feeds"), ("1002", "trading")], (), {"1001": "feeds", "1002": "trading"}),
        ([("1002", "Feeds"), ("1001", "feeds")], (), {"1001": "feeds-1001", "1002": "feeds-1002"}),
        ([("1001", "feeds")], ("feeds",), {"1001": "feeds-1001"}),
        ([("1001", "feeds")], ("feeds", "feeds-1001"), {"1001": "feeds-2"}),
        ([("77771001", "feeds")], ("feeds", "feeds-1001"), {"77771001": "feeds-77771001"}),
        ([("1001", "🦊"), ("1002", "2024 import")], (), {"1001": "user-1001", "1002": "user-2024-import"}),
        ([("91001", "a"), ("81001", "A")], (), {"81001": "a-1001", "91001": "a-91001"}),
    ],
)
def test_names_that_come_to_one_key_get_a_part_of_their_id(
    named: list[tuple[str, str]], taken: tuple[str, ...], found: dict[str, str]
) -> None:
    assert keys(named, taken, "user") == found
    assert keys(named[::-1], taken, "user") == found
