"""The world as JSON: written, read, and checked, so that a wrong file is refused with the path of what is wrong."""

from __future__ import annotations

import contextlib
import difflib
import json
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from meta_access import rules
from meta_access.errors import ConfigError
from meta_emulator.caller import network
from meta_emulator.tokens import ONLY_FAKE, holds_real
from meta_emulator.world import Row, World

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WORLD = TypeAdapter(World)
FINGERPRINT = re.compile(r"sha256:[0-9a-f]{16}")
ASSET_LISTS = (
    "ad_accounts", "pages", "product_catalogs", "pixels", "whatsapp_business_accounts", "instagram_assets"
)  # fmt: skip
ROWS_WITH_IDS = (
    "businesses", "apps", "people", "system_users", "business_users", "business_invitations", "app_clients",
    "asset_requests", "asset_groups", *ASSET_LISTS,
)  # fmt: skip
FEW = 5  # ids named in a problem
UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
SHOWN = 100  # problems in one message, so that a hostile file makes no endless one


class WorldError(ValueError):
    """A world that cannot be; the message names the paths."""


def dump(world: World) -> bytes:
    return _WORLD.dump_json(world)


def load(text: bytes) -> World:
    """The world in a JSON text.

    Raises:
        WorldError: Not JSON, an unknown key, a wrong type, a reference to something that is not there, or what looks
            like a real token.
    """
    if b"EAA" in text or b"\\u" in text:  # without either there is none; a world is read often
        with contextlib.suppress(json.JSONDecodeError):  # reported below
            refuse_real(json.loads(text))
    world, found = _read(text)
    if world is not None:
        found += problems(world)
    if found:
        raise WorldError(_join(found))
    assert world is not None
    return world


def _read(text: bytes) -> tuple[World | None, list[str]]:
    """The world without unknown keys, None where it cannot be checked further; and what is wrong."""
    try:
        return _WORLD.validate_json(text), []
    except ValidationError as wrong:
        errors = wrong.errors()
    problems = [_describe(problem) for problem in errors]
    if any(problem["type"] not in UNKNOWN for problem in errors):
        return None, problems
    data = json.loads(text)
    for problem in errors:
        *steps, last = problem["loc"]
        target = data
        for step in steps:
            target = target[step]
        del target[last]
    return _read(json.dumps(data).encode())[0], problems


def load_object(data: object) -> World:
    """The same, from decoded JSON."""
    return load(json.dumps(data).encode())


def refuse_real(data: object) -> None:
    """WorldError, which names the places and quotes nothing, for data with what looks like a real token in it."""
    found = [f"{path or 'the world'}: looks like a real token of Meta's" for path in _real(data)]
    if found:
        raise WorldError(f"{_join(found)}. {ONLY_FAKE}")


