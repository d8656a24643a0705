"""Bringing tokens up to date: by `pulumi up --target`, and in this process where no such run comes to its work.

A mistake in a client's file or in the program stops every `up` of the stack, and a run that hangs locks the others out.
Neither must cost a token its successor: the state says what was asked for, and the configuration through which
connection. Two runs that act on one secret are kept apart by the token protocol, not by the stack's lock.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from meta_access.cli import pulumi_run, pulumi_stack
from meta_access.cli.engine_output import EngineOutput
from meta_access.cli.pulumi_run import RunEnd
from meta_access.cli.pulumi_stack import StackReadError
from meta_access.cli.terminal import to_person
from meta_access.clock import SYSTEM_CLOCK
from meta_access.errors import MetaAccessError
from meta_access.providers.token_renewal import renew
from meta_access.tokens.observe import ROUTINE, Need

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from meta_access.cli.tokens.stack_tokens import StackToken, StackTokens
    from meta_access.clock import Clock

LOCK_S = 60.0
"""How long another run may hold the stack's lock before tokens are renewed without it."""
_TRY_EVERY_S = 10.0
WHY = {
    RunEnd.REFUSED: "The configuration is refused, so no `pulumi up` begins.",
    RunEnd.LOCKED: f"Another run has held the stack's lock for more than {LOCK_S:.0f} s.",
    RunEnd.STILL: "The run of pulumi stood still.",
    RunEnd.BADLY: "The run of pulumi ended with an error of a token, and more than one is as due as before.",
    RunEnd.MISSED: "The run of pulumi ended with an error before it came to them.",
}


class Renewal:
    """The tokens of one stack, during one command.

    Attributes:
        refused: Whether the configuration is refused, as far as a run has shown.
        outside: Names of the tokens that were brought up to date in this process.
    """

    def __init__(self, found: StackTokens, clock: Clock = SYSTEM_CLOCK, *, verbose: bool = False) -> None:
        self._found = found
        self._clock = clock
        self._output = EngineOutput(verbose=verbose, clock=clock)
        self._connections: tuple[Callable[[str], str | None], str] | None = None
        self._kept_out: RunEnd | None = RunEnd.REFUSED if found.refused else None
        self.outside: list[str] = []
        if found.refused:
            to_person(f"The configuration of stack {found.stack} is refused. {found.refused}")

    @property
    def refused(self) -> bool:
        return self._kept_out is RunEnd.REFUSED

    def up(self, urns: Sequence[str]) -> bool:
        """Bring the tokens of these URNs up to date; whether that went well."""
        chosen = [token for token in self._found.tokens if token.urn in urns]
        if self._kept_out is None:
            to_person(f"Running pulumi for {_names(chosen)}.")
            ended = self._ran(urns)
            if ended is RunEnd.WELL:
                return True
            if ended is RunEnd.BADLY:
                # The error of one token in the preview ends the run for all; one alone that is left met its own.
                left = [token for token in chosen if self._missed(token)]
                if len(left) > 1:
                    self._all_outside(left, ended)
                return False
            if ended is RunEnd.MISSED:
                # They are not to wait until the cause is mended; what the run did before it failed is done.
                missed = [token for token in chosen if self._missed(token)]
                return bool(missed) and self._all_outside(missed, ended) and len(missed) == len(chosen)
            self._kept_out = ended
        return self._all_outside(chosen, self._kept_out)

    def _ran(self, urns: Sequence[str]) -> RunEnd:
        began = self._clock.monotonic()
        while True:
            ended = pulumi_run.targeted(self._found.stack, urns, self._output)
            if ended is not RunEnd.LOCKED or self._clock.monotonic() - began >= LOCK_S:
                return ended
            to_person(f"Another run holds the stack's lock. Trying again in {_TRY_EVERY_S:.0f} s.")
            self._clock.sleep(_TRY_EVERY_S)

    def _missed(self, token: StackToken) -> bool:
        """Whether a token is as due as before the run; what it began at Meta is not begun again here."""
        try:
            need = self._found.look(token).finding.need
        except MetaAccessError:
            return False
        return need in ROUTINE and need is not Need.UNFINISHED

    def _all_outside(self, chosen: Sequence[StackToken], why: RunEnd) -> bool:
        try:
            get, whose = self._through()
        except StackReadError as error:
            to_person(str(error))
            return False
        to_person(f"{WHY[why]} Acting outside Pulumi for {_names(chosen)}, through the connections of {whose}.")
        # One token's trouble does not keep the others from being looked after.
        failed = [token.name for token in chosen if not self._renewed(token, get)]
        return not failed

    def _through(self) -> tuple[Callable[[str], str | None], str]:
        """The texts of the configuration to act by, and whose they are; the same ones for the whole command."""
        if self._connections is None:
            self._connections = self._last_good() if self.refused else self._today()
        return self._connections

    def _today(self) -> tuple[Callable[[str], str | None], str]:
        return pulumi_stack.config(self._found.stack).get, "today's configuration"

    def _last_good(self) -> tuple[Callable[[str], str | None], str]:
        good = pulumi_stack.last_good_config(self._found.stack)
        if good is None:
            raise StackReadError(
                f"The configuration is refused, and no update of stack {self._found.stack} that succeeded is on "
                "record, so that nothing says how to act without it. Nothing was changed.",
                next_step="Mend the configuration.",
            )
        return good.values.get, f"the update of {good.at}"

    def _renewed(self, token: StackToken, get: Callable[[str], str | None]) -> bool:
        try:
            # What a provider says goes to standard output, which here is for the command's answer alone.
            with contextlib.redirect_stdout(sys.stderr):
                renew(get, token.outputs)
        except MetaAccessError as error:
            to_person(f"{token.name}: {error}")
            return False
        self.outside.append(token.name)
        return True


def _names(tokens: Sequence[StackToken]) -> str:
    return ", ".join(token.name for token in tokens)
