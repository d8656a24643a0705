"""The door: a WSGI application that answers as Secrets Manager does.

One lock around every call makes a write atomic, saved, and then answered: a client that saw an answer finds it after a
restart.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from typing import TYPE_CHECKING, Any, Final

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request

from meta_emulator.aws import limits, operations, statefile, wire
from meta_emulator.aws.errors import RefusedError
from meta_emulator.aws.functions import Functions
from meta_emulator.aws.history import History
from meta_emulator.aws.region import Region
from meta_emulator.journal import NO_ANSWER
from meta_emulator.wsgi import send_or_cut

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from meta_emulator.aws.secret import Secret
    from meta_emulator.aws.statefile import Everywhere
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
        faults: What strikes calls.
        journal: Where calls are recorded, by operation.
        state_file: Read now, written after every change.

    Raises:
        BrokenStateError: The state file cannot be understood; it is left as it is.
    """

    def __init__(self, clock: WorldClock, faults: Faults, journal: Journal, state_file: Path) -> None:
        self._clock = clock
        self._faults = faults
        self._journal = journal
        self._state_file = state_file
        self._lock = threading.RLock()
        self._history = History(clock.exact)
        self._secrets: Everywhere = statefile.read(state_file)
        self.functions = Functions(journal)

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
        return send_or_cut(answer, environ, start_response)

    def reset(self) -> None:
        """Forget every secret, in the file too."""
        with self._lock:
            self._secrets = {}
            self._history.clear()
            self.save()

    def save(self) -> None:
        """Write the state file."""
        with self._lock:
            self._drop_expired()
            statefile.write(self._state_file, self._secrets)

    def _answer(self, request: Request, fault: Fault | None) -> Answer | None:
        if fault is None or fault.kind in ("stale", "hang"):
            return self._perform(request, fault)
        return self._faults.apply(fault, lambda: self._perform(request, None))

    def _perform(self, request: Request, fault: Fault | None) -> Answer:
        try:
            call = wire.read(request)
            limits.check(call.operation, call.given)
            with self._lock:
                self._drop_expired()
                return wire.answer(200, self._carry_out(call, fault))
        except RefusedError as refusal:
            return wire.refused(refusal.code, refusal.message)
        except RecursionError:
            return wire.refused("SerializationException", "The body is nested too deeply.")
        except RequestEntityTooLarge:
            return wire.refused("RequestEntityTooLargeException", "The request is too long.", 413)
        except Exception as unexpected:  # noqa: BLE001 - the client sees AWS's 500, never a traceback with values
            log.error("%s failed: %s", wire.operation_of(request), type(unexpected).__name__)  # noqa: TRY400 - likewise
            return wire.refused("InternalServiceError", "An error occurred on the server side.", 500)

    def _region(self, name: str, everywhere: Everywhere) -> Region:
        return Region(name, everywhere, int(self._clock.now().timestamp()), self.functions)

    def _carry_out(self, call: wire.Call, fault: Fault | None) -> dict[str, Any]:
        if call.operation in operations.READS:
            shown = self._secrets
            if fault is not None and fault.kind == "stale":
                shown = self._as_it_was(call, fault.options)
            return operations.carry_out(call.operation, self._region(call.region, shown), call.given)
        after = self._copy()
        region = self._region(call.region, after)
        answer = operations.carry_out(call.operation, region, call.given)
        for one in self._take_over(after):
            self._history.add(*one)
        if call.operation == "RotateSecret":
            self._rotate(call, region, answer)
        return answer

    def _copy(self) -> Everywhere:
        """What a write works on. It takes the place of `_secrets` when it is saved, and never when something fails."""
        return {region: dict(held) for region, held in self._secrets.items()}

    def _take_over(self, after: Everywhere) -> list[tuple[str, str, Secret | None]]:
        """Save and keep what a write has made; each secret that changed, as it was before."""
        changed = [
            (region, name, before)
            for region in after.keys() | self._secrets.keys()
            for name in after.get(region, {}).keys() | self._secrets.get(region, {}).keys()
            if (before := self._secrets.get(region, {}).get(name)) != after.get(region, {}).get(name)
        ]
        if changed:
            statefile.write(self._state_file, after)
        self._secrets = after
        return changed

    def _drop_expired(self) -> None:
        now = self._clock.now().timestamp()
        for held in self._secrets.values():
            for name in [one.name for one in held.values() if one.deleted_date is not None and one.deleted_date <= now]:
                del held[name]

    def _rotate(self, call: wire.Call, region: Region, answer: dict[str, Any]) -> None:
        """Call the function behind the answer's back, as AWS does."""
        arn, version_id = answer["ARN"], answer["VersionId"]
        tested_only = call.given.get("RotateImmediately") is False

        def succeeded() -> None:
            # The secret may have gone meanwhile.
            with self._lock, contextlib.suppress(RefusedError):
                after = self._copy()
                operations.rotated(self._region(call.region, after), arn, version_id, tested_only=tested_only)
                self._take_over(after)

        function = region.usable(arn).rotation_lambda_arn
        self.functions.rotate(function, arn, version_id, tested_only=tested_only, succeeded=succeeded)

    def _as_it_was(self, call: wire.Call, options: dict[str, Any]) -> Everywhere:
        """What a stale read asks for, one secret or all of the region, as it was some writes or milliseconds ago."""
        writes, ms = options.get("writes"), options.get("ms")
        if call.operation == "ListSecrets":
            now = self._secrets.get(call.region, {})
            names = {*now, *self._history.names(call.region)}
            behind = self._history.behind
            past = {name: behind(call.region, name, now.get(name), writes=writes, ms=ms) for name in sorted(names)}
            return {call.region: {name: old for name, old in past.items() if old is not None}}
        wanted = call.given["SecretId"]
        secret = self._region(call.region, self._secrets).find(wanted)
        name = (secret and secret.name) or self._history.name_of(call.region, wanted) or wanted
        old = self._history.behind(call.region, name, secret, writes=writes, ms=ms)
        return {call.region: {} if old is None else {name: old}}


def _not_served(request: Request) -> Answer | None:
    if request.path != "/" or request.method != "POST":
        return wire.refused("UnknownOperationException", "Only POST / is served here.", 404)
    if request.headers.get("Origin") is not None:
        return wire.refused("AccessDeniedException", "Web pages are not served here.", 403)
    return None
