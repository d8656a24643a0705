from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meta_access import validation

if TYPE_CHECKING:
    from collections.abc import Collection

ALLOWED = {"ad_account": ("MANAGE", "ADVERTISE", "ANALYZE"), "page": {"MANAGE"}}
ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:meta/prod/app-AbC123"


@pytest.mark.parametrize("value", ["178435550012345", "1"])
def test_graph_ids_pass(value: object) -> None:
    assert validation.graph_id(value) is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (178435550012345, "is a number; write it in quotes, because digits are lost above 2^53"),
        (1.7e14, "is a number; write it in quotes, because digits are lost above 2^53"),
        (True, "is a number; write it in quotes, because digits are lost above 2^53"),
        (None, "is not text; write the id in quotes"),
        (["1"], "is not text; write the id in quotes"),
        ("", "is not an id: digits only, without blanks or a zero in front"),
        ("act_1", "is not an id: digits only, without blanks or a zero in front"),
        ("01", "is not an id: digits only, without blanks or a zero in front"),
    ],
)
def test_what_is_no_graph_id_gets_a_reason(value: object, reason: str | None) -> None:
    assert validation.graph_id(value) == reason


@pytest.mark.parametrize("value", ["act_1", "page:1", "waba:22"])
def test_assets_pass(value: object) -> None:
    assert validation.asset(value) is None


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (1043217650987654, "write it in quotes"),
        (1.0, "act_… or page:…"),
        (None, "is not text"),
        ("1043217650987654", "a bare number: ad accounts start with act_"),
        ("act_x", "write act_ and digits"),
    ],
)
def test_what_is_no_asset_gets_a_reason(value: object, part: str) -> None:
    assert part in (validation.asset(value) or "")


@pytest.mark.parametrize(
    ("kind", "tasks", "reason"),
    [
        ("ad_account", ["ANALYZE"], None),
        ("ad_account", ("ADVERTISE", "ANALYZE"), None),
        ("page", {"MANAGE"}, None),
        ("pixel", ["EDIT"], "no tasks are known for assets of kind pixel; known kinds: ad_account, page"),
        ("page", "MANAGE", "is not a list; write [ANALYZE]"),
        ("page", None, "is not a list; write [ANALYZE]"),
        ("page", [], "is empty; to take all access away, remove the assignment"),
        (
            "ad_account",
            ["ANALYSE"],
            "'ANALYSE' is not one of: ADVERTISE, ANALYZE, MANAGE; did you mean ANALYZE?",
        ),
        ("ad_account", ["analyze"], "'analyze' is not one of: ADVERTISE, ANALYZE, MANAGE; did you mean ANALYZE?"),
        ("ad_account", [1], "a value of type int is not one of: ADVERTISE, ANALYZE, MANAGE"),
        ("ad_account", ["ANALYZE", "ANALYZE"], "names ANALYZE twice"),
    ],
)
def test_tasks_are_those_of_the_asset_kind(kind: str, tasks: object, reason: str | None) -> None:
    assert validation.task(kind, tasks, ALLOWED) == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("admin", None),
        ("adnim", "'adnim' is not one of: admin, tester; did you mean admin?"),
        ("Admin", "'Admin' is not one of: admin, tester; did you mean admin?"),
        ("owner", "'owner' is not one of: admin, tester"),
        (None, "a value of type NoneType is not one of: admin, tester"),
        ("x" * 41, "the value is not one of: admin, tester"),
    ],
)
def test_a_word_outside_the_list_is_refused_with_the_nearest(value: object, reason: str | None) -> None:
    assert validation.one_of(value, ["admin", "tester"]) == reason


@pytest.mark.parametrize("value", ["meta/prod/trading", "a", "a" * 512, "A-b_+=.@/9", "meta/x-abcde", "meta/x-abcdefg"])
def test_secret_names_pass(value: object) -> None:
    assert validation.secret_name(value) is None


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (None, "is not text"),
        ("", "1 to 512"),
        ("a" * 513, "1 to 512"),
        ("meta prod", "1 to 512"),
        ("meta/prod:x", "1 to 512"),
        ("meta/pröd", "1 to 512"),
        ("meta/prod\n", "1 to 512"),
        ("meta/prod-abcdef", "ends in a hyphen and six characters"),
        ("meta/prod-AbC123", "ends in a hyphen and six characters"),
    ],
)
def test_secret_names_that_aws_refuses_or_confuses_get_a_reason(value: object, part: str) -> None:
    assert part in (validation.secret_name(value) or "")


@pytest.mark.parametrize("value", ["trading", "Reporting (EU)", "x" * 100, "Büro"])
def test_system_user_names_pass(value: object) -> None:
    assert validation.system_user_name(value) is None


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (5, "is not text"),
        ("", "is not text"),
        (" x", "has blanks around it"),
        ("a\nb", "cannot be seen"),
        ("x" * 101, "has 101 characters; at most 100"),
        ("unused heron", "marks retired system users"),
    ],
)
def test_system_user_names_that_would_confuse_get_a_reason(value: object, part: str) -> None:
    assert part in (validation.system_user_name(value) or "")


@pytest.mark.parametrize(
    ("uri", "hosts"),
    [
        ("https://connect.agency.example/meta/callback/", ()),
        ("https://connect.agency.example/meta/callback", ()),
        ("https://connect.agency.example/", ["connect.agency.example"]),
        ("https://Connect.Agency.example:8443/cb?tenant=1", ["connect.agency.example"]),
        ("https://www.facebook.com/connect/login_success.html", ()),
        ("https://connect.agency.example/cb/", ["connect.agency.example/"]),
    ],
)
def test_redirect_uris_pass(uri: object, hosts: Collection[str]) -> None:
    assert validation.https_redirect_uri(uri, hosts) is None


