"""The dashboard as a WSGI application: pages by GET, changes by POST and a redirect back to the page.

Every change of the world is an act, the same function that `meta-access emulator act` calls; faults, clock and journal
are the emulator's own and change as through the control API.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from meta_access import rules
from meta_emulator import acts
from meta_emulator.clock import ClockError, http_date
from meta_emulator.dashboard import html, knobs
from meta_emulator.dashboard.pages import GROUPS, PAGES
from meta_emulator.dashboard.scene import Scene
from meta_emulator.fault import FaultError
from meta_emulator.forms import ForeignError, check_local
from meta_emulator.named import ActError
from meta_emulator.tokens import ONLY_FAKE, holds_real
from meta_emulator.wsgi import Answer, send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from meta_emulator.state import State

ROOT = "/dashboard"
SENTENCES = 50  # of done acts that wait to be shown


class Dashboard:
    """The dashboard of one emulator."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._said: OrderedDict[str, str] = OrderedDict()
        self._changes: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
            "act": self._act,
            **knobs.changes(state),
        }

    def serves(self, path: str) -> bool:
        return path == ROOT or path.startswith(f"{ROOT}/")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        try:
            check_local(request, self._state.hosts)
            answer = self._answer(request)
        except ForeignError as foreign:
            answer = self._page("refused", request, status=foreign.status, reason=str(foreign))
        return send(answer, start_response)

    def _answer(self, request: Request) -> Answer:
        name = request.path.removeprefix(ROOT).removeprefix("/")
        if request.method == "POST" and name in self._changes:
            return self._change(name, request)
        if request.method not in ("GET", "HEAD"):
            return self._page("refused", request, status=405, reason="This page is only read.")
        if request.path.startswith(html.STATIC):
            found = html.asset(request.path.removeprefix(html.STATIC), self._state.clock.now())
            if found is not None:
                return found
        if name in PAGES:
            return self._page(name, request)
        return self._page("refused", request, status=404, reason="The dashboard has no such page.")

    def _change(self, name: str, request: Request) -> Answer:
        """Do it and go back to the page, or show the page again with what was wrong and what was typed."""
        self._state.forms.check(request)
        given: dict[str, Any] = {key: value.strip() for key, value in request.form.items() if value.strip()}
        given |= {key: request.form.getlist(key) for key in acts.LISTS if key in request.form}
        back, form = given.pop("back", ""), given.pop("form", "")
        given.pop(self._state.forms.FIELD, None)
        back = back if back in PAGES else ""
        if holds_real(str(given)):  # not shown again either
            wrong = f"What was typed looks like a real token of Meta's. {ONLY_FAKE}"
            return self._page(back, request, status=400, wrong=wrong, given={"form": form})
        try:
            with self._state.store.lock:
                said = self._changes[name](given)
                self._state.store.save(acts.author(self._state.store.world, given))
        except (ActError, FaultError, ClockError) as wrong:
            return self._page(back, request, status=400, wrong=str(wrong), given={**given, "form": form})
        number = secrets.token_hex(4)
        self._said[number] = said
        while len(self._said) > SENTENCES:
            self._said.popitem(last=False)
        path = f"{ROOT}/{back}" if back else ROOT
        where = ("Location", f"{path}?said={number}")
        return Answer(HTTPStatus.SEE_OTHER, b"", (where, ("Date", http_date(self._state.clock.now()))))

    def _act(self, given: Mapping[str, Any]) -> str:
        return acts.perform(self._state.store.world, dict(given))

    def _page(self, name: str, request: Request, *, status: int = HTTPStatus.OK, **shown: Any) -> Answer:
        state = self._state
        with state.store.lock:
            world, now = state.store.world, state.clock.now()
            query = request.args.to_dict()
            scene = Scene(
                world,
                rules.load(world.rules),
                now,
                state.journal.calls(),
                state.faults.all(),
                state.graph.limits.all(int(now.timestamp())),
                query,
            )
            common = {
                "world": world,
                "rules": scene.rules,
                "groups": GROUPS,
                "current": name,
                "said": self._said.pop(query.get("said", ""), None),
                "wrong": None,
                "given": {},
            }
            found = PAGES.get(name)
            if found is None:
                return html.page("refused.html", state.forms, now, status=status, **{**common, **shown})
            shown = {**common, "title": found.title, **found.look(scene), **shown}
            return html.page(found.template, state.forms, now, status=status, **shown)
