"""The comparison with Meta's specification, on a small one that was written by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from meta_access import rules
from meta_access.errors import MetaAccessError
from meta_emulator import router
from meta_emulator.surface import Param, Route
from tests.texts import lacks
from tools.metaspec import compare, read, report, scope, served
from tools.metaspec.__main__ import main

if TYPE_CHECKING:
    from collections.abc import Iterable

ENUMS = [{"name": "shape_enum", "node": "Page", "field_or_param": "shape", "values": ["ROUND", "SQUARE"]}]
PAGE = {
    "fields": [{"name": "id", "type": "string"}],
    "apis": [
        {"method": "GET", "name": "#get", "return": "Page", "params": []},
        {
            "method": "GET",
            "endpoint": "roles",
            "return": "User",
            "params": [
                {"name": "uid", "required": False, "type": "int"},
                {"name": "shape", "required": False, "type": "list<shape_enum>"},
                {"name": "limit", "required": False, "type": "int"},
            ],
        },
        {
            "method": "POST",
            "endpoint": "agencies",
            "return": "Page",
            "params": [{"name": "business", "required": True, "type": "string"}],
        },
        {"method": "GET", "endpoint": "feed", "return": "Post", "params": []},
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Page.json").write_text(json.dumps(PAGE), encoding="utf-8")
    (tmp_path / "enum_types.json").write_text(json.dumps(ENUMS), encoding="utf-8")
    return tmp_path


def nothing(*_: Any) -> None: ...


def route(method: Any, edge: str, *params: Param, node: str = "page") -> Route:
    return Route(method, node, edge, nothing, "a/page", params=params)


def found(folder: Path, routes: Iterable[Route]) -> list[str]:
    spec = read.calls(folder, ["Page"])
    return [str(one) for one in compare.differences(spec, served.calls(routes, spec, rules.load("2026-05")))]


WHOLE = (
    route("GET", ""),
    route("GET", "roles", Param("uid", "id"), Param("shape", "list<enum>", values=("ROUND", "SQUARE"))),
    route("POST", "agencies", Param("business", "id", required=True)),
    route("GET", "feed"),
)


def test_what_is_the_same_on_the_wire_is_no_difference(folder: Path) -> None:
    assert found(folder, WHOLE) == []


@pytest.mark.parametrize(
    ("served_as", "told"),
    [
        ((), ["GET Page/roles call not served"]),
        ((route("GET", "roles"),), [
            "GET Page/roles parameter shape not served", "GET Page/roles parameter uid not served",
        ]),
        ((route("GET", "roles", *WHOLE[1].params, Param("colour")),), [
            "GET Page/roles parameter colour not specified",
        ]),
        ((route("GET", "roles", Param("uid", "id"), Param("shape", "list<string>")),), [
            "GET Page/roles type shape differs: list of enum, served as list of text",
        ]),
        ((route("GET", "roles", Param("uid", "list<id>"), WHOLE[1].params[1]),), [
            "GET Page/roles type uid differs: number, served as list of id",
        ]),
        ((route("GET", "roles", Param("uid", "id"), Param("shape", "list<enum>", values=("ROUND", "OVAL"))),), [
            "GET Page/roles enum shape not served: SQUARE", "GET Page/roles enum shape not specified: OVAL",
        ]),
        ((route("GET", "roles", Param("uid", "id", required=True), WHOLE[1].params[1]),), [
            "GET Page/roles requirement uid differs: required by the emulator only",
        ]),
        ((WHOLE[1], route("GET", "admins")), ["GET Page/admins call not specified"]),
    ],
)  # fmt: skip
def test_differences_are_named_each_way(folder: Path, served_as: tuple[Route, ...], told: list[str]) -> None:
    assert found(folder, (WHOLE[0], *served_as, *WHOLE[2:])) == told


def test_a_missing_requirement_is_told_as_the_specifications(folder: Path) -> None:
    routes = (*WHOLE[:2], route("POST", "agencies", Param("business", "id")), WHOLE[3])

    assert found(folder, routes) == [
        "POST Page/agencies requirement business differs: required by the specification only"
    ]


def test_tasks_are_compared_with_the_rule_set() -> None:
    tasks = read.Parameter("permitted_tasks", "enum", many=True, values=("ANALYZE", "FLY"))
    spec = {("AdAccount", "agencies", "POST"): read.Call("AdAccount", "POST", "agencies", {"permitted_tasks": tasks})}
    given = route("POST", "agencies", Param("permitted_tasks", "list<string>"), node="ad_account")

    told = compare.differences(spec, served.calls([given], spec, rules.load("2026-05")))

    assert [(one.sort, one.side) for one in told] == [("enum", "not served"), ("enum", "not specified")]
    assert told[0].detail == "FLY"


def test_a_kind_of_node_that_is_no_type_is_left_out(folder: Path) -> None:
    assert found(folder, (*WHOLE, route("GET", "x", node=""))) == []


def test_reasons_and_the_scope_are_found_by_pattern(tmp_path: Path) -> None:
    path = tmp_path / "scope.toml"
    path.write_text(
        'edges = ["roles", "owned_.*"]\n[[reason]]\nwhy = "not ours"\nabout = [\'GET Page/ro\\w+ call\']\n',
        encoding="utf-8",
    )
    bounds = scope.load(path)

    assert [bounds.holds(edge) for edge in ("", "roles", "owned_pages", "feed", "roles2")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert bounds.why(compare.Difference("GET Page/roles", "call", "not served")) == "not ours"
    assert bounds.why(compare.Difference("GET Page/roles", "parameter", "not served", "uid")) is None


def test_a_report_counts_and_names_what_nobody_explained() -> None:
    one = compare.Difference("GET Page/roles", "call", "not served")
    two = compare.Difference("GET Page/agencies", "parameter", "not specified", "colour")
    shown = report.Report(4, 3, 7, ((one, "not ours"), (two, None)))

    first, *rest = report.as_text(shown).splitlines()
    assert not lacks(first, "4 calls", "3 of them", "7 calls")
    assert rest == [
        "2 differences, 1 without a reason.",
        "no reason: GET Page/agencies parameter colour not specified",
        "GET Page/roles call not served (not ours)",
    ]
    assert report.as_json(shown)["differences"][0] == {
        "call": "GET Page/roles", "sort": "call", "side": "not served", "name": "", "detail": "", "why": "not ours",
    }  # fmt: skip
    page = report.filled(f"a\n{report.BEGIN}\nold\n{report.END}\nb", shown)
    assert page.startswith("a\n<!-- specification: begin -->\n4 calls")
    assert "| call | 1 | 0 | 0 |" in page
    assert "| not ours | call not served: `GET Page/roles` |" in page
    assert "old" not in page


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (None, "has no enum_types.json; name the folder api_specs/specs of a checkout"),
        ("{", "enum_types.json: is not JSON; take a fresh checkout."),
    ],
)
def test_a_folder_that_is_no_specification_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], broken: str | None, words: str
) -> None:
    if broken is not None:
        (tmp_path / "enum_types.json").write_text(broken, encoding="utf-8")

    assert main([str(tmp_path)]) == 1

    assert words in capsys.readouterr().err
    with pytest.raises(MetaAccessError):
        read.calls(tmp_path, ["Page"])


def test_no_reason_says_that_a_served_call_is_not() -> None:
    """A reason for a call that is served by now hides nothing, but misleads whoever reads it."""
    bounds = scope.load()
    stale = [
        (route.key, why)
        for route in router.routes().values()
        for name in served.NODES.get(route.node, ())[:1]
        if (why := bounds.why(_not_served(route, name))) is not None
    ]

    assert stale == []


def _not_served(route: Route, name: str) -> compare.Difference:
    call = f"{route.method} {name}{'/' if route.edge else ''}{route.edge}"
    return compare.Difference(call, "call", "not served")


def test_the_page_has_the_place_for_the_result() -> None:
    text = Path("docs/emulator/coverage.md").read_text(encoding="utf-8")

    [block] = re.findall(report.BLOCK, text)
    assert "Not explained yet" not in block
