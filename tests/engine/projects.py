"""A Pulumi project in a temporary folder, driven by the real engine: own backend, own PULUMI_HOME, own configuration.

The library, the components and the program are links to this checkout; the stack file is written by the test.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from meta_access.engine_marks import SIGNATURE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.engine.workers import Worker

CHECKOUT = Path(__file__).resolve().parents[2]
LINKED = ("__main__.py", "components", "meta_access")
TIMEOUT_S = 180.0
# What a developer's shell may carry and no test may see.
FOREIGN = ("PULUMI_", "META_", "AWS_")
STACK = "dev"


class Result(NamedTuple):
    """How a command of the engine ended.

    Attributes:
        code: Its exit code.
        stdout: What it printed, standard error after standard output.
        events: The engine's event stream, as dictionaries; empty for commands that have none.
    """

    code: int
    stdout: str
    events: list[dict[str, Any]]

    def __repr__(self) -> str:
        # What a failing test prints: hundreds of events would bury the reason.
        return f"Result(code={self.code}, {len(self.events)} events)\n{self.stdout}"

    @property
    def ops(self) -> dict[str, str]:
        """Resource name to the last step the engine took or planned for it, refresh steps aside."""
        found = {}
        for event in self.events:
            metadata = (event.get("resourcePreEvent") or {}).get("metadata")
            if metadata and metadata["op"] != "refresh":
                found[metadata["urn"].rsplit("::", 1)[-1]] = metadata["op"]
        return found

    @property
    def changes(self) -> set[str]:
        """`update SystemUser reporting`: the steps that the engine took or planned and that change something."""
        found = [(event.get("resourcePreEvent") or {}).get("metadata") for event in self.events]
        return {
            f"{step['op']} {step['type'].rsplit(':', 1)[-1]} {step['urn'].rsplit('::', 1)[-1]}"
            for step in found
            if step and step["op"] not in {"same", "refresh"}
        }

    @property
    def policies(self) -> set[tuple[str, str, str]]:
        """What a policy pack found: the rule, its enforcement level, and the name of the resource."""
        found = (event.get("policyEvent") for event in self.events)
        return {
            (one["policyName"], one["enforcementLevel"], one.get("resourceUrn", "").rsplit("::", 1)[-1])
            for one in found
            if one
        }

    @property
    def diagnostics(self) -> list[str]:
        """Messages of severity `error`, markup of colours removed."""
        events = (event.get("diagnosticEvent") or {} for event in self.events)
        texts = [event["message"] for event in events if event.get("severity") == "error"]
        return [text.replace("<{%reset%}>", "").strip() for text in texts]


@dataclass
class Project:
    """One project with one stack.

    Attributes:
        root: The temporary project folder.
        engine: Folder with the engine's files.
        worker: What the test's worker keeps for all its projects.
        extra_env: Added to the environment of every command; change it between commands at will.
        stack: Name of the stack.
    """

    root: Path
    engine: Path
    worker: Worker
    extra_env: dict[str, str] = field(default_factory=dict)
    stack: str = STACK

    # --- writing ---

    def lay_out(self) -> None:
        """Make the project folder: Pulumi.yaml and links to this checkout."""
        for folder in ("stacks", "state", "home"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / "Pulumi.yaml", self.root / "Pulumi.yaml")
        for name in LINKED:
            self._link(self.root / name, CHECKOUT / name)
        self._link(self.root / ".venv", Path(sys.prefix))

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project; a link of that name is replaced, never written through."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def program(self, text: str) -> None:
        """Put a program of the test's own in place of this checkout's."""
        self.write("__main__.py", text)

    @property
    def stack_file(self) -> Path:
        return self.root / "stacks" / f"Pulumi.{self.stack}.yaml"

    def configure(self, values: Mapping[str, Any]) -> None:
        """Write the stack's configuration, full keys (`meta:environment`) to values; keeps the stack's salt."""
        self.configure_text(yaml.safe_dump({"config": dict(values)}, sort_keys=False))

    def configure_text(self, text: str) -> None:
        """Write the stack file as typed; keeps the stack's salt, so that the state stays readable."""
        kept = [line for line in self._stack_lines() if line.startswith("encryptionsalt:")]
        self.stack_file.write_text("\n".join([text.rstrip("\n"), *kept, ""]), encoding="utf-8")

    def init(self) -> None:
        """Make the stack in the project's own backend."""
        done = self.run("stack", "init", self.stack, "--secrets-provider", "passphrase")
        assert done.code == 0, done.stdout

    # --- the engine's operations ---
    # Without the preview that each begins with: it is what `preview` shows, and would double the time of every test.

    def up(self, *arguments: str, timeout_s: float = TIMEOUT_S) -> Result:
        return self._operation("up", "--yes", "--skip-preview", *arguments, timeout_s=timeout_s)

    def preview(self, *arguments: str, timeout_s: float = TIMEOUT_S) -> Result:
        return self._operation("preview", *arguments, timeout_s=timeout_s)

    def preview_json(self, *arguments: str) -> dict[str, Any]:
        """The digest of `preview --json`."""
        done = self.run("preview", "--json", "--stack", self.stack, *arguments, join=False)
        assert done.code == 0, done.stdout
        digest: dict[str, Any] = json.loads(done.stdout)
        return digest

    def refresh(self, *arguments: str, timeout_s: float = TIMEOUT_S) -> Result:
        return self._operation("refresh", "--yes", "--skip-preview", *arguments, timeout_s=timeout_s)

    def destroy(self, *arguments: str, timeout_s: float = TIMEOUT_S) -> Result:
        return self._operation("destroy", "--yes", "--skip-preview", *arguments, timeout_s=timeout_s)

    # --- reading ---

    def export(self, *arguments: str) -> dict[str, Any]:
        """The state, as `pulumi stack export` gives it.

        Without arguments it is read where the backend keeps it: an engine's start takes a third of a second of the
        processor, and tests ask a hundred times.
        """
        if not arguments:
            (file,) = (self.root / "state" / ".pulumi" / "stacks").glob(f"*/{self.stack}.json")
            kept = json.loads(file.read_text(encoding="utf-8"))
            return {"version": kept["version"], "deployment": kept["checkpoint"]["latest"]}
        done = self.run("stack", "export", "--stack", self.stack, *arguments, join=False)
        assert done.code == 0, done.stdout
        state: dict[str, Any] = json.loads(done.stdout)
        return state

    def resources(self, suffix: str = "") -> dict[str, dict[str, Any]]:
        """Resources of the state by name, those whose type ends in `suffix`."""
        found = self.export()["deployment"].get("resources") or []
        return {entry["urn"].rsplit("::", 1)[-1]: entry for entry in found if entry["type"].endswith(suffix)}

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, as `pulumi stack output --json` gives them; a secret one is `[secret]`."""
        entries = self.export()["deployment"].get("resources") or []
        outputs = (entry.get("outputs", {}) for entry in entries if entry["type"] == "pulumi:pulumi:Stack")
        values: dict[str, Any] = _without_secrets(next(outputs, {}))
        return values

    def everything_written(self) -> str:
        """All that the engine wrote to disk: state, backups, history, home, stack files. For the search of canaries."""
        files = (path for folder in ("state", "home", "stacks") for path in sorted((self.root / folder).rglob("*")))
        return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in files if path.is_file())

    # --- running ---

    def environment(self) -> dict[str, str]:
        """The environment of every command; `make` sets the same, but for the folders."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        path = os.pathsep.join([str(self.engine), str(Path(sys.prefix) / "bin"), kept.get("PATH", os.defpath)])
        return {
            **kept,
            "PATH": path,
            "PULUMI_HOME": str(self.root / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.root / 'state'}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_RUN_PROGRAM": "true",
            "PULUMI_CONTINUE_ON_ERROR": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "NO_COLOR": "1",
            "META_ACCESS_CALL_LOG": str(self.root / "calls"),
            "META_ACCESS_STATE_DIR": str(self.root / "notes"),
            "PULUMI_DEBUG_COMMANDS": "true",  # the flag --event-log is hidden behind it
            "GOGC": "off",  # an engine that lives for seconds needs no memory back: a sixth of its processor time
            **self.worker.variables(),
            **self.extra_env,
        }

    def run(self, *arguments: str, timeout_s: float = TIMEOUT_S, join: bool = True) -> Result:
        """Run `pulumi ARGUMENTS` to its end; `join` adds standard error to the output."""
        process = self.start(*arguments, stderr=subprocess.STDOUT if join else subprocess.PIPE)
        try:
            stdout, stderr = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            self.kill(process)
            raise
        failed = f"\n{stderr}" if stderr and process.returncode != 0 else ""
        return Result(process.returncode, stdout + failed, [])

    def start(self, *arguments: str, stderr: int = subprocess.STDOUT) -> subprocess.Popen[str]:
        """Start `pulumi ARGUMENTS` in a process group of its own and leave it at work."""
        return subprocess.Popen(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.root,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )

    @staticmethod
    def kill(process: subprocess.Popen[str]) -> None:
        """Kill the engine as `kill -9` of its process group does; its plugin hosts have groups of their own."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _operation(self, *arguments: str, timeout_s: float) -> Result:
        log = self.root / "events.json"
        log.unlink(missing_ok=True)
        done = self.run(*arguments, "--stack", self.stack, "--event-log", str(log), timeout_s=timeout_s)
        return Result(done.code, done.stdout, events(log))

    def _stack_lines(self) -> Sequence[str]:
        return self.stack_file.read_text(encoding="utf-8").splitlines() if self.stack_file.is_file() else []

    @staticmethod
    def _link(at: Path, to: Path) -> None:
        if to.exists() and not at.is_symlink():
            at.symlink_to(to)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_secrets(one) for one in value]
    if not isinstance(value, dict):
        return value
    if SIGNATURE in value:
        return "[secret]"
    return {key: _without_secrets(one) for key, one in value.items()}


def events(log: Path) -> list[dict[str, Any]]:
    """Read an event log: one JSON object per line."""
    if not log.is_file():
        return []
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.strip()]
