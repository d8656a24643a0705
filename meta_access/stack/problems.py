"""From pydantic's errors to problems a person can act on: path as typed, what is wrong, what to write."""

from __future__ import annotations

import difflib
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from meta_access.errors import Problem
from meta_access.redaction import scrub
from meta_access.rules.allowance import INSTEAD_OF_PAGE_CREATION, NO_PAGE_CREATION
from meta_access.rules.permissions import elsewhere
from meta_access.stack.fields import described, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from pydantic import ValidationError
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from meta_access.rules import RuleSet

Loc = tuple[int | str, ...]
Sentences = tuple[str, str]

_TELLING = 3  # characters from which the beginning of a word says something
_ALIKE = 0.7
_SHORT, _LONG = 4, 9  # characters from which a word with one slip, or two, is still that word
_PAGE_CREATION = frozenset({"create_page", "create_pages", "new_page", "new_pages", "page_creation", "pages"})
_KEY = "[key]"  # how pydantic marks that a key, not the value under it, is refused


def dotted(loc: Sequence[int | str]) -> str:
    """A location as people write it: `identities.trading.scopes[1]`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def nearest(word: str, known: Collection[str]) -> str | None:
    """The known word that was probably meant: the one it begins, else the one spelt most like it."""
    begun = [name for name in known if len(word) >= _TELLING and name.lower().startswith(word.lower())]
    if len(begun) == 1:
        return begun[0]
    found = difflib.get_close_matches(word.lower(), {name.lower(): None for name in known}, n=1, cutoff=_ALIKE)
    return next((name for name in known if found and name.lower() == found[0]), None)


def misspelt(word: str, known: Collection[str]) -> str | None:
    """The known word that a word is, but for a slip of the fingers: one letter, or two in a long word.

    Far narrower than `nearest`, which corrects what is known to be wrong: here the word may be somebody's own.
    """
    if word in known:
        return word
    slips = 0 if len(word) < _SHORT else 1 if len(word) < _LONG else 2
    near = {name: _slips(word, name) for name in known if abs(len(name) - len(word)) <= slips}
    best = min(near, key=near.__getitem__, default=None)
    return best if best is not None and near[best] <= slips else None


def _slips(word: str, name: str) -> int:
    """How many letters were left out, added, mistaken or swapped with the next one (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(name) + 1))
    for i, typed in enumerate(word, 1):
        two_before, before, row = before, row, [i]
        for j, meant in enumerate(name, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (typed != meant))
            if i > 1 and j > 1 and (typed, word[i - 2]) == (name[j - 2], meant):
                cost = min(cost, two_before[j - 2] + 1)
            row.append(cost)
    return row[-1]


def instead(word: str, known: Collection[str], otherwise: str) -> str:
    """The fix for an unknown word: the nearest known one, else `otherwise`."""
    near = nearest(word, known)
    return f'write "{near}".' if near else otherwise


def unknown_key(key: str, known: Collection[str]) -> str:
    """The fix for a key that is misspelt, or that a newer version brought."""
    keys = ", ".join(known)
    return instead(key, known, f"remove it, or install the meta-access that knows it; the keys are {keys}.")


def unknown_permission(rules: RuleSet, name: str) -> Sentences:
    """What to say of a permission that the rule set does not have."""
    text = f"Meta has no permission {shown(name)} (rule set {rules.name})."
    fix = instead(name, rules.permissions, "look it up in Meta's permission reference.")
    return elsewhere(rules, name) or (text, fix)


def problem(path: str, sentences: Sentences) -> Problem:
    """A problem whose every text has passed the scrubber: file contents may hold a pasted secret anywhere."""
    return Problem(scrub(path), scrub(sentences[0]), scrub(sentences[1]))


