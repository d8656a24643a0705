from __future__ import annotations

import io
import logging
import string
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meta_access import redaction
from meta_access.redaction import RedactingFilter, fingerprint, scrub

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "EAA" + "EMU" + "q7Zk" * 8
SECRET = "0123456789abcdef" * 2
PROOF = "fedcba9876543210" * 4


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"token {TOKEN}.", "token [redacted]."),
        (f"x{TOKEN}", "x[redacted]"),
        (f"GET /me?access_token={TOKEN}&limit=1", "GET /me?access_token=[redacted]&limit=1"),
        ("access_token%3Dopaque-value&x=1", "access_token%3D[redacted]&x=1"),
        ('{"access_token": "opaque", "x": 1}', '{"access_token": "[redacted]", "x": 1}'),
        ("{'client_secret': 'opaque'}", "{'client_secret': '[redacted]'}"),
        ('\\"input_token\\":\\"opaque\\"', '\\"input_token\\":\\"[redacted]\\"'),
        (f"appsecret_proof={PROOF}", "appsecret_proof=[redacted]"),
        (f"APP_SECRET={SECRET}", "APP_SECRET=[redacted]"),
        (f"the secret {SECRET} is wrong", "the secret [redacted] is wrong"),
        (f"120480000000201|{SECRET}", "[redacted]"),
        ("120480000000201|short-secret", "[redacted]"),
        ("120480000000201%7Cshort-secret", "[redacted]"),
        (f"Authorization: Bearer {TOKEN}", "Authorization: Bearer [redacted]"),
        ("authorization: OAuth opaqueopaqueopaque", "authorization: OAuth [redacted]"),
        (f"app_secret: {SECRET[:20]}", "app_secret: [redacted]"),
        ("revoke_token=a fb_exchange_token=b", "revoke_token=[redacted] fb_exchange_token=[redacted]"),
        (f"key-{SECRET}", "key-[redacted]"),
        ("one\ntwo\r\nthree\x1b[31m", "one two  three<U+001B>[31m"),
        (f"EAA\u200b{TOKEN[3:]}", "[redacted]"),
        ("a\u2028b\u202ec", "a b<U+202E>c"),
        (f"EAA<U+200B>{TOKEN[3:]} and more", "[redacted] and more"),
        ("Acme <U+001B>[2J", "Acme <U+001B>[2J"),
        ("a\x9b2Jb\x7fc\x00", "a<U+009B>2Jb<U+007F>c<U+0000>"),
        (f"access\u200b_token=x\u00ad{TOKEN[:20]}", "access_token=[redacted]"),
    ],
)
def test_secrets_and_control_characters_are_masked(text: str, clean: str) -> None:
    assert scrub(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "Invalid appsecret_proof provided in the API argument",
        "An access token is required to request this resource.",
        "secret arn:aws:secretsmanager:eu-central-1:111122223333:secret:meta/dev/reporting-AbC123",
        "version 6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "sha256:0123456789abcdef",
        "act_104320000000501 of business 178000000000101",
        "The bearer of good news",
        "meta:connections.main.app_secret: the environment variable META_APP_SECRET is not set.",
    ],
)
def test_plain_messages_stay_as_they_are(text: str) -> None:
    assert scrub(text) == text


_TOKENS = st.text(string.ascii_letters + string.digits, min_size=20, max_size=200).map(lambda tail: "EAA" + tail)
_AROUND = st.text(max_size=40)


@given(_AROUND, _TOKENS, _AROUND)
def test_no_token_survives_whatever_stands_around_it(before: str, token: str, after: str) -> None:
    assert token not in scrub(before + token + after)


@given(_AROUND, st.text("0123456789abcdef", min_size=32, max_size=32), st.sampled_from(["=", ": ", "%3D", '": "']))
def test_no_app_secret_survives_behind_its_name(before: str, secret: str, sign: str) -> None:
    assert secret not in scrub(f"{before} client_secret{sign}{secret}")


@given(_AROUND)
def test_scrubbed_text_is_one_line(text: str) -> None:
    assert len(scrub(text).splitlines()) <= 1


def test_a_fingerprint_names_a_token_without_showing_it() -> None:
    assert fingerprint("abc") == "sha256:ba7816bf8f01cfea"


Logged = tuple[logging.Logger, io.StringIO]


@pytest.fixture
def logged() -> Iterator[Logged]:
    """A logger with the filter on its handler, and what it wrote."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s %(extra)s", defaults={"extra": ""}))
    handler.addFilter(RedactingFilter())
    logger = logging.getLogger("test.redaction")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    yield logger, stream
    logger.removeHandler(handler)


def test_log_arguments_are_masked(logged: Logged) -> None:
    logger, stream = logged

    logger.info("sent %s to %s", TOKEN, "Meta")

    assert stream.getvalue().strip() == "sent [redacted] to Meta"


def test_exceptions_and_their_chain_are_masked_in_logs(logged: Logged) -> None:
    logger, stream = logged
    failure = RuntimeError(f"access_token={TOKEN}")
    failure.__cause__ = KeyError(TOKEN)

    logger.error("failed", exc_info=failure, stack_info=True)

    assert TOKEN not in stream.getvalue()
    assert "RuntimeError: access_token=[redacted]" in stream.getvalue()
    assert "KeyError" in stream.getvalue()
    assert "Stack (most recent call last):" in stream.getvalue()


def test_extra_attributes_are_masked_in_logs(logged: Logged) -> None:
    logger, stream = logged

    logger.info("sent", extra={"extra": {"headers": {"Authorization": f"Bearer {TOKEN}"}}})

    assert TOKEN not in stream.getvalue()
    assert "[redacted]" in stream.getvalue()


def test_a_wrong_format_string_does_not_show_its_arguments(logged: Logged, capsys: pytest.CaptureFixture[str]) -> None:
    logger, stream = logged

    logger.info("%d", TOKEN)

    assert TOKEN not in stream.getvalue() + capsys.readouterr().err


@pytest.fixture
def root_handler() -> Iterator[logging.Handler]:
    handler = logging.StreamHandler(io.StringIO())
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def test_installing_twice_leaves_one_filter(root_handler: logging.Handler) -> None:
    redaction.install()
    redaction.install()

    assert [type(present) for present in root_handler.filters] == [RedactingFilter]


@pytest.mark.parametrize("name", ["urllib3", "botocore", "boto3"])
def test_http_libraries_do_not_log_below_warning(name: str) -> None:
    logging.getLogger(name).setLevel(logging.DEBUG)

    redaction.install()

    assert logging.getLogger(name).level == logging.WARNING
    assert not logging.getLogger(f"{name}.some.child").isEnabledFor(logging.INFO)
