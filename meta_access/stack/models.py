"""The `meta:` configuration of a stack, section by section, and the entries of its evidence file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date  # noqa: TC003 - pydantic resolves it
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator

from meta_access.clock import iso
from meta_access.stack.fields import (
    Day,
    Duration,
    GraphId,
    Moment,
    Name,
    Reason,
    SecretReference,
    Section,
    Text,
    TokenReference,
    day,
    described,
    refuse,
    seen,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


GENERATE = "generate"
Names = tuple[Name, ...]
Texts = tuple[Text, ...]


class RolesSpec(Section):
    admin: Names = Field(default=(), description="names of meta:people who administer the app")
    developer: Names = Field(default=(), description="names of meta:people who develop it")
    tester: Names = Field(default=(), description="names of meta:people who test it")
    analytics: Names = Field(default=(), description="names of meta:people who see its analytics")

    def by_person(self) -> dict[str, str]:
        """Person to role, as the AppRoles resource takes it."""
        return {person: role for role in type(self).model_fields for person in getattr(self, role)}


class PermissionsSpec(Section):
    standard: Texts = Field(
        default=(), description="permissions at standard access: for assets of the app's own business"
    )
    advanced: Texts = Field(
        default=(), description="permissions at advanced access, which App Review grants: for everybody's assets"
    )

    def levels(self) -> dict[str, str]:
        """Permission to level."""
        return {name: level for level in type(self).model_fields for name in getattr(self, level)}


LOGIN_FOR_BUSINESS = "login_for_business"


class LoginConfigurationSpec(Section):
    config_id: GraphId = Field(description="the configuration's id, in quotes", examples=["889900112233445"])
    token: Literal["system_user", "user"] = Field(default="system_user", description="the kind of token that it gives")
    permissions: Texts = Field(default=(), description="the permissions that it asks for")


class LoginSpec(Section):
    """`hosts` is the allow-list of redirect hosts; one with a slash behind it demands that slash of every URI."""

    product: Literal["facebook_login", "login_for_business"] = Field(
        default="facebook_login", description="the login product that the app uses"
    )
    hosts: Texts = Field(
        default=(), description="the hosts that redirect URIs may have; one with a slash behind it demands that slash"
    )
    redirect_uris: Texts = Field(default=(), description="the app's valid OAuth redirect URIs")
    configurations: dict[Name, LoginConfigurationSpec] = Field(
        default_factory=dict, description="configurations of Login for Business, by a name of your own"
    )

    @property
    def for_business(self) -> bool:
        """Whether it is Login for Business, which alone has configurations, and a page of its own in the dashboard."""
        return self.product == LOGIN_FOR_BUSINESS or bool(self.configurations)


class AppSettingsSpec(Section):
    """`callers` is no setting: the addresses that this tool calls from, which the whitelist has to hold."""

    app_domains: Texts | None = Field(default=None, description="domains of the app")
    privacy_policy_url: Text | None = Field(default=None, description="address of the privacy policy")
    terms_of_service_url: Text | None = Field(default=None, description="address of the terms of service")
    website_url: Text | None = Field(default=None, description="address of the website")
    mobile_web_url: Text | None = Field(default=None, description="address of the mobile website")
    user_support_email: Text | None = Field(default=None, description="e-mail address of the support for users")
    user_support_url: Text | None = Field(default=None, description="address of the support for users")
    contact_email: Text | None = Field(default=None, description="where Meta writes to")
    deauth_callback_url: Text | None = Field(default=None, description="called when somebody removes the app")
    server_ip_whitelist: Texts | None = Field(default=None, description="addresses that may call with the app secret")
    callers: Texts | None = Field(
        default=None, description="addresses that this tool calls from; server_ip_whitelist has to hold them"
    )

    def declared(self) -> dict[str, str | list[str]]:
        """What is typed, by name, as the AppSettings resource takes it."""
        typed = ((name, value) for name, value in self if value is not None)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in typed}


class ObligationSpec(Section):
    due: Day | None = Field(default=None, description="the day that Meta shows, in quotes")
    owner: Name | None = Field(default=None, description="who answers for it, a name of meta:people")


class SubscriptionSpec(Section):
    callback_url: Text = Field(description="where Meta sends it", examples=["https://connect.example/meta/hook"])
    fields: Texts = Field(description="fields of the object", examples=[["connected"]])
    include_values: bool = Field(default=True, description="whether Meta sends the new values along")


class WebhooksSpec(Section):
    """`verify_token` is `generate`, for callbacks that are typed in by hand, or a reference for `subscriptions`."""

    verify_token: Text = Field(description="generate, or a reference", examples=["generate"])
    subscriptions: dict[Text, SubscriptionSpec] = Field(
        default_factory=dict, description="what Meta sends, by the kind of object (user, page, ad_account …)"
    )

    @property
    def generated(self) -> bool:
        return self.verify_token == GENERATE


class AppSpec(Section):
    id: GraphId = Field(description="the app's id, in quotes", examples=["1204817736400555"])
    name: Text | None = Field(default=None, description="the app's name, for readers")
    kind: Literal["use_case", "business"] = Field(
        default="use_case", description="use_case: made with use cases; business: of the older type Business"
    )
    claimed_by: Name | None = Field(
        default=None, description="the business that owns the app, a name of meta:businesses"
    )
    mode: Literal["live", "development"] | None = Field(default=None, description="the mode that the app must be in")
    tier: Text | None = Field(
        default=None, description="the tier of Marketing API access that the app must have, such as limited or full"
    )
    owner: Name | None = Field(default=None, description="who answers for its gates, a name of meta:people")
    roles: RolesSpec | None = Field(default=None, description="who has a role on the app")
    permissions: PermissionsSpec = Field(
        default=PermissionsSpec(), description="the permissions that the app must have"
    )
    features: dict[Text, Text] = Field(
        default_factory=dict, description="features by name, with the level that the app must have"
    )
    login: LoginSpec | None = Field(default=None, description="its login: redirect URIs and configurations")
    settings: AppSettingsSpec | None = Field(default=None, description="its basic and advanced settings")
    obligations: dict[Text, ObligationSpec] = Field(
        default_factory=dict, description="what Meta asks of its people each year, by name"
    )
    webhooks: WebhooksSpec | None = Field(default=None, description="its webhooks")


class BusinessSpec(Section):
    id: GraphId = Field(description="the portfolio's id, in quotes", examples=["178435550012345"])
    name: Text | None = Field(default=None, description="the portfolio's name, for readers")
    verification: Literal["verified"] | None = Field(
        default=None, description="verified: business verification must be done"
    )
    two_factor: Literal["none", "admin_required", "all_required"] | None = Field(
        default=None, description="who must use two-factor authentication"
    )
    owner: Name | None = Field(default=None, description="who answers for its gates, a name of meta:people")


class QuotaOverride(Section):
    """A limit that Meta granted beyond the rule set's number, with who can explain it later."""

    limit: int = Field(ge=0, description="the number of system users")
    reason: Text = Field(description="why it differs from the rule set")
    date: Day = Field(description="since when, in quotes")


