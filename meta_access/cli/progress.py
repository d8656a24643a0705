"""What a command tells a person while it works: on standard error, so that standard output is its answer alone."""

from __future__ import annotations

import click


def to_person(text: str) -> None:
    """Print one line."""
    click.echo(text, err=True)
