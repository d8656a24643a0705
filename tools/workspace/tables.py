"""What a page of docs/resources says of inputs and outputs, written from the resource's own declaration.

A page has the lines `<!-- inputs of SystemUser -->` (or `outputs of`) and `<!-- end -->`; what is between them is ours.
So has a page of docs/commands what the command says of itself (`<!-- help of rotate -->`), the page on the doctor all
its findings (`<!-- findings of doctor -->`), the page on policy its rules (`<!-- rules of policy -->`), the page on
troubles the codes that have a row of their own (`<!-- codes of meta -->`, `<!-- codes of aws -->`), and the page on a
program of one's own the pages of all resources (`<!-- resources -->`).
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import click

import meta_access
from meta_access import aws_refusals
from meta_access.cli import main as meta_access_command
from meta_access.doctor.catalog import CATALOG
from meta_access.doctor.explain import explained
from meta_access.graph import codes
from meta_access.policy.practice import PRACTICE
from meta_access.providers._declaration import as_bag
from meta_access.providers._gate import GateResource
from tools.workspace.environment import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.providers._declaration import Field
    from meta_access.providers._resource import MetaResource

DOCS = ROOT / "docs"
PAGES = [
    *(DOCS / name for name in ("doctor.md", "own-program.md", "policy.md", "troubleshooting.md")),
    *sorted((DOCS / "commands").glob("*.md")),
    *sorted((DOCS / "resources").glob("*.md")),
]
"""Those that have something written here."""
_WRITTEN = re.compile(
    r"<!-- (resources|(inputs|outputs|help|findings|rules|codes) of ([\w-]+)) -->\n.*?<!-- end -->", re.DOTALL
)
_WIDTH = 80


def written(text: str) -> str:
    """A page with what the code says in its places."""
    return _WRITTEN.sub(lambda found: f"<!-- {found[1]} -->\n\n{_said(found[2], found[3])}\n\n<!-- end -->", text)


def _said(what: str | None, of: str | None) -> str:
    if what is None or of is None:
        return _links()
    if what == "help":
        return "\n\n".join(_helps(of))
    if what == "findings":
        return _findings()
    if what == "rules":
        return _rules()
    return _codes(of) if what == "codes" else _table(what, of)


def _helps(name: str) -> Iterator[str]:
    """What a command says of itself, and then each of its subcommands."""
    settings = meta_access_command.context_settings
    above = click.Context(meta_access_command, info_name="meta-access", terminal_width=_WIDTH, **settings)
    command = meta_access_command.get_command(above, name)
    assert command is not None, name
    context = click.Context(command, info_name=name, parent=above, terminal_width=_WIDTH)
    yield f"```text\n{command.get_help(context)}\n```"
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        context_below = click.Context(below, info_name=below.name, parent=context, terminal_width=_WIDTH)
        yield f"## {name} {below.name}\n\n```text\n{below.get_help(context_below)}\n```"


def _codes(whose: str) -> str:
    """A heading for each code: the site's search finds numbers in headings alone."""
    names = sorted(aws_refusals.CODES) if whose == "aws" else [*_meta_codes()]
    return "\n\n".join(
        "\n".join([f"### {one.what}", "", one.means, *([f"*Next:* {one.next_step}"] if one.next_step else [])])
        for one in map(explained, names)
    )


def _meta_codes() -> Iterator[str]:
    for code in sorted(codes.CODES):
        row = codes.row(code)
        assert row is not None, code
        yield str(code)
        yield from (f"{code}/{subcode}" for subcode in row.subcodes)


def _table(what: str, name: str) -> str:
    resource: type[MetaResource] = GateResource if name == GateResource.__name__ else getattr(meta_access, name)
    if what == "inputs":
        rows = [["Input", "Type", "Default", "Meaning"], ["---"] * 4]
        rows += [
            [f"`{each.name}`", f"`{each.type}`", _default(each), each.about] for each in resource.declaration.inputs
        ]
    else:
        rows = [["Output", "Type", "Meaning"], ["---"] * 3]
        rows += [[f"`{each.name}`", f"`{each.type}`", each.about] for each in resource.declaration.outputs]
    return _rows(rows)


def _findings() -> str:
    rows = [["Id", "Severity", "Meaning", "Next step"], ["---"] * 4]
    rows += [[f"`{id_}`", str(one.severity), one.means, one.next_step] for id_, one in CATALOG.items()]
    return _rows(rows)


def _rules() -> str:
    rows = [["Rule", "Severity", "What it looks for", "Source"], ["---"] * 4]
    rows += [
        [f"`{one.id}`", str(one.severity), one.about, f"[Meta]({one.source})" if one.source else "practice"]
        for one in PRACTICE
    ]
    return _rows(rows)


def _rows(rows: list[list[str]]) -> str:
    return "\n".join(f"|{'|'.join(_cell(cell) for cell in row)}|" for row in rows)


def _links() -> str:
    names = [name for name in meta_access.__all__ if name != "__version__"]
    gates = [name for name in names if issubclass(getattr(meta_access, name), GateResource)]
    others = ", ".join(_link(name) for name in names if name not in gates)
    return f"{others}, and [the gates](resources/gates.md): {', '.join(map(_link, gates))}."


def _link(name: str) -> str:
    page = re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
    return f"[{name}](resources/{page}.md)"


def _cell(text: str) -> str:
    return text if text == "---" else " " + text.replace("|", "\\|") + " "


def _default(field: Field) -> str:
    if field.required:
        return "required"
    value = as_bag(field.default)
    return "" if value in (None, "") else f"`{value}`"


def main() -> int:
    """Write what the code says into all pages; with `--check` only name those that say something else."""
    stale = {page: now for page in PAGES if (now := written(text := page.read_text(encoding="utf-8"))) != text}
    check = "--check" in sys.argv[1:]
    for page, now in stale.items():
        if not check:
            page.write_text(now, encoding="utf-8")
        sys.stdout.write(f"{page.relative_to(ROOT)}: {'stale, run make tables' if check else 'written'}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