def problems_of(
    error: ValidationError, model: type[BaseModel], where: Callable[[Loc], str]
) -> list[tuple[Loc, Problem]]:
    """Every error of a validation, with its location."""
    found = []
    for details in error.errors(include_url=False, include_context=True):
        loc = tuple(part for part in details["loc"] if part != _KEY)
        one = problem(where(loc), _sentences(details, model, loc))
        found.append((loc, replace(one, unknown_key=details["type"] == "extra_forbidden")))
    return found


def _sentences(details: ErrorDetails, model: type[BaseModel], loc: Loc) -> Sentences:
    kind, value, context = details["type"], details.get("input"), details.get("ctx", {})
    if kind == "refused":
        return context["problem"], context["fix"]
    if kind == "missing":
        return "is missing.", f"add it{_description(model, loc)}."
    if kind == "extra_forbidden":
        return _unknown_key(model, loc)
    if kind in {"literal_error", "enum"}:
        words = re.findall(r"'([^']*)'", str(context["expected"]))
        return f"{shown(value)} is not one of {', '.join(words)}.", instead(str(value), words, "write one of them.")
    return _wrong_type(kind, value) or (f"{details['msg']}.", "correct it.")


def _wrong_type(kind: str, value: object) -> Sentences | None:
    is_what = f"is {described(value)}"
    expected = {
        "string_type": (f"{is_what}, not text.", "write text."),
        "dict_type": (f"{is_what}, not a mapping.", "write names and values below it."),
        "model_type": (f"{is_what}, not a mapping.", "write keys and values below it."),
        "tuple_type": (f"{is_what}, not a list.", "put it in brackets: [one, two]."),
        "list_type": (f"{is_what}, not a list.", "put it in brackets: [one, two]."),
        "int_type": (f"{is_what}, not a whole number.", "write a whole number, without quotes."),
        "int_parsing": (f"{is_what}, not a whole number.", "write a whole number, without quotes."),
        "int_from_float": ("has a fraction.", "write a whole number, without quotes."),
        "greater_than_equal": ("is below zero.", "write zero or more."),
        "bool_type": (f"{is_what}, not true or false.", "write true or false."),
        "bool_parsing": (f"{is_what}, not true or false.", "write true or false."),
        "too_short": ("is empty.", "add an entry, or remove the key."),
    }
    return expected.get(kind)


def _unknown_key(model: type[BaseModel], loc: Loc) -> Sentences:
    if loc[-1] in _PAGE_CREATION:
        return f"asks for Pages to be created; {NO_PAGE_CREATION}", INSTEAD_OF_PAGE_CREATION
    section = _annotation_at(model, loc[:-1])
    known = list(section.model_fields) if isinstance(section, type) and issubclass(section, BaseModel) else []
    return (
        f"there is no key {shown(loc[-1])} here.",
        unknown_key(str(loc[-1]), known),
    )


def _description(model: type[BaseModel], loc: Loc) -> str:
    field = field_at(model, loc)
    return f": {field.description}" if field is not None and field.description else ""


def field_at(model: type[BaseModel], loc: Loc) -> FieldInfo | None:
    """The field a location points at; None for an entry of a table."""
    section = _annotation_at(model, loc[:-1])
    if not (isinstance(section, type) and issubclass(section, BaseModel)):
        return None
    return section.model_fields.get(str(loc[-1]))


def _annotation_at(model: type[BaseModel], loc: Loc) -> Any:
    current: Any = model
    for part in loc:
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = current.model_fields.get(str(part))
            current = _plain(field.annotation) if field is not None else None
        elif get_origin(current) in (dict, tuple, list):
            arguments = get_args(current)
            current = _plain(arguments[1 if get_origin(current) is dict else 0])
        else:
            return None
    return current


def _plain(annotation: Any) -> Any:
    """The type without `Annotated` and without `None`."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif (present := _optional(annotation)) is not None:
            annotation = present
        else:
            return annotation


def _optional(annotation: Any) -> Any:
    if get_origin(annotation) is Union or type(annotation).__name__ == "UnionType":
        present = [part for part in get_args(annotation) if part is not type(None)]
        return present[0] if len(present) == 1 else None
    return None
