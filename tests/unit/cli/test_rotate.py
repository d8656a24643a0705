"""What a scheduled rotation chooses, in which order, and what its exit code says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from meta_access.cli.tokens.rotate import Looking, Rotation, TokenRow, _print, rotate, rounds
from meta_access.cli.tokens.stack_tokens import StackToken, tokens_of
from meta_access.stack.connections import Connection, Settings
from meta_access.tokens.issuer import Examined, Health
from meta_access.tokens.observe import NOTHING_DUE, Finding, Need, Observed, Presence
from tests.connections import MAIN
from tests.texts import lacks
from tests.unit.cli.states import resource, state

if TYPE_CHECKING:
    from collections.abc import Sequence


EXPIRING = Finding(Need.ROTATION, "rotation due: expires 2026-12-01")


def row(
    name: str, finding: Finding = NOTHING_DUE, *, late: bool = False, credential: bool = False, trouble: str = ""
) -> TokenRow:
    return TokenRow(
        name=name,
        urn=f"urn::{name}",
        secret=f"meta/{name}",
        finding=finding,
        expires_at="2026-12-01T00:00:00Z",
        late=late,
        credential=credential,
        trouble=trouble,
    )


@pytest.mark.parametrize(
    "work", [Need.ROTATION, Need.UNFINISHED, Need.RETIREMENT, Need.REVOCATION, Need.LABELS], ids=lambda work: work.name
)
def test_what_is_due_is_run(work: Need) -> None:
    assert rounds([row("a"), row("b", Finding(work, "as found"))]) == [["urn::b"]]


def test_what_an_operator_must_look_at_is_left_alone() -> None:
    assert rounds([row("a"), row("b", Finding(Need.DECISION, "as found"))]) == []


def test_the_credential_has_a_run_of_its_own_before_the_others() -> None:
    assert rounds([row("a", EXPIRING), row("root", EXPIRING, credential=True), row("b", EXPIRING)]) == [
        ["urn::root"],
        ["urn::a", "urn::b"],
    ]


def test_a_credential_that_is_not_due_is_not_run() -> None:
    assert rounds([row("root", credential=True), row("a", EXPIRING)]) == [["urn::a"]]


def played(
    before: Sequence[TokenRow], after: Sequence[TokenRow], *, well: bool = True
) -> tuple[Rotation, list[list[str]]]:
    looks, ran = iter([tuple(before), tuple(after)]), []

    def up(urns: Sequence[str]) -> bool:
        ran.append(list(urns))
        return well

    return rotate(lambda: next(looks), up), ran


DUE = row("a", EXPIRING, late=True)


def test_nothing_due_runs_nothing() -> None:
    done, ran = played([row("a")], [])

    assert (done.code, done.acted, ran) == (0, (), [])


def test_a_failed_first_run_does_not_keep_the_second_from_running() -> None:
    root = row("root", EXPIRING, credential=True)

    done, ran = played([DUE, root], [DUE, root], well=False)

    assert ran == [["urn::root"], ["urn::a"]]
    assert (done.failed, done.code) == (True, 1)


def test_a_run_that_failed_after_the_tokens_were_done_is_fine() -> None:
    done, _ = played([DUE], [row("a")], well=False)

    assert (done.failed, done.acted, done.code) == (True, ("a",), 0)


def test_the_exit_code_tells_what_is_left() -> None:
    edited = row("b", Finding(Need.DECISION, "edited by hand: moved back to generation 1"))

    assert Rotation((), (row("a"), edited)).code == 2
    assert Rotation((), (row("a"), replace(edited, late=True))).code == 3
    assert Rotation((), (DUE,)).code == 3
    assert Rotation((), (row("a", trouble="AWS cannot be reached"), DUE)).code == 1


def test_a_late_token_of_aws_is_no_work_of_pulumi_and_shown_with_the_command_that_starts_aws(
    capsys: pytest.CaptureFixture[str],
) -> None:
    start = "aws secretsmanager rotate-secret --secret-id arn:1"
    late = replace(row("a", late=True), start=start)

    done, ran = played([late], [])
    _print(done, ())

    assert (done.code, done.acted, ran) == (3, (), [])
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("a: ")
    assert lacks(line, "2026-12-01T00:00:00Z", "AWS's rotation", start) == []


def test_what_was_done_outside_pulumi_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    done, _ = played([DUE], [row("a")])

    _print(done, ["a"], refused=True)

    line, why = capsys.readouterr().out.splitlines()
    assert line.startswith(f"a: {EXPIRING.text}: ")
    assert lacks(line, "outside Pulumi", "2026-12-01T00:00:00Z") == []
    assert lacks(why, "configuration is refused", "outside Pulumi", "pulumi up") == []


def test_what_was_done_while_another_run_held_the_lock_needs_no_mending(capsys: pytest.CaptureFixture[str]) -> None:
    done, _ = played([DUE], [row("a")])

    _print(done, ["a"])

    why = capsys.readouterr().out.splitlines()[-1]
    assert lacks(why, "outside Pulumi", "pulumi up") == []
    assert "configuration" not in why


def test_tokens_of_a_state_are_those_that_stay() -> None:
    leaving = {**resource("SystemUserToken", "old", arn="arn:old"), "delete": True}
    found = tokens_of(
        state(resource("SystemUserToken", "reporting", arn="arn:1"), leaving, resource("SystemUser", "u"))
    )

    assert [(token.name, token.arn) for token in found] == [("reporting", "arn:1")]
    # What an older version did not write has its default.
    assert found[0].outputs["rotation_owner"] == "pulumi"


# --- tokens that have ended at Meta ---------------------------------------------------------------

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:meta/a-AbCdEf"


class Time:
    """A clock that does not sleep; each question to Meta takes a minute."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Found:
    """A stack whose secrets tell one thing and Meta another."""

    health: Examined
    finding: Finding = NOTHING_DUE
    ended: bool = False
    count: int = 1
    owner: str = "pulumi"
    admin_token: str = "emulator:"
    clock: Time = field(default_factory=Time)
    asked: list[str] = field(default_factory=list)
    stack: str = "dev"

    @property
    def settings(self) -> Settings:
        return Settings("dev", "2026-05", offline=False, connections={"main": self.connection(None)})

    @property
    def tokens(self) -> tuple[StackToken, ...]:
        outputs = {"secret_name": "meta/a", "system_user_id": "122", "rotation_owner": self.owner, "arn": ARN}
        return tuple(
            StackToken(urn=f"urn::{name}", outputs={**outputs, "arn": f"{ARN}{name}" if index else ARN})
            for index, name in enumerate("abcd"[: self.count])
        )

    def connection(self, _token: object) -> Connection:
        return replace(MAIN, admin_token=self.admin_token)

    def look(self, _token: StackToken) -> Observed:
        return Observed(
            presence=Presence.PRESENT,
            finding=self.finding,
            arn=ARN,
            version_id="v3",
            generation=3,
            ended=self.ended,
        )

    def examine(self, token: StackToken, version_id: str) -> Examined:
        assert version_id == "v3"
        self.asked.append(token.name)
        self.clock.now += 60
        return self.health


