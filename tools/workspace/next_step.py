"""What a newcomer may try next on stack dev: one human step of an open gate, played from a shell. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# End of a gate's name -> the act that opens it in the emulated Meta of the dev stack.
ACTS = {
    "-app-roles": "meta-access emulator act accept-role ines --role developer",
    "-verification": "meta-access emulator act verify",
}
OPEN = "satisfied"


def suggest(gates: Mapping[str, str]) -> str:
    """Return the last lines of `make up`.

    Args:
        gates: Name to status, as the stack exports them.
    """
    shell = 'eval "$(make -s env)"'
    for end, act in ACTS.items():
        for name, status in gates.items():
            if name.endswith(end) and status != OPEN:
                return (
                    f"Next: do the people's part of gate {name} in the emulated Meta, and see it open:\n"
                    f"  {shell}\n  {act}\n  meta-access review --stack dev --all"
                )
    return f"Next: change stacks/Pulumi.dev.yaml and see what an up would do:\n  {shell}\n  make preview"
