"""One declaration per resource: what its constructor passes on, what its provider knows, and what is wrong with it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pulumi.runtime import config, mocks, set_mocks

import meta_access
from meta_access.providers._declaration import as_bag
from tests.unit.providers.test_rotations_wait_for_nobody import NAMES, SOUND, provider

if TYPE_CHECKING:
    from tests.unit.emulated import EmulatedMeta

USER = "122090000000302"
RENAMED = {"SystemUser": {"name": "given_name"}}
"""Outputs in which a resource keeps an input under another name."""


class Engine(mocks.Mocks):
    def __init__(self, state: dict[str, Any] | None = None) -> None:
        self.inputs: dict[str, Any] = {}
        self.state = state or {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.inputs = {name: value for name, value in args.inputs.items() if name != "__provider"}
        return "id", dict(args.inputs)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
        assert args.token == "pulumi:pulumi:readStackResourceOutputs"
        assert args.args == {"stackName": "organization/acme/dev"}
        return {"outputs": self.state}, []


def declared(resource: str, /, state: dict[str, Any] | None = None, **values: Any) -> dict[str, Any]:
    """The inputs that a program sends to the engine for one resource.

    Args:
        resource: Its class.
        state: URN to what the last update left.
        values: What the constructor is given; of a function, what it answers once the program runs.
    """
    engine = Engine(state)
    asyncio.set_event_loop(asyncio.new_event_loop())
    set_mocks(engine, project="acme", stack="dev", preview=False, organization="organization")

    def program() -> None:
        given = {name: value() if callable(value) else value for name, value in values.items()}
        getattr(meta_access, resource)("x", **given)

    mocks.test(program)()  # type: ignore[no-untyped-call]  # pulumi's own
    return engine.inputs


def test_a_constructor_passes_on_what_a_check_would_make_of_it() -> None:
    given = declared(
        "SystemUserToken",
        connection="main",
        system_user_id=USER,
        scopes=("pages_show_list", "ads_read", "ads_read"),
        secret_name="meta/dev/one",
    )

    assert given == {
        "connection": "main",
        "system_user_id": USER,
        "scopes": ["ads_read", "pages_show_list"],
        "secret_name": "meta/dev/one",
        "lifetime": "60d",
        "rotate_before": "20d",
        "grace": "24h",
        "keepers": {},
        "rotation_owner": "pulumi",
        "owner": "acme/dev",
        "freshness": "current",
        "path": "pulumi-python:dynamic/meta:SystemUserToken::x",
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_program_the_state_and_a_refresh_agree(meta: EmulatedMeta, name: str) -> None:
    """Where they did not, each preview would show a change of what nobody changed."""
    values = {key: SOUND[name][key] for key in SOUND[name] if key in asked(name)}
    given = declared(name, connection="main", **values)

    new = provider(name).check({}, given)

    assert new.failures == []
    assert {key: value for key, value in new.inputs.items() if key != "status"} == given

    # As the first update leaves it, and as the next preview goes over it.
    outs = {**new.inputs, **{part: new.inputs[key] for key, part in RENAMED.get(name, {}).items()}}
    outs = {**outs, "evidence_record": outs["evidence"]} if "evidence" in outs else outs
    urn = f"urn:pulumi:dev::acme::{given['path']}"
    again = declared(name, {urn: {"type": "t", "outputs": outs}}, connection="main", **values)

    assert again == new.inputs
    assert provider(name)._kept(provider(name).inputs_of(provider(name).upgrade(outs))) == new.inputs
    assert provider(name).check(new.inputs, again).inputs == new.inputs


def test_what_is_known_later_gets_its_form_then() -> None:
    user: dict[str, Any] = {"connection": "main", "system_user_id": USER}

    def tasks() -> list[pulumi.Input[str]]:
        return [pulumi.Output.from_input("MANAGE"), "ANALYZE"]

    def scopes() -> pulumi.Output[list[str]]:
        return pulumi.Output.from_input(["pages_show_list", "ads_read", "ads_read"])

    assigned = declared("AssetAssignment", **user, asset="act_1", tasks=tasks)
    token = declared("SystemUserToken", **user, scopes=scopes, secret_name="meta/dev/one")

    assert (assigned["tasks"], token["scopes"]) == (["ANALYZE", "MANAGE"], ["ads_read", "pages_show_list"])


@pytest.mark.parametrize("later", [False, True])
def test_a_feature_is_passed_on_by_its_identifier_as_its_check_writes_it(
    meta: EmulatedMeta, later: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = provider("FeatureRequest").live({"connection": "main"}).rules
    monkeypatch.setattr(config, "get_config", {"meta:rules": rules.name}.get)
    name = rules.features[rules.tier_feature_key].name
    feature = (lambda: pulumi.Output.from_input(name)) if later else name

    given = declared("FeatureRequest", connection="main", feature=feature, level=next(iter(rules.tiers)))

    assert given["feature"] == rules.tier_feature_key
    assert provider("FeatureRequest").check({}, given).inputs["feature"] == rules.tier_feature_key
    unheard = declared("FeatureRequest", connection="main", feature="Unheard of", level="full")
    assert unheard["feature"] == "Unheard of"


def asked(name: str) -> set[str]:
    return {field.name for field in getattr(meta_access, name).declaration.inputs}


def test_a_provider_knows_the_inputs_of_its_constructor_and_its_own() -> None:
    found = provider("LeadAccess")

    assert found.inputs == ("label", "connection", "system_user_id", "page", "evidence", "owner", "status", "state")
    assert found.defaults == {"owner": ""}
    assert found.__dict__ == {}


def test_types_are_those_that_a_reader_writes() -> None:
    declaration = meta_access.SystemUserToken.declaration
    types = {field.name: field.type for field in declaration.inputs}
    types |= {output.name: output.type for output in declaration.outputs}

    assert types["scopes"] == "list[str]"
    assert types["lifetime"] == "str | dict[str, Any]"
    assert types["keepers"] == "dict[str, str]"
    assert types["generation"] == "int"
    assert types["superseded"] == "list[dict[str, Any]]"


def test_defaults_are_nobody_elses() -> None:
    """A property bag is changed in place."""
    first, second = provider("SystemUserToken").defaults, provider("SystemUserToken").defaults
    first["keepers"]["changed"] = "here"

    assert second["keepers"] == {}


def test_an_input_that_breaks_its_own_rule_hides_no_other_fault(meta: EmulatedMeta) -> None:
    asked = {"label": "x", "connection": "main", "system_user_id": "x", "scopes": ["nothing"], "secret_name": "s"}

    failures = provider("SystemUserToken").check({}, {**asked, "grace": "soon"}).failures

    assert [failure.property for failure in failures] == ["system_user_id", "scopes", "grace"]


def test_bags_hold_lists_and_dicts_and_outputs_as_they_are() -> None:
    later = pulumi.Output.from_input("later")

    bag = as_bag({"a": ("b", later), "c": {"d": ()}})

    assert bag == {"a": ["b", later], "c": {"d": []}}
