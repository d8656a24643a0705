"""Pages from templates, with the headers that make them inert to everybody else.

`layout.html` is the frame of every page the emulator shows a person; a page outside the dashboard (the login dialog)
extends it as well and is rendered by `page`, so that escaping and policy are the same everywhere.
"""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from importlib import resources
from typing import TYPE_CHECKING, Any

from meta_emulator.clock import http_date
from meta_emulator.dashboard import wording
from meta_emulator.forms import FormGuard
from meta_emulator.wsgi import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from jinja2 import Environment

STATIC = "/dashboard/static/"
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


def page(
    template: str,
    guard: FormGuard,
    now: datetime,
    *,
    status: int = HTTPStatus.OK,
    form_targets: Sequence[str] = (),
    **shown: Any,
) -> Answer:
    """A template as an answer.

    Args:
        template: Name below `templates`.
        guard: Its value goes into every form.
        now: The emulator's time, for the header and for `now` in the template.
        status: HTTP status.
        form_targets: Origins that a form may lead to besides our own: a browser counts the redirect after a POST.
        shown: What the template shows.
    """
    text = _environment().get_template(template).render(guard=guard, now=now, static=STATIC, **shown)
    targets = " ".join(("'self'", *form_targets))
    policy = (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        f"form-action {targets}; frame-ancestors 'none'; base-uri 'none'"
    )
    headers = (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", policy),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
        ("Date", http_date(now)),
    )
    return Answer(status, text.encode(), headers)


def asset(name: str, now: datetime) -> Answer | None:
    """A file of the folder `static`; None when there is none of that name."""
    content_type = _TYPES.get(name.rpartition(".")[2])
    file = resources.files(__package__).joinpath("static", name)
    if content_type is None or "/" in name or not file.is_file():
        return None
    headers = (
        ("Content-Type", content_type),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-cache"),
        ("Date", http_date(now)),
    )
    return Answer(HTTPStatus.OK, file.read_bytes(), headers)


@cache
def _environment() -> Environment:
    # Here and not above: it takes a sixth of an emulator's start, and most are never shown to a person.
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415

    found = Environment(
        loader=PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.filters |= {
        "moment": wording.moment,
        "ahead": wording.ahead,
        "plain": wording.plain,
        "tone": wording.tone,
        "count": wording.count,
    }
    found.globals["FORM_TOKEN"] = FormGuard.FIELD
    return found
