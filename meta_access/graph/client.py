"""The Graph client: sends what `wire` builds, waits and repeats as `retry` says. The only user of `requests`.

No exception of a library leaves here, not even as a cause: that of requests holds URL, form and headers, and the engine
prints whole chains. So a failure is described inside the handler and raised outside it.
"""

from __future__ import annotations

import os
import ssl
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from meta_access import audit, call_log, redaction, snapshot
from meta_access.clock import SYSTEM_CLOCK, Clock
from meta_access.endpoints import CA_VARIABLE, PROXY_VARIABLE, ignored_proxy, is_loopback, proxy, proxy_shown, roots
from meta_access.errors import GraphError, GraphUnreachableError, OfflineError, RateLimitedError
from meta_access.graph import landing, paging, patience, recorded, retry, usage, wire
from meta_access.graph.auth import Auth, TokenAuth, check_sent, token_of
from meta_access.graph.patience import Patience
from meta_access.stack.credentials import Credentials, credentials_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pydantic import SecretStr

    from meta_access.snapshot import Snapshot
    from meta_access.stack.connections import Connection

__all__ = ["Auth", "GraphClient", "TokenAuth", "client_for"]

CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 20.0
CALL_BUDGET_S = 60.0
"""Bound of one call with its repetitions; waits for throttles have bounds of their own (`retry`, `patience`) on top."""

_LARGEST_BODY = 16 * 1024 * 1024
_CHUNK = 65536
_DOING = {"GET": "reading", "POST": "writing to", "DELETE": "deleting from"}
# No compressed bodies: they are small, and a size bound is only a bound on what arrives as it is.
_HEADERS = {"User-Agent": "meta-access", "Accept": "application/json", "Accept-Encoding": "identity"}


