"""What is due for a token, read from the text that states of every version hold."""

from __future__ import annotations

import pytest

from meta_access.tokens.observe import Need, finding_of, has_ended, moved


@pytest.mark.parametrize(
    ("freshness", "need", "ended"),
    [
        ("current", Need.NONE, 0),
        ("rotation due: expires 2026-12-01", Need.ROTATION, 0),
        ("rotation due: generation 12 has ended at Meta", Need.ROTATION, 12),
        ("rotation unfinished: generation 3", Need.UNFINISHED, 0),
        ("app changed: 120480000000201 to 120480000000202", Need.ROTATION, 0),
        ("region changed: eu-central-1 to eu-west-1", Need.ROTATION, 0),
        ("retirement due: generation 1, 2", Need.RETIREMENT, 0),
        (
            "retirement due: secret arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/x-AbCdEf",
            Need.RETIREMENT,
            0,
        ),
        ("revocation due: generation 1", Need.REVOCATION, 0),
        ("labels missing: META_INTENT, generation 1", Need.LABELS, 0),
        ("missing: the secret does not exist", Need.DECISION, 0),
        ("scheduled for deletion on 2026-12-01T08:00:00Z", Need.DECISION, 0),
        ("edited by hand: moved back to generation 1", Need.DECISION, 0),
        ("claimed by another resource", Need.DECISION, 0),
        ("rotated by AWS, with arn:aws:lambda:eu-central-1:123456789012:function:x", Need.DECISION, 0),
        ("what no version has written", Need.DECISION, 0),
    ],
)
def test_a_finding_is_read_from_the_text_in_a_state(freshness: str, need: Need, ended: int) -> None:
    found = finding_of(freshness)

    assert (found.need, found.text, found.ended) == (need, freshness, ended)


def test_what_is_written_today_reads_back_as_it_was_found() -> None:
    for finding in (has_ended(3), moved("app", "1", "2"), moved("region", "eu-central-1", "eu-west-1")):
        assert finding_of(finding.text) == finding
