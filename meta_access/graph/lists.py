"""Lists of which Meta may not show every one: what is not shown is named, and never taken for empty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from meta_access.errors import InvalidRequestError, NotFoundError, NotRecordedError, PermissionDeniedError
from meta_access.graph.wire import unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")

NOT_SHOWN = (PermissionDeniedError, InvalidRequestError, NotFoundError)
"""How Meta refuses a list to a token that may read others."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A list that Meta does not show to this token; nothing is known of what it holds.

    Attributes:
        path: As Graph calls it: `178435550012345/owned_pages`.
        why: Meta's answer.
    """

    path: str
    why: str


class Lists:
    """Reads lists, each to its end or not at all, and keeps which of them were not shown.

    Attributes:
        unread: Those that were not shown.
    """

    def __init__(self) -> None:
        self.unread: list[Unread] = []

    def shown(self, path: str, read: Callable[[], Iterable[T]]) -> tuple[T, ...]:
        """The rows of a list; none where it is not shown or a snapshot lacks it, and then it is among `unread`."""
        try:
            return tuple(read())
        except (*NOT_SHOWN, NotRecordedError) as refusal:
            self.unread.append(Unread(path, str(refusal)))
            return ()


def row_id(row: dict[str, Any], what: str) -> str:
    """The id of a row.

    Raises:
        GraphUnreachableError: It has none; `what` is what the list is of.
    """
    if not row.get("id"):
        raise unusable(f"Meta's list of {what} has a row without an id.")
    return str(row["id"])
