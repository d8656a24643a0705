"""A real emulator process for tests: free ports, its own state folder, and short ways to ask and to disturb it."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meta_emulator import client

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

ROOT = Path(__file__).resolve().parents[1]
START_S = 30.0
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class GraphAnswer:
    """What a Graph call answered; `body` is decoded JSON, or text when it is none."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> tuple[int, int | None]:
        """Graph's error code and subcode."""
        error = self.body["error"]
        return error["code"], error.get("error_subcode")


@dataclass(slots=True)
class RunningEmulator:
    """A running emulator. Its credentials are fake and last as long as the state folder."""

    home: Path
    process: subprocess.Popen[bytes]
    graph_url: str
    aws_url: str
    credentials: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def app_id(self) -> str:
        return self.credentials["app_id"]

    @property
    def app_secret(self) -> str:
        return self.credentials["app_secret"]

    @property
    def business_id(self) -> str:
        return self.credentials["business_id"]

    @property
    def admin_token(self) -> str:
        return self.credentials["admin_token"]

    @property
    def app_token(self) -> str:
        return f"{self.app_id}|{self.app_secret}"

    def control(self, noun: str, method: str = "GET", body: Any = None) -> Any:
        """Make a control call; `client.RefusedError` carries the emulator's reason."""
        return client.ask(self.graph_url, f"/_control/{noun}", method, body)

    def world(self) -> dict[str, Any]:
        shown: dict[str, Any] = self.control("world")
        return shown

    def put_world(self, world: dict[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = self.control("world", "PUT", world)
        return shown

    def reset(self) -> None:
        """The starting world, no faults, no calls, the machine's time."""
        self.control("reset", "POST")

    def calls(self, service: str | None = None) -> list[dict[str, Any]]:
        return [call for call in self.control("calls") if service in (None, call["service"])]

    def forget_calls(self) -> None:
        self.control("calls", "DELETE")

    def wait_for_call(self, service: str, path: str, *, method: str | None = None, timeout_s: float = 60) -> None:
        """Wait until a call whose path or operation ends so has been carried out."""
        ends = time.monotonic() + timeout_s
        while time.monotonic() < ends:
            if any(c["path"].endswith(path) and method in (None, c["method"]) for c in self.calls(service)):
                return
            time.sleep(0.05)
        raise AssertionError(f"no {service} call {path} within {timeout_s:.0f} s")

    def fault(self, kind: str, **spec: Any) -> dict[str, Any]:
        """Add a fault: `fault("graph", method="POST", path="access_tokens$", code=2)`."""
        added: dict[str, Any] = self.control("faults", "POST", {"kind": kind, **spec})
        return added

    def faults(self) -> list[dict[str, Any]]:
        shown: list[dict[str, Any]] = self.control("faults")
        return shown

    def clear_faults(self) -> None:
        self.control("faults", "DELETE")

    def clock(self, *, advance_s: float | None = None, set_: str | None = None) -> str:
        """Move the clock, or only read it; the moment it shows."""
        if advance_s is None and set_ is None:
            return str(self.control("clock")["now"])
        return str(self.control("clock", "POST", {"set": set_} if set_ else {"advance_s": advance_s})["now"])

    def act(self, action: str, **given: Any) -> str:
        """Do what a person does in a dashboard: `act("accept-role", person="ines")`."""
        return str(self.control("act", "POST", {"action": action, **given})["done"])

    def graph(
        self,
        method: str,
        path: str,
        params: dict[str, Any] | None = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        version: str = "v26.0",
        timeout_s: float = 10.0,
    ) -> GraphAnswer:
        """Make a Graph call, token in the header; the admin token unless another, or an empty one, is given."""
        value = self.admin_token if token is None else token
        return graph_call(
            self.graph_url, method, path, params, token=value, headers=headers, version=version, timeout_s=timeout_s
        )

    def create_system_user(self, name: str, role: str = "EMPLOYEE") -> str:
        """Create a system user as the admin token would; its id."""
        answer = self.graph("POST", f"{self.business_id}/system_users", {"name": name, "role": role})
        assert answer.status == 200, answer.body
        return str(answer.body["id"])

    def secrets(self) -> SecretsManagerClient:
        """A Secrets Manager client of the other door."""
        import boto3

        return boto3.client(
            "secretsmanager",
            region_name="eu-central-1",
            endpoint_url=self.aws_url,
            aws_access_key_id="emulator",
            aws_secret_access_key="emulator",
        )

    def output(self) -> str:
        """All that the process printed."""
        return (self.home / "printed.txt").read_text()

    def kill(self) -> None:
        """End the process as a crash would."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        """End the process as a person would; does nothing when it has ended."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()


def graph_call(
    base_url: str,
    method: str,
    path: str,
    params: dict[str, Any] | None = None,
    *,
    token: str = "",
    headers: dict[str, str] | None = None,
    version: str = "v26.0",
    timeout_s: float = 10.0,
) -> GraphAnswer:
    """Make a Graph call, token in the header."""
    sent = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in (params or {}).items()}
    query = urllib.parse.urlencode(texts)
    url = "/".join(part for part in (base_url, version, path) if part)
    data = query.encode() if method == "POST" else None
    if data is None and query:
        url += f"?{query}"
    request = urllib.request.Request(url, data=data, method=method, headers=sent)
    try:
        with _opener.open(request, timeout=timeout_s) as answer:
            return _decoded(answer.status, answer.read(), dict(answer.headers.items()))
    except urllib.error.HTTPError as refused:
        return _decoded(refused.code, refused.read(), dict(refused.headers.items()))


def start_emulator(state_dir: Path, *options: str, module: str = "tests.narrow_emulator") -> RunningEmulator:
    """Start an emulator on free ports over a state folder, and wait until it answers.

    Args:
        state_dir: Its state folder.
        options: More words of the command.
        module: `meta_access.cli` for the emulator as it is. The other one refuses parameters that Graph does not know,
            so that every test of our own client also says that it sends none.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, "-m", module, "emulator", "start", "--foreground"]
    words += ["--home", str(state_dir), "--port", "0", "--aws-port", "0", *options]
    printed = state_dir / "printed.txt"
    with printed.open("ab") as output:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=ROOT)
    run = _run(state_dir, process)
    if run is None:
        process.kill()
        raise RuntimeError(f"the emulator did not start: {printed.read_text().strip()}")
    running = RunningEmulator(state_dir, process, run["graph_url"], run["aws_url"])
    running.credentials = running.control("credentials")
    return running


def _run(state_dir: Path, process: subprocess.Popen[bytes]) -> dict[str, Any] | None:
    ends = time.monotonic() + START_S
    while time.monotonic() < ends and process.poll() is None:
        with contextlib.suppress(OSError, ValueError):
            run: dict[str, Any] = json.loads((state_dir / "run.json").read_text())
            if run["pid"] == process.pid:
                return run
        time.sleep(0.01)
    return None


def _decoded(status: int, text: bytes, headers: dict[str, str]) -> GraphAnswer:
    try:
        body = json.loads(text)
    except ValueError:
        body = text.decode(errors="replace")
    return GraphAnswer(status, body, {name.lower(): value for name, value in headers.items()})
