"""What all gates share: status by `gates.decide`, stamped by check, read back, shown as drift, and never written.

Drift is shown by putting the live value into the *inputs* that read answers, while the outputs keep what is declared.
Measured on the real engine: with outputs changed as well, a second refresh reports the gate as satisfied.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from pulumi import Output
from pulumi.dynamic import ReadResult

from meta_access.errors import (
    AuthError,
    ConfigError,
    GraphError,
    InvalidRequestError,
    MetaAccessError,
    NotFoundError,
    PermissionDeniedError,
)
from meta_access.gates.status import Desired, GateDecision, NextStep, Observation, Phase, Previous, Status, decide
from meta_access.providers import last_update
from meta_access.providers._base import MetaProvider
from meta_access.providers._boundary import say
from meta_access.providers._resource import MetaResource
from meta_access.providers._values import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.providers._live import Live

_OFFLINE = Observation(None, reason="Not looked at, because META_ACCESS_OFFLINE=1.")
_RECORD = "evidence_record"

AS_DECLARED = "as declared"
"""The input `state` of a gate with nothing to declare but that it be so: drift needs an input to stand in."""


class GateProvider(MetaProvider):
    """Base of every gate.

    Attributes:
        declared: Inputs that hold the declared value; evidence is bound to them.
        link: Key of the rule set's link to the page where a person acts.
    """

    own: ClassVar[Mapping[str, Any]] = {"status": None}
    declared: ClassVar[tuple[str, ...]]
    link: ClassVar[str]

    @abstractmethod
    def observe(self, props: Mapping[str, Any], live: Live) -> Observation:
        """Read what Meta shows."""

    @abstractmethod
    def step(self, props: Mapping[str, Any], live: Live, seen: Observation) -> NextStep:
        """What a person does to bring the declared value about."""

    @abstractmethod
    def farewell(self, outs: Mapping[str, Any]) -> str:
        """What remains at Meta when the gate is no longer declared, and who removes it."""

    def by_rule(self, props: Mapping[str, Any], live: Live) -> Observation | None:
        """An answer that needs no reading."""
        del props, live
        return None

    def live_inputs(self, seen: Observation) -> dict[str, Any]:
        """The inputs to show in place of the declared ones while the gate is drifted."""
        del seen
        return {}

    def desired(self, props: Mapping[str, Any], live: Live, seen: Observation) -> Desired:
        return Desired(self.subject(props), live.connection.app_id, self.step(props, live, seen))

    def looked_at(self, outs: Mapping[str, Any]) -> tuple[GateDecision, Observation]:
        """Where a gate of a state stands now, and what was seen; nothing is changed.

        Raises:
            MetaAccessError: Meta could not be asked.
        """
        return self._decide(self.inputs_of(outs), self.live(outs), _previous(outs))

    def subject(self, props: Mapping[str, Any]) -> dict[str, Any]:
        """What evidence is bound to, besides the app."""
        return {"gate": type(self).__name__.removesuffix("Provider"), **{n: props.get(n) for n in self.declared}}

    # --- MetaProvider ---

    def compared(self) -> list[str]:
        return [name for name in super().compared() if name != "status"]

    def given(self, outs: Mapping[str, Any], name: str) -> Any:
        return outs.get(_RECORD if name == "evidence" else name)

    def due(self, outs: Mapping[str, Any], props: Mapping[str, Any]) -> bool:
        del props
        return outs.get("status") == Status.DRIFTED

    def look_ahead(self, olds: Mapping[str, Any], props: dict[str, Any]) -> None:
        props.pop("status", None)  # as the last update left it, and as no one may go on believing it
        watched = [name for name in self.compared() if name != "owner"]
        same = all(olds.get(name) == props.get(name) for name in watched)
        held = self.held(props) if olds else None
        # A refresh that found nothing new leaves the old inputs alone, and its outputs tell where the gate stands.
        before = held.outs.get("status") if held is not None else olds.get("status")
        if before and same and before != Status.DRIFTED:
            props["status"] = before
        elif not any(unknown(props.get(name)) for name in watched):
            props["status"] = self._stamp(before, props)

    def make(self, props: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        decision, _ = self._decide(props, self.live(props), None)
        return "/".join((type(self).__name__.removesuffix("Provider"), *self.key(props))), self._facts(props, decision)

    def look(self, id_: str, outs: dict[str, Any]) -> ReadResult:
        props = self.inputs_of(outs)
        try:
            decision, seen = self.looked_at(outs)
        except GraphError as error:
            if isinstance(error, AuthError):
                raise
            # A gate's own trouble must not stop the refresh, and with it the rotations of the same update.
            say(f"{self.kind} {outs.get('label', '')} was not looked at and stands as it was: {error}")
            return ReadResult(id_, outs)
        shown = self.live_inputs(seen) if decision.status is Status.DRIFTED else {}
        inputs = self.inputs_of(outs, **shown, status=str(decision.status))
        before = {output.name for output in self.declaration.outputs}
        kept = {name: value for name, value in outs.items() if name not in before}
        return ReadResult(id_, {**kept, **self._facts(props, decision)}, inputs)

    def change(self, id_: str, outs: dict[str, Any], props: dict[str, Any], changed: frozenset[str]) -> dict[str, Any]:
        del id_
        previous = None if changed.intersection(self.declared) else _previous(outs)
        decision, _ = self._decide(props, self.live(props), previous)
        if decision.status is Status.DRIFTED:
            where = decision.next_step.get("where", "")
            why = f"{decision.reason} Nothing was changed: a person does that, at {where}"
            say(f"{self.kind} {props.get('label', '')}: still drifted: {why}")
        return self._facts(props, decision)

    def end(self, id_: str, outs: dict[str, Any]) -> str:
        del id_
        return f"no longer declared. {self.farewell(outs)}"

    # --- helpers ---

    def _stamp(self, before: Any, props: dict[str, Any]) -> str:
        # While drifted, the old inputs hold the live value, so they cannot tell whether the declaration has changed.
        previous = Previous(Status.DRIFTED) if before == Status.DRIFTED else None
        try:
            decision, _ = self._decide(props, self.live(props), previous)
        except ConfigError:
            raise
        except MetaAccessError as error:
            say(f"{self.kind} {props.get('label', '')}: its status was not looked at: {error}")
            return str(before or Status.UNVERIFIABLE)
        return str(decision.status)

    def _decide(
        self, props: Mapping[str, Any], live: Live, previous: Previous | None
    ) -> tuple[GateDecision, Observation]:
        seen = self.by_rule(props, live) or (_OFFLINE if live.offline else self._observed(props, live))
        desired = self.desired(props, live, seen)
        return decide(desired, seen, props.get("evidence"), previous, now=live.now()), seen

    def _observed(self, props: Mapping[str, Any], live: Live) -> Observation:
        try:
            return self.observe(props, live)
        except (PermissionDeniedError, NotFoundError, InvalidRequestError) as error:
            return Observation(None, reason=f"Meta does not show it: {error}")

    def _facts(self, props: Mapping[str, Any], decision: GateDecision) -> dict[str, Any]:
        facts = decision.outputs()
        if facts["observed"] is None:
            # An output that is missing from the state is "unknown" in every preview, and so in the stack's exports.
            facts["observed"] = ""
        return {**facts, _RECORD: props["evidence"]} if props.get("evidence") else facts


class GateResource(MetaResource):
    """Base of the gates' resources. Nothing a gate does changes anything at Meta.

    Args:
        evidence: A person's dated statement or an import, as `meta-access attest` writes it.
        owner: Who sees to it, for the lists of open work.

    Attributes:
        status: Where the gate stands, as in the table above.
        observed: What Meta shows; empty where it shows nothing.
        phase: How far the way through Meta's review is: `not_started`, `submitted`, `declined`, `granted`.
        waiting_on: Whose turn it is.
        since: From when on the status has been this one.
        next_step: What a person does, where, and what must be seen before clicking; a map.
        reason: Why the status is not `satisfied`.
    """

    status: Output[str]
    observed: Output[Any]
    evidence: Output[Any]
    phase: Output[str]
    waiting_on: Output[str]
    since: Output[str]
    owner: Output[str]
    next_step: Output[dict[str, str]]
    reason: Output[str]

    def _as_last_update_left(self, path: Output[str]) -> dict[str, Any]:
        return {"status": path.apply(lambda known: last_update.output(known, "status"))}


def _previous(outs: Mapping[str, Any]) -> Previous | None:
    try:
        phase = Phase(outs["phase"]) if outs.get("phase") else None
        return Previous(Status(outs["status"]), phase, str(outs.get("since", "")))
    except (KeyError, ValueError):
        return None


def app_shown(live: Live) -> str:
    """How a person recognises the app on Meta's pages before clicking."""
    return f"app {live.connection.app_display or live.connection.app_name} (id {live.connection.app_id})"


def business_shown(live: Live) -> str:
    connection = live.connection
    return f"business {connection.business_display or connection.business_name} (id {connection.business_id})"


def place(live: Live, link: str) -> dict[str, str]:
    """Link and menu path of the rule set, as fields of a `NextStep`."""
    found = live.rules.links[link]
    return {
        "where": found.at(app_id=live.connection.app_id, business_id=live.connection.business_id),
        "menu": found.menu,
    }
