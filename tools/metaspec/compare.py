"""Differences between the specification and what is served, each way. Pure: two tables in, a list out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tools.metaspec.read import Call, Parameter

    Calls = Mapping[tuple[str, str, str], Call]

Sort = Literal["call", "parameter", "type", "enum", "requirement"]
Side = Literal["not served", "not specified", "differs"]
SORTS: tuple[Sort, ...] = get_args(Sort)
SIDES: tuple[Side, ...] = get_args(Side)
# Parameters of every list, which the specification names on some edges only.
EVERYWHERE = frozenset({"after", "before", "fields", "limit", "summary"})
# An id is a number or a text on the wire, and so is each for the other: a caller writes the same bytes.
SCALARS = ("text", "number", "id")


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference.

    Attributes:
        call: `POST Business/owned_pages`.
        side: Only the specification has it, only the emulator, or both in different ways.
        name: The parameter; empty for a call.
        detail: What differs, as specified and as served.
    """

    call: str
    sort: Sort
    side: Side
    name: str = ""
    detail: str = ""

    def __str__(self) -> str:
        words = (self.call, self.sort, self.name, self.side)
        return " ".join(word for word in words if word) + (f": {self.detail}" if self.detail else "")


def differences(spec: Calls, served: Calls) -> list[Difference]:
    """All differences, in the order of types and edges."""
    found: list[Difference] = []
    for key in sorted({*spec, *served}):
        wanted, has = spec.get(key), served.get(key)
        if wanted is None:
            found.append(Difference(str(served[key]), "call", "not specified"))
        elif has is None:
            found.append(Difference(str(wanted), "call", "not served"))
        else:
            found += _parameters(wanted, has)
    return found


def _parameters(spec: Call, served: Call) -> Iterator[Difference]:
    for name in sorted({*spec.parameters, *served.parameters} - EVERYWHERE):
        wanted, has = spec.parameters.get(name), served.parameters.get(name)
        if has is None:
            yield Difference(str(spec), "parameter", "not served", name)
        elif wanted is None:
            yield Difference(str(spec), "parameter", "not specified", name)
        else:
            yield from _one(str(spec), wanted, has)


def _one(call: str, spec: Parameter, served: Parameter) -> Iterator[Difference]:
    if spec.required != served.required:
        detail = "required by the specification only" if spec.required else "required by the emulator only"
        yield Difference(call, "requirement", "differs", spec.name, detail)
    if not _alike(spec, served):
        yield Difference(call, "type", "differs", spec.name, f"{_type(spec)}, served as {_type(served)}")
    elif spec.kind == "enum":
        lacks = [value for value in spec.values if value not in served.values]
        more = [value for value in served.values if value not in spec.values]
        if lacks:
            yield Difference(call, "enum", "not served", spec.name, ", ".join(lacks))
        if more:
            yield Difference(call, "enum", "not specified", spec.name, ", ".join(more))


def _alike(spec: Parameter, served: Parameter) -> bool:
    if spec.many != served.many:
        return False
    return spec.kind == served.kind or (spec.kind in SCALARS and served.kind in SCALARS)


def _type(parameter: Parameter) -> str:
    return f"list of {parameter.kind}" if parameter.many else parameter.kind