TaskSetSpec = dict[Text, Texts]
"""Kind of asset (ad_account, page, catalog …) to tasks."""


@dataclass(frozen=True, slots=True)
class TimedChoice:
    """Tasks that end on a day (None: on none), or with the reason for them ("": none is given)."""

    tasks: str | tuple[str, ...]
    until: date | None = None
    reason: str = ""


_CHOICE_KEYS = ("tasks", "until", "reason")
_LIKE = 'write {tasks: …, until: "2027-01-31"}.'


def _timed_choice(value: object) -> str | tuple[str, ...] | TimedChoice:
    if not isinstance(value, dict):
        return _choice(value)
    if unknown := sorted(str(key) for key in value if key not in _CHOICE_KEYS):
        raise refuse(f"there is no key {shown(unknown[0])} here.", _LIKE)
    there = {"tasks": "tasks" in value, "until": bool(value.keys() & {"until", "reason"})}
    if lacking := [key for key, has in there.items() if not has]:
        raise refuse(f"has no {' and no '.join(lacking)}.", _LIKE)
    until = day(value["until"]) if "until" in value else None
    return TimedChoice(_choice(value["tasks"]), until, _reason(value["reason"]) if "reason" in value else "")


def _reason(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise refuse(f"its reason is {described(value) if not isinstance(value, str) else 'empty'}.", "write a text.")
    return seen(value)


def _choice(value: object) -> str | tuple[str, ...]:
    if isinstance(value, str) and value:
        return seen(value)
    if isinstance(value, list | tuple) and value and all(isinstance(item, str) for item in value):
        return tuple(seen(item) for item in value)
    if value == []:
        raise refuse("the list of tasks is empty.", "write at least one, or remove the line.")
    raise refuse(f"is {described(value)}, not tasks.", "write a name of meta:task_sets, or a list such as [ANALYZE].")


_TASKS: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "array", "minItems": 1, "items": {"type": "string"}}]}
TaskChoice = Annotated[
    str | tuple[str, ...] | TimedChoice,
    PlainValidator(_timed_choice),
    WithJsonSchema(
        {
            "anyOf": [
                *_TASKS["anyOf"],
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["tasks"],
                    "minProperties": 2,
                    "properties": {
                        "tasks": {**_TASKS, "description": "a name of meta:task_sets, or a list of tasks"},
                        "until": {"type": "string", "format": "date", "description": "the day on which they end"},
                        "reason": {"type": "string", "minLength": 1, "description": "why they are needed"},
                    },
                },
            ]
        }
    ),
]
"""Tasks of an identity on an asset; with a day or a reason, `{tasks: …, until: …, reason: …}`."""


