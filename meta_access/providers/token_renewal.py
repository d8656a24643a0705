"""A due token brought up to date without an engine: what the engine's update would do, from the state's outputs.

For the day on which the program refuses the stack's configuration, so that no `up` begins: what keeps access alive does
not wait for that. The state is not written; the next refresh reads what has changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meta_access.errors import ConflictError
from meta_access.graph.patience import Caller, on_behalf_of
from meta_access.providers import _live
from meta_access.providers.system_user_token import SystemUserTokenProvider
from meta_access.tokens.observe import Need, finding_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def renew(get: Callable[[str], str | None], outs: Mapping[str, Any]) -> str:
    """Do for a token what its secret says is due, by the inputs that the state has: nothing else is asked for.

    Args:
        get: Answers the texts of a configuration; of one process's first call, for all its calls.
        outs: Outputs of the resource, in today's shape.

    Returns:
        What was due; "" when nothing was.

    Raises:
        ConflictError: The token's connection is gone from that configuration, or acts for another app or region.
        MetaAccessError: As an update.
    """
    _live.configure(get)
    provider, label = SystemUserTokenProvider(), outs.get("label", "")
    if outs["connection"] not in _live.settings().connections or provider.moved(outs):
        raise ConflictError(
            f"token {label} is not touched: the connection it was made through, {outs['connection']}, is not in the "
            "configuration of the last update that succeeded, or acts for another app or region there. Nothing was "
            "changed.",
            next_step="Mend the configuration and run `pulumi up`.",
        )
    today = provider.today(outs, acting=True)
    finding = finding_of(today["freshness"])
    if finding.need is Need.NONE:
        return ""
    asked = {name: today[name] for name in provider.inputs if name in today}
    with on_behalf_of(Caller(f"{provider.kind} {label}", provider.keeps_access)):
        provider.change(outs["arn"], today, asked, frozenset())
    return finding.text
