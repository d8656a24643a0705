"""The Graph door: a WSGI application that answers as graph.facebook.com does, faults included."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

from meta_access import rules
from meta_emulator import batch, router, throttles, usage
from meta_emulator import request as requests
from meta_emulator.call import GraphCall
from meta_emulator.errors import GraphFault
from meta_emulator.faults import as_header
from meta_emulator.journal import NO_ANSWER
from meta_emulator.limits import Limits
from meta_emulator.reply import preflight, render
from meta_emulator.wsgi import send_or_cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from meta_emulator.clock import WorldClock
    from meta_emulator.deliveries import Deliveries
    from meta_emulator.fault import Fault
    from meta_emulator.faults import Faults
    from meta_emulator.hosts import Hosts
    from meta_emulator.journal import Journal
    from meta_emulator.keyring import Keyring
    from meta_emulator.request import GraphRequest
    from meta_emulator.store import Store
    from meta_emulator.wsgi import Answer

    Perform = Callable[[Fault | None], tuple[Answer, int | None]]

log = logging.getLogger(__name__)

VERSIONS = rules.load(rules.newest()).api_versions
NEWEST = max(VERSIONS, key=rules.version_number)  # shown where no call could be read


class GraphDoor:
    """Answers Graph calls from the world in a store."""

    def __init__(
        self,
        store: Store,
        clock: WorldClock,
        keyring: Keyring,
        faults: Faults,
        journal: Journal,
        *,
        hosts: Hosts,
        deliveries: Deliveries,
    ) -> None:
        self._store = store
        self._clock = clock
        self._keyring = keyring
        self._faults = faults
        self._journal = journal
        self._hosts = hosts
        self._deliveries = deliveries
        self.limits = Limits()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/")
        fault, answer = self._take(method, path, lambda stale: self._serve(environ, stale))
        self._faults.hang(fault)
        return send_or_cut(answer, environ, start_response)

    def _take(
        self, method: str, path: str, perform: Perform, *, within: tuple[str, str] | None = None
    ) -> tuple[Fault | None, Answer | None]:
        """Carry out one call under the fault that is due for it, and note it in the journal."""
        delay = self._faults.delay_s("graph", method, path, within=within)
        if delay:
            self._faults.hold(delay)
        fault = self._faults.match("graph", method, path)
        answer, code = self._answer(path, fault, perform)
        self._journal.record("graph", method, path, NO_ANSWER if answer is None else answer.status, code)
        return fault, answer

    def _answer(self, path: str, fault: Fault | None, perform: Perform) -> tuple[Answer | None, int | None]:
        """What to send, None for a connection to cut; and Graph's error code."""
        if fault is None or fault.kind in ("stale", "hang"):
            return perform(fault)
        if fault.kind == "graph":
            if fault.options.get("applied"):
                perform(None)
            error, asked = _injected(fault), path.lstrip("/").partition("/")[0]
            return render(error, version=asked if asked in VERSIONS else NEWEST, now=self._clock.now()), error.code
        return self._faults.apply(fault, lambda: perform(None)[0]), None

    def _serve(self, environ: WSGIEnvironment, stale: Fault | None) -> tuple[Answer, int | None]:
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return preflight(environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", ""), self._clock.now()), None
        return self._perform(environ, stale)

    def _perform(self, environ: WSGIEnvironment, stale: Fault | None) -> tuple[Answer, int | None]:
        try:
            request = requests.parse(environ, self._hosts)
        except GraphFault as fault:
            return render(fault, version=NEWEST, now=self._clock.now()), fault.code
        if not batch.asked(request):
            return self._carry_out(request, stale)
        body: Any
        try:
            body = batch.run(request, self._item)
        except GraphFault as fault:
            body = fault
        answer = render(body, version=request.version or NEWEST, now=self._clock.now())
        return answer, body.code if isinstance(body, GraphFault) else None

    def _item(self, request: GraphRequest) -> Answer | None:
        """One call of a batch. A cut connection is a time-out of the item here."""
        version = (request.version,) if request.version else ()
        path, batch_path = ("/" + "/".join(parts) for parts in ((*version, *request.path), version))
        fault, answer = self._take(
            request.method, path, lambda stale: self._carry_out(request, stale), within=("POST", batch_path)
        )
        return None if fault is not None and fault.kind == "hang" else answer

    def _carry_out(self, request: GraphRequest, stale: Fault | None) -> tuple[Answer, int | None]:
        with self._store.lock:
            now, version, headers, shown = self._clock.now(), NEWEST, {}, Counter[str]()
            body: Any
            call: GraphCall | None = None
            try:
                call = self._call(request, now)
                version, headers, shown = call.served.version, call.headers, call.shown
                body = self._dispatch(call, stale)
                version = call.served.version
                if call.served.warning is not None:
                    headers["x-ad-api-version-warning"] = call.served.warning
            except GraphFault as fault:
                body = fault
            except Exception as broken:  # noqa: BLE001 - a hostile request must not bring the emulator down
                # The text of an exception may hold what was sent; its type and place do not.
                log.error("the emulator failed on a %s: %s", request.method[:16], _where(broken))  # noqa: TRY400
                self._store.undo()
                body = GraphFault(1, "An unknown error occurred")
            finally:
                if router.writes(request) or shown["changes"]:
                    self._store.save(None if call is None else call.author)
        answer = render(body, version=version, now=now, headers=headers, request=request)
        return answer, body.code if isinstance(body, GraphFault) else None

    def _call(self, request: GraphRequest, now: datetime) -> GraphCall:
        world = self._store.world

        def verify(url: str, verify_token: str) -> None:
            # The app that answers may call Graph first, and would wait for this very call.
            self._store.lock.release()
            try:
                self._deliveries.verify(url, verify_token)
            finally:
                self._store.lock.acquire()
            if self._store.world is not world:
                raise GraphFault(2, "The world was replaced while the callback was asked. Please retry your request.")

        ruleset = rules.load(world.rules)
        return GraphCall(request, world, ruleset, self._keyring, now, self._store.new_ids, self.limits, verify)

    def _dispatch(self, call: GraphCall, stale: Fault | None) -> Any:
        # Tokens prove themselves, so callers and debug_token are judged by the present.
        node_read = not router.writes(call.request) and call.request.path != ("debug_token",)
        if stale is not None and stale.kind == "stale" and node_read:
            call.caller  # noqa: B018 - identified before the world goes back in time
            call.world = self._store.behind(writes=stale.options.get("writes"), ms=stale.options.get("ms"))
        body = router.dispatch(call)
        if call.identified:
            usage.show_app(call)
        return body


def _injected(fault: Fault) -> GraphFault:
    options = fault.options
    code, subcode = options["code"], options.get("subcode")
    text = throttles.MESSAGES.get(code, "An error was injected into this call.")
    message = options.get("message", f"(#{code}) {text}")
    headers = {name: as_header(value) for name, value in options.get("headers", {}).items()}
    return throttles.refusal(code, message, subcode, status=options.get("status"), headers=headers)


def _where(broken: BaseException) -> str:
    trace = broken.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    return f"{type(broken).__name__}{place}"
