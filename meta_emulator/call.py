"""What a handler gets: the request, the caller, the world and the rules."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from meta_emulator.activities import Author
from meta_emulator.caller import Caller, identify
from meta_emulator.errors import GraphFault
from meta_emulator.versions import Served, served

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from meta_access.rules import RuleSet
    from meta_emulator.keyring import Keyring
    from meta_emulator.limits import Limits
    from meta_emulator.request import GraphRequest
    from meta_emulator.world import App, SystemUser, World

MOST_SHOWN = 20_000  # nodes in one answer: nested edges multiply, and Graph gives up on such answers too


@dataclass(slots=True)
class GraphCall:
    """One call.

    Attributes:
        new_ids: Makes an app-scoped id and the canonical id that goes with it.
        verify_callback: Asks the callback of a webhook, given its URL and a verify token, whether it wants what is
            sent; GraphFault when not. Other calls are answered meanwhile, so what was read of the world may be old.
        headers: Extra response headers; handlers add to them.
        use_cases: What this call used of business use cases, as the header tells it, by object.
        part: Whether it is a read that another call makes on its way.
        shown: How many nodes this call has shown, those of its edges included.
    """

    request: GraphRequest
    world: World
    rules: RuleSet
    keyring: Keyring
    now: datetime
    new_ids: Callable[[], tuple[str, str]]
    limits: Limits
    verify_callback: Callable[[str, str], None]
    served: Served = field(init=False)
    headers: dict[str, str] = field(default_factory=dict)
    use_cases: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    shown: Counter[str] = field(default_factory=Counter)
    part: bool = False
    _caller: Caller | None = None

    def __post_init__(self) -> None:
        self.served = served(self.request, self.rules, self.now.date())

    @property
    def caller(self) -> Caller:
        """The caller; GraphFault when the token or its proof is not accepted."""
        if self._caller is None:
            self._caller = identify(self.request, self.world, self.keyring, self.now)
            setting = self._caller.app.api_version
            if self.request.version is None and setting is not None:
                self.served = served(self.request, self.rules, self.now.date(), setting)
        return self._caller

    @property
    def identified(self) -> bool:
        """Whether the caller is known so far."""
        return self._caller is not None

    @property
    def author(self) -> Author | None:
        """Who makes what this call changes, None while nobody is known."""
        caller = self._caller
        return None if caller is None else Author(caller.user or caller.person, caller.app)

    def within(self, path: tuple[str, ...], params: Mapping[str, str]) -> GraphCall:
        """A read that this call makes on its way, by the same caller and into the same answer."""
        inner = copy.copy(self)
        inner.part = True
        inner.request = replace(self.request, method="GET", path=path, params=dict(params))
        return inner

    def count_shown(self) -> None:
        """Count one node of the answer; GraphFault when it grows beyond what Graph would send."""
        self.shown["nodes"] += 1
        if self.shown["nodes"] > MOST_SHOWN:
            # Graph answers so with status 500; here a 500 would mean that the emulator broke.
            raise GraphFault(
                1, "Please reduce the amount of data you're asking for, then retry your request", status=400
            )

    def changed(self) -> None:
        """Note that a read has changed the world, as reading Pages does: it makes their tokens."""
        self.shown["changes"] += 1

    @property
    def strict(self) -> bool:
        return self.world.strictness == "strict"

    def own_id(self, user: SystemUser) -> str:
        """A system user's id in the scope of the calling app."""
        return self.world.scoped_id(user, self.caller.app.id)

    def system_user(self, scoped_id: str) -> SystemUser | None:
        """The system user that the calling app knows under an id."""
        return self.world.system_user_seen_by(self.caller.app.id, scoped_id)

    def require_business_api(self) -> None:
        """Meta's guide gives the limited tier no Business Manager access, other pages limited access: strict refuses.

        The refusal is as users report it (facebook-java-business-sdk#76).
        """
        if self.strict and self.tier(self.caller.app) == next(iter(self.rules.tiers)):
            raise GraphFault(270, "(#270) Development access is not allowed to access business API")

    def tier(self, app: App) -> str | None:
        """The rule set's word for an app's tier."""
        return self.rules.tier_of_header(app.tier)
