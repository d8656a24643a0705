"""The emulated world: businesses, apps, people, system users, assets, tokens and their relations.

Plain records; all reading and changing of Meta's state goes through them. Token values are nowhere in it.
A system user is one canonical user with another id in the scope of every app, as Meta shows it to each of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, ConfigDict

from meta_access.rules import newest

AssetKind = Literal["ad_account", "page", "catalog", "pixel", "waba", "instagram"]


def derived_id(prefix: str, *parts: str) -> str:
    """An id of fifteen digits, computed from the text that it identifies, where nothing keeps one."""
    digits = int(hashlib.sha256("@".join(parts).encode()).hexdigest(), 16) % 10**9
    return f"{prefix}{digits:09d}"


class Row:
    """Base of the records. A world file with a key or a type we do not know is refused, not repaired."""

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)


@dataclass(slots=True)
class Business(Row):
    """A business portfolio.

    Attributes:
        two_factor_type: Who has to sign in with two factors.
        requires_expiring_tokens: One of those that may only use 60-day tokens.
        agencies: Businesses that may work for this one, by id.
        parent_id: The business that made this one as its child.
        external_id: Under which the parent's app knows it.
    """

    id: str
    name: str
    verification_status: str = "not_verified"
    two_factor_type: Literal["none", "admin_required", "all_required"] = "none"
    created_time: AwareDatetime | None = None
    requires_expiring_tokens: bool = False
    vertical: str = "ADVERTISING"
    timezone_id: int = 47
    primary_page: str | None = None
    agencies: list[str] = field(default_factory=list)
    parent_id: str | None = None
    external_id: str | None = None


@dataclass(slots=True)
class Review(Row):
    """A permission or feature that waits for App Review, or that it declined; the app itself has the approved ones.

    Attributes:
        name: The permission, or the key of the feature.
        reason: Why it was declined.
    """

    name: str
    level: str
    phase: Literal["submitted", "declined"] = "submitted"
    reason: str = ""


@dataclass(slots=True)
class LoginConfiguration(Row):
    """A configuration of Facebook Login for Business; it exists in the dashboard alone.

    Attributes:
        token_type: Whose token a login ends with: the person's, or a system user's of the business they choose.
        expires: Whether a system user's token ends after 60 days.
    """

    id: str
    name: str
    token_type: Literal["user", "system_user"] = "user"  # noqa: S105 - a kind of token
    permissions: list[str] = field(default_factory=list)
    expires: bool = False

    @property
    def for_system_user(self) -> bool:
        return self.token_type != "user"  # noqa: S105 - a kind of token


@dataclass(slots=True)
class WebhookSubscription(Row):
    """What an app is notified of, one for each kind of object. The verify token is asked for once and kept nowhere.

    Attributes:
        include_values: Whether a notification holds what changed, or only which fields did.
        version: The Graph version it was subscribed with.
    """

    object: str
    callback_url: str
    fields: list[str] = field(default_factory=list)
    include_values: bool = False
    active: bool = True
    version: str = "v26.0"


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
        client_oauth_login: Whether the login dialog works at all ("Client OAuth Login").
        native: A native or desktop app, whose secret can be read out of it: its app tokens are refused.
        login_configurations: Those of Facebook Login for Business.
        settings: What `POST /{app-id}` writes.
        ignored_settings: Parameters of that call which Meta answers with success and then forgets.
        api_version: What serves calls without a version ("Upgrade API version"); None for the newest.
        subscriptions: Webhooks.
        legacy: Created before 2026-11-04, so that it may go on with what Meta has ended for newer apps (`legacy.py`).
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
    client_oauth_login: bool = True
    native: bool = False
    login_configurations: list[LoginConfiguration] = field(default_factory=list)
    ignored_settings: list[str] = field(default_factory=list)
    api_version: str | None = None
    subscriptions: list[WebhookSubscription] = field(default_factory=list)
    legacy: bool = False


@dataclass(slots=True)
class Person(Row):
    """A human being.

    Attributes:
        id: Its id in the scope of `app_id`, which is how this world names it everywhere.
        businesses: Business id to role; this alone decides who is in which business.
        two_factor: Whether the person has switched two-factor authentication on.
        app_id: The app whose scope that is; the first app when left out.
    """

    id: str
    name: str
    email: str = ""
    businesses: dict[str, Literal["ADMIN", "EMPLOYEE"]] = field(default_factory=dict)
    two_factor: bool = False
    app_id: str | None = None


@dataclass(slots=True)
class BusinessUser(Row):
    """What a business keeps of a person in it, under an id of its own. Without a row the id is a derived one."""

    id: str
    person_id: str
    business_id: str
    title: str = ""
    finance_role: str | None = None
    pending_email: str | None = None
    first_name: str | None = None
    last_name: str | None = None


@dataclass(slots=True)
class BusinessInvitation(Row):
    """Somebody was invited into a business and has not accepted; Graph calls it a role request."""

    id: str
    business_id: str
    email: str
    role: Literal["ADMIN", "EMPLOYEE"] = "EMPLOYEE"
    finance_role: str | None = None
    created_at: AwareDatetime | None = None


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
    """A token without its value: a system user's, a person's, or a Page's that a person or system user obtained.

    Attributes:
        system_user_id: None for a person's.
        user_id: The person; None for a system user's.
        page_id: The Page that the token acts for.
        client_business_id: The business whose assets a Login for Business token reaches.
        target_ids: The assets it reaches; empty for all.
        ended_by: Why it is revoked; debug_token tells these apart by subcode.
        parent: Fingerprint of the token that a Page's token was read with.
    """

    fingerprint: str
    system_user_id: str | None
    app_id: str
    scopes: list[str]
    issued_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None
    issued_by: Literal["api", "fixture"] = "fixture"
    user_id: str | None = None
    page_id: str | None = None
    client_business_id: str | None = None
    target_ids: list[str] = field(default_factory=list)
    ended_by: Literal["api", "app_removed", "password_changed"] = "api"
    parent: str | None = None


@dataclass(slots=True)
class LoginCode(Row):
    """An authorization code without its value. `redirect_uri` is None for one of the JavaScript SDK."""

    fingerprint: str
    app_id: str
    user_id: str
    scopes: list[str]
    issued_at: AwareDatetime
    redirect_uri: str | None = None
    config_id: str | None = None
    client_business_id: str | None = None
    used_at: AwareDatetime | None = None


@dataclass(slots=True)
class Consent(Row):
    """What a person granted an app in the login dialog, and what they declined."""

    user_id: str
    app_id: str
    granted: list[str] = field(default_factory=list)
    declined: list[str] = field(default_factory=list)
    client_business_id: str | None = None


@dataclass(slots=True)
class ManagedBusiness(Row):
    """A partner acts on behalf of a client (`/{partner}/managed_businesses`)."""

    partner_id: str
    client_id: str


@dataclass(slots=True)
class Share(Row):
    """An asset's owner lets another business use it, with these tasks at most."""

    business_id: str
    permitted_tasks: list[str]


