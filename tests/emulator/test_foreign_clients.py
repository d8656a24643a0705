"""Clients that others wrote, in other languages, against the emulator: unchanged but for the host.

Each runs as a process of its own, from `tests/clients`; what it prints is what its own objects held.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients import runtimes
from tests.emulator.test_login import URI, dialog, exchange, log_in
from tests.emulators import start_emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulators import RunningEmulator

SHOP = "act_104320000000501"
FULL = "This Business Manager has reached maximum number of system user limit."
GONE = (
    "Unsupported get request. Object with ID '999' does not exist, cannot be loaded due to missing permissions, or "
    "does not support this operation. Please read the Graph API documentation at "
    "https://developers.facebook.com/docs/graph-api"
)


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    running = start_emulator(tmp_path_factory.mktemp("secure"), "--tls")
    yield running
    running.stop()


def given(meta: RunningEmulator) -> runtimes.Given:
    """What each client is started with."""
    meta.reset()
    meta.act("add-redirect", uri=URI)
    return runtimes.Given(graph=meta.graph_url, app_id=meta.app_id, app_secret=meta.app_secret, uri=URI)


def for_an_sdk(meta: RunningEmulator) -> runtimes.Given:
    start = given(meta)
    # With TLS the port takes both: the person here needs no certificate.
    plain = replace(meta, graph_url=meta.graph_url.replace("https://", "http://"))
    scopes = ("email", "business_management", "ads_management")
    taken = log_in(dialog(plain, scope=",".join(scopes)), scopes=scopes)
    user_token = exchange(plain, taken["code"]).body["access_token"]
    start.update(token=meta.admin_token, user_token=user_token, business=meta.business_id, account=SHOP)
    return start


def test_metas_sdk_for_node(meta: RunningEmulator) -> None:
    shown = runtimes.run_node("sdk.cjs", for_an_sdk(meta))

    app = shown.pop("app")
    assert app["app_id"] == "120480000000201"
    assert shown == {
        "businesses": [["178000000000101", "Lindenhof Media"]],
        "made": "node",
        "assigned": [["node", ["ANALYZE"]]],
        "accounts": ["Lindenhof Shop"],
        "left": [],
        "pages": [["root"], ["node"]],
        "full": {"name": "FacebookRequestError", "status": 400, "message": FULL, "code": 3949},
        "gone": {"name": "FacebookRequestError", "status": 400, "message": GONE, "code": 100, "subcode": 33},
    }
    assert meta.world()["assignments"] == []


def test_metas_sdk_for_java_which_wants_https(secure: RunningEmulator, tmp_path: Path) -> None:
    start = for_an_sdk(secure)
    assert start["graph"].startswith("https://")

    shown = runtimes.run_java("Sdk.java", start, secure.home / "tls" / "ca.pem", tmp_path)

    assert shown == {
        "businesses": [["178000000000101", "Lindenhof Media"]],
        "made": "java",
        "assigned": ["java"],
        "accounts": ["Lindenhof Shop"],
        "left": 0,
        "pages": [["root"], ["java"]],
        "full": [3949, FULL],
        "gone": [100, GONE, 33],
    }
    assert secure.world()["assignments"] == []


def test_passport_logs_a_person_in(meta: RunningEmulator) -> None:
    shown = runtimes.run_node("passport.cjs", given(meta))

    name, code, message = shown.pop("refused")
    assert (name, code) == ("FacebookTokenError", 1)
    assert message.startswith("Error validating client secret.")
    assert shown == {
        "state": "s 1",
        "profile": ["100000000000401", "nadia", "nadia@lindenhof.example"],
        "debug": [True, True, "USER", ["public_profile", "email", "ads_read"]],
    }


def test_simple_oauth2_logs_a_person_in_with_basic_credentials(meta: RunningEmulator) -> None:
    shown: dict[str, Any] = runtimes.run_node("simple.cjs", given(meta))

    assert shown == {
        "state": "s 1",
        "refused": [400, "OAuthException", 1],
        "token": ["bearer", 7200, False],
        "me": {"name": "nadia", "id": "100000000000401"},
        "app": True,
    }


# --- where a runtime is missing ------------------------------------------------------------------


def test_a_missing_runtime_is_skipped_with_a_word_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no node and no npm on PATH"):
        runtimes.node_packages()

    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no java and no keytool and no mvn on PATH"):
        runtimes.java_packages()


def test_the_locks_name_no_registry() -> None:
    assert '"resolved"' not in (runtimes.NODE / "package-lock.json").read_text()
    assert "<repository>" not in (runtimes.JAVA / "pom.xml").read_text()


# --- the code of the pages -----------------------------------------------------------------------


def blocks(page: str, language: str) -> list[str]:
    text = (runtimes.HERE.parents[1] / "docs" / "emulator" / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.+?)```", text, re.DOTALL)


def test_the_code_for_node_does_what_its_page_says(meta: RunningEmulator) -> None:
    printed = runtimes.printed(
        ["node", "-"], "".join(blocks("node.md", "js")), {**at_home(meta), "NODE_PATH": str(runtimes.node_packages())}
    )

    address, names = printed.splitlines()
    assert address.startswith(f"{meta.graph_url}/v26.0/dialog/oauth?response_type=code&client_id=120480000000201&")
    assert names == "[ 'root', 'ci' ]"


def test_the_lines_for_java_do_what_their_page_says(secure: RunningEmulator, tmp_path: Path) -> None:
    secure.reset()
    (tmp_path / "jars").symlink_to(runtimes.java_packages())
    (tmp_path / "Start.java").write_text(blocks("java.md", "java")[0])
    started, lines = blocks("java.md", "sh")
    trusts = started.splitlines()[-1]

    printed = runtimes.printed(["bash", "-e"], f"{trusts}\n{lines}", at_home(secure), tmp_path)

    assert trusts == 'eval "$(meta-access emulator env)"'
    assert printed.splitlines() == ["root", "ci"]


def at_home(meta: RunningEmulator) -> dict[str, str]:
    """Where `meta-access` of this checkout finds the emulator."""
    here = Path(sys.executable).parent
    return {"META_ACCESS_EMULATOR_HOME": str(meta.home), "PATH": f"{here}{os.pathsep}{os.environ['PATH']}"}
