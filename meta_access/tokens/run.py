"""The token protocol, run: look, decide, take one step, until nothing is left to do now.

`ensure` makes the secret hold the token that is asked for, `observe` looks without reading values, `end` and `leave`
end what the secret holds. The decisions are `plan`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from meta_access.clock import SYSTEM_CLOCK
from meta_access.errors import GraphError, MetaAccessError, SecretDeniedError, SecretStoreError, TokenPendingError
from meta_access.tokens import labels, mint, tags
from meta_access.tokens.delete import Ended, bury, end, end_held, leave
from meta_access.tokens.issuer import Verdict, judge
from meta_access.tokens.labels import CURRENT, INTENT, MOST_CUSTOM_LABELS, PREVIOUS
from meta_access.tokens.observe import observe, outcome_of
from meta_access.tokens.open import open_secret
from meta_access.tokens.payload import Token
from meta_access.tokens.plan import LEASE_S, Do, Holds, Progress, TokenAnswer, Why, next_step
from meta_access.tokens.secret import last_record, leftovers, marks, view_of
from meta_access.tokens.spec import LAMBDA
from meta_access.tokens.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meta_access.clock import Clock
    from meta_access.tokens.issuer import Issuer
    from meta_access.tokens.observe import Outcome
    from meta_access.tokens.plan import Step, View
    from meta_access.tokens.spec import TokenSpec
    from meta_access.tokens.store import SecretStore


class _Stopped(NamedTuple):
    """What a `STOP` becomes: `g` is the generation in question, `doubt` what Meta's last answer left open."""

    error: type[MetaAccessError]
    problem: str
    next_step: str


_NOTHING = "Nothing was minted, revoked or marked ({doubt})."
_AGAIN = "Run again."
_LATER = "Run again later."
_CHECK = "Check the app's permissions and the system user's access to the app."
_ROTATE = "Start another rotation: aws secretsmanager rotate-secret."

_STOPPED: Mapping[Why, _Stopped] = {
    Why.PARKED_UNKNOWN: _Stopped(
        TokenPendingError,
        f"Meta cannot be asked about generation {{g}}, which is parked. {_NOTHING}",
        _LATER,
    ),
    Why.CURRENT_UNKNOWN: _Stopped(
        TokenPendingError,
        f"another token is wanted, but Meta cannot be asked about the current one, generation {{g}}. {_NOTHING}",
        _LATER,
    ),
    Why.LEDGER_LEFT: _Stopped(
        TokenPendingError,
        (
            "another run went on from generation {g} while this one was at work. What this run minted is parked, where "
            "that run sees it."
        ),
        _AGAIN,
    ),
    Why.LEASE_OVER: _Stopped(
        TokenPendingError,
        (
            f"generation {{g}} is parked, but this run took longer than its lease of {LEASE_S} s and leaves the "
            "promotion to the next one."
        ),
        _AGAIN,
    ),
    Why.NEVER_VALID: _Stopped(
        GraphError,
        "Meta minted two tokens, and neither is what was asked for: {doubt}. Both were revoked, the current one stays.",
        _CHECK,
    ),
    Why.NOT_BEGUN: _Stopped(
        TokenPendingError,
        "it holds no token yet, and AWS's rotation only follows one. Nothing was minted.",
        "Run `pulumi up`, which mints the first.",
    ),
    Why.NOTHING_STORED: _Stopped(
        TokenPendingError,
        "the version of this rotation holds no token: createSecret has not got that far. Nothing was changed.",
        "AWS begins again.",
    ),
    Why.REJECTED: _Stopped(
        GraphError,
        "Meta says no to the token that AWS's rotation minted, generation {g} ({doubt}). It was revoked, and this "
        "rotation is given up: AWSPENDING is off its version. The current token stays, and AWS's next rotation mints "
        "another.",
        _CHECK,
    ),
    Why.CURRENT_INVALID: _Stopped(
        GraphError,
        "Meta says no to the current token, generation {g} ({doubt}). Nothing was changed.",
        _ROTATE,
    ),
    Why.CONDEMNED: _Stopped(
        TokenPendingError,
        (
            "an operator condemned generation {g} while AWS's rotation was at work. It was revoked and is not "
            "promoted; AWSPENDING is off its version."
        ),
        _ROTATE,
    ),
    Why.OVERTAKEN: _Stopped(
        TokenPendingError,
        (
            "a later generation than {g} became current while AWS's rotation was at work. Its version is not promoted, "
            "since current never moves back; AWSPENDING is taken off it, and its token ends after its grace."
        ),
        "",
    ),
}