class IgnoreSpec(Section):
    """Access that stays although nothing declares it: of a holder, on an asset, or of that holder on that asset.

    `holder` is the id of a system user, person or business, or a person's e-mail address; `person` answers for it.
    """

    holder: Text | None = Field(
        default=None,
        description="id of a system user, person or business, or a person's e-mail address; every holder without it",
    )
    asset: Text | None = Field(default=None, description="an asset, as typed elsewhere; every asset without it")
    reason: Reason = Field(description="why it may stay")
    person: Name = Field(description="a name of meta:people")
    until: Day = Field(description="the day to look at it again, in quotes")

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.holder is None and self.asset is None:
            raise refuse("names neither a holder nor an asset.", "add holder, asset or both.")
        return self


def _exclusive(value: object) -> object:
    # What Python would take for true ("yes", 1) takes people's access away.
    if not isinstance(value, bool):
        raise refuse(f"{shown(value)} is neither true nor false.", "write true or false, without quotes.")
    return value


Exclusive = Annotated[bool, BeforeValidator(_exclusive)]


class ClientSpec(Section):
    """`access`: the assets are our own, a partner shared them with us, or their owner grants them at a login.

    `replace_existing`: tasks that an identity had on the client's assets before the stack, and that are not declared,
    go; without it they stay and are named. `exclusive`: so does everybody whom no line declares or ignores. `ignore` is
    about this client's assets alone.
    """

    business: GraphId | None = Field(default=None, description="the client's portfolio, its id in quotes")
    name: Text | None = Field(default=None, description="the client's name, for readers")
    access: Literal["own", "partner", "login"] = Field(description="own, partner or login", examples=["login"])
    contact: Text | None = Field(default=None, description="whom to ask, for readers")
    replace_existing: bool = Field(
        default=False,
        description="whether tasks that identities had on its assets before, and that are not declared, go",
    )
    exclusive: Exclusive = Field(
        default=False, description="whether everybody whom no line declares or ignores is taken off its assets"
    )
    assets: dict[Text, dict[Name, TaskChoice]] = Field(
        default_factory=dict, description="asset (act_…, page:…, catalog:… …) to identity to its tasks"
    )
    ignore: tuple[IgnoreSpec, ...] = Field(
        default=(), description="access to this client's assets that may stay undeclared"
    )

    @property
    def choices(self) -> dict[str, dict[str, str | tuple[str, ...]]]:
        """Asset to identity to its tasks, whatever day they end on."""
        return {asset: {name: tasks_in(one) for name, one in given.items()} for asset, given in self.assets.items()}


