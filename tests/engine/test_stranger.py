"""The program of docs/own-program.md, in a project that has the installed package and nothing else of this checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import site
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.engine import interpreters, lindenhof
from tests.engine.commands import run
from tests.engine.projects import CHECKOUT, Project
from tests.without_linux import BARE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulators import RunningEmulator
    from tests.engine.workers import Worker


def wheel_of_the_checkout(folder: Path) -> Path:
    """The package as `pip install .` builds it, away from the checkout."""
    # A copy: the build must not leave files in the checkout.
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, source / name)
    for name in ("components", "meta_access", "meta_emulator", "schema"):
        shutil.copytree(CHECKOUT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(source))
    (wheel,) = folder.glob("*.whl")
    return wheel


def pip(*words: str) -> None:
    argv = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel_of_the_checkout(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def packages(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed") / "packages"
    pip("install", "--no-deps", "--target", str(folder), str(wheel))
    return folder


def on_the_path(packages: Path) -> str:
    """The package; its own dependencies come from the environment of the tests.

    A folder on this path does not bring that one's editable install along.
    """
    return os.pathsep.join([str(packages), *site.getsitepackages()])


def test_a_project_that_init_wrote_comes_up_with_nothing_else(
    tmp_path: Path, engine: Path, worker: Worker, emulator: RunningEmulator, packages: Path
) -> None:
    for part in ("components/program.py", "schema/stack.json", "schema/client.json"):
        assert (packages / "meta_access" / part).is_file()
    # As on macOS: every Python of it, the program's and the provider hosts' too, does without what only Linux has.
    bare = tmp_path / "bare"
    bare.mkdir()
    noted = f"with open({str(bare / 'began')!r}, 'a') as file:\n    print(*sys.orig_argv, file=file)\n"
    (bare / "sitecustomize.py").write_text(f"{BARE}\n{noted}", encoding="utf-8")
    path = os.pathsep.join([str(bare), on_the_path(packages)])
    extra = {"PYTHONPATH": path, "META_ACCESS_EMULATOR_HOME": str(emulator.home)}
    project = Project(tmp_path / "ads", engine, worker, extra)
    for made in ("state", "home"):
        (project.root / made).mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-m", "meta_access.cli", "init", "--emulator"],
        cwd=project.root,
        env=project.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    venv.create(project.root / ".venv", with_pip=False)
    project.init()

    up = project.up()

    assert up.code == 0, up.stdout
    assert lindenhof.users(emulator) == ["reporting"]
    assert lindenhof.tasks(emulator, lindenhof.SHOP) == {"reporting": ["ANALYZE"]}
    assert [token["scopes"] for token in lindenhof.live_tokens(emulator)] == [["ads_read"]]
    preview = project.preview("--expect-no-changes", "--policy-pack", "policy-pack")
    assert (preview.code, preview.policies) == (0, set()), preview.stdout
    assert run(project, "doctor")[0] == 2  # a gate is open
    for words in (["who"], ["report"], ["rotate", "--due"], ["review"]):
        code, _, said = run(project, *words)
        assert code == 0, said
    began = (bare / "began").read_text(encoding="utf-8")
    assert {name for name in ("pulumi-language-python-exec", "pulumi.dynamic", "meta_access.cli") if name in began} == {
        "pulumi-language-python-exec",
        "pulumi.dynamic",
        "meta_access.cli",
    }


def test_the_pages_program_runs_on_the_installed_package(
    tmp_path: Path, engine: Path, worker: Worker, emulator: RunningEmulator, packages: Path
) -> None:
    assert (packages / "bin" / "meta-access").is_file()
    page = (CHECKOUT / "docs" / "own-program.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.+?)```", page, re.DOTALL)
    project = Project(tmp_path / "project", engine, worker, {"PYTHONPATH": on_the_path(packages)})
    project.lay_out()
    for link in ("meta_access", "components", ".venv"):
        (project.root / link).unlink()
    venv.create(project.root / ".venv", with_pip=False)
    project.program(f"import meta_access\n{program}\npulumi.export('home', meta_access.__file__)\n")
    project.init()
    project.configure(lindenhof.config(emulator))

    up = project.up()

    assert up.code == 0, up.stdout
    assert project.outputs()["home"] == str(packages / "meta_access" / "__init__.py")
    assert lindenhof.users(emulator) == ["reporting"]
    assert lindenhof.tasks(emulator, lindenhof.SHOP) == {"reporting": ["ANALYZE"]}
    (token,) = lindenhof.live_tokens(emulator)
    assert token["scopes"] == ["ads_read"]
    assert project.preview("--expect-no-changes").code == 0
    assert project.destroy().code == 0
    assert lindenhof.live_tokens(emulator) == []


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody with an environment of their own, a new home and an empty folder."""

    env: Path
    home: Path
    engine: Path
    folder: Path
    heard: list[str] = field(default_factory=list)

    def run(self, *argv: str, code: int = 0) -> str:
        done = subprocess.run(
            [shutil.which(argv[0], path=self.path) or argv[0], *argv[1:]],
            cwd=self.folder, env=self.variables, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        self.heard.append(done.stdout + done.stderr)
        assert done.returncode == code, self.heard[-1]
        return done.stdout

    @property
    def path(self) -> str:
        return os.pathsep.join([str(self.env / "bin"), str(self.engine), "/usr/bin", "/bin"])

    @property
    def variables(self) -> dict[str, str]:
        return {
            "PATH": self.path,
            "HOME": str(self.home),
            "PULUMI_BACKEND_URL": f"file://{self.home}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_RUN_PROGRAM": "true",
            "PULUMI_CONTINUE_ON_ERROR": "true",
            "PYTHONWARNINGS": "default",
            "GOGC": "off",
        }


OUR_WARNING = re.compile(r"/(?:meta_access|meta_emulator)/\S+: (?:Pending)?(?:Deprecation|Syntax|Future)Warning: .*")
OTHERS = interpreters.others()


@pytest.mark.parametrize("version", OTHERS)
def test_another_python_of_the_machine_brings_a_new_project_up_without_a_warning(
    version: str, wheel: Path, engine: Path, tmp_path: Path
) -> None:
    python = OTHERS[version]
    if python is None:
        pytest.skip(f"no Python {version} on PATH and none of pyenv's: the package was not tried with it")
    env = tmp_path / "env"
    subprocess.run([python, "-m", "venv", "--without-pip", env], check=True, timeout=60)
    lock = ["--require-hashes", "-r", str(CHECKOUT / "requirements" / "emulator.txt")]
    for what in (lock, [str(wheel)]):
        pip("--python", str(env / "bin" / "python"), "install", "--no-deps", "--no-compile", *what)
    me = Newcomer(env, tmp_path / "home", engine, tmp_path / "ads")
    for folder in (me.home, me.folder):
        folder.mkdir()

    started = json.loads(me.run("meta-access", "emulator", "start", "--port", "0", "--aws-port", "0", "--json"))
    try:
        me.run("meta-access", "init")
        (me.folder / ".venv").symlink_to(env)
        assert me.run("meta-access", "validate") == "stacks/Pulumi.dev.yaml: sound.\n"
        me.run("pulumi", "stack", "init", "dev")
        up = me.run("pulumi", "up", "--yes", "--skip-preview", "--stack", "dev")
        assert "+ 11 created" in up
        assert "this change changes nothing" in me.run("meta-access", "review", "--stack", "dev")
        # A gate is open and nobody has two factors: that needs people.
        told = json.loads(me.run("meta-access", "doctor", "--stack", "dev", "--json", code=2))
        assert [one for one in told["findings"] if one["severity"] == "error"] == []
        assert told["tokens"]["reporting"]["meta"]["error"] is None
        held = json.loads(me.run("meta-access", "who", "act_104320000000501", "--stack", "dev", "--json"))
        assert [(row["name"], row["standing"]) for row in held["access"]] == [("reporting", "declared")]
    finally:
        me.run("meta-access", "emulator", "stop")
    assert OUR_WARNING.findall("".join(me.heard)) == []
    assert started["graph_url"] in (me.folder / "stacks" / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    where = me.run(
        "python", "-c", "import meta_access, sys; print(meta_access.__file__, '%d.%d' % sys.version_info[:2])"
    )
    assert where.split() == [str(next(env.glob("lib/*/site-packages/meta_access/__init__.py"))), version]
