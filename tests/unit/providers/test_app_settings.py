"""AppSettings: only what is declared, read back, nothing undone, and no list that shuts this tool out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.providers import app_settings
from meta_access.providers._boundary import Failure
from meta_access.providers.app_settings import AppSettingsProvider
from tests.texts import lacks
from tests.unit.providers.conftest import APP, NOT_KNOWN, configured, new_process, updated

if TYPE_CHECKING:
    from tests.unit.emulated import EmulatedMeta

PROVIDER = AppSettingsProvider()
DOMAINS = {"app_domains": ["lindenhof.example"]}
POLICY = {"privacy_policy_url": "https://lindenhof.example/privacy"}
BASIC = "App Dashboard > App settings > Basic (and Advanced, for the list of server addresses)"


WRITE, READ = f"POST {APP}", f"GET {APP}"


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_settings, "source_address", lambda _url: "198.51.100.4")


def have(meta: EmulatedMeta, **settings: Any) -> None:
    """Let the app have these settings, which no call wrote."""
    meta.change_app(settings=settings)


def asked(**props: Any) -> dict[str, Any]:
    return {"label": "ads-settings", "connection": "main", **props}


def failures(olds: dict[str, Any] | None = None, **props: Any) -> list[tuple[str, str]]:
    result = PROVIDER.check(olds or {}, asked(**props))
    return [(failure.property, failure.reason) for failure in result.failures]


def created(**props: Any) -> dict[str, Any]:
    result = PROVIDER.check({}, asked(**props))
    assert result.failures == [], [failure.reason for failure in result.failures]
    made = PROVIDER.create(result.inputs)
    assert made.outs is not None
    assert made.id == APP
    return made.outs


@pytest.mark.parametrize(
    ("props", "property_", "reason"),
    [
        ({"app_domains": ["https://lindenhof.example"]}, "app_domains", "'https://lindenhof.example' is no domain"),
        ({"app_domains": ["Lindenhof.example"]}, "app_domains", "'Lindenhof.example' is no domain"),
        ({"app_domains": "lindenhof.example"}, "app_domains", "is not a list."),
        ({"website_url": "lindenhof.example"}, "website_url", "'lindenhof.example' is no web address"),
        ({"contact_email": "nadia"}, "contact_email", "'nadia' is no e-mail address"),
        ({"website_url": 7}, "website_url", "is not text."),
        ({"server_ip_whitelist": ["home"]}, "server_ip_whitelist", "'home' is neither an IP address nor a range"),
        ({"server_ip_whitelist": ["203.0.113.7/8"]}, "server_ip_whitelist", "is neither an IP address nor a range"),
        ({**DOMAINS, "callers": ["203.0.113.0/24"]}, "callers", "'203.0.113.0/24' is no IP address"),
    ],
)
def test_bad_values_are_refused(meta: EmulatedMeta, props: dict[str, Any], property_: str, reason: str) -> None:
    ((found, text),) = failures(**props)

    assert found == property_
    assert reason in text


def test_nothing_declared_is_refused(meta: EmulatedMeta) -> None:
    assert failures() == [
        (
            "",
            (
                "no setting is declared. Fix: declare one of app_domains, server_ip_whitelist, privacy_policy_url, "
                "terms_of_service_url, website_url, mobile_web_url, user_support_email, user_support_url, "
                "contact_email, deauth_callback_url."
            ),
        )
    ]


def test_what_is_declared_is_written_and_read_back(meta: EmulatedMeta) -> None:
    have(meta, website_url="https://old.example/")

    outs = created(app_domains=["b.example", "a.example", "b.example"], **POLICY)

    assert outs["app_domains"] == ["a.example", "b.example"]
    assert meta.writes == [WRITE]
    assert meta.app.settings == {
        "app_domains": ["a.example", "b.example"],
        **POLICY,
        "website_url": "https://old.example/",
    }


def test_a_setting_that_meta_ignores_is_an_error_that_names_it(meta: EmulatedMeta) -> None:
    meta.change_app(ignored_settings=["contact_email"])

    with pytest.raises(Failure) as raised:
        created(**DOMAINS, contact_email="nadia@lindenhof.example")

    page = f"https://developers.facebook.com/apps/{APP}/settings/basic/"
    assert not lacks(raised.value, "contact_email is empty", "nadia@lindenhof.example", BASIC, page)
    assert "app_domains" not in str(raised.value)
    assert meta.app.settings == DOMAINS


def test_a_change_by_hand_is_drift_and_is_put_right(meta: EmulatedMeta) -> None:
    outs = created(**DOMAINS, **POLICY)
    have(meta, app_domains=["elsewhere.example", "lindenhof.example"], **POLICY)

    seen = PROVIDER.read(APP, outs)

    assert seen.outs == {**outs, "app_domains": ["elsewhere.example", "lindenhof.example"]}
    assert seen.inputs == asked(app_domains=["elsewhere.example", "lindenhof.example"], **POLICY)
    wanted = asked(**DOMAINS, **POLICY)
    assert PROVIDER.diff(APP, seen.outs, wanted).changes is True
    assert PROVIDER.update(APP, seen.outs, wanted).outs == wanted
    assert meta.writes == [WRITE, WRITE]
    assert meta.app.settings == {**DOMAINS, **POLICY}


def test_a_setting_that_is_not_declared_is_not_looked_at(meta: EmulatedMeta) -> None:
    outs = created(**DOMAINS)
    have(meta, **DOMAINS, website_url="https://elsewhere.example/")

    assert PROVIDER.read(APP, outs).outs == outs
    assert meta.calls[-1] == READ


def test_a_setting_no_longer_declared_is_left_and_told(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    outs = created(**DOMAINS, **POLICY)

    assert PROVIDER.update(APP, outs, asked(**DOMAINS)).outs == asked(**DOMAINS)

    assert meta.writes == [WRITE]
    assert not lacks(capsys.readouterr().out, "ads-settings", "privacy_policy_url")


def test_trouble_of_its_own_stops_no_refresh_and_a_refused_credential_does(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    outs = created(**DOMAINS)
    with meta.edit() as world:
        world.apps[0].settings["server_ip_whitelist"] = ["198.51.100.4"]
        world.caller_ip = "203.0.113.9"

    assert PROVIDER.read(APP, outs).outs == outs
    _, found, why = capsys.readouterr().out.partition(
        "app settings ads-settings was not looked at and stands as it was"
    )
    assert found
    assert "203.0.113.9" in why
    meta.refuse("GET", f"{APP}$", 1, "Error validating client secret.")
    with pytest.raises(Failure, match="Error validating client secret"):
        PROVIDER.read(APP, outs)


def test_an_empty_value_empties_the_setting(meta: EmulatedMeta) -> None:
    have(meta, website_url="https://old.example/", app_domains=["old.example"])

    created(website_url="", app_domains=[])

    assert meta.app.settings.keys() == {"website_url", "app_domains"}
    assert not any(meta.app.settings.values())


def test_another_connection_gets_all_of_it(meta: EmulatedMeta) -> None:
    outs = {**created(**DOMAINS, **POLICY), "connection": "before"}

    have(meta)

    PROVIDER.update(APP, outs, asked(**DOMAINS, **POLICY))

    assert (meta.writes, meta.app.settings) == ([WRITE, WRITE], {**DOMAINS, **POLICY})


def test_destroy_leaves_everything_and_says_so(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outs = created(**DOMAINS, **POLICY)
    new_process(monkeypatch, meta)

    PROVIDER.delete(APP, outs)

    assert meta.writes == [WRITE]
    assert not lacks(capsys.readouterr().out, "ads-settings", APP, "app_domains", "privacy_policy_url")


def test_two_settings_of_one_app_are_refused(meta: EmulatedMeta) -> None:
    PROVIDER.check({}, asked(**DOMAINS))
    result = PROVIDER.check({}, {**asked(**DOMAINS), "label": "twin"})

    assert [failure.reason for failure in result.failures] == [
        "resources ads-settings and twin represent the same app settings. Fix: remove one of them."
    ]


# --- the whitelist -------------------------------------------------------------------------------


def listed(*addresses: str, **more: Any) -> dict[str, Any]:
    return {"server_ip_whitelist": list(addresses), **more}


def told(capsys: pytest.CaptureFixture[str], olds: dict[str, Any], **props: Any) -> str:
    """What check says; it refuses nothing that this machine's address decides, since that would stop every rotation."""
    capsys.readouterr()
    assert PROVIDER.check(olds, asked(**props)).failures == []
    return capsys.readouterr().out


