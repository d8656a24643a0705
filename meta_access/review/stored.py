"""A review as JSON, and back: the model's own form. What is read was written by somebody else, and is checked. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from meta_access.clock import iso, parse_iso
from meta_access.errors import MetaAccessError
from meta_access.findings import Undeclared
from meta_access.policy import Finding, Level, Severity
from meta_access.redaction import scrub
from meta_access.review.facts import (
    Actor,
    Budget,
    Cause,
    Difference,
    Fact,
    Kind,
    NoAuthor,
    Quota,
    Recorded,
    Review,
    Until,
    labels,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FORM = "meta-access review 1"
MOST_BYTES = 64 * 1024 * 1024


class StoredError(MetaAccessError):
    """What should be a review is none."""


def write(reviews: Sequence[Review]) -> str:
    """All reviews as one JSON object."""
    return json.dumps(as_object(reviews), indent=1)


def as_object(reviews: Sequence[Review]) -> dict[str, Any]:
    """What `write` writes; what is empty is left out of the facts."""
    # As every command's failure under --json; a review that failed is one all the same.
    errors = [review.error or "the preview failed" for review in reviews if review.failed]
    return {
        "form": FORM,
        "labels": labels(reviews),
        "stacks": [_stack(review) for review in reviews],
        **({"error": errors[0]} if errors else {}),
    }


def _stack(review: Review) -> dict[str, Any]:
    return {
        "stack": review.stack,
        "project": review.project,
        "failed": review.failed,
        "error": review.error,
        "warnings": list(review.warnings),
        "compared": review.compared,
        "offline": review.offline,
        "snapshot": asdict(review.snapshot) if review.snapshot else None,
        "undeclared": asdict(review.undeclared) if review.undeclared else None,
        "policy": [one.as_json() for one in review.policy],
        "classes": sorted(review.classes),
        "facts": [fact_as_object(fact) for fact in review.facts],
        "quota": [asdict(row) for row in review.quota],
        "budgets": [asdict(row) for row in review.budgets],
    }


def fact_as_object(fact: Fact) -> dict[str, Any]:
    told = {name: value for name, value in asdict(fact).items() if value not in ("", (), None, False)}
    if isinstance(fact.by, NoAuthor):
        told["by"] = {"unknown": fact.by}
    return {"sign": str(fact.sign), **told}


def read(text: bytes, name: str) -> list[Review]:
    """The reviews of a file that `write` wrote.

    Raises:
        StoredError: It is none.
    """
    if len(text) > MOST_BYTES:
        raise StoredError(f"{name} has more than {MOST_BYTES} bytes.", next_step=_AGAIN)
    try:
        found = _reviews(json.loads(text.decode("utf-8")))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise StoredError(f"{name} is no review.", next_step=_AGAIN) from None
    if not found:
        raise StoredError(f"{name} holds no stack.", next_step=_AGAIN)
    return found


def read_one(text: bytes, name: str, stack: str) -> Review:
    """The review of a stack, of a file that `write` wrote.

    Raises:
        StoredError: It holds none of it, or several.
    """
    found = [review for review in read(text, name) if review.stack == stack]
    if len(found) != 1:
        raise StoredError(f"{name} holds {len(found)} reviews of stack {stack}.", next_step=_AGAIN)
    return found[0]


_FROM_TO = frozenset({Kind.USER_RENAMED, Kind.PERSON_BACK, Kind.PERSON_PROMOTED, Kind.PERSON_DEMOTED})
"""What is nothing without what was before."""
_AGAIN = "Write it with `meta-access review --json`, by this version."


def _reviews(value: Any) -> list[Review]:
    if value["form"] != FORM:
        raise ValueError
    return [_review(one) for one in _list(value["stacks"])]


def _review(value: Mapping[str, Any]) -> Review:
    return Review(
        stack=_text(value["stack"]),
        project=_text(value["project"]),
        facts=tuple(sorted((_fact_of(one) for one in _list(value["facts"])), key=lambda fact: fact.order)),
        quota=tuple(map(_quota, _list(value["quota"]))),
        budgets=tuple(map(_budget, _list(value["budgets"]))),
        failed=_flag(value["failed"]),
        error=_text(value["error"]),
        warnings=tuple(map(_text, _list(value["warnings"]))),
        compared=_flag(value["compared"]),
        offline=_flag(value["offline"]),
        snapshot=_recorded(value.get("snapshot")),
        undeclared=Undeclared.of(told) if (told := value.get("undeclared")) is not None else None,
        policy=tuple(map(_finding, _list(value.get("policy", [])))),
    )


def _finding(row: Mapping[str, Any]) -> Finding:
    weight, level = Severity(row["severity"]), Level(row["enforcement_level"])
    return Finding(_text(row["rule"]), weight, level, *(_text(row[name]) for name in ("path", "cause", "fix")))


def _recorded(value: Mapping[str, Any] | None) -> Recorded | None:
    if value is None:
        return None
    return Recorded(iso(parse_iso(_text(value["at"]))), _count(value["age_s"]) or 0)


def _fact_of(value: Mapping[str, Any]) -> Fact:
    given: dict[str, Any] = {"kind": Kind(value["kind"]), "cause": Cause(value["cause"])}
    for field in fields(Fact):
        if field.name in given or field.name not in value:
            continue
        found = value[field.name]
        if field.name == "gates":
            found = tuple((_text(name), _text(status)) for name, status in _list(found))
        elif field.name == "differences":
            found = tuple(
                Difference(_text(one["key"]), _text(one["before"]), _text(one["after"]), _flag(one["unknown"]))
                for one in _list(found)
            )
        elif field.name == "by":
            found = _by(found)
        elif field.name == "until":
            found = Until(_text(found["day"]), _text(found["file"]), _text(found["key"]))
        elif field.name == "already":
            found = _flag(found)
        elif field.name in {"tasks", "implied"}:
            found = tuple(map(_text, _list(found)))
        else:
            found = _text(found)
        given[field.name] = found
    fact = Fact(**given)
    if fact.kind in _FROM_TO and not fact.differences:
        raise ValueError
    return fact


def _by(value: Mapping[str, Any]) -> Actor | NoAuthor:
    if "unknown" in value:
        return NoAuthor(value["unknown"])
    at = parse_iso(_text(value["at"]))
    return Actor(_text(value["name"]), _text(value["application"]), iso(at))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return scrub(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _quota(row: Mapping[str, Any]) -> Quota:
    after, limit = _count(row["after"]), _count(row["limit"])
    return Quota(_text(row["business"]), _text(row["role"]), _count(row["before"]) or 0, after, limit)


def _budget(row: Mapping[str, Any]) -> Budget:
    return Budget(_text(row["connection"]), _count(row["calls"]) or 0, _count(row["per_hour"]), _text(row["tier"]))


def _count(value: Any) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise TypeError
    return value
