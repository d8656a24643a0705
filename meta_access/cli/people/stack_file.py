"""Taking somebody or something out of a stack's files, every other character left as typed. Pure: text in, text out.

A YAML library that writes the file anew would lose its comments and its layout; so only what has to go is cut out, and
the result is read again and compared with what it should be.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import yaml

from meta_access.errors import MetaAccessError
from meta_access.stack.files import NAMESPACE
from meta_access.stack.yaml_additions import end_of, reads_as, with_cuts
from meta_access.stack.yaml_files import parse_with_places

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from meta_access.stack.yaml_additions import Cut

_NAME = "the stack file"


class StackFileError(MetaAccessError):
    """The file cannot be edited by a machine; the message says what a person is to remove."""


def without(text: str, person: str, *, apps: Collection[str], business: bool) -> str:
    """The file without a person's roles and place in the business.

    The person stays in `meta:people`, where owners and evidence refer to them.

    Args:
        text: Of the stack file.
        person: Key in `meta:people`.
        apps: Apps whose roles they lose.
        business: Whether they lose their place in the business.

    Raises:
        StackFileError: It is written in a way that cannot be cut.
        ConfigError: It cannot be read at all.
    """
    root, before = parse_with_places(text, _NAME)
    wanted = _wanted(before, person, apps, business=business)
    if wanted == before:
        return text
    result = with_cuts(text, _cuts(text, root, person, apps, business=business))
    if not reads_as(result, wanted, _NAME):
        places = [f"{NAMESPACE}apps.{app}.roles" for app in apps] + [f"{NAMESPACE}people.{person}.business"] * business
        raise StackFileError(
            "The stack file is written in a way that cannot be edited here, and nothing was changed.",
            next_step=f"Take {person} out of {', '.join(places)} by hand, then run this again.",
        )
    return result


def removed(text: str, places: Collection[Sequence[str]], name: str) -> str:
    """The file without the entries at these places, and without the comment lines right above each.

    Args:
        text: Of the file.
        places: Keys from the top to each entry; one that is not there is left out.
        name: How messages call the file.

    Raises:
        StackFileError: It is written in a way that cannot be cut.
        ConfigError: It cannot be read at all.
    """
    root, before = parse_with_places(text, name)
    by_parent: dict[tuple[str, ...], set[str]] = {}
    for place in places:
        by_parent.setdefault(tuple(place[:-1]), set()).add(place[-1])
    wanted, cuts = deepcopy(before), []
    for parent, keys in by_parent.items():
        node, content = _under(root, *parent), wanted
        for key in parent:
            content = content.get(key) if isinstance(content, dict) else None
        if isinstance(node, yaml.MappingNode) and isinstance(content, dict):
            for key in keys:
                content.pop(key, None)
            cuts += list(_entries(text, node, keys))
    result = with_cuts(text, cuts)
    if not reads_as(result, wanted, name):
        raise StackFileError(
            f"{name} is written in a way that cannot be edited here, and nothing was changed.",
            next_step=f"Take {', '.join('.'.join(place) for place in places)} out by hand, then run this again.",
        )
    return result


def _entries(text: str, node: Any, keys: Collection[str]) -> Iterator[Cut]:
    """What has to be cut for these keys of a mapping."""
    pairs = node.value
    going = [key.value in keys for key, _ in pairs]
    if all(going) and pairs:
        yield node.start_mark.index, end_of(node), "{}"
        return
    for at, (key, value) in enumerate(pairs):
        if not going[at]:
            continue
        if not node.flow_style:
            start, end, instead = _lines(text, key, value)
            yield _with_comment(text, start, key.start_mark.column), end, instead
        elif any(not one for one in going[at + 1 :]):
            yield key.start_mark.index, pairs[at + 1][0].start_mark.index, ""
        else:
            yield end_of(pairs[at - 1][1]), end_of(value), ""


def _with_comment(text: str, start: int, column: int) -> int:
    """Where the comment begins that stands right above a line, in its column."""
    while start > 0:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text[above:start].startswith(" " * column + "#"):
            return start
        start = above
    return start


def _wanted(content: Any, person: str, apps: Collection[str], *, business: bool) -> Any:
    found = deepcopy(content)
    config = (found or {}).get("config") or {}
    for app in apps:
        typed = (config.get(f"{NAMESPACE}apps") or {}).get(app) or {}
        if isinstance(typed.get("roles"), dict):
            typed["roles"] = _roles(typed["roles"], person)
    people = config.get(f"{NAMESPACE}people") or {}
    if business and isinstance(people.get(person), dict):
        people[person].pop("business", None)
    return found


def _roles(roles: dict[str, list[str]], person: str) -> dict[str, list[str]]:
    left = {role: [one for one in people or [] if one != person] for role, people in roles.items()}
    return {role: people for role, people in left.items() if people or not roles[role]}


def _cuts(text: str, root: Any, person: str, apps: Collection[str], *, business: bool) -> Iterator[Cut]:
    config = _under(root, "config")
    for app in apps:
        roles = _under(_under(config, f"{NAMESPACE}apps", app), "roles")
        if roles is not None:
            yield from _of_roles(text, roles, person)
    entry = _under(config, f"{NAMESPACE}people", person)
    if business and entry is not None:
        yield from _of_entry(text, entry)


def _of_roles(text: str, roles: Any, person: str) -> Iterator[Cut]:
    if roles.flow_style:
        if (kept := _roles(_value(roles), person)) != _value(roles):
            yield _rewritten(roles, kept)
        return
    for key, people in roles.value:
        names = _value(people)
        if person not in names:
            continue
        left = [name for name in names if name != person]
        if not left:
            yield _lines(text, key, people)
        elif people.flow_style:
            yield _rewritten(people, left)
        else:
            yield from (_lines(text, item, item) for item in people.value if item.value == person)


def _of_entry(text: str, entry: Any) -> Iterator[Cut]:
    kept = {key: value for key, value in _value(entry).items() if key != "business"}
    if kept == _value(entry):
        return
    if entry.flow_style or not kept:
        yield _rewritten(entry, kept)
        return
    yield from (_lines(text, key, value) for key, value in entry.value if key.value == "business")


def _under(node: Any, *keys: str) -> Any:
    """The node at a path of keys; None when there is none."""
    for wanted in keys:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        node = next((value for key, value in pairs if key.value == wanted), None)
    return node


def _value(node: Any) -> Any:
    return yaml.safe_load(yaml.serialize(node, Dumper=yaml.SafeDumper))


def _rewritten(node: Any, value: Any) -> Cut:
    flow = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=1_000_000)
    return node.start_mark.index, end_of(node), flow.strip()


def _lines(text: str, first: Any, last: Any) -> Cut:
    """The whole lines from the first node to the end of the last."""
    start = text.rfind("\n", 0, first.start_mark.index) + 1
    newline = text.find("\n", end_of(last))
    return start, len(text) if newline < 0 else newline + 1, ""
