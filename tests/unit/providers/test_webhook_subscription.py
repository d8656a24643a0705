"""WebhookSubscription: exactly what is declared, a verify token that stands in no state, taken away as it was made."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.providers._boundary import Failure
from meta_access.providers.webhook_subscription import WebhookSubscriptionProvider
from meta_access.stack.connections import AwsSettings
from meta_emulator.world import WebhookSubscription
from tests.callbacks import callback
from tests.texts import lacks
from tests.unit.providers.conftest import APP, NOT_KNOWN, configured, new_process, updated

if TYPE_CHECKING:
    from tests.unit.emulated import EmulatedMeta

PROVIDER = WebhookSubscriptionProvider()
URL = "https://connect.lindenhof.example/hook"
ID = f"{APP}/permissions"
EDGE = f"{APP}/subscriptions"
MADE = WebhookSubscription("permissions", URL, ["ads_read", "connected"], include_values=True)


ARN = "aws-secret:arn:aws:secretsmanager:eu-central-1:123456789012:secret:"


@pytest.fixture
def meta(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> EmulatedMeta:
    monkeypatch.setenv("META_VERIFY_TOKEN", "chosen")
    return meta


def at_meta(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be connected to the real Meta, which calls no address of this machine; nobody may call it here."""
    meta.connection = replace(
        meta.connection,
        graph_url="https://graph.facebook.com",
        aws=AwsSettings("eu-central-1", None),
        app_secret="env:META_APP_SECRET",
        admin_token="env:META_ADMIN_TOKEN",
    )
    configured(monkeypatch, meta)
    monkeypatch.setenv("META_APP_SECRET", "app" + "secret" + "appsecret")
    monkeypatch.setenv("META_ADMIN_TOKEN", "EAA" + "x" * 30)


def hold(meta: EmulatedMeta, *rows: WebhookSubscription) -> None:
    """Let the app have these subscriptions, which no call made."""
    meta.change_app(subscriptions=list(rows))


def asked(**props: Any) -> dict[str, Any]:
    given = {"label": "ads-permissions", "connection": "main", "object": "permissions", "callback_url": URL}
    return {**given, "fields": ["connected", "ads_read"], "verify_token": "env:META_VERIFY_TOKEN", **props}


def failures(**props: Any) -> list[tuple[str, str]]:
    result = PROVIDER.check({}, asked(**props))
    return [(failure.property, failure.reason) for failure in result.failures]


def created(**props: Any) -> dict[str, Any]:
    result = PROVIDER.check({}, asked(**props))
    assert result.failures == [], [failure.reason for failure in result.failures]
    made = PROVIDER.create(result.inputs)
    assert made.outs is not None
    return made.outs


@pytest.mark.parametrize(
    ("props", "property_", "reason"),
    [
        ({"object": "Permissions"}, "object", "'Permissions' is no name of Meta's; write it in small letters"),
        ({"callback_url": "http://a.example/"}, "callback_url", "'http://a.example/' is not https"),
        ({"callback_url": "http://127.0.0.1:9000/"}, "callback_url", "is this machine, which Meta cannot reach"),
        ({"callback_url": "https://localhost/"}, "callback_url", "is this machine, which Meta cannot reach"),
        ({"callback_url": "https://u:p@a.example/"}, "callback_url", "has a fragment or a user name"),
        ({"callback_url": "a.example/hook"}, "callback_url", "is no web address"),
        ({"fields": []}, "fields", "must list at least one field"),
        ({"fields": ["ads read"]}, "fields", "'ads read' is no name of Meta's"),
        ({"include_values": "yes"}, "include_values", "is neither true nor false"),
        # Whoever owns the callback is told it: no other secret may be named.
        ({"verify_token": "env:META_APP_SECRET"}, "verify_token", "is no reference to a verify token"),
        ({"verify_token": "emulator:"}, "verify_token", "is no reference to a verify token"),
        (
            {"verify_token": f"{ARN}meta/x-AbCdEf#access_token"},
            "verify_token",
            "is no reference to a verify token",
        ),
        (
            {"verify_token": f"{ARN}other-AbCdEf#verify_token"},
            "verify_token",
            "takes only secrets whose name starts with meta/",
        ),
    ],
)  # fmt: skip
def test_bad_values_are_refused(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, props: dict[str, Any], property_: str, reason: str
) -> None:
    at_meta(meta, monkeypatch)
    ((found, text),) = failures(**props)
    assert (found, reason in text) == (property_, True), text
    assert meta.calls == []