def tasks_in(choice: str | tuple[str, ...] | TimedChoice) -> str | tuple[str, ...]:
    """The tasks of a choice without their day and reason."""
    return choice.tasks if isinstance(choice, TimedChoice) else choice


def until_of(choice: str | tuple[str, ...] | TimedChoice) -> date | None:
    """The day on which tasks end; None where no day is written."""
    return choice.until if isinstance(choice, TimedChoice) else None


def reason_of(choice: str | tuple[str, ...] | TimedChoice) -> str:
    """The reason for tasks; "" where none is written."""
    return choice.reason if isinstance(choice, TimedChoice) else ""


_VERSION = re.compile(r"v[1-9][0-9]*\.[0-9]+")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


def _version(value: str) -> str:
    if not _VERSION.fullmatch(value):
        raise refuse(f"{shown(value)} is no Graph version.", "write it like v26.0.")
    return value


def _region(value: str) -> str:
    if not _REGION.fullmatch(value):
        raise refuse(f"{shown(value)} is no AWS region.", "write it like eu-central-1.")
    return value


class AwsSpec(Section):
    region: Annotated[Text, AfterValidator(_region)] = Field(
        description="region of Secrets Manager", examples=["eu-central-1"]
    )
    endpoint_url: Text | None = Field(
        default=None, description="another address of Secrets Manager, such as an emulator's"
    )
    kms_key: Text | None = Field(default=None, description="the key that encrypts the secrets; AWS's own without it")


class ConnectionSpec(Section):
    business: Name = Field(description="a name of meta:businesses")
    app: Name = Field(description="a name of meta:apps")
    graph_url: Text = Field(
        default="https://graph.facebook.com", description="the address of the Graph API; an emulator's in development"
    )
    api_version: Annotated[Text, AfterValidator(_version)] = Field(
        description="the Graph version, such as v26.0", examples=["v26.0"]
    )
    app_secret: SecretReference = Field(
        description="a reference such as env:META_APP_SECRET", examples=["env:META_APP_SECRET"]
    )
    admin_token: TokenReference = Field(
        description="a reference such as identity:root", examples=["env:META_ADMIN_TOKEN"]
    )
    tier_probe: Text | None = Field(
        default=None, description="the ad account that is read to see the app's tier, such as act_1043217650987601"
    )
    aws: AwsSpec = Field(description="{region: …}, where Secrets Manager is", examples=[{"region": "eu-central-1"}])


_DIGEST = re.compile(r"sha256:[0-9a-f]{16,64}")


def _digest(value: str) -> str:
    if not _DIGEST.fullmatch(value):
        raise refuse("is no digest of a declared value.", "let `meta-access attest` write it.")
    return value


class EvidenceSpec(Section):
    """One statement; `declared` binds it to the value it was made about, `app` to the app."""

    declared: Annotated[Text, AfterValidator(_digest)] = Field(description="the digest that `meta-access attest` shows")
    app: GraphId = Field(description="the app's id, in quotes")
    at: Moment = Field(description="when, in quotes")
    by: Name = Field(description="a name of meta:people")
    status: Literal["satisfied", "submitted", "declined", "open"] = Field(
        description="satisfied, submitted, declined or open"
    )
    source: Literal["attestation", "export"] = Field(description="attestation or export")
    note: Text | None = Field(default=None, description="what a reader should know")

    def as_input(self) -> dict[str, str]:
        """As a gate takes it: the record as written, its time in one spelling."""
        return {**self.model_dump(exclude_none=True), "at": iso(self.at)}


