"""Which secrets of a stack no identity of its configuration declares: what an update takes from their readers.

The engine shows the delete of a resource, and says nothing of whom it concerns. The program knows what is declared, and
the secrets' tags say what is there, so the program says it, at preview and again at up.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meta_access.errors import MetaAccessError
from meta_access.stack.plan import SUFFIX, identities, secret_of
from meta_access.tokens import tags
from meta_access.tokens.store import store_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from meta_access.stack.connections import Settings
    from meta_access.stack.load import Stack
    from meta_access.stack.plan import IdentityPlan
    from meta_access.tokens.store import Description

_SUFFIX = "[0-9a-f]{8}"


def warnings(stack: Stack, settings: Settings, project: str) -> Iterator[str]:
    """Say which secrets go, one text each. A list that cannot be read is said once, and stops nothing."""
    places = {(one.aws.region, one.aws.endpoint_url): one.aws for one in settings.connections.values()}
    for aws in places.values():
        try:
            shown = store_for(aws).owned_by(project, stack.name)
        except MetaAccessError as error:
            yield f"Which secrets of this stack no identity declares was not looked at in {aws.region}: {error}"
            continue
        yield from judge(stack, shown)


def judge(stack: Stack, shown: Sequence[Description]) -> Iterator[str]:
    """Compare the secrets tagged as this stack's with the identities that are declared."""
    plans = list(identities(stack.spec, stack.rules))
    alive = [one for one in shown if one.deletes_at is None]
    declared = {one.arn for one in alive for plan in plans if _matches(plan.secret, one.name)}
    claims = {one.tags[tags.CLAIM]: one.name for one in alive if one.arn in declared and tags.CLAIM in one.tags}
    users = {plan.adopt: plan.key for plan in plans if plan.adopt is not None}
    # Another stack of the same name, in another backend, has other secrets and another id.
    ours = {one.tags.get(tags.STACK_ID, "") for one in alive if one.arn in declared}
    for one in alive:
        id_ = one.tags.get(tags.STACK_ID, "")
        if one.arn in declared or (id_ and ours and "" not in ours and id_ not in ours):
            continue
        mover = next((plan for plan in plans if _old_secret(stack, plan, one.name)), None)
        if (heir := claims.get(one.tags.get(tags.CLAIM, ""))) is not None:
            yield (
                f"Secret {one.name} is being left for {heir}: its tokens end after their grace, with the next update "
                "or `meta-access rotate --due`. Its readers must follow until then, or they lose access."
            )
        elif mover is not None:
            yield _moves(one.name, mover)
        else:
            yield _goes(stack, one, users.get(one.tags.get(tags.SYSTEM_USER, "")))


def _moves(secret: str, plan: IdentityPlan) -> str:
    return (
        f"Secret {secret} is left by identity {plan.key}, which was {plan.renamed_from}, for {plan.secret}. Its tokens "
        f"end {plan.grace} after the update that moves it: until then its readers must follow, or they lose access. To "
        f"keep its name, write `secret: {secret}` under meta:identities.{plan.key}."
    )


def _goes(stack: Stack, secret: Description, heir: str | None) -> str:
    before = _key_of(stack, secret.name)
    old = before or "<the old key>"
    # The user's access goes on in the token of another identity, so the readers get time to follow (`hand_over`).
    end = (
        f"leaves it to identity {heir}, which has its user, and ends it after its grace" if heir else "ends it at once"
    )
    return (
        f"Secret {secret.name} (system user {secret.tags.get(tags.SYSTEM_USER, '?')}) belongs to no identity of the "
        f"configuration. An update that deletes its token {end}, and its readers lose access. If an identity was only "
        f"renamed, write `renamed_from: {old}` under its new key: then nothing is deleted, and its readers keep a live "
        "token through the grace. If the stack's state does not hold it, `meta-access orphans` lists it."
    )


def _old_secret(stack: Stack, plan: IdentityPlan, secret: str) -> bool:
    if plan.renamed_from is None:
        return False
    return _matches(secret_of(stack.spec, plan.renamed_from, stack.spec.identities[plan.key]), secret)


def _key_of(stack: Stack, secret: str) -> str | None:
    """The key that an identity without a pattern of its own had, by the name of its secret."""
    key = "identity"
    pattern = stack.spec.token_defaults.secret.replace("{environment}", stack.spec.environment)
    parts = [_pattern(part) for part in pattern.split(f"{{{key}}}")]
    if len(parts) == 1:
        return None
    found = re.fullmatch(f"(?P<{key}>[a-z][a-z0-9_-]*)".join([parts[0], "".join(parts[1:])]), secret)
    return found[key] if found and found[key] not in stack.spec.identities else None


def _matches(pattern: str, secret: str) -> bool:
    return re.fullmatch(_pattern(pattern), secret) is not None


def _pattern(text: str) -> str:
    return _SUFFIX.join(re.escape(part) for part in text.split(SUFFIX))
