"""Who a secret belongs to, as its tags say. AWS shows tags to anyone who may describe it, so they hold no secret."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_access import ids
from meta_access.clock import iso, parse_iso
from meta_access.errors import ForeignSecretError
from meta_access.tokens.payload import SCHEMA
from meta_access.tokens.spec import LAMBDA, TokenSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

PREFIX = "meta-tokens:"
MANAGED_BY = f"{PREFIX}managed-by"
PROJECT = f"{PREFIX}project"
STACK = f"{PREFIX}stack"
# Tells two stacks of one name apart: two teams' `prod`, each in a backend of its own.
STACK_ID = f"{PREFIX}stack-id"
APP = f"{PREFIX}app-id"
SYSTEM_USER = f"{PREFIX}system-user-id"
CLAIM = f"{PREFIX}claim"
# What AWS's own rotation mints for: written by Pulumi while that one owns the rotation, read by its function.
ROTATION_OWNER = f"{PREFIX}rotation-owner"
BUSINESS = f"{PREFIX}business-id"
API_VERSION = f"{PREFIX}api-version"
SCOPES = f"{PREFIX}scopes"
LIFETIME = f"{PREFIX}lifetime"
GRACE = f"{PREFIX}grace-s"
TRIGGER = f"{PREFIX}trigger"
# Users that the token has left for another one: `previous_users`.
FORMER = f"{PREFIX}former-users"
# Secrets that are left for this one, a tag each: `delete.hand_over`.
LEAVES = f"{PREFIX}leaves-"
# Best effort, for reading without the right to read values.
EXPIRES = f"{PREFIX}expires-at"
GENERATION = f"{PREFIX}generation"
SUSPECTS = f"{PREFIX}suspects"
# Generations, the current one included: what tells a token whose label was removed by hand from one that was ended.
HELD = f"{PREFIX}held"
# Expiries of those that are not current: an operator may move AWSCURRENT back to one.
HELD_UNTIL = f"{PREFIX}held-until"
FINGERPRINT = f"{PREFIX}fingerprint"
ISSUED = f"{PREFIX}issued-at"
# What an operator wants ended: "<generation> <id of the order>". It stays: what was condemned once is never wanted.
REVOKE = f"{PREFIX}revoke"
# The generation that was current when Meta called it invalid: "<generation>".
ENDED = f"{PREFIX}ended"

NEVER = "never"
SIXTY_DAYS = "60d"
# So many expiries fit into one value.
EXPIRIES = 9

_SCOPE = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


def scopes_in(text: str) -> tuple[str, ...]:
    """The scopes in a tag's value; empty when one of them is none."""
    found = tuple(text.split())
    return found if all(_SCOPE.fullmatch(scope) for scope in found) else ()


def _like(pattern: str) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(pattern, value, re.ASCII) is not None


# What a wish is made of, and how each part reads as Pulumi writes it. They become parts of Graph's paths and of
# records: a version such as v26.0/1/access_tokens?x= would have Meta mint for another user than the one that is named.
_WISH: Mapping[str, Callable[[str], bool]] = {
    PROJECT: _like(r"[A-Za-z0-9_.-]+"),
    STACK: _like(r"[A-Za-z0-9_.-]+"),
    APP: ids.is_graph_id,
    SYSTEM_USER: ids.is_graph_id,
    BUSINESS: ids.is_graph_id,
    API_VERSION: _like(r"v[1-9][0-9]{0,2}\.[0-9]{1,2}"),
    SCOPES: lambda value: bool(scopes_in(value)),
    LIFETIME: _like(f"{SIXTY_DAYS}|{NEVER}"),
    GRACE: _like(r"[0-9]{1,9}"),
    TRIGGER: _like(r"sha256:[0-9a-f]{64}"),
}


def owned(spec: TokenSpec, claim: str) -> dict[str, str]:
    """The tags that make a secret ours."""
    return {
        MANAGED_BY: "pulumi",
        PROJECT: spec.project,
        STACK: spec.stack,
        APP: spec.app_id,
        SYSTEM_USER: spec.system_user_id,
        f"{PREFIX}schema": SCHEMA,
        CLAIM: claim,
        **({STACK_ID: spec.stack_id} if spec.stack_id else {}),
        **(_wish(spec) if spec.rotation_owner == LAMBDA else {}),
    }


