"""What stands under every provider: the boundary, values of the wire, the record of keys, the engine's address."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING, Any

import pytest
from pulumi.dynamic import ReadResult

import meta_access
from meta_access.clock import seconds
from meta_access.errors import ConfigError, GraphError, Problem
from meta_access.graph.patience import Caller, caller
from meta_access.providers import _host
from meta_access.providers._boundary import Failure, boundary, say
from meta_access.providers._deployment import Deployment, Grace
from meta_access.providers._values import clean, sorted_texts, unknown
from meta_access.providers.system_user import SystemUserProvider
from meta_access.providers.system_user_token import SystemUserTokenProvider
from tests.unit.providers.conftest import NOT_KNOWN, printed

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.providers._base import MetaProvider
    from tests.unit.emulated import EmulatedMeta

TOKEN = "EAA" + "EMU" + "x" * 30


# --- errors --------------------------------------------------------------------------------------


def test_an_expected_error_is_its_own_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed(GraphError("reading 1 failed: no."), monkeypatch) == "meta-access: reading 1 failed: no.\n"


def test_every_problem_of_a_configuration_keeps_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    error = ConfigError([Problem("a", "is wrong.", "write b."), Problem("c", "is wrong.", "write d.")])

    assert printed(error, monkeypatch).splitlines() == [
        "meta-access: 2 problems in the configuration:",
        "  - a: is wrong. Fix: write b.",
        "  - c: is wrong. Fix: write d.",
    ]


def test_an_unexpected_error_has_a_class_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed(KeyError(f"https://x.test/?access_token={TOKEN}"), monkeypatch)

    assert text.startswith("meta-access: unexpected KeyError in ")
    assert text.endswith("(please report it)\n")
    assert TOKEN not in text


def test_causes_are_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    error = GraphError("clean")
    error.__cause__ = ValueError(TOKEN)

    assert printed(error, monkeypatch) == "meta-access: clean\n"


def test_calls_in_flight_are_counted_even_when_they_fail() -> None:
    seen: list[int] = []

    @boundary
    def call() -> None:
        seen.append(_host._calls)
        raise GraphError("no")

    before = _host._calls
    with pytest.raises(Failure):
        call()

    assert seen == [before + 1]
    assert _host._calls == before


def test_what_is_told_is_one_scrubbed_line(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"one\ntwo {TOKEN}")

    assert capsys.readouterr().out == "one two [redacted]\n"


# --- values --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bag", "expected"),
    [
        ({"a": 3.0, "b": [1.0, 2.5], "c": {"d": 4.0, "e": None}}, {"a": 3, "b": [1, 2.5], "c": {"d": 4}}),
        ({"a": None, "__provider": "x", "b": ""}, {"b": ""}),
        ({"a": True, "b": ("x",)}, {"a": True, "b": ["x"]}),
    ],
)
def test_values_are_as_people_wrote_them(bag: dict[str, Any], expected: dict[str, Any]) -> None:
    found = clean(bag)

    assert found == expected
    assert str(found) == str(expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["b", "a", "b"], ["a", "b"]),
        (["b", NOT_KNOWN], ["b", NOT_KNOWN]),
        (["b", 1], ["b", 1]),
        ("ba", "ba"),
        (NOT_KNOWN, NOT_KNOWN),
        (None, None),
    ],
)
def test_lists_of_texts_are_sorted(value: Any, expected: Any) -> None:
    assert sorted_texts(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(NOT_KNOWN, True), ([NOT_KNOWN], True), ({"a": {"b": [NOT_KNOWN]}}, True), ({"a": [1]}, False), (None, False)],
)
def test_unknowns_are_found_however_deep(value: Any, expected: bool) -> None:
    assert unknown(value) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90s", 90), ("5m", 300), ("24h", 86400), ("20d", 1728000), ("0h", None), ("1.5h", None), ("d", None), (7, None)],
)
def test_durations(text: Any, expected: int | None) -> None:
    assert seconds(text) == expected


# --- deployment ----------------------------------------------------------------------------------


def test_a_deployment_tells_a_second_resource_from_a_repeated_check() -> None:
    deployment = Deployment()

    assert deployment.declare("T", ("a",), "one", fresh=False) is None
    assert deployment.declare("T", ("a",), "one", fresh=True) is None
    assert deployment.is_replacement("T", "one")
    assert deployment.declare("T", ("a",), "two", fresh=True) == "one"
    assert deployment.declare("U", ("a",), "two", fresh=True) is None
    assert not deployment.is_replacement("U", "two")


def test_a_deployment_answers_who_keeps_a_key() -> None:
    deployment = Deployment()
    deployment.declare("T", ("a",), "one", fresh=True)
    deployment.declare("T", None, "two", fresh=True)

    assert deployment.holder("T", ("a",)) == "one"
    assert deployment.holder("T", ("b",)) is None
    assert deployment.holder("T", None) is None


def test_the_latest_end_of_a_grace_counts() -> None:
    deployment = Deployment()
    for moment in ("2026-11-25T08:00:00Z", "2026-11-26T08:00:00Z", "2026-11-24T08:00:00Z"):
        deployment.note_grace("1", Grace(moment, f"arn:{moment[:10]}"))

    assert deployment.grace_of("1") == Grace("2026-11-26T08:00:00Z", "arn:2026-11-26")
    assert deployment.grace_of("2") is None
    deployment.forget_grace("arn:2026-11-26")
    assert deployment.grace_of("1") is None


# --- engine --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["127.0.0.1:4567"], ("127.0.0.1", 4567)),
        (["--logtostderr", "-v=9", "localhost:80"], ("localhost", 80)),
        (["[::1]:4567"], ("::1", 4567)),
        ([], None),
        (["--tracing"], None),
        (["tests/unit"], None),
    ],
)
def test_the_engine_is_the_last_argument(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], expected: tuple[str, int] | None
) -> None:
    monkeypatch.setattr(sys, "argv", ["pulumi.dynamic", *arguments])

    assert _host.engine_address() == expected


def test_an_engine_is_dead_when_its_address_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(sys, "argv", ["x", f"127.0.0.1:{server.getsockname()[1]}"])
        assert _host.engine_alive()
    assert not _host.engine_alive()


@pytest.mark.parametrize("error", [TimeoutError, OSError])
def test_trouble_on_our_side_is_no_death_of_the_engine(monkeypatch: pytest.MonkeyPatch, error: type[OSError]) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(sys, "argv", ["x", "127.0.0.1:1"])
    monkeypatch.setattr(socket, "create_connection", fail)

    assert _host.engine_alive()


def test_without_an_engine_nothing_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["pytest"])
    monkeypatch.setattr(_host, "_watching", False)

    _host.start_watch()

    assert not _host._watching
    assert _host.engine_alive()


# --- package -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", meta_access.__all__)
def test_public_names_are_there(name: str) -> None:
    found: Callable[..., Any] | str = getattr(meta_access, name)

    assert found.__name__ == name if callable(found) else found


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        _ = meta_access.Nonsense


# --- callers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "who"),
    [
        (SystemUserProvider(), Caller("system user reporting", keeps=False)),
        (SystemUserTokenProvider(), Caller("token reporting", keeps=True)),
    ],
)
def test_calls_to_meta_say_for_whom_they_are_and_whether_they_keep_access(
    provider: MetaProvider, who: Caller, meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Caller] = []

    def at_work(*_: object) -> tuple[str, dict[str, Any]]:
        seen.append(caller())
        return "1", {}

    for name in ("make", "end"):
        monkeypatch.setattr(type(provider), name, at_work)
    monkeypatch.setattr(type(provider), "look", lambda *_: ReadResult(*at_work()))
    monkeypatch.setattr(provider, "_holder", lambda _: None)
    props = {"label": "reporting", "connection": "main"}

    provider.create(props)
    provider.read("1", props)
    provider.delete("1", props)

    assert seen == [who] * 3
    assert caller() == Caller()
