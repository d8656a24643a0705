"""`meta-access revoke`: for the emergency. Ends what secrets hold, and renews them; may be repeated at any point."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING
from uuid import uuid4

import click

from meta_access import audit
from meta_access.cli.graph_client import client_for
from meta_access.cli.terminal import agrees, answer, to_person
from meta_access.cli.tokens import stack_tokens
from meta_access.cli.tokens.renewal import Renewal
from meta_access.cli.tokens.revoke_many import ALONE, Target, pending, revoke
from meta_access.clock import iso
from meta_access.graph.issuer import TokenIssuer, issuer_of
from meta_access.providers.system_user_token import observed
from meta_access.tokens import revocation, tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meta_access.cli.tokens.revoke_many import Revoked
    from meta_access.cli.tokens.stack_tokens import StackToken, StackTokens
    from meta_access.stack.connections import Connection
    from meta_access.tokens.issuer import Issuer
    from meta_access.tokens.observe import Observed
    from meta_access.tokens.revocation import Condemned
    from meta_access.tokens.store import SecretStore
    from meta_access.tokens.tags import Order


class LiveRevocation:
    """The emulated or the real Meta and Secrets Manager, and the engine."""

    def __init__(self, found: StackTokens, *, verbose: bool = False) -> None:
        self._found = found
        self._tokens = {token.urn: token for token in found.tokens}
        self.up = Renewal(found, verbose=verbose).up

    def look(self, target: Target) -> Observed:
        outputs = self._tokens[target.urn].outputs
        if target.leaving:
            outputs = {**outputs, "arn": target.arn, "version_id": "", "generation": 0, "previous_secrets": []}
        return observed(self._store(target), outputs)

    def standing(self, target: Target) -> Order:
        return tags.order(self._store(target).describe(target.arn).tags)

    def order(self, target: Target, order_id: str) -> Order:
        store, issuer = self._store(target), self._issuer(target)
        given = revocation.order(
            store, issuer, target.arn, owner=self._found.owner, order_id=order_id, notify=to_person
        )
        to_person(f"Secret {target.secret}: every token up to generation {given.through} is condemned.")
        return given

    def end_all(self, user: str, targets: Sequence[Target]) -> None:
        first = targets[0]
        TokenIssuer(client_for(self._connection(first))).end_all(user)
        to_person(f"All tokens of system user {user} are ended.")
        for target in targets:
            audit.write(
                "invalidate",
                at=self._store(target).now(),
                stack=self._found.owner,
                secret=target.secret,
                arn=target.arn,
                notify=to_person,
                trace_id=audit.last_trace(),
                note=f"all tokens of system user {user}",
            )

    def end_condemned(self, target: Target, *, spare_current: bool) -> Condemned:
        to_person(f"Secret {target.secret}: ending what is condemned.")
        store, issuer = self._store(target), self._issuer(target)
        why = ALONE if spare_current else ""
        return revocation.end_condemned(
            store, issuer, target.arn, owner=self._found.owner, spare_current=why, notify=to_person
        )

    def caller(self, target: Target) -> str:
        """Id of the system user whose token the target's connection acts with."""
        return TokenIssuer(client_for(self._connection(target))).calling_token()[0]

    def others(self, user: str, targets: Sequence[Target]) -> list[str]:
        """Secrets of that user which are not among the targets."""
        shown = self._store(targets[0]).of_user(user)
        mine = {target.arn for target in targets}
        return sorted(f"{one.name}, of {tags.owner(one.tags)}" for one in shown if one.arn not in mine)

    def _connection(self, target: Target) -> Connection:
        return self._found.connection(self._tokens[target.urn])

    def _store(self, target: Target) -> SecretStore:
        return self._found.store(self._tokens[target.urn], target.arn)

    def _issuer(self, target: Target) -> Issuer:
        return issuer_of(client_for(self._connection(target)))


def targets_of(found: StackTokens, wanted: str | None) -> list[Target]:
    """The secrets to act on: all of the stack, or those of one token, named by secret, ARN or identity.

    Raises:
        ClickException: The stack has no such token.
    """
    chosen = [one for one in found.tokens if wanted is None or wanted in {one.secret, one.arn, one.name}]
    if not chosen:
        known = ", ".join(sorted(one.secret for one in found.tokens)) or "none"
        asked = "has no token" if wanted is None else f"has no token in a secret {wanted!r}"
        raise click.ClickException(
            f"Stack {found.stack} {asked}. Nothing was changed. Its secrets: {known}. For one that stands in no state "
            "there is `meta-access orphans`."
        )
    if wanted is not None and len({one.arn for one in chosen}) > 1:
        # Children of two components may share a name, and one of them is not the one that leaked.
        raise click.ClickException(
            f"Stack {found.stack} has several tokens called {wanted}. Nothing was changed. Name the secret by its ARN: "
            f"{', '.join(sorted(one.arn for one in chosen))}"
        )
    return [target for token in chosen for target in _of(found, token)]