def test_a_typed_token_is_refused_and_not_repeated(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    at_meta(meta, monkeypatch)
    ((_, text),) = failures(verify_token="my-own-verify-token")
    assert "my-own-verify-token" not in text


def test_all_that_is_wrong_is_told_at_once_and_the_unknown_waits(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_meta(meta, monkeypatch)
    assert [name for name, _ in failures(object="?", callback_url="?", fields=[], verify_token="?")] == [
        "object", "callback_url", "fields", "verify_token",
    ]  # fmt: skip
    assert failures(callback_url=NOT_KNOWN, fields=NOT_KNOWN) == []
    assert meta.calls == []


def test_a_subscription_is_made_whole_and_its_token_stands_in_no_state(meta: EmulatedMeta) -> None:
    with callback("chosen") as there:
        outs = created(callback_url=there.url)

    assert meta.writes == [f"POST {EDGE}"]
    assert meta.app.subscriptions == [replace(MADE, callback_url=there.url)]
    assert [asked["hub.verify_token"] for asked in there.asked] == ["chosen"]
    news = asked(fields=["ads_read", "connected"], callback_url=there.url, include_values=True)
    assert outs == {**news, "active": True, "made_url": there.url}
    assert "chosen" not in str(outs)
    assert PROVIDER.read(ID, outs).outs == outs
    assert PROVIDER.diff(ID, outs, news).changes is False


@pytest.mark.parametrize("known", ["EAA" + "x" * 30, "120480000000201|abc", ""], ids=["token", "app", "secret"])
def test_a_credential_is_never_handed_to_a_callback(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    value = known or meta.emulator.app_secret
    monkeypatch.setenv("META_VERIFY_TOKEN", value)
    with pytest.raises(Failure, match="is a token or an app secret, and Meta would hand it to the callback") as raised:
        created()
    assert value not in str(raised.value)
    assert meta.writes == []


def test_a_preview_says_what_is_there_already(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    hold(meta, WebhookSubscription("permissions", "https://old.example/", ["email"]))
    assert failures() == []
    assert not lacks(
        capsys.readouterr().out, "ads-permissions", "https://old.example/ of email", URL, "ads_read, connected"
    )
    assert meta.writes == []


def test_a_change_by_hand_is_drift_and_is_put_right(meta: EmulatedMeta) -> None:
    outs = created()
    hold(meta, replace(MADE, callback_url="https://else.example/", fields=["email"]))
    seen = PROVIDER.read(ID, outs)
    assert seen.outs == {**outs, "callback_url": "https://else.example/", "fields": ["email"]}
    assert seen.inputs is not None
    assert (seen.inputs["callback_url"], seen.inputs["fields"]) == ("https://else.example/", ["email"])
    news = {**asked(fields=["ads_read", "connected"]), "include_values": True}
    assert PROVIDER.diff(ID, seen.outs, news).changes is True
    assert updated(PROVIDER, ID, seen.outs, news) == outs
    assert meta.app.subscriptions == [MADE]


@pytest.mark.parametrize("gone", [None, replace(MADE, active=False)], ids=["gone", "switched off"])
def test_one_that_is_gone_or_switched_off_is_made_again(meta: EmulatedMeta, gone: WebhookSubscription | None) -> None:
    outs = created()
    hold(meta, *([] if gone is None else [gone]))
    seen = PROVIDER.read(ID, outs).outs
    assert seen is not None
    news = {**asked(fields=["ads_read", "connected"]), "include_values": True}
    assert PROVIDER.diff(ID, seen, news).changes is True
    assert updated(PROVIDER, ID, seen, news) == outs
    assert meta.app.subscriptions == [MADE]


def test_another_reference_asks_nobody(meta: EmulatedMeta) -> None:
    outs = created()
    meta.forget_calls()
    news = {**asked(fields=["ads_read", "connected"], verify_token="env:META_VERIFY_TOKEN_B"), "include_values": True}
    assert PROVIDER.diff(ID, outs, news).changes is True
    assert updated(PROVIDER, ID, outs, news) == {**outs, "verify_token": "env:META_VERIFY_TOKEN_B"}
    assert meta.writes == []


def test_another_object_is_subscribed_before_the_old_one_ends(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    outs = created()
    new_process(monkeypatch, meta)
    meta.forget_calls()
    news = {**asked(object="user", fields=["email"]), "include_values": True}
    assert updated(PROVIDER, ID, outs, news)["object"] == "user"
    assert meta.writes == [f"POST {EDGE}", f"DELETE {EDGE}"]
    assert meta.app.subscriptions == [WebhookSubscription("user", URL, ["email"], include_values=True)]


def test_the_end_takes_away_what_this_stack_made_and_nothing_else(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outs = created()
    new_process(monkeypatch, meta)
    # A refresh has seen what somebody put there by hand; it is theirs.
    theirs = replace(MADE, callback_url="https://else.example/")
    hold(meta, theirs)
    seen = PROVIDER.read(ID, outs).outs
    capsys.readouterr()
    PROVIDER.delete(ID, seen)
    assert meta.app.subscriptions == [theirs]
    assert not lacks(capsys.readouterr().out, "ads-permissions", APP, "https://else.example/")
    hold(meta, MADE)
    PROVIDER.delete(ID, outs)
    assert meta.app.subscriptions == []
    assert not lacks(capsys.readouterr().out, "ads-permissions", URL, "permissions")
    PROVIDER.delete(ID, outs)
    assert "there is nothing to remove" in capsys.readouterr().out


def test_a_removal_that_meta_does_not_do_keeps_the_resource(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    outs = created()
    new_process(monkeypatch, meta)
    meta.pretend("DELETE", "subscriptions$")
    with pytest.raises(Failure, match=r"Meta answered success and still lists it\. Remove it under App Dashboard"):
        PROVIDER.delete(ID, outs)


def test_a_callback_that_does_not_answer_is_told_with_what_it_has_to_do(meta: EmulatedMeta) -> None:
    with callback("another") as there, pytest.raises(Failure) as raised:
        created(callback_url=there.url)
    facts = (APP, "permissions", there.url, "(#2200)", "env:META_VERIFY_TOKEN", "hub.challenge", "`pulumi up`")
    assert not lacks(raised.value, *facts)
    meta.refuse("POST", "subscriptions$", 100, "(#100) No.")
    with pytest.raises(Failure, match=r"\(#100\) No\.") as raised:
        created()
    assert "callback" not in str(raised.value)


def test_a_success_that_is_none_is_an_error(meta: EmulatedMeta) -> None:
    meta.pretend("POST", "subscriptions$")
    with pytest.raises(Failure, match="Meta answered success, and it has none; wanted is that permissions tells"):
        created()


def test_trouble_of_a_read_leaves_it_as_it_stood_but_for_a_dead_credential(meta: EmulatedMeta) -> None:
    outs = created()
    meta.refuse("GET", "subscriptions$", 1, "(#1) An unknown error occurred")
    assert PROVIDER.read(ID, outs).outs == outs
    meta.obey()
    meta.refuse("GET", "subscriptions$", 190, "The token is dead.")
    with pytest.raises(Failure, match="The token is dead"):
        PROVIDER.read(ID, outs)


def test_offline_nobody_is_asked(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    new_process(monkeypatch, meta)
    configured(monkeypatch, meta, offline=True)
    meta.forget_calls()
    assert failures() == []
    assert meta.calls == []
