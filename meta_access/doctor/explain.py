"""What a code of Meta's or AWS's, or a finding of the doctor's, means: from the tables that decide by them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from meta_access import aws_refusals
from meta_access.doctor.catalog import CATALOG
from meta_access.graph import codes
from meta_access.stack.problems import nearest

_META = re.compile(r"(?:\(?#)?(\d{1,7})\)?(?:\s*[/:.]\s*(\d{1,8}))?")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What something means.

    Attributes:
        what: As it is written in the table: `190/463`, `AccessDeniedException`, `token.expired`.
        whose: `meta`, `aws` or `doctor`.
        means: Sentences.
        next_step: What a person does.
        kind: The class of the error, or how grave the finding is.
        notes: What else decides: other subcodes, words of the message.
    """

    what: str
    whose: str
    means: str
    next_step: str
    kind: str
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "of": self.whose,
            "kind": self.kind,
            "means": self.means,
            "next_step": self.next_step or None,
            "notes": list(self.notes),
        }


class UnknownError(LookupError):
    """No table has it.

    Attributes:
        near: What was probably meant; empty for nothing.
    """

    def __init__(self, near: str) -> None:
        super().__init__(near)
        self.near = near


def explained(typed: str) -> Explanation:
    """Look something up.

    Raises:
        UnknownError: Nothing is known of it.
    """
    word = re.sub(r"^(?:error|code)[\s:]*", "", typed.strip(), flags=re.IGNORECASE).strip()
    if match := _META.fullmatch(word):
        return _of_meta(int(match[1]), int(match[2] or 0))
    if word.lower() in CATALOG:
        meaning = CATALOG[word.lower()]
        return Explanation(word.lower(), "doctor", meaning.means, meaning.next_step, str(meaning.severity))
    exact = next((code for code in aws_refusals.CODES if code.lower() == word.lower()), None)
    if exact is not None:
        failed = aws_refusals.refusal("The call", exact, 0)
        return Explanation(exact, "aws", failed.problem, failed.next_step, type(failed).__name__)
    raise UnknownError(nearest(word, [*CATALOG, *sorted(aws_refusals.CODES)]) or "")


def _of_meta(code: int, subcode: int) -> Explanation:
    row = codes.row(code, subcode)
    if row is None:
        near = nearest(str(code), [str(one) for one in codes.CODES])
        raise UnknownError(near or "")
    notes = []
    if subcode and not row.by_subcode:
        known = ", ".join(f"{code}/{one}" for one in row.subcodes)
        tail = f"; it has {known}" if known else ""
        notes.append(f"The table has no subcode {subcode} of code {code}{tail}. This is what the code alone means.")
    elif not subcode and row.subcodes:
        notes.append(f"The subcode says more: {', '.join(f'{code}/{one}' for one in row.subcodes)}.")
    if not row.by_subcode:
        notes += [f"Or, where Meta's message says so: {verdict.why}" for verdict in row.by_text]
    written = f"{code}/{subcode}" if subcode else str(code)
    means = row.verdict.why or "Meta's message says what is wrong with the request."
    return Explanation(written, "meta", means, row.verdict.next_step, row.verdict.error.__name__, tuple(notes))
