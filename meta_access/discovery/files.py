"""The files of a stack with what was added to them. Pure: texts in, texts out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from meta_access.errors import ConfigError
from meta_access.stack.files import NAMESPACE
from meta_access.stack.yaml_additions import Entry, added, conflicts
from meta_access.stack.yaml_files import parse_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.discovery.plan import Additions
    from meta_access.errors import Problem

HEAD = (
    "# Written by `meta-access discover` from what Meta shows. It is yours to edit: another run adds what is new,\n"
    "# and changes nothing that stands here.\n"
)


@dataclass(frozen=True, slots=True)
class Files:
    """The texts of a stack's files.

    Attributes:
        stack: The stack file's name, and its text.
        clients: Name of each client file, below the folder of the stack files, to its text.
        clients_dir: The folder of the client files that the stack names, else the one that it is to name.
        named: Whether the stack names it.
    """

    stack: tuple[str, str]
    clients_dir: str
    named: bool
    clients: Mapping[str, str] = field(default_factory=dict)

    def problems(self) -> list[Problem]:
        """What keeps them from being read, of all files at once."""
        found: list[Problem] = []
        for name, text in (self.stack, *self.clients.items()):
            marks = conflicts(text, name)
            found += marks
            if not marks:
                try:
                    parse_yaml(text, name)
                except ConfigError as error:
                    found += error.problems
        return found

    def with_added(self, more: Additions) -> Files:
        """The files with what they lack.

        Raises:
            NotEditableError: One is written in a way that nothing can be added to.
        """
        name, text = self.stack
        config = (parse_yaml(text, name) or {}).get("config") or {}
        inline: dict[str, Any] = config.get(f"{NAMESPACE}clients") or {}
        here = {key: Entry(below=rows) for key, rows in more.clients.items() if key in inline}
        clients = dict(self.clients)
        for key, rows in more.clients.items():
            if key not in here:
                file = self._file_of(key)
                before = clients.get(file, HEAD)
                nested = list(parse_yaml(before, file) or {}) == [key]
                clients[file] = added(before, {key: Entry(below=rows)} if nested else rows, file)
        tables = {"people": more.people, "identities": more.identities, "clients": here}
        wanted = {f"{NAMESPACE}{table}": Entry(below=rows) for table, rows in tables.items() if rows}
        if clients and not self.named:
            wanted[f"{NAMESPACE}clients_dir"] = Entry(self.clients_dir)
        if wanted:
            text = added(text, {"config": Entry(below=wanted)}, name)
        return Files((name, text), self.clients_dir, self.named or bool(clients), clients)

    def changed_in(self, after: Files) -> dict[str, tuple[str, str]]:
        """By name, each file that another set has otherwise: its text before and after."""
        pairs = {after.stack[0]: (self.stack[1], after.stack[1])}
        pairs |= {name: (self.clients.get(name, ""), text) for name, text in sorted(after.clients.items())}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}

    def place_of(self, client: str) -> tuple[str, tuple[str, ...]]:
        """The file that declares a client, and the way there to what stands under its name."""
        file = self._file_of(client)
        if file in self.clients:
            nested = list(parse_yaml(self.clients[file], file) or {}) == [client]
            return file, (client,) if nested else ()
        return self.stack[0], ("config", f"{NAMESPACE}clients", client)

    def _file_of(self, client: str) -> str:
        names = [f"{self.clients_dir}/{client}{suffix}" for suffix in (".yaml", ".yml")]
        return next((name for name in names if name in self.clients), names[0])
