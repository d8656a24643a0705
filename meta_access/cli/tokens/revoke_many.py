"""A revocation over many secrets: all are ordered first, then renewed, and then what is left is ended.

What a secret calls current is not ended before its successor is: a run that fails must not cost the readers their
access, unless the operator says so. Every step may be the last one of a run: the order stands in the secrets' tags, and
the next run goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from meta_access.cli.terminal import DONE, WORK_LEFT
from meta_access.errors import MetaAccessError
from meta_access.tokens.observe import Need

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from meta_access.tokens.observe import Observed
    from meta_access.tokens.revocation import Condemned
    from meta_access.tokens.tags import Order

# Ends the id of an order that belongs to emptying users, whose tokens die all at once and before their successors.
EMPTYING = "/users"
ALONE = "no successor is current yet, and its readers would have no access"


@dataclass(frozen=True, kw_only=True)
class Target:
    """One secret whose tokens are to be ended.

    Attributes:
        name: Pulumi name of its token.
        arn: Of the secret: the one in use, or one that the token is leaving.
        user: Id of the system user.
        credential: A connection acts with it.
        leaving: The token has moved on to another secret, so this one gets no successor.
        start: The command that starts AWS's rotation, where that one mints; "" where Pulumi does.
    """

    name: str
    urn: str
    secret: str
    arn: str
    user: str
    scopes: tuple[str, ...]
    credential: bool = False
    leaving: bool = False
    start: str = ""


class RevocationActions(Protocol):
    """What is looked at and acted on; the command brings the real one."""

    def look(self, target: Target) -> Observed:
        """What the secret tells, values unread."""
        ...

    def standing(self, target: Target) -> Order:
        """The order in the secret's tags."""
        ...

    def order(self, target: Target, order_id: str) -> Order:
        """Condemn what the secret holds; nothing changes when this order stands there already."""
        ...

    def end_all(self, user: str, targets: Sequence[Target]) -> None:
        """End every token of a system user; `targets` are its secrets."""
        ...

    def up(self, urns: Sequence[str]) -> bool:
        """Bring these resources up to date; whether that went well."""
        ...

    def end_condemned(self, target: Target, *, spare_current: bool) -> Condemned:
        """End what is condemned, without a successor; the current one too, unless it is to be spared."""
        ...


@dataclass(frozen=True, kw_only=True)
class Became:
    """What became of one secret.

    Attributes:
        generation: The current one.
        served: Whether it holds a token that was not condemned, or is to hold none.
        left: What is not ended, and why; empty when all is.
        spared: The current token lives on because nothing would take its place.
        start: The command that gives it another token, where AWS's rotation has to; "" otherwise.
    """

    name: str
    secret: str
    generation: int = 0
    served: bool = False
    left: str = ""
    start: str = ""
    spared: bool = False


@dataclass(slots=True)
class Revoked:
    """How a revocation went.

    Attributes:
        users: System users all of whose tokens were ended.
        users_left: Those for which that failed, and why.
        failed: Whether a run of pulumi ended badly.
    """

    order: str
    secrets: list[Became] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    users_left: dict[str, str] = field(default_factory=dict)
    failed: bool = False

    @property
    def code(self) -> int:
        """The exit code."""
        whole = not self.users_left and all(one.served and not one.left for one in self.secrets)
        return DONE if whole else WORK_LEFT


def pending(actions: RevocationActions, targets: Iterable[Target]) -> str:
    """The id of an order that is not carried out yet; "" when there is none."""
    for target in targets:
        if actions.look(target).finding.need is Need.REVOCATION:
            return actions.standing(target).id
    return ""


def revoke(
    actions: RevocationActions,
    targets: Sequence[Target],
    order_id: str,
    users: Sequence[str] = (),
    *,
    without_successor: bool = False,
) -> Revoked:
    """End every token that the secrets hold, and renew the secrets.

    Args:
        actions: What to act on.
        targets: The secrets.
        order_id: A new one, or that of an order to carry on with.
        users: System users all of whose tokens are to be ended, wherever they are.
        without_successor: End a current token also when nothing takes its place.
    """
    if not users:
        return _renewed(actions, targets, order_id, without_successor=without_successor)
    if order_id.endswith(EMPTYING):
        # An earlier run had shown that their secrets can be renewed, and was interrupted after that.
        done = Revoked(order_id)
        begun = {target.user for target in targets if actions.standing(target).id == order_id}
        able = [user for user in users if user in begun]
    else:
        # Emptying a user ends the successors too. So it is shown first that there can be any.
        done = _renewed(actions, targets, order_id, without_successor=without_successor)
        served = {(one.secret, one.name) for one in done.secrets if one.served}
        alone = {target.user for target in targets if (target.secret, target.name) not in served}
        able = [user for user in users if without_successor or user not in alone]
        done.users_left = {user: f"for a secret of it {ALONE}" for user in users if user not in able}
    return _emptied(actions, done, [target for target in targets if target.user in able], able)


def _renewed(
    actions: RevocationActions, targets: Sequence[Target], order_id: str, *, without_successor: bool
) -> Revoked:
    done = Revoked(order_id)
    # All orders before the first end: from here on any later run carries on.
    for target in targets:
        actions.order(target, order_id)
    # Those that hold the successor of an earlier, interrupted run are brought to their end just so.
    _up(actions, done, [target for target in targets if target.credential])
    _up(actions, done, [target for target in targets if not target.credential])
    done.secrets = [_finish(actions, target, without_successor=without_successor) for target in targets]
    return done


def _emptied(actions: RevocationActions, done: Revoked, targets: Sequence[Target], users: Sequence[str]) -> Revoked:
    if not users:
        return done
    order_id = done.order if done.order.endswith(EMPTYING) else f"{done.order}{EMPTYING}"
    through = {target.arn: actions.order(target, order_id).through for target in targets}
    renewed = {target.user for target in targets if actions.look(target).generation > through[target.arn]}
    for user in users:
        if user in renewed:
            # An earlier run did it, and what it minted since would die.
            continue
        try:
            actions.end_all(user, [target for target in targets if target.user == user])
        except MetaAccessError as error:
            done.users_left[user] = str(error)
        else:
            done.users.append(user)
    _up(actions, done, targets)
    again = {target.secret: _finish(actions, target, without_successor=target.user in done.users) for target in targets}
    done.secrets = [again.pop(one.secret, one) for one in done.secrets] + list(again.values())
    return done


def _up(actions: RevocationActions, done: Revoked, targets: Sequence[Target]) -> None:
    # Where AWS rotates, a run of pulumi mints nothing and would only cost time in which the tokens live.
    if urns := list(dict.fromkeys(target.urn for target in targets if not target.start)):
        done.failed = not actions.up(urns) or done.failed


def _finish(actions: RevocationActions, target: Target, *, without_successor: bool) -> Became:
    try:
        left, seen = "", actions.look(target)
        alone = not target.leaving and seen.generation <= actions.standing(target).through
        spared = alone and not without_successor
        if seen.finding.need is Need.REVOCATION:
            kept = actions.end_condemned(target, spare_current=spared).kept
            left = "; ".join(f"generation {generation}: {why}" for generation, why in kept.items())
        generation = actions.look(target).generation
        served = target.leaving or generation > actions.standing(target).through
    except MetaAccessError as error:
        return Became(name=target.name, secret=target.secret, left=str(error))
    return Became(
        name=target.name,
        secret=target.secret,
        generation=generation,
        served=served,
        left=left,
        start="" if served else target.start,
        spared=spared and not served and bool(left),
    )
