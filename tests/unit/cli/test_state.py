from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from meta_access.cli import main
from meta_access.cli import stack as stacks
from meta_access.cli import state as state_command
from meta_access.cli.state import Finding, dynamic, verify
from tests.unit.cli.states import DYNAMIC, other, resource, state

if TYPE_CHECKING:
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
