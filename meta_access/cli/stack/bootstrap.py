"""`meta-access bootstrap`: from a person's short-lived token to the admin system user that a stack acts with."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from meta_access.cli import pulumi_stack
from meta_access.cli.stack.first_token import ADMIN, Made, PersonCredentials, StartingPoint, Wanted, look, make
from meta_access.cli.terminal import DONE, WORK_LEFT, agrees, answer, asks, to_person
from meta_access.clock import iso
from meta_access.graph import system_users
from meta_access.graph.client import GraphClient
from meta_access.redaction import install
from meta_access.stack import plan
from meta_access.stack.connections import refuse_offline, settings_of
from meta_access.stack.credentials import Credentials, check_pairing, checked
from meta_access.stack.fields import IDENTITY
from meta_access.stack.files import NAMESPACE
from meta_access.stack.load import load_stack
from meta_access.stack.models import IdentitySpec
from meta_access.stack.use_cases import permissions_of
from meta_access.tokens.store import store_for
from meta_access.tokens.tags import NEVER
from meta_access.validation import credential_reference

if TYPE_CHECKING:
    from pydantic import SecretStr

    from meta_access.rules import RuleSet
    from meta_access.stack.connections import Connection
    from meta_access.stack.load import Stack
    from meta_access.stack.plan import IdentityPlan

VARIABLE = "META_BOOTSTRAP_TOKEN"
KEY = "access_token"
ROOT = "root"
SCOPES = ("ads_management", "business_management")
SECRET = "meta/{environment}/{identity}"  # noqa: S105 - the pattern of a name


@dataclass(frozen=True, kw_only=True)
class Place:
    """The stack and what of it the first token is for.

    Attributes:
        typed: The tables `connections`, `identities` and `apps` as they stand in the stack's configuration.
        undeclared: Permissions that the app has to declare for an identity that is not declared yet.
    """

    stack: str
    owner: str
    connection: Connection
    identity: IdentityPlan
    rules: RuleSet
    typed: dict[str, dict[str, Any]]
    undeclared: tuple[str, ...] = ()


def place(
    name: str, home: pulumi_stack.Project, values: dict[str, str], connection: str | None, identity: str
) -> Place:
    """Read the stack, and find the connection and the identity.

    Raises:
        ConfigError: The stack's configuration is not sound.
        ClickException: The connection or the identity is not what a first token can be for.
    """
    loaded = load_stack(values, name, home.stacks, project=home.name)
    known = settings_of(loaded.spec).connections
    if connection is None and len(known) > 1:
        raise click.ClickException(f"Say with --connection which one it is for: {', '.join(known)}.")
    chosen = connection or next(iter(known))
    if chosen not in known:
        raise click.ClickException(f"There is no connection {chosen!r}; there are {', '.join(known)}.")
    typed = {part: json.loads(values.get(f"{NAMESPACE}{part}", "{}")) for part in ("connections", "identities", "apps")}
    admin = loaded.spec.connections[chosen].admin_token
    key = admin.removeprefix(IDENTITY) if admin.startswith(IDENTITY) else identity
    app = loaded.spec.connections[chosen].app
    has = loaded.rules.with_dependencies(permissions_of(loaded.spec, loaded.rules, app))
    return Place(
        stack=name,
        owner=f"{home.name}/{name}",
        connection=known[chosen],
        identity=_identity(loaded, key, chosen),
        rules=loaded.rules,
        typed=typed,
        undeclared=() if key in loaded.spec.identities else tuple(scope for scope in SCOPES if scope not in has),
    )


def _identity(loaded: Stack, key: str, connection: str) -> IdentityPlan:
    """The identity as declared, else as it will be proposed."""
    spec = loaded.spec
    if key not in spec.identities:
        made = IdentitySpec(role=ADMIN, connection=connection, on_destroy="keep", scopes=SCOPES, secret=SECRET)
        spec = spec.model_copy(update={"identities": {**spec.identities, key: made}})
    found = next(one for one in plan.identities(spec, loaded.rules) if one.key == key)
    path = f"{NAMESPACE}identities.{key}"
    if found.role != ADMIN or found.connection != connection:
        raise click.ClickException(
            f"{path} is no admin system user of connection {connection}. Write role: {ADMIN}, or name another "
            "identity with --identity."
        )
    if plan.SUFFIX in found.secret:
        raise click.ClickException(
            f"{path}: its secret {found.secret} gets its name when it is made. Give it a secret without {plan.SUFFIX}."
        )
    return found


def person_token(given: str | None, connection: Connection) -> SecretStr:
    """The person's token, from the environment or asked for.

    Raises:
        ClickException: There is neither.
        ConfigError: It is no token, or must not go where the connection leads.
    """
    value, source = given or "", f"env:{VARIABLE}"
    if not value.strip():
        if not sys.stdin.isatty():
            raise click.ClickException(f"There is no token: set {VARIABLE}, or run this in a terminal, which asks.")
        value, source = asks("Your access token (it is not shown)"), "the prompt"
    return checked(value, connection, path="your token", source=source)


def admin_token(at: Place, arn: str) -> str:
    """The reference to write at `admin_token`."""
    reference = f"aws-secret:{arn}#{KEY}"
    return f"{IDENTITY}{at.identity.key}" if credential_reference(reference) else reference


def configuration(at: Place, reference: str, user_id: str) -> dict[str, Any]:
    """What is to stand in the stack file, as typed but for what is new."""
    name, key = at.connection.name, at.identity.key
    declared = at.typed["identities"].get(key)
    fresh = {"role": ADMIN, "connection": name, "scopes": list(SCOPES), "secret": at.identity.secret}
    identity = {**(fresh if declared is None else declared), "adopt": user_id, "on_destroy": "keep"}
    proposed = {
        f"{NAMESPACE}connections": {name: {**at.typed["connections"][name], "admin_token": reference}},
        f"{NAMESPACE}identities": {key: identity},
    }
    if at.undeclared:
        app = at.typed["apps"][at.connection.app_name]
        asked = app.get("permissions", {})
        standard = [*asked.get("standard", []), *at.undeclared]
        proposed[f"{NAMESPACE}apps"] = {at.connection.app_name: {**app, "permissions": {**asked, "standard": standard}}}
    return proposed


def _show(at: Place, found: StartingPoint) -> None:
    here, business = at.connection, found.business
    to_person(f"Business {business.name} (id {business.id}), app {here.app_display} (id {here.app_id}):")
    if found.user is None:
        to_person(f"  - an admin system user {at.identity.name} is created; Meta cannot delete it again")
    else:
        to_person(f"  - the admin system user {found.user.name} (id {found.user.id}) is taken: {found.why}")
    to_person(f"  - the app is installed on it, and a token with {', '.join(at.identity.scopes)} is made for it")
    to_person(f"  - the token goes into secret {at.identity.secret}, {here.aws.region}")
    for note in found.notes:
        to_person(f"Note: {note}")


def _left(at: Place, user_id: str) -> dict[str, str]:
    """The step that Meta gives to people alone, before a token can be minted."""
    here, link = at.connection, at.rules.links["app_access"]
    return {
        "what": (
            f"Assign app {here.app_display} to the system user {at.identity.name} (id {user_id}) with full control. "
            "Without it Meta mints no token. Then run this again."
        ),
        "where": link.at(app_id=here.app_id, business_id=here.business_id),
        "menu": link.menu,
        "expect": f"business {here.business_display} (id {here.business_id})",
    }


def _result(at: Place, found: StartingPoint, made: Made) -> dict[str, Any]:
    result: dict[str, Any] = {
        "stack": at.stack,
        "connection": at.connection.name,
        "business": {"id": found.business.id, "name": found.business.name},
        "app": at.connection.app_id,
        "identity": at.identity.key,
        "system_user": {"id": made.user_id, "created": made.created},
        "secret": None,
        "admin_token": None,
        "configuration": None,
        "left": [],
    }
    if made.outcome is None:
        return {**result, "left": [_left(at, made.user_id)]}
    outcome = made.outcome
    reference = admin_token(at, outcome.arn)
    return {
        **result,
        "secret": {
            "arn": outcome.arn,
            "name": outcome.secret_name,
            "generation": outcome.generation,
            "fingerprint": outcome.fingerprint,
            "scopes": list(outcome.scopes),
            "expires_at": iso(outcome.expires_at) if outcome.expires_at else NEVER,
        },
        "admin_token": reference,
        "configuration": configuration(at, reference, made.user_id),
    }


def _print(result: dict[str, Any]) -> None:
    for step in result["left"]:
        answer(f"Work is left: {step['what']}")
        for key, label in (("where", "where"), ("menu", "menu"), ("expect", "look for")):
            answer(f"    {label + ':':<10}{step[key]}")
    if result["secret"] is None:
        return
    secret = result["secret"]
    answer(
        f"Secret {secret['name']} holds generation {secret['generation']}, {secret['fingerprint']}, expires "
        f"{secret['expires_at']}. It was tried: Meta answers to it.\n"
        "Put this into the stack's configuration; `pulumi up` then acts with it and keeps it fresh:\n"
    )
    click.echo(yaml.safe_dump(result["configuration"], sort_keys=False, allow_unicode=True, width=1000), nl=False)


@click.command(name="bootstrap")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--connection", help="A name of meta:connections; needed when there are several.")
@click.option("--identity", default=ROOT, show_default=True, help="Key of the identity, unless admin_token names one.")
@click.option("--adopt", metavar="ID", help="Take this admin system user instead of creating one.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; needs --yes.")
def command(
    stack: str | None, connection: str | None, identity: str, adopt: str | None, *, yes: bool, as_json: bool
) -> None:
    """Make the admin system user of a connection and its first token, with your own token for this once.

    Your token is read from the environment variable META_BOOTSTRAP_TOKEN, or asked for, and kept nowhere. Run it again
    after an interruption: it carries on. Exit code 2 while a step is left that only a person can take at Meta.
    """
    install()
    # Out of the environment at once: pulumi and all else that is started below is not to have it.
    given = os.environ.pop(VARIABLE, None)
    if as_json and not yes:
        raise click.UsageError("--json asks nothing, so it needs --yes.")
    refuse_offline("nothing can be made")
    name, home = stack or pulumi_stack.selected(), pulumi_stack.find(Path.cwd())
    at = place(name, home, pulumi_stack.config(name), connection, identity)
    here = at.connection
    check_pairing(here.graph_url, here.aws, path=f"meta:connections.{here.name}")
    token = person_token(given, here)
    client = GraphClient(here, PersonCredentials(here, token), notify=to_person)
    store, wanted = store_for(here.aws), Wanted(identity=at.identity, owner=at.owner, adopt=adopt)
    to_person("Looking at your token, the business, the app and the secret.")
    found = look(client, store, wanted, token)
    _show(at, found)
    if not yes and not agrees("Do it?"):
        raise click.ClickException("not confirmed; nothing was changed.")
    made = make(client, store, wanted, found, tell=to_person)
    if made.outcome is not None:
        to_person("Trying the new token.")
        # By its secret's name, as its future reader reads it.
        tried = replace(here, admin_token=f"secret:{made.outcome.secret_name}")
        system_users.list_(GraphClient(tried, Credentials(tried), notify=to_person))
    result = _result(at, found, made)
    if as_json:
        click.echo(json.dumps(result))
    else:
        _print(result)
    sys.exit(DONE if made.outcome is not None else WORK_LEFT)
