"""BusinessUser: invited, pending, accepted, taken over, and never the last admin taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest

from meta_access.providers._boundary import Failure
from meta_access.providers.business_user import BusinessUserProvider
from meta_emulator.world import BusinessInvitation, BusinessUser, Person
from tests.texts import lacks
from tests.unit.providers.conftest import BUSINESS, NOT_KNOWN, configured, new_process, updated

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.emulated import EmulatedMeta

PROVIDER = BusinessUserProvider()
INES = "ines@lindenhof.example"
NADIA = "nadia@lindenhof.example"
ID = f"{BUSINESS}/{INES}"
INVITE = f"POST {BUSINESS}/business_users"
OURS = "business lindenhof (id 178000000000101)"
NO_MORE = (INES, OURS, "code 17", "24 hours", "`pulumi up`")


Role = Literal["ADMIN", "EMPLOYEE"]


@pytest.fixture
def meta(meta: EmulatedMeta) -> EmulatedMeta:
    """A business of which only nadia is."""
    with meta.edit() as world:
        world.people = []
        world.app_roles = []
        world.system_users[0].created_by = None
    join(meta, "1220981", NADIA, "ADMIN")
    return meta


def join(meta: EmulatedMeta, id_: str, email: str, role: Role) -> None:
    """Let somebody be in the business, under this id."""
    with meta.edit() as world:
        person = f"1000000{id_}"
        world.people.append(Person(person, email.partition("@")[0] or "somebody", email, {BUSINESS: role}))
        world.business_users.append(BusinessUser(id_, person, BUSINESS))


def invite(meta: EmulatedMeta, id_: str, email: str, role: Role) -> None:
    with meta.edit() as world:
        world.business_invitations.append(BusinessInvitation(id_, BUSINESS, email, role))


def members(meta: EmulatedMeta) -> dict[str, str]:
    """Who is in the business: address to role."""
    return {person.email: person.businesses[BUSINESS] for person, _ in meta.world.members(BUSINESS)}


def invited(meta: EmulatedMeta) -> dict[str, tuple[str, str]]:
    """Who is invited into it: address to the invitation's id and role."""
    return {row.email: (row.id, row.role) for row in meta.world.business_invitations}


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
def test_bad_values_are_refused(meta: EmulatedMeta, props: dict[str, Any], property_: str, reason: str) -> None:
    assert failures(**props) == [(property_, reason)]


def test_values_that_are_not_known_yet_pass(meta: EmulatedMeta) -> None:
    assert failures(email=NOT_KNOWN) == []


def test_one_address_is_one_person_whatever_its_letters(meta: EmulatedMeta) -> None:
    assert failures() == []
    result = PROVIDER.check({}, {**asked("Ines@Lindenhof.example"), "label": "twin"})

    assert [failure.reason for failure in result.failures] == [
        "resources lindenhof-ines and twin represent the same business user. Fix: remove one of them."
    ]


