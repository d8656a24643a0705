from __future__ import annotations

import copy
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from meta_access.cli import main
from meta_access.cli import stack as stacks
from meta_access.cli import state as state_command
from meta_access.cli.state import dynamic, verify
from meta_access.cli.state_shape import Finding
from tests.unit.cli.states import DYNAMIC, other, resource, state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAYLOADS = {f"{DYNAMIC}SystemUser": "frozen", f"{DYNAMIC}SystemUserToken": "frozen too"}
GOOD = state(
    other("pulumi:pulumi:Stack", "meta-access-dev"),
    other("random:index/randomId:RandomId", "suffix", hex="aa"),
    resource("SystemUser", "reporting"),
    resource("SystemUserToken", "reporting", payload="frozen too"),
)


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:dev::meta-access::meta:access:SystemIdentity${DYNAMIC}{kind}::{name}"


def test_a_state_that_carries_only_the_frozen_payloads_passes() -> None:
    assert verify(GOOD, PAYLOADS) == []
    assert dynamic(GOOD) == 2


def test_an_empty_state_passes() -> None:
    assert verify({"version": 3, "deployment": {}}, PAYLOADS) == []
    assert verify({"version": 3, "deployment": {"resources": None}}, PAYLOADS) == []


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (resource("SystemUser", "evil", payload="gASV"), "its __provider is not the one this version writes"),
        (resource("SystemUser", "evil", payload="frozen too"), "its __provider is not the one this version writes"),
        (resource("SystemUser", "evil", payload=None), "it carries no __provider"),
        (
            resource("SystemUser", "evil", payload={"4dabf18193072939515e22adb298388d": "1b47", "ciphertext": "v1"}),
            "its __provider is encrypted or no text, so it cannot be compared",
        ),
        (
            resource("Other", "evil", payload="frozen"),
            "it carries a __provider, and no provider of this project has that type",
        ),
    ],
)
def test_any_other_payload_is_named_with_its_resource(changed: dict[str, Any], reason: str) -> None:
    findings = verify(state(*GOOD["deployment"]["resources"], changed), PAYLOADS)

    assert [(found.resource, found.bag, found.reason) for found in findings] == [
        (changed["urn"], "inputs", reason),
        (changed["urn"], "outputs", reason),
    ]


def test_one_of_the_two_bags_is_enough() -> None:
    changed = resource("SystemUser", "evil")
    changed["outputs"]["__provider"] = "gASV"

    assert verify(state(changed), PAYLOADS) == [
        Finding(
            urn("SystemUser", "evil"),
            f"{DYNAMIC}SystemUser",
            "outputs",
            "its __provider is not the one this version writes",
        )
    ]


def test_a_payload_hidden_in_a_resource_of_another_type_is_found() -> None:
    hidden = other("random:index/randomId:RandomId", "suffix")
    hidden["inputs"]["__provider"] = "frozen"

    assert [found.bag for found in verify(state(hidden), PAYLOADS)] == ["inputs"]


def test_the_resource_of_an_unfinished_operation_counts() -> None:
    assert len(verify(state(pending=[resource("SystemUser", "evil", payload="gASV")]), PAYLOADS)) == 2


def test_an_interrupted_create_has_no_outputs_yet_and_passes() -> None:
    begun = resource("SystemUser", "reporting")
    del begun["outputs"], begun["id"]

    assert verify(state(pending=[begun]), PAYLOADS) == []


def test_an_import_file_is_read_likewise() -> None:
    entry = {"type": f"{DYNAMIC}SystemUser", "name": "b", "id": "7", "inputs": {}, "outputs": {"__provider": "frozen"}}

    assert verify({"resources": [entry]}, PAYLOADS) == [
        Finding("b", f"{DYNAMIC}SystemUser", "inputs", "it carries no __provider")
    ]


