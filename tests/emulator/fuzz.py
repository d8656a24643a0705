"""Random and hostile requests to a real emulator: `python -m tests.emulator.fuzz --requests 10000 --seed 7`.

The generator knows the surface from the emulator's own description of it (`surface.describe`): it asks for what exists
with plausible values, bends some of them, and sends what is no request at all. A seed repeats a run request by request.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import secrets
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from meta_access.redaction import scrub
from meta_emulator import router, surface, world_files
from meta_emulator.aws import limits
from meta_emulator.aws.operations import READS, WRITES
from meta_emulator.embedded import MetaEmulator
from meta_emulator.tokens import fingerprint, proof
from tests.emulator import aimed
from tests.emulator.invariants import violations

CHAPTER = 250  # requests before the emulator begins again, with the next world
TIMEOUT_S = 20.0
SLOWEST_S = 10.0
CANARY = "EAA" + "CANARY" + "q7" * 20  # looks like a real token, and must be found nowhere afterwards
TOKEN_FIELDS = ("access_token",)

HOSTILE: tuple[str, ...] = (
    "", " ", "0", "-1", "null", "true", "NaN", "1e309", "9" * 40, "\x00", "\r\nX-Injected: 1", "'; DROP TABLE x; --",
    "../../etc/passwd", "%2e%2e%2f", "%00", "%", "<script>alert(1)</script>", "{{7*7}}", "${jndi:ldap://x}", "ÄÖ\u202e",
    "\ud83d", "a" * 5000, "[" * 2000, "{" * 2000, '{"a":' * 300, "[[[[[]]]]]", '["a",{"b":[1,null]}]', "{}", "[]",
    "id," * 3000, "id{" * 40 + "}" * 40, "id.limit(", "id.as()", "id.limit(99999999999)", "owned_ad_accounts{id}{id}",
    "{result=a:$.data.*.id}", "[]=", "a[b][c]", CANARY, f"x{CANARY}", "act_", "act_abc", "me", "app", "v26.0",
    "debug_token", "https://a.example\\@b.example/", "https://[::1", "https://u@a.example:/", "(a|a)*b", "(a+)+$",
    "['a',\"b\"]", "['", "\\'" * 900 + "'",
    "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "<U+202E>", "\u3164", "\x1b[2J",
)  # fmt: skip
# What is no HTTP, or only just.
RAW: tuple[bytes, ...] = (
    b"", b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    b"BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 300 + b"\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
    b"POST /v26.0/me HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST /v26.0/me HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
    b"POST /v26.0/me HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
    b"POST /v26.0/me HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /v26.0/me HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
    b"POST /v26.0/me HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n",
    b"POST /v26.0/me HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    b"POST /v26.0/me HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nabc",
    b"POST /v26.0/me HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFF\r\n",
    b"POST /v26.0/me HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
    b"GET /v26.0/me HTTP/1.1\r\nHost: [::1\r\n\r\n", b"GET /v26.0/\xff\xfe HTTP/1.1\r\nHost: \xff\r\n\r\n",
    b"GET http://evil.example/v26.0/me HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
)  # fmt: skip
# Kinds of nodes, and the list of the world that holds them.
KINDS = {
    "business": "businesses",
    "app": "apps",
    "person": "people",
    "system_user": "system_users",
    "business_user": "business_users",
    "business_role_request": "business_invitations",
    "asset_group": "asset_groups",
    **aimed.LISTS,
}
METHODS = ("GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS")
CONTROL = ("world", "reset", "calls", "faults", "clock", "credentials", "act", "functions", "nothing", "../world")


@dataclass(slots=True)
class Report:
    """How a run went; `failures` is what must not be."""

    seed: int
    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    succeeded: set[tuple[str, str, str]] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    grown_mb: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as sent, for the report of a failure; `route` is the one it was made for, where it has its node."""

    door: str
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    route: tuple[str, str, str] | None = None

    def __str__(self) -> str:
        return scrub(f"{self.door} {self.method} {self.target[:300]} {self.headers} {self.body[:300]!r}")


