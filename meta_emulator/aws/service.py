"""The door: a WSGI application that answers as Secrets Manager does.

One lock around every call makes a write atomic, saved, and then answered: who saw an answer finds it after a restart.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any, Final

from moto.secretsmanager.exceptions import SecretsManagerClientError
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request

from meta_emulator.aws import limits, statefile, wire
from meta_emulator.aws.backend import Backend
from meta_emulator.aws.history import History
from meta_emulator.aws.responses import WRITES, Responses
from meta_emulator.journal import NO_ANSWER
from meta_emulator.wsgi import send

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from meta_emulator.aws.functions import Functions
    from meta_emulator.aws.records import Record
    from meta_emulator.clock import WorldClock
    from meta_emulator.faults import Fault, Faults
    from meta_emulator.journal import Journal
    from meta_emulator.wsgi import Answer

SERVICE: Final = "secretsmanager"

log = logging.getLogger(__name__)


class AwsDoor:
    """Secrets Manager of one account, all regions. Thread-safe.

    Args:
        clock: Of the emulator; all dates and the `Date` header come from it.
        faults: To be struck by.
        journal: Where calls are recorded, by operation.
        state_file: Read now, written after every change.
        functions: Those that rotate secrets.

    Raises:
        BrokenStateError: The state file cannot be understood.
    """

    def __init__(
        self, clock: WorldClock, faults: Faults, journal: Journal, state_file: Path, functions: Functions
    ) -> None:
        self._clock = clock
        self._faults = faults
        self._journal = journal
        self._state_file = state_file
        self._lock = threading.RLock()
        self._history = History(clock.exact)
        self._backends: dict[str, Backend] = {}
        self.functions = functions
        self._load()

    def wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI application."""
        request = Request(environ)
        request.max_content_length = wire.LONGEST_BODY
        operation = wire.operation_of(request)
        answer, fault = _not_served(request), None
        if answer is None:
            self._faults.hold(self._faults.delay_s(SERVICE, operation, "/"))
            fault = self._faults.match(SERVICE, operation, "/")
            answer = self._answer(request, fault)
        if answer is None:
            self._journal.record(SERVICE, request.method, operation, NO_ANSWER)
        else:
            answer = wire.dated(answer, self._clock.now())
            self._journal.record(SERVICE, request.method, operation, answer.status, wire.code_of(answer))
        self._faults.hang(fault)
        return send(answer, start_response)

    def reset(self) -> None:
        """Forget every secret, in the file too."""
        with self._lock:
            self._backends.clear()
            self._history.clear()
            self.save()

    def save(self) -> None:
        """Write the state file."""
        with self._lock:
            statefile.write(self._state_file, {region: held.all_records() for region, held in self._backends.items()})

    def _load(self) -> None:
        stored = statefile.read(self._state_file)
        try:
            for region, held in stored.items():
                for record in held:
                    self._backend(region).restore_record(record["name"], record)
        except (KeyError, TypeError, AttributeError) as reason:
            raise statefile.broken(self._state_file, type(reason).__name__) from None

    def _answer(self, request: Request, fault: Fault | None) -> Answer | None:
        if fault is None or fault.kind in ("stale", "hang"):
            return self._perform(request, fault)
        return self._faults.apply(fault, request.environ, lambda: self._perform(request, None))

    def _perform(self, request: Request, stale: Fault | None) -> Answer:
        try:
            call = wire.read(request)
            limits.check(call.operation, call.params)
            with self._lock:
                return wire.answer(200, self._carry_out(call, stale))
        except SecretsManagerClientError as refusal:
            # moto answers 404 where AWS answers 400 (recorded): only code and message are taken from it.
            return wire.refused(str(refusal.error_type), str(refusal.message))
        except RecursionError:
            return wire.refused("SerializationException", "The body is nested too deeply.")
        except RequestEntityTooLarge:
            return wire.refused("RequestEntityTooLargeException", "The request is too long.", 413)
        except Exception as unexpected:  # noqa: BLE001 - the client sees AWS's 500, never a traceback with values
            log.error("%s failed: %s", wire.operation_of(request), type(unexpected).__name__)  # noqa: TRY400 - likewise
            return wire.refused("InternalServiceError", "An error occurred on the server side.", 500)

    def _carry_out(self, call: wire.Call, stale: Fault | None) -> dict[str, Any]:
        backend = self._backend(call.region)
        if call.operation in WRITES:
            answer = self._write(backend, call)
            if call.operation == "RotateSecret":
                self._rotate(backend, call, answer)
            return answer
        if stale is not None and stale.kind == "stale":
            backend = self._as_it_was(backend, call, stale)
        return Responses(backend, call.params).run(call.operation)

    def _write(self, backend: Backend, call: wire.Call) -> dict[str, Any]:
        wanted = call.params["Name"] if call.operation == "CreateSecret" else call.params["SecretId"]
        name = backend.name_of(wanted) or wanted
        before = self._everywhere(name)
        try:
            answer = Responses(backend, call.params).run(call.operation)
            backend.spread(name)
            after = self._everywhere(name)
            changed = [region for region, record in after.items() if record != before.get(region)]
            if changed:
                self.save()
        except BaseException:
            for region, held in self._backends.items():
                held.restore_record(name, before.get(region))
            raise
        for region in changed:
            self._history.add(region, name, before.get(region))
        return answer

    def _everywhere(self, name: str) -> dict[str, Record | None]:
        """A secret and its replicas, which have its name, by region."""
        return {region: held.record(name) for region, held in self._backends.items()}

    def _rotate(self, backend: Backend, call: wire.Call, answer: dict[str, Any]) -> None:
        """Call the function behind the answer's back, as AWS does."""
        arn, version_id = answer["ARN"], answer["VersionId"]
        tested_only = call.params.get("RotateImmediately") is False
        record = backend.record(arn)
        assert record is not None
        function = record["rotation_lambda_arn"]

        def succeeded() -> None:
            with self._lock:
                backend.rotated(arn, version_id, tested_only=tested_only)
                backend.spread(arn)
                self.save()

        self.functions.rotate(function, arn, version_id, tested_only=tested_only, succeeded=succeeded)

    def _as_it_was(self, backend: Backend, call: wire.Call, stale: Fault) -> Backend:
        wanted = call.params["SecretId"]
        name = backend.name_of(wanted) or self._history.name_of(call.region, wanted) or wanted
        options = stale.options
        record = self._history.behind(
            call.region, name, backend.record(name), writes=options.get("writes"), ms=options.get("ms")
        )
        return self._alone(call.region, name, record)

    def _alone(self, region: str, name: str, record: Record | None) -> Backend:
        backend = Backend(region, self._clock.now)
        backend.restore_record(name, record)
        return backend

    def _backend(self, region: str) -> Backend:
        if region not in self._backends:
            self._backends[region] = Backend(region, self._clock.now)
            self._backends[region].functions = self.functions
            self._backends[region].elsewhere = self._backend
        return self._backends[region]


def _not_served(request: Request) -> Answer | None:
    # moto's own pages (/moto-api/…) print stored secrets, and answer any web page: none of them is served.
    if request.path != "/" or request.method != "POST":
        return wire.refused("UnknownOperationException", "Only POST / is served here.", 404)
    if request.headers.get("Origin") is not None:
        return wire.refused("AccessDeniedException", "Web pages are not served here.", 403)
    return None
