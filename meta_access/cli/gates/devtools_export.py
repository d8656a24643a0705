"""What a person saved from Meta's developer tools about an app, read with patience. Pure.

The tools (https://developers.facebook.com/documentation/mcp/devtools-mcp, beta, read 2026-11) answer a person's
assistant in JSON: review state, access levels, redirect URIs, call volume. Nothing describes the format but the keys
that users have seen, so this looks for those keys wherever they stand: several answers one after the other, inside an
envelope, or as JSON in a text. What it does not know it leaves alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meta_access.clock import parse_iso

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

LOOKBACK_MINUTES = 1440
"""What `call_volume` looks back when nothing else was asked."""
_TIMES = ("exported_at", "generated_at", "fetched_at", "retrieved_at", "timestamp")
_NAMES = ("permission", "feature", "privilege", "name", "key", "identifier", "id")
_DEEPEST = 50


class NotAnExportError(ValueError):
    """The text is no JSON."""


@dataclass(frozen=True, slots=True)
class Privilege:
    """One permission or feature as the tools' `privileges` has it; what the answer left out is empty, or None."""

    name: str
    level: str
    grant: str = ""
    live: bool | None = None
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class Export:
    """What was found.

    Attributes:
        app_ids: Apps that the answers are about; not those of a list of apps.
        at: When it was made: the earliest time that the answers tell.
        pending: Whether a submission is under review; None when no answer is about that.
        submitted: Names of what that submission holds, where it says so.
        reviewed_before: Whether the app was ever reviewed.
        redirect_uris: None when the answer had none to tell.
        total_calls: Graph calls of every kind, over `minutes`.
        notes: What was there and is no evidence, with the reason.
    """

    app_ids: set[str] = field(default_factory=set)
    at: datetime | None = None
    privileges: dict[str, Privilege] = field(default_factory=dict)
    pending: bool | None = None
    submission: str = ""
    submitted: set[str] = field(default_factory=set)
    reviewed_before: bool | None = None
    redirect_uris: tuple[str, ...] | None = None
    total_calls: int | None = None
    minutes: int = LOOKBACK_MINUTES
    notes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        known = (self.pending, self.reviewed_before, self.redirect_uris, self.total_calls)
        return not self.privileges and not self.notes and all(one is None for one in known)


def read(text: str) -> Export:
    """Read a file.

    Raises:
        NotAnExportError: It is no JSON; with the line.
    """
    found = Export()
    for document in _documents(text):
        _walk(document, found, {}, "", 0)
    return found


def _documents(text: str) -> Iterator[Any]:
    """One JSON value after the other, as a person pastes answers into one file; code fences around them are let be."""
    kept = "\n".join("" if line.lstrip().startswith("```") else line for line in text.lstrip("\ufeff").splitlines())
    decoder, at = json.JSONDecoder(), 0
    while rest := kept[at:].lstrip():
        at = len(kept) - len(rest)
        try:
            value, at = decoder.raw_decode(kept, at)
        except json.JSONDecodeError as error:
            raise NotAnExportError(f"line {error.lineno}: {error.msg.lower()}") from None
        except RecursionError:
            raise NotAnExportError("it is nested too deeply") from None
        yield value


