"""`meta-access snapshot`: what a preview reads, as a file; see `meta_access.snapshot`. For a protected nightly job."""

from __future__ import annotations

import json
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from meta_access import snapshot
from meta_access.cli import pulumi_run, pulumi_stack
from meta_access.cli.terminal import answer, to_person
from meta_access.errors import GraphUnreachableError, MetaAccessError, OfflineError
from meta_access.graph.business_assets import CLIENT, OWNED, PENDING
from meta_access.graph.reads import reads_for
from meta_access.ids import parse_asset
from meta_access.snapshot import SnapshotError, Subject
from meta_access.stack.connections import is_offline, settings_from_config

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meta_access.stack.connections import Connection

_LAST = 40


def recorded(stack: str) -> dict[str, Any]:
    """Preview a stack, look at what a change of it would ask for, and put together what that was answered.

    Raises:
        SnapshotError: The preview failed, so that its reads are not whole.
        StackReadError: The stack cannot be read.
    """
    settings = settings_from_config(pulumi_stack.config(stack).get)
    project = pulumi_stack.find(Path.cwd()).name
    subject = Subject.of(project, stack, settings.environment, settings.rules, settings.connections.values())
    with tempfile.TemporaryDirectory(prefix="meta-access-snapshot-") as name:
        folder = Path(name)
        with snapshot.recording_into(folder):
            _preview(stack)
            state = pulumi_stack.export(stack)
            for connection in settings.connections.values():
                _look_further(connection, state)
        return snapshot.made(subject, folder, state)


def _look_further(connection: Connection, state: Mapping[str, Any]) -> None:
    """Ask what a change of the stack would ask about, and the stack as it is does not: the lists of its businesses.

    What Meta refuses is recorded as well; what cannot be reached is unknown.
    """
    outputs = [entry.get("outputs") or {} for entry in pulumi_stack.resources(dict(state))]
    ours = [one for one in outputs if one.get("connection") == connection.name]
    users = sorted({str(one["system_user_id"]) for one in ours if one.get("system_user_id")})
    kinds = sorted({"ad_account", "page", *(parse_asset(str(one["asset"])).kind for one in ours if one.get("asset"))})
    reads = reads_for(connection)
    asked: list[Callable[[], object]] = [
        reads.business,
        reads.system_users,
        reads.business_users,
        reads.app_roles,
        reads.app_permissions,
        *(partial(reads.business_assets, side, kind) for side in (OWNED, CLIENT, PENDING) for kind in kinds),
        *(partial(reads.assigned, user, kind) for user in users for kind in kinds),
        *(partial(reads.assigned_apps, user) for user in users),
        partial(reads.holders, *kinds),
        reads.token_user,
    ]
    for ask in asked:
        try:
            ask()
        except SnapshotError:
            raise
        except GraphUnreachableError:
            return
        except MetaAccessError:
            continue


def _preview(stack: str) -> None:
    said: list[str] = []
    done = pulumi_run.looking(["preview"], stack, out=said.append, err=said.append)
    if done.code != 0 or done.stood:
        for line in said[-_LAST:]:
            to_person(line.rstrip("\n"))
        raise SnapshotError(
            "Nothing was recorded: the preview failed, as it says above, so it has not read all there is.",
            next_step="Mend what it says, then repeat.",
        )


@click.command(name="snapshot")
@click.option("--stack", help="The stack; the selected one when absent.")
@click.option(
    "--out",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Where to write it; only you may read it, and one that is there is replaced.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(stack: str | None, file: Path, *, as_json: bool) -> None:
    """Record what a preview of a stack reads of Meta and of Secrets Manager, with its state, in a dated file.

    Nothing is changed anywhere. The file holds no token, no app secret and no value of a secret; it does hold ids,
    names and e-mail addresses of the people in the stack and the business.
    """
    if is_offline():
        raise OfflineError("META_ACCESS_OFFLINE=1 forbids every call, so nothing can be recorded. Unset it and repeat.")
    name = stack or pulumi_stack.selected()
    to_person(f"Previewing stack {name}, to record what that reads.")
    whole = recorded(name)
    try:
        snapshot.write(whole, file)
    except OSError as error:
        raise SnapshotError(f"Writing {file} failed: {error.strerror}. Name a file in a folder of yours.") from None
    counts = {"reads": len(whole["reads"]), "resources": len(pulumi_stack.resources(whole["state"]))}
    if as_json:
        facts = {key: whole[key] for key in ("date", "project", "stack", "environment", "digest")}
        click.echo(json.dumps({"file": str(file), **facts, **counts}))
        return
    found = ", ".join(f"{what}: {count}" for what, count in counts.items())
    answer(
        f"{file}: stack {name} as of {whole['date']} ({found}). It holds no secret, but names and e-mail addresses of "
        "people."
    )
