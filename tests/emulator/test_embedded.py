"""The emulator inside a test: fixture, world builder, faults, clock, and what the fixture says without its extra."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from meta_emulator.builder import WorldBuilder
from meta_emulator.embedded import MetaEmulator
from meta_emulator.httpd import ExposedError, PortError, check_address
from tests.emulators import graph_call

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = "meta_emulator.pytest_plugin"


def built() -> WorldBuilder:
    build = WorldBuilder()
    shop, client = build.business("Shop"), build.business("Client")
    app = build.app("Shop Ads", shop, tier="standard_access")
    root = build.system_user("root", shop, app, role="ADMIN")
    build.token("admin", root, app, ["business_management", "ads_management"])
    account = build.ad_account("Shared", client)
    build.share(account, shop, ["ANALYZE"])
    build.assign(root, account, ["ANALYZE"])
    return build


def test_a_world_is_built_in_python() -> None:
    with MetaEmulator(built()) as meta:
        shared = graph_call(
            meta.graph_url, "GET", f"{meta.business_id}/client_ad_accounts", token=meta.admin_token
        ).body["data"]

    assert [row["id"] for row in shared] == ["act_104320000000005"]


def test_faults_and_clock_from_python() -> None:
    with MetaEmulator() as meta:
        fault = meta.faults.add(kind="graph", path="me$", code=4)
        first = graph_call(meta.graph_url, "GET", "me", token=meta.admin_token)
        second = graph_call(meta.graph_url, "GET", "me", token=meta.admin_token)
        before = meta.clock.now()
        meta.clock.advance(timedelta(days=60))

        assert (first.code, second.status, fault.hits, fault.seen) == ((4, None), 200, 1, 2)
        assert timedelta(days=60) <= meta.clock.now() - before < timedelta(days=60, seconds=30)
        assert [(call.path, call.status) for call in meta.calls()] == [("/v26.0/me", 400), ("/v26.0/me", 200)]


def test_acts_change_the_world_and_a_copy_does_not() -> None:
    with MetaEmulator() as meta:
        meta.world.businesses.clear()
        said = meta.act("verify")

        assert said == "Lindenhof Media is verified."
        assert meta.world.businesses[0].verification_status == "verified"


def test_the_clock_survives_in_a_folder_of_its_own(tmp_path: Path) -> None:
    with MetaEmulator(home=tmp_path) as meta:
        meta.clock.advance(10**8)
        then = meta.clock.now()

    with MetaEmulator(home=tmp_path) as meta:
        assert meta.clock.now() >= then


def test_the_fixture_serves_a_test_and_takes_a_world(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "def test_usual(meta_emulator):\n"
        "    assert meta_emulator.world.businesses[0].name == 'Lindenhof Media'\n"
        "@pytest.mark.meta_world('agency')\n"
        "def test_agency(meta_emulator):\n"
        "    assert len(meta_emulator.world.businesses) == 31\n"
    )

    done = _pytest(tmp_path, "--strict-markers")

    assert "2 passed" in done.stdout, done.stdout


def test_the_fixture_without_the_extra_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(meta_emulator): pass\ndef test_other(): pass\n")

    done = _pytest(tmp_path, without="werkzeug")

    assert "meta_emulator needs werkzeug: run pip install 'meta-access[emulator]'." in done.stdout
    assert "1 passed, 1 error" in done.stdout


def test_the_plugin_imports_nothing_heavy() -> None:
    code = f"import sys, {PLUGIN}; print([n for n in ('boto3', 'werkzeug', 'pydantic', 'pulumi') if n in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout == "[]\n"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_only_loopback_is_listened_on_unless_told(host: str) -> None:
    with pytest.raises(ExposedError, match="Add --expose"):
        check_address(host, exposed=False)
    check_address(host, exposed=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_needs_no_word(host: str) -> None:
    check_address(host, exposed=False)


def test_a_port_error_names_address_and_port() -> None:
    assert str(PortError(80, "in use", "127.1.2.3")) == "cannot listen on 127.1.2.3:80: in use"


def _pytest(folder: Path, *words: str, without: str | None = None) -> subprocess.CompletedProcess[str]:
    missing = "" if without is None else f"sys.modules[{without!r}] = None; "
    code = f"import sys; {missing}import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    argv = [sys.executable, "-c", code, "-q", "-p", "no:cacheprovider", *words, str(folder)]
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
