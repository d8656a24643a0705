"""AWS's own rotation of a secret, in its four steps, on the same plan and protocol as Pulumi's.

Secrets Manager makes the id of the new version, labels it AWSPENDING and calls a function once for each step; a call
may come twice, late or again after a crash. Only where the token is parked differs: in AWS's version instead of under
the derived id. Its generation is claimed like any other, so an `up` and a rotation never both mint.
Source: Secrets Manager user guide, "Rotation by Lambda function", read 2026-11-24.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.clock import SYSTEM_CLOCK
from meta_access.errors import ForeignSecretError, MetaAccessError, TokenPendingError
from meta_access.vault import binding, plan, tags
from meta_access.vault.labels import CURRENT, PENDING
from meta_access.vault.payload import Foreign, Token
from meta_access.vault.protocol import Run
from meta_access.vault.secret import Secret
from meta_access.vault.work import LONGEST_WAIT_S, PARK_FOR_S, Work

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.clock import Clock
    from meta_access.vault.ask import Ask
    from meta_access.vault.binding import Bound, Policy
    from meta_access.vault.issuer import Issuer
    from meta_access.vault.plan import Progress, Step, View
    from meta_access.vault.store import SecretStore

CREATE, SET, TEST, FINISH = "createSecret", "setSecret", "testSecret", "finishSecret"
STEPS = (CREATE, SET, TEST, FINISH)

# Somebody else's claim is waited for, then our own lease runs; and after that a token must still be stored or revoked.
LEAST_S = LONGEST_WAIT_S + plan.LEASE_S
_AFTER_PARKING_S = 30.0


def rotate(
    store: SecretStore,
    issuer_for: Callable[[Ask], Issuer],
    step: str,
    arn: str,
    version_id: str,
    *,
    policy: Policy | None,
    seconds_left: Callable[[], float],
    clock: Clock = SYSTEM_CLOCK,
    notify: Callable[[str], None] = print,
) -> None:
    """Carry out one step for one version. May be repeated at any point.

    Args:
        store: Of the secret's region.
        issuer_for: Gives the Meta that the secret's tags ask for.
        step: One of `STEPS`.
        arn: Of the secret.
        version_id: The one AWS has made: its ClientRequestToken.
        policy: What the function may mint; None bounds it by the token that the secret holds.
        seconds_left: Until AWS ends the function.
        clock: Waits and measures.
        notify: Gets sentences for the operator.

    Raises:
        ForeignSecretError: The secret is not this function's to rotate, or its tags wish for more than it may mint.
        TokenPendingError: This call may not decide, or comes out of order; nothing was lost. AWS calls again.
        GraphError: Meta refuses to mint, or what it minted is not valid.
        SecretStoreError: Secrets Manager refuses or cannot be reached.
    """
    described = store.describe(arn)
    ask = tags.wish(described.name, described.tags)
    if described.deletes_at is not None or described.rotated_by is None:
        why = "is being deleted" if described.deletes_at is not None else "has no rotation turned on"
        raise ForeignSecretError(f"Rotating secret {described.name} is refused: it {why}. Nothing was changed.")
    stages = described.stages.get(version_id, ())
    if CURRENT in stages and step != FINISH:
        notify(f"Secret {described.name}: version {version_id} is current already; {step} has nothing left to do.")
        return
    if PENDING not in stages and CURRENT not in stages:
        raise TokenPendingError(
            f"Secret {described.name}: {step} was called for version {version_id}, which AWS has not labelled "
            f"{PENDING}: another rotation has taken its place, or it was given up. Nothing was changed."
        )
    if step == SET:
        # Meta knows a token from the moment it mints it: there is no other place to set it.
        return
    if step == CREATE and seconds_left() < LEAST_S:
        raise TokenPendingError(
            f"Secret {described.name}: the function has {seconds_left():.0f} s left, and a rotation may take "
            f"{LEAST_S} s. Nothing was minted; set the function's timeout to 900 s."
        )
    work = Work(
        secret=Secret(store, described, clock),
        issuer=issuer_for(ask),
        clock=clock,
        notify=notify,
        owner=ask.owner,
        park_for_s=min(PARK_FOR_S, max(0.0, seconds_left() - LEAST_S)),
    )
    _Rotation(work, ask, version_id, policy).take(step)


class _Rotation:
    def __init__(self, work: Work, ask: Ask, version_id: str, policy: Policy | None) -> None:
        self._work, self._ask, self._version_id, self._policy = work, ask, version_id, policy

    def take(self, step: str) -> None:
        if step == CREATE and self._stored() is None:
            self._check()
        decide = {CREATE: self._create, TEST: self._test, FINISH: self._finish}[step]
        run = Run(work=self._work, ask=self._ask, decide=decide, rotation=self._version_id)
        try:
            run.to_the_end()
        except MetaAccessError:
            self._give_way()
            raise
        if step == FINISH:
            self._release()
            run.outcome(self._work.secret.tags.get(tags.CLAIM, ""))

    def _check(self) -> None:
        """Refuse a wish that goes beyond what this function may mint, before a generation is claimed."""
        name, ask = self._work.secret.name, self._ask
        bound = self._policy.bound(name, ask) if self._policy else self._bound_by_what_is_there()
        if bound is not None and (beyond := bound.beyond(ask)):
            raise binding.refused(name, beyond, self._policy)
        try:
            own, _ = self._work.issuer.calling_token()
        except MetaAccessError as error:
            raise self._work.pending(
                f"Meta cannot be asked whose credential this function acts with. Nothing was minted, revoked or marked "
                f"({error}). Run again later."
            ) from None
        if own == ask.system_user_id:
            raise ForeignSecretError(
                f"Rotating secret {name} is refused: {tags.SYSTEM_USER} is {own}, whose token this function acts with, "
                "and it never mints for that user. Nothing was minted; the current token stays. Set rotation_owner: "
                "pulumi on that identity, or give the function a credential of another system user."
            )

    def _bound_by_what_is_there(self) -> Bound | None:
        secret = self._work.secret
        current = secret.record(secret.labels.current) if secret.labels.current else None
        if isinstance(current, Token):
            return binding.of_token(current)
        if not isinstance(current, Foreign):
            # The plan says that AWS's rotation only follows a first token.
            return None
        # Edited by hand: the newest token of ours that is still held tells.
        held = (secret.token(g) for g in sorted({*secret.labels.live, *secret.labels.stamps}, reverse=True))
        newest = next((token for token in held if token is not None), None)
        if newest is None:
            raise ForeignSecretError(
                f"Rotating secret {secret.name} is refused: it holds no token of this tool any more, and this function "
                f"has no {binding.VARIABLE} that says what it may mint. Nothing was minted. Deploy the function's "
                "environment (`meta-access function` prints it), or set rotation_owner: pulumi and run `pulumi up`."
            )
        return binding.of_token(newest)

    def _create(self, view: View, ask: Ask, run: Progress) -> Step:
        return plan.create_step(view, ask, run, self._stored())

    def _test(self, view: View, _: Ask, run: Progress) -> Step:
        # RotateSecret with RotateImmediately=false: AWS makes a copy of the current value, and has only that tested.
        return plan.check_step(view, run, view.current if self._same_as_current() else self._stored())

    def _finish(self, view: View, ask: Ask, run: Progress) -> Step:
        return plan.finish_step(view, ask, run, self._stored())

    def _stored(self) -> int | None:
        found = self._work.secret.find(self._version_id)
        if found is not None and not isinstance(found, Token):
            raise self._work.pending(
                f"the version of this rotation, {self._version_id}, holds a value that this tool did not put there. "
                f"Nothing was changed; take {PENDING} off it, and AWS starts another rotation."
            )
        return found.generation if isinstance(found, Token) else None

    def _same_as_current(self) -> bool:
        secret = self._work.secret
        here, current = (secret.store.read(secret.arn, at) for at in (self._version_id, secret.labels.current or ""))
        return here is not None and current is not None and here.text == current.text

    def _give_way(self) -> None:
        """Take AWSPENDING off a version that can never become current, or AWS would start no other rotation."""
        secret = self._work.secret
        found = secret.find(self._version_id)
        current = secret.record(secret.labels.current) if secret.labels.current else None
        if isinstance(found, Token) and isinstance(current, Token) and current.generation > found.generation:
            self._release()

    def _release(self) -> None:
        secret = self._work.secret
        if secret.labels.where.get(PENDING) == self._version_id:
            self._work.yielded(secret.move(PENDING, source=self._version_id))
