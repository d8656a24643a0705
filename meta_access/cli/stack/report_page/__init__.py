"""`meta-access report --html`: a stack on one page that needs no server, no network and no script to be read. Pure."""

from __future__ import annotations

from collections import Counter
from importlib import resources
from typing import TYPE_CHECKING, Any

from meta_access import html
from meta_access.cli.stack.report_page import matrix, timeline
from meta_access.cli.stack.summary import TokenState, is_open
from meta_access.clock import iso
from meta_access.gates import deadline
from meta_access.gates.status import NOT_MADE, Status
from meta_access.html import Markup, element, joined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from meta_access.cli.stack.summary import Filter, Summary

GATES = (Status.DRIFTED, Status.PENDING_HUMAN, Status.STALE_EVIDENCE, Status.UNVERIFIABLE, NOT_MADE, Status.SATISFIED)
"""In the order of the page; a status of another version comes before those that are satisfied."""
TONES = {Status.DRIFTED: "bad", Status.SATISFIED: "good"}
STEPS = {"first": "First", "where": "Where", "menu": "Menu", "expect": "Look for", "paste": "Paste"}
SECTIONS = (
    ("access", "Who may do what"),
    ("tokens", "Tokens"),
    ("gates", "Gates"),
    ("quota", "Quota"),
    ("more", "More"),
)


def render(summary: Summary, wanted: Filter, at: datetime) -> str:
    """The page.

    Args:
        summary: What it shows.
        wanted: What the summary's gates are filtered by.
        at: The moment by which ages, ends and days are counted.
    """
    shown = matrix.matrix(summary.assignments, summary.clients)
    lives = timeline.lives(summary) + timeline.of_admins(summary, at)
    bodies = {
        "access": matrix.section(shown, at.date().isoformat()),
        "tokens": _tokens(lives, summary, at),
        "gates": _gates(summary, wanted, at),
        "quota": _quota(summary),
        "more": _more(summary),
    }
    sections = (
        element("section", element("h2", title, id=id_), bodies[id_], aria_labelledby=id_) for id_, title in SECTIONS
    )
    title = f"Access of stack {summary.stack}"
    body = [
        element("a", "Skip to the matrix", href="#access", class_="skip"),
        element("header", *_head(title, summary, shown, lives, at)),
        element("main", *sections),
        element("footer", element("p", f"Made by meta-access report, {iso(at)}. No call was made to Meta for it.")),
    ]
    style, script = (_own(name) for name in ("page.css", "page.js"))
    return html.document(title, body, style=style, script=script)


