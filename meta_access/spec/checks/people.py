"""People in businesses: who is invited where, and under which address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.spec.base import shown
from meta_access.spec.plan import businesses_in_use
from meta_access.validation import email_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.errors import Problem
    from meta_access.spec.draft import Draft
    from meta_access.spec.problems import Loc


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