def _walk(value: Any, found: Export, around: Mapping[str, Any], key: str, depth: int) -> None:
    """Take what a value tells; `around` holds what its surroundings say, `key` is the name it stands under."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            _walk(item, found, around, "", depth + 1)
    elif isinstance(value, dict):
        if "can_submit" in value:
            found.notes.append(("requirements", "describes a draft; what holds stands in privileges"))
            return
        seen = {**around, **{name: item for name, item in value.items() if not isinstance(item, dict | list)}}
        _take(value, found, seen, key)
        for name, item in value.items():
            if name == "apps":
                _listed(item, found)
            elif name == "submissions":
                continue  # earlier ones: what holds today stands in the status and the privileges
            elif isinstance(item, str) and name == "text" and item.lstrip()[:1] in {"{", "["}:
                _embedded(item, found, seen, depth)
            else:
                _walk(item, found, seen, name, depth + 1)


def _embedded(text: str, found: Export, around: Mapping[str, Any], depth: int) -> None:
    try:
        _walk(json.loads(text), found, around, "", depth + 1)
    except (ValueError, RecursionError):
        found.notes.append(("text", "looks like JSON and is none"))


def _listed(apps: Any, found: Export) -> None:
    if apps == []:
        found.notes.append(("apps", "is empty: no app was ticked when the person gave the tools consent"))


def _take(value: dict[str, Any], found: Export, seen: Mapping[str, Any], key: str) -> None:
    for name in ("app_id", "application_id"):
        if isinstance(value.get(name), str | int) and str(value[name]).isdecimal():
            found.app_ids.add(str(value[name]))
    _take_time(value, found)
    if "access_level" in value:
        _take_privilege(value, found, key)
    if "submission_status" in value or "is_pending" in value:
        _take_submission(value, found)
    if isinstance(value.get("has_been_previously_reviewed"), bool):
        found.reviewed_before = value["has_been_previously_reviewed"]
    if "oauth_redirect_uris" in value:
        _take_uris(value["oauth_redirect_uris"], found)
    if isinstance(value.get("total_calls"), int) and not isinstance(value["total_calls"], bool):
        found.total_calls = value["total_calls"]
        minutes = seen.get("lookback_minutes")
        found.minutes = minutes if isinstance(minutes, int) and minutes > 0 else LOOKBACK_MINUTES
    if isinstance(value.get("title"), str) and isinstance(value.get("status"), int):
        found.notes.append(("an answer", f"is an error of the tools: {value['title']} (HTTP {value['status']})"))


def _take_time(value: dict[str, Any], found: Export) -> None:
    for name in _TIMES:
        try:
            moment = parse_iso(value[name])
        except (KeyError, ValueError, TypeError):
            continue
        found.at = moment if found.at is None else min(found.at, moment)


def _take_privilege(value: dict[str, Any], found: Export, key: str) -> None:
    name = next((str(value[one]) for one in _NAMES if isinstance(value.get(one), str)), key)
    level, grant = value["access_level"], value.get("grant_status")
    if not name:
        found.notes.append(("a privilege", "has no name"))
        return
    reasons = value.get("rejection_reasons")
    found.privileges[name] = Privilege(
        name,
        level.lower() if isinstance(level, str) else "",
        grant.upper() if isinstance(grant, str) else "",
        value["is_live"] if isinstance(value.get("is_live"), bool) else None,
        tuple(filter(None, map(_text, reasons))) if isinstance(reasons, list) else (),
    )


def _take_submission(value: dict[str, Any], found: Export) -> None:
    status = str(value.get("submission_status") or "").upper()
    found.pending = status == "PENDING" or value.get("is_pending") is True
    found.submission = str(value.get("submission_id") or "")
    rows = value.get("items")
    if found.pending and isinstance(rows, list):
        found.submitted.update(filter(None, map(_named, rows)))


def _take_uris(uris: Any, found: Export) -> None:
    if isinstance(uris, list):
        found.redirect_uris = tuple(uri for uri in uris if isinstance(uri, str))
    else:
        found.notes.append(("oauth_redirect_uris", "is null, which tells neither that there are none nor which"))


def _named(row: Any) -> str:
    if isinstance(row, dict):
        return next((str(row[one]) for one in _NAMES if isinstance(row.get(one), str)), "")
    return row if isinstance(row, str) else ""


def _text(reason: Any) -> str:
    if isinstance(reason, dict):
        return next((str(reason[one]) for one in ("reason", "message", "text") if isinstance(reason.get(one), str)), "")
    return reason if isinstance(reason, str) else ""