def _real(value: object, path: str = "") -> Iterator[str]:
    """The paths of texts, keys among them, that look like a real token; a path ends where one does."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from [path] if holds_real(str(key)) else _real(below, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _real(below, f"{path}[{index}]")
    elif isinstance(value, str) and holds_real(value):
        yield path


def _join(problems: Iterable[str]) -> str:
    found = list(problems)
    more = f" (and {len(found) - SHOWN} more)" if len(found) > SHOWN else ""
    return "; ".join(found[:SHOWN]) + more


def _describe(problem: Any) -> str:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in problem["loc"]).lstrip(".")
    if problem["type"] in UNKNOWN:
        return f"{path}: unknown key{_meant(problem['loc'])}"
    if problem["type"] in ("missing", "missing_argument"):
        return f"{path}: missing; write it"
    number = problem["type"] == "string_type" and isinstance(problem["input"], int | float)
    return f"{path or 'the world'}: {problem['msg']}{'; put the number in quotes' if number else ''}"


def _meant(loc: tuple[int | str, ...]) -> str:
    """The known key that was probably meant; else all known keys."""
    record = _record(loc)
    known = [] if record is None else [field.name for field in fields(record)]  # type: ignore[arg-type] # all of them are dataclasses
    near = difflib.get_close_matches(str(loc[-1]), known, 1)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; leave it out, there are {', '.join(known)}" if known else "; leave it out"


def _record(loc: tuple[int | str, ...]) -> type[Row] | None:
    """The record that a path leads into."""
    record: type[Row] = World
    for step in loc[:-1]:
        if isinstance(step, str):
            inner = [kind for kind in get_args(get_type_hints(record).get(step)) if isinstance(kind, type)]
            if not inner or not issubclass(inner[0], Row):
                return None
            record = inner[0]
    return record


def problems(world: World) -> Iterator[str]:
    """References to nothing, and ids of two things."""
    try:
        rules.load(world.rules)
    except ConfigError:
        yield f"rules: no rule set {world.rules!r}; there are {', '.join(rules.names())}"
    else:
        yield from _unknown_versions(world)
    if world.caller_ip is not None and network(world.caller_ip) is None:
        yield f"caller_ip: {world.caller_ip!r} is not an IP address"
    yield from _twice(world)
    businesses = {row.id for row in world.businesses}
    apps = {row.id for row in world.apps}
    people = {row.id for row in world.people}
    users = {row.id for row in world.system_users}
    assets = {asset.id for _, asset in world.assets()}
    groups = {row.id for row in world.asset_groups}
    known = {"business": businesses, "app": apps, "person": people, "system user": users, "asset": assets}
    known["asset group"] = groups
    for path, kind, value in _references(world):
        if value is not None and value not in known[kind]:
            yield f"{path}: {value!r} is no {kind} of this world; {_there_are(known[kind])}"
    yield from _wrong_tokens(world)
    yield from _unknown_users(world, users | people)
    for index, account in enumerate(world.ad_accounts):
        if not re.fullmatch(r"act_\d+", account.id):
            yield f"ad_accounts[{index}].id: {account.id!r} is not act_ and digits; write it as act_104320000000501"


def _unknown_versions(world: World) -> Iterator[str]:
    known = rules.load(world.rules).api_versions
    for index, app in enumerate(world.apps):
        if app.api_version is not None and app.api_version not in known:
            yield f"apps[{index}].api_version: {app.api_version!r} is not one of {', '.join(known)}"


def _wrong_tokens(world: World) -> Iterator[str]:
    for index, token in enumerate(world.tokens):
        if not FINGERPRINT.fullmatch(token.fingerprint):
            yield f"tokens[{index}].fingerprint: not sha256: and 16 hex digits"
        if (token.system_user_id is None) == (token.user_id is None):
            yield f"tokens[{index}]: give either system_user_id or user_id, whose token it is"
    for index, code in enumerate(world.codes):
        if not FINGERPRINT.fullmatch(code.fingerprint):
            yield f"codes[{index}].fingerprint: not sha256: and 16 hex digits"


def _unknown_users(world: World, known: set[str]) -> Iterator[str]:
    members = {row.id for business in world.businesses for _, row in world.members(business.id)}
    there = _there_are(known | members)
    for name in ("assignments", "group_assignments"):
        for index, row in enumerate(getattr(world, name)):
            if row.user_id not in known | members:
                yield f"{name}[{index}].user_id: {row.user_id!r} is no system user or person of this world; {there}"


def _there_are(ids: set[str]) -> str:
    listed = sorted(ids)
    more = f" and {len(listed) - FEW} more" if len(listed) > FEW else ""
    return f"there are {', '.join(listed[:FEW])}{more}" if listed else "add one with this id, or leave it out"


def _references(world: World) -> Iterator[tuple[str, str, str | None]]:
    yield from _business_references(world)
    for i, app in enumerate(world.apps):
        yield f"apps[{i}].business_id", "business", app.business_id
    for i, person in enumerate(world.people):
        yield from ((f"people[{i}].businesses", "business", business) for business in person.businesses)
    for i, role in enumerate(world.app_roles):
        yield f"app_roles[{i}].app_id", "app", role.app_id
        yield f"app_roles[{i}].user_id", "person", role.user_id
    for i, user in enumerate(world.system_users):
        yield f"system_users[{i}].business_id", "business", user.business_id
        yield f"system_users[{i}].app_id", "app", user.app_id
    for name in ("tokens", "installations", "app_access"):
        for i, row in enumerate(getattr(world, name)):
            yield f"{name}[{i}].system_user_id", "system user", row.system_user_id
            yield f"{name}[{i}].app_id", "app", row.app_id
    yield from _login_references(world)
    yield from _asset_references(world)


def _login_references(world: World) -> Iterator[tuple[str, str, str | None]]:
    for i, token in enumerate(world.tokens):
        yield f"tokens[{i}].user_id", "person", token.user_id
        yield f"tokens[{i}].page_id", "asset", token.page_id
        yield f"tokens[{i}].client_business_id", "business", token.client_business_id
    for name in ("codes", "consents"):
        for i, row in enumerate(getattr(world, name)):
            yield f"{name}[{i}].user_id", "person", row.user_id
            yield f"{name}[{i}].app_id", "app", row.app_id
            yield f"{name}[{i}].client_business_id", "business", row.client_business_id
    for i, managed in enumerate(world.managed_businesses):
        yield f"managed_businesses[{i}].partner_id", "business", managed.partner_id
        yield f"managed_businesses[{i}].client_id", "business", managed.client_id


def _business_references(world: World) -> Iterator[tuple[str, str, str | None]]:
    for i, business in enumerate(world.businesses):
        yield from ((f"businesses[{i}].agencies", "business", agency) for agency in business.agencies)
        yield f"businesses[{i}].primary_page", "asset", business.primary_page
        yield f"businesses[{i}].parent_id", "business", business.parent_id
    for name in ("business_users", "business_invitations", "app_clients", "asset_groups", "asset_requests"):
        for i, row in enumerate(getattr(world, name)):
            yield f"{name}[{i}].business_id", "business", row.business_id
    for i, kept in enumerate(world.business_users):
        yield f"business_users[{i}].person_id", "person", kept.person_id
    for i, client in enumerate(world.app_clients):
        yield f"app_clients[{i}].app_id", "app", client.app_id


def _asset_references(world: World) -> Iterator[tuple[str, str, str | None]]:
    for name in ASSET_LISTS:
        for i, asset in enumerate(getattr(world, name)):
            yield f"{name}[{i}].business_id", "business", asset.business_id
            for j, share in enumerate(asset.shares):
                yield f"{name}[{i}].shares[{j}].business_id", "business", share.business_id
    for name in ("assignments", "asset_requests"):
        for i, row in enumerate(getattr(world, name)):
            yield f"{name}[{i}].asset_id", "asset", row.asset_id
    for i, group in enumerate(world.asset_groups):
        yield from ((f"asset_groups[{i}].asset_ids", "asset", asset_id) for asset_id in group.asset_ids)
        yield from ((f"asset_groups[{i}].app_ids", "app", app_id) for app_id in group.app_ids)
    for i, link in enumerate(world.pixel_accounts):
        yield f"pixel_accounts[{i}].pixel_id", "asset", link.pixel_id
        yield f"pixel_accounts[{i}].account_id", "asset", link.account_id
        yield f"pixel_accounts[{i}].business_id", "business", link.business_id
    for i, leads in enumerate(world.lead_access):
        yield f"lead_access[{i}].page_id", "asset", leads.page_id
    for i, given in enumerate(world.group_assignments):
        yield f"group_assignments[{i}].group_id", "asset group", given.group_id


def _twice(world: World) -> Iterator[str]:
    # Graph finds every node by a bare id, so no two things can have the same id.
    seen: set[str] = set()
    for name in ROWS_WITH_IDS:
        for index, row in enumerate(getattr(world, name)):
            if row.id in seen:
                yield f"{name}[{index}].id: {row.id!r} is taken already; give it another one"
            seen.add(row.id)
    fingerprints: set[str] = set()
    for index, token in enumerate(world.tokens):
        if token.fingerprint in fingerprints:
            yield f"tokens[{index}].fingerprint: {token.fingerprint!r} is taken already"
        fingerprints.add(token.fingerprint)
