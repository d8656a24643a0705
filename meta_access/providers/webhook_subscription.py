"""WebhookSubscription: what Meta tells the app of one kind of object, and where. With the app's token.

GET, POST and DELETE /{app-id}/subscriptions: https://developers.facebook.com/docs/graph-api/reference/app/subscriptions
(v25.0, read 2026-12-01). Meta asks the callback before it takes a subscription, with a verify token that is read from
a reference for that one call, and stands in no state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from pulumi import Input, Output, ResourceOptions
from pulumi.dynamic import CheckFailure, ReadResult

from meta_access import validation
from meta_access.endpoints import is_loopback
from meta_access.errors import AuthError, ConflictError, GraphError, InvalidRequestError
from meta_access.graph import subscriptions
from meta_access.graph.subscriptions import Subscription
from meta_access.providers._base import MetaProvider
from meta_access.providers._boundary import say
from meta_access.providers._declaration import Flag, Rule, TextSet
from meta_access.providers._deployment import DEPLOYMENT
from meta_access.providers._resource import MetaResource
from meta_access.providers._values import unknown
from meta_access.stack.credentials import verify_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.providers._deployment import Key
    from meta_access.providers._live import Live

_REFUSED = (2200, 2201)
"""Meta's codes for a callback that did not answer, or not as asked."""