# What the engine itself writes around our resources, cut from an export of stack dev by pulumi 3.259.0.
URN = "urn:pulumi:dev::meta-access::"
PROVIDER: dict[str, Any] = {
    "urn": f"{URN}pulumi:providers:random::default_4_21_4",
    "custom": True,
    "id": "5a2c7a3e-0000-4000-8000-000000000001",
    "type": "pulumi:providers:random",
    "inputs": {"__internal": {}, "version": "4.21.4"},
    "outputs": {"__internal": {}, "version": "4.21.4"},
    "created": "2026-11-27T02:11:28Z",
    "modified": "2026-11-27T02:11:28Z",
}
RANDOM = {
    "urn": f"{URN}meta:access:SystemIdentity$random:index/randomId:RandomId::suffix",
    "custom": True,
    "id": "aa",
    "type": "random:index/randomId:RandomId",
    "inputs": {"__defaults": [], "byteLength": 4},
    "outputs": {"hex": "aa", "__meta": "{}"},
    "parent": f"{URN}meta:access:SystemIdentity::reporting",
    "provider": f"{PROVIDER['urn']}::{PROVIDER['id']}",
    "propertyDependencies": {"byteLength": []},
}
COMPONENT = {
    "urn": f"{URN}meta:access:SystemIdentity::reporting",
    "custom": False,
    "type": "meta:access:SystemIdentity",
    "parent": f"{URN}pulumi:pulumi:Stack::meta-access-dev",
    "sourcePosition": "project:///__main__.py#12",
}
OURS: dict[str, Any] = {
    **resource("SystemUser", "reporting"),
    "provider": f"{URN}pulumi:providers:pulumi-python::default::5a2c7a3e-0000-4000-8000-000000000002",
    "dependencies": [],
    "additionalSecretOutputs": [],
}
HOST: dict[str, Any] = {
    **PROVIDER,
    "urn": f"{URN}pulumi:providers:pulumi-python::default",
    "type": "pulumi:providers:pulumi-python",
    "inputs": {"__internal": {}, "meta:apps": "{}", "meta:environment": {"ciphertext": "v1"}},
    "outputs": {"meta:apps": "{}"},
}
MANIFEST: dict[str, Any] = {
    "time": "2026-11-27T02:11:28Z",
    "magic": "a" * 64,
    "version": "v3.259.0",
    "plugins": [{"name": "random", "path": "/home/plugins/random", "type": "resource", "version": "4.21.4"}],
}
EXPORT: dict[str, Any] = {
    "version": 3,
    "deployment": {
        "manifest": MANIFEST,
        "secrets_providers": {"type": "passphrase", "state": {"salt": "v1:salt"}},
        "resources": [PROVIDER, HOST, COMPONENT, RANDOM, OURS],
        "metadata": {},
    },
}


@pytest.fixture(autouse=True)
def pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_command, "version", lambda _package: "4.21.4")


def with_resource(**changed: Any) -> dict[str, Any]:
    return {**EXPORT, "deployment": {**EXPORT["deployment"], "resources": [{**OURS, **changed}]}}


def reasons(state: dict[str, Any]) -> list[str]:
    return [found.reason for found in verify(state, PAYLOADS)]


def test_what_the_engine_writes_around_our_resources_passes() -> None:
    assert verify(EXPORT, PAYLOADS) == []


@pytest.mark.parametrize("version", ["4.21.4", "4.16.0", None])
def test_a_state_of_an_earlier_plugin_passes(version: str | None) -> None:
    bag = {"version": version} if version else {}
    older = {**PROVIDER, "inputs": bag, "outputs": bag}

    assert reasons(state(older)) == []


# Names that Go's decoder takes for `inputs`, `outputs` and `provider`: another case, a long s, a Kelvin sign.
@pytest.mark.parametrize("key", ["INPUTS", "Outputs", "input\u017f", "Provider", "plugin", "providers", " inputs"])
def test_a_key_that_is_not_known_exactly_is_refused(key: str) -> None:
    assert len(reasons(with_resource(**{key: {"__provider": "gASV"}}))) == 1


def test_the_reason_says_what_the_engine_would_take_a_key_for() -> None:
    folded: dict[str, Any] = {"input\u017f": {}}

    assert reasons(with_resource(**folded)) == [
        "it has the key input\u017f, which the engine would take for inputs, and no such key is known here"
    ]


