"""What an update may export: a resource that failed has outputs nobody knows, and the engine writes a marker for those.

That marker (a fixed UUID) would stand in the stack's outputs, and in whatever reads them, as if it were an ARN.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi

_UNKNOWN = object()


def known(tree: Any) -> Any:
    """The same mapping without the outputs that this update does not know; a single output is None then.

    A preview keeps them all: there the engine shows what will be known.
    """
    if pulumi.runtime.is_dry_run():
        return tree
    if isinstance(tree, pulumi.Output):
        return _or_marker(tree).apply(lambda value: None if value is _UNKNOWN else value)
    if not isinstance(tree, dict):
        return tree
    if not any(isinstance(part, pulumi.Output) for part in tree.values()):
        return {key: known(part) for key, part in tree.items()}
    # One output for these alone: a secret among them hides no more than its own row.
    marked = {key: _or_marker(part) if isinstance(part, pulumi.Output) else part for key, part in tree.items()}
    return pulumi.Output.from_input(marked).apply(
        lambda row: {key: value for key, value in row.items() if value is not _UNKNOWN}
    )


def _or_marker(output: pulumi.Output[Any]) -> pulumi.Output[Any]:
    async def value() -> Any:
        return await output.future() if await output.is_known() else _UNKNOWN

    async def always() -> bool:
        return True

    # The resources behind it are left out: the engine holds an export back for none of them.
    return pulumi.Output(
        set(),
        asyncio.ensure_future(value()),
        asyncio.ensure_future(always()),
        asyncio.ensure_future(output.is_secret()),
    )
