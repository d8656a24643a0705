"""Our own client sends nothing that Meta has ended or does not know, and the suite would notice if it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import client_forms
from tests.emulators import start_emulator

if TYPE_CHECKING:
    from pathlib import Path

USERS = "/v26.0/178000000000101/system_users"


@pytest.mark.parametrize(
    ("call", "found"),
    [
        (("POST", USERS, {"name": "x", "role": "EMPLOYEE", "appsecret_proof": "0"}), []),
        (("POST", USERS, {"name": "x", "colour": "red"}), [f"POST {USERS}: colour is no parameter of it"]),
        (("POST", "/v26.0/debug_token", {"method": "get"}), ["POST /v26.0/debug_token: method"]),
        (("GET", "/v26.0/me", {"fields": "name.as(x)"}), ["GET /v26.0/me: a field alias"]),
        (("GET", "/v26.0", {"ids": "1,2"}), ["GET /v26.0: ids"]),
        (("GET", "/v26.0/me", {"callback": "x", "date_format": "U"}), None),
        (("GET", "/v26.0/me", {}, {"if-none-match": "x"}), ["GET /v26.0/me: header if-none-match"]),
        (("POST", "/v26.0", {"batch": '[{"method":"GET","relative_url":"debug_token?input_token=x"}]'}), []),
        (
            ("POST", "/v26.0", {"batch": '[{"method":"GET","relative_url":"debug_token?token=x"}]'}),
            ["GET debug_token: token is no parameter of it"],
        ),
        (("POST", "/v26.0", {"batch": "[]", "async": "1"}), ["POST /v26.0: async"]),
        (("GET", "/v26.0/1/nothing_that_is_served", {"x": "1"}), []),
    ],
)
def test_the_guard_of_recorded_calls_finds_what_it_is_for(
    call: tuple[str, str, dict[str, str]], found: list[str] | None
) -> None:
    said = list(client_forms.problems(*call))

    assert said == found if found is not None else len(said) >= 2


def test_the_emulator_of_our_clients_tests_refuses_what_graph_does_not_know(tmp_path: Path) -> None:
    narrow = start_emulator(tmp_path)
    try:
        refused = narrow.graph("GET", "me", {"colour": "red"})
        served = narrow.graph("GET", "me", {"fields": "id"})
    finally:
        narrow.stop()

    assert refused.body["error"]["message"] == "(#100) Unknown parameters: colour."
    assert served.status == 200
