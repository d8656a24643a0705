from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from meta_access.errors import ConfigError
from meta_access.snapshot import Snapshot, Subject
from tools.workspace import scratch
from tools.workspace.preview import looked_at, not_looked_at
from tools.workspace.scratch import Scratch
from tools.workspace.stack import StackError

STACK = """# production
secretsprovider: awskms://alias/meta-prod?region=eu-central-1
encryptedkey: AQICAHh
  folded
config:
  meta:environment: prod   # a comment
  meta:businesses:
    agency: {id: "178435550012345", since: 2026-11-01}
  other:token:
    secure: v1:abc:def
  other:list:
    - {secure: "v1:x"}
    - plain
  other:last: yes
encryptionsalt: v1:salt
environment: [agency/prod]
"""


def test_a_stack_file_loses_its_secrets_provider_and_nothing_else() -> None:
    text, blanked = scratch.independent(STACK)

    assert blanked == 2
    assert (
        text
        == """# production


config:
  meta:environment: prod   # a comment
  meta:businesses:
    agency: {id: "178435550012345", since: 2026-11-01}
  other:token:
    "not available offline"
  other:list:
    - "not available offline"
    - plain
  other:last: yes


"""
    )


@pytest.mark.parametrize(
    "text",
    [
        'config:\n  meta:environment: &v "awskms://key?endpoint=evil.example"\nsecretsprovider: *v\n',
        "config:\n  a: &v [evil/environment]\nenvironment: *v\n",
        "config: {a: &k secretsprovider}\n*k : awskms://key\n",
        "config:\n  a: &s {secure: v1}\n  b: *s\n",
        "config:\n  a: &v v1\n  b:\n    secure: *v\n",
        "{secretsprovider: awskms://key, config: {}}\n",
        "? secretsprovider\n: awskms://key\n",
    ],
)
def test_a_tie_that_cannot_be_cut_out_is_refused_and_never_left(text: str) -> None:
    with pytest.raises(ConfigError, match="the stack file"):
        scratch.independent(text)


def test_a_stack_file_without_any_ties_stays_as_it_is() -> None:
    text = 'config:\n  meta:environment: "dev"\n  meta:n: 178435550012345\n'

    assert scratch.independent(text) == (text, 0)
    assert scratch.independent("") == ("", 0)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    for folder in ("components", "meta_access/__pycache__", "stacks/clients.prod", ".venv"):
        (root / folder).mkdir(parents=True)
    (root / "__main__.py").write_text("program")
    (root / "Pulumi.yaml").write_text("name: meta-access\n")
    (root / "stacks/Pulumi.prod.yaml").write_text(STACK)
    (root / "stacks/clients.prod/acme.yaml").write_text("business: '1'\n")
    (root / "meta_access/ids.py").write_text("code")
    return root


