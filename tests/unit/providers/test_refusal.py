"""How a program learns of refused updates: the hook, beside the hooks and options that people give themselves."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi.runtime import settings

from meta_access.providers._refusal import RefusedError, fails_if_refused


class Hook:
    """A hook that nobody registers."""

    def __init__(self, name: str, callback: Any) -> None:
        self.name, self.callback = name, callback


class Monitor:
    """An engine, as far as it is there."""


@pytest.fixture(autouse=True)
def running(monkeypatch: pytest.MonkeyPatch) -> None:
    monitor = Monitor()
    monkeypatch.setattr(settings, "get_monitor", lambda: monitor)
    monkeypatch.setattr(pulumi, "ResourceHook", Hook)


def after_update(opts: pulumi.ResourceOptions) -> list[Any]:
    assert opts.hooks is not None
    return list(opts.hooks.after_update or [])


def after_create(opts: pulumi.ResourceOptions) -> list[Any]:
    assert opts.hooks is not None
    return list(opts.hooks.after_create or [])


def told(outputs: dict[str, Any] | None) -> pulumi.ResourceHookArgs:
    return pulumi.ResourceHookArgs("urn", "1", "x", "type", new_outputs=outputs)


def test_the_hook_fails_the_run_with_the_providers_sentence_and_is_silent_otherwise() -> None:
    (hook,) = after_update(fails_if_refused(None))

    assert after_create(fails_if_refused(None)) == [hook]
    assert hook.name == "meta-access-refused-update"
    with pytest.raises(RefusedError, match=r"^renaming failed: taken\.$"):
        hook.callback(told({"refused": "renaming failed: taken.", "name": "x"}))
    hook.callback(told({"name": "x"}))
    hook.callback(told(None))


def test_one_run_registers_one_hook_and_keeps_what_people_bind_themselves() -> None:
    (first,) = after_update(fails_if_refused(None))
    mine: Any = Hook("mine", None)
    given = pulumi.ResourceOptions(protect=True, hooks=pulumi.ResourceHookBinding(after_update=[mine]))

    merged = fails_if_refused(given)

    assert after_update(merged) == [mine, first]
    assert merged.protect is True
    assert after_update(given) == [mine]


def test_without_an_engine_there_is_nothing_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "get_monitor", lambda: None)

    assert fails_if_refused(None).hooks is None
