"""`stacks/evidence.<stack>.yaml`: what people, or an export of Meta's tools, said about a gate, and when."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

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
    status: Literal["satisfied", "submitted", "declined"] = Field(description="satisfied, submitted or declined")
    source: Literal["attestation", "import"] = Field(description="attestation or import")
    note: Text | None = None

    def as_input(self) -> dict[str, str]:
        """As a gate takes it: the record as written, its time in one spelling."""
        return {**self.model_dump(exclude_none=True), "at": iso(self.at)}
