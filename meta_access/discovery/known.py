"""What a run of `meta-access discover` begins with: the stack as it is, and what of a business is asked about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.rules import RuleSet
    from meta_access.stack.models import StackSpec
    from meta_access.tokens.in_secrets import Found


@dataclass(frozen=True, slots=True)
class Known:
    """The stack as it is.

    Attributes:
        connection: Through which the business was read.
        users: Identity to the id of its system user, of those that the state has.
        tokens: What lies in secrets, as far as it was looked for.
        owner: `project/stack`.
    """

    spec: StackSpec
    rules: RuleSet
    connection: str
    users: Mapping[str, str] = field(default_factory=dict)
    tokens: tuple[Found, ...] = ()
    owner: str = ""

    @property
    def business(self) -> str:
        """Key of the business."""
        return self.spec.connections[self.connection].business


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a business is to be written; empty is everything.

    Attributes:
        clients: Keys of clients, ids or names of the businesses that own the assets.
        kinds: Kinds of assets; no others were read.
        users: Keys of identities, ids or names of system users.
    """

    clients: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()

    @property
    def everything(self) -> bool:
        return not (self.clients or self.kinds or self.users)
