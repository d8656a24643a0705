"""What the pages tell readers to type works: each line of their shell blocks, page by page, in a stack that is up.

A line is run as it stands, but for the stack: pages mean production, and here it is the dev stack against the emulator.
What cannot be run here is listed with the reason, so that a new line of a page is run, or somebody says why not.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests import shell_lines
from tests.engine.projects import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

TIMEOUT_S = 240
USUAL = "http://127.0.0.1:8765"
"""Where pages have the emulator."""
PAGES = sorted([CHECKOUT / "README.md", *(CHECKOUT / "docs").rglob("*.md")])

ADOPT = "tests/engine/test_adopt.py and tests/engine/test_discover.py run it on a business that was built by hand"
REVIEWED = "tests/unit/cli/test_access_review_page.py runs this page word for word"
TARGETS = "tests/engine/test_make_targets.py runs it in a checkout of its own"
FROM_PYPI = "it needs PyPI; tests/engine/test_stranger.py installs the package"
ASKS = "it asks a person; the tests of this folder run it with --yes"
AWS = "it needs AWS; tests/engine/test_lambda.py does the same with boto3"
CALLBACK = "it needs a callback of the reader's; tests/emulator/test_webhooks.py has one"
SECURE = "this emulator speaks http; tests/emulator/test_foreign_clients.py runs clients of one with --tls"

NOT_HERE: Mapping[str, Mapping[str, str]] = {
    "README.md": {"make up": TARGETS, "make test": "it is what runs this", "pip install": FROM_PYPI},
    "docs/start.md": {
        "make up": TARGETS,
        "make test": "it is what runs this",
        "pip install": FROM_PYPI,
        'eval "$(make -s env)"': TARGETS,
    },
    "docs/access-review.md": {"meta-access ": REVIEWED, "git ": REVIEWED, 'eval "$(make -s env)"': TARGETS},
    "docs/adopting-a-business.md": {"": ADOPT},
    "docs/bootstrap.md": {"meta-access bootstrap": "tests/engine/test_bootstrap.py runs it before any token is there"},
    "docs/emulator/README.md": {
        "meta-access emulator start --tls": SECURE,
        'eval "$(meta-access emulator env)"': SECURE,
        "curl -s $G/v26.0/$APP/subscriptions": CALLBACK,
    },
    "docs/emulator/java.md": {"": "tests/emulator/test_foreign_clients.py runs this page"},
    "docs/emulator/node.md": {"pip install": FROM_PYPI, "npm install": "it needs npm's registry"},
    "docs/emulator/php.md": {"pip install": FROM_PYPI},
    "docs/emulator/standalone.md": {"pip install": FROM_PYPI, "docker ": "it needs Docker"},
    "docs/examples/README.md": {"": "tests/engine/test_examples.py brings each example up"},
    "docs/lambda.md": {"aws ": AWS},
    "docs/operating.md": {
        "export ": "it names a proxy and certificates that are not there",
        "python3 -m venv": FROM_PYPI,
        ".venv/bin/pip": FROM_PYPI,
    },
    "docs/production.md": {"make preview": TARGETS},
    "docs/untrusted.md": {
        "make preview": TARGETS,
        "git ": "tests/unit/test_untrusted.py reviews a checkout that was made so",
        "cd ": "tests/unit/test_untrusted.py reviews a checkout that was made so",
    },
}
"""Page to the beginnings of lines that are not run here, and why."""


@dataclass(frozen=True)
class Given:
    """What a page takes for granted.

    Attributes:
        before: Lines that are typed before those of the page.
        named: Words of the page to what they stand for.
        says: What is typed when a command asks.
        fails: What a line says that ends with exit code 1 and is right all the same.
    """

    before: tuple[str, ...] = ()
    named: Mapping[str, str] = field(default_factory=dict)
    says: str = "y"
    fails: str = ""


ANSWERS = '{"app_id": "120480000000201", "privileges": [{"permission": "ads_read", "access_level": "standard"}]}'
ELSEWHERE = {"init my-access": "init ../my-access"}
GIVEN = {
    "README.md": Given(named=ELSEWHERE),
    "docs/start.md": Given(named=ELSEWHERE),
    # The projects of these tests get their random values from a plugin of the tests' own.
    "docs/doctor.md": Given(named={"FILE": "support.json"}, fails="plugin.missing"),
    "docs/evidence.md": Given(before=(f"echo '{ANSWERS}' > answers.json",)),
    "docs/many-businesses.md": Given(
        before=(
            "git init -q . && git add -A && git -c user.name=x -c user.email=x@x.example commit -qm x",
            "git update-ref refs/remotes/origin/main HEAD",
        ),
        named={"shop-*": "d*", "--environment prod": "--environment dev"},
    ),
    "docs/policy.md": Given(before=(f"ln -s '{CHECKOUT}/policy-pack' policy-pack",)),
    "docs/offboarding.md": Given(
        named={"aylin": "ines", "trading": "reporting"}, says="n", fails="not confirmed; nothing was changed."
    ),
    "docs/reviewing-changes.md": Given(
        before=(
            "meta-access review --stack dev --json > base.json",
            'sed \'s/"stack": "dev"/"stack": "staging"/\' base.json > staging.json',
        ),
    ),
}


def typed(page: Path) -> list[str]:
    """The lines of a page's shell blocks, and of its recorded runs."""
    found = []
    for _, kind, block in shell_lines.BLOCK.findall(page.read_text(encoding="utf-8")):
        lines = [line.lstrip() for line in block.splitlines()]
        if kind == "text":
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        found += [line for line in shell_lines.typed(lines) if line.strip() and not line.startswith("#")]
    return found