def rows(found: Found) -> tuple[TokenRow, ...]:
    return Looking(found, found.clock).look()  # type: ignore[arg-type]


ENDED = Examined(Health.ENDED)


def test_meta_is_asked_about_each_current_token_once_in_a_command() -> None:
    found = Found(Examined(Health.LIVES))
    looking = Looking(found, found.clock)  # type: ignore[arg-type]

    assert [one.freshness for one in looking.look()] == ["current"]
    assert [one.step for one in looking.look()] == [""]
    assert found.asked == ["a"]


def test_a_token_that_has_ended_is_due_and_the_step_for_a_person_is_named() -> None:
    [one] = rows(Found(ENDED))

    assert (one.freshness, one.due, one.late) == ("rotation due: generation 3 has ended at Meta", True, True)
    assert lacks(one.step, "system user 122", "pulumi up --stack dev", "AppInstallation") == []
    assert Rotation((), (one,)).code == 3


def test_what_is_known_to_have_ended_or_is_due_anyway_is_not_asked_about() -> None:
    gone = Finding(Need.ROTATION, "rotation due: generation 3 has ended at Meta")
    known = Found(ENDED, finding=gone, ended=True)
    due = Found(ENDED, finding=EXPIRING)

    assert [rows(known)[0].due, rows(due)[0].due] == [True, True]
    assert (known.asked, due.asked) == ([], [])


def test_the_credential_that_has_ended_is_a_person_s_to_replace() -> None:
    [one] = rows(Found(ENDED, admin_token="secret:meta/a"))

    assert (one.freshness, one.due) == ("ended: generation 3 has ended at Meta", False)
    assert lacks(one.step, "meta-access bootstrap --stack dev") == []
    assert Rotation((), (one,)).code == 3


def test_one_that_aws_rotates_is_aws_s_to_replace() -> None:
    [one] = rows(Found(ENDED, owner="lambda"))

    assert not one.due
    assert lacks(one.step, f"aws secretsmanager rotate-secret --secret-id {ARN}") == []


def test_an_outage_ends_nothing_and_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    [one] = rows(Found(Examined(Health.UNKNOWN, "Meta did not answer.")))

    _print(Rotation((one,), (one,)), ())

    assert (one.freshness, Rotation((), (one,)).code) == ("current", 0)
    assert lacks(capsys.readouterr().out, "Meta did not answer") == []


def test_asking_is_bounded_for_the_whole_command() -> None:
    found = Found(Examined(Health.LIVES), count=4)

    told = rows(found)

    assert found.asked == ["a", "b", "c"]
    assert [one.unasked for one in told] == ["", "", "", "asking Meta about the others has taken 120 s"]


def test_a_token_that_could_not_be_replaced_says_who_has_no_access(capsys: pytest.CaptureFixture[str]) -> None:
    [one] = rows(Found(ENDED))

    _print(Rotation((one,), (one,), failed=True, acted=("a",)), ())

    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith(f"a: {one.freshness}; ")
    assert lacks(line, "not done", "secret meta/a", "no access", one.step) == []
