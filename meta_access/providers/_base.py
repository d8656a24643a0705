"""What all resources share: the engine's six calls, with the rules that hold for each of them.

A subclass says what its inputs are, what it is at Meta, and how to make, read, change and end it. Here stands the rest:
offline refusal, the exception boundary, the wire's values, the record of natural keys, what `diff` compares.

Provider classes are stateless and pickled by reference: their module path and name stand in every stack's state.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from meta_access import redaction, snapshot
from meta_access.errors import (
    AuthError,
    BlockedError,
    EngineGoneError,
    GraphUnreachableError,
    MetaAccessError,
    NotRecordedError,
    OfflineError,
    SecretDeniedError,
    SecretUnreachableError,
    printable,
)
from meta_access.graph.patience import Caller, on_behalf_of
from meta_access.providers import _host, _live
from meta_access.providers._boundary import boundary, quiet_tracebacks, say, settings_named
from meta_access.providers._deployment import DEPLOYMENT, ResourceState, name_in, place_of, shown
from meta_access.providers._refusal import OWED, REFUSED
from meta_access.providers._values import clean, unknown
from meta_access.redaction import scrub, scrub_lines
from meta_access.stack.gate_names import POLICY
from meta_access.validation import plain_texts

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from contextlib import AbstractContextManager

    from meta_access.providers._declaration import Declaration
    from meta_access.providers._deployment import Key
    from meta_access.providers._live import Live

OPEN = "satisfied"
# Nothing at Meta or in the secret follows from these, so a change of them is none.
UNDIFFED = frozenset({"label", "path", "stack", "requires", "access"})


class MetaProvider(ResourceProvider):
    """Base of every provider.

    Attributes:
        kind: What a person calls the thing, for messages.
        ends_access: A delete takes access away, so the engine's options that skip or hasten one are refused.
        in_turn: A program declares hundreds of them, and registers a few at a time.
        keeps_stack_id: Its outputs hold the stack's id.
        keeps_access: Its calls keep access alive, so they may wait for Meta's throttles the longest.
        declaration: What the resource takes and gives; its class sets it.
        own: Inputs that nobody gives, with what each check writes into them; None where the constructor or `look_ahead`
            does that.
        identified_by: Inputs that, when all are equal, make two resources the same thing for sure; the constructor
            refuses both. What only live settings tell (two connections to one app), the check tells.
    """

    serialize_as_secret_always = False

    kind: ClassVar[str]
    ends_access: ClassVar[bool] = False
    keeps_access: ClassVar[bool] = False
    in_turn: ClassVar[bool] = False
    keeps_stack_id: ClassVar[bool] = True
    declaration: ClassVar[Declaration]
    own: ClassVar[Mapping[str, Any]] = {}
    identified_by: ClassVar[tuple[str, ...]]

    # --- to be said by each resource ---

    def validate(self, olds: Mapping[str, Any], props: dict[str, Any]) -> list[CheckFailure]:
        """Rules on known values that the declaration cannot say; an input that breaks one of its own is not known here.

        May put values into their one form in place.
        """
        del olds, props
        return []

    def key(self, props: Mapping[str, Any]) -> Key:
        """What the resource is at Meta. Asked only when the inputs named are known."""
        raise NotImplementedError

    def look_ahead(self, olds: Mapping[str, Any], props: dict[str, Any]) -> None:
        """What check says from live data; may stamp inputs in place.

        It refuses nothing: a check that fails ends the whole deployment, rotations of others included, so only what
        the configuration alone decides may do that (`validate`). The create, or the update, refuses.
        """
        del olds, props

    def make(self, props: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Create; answers the id and the outputs besides the inputs."""
        raise NotImplementedError

    def widens(self, props: dict[str, Any]) -> bool:
        """Whether a create gives anybody more than they have at Meta; asked only where a gate is closed."""
        del props
        return True

    def look(self, id_: str, outs: dict[str, Any]) -> ReadResult:
        """Read what is live."""
        raise NotImplementedError

    def change(self, id_: str, outs: dict[str, Any], props: dict[str, Any], changed: frozenset[str]) -> dict[str, Any]:
        """Update; answers the outputs besides the inputs."""
        raise NotImplementedError

    def end(self, id_: str, outs: dict[str, Any]) -> str:
        """Delete; answers the sentence to print."""
        raise NotImplementedError

    def upgrade(self, outs: Mapping[str, Any]) -> dict[str, Any]:
        """Outputs in today's shape: what older versions did not write yet gets its default."""
        today = self._whole(outs)
        today.pop(REFUSED, None)
        return today

    def due(self, outs: Mapping[str, Any], props: Mapping[str, Any]) -> bool:
        """Whether an update is due although no input changed."""
        del outs, props
        return False

    def lost(self, outs: Mapping[str, Any]) -> bool:
        """Whether what the state describes is gone for good, so that only a new one can take its place."""
        del outs
        return False

    def given(self, outs: Mapping[str, Any], name: str) -> Any:
        """What an input was when `outs` were written; not always the output of that name."""
        return outs.get(name)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the checked inputs."""
        return ("label", *(field.name for field in self.declaration.inputs), *self.own)

    @property
    def defaults(self) -> dict[str, Any]:
        """What is meant where an input is left out."""
        return self.declaration.defaults

    # --- the engine's calls ---

    @boundary
    def configure(self, req: ConfigureRequest) -> None:
        quiet_tracebacks()
        redaction.install()
        if snapshot.given() is not None and os.environ.get("PULUMI_RUN_PROGRAM", "").lower() not in {"1", "true"}:
            # Nothing tells a provider whether what it reads goes into the state; the program knows.
            raise OfflineError(
                f"{snapshot.VARIABLE} serves previews only, and the program, which refuses all else, would not run. "
                "Set PULUMI_RUN_PROGRAM=true and repeat."
            )
        _live.configure(req.config.get)
        _host.start_watch()
        _host.write_beside()

    @boundary
    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        olds, props = self._whole(_olds) if _olds else {}, self._whole(news)
        if str(news.get("path", "")).endswith(OWED):
            # What owes the input has failed and says why. A new resource the engine leaves out of the update; for one
            # of the state it would wait without end, see `_refusal`.
            if olds:
                return CheckResult(self._kept(props), [CheckFailure("", _OWED)])
            DEPLOYMENT.leave_out(type(self).__name__, str(props.get("label", "")), place_of(props))
            return CheckResult(self._kept(props), [])
        failures = self._connection_failures(props) or _not_plain(props)
        failures = failures or self._faults(olds, props)
        if not failures:
            failures = self._enter(olds, props)
        if not failures:
            try:
                with self._on_behalf(props):
                    self.look_ahead(olds, props)
            except NotRecordedError as error:
                say(f"{self.kind} {props.get('label', '')}: whether it will be refused is unknown: {error}")
            except MetaAccessError:
                pass  # the read, or the update, says so
        return CheckResult(self._kept(props), [_fit_to_print(failure, props) for failure in failures])

    @boundary
    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        outs, props = self.upgrade(_olds), self._whole(_news)
        DEPLOYMENT.hold(type(self).__name__, place_of(props), ResourceState(_id, outs))
        lost = self.lost(outs)
        if any(unknown(props.get(name)) for name in self.compared()):
            return DiffResult(changes=None)
        changes = lost or bool(self._changed(outs, props)) or self.due(outs, props)
        return DiffResult(changes=changes, replaces=["id"] if lost else None)

    @boundary
    def create(self, props: dict[str, Any]) -> CreateResult:
        wanted = {**self._whole(props), **self._stack_id({})}
        try:
            self._may_write("creating", wanted)
            with self._on_behalf(wanted):
                if not _closed(wanted) or self.widens(wanted):
                    hold_back(wanted, f"creating {self.kind} {wanted.get('label', '')}")
                id_, facts = self.make(wanted)
        except Exception as error:
            held = self.held(wanted)
            if held is None:
                raise
            return self._not_replaced(held, wanted, printable(error))
        outs = {**wanted, **facts}
        DEPLOYMENT.hold(type(self).__name__, place_of(wanted), ResourceState(id_, outs))
        return CreateResult(id_, self._kept(outs))

    @boundary
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        if _live.settings().offline:
            return ReadResult(id_, dict(props))
        outs = self.upgrade(props)
        DEPLOYMENT.see_stack_id(outs)
        try:
            with self._on_behalf(outs):
                found = self.look(id_, outs)
        except NotRecordedError as error:
            say(f"{self.kind} {outs.get('label', '')} is unknown and stands as the state has it: {error}")
            return ReadResult(id_, dict(props))
        except (AuthError, GraphUnreachableError, SecretUnreachableError, SecretDeniedError) as error:
            problem = f"{error.problem} {settings_named(self.live(outs).connection)}"
            advice = error.next_step
        else:
            self._note(found)
            told = found if REFUSED in props else self._without_news(found, outs)
            kept = (None if bag is None else self._kept(bag, props) for bag in (told.outs, told.inputs))
            return ReadResult(told.id, *kept)
        raise MetaAccessError(problem, next_step=advice)

    @boundary
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        outs, props = self.upgrade(_olds), {**self._whole(_news), **self._stack_id(_olds)}
        userless = DEPLOYMENT.is_unlisted(props.get("system_user_id"))
        waits = f"{self.kind} {props.get('label', '')} waits for a system user and stands as it was"
        if userless and not self.keeps_access:
            say(f"{waits}.")
            return UpdateResult(self._kept(outs))
        try:
            self._may_write("updating", props)
            with self._on_behalf(props):
                facts = self.change(_id, outs, props, self._changed(outs, props))
                return UpdateResult(self._kept({**props, **facts}))
        except Exception as error:  # noqa: BLE001 - no update may fail, see `_refusal`; `printable` scrubs
            if userless:
                say(f"{waits}: {printable(error)}")
                return UpdateResult(self._kept(outs))
            return UpdateResult(self._kept({**outs, REFUSED: printable(error)}))

    @boundary
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        outs = self.upgrade(_props)
        self._may_write("deleting", outs)
        if waiting := DEPLOYMENT.left_out(type(self).__name__, str(outs.get("label", ""))):
            # Which thing it is depends on the failed one. A move without an alias is a create and this delete.
            text = (
                f"{self.kind} {outs.get('label', '')} is not removed: it may have moved to {waiting}, which waits for "
                "a resource that failed. It stays as it is, and in the state."
            )
            raise MetaAccessError(text, next_step="Mend what failed, then `pulumi up` again.")
        if DEPLOYMENT.replacement_refused(type(self).__name__, place_of(outs)):
            return  # its replacement was refused, and says so
        if holder := self._holder(outs):
            say(
                f"{self.kind} {outs.get('label', '')}: resource {shown(holder, place_of(outs))} of this stack "
                "represents the same thing, so nothing is changed at Meta."
            )
            return
        if self.keeps_access and DEPLOYMENT.declares(type(self).__name__, str(outs.get("path", ""))):
            # The engine replaces it (`--replace`, `replace_on_changes`), which knows no grace.
            say(
                f"{self.kind} {outs.get('label', '')}: replaced by Pulumi and not removed, so {_id} is left alive for "
                "those who read it. `meta-access orphans` ends it once they have moved."
            )
            return
        with self._on_behalf(outs):
            say(f"{self.kind} {outs.get('label', '')}: {self.end(_id, outs)}")

    def _on_behalf(self, props: Mapping[str, Any]) -> AbstractContextManager[None]:
        return on_behalf_of(Caller(f"{self.kind} {props.get('label', '')}", self.keeps_access))

    def _whole(self, bag: Mapping[str, Any]) -> dict[str, Any]:
        """A property bag of the engine with what the state leaves out."""
        props = {**self.defaults, **clean(bag)}
        if isinstance(path := props.get("path"), str):
            props["path"] = path.removesuffix(OWED)
            props["label"] = name_in(props["path"]) or props.get("label", "")
        return props

    def _kept(self, props: Mapping[str, Any], there: Container[str] = ()) -> dict[str, Any]:
        """What goes into the state, which the engine writes whole after each step: not what follows from the rest.

        What is `there`, in a state of an older version, stays in a refresh, which would show it as a change.
        """
        follows = {"label"} if name_in(str(props.get("path", ""))) else set()
        follows |= {
            field.name for field in self.declaration.inputs if field.quiet and props.get(field.name) == field.default
        }
        return {name: value for name, value in props.items() if name in there or name not in follows}

    def _stack_id(self, outs: Mapping[str, Any]) -> dict[str, str]:
        return DEPLOYMENT.stack_id_of(outs) if self.keeps_stack_id else {}

    # --- helpers of subclasses ---

    def live(self, props: Mapping[str, Any]) -> Live:
        return _live.live(str(props["connection"]))

    def compared(self) -> list[str]:
        """Inputs whose change is a change."""
        return [name for name in self.inputs if name not in UNDIFFED]

    def inputs_of(self, outs: Mapping[str, Any], **live: Any) -> dict[str, Any]:
        """The inputs that `read` answers: as they were given, but for what is live."""
        given = {name: self.given(outs, name) for name in (*self.inputs, "path")}
        return {name: value for name, value in {**given, **live}.items() if value is not None}

    def hold(self, outs: Mapping[str, Any], held: ResourceState) -> None:
        """Note what the state holds, for the create that follows when the engine replaces it."""
        if outs.get("path") or outs.get("connection") in _live.settings().connections:
            DEPLOYMENT.hold(type(self).__name__, outs.get("path") or self._older_place(outs), held)

    def _without_news(self, found: ReadResult, outs: Mapping[str, Any]) -> ReadResult:
        """Leave the inputs of the state alone where all is as it was.

        An update without a change keeps the outputs that it found, so that inputs of which nothing follows (a name, a
        place, a gate's status in `requires`) are newer than those that the outputs tell. Only after a refused update
        the outputs alone say what holds.
        """
        if found.inputs == self.inputs_of(outs):
            return ReadResult(found.id, found.outs)
        return found

    def _note(self, found: ReadResult) -> None:
        id_, outs = found.id, found.outs
        if not id_ or outs is None:
            return
        held = self.held(outs) if outs.get("path") else None
        if held is None or held.id == id_:  # what waits for its delete stands at the place of what has replaced it
            self.hold(outs, ResourceState(id_, outs))

    def held(self, props: Mapping[str, Any]) -> ResourceState | None:
        """What the state holds of the resource with these inputs."""
        kind = type(self).__name__
        return DEPLOYMENT.held(kind, place_of(props)) or DEPLOYMENT.held(kind, self._older_place(props))

    def replaced(self, props: Mapping[str, Any]) -> bool:
        """Whether the create about to run is the second half of a replacement."""
        return DEPLOYMENT.is_replacement(type(self).__name__, place_of(props))

    def _older_place(self, props: Mapping[str, Any]) -> str:
        # A state of an older version knows no path: the name tells little, the name and the thing at Meta enough.
        return repr((props.get("label", ""), *self.key(props)))

    def not_looked_at(self, id_: str, outs: dict[str, Any], error: MetaAccessError) -> ReadResult:
        """The answer of a read that met trouble of its own, which must stop neither the refresh nor its rotations."""
        say(f"{self.kind} {outs.get('label', '')} was not looked at and stands as it was: {error}")
        return ReadResult(id_, outs, self.inputs_of(outs))

    def _not_replaced(self, held: ResourceState, wanted: Mapping[str, Any], why: str) -> CreateResult:
        """What stands, where the state knows the resource and a new one was refused; see `_refusal`."""
        for place in {place_of(wanted), place_of(held.outs)}:
            DEPLOYMENT.refuse_replacement(type(self).__name__, place)
        what = "is gone at Meta and was not made again" if self.lost(held.outs) else "was not replaced"
        text = f"{self.kind} {wanted.get('label', '')} {what}. It stays in the state as it was. {why}"
        return CreateResult(held.id, self._kept({**held.outs, REFUSED: text}))

    def _changed(self, outs: Mapping[str, Any], props: Mapping[str, Any]) -> frozenset[str]:
        return frozenset(name for name in self.compared() if self.given(outs, name) != props.get(name))

    def _connection_failures(self, props: Mapping[str, Any]) -> list[CheckFailure]:
        name = props.get("connection")
        if unknown(name):
            return [CheckFailure("connection", "must be known before an update; write the name of a connection.")]
        if name in _live.settings().connections:
            return []
        problem = _live.unknown_connection(str(name))
        return [CheckFailure("connection", f"{problem.problem} Fix: {problem.fix}")]

    def _faults(self, olds: Mapping[str, Any], props: dict[str, Any]) -> list[CheckFailure]:
        """Put the inputs into their one form; answers all that is wrong with them."""
        props |= {name: value for name, value in self.own.items() if value is not None}
        failures = []
        for field in self.declaration.inputs:
            value = field.formed(props.get(field.name))
            if value is not None:
                props[field.name] = value
            if not unknown(value) and (why := field.reason(value)):
                failures.append(CheckFailure(field.name, why))
        if not failures:
            return self.validate(olds, props)
        refused = {failure.property: pulumi.UNKNOWN for failure in failures}
        failures += self.validate(olds, {**props, **refused})
        places = [field.name for field in self.declaration.inputs]
        return sorted(failures, key=lambda failure: places.index(failure.property) if failure.property else -1)

    def _enter(self, olds: Mapping[str, Any], props: Mapping[str, Any]) -> list[CheckFailure]:
        place, key = place_of(props), None if self._key_unknown(props) else self.key(props)
        other = DEPLOYMENT.declare(type(self).__name__, key, place, fresh=not olds)
        if other is None:
            return []
        return [
            CheckFailure(
                "",
                f"resources {shown(other, place)} and {shown(place, other)} represent the same {self.kind}. "
                "Fix: remove one of them.",
            )
        ]

    def _key_unknown(self, props: Mapping[str, Any]) -> bool:
        return any(unknown(part) for part in self.key(props))

    def _holder(self, outs: Mapping[str, Any]) -> str | None:
        # A connection that is gone from the configuration has no resource left that could hold anything.
        if outs.get("connection") not in _live.settings().connections:
            return None
        return DEPLOYMENT.holder(type(self).__name__, self.key(outs))

    def _may_write(self, verb: str, props: Mapping[str, Any]) -> None:
        DEPLOYMENT.writes = True
        doing = f"{verb} {self.kind} {props.get('label', '')}"
        if (shown := snapshot.given()) is not None:
            raise shown.refusal(doing)
        if _live.settings().offline:
            raise OfflineError(
                f"{doing} needs Meta, and META_ACCESS_OFFLINE=1 forbids every call.", next_step="Unset it and repeat."
            )
        if not _host.engine_alive():
            raise EngineGoneError(
                f"{doing} is not begun: the engine that asked for it has ended.", next_step="Run `pulumi up` again."
            )


_OWED = (
    "is given an input by a resource that failed, and Pulumi cannot go on without it. Mend what failed, then "
    "`pulumi up` again; until then `meta-access rotate --due` renews what is due."
)


def _not_plain(props: Mapping[str, Any]) -> list[CheckFailure]:
    """Texts that a terminal would obey instead of showing them; a stack file's are refused before they come here."""
    found = {name: plain_texts(value) for name, value in props.items()}
    # Without the property's name of its own: the engine would print the value with it.
    return [CheckFailure("", f"{name} {why}. Fix: type it anew, on one line.") for name, why in found.items() if why]


def _fit_to_print(failure: CheckFailure, props: Mapping[str, Any]) -> CheckFailure:
    # The engine prints the value with a property's name, and a token may have been pasted into the wrong line.
    value = str(props.get(failure.property, ""))
    name = failure.property if scrub(value) == value else ""
    text = scrub_lines(failure.reason if name else f"{failure.property} {failure.reason}".strip())
    return CheckFailure(name, text if text.endswith((".", "?")) else f"{text}.")


def _closed(props: Mapping[str, Any]) -> dict[str, str]:
    requires = props.get("requires") or {}
    return {gate: str(status) for gate, status in requires.items() if str(status) != OPEN}


def hold_back(props: Mapping[str, Any], doing: str) -> None:
    """Refuse what widens access while a gate it `requires` is closed, or a mandatory rule finds something."""
    closed = _closed(props)
    if not closed:
        return
    if refusing := sorted(gate.removeprefix(POLICY) for gate in closed if gate.startswith(POLICY)):
        raise BlockedError(
            f"{doing} is held back by a mandatory rule: {', '.join(refusing)}. Everything else of this update goes on.",
            next_step="Do what `meta-access validate` says of it, then `pulumi up` again.",
        )
    listed = ", ".join(f"{gate} is {status}" for gate, status in sorted(closed.items()))
    raise BlockedError(
        f"{doing} is held back by a gate: {listed}. Everything else of this update goes on.",
        next_step="Do what `meta-access gates` says of that gate, then `pulumi up` again.",
    )
