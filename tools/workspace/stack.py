"""The dev stack: made when absent, verified before every operation, its file in `stacks/` left byte for byte."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from tools.workspace import shadows
from tools.workspace.environment import DEV, ROOT, STATE, say
from tools.workspace.process import capture, engine, stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CHECKPOINT = STATE / ".pulumi" / "stacks" / "meta-access" / f"{DEV}.json"


class StackError(Exception):
    """The stack cannot be used; the text is one paragraph."""


@contextlib.contextmanager
def unchanged(file: Path) -> Iterator[None]:
    """Put a stack file back when the engine rewrote it.

    The engine leaves a file alone that carries a salt and is in its own formatting, as the committed one is. This keeps
    the promise for a file that was edited since.
    """
    before = file.read_bytes() if file.is_file() else None
    try:
        yield
    finally:
        if before is not None and file.read_bytes() != before:
            file.write_bytes(before)
            say(f"stack: the engine rewrote {file.relative_to(ROOT)}; it was put back as it was")


def dev_file() -> Path:
    return ROOT / "stacks" / f"Pulumi.{DEV}.yaml"


def select(env: Mapping[str, str]) -> None:
    """Select dev in the private home, making it in the local backend the first time."""
    done = capture(["pulumi", "stack", "select", "--create", DEV, "--non-interactive"], env)
    if done.returncode != 0:
        raise StackError(f"Selecting stack {DEV} failed: {(done.stderr or done.stdout).strip()[-500:]}")


def verify(stack: str, env: Mapping[str, str]) -> None:
    """Compare the provider payloads in the state with the frozen table: state is code, and the engine would run it.

    So are files in the project's folder that Python may take for a library's, since the folder comes first.
    """
    if found := shadows.found(ROOT):
        raise StackError(shadows.sentence(found))
    if stream(["meta-access", "state", "verify", "--stack", stack], env) != 0:
        offline = "" if stack == DEV else f" With no credentials at hand: make preview STACK={stack} OFFLINE=1"
        raise StackError(
            f"Nothing was done: `meta-access state verify` does not vouch for the state of stack {stack}; it says why "
            f"above.{offline}"
        )


def empty() -> bool:
    """Whether dev has nothing to destroy: no resource but the stack itself and its providers, and none begun."""
    deployment = _deployment()
    kinds = [str(entry.get("type", "")) for entry in deployment.get("resources") or []]
    left = [kind for kind in kinds if kind != "pulumi:pulumi:Stack" and not kind.startswith("pulumi:providers:")]
    return not left and not deployment.get("pending_operations")


def outputs() -> dict[str, Any]:
    """What dev exports, as of its last update."""
    entries: list[dict[str, Any]] = _deployment().get("resources") or []
    kept = (entry.get("outputs") for entry in entries if entry.get("type") == "pulumi:pulumi:Stack")
    return next(kept, None) or {}


def _deployment() -> dict[str, Any]:
    # The file itself: asking the engine for it would cost half a second of every `make up`.
    state = json.loads(CHECKPOINT.read_text(encoding="utf-8")) if CHECKPOINT.is_file() else {}
    found: dict[str, Any] = (state.get("checkpoint") or {}).get("latest") or {}
    return found


def forget_unfinished(env: Mapping[str, str]) -> None:
    """Drop creates of dev that a killed run began and never recorded; the engine would warn of them for ever.

    Nothing is lost by it: each resource looks for its own interrupted create before it makes another one. Call it after
    `verify`, since it runs what the state says.
    """
    begun = [entry for entry in _deployment().get("pending_operations") or [] if entry.get("type") == "creating"]
    if not begun:
        return
    names = ", ".join(entry["resource"]["urn"].rsplit("::", 1)[-1] for entry in begun)
    say(
        f"stack: an interrupted run began and never recorded: {names}; the state forgets that, the next steps look anew"
    )
    engine(["pulumi", "refresh", "--yes", "--non-interactive", "--clear-pending-creates", "--stack", DEV], env)