def to_run(page: Path) -> list[str]:
    left = NOT_HERE.get(name(page), {})
    return [line for line in typed(page) if not line.startswith(tuple(left))]


def name(page: Path) -> str:
    return str(page.relative_to(CHECKOUT))


RUN = [page for page in PAGES if to_run(page)]


def test_what_is_not_run_stands_in_a_page() -> None:
    lines = {name(page): typed(page) for page in PAGES}
    stale = [
        f"{page}: {beginning}"
        for page, left in NOT_HERE.items()
        for beginning in left
        if not any(line.startswith(beginning) for line in lines.get(page, ()))
    ]

    assert stale == []
    assert [page for page in GIVEN if page not in map(name, RUN)] == []
    named = {
        found for left in NOT_HERE.values() for why in left.values() for found in re.findall(r"tests/\S+\.py", why)
    }
    assert [file for file in named if not (CHECKOUT / file).is_file()] == []


def script(page: Path, graph_url: str) -> Iterator[str]:
    """A program of a shell that types the page's lines and tells how each ended."""
    given = GIVEN.get(name(page), Given())
    yield from ("exec 3> codes", f"exec < <(yes {given.says})", "pulumi stack select dev", *given.before)
    for line in to_run(page):
        here = {"--stack prod": "--stack dev", "validate prod": "validate dev", USUAL: graph_url}
        for word, meant in {**here, **given.named}.items():
            line = line.replace(word, meant)  # noqa: PLW2901 - one after the other
        yield from (r"printf '\n@\n'", line, 'echo "$?" >&3')


@pytest.mark.provisioned
@pytest.mark.parametrize("page", RUN, ids=name)
def test_the_lines_of_a_page_work(page: Path, dev: Project, emulator: RunningEmulator) -> None:
    lines = " ".join(to_run(page))
    if missing := [program for program in ("curl", "jq") if f"{program} " in lines and shutil.which(program) is None]:
        pytest.skip(f"the page uses {' and '.join(missing)}, which this machine does not have")
    dev.extra_env["META_ACCESS_EMULATOR_HOME"] = str(emulator.home)
    file = dev.root / "typed.sh"
    file.write_text("\n".join(script(page, emulator.graph_url)) + "\n", encoding="utf-8")

    done = subprocess.run(
        ["bash", str(file)],
        cwd=dev.root,
        env=dev.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )

    codes = [int(code) for code in (dev.root / "codes").read_text().split()]
    given, said = GIVEN.get(name(page), Given()), re.split(r"^@\n", done.stdout, flags=re.MULTILINE)[1:]
    failed = [
        f"{line}\n{text}"
        for line, code, text in zip(to_run(page), codes, said, strict=True)
        if not (code in {0, 2} or (code == 1 and given.fails and given.fails in text))
        or (line.startswith("curl") and '"error"' in text)
    ]
    assert failed == []
