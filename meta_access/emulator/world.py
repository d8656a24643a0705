"""The emulated world: businesses, apps, people, system users, assets, tokens and how they hang together.

Plain records; all reading and changing of Meta's state goes through them. Token values are nowhere in it.
A system user is one canonical user with another id in the scope of every app, as Meta shows it to each of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator  # noqa: TC003 - pydantic reads the annotations of this module
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, ConfigDict

AssetKind = Literal["ad_account", "page", "catalog"]


class Row:
    """Base of the records. A world file with a key or a type we do not know is refused, not repaired."""

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)


@dataclass(slots=True)
class Business(Row):
    """A business portfolio. `requires_expiring_tokens`: one of those that may only use 60-day tokens."""

    id: str
    name: str
    verification_status: str = "not_verified"
    two_factor_type: str = "none"
    created_time: AwareDatetime | None = None
    requires_expiring_tokens: bool = False


@dataclass(slots=True)
class Review(Row):
    """A permission or feature that waits for App Review, or that it declined; approved ones stand in the app itself.

    Attributes:
        name: The permission, or the key of the feature.
        reason: Why it was declined.
    """

    name: str
    level: str
    phase: Literal["submitted", "declined"] = "submitted"
    reason: str = ""


@dataclass(slots=True)
class App(Row):
    """An app.

    Attributes:
        business_id: The business that owns or claimed it.
        tier: The value of `ads_api_access_tier` in usage headers.
        permissions: Permissions that went through review, with their status: `live` or `unapproved`.
        features: Features beyond the tier, with their level.
        reviews: What App Review was asked for and has not approved. No Graph call shows it.
        redirect_uris: Valid OAuth redirect URIs; no Graph call reads or writes them.
        settings: What `POST /{app-id}` writes.
    """

    id: str
    name: str
    business_id: str | None = None
    tier: str = "development_access"
    mode: Literal["development", "live"] = "development"
    category: str = "Business"
    require_app_secret: bool = False
    permissions: dict[str, Literal["live", "unapproved"]] = field(default_factory=dict)
    features: dict[str, str] = field(default_factory=dict)
    reviews: list[Review] = field(default_factory=list)
    redirect_uris: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Person(Row):
    """A human being; `businesses` maps business id to role."""

    id: str
    name: str
    email: str = ""
    businesses: dict[str, Literal["ADMIN", "EMPLOYEE"]] = field(default_factory=dict)


RoleName = Literal["administrators", "developers", "testers", "insights users"]


@dataclass(slots=True)
class AppRole(Row):
    """A person's role on an app; `pending` until the invitation is accepted, and unseen by Graph till then."""

    app_id: str
    user_id: str
    role: RoleName
    state: Literal["pending", "accepted"] = "accepted"


@dataclass(slots=True)
class SystemUser(Row):
    """A system user.

    Attributes:
        id: Its id in the scope of `app_id`, which is how this world names it everywhere.
        app_id: The app whose scope that is; the business's first app when left out.
        canonical_id: The id Business Manager's pages show; no Graph call takes it.
    """

    id: str
    name: str
    role: str
    business_id: str
    created_by: str | None = None
    created_time: AwareDatetime | None = None
    app_id: str | None = None
    canonical_id: str | None = None


@dataclass(slots=True)
class Token(Row):
    """A system user's token, without its value."""

    fingerprint: str
    system_user_id: str
    app_id: str
    scopes: list[str]
    issued_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None
    issued_by: Literal["api", "fixture"] = "fixture"


@dataclass(slots=True)
class Share(Row):
    """An asset's owner lets another business use it, with these tasks at most."""

    business_id: str
    permitted_tasks: list[str]


@dataclass(slots=True)
class Asset(Row):
    """An ad account (`act_…`), a Page or a catalog; the list it stands in says which."""

    id: str
    name: str
    business_id: str
    shares: list[Share] = field(default_factory=list)


@dataclass(slots=True)
class Assignment(Row):
    asset_id: str
    user_id: str
    tasks: list[str]


@dataclass(slots=True)
class Installation(Row):
    """An app installed on a system user."""

    system_user_id: str
    app_id: str


@dataclass(slots=True)
class AppAccess(Row):
    """Full control of the app, given to a system user in Business Manager. Minting needs it."""

    system_user_id: str
    app_id: str


@dataclass(slots=True)
class World(Row):
    """Everything Meta knows. `rules` names the dated set; `strictness` decides where Meta's pages disagree."""

    rules: str = "2026-05"
    strictness: Literal["lenient", "strict"] = "lenient"
    businesses: list[Business] = field(default_factory=list)
    apps: list[App] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    app_roles: list[AppRole] = field(default_factory=list)
    system_users: list[SystemUser] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    ad_accounts: list[Asset] = field(default_factory=list)
    pages: list[Asset] = field(default_factory=list)
    product_catalogs: list[Asset] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    installations: list[Installation] = field(default_factory=list)
    app_access: list[AppAccess] = field(default_factory=list)

    def business(self, business_id: str) -> Business | None:
        return next((row for row in self.businesses if row.id == business_id), None)

    def app(self, app_id: str) -> App | None:
        return next((row for row in self.apps if row.id == app_id), None)

    def person(self, person_id: str) -> Person | None:
        return next((row for row in self.people if row.id == person_id), None)

    def system_user(self, user_id: str) -> SystemUser | None:
        return next((row for row in self.system_users if row.id == user_id), None)

    def token(self, fingerprint: str) -> Token | None:
        return next((row for row in self.tokens if row.fingerprint == fingerprint), None)

    def assets(self) -> Iterator[tuple[AssetKind, Asset]]:
        yield from (("ad_account", row) for row in self.ad_accounts)
        yield from (("page", row) for row in self.pages)
        yield from (("catalog", row) for row in self.product_catalogs)

    def asset(self, asset_id: str) -> tuple[AssetKind, Asset] | None:
        return next((found for found in self.assets() if found[1].id == asset_id), None)

    def home_app_id(self, user: SystemUser) -> str | None:
        if user.app_id is not None:
            return user.app_id
        return next((app.id for app in self.apps if app.business_id == user.business_id), None)

    def scoped_id(self, user: SystemUser, app_id: str) -> str:
        """The id under which an app sees a system user."""
        if app_id == self.home_app_id(user):
            return user.id
        canonical = user.canonical_id or user.id
        digits = int(hashlib.sha256(f"{canonical}@{app_id}".encode()).hexdigest(), 16) % 10**9
        return f"122097{digits:09d}"

    def system_user_seen_by(self, app_id: str, scoped_id: str) -> SystemUser | None:
        return next((user for user in self.system_users if self.scoped_id(user, app_id) == scoped_id), None)

    def installed(self, user_id: str, app_id: str) -> bool:
        return Installation(user_id, app_id) in self.installations

    def has_app_access(self, user_id: str, app_id: str) -> bool:
        return AppAccess(user_id, app_id) in self.app_access

    def permitted_tasks(self, asset: Asset, business_id: str) -> list[str] | None:
        """What a business may hand out on an asset: None is not visible, an empty list no limit (its own)."""
        if asset.business_id == business_id:
            return []
        return next((share.permitted_tasks for share in asset.shares if share.business_id == business_id), None)
