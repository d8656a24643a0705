"""Making tokens and codes: a random value, shown once, and a row of the world that knows its fingerprint."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from meta_emulator import tokens
from meta_emulator.world import LoginCode, Token

if TYPE_CHECKING:
    from datetime import datetime

    from meta_emulator.world import Asset, World

SIXTY_DAYS = timedelta(days=60)
SHORT = timedelta(hours=2)  # Meta says one to two hours
CODE_LASTS = timedelta(minutes=10)  # as users report
CODES_KEPT = timedelta(days=1)  # how long a used or expired code is known as such
DATA_ACCESS = timedelta(days=90)  # of a person's token


def add_token(world: World, app_id: str, scopes: list[str], now: datetime, **more: Any) -> str:
    """Add a token and return its value, which nothing else keeps; `more` are the row's other attributes."""
    value = tokens.new_value()
    row = Token(tokens.fingerprint(value), more.pop("system_user_id", None), app_id, scopes, now, **more)
    row.issued_by = "api"
    world.tokens.append(row)
    return value


def add_code(world: World, app_id: str, user_id: str, scopes: list[str], now: datetime, **more: Any) -> str:
    """Add an authorization code and return its value; old codes are forgotten."""
    world.codes = [code for code in world.codes if code.issued_at + CODES_KEPT > now]
    value = tokens.new_value()
    world.codes.append(LoginCode(tokens.fingerprint(value), app_id, user_id, scopes, now, **more))
    return value


def page_token(world: World, value: str, parent: Token, page: Asset, now: datetime) -> str:
    """The token of a Page for the holder of `parent`, whose value is given: the same one each time it is read.

    One read with a long-lived token does not expire by itself; it ends with its parent.
    """
    digest = hmac.new(value.encode(), page.id.encode(), hashlib.sha256).hexdigest()
    made = f"{tokens.PREFIX}{digest}"
    fingerprint = tokens.fingerprint(made)
    if world.token(fingerprint) is None:
        short = parent.expires_at is not None and parent.expires_at - parent.issued_at <= SHORT
        world.tokens.append(
            Token(
                fingerprint,
                parent.system_user_id,
                parent.app_id,
                list(parent.scopes),
                now,
                expires_at=parent.expires_at if short else None,
                issued_by="api",
                user_id=parent.user_id,
                page_id=page.id,
                parent=parent.fingerprint,
            )
        )
    return made
