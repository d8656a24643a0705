"""What a resource takes and gives, read from the one place that says it: its class.

The signature of its constructor names its inputs with types and defaults, the class's annotations name its outputs, and
the docstring says what each of them means. The constructor, the provider and the tables in docs/resources read this.
"""

from __future__ import annotations

import functools
import inspect
import re
import types
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

import pulumi
from pulumi import Input

from meta_access import validation
from meta_access.providers._values import sorted_texts

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule on one input alone, asked once its value is known: answers what is wrong with it, or None."""

    reason: Callable[[Any], str | None]


@dataclass(frozen=True, slots=True)
class Form:
    """How the one form of an input is made; a value that has none, or is not known yet, comes back as it is."""

    of: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Quiet:
    """An input that the state leaves out where it has its default; no output tells it."""


def one_of(words: Collection[str]) -> Rule:
    """The rule that a value is one of these words."""
    return Rule(lambda value: validation.one_of(value, words))


def _boolean(value: object) -> str | None:
    return None if isinstance(value, bool) else "is neither true nor false"


Flag = Annotated[Input[bool], Rule(_boolean)]
GraphId = Annotated[Input[str], Rule(validation.graph_id)]
AssetId = Annotated[Input[str], Rule(validation.asset)]
TextSet = Annotated[Input[Sequence[Input[str]]], Form(sorted_texts)]
"""A list of texts in no order."""

TextMap = Input[Mapping[str, Input[str]]]
Evidence = Input[Mapping[str, Any]]

NONE: Final[Mapping[str, Any]] = types.MappingProxyType({})
"""The default of a map."""


@dataclass(frozen=True, slots=True)
class Field:
    """One input.

    Attributes:
        type: As Python writes it, without `Input`.
        default: What is meant where it is left out; None when that is just that.
        about: A sentence of Markdown.
        quiet: Whether the state leaves out its default.
    """

    name: str
    type: str
    required: bool
    default: Any
    about: str
    rules: tuple[Rule, ...]
    forms: tuple[Form, ...]
    quiet: bool

    def formed(self, value: Any) -> Any:
        """A value in its one form."""
        return functools.reduce(lambda so_far, form: form.of(so_far), self.forms, value)

    def reason(self, value: Any) -> str | None:
        """What is wrong with a known value; None when nothing is. Leaving out what may be left out is right."""
        if not self.required and (value is None or (type(value) is type(self.default) and value == self.default)):
            return None
        return next((why for rule in self.rules if (why := rule.reason(value))), None)


@dataclass(frozen=True, slots=True)
class Result:
    """One output that is no input."""

    name: str
    type: str
    about: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a resource takes and gives."""

    inputs: tuple[Field, ...]
    outputs: tuple[Result, ...]

    @property
    def defaults(self) -> dict[str, Any]:
        """New values at each call: they go into property bags, which are changed in place."""
        return {field.name: as_bag(field.default) for field in self.inputs if field.default is not None}

    def asked(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs among what a constructor was given, as a check would pass them on."""
        asked = {}
        for field in self.inputs:
            value = as_bag(values[field.name] if values[field.name] is not None else field.default)
            if field.quiet and value == field.default:
                value = None
            # What is not known yet gets its form once it is.
            later = bool(field.forms) and is_later(value)
            asked[field.name] = pulumi.Output.from_input(value).apply(field.formed) if later else field.formed(value)
        return asked


def declaration_of(cls: Any, base: type) -> Declaration:
    """Read a class; `base` is the first of its ancestors that says something."""
    family = [each for each in cls.__mro__ if issubclass(each, base)]
    abouts: dict[str, str] = {}
    for each in reversed(family):
        abouts |= dict(_abouts(each))
    parameters = list(inspect.signature(cls.__init__).parameters.values())
    hints = _hints(cls.__init__)
    inputs = tuple(
        _field(parameter, hints[parameter.name], abouts)
        for parameter in parameters
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.name != "opts"
    )
    known = {field.name for field in inputs}
    outputs = {
        name: Result(name, type_text(hint), abouts.get(name, ""))
        for each in reversed(family)
        if each is not base
        for name, hint in _hints(_own(each)).items()
        if name not in known
    }
    return Declaration(inputs, tuple(outputs.values()))


def as_bag(value: Any) -> Any:
    """A value as the host's property bags have it: lists and dicts, copied; outputs stay what they are."""
    if isinstance(value, Mapping):
        return {key: as_bag(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_bag(item) for item in value]
    return value


def is_later(value: Any) -> bool:
    """Whether a value, or anything inside it, is an output or something else that is waited for."""
    if isinstance(value, Mapping):
        return any(map(is_later, value.values()))
    if isinstance(value, list):
        return any(map(is_later, value))
    return isinstance(value, pulumi.Output) or inspect.isawaitable(value)


def type_text(hint: Any) -> str:
    """A type as a reader writes it: without `Input`, `Output`, None and the marks of `Annotated`."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated or origin is pulumi.Output:
        return type_text(args[0])
    if origin in {Union, types.UnionType}:
        kinds = [arg for arg in args if arg is not type(None) and not _is_wrapper(arg)]
        return " | ".join(dict.fromkeys(type_text(kind) for kind in kinds))
    if origin is not None:
        name = {Sequence: "list", Mapping: "dict"}.get(origin, origin.__name__)
        return f"{name}[{', '.join(type_text(arg) for arg in args)}]"
    return getattr(hint, "__name__", str(hint))


def _is_wrapper(kind: Any) -> bool:
    """Whether a part of `Input[…]` is one that holds its value: an awaitable, or an output."""
    return getattr(get_origin(kind), "__name__", "") == "Awaitable" or get_origin(kind) is pulumi.Output


def _hints(of: Any) -> dict[str, Any]:
    # `Input` names `Output[T]` by its name alone, and Pulumi itself resolves it so.
    return get_type_hints(of, localns={"Output": pulumi.Output, "T": type(None)}, include_extras=True)


def _own(cls: type) -> type:
    """A class with the annotations of this one alone: those of Pulumi's classes do not resolve."""
    return type(cls.__name__, (), {"__annotations__": inspect.get_annotations(cls), "__module__": cls.__module__})


def _field(parameter: inspect.Parameter, hint: Any, abouts: Mapping[str, str]) -> Field:
    marks = list(_marks(hint))
    required = parameter.default is parameter.empty
    return Field(
        parameter.name,
        type_text(hint),
        required,
        None if required else parameter.default,
        abouts.get(parameter.name, ""),
        tuple(mark for mark in marks if isinstance(mark, Rule)),
        tuple(mark for mark in marks if isinstance(mark, Form)),
        any(isinstance(mark, Quiet) for mark in marks),
    )


def _marks(hint: Any) -> Iterator[Any]:
    """The marks on a type, also where it may be None."""
    if get_origin(hint) is Annotated:
        yield from hint.__metadata__
    elif get_origin(hint) in {Union, types.UnionType}:
        for arg in get_args(hint):
            yield from _marks(arg)


_ENTRY = re.compile(r"    (\w+): (.*(?:\n {6,}.*)*)")


def _abouts(cls: type) -> Iterator[tuple[str, str]]:
    """What the docstring says of each name under `Args:` and `Attributes:`."""
    text = inspect.cleandoc(cls.__doc__ or "")
    for section in re.findall(r"^(?:Args|Attributes):\n((?:    .*\n?|\n)+)", text, re.MULTILINE):
        for name, about in _ENTRY.findall(section):
            yield name, " ".join(about.split())
