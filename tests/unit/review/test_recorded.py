"""What a review says of the real engine's streams (`recorded.py`), to the letter."""

from __future__ import annotations

from pathlib import Path

import pytest

from meta_access.review import markdown, stored, terminal
from tests.unit.review import recorded

SCREENS = {
    "first": """\
Stack dev: 6 gains, 1 token, 10 other
+ reporting gains ANALYZE on ad account 205550000000601 of acme
+ reporting gains ANALYZE on ad account 104320000000501 and Page 102930000000801
    of lindenhof
+ system user reporting is made with role EMPLOYEE
+ ines@lindenhof.example enters the business as EMPLOYEE, invited unless there
    already
+ nadia@lindenhof.example enters the business as ADMIN, invited unless there
    already
+ reporting gets its first token, for ads_read, in a secret whose name is known
    at the update
~ 4 gates wait for people
~ gates acme-share-act_205550000000601, ads-ads_read and ads-tier are satisfied
+ app settings ads-settings is made
+ app installation reporting is made
+ RandomId reporting-secret-suffix is made
1 warning of the program
  meta-access review --all shows them
Quota of lindenhof, system users of role EMPLOYEE: 0 -> 1 of 1
Calls of main: about 25 of the 300 an hour of tier limited
""",
    "same": """\
Stack dev: this change changes nothing
People's work, gates: 3 (ads 3)
1 warning of the program
  meta-access review --all shows them
""",
    "widen": """\
Stack dev: 1 loss, 1 gain
- reporting loses ANALYZE on Page 102930000000801 of lindenhof
+ reporting gains MANAGE (with ADVERTISE) on ad account 104320000000501 of
    lindenhof
People's work, gates: 3 (ads 3)
3 warnings of the program
  meta-access review --all shows them
Calls of main: about 4 of the 300 an hour of tier limited
""",
    "rename": """\
Stack dev: 1 token, 1 other
~ the token of insights moves from secret meta/dev/reporting/12e3dc14 to secret
    meta/dev/insights/12e3dc14; readers of the old one lose access 24h later
~ system user reporting is renamed insights
People's work, gates: 3 (ads 3)
2 warnings of the program
  meta-access review --all shows them
Calls of main: about 4 of the 300 an hour of tier limited
""",
    "drift": """\
Stack dev: this change changes nothing
Drift, which an update puts back: 2 (lindenhof: 1 loss, 1 gain)
People's work, gates: 3 (ads 3)
1 warning of the program
  meta-access review --all shows them
Calls of main: about 4 of the 300 an hour of tier limited
""",
    "due": """\
Stack dev: this change changes nothing
Due anyway: 1 (reporting: 1 token)
Drift, which an update puts back: 2 (lindenhof: 1 loss, 1 gain)
People's work, gates: 3 (ads 3)
1 warning of the program
  meta-access review --all shows them
Calls of main: about 7 of the 300 an hour of tier limited
""",
    "held": """\
Stack dev: 1 held back, 1 other
! held back: reporting does not get MANAGE (with ADVERTISE) on ad account
    104320000000501 of lindenhof yet: ads-ads_read is pending human and
    lindenhof-verification is pending human
~ gate ads-ads_read waits for people: level standard => advanced
People's work, gates: 3 (ads 3)
3 warnings of the program
  meta-access review --all shows them
Calls of main: about 3 of the 300 an hour of tier limited
""",
    "branch": """\
Stack dev: 1 refused, 3 losses, 11 gains, 2 tokens, 3 other
! will be refused: insights on ad account 999000000000999 of acme: assigning
    act_999000000000999: it is neither among the assets of business lindenhof
    (178000000000101) nor among those that others share with it. Add it to
    business lindenhof (178000000000101) (Business settings > Accounts > Add).
- insights loses ANALYZE on ad account 104320000000501 and Page 102930000000801
    of lindenhof
- trading loses ANALYZE on ad account 104320000000502 of lindenhof
+ trading gains MANAGE (with ADVERTISE) on 9 ad accounts of acme
+ otto@lindenhof.example enters the business as EMPLOYEE, invited unless there
    already
+ ines@lindenhof.example becomes ADMIN of the business, was EMPLOYEE
~ the token of insights moves from secret meta/dev/reporting/bec3e8be to secret
    meta/dev/insights/bec3e8be; readers of the old one lose access 24h later
~ the token of trading is renewed in secret meta/dev/trading/74ed49fd, gains
    ads_management; the old one ends 24h later
~ system user reporting is renamed insights
~ gate ads-app-roles waits for people: roles.ines developer => tester
~ app settings ads-settings is changed: privacy_policy_url
    https://lindenhof.example/privacy => https://lindenhof.example/privacy2
People's work, gates: 2 (ads 2)
3 warnings of the program
  meta-access review --all shows them
Calls of main: about 41 of the 100000 an hour of tier full
""",
    "own": """\
Stack dev: 1 gain, 1 token
+ reporting gains ADVERTISE on ad account 104320000000501
~ the token of reporting moves from secret meta/dev/one to secret meta/dev/two,
    gains ads_management; readers of the old one lose access 24h later
Calls of main: about 5; no tier was seen, so no hourly budget is known
""",
    "gone": """\
Stack dev: 2 losses, 1 token, 1 other
- reporting loses ANALYZE on ad account 104320000000501
- system user reporting is retired, and its slot reused later
- the token of reporting ends and secret meta/dev/one is deleted; readers of it
    lose access at once
- app installation app is removed
Calls of main: about 7; no tier was seen, so no hourly budget is known
""",
    "refused": """\
Stack dev: the preview FAILED; known so far: 1 refused
The preview failed, because the configuration is refused: what it changes is not
  known.
! refused: meta:identities.reporting.nonsense: there is no key "nonsense" here.
    Fix: remove it; the keys are role, name, renamed_from, connection, adopt,
    replace_existing, on_destroy, use_case, scopes, secret, lifetime,
    rotate_before, grace, keepers, kms_key, take_over_from, rotation_owner.
""",
}


def test_every_stream_has_a_screen() -> None:
    assert set(SCREENS) == set(recorded.NAMES)


@pytest.mark.parametrize("name", SCREENS)
def test_the_screen(name: str) -> None:
    assert terminal.render([recorded.review(name)]) == SCREENS[name]


@pytest.mark.parametrize("name", SCREENS)
def test_it_fits_a_terminal_and_holds_nothing_of_the_engine(name: str) -> None:
    for whole in (False, True):
        text = terminal.render([recorded.review(name)], whole=whole)
        assert max(map(len, text.splitlines())) <= terminal.WIDTH
        assert not any(word in text for word in ("pulumi-python:dynamic", "freshness", "04da6b54", "meta:access:"))
    assert len(terminal.render([recorded.review(name)]).splitlines()) <= terminal.MOST


@pytest.mark.parametrize("name", SCREENS)
def test_json_gives_back_what_went_in(name: str) -> None:
    review = recorded.review(name)
    assert stored.read(stored.write([review]).encode(), "x.json") == [review]


def test_the_comment_of_the_branch() -> None:
    text = markdown.render([recorded.review("branch")])
    assert text == (recorded.STREAMS / "branch.md").read_text(encoding="utf-8")
    assert text == markdown.render([recorded.review("branch")])


def test_the_page_shows_that_screen() -> None:
    text = (Path(__file__).parents[3] / "docs" / "reviewing-changes.md").read_text(encoding="utf-8")
    assert f"```text\n{SCREENS['branch']}```" in text
    assert f"the screen above has {len(SCREENS['branch'].splitlines())}." in text
