"""RedirectUris: the OAuth redirect URIs of the app. Dashboard only, and unreadable by Graph: evidence is all there is.

No field, edge or parameter for them exists in the reference of the Application node or in the SDK's specification
(Graph v26.0, read 2026-11). Matching rules: https://developers.facebook.com/docs/facebook-login/security.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pulumi import Input, ResourceOptions
from pulumi.dynamic import CheckFailure

from meta_access import validation
from meta_access.gates.status import NextStep, Observation
from meta_access.providers._declaration import Evidence, Rule, TextSet, one_of
from meta_access.providers._gate import GateProvider, GateResource, app_shown, place
from meta_access.providers._values import unknown
from meta_access.stack.models import LOGIN_FOR_BUSINESS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.providers._deployment import Key
    from meta_access.providers._live import Live

MODES = ("live", "development")
FACEBOOK_LOGIN = "facebook_login"
PRODUCTS = {FACEBOOK_LOGIN: "redirect_uris", LOGIN_FOR_BUSINESS: "redirect_uris_business"}
"""Login product to the rule set's link: each has a page of its own, and an app with one of them lacks the other's."""


class RedirectUrisProvider(GateProvider):
    kind = "redirect URIs"
    identified_by = ("connection",)
    declared = ("uris",)
    link = "redirect_uris"

    def validate(self, olds: Mapping[str, Any], props: dict[str, Any]) -> list[CheckFailure]:
        del olds
        if unknown(props["uris"]) or unknown(props["hosts"]):
            return []
        reasons = [(uri, validation.https_redirect_uri(uri, props["hosts"])) for uri in props["uris"]]
        return [CheckFailure("uris", f"{uri} {why}") for uri, why in reasons if why]

    def key(self, props: Mapping[str, Any]) -> Key:
        return (self.live(props).connection.app_id,)

    def observe(self, props: Mapping[str, Any], live: Live) -> Observation:
        del props, live
        return Observation(None, reason="Graph shows no redirect URIs to anybody.")

    def step(self, props: Mapping[str, Any], live: Live, seen: Observation) -> NextStep:
        del seen
        count = len(props["uris"])
        return NextStep(
            what=(
                f"Enter {'this URI' if count == 1 else f'these {count} URIs'} to the letter, press Enter after each so "
                "that it becomes a chip, save, and try each one in the Redirect URI Validator of that page."
            ),
            **place(live, PRODUCTS[props["product"]]),
            expect=app_shown(live),
            paste="\n".join(props["uris"]),
        )

    def farewell(self, outs: Mapping[str, Any]) -> str:
        uris = ", ".join(outs.get("uris", []))
        return f"At Meta these URIs stay valid until an app admin removes them: {uris}."


def _none_listed(uris: object) -> str | None:
    return None if isinstance(uris, list) and uris else "must list at least one URI."


class RedirectUris(GateResource, provider=RedirectUrisProvider):
    """The redirect URIs that a person enters in the dashboard.

    Args:
        uris: All of them, to the letter and in no order.
        hosts: Hosts they may use; one written with a slash at its end demands that slash of every URI.
        mode: The app's mode: `live` or `development`.
        product: `facebook_login` or `login_for_business`, which decides on whose settings page they stand.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        connection: Input[str],
        uris: Annotated[TextSet, Rule(_none_listed)],
        hosts: TextSet | None = (),
        mode: Annotated[Input[str], one_of(MODES)] | None = None,
        product: Annotated[Input[str], one_of(PRODUCTS)] = FACEBOOK_LOGIN,
        evidence: Evidence | None = None,
        owner: Input[str] | None = "",
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(resource_name, locals(), opts)
