"""`meta-access emulator`: in the background, reused, named when somebody else has the port."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.emulators import graph_call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


Run = "Callable[..., Done]"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Done]]:
    """Run `meta-access emulator …` with a state folder of the test's own; it is stopped afterwards."""
    env = {**os.environ, "META_ACCESS_EMULATOR_HOME": str(tmp_path / "home")}

    def call(*words: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "meta_access.cli", "emulator", *words],
            env=env, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr)

    yield call
    run_file = tmp_path / "home" / "run.json"
    if run_file.exists():
        port = json.loads(run_file.read_text())["graph_url"].rpartition(":")[2]
        call("stop", "--port", port)


def test_start_reuse_status_act_reset_and_stop(run: Callable[..., Done]) -> None:
    started = run("start", "--port", "0", "--aws-port", "0", "--json").data
    again = run("start", "--port", "0", "--aws-port", "0")
    status = run("status", "--json").data

    assert started["started"] is True
    assert again.code == 0
    assert "runs already" in again.out
    assert started["graph_url"] in again.out
    assert {k: v for k, v in started.items() if k != "started"} == status
    assert set(status) >= {
        "graph_url", "aws_url", "aws_region", "dashboard_url", "app_id", "app_secret", "business_id", "admin_token",
    }  # fmt: skip
    assert status["running"] is True
    assert status["aws_region"] == "eu-central-1"
    assert status["dashboard_url"] == status["graph_url"] + "/dashboard"

    assert "ines has the role developers" in run("act", "accept-role", "ines").out
    assert "tier" in run("act", "approve", "tier", "--json").data["done"].lower()
    refused = run("act", "accept-role", "nobody")
    assert refused.code == 1
    assert refused.err.startswith("Error: person: 'nobody'")

    assert run("reset").code == 0
    assert run("stop").out.startswith("emulator stopped")
    assert run("status", "--json").data == {"running": False}
    assert run("status", "--json").code == 1
    assert run("stop").code == 0


def test_https_and_names_are_asked_for_at_the_start_and_env_prints_what_clients_need(
    run: Callable[..., Done], tmp_path: Path
) -> None:
    wrong = run("start", "--allow-host", "*.example", "--allow-host", "http://meta")
    assert (wrong.code, wrong.out) == (1, "")
    assert wrong.err.startswith("Error: --allow-host: '*.example', 'http://meta' is no name of a host.")
    started = run("start", "--port", "0", "--aws-port", "0", "--tls", "--allow-host", "meta", "--json").data
    tls = tmp_path / "home" / "tls"
    assert started["graph_url"].startswith("https://127.0.0.1:")
    assert started["dashboard_url"] == started["graph_url"] + "/dashboard"
    assert started["ca_file"] == str(tls / "ca.pem")
    assert run("start", "--tls", "--allow-host", "meta").code == 0
    other = run("start", "--tls", "--allow-host", "meta", "--allow-host", "graph")
    assert (other.code, "was started without --allow-host graph. Stop it with" in other.err) == (1, True)
    assert run("env").out == (
        f"export SSL_CERT_FILE={tls}/bundle.pem\n"
        f"export REQUESTS_CA_BUNDLE={tls}/bundle.pem\n"
        f"export CURL_CA_BUNDLE={tls}/bundle.pem\n"
        f"export AWS_CA_BUNDLE={tls}/bundle.pem\n"
        f"export NODE_EXTRA_CA_CERTS={tls}/ca.pem\n"
    )
    assert run("env", "--json").data["SSL_CERT_FILE"] == f"{tls}/bundle.pem"
    assert run("act", "accept-role", "ines").code == 0
    assert run("stop").out.startswith("emulator stopped")

    plain = run("start", "--port", "0", "--aws-port", "0", "--json").data
    assert (plain["graph_url"][:17], plain["ca_file"]) == ("http://127.0.0.1:", None)
    without = run("env")
    assert (without.code, "speaks plain http" in without.err) == (1, True)
    late = run("start", "--tls")
    assert (late.code, "was started without --tls. Stop it with" in late.err) == (1, True)