def stopped(name: str, step: Step, doubt: str) -> MetaAccessError:
    """The error of a `STOP`.

    Args:
        name: Of the secret.
        step: What the plan answered.
        doubt: What Meta's last answer left open.
    """
    if step.why is not None and (found := _STOPPED.get(step.why)):
        problem = found.problem.format(g=step.generation, doubt=doubt)
        return found.error(f"Secret {name}: {problem}", next_step=found.next_step)
    return SecretStoreError(
        f"Secret {name} has more than {MOST_CUSTOM_LABELS} labels besides AWS's own. Nothing was minted.",
        next_step=(
            "Shorten the grace, wait until superseded tokens have ended, or remove labels that are not this tool's."
        ),
    )


__all__ = ["end", "ensure", "leave", "observe"]

# After these the secret is as it was seen, but for what AWS has confirmed to this run; an end of a token, and whatever
# waits for Meta, is followed by another look. After a mint Meta is asked, which changes nothing, and then it is looked.
_SEEN = frozenset({Do.MINT, Do.PROMOTE, Do.STAMP, Do.DROP})
# A rotation takes about ten steps, one more a token superseded; the lease ends a run that is kept waiting.
_MOST_STEPS = 200


def ensure(
    store: SecretStore,
    issuer: Issuer,
    spec: TokenSpec,
    *,
    claim: str | None,
    engine_alive: Callable[[], bool],
    clock: Clock = SYSTEM_CLOCK,
    notify: Callable[[str], None] = print,
) -> Outcome:
    """Make the secret hold, as its current version, the token that is asked for.

    Args:
        store: Of the secret's region.
        issuer: Meta.
        spec: What is wanted.
        claim: The one in the resource's outputs; None in Pulumi's create.
        engine_alive: Whether the engine that started us still waits.
        clock: Waits and measures; never tells the time.
        notify: Gets sentences for the operator.

    Raises:
        ForeignSecretError: The secret is somebody else's.
        TokenPendingError: This run may not decide; nothing was lost, run again.
        GraphError: Meta refuses to mint, or nothing it mints is valid.
        SecretStoreError: Secrets Manager refuses or cannot be reached.
    """
    secret, ours = open_secret(store, spec, claim=claim, clock=clock, notify=notify)
    work = Work(secret=secret, issuer=issuer, clock=clock, notify=notify, owner=spec.owner)
    run = Run(work=work, spec=spec, decide=next_step, engine_alive=engine_alive)
    run.to_the_end()
    outcome = run.outcome(ours)
    if spec.rotation_owner == LAMBDA and outcome.generation <= tags.order(secret.tags).through:
        work.say(
            f"generation {outcome.generation} is to be revoked, and AWS's rotation, which owns the token, mints its "
            f"successor and ends it. Start it: aws secretsmanager rotate-secret --secret-id {secret.arn}"
        )
    return outcome


def everybody_waits() -> bool:
    """Where no engine started the run, nothing can have died behind its back."""
    return True


