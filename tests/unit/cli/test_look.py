"""`gates --refresh` and the admin tokens: what a look just now tells of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from meta_access.cli.gates import look
from meta_access.errors import AuthError
from meta_access.graph.admin_token import Doubts
from meta_access.stack.files import config_of
from meta_access.tokens.issuer import TokenFacts
from tests.texts import lacks

STACK = Path(__file__).resolve().parents[3] / "stacks" / "Pulumi.dev.yaml"
GOOD = TokenFacts(True, "120480000000201", "301", "SYSTEM_USER", ("business_management",), None, None)


@pytest.mark.parametrize(
    ("seen", "doubts", "told"),
    [
        (GOOD, Doubts(), {}),
        (GOOD, Doubts(("the token is odd.",)), {"main": {"says": ["the token is odd."], "ends": None}}),
        (
            replace(GOOD, type="PAGE"),
            Doubts(),
            {
                "main": {
                    "says": ["meta:connections.main.admin_token, type PAGE, meta-access bootstrap"],
                    "ends": None,
                }
            },
        ),
        (AuthError("Meta refused."), Doubts(), {}),
    ],
)
def test_a_look_just_now_examines_the_admin_tokens(
    monkeypatch: pytest.MonkeyPatch, seen: TokenFacts | Exception, doubts: Doubts, told: dict[str, Any]
) -> None:
    def inspect(*_: object) -> TokenFacts:
        if isinstance(seen, Exception):
            raise seen
        return seen

    credentials = SimpleNamespace(admin_token=lambda: None)
    client = SimpleNamespace(credentials=credentials, server_time=None, now=lambda: datetime(2026, 11, 24, tzinfo=UTC))
    monkeypatch.delenv("META_ACCESS_OFFLINE", raising=False)
    monkeypatch.setattr(look, "client_for", lambda _: client)
    monkeypatch.setattr(look, "inspect", inspect)
    monkeypatch.setattr(look, "examine", lambda *_: doubts)
    config = {key: text if isinstance(text, str) else json.dumps(text) for key, text in config_of(STACK).items()}

    found = look.now({"version": 3, "deployment": {}}, config, {}).admin_tokens
    assert found.keys() == told.keys()
    for name, expected in told.items():
        assert found[name]["ends"] == expected["ends"]
        for said, facts in zip(found[name]["says"], expected["says"], strict=True):
            assert lacks(said, *facts.split(", ")) == []
