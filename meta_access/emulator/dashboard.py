"""A page that shows the world and how to play Meta's side from a shell. It only reads."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from meta_access import rules
from meta_access.emulator.clock import iso

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from meta_access.emulator.world import World

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 64rem; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8886; padding: .3rem .6rem .3rem 0; text-align: left; vertical-align: top; }
code { font-size: .9em; overflow-wrap: anywhere; }
div { overflow-x: auto; }
"""

_STEPS = (
    ("Accept an invitation to the app", "accept-role ines"),
    ("List a redirect URI", "add-redirect https://connect.example/meta/callback/"),
    ("Approve a permission, or the tier", "approve ads_read"),
    ("Verify the business", "verify"),
    ("Share a client's asset, or end it", "unshare act_205550000000601"),
)


def page(world: World, now: datetime) -> str:
    """The page as HTML."""
    parts = [
        "<!DOCTYPE html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>Meta emulator</title><style>{_STYLE}</style>',
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head><body>',
        f"<h1>Meta emulator</h1><p>Its clock says {iso(now)}. Rules {escape(world.rules)}, {world.strictness}.</p>",
        *_gates(world),
        *_provisioned(world, now),
        "<h2>Meta's side, from a shell</h2>",
        _table(("Step", "Command"), [(what, f"<code>meta-access emulator act {how}</code>") for what, how in _STEPS]),
        "</body></html>",
    ]
    return "\n".join(parts)


def _gates(world: World) -> list[str]:
    ruleset = rules.load(world.rules)
    people = {person.id: person.name for person in world.people}
    businesses = [(escape(b.name), b.id, b.verification_status, b.two_factor_type) for b in world.businesses]
    apps = [
        (
            escape(app.name),
            app.id,
            ruleset.tier_of_header(app.tier) or escape(app.tier),
            escape(", ".join(f"{name}: {status}" for name, status in app.permissions.items()) or "none reviewed"),
            "<br>".join(escape(uri) for uri in app.redirect_uris) or "none",
        )
        for app in world.apps
    ]
    roles = [(escape(people.get(r.user_id, r.user_id)), r.role, r.state) for r in world.app_roles]
    return [
        "<h2>Businesses</h2>",
        _table(("Name", "Id", "Verification", "Two-factor"), businesses),
        "<h2>Apps</h2>",
        _table(("Name", "Id", "Tier", "Permissions", "Redirect URIs"), apps),
        "<h2>App roles</h2>",
        _table(("Person", "Role", "State"), roles),
    ]


def _provisioned(world: World, now: datetime) -> list[str]:
    names = {user.id: escape(user.name) for user in world.system_users}
    names |= {person.id: escape(person.name) for person in world.people}
    users = [(names[user.id], user.id, escape(user.role)) for user in world.system_users]
    tokens = []
    for token in world.tokens:
        expired = token.expires_at is not None and token.expires_at <= now
        state = "revoked" if token.revoked_at else "expired" if expired else "valid"
        expiry = "never" if token.expires_at is None else iso(token.expires_at)
        tokens.append((names[token.system_user_id], token.fingerprint, escape(", ".join(token.scopes)), expiry, state))
    assignments = [
        (names.get(row.user_id, row.user_id), escape(row.asset_id), escape(", ".join(row.tasks)))
        for row in world.assignments
    ]
    return [
        "<h2>System users</h2>",
        _table(("Name", "Id", "Role"), users),
        "<h2>Tokens</h2>",
        _table(("System user", "Fingerprint", "Scopes", "Expires", "State"), tokens),
        "<h2>Assignments</h2>",
        _table(("User", "Asset", "Tasks"), assignments),
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "<p>None.</p>"
    cells = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<div><table><tr>{''.join(f'<th>{title}</th>' for title in head)}</tr>{cells}</table></div>"
