"""Who may do what on which asset: assets by client, and a column for each identity."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from meta_access.html import Markup, element, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from meta_access.cli.stack.summary import Assignment

STRONGEST = ("MANAGE", "ADVERTISE", "ANALYZE")
"""Tasks by what they allow; all others come after."""
KEPT = "kept"
MANY = 60
"""Assets; a longer matrix begins folded."""


@dataclass(frozen=True, slots=True)
class Group:
    """The assets of a client.

    Attributes:
        rows: Asset to identity to what it may do there.
    """

    client: str
    rows: Mapping[str, Mapping[str, Assignment]]

    def of(self, identity: str) -> list[Assignment]:
        return [cells[identity] for cells in self.rows.values() if identity in cells]


@dataclass(frozen=True, slots=True)
class Matrix:
    """All assignments.

    Attributes:
        tasks: Those that occur, the strongest first.
    """

    identities: tuple[str, ...]
    groups: tuple[Group, ...]
    tasks: tuple[str, ...]

    @property
    def assets(self) -> int:
        return sum(len(group.rows) for group in self.groups)


def matrix(assignments: Iterable[Assignment], clients: Iterable[str]) -> Matrix:
    """Lay assignments out; a client without one has a group without rows."""
    found: dict[str, dict[str, dict[str, Assignment]]] = {client: {} for client in clients}
    for one in assignments:
        found.setdefault(one.client, {}).setdefault(one.asset, {})[one.identity] = one
    identities = sorted({name for rows in found.values() for cells in rows.values() for name in cells})
    tasks = {task for rows in found.values() for cells in rows.values() for one in cells.values() for task in one.tasks}
    groups = (Group(client, found[client]) for client in sorted(found, key=lambda name: (name == "", name)))
    return Matrix(tuple(identities), tuple(groups), tuple(by_strength(tasks)))


def by_strength(tasks: Iterable[str]) -> list[str]:
    return sorted(tasks, key=lambda task: (_rank(task), task))


def _rank(task: str) -> int:
    plain = task.rpartition(":")[2]  # on a group a task has its kind in front
    return STRONGEST.index(plain) if plain in STRONGEST else len(STRONGEST)


def section(shown: Matrix, today: str) -> Markup:
    """The matrix with its controls; `today` is a day as the file of a stack has it."""
    if not shown.groups:
        return element("p", "No assignment exists in this stack.", class_="panel empty")
    heads = (element("th", element("span", name), scope="col") for name in shown.identities)
    head = element("thead", element("tr", element("th", "Client and asset", scope="col"), *heads))
    columns = element("colgroup", *(Markup("<col>") for _ in ("", *shown.identities)))
    caption = element(
        "caption",
        "A client's row counts its assets that an identity may act on, with the strongest task. ",
        _task("TASK", kept=True),
        f" is {KEPT}: the user had it before, and no line declares it.",
    )
    table = element(
        "table",
        caption,
        columns,
        head,
        *(_group(group, shown.identities, today, folded=shown.assets > MANY) for group in shown.groups),
        id="matrix",
    )
    wide = element(
        "div", table, class_="panel wide", tabindex=0, role="region", aria_label="The matrix, scrolls both ways"
    )
    none = element("p", "Nothing matches.", class_="panel empty", id="no-match", hidden=True)
    return joined([_controls(shown), wide, none])


def _controls(shown: Matrix) -> Markup:
    tasks = [("", "any task"), *((task, task) for task in shown.tasks), (f"*{KEPT}", f"{KEPT}, not declared")]
    identities = [("", "all identities"), *((name, name) for name in shown.identities)]
    return element(
        "form",
        element(
            "div", element("label", "Client, asset, identity or task", for_="find"), _field("find"), class_="wider"
        ),
        element("div", element("label", "Task", for_="task"), select("task", tasks)),
        element("div", element("label", "Identity", for_="identity"), select("identity", identities)),
        element(
            "div",
            element("button", "Unfold all", type="button", id="unfold"),
            element("button", "Fold all", type="button", id="fold"),
            class_="buttons",
        ),
        element("p", role="status", id="shown"),
        class_="find screen",
        role="search",
        aria_label="Assignments",
        hidden=True,
    )


def _field(id_: str) -> Markup:
    return element("input", id=id_, type="search", autocomplete="off", spellcheck="false")


def select(id_: str, options: Sequence[tuple[str, str]]) -> Markup:
    """A choice; each option is its value and its text."""
    return element("select", *(element("option", shown, value=value) for value, shown in options), id=id_)


def _group(group: Group, identities: Sequence[str], today: str, *, folded: bool) -> Markup:
    name, count = group.client or "Of no client", len(group.rows)
    told = f"{count} asset{'' if count == 1 else 's'}"
    head = element("th", element("span", name, class_="client"), " ", element("small", told), scope="row")
    cells = (_total(group.of(identity)) for identity in identities)
    first = element("tr", head, *cells, class_="group")
    rows = (_row(asset, by, identities, today) for asset, by in group.rows.items())
    return element("tbody", first, *rows, class_="folded" if folded else None)


def _total(held: Sequence[Assignment]) -> Markup:
    if not held:
        return Markup("<td></td>")
    best = by_strength({task for one in held for task in one.tasks})[:1]
    return element("td", element("b", str(len(held))), " ", *(_task(task) for task in best))


def _row(asset: str, by: Mapping[str, Assignment], identities: Sequence[str], today: str) -> Markup:
    cells = (_cell(by[identity], today) if identity in by else Markup("<td></td>") for identity in identities)
    return element("tr", element("th", element("code", asset), scope="row"), *cells)


def _cell(one: Assignment, today: str) -> Markup:
    tasks = [_task(task) for task in by_strength(one.tasks)]
    kept = [_task(task, kept=True) for task in by_strength(one.kept)]
    told = f"until {one.until}" if one.until > today else f"ended {one.until}: the next update takes it away"
    ends = [element("small", told)] if one.until else []
    return element("td", joined([*tasks, *kept, *ends], Markup(" ")))


@cache
def _task(task: str, *, kept: bool = False) -> Markup:
    strong = STRONGEST[_rank(task)].lower() if _rank(task) < len(STRONGEST) else ""
    return element("i", task, class_=f"{KEPT} {strong}".strip() if kept else strong or None)
