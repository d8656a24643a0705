"""Characters that clear a terminal, forge a line or turn the reading direction: refused by key, all at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.errors import ConfigError
from meta_access.redaction import visible

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from meta_access.stack.load import Stack

FIX = "Fix: type it anew, on one line."
PLACES = {
    "meta:businesses/agency/name": "meta:businesses.agency.name",
    "meta:apps/ads/name": "meta:apps.ads.name",
    "meta:apps/ads/settings": "meta:apps.ads.settings.privacy_policy_url",
    "meta:clients/own/name": "meta:clients.own.name",
    "meta:clients/own/contact": "meta:clients.own.contact",
    "meta:people/ines/email": "meta:people.ines.email",
    "meta:identities/reporting/name": "meta:identities.reporting.name",
    "meta:connections/main/tier_probe": "meta:connections.main.tier_probe",
}


@pytest.mark.parametrize(
    ("ill", "code"),
    [
        ("\x1b[2J", "U+001B"),
        ("\rall is well", "U+000D"),
        ("\nall is well", "U+000A"),
        ("\x7f", "U+007F"),
        ("\x9b2J", "U+009B"),
        ("\x85", "U+0085"),
        ("\u2028", "U+2028"),
        ("\u202egnp.exe", "U+202E"),
        ("\u2066", "U+2066"),
        ("\u200b", "U+200B"),
        ("\ufeff", "U+FEFF"),
        ("\u200d", "U+200D"),
        ("\U0001f98a\u200dy", "U+200D"),
        ("\u00ad", "U+00AD"),
        ("\u3164", "U+3164"),
        ("\U000e0041", "U+E0041"),
    ],
)
def test_a_character_that_cannot_be_seen_is_refused_wherever_it_stands(
    refusals: Callable[..., list[str]], ill: str, code: str
) -> None:
    def bad(path: str) -> Any:
        text = f"x{ill}y"
        return {"privacy_policy_url": text} if path.endswith("settings") else text

    problem = f"holds a line break, or a character that cannot be seen ({code}). {FIX}"
    found = refusals({path: bad(path) for path in PLACES})
    assert sorted(found) == sorted(f"{place}: {problem}" for place in PLACES.values())


def test_every_character_is_named_once(refusals: Callable[..., list[str]]) -> None:
    assert refusals({"meta:apps/ads/name": "a\u202e\x1b\x1b\n"}) == [
        f"meta:apps.ads.name: holds a line break, or a character that cannot be seen (U+001B, U+202E). {FIX}"
    ]


def test_a_block_of_yaml_ends_in_a_line_break_that_nobody_typed(load: Callable[..., Stack]) -> None:
    assert load({"meta:businesses/agency/name": "Agency GmbH\n"}).spec.businesses["agency"].name == "Agency GmbH"


@pytest.mark.parametrize("name", ["Café Zürich", "株式会社", "שלום", "Fly ✈️ Ltd"])
def test_letters_of_any_script_are_fine(load: Callable[..., Stack], name: str) -> None:
    assert load({"meta:businesses/agency/name": name}).spec.businesses["agency"].name == name


@pytest.mark.parametrize("path", ["meta:clients/own/assets/act_1043217650987654/reporting", "meta:apps/ads/features"])
def test_keys_and_tasks_are_texts_too(refusals: Callable[..., list[str]], path: str) -> None:
    value: Any = {"x\u202ey": "standard"} if path.endswith("features") else ["ANALYZE\u202e"]
    found = refusals({path: value})

    assert any(problem.startswith(path.replace("/", ".")) and "(U+202E)" in problem for problem in found)
    assert not any("\u202e" in problem for problem in found)


def test_evidence_is_refused_by_its_gate_and_quoted_without_the_character(
    load: Callable[..., Stack], tmp_path: Path
) -> None:
    record = {"declared": "sha256:" + "0" * 16, "app": "1204817736400555", "at": "2026-11-20T08:00:00Z", "by": "nadia"}
    record |= {"status": "satisfied", "source": "attestation"}
    rows = {"ads-tier": {**record, "note": "well\r\x1b[2K"}, "ads-\x1b[2J": record}
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "evidence.test.yaml").write_text(json.dumps(rows), encoding="utf-8")

    with pytest.raises(ConfigError) as refused:
        load()
    text = str(refused.value)
    assert "stacks/evidence.test.yaml:ads-tier.note: holds a line break, or a character that cannot be seen" in text
    assert "stacks/evidence.test.yaml:ads-<U+001B>[2J: this stack has no gate" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("depth", [50, 900, 100_000])
def test_a_value_that_is_nested_without_end_is_one_sentence(load: Callable[..., Stack], depth: int) -> None:
    with pytest.raises(ConfigError, match=r"meta:quota_overrides: is nested "):
        load({"meta:quota_overrides": "[" * depth + "]" * depth})


@pytest.mark.parametrize(
    "emoji", ["\U0001f469\u200d\U0001f4bb", "\U0001f3f3\ufe0f\u200d\U0001f308", "\u2764\ufe0f\u200d\U0001f525"]
)
def test_the_joiner_inside_an_emoji_is_a_part_of_what_is_seen(load: Callable[..., Stack], emoji: str) -> None:
    assert (
        load({"meta:identities/reporting/name": f"desk {emoji}"}).spec.identities["reporting"].name == f"desk {emoji}"
    )
    assert visible(f"desk {emoji}") == f"desk {emoji}"
