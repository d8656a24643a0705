from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.unit.tools.engine.engines import Words
from tools.engine import build, progress
from tools.engine.binaries import FILES, LANGUAGE_HOST_VERSION, VERSION, WayFailedError

ROOT = Path(__file__).resolve().parents[4]

# Stands in for Go: says what it was asked, "compiles" by writing the file that -o and the package name.
GO = """#!/bin/sh
echo "$PWD $*" >> "$GO_LOG"
case "$1" in
  version) echo "go version go$GO_VERSION linux/amd64" ;;
  list)
    if [ "$2" = -m ]; then echo "$GO_SDK"; exit 0; fi
    if [ -n "$GO_FAILS" ]; then echo "go: proxy says no" >&2; exit 1; fi
    echo "go: downloading example.com/a v1.0.0" >&2
    echo a; echo b ;;
  build)
    test "$CGO_ENABLED$GOTOOLCHAIN$GOFLAGS" = "0local-mod=readonly" || exit 9
    while [ "$1" != -o ]; do shift; done
    case "$3" in *language*) name=pulumi-language-python ;; *) name=pulumi ;; esac
    echo a >&2; echo b >&2
    printf '#!/bin/sh\\necho v3.259.0\\n' > "$2$name"; chmod +x "$2$name" ;;
esac
"""


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tools = tmp_path / "go"
    tools.mkdir()
    (tools / "go").write_text(GO)
    (tools / "go").chmod(0o755)
    sdk = tmp_path / "sdk"
    for script in build.SCRIPTS:
        (sdk / script).parent.mkdir(parents=True, exist_ok=True)
        (sdk / script).write_text("#!/bin/sh\n")
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("GO_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("GO_SDK", str(sdk))
    monkeypatch.setenv("GO_VERSION", "1.26.0")
    monkeypatch.setenv("GO_FAILS", "")
    monkeypatch.setenv("GOFLAGS", "-mod=mod")
    monkeypatch.setattr(build, "RETRY_PAUSE_S", 0)
    return tmp_path / "log"


def test_a_build_brings_the_four_files_and_says_how_far_it_is(go: Path, tmp_path: Path) -> None:
    folder = tmp_path / "engine"
    folder.mkdir()
    words = Words()

    build.build(folder, words)

    assert sorted(file.name for file in folder.iterdir()) == sorted(FILES)
    assert all(file.stat().st_mode & 0o111 for file in folder.iterdir())
    assert "compiled pulumi" in words.lines
    assert "compiled pulumi-language-python" in words.lines
    assert re.fullmatch(r"built in \d+:\d\d", words.lines[-1])


def test_the_versions_of_the_one_place_are_stamped_and_pinned(go: Path, tmp_path: Path) -> None:
    build.build(tmp_path, Words())

    log = go.read_text()
    assert "version.Version=v3.259.0" in log
    assert "version.Version=v3.184.0" in log
    assert (VERSION, LANGUAGE_HOST_VERSION) == ("3.259.0", "3.184.0")
    cli = (ROOT / "tools/engine/cli/go.mod").read_text()
    host = (ROOT / "tools/engine/langhost/go.mod").read_text()
    assert f"github.com/pulumi/pulumi/pkg/v3 v{VERSION}" in cli
    assert f"github.com/pulumi/pulumi/sdk/v3 v{LANGUAGE_HOST_VERSION}" in host


@pytest.mark.parametrize("version", ["1.25.9", "1.9"])
def test_an_older_go_is_a_reason(go: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setenv("GO_VERSION", version)

    with pytest.raises(WayFailedError, match=rf"go 1\.26 or newer is needed; .*go{version}"):
        build.build(tmp_path, Words())


def test_a_download_is_tried_again_and_its_last_words_are_the_reason(
    go: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GO_FAILS", "yes")
    words = Words()

    with pytest.raises(WayFailedError, match="`go list` of pulumi failed:\ngo: proxy says no"):
        build.build(tmp_path, words)

    assert words.text.count("download failed, once more: go: proxy says no") == 2
    assert sum(" list -deps" in line for line in go.read_text().splitlines()) == 3


def test_progress_is_said_without_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SAY_EVERY_S", 0.05)
    words = Words()

    output = progress.run(
        ["sh", "-c", "echo one >&2; read line < /dev/null; sleep 0.3; echo done"],
        cwd=tmp_path,
        env=dict(os.environ),
        progress=lambda lines: f"{len(lines)} line(s)",
        say=words,
        timeout_s=20,
    )

    assert output == "done\n"
    assert "1 line(s), 0:00 elapsed" in words.lines


def test_a_command_that_does_not_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SAY_EVERY_S", 0.05)

    with pytest.raises(progress.CommandFailedError, match="no end after 0 minutes"):
        progress.run(
            ["sleep", "60"],
            cwd=tmp_path,
            env=dict(os.environ),
            progress=lambda _lines: "waiting",
            say=Words(),
            timeout_s=0.01,
        )
