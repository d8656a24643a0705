"""The starting world, and tokens in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from meta_emulator import tokens
from tests.emulators import start_emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.emulators import RunningEmulator


@pytest.fixture(scope="session")
def running_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """The emulator as users start it: here it is what is tested."""
    running = start_emulator(tmp_path_factory.mktemp("emulator"), module="meta_access.cli")
    yield running
    running.stop()


@pytest.fixture
def meta(running_emulator: RunningEmulator) -> RunningEmulator:
    running_emulator.reset()
    return running_emulator


@pytest.fixture
def mint(meta: RunningEmulator) -> Callable[..., str]:
    """Mint a token of a system user: `mint(user_id, scope="ads_read", expires=True)`."""

    def minted(user_id: str, scope: str = "ads_read", *, expires: bool = True) -> str:
        meta.graph("POST", f"{user_id}/applications", {"business_app": meta.app_id})
        params = {"business_app": meta.app_id, "scope": scope, "set_token_expires_in_60_days": expires}
        params["appsecret_proof"] = tokens.proof(meta.admin_token, meta.app_secret)
        answer = meta.graph("POST", f"{user_id}/access_tokens", params)
        assert answer.status == 200, answer.body
        return str(answer.body["access_token"])

    return minted