def test_a_whitelist_without_this_machine_is_told_and_refused_before_anything_is_written(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    why = (
        "server_ip_whitelist does not hold 198.51.100.4, from which this machine calls, so Meta would refuse this "
        "tool. Add it, or, where Meta sees another address (behind NAT or a proxy), add that one and name it under "
        "callers."
    )

    assert not lacks(told(capsys, {}, **listed("203.0.113.7")), "ads-settings", "will be refused", why)
    with pytest.raises(Failure, match=re.escape(f"writing settings of app {APP} failed: {why} Nothing was changed.")):
        PROVIDER.create(asked(**listed("203.0.113.7")))
    held = updated(PROVIDER, APP, asked(**DOMAINS), asked(**DOMAINS, **listed("203.0.113.7")))
    assert not lacks(held["refused"], APP, why)
    assert meta.writes == []


def test_an_address_that_is_not_known_is_not_taken_for_listed(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(app_settings, "source_address", lambda _url: None)

    text = told(capsys, {}, **listed("203.0.113.7"))

    assert "does not hold the address of this machine, which is not known, so Meta would refuse" in text


def test_what_a_create_replaces_is_told_at_preview(meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]) -> None:
    have(meta, app_domains=["old.example", "shop.example"])

    assert not lacks(
        told(capsys, {}, app_domains=["shop.example"], **POLICY),
        "ads-settings",
        "app_domains",
        "old.example, shop.example => shop.example",
    )


def test_callers_that_are_not_listed_are_refused(meta: EmulatedMeta) -> None:
    assert failures(**listed("203.0.113.0/24", callers=["203.0.113.7", "192.0.2.1"])) == [
        ("server_ip_whitelist", "does not hold 192.0.2.1, which callers names, so Meta would refuse this tool.")
    ]


@pytest.mark.parametrize(
    "props",
    [
        listed("198.51.100.4"),
        listed("198.51.100.0/24", "203.0.113.7"),
        listed("203.0.113.0/24", callers=["203.0.113.7"]),
        listed("2001:db8::/32", callers=["2001:db8::7"]),
        listed(),
        listed(NOT_KNOWN),
    ],
    ids=["itself", "its range", "callers named", "version 6", "everybody", "not known yet"],
)
def test_a_whitelist_that_holds_the_caller_passes(meta: EmulatedMeta, props: dict[str, Any]) -> None:
    assert failures(**props) == []


def test_a_whitelist_in_force_is_not_judged_again_elsewhere(
    meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    before = asked(**listed("203.0.113.7"))

    assert told(capsys, before, **listed("203.0.113.7")) == ""
    assert "does not hold 198.51.100.4" in told(capsys, before, **listed("203.0.113.8"))


def test_offline_the_address_of_a_runner_proves_nothing(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    configured(monkeypatch, meta, offline=True)

    assert failures(**listed("203.0.113.7")) == []
    assert len(failures(**listed("203.0.113.7", callers=["192.0.2.1"]))) == 1