class WebhookSubscriptionProvider(MetaProvider):
    kind = "webhook subscription"
    identified_by = ("connection", "object")

    def validate(self, olds: Mapping[str, Any], props: dict[str, Any]) -> list[CheckFailure]:
        del olds
        url, here = props.get("callback_url"), is_loopback(urlsplit(self.live(props).connection.graph_url))
        why = None if unknown(url) else validation.webhook_callback(url, here=here)
        return [CheckFailure("callback_url", why)] if why else []

    def key(self, props: Mapping[str, Any]) -> Key:
        return (self.live(props).connection.app_id, props["object"])

    def look_ahead(self, olds: Mapping[str, Any], props: dict[str, Any]) -> None:
        """Say what a create puts in the place of what the app has."""
        live = self.live(props)
        if olds or live.offline or unknown([props[name] for name in ("object", "callback_url", "fields")]):
            return
        now = subscriptions.get(live.client, props["object"])
        if now is not None and _facts(now) != {**_facts(_wanted(props)), "active": now.active}:
            say(f"{self.kind} {props['label']}: {_shown(now)} => {_shown(_wanted(props))}.")

    def make(self, props: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        live = self.live(props)
        return f"{live.connection.app_id}/{props['object']}", _subscribe(live, props)

    def look(self, id_: str, outs: dict[str, Any]) -> ReadResult:
        try:
            found = subscriptions.get(self.live(outs).client, outs["object"])
        except AuthError:
            raise
        except GraphError as error:
            return self.not_looked_at(id_, outs, error)
        facts = _facts(found or Subscription(outs["object"], "", (), active=False))
        inputs = {name: value for name, value in facts.items() if name != "active"}
        return ReadResult(id_, {**outs, **facts}, self.inputs_of(outs, **inputs))

    def due(self, outs: Mapping[str, Any], props: Mapping[str, Any]) -> bool:
        # Meta switches off what its callback has not answered for long; the same call switches it on again.
        del props
        return not outs["active"]

    def change(self, id_: str, outs: dict[str, Any], props: dict[str, Any], changed: frozenset[str]) -> dict[str, Any]:
        del id_
        if changed == {"verify_token"} and outs["active"]:
            # It is asked for when a subscription is made, and never again.
            return {"active": True, "made_url": outs["made_url"]}
        facts = _subscribe(self.live(props), props)
        if self.key(outs) != self.key(props) and DEPLOYMENT.holder(type(self).__name__, self.key(outs)) is None:
            say(f"{self.kind} {props.get('label', '')}: {_take_away(self.live(outs), outs)}")
        return facts

    def end(self, id_: str, outs: dict[str, Any]) -> str:
        del id_
        return _take_away(self.live(outs), outs)

    def upgrade(self, outs: Mapping[str, Any]) -> dict[str, Any]:
        return {"active": True, "made_url": outs.get("callback_url", ""), **super().upgrade(outs)}


def _wanted(props: Mapping[str, Any]) -> Subscription:
    return Subscription(props["object"], props["callback_url"], tuple(props["fields"]))


def _facts(row: Subscription) -> dict[str, Any]:
    return {"callback_url": row.callback_url, "fields": list(row.fields), "active": row.active}


def _shown(row: Subscription) -> str:
    return f"{row.object} tells {row.callback_url} of {', '.join(row.fields) or 'nothing'}"


def _subscribe(live: Live, props: Mapping[str, Any]) -> dict[str, Any]:
    wanted, doing = _wanted(props), f"subscribing app {live.connection.app_id} to {props['object']}"
    token = verify_token(props["verify_token"], live.connection)
    failed = None
    try:
        subscriptions.subscribe(live.client, wanted, verify_token=token, include_values=props["include_values"])
    except GraphError as error:
        if error.code not in _REFUSED:
            raise
        failed = (
            f"{doing} failed: the callback {wanted.callback_url} did not answer Meta as asked ({error.problem}) It has "
            f"to be reachable, compare hub.verify_token with what {props['verify_token']} holds, and send "
            "hub.challenge back as plain text."
        )
    if failed is not None:
        raise InvalidRequestError(failed, next_step="Mend the callback, then `pulumi up` again.")
    found = subscriptions.get(live.client, wanted.object)
    if found != wanted:
        has = "it has none" if found is None else _shown(found) + ("" if found.active else ", and is switched off")
        raise InvalidRequestError(
            f"{doing} failed: Meta answered success, and {has}; wanted is that {_shown(wanted)}.",
            next_step="Look at App Dashboard > Webhooks, then `pulumi up` again.",
        )
    return {"active": True, "made_url": wanted.callback_url}


def _take_away(live: Live, outs: Mapping[str, Any]) -> str:
    app, name = live.connection.app_id, outs["object"]
    found = subscriptions.get(live.client, name)
    if found is None:
        return f"app {app} has no subscription to {name}; there is nothing to remove."
    if found.callback_url != outs["made_url"]:
        return (
            f"app {app} keeps its subscription to {name}: it leads to {found.callback_url} now, and this stack made "
            f"one to {outs['made_url']}."
        )
    subscriptions.unsubscribe(live.client, name)
    if subscriptions.get(live.client, name) is not None:
        raise ConflictError(
            f"removing the subscription of app {app} to {name} failed: Meta answered success and still lists it.",
            next_step="Remove it under App Dashboard > Webhooks; then `pulumi up` again.",
        )
    return f"Meta no longer tells {found.callback_url} of {name}."


class WebhookSubscription(MetaResource, provider=WebhookSubscriptionProvider):
    """What Meta tells the connection's app of one kind of object, and where. One per object and app.

    Args:
        object: `permissions`, `application`, `user`, `page`, `ad_account` and so on.
        callback_url: Where Meta sends it; https, and asked before the subscription is made. This machine only with the
            emulator, which calls nothing else.
        fields: Of that object, as a whole and in no order: what is not listed is taken off.
        verify_token: A reference to what Meta brings to the callback: `env:META_VERIFY_TOKEN`, or a variable that
            begins so with `_` behind it, or `aws-secret:ARN#verify_token`. No other secret can be named, since the
            one who has the callback reads it.
        include_values: Whether Meta tells what changed, or only which fields did. Meta does not show which it is, so it
            is no drift.

    Attributes:
        active: Whether Meta sends; it switches off what a callback has not taken for long.
        made_url: The callback as this stack wrote it.
    """

    object: Output[str]
    callback_url: Output[str]
    fields: Output[list[str]]
    active: Output[bool]
    made_url: Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        connection: Input[str],
        object: Annotated[Input[str], Rule(validation.webhook_name)],  # noqa: A002 - Meta's name of it
        callback_url: Input[str],
        fields: Annotated[TextSet, Rule(validation.webhook_fields)],
        verify_token: Annotated[Input[str], Rule(validation.verify_token_reference)],
        include_values: Flag = True,
        opts: ResourceOptions | None = None,
    ) -> None:
        super().__init__(resource_name, locals(), opts)
