"""Holders of tokens as two pages: system users with their apps, and people. Tokens are named by fingerprint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from meta_emulator import holdings
from meta_emulator.dashboard.overview import quota

if TYPE_CHECKING:
    from datetime import datetime

    from meta_emulator.dashboard.scene import Scene
    from meta_emulator.world import Asset, SystemUser, Token

SOON = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Held:
    """A system user with what it holds.

    Attributes:
        pages: Its Pages, each with whether it may download the leads.
    """

    user: SystemUser
    tokens: list[Token]
    assets: int
    pages: list[tuple[Asset, bool]]


def look(scene: Scene) -> dict[str, Any]:
    world = scene.world
    holders = [holdings.of_asset(world, scene.rules, kind, asset) for kind, asset in world.assets()]
    by_business = [
        (
            business,
            quota(scene, business),
            [
                Held(
                    user,
                    [token for token in world.tokens if token.system_user_id == user.id],
                    sum(user.id in held for held in holders),
                    [
                        (page, holdings.has_leads(world, scene.rules, page, user))
                        for page in world.pages
                        if holdings.of_user(world, scene.rules, "page", page, user) is not None
                    ],
                )
                for user in world.system_users
                if user.business_id == business.id
            ],
        )
        for business in world.businesses
    ]
    return {"by_business": by_business, "state": lambda token: state(token, scene.now)}


def of_people(scene: Scene) -> dict[str, Any]:
    """Tokens by person, those of Pages that they obtained among them."""
    world = scene.world
    held = [(person, [token for token in world.tokens if token.user_id == person.id]) for person in world.people]
    return {
        "by_person": [(person, tokens) for person, tokens in held if tokens],
        "without": [person for person, tokens in held if not tokens],
        "state": lambda token: state(token, scene.now),
    }


def state(token: Token, now: datetime) -> str:
    """`expiring` is the last quarter of a token's life, two weeks at most: a person's lives two hours."""
    if token.revoked_at is not None:
        return "revoked"
    if token.expires_at is None or token.expires_at - now > min(SOON, (token.expires_at - token.issued_at) / 4):
        return "valid"
    return "expiring" if token.expires_at > now else "expired"