def test_a_stranger_is_invited_and_pending(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    made = PROVIDER.create(asked())

    ((member, role),) = invited(meta).values()
    assert (made.id, made.outs) == (ID, {**asked(), "member_id": member, "state": "pending"})
    assert (role, meta.writes) == ("EMPLOYEE", [INVITE])
    assert not lacks(capsys.readouterr().out, "lindenhof-ines", INES, "invited")


def test_an_invitation_that_is_out_already_is_taken_and_not_sent_again(meta: EmulatedMeta) -> None:
    invite(meta, "1220991", "INES@lindenhof.example", "ADMIN")

    made = PROVIDER.create(asked())

    assert made.outs == {**asked(), "member_id": "1220991", "state": "pending"}
    assert meta.writes == ["POST 1220991"]
    assert invited(meta) == {"INES@lindenhof.example": ("1220991", "EMPLOYEE")}


def test_whoever_is_there_already_is_refused_unless_adopted(meta: EmulatedMeta) -> None:
    join(meta, "1220982", INES, "ADMIN")

    assert not lacks(refusal(PROVIDER.create, asked()), INES, OURS, "ADMIN", "1220982", "adopt: true")
    assert meta.writes == []
    assert PROVIDER.create(asked(adopt=True)).outs == outs(adopt=True)
    assert meta.writes == ["POST 1220982"]
    assert members(meta) == {NADIA: "ADMIN", INES: "EMPLOYEE"}


def test_a_preview_tells_who_is_taken_over_and_what_becomes_of_them(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    join(meta, "1220982", INES, "ADMIN")

    assert failures(adopt=True) == []

    assert not lacks(capsys.readouterr().out, "lindenhof-ines", INES, "ADMIN", "EMPLOYEE", "taken over")
    assert meta.writes == []


def test_offline_a_preview_asks_nothing(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(monkeypatch, meta, offline=True)

    assert failures(adopt=True) == []
    assert meta.calls == []


def test_an_invitation_that_is_accepted_has_another_id_and_is_no_change(meta: EmulatedMeta) -> None:
    join(meta, "1220982", INES, "EMPLOYEE")
    before = outs(member_id="122099000000001", state="pending")

    seen = PROVIDER.read(ID, before)

    assert (seen.id, seen.outs, seen.inputs) == (ID, outs(), None)
    assert PROVIDER.diff(ID, outs(), asked()).changes is False


def test_a_role_changed_by_hand_is_drift_and_put_right(meta: EmulatedMeta) -> None:
    join(meta, "1220982", INES, "ADMIN")

    seen = PROVIDER.read(ID, outs())

    assert seen.inputs == asked(role="ADMIN")
    assert seen.outs == outs(role="ADMIN")
    assert PROVIDER.diff(ID, outs(role="ADMIN"), asked()).changes is True
    assert PROVIDER.update(ID, outs(role="ADMIN"), asked()).outs == outs()
    assert meta.writes == ["POST 1220982"]
    assert members(meta) == {NADIA: "ADMIN", INES: "EMPLOYEE"}


def test_who_left_or_declined_is_invited_anew(meta: EmulatedMeta) -> None:
    seen = PROVIDER.read(ID, outs())

    assert (seen.id, seen.outs, seen.inputs) == (ID, outs(state="gone", member_id=""), None)
    assert PROVIDER.diff(ID, outs(state="gone", member_id=""), asked()).changes is True
    answer = PROVIDER.update(ID, outs(state="gone", member_id=""), asked())
    assert meta.writes == [INVITE]
    assert answer.outs is not None
    assert invited(meta) == {INES: (answer.outs["member_id"], "EMPLOYEE")}
    assert answer.outs == outs(state="pending", member_id=answer.outs["member_id"])
    assert PROVIDER.diff(ID, answer.outs, asked()).changes is False


def test_an_invitation_that_is_refused_to_who_left_fails_no_create_on_which_others_depend(meta: EmulatedMeta) -> None:
    meta.refuse("POST", "business_users$", 17, "(#17) The limit of invitations has been reached.")

    answer = PROVIDER.update(ID, outs(state="gone", member_id=""), asked())

    assert answer.outs is not None
    refused = answer.outs["refused"]
    assert answer.outs == outs(state="gone", member_id="", refused=refused)
    assert not lacks(refused, *NO_MORE)


def test_who_left_is_gone_at_the_end_as_well(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    PROVIDER.delete(ID, outs(state="gone", member_id=""))

    assert meta.writes == []
    assert not lacks(capsys.readouterr().out, INES, OURS, "nothing to remove")


@pytest.mark.parametrize("code", [10, 17])
def test_trouble_of_its_own_stops_no_refresh(meta: EmulatedMeta, code: int) -> None:
    meta.refuse("GET", "business_users$", code)

    assert PROVIDER.read(ID, outs()).outs == outs()


def test_a_refused_credential_does(meta: EmulatedMeta) -> None:
    meta.refuse("GET", "business_users$", 190, "Expired.")

    assert "Settings used: connection main" in refusal(PROVIDER.read, ID, outs())


@pytest.mark.parametrize("shown", ["1220985", "1220982"])
def test_addresses_that_meta_hides_are_no_proof_that_somebody_left(meta: EmulatedMeta, shown: str) -> None:
    join(meta, shown, "", "EMPLOYEE")

    assert PROVIDER.read(ID, outs()).outs == outs()


# --- changes and the end -------------------------------------------------------------------------


def test_another_address_is_another_person(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    join(meta, "1220982", INES, "EMPLOYEE")

    done = PROVIDER.update(ID, outs(), asked("tom@lindenhof.example"))

    ((address, (member, role)),) = invited(meta).items()
    assert (address, role) == ("tom@lindenhof.example", "EMPLOYEE")
    assert done.outs == outs("tom@lindenhof.example", member_id=member, state="pending")
    assert meta.writes == [INVITE, "DELETE 1220982"]


def test_a_policy_alone_is_no_call(meta: EmulatedMeta) -> None:
    assert PROVIDER.update(ID, outs(), asked(on_destroy="keep")).outs == outs(on_destroy="keep")
    assert meta.calls == []


@pytest.mark.parametrize(
    ("there", "said", "writes"),
    [
        (
            lambda meta: join(meta, "1220982", INES, "EMPLOYEE"),
            f"{INES} is removed from {OURS}, and with that from its apps and assets.",
            ["DELETE 1220982"],
        ),
        (
            lambda meta: invite(meta, "1220991", INES, "ADMIN"),
            f"the invitation of {INES} into {OURS} is withdrawn.",
            ["DELETE 1220991"],
        ),
        (lambda _meta: None, f"{INES} is not in {OURS}; there is nothing to remove.", []),
    ],
    ids=["a member", "an invitation", "nobody"],
)
def test_the_end_removes_and_says_what(
    meta: EmulatedMeta,
    capsys: pytest.CaptureFixture[str],
    there: Callable[[EmulatedMeta], None],
    said: str,
    writes: list[str],
) -> None:
    there(meta)

    PROVIDER.delete(ID, outs())

    assert capsys.readouterr().out == f"business user lindenhof-ines: {said}\n"
    assert meta.writes == writes
    assert (members(meta), invited(meta)) == ({NADIA: "ADMIN"}, {})


def test_keep_keeps(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    PROVIDER.delete(ID, outs(on_destroy="keep"))

    assert not lacks(capsys.readouterr().out, "lindenhof-ines", INES, OURS, "EMPLOYEE", "on_destroy")
    assert meta.calls == []


LAST_ADMIN = (OURS, "last admin", "on_destroy: keep", "`pulumi up`")


def test_the_last_admin_is_never_removed_nor_demoted(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    invite(meta, "1220991", INES, "ADMIN")
    held = outs(NADIA, role="ADMIN", member_id="1220981")

    assert not lacks(refusal(PROVIDER.delete, ID, held), f"removing {NADIA}", *LAST_ADMIN)
    assert not lacks(refused_update(ID, held, asked(NADIA)), f"making {NADIA} EMPLOYEE", *LAST_ADMIN)
    assert meta.writes == []
    PROVIDER.check(asked(NADIA, role="ADMIN"), asked(NADIA))
    told = capsys.readouterr().out
    assert not lacks(told, "will be refused", f"making {NADIA} EMPLOYEE", *LAST_ADMIN)


def doomed(capsys: pytest.CaptureFixture[str], olds: dict[str, Any], props: dict[str, Any]) -> str:
    capsys.readouterr()
    assert PROVIDER.check(olds, props).failures == []
    text = capsys.readouterr().out
    return text if "will be refused at `pulumi up`" in text else ""


def test_another_person_in_the_place_of_the_last_admin_is_told_and_refused_before_anybody_is_invited(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    held, props = outs(NADIA, role="ADMIN", member_id="1220981"), asked(INES, role="ADMIN")

    assert not lacks(doomed(capsys, asked(NADIA, role="ADMIN"), props), f"removing {NADIA}", *LAST_ADMIN)
    assert not lacks(refused_update(ID, held, props), f"removing {NADIA}", *LAST_ADMIN)
    assert (meta.writes, invited(meta)) == ([], {})

    # Who stays at Meta, and who makes room for another admin that is there, strand nobody.
    kept = {"on_destroy": "keep"}
    assert doomed(capsys, asked(NADIA, role="ADMIN", **kept), {**props, **kept}) == ""
    join(meta, "1220982", INES, "EMPLOYEE")
    new_process(monkeypatch, meta)
    adopting = {**props, "adopt": True}
    assert doomed(capsys, asked(NADIA, role="ADMIN"), adopting) == ""
    updated(PROVIDER, ID, held, adopting)
    assert members(meta) == {INES: "ADMIN"}


def test_another_person_who_is_there_already_is_told(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    join(meta, "1220982", INES, "EMPLOYEE")

    told = doomed(capsys, asked("tom@lindenhof.example"), asked(INES))

    assert not lacks(told, f"inviting {INES} failed: that person is in {OURS} already, as EMPLOYEE", "adopt: true")
    assert doomed(capsys, asked("tom@lindenhof.example"), asked(INES, adopt=True)) == ""
    assert doomed(capsys, asked(INES), asked("INES@lindenhof.example")) == ""


def test_a_removal_that_meta_does_not_make_is_no_success(meta: EmulatedMeta) -> None:
    join(meta, "1220982", INES, "EMPLOYEE")
    meta.pretend("DELETE", "1220982$")

    facts = (INES, OURS, "Business settings > Users > People", "`pulumi up`")
    assert not lacks(refusal(PROVIDER.delete, ID, outs()), *facts)


def test_with_a_second_admin_the_first_may_go(meta: EmulatedMeta) -> None:
    join(meta, "1220982", INES, "ADMIN")

    PROVIDER.delete(ID, outs(NADIA, role="ADMIN", member_id="1220981"))

    assert meta.writes == ["DELETE 1220981"]
    assert members(meta) == {INES: "ADMIN"}


def test_metas_own_refusal_of_the_last_admin_says_the_same(meta: EmulatedMeta) -> None:
    join(meta, "1220982", INES, "ADMIN")
    for method in ("DELETE", "POST"):
        meta.refuse(method, "1220982$", 3914, "(#3914) Last.")

    assert not lacks(refusal(PROVIDER.delete, ID, outs()), f"removing {INES}", *LAST_ADMIN)
    assert not lacks(refused_update(ID, outs(role="ADMIN"), asked()), f"making {INES} EMPLOYEE", *LAST_ADMIN)


def test_the_days_invitations_are_used_up(meta: EmulatedMeta) -> None:
    meta.refuse("POST", "business_users$", 17, "(#17) The limit of invitations has been reached.")

    said = refusal(PROVIDER.create, asked())

    assert not lacks(said, *NO_MORE)
    assert "(#17) The limit of invitations has been reached." in said


def test_a_missing_second_factor_keeps_metas_words(meta: EmulatedMeta) -> None:
    meta.refuse("POST", "business_users$", 415, "(#415) Two factor authentication required.")

    assert "(#415) Two factor authentication required." in refusal(PROVIDER.create, asked())


def test_a_resource_renamed_without_alias_removes_nobody(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    join(meta, "1220982", INES, "EMPLOYEE")
    new_process(monkeypatch, meta)
    PROVIDER.check({}, {**asked(adopt=True), "label": "renamed"})

    PROVIDER.delete(ID, outs())

    assert meta.writes == []
