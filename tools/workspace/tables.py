"""What a page of docs/resources says of inputs and outputs, written from the resource's own declaration.

A page has the lines `<!-- inputs of SystemUser -->` (or `outputs of`) and `<!-- end -->`; what is between them is ours.
The README names the pages of all resources likewise, below `<!-- resources -->`, and the page on the doctor has all its
findings, below `<!-- findings of doctor -->`.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import meta_access
from meta_access.doctor.catalog import CATALOG
from meta_access.providers._declaration import as_bag
from meta_access.providers._gate import GateResource
from tools.workspace.environment import ROOT

if TYPE_CHECKING:
    from meta_access.providers._declaration import Field
    from meta_access.providers._resource import MetaResource

PAGES = ROOT / "docs" / "resources"
README = ROOT / "README.md"
DOCTOR = ROOT / "docs" / "doctor.md"
_LIST = re.compile(r"<!-- resources -->\n.*?<!-- end -->", re.DOTALL)
_FINDINGS = re.compile(r"<!-- findings of doctor -->\n.*?<!-- end -->", re.DOTALL)
_TABLE = re.compile(r"<!-- (inputs|outputs) of (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def written(text: str) -> str:
    """A page with its tables, and its list of resources, as the declarations have them."""
    text = _LIST.sub(lambda _: f"<!-- resources -->\n{_links()}\n<!-- end -->", text)
    text = _FINDINGS.sub(lambda _: f"<!-- findings of doctor -->\n\n{_findings()}\n\n<!-- end -->", text)
    return _TABLE.sub(
        lambda found: f"<!-- {found[1]} of {found[2]} -->\n\n{_table(found[1], found[2])}\n\n<!-- end -->", text
    )


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


def _rows(rows: list[list[str]]) -> str:
    return "\n".join(f"|{'|'.join(_cell(cell) for cell in row)}|" for row in rows)


def _links() -> str:
    names = [name for name in meta_access.__all__ if name != "__version__"]
    gates = [name for name in names if issubclass(getattr(meta_access, name), GateResource)]
    others = ", ".join(_link(name) for name in names if name not in gates)
    return f"{others}, and [the gates](docs/resources/gates.md): {', '.join(map(_link, gates))}."


def _link(name: str) -> str:
    page = re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
    return f"[{name}](docs/resources/{page}.md)"


def _cell(text: str) -> str:
    return text if text == "---" else " " + text.replace("|", "\\|") + " "


def _default(field: Field) -> str:
    if field.required:
        return "required"
    value = as_bag(field.default)
    return "" if value in (None, "") else f"`{value}`"


def main() -> int:
    """Write the tables of all pages, and the README's list."""
    for page in (README, DOCTOR, *sorted(PAGES.glob("*.md"))):
        text = page.read_text(encoding="utf-8")
        if (now := written(text)) != text:
            page.write_text(now, encoding="utf-8")
            sys.stdout.write(f"{page.relative_to(ROOT)}: written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
