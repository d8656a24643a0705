"""Field rules: a value goes in, a reason or None comes out. No IO, no exceptions, nothing about where the value stood.

Each answer is a sentence that says what is wrong and, where it is not plain, what to write instead. Values are of any
type, since a stack file or the engine may hand over a number where text is meant. Rules of Meta that move (task sets,
scopes) come in as arguments; here stand only rules that do not.
"""

from __future__ import annotations

import base64
import difflib
import ipaddress
import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qs, urlsplit

from meta_access import ids
from meta_access.redaction import unseen_in

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_NUMBER_AS_ID = "is a number; write it in quotes, because digits are lost above 2^53"

# Charset and length: AWS API reference, CreateSecret, Name. Secrets Manager appends a hyphen and six characters to the
# name in every ARN, so a name that ends like that makes a lookup by partial ARN find the wrong secret (same page).
_SECRET_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}", re.ASCII)
_LIKE_ARN_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}\Z", re.ASCII)
_SIXTY_DAYS_S = 60 * 86400
_TWO_RUNS_S = 2 * 86400

# Meta names no length; the form in Business settings stops at 100 characters.
_LONGEST_NAME = 100
_MOST_NAMED = 5

# https://developers.facebook.com/docs/facebook-login/security names no length; a URL beyond this breaks in browsers.
_LONGEST_URI = 2048

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")

_ENVIRONMENT_NAME = re.compile(r"META_[A-Z0-9_]+", re.ASCII)
_SECRET_ARN = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:[a-z]{2}[a-z0-9-]+:[0-9]{12}:secret:(?P<name>[A-Za-z0-9/_+=.@-]+)", re.ASCII
)
# RFC 6750's characters of a token, and those that Meta's have besides: the bar of an app's token, also percent-encoded.
_CREDENTIAL_CHARACTER = re.compile(r"[A-Za-z0-9|._~+/=%:-]", re.ASCII)
_SCHEME_WORD = re.compile(r"(?i:bearer|oauth)(?=[\s:%+])")
# A name, and `=` or `:` with more behind it than the padding of base64: `META_APP_SECRET=…`, `access_token:…`.
_ASSIGNMENT = re.compile(r"(?:export\s+)?[A-Za-z_][A-Za-z0-9_.-]*\s*[=:](?!=*\Z)", re.ASCII)
_BARE_CREDENTIAL = re.compile(r"EAA[A-Za-z0-9]+|[0-9a-f]{32}|[0-9]+\|[A-Za-z0-9_-]+", re.ASCII)
_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"
_LINE_BREAKS = "\r\n\x0b\x0c\x85\u2028\u2029"
_VERIFY_VARIABLE = re.compile(r"env:META_VERIFY_TOKEN(_[A-Z0-9_]+)?", re.ASCII)
VERIFY_TOKEN_KEY = "verify_token"  # noqa: S105 - the key inside a secret
_WEBHOOK_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}", re.ASCII)
_JSON_KEY = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)

# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Tag.html
LONGEST_TAG_VALUE = 256

SECRET_PREFIX = "meta/"  # noqa: S105 - the first part of a secret's name, not a password
"""Secrets that a stack may refer to by ARN live under this name, so that a pull request cannot read another team's."""


def plain_text(value: str) -> str | None:
    """Reason why a text cannot be shown as it is: on a terminal it would move the cursor, the line or the direction."""
    found = sorted(unseen_in(value))
    if not found:
        return None
    codes = ", ".join(f"U+{ord(char):04X}" for char in found[:_MOST_NAMED])
    return f"holds a line break, or a character that cannot be seen ({codes})"


def plain_texts(value: object) -> str | None:
    """Reason why a text anywhere inside a value, keys included, cannot be shown as it is."""
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, dict):
        return next((why for part in value.items() for item in part if (why := plain_texts(item))), None)
    items = value if isinstance(value, (list, tuple)) else ()
    return next((why for item in items if (why := plain_texts(item))), None)


