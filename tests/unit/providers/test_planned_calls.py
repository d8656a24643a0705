"""The calls that a review plans for each step, counted on the emulator's journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from meta_access.providers.app_installation import AppInstallationProvider
from meta_access.providers.app_settings import AppSettingsProvider
from meta_access.providers.asset_assignment import AssetAssignmentProvider
from meta_access.providers.business_user import BusinessUserProvider
from meta_access.providers.system_user import SystemUserProvider
from meta_access.providers.system_user_token import SystemUserTokenProvider
from meta_access.providers.webhook_subscription import WebhookSubscriptionProvider
from meta_access.review.limits import CALLS
from tests.unit.providers.conftest import new_process

if TYPE_CHECKING:
    from meta_access.providers._base import MetaProvider
    from tests.unit.emulated import EmulatedMeta

GIVEN = {"connection": "main"}
SHOP = "act_104320000000501"


class Life:
    """One resource from its create to its delete, with the calls that each step made."""

    def __init__(self, meta: EmulatedMeta, provider: MetaProvider, **props: Any) -> None:
        self._meta, self._provider = meta, provider
        self._props = {"label": "reporting", "path": type(provider).__name__, **GIVEN, **props}
        self._id, self._outs = "", dict[str, Any]()
        self.calls: list[int] = []
        self._counted(self._create)

    def _create(self) -> None:
        made = self._provider.create(self._checked())
        assert made.outs is not None
        self._id, self._outs = made.id, dict(made.outs)

    def change(self, **props: Any) -> None:
        self._props |= props
        self._counted(self._update)

    def _update(self) -> None:
        outs = self._provider.update(self._id, self._outs, self._checked(self._outs)).outs
        assert outs is not None
        assert "refused" not in outs, outs["refused"]
        self._outs = dict(outs)

    def refresh(self) -> None:
        """What every run does first, and no step counts."""
        assert self._provider.read(self._id, self._outs).id == self._id

    def end(self) -> None:
        self._counted(lambda: self._provider.delete(self._id, self._outs))

    def _checked(self, olds: dict[str, Any] | None = None) -> dict[str, Any]:
        result = self._provider.check(olds or {}, self._props)
        assert not result.failures, [failure.reason for failure in result.failures]
        return dict(result.inputs)

    def _counted(self, step: Any) -> None:
        self._meta.forget_calls()
        step()
        self.calls.append(len(self._meta.calls))

    @property
    def id(self) -> str:
        return self._id


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meta_access.providers.app_settings.source_address", lambda _url: "198.51.100.4")
    monkeypatch.setenv("META_VERIFY_TOKEN", "chosen")


def test_a_review_plans_as_many_calls_as_a_step_makes(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    user = Life(meta, SystemUserProvider(), name="reporting", role="EMPLOYEE", on_destroy="retire", stack="p/dev")
    of = {"system_user_id": user.id}
    installation = Life(meta, AppInstallationProvider(), **of)
    Life(
        meta,
        AssetAssignmentProvider(),
        label="first",
        path="first",
        **of,
        asset="act_104320000000502",
        tasks=["ANALYZE"],
    )
    assignment = Life(meta, AssetAssignmentProvider(), **of, asset=SHOP, tasks=["ANALYZE", "DRAFT"])
    token = Life(
        meta,
        SystemUserTokenProvider(),
        **of,
        scopes=["ads_read"],
        secret_name="meta/dev/reporting",
        owner="p/dev",
    )
    person = Life(
        meta, BusinessUserProvider(), email="otto@lindenhof.example", role="EMPLOYEE", adopt=True, on_destroy="remove"
    )
    settings = Life(meta, AppSettingsProvider(), privacy_policy_url="https://lindenhof.example/a")
    hook = Life(
        meta,
        WebhookSubscriptionProvider(),
        object="permissions",
        callback_url="https://connect.lindenhof.example/hook",
        fields=["ads_read"],
        verify_token="env:META_VERIFY_TOKEN",
    )
    user.refresh()
    user.change(name="reports")
    assignment.change(tasks=["ANALYZE"])
    token.change(keepers={"round": "2"})
    person.change(role="ADMIN")
    settings.change(privacy_policy_url="https://lindenhof.example/b")
    hook.change(fields=["ads_read", "ads_management"])
    new_process(monkeypatch, meta)  # a later update
    for one in (hook, settings, person, token, assignment, installation, user):
        one.end()

    counted = {
        "AssetAssignment": assignment,
        "SystemUser": user,
        "SystemUserToken": token,
        "BusinessUser": person,
        "AppSettings": settings,
        "WebhookSubscription": hook,
    }
    assert {kind: tuple(one.calls) for kind, one in counted.items()} == {kind: CALLS[kind] for kind in counted}
    assert installation.calls == [CALLS["AppInstallation"][0], CALLS["AppInstallation"][2]]
