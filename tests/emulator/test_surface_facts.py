"""The calls between businesses and on their assets, against a table that was written by hand from Meta's pages."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from meta_emulator import router, surface
from meta_emulator.embedded import MetaEmulator
from meta_emulator.tokens import proof
from tests.emulator import aimed
from tests.emulators import GraphAnswer, graph_call

if TYPE_CHECKING:
    from collections.abc import Iterator

FACTS: dict[str, Any] = tomllib.loads((Path(__file__).parents[1] / "facts" / "surface.toml").read_text("utf-8"))
ROWS = FACTS["routes"]
SHOWN = {tuple(route[name] for name in ("method", "node", "edge")): route
         for route in surface.describe(router.routes().values())["routes"]}  # fmt: skip


def _key(method: str, path: str) -> tuple[str, str, str]:
    found = re.fullmatch(r"/\{([a-z-]+)\}/?([a-z_]*)", path)
    assert found is not None, path
    return method, found[1].replace("-", "_"), found[2]


@pytest.fixture(scope="module")
def corner() -> Iterator[tuple[MetaEmulator, aimed.Corner]]:
    made = aimed.Corner()
    with MetaEmulator() as meta:
        yield meta, made


def _ask(meta: MetaEmulator, corner: aimed.Corner, key: tuple[str, str, str]) -> GraphAnswer:
    with meta.edit() as world:
        corner.furnish(world, meta.clock.now())
        if key[0] == "GET":
            corner.fill(world)
    aim = aimed.at(SHOWN[key], corner, meta.secret_of(aimed.APP))
    secret = meta.secret_of(aimed.CLIENT_APP if aim.by == "boss" else aimed.APP)
    token = corner.tokens[aim.by]
    params = {"appsecret_proof": proof(token, secret), **aim.params}
    return graph_call(meta.graph_url, aim.method, aim.path, params, token=token)


@pytest.mark.parametrize("fact", ROWS, ids=lambda fact: f"{fact[0]} {fact[1]}")
def test_a_call_is_what_the_page_says(fact: list[Any], corner: tuple[MetaEmulator, aimed.Corner]) -> None:
    method, path, tag, required, answered = fact
    route = SHOWN[_key(method, path)]
    lists = method == "GET" and route["many"]

    body = _ask(*corner, _key(method, path)).body

    assert route["tag"] == tag
    assert sorted(one["name"] for one in route["params"] if one["required"]) == required
    if isinstance(answered, dict):
        assert body == answered
    elif lists and answered:
        assert body["data"], "the corner has nothing for this list"
        assert sorted(body["data"][0]) == answered
    else:
        assert sorted(body["data"] if lists else body) == answered


@pytest.mark.parametrize("call", FACTS["absent"])
def test_a_call_that_meta_has_not_is_not_served(call: str) -> None:
    method, path = call.split(" ")

    assert _key(method, path) not in router.routes()


def test_every_new_call_has_its_row() -> None:
    listed = {_key(row[0], row[1]) for row in ROWS}
    kinds = ("pixel", "waba", "instagram", "asset_group")
    edges = ("agencies", "clients", "ad_accounts", "pages", "adspixels", "business_asset_groups")
    new = {
        key
        for key in router.routes()
        if key[1] in kinds
        or key[2] in edges
        or key[2].startswith(("pending_client_", "pending_owned_"))
        or (key[0] == "POST" and key[2].startswith(("client_", "owned_")))
        or (key[1] == "business_user" and key[2].startswith("assigned_"))
    }

    assert new - listed == set()
    assert len(listed) == len(ROWS)