def test_faults_clock_and_journal_from_the_shell(run: Callable[..., Done], tmp_path: Path) -> None:
    started = run("start", "--port", "0", "--aws-port", "0", "--world", "agency", "--json").data
    assert started["world"] == "agency"
    added = run("fault", "add", "graph", "--path", "me$", "--code", "4", "--header", "X-A=b")
    assert added.out == "fault 1 added: graph, service graph, path me$, nth 1, times 1, code 4, headers {'X-A': 'b'}\n"
    wrong = run("fault", "add", "gremlin")
    assert (wrong.code, wrong.err.startswith("Error: kind: 'gremlin' is not one of http, graph")) == (1, True)
    token = started["admin_token"]
    struck = graph_call(started["graph_url"], "GET", "me", {"access_token": token})
    assert (struck.code, struck.headers["x-a"]) == ((4, None), "b")
    assert run("fault", "list").out.endswith("; 1 of 1 calls struck\n")
    assert run("fault", "list", "--json").data["faults"][0]["hits"] == 1
    assert run("fault", "clear", "--id", "7").code == 1
    assert run("fault", "clear", "--id", "1").out == "fault 1 cleared\n"
    assert run("fault", "list").out == "no faults\n"

    before = datetime.fromisoformat(run("clock", "--json").data["now"])
    after = datetime.fromisoformat(run("clock", "--advance", "60d", "--json").data["now"])
    assert timedelta(days=60) <= after - before < timedelta(days=60, minutes=2)
    assert "before the emulator's time" in run("clock", "--set", "2020-01-01T00:00:00Z").err
    assert "is not a duration" in run("clock", "--advance", "60").err
    assert run("clock", "--advance", "1s", "--set", "2040-01-01T00:00:00Z").code == 1

    assert "400 GET    /v26.0/me  error 4" in run("journal").out
    [line] = run("journal", "--format", "jsonl").out.splitlines()
    assert json.loads(line)["path"] == "/v26.0/me"
    har = json.loads(run("journal", "--format", "har").out)
    [entry] = har["log"]["entries"]
    assert (har["log"]["version"], entry["request"]["method"], entry["response"]["status"]) == ("1.2", "GET", 400)
    assert entry["request"]["url"] == started["graph_url"] + "/v26.0/me"
    assert token not in json.dumps(har)
    assert run("journal", "--format", "har", "--output", str(tmp_path / "a" / "b")).code == 1
    assert run("journal", "--service", "secretsmanager").out == ""

    assert "began with the world agency" in run("start", "--world", "saas").err
    assert run("reset", "--world", "saas").code == 0
    assert run("status", "--json").data["world"] == "saas"
    assert "there are agency" in run("reset", "--world", "nowhere").err


def test_another_folders_emulator_at_a_port_is_not_asked(run: Callable[..., Done], tmp_path: Path) -> None:
    started = run("start", "--port", "0", "--aws-port", "0", "--json").data
    port, aws_port = (started[key].rpartition(":")[2] for key in ("graph_url", "aws_url"))

    for words in (["status"], ["act", "verify"], ["clock"], ["journal"], ["fault", "list"], ["reset"]):
        refused = run(*words, "--port", port, "--home", str(tmp_path / "other"))
        assert (refused.code, str(tmp_path / "home") in refused.err) == (1, True), words
    taken = run("start", "--home", str(tmp_path / "other"), "--port", "0", "--aws-port", aws_port)
    assert taken.code == 1
    assert f"the emulator of the state folder {tmp_path / 'home'}" in taken.err


def test_a_world_that_cannot_be_starts_nothing(run: Callable[..., Done], tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text('apps: [{id: "12", name: App, business_id: "99"}]\n')

    refused = run("start", "--port", "0", "--aws-port", "0", "--world", str(file))

    assert refused.code == 1
    assert "apps[0].business_id: '99' is no business of this world" in refused.err
    assert "Traceback" not in refused.err
    assert "apps[0].business_id: '99'" in run("reset", "--world", str(file)).err
    assert run("start", "--port", "0", "--aws-port", "0", "--json").data["world"] == "lindenhof"
    assert run("stop").code == 0
    assert run("start", "--port", "0", "--aws-port", "0", "--host", "0.0.0.0").err.count("Add --expose") == 1


def test_a_world_without_apps_has_a_status(run: Callable[..., Done], tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("businesses: []\n")

    assert run("start", "--port", "0", "--aws-port", "0", "--world", str(file)).code == 0
    assert run("status", "--json").data["app_id"] is None
    assert run("status").code == 0


def test_a_foreign_process_on_the_port_is_named(run: Callable[..., Done]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        for words in (["--port", str(port)], ["--port", "0", "--aws-port", str(port)]):
            for mode in ([], ["--foreground"]):
                refused = run("start", *words, *mode)

                assert refused.code == 1
                assert f"127.0.0.1:{port}" in refused.err
                assert f"process {os.getpid()} (" in refused.err
                assert "Traceback" not in refused.err


def test_anothers_emulator_is_neither_reused_nor_stopped(run: Callable[..., Done], tmp_path: Path) -> None:
    port = run("start", "--port", "0", "--aws-port", "0", "--json").data["graph_url"].rpartition(":")[2]

    other = run("start", "--home", str(tmp_path / "other"), "--port", port)

    assert other.code == 1
    assert str(tmp_path / "home") in other.err
    assert run("status").code == 0


def test_a_broken_world_is_said_in_one_line_and_mended_by_reset(run: Callable[..., Done], tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "world.json").write_text("{")

    broken = run("start", "--port", "0", "--aws-port", "0")
    assert broken.code == 1
    assert "kept aside" in broken.err
    assert "Traceback" not in broken.err
    assert run("reset").code == 0
    assert run("start", "--port", "0", "--aws-port", "0").code == 0


def test_wrong_usage_ends_with_1(run: Callable[..., Done]) -> None:
    assert run("dance").code == 1
    assert run("start", "--port", "x").code == 1


def test_help_lists_commands_without_importing_them() -> None:
    code = "import sys; from meta_access.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    code += "assert 'werkzeug' not in sys.modules and 'pulumi' not in sys.modules"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    for name in ("emulator", "orphans", "report", "state"):
        assert f"  {name} " in done.stdout


def test_a_missing_extra_is_one_clear_line() -> None:
    code = "import sys; sys.modules['werkzeug'] = None; from meta_access.cli import main; main(['emulator', 'status'])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 1
    assert done.stderr == "Error: `meta-access emulator` needs werkzeug: run pip install 'meta-access[emulator]'.\n"
