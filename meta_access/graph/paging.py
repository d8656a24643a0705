"""Pages of a Graph list, without IO.

Source: https://developers.facebook.com/docs/graph-api/results, Graph v26.0, read 2026-11. A list ends where `next` is
missing, not where a page is short. `next` itself is never followed: it holds the token in its query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.errors import GraphError
from meta_access.graph.wire import unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE_LIMIT = 100
_MOST_PAGES = 500
_AGAIN = "Run the same command again."


def rows(read: Callable[[str | None], Any], path: str, after: str | None = None) -> Iterator[dict[str, Any]]:
    """All rows of a list, or those after a cursor.

    Args:
        read: Reads one page; takes the cursor to read after, None for the first page.
        path: For messages.
        after: The cursor to begin after; None for the whole list.

    Raises:
        GraphError: The list cannot be read to its end. A part is never passed off as the whole, because what is
            missing from it would be created a second time.
        GraphUnreachableError: An answer is not a list.
    """
    cursor, seen = after, {after} if after else set[str]()
    while len(seen) < _MOST_PAGES:
        page, cursor = _split(read(cursor), path)
        yield from page
        if cursor is None:
            return
        if cursor in seen:
            break
        seen.add(cursor)
    raise GraphError(f"Reading {path} failed: Meta's list does not come to an end.", next_step=_AGAIN)


def _split(page: Any, path: str) -> tuple[list[dict[str, Any]], str | None]:
    found = page.get("data") if isinstance(page, dict) else None
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise unusable(f"Reading {path} failed: Meta's answer is not a list of rows.")
    return found, rest_of(page, path)


def rest_of(page: dict[str, Any], path: str) -> str | None:
    """The cursor after which there are more rows; None on the last page."""
    paging = page.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    if not after:
        problem = f"Reading {path} failed: Meta says there are more rows and names no way to them."
        raise GraphError(problem, next_step=_AGAIN)
    return str(after)
