from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_access.errors import GraphError, GraphUnreachableError
from meta_access.graph import paging

if TYPE_CHECKING:
    from collections.abc import Callable


def pages(answers: dict[str | None, Any]) -> Callable[[str | None], Any]:
    return lambda cursor: answers[cursor]


def more(after: str) -> dict[str, object]:
    return {"next": "https://graph.facebook.com/x?access_token=hidden", "cursors": {"after": after}}


def test_pages_are_followed_while_there_is_a_next_one() -> None:
    read = pages(
        {
            None: {"data": [{"id": "1"}], "paging": more("a")},
            "a": {"data": [], "paging": more("b")},
            "b": {"data": [{"id": "2"}], "paging": {"cursors": {"after": "c"}}},
        }
    )

    assert list(paging.rows(read, "x")) == [{"id": "1"}, {"id": "2"}]


@pytest.mark.parametrize("paging_field", [None, {}, [], {"cursors": {"after": "a"}}, {"next": ""}])
def test_a_list_ends_where_no_next_page_is_named(paging_field: object) -> None:
    assert list(paging.rows(pages({None: {"data": [], "paging": paging_field}}), "x")) == []


def test_a_page_without_paging_is_the_whole_list() -> None:
    assert list(paging.rows(pages({None: {"data": [{"id": "1"}]}}), "x")) == [{"id": "1"}]


@pytest.mark.parametrize("page", [{}, {"data": {}}, {"data": [1]}, [], True, {"data": None}])
def test_what_is_not_a_list_is_no_answer(page: object) -> None:
    with pytest.raises(GraphUnreachableError, match="is not a list of rows"):
        list(paging.rows(pages({None: page}), "x"))


@pytest.mark.parametrize("cursors", [None, {}, {"after": ""}, []])
def test_more_rows_without_a_cursor_are_an_error(cursors: object) -> None:
    page = {"data": [], "paging": {"next": "https://hidden.example", "cursors": cursors}}

    with pytest.raises(GraphError, match="names no way to them") as raised:
        list(paging.rows(pages({None: page}), "x"))

    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize("cursors", [("a",), ("a", "b"), ("a", "b", "c")])
def test_a_cursor_that_leads_back_is_an_error_at_once(cursors: tuple[str, ...]) -> None:
    following = dict(zip((None, *cursors), (*cursors, cursors[0]), strict=True))
    asked: list[str | None] = []

    def read(cursor: str | None) -> object:
        asked.append(cursor)
        return {"data": [{"id": "1"}], "paging": more(following[cursor])}

    with pytest.raises(GraphError, match="does not come to an end"):
        list(paging.rows(read, "x"))

    assert asked == [None, *cursors]


def test_a_list_without_end_is_an_error() -> None:
    with pytest.raises(GraphError, match="does not come to an end"):
        list(paging.rows(lambda cursor: {"data": [], "paging": more(f"{cursor}x")}, "x"))
