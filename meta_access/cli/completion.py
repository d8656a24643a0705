"""`meta-access completion`: what a shell reads to complete commands and options. click's own, under a name to find."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from meta_access.cli import COMPLETE


@click.command(name="completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell.

    bash, in ~/.bashrc: eval "$(meta-access completion bash)"

    zsh, in ~/.zshrc: eval "$(meta-access completion zsh)"

    fish: meta-access completion fish > ~/.config/fish/completions/meta-access.fish
    """
    root = click.get_current_context().find_root().command
    kind = get_completion_class(shell)
    assert kind is not None, shell
    click.echo(kind(root, {}, "meta-access", COMPLETE).source())
