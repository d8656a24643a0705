"""`meta-access access-review`: the steps of a review, and the pack for auditors."""

from __future__ import annotations

import click

from meta_access.cli.access_review import close, pack, sign, start, status


@click.group(name="access-review")
def command() -> None:
    """Let people decide who keeps access to which asset, and pack for auditors who had it.

    start writes a record per client, sign puts decisions into it, its commit signs them, and close writes what follows
    into the stack's files: the next change.
    """


for one in (start, sign, status, close, pack):
    command.add_command(one.command)
