"""A copy of the project in which any stack can be planned by anyone: no credential, no network, no secrets provider."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from meta_access.yaml_files import parse_with_places, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What the program is made of. `.venv` is linked, everything else copied: the checkout must not change.
COPIED = ("Pulumi.yaml", "__main__.py", "components", "meta_access", "stacks")
SECRETS_KEYS = ("secretsprovider", "encryptedkey", "encryptionsalt")
HIDDEN = "not available offline"
# Credentials of a person or a runner that could reach something; the preview must not even be able to.
CREDENTIAL_PREFIXES = ("AWS_", "META_", "PULUMI_", "AZURE_", "GOOGLE_", "GITHUB_TOKEN", "ARM_")


@dataclass(frozen=True, slots=True)
class Scratch:
    """The copy, and how many encrypted values of the stack file were blanked in it."""

    folder: Path
    blanked: int


@contextlib.contextmanager
def copied(root: Path, stack: str) -> Iterator[Scratch]:
    """Copy the project, with the stack's file made independent of its secrets provider; remove the copy afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="meta-access-offline-"))
    try:
        for name in COPIED:
            source = root / name
            if source.is_dir():
                shutil.copytree(source, folder / name)
            elif source.is_file():
                shutil.copy2(source, folder / name)
        (folder / ".venv").symlink_to(root / ".venv")
        for made in ("home", "state"):
            (folder / ".work" / made).mkdir(parents=True)
        file = folder / "stacks" / f"Pulumi.{stack}.yaml"
        text, blanked = independent(read_text(file, f"stacks/{file.name}"))
        file.write_text(text, encoding="utf-8")
        yield Scratch(folder, blanked)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def independent(text: str) -> tuple[str, int]:
    """Take a stack file's ties to its secrets provider out of it; nothing else changes by a byte.

    Returns:
        The new text, and how many `secure:` values were replaced by a placeholder.
    """
    cuts: list[tuple[int, int, str]] = []
    root, _ = parse_with_places(text, "the stack file")
    if isinstance(root, yaml.MappingNode):
        for key, value in root.value:
            if key.value in SECRETS_KEYS:
                cuts.append((key.start_mark.index, value.end_mark.index, ""))
            else:
                cuts.extend(_secure(value))
    for start, end, instead in sorted(cuts, reverse=True):
        text = text[:start] + instead + text[end:]
    return text, sum(1 for cut in cuts if cut[2])


def _secure(node: yaml.Node) -> list[tuple[int, int, str]]:
    if isinstance(node, yaml.SequenceNode):
        return [cut for child in node.value for cut in _secure(child)]
    if not isinstance(node, yaml.MappingNode):
        return []
    if [key.value for key, _ in node.value] == ["secure"]:
        # A block mapping ends where the next key begins; its last line break must stay.
        end = node.value[0][1].end_mark.index
        closed = node.end_mark.index if node.flow_style else end
        return [(node.start_mark.index, closed, f'"{HIDDEN}"')]
    return [cut for _, value in node.value for cut in _secure(value)]


def environment(base: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the environment of the copy's commands: whatever could be a credential is left out."""
    kept = {name: value for name, value in base.items() if not name.startswith(CREDENTIAL_PREFIXES)}
    return {
        **kept,
        "PULUMI_HOME": str(folder / ".work" / "home"),
        "PULUMI_BACKEND_URL": f"file://{folder / '.work' / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "offline",
        "PULUMI_RUN_PROGRAM": "true",
        "PULUMI_CONTINUE_ON_ERROR": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "META_ACCESS_OFFLINE": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