def _rate(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise refuse("is no share of failed calls.", "write 0.04 for 4 %, without quotes.")
    return value


class FiguresSpec(Section):
    """How much an app called, and how often that failed: what keeping its tier is judged by."""

    app: GraphId = Field(description="the app's id, in quotes")
    at: Moment = Field(description="when, in quotes")
    by: Name = Field(description="a name of meta:people")
    source: Literal["attestation", "export"] = Field(description="attestation or export")
    days: Annotated[float, Field(gt=0)] = Field(description="of how many days before that time")
    calls: Annotated[int, Field(ge=0)] | None = Field(default=None, description="calls of the Marketing API")
    graph_calls: Annotated[int, Field(ge=0)] | None = Field(default=None, description="calls of every kind")
    error_rate: Annotated[float, BeforeValidator(_rate)] | None = Field(
        default=None, description="share of failed calls: 0.04 for 4 %"
    )
    note: Text | None = Field(default=None, description="what a reader should know")

    @model_validator(mode="after")
    def _tells_something(self) -> Self:
        if self.calls is None and self.graph_calls is None and self.error_rate is None:
            raise refuse("has no figure.", "add calls, graph_calls or error_rate.")
        return self


PLACEHOLDERS = ("environment", "identity", "suffix")


class NeverSpec(Section):
    reason: Text = Field(description="why this token may live for ever")
    until: Day = Field(description="the day to look at it again, in quotes")


class LifetimeSpec(Section):
    """`60d`, or `never` with a reason: Meta mints system users' tokens for 60 days or for ever, nothing between."""

    never: NeverSpec | None = Field(default=None, description="why it never expires, and until when that is accepted")

    @model_validator(mode="before")
    @classmethod
    def _words(cls, value: Any) -> Any:
        if value == "60d":
            return {"never": None}
        if not isinstance(value, dict) or not value:
            raise refuse(
                f"{shown(value)} is no lifetime; Meta mints tokens for 60 days or for ever.",
                'write 60d, or never: {reason: …, until: "2027-03-01"}.',
            )
        return value

    @property
    def declared(self) -> str | dict[str, dict[str, str]]:
        """As the SystemUserToken resource takes it."""
        if self.never is None:
            return "60d"
        return {"never": {"reason": self.never.reason, "until": self.never.until.isoformat()}}


Lifetime = Annotated[
    LifetimeSpec,
    WithJsonSchema(
        {
            "anyOf": [
                {"const": "60d"},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["never"],
                    "properties": {
                        "never": {
                            "type": "object",
                            "description": "why it never expires, and until when that is accepted",
                            "additionalProperties": False,
                            "required": ["reason", "until"],
                            "properties": {
                                "reason": {"type": "string", "description": "why this token may live for ever"},
                                "until": {
                                    "type": "string",
                                    "format": "date",
                                    "description": "the day to look at it again, in quotes",
                                },
                            },
                        }
                    },
                },
            ]
        }
    ),
]


def _pattern(value: str) -> str:
    rest = value
    for name in PLACEHOLDERS:
        rest = rest.replace(f"{{{name}}}", "x")
    if "{" in rest or "}" in rest:
        raise refuse(
            f"{shown(value)} has a placeholder that is not known.", "use {environment}, {identity} and {suffix} only."
        )
    return value


SecretPattern = Annotated[Text, AfterValidator(_pattern)]