@dataclass(slots=True)
class Asset(Row):
    """An ad account (`act_…`), a Page, a catalog and so on; the list that has it says which.

    Attributes:
        business_id: The owner; None when it was taken out of its business, or never was in one.
    """

    id: str
    name: str
    business_id: str | None
    shares: list[Share] = field(default_factory=list)


@dataclass(slots=True)
class AssetRequest(Row):
    """A business asks to use an asset of another one (`client`), or to take it over (`owned`); its owner decides."""

    id: str
    asset_id: str
    business_id: str
    kind: Literal["client", "owned"] = "client"
    permitted_tasks: list[str] = field(default_factory=list)


@dataclass(slots=True)
class AppClient(Row):
    """A business that uses an app of another one, or asked to."""

    id: str
    app_id: str
    business_id: str
    state: Literal["pending", "accepted"] = "accepted"


@dataclass(slots=True)
class AssetGroup(Row):
    """Assets of a business that are handed out together; no call makes a group."""

    id: str
    name: str
    business_id: str
    asset_ids: list[str] = field(default_factory=list)
    app_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class PixelAccount(Row):
    """An ad account that may use a pixel, by a business that has access to both."""

    pixel_id: str
    account_id: str
    business_id: str


@dataclass(slots=True)
class GroupAssignment(Row):
    """What a user may do on the assets of a group, by parameter: `adaccount_tasks`, `page_tasks`, …."""

    group_id: str
    user_id: str
    tasks: dict[str, list[str]]


@dataclass(slots=True)
class Assignment(Row):
    """`user_id`: a system user, a person or a business user."""

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
class LeadAccess(Row):
    """A Page whose business customized the Leads Access Manager, and the users who may download its leads."""

    page_id: str
    user_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Activity(Row):
    """Who gave somebody tasks on an ad account, or took them; names are those of the time.

    Attributes:
        number: Counts on and is never used twice.
        user_id: The id under which they were assigned.
        before: Their tasks until then, none for somebody new; `after` those from then on, none for somebody removed.
        actor_id: The system user or person who did it, None where nobody is known.
        app_id: The app of the token that did it; None for what people do in Business Manager.
    """

    number: int
    account_id: str
    at: AwareDatetime
    user_id: str
    user_name: str
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    actor_id: str | None = None
    actor_name: str | None = None
    app_id: str | None = None
    app_name: str | None = None


