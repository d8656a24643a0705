"""The first token of a stack: what a person's own token must be, what is made with it, and in which order.

Everything that is made is found again by a second run: the system user by its id, by the tags of its secret or by its
name and maker; the installation may be repeated; and the token is the protocol's, which minds every crash by itself.
The person's token is in the memory of this process only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meta_access.cli.tokens.adopt import token_spec_of
from meta_access.clock import SYSTEM_CLOCK
from meta_access.errors import (
    AuthError,
    GraphError,
    NotFoundError,
    PermissionDeniedError,
    Problem,
    ProblemsError,
    SecretNotFoundError,
)
from meta_access.graph import applications, business_users, businesses, system_users
from meta_access.graph.debug_token import inspect
from meta_access.graph.issuer import issuer_of
from meta_access.providers.system_user_app_access import FULL_CONTROL
from meta_access.stack.credentials import Credentials
from meta_access.tokens import run, tags

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydantic import SecretStr

    from meta_access.clock import Clock
    from meta_access.graph.businesses import BusinessRow
    from meta_access.graph.client import GraphClient
    from meta_access.graph.system_users import SystemUserRow
    from meta_access.stack.connections import Connection
    from meta_access.stack.plan import IdentityPlan
    from meta_access.tokens.issuer import TokenFacts
    from meta_access.tokens.observe import Outcome
    from meta_access.tokens.store import Description, SecretStore

ADMIN = "ADMIN"
USER = "USER"
NEEDED = "business_management"
NO_RULE = "none"
TOKEN = "the token"  # noqa: S105 - how messages call it
CONTROL_IS_MISSING = (PermissionDeniedError, NotFoundError)


class NotReadyError(ProblemsError):
    """Nothing was made, because something that only people can change stands in the way."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("The first token cannot be made, and nothing was changed:", problems)


