"""`meta-access emulator`: start, stop and ask the emulated Meta and Secrets Manager, and play Meta's side."""

from __future__ import annotations

import functools
import inspect
import json
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from meta_access import __version__
from meta_access.cli import terminal
from meta_access.clock import seconds
from meta_emulator import acts, client, har, process, world_files
from meta_emulator.certificates import Files
from meta_emulator.httpd import HOST
from meta_emulator.persistence import HOME_VARIABLE, StateFolder, default_home
from meta_emulator.process import ProcessError, Where
from meta_emulator.world_json import WorldError

if TYPE_CHECKING:
    from collections.abc import Callable

REGION = "eu-central-1"


@click.group(name="emulator")
def command() -> None:
    """Run Meta and Secrets Manager on this machine, with fake tokens."""


_GIVEN = ("host", "exposed", "world", "tls", "allowed_hosts")


def _where(function: Callable[..., None]) -> Callable[..., None]:
    """Options that name an emulator, handed on as one `Where`, and `--json`."""

    @click.option("--home", type=click.Path(path_type=Path), help="State folder.")
    @click.option("--port", type=click.IntRange(0, 65535), help="Graph port; 8765 when left out, 0 takes a free one.")
    @click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
    @functools.wraps(function)
    def with_where(home: Path | None, port: int | None, **rest: Any) -> None:
        named = home is not None or bool(os.environ.get(HOME_VARIABLE))
        given = {name: rest.pop(name) for name in _GIVEN if name in rest}
        where = Where((home or default_home()).absolute(), port, rest.pop("aws_port", None), named=named, **given)
        function(where, **rest)

    return with_where


_WORLD = click.option("--world", help=f"World file, or one of {', '.join(world_files.names())}.")


@command.command()
@click.option("--foreground", is_flag=True, help="Stay in this terminal until Ctrl-C.")
@click.option("--aws-port", type=click.IntRange(0, 65535), help="Secrets Manager port; 8766 when left out.")
@click.option("--host", default=HOST, show_default=True, help="Address to listen on.")
@click.option("--expose", "exposed", is_flag=True, help="Allow an address that others can reach.")
@click.option("--tls", is_flag=True, help="Speak https, too; `env` prints what makes clients trust it.")
@click.option(
    "--allow-host", "allowed_hosts", multiple=True, metavar="NAME", help="Name that clients may use; repeatable."
)
@_WORLD
@_where
def start(where: Where, *, foreground: bool, as_json: bool) -> None:
    """Start both services; one that runs already is reused."""
    if foreground:
        terminal.serves()
        process.foreground(where, lambda text: click.echo(text, err=as_json))
        return
    try:
        found, new = process.start(where)
    except WorldError as wrong:
        raise ProcessError(f"cannot start with the world {where.world}: {wrong}") from None
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
    shown = _status(_running(where, as_json=as_json))
    width = max(len(name) for name in shown)
    _tell(
        shown,
        "\n".join(
            f"{name:<{width}}  {'-' if value is None else value}" for name, value in shown.items() if value is not None
        ),
        as_json=as_json,
    )


@command.command()
@_where
def env(where: Where, *, as_json: bool) -> None:
    """Print the variables that make clients trust an emulator with --tls, for `eval` in a shell."""
    found = _running(where, as_json=as_json)
    if not found.get("tls"):
        raise ProcessError(
            f"the emulator at {found['graph']} speaks plain http, for which clients need nothing. For https, stop it "
            "and start it with --tls."
        )
    shown = Files(StateFolder(Path(found["home"])).tls_folder).variables()
    lines = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in shown.items())
    click.echo(json.dumps(shown) if as_json else lines)


@command.command()
@_WORLD
@_where
def reset(where: Where, *, as_json: bool) -> None:
    """Go back to the starting world, Secrets Manager included; also mends a world that cannot be read.

    With --world, that one is the starting world from now on.
    """
    try:
        file = None if where.world is None else world_files.find(where.world)
        if file is not None:
            world_files.check(file)
    except WorldError as wrong:
        raise ProcessError(str(wrong)) from None
    found = process.running(where)
    if found is not None:
        if not where.means(found):
            raise ProcessError(process.other_folder(where, found))
        _ask(found, "/_control/reset", "POST", None if file is None else {"name": file.name, "world": file.data})
        _tell({"running": True, "reset": True}, "emulator reset to the starting world", as_json=as_json)
        return
    folder = StateFolder(where.home)
    folder.take()
    removed = folder.wipe()
    if file is not None:
        folder.keep_starting_point(file)
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
        found = _running(where, as_json=as_json)
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


def _running(where: Where, *, as_json: bool) -> dict[str, Any]:
    """The emulator that is meant; one at `--port` that belongs to another folder than the one named is not."""
    found = process.running(where)
    if found is None:
        _not_running(as_json=as_json)
    if not where.means(found):
        raise ProcessError(process.other_folder(where, found))
    return found


def addresses() -> tuple[str, str] | None:
    """Where the usual emulator of this machine serves Graph and Secrets Manager; None when it does not run."""
    found = process.running(Where(default_home().absolute(), None, named=bool(os.environ.get(HOME_VARIABLE))))
    return None if found is None else (str(found["graph"]), str(found["aws"]))


@command.group()
def fault() -> None:
    """Make calls fail, hang, lie or take their time; see docs/emulator for the kinds."""


