# ruff: noqa: N802 - the method's name is the protocol's
"""What a worker keeps for all its projects, because every operation of an engine would make it anew and alike.

Random values: an engine starts a plugin for them in each operation, which takes a twelfth of its processor time. Here
it attaches to a stand-in that runs already. Packages: the engine has `pip list` look for plugins in each operation,
which takes another tenth. Here it is answered with what pip said once.

Imports: an engine starts two Pythons in each operation, and half of their processor time goes into importing what
others wrote. Here they are forks of one that has imported it (`warm.py`).

Garbage: each Python that an engine starts lives for seconds and spends a twelfth of its processor time on looking for
cycles. Here none of them looks.

`test_make_targets.py` and `test_stranger.py` do without, as a person's `pulumi up` does.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.protobuf.empty_pb2 import Empty

from tests.engine import warm_start
from tests.engine.warm import warm
from tools.engine.random_plugin.server import RandomServicer, serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIST = ["list", "-v", "--format", "json"]
"""How the language host asks for the packages; any other call of pip is refused."""
PIP = """
import pathlib
import sys

if sys.argv[1:] != {words!r}:
    sys.exit(f"the engine asks pip for something new: {{sys.argv[1:]}}")
print(pathlib.Path(__file__).with_name("packages.json").read_text(encoding="utf-8"))
"""


@dataclass(frozen=True, slots=True)
class Worker:
    """What is kept.

    Attributes:
        packages: Folder of a module `pip` that lists this environment's packages, and of a `sitecustomize`.
        random: Port of the stand-in for the random plugin; None where no program asks for one.
        warm: Socket of the Python that forks; None where every Python starts by itself.
    """

    packages: Path
    random: int | None = None
    warm: Path | None = None

    def variables(self) -> dict[str, str]:
        """What makes an engine use it."""
        attached = {} if self.random is None else {"PULUMI_DEBUG_PROVIDERS": f"random:{self.random}"}
        forked = {} if self.warm is None else {warm_start.ADDRESS: str(self.warm)}
        return {"PYTHONPATH": str(self.packages), **attached, **forked}


def listed(folder: Path) -> Path:
    """Ask pip for the packages, and make a folder that answers the same and whose Pythons collect no garbage."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "packages.json").open("w", encoding="utf-8") as file:
        subprocess.run([sys.executable, "-m", "pip", *LIST], stdout=file, timeout=60, check=True)
    (folder / "pip.py").write_text(PIP.format(words=LIST), encoding="utf-8")
    shutil.copyfile(warm_start.__file__, folder / "sitecustomize.py")
    return folder


@contextlib.contextmanager
def working(folder: Path) -> Iterator[Worker]:
    """Keep things in a folder, and serve random values meanwhile."""
    server, port = serve(_AttachedServicer(importlib.metadata.version("pulumi-random")))
    with warm() as socket:
        yield Worker(listed(folder), port, socket)
    server.stop(grace=None)


class _AttachedServicer(RandomServicer):
    """The stand-in for engines that did not start it (`PULUMI_DEBUG_PROVIDERS`)."""

    def Attach(self, request: Any, context: Any) -> Empty:
        return Empty()
