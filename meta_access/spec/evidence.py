"""`stacks/evidence.<stack>.yaml`: what people, or an export of Meta's tools, said about a gate or an app, and when."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from meta_access.clock import iso
from meta_access.spec.base import GraphId, Moment, Name, Section, Text, refuse

_DIGEST = re.compile(r"sha256:[0-9a-f]{16,64}")


def _digest(value: str) -> str:
    if not _DIGEST.fullmatch(value):
        raise refuse("is no digest of a declared value.", "let `meta-access attest` write it.")
    return value


class EvidenceSpec(Section):
    """One statement; `declared` binds it to the value it was made about, `app` to the app."""

    declared: Annotated[Text, AfterValidator(_digest)] = Field(description="the digest that `meta-access attest` shows")
    app: GraphId = Field(description="the app's id, in quotes")
    at: Moment = Field(description="when, in quotes")
    by: Name = Field(description="a name of meta:people")
    status: Literal["satisfied", "submitted", "declined", "open"] = Field(
        description="satisfied, submitted, declined or open"
    )
    source: Literal["attestation", "export"] = Field(description="attestation or export")
    note: Text | None = None

    def as_input(self) -> dict[str, str]:
        """As a gate takes it: the record as written, its time in one spelling."""
        return {**self.model_dump(exclude_none=True), "at": iso(self.at)}


def _rate(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise refuse("is no share of failed calls.", "write 0.04 for 4 %, without quotes.")
    return value


class FiguresSpec(Section):
    """How much an app called, and how often that failed: what keeping its tier is judged by."""

    app: GraphId = Field(description="the app's id, in quotes")
    at: Moment = Field(description="when, in quotes")
    by: Name = Field(description="a name of meta:people")
    source: Literal["attestation", "export"] = Field(description="attestation or export")
    days: Annotated[float, Field(gt=0)] = Field(description="of how many days before that time")
    calls: Annotated[int, Field(ge=0)] | None = None
    graph_calls: Annotated[int, Field(ge=0)] | None = None
    error_rate: Annotated[float, BeforeValidator(_rate)] | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _tells_something(self) -> Self:
        if self.calls is None and self.graph_calls is None and self.error_rate is None:
            raise refuse("has no figure.", "add calls, graph_calls or error_rate.")
        return self