def graph_id(value: object) -> str | None:
    """Reason why `value` is not a Graph id, such as `"178435550012345"`."""
    if isinstance(value, (int, float)):
        return _NUMBER_AS_ID
    if not isinstance(value, str):
        return "is not text; write the id in quotes"
    if not ids.is_graph_id(value):
        return "is not an id: digits only, without blanks or a zero in front"
    return None


def asset(value: object) -> str | None:
    """Reason why `value` is not an asset, such as `act_123` or `page:123`."""
    if isinstance(value, (int, float)):
        return _NUMBER_AS_ID + ", and with its kind in front (act_… or page:…)"
    if not isinstance(value, str):
        return "is not text; write it like act_1043217650987654 or page:102938475610293"
    try:
        ids.parse_asset(value)
    except ValueError as error:
        return str(error)
    return None


def task(asset_kind: str, tasks: object, allowed: Mapping[str, Collection[str]]) -> str | None:
    """Reason why `tasks` cannot be assigned on an asset of that kind.

    Args:
        asset_kind: As `ids.Asset.kind` says it.
        tasks: What was typed; a list of names is expected.
        allowed: Asset kind -> names of its tasks, from the rule set in use.
    """
    if asset_kind not in allowed:
        return f"no tasks are known for assets of kind {asset_kind}; known kinds: {', '.join(sorted(allowed))}"
    if isinstance(tasks, str) or not isinstance(tasks, (list, tuple, set, frozenset)):
        return "is not a list; write [ANALYZE]"
    if not tasks:
        return "is empty; to take all access away, remove the assignment"
    known = sorted(allowed[asset_kind])
    for name in tasks:
        if reason := one_of(name, known):
            return reason
    return f"names {twice} twice" if (twice := _first_repeated(list(tasks))) else None


def one_of(value: object, known: Collection[str]) -> str | None:
    """Reason why `value` is none of the known words; names the nearest one."""
    words = list(known)
    if isinstance(value, str) and value in words:
        return None
    listed = ", ".join(words)
    if not isinstance(value, str):
        return f"a value of type {type(value).__name__} is not one of: {listed}"
    upper = {word.upper(): word for word in words}
    near = difflib.get_close_matches(value.upper()[: ids.LONGEST_SHOWN], upper, n=1)
    hint = f"; did you mean {upper[near[0]]}?" if near else ""
    return f"{ids.shown(value)} is not one of: {listed}{hint}"


def stack_reference(value: object) -> str | None:
    """Reason why `value` does not name a stack of a project, such as `ads/prod`."""
    parts = value.split("/") if isinstance(value, str) else []
    return None if len(parts) == 2 and all(parts) else "is not written project/stack"  # noqa: PLR2004 - those two


def scopes_in_a_tag(scopes: Collection[str]) -> str | None:
    """Reason why AWS's rotation could not read these scopes, which it finds in a tag of the secret."""
    length = len(" ".join(map(str, scopes)))
    if length <= LONGEST_TAG_VALUE:
        return None
    return f"take {length} characters; with rotation_owner: lambda they stand in a tag, which holds {LONGEST_TAG_VALUE}"


def secret_name(value: object) -> str | None:
    """Reason why Secrets Manager would refuse, or later confuse, a secret of that name."""
    if not isinstance(value, str):
        return "is not text"
    if not _SECRET_NAME.fullmatch(value):
        return "is not a secret's name: 1 to 512 of the characters A-Z a-z 0-9 / _ + = . @ -"
    if _LIKE_ARN_SUFFIX.search(value):
        return "ends in a hyphen and six characters, which reads like the end of an ARN; add to it"
    return None


def is_secret_arn(text: str) -> bool:
    """Whether `text` is the full ARN of a secret in Secrets Manager."""
    return _SECRET_ARN.fullmatch(text) is not None


def system_user_name(value: object) -> str | None:
    """Reason why `value` cannot name a system user."""
    if not isinstance(value, str) or not value:
        return "is not text; write the name in quotes"
    if value != value.strip() or plain_text(value) or not value.replace("\u200d", "").isprintable():
        return "has blanks around it, or holds a character that cannot be seen"
    if len(value) > _LONGEST_NAME:
        return f"has {len(value)} characters; at most {_LONGEST_NAME}"
    if value.startswith("unused "):
        return "starts with 'unused', which marks retired system users whose slot may be taken"
    return None


