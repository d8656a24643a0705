"""The pages: path, title, group of the navigation, template, and what each looks up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_emulator.dashboard import assignments, looks, overview, quotas, review, tokens, traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meta_emulator.dashboard.scene import Scene


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `look` returns what its template shows besides the world."""

    title: str
    template: str
    look: Callable[[Scene], dict[str, Any]]


PAGES: Mapping[str, Page] = {
    "": Page("Overview", "overview.html", overview.look),
    "apps": Page("App mode and owner", "apps.html", looks.apps),
    "roles": Page("App roles", "roles.html", looks.roles),
    "redirects": Page("Redirect URIs", "redirects.html", looks.nothing),
    "review": Page("Permissions and features", "review.html", review.look),
    "logins": Page("Logins", "logins.html", looks.logins),
    "verification": Page("Verification and two-factor", "verification.html", looks.verification),
    "people": Page("People", "people.html", looks.people),
    "people-tokens": Page("People's tokens", "people_tokens.html", tokens.of_people),
    "system-users": Page("System users and tokens", "system_users.html", tokens.look),
    "clients": Page("Clients and shares", "clients.html", looks.shares),
    "assignments": Page("Assignments", "assignments.html", assignments.look),
    "journal": Page("Journal", "journal.html", traffic.look),
    "journal/rows": Page("Journal", "journal_rows.html", traffic.look),
    "limits": Page("Limits", "limits.html", quotas.look),
    "faults": Page("Faults", "faults.html", looks.faults),
    "clock": Page("Clock", "clock.html", looks.clock),
}
GROUPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("", (("", "Overview"),)),
    (
        "App",
        (
            ("apps", "Mode and owner"),
            ("roles", "Roles"),
            ("redirects", "Redirect URIs"),
            ("review", "Permissions and features"),
            ("logins", "Logins"),
        ),
    ),
    (
        "Business",
        (
            ("verification", "Verification"),
            ("people", "People"),
            ("people-tokens", "People's tokens"),
            ("system-users", "System users and tokens"),
            ("clients", "Clients and shares"),
            ("assignments", "Assignments"),
        ),
    ),
    ("Emulator", (("journal", "Journal"), ("limits", "Limits"), ("faults", "Faults"), ("clock", "Clock"))),
)
