"""What may be printed: seen characters, token shapes, known secrets, a scrubber for quoted text, a logging filter.

A safety net, not the plan: secrets travel in headers and form bodies, which nothing here ever prints. The net is for
other people's text (Meta's messages, a library's debug log) that turns out to hold one.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import logging
import re
import threading
import traceback
import unicodedata
from typing import Any
from urllib.parse import quote, unquote

MASK = "[redacted]"

_NAMES = (
    "access_token|input_token|revoke_token|fb_exchange_token|exchange_token|client_secret|app_secret|appsecret_proof"
    "|client_token|page_access_token|secretstring|secret_string|password"
)

_VALUE = r"""[^\s"'&,;<>)\]}\\]"""
_QUOTE = r"""\\?["']"""

_SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (
    # `access_token=…` in a URL or form, also with the sign percent-encoded.
    (
        re.compile(rf"(?P<key>{_NAMES})(?P<sign>\s*(?:=|%3D)\s*[\"']?){_VALUE}+", re.IGNORECASE),
        rf"\g<key>\g<sign>{MASK}",
    ),
    # `"access_token": "…"` in JSON or a repr, JSON inside JSON included; without quotes only what is as long as a
    # secret, so that a message about `app_secret: …` stays readable.
    (
        re.compile(
            rf"(?P<key>{_NAMES})(?P<sign>{_QUOTE}?\s*:\s*)(?:(?P<quote>{_QUOTE}){_VALUE}+|{_VALUE}{{16,}})",
            re.IGNORECASE,
        ),
        rf"\g<key>\g<sign>\g<quote>{MASK}",
    ),
    # An Authorization header, whatever its scheme is called.
    (re.compile(r"\b(?P<scheme>bearer|oauth)\s+[A-Za-z0-9._|~+/%-]{16,}=*", re.IGNORECASE), rf"\g<scheme> {MASK}"),
    # App access token: app id, a bar, the app secret (Meta documents this form).
    (re.compile(r"\d{5,}(?:\||%7C)[A-Za-z0-9_-]{8,}", re.IGNORECASE), MASK),
    # Meta's access tokens. No word boundary in front: a token glued to other text is still a token.
    (re.compile(r"EAA[A-Za-z0-9_-]{5,}"), MASK),
    # Instagram's access tokens.
    (re.compile(r"IG(?:QV|AA)[A-Za-z0-9_-]{16,}"), MASK),
    # An app secret is 32 hex digits. Nothing else we print is: version ids have dashes, fingerprints 16 digits.
    (re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{32}(?![0-9A-Fa-f])"), MASK),
    # An appsecret_proof is 64. Digests that we print have `sha256:` in front.
    (re.compile(r"(?<![0-9A-Fa-f])(?<!sha256:)[0-9A-Fa-f]{64}(?![0-9A-Fa-f])"), MASK),
)

_SHORTEST = 8
_SHORTEST_PIECE = 16
_PIECES = tuple(re.compile(rf"[{chars}]{{{_SHORTEST_PIECE},}}", re.ASCII) for chars in (r"\w|.~+/=-", r"\w-"))
_known: set[str] = set()
_known_lock = threading.Lock()


def hide(value: str) -> None:
    """Let `scrub` mask this value from now on, whatever its shape: as it is, as base64, and as other text quotes it.

    A value that was pasted with something foreign in it is hidden piece by piece as well. Shorter ones than eight
    characters are left, since they would blot out words.
    """
    # As it stands, and where a URL or an assignment was pasted: the value in it may stand elsewhere without these.
    texts = {value, unquote(value)}
    pieces = {piece for text in texts for pattern in _PIECES for piece in pattern.findall(text)}
    plain = {form for form in (value, value.strip(), *pieces) if len(form) >= _SHORTEST}
    found = {form for one in plain for form in _forms(one)}
    with _known_lock:
        _known.update(form for form in found if len(form) >= _SHORTEST)


def _forms(value: str) -> set[str]:
    raw = value.encode("utf-8", "surrogatepass")
    coded = set()
    # Three ways to stand among other bytes; the characters that depend on the neighbours are left out.
    for lead in range(3):
        text = base64.b64encode(bytes(lead) + raw).decode()
        core = text[4 if lead else 0 : len(text) - 4]
        coded |= {core, core.replace("+", "-").replace("/", "_")}
    line = _one_line(value)
    return {line, _bare(line), visible(line), repr(value)[1:-1], quote(raw, safe=""), *coded}


def _mask_known(text: str) -> str:
    with _known_lock:
        # The longest first: a piece inside it would leave the rest to be read.
        found = sorted((form for form in _known if form in text), key=len, reverse=True)
    for form in found:
        text = text.replace(form, MASK)
    return text


# Controls (Cc), format characters such as bidirectional marks and zero widths (Cf), line and paragraph separators, and
# halves of characters; then letters and marks that no font shows. Variation selectors belong to ordinary emoji.
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})
_UNSEEN_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
# What holds the parts of one emoji together (a person and a laptop); between anything else it is a hidden mark.
_JOINER = re.compile("(?<=[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])")
_WRITTEN_OUT = re.compile(r"<U\+[0-9A-F]{4,6}>")
_BLANKS = frozenset("\t\n\v\f\r\x85\u2028\u2029")