def _of(found: StackTokens, token: StackToken) -> list[Target]:
    main = Target(
        name=token.name,
        urn=token.urn,
        secret=token.secret,
        arn=token.arn,
        user=token.user,
        scopes=tuple(token.outputs["scopes"]),
        credential=token.is_credential(found.settings),
        start=token.rotate_secret if token.rotated_by_aws else "",
    )
    left = [str(secret["arn"]) for secret in token.outputs["previous_secrets"]]
    return [main, *(_leaving(main, arn) for arn in left)]


def _leaving(main: Target, arn: str) -> Target:
    return Target(
        name=main.name,
        urn=main.urn,
        secret=arn,
        arn=arn,
        user=main.user,
        scopes=main.scopes,
        leaving=True,
        start=main.start,
    )


def _users(actions: LiveRevocation, targets: Sequence[Target]) -> list[str]:
    """Whose tokens may be ended all together: everybody's but the credential's own user's."""
    spared = {actions.caller(target) for target in targets} | {target.user for target in targets if target.credential}
    return sorted({target.user for target in targets} - spared)


def _show(actions: LiveRevocation, targets: Sequence[Target], users: Sequence[str], *, without_successor: bool) -> None:
    to_person("These lose access:")
    for target in targets:
        seen = actions.look(target)
        ends = f"expires {iso(seen.expires_at)}" if seen.expires_at else "never expires"
        to_person(
            f"  - whoever holds generation {seen.generation} of secret {target.secret} (system user {target.user}, "
            f"{', '.join(target.scopes)}; {ends})"
        )
        for token in seen.superseded:
            to_person(f"  - whoever still holds generation {token.generation}, in its grace until {iso(token.ends_at)}")
    for user in users:
        to_person(f"  - whoever holds any other token of system user {user}, of whatever app, stack or hand")
        for other in actions.others(user, [target for target in targets if target.user == user]):
            to_person(f"      among them secret {other}")
    if any(not target.start for target in targets):
        to_person("Each secret gets another token first; whoever reads it again then has access.")
    if users:
        to_person(
            "Then every token of these users ends, that one too, and their secrets get a third: for about a minute in "
            "between, their readers have no valid one."
        )
    for target in targets:
        if target.start and not target.leaving:
            ends = "its readers have no access until then" if without_successor else "that ends the condemned ones"
            to_person(
                f"Secret {target.secret} gets its tokens from AWS's rotation and none from here, and {ends}. Start it "
                f"right afterwards: {target.start}"
            )
    if without_successor:
        to_person("Where no other token can be made, the current one ends all the same: its readers have no access.")


def _print(done: Revoked) -> None:
    for one in done.secrets:
        if one.spared:
            text = f"generation {one.generation} is condemned and LIVES ON: {ALONE}"
        elif one.left:
            text = f"not ended: {one.left}"
        elif one.served:
            text = f"ended; generation {one.generation} is current"
        else:
            text = "ended, and there is no other token yet: its readers have no access"
        if one.start:
            text += f". AWS's rotation, which owns it, mints the next one: {one.start}"
        answer(f"{one.secret}: {text}")
    for user, why in done.users_left.items():
        answer(f"system user {user}: what no secret holds is not ended: {why}")
    if done.code:
        answer("Work is left: run the same command again when the reason is gone.")
    if any(one.spared for one in done.secrets):
        answer("To end what lives on at once, at the cost of its readers' access: say --without-successor as well.")


@click.command(name="revoke")
@click.argument("secret", required=False)
@click.option("--all", "everything", is_flag=True, help="Every secret of the stack, and every token of its users.")
@click.option(
    "--without-successor", is_flag=True, help="End the current token also when no other one can be made: readers lose."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--verbose", is_flag=True, help="Print all that pulumi prints, and not its errors and warnings alone.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    secret: str | None,
    stack: str | None,
    *,
    everything: bool,
    without_successor: bool,
    yes: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    """Put another token into SECRET (its name, ARN or identity), and end the ones it holds at once.

    Shows what loses access and asks. The current token ends once its successor is current, not before. Run it again
    after an interruption: it carries on. Exit code 2 while a token lives that should not, or a secret has none.
    """
    if (secret is None) != everything:
        raise click.ClickException("Name one secret, or say --all. Nothing was changed.")
    found = stack_tokens.read(stack, "nothing can be revoked")
    targets, actions = targets_of(found, secret), LiveRevocation(found, verbose=verbose)
    users = _users(actions, targets) if everything else []
    _show(actions, targets, users, without_successor=without_successor)
    if not yes and not agrees("End them now?"):
        raise click.ClickException("not confirmed; nothing was changed.")
    carried_on = pending(actions, targets)
    if carried_on:
        to_person("An order stands already and is not carried out yet: carrying on with it.")
    done = revoke(actions, targets, carried_on or str(uuid4()), users, without_successor=without_successor)
    if as_json:
        click.echo(json.dumps(asdict(done)))
    else:
        _print(done)
    sys.exit(done.code)
