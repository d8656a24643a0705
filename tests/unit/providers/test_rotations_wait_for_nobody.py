"""What holds for every resource, so that a neighbour's trouble stops no rotation: no check and no update ever fails.

A check that fails ends the whole deployment, and an update that fails hangs it (see `providers/_refusal.py`). So a
check refuses only what the configuration alone decides, and a refused update ends with what stands.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.engine_marks import TYPE_PREFIX
from meta_access.errors import PermissionDeniedError
from meta_access.providers._boundary import Failure
from meta_access.providers._deployment import DEPLOYMENT, ResourceState
from meta_access.providers.payloads import PAYLOADS
from meta_emulator.world import Assignment
from tests.texts import lacks
from tests.unit.providers.conftest import configured, updated

if TYPE_CHECKING:
    from meta_access.providers._base import MetaProvider
    from tests.unit.emulated import EmulatedMeta

USER, ACCOUNT = "122090000000777", "act_104320000000501"
PAGES = Path(__file__).resolve().parents[3] / "docs" / "resources"
MORE: dict[str, dict[str, Any]] = {
    "AppSettings": {"server_ip_whitelist": ["203.0.113.7"]},
    "AssetAssignment": {"asset": ACCOUNT, "tasks": ["ANALYZE"], "replace_existing": False},
}
"""Where more is asked of a resource here than its page shows."""


def example(name: str) -> dict[str, Any]:
    """Inputs of a resource as its page shows them first; what is no plain value there is a system user's id."""
    page = re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
    [code] = re.findall(r"```python\n(.*?)```", (PAGES / f"{page}.md").read_text(encoding="utf-8"), re.DOTALL)
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    first = next(call for call in calls if isinstance(call.func, ast.Name) and call.func.id == name)
    given = {str(each.arg): each.value for each in first.keywords if each.arg not in {"connection", "opts"}}
    return {key: USER if isinstance(value, ast.Attribute) else ast.literal_eval(value) for key, value in given.items()}


def stamped(name: str) -> dict[str, Any]:
    """Inputs that a constructor gives by itself: whose the resource is."""
    return dict.fromkeys((own for own in ("owner", "stack") if own in provider(name).own), "meta-access/dev")


def provider(name: str) -> MetaProvider:
    module = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    made: MetaProvider = getattr(import_module(f"meta_access.providers.{module}"), f"{name}Provider")()
    return made


NAMES = sorted(name.removeprefix(TYPE_PREFIX) for name in PAYLOADS)
SOUND = {name: {**example(name), **stamped(name), **MORE.get(name, {})} for name in NAMES}


@pytest.fixture
def meta(meta: EmulatedMeta) -> EmulatedMeta:
    meta.add_system_user(USER, "reporting")
    return meta


def asked(name: str, **more: Any) -> dict[str, Any]:
    return {"label": "x", "connection": "main", **SOUND[name], **more}


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_a_page_is_sound(meta: EmulatedMeta, name: str) -> None:
    asked_for = {"label": "x", "connection": "main", **example(name), **stamped(name)}

    assert provider(name).check({}, asked_for).failures == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("trouble", ["dead token", "denied", "unreachable", "no credential"])
def test_no_check_fails_for_what_meta_says(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, name: str, trouble: str
) -> None:
    if trouble == "unreachable":
        meta.cut("GET", "", applied=False)
    elif trouble == "no credential":
        meta.connection = replace(meta.connection, app_secret="env:META_APP_SECRET")
        configured(monkeypatch, meta)
    else:
        meta.refuse("GET", "", 190 if trouble == "dead token" else 10)

    assert provider(name).check({}, asked(name)).failures == []


@pytest.mark.parametrize("name", NAMES)
def test_no_check_fails_for_what_a_full_and_foreign_business_holds(meta: EmulatedMeta, name: str) -> None:
    for number in range(3):
        meta.add_system_user(f"12209000000088{number}", f"u{number}")

    assert provider(name).check({}, asked(name)).failures == []


