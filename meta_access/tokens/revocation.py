"""Ending what a secret holds in an emergency, while its resource stays and gets another token.

An order is one tag: every token up to a generation is condemned. Writing it is the commit point. The next run
(`rotate`, `revoke` again, any `up`) finds it: no condemned token is enough, so another is minted and promoted, and then
the condemned ones are ended at once, without grace. So consumers never read a dead token, and a crash at any point
leaves an order that is carried out later. Where AWS rotates, `up` ends what is superseded and mints nothing: the
function's next rotation mints and ends the rest. `end_condemned` is for the day on which nothing can be minted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meta_access.clock import SYSTEM_CLOCK
from meta_access.errors import ForeignSecretError, SecretScheduledForDeletionError
from meta_access.tokens import tags
from meta_access.tokens.delete import Ended, bury, end_held
from meta_access.tokens.secret import Secret, view_of
from meta_access.tokens.tags import Order
from meta_access.tokens.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.clock import Clock
    from meta_access.tokens.issuer import Issuer
    from meta_access.tokens.store import SecretStore


@dataclass(slots=True)
class Condemned:
    """What became of the tokens that an order is about.

    Attributes:
        ended: Generations that are dead.
        kept: Generations that could not be ended, and why.
        current: Whether AWSCURRENT is one of them: readers of the secret have no valid token.
    """

    ended: list[int] = field(default_factory=list)
    kept: dict[int, str] = field(default_factory=dict)
    current: bool = False


def order(
    store: SecretStore,
    issuer: Issuer,
    arn: str,
    *,
    owner: str,
    order_id: str,
    clock: Clock = SYSTEM_CLOCK,
    notify: Callable[[str], None] = print,
) -> Order:
    """Condemn every token that the secret holds or is about to hold. Repeated with the same id it changes nothing.

    Raises:
        ForeignSecretError: It is not the owner's.
        SecretScheduledForDeletionError: Its tokens were ended when its deletion was scheduled.
    """
    work = _work(store, issuer, arn, owner=owner, clock=clock, notify=notify)
    standing = tags.order(work.secret.tags)
    if standing.id == order_id:
        return standing
    # A claim that is open may become a token later: it is condemned with the rest.
    given = Order(view_of(work.secret).next_generation - 1, order_id)
    store.tag(work.secret.arn, tags.missing(work.secret.tags, {tags.REVOKE: given.text()}))
    work.record("order", given.through, note="revoke every token up to this generation")
    return given


def end_condemned(
    store: SecretStore,
    issuer: Issuer,
    arn: str,
    *,
    owner: str,
    spare_current: str = "",
    clock: Clock = SYSTEM_CLOCK,
    notify: Callable[[str], None] = print,
) -> Condemned:
    """End the condemned tokens by value, without minting: the current one too, unless there is a reason to spare it.

    Raises:
        ForeignSecretError: It is not the owner's.
        TokenPendingError: Another run holds the lease, and it did not end in time.
    """
    work = _work(store, issuer, arn, owner=owner, clock=clock, notify=notify)
    done, view = Condemned(), work.settled()
    # The current one last: what reads the secret is served as long as anything can still fail.
    for generation in sorted(view.held, key=lambda g: (g == view.current, g)):
        if generation > view.condemned:
            continue
        if generation == view.current and spare_current:
            done.kept[generation] = spare_current
            continue
        ended = end_held(work, generation)
        if ended is not Ended.YES:
            done.kept[generation] = ended.value
            continue
        work.record("revoke", generation, note="ordered")
        done.ended.append(generation)
        if generation == view.current:
            done.current = True
        else:
            bury(work, generation, "ordered")
    return done


def _work(
    store: SecretStore, issuer: Issuer, arn: str, *, owner: str, clock: Clock, notify: Callable[[str], None]
) -> Work:
    described = store.describe(arn)
    if tags.owner(described.tags) != owner or described.tags.get(tags.MANAGED_BY) != "pulumi":
        raise ForeignSecretError(
            f"Revoking tokens of secret {described.name} is refused: it belongs to {tags.owner(described.tags)}, and "
            f"this is {owner}.",
            next_step="Run `meta-access revoke` in that stack.",
        )
    if described.deletes_at is not None:
        raise SecretScheduledForDeletionError(
            f"Secret {described.name} is being deleted, and its tokens were ended before that. Nothing was changed."
        )
    return Work(secret=Secret(store, described, clock), issuer=issuer, clock=clock, notify=notify, owner=owner)
