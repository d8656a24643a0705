"""BusinessUser: invited, pending, accepted, taken over, and never the last admin taken away."""

from __future__ import annotations

from typing import Any

import pytest

from meta_access.errors import AuthError, GraphError, HumanNeededError, PermissionDeniedError, RateLimitedError
from meta_access.graph import business_users
from meta_access.graph.business_users import BusinessUserRow
from meta_access.providers._boundary import Failure
from meta_access.providers.business_user import BusinessUserProvider
from tests.unit.providers.conftest import BUSINESS, NOT_KNOWN, FakeMeta, configured, new_process, updated

PROVIDER = BusinessUserProvider()
INES = "ines@lindenhof.example"
NADIA = "nadia@lindenhof.example"
ID = f"{BUSINESS}/{INES}"
OURS = "business lindenhof (id 178000000000101)"


@pytest.fixture
def meta(meta: FakeMeta) -> FakeMeta:
    meta.people = [BusinessUserRow("1220981", NADIA, "ADMIN")]
    return meta


def asked(email: str = INES, **props: Any) -> dict[str, Any]:
    given = {"label": "lindenhof-ines", "connection": "main", "email": email, "role": "EMPLOYEE"}
    return {**given, "adopt": False, "on_destroy": "remove", **props}


def outs(email: str = INES, **more: Any) -> dict[str, Any]:
    return {**asked(email), "member_id": "1220982", "state": "accepted", **more}


def failures(**props: Any) -> list[tuple[str, str]]:
    return [(found.property, found.reason) for found in PROVIDER.check({}, asked(**props)).failures]


def refusal(call: Any, *arguments: Any) -> str:
    with pytest.raises(Failure) as raised:
        call(*arguments)
    return str(raised.value)


def refused_update(*arguments: Any) -> str:
    return str(updated(PROVIDER, *arguments)["refused"])


@pytest.mark.parametrize(
    ("props", "property_", "reason"),
    [
        ({"email": "ines"}, "email", "'ines' is no e-mail address; write it like nadia@agency.example."),
        ({"email": 7}, "email", "is not text; write the address in quotes."),
        ({"role": "OWNER"}, "role", "'OWNER' is not one of: ADMIN, EMPLOYEE."),
        ({"on_destroy": "retire"}, "on_destroy", "'retire' is not one of: remove, keep."),
        ({"adopt": "yes"}, "adopt", "is neither true nor false."),
    ],
)
def test_bad_values_are_refused(meta: FakeMeta, props: dict[str, Any], property_: str, reason: str) -> None:
    assert failures(**props) == [(property_, reason)]


def test_values_that_are_not_known_yet_pass(meta: FakeMeta) -> None:
    assert failures(email=NOT_KNOWN) == []


def test_one_address_is_one_person_whatever_its_letters(meta: FakeMeta) -> None:
    assert failures() == []
    result = PROVIDER.check({}, {**asked("Ines@Lindenhof.example"), "label": "twin"})

    assert [failure.reason for failure in result.failures] == [
        "resources lindenhof-ines and twin stand for one and the same business user. Fix: remove one of them."
    ]


def test_a_stranger_is_invited_and_pending(meta: FakeMeta, capsys: pytest.CaptureFixture[str]) -> None:
    made = PROVIDER.create(asked())

    assert (made.id, made.outs) == (ID, {**asked(), "member_id": "122099000000001", "state": "pending"})
    assert meta.writes == [f"invite {INES} EMPLOYEE"]
    assert capsys.readouterr().out == (
        f"business user lindenhof-ines: {INES} is invited, and counts once they accept.\n"
    )


def test_an_invitation_that_is_out_already_is_taken_and_not_sent_again(meta: FakeMeta) -> None:
    meta.people.append(BusinessUserRow("1220991", "INES@lindenhof.example", "ADMIN", pending=True))

    made = PROVIDER.create(asked())

    assert made.outs == {**asked(), "member_id": "1220991", "state": "pending"}
    assert meta.writes == ["role 1220991 EMPLOYEE"]


def test_whoever_is_there_already_is_refused_unless_adopted(meta: FakeMeta) -> None:
    meta.people.append(BusinessUserRow("1220982", INES, "ADMIN"))

    assert refusal(PROVIDER.create, asked()) == (
        f"inviting {INES} failed: that person is in {OURS} already, as ADMIN (id 1220982). Take them over with adopt: "
        "true; removing the resource then takes them out of the business."
    )
    assert meta.writes == []
    assert PROVIDER.create(asked(adopt=True)).outs == outs(adopt=True)
    assert meta.writes == ["role 1220982 EMPLOYEE"]