@pytest.mark.parametrize(
    "file",
    [
        {**EXPORT, "Deployment": EXPORT["deployment"]},
        {**EXPORT, "resources": []},
        {**EXPORT, "chec\u212apoint": {}},
        {"Resources": [OURS]},
        {"DEPLOYMENT": EXPORT["deployment"], "version": 3},
        {**EXPORT, "version": 1},
        {**EXPORT, "deployment": [OURS]},
        {**EXPORT, "deployment": {**EXPORT["deployment"], "snippets": [{"code": "resource x y {}"}]}},
        {**EXPORT, "deployment": {**EXPORT["deployment"], "extensions": {"a": {"name": "evil"}}}},
        {**EXPORT, "deployment": {**EXPORT["deployment"], "Resources": [OURS]}},
        {**EXPORT, "deployment": {**EXPORT["deployment"], "resources": {"0": OURS}}},
        {**EXPORT, "deployment": {**EXPORT["deployment"], "resources": [OURS, None]}},
        {**EXPORT, "deployment": {**EXPORT["deployment"], "resources": [[OURS]]}},
        {**EXPORT, "deployment": {**EXPORT["deployment"], "pending_operations": [OURS]}},
        {**EXPORT, "deployment": {**EXPORT["deployment"], "pending_operations": [{"type": "creating"}]}},
        {**EXPORT, "deployment": {**EXPORT["deployment"], "manifest": {**MANIFEST, "url": "http://127.0.0.1:1/"}}},
        {
            **EXPORT,
            "deployment": {
                **EXPORT["deployment"],
                "manifest": {**MANIFEST, "plugins": [{**MANIFEST["plugins"][0], "version": "9.9.9"}]},
            },
        },
    ],
)
def test_a_file_of_another_shape_is_refused(file: dict[str, Any]) -> None:
    assert reasons(file)


@pytest.mark.parametrize(
    "changed",
    [
        {"provider": f"{URN}pulumi:providers:other::default::1"},
        {"provider": "pulumi-python"},
        {"urn": f"{URN}pulumi:providers:other::default"},
        {"urn": "urn:pulumi:dev"},
        {"custom": False},
        {"custom": 1},
        {"extensionRef": "other"},
        {"snippetID": "1"},
        {"viewOf": URN},
        {"pluginDownloadURL": "http://127.0.0.1:1/"},
        {"inputs": {**OURS["inputs"], "__PROVIDER": "gASV"}},
        {"inputs": {**OURS["inputs"], "more": [{"__provider": "gASV"}]}},
        {"outputs": {**OURS["outputs"], "__provider ": "gASV"}},
    ],
)
def test_a_resource_of_ours_in_another_shape_is_refused(changed: dict[str, Any]) -> None:
    assert reasons(with_resource(**changed))


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value below a value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in pairs:
        yield (*place, key)
        yield from _places(held, (*place, key))


OTHER_KINDS: tuple[Any, ...] = (None, 5, True, [], [[]], [{}], {}, {"a": {}}, "x")


def test_a_value_of_another_kind_anywhere_is_no_crash() -> None:
    begun = {"type": "creating", "resource": OURS}
    whole = {**EXPORT, "deployment": {**EXPORT["deployment"], "pending_operations": [begun]}}
    for file in (whole, {"nameTable": {"a": "b"}, "resources": [{**IMPORTED, "version": "1.0.0"}]}):
        for place in _places(file):
            for value in OTHER_KINDS:
                changed = copy.deepcopy(file)
                holder: Any = changed
                for key in place[:-1]:
                    holder = holder[key]
                holder[place[-1]] = value

                assert isinstance(verify(changed, PAYLOADS), list)
                assert dynamic(changed) >= 0


def foreign(kind: str, **more: Any) -> dict[str, Any]:
    return {"urn": f"{URN}{kind}::thing", "custom": True, "id": "1", "type": kind, **more}


