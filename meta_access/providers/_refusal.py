"""Work that does not get done, as the engine can bear it: refused updates, and inputs that a failed neighbour owes.

Measured on engine 3.259.0 and read in its sources, with the two variables that the README asks for:

- An update that fails hangs the run for ever when an existing resource depends on it: the engine skips the dependents'
  refresh steps, and nothing ever answers their registration (deploy/step.go, RefreshStep.Skip; pulumi/pulumi#16373). So
  an update of ours never fails: it ends with what stands, names the refusal in the output `refused`, and a hook of the
  program turns that into the run's failure after the state is written.
- A create that fails does the same where the state knew the resource and others depend on it: the second half of a
  replacement, be it asked for (`--replace`, a taint) or due since the thing is gone at Meta. So such a create ends like
  a refused update, with the id and the outputs that the state has. Of a new resource it fails: nobody must be given an
  id that does not exist.
- A check that fails ends the whole deployment, whatever PULUMI_CONTINUE_ON_ERROR says, and due tokens wait. After a
  failed create its dependents' checks lack the inputs that it owes, so that the end of `path` says it (`OWED`). A new
  dependent passes and is left out of the update; one of the state fails its check, since the run hangs else.
"""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.runtime import settings
from pulumi.runtime.mocks import MockMonitor

from meta_access.providers._declaration import is_later

if TYPE_CHECKING:
    from collections.abc import Mapping

REFUSED = "refused"
"""Output of a resource whose last update or replacement was refused: the sentence. Absent after one that went well, or
a refresh."""

OWED = " (owed an input)"
"""End of the `path` of a resource in an update that lacks an input of it. No state ever holds it."""

# A hook is registered once per run of a program; a process may run several (Automation API).
_hooks: weakref.WeakKeyDictionary[Any, pulumi.ResourceHook] = weakref.WeakKeyDictionary()


class RefusedError(Exception):
    """What the engine shows as the error of the resource: the provider's sentence alone."""


async def lacks_inputs(props: Mapping[str, Any]) -> bool:
    """Whether this is an update in which a failed resource owes an input. A preview's unknowns are none."""
    if pulumi.runtime.is_dry_run():
        return False
    # Gates' statuses may never hold anything back.
    later = [value for name, value in props.items() if name != "requires" and is_later(value)]
    return not await pulumi.Output.from_input(later).is_known()


def fails_if_refused(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Options with the hook that fails the run after a refused update or replacement."""
    hook = _hook()
    if hook is None:
        return opts or pulumi.ResourceOptions()
    binding = pulumi.ResourceHookBinding(after_create=[hook], after_update=[hook])
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(hooks=binding))


async def hook_is_registered() -> None:
    """Wait until the engine knows the hook, where there is one.

    Pulumi serves hooks from a server of its own. A program whose registration fails while that one starts takes it
    down in the middle, and dies of a segmentation fault instead of its error (measured, SDK 3.272.0, grpcio 1.85.3).
    """
    hook = _hook()
    if hook is not None:
        with contextlib.suppress(
            Exception
        ):  # a resource that registers with the hook meets the same one, and reports it
            await asyncio.shield(hook._registered)  # noqa: SLF001 - Pulumi has no other word for it


def _hook() -> pulumi.ResourceHook | None:
    run = settings.get_monitor()
    # Pulumi's mocks update nothing, and their callback server ends a process that runs a second program (measured).
    if run is None or isinstance(run, MockMonitor):
        return None
    if run not in _hooks:
        _hooks[run] = pulumi.ResourceHook("meta-access-refused-update", _fail_if_refused)
    return _hooks[run]


def _fail_if_refused(args: pulumi.ResourceHookArgs) -> None:
    text = (args.new_outputs or {}).get(REFUSED)
    if text:
        raise RefusedError(text)