class PersonCredentials(Credentials):
    """The connection's app secret, with a person's token in the place of the admin system user's."""

    def __init__(self, connection: Connection, token: SecretStr) -> None:
        super().__init__(connection)
        self._token = token

    def admin_token(self) -> SecretStr:
        return self._token


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be there in the end.

    Attributes:
        identity: The admin system user with its secret; its name is known.
        owner: `project/stack`.
        adopt: Id of an existing user to take.
    """

    identity: IdentityPlan
    owner: str
    adopt: str | None = None


@dataclass(frozen=True, kw_only=True)
class StartingPoint:
    """What the look showed, when all of it is well.

    Attributes:
        user: The admin system user to take; None when it is to be created.
        why: Why that one, for the person to agree.
        known: Ids of all system users, so that none of them is taken for the new one.
        claim: Of the secret, when it is there.
        notes: What is worth knowing and stands in nobody's way.
    """

    business: BusinessRow
    user: SystemUserRow | None
    why: str
    known: frozenset[str]
    claim: str | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Made:
    """How far it came.

    Attributes:
        user_id: The admin system user.
        created: It was not there before.
        outcome: Of the token; None while the user lacks the app, without which Meta mints none.
    """

    user_id: str
    created: bool
    outcome: Outcome | None = None


def look(client: GraphClient, store: SecretStore, wanted: Wanted, token: SecretStr) -> StartingPoint:
    """Look at all that can be looked at before anything is made.

    Args:
        client: Acts with the person's token.
        store: Of the secret's region.
        wanted: What is to be there.
        token: The person's.

    Raises:
        NotReadyError: With every problem found.
        MetaAccessError: Meta or Secrets Manager cannot be asked.
    """
    info, problems = _told_by(client, token)
    if problems or info is None:
        # What such a token sees says nothing about the business.
        raise NotReadyError(problems)
    notes: list[str] = []
    business, problems = _business(client)
    problems += _claimed(client, notes)
    problems += _two_factor(client, business, notes)
    rows, denied = _users(client)
    problems += denied
    secret = _described(store, wanted.identity.secret)
    problems += _of_secret(secret, wanted)
    user, why = None, ""
    if not problems:
        user, why, wrong = admin_of(rows, wanted, caller=info.user_id, noted=_noted(secret))
        problems += wrong
    if problems or business is None:
        raise NotReadyError(problems)
    return StartingPoint(
        business=business,
        user=user,
        why=why,
        known=frozenset(row.id for row in rows),
        claim=None if secret is None else secret.tags.get(tags.CLAIM),
        notes=tuple(notes),
    )


def make(
    client: GraphClient,
    store: SecretStore,
    wanted: Wanted,
    found: StartingPoint,
    *,
    clock: Clock = SYSTEM_CLOCK,
    tell: Callable[[str], None] = print,
) -> Made:
    """Make what is missing, in an order in which a second run finds all that a first one made.

    Raises:
        MetaAccessError: A step failed; run again.
    """
    here, name = client.connection, wanted.identity.name
    if found.user is None:
        tell(f"Creating the admin system user {name} in business {here.business_id}.")
        user_id = system_users.create(client, name, ADMIN, known=found.known)
    else:
        user_id = found.user.id
        tell(f"Taking the admin system user {found.user.name} (id {user_id}): {found.why}.")
    tell(f"Installing app {here.app_id} on it.")
    applications.install(client, user_id)
    made = Made(user_id=user_id, created=found.user is None)
    if not _has_app(client, user_id):
        return made
    tell(f"Making the token in secret {wanted.identity.secret}.")
    outcome = run.ensure(
        store,
        issuer_of(client),
        token_spec_of(wanted.owner, wanted.identity, here, user_id),
        claim=found.claim,
        engine_alive=run.everybody_waits,
        clock=clock,
        notify=tell,
    )
    return Made(user_id=user_id, created=made.created, outcome=outcome)


def admin_of(
    rows: Sequence[SystemUserRow], wanted: Wanted, *, caller: str, noted: str | None
) -> tuple[SystemUserRow | None, str, list[Problem]]:
    """Which admin system user to take; none when one is to be created. Pure.

    Args:
        rows: All system users of the business.
        wanted: What is to be there.
        caller: Id of the person.
        noted: Id of the user that the tags of our secret name.

    Returns:
        The user, why that one, and what stands in the way.
    """
    by_id = {row.id: row for row in rows if row.role == ADMIN}
    if (asked := wanted.adopt or wanted.identity.adopt) is not None:
        if asked in by_id:
            return by_id[asked], "its id was given", []
        problem = "the business lists no admin system user of that id."
        fix = "write the id that this app sees; Business settings show another one."
        return None, "", [Problem(f"adopt {asked}", problem, fix)]
    if noted in by_id:
        return by_id[noted], "the secret of this stack is its own", []
    return _of_name(rows, wanted, caller)


def _of_name(
    rows: Sequence[SystemUserRow], wanted: Wanted, caller: str
) -> tuple[SystemUserRow | None, str, list[Problem]]:
    name, path = wanted.identity.name, f"meta:identities.{wanted.identity.key}"
    row = next((row for row in rows if row.name == name), None)
    if row is not None and row.role == ADMIN and row.created_by == caller:
        return row, "you created it", []
    if row is not None:
        of_other = row.role == ADMIN
        why = f"id {row.id}, role {row.role}" + (", not created by you" if of_other else "")
        fix = f"take it with --adopt {row.id}." if of_other else "give the identity another name."
        return None, "", [Problem(path, f"the business has a system user {name} already ({why}).", fix)]
    others = [row for row in rows if row.role == ADMIN]
    if others:
        listed = ", ".join(f"{row.name} (id {row.id})" for row in others)
        problem = f"the business has an admin system user, {listed}, and Meta allows one."
        fix = f"take it with --adopt {others[0].id}; its other tokens stay as they are."
        return None, "", [Problem(path, problem, fix)]
    return None, "", []


def _told_by(client: GraphClient, token: SecretStr) -> tuple[TokenFacts | None, list[Problem]]:
    """What Meta says of the person's token, and what is wrong with it."""
    here = client.connection
    again = f"log in to app {here.app_id} as an admin of the business, and take a new token of that login."
    try:
        info = inspect(client, token)
    except AuthError:
        text = f"Meta does not show it to app {here.app_id}: it is another app's, or the app secret is wrong."
        return None, [Problem(TOKEN, text, f"compare app and app_secret of connection {here.name}, and {again}")]
    if not info.valid:
        reason = f" ({info.problem.rstrip('.')})" if info.problem else ""
        return info, [Problem(TOKEN, f"Meta says that it is not valid{reason}.", again)]
    problems = []
    if info.app_id != here.app_id:
        text = f"it belongs to app {info.app_id}, and app of connection {here.name} is {here.app_id}."
        problems.append(Problem(TOKEN, text, again))
    if info.type != USER:
        text = f"it is a token of type {info.type}, not a person's."
        fix = "a system user's token that you have already goes where admin_token points; to start, use your own."
        problems.append(Problem(TOKEN, text, fix))
    if NEEDED not in info.scopes:
        had = ", ".join(info.scopes) or "nothing"
        text = f"it lacks {NEEDED}; it has {had}."
        problems.append(Problem(TOKEN, text, f"grant {NEEDED} at the login, and take a new token."))
    return info, problems


