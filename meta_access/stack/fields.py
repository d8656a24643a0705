"""Scalar types that people get wrong, references to secrets, and what every section shares."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema
from pydantic_core import PydanticCustomError

from meta_access.clock import parse_iso, seconds
from meta_access.ids import is_graph_id
from meta_access.validation import credential_reference, plain_text

if TYPE_CHECKING:
    from collections.abc import Collection

_LONGEST_SHOWN = 80
_MOST_NAMED = 10

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# What Pulumi makes of an unquoted date on its way to the program (measured with CLI 3.259.0).
_PULUMI_TIMESTAMP = re.compile(r"(\d{4}-\d{2}-\d{2}) \d{2}:\d{2}:\d{2}(\.\d+)? \+0000 UTC")
_SECRET = re.compile(r"EAA[A-Za-z0-9_-]{4}|^[0-9A-Fa-f]{32}$|^\d{5,}\|")


class Section(BaseModel):
    """One mapping of the stack's configuration."""

    # Deferred: a section is read as a part of the whole, and a validator of its own would be built and never asked.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)


def refuse(problem: str, fix: str) -> PydanticCustomError:
    """An error whose two sentences reach the reader as they are."""
    return PydanticCustomError("refused", "refused", {"problem": problem, "fix": fix})


def looks_secret(text: str) -> bool:
    """Whether a text has the shape of a Meta token, an app secret or an app token."""
    return _SECRET.search(text) is not None


def shown(value: object) -> str:
    """A value fit for a message: quoted and short, and never one that may be a secret."""
    if not isinstance(value, str):
        return described(value)
    if looks_secret(value):
        return "a value that looks like a secret"
    return f'"{value}"' if len(value) <= _LONGEST_SHOWN else f'"{value[:_LONGEST_SHOWN]}…"'


def described(value: object) -> str:
    """What kind of thing somebody typed, without the thing."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true or false"
    kinds: tuple[tuple[Any, str], ...] = (
        ((int, float), "a number"),
        (str, "text"),
        (date, "a date"),
        ((list, tuple), "a list"),
        (dict, "a mapping"),
    )
    return next((word for kind, word in kinds if isinstance(value, kind)), "something else")


def few(names: Collection[str]) -> str:
    """Names in a row, as many as a reader takes in; a stack may have hundreds of each kind."""
    more = len(names) - _MOST_NAMED
    return ", ".join(list(names)[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def seen(value: str) -> str:
    """Text of one line whose every character can be seen; whatever else ends up on a terminal, a page or a comment."""
    # A block of YAML (| or >) ends in a line break that nobody typed.
    text = value.removesuffix("\n")
    if why := plain_text(text):
        raise refuse(f"{why}.", "type it anew, on one line.")
    return text


def _text(value: object) -> object:
    if isinstance(value, date) or (isinstance(value, str) and _PULUMI_TIMESTAMP.fullmatch(value)):
        raise refuse("is an unquoted date, which YAML turns into a timestamp.", "put it in quotes.")
    if isinstance(value, bool | int | float):
        raise refuse(f"is {described(value)}, not text.", "put it in quotes.")
    return value


def _graph_id(value: object) -> object:
    if isinstance(value, bool | int | float):
        raise refuse("is a number; Meta's ids exceed 2^53, and a number that large loses digits.", "put it in quotes.")
    if isinstance(value, str) and not is_graph_id(value):
        raise refuse(f"{shown(value)} is no id; an id has digits only.", "copy it from the dashboard, in quotes.")
    return value


def _said(value: str) -> str:
    if not value.strip():
        raise refuse("is blank.", "write it out, in words.")
    return value


def day(value: object) -> date:
    """A day as people write it."""
    stamp = _PULUMI_TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if isinstance(value, date) or stamp is not None:
        written = stamp[1] if stamp is not None else str(value)[:10]
        raise refuse("is an unquoted date, which YAML turns into a timestamp.", f'put it in quotes: "{written}".')
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise refuse(f"{shown(value)} is no date.", 'write it like "2026-11-24", in quotes.')
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise refuse(f"{shown(value)} is a day that does not exist.", "correct it.") from None


def _moment(value: object) -> object:
    if isinstance(value, date) or (isinstance(value, str) and _PULUMI_TIMESTAMP.fullmatch(value)):
        raise refuse("is an unquoted time, which YAML reads its own way.", "put it in quotes.")
    try:
        return parse_iso(value if isinstance(value, str) else "")
    except ValueError:
        raise refuse(
            f"{shown(value)} is no time with a zone.", 'write it like "2026-11-24T08:00:00Z", in quotes.'
        ) from None


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise refuse(
            f"{shown(value)} is no name.", "start with a small letter; go on with small letters, digits, - and _."
        )
    return value


def _duration(value: object) -> object:
    if isinstance(value, bool | int | float):
        raise refuse(f"is {described(value)} without a unit.", 'write a number and s, m, h or d, such as "20d".')
    if isinstance(value, str) and seconds(value) is None:
        raise refuse(f"{shown(value)} is no duration.", 'write a number and s, m, h or d, such as "20d".')
    return value


Text = Annotated[str, BeforeValidator(_text), AfterValidator(seen)]
Reason = Annotated[str, BeforeValidator(_text), AfterValidator(seen), AfterValidator(_said)]
Name = Annotated[str, BeforeValidator(_text), AfterValidator(_name)]
GraphId = Annotated[
    str, BeforeValidator(_graph_id), WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]*$", "maxLength": 25})
]
Day = Annotated[date, BeforeValidator(day), WithJsonSchema({"type": "string", "format": "date"})]
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Duration = Annotated[
    str, BeforeValidator(_duration), WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]*[smhd]$"})
]


EMULATOR = "emulator:"
IDENTITY = "identity:"

_WAYS = "env:META_NAME, aws-secret:ARN#key, or emulator: against the emulator"


def _reference(value: object) -> object:
    if not isinstance(value, str):
        raise refuse(f"is {described(value)}, not a reference to a secret.", f"write {_WAYS}.")
    if looks_secret(value):
        raise refuse(
            "holds a secret itself; it would stay in the repository and in the engine's history.",
            f"write a reference ({_WAYS}), and replace the secret at Meta, since it has been in a file.",
        )
    if not value.startswith(("env:", "aws-secret:", EMULATOR)):
        raise refuse("is no reference to a secret.", f"write {_WAYS}.")
    if reason := credential_reference(value):
        raise refuse(f"is no usable reference: {reason}.", f"write {_WAYS}.")
    return value


def _token_reference(value: object) -> object:
    if not isinstance(value, str) or not value.startswith(IDENTITY):
        return _reference(value)
    if reason := credential_reference(value):
        raise refuse(f"is no usable reference: {reason}.", "write identity: and a name of meta:identities.")
    return value


SecretReference = Annotated[
    str,
    BeforeValidator(_reference),
    WithJsonSchema({"type": "string", "pattern": "^(env:META_|aws-secret:arn:|emulator:$)"}),
]
TokenReference = Annotated[
    str,
    BeforeValidator(_token_reference),
    WithJsonSchema({"type": "string", "pattern": "^(identity:|env:META_|aws-secret:arn:|emulator:$)"}),
]
