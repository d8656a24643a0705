"""What a report says about a stack, worked out from its outputs and its state. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_access.cli.open_first import filtered, open_first
from meta_access.cli.stack import resources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.cli.open_first import Filter
    from meta_access.cli.stack import Seen

OURS = "pulumi-python:dynamic/meta:"
# In the order in which people read them: who, may do what, with which key; then what waits for people.
ORDER = ("SystemUser", "AppInstallation", "AssetAssignment", "SystemUserToken")


@dataclass(frozen=True, slots=True)
class Summary:
    """A stack in words.

    Attributes:
        stack: Its name as asked for; empty for the selected one.
        resources: Kind to the names of what exists, ids behind those of system users.
        seen: When what the gates say was seen.
        gates: Export `gates`, what is open first.
        secrets: Export `secrets`.
        quota: Export `quota`.
        login_urls: Export `login_urls`.
        upkeep: Export `upkeep`.
    """

    stack: str
    seen: Seen
    resources: dict[str, list[str]]
    gates: dict[str, Mapping[str, Any]]
    secrets: dict[str, dict[str, Any]]
    quota: dict[str, Any]
    login_urls: dict[str, Any]
    upkeep: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {
            "stack": self.stack,
            "seen": self.seen.as_json(),
            "resources": self.resources,
            "gates": self.gates,
            "secrets": self.secrets,
            "quota": self.quota,
            "login_urls": self.login_urls,
            "upkeep": self.upkeep,
        }


def summarize(
    stack: str | None, outputs: Mapping[str, Any], state: Mapping[str, Any], seen: Seen, wanted: Filter
) -> Summary:
    """Put a summary together from `pulumi stack output --json`, `pulumi stack export` and `pulumi stack history`.

    The filter is about gates; everything else is about the whole stack.
    """
    found: dict[str, list[str]] = {}
    for resource in resources(dict(state)):
        kind = str(resource.get("type", ""))
        if kind.startswith(OURS) and not resource.get("delete"):
            found.setdefault(kind.removeprefix(OURS), []).append(_name(resource))
    ranked = sorted(found, key=lambda kind: (ORDER.index(kind) if kind in ORDER else len(ORDER), kind))
    return Summary(
        stack=stack or "",
        resources={kind: sorted(found[kind]) for kind in ranked},
        seen=seen,
        gates=filtered(open_first(_table(outputs, "gates")), wanted),
        secrets=_table(outputs, "secrets"),
        quota=_table(outputs, "quota"),
        login_urls=_table(outputs, "login_urls"),
        upkeep=_table(outputs, "upkeep"),
    )


def _name(resource: Mapping[str, Any]) -> str:
    name = str(resource.get("urn", "")).rsplit("::", 1)[-1]
    if str(resource.get("type", "")).endswith(":SystemUser"):
        return f"{name} ({resource.get('id', '?')})"
    return name


def _table(outputs: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = outputs.get(name)
    return dict(value) if isinstance(value, dict) else {}
