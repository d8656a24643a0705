"""The emulator inside a program of Python, such as a test: two real servers on free ports, served from threads.

with MetaEmulator() as meta:
    requests.get(f"{meta.graph_url}/v26.0/me", headers={"Authorization": f"Bearer {meta.admin_token}"})
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meta_emulator import acts, world_files, world_json
from meta_emulator.emulator import Emulator
from meta_emulator.tokens import proof
from meta_emulator.world_files import WorldFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from meta_emulator.builder import WorldBuilder
    from meta_emulator.clock import WorldClock
    from meta_emulator.faults import Faults
    from meta_emulator.journal import Call
    from meta_emulator.world import World


class MetaEmulator:
    """An emulator of one's own. A context manager; `start` and `stop` do the same by hand.

    Args:
        world: What it begins with: the path of a world file, the name of a world that comes along, or a builder. The
            usual world, an agency with one client, when left out.
        home: Its state folder, to keep the world; a temporary one when left out.

    Attributes:
        graph_url: Of Graph, the dashboard and the control API; `aws_url` of Secrets Manager.
    """

    def __init__(self, world: str | Path | WorldBuilder | None = None, *, home: Path | None = None) -> None:
        self._scratch = None if home is not None else tempfile.TemporaryDirectory(prefix="meta-emulator-")
        folder = home if home is not None else Path(self._scratch.name if self._scratch is not None else "")
        self._emulator = Emulator(folder, port=0, aws_port=0, world=_file(world))
        self.graph_url = self._emulator.graph_url
        self.aws_url = self._emulator.aws_url

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        self._emulator.start()

    def stop(self) -> None:
        self._emulator.stop()
        if self._scratch is not None:
            self._scratch.cleanup()

    @property
    def faults(self) -> Faults:
        """`add(kind="graph", code=4)`, `all()`, `clear()`."""
        return self._emulator.state.faults

    @property
    def clock(self) -> WorldClock:
        """`now()`, `advance(timedelta(days=60))`, `set(moment)`."""
        return self._emulator.state.clock

    @property
    def world(self) -> World:
        """A copy of the world as it is now; `edit` changes it."""
        with self._emulator.state.store.lock:
            return world_json.load(world_json.dump(self._emulator.state.store.world))

    @contextlib.contextmanager
    def edit(self) -> Iterator[World]:
        """Change the world; it is checked and saved at the end. No call is answered meanwhile.

        Raises:
            WorldError: What came out cannot be; the world is as it was.
        """
        with self._emulator.state.store.lock:
            copy = self.world
            yield copy
            self._emulator.state.store.replace(world_json.load(world_json.dump(copy)))

    def load(self, world: str | Path | WorldBuilder) -> None:
        """Begin again with another world, without secrets, faults and calls."""
        self._emulator.state.reset(_file(world))

    def reset(self) -> None:
        """Begin again."""
        self._emulator.state.reset()

    def act(self, action: str, **given: Any) -> str:
        """Do what a person does in a dashboard: `act("accept-role", person="ines")`; ActError says what is wrong."""
        with self._emulator.state.store.lock:
            world = self._emulator.state.store.world
            done = acts.perform(world, {"action": action, **given})
            self._emulator.state.store.save(acts.author(world, given))
        return done

    def calls(self) -> list[Call]:
        """The journal of both services, oldest first."""
        return self._emulator.state.journal.calls()

    @property
    def app_id(self) -> str:
        """The first app."""
        return self.world.apps[0].id

    @property
    def app_secret(self) -> str:
        return self.secret_of(self.app_id)

    @property
    def business_id(self) -> str:
        """The business of the first app, else the first business."""
        world = self.world
        return (world.apps[0].business_id if world.apps else None) or world.businesses[0].id

    @property
    def admin_token(self) -> str:
        return self._emulator.state.keyring.admin_token()

    def secret_of(self, app_id: str) -> str:
        return self._emulator.state.keyring.app_secret(app_id)

    def proof(self, token: str) -> str:
        """The `appsecret_proof` of a token of the first app."""
        return proof(token, self.app_secret)

    def token(self, name: str) -> str:
        """The value of a token that the world file, or the builder, gave this name; KeyError for an unknown one."""
        return self.admin_token if name == world_files.ADMIN else self._emulator.state.keyring.named_tokens()[name]


def _file(world: str | Path | WorldBuilder | None) -> WorldFile | None:
    if world is None:
        return None
    return world_files.find(str(world)) if isinstance(world, str | Path) else WorldFile("built", world.data())
