"""`meta-access rotate --due`: brings the tokens of a stack up to date, and nothing else. Made for a scheduled job."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from meta_access.cli.terminal import DONE, EXPIRING, FAILED, WORK_LEFT, answer, to_person
from meta_access.cli.tokens import stack_tokens
from meta_access.cli.tokens.renewal import Renewal
from meta_access.clock import SYSTEM_CLOCK, iso
from meta_access.errors import MetaAccessError
from meta_access.tokens.issuer import Examined, Health
from meta_access.tokens.observe import NOTHING_DUE, ROUTINE, Finding, Need, has_ended

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from meta_access.cli.tokens.stack_tokens import StackToken, StackTokens
    from meta_access.clock import Clock
    from meta_access.tokens.observe import Observed


@dataclass(frozen=True, kw_only=True)
class TokenRow:
    """A token and what its secret shows.

    Attributes:
        name: Pulumi name.
        finding: What is to be done; None when the secret could not be looked at.
        expires_at: As in the resource's outputs.
        late: Its expiry is nearer than `rotate_before`.
        credential: A connection acts with it.
        trouble: Why the secret could not be looked at.
        start: The command that starts AWS's rotation, where that one owns the token and is late; "" otherwise.
        step: What a person does about a token that has ended at Meta and cannot be replaced by a run; "" otherwise.
        unasked: Why Meta could not be asked whether the token lives; "" otherwise.
    """

    name: str
    urn: str
    secret: str
    finding: Finding | None
    expires_at: str = ""
    late: bool = False
    credential: bool = False
    trouble: str = ""
    start: str = ""
    step: str = ""
    unasked: str = ""

    @property
    def due(self) -> bool:
        """Whether a run puts it right without deciding anything for an operator."""
        return self.finding is not None and self.finding.need in ROUTINE

    @property
    def freshness(self) -> str:
        """As in the resource's outputs; "" when the secret could not be looked at."""
        return self.finding.text if self.finding else ""


@dataclass(frozen=True, slots=True)
class Rotation:
    """Before and after.

    Attributes:
        before: What was found first; `after` likewise after the runs, the same when nothing was due.
        failed: Whether a run of pulumi ended badly.
        acted: Names of the tokens that were due.
    """

    before: tuple[TokenRow, ...]
    after: tuple[TokenRow, ...]
    failed: bool = False
    acted: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        """The exit code. What counts is the tokens: a run that ended badly and left nothing due has done its work."""
        if any(row.trouble for row in self.after) or (self.failed and any(row.due for row in self.after)):
            return FAILED
        if any(row.late for row in self.after):
            return EXPIRING
        return WORK_LEFT if any(row.finding != NOTHING_DUE for row in self.after) else DONE


def rounds(rows: Sequence[TokenRow]) -> list[list[str]]:
    """URNs for one run of the engine each: credentials first, since the others are minted with them."""
    first = [row.urn for row in rows if row.due and row.credential]
    rest = [row.urn for row in rows if row.due and not row.credential]
    return [urns for urns in (first, rest) if urns]


NEVER = "never"
REFUSED = (
    "The configuration is refused, so this was done outside Pulumi, and the state still has what was before. Mend the "
    "configuration: the next `pulumi up` reads the new tokens with its refresh and changes nothing."
)
OUTSIDE = (
    "This was done outside Pulumi, and the state still has what was before: the next `pulumi up` reads the new tokens "
    "and changes nothing. Why no run of pulumi came to it is above."
)


ASKING_S = 120.0
"""How long Meta is asked about tokens in all; those that are left are looked at without asking."""


