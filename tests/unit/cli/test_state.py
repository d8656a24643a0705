from __future__ import annotations

import copy
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from meta_access.cli import main, pulumi_stack
from meta_access.cli.stack import state as state_command
from meta_access.cli.stack.state import dynamic, verify
from meta_access.cli.stack.state_shape import Finding
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
            "it carries a __provider, and this version has no provider of that type; a newer one may have it",
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
RANDOM: dict[str, Any] = {
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
COMPONENT: dict[str, Any] = {
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
        {**EXPORT, "version": 3.0},
        {**EXPORT, "deployment": None},
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


PASSPHRASE: dict[str, Any] = EXPORT["deployment"]["secrets_providers"]
KMS = "awskms://alias/meta-prod-state?region=eu-central-1"
SERVICE = {"url": "https://api.pulumi.com", "owner": "acme", "project": "meta-access", "stack": "prod"}


def cloud(url: str, **more: Any) -> dict[str, Any]:
    return {"type": "cloud", "state": {"url": url, "encryptedkey": "AQICAHg=", **more}}


def with_secrets(secrets: Any) -> dict[str, Any]:
    return {**EXPORT, "deployment": {**EXPORT["deployment"], "secrets_providers": secrets}}


@pytest.mark.parametrize(
    "secrets",
    [
        None,
        PASSPHRASE,
        cloud(KMS),
        cloud("awskms:///arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34bc-56ef-1234567890ab"),
        cloud("awskms://1234abcd-12ab-34bc-56ef-1234567890ab?region=us-gov-west-1&awssdk=v2&fips=true"),
        cloud("awskms://alias/a/b?region=eu-central-1&profile=prod&context_stack=prod"),
        cloud("azurekeyvault://acme.vault.azure.net/keys/state"),
        cloud("azurekeyvault://acme.managedhsm.azure.net/keys/state/0123abcd?algorithm=RSA-OAEP-256"),
        cloud("gcpkms://projects/acme/locations/global/keyRings/ring/cryptoKeys/key"),
        cloud("gcpkms://projects/acme.example:state/locations/global/keyRings/ring/cryptoKeys/key"),
        cloud("hashivault://state"),
        {"type": "service", "state": SERVICE},
        {"type": "service", "state": {**SERVICE, "insecure": False}},
    ],
)
def test_a_state_whose_secrets_a_known_service_keeps_passes(secrets: Any) -> None:
    assert verify(with_secrets(secrets), PAYLOADS) == []


@pytest.mark.parametrize(
    "url",
    [
        f"{KMS}&endpoint=http://127.0.0.1:9911",
        f"{KMS}&Endpoint=http://127.0.0.1:9911",
        f"{KMS}&end%70oint=http://127.0.0.1:9911",
        f"{KMS}&role=arn:aws:iam::111122223333:role/other",
        f"{KMS}&anonymous=true",
        f"{KMS}&region=us-east-1",
        f"{KMS}&",
        f"{KMS};endpoint=http://127.0.0.1:9911",
        f"{KMS}#fragment",
        "awskms://alias/x?region=evil.example/",
        "awskms://user@alias/x?region=eu-central-1",
        "AWSKMS://alias/x?region=eu-central-1",
        "awskms://alias/../x",
        "azurekeyvault://vault.azure.net.evil.example/keys/a",
        "azurekeyvault://evil.example/keys/a",
        "azurekeyvault://acme.vault.azure.net:8443/keys/a",
        "azurekeyvault://acme.vault.azure.net@evil.example/keys/a",
        "gcpkms://projects/a/../../b/locations/c/keyRings/d/cryptoKeys/e",
        "gcpkms://projects/acme/locations/global/keyRings/ring/cryptoKeys/key?additional_authenticated_data=YQ==",
        "hashivault://evil.example:8200/state",
        "hashivault://../../secret/data/prod",
        "base64key://smGbjm71Nxd1Ig5FS0wj9SlbzAIrnolCz9bQQ6uAhl4=",
        "file:///etc/passwd",
        "http://127.0.0.1:9911/",
        "awskms://alias/x?region=eu-central-1\n",
        "",
        7,
    ],
)
def test_an_address_that_sends_this_machines_credentials_elsewhere_is_refused(url: Any) -> None:
    assert reasons(with_secrets(cloud(url))) == [
        (
            "secrets_providers is not what pulumi writes here: its url is not the plain address of a key of AWS KMS, "
            "Azure Key Vault, Google Cloud KMS or Vault"
        )
    ]


@pytest.mark.parametrize(
    "secrets",
    [
        {},
        {"type": "b64"},
        {"type": "b64", "state": {}},
        {"type": "Passphrase", "state": PASSPHRASE["state"]},
        {"type": ["passphrase"], "state": PASSPHRASE["state"]},
        {"type": "passphrase"},
        {"type": "passphrase", "state": "v1:salt"},
        {"type": "passphrase", "state": {"salt": "v1:salt", "url": KMS}},
        {"type": "passphrase", "state": {"Salt": "v1:salt"}},
        {"type": "passphrase", "state": {"salt": ["v1:salt"]}},
        {"type": "cloud", "state": {"url": KMS}},
        cloud(KMS, URL="awskms://alias/x?endpoint=http://127.0.0.1:1"),
        cloud(KMS, encryptedkey="{}"),
        {"type": "service", "state": {**SERVICE, "url": "http://127.0.0.1:9911"}},
        {"type": "service", "state": {**SERVICE, "url": "https://api.pulumi.com.evil.example"}},
        {"type": "service", "state": {**SERVICE, "url": "https://api.pulumi.com@evil.example"}},
        {"type": "service", "state": {**SERVICE, "url": ""}},
        {"type": "service", "state": {**SERVICE, "insecure": True}},
        {"type": "service", "state": {**SERVICE, "stack": "../../user"}},
        {"type": "service", "state": {**SERVICE, "ur\u017f": "http://127.0.0.1:1"}},
    ],
)
def test_secrets_kept_in_any_other_way_are_refused(secrets: Any) -> None:
    assert reasons(with_secrets(secrets))


def test_a_pulumi_service_of_ones_own_is_named_by_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    own = with_secrets({"type": "service", "state": {**SERVICE, "url": "https://pulumi.acme.example"}})

    assert reasons(own) == [
        (
            "secrets_providers is not what pulumi writes here: its url is neither https://api.pulumi.com nor what "
            "PULUMI_BACKEND_URL names here"
        )
    ]
    monkeypatch.setenv("PULUMI_BACKEND_URL", "https://pulumi.acme.example/")
    assert verify(own, PAYLOADS) == []


SIGNATURE = "4dabf18193072939515e22adb298388d"
ENCRYPTED = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:bm9uY2U=:dGV4dA=="}
OF_OURS = {SIGNATURE: "5cf8f73096256a8f31e491e813e4eb8e", "urn": OURS["urn"], "id": "7", "packageVersion": ""}
# What the engine makes of each: the file, an archive of an address, bytes, a resource, a value in the clear.
MARKED: tuple[dict[str, Any], ...] = (
    {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "path": "/etc/passwd"},
    {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "uri": "http://127.0.0.1:9911/"},
    {SIGNATURE: "0def7320c3a5731c473e5ecbe6d01bc7", "uri": "file:///etc"},
    {SIGNATURE: "0def7320c3a5731c473e5ecbe6d01bc7", "assets": {"a": {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17"}}},
    OF_OURS,
    {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"clear"'},
    {**ENCRYPTED, "plaintext": '"clear"'},
    {**ENCRYPTED, "ciphertext": {"a": 1}},
    {**ENCRYPTED, "path": "/etc/passwd"},
    {SIGNATURE: "ea69d0e86d5b9d21f8cf9ea9ee0c30a1", "value": "Z0FTVg=="},
    {SIGNATURE: "unknown"},
    {SIGNATURE: {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:a"}, "path": "/etc/passwd"},
    {SIGNATURE: None},
)


@pytest.mark.parametrize("marked", MARKED)
def test_what_the_engine_would_take_for_a_file_or_a_reference_is_refused_anywhere(marked: dict[str, Any]) -> None:
    for bag in ("inputs", "outputs"):
        for value in (marked, [marked], {"a": [{"b": marked}]}):
            changed = with_resource(**{bag: {**OURS[bag], "label": value}})
            assert [(found.bag, found.resource) for found in verify(changed, PAYLOADS)] == [(bag, OURS["urn"])]
            random_one = {**RANDOM, bag: {**RANDOM[bag], "keepers": value}}
            assert [found.bag for found in verify(state(random_one), PAYLOADS)] == [bag]
    assert [found.bag for found in verify(with_resource(replacementTrigger=[marked]), PAYLOADS)] == [
        "replacementTrigger"
    ]
    whole = with_resource(outputs={SIGNATURE: "unknown", **OURS["outputs"]})
    assert [found.bag for found in verify(whole, PAYLOADS)] == ["outputs"]
    imported = {**IMPORTED, "inputs": {**IMPORTED["inputs"], "label": marked}}
    assert [found.bag for found in verify({"resources": [imported]}, PAYLOADS)] == ["inputs"]
    if marked is not OF_OURS:
        assert [found.bag for found in verify(state({**COMPONENT, "outputs": {"a": marked}}), PAYLOADS)] == ["outputs"]


def test_encrypted_values_and_resources_that_a_component_hands_out_pass() -> None:
    assert verify(with_resource(inputs={**OURS["inputs"], "label": [ENCRYPTED]}), PAYLOADS) == []
    assert verify(state({**COMPONENT, "outputs": {"user": OF_OURS, "secret": ENCRYPTED}}), PAYLOADS) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"packageVersion": "9.9.9"},
        {"urn": f"{URN}pulumi:providers:other::mine::1"},
        {"urn": "urn"},
        {"id": {"V": "7"}},
        {"pluginDownloadURL": "http://127.0.0.1:1/"},
    ],
)
def test_a_reference_that_names_a_plugin_or_no_resource_is_refused(changed: dict[str, Any]) -> None:
    assert reasons(state({**COMPONENT, "outputs": {"user": {**OF_OURS, **changed}}}))


def test_files_that_a_program_of_ones_own_gives_another_package_are_its_own_affair() -> None:
    code = foreign("aws:lambda/function:Function", inputs={"code": MARKED[0]})

    assert [one.foreign for one in verify(state(code), PAYLOADS)] == [True]


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

    monkeypatch.setattr(pulumi_stack, "export", export)

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
        ('{"resources": [], "a": NaN}', "it is no JSON object"),
        ('{"resources": [], "a": -Infinity}', "it is no JSON object"),
        ('{"resources": [], "a": 1e999}', "it is no JSON object"),
        ('{"resources": [], "a\\ud800": 1}', "it is no JSON object"),
        ('\ufeff{"resources": []}', "it is no JSON object"),
        ('{"resources": []}\0', "it is no JSON object"),
        ('{"resources": [],}', "it is no JSON object"),
        ("", "it is no JSON object"),
        (" " * (64 * 1024 * 1024 + 1), "it has more than 67108864 bytes. Divide it."),
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
