"""AppAccess: an app's settings, the people of its business and, as their work, what it asks for and logs in with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_random

from meta_access import (
    AppRoles,
    AppSettings,
    BusinessUser,
    BusinessVerification,
    FeatureRequest,
    LoginConfiguration,
    Obligation,
    PermissionRequest,
    RedirectUris,
    WebhookSubscription,
)
from meta_access.stack import gate_names
from meta_access.stack.login_urls import login_urls
from meta_access.stack.models import LOGIN_FOR_BUSINESS
from meta_access.stack.plan import TWO_FACTOR, duties, two_factor_duty
from meta_access.stack.use_cases import permissions_of

from .known import known

if TYPE_CHECKING:
    from meta_access.stack.load import Stack
    from meta_access.stack.models import ObligationSpec
    from meta_access.stack.plan import AppPlan

    from .gate_board import GateBoard

_VERIFY_TOKEN_LENGTH = 40
APP_MODE = "app_mode"
SEEN = {"user_id", "email"}
"""What tells a person of the table to Meta."""


class AppAccess(pulumi.ComponentResource):
    """The gates of one app and of the businesses it acts for.

    Attributes:
        login_urls: Redirect URI to the addresses of the login dialog.
        webhook_verify_token: Secret; None when the app declares no webhooks.
    """

    login_urls: dict[str, dict[str, str]]
    webhook_verify_token: pulumi.Output[str] | None

    def __init__(
        self, name: str, *, stack: Stack, plan: AppPlan, board: GateBoard, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meta:access:AppAccess", name, None, opts)
        self._stack, self._plan, self._board = stack, plan, board
        self._app = stack.spec.apps[plan.key]
        self._child = pulumi.ResourceOptions(parent=self)
        self._verifications()
        self._tier_and_features()
        self._permissions()
        self._members()
        self._roles()
        self._settings()
        self._subscriptions()
        self._redirect_uris()
        self._login_configurations()
        self._obligations()
        self.login_urls = login_urls(
            stack.spec, stack.rules, plan.key, stack.spec.connections[plan.connection].api_version
        )
        self.webhook_verify_token = self._verify_token()
        self.register_outputs({"login_urls": self.login_urls, "webhook_verify_token": known(self.webhook_verify_token)})

    def _verifications(self) -> None:
        for business, connection in self._plan.verifies.items():
            gate = gate_names.verification(business)
            self._board.add(gate, BusinessVerification(gate, **self._common(gate, connection)))

    def _tier_and_features(self) -> None:
        key = self._stack.rules.tier_feature_key
        wanted = {gate_names.feature(self._plan.key, name): (name, level) for name, level in self._app.features.items()}
        if self._app.tier is not None:
            wanted[gate_names.tier(self._plan.key)] = (key, self._app.tier)
        for gate, (feature, level) in wanted.items():
            self._board.add(gate, FeatureRequest(gate, feature=feature, level=level, **self._common(gate)))

    def _permissions(self) -> None:
        for permission, level in permissions_of(self._stack.spec, self._stack.rules, self._plan.key).items():
            gate = gate_names.permission(self._plan.key, permission)
            self._board.add(gate, PermissionRequest(gate, permission=permission, level=level, **self._common(gate)))

    def _members(self) -> None:
        for member in self._plan.members:
            BusinessUser(
                member.key,
                connection=member.connection,
                email=member.email,
                role=member.role,
                # The table says who is in the business, so who is there already is just that person.
                adopt=True,
                on_destroy=member.on_destroy,
                opts=self._child,
            )

    def _roles(self) -> None:
        if self._app.roles is None:
            return
        gate = gate_names.app_roles(self._plan.key)
        roles = self._app.roles.by_person()
        people = {
            person: self._stack.spec.people[person].model_dump(include=SEEN, exclude_none=True) for person in roles
        }
        people = {person: known for person, known in people.items() if known}
        self._board.add(gate, AppRoles(gate, roles=roles, people=people, **self._common(gate)))

    def _settings(self) -> None:
        if self._app.settings is not None:
            asked: dict[str, Any] = self._app.settings.declared()
            AppSettings(f"{self._plan.key}-settings", connection=self._plan.connection, **asked, opts=self._child)

    def _subscriptions(self) -> None:
        webhooks = self._app.webhooks
        if webhooks is None:
            return
        for name, row in webhooks.subscriptions.items():
            asked: dict[str, Any] = {**row.model_dump(), "fields": list(row.fields)}
            WebhookSubscription(
                f"{self._plan.key}-{name}",
                connection=self._plan.connection,
                object=name,
                verify_token=webhooks.verify_token,
                **asked,
                opts=self._child,
            )

    def _redirect_uris(self) -> None:
        login = self._app.login
        if login is None or not login.redirect_uris:
            return
        gate = gate_names.redirect_uris(self._plan.key)
        uris, hosts = list(login.redirect_uris), list(login.hosts)
        product = LOGIN_FOR_BUSINESS if login.for_business else login.product
        asked: dict[str, Any] = {"uris": uris, "hosts": hosts, "mode": self._app.mode, "product": product}
        self._board.add(gate, RedirectUris(gate, **asked, **self._common(gate)))

    def _login_configurations(self) -> None:
        for name, row in (self._app.login.configurations if self._app.login is not None else {}).items():
            gate = gate_names.login_configuration(self._plan.key, name)
            asked: dict[str, Any] = {
                "config_id": row.config_id,
                "token": row.token,
                "permissions": list(row.permissions),
            }
            self._board.add(gate, LoginConfiguration(gate, **asked, **self._common(gate)))

    def _obligations(self) -> None:
        spec = self._stack.spec
        for kind, row in duties(spec, self._plan.key).items():
            value = self._app.mode if kind == APP_MODE else None
            self._duty(gate_names.obligation(self._plan.key, kind), kind, value, row, self._plan.connection)
        for business, connection in self._plan.secures.items():
            rule, duty = spec.businesses[business].two_factor, two_factor_duty(spec, business)
            self._duty(gate_names.two_factor(business), TWO_FACTOR, rule, duty, connection)

    def _duty(self, gate: str, kind: str, value: str | None, row: ObligationSpec | None, connection: str) -> None:
        common = self._common(gate, connection)
        due = row.due.isoformat() if row is not None and row.due is not None else None
        owner = (row.owner if row is not None else None) or common["owner"]
        self._board.add(gate, Obligation(gate, kind=kind, value=value, due=due, **{**common, "owner": owner}))

    def _verify_token(self) -> pulumi.Output[str] | None:
        if self._app.webhooks is None or not self._app.webhooks.generated:
            return None
        # Meta compares it as text in a query; without signs that would have to be encoded there.
        return pulumi_random.RandomPassword(
            f"{self._plan.key}-webhook-verify-token", length=_VERIFY_TOKEN_LENGTH, special=False, opts=self._child
        ).result

    def _common(self, gate: str, connection: str | None = None) -> dict[str, Any]:
        return {**self._board.given(gate, connection or self._plan.connection), "opts": self._child}
