"""Streams whose values were exchanged for others: a review, or the one named error, and never another one."""

from __future__ import annotations

import io
import json
import random
from typing import Any

import pytest

from meta_access.review import judge, markdown, steps, stored, terminal
from tests.unit.review import recorded

OTHERS: tuple[Any, ...] = (
    None, True, -1, 1e308, float("inf"), float("nan"), "", "\x1b[2J", "a::b$c::d::e", [], [[]], {}, {"a": [None]},
    [1, "x", None], {"04da6b54-80e4-46f7-96ec-b56ff0331ba9": 1}, "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
)  # fmt: skip


def places(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every container with each of its keys."""
    parts: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = list(enumerate(value))
    for key, part in parts:
        found.append((value, key))
        places(part, found)
    return found


def exchanged(name: str, seed: int) -> bytes:
    chance = random.Random(seed)
    lines = (recorded.STREAMS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    known = places(events, [])
    for container, key in chance.sample(known, 5):
        if isinstance(container, list) or key in container:
            container[key] = chance.choice(OTHERS)
    return "".join(json.dumps(event) + "\n" for event in events).encode()


@pytest.mark.parametrize("name", ["branch", "due", "held", "own", "first"])
def test_exchanged_values(name: str) -> None:
    read = 0
    for seed in range(40):
        try:
            log = steps.read(io.BytesIO(exchanged(name, seed)))
        except steps.EventLogError:
            continue
        read += 1
        found = judge.judged(log, [], stack="dev", project="p")
        assert "\x1b" not in terminal.render([found], whole=True) + markdown.render([found])
        assert stored.read(stored.write([found]).encode(), "f") == [found]
    assert read > 5
