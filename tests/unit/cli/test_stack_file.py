"""A person cut out of a stack file: what goes, and that nothing else does."""

from __future__ import annotations

import pytest

from meta_access.cli.people.stack_file import StackFileError, removed, without
from tests.texts import lacks

FLOW = """\
config:
  meta:environment: prod   # kept
  meta:people:
    nadia: {email: nadia@agency.example, business: ADMIN, user_id: "100000000000401"}
    tom:   {email: tom@agency.example, business: ADMIN}     # second admin
  meta:apps:
    ads:
      id: "1204817736400555"
      roles: {admin: [nadia, tom], developer: [nadia], tester: []}   # people
      owner: nadia
encryptionsalt: v1:abc
"""

BLOCK = """\
config:
  meta:people:
    nadia:
      email: nadia@agency.example
      # since March
      business: ADMIN
      user_id: "100000000000401"

    # our second
    tom:
      business: ADMIN
  meta:apps:
    ads:
      roles:
        admin:
          - nadia   # the first
          - tom
        developer:
          - nadia
        # outsiders
        tester: [tom, nadia]
      mode: live
    other:
      roles: {admin: [nadia]}
"""


def test_flow_collections_are_written_anew_and_nothing_else() -> None:
    assert without(FLOW, "nadia", apps=["ads"], business=True) == FLOW.replace(
        ', business: ADMIN, user_id: "100000000000401"}', ", user_id: '100000000000401'}"
    ).replace("{admin: [nadia, tom], developer: [nadia], tester: []}", "{admin: [tom], tester: []}")


def test_lines_of_blocks_are_cut_with_their_comments_behind_them() -> None:
    assert (
        without(BLOCK, "nadia", apps=["ads"], business=True)
        == """\
config:
  meta:people:
    nadia:
      email: nadia@agency.example
      # since March
      user_id: "100000000000401"

    # our second
    tom:
      business: ADMIN
  meta:apps:
    ads:
      roles:
        admin:
          - tom
        # outsiders
        tester: [tom]
      mode: live
    other:
      roles: {admin: [nadia]}
"""
    )


def test_an_entry_that_says_nothing_more_stays_as_an_empty_one() -> None:
    text = "config:\n  meta:people:\n    tom:\n      business: ADMIN\n    ines: {business: EMPLOYEE}\n"

    assert without(text, "tom", apps=[], business=True) == text.replace("business: ADMIN", "{}")
    assert without(text, "ines", apps=[], business=True) == text.replace("{business: EMPLOYEE}", "{}")


@pytest.mark.parametrize("text", [FLOW, BLOCK, "config: {}\n", "encryptionsalt: v1:abc\n"])
def test_somebody_who_is_not_in_it_changes_nothing(text: str) -> None:
    assert without(text, "ines", apps=["ads", "none"], business=True) == text


def test_what_is_to_stay_stays() -> None:
    assert without(FLOW, "nadia", apps=[], business=False) == FLOW


def test_a_list_that_is_shared_by_an_alias_is_for_a_person_to_edit() -> None:
    text = (
        "config:\n  meta:people: {nadia: {}}\n  meta:apps:\n"
        "    ads: {roles: {admin: &all [nadia, tom]}}\n    other: {roles: {admin: *all}}\n"
    )

    with pytest.raises(StackFileError) as refused:
        without(text, "nadia", apps=["ads"], business=True)

    assert lacks(str(refused.value), "nadia", "meta:apps.ads.roles", "meta:people.nadia.business") == []


# --- whole entries ---

ENTRIES = """\
config:
  meta:identities:
    reporting: {use_case: read_reports}   # stays
    # A tool of another team,
    # with a secret of its own.
    warehouse: {use_case: read_reports, grace: 48h}

    # Buys.
    trading:
      use_case: manage_ads
  meta:clients:
    acme:
      assets:
        act_1: {reporting: read, warehouse: read, trading: trade}
        act_2: {warehouse: read, reporting: read}
        act_3: {reporting: read, trading: trade, warehouse: read}
        act_4:
          warehouse: read
        act_5: {
          reporting: read,   # reads
          warehouse: read,
        }
"""


def test_an_entry_goes_with_the_comment_above_it_and_nothing_else() -> None:
    asset = ("config", "meta:clients", "acme", "assets")
    places = [("config", "meta:identities", "warehouse"), *((*asset, f"act_{at}", "warehouse") for at in range(1, 6))]

    assert (
        removed(ENTRIES, places, "the file")
        == """\
config:
  meta:identities:
    reporting: {use_case: read_reports}   # stays

    # Buys.
    trading:
      use_case: manage_ads
  meta:clients:
    acme:
      assets:
        act_1: {reporting: read, trading: trade}
        act_2: {reporting: read}
        act_3: {reporting: read, trading: trade}
        act_4:
          {}
        act_5: {
          reporting: read,
        }
"""
    )


def test_several_entries_of_one_mapping_go_together() -> None:
    at = ("config", "meta:clients", "acme", "assets", "act_1")

    assert removed(ENTRIES, [(*at, "warehouse"), (*at, "trading")], "the file") == ENTRIES.replace(
        "{reporting: read, warehouse: read, trading: trade}", "{reporting: read}"
    )
    assert removed(ENTRIES, [(*at, name) for name in ("reporting", "warehouse", "trading")], "the file") == (
        ENTRIES.replace("{reporting: read, warehouse: read, trading: trade}", "{}")
    )
    gone = removed(ENTRIES, [("config", "meta:clients", "acme")], "the file")
    assert gone == ENTRIES[: ENTRIES.index("    acme:")] + "    {}\n"


def test_what_is_not_there_changes_nothing() -> None:
    for place in (("config", "meta:identities", "other"), ("config", "meta:people", "ines"), ("none",)):
        assert removed(ENTRIES, [place], "the file") == ENTRIES


def test_an_entry_that_others_point_to_is_for_a_person_to_remove() -> None:
    text = "config:\n  a: &x {b: 1}\n  c: *x\n"

    with pytest.raises(StackFileError) as refused:
        removed(text, [("config", "a")], "stacks/Pulumi.dev.yaml")

    assert lacks(str(refused.value), "stacks/Pulumi.dev.yaml", "config.a", "by hand") == []