@pytest.mark.parametrize(
    "entry",
    [
        foreign("pulumi-nodejs:dynamic:Resource", inputs={"__provider": "exports.handler = 1"}),
        foreign("pulumi-nodejs:dynamic:Resource"),
        foreign("pulumi-python:dynamic:Resource"),
        foreign("pulumi-python:other:Thing"),
        foreign("other:index:Thing"),
        foreign("randomish:index:Thing"),
        foreign("pulumi:providers:other"),
        foreign("pulumi:providers:random", inputs={"version": "9.9.9"}),
        foreign("pulumi:providers:random", inputs={"version": "5.0.0"}),
        foreign("pulumi:providers:random", inputs={"version": "4.21.5"}),
        foreign("pulumi:providers:random", inputs={"version": "v4.21.4"}),
        foreign("pulumi:providers:random", inputs={"version": 4}),
        foreign("pulumi:providers:random", inputs={"name": "other"}),
        foreign("pulumi:providers:random", inputs={"pluginDownloadURL": "http://127.0.0.1:1/"}),
        foreign("pulumi:providers:random", inputs={"__internal": {"pluginDownloadURL": "http://127.0.0.1:1/"}}),
        foreign("pulumi:providers:random", outputs={"__internal": {"parameterization": "e30="}}),
        foreign("pulumi:providers:pulumi-python", inputs={"version": "1.0.0"}),
        foreign("pulumi:providers:pulumi-python", inputs={"toolchain": "pip"}),
        foreign("pulumi:providers:random"),  # not called as a default provider is
        {**foreign("pulumi:providers:random"), "custom": False},
        {**foreign("other:index:Thing"), "custom": False, "provider": f"{URN}pulumi:providers:other::default::1"},
        {**foreign("pulumi-python:dynamic:Resource"), "custom": False},
    ],
)
def test_a_resource_that_brings_code_of_somebody_else_is_refused_and_named(entry: dict[str, Any]) -> None:
    found = verify(state(OURS, entry), PAYLOADS)

    assert {one.resource for one in found} == {entry["urn"]}
    assert {one.resource for one in verify(state(pending=[entry]), PAYLOADS)} == {entry["urn"]}


def test_other_packages_of_a_program_of_ones_own_are_told_from_foreign_payloads() -> None:
    bucket = foreign("aws:s3/bucket:Bucket", provider=f"{URN}pulumi:providers:aws::default_7_1_0::1")
    provider = foreign("pulumi:providers:aws", inputs={"version": "7.1.0", "region": "eu-central-1", "__internal": {}})
    fetched = foreign("pulumi:providers:aws", inputs={"pluginDownloadURL": "http://127.0.0.1:1/"})

    found = verify(state(bucket, provider, fetched, resource("SystemUser", "evil", payload="gASV")), PAYLOADS)

    assert [one.foreign for one in found] == [True, True, False, False, False]


def test_components_of_ones_own_and_stack_references_pass() -> None:
    own = {"urn": f"{URN}acme:access:Team::team", "type": "acme:access:Team", "custom": False}
    reference = foreign("pulumi:pulumi:StackReference", external=True, provider=f"{URN}pulumi:providers:pulumi::d::1")
    builtin = {**foreign("pulumi:providers:pulumi", inputs={}), "urn": f"{URN}pulumi:providers:pulumi::default"}

    assert reasons(state(own, reference, builtin)) == []


IMPORTED: dict[str, Any] = {
    "type": f"{DYNAMIC}SystemUser",
    "name": "reporting",
    "id": "7",
    "inputs": {"__provider": "frozen"},
    "outputs": {"__provider": "frozen"},
}


def test_an_import_file_of_ours_passes() -> None:
    team = {"type": "meta:access:SystemIdentity", "name": "team", "component": True}
    suffix = {"type": "random:index/randomId:RandomId", "name": "suffix", "id": "aa", "version": "4.21.4"}
    named = {"nameTable": {"stack": f"{URN}pulumi:pulumi:Stack::meta-access-dev"}}

    rows = [{**IMPORTED, "parent": "team", "logicalName": "reporting"}, {**team, "parent": "stack"}, suffix]

    assert reasons({**named, "resources": rows}) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"version": "9.9.9"},
        {"pluginDownloadUrl": "http://127.0.0.1:1/"},
        {"pluginDownloadURL": "http://127.0.0.1:1/"},
        {"parameterization": {"pluginName": "other"}},
        {"extension": {"name": "other"}},
        {"provider": "mine"},
        {"nameTable": {"mine": f"{URN}pulumi:providers:other::mine"}},
        {"remote": True},
        {"component": True},
        {"type": "pulumi:providers:other"},
        {"type": "pulumi:providers:random", "inputs": {}, "outputs": None},
        {"type": "other:index:Thing", "inputs": {}, "outputs": {}},
        {"Type": "other:index:Thing"},
        {"INPUTS": {"__provider": "gASV"}},
    ],
)
def test_an_import_file_that_brings_more_is_refused(changed: dict[str, Any]) -> None:
    assert reasons({"resources": [{**IMPORTED, **changed}]})


