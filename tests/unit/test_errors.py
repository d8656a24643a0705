"""What every expected failure shows of itself."""

from __future__ import annotations

from meta_access.errors import ConfigError, MetaAccessError, Problem


def test_thousands_of_problems_fit_a_screen_and_are_counted() -> None:
    error = ConfigError([Problem(f"a.yaml:k{at}", "is wrong.", "correct it.") for at in range(20_000)])

    lines = str(error).splitlines()
    assert lines[0] == "20000 problems in the configuration:"
    assert lines[60] == "  - a.yaml:k59: is wrong. Fix: correct it."
    assert lines[61:] == ["  and 19940 more, which are shown once these are mended."]
    assert len(error.problems) == 20_000


def test_a_key_without_end_keeps_its_place_and_its_fix() -> None:
    [_, line] = str(ConfigError([Problem("a.yaml:" + "x" * 900_000, "is wrong.", "correct it.")])).splitlines()

    assert len(line) < 1000
    assert line.startswith("  - a.yaml:xxx")
    assert line.endswith("xxx: is wrong. Fix: correct it.")


def test_a_name_that_a_terminal_would_obey_is_written_out() -> None:
    assert str(MetaAccessError("Acme \x1b[2J\u202e\rwell\nnext")) == "Acme <U+001B>[2J<U+202E> well\nnext"
