"""`meta-access token adopt`: takes over a token that lies in a secret already, so that `pulumi up` mints none."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access.cli import current, pulumi_stack
from meta_access.cli.graph_client import client_for
from meta_access.cli.terminal import agrees, answer, to_person
from meta_access.cli.tokens.stack_tokens import tokens_of
from meta_access.clock import iso, seconds
from meta_access.graph.issuer import issuer_of
from meta_access.stack import plan
from meta_access.stack.connections import refuse_offline, settings_of
from meta_access.stack.credentials import check_pairing
from meta_access.tokens.adopt import adopt
from meta_access.tokens.spec import TokenSpec
from meta_access.tokens.store import store_for
from meta_access.tokens.tags import NEVER, SIXTY_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from meta_access.stack.connections import Connection
    from meta_access.stack.plan import IdentityPlan


_OF_ARN = re.compile(r"arn:aws[a-z-]*:secretsmanager:(?P<region>[^:]+):[0-9]{12}:secret:(?P<name>.+)-[A-Za-z0-9]{6}")


def token_spec_of(owner: str, identity: IdentityPlan, connection: Connection, system_user_id: str) -> TokenSpec:
    """The same as `pulumi up` asks, so that its next run finds nothing to mint.

    Args:
        owner: `project/stack`.
        identity: Its secret's name is known.
        connection: The identity's.
        system_user_id: Of the identity, as the connection's app sees it.
    """
    project, _, stack = owner.partition("/")
    return TokenSpec(
        project=project,
        stack=stack,
        secret_name=identity.secret,
        app_id=connection.app_id,
        business_id=connection.business_id,
        system_user_id=system_user_id,
        api_version=connection.api_version,
        scopes=identity.scopes,
        expires=identity.lifetime == SIXTY_DAYS,
        keepers=identity.keepers,
        grace_s=seconds(identity.grace) or 0,
        rotate_before_s=seconds(identity.rotate_before) or 0,
        kms_key=identity.kms_key,
        rotation_owner=identity.rotation_owner,
    )


@click.group(name="token")
def command() -> None:
    """Take over a token that is there already."""


def chosen(plans: Sequence[IdentityPlan], named: str) -> IdentityPlan:
    """The identity of that key, or the one whose secret has that name or ARN.

    Raises:
        ClickException: There is none, or its secret's name is not known before it is made.
    """
    secret = _OF_ARN.fullmatch(named)
    names = {named} if secret is None else {secret["name"]}
    found = next((one for one in plans if names & {one.key, one.secret}), None)
    if found is None:
        known = ", ".join(f"{one.key} ({one.secret})" for one in plans) or "none"
        raise click.ClickException(
            f"No identity of meta:identities is called {named!r} or has a secret of that name. Nothing was changed. "
            f"There are: {known}. To adopt a token, set `secret` of its identity to the name of the secret it lies in."
        )
    if not found.has_token:
        raise click.ClickException(
            f"Identity {found.key} has token: none, so this stack keeps no token of it. Nothing was changed. Write its "
            "use_case or scopes instead of that line, and `secret`, the name of the secret that the token lies in."
        )
    if plan.SUFFIX in found.secret:
        raise click.ClickException(
            f"The secret of identity {found.key}, {found.secret}, gets its name when `pulumi up` makes it, and the "
            "state has none yet. Nothing was changed. Set `secret` of the identity to the name of the secret that the "
            "token lies in."
        )
    return found


def named_by_state(plans: Iterable[IdentityPlan], state: Mapping[str, Any]) -> list[IdentityPlan]:
    """The identities; a secret whose name was made by an earlier `up` has the one that the state knows."""
    known = {token.name: token.secret for token in tokens_of(state)}
    return [
        replace(one, secret=known[one.key]) if plan.SUFFIX in one.secret and one.key in known else one for one in plans
    ]


def user_of(found: IdentityPlan, state: Mapping[str, Any]) -> str:
    """Id of an identity's system user: as the state has it, else as the configuration does.

    Raises:
        ClickException: Neither says.
    """
    user = pulumi_stack.system_users(state).get(found.key, found.adopt)
    if user is None:
        raise click.ClickException(
            f"The system user of identity {found.key} is not known: it stands in no state, and `adopt` does not say. "
            "Nothing was changed. Set `adopt` of the identity to the user's id, or run `pulumi up` first."
        )
    return user


@command.command(name="adopt")
@click.argument("identity_or_secret")
@click.option("--key", help="JSON key the token stands under; access_token, or the whole value, when absent.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def adopt_command(identity_or_secret: str, key: str | None, stack: str | None, *, yes: bool, as_json: bool) -> None:
    """Take over the token that lies in the secret of an identity; nothing is minted, nothing ended.

    The identity is named by its key, or by the name or ARN of its secret.

    Afterwards the secret holds the JSON object that every secret of this tool holds, the token under access_token.
    """
    refuse_offline("nothing can be adopted")
    name, home = stack or pulumi_stack.selected(), pulumi_stack.find(Path.cwd())
    loaded = current.read(name)
    state = pulumi_stack.export(name)
    found = chosen(named_by_state(plan.identities(loaded.spec, loaded.rules), state), identity_or_secret)
    user = user_of(found, state)
    connection = settings_of(loaded.spec).connections[found.connection]
    check_pairing(connection.graph_url, connection.aws)
    secret = _OF_ARN.fullmatch(identity_or_secret)
    if secret is not None and secret["region"] != connection.aws.region:
        raise click.ClickException(
            f"That secret lies in {secret['region']}, and connection {connection.name} keeps its secrets in "
            f"{connection.aws.region}. Nothing was changed. Put the token into a secret there."
        )
    to_person(
        f"Secret {found.secret} becomes this stack's: its token is kept, and its value becomes a JSON object with the "
        "token under access_token. A program that reads it in another shape must be changed first."
    )
    if not yes and not agrees("Take it over?"):
        raise click.ClickException("not confirmed; nothing was changed.")
    done = adopt(
        store_for(connection.aws),
        issuer_of(client_for(connection)),
        token_spec_of(f"{home.name}/{name}", found, connection, user),
        key=key,
        notify=to_person,
    )
    ends = iso(done.expires_at) if done.expires_at else NEVER
    if as_json:
        click.echo(json.dumps({**asdict(done), "expires_at": ends}))
    else:
        text = "adopted" if done.changed else "was adopted before"
        answer(
            f"{found.key}: {text}, generation {done.generation} of secret {done.secret_name}, {done.fingerprint}, "
            f"expires {ends}. `pulumi up` keeps it."
        )
