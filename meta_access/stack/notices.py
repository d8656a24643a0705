"""What a sound configuration should still say aloud: versions that end, addresses that look alike, large losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from meta_access.rules.permissions import doubt
from meta_access.stack import use_cases
from meta_access.stack.fields import few
from meta_access.stack.files import SUFFIXES, evidence_file, stray_evidence
from meta_access.stack.plan import assignments, scopes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date
    from pathlib import Path

    from meta_access.rules import RuleSet
    from meta_access.stack.load import Stack
    from meta_access.stack.models import StackSpec
    from meta_access.stack.plan import AssignmentPlan


CREATES_ADS = "ads_management"


@dataclass(frozen=True, slots=True)
class Notice:
    """What is sound and should still be said; `warning` where somebody should act on it."""

    text: str
    warning: bool = True


def of_stack(stack: Stack, folder: Path, today: date) -> Iterator[Notice]:
    """Everything that a sound stack, its files and its rule set give cause to say, before anything is looked at."""
    spec, rules = stack.spec, stack.rules
    if stack.overlay is not None:
        yield Notice(stack.overlay.notice(), warning=False)
        if text := stack.overlay.warning():
            yield Notice(text)
    for texts in (
        versions(spec, rules, today),
        alike(spec),
        doubts(spec, rules),
        development(spec, rules),
        strays(folder, stack.name),
        unread(spec, folder, stack.name),
        use_cases.warnings(spec, rules),
    ):
        yield from map(Notice, texts)
    for text in (*use_cases.notices(spec, rules), *all_or_none(spec)):
        yield Notice(text, warning=False)


def versions(spec: StackSpec, rules: RuleSet, today: date) -> Iterator[str]:
    """Graph versions that end soon or have ended, or that the rule set's calendar does not have.

    A calendar ages, and Meta moves days: what Meta answers decides whether a version still works.
    """
    for key, connection in spec.connections.items():
        version = connection.api_version
        state = rules.version_state(version, today)
        where = f"meta:connections.{key}.api_version"
        if state.kind == "ending":
            yield f"{where}: {version} ends for the Marketing API on {state.ends}. Move to {state.newest} before."
        if state.kind == "retired":
            on = f" on {state.ends}" if state.ends is not None else ""
            by = f"by the calendar of rule set {rules.name}; what Meta answers decides"
            yield f"{where}: {version} ended for the Marketing API{on}, {by}. Move to {state.newest}."
        if state.kind == "unknown":
            known = f"the calendar of rule set {rules.name}, whose newest is {state.newest}"
            yield f"{where}: {version} is not in {known}."


def doubts(spec: StackSpec, rules: RuleSet) -> Iterator[str]:
    """Scopes of which nothing public tells whether a system user's token may hold them."""
    for key, identity in spec.identities.items():
        for scope in scopes_of(rules, identity):
            if why := doubt(rules, scope):
                yield f"meta:identities.{key}.scopes: {why}"


def development(spec: StackSpec, rules: RuleSet) -> Iterator[str]:
    """Apps in development mode whose identities create ads: Meta refuses the creatives of such an app."""
    for key, app in spec.apps.items():
        makers = [
            name
            for name, identity in spec.identities.items()
            if app.mode == "development"
            and use_cases.lives_in(spec, identity, key)
            and CREATES_ADS in scopes_of(rules, identity)
        ]
        if makers:
            yield (
                f"meta:apps.{key}.mode: {', '.join(makers)} may create ads, and Meta refuses the creatives of an app "
                "in development mode (100/1885183). Let an app admin switch it to live, then write mode: live; the "
                "obligation app_mode keeps that a gate."
            )


def all_or_none(spec: StackSpec) -> Iterator[str]:
    """Apps with Login for Business, whose people cannot decline one permission."""
    for key, app in spec.apps.items():
        if app.login is not None and app.login.for_business:
            yield (
                f"meta:apps.{key}.login: Facebook Login for Business grants all permissions that a login asks for, or "
                "none, so that one which a client does not want costs the whole login."
            )


