"""The emulator's route table in the same terms as the specification."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.metaspec.read import Call, Parameter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from meta_access.rules import RuleSet
    from meta_emulator.surface import Param, Route

# Kinds of nodes of the emulator, and the types of the specification whose calls they answer. A system user answers
# those of a user that Meta's guides make with its id.
NODES: dict[str, tuple[str, ...]] = {
    "ad_account": ("AdAccount",),
    "app": ("Application",),
    "asset_group": ("BusinessAssetGroup",),
    "business": ("Business",),
    "business_role_request": ("BusinessRoleRequest",),
    "business_user": ("BusinessUser",),
    "catalog": ("ProductCatalog",),
    "instagram": ("InstagramBusinessAsset",),
    "page": ("Page",),
    "person": ("User",),
    "pixel": ("AdsPixel",),
    "system_user": ("SystemUser", "User"),
    "waba": ("WhatsAppBusinessAccount",),
}
KINDS = {"string": "text", "int": "number", "id": "id", "bool": "bool", "enum": "enum", "object": "object"}


# Parameters of tasks, which the rule set of a world decides on, and the kind of asset: None for the kind of the route.
TASKS: dict[str, str | None] = {
    "tasks": None,
    "permitted_tasks": None,
    "adaccount_tasks": "ad_account",
    "page_tasks": "page",
    "pixel_tasks": "pixel",
}
# The kind of asset of a business's edges that take tasks.
EDGES = {"client_ad_accounts": "ad_account", "client_pages": "page"}


def calls(
    routes: Iterable[Route], spec: Mapping[tuple[str, str, str], Call], rules: RuleSet
) -> dict[tuple[str, str, str], Call]:
    """The calls that are served on nodes, by the specification's type, edge and method.

    A kind that answers for two types counts for the one that has the call; for the first where none has.
    """
    found: dict[tuple[str, str, str], Call] = {}
    for route in routes:
        types = NODES.get(route.node)
        if types is None:
            continue
        known = [name for name in types if (name, route.edge, route.method) in spec]
        parameters = [_parameter(route, one, rules) for one in route.params]
        for node in known or types[:1]:
            call = Call(node, route.method, route.edge, {one.name: one for one in parameters})
            # Two kinds may serve one call of the specification, such as the edges of a user.
            before = found.get(call.key)
            found[call.key] = call if before is None else _both(before, call)
    return found


def _both(one: Call, other: Call) -> Call:
    return Call(one.node, one.method, one.edge, {**other.parameters, **one.parameters})


def _parameter(route: Route, param: Param, rules: RuleSet) -> Parameter:
    kind, many = param.type, param.type.startswith("list<")
    asset = TASKS.get(param.name) or EDGES.get(route.edge, route.node)
    if param.name in TASKS and asset in rules.task_enums:
        return Parameter(param.name, "enum", many, param.required, tuple(rules.task_enums[asset].allowed))
    inner = kind[len("list<") : -1] if many else kind
    return Parameter(param.name, KINDS[inner], many, param.required, param.values)
