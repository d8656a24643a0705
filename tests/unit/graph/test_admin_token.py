"""What is told of an admin token: each kind of unfit one, how near its end is, and when nothing can be told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.graph.admin_token import Doubts, doubts, examine, refused
from meta_access.graph.system_users import SystemUserRow
from meta_access.tokens.issuer import TokenFacts
from tests.connections import MAIN

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.graph.client import GraphClient
    from tests.unit.graph.conftest import Answer, Server

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
PATH = "meta:connections.main.admin_token"
GOOD = TokenFacts(True, MAIN.app_id, "301", "SYSTEM_USER", ("ads_read", "business_management"), None, None)
ROWS = [SystemUserRow("301", "root", "ADMIN"), SystemUserRow("302", "reporting", "EMPLOYEE")]
MAKE = "Make an admin system user's token (`meta-access bootstrap`) and point admin_token to it."


def told(info: TokenFacts, rows: list[SystemUserRow] | None = ROWS, token: str = "env:META_ADMIN_TOKEN") -> Doubts:
    return doubts(replace(MAIN, admin_token=token), info, NOW, rows, asked=True)


def test_an_admin_system_users_token_is_as_it_should_be() -> None:
    assert told(GOOD) == Doubts()
    assert told(replace(GOOD, expires_at=NOW + timedelta(days=15))) == Doubts()
    narrowed = {"business_management": ("178000000000101", "178000000000999"), "ads_read": ("1",)}
    assert told(replace(GOOD, narrowed=narrowed)) == Doubts()
    assert refused(MAIN, GOOD) == []


@pytest.mark.parametrize(
    ("changed", "rows", "says"),
    [
        (
            {"type": "USER"},
            ROWS,
            f"{PATH}: the token is of type USER, a person's own, not a system user's, and ends with that login. {MAKE}",
        ),
        (
            {"type": ""},
            ROWS,
            f"{PATH}: the token is of type unknown, not a system user's, and ends with that login. {MAKE}",
        ),
        (
            {"scopes": ("ads_management", "ads_read")},
            ROWS,
            (
                f"{PATH}: the token lacks business_management, without which it reads and makes no system users; it "
                "has ads_management, ads_read. Mint it again with business_management."
            ),
        ),
        (
            {"narrowed": {"business_management": ("178000000000999", "178000000000998")}},
            ROWS,
            (
                f"{PATH}: business_management was granted to the token for 178000000000999, 178000000000998 only, and "
                "not for business 178000000000101. Mint it again with business_management for that business."
            ),
        ),
        (
            {"user_id": "302"},
            ROWS,
            f"{PATH}: the token is of the EMPLOYEE system user reporting, which is not an admin. {MAKE}",
        ),
        (
            {"user_id": "399"},
            ROWS,
            (
                f"{PATH}: the token is of system user 399, which is none of business 178000000000101: it belongs "
                f"to another business. {MAKE}"
            ),
        ),
        (
            {"user_id": "399"},
            None,
            (
                f"{PATH}: the token is of system user 399, which may not list the system users of business "
                f"178000000000101: it is an EMPLOYEE there, or belongs to another business. {MAKE}"
            ),
        ),
    ],
)
def test_an_unfit_token_is_one_sentence(changed: dict[str, Any], rows: list[SystemUserRow] | None, says: str) -> None:
    assert says in told(replace(GOOD, **changed), rows).says


@pytest.mark.parametrize(
    ("left", "token", "says"),
    [
        (timedelta(days=14), "env:META_T", ["the token ends at 2026-12-15T08:00:00Z, and nothing"]),
        (timedelta(days=14, seconds=1), "env:META_T", []),
        (timedelta(days=3), "env:META_T", ["the token ends at 2026-12-04T08:00:00Z, within 3 days, and nothing"]),
        (timedelta(hours=2), "env:META_T", ["the token ends at 2026-12-01T10:00:00Z, within 3 days, and nothing"]),
        # This stack rotates it: only a rotation that has failed for long is said.
        (timedelta(days=14), "secret:meta/root", []),
        (timedelta(days=3), "secret:meta/root", ["the token ends at 2026-12-04T08:00:00Z, within 3 days, and nothing"]),
    ],
)
def test_a_near_end_is_said_14_and_3_days_before(left: timedelta, token: str, says: list[str]) -> None:
    found = told(replace(GOOD, expires_at=NOW + left), token=token)

    assert [text.removeprefix(f"{PATH}: ").partition(" of this connection")[0] for text in found.says] == says
    assert found.ends == (NOW + left if says else None)


def test_an_output_of_doubts_is_plain() -> None:
    ends = NOW + timedelta(days=2)
    assert told(replace(GOOD, expires_at=ends)).as_output() == {
        "says": [
            (
                f"{PATH}: the token ends at 2026-12-03T08:00:00Z, within 3 days, and nothing of this connection is "
                "kept alive after that. Put a new one where admin_token points before."
            )
        ],
        "ends": "2026-12-03T08:00:00Z",
    }


@pytest.mark.parametrize(
    ("info", "problem"),
    [
        (replace(GOOD, type="PAGE"), "is a Page's token (type PAGE), which can act for no business."),
        (replace(GOOD, type="APP"), "is the app's own token (type APP), which can act for no business."),
        (replace(GOOD, app_id="99"), f"is a token of app 99, while the connection's app is {MAIN.app_id}."),
        (replace(GOOD, valid=False, problem="It ended."), "Meta says that the token is not valid (It ended)."),
    ],
)
def test_what_can_never_act_is_refused(info: TokenFacts, problem: str) -> None:
    (found,) = refused(MAIN, info)
    assert (found.path, found.problem) == (PATH, problem)


# --- what is asked -------------------------------------------------------------------------------


def test_the_list_of_system_users_is_read_once_and_only_where_it_can_tell(
    client: GraphClient, server: Server, answer: type[Answer]
) -> None:
    server.answers = [answer({"data": [{"id": "301", "name": "root", "role": "EMPLOYEE"}]})]

    examine(client, replace(GOOD, type="USER"), NOW)
    examine(client, replace(GOOD, scopes=("ads_read",)), NOW)
    examine(client, replace(GOOD, narrowed={"business_management": ("178000000000999",)}), NOW)
    assert server.received == []

    (says,) = examine(client, GOOD, NOW).says
    assert "the EMPLOYEE system user root" in says
    assert [one.path for one in server.received] == ["/v26.0/178000000000101/system_users"]


@pytest.mark.parametrize(
    ("code", "subcode", "says"),
    [(10, 0, True), (200, 0, True), (100, 33, True), (368, 0, False), (190, 0, False)],
)
def test_only_a_refusal_of_the_list_itself_says_something_of_the_token(
    client: GraphClient, server: Server, graph_error: Callable[..., Answer], code: int, subcode: int, *, says: bool
) -> None:
    server.answers = [graph_error(code, subcode)]

    found = examine(client, GOOD, NOW).says

    assert [("belongs to another business" in text) for text in found] == [True] * says