def test_a_preview_tells_who_is_taken_over_and_what_becomes_of_them(
    meta: FakeMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    meta.people.append(BusinessUserRow("1220982", INES, "ADMIN"))

    assert failures(adopt=True) == []

    assert capsys.readouterr().out == (
        f"business user lindenhof-ines: {INES} is in the business already as ADMIN, is taken over, and becomes "
        "EMPLOYEE.\n"
    )
    assert meta.writes == []


def test_offline_a_preview_asks_nothing(meta: FakeMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(monkeypatch, meta, offline=True)

    assert failures(adopt=True) == []
    assert meta.calls == []


def test_an_invitation_that_is_accepted_has_another_id_and_is_no_change(meta: FakeMeta) -> None:
    meta.people.append(BusinessUserRow("1220982", INES, "EMPLOYEE"))
    before = outs(member_id="122099000000001", state="pending")

    seen = PROVIDER.read(ID, before)

    assert (seen.id, seen.outs, seen.inputs) == (ID, outs(), asked())
    assert PROVIDER.diff(ID, outs(), asked()).changes is False


def test_a_role_changed_by_hand_is_drift_and_put_right(meta: FakeMeta) -> None:
    meta.people.append(BusinessUserRow("1220982", INES, "ADMIN"))

    seen = PROVIDER.read(ID, outs())

    assert seen.inputs == asked(role="ADMIN")
    assert seen.outs == outs(role="ADMIN")
    assert PROVIDER.diff(ID, outs(role="ADMIN"), asked()).changes is True
    assert PROVIDER.update(ID, outs(role="ADMIN"), asked()).outs == outs()
    assert meta.writes == ["role 1220982 EMPLOYEE"]


def test_who_left_or_declined_is_invited_anew(meta: FakeMeta) -> None:
    seen = PROVIDER.read(ID, outs())

    assert (seen.id, seen.outs, seen.inputs) == (ID, outs(state="gone", member_id=""), asked())
    assert PROVIDER.diff(ID, outs(state="gone", member_id=""), asked()).changes is True
    answer = PROVIDER.update(ID, outs(state="gone", member_id=""), asked())
    assert meta.writes == [f"invite {INES} EMPLOYEE"]
    assert answer.outs is not None
    assert answer.outs == outs(state="pending", member_id=answer.outs["member_id"])
    assert PROVIDER.diff(ID, answer.outs, asked()).changes is False


def test_an_invitation_that_is_refused_to_who_left_fails_no_create_on_which_others_depend(meta: FakeMeta) -> None:
    meta.fails["invite"] = RateLimitedError("(#17) The limit of invitations has been reached.", code=17)

    answer = PROVIDER.update(ID, outs(state="gone", member_id=""), asked())

    assert answer.outs == outs(
        state="gone",
        member_id="",
        refused=f"inviting {INES} into {OURS} failed: Meta takes no more invitations today (code 17). It takes them "
        "again 24 hours later, and `pulumi up` then goes on. Meta's answer: (#17) The limit of invitations has been "
        "reached.",
    )


def test_who_left_is_gone_at_the_end_as_well(meta: FakeMeta, capsys: pytest.CaptureFixture[str]) -> None:
    PROVIDER.delete(ID, outs(state="gone", member_id=""))

    assert meta.writes == []
    assert f"{INES} is not in {OURS}; there is nothing to remove." in capsys.readouterr().out


@pytest.mark.parametrize("error", [PermissionDeniedError("(#10) No.", code=10), RateLimitedError("Busy.", code=17)])
def test_trouble_of_its_own_stops_no_refresh(meta: FakeMeta, error: GraphError) -> None:
    meta.fails["people"] = error

    assert PROVIDER.read(ID, outs()).outs == outs()


def test_a_refused_credential_does(meta: FakeMeta) -> None:
    meta.fails["people"] = AuthError("Expired.", code=190)

    assert "Expired. Settings used: connection main" in refusal(PROVIDER.read, ID, outs())


def test_addresses_that_meta_hides_are_no_proof_that_somebody_left(meta: FakeMeta) -> None:
    meta.people = [BusinessUserRow("1220985", "", "EMPLOYEE")]

    assert PROVIDER.read(ID, outs()).outs == outs()
    meta.people = [BusinessUserRow("1220982", "", "EMPLOYEE")]
    assert PROVIDER.read(ID, outs()).id == ID


# --- changes and the end -------------------------------------------------------------------------


def test_another_address_is_another_person(meta: FakeMeta, capsys: pytest.CaptureFixture[str]) -> None:
    meta.people.append(BusinessUserRow("1220982", INES, "EMPLOYEE"))

    done = PROVIDER.update(ID, outs(), asked("tom@lindenhof.example"))

    assert done.outs == outs("tom@lindenhof.example", member_id="122099000000002", state="pending")
    assert meta.writes == ["invite tom@lindenhof.example EMPLOYEE", "remove 1220982"]


def test_a_policy_alone_is_no_call(meta: FakeMeta) -> None:
    assert PROVIDER.update(ID, outs(), asked(on_destroy="keep")).outs == outs(on_destroy="keep")
    assert meta.calls == []


@pytest.mark.parametrize(
    ("rows", "said", "writes"),
    [
        (
            [BusinessUserRow("1220982", INES, "EMPLOYEE")],
            f"{INES} is removed from {OURS}, and with that from its apps and assets.",
            ["remove 1220982"],
        ),
        (
            [BusinessUserRow("1220991", INES, "ADMIN", pending=True)],
            f"the invitation of {INES} into {OURS} is withdrawn.",
            ["remove 1220991"],
        ),
        ([], f"{INES} is not in {OURS}; there is nothing to remove.", []),
    ],
    ids=["a member", "an invitation", "nobody"],
)
def test_the_end_removes_and_says_what(
    meta: FakeMeta, capsys: pytest.CaptureFixture[str], rows: list[BusinessUserRow], said: str, writes: list[str]
) -> None:
    meta.people += rows

    PROVIDER.delete(ID, outs())

    assert capsys.readouterr().out == f"business user lindenhof-ines: {said}\n"
    assert meta.writes == writes


def test_keep_keeps(meta: FakeMeta, capsys: pytest.CaptureFixture[str]) -> None:
    PROVIDER.delete(ID, outs(on_destroy="keep"))

    assert capsys.readouterr().out == (
        f"business user lindenhof-ines: {INES} is kept in {OURS} as EMPLOYEE, because on_destroy is keep.\n"
    )
    assert meta.calls == []


REFUSED = (
    "was refused: they are its last admin, and a business without one cannot be helped by anybody. Make somebody else "
    "an admin first and wait until they accept; or keep them (on_destroy: keep, then `pulumi up` before the removal). "
    "Nothing was changed."
)


def test_the_last_admin_is_never_removed_nor_demoted(meta: FakeMeta, capsys: pytest.CaptureFixture[str]) -> None:
    meta.people.append(BusinessUserRow("1220991", INES, "ADMIN", pending=True))
    held = outs(NADIA, role="ADMIN", member_id="1220981")

    assert refusal(PROVIDER.delete, ID, held) == f"removing {NADIA} from {OURS} {REFUSED}"
    assert refused_update(ID, held, asked(NADIA)) == f"making {NADIA} EMPLOYEE in {OURS} {REFUSED}"
    assert meta.writes == []
    PROVIDER.check(asked(NADIA, role="ADMIN"), asked(NADIA))
    assert f"will be refused at `pulumi up`: making {NADIA} EMPLOYEE in {OURS} {REFUSED}" in capsys.readouterr().out


def test_a_removal_that_meta_does_not_make_is_no_success(meta: FakeMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    meta.people.append(BusinessUserRow("1220982", INES, "EMPLOYEE"))
    monkeypatch.setattr(business_users, "remove", lambda *_: None)

    assert refusal(PROVIDER.delete, ID, outs()) == (
        f"removing {INES} from {OURS} failed: Meta answered success and still lists them. A business admin takes them "
        "out under Business settings > Users > People; then `pulumi up` again."
    )


def test_with_a_second_admin_the_first_may_go(meta: FakeMeta) -> None:
    meta.people.append(BusinessUserRow("1220982", INES, "ADMIN"))

    PROVIDER.delete(ID, outs(NADIA, role="ADMIN", member_id="1220981"))

    assert meta.writes == ["remove 1220981"]


def test_metas_own_refusal_of_the_last_admin_says_the_same(meta: FakeMeta) -> None:
    meta.people.append(BusinessUserRow("1220982", INES, "ADMIN"))
    meta.fails["remove"] = meta.fails["role"] = GraphError("(#3914) Last.", code=3914)

    assert refusal(PROVIDER.delete, ID, outs()) == f"removing {INES} from {OURS} {REFUSED}"
    assert refused_update(ID, outs(role="ADMIN"), asked()) == f"making {INES} EMPLOYEE in {OURS} {REFUSED}"


def test_the_days_invitations_are_used_up(meta: FakeMeta) -> None:
    meta.fails["invite"] = RateLimitedError("(#17) The limit of invitations has been reached.", code=17)

    assert refusal(PROVIDER.create, asked()) == (
        f"inviting {INES} into {OURS} failed: Meta takes no more invitations today (code 17). It takes them again 24 "
        "hours later, and `pulumi up` then goes on. Meta's answer: (#17) The limit of invitations has been reached."
    )


def test_a_missing_second_factor_keeps_metas_words(meta: FakeMeta) -> None:
    meta.fails["invite"] = HumanNeededError("(#415) Two factor authentication required.", code=415)

    assert refusal(PROVIDER.create, asked()) == "(#415) Two factor authentication required."


def test_a_resource_renamed_without_alias_removes_nobody(meta: FakeMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    meta.people.append(BusinessUserRow("1220982", INES, "EMPLOYEE"))
    new_process(monkeypatch, meta)
    PROVIDER.check({}, {**asked(adopt=True), "label": "renamed"})

    PROVIDER.delete(ID, outs())

    assert meta.writes == []