def test_the_copy_is_whole_and_goes_away_and_the_checkout_stays(checkout: Path) -> None:
    before = {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()}

    with scratch.copied(checkout, "prod") as copy:
        folder = copy.folder
        assert copy.blanked == 2
        assert (folder / "__main__.py").read_text() == "program"
        assert (folder / "meta_access/ids.py").read_text() == "code"
        assert (folder / "stacks/clients.prod/acme.yaml").is_file()
        assert (folder / ".venv").resolve() == checkout / ".venv"
        assert (folder / "meta_access/__pycache__").is_dir()  # else every preview would compile the library anew
        (folder / "stacks/Pulumi.prod.yaml").write_text("rewritten by the engine")

    assert not folder.exists()
    assert {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("place", "target"),
    [
        ("stacks/clients.prod/elsewhere.yaml", "outside/elsewhere.yaml"),
        ("stacks/clients.prod/acme.yml", "checkout/stacks/clients.prod/acme.yaml"),
        ("components/linked", "outside"),
        ("components/again", "checkout/components"),
        ("components/gone.py", "nowhere"),
        ("components/deep/er/linked.py", "outside/elsewhere.yaml"),
    ],
)
def test_a_link_is_named_and_not_followed(checkout: Path, tmp_path: Path, place: str, target: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/elsewhere.yaml").write_text("business: '1'\n")
    (checkout / place).parent.mkdir(parents=True, exist_ok=True)
    (checkout / place).symlink_to(tmp_path / target)

    with pytest.raises(StackError, match=re.escape(f"without '{place}'. Find out")), scratch.copied(checkout, "prod"):
        pass


@pytest.mark.parametrize("name", ["__main__.py", "Pulumi.yaml", "stacks", "components", "meta_access"])
def test_a_whole_part_of_the_project_may_be_no_link_either(checkout: Path, tmp_path: Path, name: str) -> None:
    (checkout / name).rename(tmp_path / name)
    (checkout / name).symlink_to(tmp_path / name)

    with pytest.raises(StackError, match=f"without '{name}'"), scratch.copied(checkout, "prod"):
        pass


def test_the_link_of_the_repository_is_copied_and_leads_to_the_copy(checkout: Path) -> None:
    (checkout / "meta_access/components").symlink_to("../components")

    with scratch.copied(checkout, "prod") as copy:
        assert (copy.folder / "meta_access/components").resolve() == (copy.folder / "components").resolve()


def test_it_is_the_link_that_the_repository_has() -> None:
    root = Path(__file__).resolve().parents[4]
    links = [path for name in scratch.COPIED for path in scratch._odd(root / name)]

    assert [(str(path.relative_to(root)), str(path.readlink())) for path in links] == [
        ("meta_access/components", "../components")
    ]


def test_no_other_link_takes_its_place(checkout: Path) -> None:
    (checkout / "meta_access/components").symlink_to(checkout / "components")

    with (
        pytest.raises(StackError, match=re.escape("without 'meta_access/components'. Find out")),
        scratch.copied(checkout, "prod"),
    ):
        pass


def test_a_link_to_itself_and_a_pipe_end_at_once(checkout: Path) -> None:
    (checkout / "components/self").symlink_to("self")
    (checkout / "components/here").symlink_to(".")
    os.mkfifo(checkout / "stacks/clients.prod/pipe.yaml")

    names = "'components/here', 'components/self', 'stacks/clients.prod/pipe.yaml'"
    with pytest.raises(StackError, match=re.escape(names)), scratch.copied(checkout, "prod"):
        pass


def test_a_link_put_in_a_file_s_place_while_it_is_copied_is_not_followed(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keys").write_text("of the runner")
    (checkout / "components/late.py").symlink_to(tmp_path / "keys")
    monkeypatch.setattr(scratch, "_odd", lambda _: iter(()))

    with scratch.copied(checkout, "prod") as copy:
        assert (copy.folder / "components/late.py").is_symlink()


def test_no_credential_of_the_caller_reaches_the_copy() -> None:
    base = {
        "PATH": "/bin",
        "AWS_PROFILE": "prod",
        "META_APP_SECRET": "value",
        "PULUMI_ACCESS_TOKEN": "value",
        "PULUMI_BACKEND_URL": "s3://states",
        "HOME": "/home/nadia",
        "XDG_CONFIG_HOME": "/home/nadia/.config",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "value",
        "SSH_AUTH_SOCK": "/tmp/agent",
        "NAME_NOBODY_KNOWS": "value",
        "LANG": "C.UTF-8",
    }

    found = scratch.environment(base, Path("/tmp/copy"))

    assert found == {
        "PATH": "/bin",
        "LANG": "C.UTF-8",
        "HOME": "/tmp/copy/.work/nobody",
        "TMPDIR": "/tmp/copy/.work/tmp",
        "PULUMI_HOME": "/tmp/copy/.work/home",
        "PULUMI_BACKEND_URL": "file:///tmp/copy/.work/state",
        "PULUMI_CONFIG_PASSPHRASE": "offline",
        "PULUMI_RUN_PROGRAM": "true",
        "PULUMI_CONTINUE_ON_ERROR": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "META_ACCESS_OFFLINE": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def test_a_snapshot_is_asked_where_one_is_given() -> None:
    base = {"PATH": "/bin", "META_ACCESS_SNAPSHOT": "another", "META_ACCESS_SNAPSHOT_MAX_AGE": "7d", "META_X": "value"}

    found = scratch.environment(base, Path("/tmp/copy"), Path("/tmp/s.json"))

    assert {name: value for name, value in found.items() if name.startswith("META_")} == {
        "META_ACCESS_SNAPSHOT": "/tmp/s.json",
        "META_ACCESS_SNAPSHOT_MAX_AGE": "7d",
    }


@pytest.fixture
def held() -> Snapshot:
    at = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
    return Snapshot(Subject("meta-access", "prod", "prod", "2026-11", {}), at, {"version": 3}, {})


def test_the_copy_begins_with_the_state_of_a_snapshot_once_no_code_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: Snapshot
) -> None:
    (tmp_path / ".work").mkdir()
    steps: list[str] = []
    codes = {"meta-access": 0}

    def capture(argv: list[str], env: dict[str, str], *, cwd: str) -> CompletedProcess[str]:
        assert (env, cwd) == ({"A": "b"}, str(tmp_path))
        steps.append(" ".join(argv))
        return CompletedProcess(argv, codes.get(argv[0], 0), "", "urn:a: its payload is another")

    monkeypatch.setattr(scratch, "capture", capture)
    state = tmp_path / ".work" / "state.json"
    init = "pulumi stack init prod --secrets-provider passphrase --non-interactive"

    scratch.begin(Scratch(tmp_path, 0), "prod", {"A": "b"}, held)
    assert json.loads(state.read_text()) == {"version": 3}
    assert steps == [
        f"meta-access state verify --file {state}",
        init,
        f"pulumi stack import --file {state} --stack prod --non-interactive",
    ]

    steps.clear()
    scratch.begin(Scratch(tmp_path, 0), "prod", {"A": "b"}, None)
    assert steps == [init]

    steps.clear()
    codes["meta-access"] = 1
    with pytest.raises(StackError, match=r"could not be made \(meta-access state verify\): urn:a: its payload is anot"):
        scratch.begin(Scratch(tmp_path, 0), "prod", {"A": "b"}, held)
    assert len(steps) == 1


def test_the_paragraph_says_what_was_not_looked_at() -> None:
    text = not_looked_at("prod", 2)

    assert text.startswith("Offline preview of stack prod: ")
    for part in ("Meta", "quota", "gate", "Secrets Manager", "recorded state", "2 encrypted configuration value(s)"):
        assert part in text
    assert "encrypted" not in not_looked_at("prod", 0)


def test_the_paragraph_says_what_a_preview_against_a_snapshot_goes_by() -> None:
    text = looked_at("prod", "the snapshot of 2026-12-01T02:00:00Z, 1 day ago", 1)

    assert text.startswith("Preview of stack prod against the snapshot of 2026-12-01T02:00:00Z, 1 day ago: ")
    assert " 1 encrypted configuration value(s) are replaced by a placeholder. " in text
    assert "encrypted" not in looked_at("prod", "x", 0)
