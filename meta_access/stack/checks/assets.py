"""Task sets, and the assets of clients: well-written, with tasks Meta knows, each given once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access import rules
from meta_access.ids import GROUP, how_to_write, parse_asset
from meta_access.rules.allowance import INSTEAD_OF_PAGE_CREATION, NO_PAGE_CREATION
from meta_access.stack.fields import shown
from meta_access.stack.plan import USE_CASE, tasks_for, tasks_of
from meta_access.stack.problems import instead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.errors import Problem
    from meta_access.stack.draft import Draft
    from meta_access.stack.models import ClientSpec
    from meta_access.stack.problems import Loc

NEW_PAGES = frozenset({"page:new", "page:create"})


def check_assets(draft: Draft) -> Iterator[Problem]:
    for name, kinds in draft.spec.task_sets.items():
        if name == USE_CASE:
            text = "the name means the tasks of an identity's use case."
            yield draft.problem(("task_sets", name), text, "give the task set another name.")
        for kind, tasks in kinds.items():
            yield from _tasks(draft, ("task_sets", name, kind), kind, tasks)
    seen: dict[tuple[str, str], str] = {}
    for key, client in draft.spec.clients.items():
        yield from _business(draft, ("clients", key), client)
        if client.exclusive and not client.assets and not draft.is_broken("clients", key, "assets"):
            text = "the client has no assets, so there is nothing to hold exclusively."
            yield draft.problem(("clients", key, "exclusive"), text, "add its assets, or remove the line.")
        for asset, choices in client.choices.items():
            at: Loc = ("clients", key, "assets", asset)
            held = _kind(draft, at, asset)
            if not isinstance(held, str):
                yield held
                continue
            for identity, choice in choices.items():
                yield from _choice(draft, (*at, identity), held, choice)
                first = seen.setdefault((_user(draft, identity), asset), key)
                if first != key:
                    text = f"client {first} gives {asset} to {identity} as well; the later one would undo the earlier."
                    yield draft.problem((*at, identity), text, "keep the assignment with one client.")


def _kind(draft: Draft, at: Loc, asset: str) -> str | Problem:
    if asset in NEW_PAGES:
        return draft.problem(at, f"asks for a Page to be created; {NO_PAGE_CREATION}", INSTEAD_OF_PAGE_CREATION)
    try:
        kind = parse_asset(asset).kind
    except ValueError as error:
        return draft.problem(at, f"{error}.", how_to_write(asset))
    if kind in draft.rules.task_enums:
        return kind
    text = f"rule set {draft.rules.name} knows no assets of kind {kind}."
    return draft.problem(at, text, f'write meta:rules: "{rules.newest()}", which does.')


def _user(draft: Draft, identity: str) -> str:
    """The system user behind an identity, as far as configuration tells: two may adopt the same one."""
    spec = draft.spec.identities.get(identity)
    return spec.adopt if spec is not None and spec.adopt is not None else identity


def _choice(draft: Draft, at: Loc, kind: str, choice: str | tuple[str, ...]) -> Iterator[Problem]:
    if isinstance(choice, tuple):
        yield from _tasks(draft, at, kind, choice)
    elif choice == USE_CASE:
        yield from _preset(draft, at, kind)
    elif draft.is_broken("task_sets", choice):
        return
    elif choice in draft.spec.task_sets and not tasks_of(draft.spec.task_sets, choice, kind):
        text = f'the task set "{choice}" has no tasks for assets of kind {kind}.'
        yield draft.problem(at, text, f"add {kind}: [...] to meta:task_sets.{choice}, or write a list of tasks here.")


def _preset(draft: Draft, at: Loc, kind: str) -> Iterator[Problem]:
    identity = draft.spec.identities.get(str(at[-1]))
    if identity is None or draft.is_broken("identities", str(at[-1])):
        return
    rule = draft.rules.use_cases.get(identity.use_case or "")
    if identity.use_case is None:
        text = f"{at[-1]} has no use case whose tasks could be taken."
        yield draft.problem(at, text, "write a task set's name, or a list of tasks.")
    elif rule is not None and not tasks_for(rule.tasks, kind):
        text = f"use case {identity.use_case} has no tasks for assets of kind {kind}."
        yield draft.problem(at, text, "write a task set's name, or a list of tasks.")


def _tasks(draft: Draft, at: Loc, kind: str, tasks: tuple[str, ...]) -> Iterator[Problem]:
    rule = draft.rules.task_enums.get(kind)
    if rule is None:
        known = draft.rules.task_enums
        yield draft.problem(
            at, f"there is no kind of asset {shown(kind)}.", instead(kind, known, f"write one of {', '.join(known)}.")
        )
        return
    if not tasks:
        yield draft.problem(at, "the list of tasks is empty.", "write at least one, or remove the line.")
    for place, task in enumerate(tasks):
        if task not in rule.allowed:
            text = f"{shown(task)} is no task of assets of kind {kind} (rule set {draft.rules.name})."
            with_kind = [name for name in rule.allowed if kind == GROUP and name.endswith(f":{task}")]
            fix = (
                f"say on which kind of asset in the group: {', '.join(with_kind)}."
                if with_kind
                else instead(task, rule.allowed, f"write one of {', '.join(rule.allowed)}.")
            )
            yield draft.problem((*at, place), text, fix)
        elif task in tasks[:place]:
            yield draft.problem((*at, place), f"{task} is there twice.", "keep it once.")


def _business(draft: Draft, at: Loc, client: ClientSpec) -> Iterator[Problem]:
    if draft.is_broken("businesses") or draft.is_broken(*at, "business") or draft.is_broken(*at, "access"):
        return
    ours = {business.id for business in draft.spec.businesses.values()}
    if client.access == "partner" and client.business is None:
        text = "a partner's assets are shared by its business, and none is named."
        yield draft.problem((*at, "business"), text, "write the id of the client's business, in quotes.")
    elif client.access == "partner" and client.business in ours:
        text = "the business is one of ours, so nobody shares anything with us."
        yield draft.problem((*at, "business"), text, "write access: own, or the client's own business.")
    elif client.access == "own" and client.business is not None and client.business not in ours:
        text = "the business is none of meta:businesses, so its assets are not our own."
        yield draft.problem((*at, "business"), text, "write access: partner, or remove the business.")
