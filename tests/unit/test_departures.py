"""What a preview says of the secrets that no identity declares."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from meta_access import departures
from meta_access.errors import SecretDeniedError
from meta_access.stack.connections import settings_of
from meta_access.stack.load import load_stack
from meta_access.tokens.store import Description
from tests.texts import lacks
from tests.unit.stack.conftest import NOW, SOUND

if TYPE_CHECKING:
    from datetime import datetime

    from meta_access.stack.load import Stack


def stack(identities: dict[str, Any], pattern: str = "meta/{environment}/{identity}") -> Stack:
    config = {**SOUND, "meta:identities": identities, "meta:token_defaults": {"secret": pattern}, "meta:clients": {}}
    return load_stack(config, "test", Path("nowhere"), now=NOW)


def secret(name: str, *, stack_id: str = "one", goes: datetime | None = None, claim: str = "") -> Description:
    tags = {"meta-tokens:stack-id": stack_id, "meta-tokens:system-user-id": "7", "meta-tokens:claim": claim or name}
    return Description(f"arn:{name}", name, tags, {}, deletes_at=goes)


INSIGHTS = {"insights": {"use_case": "read_reports"}}


def test_a_secret_that_no_identity_declares_is_named_with_what_happens_and_what_keeps_it() -> None:
    shown = [secret("meta/test/reporting"), secret("meta/test/insights")]

    [said] = list(departures.judge(stack(INSIGHTS), shown))
    assert not lacks(said, "meta/test/reporting", "system user 7", "`renamed_from: reporting`")


def test_a_secret_that_a_renamed_identity_leaves_is_named_with_what_keeps_its_name() -> None:
    found = stack({"insights": {"use_case": "read_reports", "renamed_from": "reporting", "grace": "48h"}})

    [said] = list(departures.judge(found, [secret("meta/test/reporting")]))
    assert not lacks(
        said, "meta/test/reporting", "identity insights", "meta/test/insights", "48h", "`secret: meta/test/reporting"
    )


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("meta/test/insights", "meta/{environment}/{identity}"),
        ("meta/test/insights/0a1b2c3d", "meta/{environment}/{identity}/{suffix}"),
    ],
)
def test_what_is_declared_or_waits_for_its_deletion_is_not_spoken_of(name: str, pattern: str) -> None:
    shown = [secret(name), secret("meta/test/gone", goes=NOW)]

    assert list(departures.judge(stack(INSIGHTS, pattern), shown)) == []


def test_a_stack_of_the_same_name_with_another_id_is_not_spoken_of() -> None:
    shown = [secret("meta/test/insights"), secret("meta/test/theirs", stack_id="two")]

    assert list(departures.judge(stack(INSIGHTS), shown)) == []


@pytest.mark.parametrize(
    ("pattern", "name", "old"),
    [
        ("{environment}-{identity}-{suffix}", "test-old-0a1b2c3d", "old"),
        ("meta/{identity}", "meta/two/parts", "<the old key>"),
        ("meta/fixed", "meta/old", "<the old key>"),
    ],
)
def test_the_old_key_is_read_from_the_secret_s_name_where_it_stands_in_it(pattern: str, name: str, old: str) -> None:
    [text] = departures.judge(stack(INSIGHTS, pattern), [secret(name)])

    assert f"`renamed_from: {old}`" in text


def test_a_secret_whose_user_another_identity_adopts_ends_after_its_grace() -> None:
    found = stack({"insights": {"use_case": "read_reports", "adopt": "7"}})

    [text] = departures.judge(found, [secret("meta/test/reporting")])

    assert not lacks(text, "leaves it to identity insights")


def test_a_secret_that_is_being_left_is_named_with_the_one_that_its_readers_are_to_read() -> None:
    shown = [secret("meta/test/insights", claim="c"), secret("meta/test/reporting", claim="c")]

    [said] = list(departures.judge(stack(INSIGHTS), shown))
    assert not lacks(said, "meta/test/reporting", "meta/test/insights", "`meta-access rotate --due`")


def test_a_list_that_cannot_be_read_stops_nothing_and_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Denied:
        def owned_by(self, *_: str) -> None:
            raise SecretDeniedError("Reading the list failed: no right.")

    monkeypatch.setattr(departures, "store_for", lambda _: Denied())
    found = stack(INSIGHTS)

    [said] = list(departures.warnings(found, settings_of(found.spec), "p"))
    assert not lacks(said, "eu-central-1", "no right.")
