"""`meta-access token adopt`: takes over a token that lies in a secret already, so that `pulumi up` need mint none."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access.cli import project
from meta_access.cli import stack as stacks
from meta_access.cli.asking import ask_of
from meta_access.cli.progress import to_person
from meta_access.cli.tokens import tokens_of
from meta_access.clock import iso
from meta_access.connections import is_offline, settings_of
from meta_access.credentials import check_pairing
from meta_access.errors import OfflineError
from meta_access.graph.client import client_for
from meta_access.issuing import issuer_of
from meta_access.providers.payloads import TYPE_PREFIX
from meta_access.spec import load_stack, plan
from meta_access.vault.adoption import adopt
from meta_access.vault.store import store_for
from meta_access.vault.tags import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from meta_access.spec.plan import IdentityPlan


@click.group(name="token")
def command() -> None:
    """Take over a token that is there already."""


def chosen(plans: Sequence[IdentityPlan], named: str) -> IdentityPlan:
    """The identity of that key, or the one whose secret has that name.

    Raises:
        ClickException: There is none, or its secret's name is not known before it is made.
    """
    found = next((one for one in plans if named in {one.key, one.secret}), None)
    if found is None:
        known = ", ".join(f"{one.key} ({one.secret})" for one in plans) or "none"
        raise click.ClickException(
            f"No identity of meta:identities is called {named!r} or has a secret of that name. Nothing was changed. "
            f"There are: {known}. To adopt a token, set `secret` of its identity to the name of the secret it lies in."
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
    for entry in stacks.resources(dict(state)):
        if entry.get("type") == f"{TYPE_PREFIX}SystemUser" and str(entry["urn"]).endswith(f"::{found.key}"):
            return str(entry["id"])
    if found.adopt is None:
        raise click.ClickException(
            f"The system user of identity {found.key} is not known: it stands in no state, and `adopt` does not say. "
            "Nothing was changed. Set `adopt` of the identity to the user's id, or run `pulumi up` first."
        )
    return found.adopt


@command.command(name="adopt")
@click.argument("identity_or_secret")
@click.option("--key", help="JSON key the token stands under; access_token, or the whole value, when absent.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def adopt_command(identity_or_secret: str, key: str | None, stack: str | None, *, yes: bool, as_json: bool) -> None:
    """Take over the token that lies in the secret of an identity; nothing is minted, nothing ended.

    Afterwards the secret holds the JSON object that every secret of this tool holds, the token under access_token.
    """
    if is_offline():
        raise OfflineError("META_ACCESS_OFFLINE=1 forbids every call, so nothing can be adopted. Unset it and repeat.")
    name, home = stack or stacks.selected(), project.find(Path.cwd())
    loaded = load_stack(stacks.config(name), name, home.stacks, project=home.name)
    state = stacks.export(name)
    found = chosen(named_by_state(plan.identities(loaded.spec, loaded.rules), state), identity_or_secret)
    user = user_of(found, state)
    connection = settings_of(loaded.spec).connections[found.connection]
    check_pairing(connection.graph_url, connection.aws)
    to_person(
        f"Secret {found.secret} becomes this stack's: its token is kept, and its value becomes a JSON object with the "
        "token under access_token. A program that reads it in another shape must be changed first."
    )
    if not yes and not click.confirm("Take it over?", err=True):
        raise click.ClickException("not confirmed; nothing was changed.")
    done = adopt(
        store_for(connection.aws),
        issuer_of(client_for(connection)),
        ask_of(f"{home.name}/{name}", found, connection, user),
        key=key,
        notify=to_person,
    )
    ends = iso(done.expires_at) if done.expires_at else NEVER
    if as_json:
        click.echo(json.dumps({**asdict(done), "expires_at": ends}))
    else:
        text = "adopted" if done.changed else "was adopted before"
        click.echo(
            f"{found.key}: {text}, generation {done.generation} of secret {done.secret_name}, {done.fingerprint}, "
            f"expires {ends}. `pulumi up` keeps it."
        )
