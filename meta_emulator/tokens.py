"""Fake tokens and secrets: how they look, how they are named, and Meta's proof over one."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from meta_access.endpoints import EMULATOR_PREFIX

PREFIX = EMULATOR_PREFIX  # begins every value the emulator hands out; it takes no other


# Inside a word only what is as long as a token: a random `state` may hold the three letters by chance.
_REAL = re.compile(r"(?<![A-Za-z0-9])EAA(?!EMU)[A-Za-z0-9]{8,}|EAA(?!EMU)[A-Za-z0-9]{40,}")
ONLY_FAKE = (
    f"Real ones do not belong in an emulator: it takes only its own, which begin with {PREFIX}. Nothing was kept."
)


def holds_real(text: str) -> bool:
    """Whether a text holds what may be somebody's real token, which must not be kept."""
    return _REAL.search(text) is not None


def new_value() -> str:
    """A random token, app secret or admin token. It is shown once and never kept by the world."""
    return PREFIX + secrets.token_urlsafe(45).replace("-", "x").replace("_", "y")


def is_fake(value: str) -> bool:
    """Whether a value may be ours; any other is refused unseen, so that no real token is taken in."""
    return value.startswith(PREFIX)


def fingerprint(value: str) -> str:
    """The name of a token in the world file and in outputs."""
    return "sha256:" + hashlib.sha256(value.encode()).hexdigest()[:16]


def proof(token: str, app_secret: str, *, time: str | None = None) -> str:
    """`appsecret_proof` of a token; with `time`, the form that goes with `appsecret_time`."""
    text = token if time is None else f"{token}|{time}"
    return hmac.new(app_secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def same(given: str, expected: str) -> bool:
    """Compare without telling by the time taken; text that is not ASCII is simply different."""
    return hmac.compare_digest(given.encode(), expected.encode())