def wish(name: str, tags: Mapping[str, str]) -> TokenSpec:
    """What Pulumi asks AWS's own rotation for, as it wrote it into the tags.

    Raises:
        ForeignSecretError: The tags give no such wish.
    """
    if tags.get(MANAGED_BY) != "pulumi" or tags.get(ROTATION_OWNER) != LAMBDA:
        whose = f"Pulumi's, of {owner(tags)}," if tags.get(MANAGED_BY) == "pulumi" else "not this tool's"
        raise ForeignSecretError(
            f"Rotating secret {name} is refused: it has no tag {ROTATION_OWNER} with the value {LAMBDA}, so its tokens "
            f"are {whose} and not this function's to rotate. Nothing was changed.",
            next_step=(
                "Set rotation_owner: lambda on the resource that owns the secret and run `pulumi up`, or cancel the "
                "rotation in AWS."
            ),
        )
    if lost := [key for key, reads in _WISH.items() if not reads(tags.get(key, ""))]:
        raise ForeignSecretError(
            f"Rotating secret {name} is refused: its tags {', '.join(lost)} were removed or changed by hand, so what "
            "to mint is not known. Nothing was changed.",
            next_step="Run `pulumi up`, which writes them again.",
        )
    return TokenSpec(
        project=tags[PROJECT],
        stack=tags[STACK],
        secret_name=name,
        app_id=tags[APP],
        business_id=tags[BUSINESS],
        system_user_id=tags[SYSTEM_USER],
        api_version=tags[API_VERSION],
        scopes=scopes_in(tags[SCOPES]),
        expires=tags[LIFETIME] != NEVER,
        grace_s=int(tags[GRACE]),
        rotate_before_s=0,
        rotation_owner=LAMBDA,
        renews=tags[TRIGGER],
    )


def wished(*, owner: str, system_user_id: str, scopes: Sequence[str], expires: bool) -> dict[str, str]:
    """The tags that say which token AWS's own rotation is to mint, of those that a resource's outputs tell."""
    project, _, stack = owner.partition("/")
    return {
        PROJECT: project,
        STACK: stack,
        SYSTEM_USER: system_user_id,
        SCOPES: " ".join(sorted(set(scopes))),
        LIFETIME: SIXTY_DAYS if expires else NEVER,
    }


def _wish(spec: TokenSpec) -> dict[str, str]:
    token = wished(owner=spec.owner, system_user_id=spec.system_user_id, scopes=spec.scopes, expires=spec.expires)
    return {
        **token,
        ROTATION_OWNER: LAMBDA,
        BUSINESS: spec.business_id,
        API_VERSION: spec.api_version,
        GRACE: str(spec.grace_s),
        TRIGGER: spec.trigger,
    }


def noted(
    before: Mapping[str, str],
    generation: int,
    expires_at: datetime | None,
    suspects: Sequence[int],
    *,
    held: Sequence[int],
    fingerprint: str,
    issued_at: datetime,
) -> dict[str, str]:
    """The tags that tell an observer what the value would; `before` are those that stand there."""
    past = _expiries(before)
    until = [f"{g}={past[g]}" for g in sorted(held) if g != generation and g in past]
    return {
        FINGERPRINT: fingerprint,
        ISSUED: iso(issued_at),
        EXPIRES: iso(expires_at) if expires_at else NEVER,
        GENERATION: str(generation),
        SUSPECTS: " ".join(map(str, suspects)),
        HELD: " ".join(map(str, held)),
        HELD_UNTIL: " ".join(until[-EXPIRIES:]),
        # The run that notes this has asked Meta about the current token.
        **({ENDED: "0"} if ended(before) else {}),
    }


