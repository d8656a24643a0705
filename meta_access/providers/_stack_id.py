"""The id of a stack: unguessable, and kept in the state of each of its resources.

`project/stack` names a stack to people, and two teams' `prod` have one name. The id tells them apart, so that a secret
whose tags carry it is known for this stack's or another one's (`meta-access orphans`). It is an output, never an input,
and only a create or an update gives it: a refresh that did would show as a change in every preview of an older state.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from uuid import uuid4

from meta_access.providers import _host

if TYPE_CHECKING:
    from collections.abc import Mapping

STACK_ID = "stack_id"

_lock = threading.Lock()
_known = ""


def see(outs: Mapping[str, object]) -> None:
    """Learn the deployment's id from a resource that has one."""
    global _known  # noqa: PLW0603 - a deployment is one process and is about one stack
    with _lock:
        _known = _known or str(outs.get(STACK_ID) or "")


def of(outs: Mapping[str, object]) -> dict[str, str]:
    """`stack_id` as a resource's outputs have it, else the deployment's, made when nobody has one yet.

    The first id that a deployment meets is that of all its new resources. What `pulumi state move` has brought keeps
    the one it came with: an id only ever says what belongs to the states that hold it. Without an engine there is no
    state to keep an id in, so none is made.
    """
    global _known  # noqa: PLW0603 - likewise
    see(outs)
    if outs.get(STACK_ID):
        return {STACK_ID: str(outs[STACK_ID])}
    if _host.engine_address() is None:
        return {}
    with _lock:
        _known = _known or str(uuid4())
        return {STACK_ID: _known}
