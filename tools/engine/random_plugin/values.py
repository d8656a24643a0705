"""What the stand-in for pulumi-random makes: pure rules and fresh values, no gRPC.

Names, defaults and meaning follow the real provider (https://www.pulumi.com/registry/packages/random/, version 4.21,
read 2026-11-24). `bcryptHash` of RandomPassword is left out: bcrypt is not in the standard library.
"""

from __future__ import annotations

import base64
import secrets
import string
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

RANDOM_ID = "random:index/randomId:RandomId"
RANDOM_STRING = "random:index/randomString:RandomString"
RANDOM_PASSWORD = "random:index/randomPassword:RandomPassword"  # noqa: S105 - a type token, not a password
TYPES = (RANDOM_ID, RANDOM_STRING, RANDOM_PASSWORD)

SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
# Class of characters -> (its switch, its minimum, its alphabet).
CLASSES = {
    "lower": ("lower", "minLower", string.ascii_lowercase),
    "upper": ("upper", "minUpper", string.ascii_uppercase),
    "numeric": ("numeric", "minNumeric", string.digits),
    "special": ("special", "minSpecial", SPECIAL),
}
# Never known before the create; everything else in the outputs repeats an input.
COMPUTED = {
    RANDOM_ID: ("b64Std", "b64Url", "dec", "hex"),
    RANDOM_STRING: ("result",),
    RANDOM_PASSWORD: ("result",),
}


def problems(kind: str, inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (property, reason) for each input that the real provider would refuse too."""
    size = "byteLength" if kind == RANDOM_ID else "length"
    length = inputs.get(size)
    if isinstance(length, str):  # the engine's mark of a value not known yet
        return []
    if length is None or int(length) < 1:
        return [(size, "must be at least 1")]
    if kind == RANDOM_ID:
        return []
    wanted = sum(_minimum(inputs, name) for name in CLASSES)
    if wanted > int(length):
        return [(size, f"must be at least {wanted}, the sum of the minimums asked for")]
    return [] if _alphabets(inputs) else [("", "at least one class of characters must be allowed")]


def make(kind: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Draw one value; return the resource's id and its outputs."""
    return _make_id(inputs) if kind == RANDOM_ID else _make_string(kind, inputs)


def changed(olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    """Name the inputs that differ. Each one replaces: nothing random can be edited."""
    return sorted(key for key in {*olds, *news} if olds.get(key) != news.get(key))


def _make_id(inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    raw = secrets.token_bytes(int(inputs["byteLength"]))
    prefix = str(inputs.get("prefix") or "")
    url = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    outputs = {
        **inputs,
        "b64Std": prefix + base64.b64encode(raw).decode(),
        "b64Url": prefix + url,
        "dec": prefix + str(int.from_bytes(raw, "big")),
        "hex": prefix + raw.hex(),
    }
    return url, outputs


def _make_string(kind: str, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    alphabets = _alphabets(inputs)
    drawn = [secrets.choice(alphabets[name]) for name in alphabets for _ in range(_minimum(inputs, name))]
    everything = "".join(alphabets.values())
    drawn += [secrets.choice(everything) for _ in range(int(inputs["length"]) - len(drawn))]
    secrets.SystemRandom().shuffle(drawn)
    result = "".join(drawn)
    defaults = {name: _allowed(inputs, name) for name in CLASSES}
    minimums = {CLASSES[name][1]: _minimum(inputs, name) for name in CLASSES}
    outputs = {**defaults, **minimums, **inputs, "number": defaults["numeric"], "result": result}
    # The id is stored in clear, so the real provider keeps a password out of it.
    return ("none" if kind == RANDOM_PASSWORD else result), outputs


def _allowed(inputs: Mapping[str, Any], name: str) -> bool:
    if name == "numeric" and "numeric" not in inputs:
        return bool(inputs.get("number", True))
    return bool(inputs.get(CLASSES[name][0], True))


def _minimum(inputs: Mapping[str, Any], name: str) -> int:
    value = inputs.get(CLASSES[name][1], 0)
    return 0 if isinstance(value, str) or not _allowed(inputs, name) else int(value)


def _alphabets(inputs: Mapping[str, Any]) -> dict[str, str]:
    found = {name: alphabet for name, (_, _, alphabet) in CLASSES.items() if _allowed(inputs, name)}
    if "special" in found and inputs.get("overrideSpecial"):
        found["special"] = str(inputs["overrideSpecial"])
    return found
