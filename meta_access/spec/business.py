"""`meta:businesses`: business portfolios of ours, and what is expected of them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from meta_access.spec.base import Day, GraphId, Name, Section, Text


class BusinessSpec(Section):
    id: GraphId = Field(description="the portfolio's id, in quotes", examples=["178435550012345"])
    name: Text | None = None
    verification: Literal["verified"] | None = None
    two_factor: Literal["none", "admin_required", "all_required"] | None = None
    owner: Name | None = None


class QuotaOverride(Section):
    """A limit that Meta granted beyond the rule set's number, with who can explain it later."""

    limit: int = Field(ge=0, description="the number of system users")
    reason: Text = Field(description="why it differs from the rule set")
    date: Day = Field(description="since when, in quotes")