def strays(folder: Path, stack: str) -> Iterator[str]:
    """Evidence files without a stack: `pulumi stack rename` renames the stack file and not this one."""
    own = evidence_file(folder, stack)
    for name in stray_evidence(folder):
        renamed = "" if own.exists() else f"If stack {stack} was called that before, rename the file to {own.name}. "
        yield (
            f"{folder.name}/{name}: there is no stack file Pulumi.{name.removeprefix('evidence.')}, so what it states "
            f"counts for nothing. {renamed}Remove it if its stack is gone."
        )


def unread(spec: StackSpec, folder: Path, stack: str) -> Iterator[str]:
    """A folder of client files that bears the stack's name while its configuration names none, or another one."""
    own = folder / f"clients.{stack}"
    if spec.clients_dir == own.name or not own.is_dir():
        return
    if any(file.suffix.lower() in SUFFIXES for file in own.iterdir()):
        place = f"{folder.name}/{own.name}"
        yield (
            f"{place}: meta:clients_dir does not name this folder, so that none of its clients is read. Write "
            f"meta:clients_dir: {own.name}, or remove the folder."
        )


def alike(spec: StackSpec) -> Iterator[str]:
    """Redirect URIs that people take for one, and Meta for two: with and without www, with and without the slash."""
    for key, app in spec.apps.items():
        seen: dict[str, str] = {}
        for uri in app.login.redirect_uris if app.login is not None else ():
            parts = urlsplit(uri)
            same = parts._replace(netloc=parts.netloc.removeprefix("www."), path=parts.path.rstrip("/")).geturl()
            if same in seen:
                yield (
                    f"meta:apps.{key}.login.redirect_uris: {seen[same]} and {uri} are two addresses to Meta, which "
                    "compares them to the letter. Keep the one that your application sends."
                )
            seen.setdefault(same, uri)


SHARE = 0.25
"""From more than this share of the stack's assignments on, their loss is a warning."""

_CLIENT = "meta:access:ClientAccess"
_ASSIGNMENT = f"{_CLIENT}$pulumi-python:dynamic/meta:AssetAssignment"


def losses(urns: Iterable[str], spec: StackSpec, rules: RuleSet) -> str | None:
    """One paragraph about what goes, when that is a whole client or more than `SHARE` of all assignments.

    Args:
        urns: Of the resources in the state that the last update left.
        spec: The configuration of today.
        rules: Its rule set.
    """
    before = _assigned(urns)
    planned = {
        key.removeprefix(f"{client}-")
        for client in spec.clients
        for work in assignments(spec, rules, client)
        for key in _keys(work, spec)
    }
    gone = [(client, work) for client, works in before.items() for work in works if work not in planned]
    clients = [client for client, works in before.items() if works and not planned.intersection(works)]
    clients = [client for client in clients if client not in spec.clients]
    total = sum(len(works) for works in before.values())
    if not clients and len(gone) <= SHARE * total:
        return None
    shown = [f"{client}-{work}" for client, work in sorted(gone)]
    whole = f" Nothing is left of {few(sorted(clients))}." if clients else ""
    return (
        f"This configuration takes away {len(gone)} of the {total} asset assignments that the last update left: "
        f"{few(shown)}.{whole} If that is not meant, look for a key or a client file that is "
        "missing, before `pulumi up`."
    )


def _keys(work: AssignmentPlan, spec: StackSpec) -> list[str]:
    """The key of an assignment, and the one it had before its identity was renamed."""
    before = spec.identities[work.identity].renamed_from
    return [work.key] if before is None else [work.key, work.key_of(before)]


def _assigned(urns: Iterable[str]) -> dict[str, list[str]]:
    """Client to its `IDENTITY-ASSET`; a client's name may begin another one's, so the longest that fits counts."""
    kinds = [urn.split("::")[2:4] for urn in urns if urn.count("::") > 2]  # noqa: PLR2004 - the parts of a URN
    found: dict[str, list[str]] = {name: [] for kind, name in kinds if kind == _CLIENT}
    for kind, name in kinds:
        owners = [client for client in found if name.startswith(f"{client}-")]
        if kind == _ASSIGNMENT and owners:
            client = max(owners, key=len)
            found[client].append(name.removeprefix(f"{client}-"))
    return found
