"""Patterns of faults: what they match, what is refused, and that none takes long."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meta_emulator.patterns import Pattern, PatternError


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("/me$", "/v26.0/me", True),
        ("/me$", "/v26.0/me/accounts", False),
        ("^/v26.0/me$", "/v26.0/me", True),
        ("oauth/revoke|debug_token", "/v26.0/debug_token", True),
        (r"^/v\d+\.\d+/act_\d{3,}/(assigned_users|campaigns)$", "/v26.0/act_1043/assigned_users", True),
        (r"^/v\d+\.\d+/act_\d{3,}/(assigned_users|campaigns)$", "/v26.0/act_10/assigned_users", False),
        ("[^a-z]x", "ax", False),
        ("[^a-z]x", "9x", True),
        ("a(?:bc)*d", "abcbcd", True),
        ("a(?:bc){2}d", "abcd", False),
        ("a+?b", "aab", True),
        ("", "", True),
        ("{", "a{b", True),
        ("(a|a)*b", "aaaab", True),
        (r"\A/me\Z", "/me", True),
    ],
)
def test_it_matches_as_a_regular_expression_does(pattern: str, text: str, *, found: bool) -> None:
    assert Pattern(pattern).found_in(text) is found


_PARTS = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", "1"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{2,}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a machine at work on other things
@given(_PARTS, st.sampled_from(["", "^"]), st.sampled_from(["", r"\Z"]), st.text("ab1", max_size=8))
def test_it_agrees_with_pythons_own(pattern: str, start: str, end: str, text: str) -> None:
    whole = f"{start}(?:{pattern}){end}"

    assert Pattern(whole).found_in(text) is (re.search(whole, text) is not None)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a|a)*x",
        "(a+)+$",
        "(a*)*x",
        "((a+)+)+$",
        "(a?){32}a{32}$",
        "a*" * 99 + "x",
        "(.*)(.*)(.*)(.*)(.*)(.*)x",
        "(((((((a*)*)*)*)*)*)*)*x",
        "(a|b|ab)*c",
        "(?:(?:(?:a*b|a)*c|a)*d|a)*x",
        "(.{1,20}){1,20}x",
    ],
)
def test_no_pattern_takes_long(pattern: str) -> None:
    begun = time.process_time()

    assert Pattern(pattern).found_in("a" * 299 + "!") is False

    assert time.process_time() - begun < 2


def test_a_text_that_is_longer_than_any_path_matches_nothing() -> None:
    assert Pattern("a").found_in("a" * 301) is False


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "a ( is not closed"),
        (")", "a ) closes nothing"),
        ("[a", "a [ is not closed"),
        ("*a", "nothing stands before *"),
        ("a**", "a repetition follows a repetition"),
        ("(?=a)", r"a group begins with ( or (?:"),
        (r"(a)\1", r"\1 is not taken"),
        ("[[:alpha:]]", "a set inside a set is not taken"),
        ("a{1000000}", "{1000000} is no count up to 32"),
        ("a{33}", "{33} is no count up to 32"),
        ("a{3,2}", "{3,2} is no count up to 32"),
        ("a" * 201, "it has 201 characters; at most 200"),
        ("(" * 11 + ")" * 11, "it is nested more than 10 levels deep"),
        ("((((a{32}){32}){32}){32}){32}", "its counts multiply to more than can be searched"),
        ("a\\", "\\ is not taken"),
    ],
)
def test_what_is_not_taken_is_refused_with_the_reason(pattern: str, reason: str) -> None:
    with pytest.raises(PatternError) as refused:
        Pattern(pattern)

    assert str(refused.value) == reason