class TokenDefaultsSpec(Section):
    lifetime: Lifetime = Field(
        default=LifetimeSpec(never=None),
        description='how long tokens live: 60d, or never: {reason: …, until: "2027-03-01"}',
    )
    rotate_before: Duration = Field(
        default="20d", description="how long before its end a token is rotated, such as 20d"
    )
    grace: Duration = Field(
        default="24h", description="how long the token before stays valid after a rotation, such as 24h"
    )
    secret: SecretPattern = Field(
        default="meta/{environment}/{identity}",
        description="the secret's name, of {environment}, {identity} and {suffix}",
    )


class IdentitySpec(Section):
    """A system user. What is not said comes from `meta:token_defaults`, its scopes from its use case.

    `replace_existing`: as of a client, for all assets of this identity. `exclusive`: it has no other assets.
    `token`: `none` for a user whose tokens are not this stack's; then nothing is installed and nothing minted.
    """

    role: Literal["EMPLOYEE", "ADMIN"] = Field(default="EMPLOYEE", description="the system user's role in the business")
    name: Text | None = Field(default=None, description="its name at Meta; made of environment and key without it")
    renamed_from: Name | None = Field(default=None, description="the key that this identity had before")
    connection: Name | None = Field(
        default=None, description="a name of meta:connections; needed where there are several"
    )
    adopt: GraphId | None = Field(default=None, description="the id of a system user that exists, to take over")
    replace_existing: bool = Field(
        default=False, description="whether tasks that it had on its assets before, and that are not declared, go"
    )
    exclusive: Exclusive = Field(
        default=False, description="whether it is taken off every asset that no line declares or ignores"
    )
    on_destroy: Literal["retire", "keep"] = Field(
        default="retire", description="retire: give its tasks back and rename it; keep: leave it as it is"
    )
    protect: bool = Field(
        default=False, description="true: Pulumi refuses to delete or replace the system user (resource option protect)"
    )
    token: Literal["none"] | None = Field(default=None, description="none: this stack keeps no token of it")
    use_case: Text | None = Field(default=None, description="a preset of scopes and tasks, such as read_reports")
    scopes: Texts | None = Field(default=None, description="the permissions of its token; wins over use_case")
    secret: SecretPattern | None = Field(
        default=None, description="the secret's name; that of meta:token_defaults without it"
    )
    lifetime: Lifetime | None = Field(
        default=None, description='how long its token lives: 60d, or never: {reason: …, until: "2027-03-01"}'
    )
    rotate_before: Duration | None = Field(
        default=None, description="how long before its end the token is rotated, such as 20d"
    )
    grace: Duration | None = Field(
        default=None, description="how long the token before stays valid after a rotation, such as 24h"
    )
    keepers: dict[Text, Text] = Field(
        default_factory=dict, description="texts by name; a change of one rotates the token"
    )
    kms_key: Text | None = Field(
        default=None, description="the key that encrypts its secret; that of the connection without it"
    )
    take_over_from: Text | None = Field(
        default=None, description="the stack that owns the secret now, as <project>/<stack>"
    )
    rotation_owner: Literal["pulumi", "lambda"] = Field(
        default="pulumi", description="who rotates the token: pulumi up, or a Lambda function"
    )
    until: Day | None = Field(default=None, description="the day on which it ends, in quotes")

    @property
    def has_token(self) -> bool:
        """Whether this stack keeps a token of the user."""
        return self.token is None


BusinessRole = Literal["ADMIN", "EMPLOYEE"]


class PersonSpec(Section):
    """`user_id` is what `GET /{app}/roles` shows of a person; without it a role cannot be matched to its name.

    `business` is the role in the stack's business, or a table from business to role where there are several.
    """

    email: Text | None = Field(default=None, description="the e-mail address that the business knows the person by")
    business: BusinessRole | dict[Name, BusinessRole] | None = Field(
        default=None, description="the role in the stack's business, or a table of business to role"
    )
    on_destroy: Literal["remove", "keep"] = Field(
        default="remove", description="remove: leaves the business with the line; keep: stays"
    )
    user_id: GraphId | None = Field(
        default=None, description="the person's id, in quotes, as GET /{app}/roles shows it; needed to see an app role"
    )
    until: Day | None = Field(default=None, description="the day on which the person's access ends, in quotes")

    def roles_in(self, businesses: Iterable[str]) -> dict[str, str]:
        """Business to role; a role without a business is meant for the only one there is."""
        if isinstance(self.business, str):
            return dict.fromkeys(businesses, self.business)
        return dict(self.business or {})


