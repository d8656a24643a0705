"""The login dialog, `/{version}/dialog/oauth`: a person logs in, consents, and is sent back to the app.

The visitor chooses a person: nobody in this world has a password. Nothing is kept between the pages but their address
and forms. Source: the pages that `login` names. A POST is protected against other web pages as the
dashboard's forms are.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Request

from meta_access import rules
from meta_emulator import login as logins
from meta_emulator.clock import http_date
from meta_emulator.dashboard import html
from meta_emulator.forms import ForeignError, check_host
from meta_emulator.journal import NO_ANSWER
from meta_emulator.login import Login, LoginRefused
from meta_emulator.wsgi import Answer, send_or_cut

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from meta_emulator.state import State
    from meta_emulator.world import Person

_PATH = re.compile(r"/(v\d+\.\d+/)?dialog/oauth/?")


class Dialog:
    """The login dialog of one emulator."""

    def __init__(self, state: State) -> None:
        self._state = state

    def serves(self, path: str) -> bool:
        return _PATH.fullmatch(path) is not None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request, faults = Request(environ), self._state.faults
        method, path = request.method, request.path
        delay = faults.delay_s("graph", method, path)
        if delay:
            faults.hold(delay)
        fault = faults.match("graph", method, path)
        if fault is None or fault.kind in ("stale", "hang", "graph"):
            answer: Answer | None = self._answer(request)
        else:
            answer = faults.apply(fault, lambda: self._answer(request))
        self._state.journal.record("graph", method, path, NO_ANSWER if answer is None else answer.status)
        return send_or_cut(answer, environ, start_response)

    def _answer(self, request: Request) -> Answer:
        try:
            if request.method == "POST":
                self._state.forms.check(request)
                # Closed to other pages: any of them may open a login, but only ours may send an answer to it.
                return self._locked(request, posted=True)
            check_host(request, self._state.hosts)  # a link to a login does come from another page
            if request.method not in ("GET", "HEAD"):
                return self._refused("This page is only read.", "It takes GET and POST.", HTTPStatus.METHOD_NOT_ALLOWED)
            return self._locked(request, posted=False)
        except ForeignError as foreign:
            return self._refused("Not from here", str(foreign), foreign.status)

    def _locked(self, request: Request, *, posted: bool) -> Answer:
        store = self._state.store
        with store.lock:
            try:
                login = logins.parse(store.world, request.args)
                if not posted:
                    return self._ask_who(login, request)
                answer = self._go_on(login, request)
                store.save()
            except LoginRefused as refused:
                return self._refused(refused.title, refused.text, HTTPStatus.BAD_REQUEST)
            return answer

    def _ask_who(self, login: Login, request: Request) -> Answer:
        if self._state.store.world.strictness == "strict":
            logins.check_uri(login)
        return self._page("login_person.html", login, request, people=self._state.store.world.people)

    def _go_on(self, login: Login, request: Request) -> Answer:
        world, now = self._state.store.world, self._state.clock.now()
        form = request.form
        person = world.person(form.get("person", ""))
        if person is None:
            raise LoginRefused("Choose a person", "Nobody of this world was chosen.")
        scopes = logins.offered(world, rules.load(world.rules), login, person)
        boxes = logins.to_ask(world, login, person, scopes)
        if form.get("decision") == "cancel":
            return self._return(login, logins.DENIED)
        known = world.consent(person.id, login.app.id) is not None
        if form.get("decision") != "continue" and (boxes or not known or login.for_business):
            businesses = [b for b in world.businesses if person.businesses.get(b.id) == "ADMIN"]
            shown = {"person": person, "boxes": boxes, "businesses": businesses if login.for_business else None}
            return self._page("login_consent.html", login, request, **shown)
        return self._return(login, self._consented(login, person, boxes, form, now))

    def _consented(self, login: Login, person: Person, boxes: tuple[str, ...], form: Any, now: Any) -> dict[str, str]:
        return logins.answer(
            self._state.store.world,
            login,
            person,
            asked=boxes,
            granted=tuple(form.getlist("scope")),
            business_id=form.get("business") or None,
            now=now,
        )

    def _return(self, login: Login, given: Any) -> Answer:
        now = self._state.clock.now()
        if login.redirect_uri is None:
            return html.page("login_answer.html", self._state.forms, now, login=login, given=dict(given))
        where = logins.return_address(login, given)
        headers = (("Location", where), ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"))
        return Answer(HTTPStatus.FOUND, b"", (*headers, ("Date", http_date(now))))

    def _page(self, template: str, login: Login, request: Request, **shown: Any) -> Answer:
        parts = urlsplit(login.redirect_uri or "")
        # A browser counts the redirect after a form among the form's own targets.
        origin = f"{parts.scheme}://{parts.netloc}"
        targets = (origin,) if re.fullmatch(r"https?://[A-Za-z0-9.\-]+(:\d+)?", origin) else ()
        action = f"{request.path}?{request.query_string.decode('latin-1')}"
        return html.page(
            template,
            self._state.forms,
            self._state.clock.now(),
            form_targets=targets,
            login=login,
            action=action,
            **shown,
        )

    def _refused(self, title: str, text: str, status: int) -> Answer:
        return html.page(
            "login_refused.html",
            self._state.forms,
            self._state.clock.now(),
            status=status,
            heading=title,
            text=text,
        )
