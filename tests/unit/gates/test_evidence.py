"""Whether a record of the evidence file counts today, and what is said when it does not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from meta_access.gates.evidence import Judged, digest, judge

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
APP = "120480000000201"
DECLARED = {"gate": "RedirectUris", "uris": ["https://a.example/"]}
RECORD = {
    # SHA-256 of {"app":"120480000000201","declared":{"gate":"RedirectUris","uris":["https://a.example/"]}}
    "declared": "sha256:bb4b97103e1288c53f8328635a9aa19eb5c3163dcdc913e8a2dcb199db5efd3f",
    "app": APP,
    "at": "2026-11-20T08:00:00Z",
    "by": "nadia",
    "status": "satisfied",
    "source": "export",
    "note": "Seen.",
}


def judged(declared: dict[str, Any] = DECLARED, app: str = APP, **changed: Any) -> Judged:
    return judge({**RECORD, **changed}, declared=declared, app_id=app, now=NOW)


def test_a_record_about_what_is_declared_counts() -> None:
    assert judged() == Judged("satisfied", "export", "2026-11-20T08:00:00Z", "Seen.")
    assert judge(None, declared=DECLARED, app_id=APP, now=NOW) == Judged()


def test_the_digest_is_of_the_text_as_it_is_written_in_utf_8() -> None:
    # SHA-256 of {"app":"120480000000201","declared":{"gate":"Obligation","note":"Prüfung"}}
    declared = {"note": "Prüfung", "gate": "Obligation"}
    assert digest(declared, APP) == "sha256:d9b51a196049b5cf58a0692ca620898e924915c842daf133f156577825054fb4"


@pytest.mark.parametrize(
    ("at", "stale", "reason"),
    [
        ("2026-08-26T08:00:00Z", False, "Seen."),
        ("2026-08-26T07:59:59Z", True, "The export of 2026-08-26 is older than 90 days."),
    ],
)
def test_it_grows_old_after_ninety_days(at: str, *, stale: bool, reason: str) -> None:
    found = judged(at=at)
    assert (found.stale, found.fresh, found.reason) == (stale, not stale, reason)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (
            {"declared": {**DECLARED, "uris": ["https://b.example/"]}},
            "The evidence of 2026-11-20 is not used: it is about another declaration than the one of today.",
        ),
        ({"app": "120480000000999"}, "The evidence of 2026-11-20 is not used: it is about another app."),
        ({"at": "2026-11-24T08:00:01Z"}, "The evidence of 2026-11-24 is not used: it is dated in the future."),
        (
            {"source": "import"},
            "The evidence of 2026-11-20 is not used: its source is none of attestation, export.",
        ),
        (
            {"status": "granted"},
            "The evidence of 2026-11-20 is not used: its status is none of satisfied, submitted, declined, open.",
        ),
        ({"at": "last week"}, "The evidence is not used: it has no time such as 2026-11-24T08:00:00Z."),
    ],
)
def test_one_that_does_not_count_says_why(given: dict[str, Any], reason: str) -> None:
    assert judged(**given) == Judged(reason=reason)