def _business(client: GraphClient) -> tuple[BusinessRow | None, list[Problem]]:
    here = client.connection
    try:
        return businesses.get(client), []
    except (NotFoundError, PermissionDeniedError):
        text = f"business {here.business_id} is not there, or you are not in it."
        fix = "compare the id with Business settings > Business info, or have an admin invite you."
        return None, [Problem(f"meta:businesses.{here.business_name}.id", text, fix)]


def _claimed(client: GraphClient, notes: list[str]) -> list[Problem]:
    here = client.connection
    try:
        if here.app_id in applications.owned(client):
            return []
    except (NotFoundError, PermissionDeniedError):
        notes.append(f"whether business {here.business_id} has claimed app {here.app_id} cannot be seen.")
        return []
    text = f"business {here.business_id} has not claimed app {here.app_id}; only of its own apps can it mint tokens."
    fix = "Business settings > Accounts > Apps > Add > Connect an app ID."
    return [Problem(f"meta:apps.{here.app_name}.id", text, fix)]


def _two_factor(client: GraphClient, business: BusinessRow | None, notes: list[str]) -> list[Problem]:
    """Whether the person has the second factor that the business asks for, as far as it can be seen."""
    if business is None:
        return []
    if business.two_factor_type == NO_RULE:
        notes.append(
            f"business {business.name} asks nobody for a second factor; declare two_factor of it in meta:businesses."
        )
        return []
    try:
        has = business_users.second_factor(client)
    except GraphError:
        has = None  # Meta asks for it at the first write (415)
    if has is not False:
        return []
    text = f"business {business.name} asks for a second factor ({business.two_factor_type}), and you have none."
    return [Problem(TOKEN, text, "turn it on in your own settings at facebook.com, under Password and security.")]


def _users(client: GraphClient) -> tuple[list[SystemUserRow], list[Problem]]:
    try:
        return system_users.list_(client), []
    except PermissionDeniedError:
        text = f"you are no admin of business {client.connection.business_id}, and only admins see its system users."
        return [], [Problem(TOKEN, text, "use an admin's token, or have an admin make you one.")]
    except NotFoundError:
        return [], []  # the look at the business has said it


def _described(store: SecretStore, name: str) -> Description | None:
    try:
        return store.describe(name)
    except SecretNotFoundError:
        return None


def _of_secret(secret: Description | None, wanted: Wanted) -> list[Problem]:
    if secret is None:
        return []
    path = f"meta:identities.{wanted.identity.key}.secret"
    if secret.tags.get(tags.MANAGED_BY) != "pulumi":
        text = f"secret {secret.name} exists and was not made by this tool."
        return [Problem(path, text, "name another one, or take its token over with `meta-access token adopt`.")]
    if (owner := tags.owner(secret.tags)) != wanted.owner:
        text = f"secret {secret.name} belongs to {owner}, and this is {wanted.owner}."
        return [Problem(path, text, "name another secret.")]
    return []


def _noted(secret: Description | None) -> str | None:
    return None if secret is None else secret.tags.get(tags.SYSTEM_USER)


def _has_app(client: GraphClient, user_id: str) -> bool:
    try:
        return FULL_CONTROL in applications.assigned(client, user_id).get(client.connection.app_id, ())
    except CONTROL_IS_MISSING:
        return True  # it cannot be seen; the mint will tell