class Fuzzer:
    """One run. Everything random comes from the seed; ids of objects and values of tokens differ between runs."""

    def __init__(self, seed: int, home: Path) -> None:
        self.random = random.Random(seed)
        self.report = Report(seed)
        self._routes = surface.describe(router.routes().values())["routes"]
        self._home = home
        self._meta = MetaEmulator(home=home)
        self._connections: dict[str, http.client.HTTPConnection] = {}
        self._corner = aimed.Corner()
        self._tokens: list[str] = []
        self._ids: dict[str, list[str]] = {}

    def run(self, requests: int) -> Report:
        """Send so many requests; the report says what must not be."""
        self._meta.start()
        try:
            self._begin(0)
            before = _memory_mb()
            chapter, begun = 0, 0
            for number in range(requests):
                if number - begun == CHAPTER or self._spent():
                    self._check(number)
                    chapter, begun = chapter + 1, number
                    self._begin(chapter)
                self._one(number)
                self.report.sent += 1
            self._check(requests)
            self.report.grown_mb = _memory_mb() - before
            self._search_canary()
        finally:
            self._end()
        return self.report

    def aim_at_each(self) -> Report:
        """Send for each route the one request that is to succeed; `succeeded` says which did."""
        self._meta.start()
        try:
            self._begin(0)
            for number, route in enumerate(self._routes):
                self._send(number, self._aimed(route))
                self.report.sent += 1
            self._check(self.report.sent)
        finally:
            self._end()
        return self.report

    def _end(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._meta.stop()

    def _begin(self, chapter: int) -> None:
        worlds = world_files.names()
        self._meta.load(worlds[chapter % len(worlds)])
        with self._meta.edit() as world:
            self._corner.furnish(world, self._meta.clock.now())
            if chapter % 2:
                world.strictness = "strict"
        self._learn()

    def _spent(self) -> bool:
        """Whether the admin token has ended: nearly all would be refused from here on."""
        value = fingerprint(self._meta.admin_token)
        return not any(row.fingerprint == value and row.revoked_at is None for row in self._meta.world.tokens)

    def _learn(self) -> None:
        world = self._meta.world
        for kind, name in KINDS.items():
            self._ids[kind] = [row.id for row in getattr(world, name)] or ["0"]
        app = f"{self._meta.app_id}|{self._meta.app_secret}"
        # Mostly one that may do something: what is refused at the door goes no further.
        self._tokens = [self._meta.admin_token] * 24 + [app] * 6 + ["", "x", "1|2", CANARY, *self._tokens[-4:]]

    def _one(self, number: int) -> None:
        kind = self.random.choices(
            (
                self._graph,
                self._aimed,
                self._bent_aim,
                self._bent,
                self._batch,
                self._many,
                self._control,
                self._aws,
                self._page,
                self._raw,
            ),
            (35, 20, 15, 8, 4, 3, 5, 6, 3, 1),
        )[0]
        asked = kind()
        if asked is not None:
            self._send(number, asked)

    # --- what to ask -------------------------------------------------------------------------------

    def _graph(self) -> Asked:
        route = self.random.choice(self._routes)
        path = self._path(route)
        asked = self._call(route["method"], path, self._params(route))
        fits = not route["node"] or path.split("/")[0] in self._ids.get(route["node"], ())
        return replace(asked, route=_key(route)) if fits else asked

    def _aimed(self, route: dict[str, Any] | None = None) -> Asked:
        """A request that the world is prepared for."""
        chosen = route or self.random.choice(self._routes)
        aim = self._prepared(chosen)
        return replace(self._signed(aim, aim.path, aim.params), route=_key(chosen))

    def _bent_aim(self) -> Asked:
        """The same with one thing wrong: refused late, where most of a handler is behind it."""
        aim = self._prepared(self.random.choice(self._routes))
        params = dict(aim.params)
        name = self.random.choice([*params, "fields", "limit", "business", "user"])
        params[name] = self.random.choice((self._hostile(), [self._hostile()], "999", aimed.foreign("page")))
        path = aim.path
        if self.random.random() < 0.2:
            node, _, edge = path.partition("/")
            node = self.random.choice((aimed.foreign("page"), aimed.CLIENT, aimed.GROUP, node))
            path = f"{node}/{edge}" if edge else node
        return self._signed(aim, path, params)

    def _prepared(self, route: dict[str, Any]) -> aimed.Aim:
        with self._meta.edit() as world:
            self._corner.furnish(world, self._meta.clock.now())
        return aimed.at(route, self._corner, self._meta.secret_of(aimed.APP))

    def _signed(self, aim: aimed.Aim, path: str, params: dict[str, Any]) -> Asked:
        app = aimed.CLIENT_APP if aim.by == "boss" else aimed.APP
        secret = self._meta.secret_of(app)
        token = f"{app}|{secret}" if aim.by == "app" else self._corner.tokens[aim.by]
        given = {"appsecret_proof": proof(token, secret), **params}
        headers = {"Authorization": f"Bearer {token}"}
        if aim.method != "POST":
            return Asked("graph", aim.method, _target(f"/v26.0/{path}", given), headers, b"")
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode(_texts(given), errors="replace").encode()
        return Asked("graph", "POST", _target(f"/v26.0/{path}", {}), headers, body)

    def _bent(self) -> Asked:
        route = self.random.choice(self._routes)
        method = self.random.choice((*METHODS, route["method"]))
        parts = self._path(route).split("/")
        parts.insert(self.random.randrange(len(parts) + 1), _quoted(self._hostile()))
        return self._call(method, "/".join(parts), {**self._params(route), self._hostile()[:40]: self._hostile()})

    def _batch(self) -> Asked:
        items: list[Any] = []
        for _ in range(self.random.choice((1, 2, 5, 50, 51))):
            route = self.random.choice(self._routes)
            query = urlencode(_texts(self._params(route)), errors="replace")
            item: Any = {"method": route["method"], "relative_url": self._path(route)}
            item["relative_url" if route["method"] == "GET" else "body"] = (
                f"{item['relative_url']}?{query}" if route["method"] == "GET" else query
            )
            if self.random.random() < 0.2:
                item[self.random.choice(("name", "depends_on", "headers", "method", "omit_response_on_success"))] = (
                    self.random.choice(("a", None, 5, [], self._hostile()))
                )
            items.append(self.random.choice((item, item, item, None, 5, "x", [])))
        batch = self.random.choice((json.dumps(items), json.dumps(items)[:-3], self._hostile()))
        return self._call("POST", "", {"batch": batch, "include_headers": self.random.choice(("true", "false", "x"))})

    def _many(self) -> Asked:
        every = [one for ids in self._ids.values() for one in ids]
        ids = [self.random.choice((*every, self._hostile())) for _ in range(self.random.choice((1, 3, 60)))]
        edge = self.random.choice(("", "owned_pages", "assigned_users"))
        return self._call("GET", edge, {"ids": ",".join(ids), "fields": self._fields()})

    def _control(self) -> Asked:
        noun = self.random.choice(CONTROL)
        body = self.random.choice(
            ("", "{", "[]", "null", "5", '{"kind":"gremlin"}', '{"advance_s":-1}', '{"advance_s":1e400}',
             '{"set":"soon"}', '{"action":"verify","status":"x"}', '{"world":5}', '{"name":5}', "[" * 3000,
             self._hostile(), json.dumps({self._hostile(): self._hostile()}),
             json.dumps({"action": self._hostile(), "person": []}))
        )  # fmt: skip
        method = "DELETE" if noun == "nothing" else self.random.choice(("PUT", "POST", "GET", "PATCH"))
        if noun == "reset":
            body = body or "{}"  # an empty body is a reset
        return Asked("graph", method, f"/_control/{noun}", self._headers(), body.encode(errors="replace"))

    def _aws(self) -> Asked:
        keys = sorted({*limits.TEXTS, *limits.NUMBERS, *limits.FLAGS, *limits.LISTS})
        operation = self.random.choice((*READS, *WRITES, "Nothing", self._hostile()[:30]))
        junk: tuple[Any, ...] = (None, True, -1, 1.5, [], {}, ["a"], [{"Key": "a", "Value": "b"}], self._hostile())
        params: dict[str, Any] = {"SecretId": self.random.choice("abc"), "Name": self.random.choice("abc")}
        if self.random.random() < 0.5:
            params |= {"ClientRequestToken": self.random.choice("123") * 32, "SecretString": "x"}
        for key in self.random.sample(keys, self.random.randrange(4)):
            params[key] = self.random.choice(junk)
        if self.random.random() < 0.5:
            params = {key: value for key, value in params.items() if key in ("SecretId", "Name") or value is not None}
        body = json.dumps(params).encode()
        if self.random.random() < 0.1:
            body = self._hostile().encode(errors="replace")
        return Asked("aws", "POST", "/", {"X-Amz-Target": _ascii(f"secretsmanager.{operation}")}, body)

    def _page(self) -> Asked:
        path = self.random.choice(
            ("/dashboard", "/dashboard/apps", "/dashboard/roles", "/dashboard/journal", "/healthz")
        )
        path += self.random.choice(("", "", "/", f"/{_quoted(self._hostile())}", f"?x={_quoted(self._hostile())}"))
        body = urlencode({"action": self._hostile(), "form_token": self._hostile()}, errors="replace").encode()
        method = self.random.choice(("GET", "POST"))
        return Asked("graph", method, path[:4000], self._headers(), body if method == "POST" else b"")

    def _raw(self) -> None:
        """Send what is no request; an answer, or a closed connection, has to come."""
        address = urlsplit(self.random.choice((self._meta.graph_url, self._meta.aws_url)))
        raw = self.random.choice(RAW)
        with socket.create_connection((str(address.hostname), address.port or 0), timeout=TIMEOUT_S) as connection:
            answer = b""
            try:
                connection.sendall(raw)
                connection.shutdown(socket.SHUT_WR)
                while piece := connection.recv(65536):
                    answer += piece
            except ConnectionError:
                pass
            except TimeoutError:
                self.report.failures.append(f"no end of a connection after {raw[:80]!r}")
        if answer.startswith(b"HTTP/1.1 5") or b"Traceback" in answer:
            self.report.failures.append(f"{answer[:80]!r} after {raw[:80]!r}")

    # --- values --------------------------------------------------------------------------------------

    def _hostile(self) -> str:
        return self.random.choice(HOSTILE)

    def _path(self, route: dict[str, Any]) -> str:
        node = route["node"]
        if not node:
            return str(route["edge"])
        ids = self._ids.get(node, ["0"])
        other = self.random.choice([one for found in self._ids.values() for one in found])
        chosen = self.random.choices((self.random.choice(ids), other, "me", "999"), (90, 5, 3, 2))[0]
        return f"{chosen}/{route['edge']}" if route["edge"] else chosen

    def _params(self, route: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for param in route["params"]:
            if param["required"] or self.random.random() < 0.06:
                hostile = self.random.random() < 0.12
                found[param["name"]] = self._hostile() if hostile else self._plausible(param)
        return found

    def _plausible(self, param: dict[str, Any]) -> Any:
        kind, name = param["type"], param["name"]
        if kind.startswith("list<"):
            inner = {**param, "type": kind[5:-1]}
            return [self._plausible(inner) for _ in range(self.random.choice((0, 1, 2)))]
        by_name: dict[str, tuple[Any, ...]] = {
            "fields": (self._fields(),),
            "scope": ("ads_read",),
            "client_secret": (self._meta.app_secret,),
            "appsecret_proof": (self._meta.proof(self._meta.admin_token),),
            **dict.fromkeys(("business_app", "app_id", "client_id"), tuple(self._ids["app"])),
        }
        by_type: dict[str, tuple[Any, ...]] = {
            "enum": param["values"] or ("x",),
            "bool": (True, False),
            "int": (0, 1, 25, 5000),
            "object": ({"a": 1},),
        }
        if name in by_name:
            return self.random.choice(by_name[name])
        if name.endswith("token"):
            return self.random.choice(self._tokens)
        if kind == "id" or name in ("user", "business", "system_user_id"):
            return self.random.choice(self._ids[self.random.choice(("system_user", "business", "person", "page"))])
        usual = ("name", "ines", "a b", f"u{self.random.randrange(50)}", "x@y.example")
        return self.random.choice(by_type.get(kind, usual))

    def _fields(self) -> str:
        names = [
            "id",
            "name",
            "role",
            "owned_ad_accounts{id,name}",
            "business{id}",
            "system_users.limit(1){id}",
            "nope",
        ]
        return ",".join(self.random.sample(names, self.random.randrange(1, 4))) + self.random.choice(
            ("", "", "{", "}", ",")
        )

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        if self.random.random() < 0.05:
            name = self.random.choice(
                ("If-None-Match", "Origin", "X-Forwarded-For", "Accept", "Authorization", "Cookie")
            )
            headers[name] = _ascii(self._hostile())[:2000]
        return headers

    def _call(self, method: str, path: str, params: dict[str, Any]) -> Asked:
        version = self.random.choices(("v26.0", "v25.0", "v2.1", "v99.0", ""), (80, 8, 4, 4, 4))[0]
        target = "/".join(part for part in ("", version, path) if part or not version) or "/"
        headers = self._headers()
        token = self.random.choice(self._tokens)
        where = self.random.choice(("header", "header", "query", "body"))
        params = dict(params)
        if token and where == "header":
            headers["Authorization"] = f"Bearer {token}"
        elif token and "batch" not in params:
            params["access_token"] = token
        elif token:
            headers["Authorization"] = f"Bearer {token}"
        if self.random.random() < 0.8 and token == self._meta.admin_token:
            params.setdefault("appsecret_proof", self._meta.proof(token))
        body, kind = self._encoded(params)
        if method not in ("POST", "PUT", "PATCH"):
            return Asked("graph", method, _target(target, params), headers, b"")
        return Asked("graph", method, _target(target, {}), {**headers, "Content-Type": kind}, body)

    def _encoded(self, params: dict[str, Any]) -> tuple[bytes, str]:
        form = self.random.random()
        if form < 0.7:
            return urlencode(_texts(params), errors="replace").encode(), "application/x-www-form-urlencoded"
        if form < 0.85:
            return json.dumps(params).encode(), "application/json"
        if form < 0.95:
            edge = "edge"
            parts = [
                f'--{edge}\r\nContent-Disposition: form-data; name="{_ascii(name)}"\r\n\r\n{value}\r\n'
                for name, value in _texts(params).items()
            ]
            whole = "".join([*parts, f"--{edge}--\r\n"]).encode(errors="replace")
            return whole, f"multipart/form-data; boundary={edge}"
        return self._hostile().encode(errors="replace"), self.random.choice(
            ("application/json", "text/plain", "x", "a/b; c")
        )

    # --- sending and judging ---------------------------------------------------------------------------

    def _send(self, number: int, asked: Asked) -> None:
        started = time.monotonic()
        try:
            status, body = self._ask(asked)
        except (OSError, http.client.HTTPException) as failed:
            self._connections.pop(asked.door, None)
            self.report.failures.append(f"request {number}: {type(failed).__name__}: {asked}")
            return
        took = time.monotonic() - started
        self.report.slowest_s = max(self.report.slowest_s, took)
        self.report.statuses[status] += 1
        wrong = []
        if status >= 500:
            wrong.append(f"status {status}: {body[:200]!r}")
        if b"Traceback (most recent" in body:
            wrong.append("a traceback in the body")
        if took > SLOWEST_S:
            wrong.append(f"{took:.1f} s")
        self.report.failures += [f"request {number}: {what}: {asked}" for what in wrong]
        if status == 200 and asked.door == "graph":
            self._remember(asked, body)

    def _ask(self, asked: Asked) -> tuple[int, bytes]:
        if asked.door not in self._connections:
            url = self._meta.graph_url if asked.door == "graph" else self._meta.aws_url
            self._connections[asked.door] = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_S)
        connection = self._connections[asked.door]
        connection.request(asked.method, asked.target, asked.body or None, asked.headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def _remember(self, asked: Asked, body: bytes) -> None:
        if asked.route is not None:
            self.report.succeeded.add(asked.route)
        try:
            answer = json.loads(body)
        except ValueError:
            return
        if isinstance(answer, dict):
            self._tokens += [str(answer[name]) for name in TOKEN_FIELDS if name in answer]

    def _check(self, number: int) -> None:
        found = violations(self._meta.world)
        self.report.failures += [f"after {number} requests: {violation}" for violation in found]
        if len(self._meta.calls()) > 20_000:
            self.report.failures.append("the journal is not bounded")
        if CANARY in str(self._meta.calls()):
            self.report.failures.append("the canary is in the journal")

    def _search_canary(self) -> None:
        held = [file for file in self._home.rglob("*") if file.is_file() and CANARY.encode() in file.read_bytes()]
        self.report.failures += [f"the canary is in {file.name}" for file in held]


def _key(route: dict[str, Any]) -> tuple[str, str, str]:
    return route["method"], route["node"], route["edge"]


def _target(path: str, params: dict[str, Any]) -> str:
    query = urlencode(_texts(params), errors="replace")
    # What http.client would refuse to send; the hostile raw requests have it.
    safe = quote(path, safe="/%:@$&'()*+,;=~-._!", errors="replace")
    return (f"{safe}?{query}" if query else safe)[:60_000]


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _texts(params: dict[str, Any]) -> dict[str, str]:
    return {
        name.encode(errors="replace").decode(): (value if isinstance(value, str) else json.dumps(value))
        for name, value in params.items()
    }


def _ascii(text: str) -> str:
    return "".join(char for char in text if " " <= char <= "~")


def _memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1024**2


def main() -> int:
    """Run, print how it went, and end with 1 when something must not be."""
    import tempfile

    parser = argparse.ArgumentParser(prog="python -m tests.emulator.fuzz")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, help="a random one when left out; it is printed")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else secrets.randbelow(10**6)
    print(f"fuzz: seed {seed}, {given.requests} requests", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Fuzzer(seed, Path(folder)).run(given.requests)
    took = time.monotonic() - started
    print(f"fuzz: {report.sent} sent in {took:.0f} s, slowest {report.slowest_s:.2f} s, grown {report.grown_mb:.0f} MB")
    routes = len(router.routes()) - len(aimed.NEVER)
    print(
        f"fuzz: statuses {dict(sorted(report.statuses.items()))}, {len(report.succeeded)} of {routes} routes with 200"
    )
    for failure in report.failures[:30]:
        print(f"FAILED {failure}")
    print(f"fuzz: {len(report.failures)} failures; repeat with --seed {seed} --requests {given.requests}")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