@pytest.mark.parametrize(
    "file",
    [
        {"resources": [IMPORTED], "nameTable": {"mine": f"{URN}pulumi:providers:other::mine"}},
        {"resources": [IMPORTED], "nameTable": {"mine": {"mine": URN}}},
        {"resources": [IMPORTED], "providerInputs": {"mine": {}}},
        {"resources": [IMPORTED], "providers": {"mine": {}}},
        {"resources": [IMPORTED, None]},
    ],
)
def test_an_import_file_of_another_shape_is_refused(file: dict[str, Any]) -> None:
    assert reasons(file)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(state_command, "PAYLOADS", PAYLOADS)
    return lambda *arguments: CliRunner().invoke(main, ["state", "verify", *arguments])


def test_the_command_passes_a_good_stack(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []

    def export(stack: str | None) -> dict[str, Any]:
        asked.append(stack)
        return GOOD

    monkeypatch.setattr(stacks, "export", export)

    done = run("--stack", "dev")

    assert (done.exit_code, done.output) == (
        0,
        "state verify: 2 provider payload(s), each the one this version writes\n",
    )
    assert asked == ["dev"]


def test_the_command_fails_on_a_file_and_names_the_resource(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "import.json"
    file.write_text(json.dumps(state(resource("SystemUser", "evil", payload="gASV"))))

    done = run("--file", str(file))
    as_json = run("--file", str(file), "--json")

    assert done.exit_code == 1
    assert urn("SystemUser", "evil") in done.output
    assert "the engine would execute those payloads" in done.output
    assert "gASV" not in done.output
    assert as_json.exit_code == 1
    assert json.loads(as_json.output)["findings"][0] == {
        "resource": urn("SystemUser", "evil"),
        "type": f"{DYNAMIC}SystemUser",
        "bag": "inputs",
        "reason": "its __provider is not the one this version writes",
    }


def test_a_file_that_cannot_be_read_is_one_clear_error(run: Any, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("[1]")

    absent = run("--file", str(tmp_path / "absent.json"))
    broken = run("--file", str(tmp_path / "broken.json"))

    assert absent.exit_code == 1
    assert "Reading absent.json failed: No such file or directory" in absent.output
    assert broken.exit_code == 1
    assert "Reading broken.json failed: it is no JSON object." in broken.output


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"resources": [], "resources": []}', "the key 'resources' stands twice"),
        ('{"resources": [{"inputs": {"a": [{"b": 1, "b": 2}]}}]}', "the key 'b' stands twice"),
        ('{"\\ud800": 1, "\\ud800": 2}', "the key '\\ud800' stands twice"),
        ('{"resources": []} {"resources": []}', "it is no JSON object"),
        ("[" * 200_000, "it is no JSON object"),
        ('{"resources": ' + "1" * 5000 + "}", "it is no JSON object"),
    ],
)
def test_a_file_that_readers_may_read_differently_is_one_clear_error(
    run: Any, tmp_path: Path, content: str, reason: str
) -> None:
    (tmp_path / "file.json").write_text(content)

    done = run("--file", str(tmp_path / "file.json"))

    assert done.exit_code == 1
    assert done.output.startswith(f"Error: Reading file.json failed: {reason}")


def test_a_pipe_in_a_files_place_is_not_waited_for(run: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "file.json")

    done = run("--file", str(tmp_path / "file.json"))

    assert done.exit_code == 1
    assert "Reading file.json failed: it is no file. Name a plain file." in done.output


def test_a_file_in_no_encoding_is_one_clear_error(run: Any, tmp_path: Path) -> None:
    (tmp_path / "file.json").write_bytes(b'{"resources": ["\xff"]}')

    assert "Reading file.json failed: it is no UTF-8 text." in run("--file", str(tmp_path / "file.json")).output


def test_no_text_of_a_file_steers_the_terminal(run: Any, tmp_path: Path) -> None:
    (tmp_path / "file.json").write_text(json.dumps({"resources": [{"type": "a:b:\x1b[2JC", "name": "x\u202e\ud800"}]}))

    done = run("--file", str(tmp_path / "file.json"))

    assert done.exit_code == 1
    assert done.output.isascii()
    assert "\x1b" not in done.output