def rotation_times(rotate_before_s: int, grace_s: int) -> str | None:
    """Whether a 60 days' token is replaced in good time; the reason is about `rotate_before`, in whole."""
    if rotate_before_s >= _SIXTY_DAYS_S:
        return "must be shorter than the lifetime of 60d; else every run would rotate."
    if rotate_before_s < grace_s + _TWO_RUNS_S:
        return "must be at least the grace and two days: two runs of a daily rotation job may fail before a token ends."
    return None


def https_redirect_uri(value: object, hosts: Collection[str] = ()) -> str | None:
    """Reason why `value` would not work as an OAuth redirect URI.

    Meta compares the whole text, query string included, and enforces HTTPS
    (https://developers.facebook.com/docs/facebook-login/security, read 2026-11).

    Args:
        value: The URI as typed.
        hosts: Hosts it may use; empty allows any. A host written with a slash behind it (`login.example/`) demands
            that every path on it ends in a slash, since `/callback` and `/callback/` are two addresses to Meta.
    """
    if not isinstance(value, str):
        return "is not text"
    if not value or not value.isprintable() or not value.isascii() or " " in value:
        return "is not a URI: empty, or holds a blank or a character that must be percent-encoded"
    if len(value) > _LONGEST_URI:
        return f"has {len(value)} characters; at most {_LONGEST_URI}"
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "is not a URI"
    return _scheme_reason(parts.scheme, host) or _parts_reason(value, parts, host) or _host_reason(parts, host, hosts)


def email_address(value: object) -> str | None:
    """Reason why `value` is no address to write to; whether somebody reads it, nobody can tell from here."""
    if not isinstance(value, str):
        return "is not text; write the address in quotes"
    if not _EMAIL.fullmatch(value) or plain_text(value):
        return f"{ids.shown(value)} is no e-mail address; write it like nadia@agency.example"
    return None


def app_setting(name: str, value: object) -> str | None:
    """Reason why `value` cannot be that setting of an app; empty values are fine, they empty it at Meta.

    Args:
        name: A parameter of `POST /{app-id}`, or `callers`, our own list of addresses.
        value: As typed.
    """
    if name in {"app_domains", "server_ip_whitelist", "callers"}:
        if isinstance(value, str) or not isinstance(value, (list, tuple)):
            return "is not a list"
        rule = _domain if name == "app_domains" else _address if name == "callers" else _address_range
        return next((why for item in value if (why := rule(item))), None)
    if not isinstance(value, str):
        return "is not text"
    if not value:
        return None
    return email_address(value) if name.endswith("email") else _web_address(value)


def locks_out(listed: Collection[str], callers: Collection[str] | None, source: str | None) -> str | None:
    """Reason why a list of addresses that may call would refuse this tool its own calls.

    Args:
        listed: Well-written addresses and ranges; an empty list admits everybody.
        callers: Addresses that are said to be this tool's; None asks about `source`.
        source: The address that this machine has itself; None when it is not known.
    """
    if not listed:
        return None
    if callers:
        lacking = [address for address in callers if not _held(address, listed)]
        return (
            f"does not hold {', '.join(lacking)}, which callers names, so Meta would refuse this tool"
            if lacking
            else None
        )
    if source is not None and _held(source, listed):
        return None
    seen = f"{source}, from which this machine calls" if source else "the address of this machine, which is not known"
    return (
        f"does not hold {seen}, so Meta would refuse this tool. Add it, or, where Meta sees another address (behind "
        "NAT or a proxy), add that one and name it under callers"
    )


