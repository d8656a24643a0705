"""HTML for people: elements whose texts are escaped, and a page in one file that loads nothing.

Whatever comes from Meta, AWS, a state or a stack file is text here, and what it may not show is masked or written out.
Should a text ever pass as markup, the page's policy still lets no script and no style run but its own two.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape
from importlib import resources
from typing import TYPE_CHECKING

from meta_access.redaction import scrub

if TYPE_CHECKING:
    from collections.abc import Iterable

_VOID = frozenset({"br", "input", "link", "meta"})


class Markup(str):
    """HTML as it stands."""

    __slots__ = ()


NOTHING = Markup()
Value = str | int | bool | None
"""Of an attribute: True is one without a value, None and False are none."""


def text(value: str) -> Markup:
    """A text on one line, escaped; markup stays as it is."""
    return value if isinstance(value, Markup) else Markup(escape(scrub(value)))


def element(name: str, /, *inside: str, **attributes: Value) -> Markup:
    """An element with texts and elements in it.

    In the name of an attribute `_` is a dash, and one at the end is left out: `class_`, `aria_label`.
    """
    opened = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{opened}>")
    return Markup(f"<{name}{opened}>{''.join(map(text, inside))}</{name}>")


def joined(parts: Iterable[str], between: Markup = NOTHING) -> Markup:
    """Several as one."""
    return Markup(between.join(map(text, parts)))


def link(to: str, *inside: str) -> Markup:
    """A link to a page of the web; an address of any other kind is its text alone."""
    if not to.startswith("https://"):
        return joined(inside)
    return element("a", *inside, href=to, rel="noreferrer")


def document(title: str, body: Iterable[Markup], *, style: str = "", script: str = "") -> str:
    """A whole page, with the common style before its own.

    Args:
        title: Of the page.
        body: What stands in it.
        style: Of this page.
        script: Of this page; it runs when the page has been read, and the page can be read without it.
    """
    style = f"{resources.files(__package__).joinpath('style.css').read_text(encoding='utf-8')}{style}"
    parts = ["default-src 'none'", f"style-src {_digest(style)}", "img-src data:", "base-uri 'none'"]
    parts += [f"script-src {_digest(script)}"] if script else []
    policy = "; ".join([*parts, "form-action 'none'"])
    head = (
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=Markup(policy)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        # Without one a browser asks the page's host for a picture.
        element("link", rel="icon", href="data:,"),
        element("style", Markup(style)),
    )
    last = (element("script", Markup(script)),) if script else ()
    lines = ["<!DOCTYPE html>", '<html lang="en">', "<head>", *head, "</head>", "<body>", *body, *last, "</body>"]
    return "\n".join([*lines, "</html>", ""])


def _attribute(key: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{text(str(value)) if not isinstance(value, Markup) else value}"'


def _digest(inline: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"
