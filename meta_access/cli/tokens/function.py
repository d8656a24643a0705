"""`meta-access function`: the environment of the rotation function, which binds what that may mint. Changes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from meta_access.cli.terminal import to_person
from meta_access.cli.tokens import stack_tokens
from meta_access.endpoints import REAL_GRAPH_HOST
from meta_access.tokens import aws_rotation
from meta_access.tokens.aws_rotation import Bound, Policy
from meta_access.tokens.tags import SIXTY_DAYS
from meta_access.vault.lambda_handler import ADMIN_TOKEN, APP_SECRET, AWS_URL, GRAPH_URL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meta_access.cli.tokens.stack_tokens import StackToken, StackTokens
    from meta_access.stack.connections import Connection

# Lambda's limit for all variables of a function together.
# Source: AWS Lambda developer guide, "Lambda quotas", read 2026-12-01.
MOST_BYTES = 4096


def chosen(found: StackTokens, named: Sequence[str]) -> list[StackToken]:
    """The tokens that one function rotates: all that AWS rotates, or those of these identities, secrets or ARNs.

    Raises:
        ClickException: There are none, or no one function can rotate them all.
    """
    rotated = [one for one in found.tokens if one.rotated_by_aws]
    known = ", ".join(sorted(one.name for one in rotated)) or "none"
    if unknown := [name for name in named if not any(name in _names(one) for one in rotated)]:
        raise click.ClickException(
            f"Stack {found.stack} has no token with rotation_owner: lambda called {', '.join(unknown)}. There are: "
            f"{known}."
        )
    mine = [one for one in rotated if not named or _names(one) & set(named)]
    if not mine:
        raise click.ClickException(
            f"Stack {found.stack} has no token with rotation_owner: lambda. Set it on the identity, and run `pulumi "
            "up` first: the function's environment is made from what that has made."
        )
    places = {f"{one.outputs['connection']} in {':'.join(_place(one))}" for one in mine}
    if len(places) > 1:
        raise click.ClickException(
            f"The tokens {', '.join(sorted(one.name for one in mine))} belong to several connections, regions or "
            f"accounts: {'; '.join(sorted(places))}. A function acts for one. Name the tokens of one, and deploy a "
            "function for each."
        )
    return mine


def variables(found: StackTokens, mine: Sequence[StackToken]) -> dict[str, str]:
    """The function's environment.

    Raises:
        ClickException: It is longer than AWS allows.
    """
    connection = found.connection(mine[0])
    region, account = _place(mine[0])
    policy = Policy(
        owner=found.owner,
        region=region,
        account=account,
        app_id=connection.app_id,
        business_id=connection.business_id,
        tokens={one.secret: _bound(one, connection) for one in mine},
    )
    made = {
        APP_SECRET: connection.app_secret,
        ADMIN_TOKEN: _admin_token(found, connection),
        aws_rotation.VARIABLE: policy.text(),
    }
    if connection.graph_url != f"https://{REAL_GRAPH_HOST}":
        made[GRAPH_URL] = connection.graph_url
    if connection.aws.endpoint_url is not None:
        made[AWS_URL] = connection.aws.endpoint_url
    size = sum(len(name) + len(value.encode()) for name, value in made.items())
    if size > MOST_BYTES:
        raise click.ClickException(
            f"The environment for {len(mine)} tokens takes {size} bytes, and AWS allows a function {MOST_BYTES}. Name "
            "some of the tokens, and deploy a function for each part."
        )
    return made


def remarks(found: StackTokens, mine: Sequence[StackToken]) -> list[str]:
    """What a person who deploys the function has to know of these tokens."""
    connection = found.connection(mine[0])
    notes = [
        f"token {one.name} is the credential that connection {connection.name} acts with, and a function never mints "
        "for its own user: set rotation_owner: pulumi on that identity, or give the function another credential."
        for one in mine
        if one.is_credential(found.settings)
    ]
    references = {APP_SECRET: connection.app_secret, ADMIN_TOKEN: connection.admin_token}
    return notes + [
        f"{name} is {reference}, so the function needs that variable, too: anybody who may read its configuration "
        "reads the secret. Put it into Secrets Manager and write aws-secret:ARN#key instead."
        for name, reference in references.items()
        if reference.startswith("env:")
    ]


def _bound(token: StackToken, connection: Connection) -> Bound:
    return Bound(
        app_id=connection.app_id,
        business_id=connection.business_id,
        system_user_id=token.user,
        scopes=frozenset(token.outputs["scopes"]),
        expires=token.outputs["lifetime"] == SIXTY_DAYS,
    )


def _admin_token(found: StackTokens, connection: Connection) -> str:
    # A secret by its name is looked for in the region of the secret that is rotated; by its ARN it is that one.
    named = (one.arn for one in found.tokens if connection.admin_token == f"secret:{one.secret}")
    arn = next(named, None)
    return f"aws-secret:{arn}#access_token" if arn else connection.admin_token


def _names(token: StackToken) -> set[str]:
    return {token.name, token.secret, token.arn}


def _place(token: StackToken) -> tuple[str, str]:
    region, account = token.arn.split(":")[3:5]
    return region, account


@click.command(name="function")
@click.argument("tokens_", metavar="[TOKEN]...", nargs=-1)
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, as Lambda takes it.")
def command(tokens_: tuple[str, ...], stack: str | None, *, as_json: bool) -> None:
    """Print the environment of the rotation function, which binds what it may mint.

    It holds references to credentials and no credential. Made for all tokens with rotation_owner: lambda, or for those
    of the identities named; from the state, so run `pulumi up` first.
    """
    found = stack_tokens.read(stack, "the stack is not read")
    mine = chosen(found, tokens_)
    made = variables(found, mine)
    for remark in remarks(found, mine):
        to_person(remark)
    if as_json:
        click.echo(json.dumps({"Variables": made}))
        return
    for name, value in made.items():
        click.echo(f"{name}={value}")
