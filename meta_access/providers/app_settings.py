"""AppSettings: what Graph writes of an app's settings. Each is read back, since Meta says success and may take nothing.

GET and POST /{app-id}: https://developers.facebook.com/docs/graph-api/reference/application (Graph v26.0, read
2026-11). A setting that is not declared is not looked at. Nothing is undone at the end: Meta keeps no former values,
and an app without its domains or its privacy policy would stop serving logins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi import Input, Output, ResourceOptions
from pulumi.dynamic import CheckFailure, ReadResult

from meta_access import validation
from meta_access.endpoints import source_address
from meta_access.errors import AuthError, GraphError, InvalidRequestError
from meta_access.graph import app_settings
from meta_access.graph.app_settings import LISTS, TEXTS
from meta_access.providers._base import MetaProvider
from meta_access.providers._boundary import say, will_be_refused
from meta_access.providers._declaration import TextSet
from meta_access.providers._gate import place
from meta_access.providers._resource import MetaResource
from meta_access.providers._values import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.providers._deployment import Key
    from meta_access.providers._live import Live

SETTINGS = (*LISTS, *TEXTS)


class AppSettingsProvider(MetaProvider):
    kind = "app settings"
    identified_by = ("connection",)

    def validate(self, olds: Mapping[str, Any], props: dict[str, Any]) -> list[CheckFailure]:
        if not _declared(props):
            return [CheckFailure("", f"no setting is declared. Fix: declare one of {', '.join(SETTINGS)}.")]
        found = [(name, props[name]) for name in (*SETTINGS, "callers") if name in props and not unknown(props[name])]
        failures = [CheckFailure(name, why) for name, value in found if (why := validation.app_setting(name, value))]
        # What this machine's address says is no matter of the configuration: see `look_ahead`.
        if not failures and props.get("callers") is not None and (why := _locked_out(olds, props, None)):
            failures.append(CheckFailure("server_ip_whitelist", why))
        return failures

    def key(self, props: Mapping[str, Any]) -> Key:
        return (self.live(props).connection.app_id,)

    def look_ahead(self, olds: Mapping[str, Any], props: dict[str, Any]) -> None:
        """Say what a create puts in the place of what the app has, and that a whitelist would shut this tool out."""
        live, wanted = self.live(props), _declared(props)
        if live.offline or unknown([*wanted.values(), props.get("callers")]):
            return
        if why := _locked_out(olds, props, source_address(live.connection.graph_url)):
            will_be_refused(self.kind, props["label"], f"server_ip_whitelist {why}.")
        if olds:
            return
        for name, now in app_settings.get(live.client, wanted).items():
            if now and now != wanted[name]:
                say(f"{self.kind} {props['label']}: {name} is {_shown(now)} => {_shown(wanted[name])}.")

    def make(self, props: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        live = self.live(props)
        _refuse_lockout({}, props, live)
        _write(live, _declared(props))
        return live.connection.app_id, {}

    def look(self, id_: str, outs: dict[str, Any]) -> ReadResult:
        try:
            live = app_settings.get(self.live(outs).client, _declared(outs))
        except AuthError:
            raise
        except GraphError as error:
            return self.not_looked_at(id_, outs, error)
        return ReadResult(id_, {**outs, **live}, self.inputs_of(outs, **live))

    def change(self, id_: str, outs: dict[str, Any], props: dict[str, Any], changed: frozenset[str]) -> dict[str, Any]:
        del id_
        live = self.live(props)
        _refuse_lockout(outs, props, live)
        moved = "connection" in changed
        wanted = {name: value for name, value in _declared(props).items() if moved or name in changed}
        if wanted:
            _write(live, wanted)
        if left := [name for name in _declared(outs) if name not in props]:
            say(f"{self.kind} {props.get('label', '')}: no longer declared, and left at Meta: {', '.join(left)}.")
        return {}

    def end(self, id_: str, outs: dict[str, Any]) -> str:
        return f"app {id_} keeps its settings at Meta as they are: {', '.join(_declared(outs))}."


def _locked_out(olds: Mapping[str, Any], props: Mapping[str, Any], source: str | None) -> str | None:
    """Why a whitelist would shut this tool out; None while it does not, or nobody can tell.

    Args:
        olds: What is in force: a caller that got as far as this is not shut out by it.
        props: What is asked for.
        source: This machine's own address, which counts where no `callers` are named; None when it is not known.
    """
    listed, callers = props.get("server_ip_whitelist"), props.get("callers")
    if not listed or unknown([listed, callers]):
        return None
    if all(olds.get(name) == props.get(name) for name in ("server_ip_whitelist", "callers")):
        return None
    return validation.locks_out(listed, callers, source)


def _refuse_lockout(olds: Mapping[str, Any], props: Mapping[str, Any], live: Live) -> None:
    if why := _locked_out(olds, props, source_address(live.connection.graph_url)):
        raise InvalidRequestError(
            f"writing settings of app {live.connection.app_id} failed: server_ip_whitelist {why}. Nothing was changed."
        )


def _declared(props: Mapping[str, Any]) -> dict[str, Any]:
    return {name: props[name] for name in SETTINGS if name in props}


def _write(live: Live, wanted: Mapping[str, Any]) -> None:
    found = app_settings.write(live.client, wanted)
    ignored = [name for name in wanted if found[name] != wanted[name]]
    if not ignored:
        return
    where = place(live, "app_settings")
    has = "; ".join(f"{name} is {_shown(found[name])}, and {_shown(wanted[name])} was written" for name in ignored)
    raise InvalidRequestError(
        f"writing settings of app {live.connection.app_id} failed: Meta answered success and did not take "
        f"{', '.join(ignored)} ({has}). What else was declared is written.",
        next_step=f"Set it by hand: {where['menu']}, at {where['where']}; or remove the line.",
    )


def _shown(value: Any) -> str:
    return (", ".join(value) if isinstance(value, list) else str(value)) or "empty"


class AppSettings(MetaResource, provider=AppSettingsProvider):
    """Settings of the connection's app. What is left out is left as it is at Meta; "" and [] empty a setting.

    Args:
        app_domains: Domains, in small letters.
        privacy_policy_url: Web address.
        terms_of_service_url: Web address.
        website_url: Web address.
        mobile_web_url: Web address.
        user_support_email: E-mail address.
        user_support_url: Web address.
        contact_email: E-mail address.
        deauth_callback_url: Web address.
        server_ip_whitelist: Addresses and ranges from which Meta takes calls made with the app's secret; it has to hold
            those of this tool.
        callers: No setting: addresses that Meta sees this tool call from, where this machine does not have them itself
            (behind NAT or a proxy), or for a list that other runners use.
    """

    app_domains: Output[list[str]]
    server_ip_whitelist: Output[list[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        connection: Input[str],
        app_domains: TextSet | None = None,
        privacy_policy_url: Input[str] | None = None,
        terms_of_service_url: Input[str] | None = None,
        website_url: Input[str] | None = None,
        mobile_web_url: Input[str] | None = None,
        user_support_email: Input[str] | None = None,
        user_support_url: Input[str] | None = None,
        contact_email: Input[str] | None = None,
        deauth_callback_url: Input[str] | None = None,
        server_ip_whitelist: TextSet | None = None,
        callers: TextSet | None = None,
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(resource_name, locals(), opts)