@dataclass(slots=True)
class World(Row):
    """Everything that Meta knows.

    Attributes:
        rules: Names the dated set.
        strictness: Decides where Meta's pages disagree.
        caller_ip: The address that calls seem to come from, judged by an app's `server_ip_whitelist`. With None every
            list passes: no list has the loopback address that calls really come from.
        limits: Whether a quota that is used up refuses calls, or only shows in headers.
    """

    rules: str = field(default_factory=newest)
    strictness: Literal["lenient", "strict"] = "lenient"
    limits: Literal["off", "on"] = "off"
    caller_ip: str | None = None
    businesses: list[Business] = field(default_factory=list)
    apps: list[App] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    app_roles: list[AppRole] = field(default_factory=list)
    system_users: list[SystemUser] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    ad_accounts: list[Asset] = field(default_factory=list)
    pages: list[Asset] = field(default_factory=list)
    product_catalogs: list[Asset] = field(default_factory=list)
    pixels: list[Asset] = field(default_factory=list)
    whatsapp_business_accounts: list[Asset] = field(default_factory=list)
    instagram_assets: list[Asset] = field(default_factory=list)
    asset_requests: list[AssetRequest] = field(default_factory=list)
    asset_groups: list[AssetGroup] = field(default_factory=list)
    group_assignments: list[GroupAssignment] = field(default_factory=list)
    pixel_accounts: list[PixelAccount] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    installations: list[Installation] = field(default_factory=list)
    app_access: list[AppAccess] = field(default_factory=list)
    lead_access: list[LeadAccess] = field(default_factory=list)
    codes: list[LoginCode] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    managed_businesses: list[ManagedBusiness] = field(default_factory=list)
    app_clients: list[AppClient] = field(default_factory=list)
    business_users: list[BusinessUser] = field(default_factory=list)
    business_invitations: list[BusinessInvitation] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)

    def business(self, business_id: str) -> Business | None:
        return next((row for row in self.businesses if row.id == business_id), None)

    def app(self, app_id: str) -> App | None:
        return next((row for row in self.apps if row.id == app_id), None)

    def person(self, person_id: str) -> Person | None:
        return next((row for row in self.people if row.id == person_id), None)

    def members(self, business_id: str) -> Iterator[tuple[Person, BusinessUser]]:
        """The people in a business, with what it keeps of them."""
        rows = {row.person_id: row for row in self.business_users if row.business_id == business_id}
        for person in self.people:
            if business_id in person.businesses:
                bare = BusinessUser(derived_id("122098", person.id, business_id), person.id, business_id)
                yield person, rows.get(person.id, bare)

    def member(self, user_id: str) -> tuple[Person, BusinessUser] | None:
        """The person and the business of a business user's id."""
        found = (pair for business in self.businesses for pair in self.members(business.id) if pair[1].id == user_id)
        return next(found, None)

    def businesses_of(self, user_id: str) -> list[str]:
        """The businesses that a system user, a business user or a person is in."""
        user, member = self.system_user(user_id), self.member(user_id)
        if user is not None:
            return [user.business_id]
        if member is not None:
            return [member[1].business_id]
        person = self.person(user_id)
        return [] if person is None else list(person.businesses)

    def ids_of(self, user: SystemUser | Person) -> set[str]:
        """The ids under which a user can be assigned to something; a person has another one in each business."""
        if isinstance(user, SystemUser):
            return {user.id}
        kept = (row.id for business_id in user.businesses for one, row in self.members(business_id) if one is user)
        return {user.id, *kept}

    def human(self, user_id: str) -> Person | None:
        """The person with this id, or with a business user of this id."""
        member = self.member(user_id)
        return self.person(user_id) if member is None else member[0]

    def asset_group(self, group_id: str) -> AssetGroup | None:
        return next((row for row in self.asset_groups if row.id == group_id), None)

    def system_user(self, user_id: str) -> SystemUser | None:
        return next((row for row in self.system_users if row.id == user_id), None)

    def token(self, fingerprint: str) -> Token | None:
        return next((row for row in self.tokens if row.fingerprint == fingerprint), None)

    def assets(self) -> Iterator[tuple[AssetKind, Asset]]:
        yield from (("ad_account", row) for row in self.ad_accounts)
        yield from (("page", row) for row in self.pages)
        yield from (("catalog", row) for row in self.product_catalogs)
        yield from (("pixel", row) for row in self.pixels)
        yield from (("waba", row) for row in self.whatsapp_business_accounts)
        yield from (("instagram", row) for row in self.instagram_assets)

    def asset(self, asset_id: str) -> tuple[AssetKind, Asset] | None:
        return next((found for found in self.assets() if found[1].id == asset_id), None)

    def home_app_id(self, user: SystemUser | Person) -> str | None:
        if user.app_id is not None:
            return user.app_id
        if isinstance(user, Person):
            return self.apps[0].id if self.apps else None
        return next((app.id for app in self.apps if app.business_id == user.business_id), None)

    def scoped_id(self, user: SystemUser | Person, app_id: str) -> str:
        """The id under which an app sees a system user or a person."""
        if app_id == self.home_app_id(user):
            return user.id
        canonical = user.id if isinstance(user, Person) else user.canonical_id or user.id
        return derived_id("122097", canonical, app_id)

    def person_seen_by(self, app_id: str, scoped_id: str) -> Person | None:
        """The person that an app knows under an id."""
        return next((person for person in self.people if self.scoped_id(person, app_id) == scoped_id), None)

    def role_on_app(self, user_id: str, app_id: str) -> RoleName | None:
        """The role that a person has accepted on an app."""
        rows = (r for r in self.app_roles if (r.app_id, r.user_id, r.state) == (app_id, user_id, "accepted"))
        return next((row.role for row in rows), None)

    def consent(self, user_id: str, app_id: str) -> Consent | None:
        return next((row for row in self.consents if (row.user_id, row.app_id) == (user_id, app_id)), None)

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
