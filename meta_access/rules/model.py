"""The shape of one dated set of Meta's rules, and what can be asked of it.

Every row names its source by a key of `sources`, so that a reader finds the page and the day it was read.
The sets themselves are the TOML files in this folder.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ENDING_WITHIN = timedelta(days=90)  # a version that ends this soon is worth a warning: Meta's own grace is 90 days


class Row(BaseModel):
    """A frozen table of a rule file; a mistyped key is an error of the file, not silence."""

    # Deferred: a table is read as a part of its set, and a validator of its own would be built and never asked.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Sourced(Row):
    source: str


class Tier(Sourced):
    """What an app may do at one level of the Marketing API, in the words of the set.

    Attributes:
        header: Value of `ads_api_access_tier` in Meta's usage headers, the only reading of a tier that Graph offers.
        also_called: Other names of this level on Meta's pages of the same edition.
        system_users: Role to the number of system users per business.
        score_limit: Marketing API score per ad account (a read is 1, a write 3).
        score_block_s: How long an ad account is blocked that used its score up.
        ads_management_per_hour: Base of the hourly business use case quota, before active ads are added.
        ads_insights_per_hour: The same of reading insights.
        client_ad_accounts: Whose ad accounts besides its own: those of people with a role, or all whose owner granted.
        production: Whether Meta means its rate for production; the lower tier is "for development only".
    """

    header: str
    also_called: tuple[str, ...] = ()
    system_users: dict[str, int]
    score_limit: int
    score_block_s: int
    ads_management_per_hour: int
    ads_insights_per_hour: int
    business_manager: Literal["limited", "all"]
    client_ad_accounts: Literal["role_holders", "granted"]
    production: bool
    page_creation: bool
    ad_accounts: str
    about: str


class Feature(Sourced):
    name: str
    levels: tuple[str, ...]
    about: str


class Permission(Sourced):
    """A login permission.

    Attributes:
        system_user: Whether a system user's token may hold it; None where no public page or token shows either.
        system_user_roles: Roles of the system users whose tokens it is of use in; empty means every role.
        spelt: The spelling that tokens show, where this row is another one that Meta's pages have too.
    """

    about: str
    depends_on: tuple[str, ...] = ()
    system_user: bool | None = None
    system_user_roles: tuple[str, ...] = ()
    spelt: str = ""


class OtherProduct(Sourced):
    """A product of Meta with a login of its own, known by how the names of its permissions begin."""

    name: str
    instead: str


class UseCase(Sourced):
    """A preset: what to ask for, and the tasks its identity needs per kind of asset."""

    about: str
    permissions: tuple[str, ...]
    feature: str
    tasks: dict[str, tuple[str, ...]]


class TaskRule(Sourced):
    """Tasks of one kind of asset.

    Attributes:
        implied: A task and those Meta grants along with it; comparisons expand before they compare.
        sets: The combinations Meta's page lists; empty where the page lists none.
    """

    allowed: tuple[str, ...]
    implied: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    sets: tuple[tuple[str, ...], ...] = ()


class RoleLimits(Sourced):
    """People per app: testers and analytics users share one number, which depends on the business's verification."""

    admins: int
    testers_and_analytics_verified: int
    testers_unverified: int


class ApiVersion(Sourced):
    released: date | None = None
    graph_ends: date | None = None
    marketing_ends: date | None = None


class Link(Sourced):
    """Where a person goes: the address, and the menu path for the day the address has moved."""

    url: str
    menu: str

    def at(self, *, app_id: str = "", business_id: str = "") -> str:
        return self.url.replace("{app_id}", app_id).replace("{business_id}", business_id)


class ErrorWindow(Row):
    """What the error rate is counted over: the last calls, or the last days."""

    calls: int | None = None
    days: int | None = None

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        if (self.calls is None) == (self.days is None):
            raise ValueError("exactly one of calls and days")
        return self

    def __str__(self) -> str:
        return f"the last {self.calls} calls" if self.calls is not None else f"the last {self.days} days"


class Thresholds(Sourced):
    """What reaching, and keeping, the higher tier takes."""

    calls: int
    days: int
    error_rate: float
    error_window: ErrorWindow


class Rates(Sourced):
    """How much Meta lets an app call, where it does not depend on the tier.

    Attributes:
        read_score: What a read adds to the score of an ad account.
        write_score: What a write adds to it.
        score_decay_s: Seconds after which it no longer counts.
        mutations_per_second: Writes of one app on one ad account.
        app_calls_per_user_hour: Graph calls of an app per rolling hour, for each of its users.
        page_calls_per_user_day: Calls on a Page in 24 hours, for each user who engaged with it.
        catalog_calls_per_hour: Calls on a catalog, before the addition for those who saw its items.
        whatsapp_calls_per_hour: Calls on a WhatsApp Business account that is not in use yet.
    """

    read_score: int
    write_score: int
    score_decay_s: int
    mutations_per_second: int
    app_calls_per_user_hour: int
    page_calls_per_user_day: int
    catalog_calls_per_hour: int
    whatsapp_calls_per_hour: int


class Obligation(Sourced):
    about: str
    every_days: int | None = None


class Review(Sourced):
    """What App Review wants besides the request itself.

    Attributes:
        call_within_days: How old the successful test call may be.
        call_shown_after_hours: How long a call may take to show in the form.
        screencast_for_tier: Whether the tier's feature wants a screencast as permissions do.
        wants: What must be there for any submission.
        data_handling: The questions about data, in our words; the form's own count.
    """

    call_within_days: int
    call_shown_after_hours: int
    screencast_for_tier: bool
    wants: tuple[str, ...]
    data_handling: tuple[str, ...]


