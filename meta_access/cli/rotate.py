"""`meta-access rotate --due`: brings the tokens of a stack up to date, and nothing else. Made for a scheduled job."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from meta_access.cli import tokens
from meta_access.cli.progress import to_person
from meta_access.cli.renewal import Renewal
from meta_access.cli.rotation import FRESH, Rotation, Row, rounds
from meta_access.clock import iso
from meta_access.errors import MetaAccessError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from meta_access.cli.tokens import StackToken, StackTokens

NEVER = "never"
REFUSED = (
    "The configuration is refused, so this was done outside Pulumi, and the state still has what was before. Mend the "
    "configuration: the next `pulumi up` reads the new tokens with its refresh and changes nothing."
)
OUTSIDE = (
    "This was done outside Pulumi, and the state still has what was before: the next `pulumi up` reads the new tokens "
    "and changes nothing. Why no run of pulumi came to it is above."
)


def look(found: StackTokens) -> tuple[Row, ...]:
    """Look at every token; trouble with one does not hide the others."""
    return tuple(_row(found, token) for token in found.tokens)


def _row(found: StackTokens, token: StackToken) -> Row:
    credential = token.is_credential(found.settings)
    try:
        seen = found.look(token)
    except MetaAccessError as error:
        return Row(
            name=token.name, urn=token.urn, secret=token.secret, freshness="", credential=credential, trouble=str(error)
        )
    return Row(
        name=token.name,
        urn=token.urn,
        secret=token.secret,
        freshness=seen.freshness,
        expires_at=iso(seen.expires_at) if seen.expires_at else NEVER,
        late=seen.late,
        credential=credential,
        start=token.rotate_secret if seen.late and token.rotated_by_aws else "",
    )


def rotate(look: Callable[[], tuple[Row, ...]], up: Callable[[Sequence[str]], bool]) -> Rotation:
    """Look, run pulumi for what is due, and look again.

    Args:
        look: Gives the tokens and what their secrets tell.
        up: Brings the tokens of these URNs up to date; whether that went well.
    """
    before = look()
    chosen = rounds(before)
    if not chosen:
        return Rotation(before, before)
    failed = False
    for urns in chosen:
        failed = not up(urns) or failed
    return Rotation(before, look(), failed, tuple(row.name for row in before if row.due))


def _print(done: Rotation, outside: Sequence[str], *, refused: bool = False) -> None:
    before = {row.urn: row for row in done.before}
    for row in done.after:
        was = before[row.urn].freshness
        if row.trouble:
            click.echo(f"{row.name}: not looked at. {row.trouble}")
        elif row.start and row.freshness == FRESH:
            click.echo(
                f"{row.name}: expires {row.expires_at}, and AWS's rotation, which owns it, has not replaced it yet. "
                f"Look at the function's last run, or start it: {row.start}"
            )
        elif row.freshness == FRESH:
            how = "done outside Pulumi" if row.name in outside else "done"
            text = f"{was}: {how}" if row.name in done.acted else FRESH
            click.echo(f"{row.name}: {text}, expires {row.expires_at}")
        elif row.due:
            click.echo(f"{row.name}: {row.freshness}; not done, the reason is above")
        else:
            click.echo(f"{row.name}: {row.freshness}; left alone, `pulumi preview` shows what `pulumi up` would do")
    if not done.after:
        click.echo("The stack has no token.")
    if outside:
        click.echo(REFUSED if refused else OUTSIDE)
    if done.failed:
        to_person("A run ended with an error; what it was about is above.")


@click.command(name="rotate")
@click.option("--due", is_flag=True, required=True, help="Only what is due: rotation, retirement, revocation.")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; pulumi's output goes to standard error.")
def command(stack: str | None, *, due: bool, as_json: bool) -> None:
    """Bring the tokens that are due up to date, the credential's first, and touch nothing else of the stack.

    Exit code 0 when nothing is left, 1 after an error, 2 when an operator must look, 3 when a token that could not be
    replaced is near its end.
    """
    del due  # required, so that a later meaning of `rotate` alone is no surprise
    found = tokens.read(stack, "nothing can be rotated")
    renewal = Renewal(found)
    done = rotate(lambda: look(found), renewal.up)
    if as_json:
        told = {
            "acted": done.acted,
            "failed": done.failed,
            "refused": renewal.refused,
            "outside": renewal.outside,
            "tokens": [asdict(row) for row in done.after],
        }
        click.echo(json.dumps(told))
    else:
        _print(done, renewal.outside, refused=renewal.refused)
    sys.exit(done.code)
