"""What a code means, from the tables that decide by it."""

from __future__ import annotations

import pytest

from meta_access import aws_refusals
from meta_access.doctor.catalog import CATALOG
from meta_access.doctor.explain import Explanation, UnknownError, explained
from meta_access.graph import codes


@pytest.mark.parametrize("typed", ["190/463", "190:463", "190 / 463", "code 190/463", "error 190/463", "(#190)/463"])
def test_a_code_of_metas_in_every_spelling(typed: str) -> None:
    assert explained(typed) == Explanation(
        "190/463",
        "meta",
        "The token has expired.",
        "Put a valid token where admin_token of this connection points.",
        "AuthError",
    )


def test_a_code_alone_names_its_subcodes_and_what_the_message_may_say() -> None:
    found = explained("(#100)")

    assert (found.what, found.kind) == ("100", "InvalidRequestError")
    assert found.means == "Meta's message says what is wrong with the request."
    assert found.notes[0] == "The subcode says more: 100/33, 100/1752129."
    assert "Or, where Meta's message says so: Meta finds no usable app behind the call." not in found.notes


def test_a_subcode_that_the_table_lacks_is_explained_by_its_code() -> None:
    found = explained("100/7")

    assert (found.what, found.kind) == ("100/7", "InvalidRequestError")
    assert found.notes[0] == (
        "The table has no subcode 7 of code 100; it has 100/33, 100/1752129. This is what the code alone means."
    )


def test_both_codes_of_a_session_share_their_subcodes() -> None:
    assert explained("102/463").means == "The token has expired."


def test_a_code_of_awss_is_explained_as_its_error_would_be() -> None:
    found = explained("accessdeniedexception")

    assert (found.what, found.whose, found.kind) == ("AccessDeniedException", "aws", "SecretDeniedError")
    assert found.means == "The call was refused (AccessDeniedException): a policy does not allow it, or forbids it."


@pytest.mark.parametrize("code", sorted(codes.CODES))
def test_every_code_of_metas_is_explained(code: int) -> None:
    found = explained(str(code))
    assert found.means
    assert found.next_step


@pytest.mark.parametrize("code", sorted(aws_refusals.CODES))
def test_every_code_of_awss_is_explained(code: str) -> None:
    assert explained(code).means.startswith("The call was refused")


@pytest.mark.parametrize("id_", list(CATALOG))
def test_every_finding_is_explained(id_: str) -> None:
    assert explained(id_).means == CATALOG[id_].means


@pytest.mark.parametrize(
    ("typed", "near"),
    [("token.expird", "token.expired"), ("AccesDenied", "AccessDenied"), ("99999", ""), ("", ""), ("190/", "")],
)
def test_what_no_table_has_is_unknown(typed: str, near: str) -> None:
    with pytest.raises(UnknownError) as unknown:
        explained(typed)
    assert unknown.value.near == near
