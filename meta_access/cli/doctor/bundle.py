"""The support file: findings, versions, and the shape of a configuration without the texts that people typed.

Kept are keys, numbers, ids of objects at Meta, and words of the models' own; in the place of all else stands what kind
of thing it is. References, addresses of people and secrets never pass; the scrubber is the last net.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

from meta_access.errors import MetaAccessError
from meta_access.redaction import scrub
from meta_access.stack.files import meta_values

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from meta_access.doctor.report import Report

FORMAT = "meta-access-doctor/1"
_EMAIL = re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+")
_ADDRESS = re.compile(r"\b([a-z][a-z0-9+.-]*)://[^\s\"'<>]*", re.IGNORECASE)
_ID = re.compile(r"(?:act_|[a-z]+:)?[0-9]{5,20}")
_REFERENCE = re.compile(r"(env|aws-secret|secret|identity|emulator):")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
# Their values are words of the models or of Meta's, and say what a stack is.
_WORDS = frozenset(
    {
        "environment", "rules", "gates", "api_version", "business", "app", "claimed_by", "kind", "mode", "tier",
        "access", "role", "roles", "tasks", "scopes", "use_case", "lifetime", "rotate_before", "grace", "token",
        "rotation_owner", "on_destroy", "region", "verification", "two_factor", "connection", "standard", "advanced",
        "product", "until",
    }
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,40}")


def contents(report: Report, values: Mapping[str, str], state: Mapping[str, Any]) -> dict[str, Any]:
    """What a support file holds."""
    try:
        typed = meta_values(values)
    except MetaAccessError:
        typed = {}
    kinds: dict[str, int] = {}
    deployment = state.get("deployment")
    for one in deployment.get("resources") or [] if isinstance(deployment, dict) else []:
        kind = str(one.get("type", "")) if isinstance(one, dict) else ""
        kinds[kind] = kinds.get(kind, 0) + 1
    whole = {
        "format": FORMAT,
        **report.as_json(),
        "configuration": shape(typed),
        "state": dict(sorted(kinds.items())),
    }
    clean: dict[str, Any] = _clean(whole)
    return clean


def shape(value: Any, key: str = "") -> Any:
    """A configuration without its texts."""
    if isinstance(value, dict):
        return {_key(str(name)): shape(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner, key) for inner in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = str(value)
    if match := _REFERENCE.match(text):
        return f"<reference {match[1]}>"
    if _ID.fullmatch(text) or (key in _WORDS and _WORD.fullmatch(text)):
        return text
    return "<text>"


def _key(name: str) -> str:
    # An asset or the name of a person; a key may be anything in a file that the program refuses.
    return name if _KEY.fullmatch(name) else "<key>"


def _clean(value: Any) -> Any:
    """The last net: secrets, people's addresses, whole addresses of services, and this user's folder."""
    if isinstance(value, dict):
        return {_text(name): _clean(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(inner) for inner in value]
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    home = os.path.expanduser("~")  # noqa: PTH111 - a text that is looked for, and never opened
    bare = text.replace(home, "~") if len(home) > 1 else text
    return _EMAIL.sub("<address of a person>", _ADDRESS.sub(r"\1://<address>", scrub(bare)))


def write(file: Path, content: Mapping[str, Any]) -> None:
    """Write a support file that only its owner may read, and never over another file.

    Raises:
        MetaAccessError: It cannot be written.
    """
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    except FileExistsError:
        raise MetaAccessError(
            f"--bundle: {file} is there already, and nothing is written over it.", next_step="Name another file."
        ) from None
    except OSError as error:
        raise MetaAccessError(
            f"--bundle: {file} cannot be written ({error.strerror}).", next_step="Name a file in a folder of yours."
        ) from None
