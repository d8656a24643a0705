"""Which gates hold back which widening, in block mode: new users, new assignments, first tokens."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

import pulumi

from meta_access.gates.status import NOT_MADE
from meta_access.policy import Level
from meta_access.stack import gate_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meta_access.stack.load import Stack
    from meta_access.stack.plan import IdentityPlan


Requires = dict[str, pulumi.Output[str]]


class Gate(Protocol):
    """What all gates have."""

    @property
    def status(self) -> pulumi.Output[str]: ...


class GateBoard:
    """The gates made so far, by name.

    `requires` of a resource is the mapping it is to be given: in warn mode, where gates only report, it has no gates.

    Args:
        stack: Whose gates these are.
        refusing: Mandatory rules of good practice that find something: in both modes they hold back all that widens.
    """

    def __init__(self, stack: Stack, refusing: Iterable[str] = ()) -> None:
        self._stack, self._spec = stack, stack.spec
        self._gates: dict[str, Gate] = {}
        self._refusing = [gate_names.policy(rule) for rule in refusing]

    def given(self, name: str, connection: str) -> dict[str, Any]:
        """Inputs that every gate takes: where it is looked at, what was stated about it, and whose it is."""
        record, typed = self._stack.evidence.get(name), self._spec.connections[connection]
        return {
            "connection": connection,
            "evidence": record.as_input() if record is not None else None,
            "owner": self._spec.apps[typed.app].owner or self._spec.businesses[typed.business].owner,
        }

    def add(self, name: str, gate: Gate) -> None:
        self._gates[name] = gate

    def for_user(self, connection: str) -> Requires | None:
        """A new system user needs the tier that gives the quota, and a business Meta has verified."""
        return self._required(self._standing(connection))

    def for_work(self, plan: IdentityPlan, *more: str) -> Requires | None:
        """An assignment, or a token, needs the permissions of its scopes besides these, and the gates named."""
        app = self._spec.connections[plan.connection].app
        permissions = (gate_names.permission(app, scope) for scope in plan.scopes)
        return self._required([*self._standing(plan.connection), *permissions, *more])

    def export(self) -> dict[str, pulumi.Output[str]]:
        """Each gate's status; `meta-access gates` reads the rest, which changes from look to look, of the resources."""
        return {name: gate.status for name, gate in self._gates.items()}

    def _standing(self, connection: str) -> list[str]:
        typed = self._spec.connections[connection]
        return [gate_names.tier(typed.app), gate_names.verification(typed.business)]

    def _required(self, names: Iterable[str]) -> Requires | None:
        gates = (name for name in names if name in self._gates) if self._spec.gate_mode == "block" else ()
        found = {name: _value_only(self._gates[name].status) for name in gates}
        return {**found, **{name: pulumi.Output.from_input(str(Level.MANDATORY)) for name in self._refusing}} or None


def _value_only(status: pulumi.Output[str]) -> pulumi.Output[str]:
    """The status without the dependency on its gate.

    With it, a gate that fails, or that is declared and not made yet, would hold back the rotation of a token: the
    engine refuses `up --target TOKEN` when the token depends on a resource that does not exist (measured, 3.259.0).
    Without it the engine drops a status it does not know, so an update gets a word that is not `satisfied` instead.
    """

    async def value() -> str:
        return str(await status.future()) if await status.is_known() else NOT_MADE

    async def known() -> bool:
        return not pulumi.runtime.is_dry_run() or await status.is_known()

    return pulumi.Output(set(), asyncio.ensure_future(value()), asyncio.ensure_future(known()))
