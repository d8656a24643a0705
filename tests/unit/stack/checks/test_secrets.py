"""Names of secrets, and the times around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.load import Stack

WORK = {"use_case": "read_reports"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"meta:token_defaults": {"secret": "meta/{environment}/tokens"}, "meta:identities/second": WORK},
            (
                "meta:token_defaults.secret: reporting and second would share the secret "
                '"meta/test/tokens". Fix: use {identity} in the pattern, or name each one\'s secret.'
            ),
        ),
        (
            {"meta:identities/second": {**WORK, "secret": "meta/test/reporting"}},
            (
                "meta:identities.second.secret: reporting and second would share the secret "
                '"meta/test/reporting". Fix: use {identity} in the pattern, or name each one\'s '
                "secret."
            ),
        ),
        (
            {"meta:identities/reporting/secret": "meta/ads reporting"},
            (
                'meta:identities.reporting.secret: the secret\'s name "meta/ads reporting" is not a '
                "secret's name: 1 to 512 of the characters A-Z a-z 0-9 / _ + = . @ -. Fix: write "
                "another name."
            ),
        ),
        (
            {"meta:identities/reporting/secret": "meta/ads-report"},
            (
                'meta:identities.reporting.secret: the secret\'s name "meta/ads-report" ends in a '
                "hyphen and six characters, which reads like the end of an ARN; add to it. Fix: write "
                "another name."
            ),
        ),
        (
            {"meta:token_defaults": {"rotate_before": "60d"}},
            (
                "meta:token_defaults.rotate_before: rotate_before must be shorter than the lifetime of 60d; else every "
                'run would rotate. It is 60d, and grace is 24h. Fix: write times such as "20d" and "24h".'
            ),
        ),
        (
            {"meta:identities/reporting/grace": "19d"},
            (
                "meta:identities.reporting.grace: rotate_before must be at least the grace and two days: two runs of a "
                "daily rotation job may fail before a token ends. It is 20d, and grace is 19d. "
                'Fix: write times such as "20d" and "24h".'
            ),
        ),
        (
            {"meta:identities/reporting/lifetime": {"never": {"reason": "r", "until": "2026-11-24"}}},
            (
                "meta:identities.reporting.lifetime.never.until: the day to look at this token again, "
                "2026-11-24, has come. Fix: write 60d, or a later day if the reason still holds."
            ),
        ),
    ],
)
def test_secrets_and_their_times(refusals: Callable[..., list[str]], changes: dict[str, Any], problem: str) -> None:
    assert refusals(changes) == [problem]


def test_a_random_suffix_keeps_secrets_apart(load: Callable[..., Stack]) -> None:
    assert load({"meta:token_defaults": {"secret": "meta/{environment}/{suffix}"}, "meta:identities/second": WORK})
