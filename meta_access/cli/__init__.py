"""The `meta-access` command. Each subcommand is a module here with a `command`, imported only when it is used."""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import importlib.util
import io
import json
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click
from click.shell_completion import CompletionItem

from meta_access import redaction, snapshot
from meta_access.cli import terminal
from meta_access.errors import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


class Subcommand(NamedTuple):
    """Where a subcommand is, and its line of the help, kept here so that `--help` imports no subcommand.

    Attributes:
        live: Whether it changes something, or prints what is to be deployed, so that it needs what is so today.
    """

    module: str
    help: str
    live: bool = False


COMMANDS: Mapping[str, Subcommand] = {
    "access-review": Subcommand(
        "access_review.group", "Let people decide who keeps access, and pack for auditors who had it."
    ),
    "attest": Subcommand(
        "gates.attest", "State what you saw or did at Meta about a gate, in the stack's evidence file.", live=True
    ),
    "audit": Subcommand("tokens.audit", "Read and filter the audit of what was done to tokens."),
    "bootstrap": Subcommand(
        "stack.bootstrap",
        "Make a stack's admin system user and its first token, with your own token for once.",
        live=True,
    ),
    "completion": Subcommand("completion", "Print what completes the words of meta-access in a shell."),
    "discover": Subcommand(
        "stack.discover", "Read a live business, and add what a stack's files lack of it.", live=True
    ),
    "doctor": Subcommand(
        "doctor.command", "Look for what is wrong with machine, stack, connections and tokens, and say what to do."
    ),
    "emulator": Subcommand("emulator", "Run Meta and Secrets Manager on this machine, with fake tokens."),
    "evidence": Subcommand(
        "gates.evidence", "Take over what Meta's developer tools showed, into the stack's evidence file.", live=True
    ),
    "offboard": Subcommand(
        "people.offboard", "Show what a person, client, identity or asset has here, and take it away.", live=True
    ),
    "import": Subcommand(
        "stack.import_file", "Take over what exists at Meta into a stack's state, by a file of discover.", live=True
    ),
    "init": Subcommand("stack.init", "Make a project that works, against the emulator or Meta itself."),
    "orphans": Subcommand(
        "tokens.orphans",
        "List secrets and users of a stack that stand in no state; end them once you agree.",
        live=True,
    ),
    "function": Subcommand(
        "tokens.function", "Print the environment of the rotation function, which binds what it may mint.", live=True
    ),
    "gates": Subcommand("gates.board", "Show what waits for people and who is next; write what App Review needs."),
    "matrix": Subcommand("many.matrix", "List the stacks for a CI matrix, of GitHub or GitLab."),
    "report": Subcommand(
        "stack.report", "Show what a stack made, which human work is open, and when its secrets expire."
    ),
    "review": Subcommand("stack.review", "Show what a preview means: who gains and loses what, and what is refused."),
    "revoke": Subcommand("tokens.revoke", "End tokens at once in an emergency, and renew their secrets.", live=True),
    "rotate": Subcommand("tokens.rotate", "Bring the tokens that are due up to date, and nothing else.", live=True),
    "run-all": Subcommand(
        "many.run_all", "Preview many stacks, or rotate their tokens, and say once what is the same in many."
    ),
    "snapshot": Subcommand(
        "stack.snapshot", "Record what a preview reads, for previews of pull requests without a credential.", live=True
    ),
    "schema": Subcommand("stack.schema", "Print the JSON Schema of stack or client files, for editors."),
    "token": Subcommand("tokens.adopt", "Take over a token that lies in a secret already.", live=True),
    "state": Subcommand("stack.state", "Look into a stack's state."),
    "validate": Subcommand("stack.validate", "Check stack files, without engine, credentials or network."),
    "who": Subcommand("people.who", "Show who may touch which asset, and what of that no line declares."),
}
COMPLETE = "_META_ACCESS_COMPLETE"
"""Where click finds what a shell asks for; its answer has lines of its own, of bytes, and holds our words alone."""
# Subcommand to the modules that the extra of its name brings. Looked for, not imported: most calls do without.
EXTRAS: Mapping[str, tuple[str, ...]] = {"emulator": ("werkzeug", "jinja2")}


