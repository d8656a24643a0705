"""Tokens of one system user in one deployment: to which of them a token that is deleted leaves its secret.

An identity that is renamed, and whose user was adopted, is to the engine a new token and a deleted one of one user. The
checks say which tokens the deployment keeps; their secrets are known once they were read, made or compared.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meta_access.providers._record import Key

_lock = threading.Lock()
_kept: dict[str, dict[Key, str]] = {}
_secrets: dict[Key, Secret] = {}


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a token is, and the claim by which it is its resource's."""

    arn: str
    claim: str


@dataclass(frozen=True, slots=True)
class Twin:
    """A token of the same user that the deployment keeps; `secret` is None while it is not made yet."""

    label: str
    secret: Secret | None


def keep(user: str, key: Key, label: str) -> None:
    """Note that this deployment keeps a token of the user."""
    with _lock:
        _kept.setdefault(user, {})[key] = label


def found(key: Key, secret: Secret) -> None:
    """Note where the token of a resource is."""
    with _lock:
        _secrets[key] = secret


def of(user: str, key: Key) -> Twin | None:
    """Another token of the user than the one with this key, one that is made first."""
    with _lock:
        others = [(other, label) for other, label in _kept.get(user, {}).items() if other != key]
        # The first part says in which Secrets Manager it is; a secret is left within one.
        twins = [Twin(label, _secrets.get(other)) for other, label in others if other[0] == key[0]]
    return min(twins, key=lambda twin: (twin.secret is None, twin.label), default=None)
