"""AppInstallation: the app installed on a system user, which must come before a token of it can be minted.

POST /{system-user-id}/applications is repeatable, cannot be taken back, and no call shows it:
https://developers.facebook.com/docs/business-management-apis/system-users/install-apps-and-generate-tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi import Input, Output, ResourceOptions
from pulumi.dynamic import ReadResult

from meta_access.graph import applications, reads
from meta_access.providers._base import MetaProvider
from meta_access.providers._boundary import say
from meta_access.providers._declaration import GraphId
from meta_access.providers._deployment import DEPLOYMENT
from meta_access.providers._resource import MetaResource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.providers._deployment import Key
    from meta_access.providers._live import Live


class AppInstallationProvider(MetaProvider):
    kind = "app installation"
    identified_by = ("connection", "system_user_id")

    def key(self, props: Mapping[str, Any]) -> Key:
        return (props["connection"], props["system_user_id"])

    def make(self, props: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        live = self.live(props)
        _install(live, props["system_user_id"])
        live.read_app_access_ahead(props["system_user_id"])
        return f"{props['system_user_id']}/{live.connection.app_id}", {}

    def look(self, id_: str, outs: dict[str, Any]) -> ReadResult:
        return ReadResult(id_, outs, self.inputs_of(outs))

    def change(self, id_: str, outs: dict[str, Any], props: dict[str, Any], changed: frozenset[str]) -> dict[str, Any]:
        del id_, outs
        if changed:
            _install(self.live(props), props["system_user_id"])
        return {}

    def end(self, id_: str, outs: dict[str, Any]) -> str:
        del id_
        return f"stays on system user {outs['system_user_id']}: Meta has no call to take it back."


def _install(live: Live, system_user_id: str) -> None:
    try:
        applications.install(live.client, system_user_id)
    finally:
        live.reads.invalidate(reads.ASSIGNED_APPS, system_user_id)


def installed_again(live: Live, system_user_id: str) -> bool:
    """Install the app again where a token of the user has ended at Meta: a person may have taken it off.

    Returns:
        False, with nothing done, unless this deployment declares the installation and has seen such a token. That Meta
        refuses to mint is no sign by itself, and a run for some tokens alone undoes nobody's decision.
    """
    kind, key = AppInstallationProvider.__name__, (live.connection.name, system_user_id)
    if not DEPLOYMENT.has_ended_token(live.connection.app_id, system_user_id) or DEPLOYMENT.holder(kind, key) is None:
        return False
    _install(live, system_user_id)
    say(
        f"app {live.connection.app_name} is installed on system user {system_user_id} again: its token had ended at "
        "Meta, and no other could be minted without that."
    )
    return True


class AppInstallation(MetaResource, provider=AppInstallationProvider):
    """The connection's app, installed on a system user.

    Args:
        system_user_id: The user, by the id that the app sees.
    """

    system_user_id: Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        connection: Input[str],
        system_user_id: GraphId,
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(resource_name, locals(), opts)