def missing(tags: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """What has to be written; with the managed-by tag, which the writer's policy demands of every TagResource."""
    changed = {key: value for key, value in wanted.items() if tags.get(key) != value}
    return {MANAGED_BY: "pulumi", **changed} if changed else {}


def expiry(tags: Mapping[str, str], of: int) -> datetime | None:
    """The recorded expiry of a generation, or the newest one's when it has none of its own.

    None when it is never, not noted or not readable.
    """
    try:
        return parse_iso(_expiries(tags).get(of) or tags.get(EXPIRES, NEVER))
    except ValueError:
        return None


def _expiries(tags: Mapping[str, str]) -> dict[int, str]:
    pairs = (part.partition("=") for part in tags.get(HELD_UNTIL, "").split())
    past = {int(g): until for g, _, until in pairs if g.isascii() and g.isdigit()}
    return past | ({generation(tags): tags[EXPIRES]} if EXPIRES in tags else {})


def generation(tags: Mapping[str, str]) -> int:
    """The noted generation, 0 when there is none."""
    text = tags.get(GENERATION, "")
    return int(text) if text.isascii() and text.isdigit() else 0


def ended(tags: Mapping[str, str]) -> int:
    """The generation whose token is known to have ended at Meta, 0 when none is."""
    text = tags.get(ENDED, "")
    return int(text) if text.isascii() and text.isdigit() else 0


def suspects(tags: Mapping[str, str]) -> tuple[int, ...] | None:
    """The noted suspects; None when they were never noted."""
    text = tags.get(SUSPECTS)
    return None if text is None else _generations(text)


def held(tags: Mapping[str, str]) -> tuple[int, ...]:
    """The tokens that the last run which came to its end left in the secret."""
    return _generations(tags.get(HELD, ""))


def _generations(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split() if part.isascii() and part.isdigit())


def owner(tags: Mapping[str, str]) -> str:
    """`project/stack` that a secret belongs to."""
    return f"{tags.get(PROJECT, '?')}/{tags.get(STACK, '?')}"


@dataclass(frozen=True, slots=True)
class Order:
    """That every token up to a generation be ended.

    Attributes:
        through: The highest such generation; 0 when nobody has ordered anything.
        id: Of the order, which may be about many secrets.
    """

    through: int = 0
    id: str = ""

    def text(self) -> str:
        return f"{self.through} {self.id}"


def order(tags: Mapping[str, str]) -> Order:
    """The order that stands in the tags."""
    through, _, id_ = tags.get(REVOKE, "").partition(" ")
    return Order(int(through), id_) if through.isascii() and through.isdigit() else Order()


def check_owner(name: str, tags: Mapping[str, str], spec: TokenSpec, *, claim: str | None, in_use: bool) -> None:
    """Refuse a secret that is not ours to write.

    Args:
        name: Of the secret, for the message.
        tags: Of the secret.
        spec: Who asks, and whether for somebody else's.
        claim: The one in our outputs; None when the resource is being created.
        in_use: Whether it holds tokens that still count.

    Raises:
        ForeignSecretError: Names the owner, and how to take the secret over.
    """
    if tags.get(MANAGED_BY) != "pulumi":
        raise ForeignSecretError(
            f"Using secret {name} is refused: it exists and was not made by this tool (it has no tag {MANAGED_BY}). "
            "Nothing was changed.",
            next_step=(
                "Take over the token in it with `meta-access token adopt`, or name another secret, or delete this one."
            ),
        )
    found = owner(tags)
    if spec.take_over_from == found or (claim is not None and tags.get(CLAIM) == claim):
        return
    if found != spec.owner:
        raise _refused(name, f"it belongs to {found}, and this is {spec.owner}", found)
    if claim is not None and tags.get(CLAIM, claim) != claim:
        raise _refused(name, f"another resource of {found} has claimed it since", found)
    if tags.get(APP) != spec.app_id:
        raise _refused(name, f"in {found} it serves app {tags.get(APP, '?')}, and this is app {spec.app_id}", found)
    if in_use and tags.get(SYSTEM_USER) != spec.system_user_id:
        user = tags.get(SYSTEM_USER, "?")
        raise _refused(
            name, f"in {found} it holds tokens of system user {user}, and this is {spec.system_user_id}", found
        )


def _refused(name: str, why: str, found: str) -> ForeignSecretError:
    return ForeignSecretError(
        f"Using secret {name} is refused: {why}. Nothing was changed.",
        next_step=(
            "Name another secret, or, if this resource is to have it with the tokens in it, set take_over_from: "
            f"{found}"
        ),
    )
