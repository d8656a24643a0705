"""`meta-access emulator`: start, stop and ask the emulated Meta and Secrets Manager, and play Meta's side."""

from __future__ import annotations

import functools
import inspect
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from meta_access.emulator import acts, client, process
from meta_access.emulator.persistence import HOME_VARIABLE, StateFolder, default_home
from meta_access.emulator.process import ProcessError, Where

if TYPE_CHECKING:
    from collections.abc import Callable

REGION = "eu-central-1"


@click.group(name="emulator")
def command() -> None:
    """Run Meta and Secrets Manager on this machine, with fake tokens."""


def _where(function: Callable[..., None]) -> Callable[..., None]:
    """Options that name an emulator, handed on as one `Where`, and `--json`."""

    @click.option("--home", type=click.Path(path_type=Path), help="State folder.")
    @click.option("--port", type=click.IntRange(0, 65535), help="Graph port; 8765 when left out, 0 takes a free one.")
    @click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
    @functools.wraps(function)
    def with_where(home: Path | None, port: int | None, **rest: Any) -> None:
        named = home is not None or bool(os.environ.get(HOME_VARIABLE))
        where = Where((home or default_home()).absolute(), port, rest.pop("aws_port", None), named=named)
        function(where, **rest)

    return with_where


@command.command()
@click.option("--foreground", is_flag=True, help="Stay in this terminal until Ctrl-C.")
@click.option("--aws-port", type=click.IntRange(0, 65535), help="Secrets Manager port; 8766 when left out.")
@_where
def start(where: Where, *, foreground: bool, as_json: bool) -> None:
    """Start both services; one that runs already is reused."""
    if foreground:
        process.foreground(where, lambda text: click.echo(text, err=as_json))
        return
    found, new = process.start(where)
    text = "emulator started" if new else "emulator runs already and is used as it is"
    detail = f"graph {found['graph']}, secrets manager {found['aws']}, pid {found['pid']}"
    _tell({**_status(found), "started": new}, f"{text}: {detail}", as_json=as_json)


@command.command()
@_where
def stop(where: Where, *, as_json: bool) -> None:
    """Stop both services; their world is kept for the next start."""
    pid = process.stop(where)
    text = "no emulator runs" if pid is None else f"emulator stopped (pid {pid}); its world is kept"
    _tell({"running": False, "stopped": pid is not None}, text, as_json=as_json)


@command.command()
@_where
def status(where: Where, *, as_json: bool) -> None:
    """Say whether it runs, where, and with which fake credentials. Exit code 1 when it does not run."""
    found = process.running(where)
    if found is None:
        _not_running(as_json=as_json)
    shown = _status(found)
    width = max(len(name) for name in shown)
    _tell(
        shown,
        "\n".join(f"{name:<{width}}  {value}" for name, value in shown.items() if value is not None),
        as_json=as_json,
    )


@command.command()
@_where
def reset(where: Where, *, as_json: bool) -> None:
    """Go back to the starting world, Secrets Manager included; also mends a world that cannot be read."""
    found = process.running(where)
    if found is not None:
        if not where.means(found):
            raise ProcessError(f"the emulator at {found['graph']} is another folder's: {found['home']}. Name it.")
        _ask(found, "/_control/reset", "POST")
        _tell({"running": True, "reset": True}, "emulator reset to the starting world", as_json=as_json)
        return
    folder = StateFolder(where.home)
    folder.take()
    removed = folder.wipe()
    folder.release()
    text = f"removed {', '.join(removed)}" if removed else "there was nothing to reset"
    _tell({"running": False, "reset": True}, f"{text}; the next start begins with the starting world", as_json=as_json)


@command.group()
def act() -> None:
    """Do what people do in Meta's dashboards, because no call can."""


def _add_act(name: str, function: Callable[..., str]) -> None:
    """A subcommand per act: what it needs are arguments, what it may take are options."""

    @_where
    def run(where: Where, *, as_json: bool, **given: str | None) -> None:
        found = process.running(where)
        if found is None:
            _not_running(as_json=as_json)
        chosen = {key: value for key, value in given.items() if value is not None}
        done = _ask(found, "/_control/act", "POST", {"action": name, **chosen})
        _tell(done, done["done"], as_json=as_json)

    made = click.Command(name, callback=run, help=function.__doc__, params=list(getattr(run, "__click_params__", [])))
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        needed = parameter.default is inspect.Parameter.empty
        made.params.append(
            click.Argument([parameter.name]) if needed else click.Option([f"--{parameter.name}"], help=_help(parameter))
        )
    act.add_command(made)


def _help(parameter: inspect.Parameter) -> str:
    texts = {
        "app": "Id or name; the first app when left out.",
        "business": "Id or name; the first business when left out.",
        "level": "The highest when left out.",
        "state": "on or off; on when left out.",
        "role": f"One of {', '.join(acts.ROLES)}; that of the invitation when left out.",
        "status": f"One of {', '.join(acts.VERIFICATION)}; verified when left out.",
        "tasks": "Separated by commas; ADVERTISE,ANALYZE when left out.",
    }
    if parameter.default == "EMPLOYEE":
        return "ADMIN or EMPLOYEE; EMPLOYEE when left out."
    return texts.get(parameter.name, "")


for _name, _function in acts.ACTS.items():
    _add_act(_name, _function)


def _status(found: dict[str, Any]) -> dict[str, Any]:
    given = _ask(found, "/_control/credentials")
    return {
        "running": True,
        "graph_url": found["graph"],
        "aws_url": found["aws"],
        "aws_region": given.get("aws_region", REGION),
        "dashboard_url": f"{found['graph']}/dashboard",
        "app_id": given["app_id"],
        "app_secret": given["app_secret"],
        "business_id": given["business_id"],
        "admin_token": given["admin_token"],
        "pid": found["pid"],
        "home": found["home"],
    }


def _ask(found: dict[str, Any], path: str, method: str = "GET", body: Any = None) -> Any:
    try:
        return client.ask(found["graph"], path, method, body)
    except (client.RefusedError, client.NotThereError) as failed:
        raise ProcessError(str(failed)) from None


def _not_running(*, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(json.dumps({"running": False}))
        raise click.exceptions.Exit(1)
    raise ProcessError("no emulator runs here. Start one with `meta-access emulator start`.")


def _tell(data: dict[str, Any], text: str, *, as_json: bool) -> None:
    click.echo(json.dumps(data) if as_json else text)