class PolicyRuleSpec(Section):
    """What a stack changes of one rule of good practice, and why."""

    enforcement_level: Literal["advisory", "mandatory", "disabled"] | None = Field(
        default=None, description="advisory: it is said; mandatory: it refuses what widens access; disabled: off"
    )
    severity: Literal["low", "medium", "high", "critical"] | None = Field(
        default=None, description="how much it weighs: low, medium, high or critical"
    )
    reason: Text = Field(description="why this stack differs")

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.enforcement_level is None and self.severity is None:
            raise refuse("changes nothing.", "add enforcement_level, severity or both.")
        return self


class PolicySpec(Section):
    files: Texts = Field(
        default=(), description="Python files with rules of your own, in the folder of the stack files"
    )
    rules: dict[Name, PolicyRuleSpec] = Field(
        default_factory=dict, description="what this stack changes of rules, by a rule's id"
    )


PROD = "prod"

_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def _folder(value: str) -> str:
    if not _FOLDER.fullmatch(value):
        raise refuse(f"{shown(value)} is no folder next to the stack file.", "write one name, such as clients.prod.")
    return value


# At top level Pulumi stores a boolean as text.
Flag = Annotated[bool, WithJsonSchema({"enum": [True, False, "true", "false"]})]


class StackSpec(Section):
    """Keys of namespace `meta:`; every table is keyed by the name that the others use."""

    environment: Name = Field(description="the environment's name, such as dev or prod")
    rules: Text = Field(description='the rule set, such as "2026-11"')
    rules_overlay: Text | None = Field(
        default=None, description="a file with corrections of the rule set, in the folder of the stack files"
    )
    gates: Literal["warn", "block"] | None = Field(
        default=None, description="warn: gates report; block: they hold back what widens. block in prod, else warn"
    )
    confirm_real_graph: Flag = Field(default=False, description="true: this stack of prod may call the real Graph API")
    connections: dict[Name, ConnectionSpec] = Field(min_length=1, description="at least one connection")
    businesses: dict[Name, BusinessSpec] = Field(description="the business of each connection")
    apps: dict[Name, AppSpec] = Field(description="the app of each connection")
    people: dict[Name, PersonSpec] = Field(default_factory=dict, description="everybody whom other keys name")
    task_sets: dict[Name, TaskSetSpec] = Field(
        default_factory=dict, description="tasks by kind of asset, under a name of your own"
    )
    token_defaults: TokenDefaultsSpec = Field(
        default=TokenDefaultsSpec(), description="what identities do not say of their tokens"
    )
    identities: dict[Name, IdentitySpec] = Field(default_factory=dict, description="the system users")
    clients_dir: Annotated[Text, AfterValidator(_folder)] | None = Field(
        default=None, description="the folder with one file per client, next to the stack file"
    )
    clients: dict[Name, ClientSpec] = Field(
        default_factory=dict, description="the owners of the assets, with who may do what on which"
    )
    ignore: tuple[IgnoreSpec, ...] = Field(default=(), description="access that may stay undeclared")
    policy: PolicySpec = Field(
        default=PolicySpec(), description="rules of good practice: files with more of them, and levels"
    )
    quota_overrides: dict[Name, dict[Literal["EMPLOYEE", "ADMIN"], QuotaOverride]] = Field(
        default_factory=dict, description="limits of system users that Meta granted to a business, by role"
    )

    @property
    def gate_mode(self) -> Literal["warn", "block"]:
        """`block` holds back what a closed gate concerns; production does so by default."""
        return self.gates or ("block" if self.environment == PROD else "warn")
