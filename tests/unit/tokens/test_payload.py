"""What a secret's versions are put under: ids that every version of this library must derive alike."""

from __future__ import annotations

from meta_access.tokens import payload

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/dev/reporting-AbCdEf"


def test_the_ids_of_versions_are_what_earlier_releases_wrote() -> None:
    # uuid5 of the namespace 0c5f1a1e-6b0d-4e0a-9a55-2f2f3c1b7a64 and "<arn>|<I, R or T>|<generation>".
    assert payload.intent_id(ARN, 7) == "3052507b-2803-5db1-9c57-7b34206d58e8"
    assert payload.closed_id(ARN, 7) == "11ed5aea-20f4-55cf-bc12-6dda36cf7c87"
    assert payload.token_id(ARN, 7) == "711fa8a6-4353-5007-835b-a98c74b42dba"
