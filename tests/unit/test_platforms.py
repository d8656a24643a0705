"""What only Linux has is needed nowhere: commands and emulator run without /proc, and without calls of Linux alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.without_linux import BARE

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = """
import json
import urllib.request
from pathlib import Path

from click.testing import CliRunner

from meta_access.cli import main
from meta_emulator.embedded import MetaEmulator

try:
    open("/proc/self/status")
except FileNotFoundError:
    codes = {}
with MetaEmulator() as meta:
    me = urllib.request.Request(f"{meta.graph_url}/v26.0/me", headers={"Authorization": f"Bearer {meta.admin_token}"})
    codes["the emulator"] = urllib.request.urlopen(me).status
    for words in (
        ["init", "ads"], ["validate", "--json"], ["schema", "stack"], ["completion", "zsh"],
        ["doctor", "explain", "190/463"], ["matrix"], ["emulator", "start", "--port", "0", "--aws-port", "0"],
        ["emulator", "status", "--json"], ["emulator", "stop"],
    ):
        done = CliRunner().invoke(main, words)
        codes[" ".join(words)] = done.exit_code if done.exit_code == 0 else done.output
        if words[0] == "init":
            import os
            os.chdir("ads")
print(json.dumps(codes))
"""


def test_commands_and_emulator_need_no_proc_and_no_call_of_linux_alone(tmp_path: Path) -> None:
    code = f"{BARE}\n{COMMANDS}"
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    env |= {"META_ACCESS_EMULATOR_HOME": str(tmp_path / "emulator")}

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "the emulator": 200,
        "init ads": 0,
        "validate --json": 0,
        "schema stack": 0,
        "completion zsh": 0,
        "doctor explain 190/463": 0,
        "matrix": 0,
        "emulator start --port 0 --aws-port 0": 0,
        "emulator status --json": 0,
        "emulator stop": 0,
    }
