"""`meta:apps`: an app's people, permissions, login, settings and duties."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from meta_access.spec.base import Day, GraphId, Name, Section, Text

GENERATE = "generate"
Names = tuple[Name, ...]
Texts = tuple[Text, ...]


class RolesSpec(Section):
    admin: Names = ()
    developer: Names = ()
    tester: Names = ()
    analytics: Names = ()

    def by_person(self) -> dict[str, str]:
        """Person to role, as the AppRoles resource takes it."""
        return {person: role for role in type(self).model_fields for person in getattr(self, role)}


class PermissionsSpec(Section):
    standard: Texts = ()
    advanced: Texts = ()

    def levels(self) -> dict[str, str]:
        """Permission to level."""
        return {name: level for level in type(self).model_fields for name in getattr(self, level)}


LOGIN_FOR_BUSINESS = "login_for_business"


class LoginConfigurationSpec(Section):
    config_id: GraphId = Field(description="the configuration's id, in quotes", examples=["889900112233445"])
    token: Literal["system_user", "user"] = "system_user"  # noqa: S105 - a kind of token
    permissions: Texts = ()


class LoginSpec(Section):
    """`hosts` is the allow-list of redirect hosts; one with a slash behind it demands that slash of every URI."""

    product: Literal["facebook_login", "login_for_business"] = "facebook_login"
    hosts: Texts = ()
    redirect_uris: Texts = ()
    configurations: dict[Name, LoginConfigurationSpec] = Field(default_factory=dict)

    @property
    def for_business(self) -> bool:
        """Whether it is Login for Business, which alone has configurations, and a page of its own in the dashboard."""
        return self.product == LOGIN_FOR_BUSINESS or bool(self.configurations)


class AppSettingsSpec(Section):
    """`callers` is no setting: the addresses that this tool calls from, which the whitelist has to hold."""

    app_domains: Texts | None = None
    privacy_policy_url: Text | None = None
    terms_of_service_url: Text | None = None
    website_url: Text | None = None
    mobile_web_url: Text | None = None
    user_support_email: Text | None = None
    user_support_url: Text | None = None
    contact_email: Text | None = None
    deauth_callback_url: Text | None = None
    server_ip_whitelist: Texts | None = None
    callers: Texts | None = None

    def declared(self) -> dict[str, str | list[str]]:
        """What is typed, by name, as the AppSettings resource takes it."""
        typed = ((name, value) for name, value in self if value is not None)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in typed}


class ObligationSpec(Section):
    due: Day | None = None
    owner: Name | None = None


class SubscriptionSpec(Section):
    callback_url: Text = Field(description="where Meta sends it", examples=["https://connect.example/meta/hook"])
    fields: Texts = Field(description="fields of the object", examples=[["connected"]])
    include_values: bool = True


class WebhooksSpec(Section):
    """`verify_token` is `generate`, for callbacks that are typed in by hand, or a reference for `subscriptions`."""

    verify_token: Text = Field(description="generate, or a reference", examples=["generate"])
    subscriptions: dict[Text, SubscriptionSpec] = Field(default_factory=dict)

    @property
    def generated(self) -> bool:
        return self.verify_token == GENERATE


class AppSpec(Section):
    id: GraphId = Field(description="the app's id, in quotes", examples=["1204817736400555"])
    name: Text | None = None
    kind: Literal["use_case", "business"] = "use_case"
    claimed_by: Name | None = None
    mode: Literal["live", "development"] | None = None
    tier: Text | None = None
    owner: Name | None = None
    roles: RolesSpec | None = None
    permissions: PermissionsSpec = PermissionsSpec()
    features: dict[Text, Text] = Field(default_factory=dict)
    login: LoginSpec | None = None
    settings: AppSettingsSpec | None = None
    obligations: dict[Text, ObligationSpec] = Field(default_factory=dict)
    webhooks: WebhooksSpec | None = None