def unseen(char: str) -> bool:
    """Whether a character moves the cursor, the line or the reading direction, or shows as nothing."""
    return unicodedata.category(char) in _UNSEEN or char in _UNSEEN_LETTERS


def unseen_in(text: str) -> set[str]:
    """The characters of a text that are not seen, but for the joiners inside its emoji."""
    return {char for char in _JOINER.sub("", text) if unseen(char)}


def visible(text: str, keep: str = "") -> str:
    """`text` on one line, with every other unseen character written out, such as `<U+202E>`; `keep` stays as it is.

    For the last door of whatever comes from Meta, AWS or a state: a terminal, a page, a file for people.
    """
    if text.isascii() and text.isprintable():
        return text
    joiners = {found.start() for found in _JOINER.finditer(text)}
    return "".join(char if char in keep or at in joiners else _shown(char) for at, char in enumerate(text))


def _shown(char: str) -> str:
    if char in _BLANKS:
        return " "
    return f"<U+{ord(char):04X}>" if unseen(char) else char


def visible_within(value: Any, keep: str = "") -> Any:
    """A decoded JSON value with every text of it made `visible`, keys included."""
    if isinstance(value, str):
        return visible(value, keep)
    if isinstance(value, dict):
        return {visible(str(key), keep): visible_within(item, keep) for key, item in value.items()}
    return [visible_within(item, keep) for item in value] if isinstance(value, list) else value


def scrub(text: str) -> str:
    """Return `text` fit for one line of output: secrets masked, line breaks gone, unseen characters written out."""
    # Unseen characters, written out or not, must not hide a secret from the shapes; where they did, they go with it.
    bare = _bare(text)
    masked = _masked(bare)
    return masked if masked != bare else _masked(visible(text))


def _one_line(text: str) -> str:
    return "".join(" " if char in _BLANKS else char for char in text)


def _bare(text: str) -> str:
    return _WRITTEN_OUT.sub("", visible(text))


def _masked(text: str) -> str:
    text = _mask_known(text)
    for shape, replacement in _SHAPES:
        text = shape.sub(replacement, text)
    return text


def scrub_lines(text: str) -> str:
    """Scrub text of several lines, keeping its lines."""
    return "\n".join(scrub(line) for line in text.splitlines())


def fingerprint(token: str) -> str:
    """Name a token without showing it: `sha256:` and the first 16 hex digits, enough for 64 bits of telling apart."""
    return "sha256:" + hashlib.sha256(token.encode()).hexdigest()[:16]


class RedactingFilter(logging.Filter):
    """Rewrites every record that passes: message, exception text, stack and extra attributes."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Scrub the record in place; never drops one."""
        record.msg, record.args = scrub(_message(record)), None
        if record.exc_info and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info))
        # A formatter that finds exc_info formats the raw exception again; the cached text is all it may have.
        record.exc_info = None
        for name in ("exc_text", "stack_info"):
            if text := getattr(record, name):
                setattr(record, name, "\n".join(scrub(line) for line in text.splitlines()))
        for name in record.__dict__.keys() - _OWN_ATTRIBUTES:
            shown = repr(record.__dict__[name])
            if (clean := scrub(shown)) != shown:
                setattr(record, name, clean)
        return True


def install() -> None:
    """Put the filter on the root logger's handlers and quieten the HTTP libraries. Safe to call again.

    urllib3 logs request lines with their query at DEBUG, botocore whole bodies with SecretString; a filter on our
    handlers would not reach a handler that somebody else adds, so those loggers are pinned as well.
    """
    handlers: list[logging.Handler] = [*logging.getLogger().handlers]
    if logging.lastResort is not None:
        handlers.append(logging.lastResort)
    for handler in handlers:
        if not any(isinstance(present, RedactingFilter) for present in handler.filters):
            handler.addFilter(RedactingFilter())
    # Printed by the standard library, header by header, when somebody turned it on for the whole process.
    http.client.HTTPConnection.debuglevel = 0
    for name in ("urllib3", "botocore", "boto3", "requests", "s3transfer"):
        logging.getLogger(name).setLevel(logging.WARNING)


_OWN_ATTRIBUTES = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "exc_text", "stack_info"}


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a wrong format string is reported by logging with its arguments in clear
        return f"{record.msg} {record.args!r}"
