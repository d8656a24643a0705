"""People in businesses, invited once, and their statements: about a gate that exists, from the past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.clock import iso
from meta_access.errors import Problem
from meta_access.stack.fields import shown
from meta_access.stack.files import evidence_file
from meta_access.stack.gate_names import of_stack, upkeep
from meta_access.stack.plan import businesses_in_use
from meta_access.stack.problems import instead, nearest
from meta_access.validation import email_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.stack.draft import Draft
    from meta_access.stack.models import EvidenceSpec, FiguresSpec
    from meta_access.stack.problems import Loc


def check_people(draft: Draft) -> Iterator[Problem]:
    businesses, seen = businesses_in_use(draft.spec), dict[str, str]()
    for key, person in draft.spec.people.items():
        at: Loc = ("people", key)
        if draft.is_broken(*at):
            continue
        if person.email is not None:
            if why := email_address(person.email):
                yield draft.problem((*at, "email"), f"{why}.", "correct it.")
            first = seen.setdefault(person.email.casefold(), key)
            if first != key:
                text = f"{first} has the same address, so that the two are one person to Meta."
                yield draft.problem((*at, "email"), text, f"keep one of {first} and {key}.")
        if person.business and person.email is None:
            text = "no e-mail address is given, and people are invited into a business by theirs."
            yield draft.problem((*at, "email"), text, "write it, or remove business.")
        if isinstance(person.business, str) and len(businesses) > 1:
            text = f"there are {len(businesses)} businesses, and it does not say which."
            fix = f"write business: {{{businesses[0]}: {person.business}}}, with a line for each business they are in."
            yield draft.problem((*at, "business"), text, fix)
        for business in person.business if isinstance(person.business, dict) else ():
            known = draft.names("businesses")
            yield from draft.unknown((*at, "business", business), business, "businesses")
            if business in known and business not in businesses and not draft.is_broken("connections"):
                text = f"no connection acts for {shown(business)}, so nobody can be brought into it."
                yield draft.problem((*at, "business", business), text, f"write one of {', '.join(businesses)}.")


def check_evidence(draft: Draft) -> Iterator[Problem]:
    gates = of_stack(draft.spec, draft.rules)
    apps = {app.id for app in draft.spec.apps.values()}
    file = f"{draft.folder.name}/{evidence_file(draft.folder, draft.stack).name}"
    readable = not draft.is_broken("apps") and not draft.is_broken("businesses")
    for gate, record in draft.evidence.items():
        name = f"{file}:{gate}"
        if readable and gate not in gates:
            fix = instead(gate, gates, "remove it: what it speaks of is no longer declared.")
            yield Problem(name, f"this stack has no gate {shown(gate)}.", fix)
        if readable and record.app not in apps:
            text = f"it was given for app {record.app}, which is none of meta:apps."
            yield Problem(f"{name}.app", text, "attest again for this stack's app.")
        yield from _stated(draft, name, record)
    for app, rows in draft.figures.items():
        place = f"{file}:{upkeep(app)}"
        known = draft.names("apps")
        if readable and app not in known:
            fix = instead(upkeep(app), [upkeep(one) for one in known], "remove it: the app is no longer declared.")
            yield Problem(place, f'there is no app "{app}" in meta:apps.', fix)
        for at, row in enumerate(rows):
            if readable and app in draft.spec.apps and row.app != draft.spec.apps[app].id:
                text = f"the figures are of app {row.app}; meta:apps.{app} is {draft.spec.apps[app].id}."
                yield Problem(f"{place}[{at}].app", text, "remove them, and import those of this app.")
            yield from _stated(draft, f"{place}[{at}]", row)


def _stated(draft: Draft, name: str, record: EvidenceSpec | FiguresSpec) -> Iterator[Problem]:
    people = draft.names("people")
    if record.at > draft.now:
        yield Problem(f"{name}.at", f"{iso(record.at)} is in the future.", "write when it was seen.")
    if record.by not in people:
        near = nearest(record.by, people)
        fix = f'write "{near}".' if near else "add the person to meta:people."
        yield Problem(f"{name}.by", f'there is no "{record.by}" in meta:people.', fix)
