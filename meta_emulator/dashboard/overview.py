"""The overview: what waits for a person, the apps, the businesses with their quota, and the calls so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from meta_emulator.dashboard.looks import asked
from meta_emulator.dashboard.traffic import failed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.rules import Tier
    from meta_emulator.dashboard.scene import Scene
    from meta_emulator.world import App, Business, World


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something a person can do now.

    Attributes:
        page: Where it is done.
        act: The act's fields, where one press does it.
        press: The word on that button.
    """

    text: str
    page: str
    act: dict[str, str] = field(default_factory=dict)
    press: str = ""


@dataclass(frozen=True, slots=True)
class Used:
    """System users of a role against what the tier allows; `limit` is None where the tier is not known."""

    role: str
    used: int
    limit: int | None


def look(scene: Scene) -> dict[str, Any]:
    return {
        "waiting": waiting(scene.world),
        "apps": [(app, *_tier(scene, app)) for app in scene.world.apps],
        "businesses": [(business, quota(scene, business)) for business in scene.world.businesses],
        "traffic": _traffic(scene),
    }


def waiting(world: World) -> list[Waiting]:
    """What somebody else waits for, in the order in which it unblocks work."""
    return [*_of_apps(world), *_of_businesses(world), *_requests(world)]


def _of_apps(world: World) -> Iterator[Waiting]:
    """Invitations to accept, reviews to decide, and lists of redirect URIs that are empty."""
    for row in world.app_roles:
        person, app = world.person(row.user_id), world.app(row.app_id)
        if row.state == "pending" and person is not None and app is not None:
            text = f"{person.name} is invited to {app.name} as {row.role} and has not accepted."
            fields = {"action": "accept-role", "person": person.id, "app": app.id}
            yield Waiting(text, "roles", fields, f"Accept as {person.name}")
    for app in world.apps:
        for review in app.reviews:
            if review.phase == "submitted":
                text = f"{review.name} ({review.level}) of {app.name} waits for App Review."
                fields = {"action": "approve", "name": review.name, "app": app.id}
                yield Waiting(text, "review", fields, f"Approve {review.name}")
        if not app.redirect_uris:
            yield Waiting(f"{app.name} lists no redirect URI, so no login can return to it.", "redirects")


def _of_businesses(world: World) -> Iterator[Waiting]:
    """Verifications to decide, and invitations to accept."""
    for business in world.businesses:
        if business.verification_status.startswith("pending"):
            text = f"{business.name} waits for its verification."
            fields = {"action": "verify", "business": business.id}
            yield Waiting(text, "verification", fields, f"Verify {business.name}")
    names = {business.id: business.name for business in world.businesses}
    for row in world.business_invitations:
        text = f"{row.email} is invited into {names[row.business_id]} and has not accepted."
        fields = {"action": "join-business", "email": row.email, "business": row.business_id}
        yield Waiting(text, "people", fields, f"Join as {row.email}")


def _requests(world: World) -> Iterator[Waiting]:
    """What partners ask for."""
    for row in asked(world):
        fields = {"action": "accept-request", "of": row.of, "business": row.partner.id}
        yield Waiting(row.sentence, "clients", fields, f"Grant {row.name} to {row.partner.name}")


def quota(scene: Scene, business: Business) -> list[Used]:
    """System users by role. The tier is that of the business's app; of several apps, the one that allows most."""
    tiers = [scene.rules.tier_of_header(app.tier) for app in scene.world.apps if app.business_id == business.id]
    users = [user.role for user in scene.world.system_users if user.business_id == business.id]
    found = []
    for role in scene.rules.system_user_roles:
        limits = [limit for tier in tiers if (limit := scene.rules.quota(tier, role)) is not None]
        found.append(Used(role, users.count(role), max(limits, default=None)))
    return found


def _tier(scene: Scene, app: App) -> tuple[str | None, Tier | None]:
    word = scene.rules.tier_of_header(app.tier)
    return word, None if word is None else scene.rules.tiers[word]


def _traffic(scene: Scene) -> dict[str, Any]:
    """Calls per service, and the Marketing API calls that count for the higher tier."""
    threshold = scene.rules.thresholds
    since = scene.now - timedelta(days=threshold.days)
    marketing = [call for call in scene.calls if call.service == "graph" and "/act_" in call.path]
    recent = [call for call in marketing if call.at >= since and not failed(call)]
    last = marketing[-(threshold.error_window.calls or len(marketing)) :]
    return {
        "graph": [call for call in scene.calls if call.service == "graph"],
        "secretsmanager": [call for call in scene.calls if call.service == "secretsmanager"],
        "marketing": len(recent),
        "error_rate": sum(failed(call) for call in last) / len(last) if last else 0.0,
        "threshold": threshold,
    }