def credential_reference(value: object) -> str | None:
    """Reason why `value` is not a reference to a credential. Never repeats the value: it may be the credential.

    Accepted: `env:META_…`, `aws-secret:ARN#key`, `identity:NAME`, `secret:NAME`, `emulator:`.
    """
    if not isinstance(value, str):
        return "is not a reference; write env:META_…, aws-secret:ARN#key, identity:NAME or emulator:"
    kind, colon, rest = value.partition(":")
    rule = _REFERENCE_RULES.get(kind)
    if not colon or rule is None:
        return (
            "is not a reference and is not repeated here, since it may be the secret itself; write env:META_…, "
            "aws-secret:ARN#key, identity:NAME or emulator: (a secret that stood in a file must be replaced at Meta)"
        )
    return rule(rest)


def verify_token_reference(value: object) -> str | None:
    """Reason why `value` is no reference to a verify token. Never repeats the value: it may be the token.

    Meta hands the token on to the callback, which stands in the same file: so nothing else may be named here, or a
    stack file could send a credential to an address of its own choice.
    """
    text = value if isinstance(value, str) else ""
    if _VERIFY_VARIABLE.fullmatch(text):
        return None
    if text.startswith("aws-secret:") and text.endswith(f"#{VERIFY_TOKEN_KEY}"):
        return credential_reference(text)
    return (
        "is no reference to a verify token: write env: and a variable that begins with META_VERIFY_TOKEN, or "
        f"aws-secret:ARN#{VERIFY_TOKEN_KEY}, the secret's ARN and that very key"
    )


def webhook_name(value: object) -> str | None:
    """Reason why `value` is no kind of object, or field, of a webhook."""
    if isinstance(value, str) and _WEBHOOK_NAME.fullmatch(value):
        return None
    return f"{_item(value)} is no name of Meta's; write it in small letters, such as permissions"


def webhook_fields(value: object) -> str | None:
    """Reason why `value` is no list of fields of a webhook."""
    if not isinstance(value, list) or not value:
        return "must list at least one field"
    return next((why for name in value if (why := webhook_name(name))), None)


def webhook_callback(value: object, *, here: bool) -> str | None:
    """Reason why Meta would not call `value`; `here` says that Graph is on this machine, which calls nothing else."""
    if not isinstance(value, str):
        return "is not text"
    if why := _web_address(value):
        return why
    parts = urlsplit(value)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if local and not here:
        return f"{ids.shown(value)} is this machine, which Meta cannot reach"
    if parts.scheme != "https" and not local:
        return f"{ids.shown(value)} is not https, and Meta calls nothing else"
    if parts.fragment or "@" in parts.netloc:
        return f"{ids.shown(value)} has a fragment or a user name, which no callback has"
    return None


def credential_value(value: str) -> str | None:
    """Reason why a text is no token and no app secret. Never repeats it, but for the name of a character in it.

    HTTP libraries refuse such a text in a header, and quote the whole of it in their error.
    """
    if wrapped := _wrapped(value):
        return wrapped
    strange = next((char for char in value if not _CREDENTIAL_CHARACTER.fullmatch(char)), None)
    if strange is None:
        return None
    if value[0] == value[-1] and value[0] in _QUOTES:
        return "stands in quotes"
    if value[0] in "{[":
        return "is JSON, where the bare value is meant"
    return f"has {_strange(strange)} in it"


def _wrapped(value: str) -> str | None:
    """What a value was copied with, or as, whose every character may stand in a token."""
    if scheme := _SCHEME_WORD.match(value):
        return f"has the word {scheme[0].capitalize()} in front"
    if _ASSIGNMENT.match(value):
        return "is NAME=value or a reference, where the bare value is meant"
    return "is base64 of the value" if _is_coded(value) else None


def _is_coded(value: str) -> bool:
    try:
        plain = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True).decode("ascii").strip()
    except ValueError:
        return False
    return _BARE_CREDENTIAL.fullmatch(plain) is not None


def _strange(char: str) -> str:
    if char.isspace():
        return "a line break" if char in _LINE_BREAKS else "a blank"
    if char in _QUOTES:
        return "a quotation mark"
    if char.isascii() and char.isprintable():
        return "a character that no token has"
    return f"U+{ord(char):04X} ({unicodedata.name(char, 'a control character').lower()})"


def _domain(value: object) -> str | None:
    if isinstance(value, str) and _DOMAIN.fullmatch(value):
        return None
    return (
        f"{_item(value)} is no domain; write it in small letters, without scheme, port or path, such as agency.example"
    )