def _own(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _head(
    title: str, summary: Summary, shown: matrix.Matrix, lives: Sequence[timeline.Life], at: datetime
) -> list[Markup]:
    states = Counter(life.state for life in lives)
    managed = {(one.asset) for one in summary.assignments if any(task.endswith("MANAGE") for task in one.tasks)}
    still = sum(map(is_open, summary.gates.values()))
    facts = {
        "Clients": str(len(shown.groups)),
        "Assets": str(shown.assets),
        "Identities": str(len(shown.identities)),
        "Assignments": str(len(summary.assignments)),
        "Assets that somebody may MANAGE": str(len(managed)),
        "Tokens": f"{len(lives)}: {states[TokenState.EXPIRED]} expired, {states[TokenState.DUE]} due",
        "Gates": f"{len(summary.gates)}: {still} open",
    }
    where = f"Environment {summary.environment}. " if summary.environment else ""
    pairs = (element("div", element("dt", key), element("dd", value)) for key, value in facts.items())
    links = (element("li", element("a", title, href=f"#{id_}")) for id_, title in SECTIONS)
    return [
        element("h1", title),
        element("p", where, summary.seen.sentence(at), class_="soft"),
        element("nav", element("ul", *links), aria_label="Sections", class_="screen"),
        element("dl", *pairs, class_="facts"),
    ]


def _tokens(lives: Sequence[timeline.Life], summary: Summary, at: datetime) -> Markup:
    if not lives:
        return element("p", "No token exists in this stack.", class_="panel empty")
    parts = [element("div", timeline.table(lives, at), timeline.legend(), class_="panel")]
    if summary.not_looked_at:
        text = f"As the last update saw them; they were not looked at: {summary.not_looked_at}"
        parts.insert(0, element("p", text, class_="note"))
    return joined(parts)


def _gates(summary: Summary, wanted: Filter, at: datetime) -> Markup:
    only = [f"of client {wanted.client}"] if wanted.client else []
    only += [f"owned by {wanted.owner}"] if wanted.owner else []
    only += ["open"] if wanted.only_open else []
    note = element("p", f"Only those that are {' and '.join(only)}.", class_="note") if only else Markup()
    if not summary.gates:
        return joined(
            [note, element("p", "There is no such gate." if only else "This stack has no gate.", class_="panel empty")]
        )
    by: dict[str, list[str]] = {}
    for name, gate in summary.gates.items():
        by.setdefault(str(gate.get("status", "?")), []).append(name)
    order = [one for one in (*GATES[:-1], *by, GATES[-1]) if one in by]
    statuses = list(dict.fromkeys(one for one in order if one != Status.SATISFIED)) + (
        [GATES[-1]] if GATES[-1] in by else []
    )
    due = {name: told for name, day in summary.due.items() if (told := deadline.in_words(day, at.date()))}
    folds = (_fold(status, {name: summary.gates[name] for name in by[status]}, due) for status in statuses)
    return joined([note, _share(statuses, by), _search(statuses), *folds])


def _share(statuses: Sequence[str], by: Mapping[str, Sequence[str]]) -> Markup:
    """A bar of how many gates have which status, and the numbers."""
    whole, x, parts, words = sum(map(len, by.values())), 0.0, [], []
    for status in statuses:
        width = 100 * len(by[status]) / whole
        parts.append(element("rect", x=f"{x:.2f}%", width=f"{width:.2f}%", height=14, class_=_tone(status)))
        words.append(
            element("li", element("span", _words(status), class_=f"status {_tone(status)}"), f" {len(by[status])}")
        )
        x += width
    bar = element("svg", *parts, width="100%", height=14, aria_hidden="true", class_="share")
    return joined([bar, element("ul", *words, class_="legend", aria_label="Gates by status")])


def _search(statuses: Sequence[str]) -> Markup:
    options = [("", "any status"), *((one, _words(one)) for one in statuses)]
    return element(
        "form",
        element(
            "div",
            element("label", "Gate, owner or step", for_="find-gate"),
            element("input", id="find-gate", type="search", autocomplete="off", spellcheck="false"),
            class_="wider",
        ),
        element("div", element("label", "Status", for_="status"), matrix.select("status", options)),
        element("p", role="status", id="shown-gates"),
        class_="find screen",
        role="search",
        aria_label="Gates",
        hidden=True,
    )


def _tone(status: str) -> str:
    return TONES.get(Status(status), "wait") if status in set(Status) else "wait"


def _words(status: str) -> str:
    return status.replace("_", " ")


def _fold(status: str, gates: Mapping[str, Mapping[str, Any]], due: Mapping[str, str]) -> Markup:
    titles = ("Gate", "Waiting on", "Owner", "Since", "Known by", "Next step")
    head = element("thead", element("tr", *(element("th", title, scope="col") for title in titles)))
    rows = (_gate(name, gate, due.get(name, "")) for name, gate in gates.items())
    table = element("table", head, element("tbody", *rows), class_="reflow")
    summary = element("summary", element("span", _words(status), class_=f"status {_tone(status)}"), f" {len(gates)}")
    return element("details", summary, table, class_="panel gates", open=status != Status.SATISFIED, data_status=status)


def _gate(name: str, gate: Mapping[str, Any], due: str) -> Markup:
    evidence = gate.get("evidence") if isinstance(gate.get("evidence"), dict) else {}
    known = (
        " ".join(str(part)[:10] for part in (evidence.get("source"), evidence.get("at")) if part) if evidence else ""
    )
    late = [element("p", due, class_="due")] if due else []
    cells = {
        "Waiting on": str(gate.get("waiting_on") or "-"),
        "Owner": str(gate.get("owner") or "-"),
        "Since": str(gate.get("since") or "-")[:10],
        "Known by": known or "-",
    }
    return element(
        "tr",
        element("th", name, *late, scope="row"),
        *(element("td", value, data_label=label) for label, value in cells.items()),
        element("td", *_step(gate), data_label="Next step"),
    )


def _step(gate: Mapping[str, Any]) -> list[Markup]:
    step = gate.get("next_step")
    if not is_open(gate) or not step:
        return [Markup("-")]
    fields = step if isinstance(step, dict) else {"what": step}
    found = [element("p", str(fields.get("what", "")))]
    for key, label in STEPS.items():
        value = str(fields.get(key) or "")
        if key == "where" and value:
            found.append(element("p", f"{label}: ", html.link(value, value), class_="soft"))
        elif key == "paste" and value:
            found += [
                element("p", f"{label}:", class_="soft"),
                element("pre", joined(value.splitlines(), Markup("\n"))),
            ]
        elif value:
            found.append(element("p", f"{label}: {value}", class_="soft"))
    return found


def _quota(summary: Summary) -> Markup:
    rows = []
    for business, roles in summary.quota.items():
        for role, row in roles.items() if isinstance(roles, dict) else ():
            if isinstance(row, dict):
                rows.append(_used(business, role, row))
    if not rows:
        return element("p", "The last update exported no quota.", class_="panel empty")
    titles = ("Business", "Role", "System users", "Which", "Rule")
    head = element("thead", element("tr", *(element("th", title, scope="col") for title in titles)))
    return element("div", element("table", head, element("tbody", *rows), class_="reflow"), class_="panel")


def _used(business: str, role: str, row: Mapping[str, Any]) -> Markup:
    planned, limit = row.get("planned") or [], row.get("limit")
    used, most = len(planned), int(limit) if isinstance(limit, int | float) else None
    told = f"{used} planned, of an unknown number" if most is None else f"{used} of {most} planned"
    full = most is not None and used >= most
    bar: list[Markup] = []
    if most:
        rail = element("rect", width="100%", height=10, class_="rail")
        fill = element(
            "rect", width=f"{min(100, 100 * used / most):.2f}%", height=10, class_="wait" if full else "used"
        )
        bar = [element("svg", rail, fill, width="100%", height=10, aria_hidden="true", class_="share")]
    over = (
        [
            " ",
            element(
                "span",
                "more than the limit" if used > (most or 0) else "none is left",
                class_="status bad" if used > (most or 0) else "status wait",
            ),
        ]
        if full
        else []
    )
    return element(
        "tr",
        element("th", business, scope="row"),
        element("td", role, data_label="Role"),
        element("td", told, *over, *bar, data_label="System users"),
        element("td", ", ".join(map(str, planned)) or "-", data_label="Which"),
        element("td", f"tier {row.get('tier', '?')}, rules {row.get('rules', '?')}", data_label="Rule"),
    )


def _more(summary: Summary) -> Markup:
    doubts = {
        name: row["says"] for name, row in summary.admin_tokens.items() if isinstance(row, dict) and row.get("says")
    }
    kept = {name: _standing(row) for name, row in summary.upkeep.items() if isinstance(row, dict)}
    parts = [
        _named(
            "What exists", {kind: [f"{len(names)}: {', '.join(names)}"] for kind, names in summary.resources.items()}
        ),
        _named("Admin tokens", {name: list(map(str, says)) for name, says in doubts.items()}),
        _named("Keeping the tier", kept),
        _named("Login URLs", {app: _urls(found) for app, found in summary.login_urls.items()}),
    ]
    found = [part for part in parts if part]
    return joined(found) if found else element("p", "Nothing exists in this stack.", class_="panel empty")


def _standing(row: Mapping[str, Any]) -> list[str]:
    return [f"{row.get('standing', '?')}{f' on {on}' if (on := row.get('on')) else ''}. {row.get('rule', '')}"]


def _urls(found: Any, path: str = "") -> list[str]:
    if isinstance(found, dict):
        return [line for key, part in found.items() for line in _urls(part, f"{path}{key}: ")]
    return [f"{path}{found}"]


def _named(title: str, rows: Mapping[str, Sequence[str]]) -> Markup:
    if not rows:
        return Markup()
    pairs = (
        element("div", element("dt", name), *(element("dd", line) for line in lines)) for name, lines in rows.items()
    )
    return element("details", element("summary", title), element("dl", *pairs, class_="pairs"), class_="panel")
