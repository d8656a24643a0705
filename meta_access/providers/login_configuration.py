"""LoginConfiguration: a configuration of Facebook Login for Business. Made in the dashboard, and unreadable by Graph.

Source: https://developers.facebook.com/docs/facebook-login/facebook-login-for-business (Graph v26.0, read 2026-11).
`config_ids` of the Application node names ids without what is in them, so evidence is all there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pulumi import Input, ResourceOptions
from pulumi.dynamic import CheckFailure

from meta_access import validation
from meta_access.gates.status import NextStep, Observation
from meta_access.providers._declaration import Evidence, GraphId, TextSet, one_of
from meta_access.providers._gate import GateProvider, GateResource, app_shown, place
from meta_access.providers._values import unknown
from meta_access.rules.permissions import elsewhere

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.providers._deployment import Key
    from meta_access.providers._live import Live

TOKENS = ("system_user", "user")
_WORDS = {"system_user": "System-user access token", "user": "User access token"}


class LoginConfigurationProvider(GateProvider):
    kind = "login configuration"
    identified_by = ("connection", "config_id")
    declared = ("config_id", "token", "permissions")
    link = "login_configurations"

    def validate(self, olds: Mapping[str, Any], props: dict[str, Any]) -> list[CheckFailure]:
        del olds
        rules, permissions = self.live(props).rules, props["permissions"]
        return [
            CheckFailure("permissions", " ".join(other) if (other := elsewhere(rules, name)) else why)
            for name in ([] if unknown(permissions) else permissions)
            if (why := validation.one_of(name, rules.permissions))
        ]

    def key(self, props: Mapping[str, Any]) -> Key:
        return (self.live(props).connection.app_id, props["config_id"])

    def observe(self, props: Mapping[str, Any], live: Live) -> Observation:
        del props, live
        return Observation(None, reason="Graph shows no login configurations to anybody.")

    def step(self, props: Mapping[str, Any], live: Live, seen: Observation) -> NextStep:
        del seen
        return NextStep(
            what=(
                f"Open configuration {props['config_id']}, see that it hands out a {_WORDS[props['token']]} with "
                "exactly these permissions, and correct it where it does not. Meta grants a login all of them, or none."
            ),
            **place(live, self.link),
            expect=app_shown(live),
            paste="\n".join(props["permissions"]),
        )

    def farewell(self, outs: Mapping[str, Any]) -> str:
        return f"At Meta configuration {outs.get('config_id')} stays until an app admin removes it."


class LoginConfiguration(GateResource, provider=LoginConfigurationProvider):
    """One configuration of Login for Business.

    Args:
        config_id: Meta's id of it, which the dialog takes in place of a scope.
        token: What it hands out: a token of a `system_user` of the client's business, or of the `user`.
        permissions: What it asks for, as a whole.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        connection: Input[str],
        config_id: GraphId,
        token: Annotated[Input[str], one_of(TOKENS)] = "system_user",  # noqa: S107 - a kind of token
        permissions: TextSet | None = (),
        evidence: Evidence | None = None,
        owner: Input[str] | None = "",
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(resource_name, locals(), opts)
