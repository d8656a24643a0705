"""`meta:people`: one table of persons behind app roles, business users, owners of gates, and evidence."""

from __future__ import annotations

from typing import Literal

from meta_access.spec.base import GraphId, Section, Text


class PersonSpec(Section):
    """`user_id` is what `GET /{app}/roles` shows of a person; without it a role cannot be matched to its name."""

    email: Text | None = None
    business: Literal["ADMIN", "EMPLOYEE"] | None = None
    user_id: GraphId | None = None
