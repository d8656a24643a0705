"""What an export of Meta's developer tools says about the gates of a stack. Pure.

Where the export leaves a question open, nothing is taken: a record that nobody can vouch for is worse than none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from meta_access import rules as rule_sets
from meta_access.endpoints import is_loopback
from meta_access.engine_marks import TYPE_PREFIX
from meta_access.redaction import scrub

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meta_access.cli.gates.devtools_export import Export, Privilege

_RANKS = {"none": 0, "standard": 1, "advanced": 2, "limited": 1, "full": 2}
_UNDER_REVIEW = frozenset({"PENDING", "SUBMITTED", "IN_REVIEW", "UNDER_REVIEW"})
_LONGEST_NOTE = 300
# What no answer of the tools shows, so that nobody waits for an export that tells it.
_UNREADABLE = {
    "LoginConfiguration": "the tools show no login configurations",
    "AppRoles": "the tools show no app roles; Graph does",
    "BusinessVerification": "Graph shows it itself",
    "SystemUserAppAccess": "Graph shows it itself",
    "AssetShare": "Graph shows it itself",
    "LeadAccess": "Graph shows it itself",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """What the export says about a gate: a status of the evidence file, and why."""

    gate: str
    status: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """What was not taken; `left` when a person has to find out another way."""

    what: str
    why: str
    left: bool = False


@dataclass(slots=True)
class Judged:
    taken: list[Taken] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def add(self, found: Taken | Skipped) -> None:
        if isinstance(found, Taken):
            self.taken.append(Taken(found.gate, found.status, scrub(found.note)[:_LONGEST_NOTE]))
        else:
            self.skipped.append(Skipped(scrub(found.what), scrub(found.why)[:_LONGEST_NOTE], found.left))


def judge(export: Export, gates: Mapping[str, Mapping[str, Any]]) -> Judged:
    """Hold an export against the gates of its app.

    Args:
        export: What was read.
        gates: Gates of the stack's state, of this app alone, by name.
    """
    found = Judged()
    for what, why in export.notes:
        found.add(Skipped(what, f"{why}."))
    for name, gate in gates.items():
        if (about := _about(name, gate, export)) is not None:
            found.add(about)
    asked = [_asked(gate) for gate in gates.values()]
    for row in export.privileges.values():
        if _RANKS.get(row.level, 0) > 1 and not any(_same(row.name, one) for one in asked):
            found.add(Skipped(row.name, f"Meta grants it at level {row.level}, and no gate of this stack asks for it."))
    if export.pending and not export.privileges:
        found.add(Skipped("the submission", "is under review; import the privileges too, which say what is granted."))
    return found


def _about(name: str, gate: Mapping[str, Any], export: Export) -> Taken | Skipped | None:
    kind, outputs = _kind(gate), gate["outputs"]
    if kind == "RedirectUris" and export.redirect_uris is not None:
        return _uris(name, outputs, export.redirect_uris)
    if asked := _asked(gate):
        row = next((one for key, one in export.privileges.items() if _same(key, asked)), None)
        if row is not None:
            return _privilege(name, _wanted(kind, outputs), row, export)
        left = _wanted(kind, outputs) > 1
        return Skipped(name, f"the export lists no {asked}.", left=left) if export.privileges else None
    if kind in _UNREADABLE and outputs.get("status") != "satisfied":
        return Skipped(name, f"{_UNREADABLE[kind]}.")
    return None


def _kind(gate: Mapping[str, Any]) -> str:
    return str(gate["type"]).removeprefix(TYPE_PREFIX)


def _asked(gate: Mapping[str, Any]) -> str:
    """The permission or feature that a gate asks for; empty for other gates."""
    field = {"PermissionRequest": "permission", "FeatureRequest": "feature"}.get(_kind(gate))
    return str(gate["outputs"][field]) if field else ""


def _wanted(kind: str, outputs: Mapping[str, Any]) -> int:
    """The rank of the declared level: a feature's levels are words of a rule set, lowest first."""
    level = str(outputs["level"])
    if kind == "PermissionRequest" or level in _RANKS:
        return _RANKS.get(level, 2)
    return 2


def _privilege(gate: str, wanted: int, row: Privilege, export: Export) -> Taken | Skipped:
    if row.level not in _RANKS:
        return Skipped(gate, f'the export calls its level "{row.level}", a word that is not known.', left=True)
    rank = _RANKS[row.level]
    if wanted <= 1 and rank == 0:
        return Skipped(gate, "Meta shows no access to it at all: add it to the app in the dashboard.", left=True)
    if wanted <= 1:
        return Skipped(gate, "this level comes by itself, so it needs no evidence.")
    if rank < wanted:
        return _below(gate, row, export)
    if row.live is False:
        return Skipped(gate, f"it is granted at level {row.level} and not live yet.", left=True)
    return Taken(gate, "satisfied", f"Access level {row.level}.")


def _below(gate: str, row: Privilege, export: Export) -> Taken | Skipped:
    """A privilege that is not granted as asked for: how far its review is."""
    at = f"Access level {row.level}"
    if row.grant in _UNDER_REVIEW or (export.pending and any(_same(one, row.name) for one in export.submitted)):
        return Taken(gate, "submitted", f"{at}; {_submission(export)} is under review.")
    if export.pending and not export.submitted:
        why = f"{_submission(export)} is under review, and the export does not say whether it asks for {row.name}"
        return Skipped(gate, f"{why}: state it with `meta-access attest {gate} --status submitted`.", left=True)
    if row.grant == "REJECTED" and row.reasons:
        return Taken(gate, "declined", " ".join(row.reasons))
    if row.grant == "REJECTED" and export.reviewed_before:
        return Taken(gate, "declined", "Meta gave no reason.")
    # REJECTED without a reason and without a review is how the tools call what was never asked for.
    unknown = row.grant == "REJECTED" and export.reviewed_before is None
    why = (
        "not granted; without the app's history nobody knows whether it was ever reviewed"
        if unknown
        else "never granted"
    )
    return Taken(gate, "open", f"{at}; {why}.")


def _submission(export: Export) -> str:
    return f"submission {export.submission}" if export.submission else "a submission"


def _uris(gate: str, outputs: Mapping[str, Any], listed: tuple[str, ...]) -> Taken:
    # The dashboard allows localhost by itself in development mode, and keeps no such entry.
    declared = [uri for uri in outputs["uris"] if not is_loopback(urlsplit(uri))]
    missing = [uri for uri in declared if uri not in listed]
    if missing:
        return Taken(gate, "open", f"Meta does not list {', '.join(missing)}.")
    extra = [uri for uri in listed if uri not in outputs["uris"]]
    if extra:
        return Taken(
            gate, "open", f"Meta lists more than is declared: {', '.join(extra)}. Remove it there, or declare it."
        )
    return Taken(gate, "satisfied", "Meta lists exactly these URIs.")


def _same(word: str, asked: str) -> bool:
    """Whether two names mean one permission or feature: an identifier, or a name of any edition."""
    return _key(word) == _key(asked)


def _key(word: str) -> str:
    plain = word.strip().lower().replace(" ", "_")
    return next((key for key, name in _feature_names() if name.lower().replace(" ", "_") == plain), plain)


def _feature_names() -> Iterator[tuple[str, str]]:
    for edition in rule_sets.names():
        for key, feature in rule_sets.load(edition).features.items():
            yield key, feature.name
