"""Reading what a person saved from Meta's developer tools: the keys, wherever they stand, and the traps."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from meta_access.cli.gates import devtools_export
from meta_access.cli.gates.devtools_export import NotAnExportError, Privilege

PRIVILEGES = {
    "app_id": "1204817736400501",
    "privileges": [
        {
            "permission": "ads_read",
            "grant_status": "DEVOPS_APPROVED",
            "access_level": "advanced",
            "is_live": True,
            "rejection_reasons": [],
        },
        {
            "permission": "ads_management",
            "grant_status": "REJECTED",
            "access_level": "standard",
            "rejection_reasons": ["The screencast does not show the login."],
        },
    ],
}


def read(*documents: object) -> devtools_export.Export:
    return devtools_export.read("\n".join(json.dumps(document) for document in documents))


def test_privileges_are_read_with_level_grant_and_reasons() -> None:
    found = read(PRIVILEGES)

    assert found.app_ids == {"1204817736400501"}
    assert found.privileges == {
        "ads_read": Privilege("ads_read", "advanced", "DEVOPS_APPROVED", live=True),
        "ads_management": Privilege(
            "ads_management", "standard", "REJECTED", None, ("The screencast does not show the login.",)
        ),
    }


@pytest.mark.parametrize(
    "document",
    [
        {"data": PRIVILEGES, "meta": {"auth_type": "USER_ACCESS_TOKEN"}},
        {"jsonrpc": "2.0", "id": 4, "result": {"content": [{"type": "text", "text": json.dumps(PRIVILEGES)}]}},
        {"result": {"structuredContent": PRIVILEGES}},
        [PRIVILEGES],
        {
            "app_id": 1204817736400501,
            "privileges": {
                "ads_read": {"access_level": "Advanced", "grant_status": "devops_approved", "is_live": True},
                "ads_management": {
                    "access_level": "standard",
                    "grant_status": "REJECTED",
                    "rejection_reasons": [{"reason": "The screencast does not show the login."}],
                },
            },
        },
    ],
    ids=["data", "envelope with text", "structured", "list", "by name"],
)
def test_the_keys_count_wherever_they_stand(document: object) -> None:
    assert read(document).privileges == read(PRIVILEGES).privileges
    assert read(document).app_ids == {"1204817736400501"}


def test_answers_stand_one_after_the_other_in_fences_or_not() -> None:
    text = "\ufeff```json\n" + json.dumps(PRIVILEGES, indent=2) + "\n```\n\n" + json.dumps({"total_calls": 7})
    found = devtools_export.read(text)

    assert set(found.privileges) == {"ads_read", "ads_management"}
    assert (found.total_calls, found.minutes) == (7, 1440)


@pytest.mark.parametrize(
    ("status", "pending"),
    [
        ({"submission_status": "NO_SUBMISSION", "is_pending": False}, False),
        ({"submission_status": "UNSUBMITTED"}, False),
        ({"submission_status": "PENDING", "submission_id": "77", "is_pending": True, "is_approved": False}, True),
        ({"submission_status": "ACTIONED", "is_pending": False, "is_approved": True}, False),
    ],
)
def test_the_review_status_says_whether_something_is_under_review(status: object, *, pending: bool) -> None:
    assert read(status).pending is pending


def test_what_a_submission_asks_for_is_read_where_it_is_said() -> None:
    found = read(
        {"submission_status": "PENDING", "submission_id": 77, "items": ["ads_read", {"name": "ads_management"}]}
    )

    assert (found.submission, found.submitted) == ("77", {"ads_read", "ads_management"})


def test_redirect_uris_are_read_and_null_tells_nothing() -> None:
    assert read({"oauth_redirect_uris": ["https://a.example/"]}).redirect_uris == ("https://a.example/",)
    assert read({"oauth_redirect_uris": []}).redirect_uris == ()

    none = read({"oauth_redirect_uris": None})
    assert none.redirect_uris is None
    assert none.notes == [("oauth_redirect_uris", "is null, which tells neither that there are none nor which")]


@pytest.mark.parametrize(
    ("document", "minutes"),
    [
        ({"total_calls": 1720, "lookback_minutes": 21600}, 21600),
        ({"lookback_minutes": 21600, "data": {"call_volume": {"total_calls": 1720}}}, 21600),
        ({"total_calls": 1720}, 1440),
        ({"total_calls": 1720, "lookback_minutes": 0}, 1440),
    ],
)
def test_the_call_volume_knows_how_far_it_looked_back(document: object, minutes: int) -> None:
    found = read(document)
    assert (found.total_calls, found.minutes) == (1720, minutes)


# --- Traps ---------------------------------------------------------------------------------------


def test_requirements_describe_a_draft_and_are_left_alone() -> None:
    found = read(
        {
            "app_id": "1204817736400501",
            "requirements": {
                "can_submit": False,
                "message": "You cannot submit while a previous submission is in review.",
                "items": [{"permission": "ads_read", "access_level": "advanced", "steps": {"screencast": True}}],
                "is_pending": True,
            },
        }
    )

    assert (found.privileges, found.pending) == ({}, None)
    assert found.notes == [("requirements", "describes a draft; what holds stands in privileges")]


def test_earlier_submissions_are_not_the_one_of_today() -> None:
    found = read(
        {"submissions": [{"submission_status": "PENDING", "submission_id": "1"}], "has_been_previously_reviewed": True}
    )

    assert (found.pending, found.reviewed_before) == (None, True)


def test_the_apps_of_a_list_are_not_what_an_answer_is_about() -> None:
    found = read({"data": {"apps": [{"app_id": "1"}, {"app_id": "2"}]}}, PRIVILEGES)
    assert found.app_ids == {"1204817736400501"}

    empty = read({"data": {"apps": [], "pagination": {"has_next_page": False}}})
    assert empty.notes == [("apps", "is empty: no app was ticked when the person gave the tools consent")]


def test_a_refusal_of_the_tools_is_told() -> None:
    found = read({"title": "Authentication Required", "detail": "Failed to authenticate MCP request", "status": 401})

    assert found.notes == [("an answer", "is an error of the tools: Authentication Required (HTTP 401)")]


def test_the_earliest_time_of_several_answers_counts() -> None:
    found = read({"exported_at": "2026-11-24T08:00:00Z"}, {"fetched_at": "2026-11-20T08:00:00+00:00", "timestamp": 5})

    assert found.at == datetime(2026, 11, 20, 8, tzinfo=UTC)


@pytest.mark.parametrize("document", [{}, [], {"anything": {"else": [1, "a", None, True]}}, 5, "text", None])
def test_what_is_none_of_it_is_empty(document: object) -> None:
    assert read(document).empty


@pytest.mark.parametrize(
    "document",
    [
        {"access_level": None, "permission": "x", "grant_status": 5, "rejection_reasons": "no", "is_live": "yes"},
        {"app_id": {"a": 1}, "total_calls": True, "oauth_redirect_uris": "https://a.example/"},
        {"submission_status": None, "items": 5, "has_been_previously_reviewed": "no"},
        {"text": "{broken", "type": "text"},
    ],
)
def test_other_types_than_expected_break_nothing(document: object) -> None:
    read(document)


def test_depth_has_a_bound() -> None:
    value: object = PRIVILEGES
    for _ in range(60):
        value = {"deeper": value}
    assert read(value).empty

    with pytest.raises(NotAnExportError, match="nested too deeply"):
        devtools_export.read("[" * 200_000)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{'app_id': 1}", "line 1: expecting property name enclosed in double quotes"),
        ('{"a": 1}\n{"b": }', "line 2: expecting value"),
    ],
)
def test_what_is_no_json_is_refused_with_its_line(text: str, why: str) -> None:
    with pytest.raises(NotAnExportError, match=why):
        devtools_export.read(text)