@dataclass(kw_only=True)
class Run:
    """One run: looks, lets the plan decide, takes the step.

    Attributes:
        decide: Of `plan`.
        rotation: As in `mint.reserve`.
    """

    work: Work
    spec: TokenSpec
    decide: Callable[[View, TokenSpec, Progress], Step]
    engine_alive: Callable[[], bool] = everybody_waits
    rotation: str | None = None
    progress: Progress = field(default_factory=Progress)
    began: float = 0
    doubt: str = ""

    def outcome(self, claim: str) -> Outcome:
        """Report on the secret after the run."""
        return outcome_of(self.work, self.progress, claim=claim, grace_s=self.spec.grace_s, asked=self.spec.trigger)

    def to_the_end(self) -> None:
        """Take steps until nothing is left to do now.

        Raises:
            MetaAccessError: The plan says stop, or a step failed.
        """
        for _ in range(_MOST_STEPS):
            view = view_of(self.work.secret)
            if self.progress.claimed is not None:
                self.progress.lease_over = self.work.clock.monotonic() - self.began > LEASE_S
            step = self.decide(view, self.spec, self.progress)
            if step.do is Do.DONE:
                return
            if step.do is Do.STOP:
                raise stopped(self.work.secret.name, step, self.doubt)
            conflicts = self.work.conflicts
            self._take(step, view)
            if step.do not in _SEEN or self.work.conflicts > conflicts:
                self.work.secret.look()
        raise self.work.pending("it does not come to rest. Run again, and report it if it stays.")

    def _take(self, step: Step, view: View) -> None:
        take: dict[Do, Callable[[Step, View], None]] = {
            Do.RELEDGER: self._reledger,
            Do.RELABEL: self._relabel,
            Do.UNSTAMP: self._unstamp,
            Do.WAIT: lambda _, view: self.work.wait(view),
            Do.MARK: lambda step, _: self.work.mark(step.generation),
            Do.INSPECT: self._inspect,
            Do.PROMOTE: self._promote,
            Do.REJECT: self._reject,
            Do.MINT: self._mint,
            Do.STAMP: self._stamp,
            Do.DROP: self._drop,
            Do.RETIRE: self._retire,
            Do.SWEEP: self._sweep,
        }
        take[step.do](step, view)

    def _at(self, generation: int) -> str:
        return self.work.secret.place(generation)

    def _move(self, label: str, *, to: str | None = None, source: str | None = None) -> None:
        self.work.yielded(self.work.secret.move(label, to=to, source=source))

    def _token(self, generation: int) -> Token:
        found = self.work.secret.record(self._at(generation))
        if not isinstance(found, Token):
            raise SecretStoreError(
                f"Secret {self.work.secret.name}: the version of generation {generation} holds no token. Nothing was "
                "changed.",
                next_step="Look at its versions in AWS.",
            )
        return found

    def _reledger(self, step: Step, _: View) -> None:
        secret = self.work.secret
        self.work.say(f"its label {INTENT} was removed by hand, and is put back.")
        self._move(INTENT, to=last_record(secret, step.generation))

    def _relabel(self, step: Step, view: View) -> None:
        generation = step.generation
        label = labels.live(generation)
        if view.held[generation].unlabelled:
            self.work.say(
                f"the label of generation {generation} was removed by hand, and is put back; superseded, that token "
                "ends after its grace."
            )
        self._move(label, to=self._at(generation), source=self.work.secret.labels.where.get(label))

    def _unstamp(self, step: Step, _: View) -> None:
        generation = step.generation
        for at in marks(self.work.secret, generation):
            self._move(labels.stamp(generation, at), source=self._at(generation))
        self.work.say(f"AWSCURRENT was moved back to generation {generation} by hand, which is not ended any more.")
        self.work.record("reinstate", generation)

    def _inspect(self, step: Step, view: View) -> None:
        generation = step.generation
        verdict, why, facts = judge(self.work.issuer, self._token(generation))
        dead = facts is not None and not facts.valid
        self.progress.answers[generation] = TokenAnswer(verdict, facts.expires_at if facts else None, dead)
        self.doubt = why
        if verdict is Verdict.NO and not view.held[generation].unlabelled:
            self.work.say(f"the token of generation {generation} is not what was asked for: {why}.")

    def _promote(self, step: Step, view: View) -> None:
        generation = step.generation
        where, target = self.work.secret.labels.where, self._at(generation)
        if view.holds is Holds.FOREIGN:
            self.work.say(
                f"AWSCURRENT was put on a version by hand; generation {generation} is made current instead. The other "
                f"value stays readable under its version id, {where[CURRENT]}, until AWS removes it."
            )
        elif where.get(PREVIOUS) == target:
            self.work.say(
                f"AWSCURRENT was moved away from generation {generation} by hand; that one is what is asked for, and "
                "is made current again. To have another token, change its keepers."
            )
        self._move(CURRENT, to=target, source=where[CURRENT])
        self.work.record("promote", generation)

    def _reject(self, step: Step, _: View) -> None:
        generation = step.generation
        ended = end_held(self.work, generation)
        if ended is not Ended.YES:
            raise self.work.pending(
                f"the token of generation {generation} is not what was asked for and could not be ended: "
                f"{ended.value}. Nothing was changed; run again."
            )
        self.work.record("reject", generation, note=self.doubt)
        bury(self.work, generation, "not valid")
        if self.progress.claimed == generation:
            self.progress.claimed = None

    def _mint(self, step: Step, _: View) -> None:
        generation = step.generation
        self.began = mint.reserve(self.work, self.spec, generation, self.engine_alive, rotation=self.rotation)
        self.progress.claimed = generation
        self.progress.lease_over = False
        self.progress.mints += 1
        mint.mint(self.work, self.spec, generation, self.began, rotation=self.rotation)

    def _stamp(self, step: Step, _: View) -> None:
        generation = step.generation
        # Stamped before the live label goes, so that no moment leaves a live token without a label.
        self._move(labels.stamp(generation, self.work.secret.now), to=self._at(generation))
        self.progress.stamped.add(generation)
        self.work.record("supersede", generation)

    def _drop(self, step: Step, _: View) -> None:
        self._move(labels.live(step.generation), source=self._at(step.generation))

    def _sweep(self, _: Step, __: View) -> None:
        for label, version_id in leftovers(self.work.secret):
            self._move(label, source=version_id)

    def _retire(self, step: Step, _: View) -> None:
        generation = step.generation
        try:
            ended = end_held(self.work, generation)
        except SecretDeniedError as error:
            ended, why = Ended.UNKNOWN, f"its value cannot be read ({error})"
        else:
            why = ended.value
        if ended is Ended.YES:
            self.work.record("retire", generation)
            bury(self.work, generation, "superseded")
            return
        self.progress.kept.add(generation)
        self.work.say(f"generation {generation}, superseded and past its grace, is not ended: {why}. A later run will.")