@pytest.mark.parametrize("name", NAMES)
def test_an_update_that_lacks_what_a_failed_resource_owes_passes_check_in_silence(
    meta: EmulatedMeta, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """So the engine leaves the resource out, and nobody reads an error that only follows from another."""
    result = provider(name).check({}, {"connection": "main", "path": f"meta:{name}::x (owed an input)"})

    assert (result.failures, capsys.readouterr().out, meta.calls) == ([], "", [])


@pytest.mark.parametrize("name", NAMES)
def test_a_preview_that_does_not_know_an_input_yet_is_checked_as_usual(meta: EmulatedMeta, name: str) -> None:
    result = provider(name).check({}, {"connection": "nowhere", "path": f"meta:{name}::x"})

    assert [failure.property for failure in result.failures] == ["connection"]


@pytest.mark.parametrize("name", NAMES)
def test_a_refused_update_ends_with_what_stands_and_names_the_refusal(
    meta: EmulatedMeta, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del meta
    found = provider(name)

    def refuse(*_: object) -> None:
        raise PermissionDeniedError("(#10) The app may not do this.", code=10)

    monkeypatch.setattr(type(found), "change", refuse)
    held = asked(name, arn="arn:aws:secretsmanager:eu-central-1:1:secret:x", given_name="x")

    result = updated(found, "1", held, {**held, "label": "y"})

    assert result["refused"] == "(#10) The app may not do this."
    whole = found.upgrade(result)
    assert {key: whole[key] for key in held} == held


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_of_ours_in_an_update_hangs_nobody_either(
    meta: EmulatedMeta, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del meta
    found = provider(name)
    monkeypatch.setattr(type(found), "change", lambda *_: {"given": 1}["missing"])

    result = updated(found, "1", asked(name, arn="arn:aws:secretsmanager:eu-central-1:1:secret:x"), asked(name))

    assert result["refused"].startswith("unexpected KeyError in ")


def test_a_refusal_is_gone_after_an_update_that_went_well(meta: EmulatedMeta) -> None:
    found = provider("AssetAssignment")
    meta.refuse("POST", "assigned_users$", 10)
    refused = updated(found, "1", asked("AssetAssignment"), asked("AssetAssignment", tasks=["ADVERTISE", "ANALYZE"]))
    assert "refused" in refused
    meta.obey()

    done = updated(found, "1", refused, asked("AssetAssignment", tasks=["ADVERTISE", "ANALYZE"]))

    assert "refused" not in done
    assert meta.world.assignments == [Assignment(ACCOUNT, USER, ["ADVERTISE", "ANALYZE"])]


@pytest.mark.parametrize("name", NAMES)
def test_a_refused_replacement_ends_with_what_stands_and_names_the_refusal(
    meta: EmulatedMeta, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What depends on it is in the state: a create that failed would hang the run as a failed update does."""
    del meta
    found, ended = provider(name), []

    def refuse(*_: object) -> None:
        raise PermissionDeniedError("(#10) The app may not do this.", code=10)

    monkeypatch.setattr(type(found), "make", refuse)
    monkeypatch.setattr(type(found), "end", lambda *_: ended.append(name))
    arn = "arn:aws:secretsmanager:eu-central-1:1:secret:x"
    held = found.upgrade(asked(name, path=f"meta:{name}::x", arn=arn, given_name="x"))
    DEPLOYMENT.hold(type(found).__name__, f"meta:{name}::x", ResourceState("1", held))

    result = found.create(asked(name, path=f"meta:{name}::x"))
    found.delete("1", held)

    why = f"{found.kind} x was not replaced. It stays in the state as it was. (#10) The app may not do this."
    assert (result.id, found.upgrade(result.outs or {}), ended) == ("1", held, [])
    assert (result.outs or {})["refused"] == why
    with pytest.raises(Failure, match=r"^\(#10\) The app may not do this\.$"):
        found.create({**found.defaults, **asked(name, path=f"meta:{name}::another")})


def test_a_read_and_a_diff_tell_the_create_what_the_state_holds(meta: EmulatedMeta) -> None:
    found, props = provider("AppInstallation"), asked("AppInstallation", path="x")
    meta.refuse("POST", "applications$", 10)

    found.read("read", props)
    assert found.create(props).id == "read"
    found.diff("diff", props, asked("AppInstallation", path="y"))  # moved by an alias: the state keeps the old path
    assert found.create(asked("AppInstallation", path="y")).id == "diff"


def test_what_depends_on_a_user_that_is_listed_no_more_stands_as_it_was_and_is_no_error_of_its_own(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    DEPLOYMENT.note_unlisted(USER)

    assignment = {**asked("AssetAssignment"), "access": "", "kept": [], "tasks": []}
    stood = updated(provider("AssetAssignment"), "1", assignment, asked("AssetAssignment"))
    assert provider("AssetAssignment").upgrade(stood) == assignment
    assert (meta.calls, capsys.readouterr().out) == (
        [],
        "asset assignment x waits for a system user and stands as it was.\n",
    )

    def refuse(*_: object) -> None:
        raise PermissionDeniedError("(#10) No such user.", code=10)

    token = provider("SystemUserToken")  # it is tried: what keeps access alive waits for no list
    monkeypatch.setattr(type(token), "change", refuse)
    held = token.upgrade(asked("SystemUserToken", arn="arn:aws:secretsmanager:eu-central-1:1:secret:x"))
    assert updated(token, "1", held, asked("SystemUserToken")) == held
    assert not lacks(capsys.readouterr().out, "token x", "waits for a system user", "(#10) No such user.")