@pytest.mark.parametrize(
    ("uri", "hosts", "reason"),
    [
        (None, (), "is not text"),
        ("", (), "is not a URI: empty, or holds a blank or a character that must be percent-encoded"),
        (
            "https://a.example/ b",
            (),
            "is not a URI: empty, or holds a blank or a character that must be percent-encoded",
        ),
        (
            "https://ä.example/",
            (),
            "is not a URI: empty, or holds a blank or a character that must be percent-encoded",
        ),
        (
            "https://a.example/\n",
            (),
            "is not a URI: empty, or holds a blank or a character that must be percent-encoded",
        ),
        ("https://a.example/" + "x" * 2040, (), "has 2058 characters; at most 2048"),
        ("https://[::1", (), "is not a URI"),
        ("https://a.example:port/", (), "is not a URI"),
        ("http://a.example/cb", (), "uses http; Meta enforces https for redirect URIs"),
        ("a.example/cb", (), "is not absolute; write it from https:// on"),
        ("fb123://cb", (), "is not absolute; write it from https:// on"),
        (
            "http://localhost:3000/cb",
            (),
            "points at this machine; Meta allows localhost by itself while the app is in development mode",
        ),
        (
            "https://127.0.0.1/cb",
            (),
            "points at this machine; Meta allows localhost by itself while the app is in development mode",
        ),
        (
            "https://*.a.example/cb",
            (),
            "holds a wildcard; Meta compares the whole URI, so each one is listed in full",
        ),
        ("https://a.example/cb#x", (), "holds a fragment (#…), which OAuth 2.0 forbids in a redirect URI"),
        ("https://a.example/cb#", (), "holds a fragment (#…), which OAuth 2.0 forbids in a redirect URI"),
        ("https:///cb", (), "has no plain host name between https:// and the path"),
        ("https://me@a.example/cb", (), "has no plain host name between https:// and the path"),
        ("https://a.example", (), "lacks the slash behind the host; write https://a.example/"),
        ("https://a.example?x=1", (), "lacks the slash behind the host; write https://a.example/"),
        (
            "https://evil.example/cb",
            ["b.example", "a.example"],
            "uses the host evil.example, which is not one of: a.example, b.example",
        ),
        (
            "https://a.example/cb",
            ["a.example/"],
            "lacks the slash at the end of its path, which a.example/ demands; Meta compares it to the letter",
        ),
    ],
)
def test_redirect_uris_that_meta_would_not_match_get_a_reason(
    uri: object, hosts: list[str], reason: str | None
) -> None:
    assert validation.https_redirect_uri(uri, hosts) == reason


@pytest.mark.parametrize(
    "value",
    [
        "env:META_APP_SECRET",
        f"aws-secret:{ARN}#app_secret",
        "aws-secret:arn:aws-us-gov:secretsmanager:us-gov-west-1:111122223333:secret:meta/x#k",
        "identity:root",
        "secret:meta/prod/root",
        "emulator:",
    ],
)
def test_credential_references_pass(value: object) -> None:
    assert validation.credential_reference(value) is None


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (None, "is not a reference"),
        ("", "is not a reference"),
        ("emulator", "is not a reference"),
        ("vault:x", "is not a reference"),
        ("env:", "starts with META_"),
        ("env:AWS_SECRET_ACCESS_KEY", "starts with META_"),
        ("env:META_x", "starts with META_"),
        ("aws-secret:meta/prod/app#k", "full ARN"),
        (f"aws-secret:{ARN}", "lacks the key"),
        (f"aws-secret:{ARN}#", "lacks the key"),
        ("aws-secret:arn:aws:secretsmanager:eu-central-1:111122223333:secret:billing/x#k", "starts with meta/"),
        ("aws-secret:arn:aws:s3:eu-central-1:111122223333:secret:meta/x#k", "full ARN"),
        ("identity:", "meta:identities"),
        ("secret:a b", "1 to 512"),
        ("emulator:x", "stands alone"),
    ],
)
def test_other_references_get_a_reason(value: object, part: str) -> None:
    assert part in (validation.credential_reference(value) or "")


@pytest.mark.parametrize(
    "pasted",
    [
        "EAA" + "EMU" + "a1B2" * 10,
        "0123456789abcdef" * 2,
        "env:" + "EAA" + "EMU" + "a1B2" * 10,
        "aws-secret:" + "EAA" + "EMU" + "a1B2" * 10,
        "120480000000201|" + "0123456789abcdef" * 2,
    ],
)
def test_a_secret_pasted_as_a_value_is_never_repeated(pasted: str) -> None:
    reason = validation.credential_reference(pasted)

    assert reason is not None
    assert pasted[-20:] not in reason


@pytest.mark.parametrize("ill", ["\x1b[2J", "\n", "\u202e", "\u200b", "\u3164"])
def test_texts_that_a_terminal_would_obey(ill: str) -> None:
    code = f"U+{ord(ill[0]):04X}"
    reason = f"holds a line break, or a character that cannot be seen ({code})"

    assert validation.plain_text(f"Acme {ill}") == reason
    assert validation.plain_texts({"a": ["x", {f"b{ill}": 1}]}) == reason
    assert validation.plain_texts({"a": ["x", {"b": 1}], "c": None}) is None
    assert validation.email_address(f"ines{ill}@agency.example") is not None
    assert validation.system_user_name(f"reporting{ill}x") is not None
    assert validation.app_setting("website_url", f"https://agency.example/{ill}") is not None
