"""LeadAccess: read from the Page, asked of a person, and unknown where Meta does not show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_access.gates import evidence
from meta_access.providers.lead_access import LeadAccessProvider
from meta_emulator.world import Assignment, LeadAccess
from tests.texts import lacks
from tests.unit.providers.conftest import APP, BUSINESS, new_process

if TYPE_CHECKING:
    from tests.unit.emulated import EmulatedMeta

PROVIDER = LeadAccessProvider()
USER, PAGE = "122090000000777", "page:102930000000801"
READ = "GET 102930000000801"


@pytest.fixture
def meta(meta: EmulatedMeta) -> EmulatedMeta:
    meta.add_system_user(USER, "leads")
    with meta.edit() as world:
        world.tokens[0].scopes.append("leads_retrieval")
        world.assignments = [Assignment("102930000000801", USER, ["ANALYZE"])]
    return meta


def choose(meta: EmulatedMeta, *users: str) -> None:
    """Let the Page's business choose who may download its leads."""
    with meta.edit() as world:
        world.lead_access = [LeadAccess("102930000000801", list(users))]


def checked(olds: dict[str, Any] | None = None, **props: Any) -> dict[str, Any]:
    given = {"label": "leads", "connection": "main", "system_user_id": USER, "page": PAGE, **props}
    result = PROVIDER.check(olds or {}, given)
    assert result.failures == [], [failure.reason for failure in result.failures]
    return result.inputs


def created(**props: Any) -> dict[str, Any]:
    result = PROVIDER.create(checked(**props))
    assert result.outs is not None
    return result.outs


def test_a_user_that_may_download_leads_is_satisfied(meta: EmulatedMeta) -> None:
    choose(meta, USER)

    outs = created()

    assert READ in meta.calls
    assert (outs["status"], outs["observed"], outs["evidence"]["source"]) == (
        "satisfied",
        "may download leads",
        "graph",
    )


def test_a_user_that_may_not_is_a_persons_work_with_menu_and_link(meta: EmulatedMeta) -> None:
    choose(meta)

    outs = created()

    assert (outs["status"], outs["waiting_on"], outs["observed"]) == (
        "pending_human",
        "us",
        "may not download leads",
    )
    assert not lacks(outs["reason"], USER, str(PAGE), "Meta says:")
    assert outs["next_step"] == {
        "what": (
            f"Give system user {USER} access to the leads of {PAGE}: an admin of the business does it, since Meta has "
            "no call for it. Where another business owns the Page, that one first gives it to ours, under Assign "
            "partners."
        ),
        "where": f"https://business.facebook.com/settings/leads-accesses?business_id={BUSINESS}",
        "menu": "Business settings > Integrations > Leads access > the Page > People > Assign people",
        "expect": f"business lindenhof (id {BUSINESS})",
    }


def test_access_that_was_withdrawn_is_drift_until_it_is_back(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(meta, USER)
    outs = created()
    choose(meta)
    new_process(monkeypatch, meta)

    found = PROVIDER.read("id", outs)

    assert found.outs is not None
    assert found.inputs is not None
    assert (found.outs["status"], found.inputs["state"]) == ("drifted", "may not download leads")
    choose(meta, USER)
    again = PROVIDER.read("id", found.outs)
    assert again.outs is not None
    assert again.outs["status"] == "satisfied"


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (
            True,
            (
                "Meta does not show it to the admin token of connection main, which needs leads_retrieval and the Page "
                "for that: "
            ),
        ),
        (False, "Meta's answer does not say whether the user may download leads."),
    ],
    ids=["refused", "silent"],
)
def test_what_meta_does_not_show_is_unknown_with_the_reason(meta: EmulatedMeta, refused: bool, reason: str) -> None:
    if refused:
        with meta.edit() as world:
            world.tokens[0].scopes.remove("leads_retrieval")
    else:
        meta.answer("GET", "102930000000801$", {"id": "102930000000801"})

    outs = created()

    assert outs["status"] == "unverifiable"
    assert outs["reason"].startswith(reason)
    assert ("(#200) Requires leads_retrieval" in outs["reason"]) is refused


def test_a_statement_counts_only_where_meta_shows_nothing(meta: EmulatedMeta) -> None:
    record = {
        "declared": evidence.digest({"gate": "LeadAccess", "system_user_id": USER, "page": PAGE}, APP),
        "app": APP,
        "at": "2026-11-20T08:00:00Z",
        "by": "nadia",
        "status": "satisfied",
        "source": "attestation",
    }
    meta.answer("GET", "102930000000801$", {"id": "102930000000801"})
    assert created(evidence=record)["status"] == "satisfied"

    meta.obey()
    choose(meta)
    assert created(evidence=record)["status"] == "pending_human"


def test_a_refresh_goes_on_where_meta_does_not_answer(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    choose(meta, USER)
    outs = created()
    new_process(monkeypatch, meta)
    meta.refuse("GET", "102930000000801$", 4)

    assert PROVIDER.read("id", outs).outs == outs
    assert not lacks(capsys.readouterr().out, "lead access", "leads", "not looked at")


@pytest.mark.parametrize("page", ["act_1", "102930000000801", "group:7"])
def test_only_a_page_has_leads(meta: EmulatedMeta, page: str) -> None:
    given = {"label": "leads", "connection": "main", "system_user_id": USER, "page": page}
    ((property_, reason),) = [(row.property, row.reason) for row in PROVIDER.check({}, given).failures]
    assert property_ == "page"
    assert "page:" in reason


def test_what_remains_is_told(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    choose(meta, USER)
    outs = created()
    new_process(monkeypatch, meta)
    PROVIDER.delete("id", outs)
    assert not lacks(capsys.readouterr().out, USER, str(PAGE), "no longer declared")