class LazyGroup(click.Group):
    """Imports a subcommand when it is asked for, and turns expected failures into one line and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            near = _nearest(cmd_name, COMMANDS)
            raise click.UsageError(f"No such command '{cmd_name}'.{f' Did you mean {near}?' if near else ''}", ctx)
        if COMMANDS[cmd_name].live and os.environ.get(snapshot.VARIABLE):
            text = (
                f"`meta-access {cmd_name}` is refused: {snapshot.VARIABLE} serves previews only. Unset it and repeat."
            )
            raise click.ClickException(text)
        for needed in EXTRAS.get(cmd_name, ()):
            if importlib.util.find_spec(needed) is None:
                text = f"`meta-access {cmd_name}` needs {needed}: run pip install 'meta-access[{cmd_name}]'."
                raise click.ClickException(text)
        found: click.Command = importlib.import_module(f"{__name__}.{COMMANDS[cmd_name].module}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(sorted((name, found.help) for name, found in COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands that begin so, without importing one of them."""
        del ctx
        return [
            CompletionItem(name, help=found.help)
            for name, found in sorted(COMMANDS.items())
            if name.startswith(incomplete)
        ]

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run. Exit codes are ours: click's 2 for wrong usage would read as "work is left".

        Under `--json` a failure is one JSON object on standard output, with its text under `error`.
        """
        run = functools.partial(super().main, args, prog_name, complete_var, standalone_mode=False, **extra)
        if os.environ.get(COMPLETE):
            return super().main(args, "meta-access", COMPLETE)
        if not standalone_mode:
            return run()
        words = sys.argv[1:] if args is None else args
        as_json = "--json" in words
        with terminal.shown(" ".join(["meta-access", *(word for word in words[:1] if word in COMMANDS)])):
            try:
                result: Any = run()
            except click.Abort:
                _fail("stopped.", as_json=as_json)
            except click.ClickException as wrong:
                _fail_to_read(wrong, as_json=as_json)
            except Exception as failed:  # noqa: BLE001 - a library's exception may quote what it was given
                _fail(printable(failed), as_json=as_json)
            # Without standalone mode `ctx.exit(n)` comes back as a value.
            sys.exit(result if isinstance(result, int) else 0)


def _fail(text: str, *, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(json.dumps({"error": text}))
    else:
        terminal.to_person(f"Error: {text}")
    sys.exit(1)


def _fail_to_read(wrong: click.ClickException, *, as_json: bool) -> NoReturn:
    """What was typed cannot be carried out; an option that does not exist names the one that was probably meant."""
    if isinstance(wrong, click.NoSuchOption) and not wrong.possibilities and wrong.ctx is not None:
        options = [option for parameter in wrong.ctx.command.params for option in parameter.opts]
        if near := _nearest(wrong.option_name, options):  # click itself knows no beginnings
            wrong = click.UsageError(f"{wrong.message} Did you mean {near}?", wrong.ctx)
    if as_json:
        _fail(redaction.scrub_lines(wrong.format_message()), as_json=True)
    told = io.StringIO()
    wrong.show(told)
    terminal.to_person(told.getvalue().removesuffix("\n"))
    sys.exit(1)


def _nearest(word: str, known: Collection[str]) -> str | None:
    from meta_access.stack.problems import nearest  # noqa: PLC0415 - most calls know their words

    return nearest(word, known)


# A command's last act would be a look for cycles through all that it imported.
atexit.register(gc.freeze)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="meta-access", prog_name="meta-access")
def main() -> None:
    """Meta Marketing API access, as code."""
    redaction.install()
