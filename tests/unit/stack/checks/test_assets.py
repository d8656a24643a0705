"""Assets, tasks, and whose they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


STARTS = "Fix: start with act_, page:, catalog:, pixel:, waba:, instagram:, group:, and go on with the id's digits."


@pytest.mark.parametrize(
    ("asset", "choice", "problem"),
    [
        (
            "1043217650987654",
            "read",
            (f": a bare number: ad accounts start with act_, others with their kind, such as page:. {STARTS}"),
        ),
        (
            "product_catalog:1",
            "read",
            ": 'product_catalog:1' is spelt with product_catalog: where catalog: is meant. Fix: write \"catalog:1\".",
        ),
        (
            "adspixel:x",
            "read",
            ": 'adspixel:x' is spelt with adspixel: where pixel: is meant. Fix: write pixel: and the id's digits.",
        ),
        ("Page:1", "read", ": 'Page:1' is spelt with Page: where page: is meant. Fix: write \"page:1\"."),
        (
            "act_one",
            "read",
            (
                ": 'act_one' is no ad account: write act_ and digits, such as act_1043217650987654. "
                "Fix: write act_ and the id's digits."
            ),
        ),
        (
            "act_1",
            ["ANALYSE"],
            (
                '.reporting[0]: "ANALYSE" is no task of assets of kind ad_account (rule set 2026-05). '
                'Fix: write "ANALYZE".'
            ),
        ),
        (
            "act_1",
            ["MODERATE"],
            (
                '.reporting[0]: "MODERATE" is no task of assets of kind ad_account (rule set '
                "2026-05). Fix: write one of MANAGE, ADVERTISE, ANALYZE, DRAFT, AA_ANALYZE."
            ),
        ),
        ("act_1", ["ANALYZE", "ANALYZE"], ".reporting[1]: ANALYZE is there twice. Fix: keep it once."),
        (
            "catalog:1",
            "read",
            (
                '.reporting: the task set "read" has no tasks for assets of kind catalog. Fix: add '
                "catalog: [...] to meta:task_sets.read, or write a list of tasks here."
            ),
        ),
    ],
)
def test_an_asset_and_its_tasks(refusals: Callable[..., list[str]], asset: str, choice: Any, problem: str) -> None:
    assert refusals({"meta:clients/own/assets": {asset: {"reporting": choice}}}) == [
        f"meta:clients.own.assets.{asset}{problem}"
    ]


@pytest.mark.parametrize("asset", ["app:1204817736400555", "app_1204817736400555", "application:1204817736400555"])
def test_an_app_is_a_gate_and_no_asset(refusals: Callable[..., list[str]], asset: str) -> None:
    assert refusals({"meta:clients/own/assets": {asset: {"reporting": "read"}}}) == [
        (
            f"meta:clients.own.assets.{asset}: '{asset}' names an app, which no call of Meta's assigns: the gate "
            "SystemUserAppAccess is for that. Fix: remove the line. Each identity has the gate <identity>-app-access "
            "for the app of its connection: it shows what a person does in Business settings, and sees when that is "
            "done. An app that is not there yet goes into meta:apps, with a connection of its own."
        )
    ]


@pytest.mark.parametrize(
    ("rules", "choice", "problem"),
    [
        (
            "2026-05",
            "read",
            ': rule set 2026-05 knows no assets of kind group. Fix: write meta:rules: "2026-11", which does.',
        ),
        (
            "2026-11",
            ["ANALYZE"],
            (
                '.reporting[0]: "ANALYZE" is no task of assets of kind group (rule set 2026-11). Fix: say on which '
                "kind of asset in the group: ad_account:ANALYZE, page:ANALYZE, pixel:ANALYZE."
            ),
        ),
        (
            "2026-11",
            ["page:ANALYSE"],
            (
                '.reporting[0]: "page:ANALYSE" is no task of assets of kind group (rule set 2026-11). '
                'Fix: write "page:ANALYZE".'
            ),
        ),
        (
            "2026-11",
            "catalogs",
            (
                '.reporting: the task set "catalogs" has no tasks for assets of kind group. Fix: add group: [...] to '
                "meta:task_sets.catalogs, or write a list of tasks here."
            ),
        ),
    ],
)
def test_the_tasks_of_a_group_name_their_kind(
    refusals: Callable[..., list[str]], rules: str, choice: Any, problem: str
) -> None:
    changes = {
        "meta:rules": rules,
        "meta:clients/own/assets": {"group:7": {"reporting": choice}},
        "meta:task_sets/catalogs": {"catalog": ["MANAGE"]},
    }
    assert refusals(changes) == [f"meta:clients.own.assets.group:7{problem}"]


def test_tasks_of_a_task_set(refusals: Callable[..., list[str]]) -> None:
    assert refusals({"meta:task_sets/odd": {"ad_accounts": ["ANALYZE"], "page": ["COOK"]}}) == [
        'meta:task_sets.odd.ad_accounts: there is no kind of asset "ad_accounts". Fix: write "ad_account".',
        (
            'meta:task_sets.odd.page[0]: "COOK" is no task of assets of kind page (rule set 2026-05). Fix: write one '
            "of "
            "MANAGE, CREATE_CONTENT, MODERATE, MESSAGING, ADVERTISE, ANALYZE, MODERATE_COMMUNITY, MANAGE_JOBS, "
            "PAGES_MESSAGING, PAGES_MESSAGING_SUBSCRIPTIONS, READ_PAGE_MAILBOXES, "
            "VIEW_MONETIZATION_INSIGHTS, MANAGE_LEADS, "
            "CASHIER_ROLE, GLOBAL_STRUCTURE_MANAGEMENT."
        ),
    ]


def test_one_assignment_from_two_clients(refusals: Callable[..., list[str]]) -> None:
    again = {"access": "login", "assets": {"act_1043217650987654": {"reporting": ["ADVERTISE"]}}}
    assert refusals({"meta:clients/acme": again}) == [
        (
            "meta:clients.acme.assets.act_1043217650987654.reporting: client own gives "
            "act_1043217650987654 to reporting as "
            "well; the later one would undo the earlier. Fix: keep the assignment with one client."
        )
    ]


@pytest.mark.parametrize(
    ("client", "problem"),
    [
        (
            {"access": "partner"},
            (
                "a partner's assets are shared by its business, and none is named. Fix: write the id "
                "of the client's business, in quotes."
            ),
        ),
        (
            {"access": "partner", "business": "178435550012345"},
            (
                "the business is one of ours, so nobody shares anything with us. Fix: write access: "
                "own, or the client's own business."
            ),
        ),
        (
            {"access": "own", "business": "998877665544332"},
            (
                "the business is none of meta:businesses, so its assets are not our own. Fix: write "
                "access: partner, or remove the business."
            ),
        ),
    ],
)
def test_whose_assets_they_are(refusals: Callable[..., list[str]], client: dict[str, str], problem: str) -> None:
    assert refusals({"meta:clients/acme": client}) == [f"meta:clients.acme.business: {problem}"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            {"meta:clients/own/exclusive": "yes"},
            'meta:clients.own.exclusive: "yes" is neither true nor false. Fix: write true or false, without quotes.',
        ),
        (
            {"meta:clients/own/exclusive": 1},
            "meta:clients.own.exclusive: a number is neither true nor false. Fix: write true or false, without quotes.",
        ),
        (
            {"meta:clients/acme": {"access": "own", "exclusive": True}},
            (
                "meta:clients.acme.exclusive: the client has no assets, so there is nothing to hold exclusively. "
                "Fix: add its assets, or remove the line."
            ),
        ),
        (
            {"meta:identities/reporting/exclusive": "true"},
            (
                'meta:identities.reporting.exclusive: "true" is neither true nor false. Fix: write true or false, '
                "without quotes."
            ),
        ),
        (
            {"meta:identities/second": {"use_case": "read_reports", "exclusive": True}},
            (
                "meta:identities.second.exclusive: no client gives it an asset, so everything that it has would go. "
                "Fix: declare its assets first, or remove the line."
            ),
        ),
        (
            {"meta:identities/reporting": {"adopt": "122090000000302", "token": "none", "exclusive": True}},
            (
                "meta:identities.reporting.exclusive: the user's tokens are another stack's (token: none), and what "
                "that declares for it would go. Fix: remove the line, or write it where its token is kept."
            ),
        ),
    ],
)
def test_what_cannot_be_held_exclusively(
    refusals: Callable[..., list[str]], change: dict[str, Any], problem: str
) -> None:
    assert refusals(change) == [problem]


def test_what_is_wrong_with_exclusive_is_said_at_once(refusals: Callable[..., list[str]]) -> None:
    found = refusals({"meta:clients/own/exclusive": "yes", "meta:clients/acme": {"access": "own", "exclusive": "no"}})

    assert [one.partition(": ")[0] for one in found] == ["meta:clients.own.exclusive", "meta:clients.acme.exclusive"]
