"""What Secrets Manager answers, as far as it is used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Description:
    """What DescribeSecret shows: everything but values.

    Attributes:
        stages: Version id to labels. Versions without a label are not shown.
        deletes_at: Set while the secret waits for its deletion.
        rotated_by: ARN of the function with which AWS rotates the secret by itself; None while it does not.
        primary_region: Of a replica: where the secret itself is.
        replicas: Regions that AWS copies the secret to.
    """

    arn: str
    name: str
    tags: Mapping[str, str]
    stages: Mapping[str, tuple[str, ...]]
    kms_key: str | None = None
    deletes_at: datetime | None = None
    rotated_by: str | None = None
    primary_region: str | None = None
    replicas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """One version: its value, which may be a token's and is kept out of `repr`, and when AWS got it."""

    text: str = field(repr=False)
    created_at: datetime
