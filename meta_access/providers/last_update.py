"""What the last update left, as the engine has it in its state: no call to Meta or to Secrets Manager.

Here the program runs, not the plugin host. One read of the backend serves a whole run.
"""

from __future__ import annotations

import asyncio
import weakref
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.runtime import settings

from meta_access.engine_marks import TYPE_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

Resources = dict[str, dict[str, Any]]

_READ = "pulumi:pulumi:readStackResourceOutputs"
_STACK = "pulumi:pulumi:Stack"
_IDENTITY = "meta:access:SystemIdentity"
_ASSIGNMENT = f"{TYPE_PREFIX}AssetAssignment"

# By run of a program: a process may run several (Automation API).
_known: weakref.WeakKeyDictionary[Any, Resources] = weakref.WeakKeyDictionary()
_asked: weakref.WeakKeyDictionary[Any, asyncio.Future[Resources]] = weakref.WeakKeyDictionary()


def resources() -> Resources:
    """URN to the outputs of each resource of this stack's state; nothing where the backend cannot tell.

    To be asked before the program declares anything: while it waits, what has been declared is registered.
    """
    run = settings.get_monitor()
    if run not in _known:
        try:
            found = _outputs(pulumi.runtime.invoke(_READ, _this_stack()).value)
        except Exception as error:  # noqa: BLE001 - what would be a warning at best must stop nothing
            found = _none(error)
        _known[run] = found
    return _known[run]


def exports() -> dict[str, Any]:
    """What the stack has exported; to be asked as `resources` is."""
    return resources().get(_urn(f"{_STACK}::{pulumi.get_project()}-{pulumi.get_stack()}"), {})


def provider(package: str, name: str) -> dict[str, Any] | None:
    """What a provider of the engine's was configured with; to be asked as `resources` is."""
    return resources().get(_urn(f"pulumi:providers:{package}::{name}"))


def system_users() -> dict[str, str]:
    """Identity to the id of its system user; to be asked as `resources` is."""
    parts = ((urn.split("::"), outputs) for urn, outputs in resources().items())
    found = {urn[3]: outputs.get("system_user_id") for urn, outputs in parts if urn[2:3] == [_IDENTITY]}
    return {key: id_ for key, id_ in found.items() if isinstance(id_, str)}


def assignments() -> set[tuple[str, str]]:
    """System user's id and asset of each AssetAssignment; to be asked as `resources` is."""
    rows = (outputs for urn, outputs in resources().items() if urn.rpartition("::")[0].endswith(_ASSIGNMENT))
    return {
        (str(row["system_user_id"]), str(row["asset"])) for row in rows if row.keys() >= {"system_user_id", "asset"}
    }


async def output(path: str, name: str) -> Any:
    """An output of the resource at a path, the end of its URN; None where the state has none."""
    run = settings.get_monitor()
    if run in _known:
        found = _known[run]
    else:
        if run not in _asked:
            _asked[run] = asyncio.ensure_future(_ask())
        found = await _asked[run]
    return found.get(_urn(path), {}).get(name)


def _urn(path: str) -> str:
    return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{path}"


async def _ask() -> Resources:
    try:
        return _outputs(await pulumi.runtime.invoke_async(_READ, _this_stack()))
    except Exception as error:  # noqa: BLE001 - it only makes a preview easier to read
        return _none(error)


def _this_stack() -> dict[str, Any]:
    return {"stackName": f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"}


def _outputs(answer: Mapping[str, Any] | None) -> Resources:
    return {urn: row.get("outputs") or {} for urn, row in ((answer or {}).get("outputs") or {}).items()}


def _none(error: Exception) -> Resources:
    pulumi.log.debug(f"the state of the last update was not read: {error}")
    return {}
