from __future__ import annotations

from pathlib import Path

import pytest

from tools.workspace import scratch
from tools.workspace.preview import not_looked_at

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


def test_no_credential_of_the_caller_reaches_the_copy() -> None:
    base = {
        "PATH": "/bin",
        "AWS_PROFILE": "prod",
        "META_APP_SECRET": "value",
        "PULUMI_ACCESS_TOKEN": "value",
        "PULUMI_BACKEND_URL": "s3://states",
        "HOME": "/home/nadia",
    }

    found = scratch.environment(base, Path("/tmp/copy"))

    assert found == {
        "PATH": "/bin",
        "HOME": "/home/nadia",
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


def test_the_paragraph_says_what_was_not_looked_at() -> None:
    text = not_looked_at("prod", 2)

    assert text.startswith("Offline preview of stack prod: ")
    for part in ("Meta", "quota", "gate", "Secrets Manager", "recorded state", "2 encrypted configuration value(s)"):
        assert part in text
    assert "encrypted" not in not_looked_at("prod", 0)