class Looking:
    """The looks of one command: at each secret every time, and to Meta about each current token once."""

    def __init__(self, found: StackTokens, clock: Clock = SYSTEM_CLOCK) -> None:
        self._found = found
        self._clock = clock
        self._until = clock.monotonic() + ASKING_S
        self._asked: dict[tuple[str, str], Examined] = {}

    def look(self) -> tuple[TokenRow, ...]:
        """Look at every token; trouble with one does not hide the others."""
        return tuple(self._row(token) for token in self._found.tokens)

    def _row(self, token: StackToken) -> TokenRow:
        credential = token.is_credential(self._found.settings)
        try:
            seen = self._found.look(token)
            asked = self._examined(token, seen)
        except MetaAccessError as error:
            return TokenRow(
                name=token.name,
                urn=token.urn,
                secret=token.secret,
                finding=None,
                credential=credential,
                trouble=str(error),
            )
        ended = seen.ended or asked.health is Health.ENDED
        finding, step = self._ended(token, seen) if ended else (seen.finding, "")
        late = seen.late or ended
        return TokenRow(
            name=token.name,
            urn=token.urn,
            secret=token.secret,
            finding=finding,
            expires_at=iso(seen.expires_at) if seen.expires_at else NEVER,
            late=late,
            credential=credential,
            start=token.rotate_secret if late and token.rotated_by_aws else "",
            step=step,
            unasked=asked.why,
        )

    def _ended(self, token: StackToken, seen: Observed) -> tuple[Finding, str]:
        """What is due for a token that has ended at Meta, and what a person does where no run can replace it."""
        gone = Finding(Need.DECISION, f"ended: generation {seen.generation} has ended at Meta")
        if token.rotated_by_aws:
            return gone, f"Start AWS's rotation, which owns it: {token.rotate_secret}"
        if token.serves(self._found.connection(token)):
            return gone, (
                "Its own connection acts with it, so nothing here can mint another: `meta-access bootstrap --stack "
                f"{self._found.stack}` makes one in the same secret, with a person's token."
            )
        return has_ended(seen.generation) if seen.finding == NOTHING_DUE else seen.finding, (
            f"If the app was taken off system user {token.user}, it has to be installed again first: `pulumi up "
            f"--stack {self._found.stack}` does that where the stack declares the user's AppInstallation."
        )

    def _examined(self, token: StackToken, seen: Observed) -> Examined:
        """What Meta says of a token that nothing else is due for."""
        if seen.ended or seen.finding != NOTHING_DUE:
            return Examined(Health.UNKNOWN)
        key = (token.arn, seen.version_id)
        if key not in self._asked:
            if self._clock.monotonic() > self._until:
                return Examined(Health.UNKNOWN, f"asking Meta about the others has taken {ASKING_S:.0f} s")
            self._asked[key] = self._found.examine(token, seen.version_id)
        return self._asked[key]


def rotate(look: Callable[[], tuple[TokenRow, ...]], up: Callable[[Sequence[str]], bool]) -> Rotation:
    """Look, run pulumi for what is due, and look again.

    Args:
        look: Gives the tokens and what their secrets tell.
        up: Brings the tokens of these URNs up to date; whether that went well.
    """
    before = look()
    chosen = rounds(before)
    if not chosen:
        return Rotation(before, before)
    failed = False
    for urns in chosen:
        failed = not up(urns) or failed
    return Rotation(before, look(), failed, tuple(row.name for row in before if row.due))


def _shown(row: TokenRow) -> dict[str, Any]:
    made = asdict(row)
    del made["finding"]
    return {**made, "freshness": row.freshness, "need": row.finding.need.name.lower() if row.finding else None}


def _print(done: Rotation, outside: Sequence[str], *, refused: bool = False) -> None:
    before = {row.urn: row for row in done.before}
    for row in done.after:
        acted = row.name in done.acted
        answer(f"{row.name}: {_told(row, before[row.urn].freshness if acted else '', row.name in outside)}")
        if row.unasked:
            answer(f"    whether it lives, Meta could not be asked: {row.unasked}")
    if not done.after:
        answer("The stack has no token.")
    if outside:
        answer(REFUSED if refused else OUTSIDE)
    if done.failed:
        to_person("A run ended with an error; what it was about is above.")


def _told(row: TokenRow, was: str, outside: bool) -> str:
    """What became of a token; `was` is what was due for it before a run acted on it."""
    left = f"{row.freshness}; not done, the reason is above" if row.due else row.freshness
    if row.trouble:
        return f"not looked at. {row.trouble}"
    if row.step:
        return f"{left}. Whoever reads secret {row.secret} has no access. {row.step}"
    if row.start and row.finding == NOTHING_DUE:
        return (
            f"expires {row.expires_at}, and AWS's rotation, which owns it, has not replaced it yet. Look at the "
            f"function's last run, or start it: {row.start}"
        )
    if row.finding == NOTHING_DUE:
        done = f"{was}: {'done outside Pulumi' if outside else 'done'}" if was else row.freshness
        return f"{done}, expires {row.expires_at}"
    if row.due:
        return left
    return f"{left}; left alone, `pulumi preview` shows what `pulumi up` would do"


@click.command(name="rotate")
@click.option("--due", is_flag=True, required=True, help="Only what is due: rotation, retirement, revocation.")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--verbose", is_flag=True, help="Print all that pulumi prints, and not its errors and warnings alone.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(stack: str | None, *, due: bool, verbose: bool, as_json: bool) -> None:
    """Bring the tokens that are due up to date, the credential's first, and touch nothing else of the stack.

    Asks Meta about each token that is not due: one that has ended is due as well.

    Exit code 0 when nothing is left, 1 after an error, 2 when an operator must look, 3 when a token that could not be
    replaced is near its end.
    """
    del due  # required, so that a later meaning of `rotate` alone is no surprise
    found = stack_tokens.read(stack, "nothing can be rotated")
    renewal = Renewal(found, verbose=verbose)
    done = rotate(Looking(found).look, renewal.up)
    if as_json:
        result = {
            "acted": done.acted,
            "failed": done.failed,
            "refused": renewal.refused,
            "outside": renewal.outside,
            "tokens": [_shown(row) for row in done.after],
        }
        click.echo(json.dumps(result))
    else:
        _print(done, renewal.outside, refused=renewal.refused)
    sys.exit(done.code)