class GraphClient:
    """Calls Graph for one connection. Safe to share between threads: each has its own session.

    Attributes:
        connection: What the calls act on.
        credentials: Asked at each call, so that a promoted token is used at once.
        server_time: Meta's clock when it last answered; None before the first answer.
        observed_tier_header: The last `ads_api_access_tier` seen in any answer; None when none was.
        used_percent: The most that any answer said was used up of one of Meta's limits; None when none said.
        served_version: The Graph version of the last answer that names one; None when none did.
        version_ends: Whether an answer announced the end of the version that was asked for.
    """

    def __init__(
        self,
        connection: Connection,
        credentials: Credentials,
        *,
        clock: Clock = SYSTEM_CLOCK,
        notify: Callable[[str], None] = print,
        run: Patience | None = None,
        budget_s: float = CALL_BUDGET_S,
    ) -> None:
        self.connection = connection
        self.credentials = credentials
        self.server_time: datetime | None = None
        self._server_time_seen = float("-inf")
        self.observed_tier_header: str | None = None
        self.used_percent: float | None = None
        self._app_percent = 0.0
        self.served_version: str | None = None
        self.version_ends = False
        self._clock = clock
        self._budget_s = budget_s
        self._notify = notify
        self._patience = run or Patience()
        self._noticed: set[str] = set()
        self._ends = float("inf")
        self._local = threading.local()

    def within(self, seconds: float) -> GraphClient:
        """A client of the same connection whose calls, waits for throttles included, end after so long in all."""
        bounded = GraphClient(
            self.connection, self.credentials, clock=self._clock, notify=self._notify, budget_s=self._budget_s
        )
        bounded._ends = self._clock.monotonic() + seconds
        return bounded

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        auth: Auth | TokenAuth = Auth.ADMIN,
        deadline_s: float | None = None,
        in_batch: bool = False,
    ) -> Any:
        """Read; repeated on passing faults and throttles.

        Args:
            path: Without version: `178435550012345/system_users`.
            params: As `wire.build` takes them; an `Auth` is that token of the connection.
            auth: Whose token is used.
            deadline_s: Bound of the whole call, waits included; None takes the client's own bounds.
            in_batch: For parameters that hold a secret; see `wire.build`.
        """
        return self._call(_Call("GET", path, params or {}, auth, deadline_s, in_batch=in_batch))

    def post(
        self,
        path: str,
        params: Mapping[str, Any],
        *,
        auth: Auth | TokenAuth = Auth.ADMIN,
        deadline_s: float | None = None,
        landed: Callable[[], Any] | None = None,
        once: bool = False,
    ) -> Any:
        """Write. What follows an unanswered write, `landing.write` decides.

        Args:
            path: As in `get`.
            params: As in `get`.
            auth: As in `get`.
            deadline_s: As in `get`, for each sending.
            landed: See `landing.write`.
            once: One request leaves, whatever happens, on a connection of its own: a kept one may have been closed at
                the other end, which shows only after sending.
        """
        call = _Call("POST", path, params, auth, deadline_s, once=once)
        if once:
            return self._call(call)
        return landing.write(lambda: self._call(call), landed, self._clock.sleep)

    def delete(self, path: str, params: Mapping[str, Any] | None = None, *, auth: Auth | TokenAuth = Auth.ADMIN) -> Any:
        """Take something away by its name; repeated like a read."""
        return self._call(_Call("DELETE", path, params or {}, auth, None))

    def pages(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        auth: Auth | TokenAuth = Auth.ADMIN,
        after: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """All rows of a list, or those after a cursor; see `paging.rows`."""
        query = {"limit": paging.PAGE_LIMIT, **(params or {})}
        return paging.rows(lambda cursor: self.get(path, {**query, "after": cursor}, auth=auth), path, after)

    def wait(self, seconds: float) -> None:
        """Let Meta's reads catch up with its writes."""
        self._clock.sleep(seconds)

    def now(self) -> datetime:
        """Meta's clock at its last answer; this machine's before the first."""
        return self.server_time or datetime.now(UTC)

    def server_time_age_s(self) -> float:
        """Seconds since `server_time` was read; infinite before the first answer."""
        return self._clock.monotonic() - self._server_time_seen

    def _call(self, call: _Call) -> Any:
        asked = recorded.question(self.connection, call.method, call.path, call.params, call.auth)
        if (shown := snapshot.given()) is not None:
            return self._recalled(call, asked, shown)
        if os.environ.get("META_ACCESS_OFFLINE") == "1":
            raise OfflineError(f"Meta is needed for {call}; META_ACCESS_OFFLINE=1 forbids it.")
        own = {name: self._own(value) for name, value in call.params.items()}
        try:
            answer = self._asked(replace(call, params=own))
        except GraphError as refusal:
            if snapshot.recording():
                recorded.keep_refusal(asked, refusal, self.server_time)
            raise
        if snapshot.recording():
            recorded.keep(asked, answer, self.observed_tier_header, self.server_time)
        return answer

    def _own(self, value: Any) -> Any:
        return token_of(value, self.connection.app_id, self.credentials) if isinstance(value, Auth) else value

    def _recalled(self, call: _Call, asked: Mapping[str, Any] | None, shown: Snapshot) -> Any:
        if call.method != "GET":
            raise shown.refusal(str(call).capitalize())
        self.server_time = shown.date
        found = shown.answer(asked, str(call).capitalize())
        self.observed_tier_header = found.get("tier") or self.observed_tier_header
        return recorded.recalled(found)

    def _asked(self, call: _Call) -> Any:
        doing = f"{call} (connection {self.connection.name})"
        if call.method != "GET":
            self._spare(doing)
        now = self._clock.monotonic()
        end = now + (self._budget_s if call.deadline_s is None else call.deadline_s)
        if now >= self._ends:
            raise GraphUnreachableError(
                f"{doing.capitalize()} was not begun: the time for such reads is over.", sent=False
            )
        attempt, waited_s = 0, 0.0
        while True:
            attempt += 1
            try:
                return self._attempt(call, doing, min(end, self._ends))
            except (GraphError, GraphUnreachableError) as error:
                pause = None if call.once else retry.pause_s(error, call.method, attempt=attempt, waited_s=waited_s)
                if pause is None:
                    raise
                if isinstance(error, RateLimitedError):
                    waited_s += pause
                    # A throttle's wait does not use up the budget, unless the caller set a deadline.
                    end += pause if call.deadline_s is None else 0.0
                if self._clock.monotonic() + pause >= min(end, self._ends):
                    raise
                throttle = error if isinstance(error, RateLimitedError) else None
                if throttle is not None and not self._may_wait(throttle, doing, pause):
                    raise
            try:
                self._clock.sleep(pause)
            finally:
                if throttle is not None:
                    self._patience.end(patience.caller())

    def _spare(self, doing: str) -> None:
        """Leave what is left of the app's limits to tokens that are due, before Meta refuses them along with this."""
        who = patience.caller()
        while self._patience.spares(who, self._app_percent):
            answer = self._patience.begin(who, patience.SPARING_PAUSE_S, self._clock.monotonic())
            used = f"{self._app_percent:.0f} % of what Meta allows the app is used up, and a token is due"
            if answer.refused:
                raise RateLimitedError(
                    f"{doing.capitalize()} was not begun: {used}. {answer.refused[0].upper()}{answer.refused[1:]}.",
                    next_step="Run again once the token is renewed; what is used now is free again after an hour.",
                )
            if answer.announced:
                self._notify(
                    f"{doing.capitalize()} waits {patience.SPARING_PAUSE_S:.0f} s: {used}. With that this run waits "
                    f"{answer.so_far_s:.0f} of at most {answer.at_most_s:.0f} s."
                )
            try:
                self._clock.sleep(patience.SPARING_PAUSE_S)
            finally:
                self._patience.end(who)

    def _may_wait(self, error: RateLimitedError, doing: str, pause: float) -> bool:
        who = patience.caller()
        answer = self._patience.begin(who, pause, self._clock.monotonic())
        name = f"{who.name}: " if who.name else ""
        if answer.refused:
            self._notify(
                f"{name}Meta throttles {doing} (code {error.code}), which is not waited for: {answer.refused}."
            )
        elif answer.announced:
            self._notify(
                f"{name}Meta throttles {doing} (code {error.code}): waiting {pause:.0f} s. With that this run waits "
                f"{answer.so_far_s:.0f} of at most {answer.at_most_s:.0f} s for throttles."
            )
        return not answer.refused

    def _attempt(self, call: _Call, doing: str, end: float) -> Any:
        check_sent(self.connection, call.auth, call.params)
        token = token_of(call.auth, self.connection.app_id, self.credentials)
        request = wire.build(
            call.method,
            self.connection.graph_url,
            self.connection.api_version,
            call.path,
            call.params,
            proof=wire.proof(token, self.credentials.app_secret()),
            in_batch=call.in_batch,
        )
        try:
            if call.once:
                with _new_session() as session:
                    reply = self._send(session, request, token, doing, end)
            else:
                reply = self._send(self._session(), request, token, doing, end)
            self._learn(reply.headers)
            if call.in_batch:
                reply = wire.unbatched(reply, doing)
                self._learn(reply.headers)
            answer = wire.decode(reply, doing)
        except (GraphError, GraphUnreachableError) as error:
            if getattr(error, "sent", True):
                self._count(call, type(error).__name__)
            raise
        self._count(call, call_log.OK)
        return answer

    def _count(self, call: _Call, outcome: str) -> None:
        connection, at = self.connection, self.now()
        call_log.write(call.path, app_id=connection.app_id, graph_url=connection.graph_url, at=at, outcome=outcome)

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = _new_session()
        session: requests.Session = self._local.session
        return session

    def _send(
        self, session: requests.Session, request: wire.Request, token: SecretStr, doing: str, end: float
    ) -> wire.Reply:
        left = max(0.001, end - self._clock.monotonic())
        trusted = roots(request.url) or True
        try:
            with session.request(
                request.method,
                request.url,
                params=request.query,
                data=request.form or None,
                auth=_Bearer(token),
                proxies=_proxies(request.url),
                verify=trusted,
                timeout=(min(CONNECT_TIMEOUT_S, left), min(READ_TIMEOUT_S, left)),
                allow_redirects=False,
                stream=True,
            ) as response:
                headers = {name.lower(): redaction.visible(value) for name, value in response.headers.items()}
                return wire.Reply(response.status_code, headers, self._body(response, end))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            failure = _unreachable(error, doing, urlsplit(request.url).netloc)
        raise failure

    def _body(self, response: requests.Response, end: float) -> bytes:
        # Piece by piece as it arrives: a server that sends one byte at a time would outlast every read timeout.
        body = bytearray()
        while piece := response.raw.read1(_CHUNK):
            body += piece
            if len(body) > _LARGEST_BODY or self._clock.monotonic() > end:
                raise requests.ReadTimeout
        return bytes(body)

    def _learn(self, headers: Mapping[str, str]) -> None:
        if (moment := wire.server_date(headers)) is not None:
            self.server_time, self._server_time_seen = moment, self._clock.monotonic()
        audit.traced(headers.get("x-fb-trace-id"))
        used = usage.read(headers)
        self.observed_tier_header = used.tier or self.observed_tier_header
        if used.app_percent is not None:
            self._app_percent = used.app_percent
        if used.used_percent is not None:
            self.used_percent = max(used.used_percent, self.used_percent or 0.0)
        self.served_version = wire.served_version(headers) or self.served_version
        self.version_ends = self.version_ends or wire.version_ends(headers)
        notice = wire.version_notice(headers, self.connection.api_version)
        if notice is not None and notice not in self._noticed:
            self._noticed.add(notice)
            self._notify(f"{notice} (connection {self.connection.name})")


_clients: dict[Connection, GraphClient] = {}
_clients_lock = threading.Lock()


def meta_time(clients: Iterable[GraphClient]) -> datetime | None:
    """Meta's clock at the last answer to any of these; None before the first."""
    return max((one.server_time for one in clients if one.server_time is not None), default=None)


def client_for(connection: Connection, *, notify: Callable[[str], None] = print) -> GraphClient:
    """The client of a connection, one per process; the first who asks says where its sentences go."""
    with _clients_lock:
        if connection not in _clients:
            redaction.install()
            made = GraphClient(connection, credentials_for(connection), notify=notify, run=patience.RUN)
            _clients[connection] = made
        return _clients[connection]


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    path: str
    params: Mapping[str, Any] = field(repr=False)
    auth: Auth | TokenAuth
    deadline_s: float | None
    in_batch: bool = False
    once: bool = False

    def __str__(self) -> str:
        return f"{'calling' if self.in_batch else _DOING[self.method]} {self.path}"


class _Bearer(requests.auth.AuthBase):
    # A callable, because requests lets a `default` entry of ~/.netrc replace a header that was merely set.
    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        return request


def _new_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers.update(_HEADERS)
    return session


def _proxies(url: str) -> dict[str, str]:
    through = None if is_loopback(urlsplit(url)) else proxy()
    return {"http": through, "https": through} if through else {}


def _way_out() -> str:
    """What to look at when there is no way to Meta. Requests go straight there unless the runner names a proxy."""
    if shown := proxy_shown():
        return f"Calls go through {shown}: check that it runs, lets this machine in and leads to graph_url."
    if ignored := ignored_proxy():
        return (
            f"{ignored} is set here and not used for Meta; if this machine gets out through a proxy only, name it in "
            f"{PROXY_VARIABLE}."
        )
    return "Check the network and graph_url."


def _unreachable(error: Exception, doing: str, host: str) -> GraphUnreachableError:
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    local = is_loopback(urlsplit(f"//{host}"))
    untrusted = any(isinstance(arg, ssl.SSLCertVerificationError) for arg in getattr(reason, "args", ()))
    # A proxy's own refusal comes before anything is handed to it.
    never_sent = (
        untrusted
        or isinstance(error, (requests.ConnectTimeout, requests.exceptions.ProxyError))
        or isinstance(reason, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError))
    )
    if untrusted:
        what = "its certificate is not trusted"
        here = 'Run eval "$(meta-access emulator env)" in this shell, then the command again.'
        there = (
            "Check graph_url, and what stands between this machine and Meta. Only where a proxy of your network opens "
            f"TLS, name a file of the certificates to trust in {CA_VARIABLE}."
        )
        advice = here if local else there
    elif never_sent:
        what = "no connection could be made"
        advice = "Start the emulator: meta-access emulator start." if local else _way_out()
    else:
        timed_out = isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError))
        what = "no answer came in time" if timed_out else "the connection broke off"
        advice = "Whether it was carried out is not known; run the same command again, which looks first."
    return GraphUnreachableError(
        f"Meta's Graph API at {host} was not reached when {doing}: {what}.", sent=not never_sent, next_step=advice
    )