class TestCall(Sourced):
    """A cheap read that uses a permission or feature; `path` may name {ad_account}, {business}, {page} and {user}."""

    __test__ = False  # pytest takes the name for a test's

    path: str
    fields: str = "id,name"


class VersionState(NamedTuple):
    kind: Literal["ok", "ending", "retired", "unknown"]
    ends: date | None
    newest: str


class RuleSet(Row):
    """One dated set. The words in it (tiers, features) are those of its edition."""

    name: str
    published: date
    read: date
    sources: dict[str, str]
    tier_feature: str
    system_user_roles: tuple[str, ...]
    tiers: dict[str, Tier]
    features: dict[str, Feature]
    permissions: dict[str, Permission]
    other_products: dict[str, OtherProduct]
    use_cases: dict[str, UseCase]
    task_enums: dict[str, TaskRule]
    role_limits: RoleLimits
    api_versions: dict[str, ApiVersion]
    links: dict[str, Link]
    thresholds: Thresholds
    rates: Rates
    obligations: dict[str, Obligation]
    review: Review
    test_calls: dict[str, TestCall]

    @property
    def tier_feature_key(self) -> str:
        """Meta's identifier of the tier's feature: it outlived the renaming of May 2026."""
        return next(key for key, feature in self.features.items() if feature.name == self.tier_feature)

    def tier_of_header(self, value: str) -> str | None:
        """The set's word for a header value such as `development_access`; None for one it does not know."""
        return next((word for word, tier in self.tiers.items() if tier.header == value), None)

    def quota(self, tier: str | None, role: str) -> int | None:
        """System users of `role` that the tier allows per business; None means that it is unknown."""
        known = self.tiers.get(tier) if tier is not None else None
        return known.system_users.get(role) if known is not None else None

    def product_of(self, permission: str) -> OtherProduct | None:
        """The other product that a name is a permission of; None where it looks like one of Facebook Login."""
        return next((row for prefix, row in self.other_products.items() if permission.startswith(prefix)), None)

    def expand_tasks(self, kind: str, tasks: Iterable[str]) -> tuple[str, ...]:
        """The tasks with those they imply, sorted; what to compare with what Meta reports."""
        rule = self.task_enums.get(kind)
        found = set(tasks)
        if rule is not None:
            found.update(extra for task in tuple(found) for extra in rule.implied.get(task, ()))
        return tuple(sorted(found))

    def with_dependencies(self, permissions: Iterable[str]) -> tuple[str, ...]:
        """The permissions and everything they depend on, sorted; a name the set does not know stays as it is."""
        found: set[str] = set()
        waiting = list(permissions)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(self.permissions[name].depends_on if name in self.permissions else ())
        return tuple(sorted(found))

    def version_state(self, version: str, on: date) -> VersionState:
        """How long a Graph version is still good for the Marketing API on a given day."""
        newest = max(self.api_versions, key=version_number)
        if version not in self.api_versions:
            older = version_number(version) < min(version_number(known) for known in self.api_versions)
            return VersionState("retired" if older else "unknown", None, newest)
        ends = self._ends(version)
        if ends is None or on + ENDING_WITHIN < ends:
            return VersionState("ok", ends, newest)
        return VersionState("retired" if on >= ends else "ending", ends, newest)

    def _ends(self, version: str) -> date | None:
        # Versions leave in order. Meta's table drops the Marketing API dates of old ones, so an old version has ended
        # by the day a newer one did. Graph's own end says nothing of it: that lies years later.
        number = version_number(version)
        dates = [row.marketing_ends for known, row in self.api_versions.items() if version_number(known) >= number]
        return min((day for day in dates if day is not None), default=None)

    @model_validator(mode="after")
    def _references_exist(self) -> Self:
        tables: tuple[Mapping[str, Sourced], ...] = (
            self.tiers,
            self.features,
            self.permissions,
            self.other_products,
            self.use_cases,
            self.task_enums,
            self.api_versions,
            self.links,
            self.obligations,
            self.test_calls,
            {"role_limits": self.role_limits, "thresholds": self.thresholds, "rates": self.rates},
            {"review": self.review},
        )
        wrong = [f"{n}: {r.source}" for rows in tables for n, r in rows.items() if r.source not in self.sources]
        wrong += [f"{n}: {d}" for n, p in self.permissions.items() for d in p.depends_on if d not in self.permissions]
        wrong += [f"{n}: {p.spelt}" for n, p in self.permissions.items() if p.spelt and p.spelt not in self.permissions]
        wrong += [f"{n}: {p}" for n, u in self.use_cases.items() for p in u.permissions if p not in self.permissions]
        wrong += [f"{n}: {u.feature}" for n, u in self.use_cases.items() if u.feature not in self.features]
        wrong += [f"test_calls: {n}" for n in self.test_calls if n not in self.permissions and n not in self.features]
        if self.tier_feature not in {feature.name for feature in self.features.values()}:
            wrong.append(f"tier_feature: {self.tier_feature}")
        if wrong:
            raise ValueError(f"names that the set does not define: {', '.join(wrong)}")
        return self


def version_number(version: str) -> float:
    """`v26.0` as a number to order by; 0 for text that is no version."""
    try:
        return float(version.removeprefix("v"))
    except ValueError:
        return 0.0
