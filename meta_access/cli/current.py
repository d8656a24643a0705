"""A stack as its program sees it today: without what has ended (`until`).

The day is Meta's. A command that asks Meta nothing goes by this machine's clock, and by the last calls of this tool:
an emulator's clock may be ahead.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from meta_access import call_log
from meta_access.cli import pulumi_stack
from meta_access.stack import gate_names, time_limits
from meta_access.stack.load import load_stack

if TYPE_CHECKING:
    from datetime import date

    from meta_access.stack.load import Stack


def moment(stack: Stack, now: datetime) -> datetime:
    """What time it is at Meta, as far as this machine knows; `now` by a clock of its own, or of one it has asked."""
    used = {(stack.spec.apps[one.app].id, one.graph_url) for one in stack.spec.connections.values()}
    calls = (call.at for place in used for call in call_log.read(*place))
    return max([now, *calls])


def ended_gates(stack: Stack, day: date) -> set[str]:
    """The gates that no longer belong to a stack on a day; the state has them until the next update."""
    left = gate_names.of_stack(time_limits.on(stack, day).spec, stack.rules)
    return set(gate_names.of_stack(stack.spec, stack.rules)).difference(left)


def today(stack: Stack) -> Stack:
    """A stack without what has ended by now."""
    return time_limits.on(stack, moment(stack, datetime.now(UTC)).date())


def typed(name: str) -> Stack:
    """The stack of the project here as its files declare it, with what has ended.

    Args:
        name: As pulumi takes it, with or without organization and project.

    Raises:
        ConfigError: Its configuration is refused.
        StackReadError: It cannot be read.
    """
    home = pulumi_stack.find(Path.cwd())
    return load_stack(pulumi_stack.config(name), name.rpartition("/")[2], home.stacks, project=home.name)


def read(name: str) -> Stack:
    """The stack of the project here, as it is today.

    Raises:
        ConfigError: Its configuration is refused.
        StackReadError: It cannot be read.
    """
    return today(typed(name))
