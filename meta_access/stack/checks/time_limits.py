"""Days on which something ends: never the token that a connection acts with, nor the last admin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.stack.time_limits import holds_admin_token, leaves_no_admin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.errors import Problem
    from meta_access.stack.draft import Draft


def check_time_limits(draft: Draft) -> Iterator[Problem]:
    for key in sorted(holds_admin_token(draft.spec)):
        identity = draft.spec.identities.get(key)
        if identity is not None and identity.until is not None:
            text = "a connection acts with this identity's token, and would lose it on that day."
            yield draft.problem(
                ("identities", key, "until"), text, "remove until, or let another token be the admin's."
            )
    if draft.is_broken("people") or draft.is_broken("apps"):
        return
    for person, what in leaves_no_admin(draft.spec):
        text = f"{what} has no admin after that day."
        yield draft.problem(("people", person, "until"), text, "name another admin without a day, or remove until.")
