"""LeadAccess: read from the Page, asked of a person, and unknown where Meta does not show it."""

from __future__ import annotations

from typing import Any

import pytest

from meta_access.errors import PermissionDeniedError, RateLimitedError
from meta_access.gates import evidence
from meta_access.graph.lead_access import LeadAccess
from meta_access.providers.lead_access import LeadAccessProvider
from tests.unit.providers.conftest import APP, BUSINESS, FakeMeta, new_process

PROVIDER = LeadAccessProvider()
USER, PAGE = "122090000000777", "page:102930000000801"
NOT_CHOSEN = LeadAccess(allowed=False, customized=True, why="No lead access. Ask an admin.")


def checked(olds: dict[str, Any] | None = None, **props: Any) -> dict[str, Any]:
    given = {"label": "leads", "connection": "main", "system_user_id": USER, "page": PAGE, **props}
    result = PROVIDER.check(olds or {}, given)
    assert result.failures == [], [failure.reason for failure in result.failures]
    return result.inputs


def created(**props: Any) -> dict[str, Any]:
    result = PROVIDER.create(checked(**props))
    assert result.outs is not None
    return result.outs


def test_a_user_that_may_download_leads_is_satisfied(meta: FakeMeta) -> None:
    meta.leads = LeadAccess(allowed=True)

    outs = created()

    assert meta.calls[-1] == f"leads 102930000000801 {USER}"
    assert (outs["status"], outs["observed"], outs["evidence"]["source"]) == (
        "satisfied",
        "may download leads",
        "graph",
    )


def test_a_user_that_may_not_is_a_persons_work_with_menu_and_link(meta: FakeMeta) -> None:
    meta.leads = NOT_CHOSEN

    outs = created()

    assert (outs["status"], outs["waiting_on"], outs["observed"]) == (
        "pending_human",
        "us",
        "may not download leads",
    )
    assert outs["reason"] == (
        f"System user {USER} may not download leads of {PAGE}. Its business chose who may, and did not choose this "
        "user. Meta says: No lead access. Ask an admin."
    )
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


def test_access_that_was_withdrawn_is_drift_until_it_is_back(meta: FakeMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    meta.leads = LeadAccess(allowed=True)
    outs = created()
    meta.leads = NOT_CHOSEN
    new_process(monkeypatch, meta)

    found = PROVIDER.read("id", outs)

    assert found.outs is not None
    assert found.inputs is not None
    assert (found.outs["status"], found.inputs["state"]) == ("drifted", "may not download leads")
    meta.leads = LeadAccess(allowed=True)
    again = PROVIDER.read("id", found.outs)
    assert again.outs is not None
    assert again.outs["status"] == "satisfied"


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (
            PermissionDeniedError("(#200) Requires leads_retrieval.", code=200),
            (
                "Meta does not show it to the admin token of connection main, which needs leads_retrieval and the Page "
                "for that: (#200) Requires leads_retrieval."
            ),
        ),
        (None, "Meta's answer does not say whether the user may download leads."),
    ],
    ids=["refused", "silent"],
)
def test_what_meta_does_not_show_is_unknown_with_the_reason(
    meta: FakeMeta, refused: PermissionDeniedError | None, reason: str
) -> None:
    if refused is not None:
        meta.fails["leads"] = refused

    outs = created()

    assert outs["status"] == "unverifiable"
    assert outs["reason"].startswith(reason)


def test_a_statement_counts_only_where_meta_shows_nothing(meta: FakeMeta) -> None:
    record = {
        "declared": evidence.digest({"gate": "LeadAccess", "system_user_id": USER, "page": PAGE}, APP),
        "app": APP,
        "at": "2026-11-20T08:00:00Z",
        "by": "nadia",
        "status": "satisfied",
        "source": "attestation",
    }
    assert created(evidence=record)["status"] == "satisfied"

    meta.leads = NOT_CHOSEN
    assert created(evidence=record)["status"] == "pending_human"


def test_a_refresh_goes_on_where_meta_does_not_answer(
    meta: FakeMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    meta.leads = LeadAccess(allowed=True)
    outs = created()
    new_process(monkeypatch, meta)
    meta.fails["leads"] = RateLimitedError("Too many calls.")

    assert PROVIDER.read("id", outs).outs == outs
    assert "lead access of a system user leads was not looked at and stands as it was" in capsys.readouterr().out


@pytest.mark.parametrize("page", ["act_1", "102930000000801", "group:7"])
def test_only_a_page_has_leads(meta: FakeMeta, page: str) -> None:
    given = {"label": "leads", "connection": "main", "system_user_id": USER, "page": page}
    ((property_, reason),) = [(row.property, row.reason) for row in PROVIDER.check({}, given).failures]
    assert property_ == "page"
    assert "page:" in reason


def test_what_remains_is_told(
    meta: FakeMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    meta.leads = LeadAccess(allowed=True)
    outs = created()
    new_process(monkeypatch, meta)
    PROVIDER.delete("id", outs)
    assert (
        f"no longer declared. System user {USER} keeps the leads of {PAGE} until a business admin takes them away, or "
        "its assignment to the Page ends." in capsys.readouterr().out
    )
