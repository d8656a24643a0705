"""`meta:task_sets` and `meta:clients`: whose assets an identity works on, and with which tasks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from meta_access.spec.app import Texts
from meta_access.spec.base import GraphId, Name, Section, Text, described, refuse, seen

TaskSetSpec = dict[Text, Texts]
"""Kind of asset (ad_account, page, catalog …) to tasks."""


def _choice(value: object) -> str | tuple[str, ...]:
    if isinstance(value, str) and value:
        return seen(value)
    if isinstance(value, list | tuple) and value and all(isinstance(item, str) for item in value):
        return tuple(seen(item) for item in value)
    if value == []:
        raise refuse("the list of tasks is empty.", "write at least one, or remove the line.")
    raise refuse(f"is {described(value)}, not tasks.", "write a name of meta:task_sets, or a list such as [ANALYZE].")


TaskChoice = Annotated[
    str | tuple[str, ...],
    PlainValidator(_choice),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": {"type": "string"}}]}),
]


class ClientSpec(Section):
    """`access`: the assets are our own, a partner shared them with us, or their owner grants them at a login.

    `replace_existing`: tasks that an identity had on the client's assets before the stack, and that are not declared,
    go; without it they stay and are named.
    """

    business: GraphId | None = None
    name: Text | None = None
    access: Literal["own", "partner", "login"] = Field(description="own, partner or login", examples=["login"])
    contact: Text | None = None
    replace_existing: bool = False
    assets: dict[Text, dict[Name, TaskChoice]] = Field(default_factory=dict)
