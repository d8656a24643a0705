"""An app's settings: well-written, and no list of addresses that shuts this tool out of Meta."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.validation import app_setting, locks_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.errors import Problem
    from meta_access.spec.draft import Draft
    from meta_access.spec.problems import Loc


def check_settings(draft: Draft) -> Iterator[Problem]:
    for key, app in draft.spec.apps.items():
        if app.settings is None or draft.is_broken("apps", key, "settings"):
            continue
        at: Loc = ("apps", key, "settings")
        typed = app.settings.declared()
        if not [name for name in typed if name != "callers"]:
            yield draft.problem(at, "nothing is set.", "write at least one setting, or remove the line.")
        faults = {name: why for name, value in typed.items() if (why := app_setting(name, value))}
        for name, why in faults.items():
            yield draft.problem((*at, name), f"{why}.", "correct it.")
        callers, listed = app.settings.callers, app.settings.server_ip_whitelist
        # Without `callers` it depends on the machine: the resource looks when it is checked.
        if callers and listed and not faults and (why := locks_out(listed, callers, None)):
            yield draft.problem((*at, "server_ip_whitelist"), f"{why}.", "add it to the list, or correct callers.")
