"""Names of secrets and the times around them. Two identities must never share a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.spec.base import seconds, shown
from meta_access.spec.plan import SUFFIX, connection_of, secret_of
from meta_access.validation import rotation_times, secret_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.errors import Problem
    from meta_access.spec.draft import Draft
    from meta_access.spec.problems import Loc


def check_secrets(draft: Draft) -> Iterator[Problem]:
    seen: dict[tuple[str, str], str] = {}
    for key, identity in draft.spec.identities.items():
        loc: Loc = ("identities", key, "secret") if identity.secret is not None else ("token_defaults", "secret")
        name = secret_of(draft.spec, key, identity)
        # The suffix is eight hex digits, which is neither six characters nor a character AWS refuses.
        if reason := secret_name(name.replace(SUFFIX, "0" * 8)):
            yield draft.problem(loc, f"the secret's name {shown(name)} {reason}.", "write another name.")
        first = seen.setdefault((_store_of(draft, key), name), key)
        if first != key and SUFFIX not in name:
            text = f"{first} and {key} would share the secret {shown(name)}."
            yield draft.problem(loc, text, "use {identity} in the pattern, or name each one's secret.")
        yield from _times(draft, key)


def _store_of(draft: Draft, key: str) -> str:
    connection = draft.spec.connections.get(connection_of(draft.spec, draft.spec.identities[key]) or "")
    return f"{connection.aws.endpoint_url} {connection.aws.region}" if connection is not None else ""


def _times(draft: Draft, key: str) -> Iterator[Problem]:
    identity, defaults = draft.spec.identities[key], draft.spec.token_defaults
    early, grace = identity.rotate_before or defaults.rotate_before, identity.grace or defaults.grace
    never = (identity.lifetime or defaults.lifetime).never
    if never is None and (why := rotation_times(seconds(early), seconds(grace))):
        own = "rotate_before" if identity.rotate_before else "grace" if identity.grace else None
        at: Loc = ("identities", key, own) if own else ("token_defaults", "rotate_before")
        text = f"rotate_before {why} It is {early}, and grace is {grace}."
        yield draft.problem(at, text, 'write times such as "20d" and "24h".')
    if never is not None and never.until <= draft.today:
        loc: Loc = ("identities", key, "lifetime") if identity.lifetime else ("token_defaults", "lifetime")
        text = f"the day to look at this token again, {never.until}, has come."
        yield draft.problem((*loc, "never", "until"), text, "write 60d, or a later day if the reason still holds.")
