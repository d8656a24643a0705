"""Bringing tokens up to date: by `pulumi up --target`, and in this process while the configuration is refused.

A mistake in a client's file stops every `up` of the stack. It must not cost a token its successor: the state says what
was asked for, and the last update that succeeded says through which connection.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from meta_access.cli import stack as stacks
from meta_access.cli import update
from meta_access.cli.progress import to_person
from meta_access.cli.stack import Record, StackReadError
from meta_access.cli.update import Ended
from meta_access.errors import MetaAccessError
from meta_access.providers.token_renewal import renew

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meta_access.cli.tokens import StackToken, StackTokens


class Renewal:
    """The tokens of one stack, during one command.

    Attributes:
        refused: Whether the configuration is refused, as far as a run has shown.
        outside: Names of the tokens that were brought up to date in this process.
    """

    def __init__(self, found: StackTokens) -> None:
        self._found = found
        self._good: Record | None = None
        self.refused = bool(found.refused)
        self.outside: list[str] = []
        if found.refused:
            to_person(f"The configuration of stack {found.stack} is refused. {found.refused}")

    def up(self, urns: Sequence[str]) -> bool:
        """Bring the tokens of these URNs up to date; whether that went well."""
        chosen = [token for token in self._found.tokens if token.urn in urns]
        names = ", ".join(token.name for token in chosen)
        if not self.refused:
            to_person(f"Running pulumi for {names}.")
            ended = update.targeted(self._found.stack, urns)
            if ended is not Ended.REFUSED:
                return ended is Ended.WELL
            self.refused = True
        try:
            good = self._last_good()
        except StackReadError as error:
            to_person(str(error))
            return False
        to_person(
            f"The configuration is refused, so no `pulumi up` begins. Acting outside Pulumi for {names}, through the "
            f"connections of the update of {good.at}."
        )
        # One token's trouble does not keep the others from being looked after.
        failed = [token.name for token in chosen if not self._renewed(token, good)]
        return not failed

    def _last_good(self) -> Record:
        if self._good is None:
            self._good = stacks.last_good_config(self._found.stack)
        if self._good is None:
            raise StackReadError(
                f"The configuration is refused, and no update of stack {self._found.stack} that succeeded is on "
                "record, so that nothing says how to act without it. Nothing was changed; mend the configuration."
            )
        return self._good

    def _renewed(self, token: StackToken, good: Record) -> bool:
        try:
            # What a provider says goes to standard output, which here is for the command's answer alone.
            with contextlib.redirect_stdout(sys.stderr):
                renew(good.values.get, token.outputs)
        except MetaAccessError as error:
            to_person(f"{token.name}: {error}")
            return False
        self.outside.append(token.name)
        return True
