"""The pack for auditors as a page in one file, and as a table for spreadsheets."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from meta_access import html
from meta_access.access_review.evidence import COLUMNS, REVIEWED, TOKEN, Evidence, Line
from meta_access.access_review.history import What
from meta_access.cli.people.who import cell
from meta_access.html import Markup, element, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_STYLE = """
.table { overflow-x: auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.125rem 1rem; margin-top: 0.75rem; }
dd { overflow-wrap: anywhere; }
.unknown li { margin-bottom: 0.25rem; padding: 0.375rem 0.75rem; background: var(--bad-ground); color: var(--bad); }
"""
_HAD = (("rights", "Rights"), ("from", "From"), ("to", "To"), ("began_by", "Brought by"), ("ended_by", "Ended by"))
_SECTIONS: tuple[tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]], ...] = (
    ("Declared access", (What.DECLARED,), (("client", "Client"), ("on", "Asset"), ("holder", "Identity"), *_HAD)),
    (
        "Access that was let stay undeclared",
        (What.IGNORED,),
        (("client", "Client"), ("on", "Asset"), ("holder", "Holder"), ("note", "Why, and who answers"), *_HAD[1:]),
    ),
    ("People", (What.BUSINESS, What.APP), (("holder", "Person"), ("what", "Kind"), ("on", "Of"), *_HAD)),
    (
        "Access reviews",
        (REVIEWED,),
        (
            ("client", "Client"),
            ("on", "Asset"),
            ("holder", "Holder"),
            ("rights", "Tasks that Meta listed"),
            ("standing", "Standing"),
            ("from", "Begun"),
            ("to", "Closed"),
            ("decision", "Decision"),
            ("reviewer", "By"),
            ("signed", "Commits"),
        ),
    ),
    (
        "Steps of tokens",
        (TOKEN,),
        (
            ("from", "When"),
            ("on", "Secret"),
            ("rights", "Step"),
            ("name", "Token"),
            ("began_by", "By"),
            ("note", "Note"),
        ),
    ),
)


def as_csv(found: Evidence) -> str:
    """A line per thing that somebody had."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in found.lines:
        writer.writerow([cell(line[column]) for column in COLUMNS])
    return text.getvalue()


def as_html(found: Evidence) -> str:
    """One page, which loads nothing and runs nothing."""
    title = f"Who had access: {found.project}/{found.stack}, {found.start} to {found.end}"
    facts = (
        ("Stack", f"{found.project}/{found.stack}"),
        ("Period", f"{found.start} to {found.end}, both days included, UTC"),
        ("As of commit", found.commit),
    )
    rows = [joined((element("dt", name, class_="soft"), element("dd", value))) for name, value in facts]
    head = element("header", element("h1", title), element("dl", *rows))
    parts = [
        _section(name, columns, [one for one in found.lines if one["what"] in kinds])
        for name, kinds, columns in _SECTIONS
    ]
    unknown = [element("section", element("h2", "What nobody can tell"), _list(found.unknown, "unknown"))]
    notes = element("footer", _list(found.notes, "soft"))
    body = element("main", *(unknown if found.unknown else []), *parts)
    return html.document(title, (head, body, notes), style=_STYLE)


def _list(texts: Iterable[str], class_: str) -> Markup:
    return element("ul", *(element("li", text) for text in texts), class_=class_)


def _section(name: str, columns: Sequence[tuple[str, str]], lines: Sequence[Line]) -> Markup:
    title = element("h2", f"{name} ({len(lines)})")
    if not lines:
        return element("section", title, element("p", "Nothing in this period.", class_="panel empty"))
    head = element("tr", *(element("th", label, scope="col") for _, label in columns))
    rows = [
        element("tr", *(element("td", _shown(key, line), data_label=label) for key, label in columns)) for line in lines
    ]
    table = element("table", element("thead", head), element("tbody", *rows), class_="reflow")
    return element("section", title, element("div", table, class_="panel table"))


def _shown(key: str, line: Line) -> Markup:
    commit = {"began_by": "began_commit", "ended_by": "ended_commit"}.get(key)
    value = line[key] or ("still so" if key == "to" and line["what"] != TOKEN else "")
    if commit and line[commit]:
        return joined((value, " ", element("code", line[commit][:12])))
    return html.text(value)