def _address(value: object) -> str | None:
    try:
        ipaddress.ip_address(value if isinstance(value, str) else "")
    except ValueError:
        return f"{_item(value)} is no IP address; write one such as 203.0.113.7"
    return None


def _address_range(value: object) -> str | None:
    try:
        ipaddress.ip_network(value if isinstance(value, str) else "")
    except ValueError:
        return f"{_item(value)} is neither an IP address nor a range; write 203.0.113.7 or 203.0.113.0/24"
    return None


def _held(address: str, listed: Collection[str]) -> bool:
    number = ipaddress.ip_address(address)
    return any(number in ipaddress.ip_network(entry) for entry in listed)


def _web_address(value: str) -> str | None:
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        host = None
    if (
        not host
        or parts.scheme not in {"http", "https"}
        or not value.isprintable()
        or " " in value
        or plain_text(value)
    ):
        return f"{ids.shown(value)} is no web address; write it from https:// on"
    return None


def _item(value: object) -> str:
    return ids.shown(value) if isinstance(value, str) else f"a value of type {type(value).__name__}"


def _env_reason(name: str) -> str | None:
    # Only META_ names: a stack file must not be able to send, say, a CI system's own token to Meta's endpoint.
    return None if _ENVIRONMENT_NAME.fullmatch(name) else "env: takes the name of a variable that starts with META_"


def _aws_secret_reason(text: str) -> str | None:
    arn, hash_sign, key = text.partition("#")
    found = _SECRET_ARN.fullmatch(arn)
    if found is None:
        return "aws-secret: takes the full ARN of a secret, then # and the key inside it"
    if not found["name"].startswith(SECRET_PREFIX):
        return f"aws-secret: takes only secrets whose name starts with {SECRET_PREFIX}"
    if not hash_sign or not _JSON_KEY.fullmatch(key):
        return "aws-secret: lacks the key inside the secret; end it with # and a name, such as #app_secret"
    return None


def _identity_reason(name: str) -> str | None:
    return None if re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", name) else "identity: takes a name from meta:identities"


def _emulator_reason(rest: str) -> str | None:
    return "emulator: stands alone, with nothing behind it" if rest else None


_REFERENCE_RULES = {
    "env": _env_reason,
    "aws-secret": _aws_secret_reason,
    "identity": _identity_reason,
    "secret": secret_name,
    "emulator": _emulator_reason,
}


def _scheme_reason(scheme: str, host: str) -> str | None:
    if host in {"localhost", "127.0.0.1", "::1"}:
        return "points at this machine; Meta allows localhost by itself while the app is in development mode"
    if scheme == "http":
        return "uses http; Meta enforces https for redirect URIs"
    if scheme != "https":
        return "is not absolute; write it from https:// on"
    return None


def _parts_reason(value: str, parts: SplitResult, host: str) -> str | None:
    if "*" in value:
        return "holds a wildcard; Meta compares the whole URI, so each one is listed in full"
    if "#" in value:
        return "holds a fragment (#…), which OAuth 2.0 forbids in a redirect URI"
    if "state" in parse_qs(parts.query, keep_blank_values=True):
        return "carries state in its query; Meta leaves that one parameter out of the comparison, so list it without"
    if not host or "@" in parts.netloc:
        return "has no plain host name between https:// and the path"
    if not parts.path:
        return f"lacks the slash behind the host; write https://{parts.netloc}/"
    return None


def _host_reason(parts: SplitResult, host: str, hosts: Collection[str]) -> str | None:
    bare = {entry.rstrip("/").lower(): entry.endswith("/") for entry in hosts}
    if bare and host not in bare:
        return f"uses the host {host}, which is not one of: {', '.join(sorted(bare))}"
    if bare.get(host) and not parts.path.endswith("/"):
        return f"lacks the slash at the end of its path, which {host}/ demands; Meta compares it to the letter"
    return None


def _first_repeated(names: list[str]) -> str | None:
    return next((name for place, name in enumerate(names) if name in names[:place]), None)