@fault.command("add")
@click.argument("kind")
@click.option("--service", help="graph or secretsmanager; both when left out.")
@click.option("--method", help="HTTP method of a Graph call.")
@click.option("--operation", help="Operation of Secrets Manager.")
@click.option("--path", help="Regular expression searched in Graph's path or in the operation.")
@click.option("--nth", type=int, help="First matching call to strike; 1 when left out.")
@click.option("--times", type=int, help="How often to strike; 1 when left out, for stale and latency until cleared.")
@click.option("--code", type=int, help="Graph's error code.")
@click.option("--subcode", type=int, help="Graph's error subcode.")
@click.option("--message", help="Graph's error message.")
@click.option("--status", type=int, help="HTTP status.")
@click.option("--body", help="Body of the answer; JSON is sent as JSON.")
@click.option("--header", "headers", multiple=True, metavar="NAME=VALUE", help="Header of the answer; repeatable.")
@click.option("--applied", is_flag=True, default=None, help="Do what was asked first.")
@click.option("--seconds", type=float, help="How long to hang.")
@click.option("--ms", type=float, help="Latency, or how far a stale read lies behind.")
@click.option("--writes", type=int, help="How many changes a stale read lies behind.")
@_where
def add_fault(where: Where, *, as_json: bool, headers: tuple[str, ...], body: str | None, **given: Any) -> None:
    """Add a fault of a KIND: http, graph, drop_before, drop_after, hang, garbage, stale, latency."""
    found = _running(where, as_json=as_json)
    spec = {key: value for key, value in given.items() if value is not None}
    pairs = [header.partition("=") for header in headers]
    if any(not name or not sign for name, sign, _ in pairs):
        raise ProcessError("header: write it as NAME=VALUE.")
    if pairs:
        spec["headers"] = {name: value for name, _, value in pairs}
    if body is not None:
        spec["body"] = _maybe_json(body)
    added = _ask(found, "/_control/faults", "POST", spec)
    _tell(added, f"fault {added['id']} added: {_sentence(added)}", as_json=as_json)


@fault.command("list")
@_where
def list_faults(where: Where, *, as_json: bool) -> None:
    """Show the faults, and how often each has struck."""
    shown = _ask(_running(where, as_json=as_json), "/_control/faults")
    texts = [f"{one['id']}: {_sentence(one)}; {one['hits']} of {one['seen']} calls struck" for one in shown]
    _tell({"faults": shown}, "\n".join(texts) or "no faults", as_json=as_json)


@fault.command("clear")
@click.option("--id", "fault_id", type=int, help="That one; all when left out.")
@_where
def clear_faults(where: Where, *, as_json: bool, fault_id: int | None) -> None:
    """Remove faults. Without --id all of them, and what hangs goes on."""
    query = "" if fault_id is None else f"?id={fault_id}"
    _ask(_running(where, as_json=as_json), f"/_control/faults{query}", "DELETE")
    text = "faults cleared" if fault_id is None else f"fault {fault_id} cleared"
    _tell({"cleared": True}, text, as_json=as_json)


@command.command()
@click.option("--advance", metavar="DURATION", help="Such as 60d, 12h, 90m or 30s.")
@click.option("--set", "moment", metavar="MOMENT", help="Such as 2027-01-01T00:00:00Z; not before the time shown.")
@_where
def clock(where: Where, *, as_json: bool, advance: str | None, moment: str | None) -> None:
    """Show the clock of both services, or move it forward."""
    found = _running(where, as_json=as_json)
    if advance is not None and moment is not None:
        raise ProcessError("--advance and --set: give one of them.")
    if advance is None and moment is None:
        shown = _ask(found, "/_control/clock")
    else:
        body = {"set": moment} if advance is None else {"advance_s": _seconds(advance)}
        shown = _ask(found, "/_control/clock", "POST", body)
    _tell(shown, shown["now"], as_json=as_json)


@command.command()
@click.option("--format", "form", type=click.Choice(["text", "jsonl", "har"]), default="text", show_default=True)
@click.option("--service", type=click.Choice(["graph", "secretsmanager", "webhook"]), help="All when left out.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A file, instead of the terminal.")
@_where
def journal(where: Where, *, as_json: bool, form: str, service: str | None, output: Path | None) -> None:
    """Show or export the last calls. No parameter, header, body or token is in it."""
    found = _running(where, as_json=as_json)
    calls = [call for call in _ask(found, "/_control/calls") if service in (None, call["service"])]
    if as_json:
        text = json.dumps({"calls": calls}) + "\n"
    elif form == "har":
        text = json.dumps(har.archive(calls, found["graph"], found["aws"], __version__), indent=1) + "\n"
    elif form == "jsonl":
        text = har.lines(calls)
    else:
        text = "".join(
            f"{call['at']} {call['status'] or 'cut':>3} {call['method']:<6} {call['path']}"
            f"{'' if call['code'] is None else '  error ' + str(call['code'])}\n"
            for call in calls
        )
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as failed:
        raise ProcessError(f"cannot write {output}: {failed.strerror}.") from None
    terminal.answer(f"{len(calls)} calls written to {output}")


def _sentence(fault: dict[str, Any]) -> str:
    """A fault in one line, without what was left at its default."""
    plain = {"id", "kind", "seen", "hits"}
    said = [f"{key} {value}" for key, value in fault.items() if key not in plain and value is not None]
    return ", ".join([fault["kind"], *said])


def _maybe_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _seconds(duration: str) -> int:
    found = seconds(duration)
    if found is None:
        raise ProcessError(f"--advance: {duration!r} is not a duration; write it like 60d, 12h, 90m or 30s.")
    return found


def _status(found: dict[str, Any]) -> dict[str, Any]:
    given = _ask(found, "/_control/credentials")
    return {
        "running": True,
        "graph_url": found["graph"],
        "aws_url": found["aws"],
        "aws_region": given.get("aws_region", REGION),
        "world": found["world"],
        "ca_file": str(Files(StateFolder(Path(found["home"])).tls_folder).authority) if found.get("tls") else None,
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
    if as_json:
        click.echo(json.dumps(data))
    else:
        terminal.answer(text)
