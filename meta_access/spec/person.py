"""`meta:people`: one table of persons behind app roles, business users, owners of gates, and evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from meta_access.spec.base import GraphId, Name, Section, Text

if TYPE_CHECKING:
    from collections.abc import Iterable

BusinessRole = Literal["ADMIN", "EMPLOYEE"]


class PersonSpec(Section):
    """`user_id` is what `GET /{app}/roles` shows of a person; without it a role cannot be matched to its name.

    `business` is the role in the stack's business, or a table from business to role where there are several.
    """

    email: Text | None = None
    business: BusinessRole | dict[Name, BusinessRole] | None = None
    on_destroy: Literal["remove", "keep"] = "remove"
    user_id: GraphId | None = None

    def roles_in(self, businesses: Iterable[str]) -> dict[str, str]:
        """Business to role; a role without a business is meant for the only one there is."""
        if isinstance(self.business, str):
            return dict.fromkeys(businesses, self.business)
        return dict(self.business or {})
