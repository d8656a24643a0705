"""The control API on the Graph port: the world, the journal, faults, the clock, and the human steps.

For tests and for the shell, on loopback only. A request with a foreign Host or Origin is refused, so that no web page
in a browser can reach it by rebinding a name.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Request

from meta_emulator import acts, world_json
from meta_emulator.clock import ClockError, http_date, iso, parse_iso
from meta_emulator.fault import FaultError
from meta_emulator.forms import ForeignError, check_local
from meta_emulator.hosts import LOOPBACK
from meta_emulator.named import ActError
from meta_emulator.tokens import ONLY_FAKE, holds_real
from meta_emulator.world_files import USUAL, WorldFile
from meta_emulator.world_json import WorldError
from meta_emulator.wsgi import Answer, send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from meta_emulator.state import State

PREFIX = "/_control/"
AWS_REGION = "eu-central-1"


class ControlError(ValueError):
    """A control call that cannot be done; `status` is 400 unless it says otherwise."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """The control API of one emulator."""

    def __init__(self, state: State, graph_url: str, aws_url: str) -> None:
        self._urls = {"graph": graph_url, "aws": aws_url}
        self._state = state
        self._routes: Mapping[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "world"): self._get_world,
            ("PUT", "world"): self._put_world,
            ("POST", "reset"): self._reset,
            ("GET", "calls"): lambda _: [call.to_json() for call in state.journal.calls()],
            ("DELETE", "calls"): self._clear_calls,
            ("GET", "faults"): lambda _: [fault.to_json() for fault in state.faults.all()],
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "clock"): lambda _: {"now": iso(state.clock.now())},
            ("POST", "clock"): self._set_clock,
            ("GET", "credentials"): self._credentials,
            ("POST", "act"): self._act,
            ("GET", "functions"): lambda _: state.aws.functions.all(),
            ("POST", "functions"): self._add_function,
        }

    def serves(self, path: str) -> bool:
        return path == "/healthz" or path.startswith(PREFIX)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        try:
            check_local(request, self._state.hosts)
            answer = self._answer(request)
        except (ControlError, ForeignError, WorldError, FaultError, ClockError, ActError) as wrong:
            answer = self._json({"error": str(wrong)}, getattr(wrong, "status", 400))
        return send(answer, start_response)

    def _answer(self, request: Request) -> Answer:
        if request.path == "/healthz":
            return self._json(self.health())
        noun = request.path.removeprefix(PREFIX)
        handler = self._routes.get((request.method, noun))
        if handler is None:
            methods = [method for method, known in self._routes if known == noun]
            if methods:
                raise ControlError(f"{PREFIX}{noun} takes {', '.join(methods)}.", 405)
            nouns = sorted({known for _, known in self._routes})
            raise ControlError(f"no control call {noun[:64]!r}; there are {', '.join(nouns)}.", 404)
        with self._state.store.lock:
            return self._json(handler(request))

    def health(self) -> dict[str, Any]:
        folder = self._state.folder
        named = {"home": str(folder.home), "world": folder.starting_point().name}
        doors = {"tls": self._state.certificates is not None, "allowed_hosts": list(self._state.hosts.allowed)}
        return {"status": "ok", **self._urls, "pid": os.getpid(), **named, **doors}

    def _json(self, body: Any, status: int = 200) -> Answer:
        headers = (("Content-Type", "application/json"), ("Cache-Control", "no-store"), self._date())
        return Answer(status, json.dumps(body).encode(), headers)

    def _date(self) -> tuple[str, str]:
        return ("Date", http_date(self._state.clock.now()))

    def _get_world(self, _request: Request) -> Any:
        world = json.loads(world_json.dump(self._state.store.world))
        return {"now": iso(self._state.clock.now()), **world}

    def _put_world(self, request: Request) -> Any:
        data = _object(request)
        moment = _moment("now", data.pop("now")) if "now" in data else None
        world = world_json.load_object(data)
        # A world that was read, edited and put back is a little behind; the clock goes forward or stays.
        if moment is not None and moment > self._state.clock.now():
            self._state.clock.set(moment)
        self._state.store.replace(world)
        self._state.store.save_clock()
        return self._get_world(request)

    def _reset(self, request: Request) -> Any:
        """Back to the starting world; `{world, name}` makes another one the starting world first."""
        body = _object(request) if request.get_data() else {}
        if not set(body) <= {"world", "name"}:
            raise ControlError("a reset takes nothing, or {world, name}: the content of a world file, and its name.")
        wanted, name = body.get("world"), body.get("name", "unnamed")
        if not (wanted is None or isinstance(wanted, dict)) or not isinstance(name, str):
            raise ControlError("world: an object with the keys of a world file, null for the usual world; name: text.")
        self._state.reset(WorldFile(name if wanted is not None else USUAL, wanted) if "world" in body else None)
        return {"status": "ok", "now": iso(self._state.clock.now())}

    def _clear_calls(self, _request: Request) -> Any:
        self._state.journal.clear()
        return {"status": "ok"}

    def _add_faults(self, request: Request) -> Any:
        body = _decoded(request)
        if not isinstance(body, list):
            return self._state.faults.add(body).to_json()
        added = self._state.faults.add_all(body)
        return [fault.to_json() for fault in added]

    def _clear_faults(self, request: Request) -> Any:
        wanted = request.args.get("id")
        if wanted is None:
            self._state.faults.clear()
        elif not wanted.isdecimal() or not self._state.faults.remove(int(wanted[:9])):
            raise ControlError(f"id: there is no fault {wanted[:16]!r}.", 404)
        return {"status": "ok"}

    def _set_clock(self, request: Request) -> Any:
        body = _object(request)
        if len(body) != 1 or not set(body) <= {"advance_s", "set"}:
            raise ControlError("the clock takes either advance_s (seconds) or set (a moment).")
        if "set" in body:
            self._state.clock.set(_moment("set", body["set"]))
        else:
            seconds = body["advance_s"]
            if isinstance(seconds, bool) or not isinstance(seconds, int | float):
                raise ControlError(f"advance_s: {seconds!r} is not a number of seconds.")
            self._state.clock.advance(seconds)
        self._state.store.save_clock()
        return {"now": iso(self._state.clock.now())}

    def _credentials(self, request: Request) -> Any:
        """The fake credentials; `?app_id=` gives the secret of another app of this world."""
        world, keyring = self._state.store.world, self._state.keyring
        wanted = request.args.get("app_id", world.apps[0].id if world.apps else "")
        app = world.app(wanted)
        if app is None and wanted:
            raise ControlError("app_id: no such app in this world.", 404)
        first = world.businesses[0].id if world.businesses else None
        return {
            "app_id": None if app is None else app.id,
            "app_secret": None if app is None else keyring.app_secret(app.id),
            "business_id": (None if app is None else app.business_id) or first,
            "admin_token": keyring.admin_token(),
            "tokens": keyring.named_tokens(),
            "aws_region": AWS_REGION,
        }

    def _add_function(self, request: Request) -> Any:
        body = _object(request)
        arn, url = body.get("arn"), body.get("url")
        parts = urlsplit(url) if isinstance(url, str) else None
        if not isinstance(arn, str) or ":function:" not in arn:
            raise ControlError("arn: write the ARN of a Lambda function, arn:aws:lambda:REGION:ACCOUNT:function:NAME.")
        if parts is None or parts.scheme != "http" or parts.hostname not in LOOPBACK:
            raise ControlError("url: a function is called on this machine only, such as http://127.0.0.1:9000.")
        self._state.aws.functions.add(arn, str(url))
        return self._state.aws.functions.all()

    def _act(self, request: Request) -> Any:
        world, act = self._state.store.world, _decoded(request)
        done = acts.perform(world, act)
        self._state.store.save(acts.author(world, act))
        return {"done": done}


def _decoded(request: Request) -> Any:
    data = request.get_data()
    if holds_real(data.decode(errors="replace")):
        raise ControlError(f"the body holds what looks like a real token of Meta's. {ONLY_FAKE}")
    try:
        return json.loads(data)
    except (ValueError, RecursionError):  # the second for a body of brackets
        raise ControlError("the body is not JSON.") from None


def _object(request: Request) -> dict[str, Any]:
    body = _decoded(request)
    if not isinstance(body, dict):
        raise ControlError("the body is not a JSON object.")
    return body


def _moment(key: str, value: object) -> Any:
    try:
        return parse_iso(str(value))
    except ValueError:
        raise ControlError(f"{key}: {value!r} is not a moment such as 2026-11-24T08:00:00Z.") from None
