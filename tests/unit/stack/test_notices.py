"""What a sound stack says aloud: about the files beside it, and about versions that end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from meta_access.stack import notices
from meta_access.stack.fields import few
from tests.texts import lacks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from meta_access.stack.load import Stack


def folder(tmp_path: Path, *names: str) -> Path:
    stacks = tmp_path / "stacks"
    stacks.mkdir()
    for name in names:
        (stacks / name).write_text("")
    return stacks


def doubts_of(load: Callable[..., Stack], permissions: list[str], **identity: object) -> list[str]:
    changes = {"meta:rules": "2026-11", "meta:apps/ads/permissions": {"standard": permissions}}
    stack = load({**changes, "meta:identities/reporting": identity})
    return list(notices.doubts(stack.spec, stack.rules))


def test_a_scope_that_nothing_public_proves_is_warned_of_and_not_refused(load: Callable[..., Stack]) -> None:
    spellings = ["manage_app_solutions", "pages_events"]

    assert doubts_of(load, spellings, scopes=spellings) == [
        (
            "meta:identities.reporting.scopes: Meta's pages have manage_app_solutions in the spelling "
            "manage_app_solution, too, which is the one that tokens show. If Meta refuses manage_app_solutions, write "
            "manage_app_solution."
        ),
        (
            "meta:identities.reporting.scopes: Meta's pages have pages_events in the spelling page_events, too, which "
            "is the one that tokens show. If Meta refuses pages_events, write page_events."
        ),
    ]


def test_scopes_that_tokens_of_system_users_have_are_no_doubt(load: Callable[..., Stack]) -> None:
    proven = ["whatsapp_business_manage_events", "commerce_manage_accounts", "ads_mcp_management"]

    assert doubts_of(load, proven, scopes=proven) == []


@pytest.mark.parametrize("preset", ["mcp_read", "mcp_write"])
def test_the_ads_mcp_server_is_for_employees_only(refusals: Callable[..., list[str]], preset: str) -> None:
    changes = {"meta:rules": "2026-11", "meta:identities/reporting": {"use_case": preset, "role": "ADMIN"}}

    assert refusals(changes) == [
        (
            "meta:identities.reporting.use_case: ads_mcp_management works in tokens of EMPLOYEE system users only, and "
            "this one is ADMIN (https://developers.facebook.com/documentation/ads-commerce/ads-ai-connectors/"
            "ads-mcp-server/ads-mcp-server-get-started). Fix: give it to an identity with role: EMPLOYEE, or remove it."
        )
    ]


DEVELOPMENT = (
    "meta:apps.ads.mode: reporting may create ads, and Meta refuses the creatives of an app in development mode "
    "(100/1885183). Let an app admin switch it to live, then write mode: live; the obligation app_mode keeps that a "
    "gate."
)


@pytest.mark.parametrize(
    ("mode", "use_case", "warned"),
    [
        ("development", "manage_ads", [DEVELOPMENT]),
        ("live", "manage_ads", []),
        ("development", "read_reports", []),
    ],
)
def test_an_app_in_development_mode_creates_no_ads(
    load: Callable[..., Stack], mode: str, use_case: str, warned: list[str]
) -> None:
    stack = load({"meta:apps/ads/mode": mode, "meta:identities/reporting": {"use_case": use_case}})

    assert list(notices.development(stack.spec, stack.rules)) == warned


ALL_OR_NONE = (
    "meta:apps.ads.login: Facebook Login for Business grants all permissions that a login asks for, or none, so that "
    "one which a client does not want costs the whole login."
)


@pytest.mark.parametrize(
    ("login", "told"),
    [
        ({"product": "login_for_business"}, [ALL_OR_NONE]),
        ({"configurations": {"ads": {"config_id": "889900112233445"}}}, [ALL_OR_NONE]),
        ({"product": "facebook_login"}, []),
    ],
)
def test_login_for_business_grants_all_or_none(
    load: Callable[..., Stack], login: dict[str, object], told: list[str]
) -> None:
    stack = load({"meta:apps/ads/login": login})

    assert list(notices.all_or_none(stack.spec)) == told


def test_evidence_that_a_renamed_stack_has_left_behind_is_named_with_its_new_name(tmp_path: Path) -> None:
    stacks = folder(tmp_path, "Pulumi.live.yaml", "evidence.prod.yaml")

    [said] = list(notices.strays(stacks, "live"))
    assert not lacks(said, "stacks/evidence.prod.yaml", "Pulumi.prod.yaml", "stack live", "evidence.live.yaml")


def test_evidence_without_a_stack_beside_a_stack_that_has_its_own(tmp_path: Path) -> None:
    stacks = folder(tmp_path, "Pulumi.live.yaml", "evidence.live.yaml", "evidence.prod.yaml")

    [said] = list(notices.strays(stacks, "live"))
    assert not lacks(said, "stacks/evidence.prod.yaml", "Pulumi.prod.yaml")


def test_evidence_of_another_stack_is_no_stray(tmp_path: Path) -> None:
    stacks = folder(tmp_path, "Pulumi.dev.yaml", "Pulumi.prod.yaml", "evidence.prod.yaml")

    assert list(notices.strays(stacks, "dev")) == []


@pytest.mark.parametrize(
    ("version", "day", "warned"),
    [
        ("v26.0", datetime(2026, 12, 1, tzinfo=UTC), []),
        ("v27.0", datetime(2026, 12, 1, tzinfo=UTC), []),
        ("v25.0", datetime(2026, 11, 24, tzinfo=UTC), []),
        (
            "v25.0",
            datetime(2026, 12, 1, tzinfo=UTC),
            ["v25.0 ends for the Marketing API on 2027-02-23. Move to v27.0 before."],
        ),
        (
            "v25.0",
            datetime(2027, 2, 23, tzinfo=UTC),
            [
                (
                    "v25.0 ended for the Marketing API on 2027-02-23, by the calendar of rule set 2026-05; what Meta "
                    "answers decides. Move to v27.0."
                )
            ],
        ),
        (
            "v2.1",
            datetime(2026, 12, 1, tzinfo=UTC),
            [
                (
                    "v2.1 ended for the Marketing API, by the calendar of rule set 2026-05; what Meta answers decides. "
                    "Move to v27.0."
                )
            ],
        ),
        (
            "v28.0",
            datetime(2026, 12, 1, tzinfo=UTC),
            ["v28.0 is not in the calendar of rule set 2026-05, whose newest is v27.0."],
        ),
    ],
)
def test_a_calendar_warns_and_never_refuses(
    load: Callable[..., Stack], version: str, day: datetime, warned: list[str]
) -> None:
    stack = load({"meta:connections/main/api_version": version}, now=day)

    found = list(notices.versions(stack.spec, stack.rules, day.date()))

    assert found == [f"meta:connections.main.api_version: {text}" for text in warned]


def test_a_folder_of_clients_that_the_configuration_does_not_name_is_told(
    load: Callable[..., Stack], tmp_path: Path
) -> None:
    stacks = folder(tmp_path)
    for name in ("clients.dev", "clients.prod"):
        (stacks / name).mkdir()
        (stacks / name / "birch.yaml").write_text("access: own\n")

    [said] = list(notices.unread(load({}).spec, stacks, "dev"))
    assert not lacks(said, "stacks/clients.dev", "meta:clients_dir: clients.dev")
    assert list(notices.unread(load({"meta:clients_dir": "clients.dev"}).spec, stacks, "dev")) == []
    assert list(notices.unread(load({}).spec, stacks, "test")) == []


def test_of_many_names_a_reader_gets_ten_and_how_many_there_are_besides() -> None:
    assert few(["a", "b"]) == "a, b"
    assert few([str(n) for n in range(11)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 1 more"
