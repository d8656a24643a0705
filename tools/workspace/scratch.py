"""A copy of the project in which any stack can be planned by anyone: no credential, no network, no secrets provider.

It starts from nothing or, with a snapshot, from the state in that.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from meta_access import snapshot
from meta_access.errors import ConfigError, Problem
from meta_access.stack.yaml_files import parse_with_places, read_text
from tools.engine.random_plugin.install import install_stand_in
from tools.workspace.environment import engine_folder
from tools.workspace.environment import environment as base_environment
from tools.workspace.process import capture
from tools.workspace.stack import StackError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meta_access.snapshot import Snapshot

# What the program is made of. `.venv` is linked, everything else copied: the checkout must not change.
COPIED = ("Pulumi.yaml", "__main__.py", "components", "meta_access", "stacks")
LINK, LINKED = "meta_access/components", Path("../components")
"""The one link of the repository, by which the package has the components; the copy has it and what it leads to."""
TIES = ("secretsprovider", "encryptedkey", "encryptionsalt", "environment")
"""What has the engine ask somebody else before the program runs: for a key, or for an environment of Pulumi Cloud."""
HIDDEN = "not available offline"
SHOWN = 10
DEEPEST = 40
# All that the copy's commands are given of the caller's environment. A credential may have any name; these hold none.
PASSED = (
    *("PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TERM", "COLUMNS", "NO_COLOR", "PYTHONUNBUFFERED"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),  # where a runner's Python finds its own library
)


@dataclass(frozen=True, slots=True)
class Scratch:
    """The copy, and how many encrypted values of the stack file were blanked in it."""

    folder: Path
    blanked: int


@contextlib.contextmanager
def copied(root: Path, stack: str) -> Iterator[Scratch]:
    """Copy the project, with the stack's file made independent of others; remove the copy afterwards.

    Raises:
        ConfigError: The stack file cannot be read, or not be made so.
        StackError: Something in it is a link, or neither file nor folder. What is swapped in while it is copied is not
            followed as a file, but may be as a folder.
    """
    if odd := sorted(
        str(path.relative_to(root)) for name in COPIED for path in _odd(root / name) if not _is_own(path, root)
    ):
        more = f" and {len(odd) - SHOWN} more" if len(odd) > SHOWN else ""
        raise StackError(
            f"The offline preview follows no link and reads no device, and would show less than is planned without "
            f"{', '.join(map(ascii, odd[:SHOWN]))}{more}. Find out who put it there, and put a plain file or folder in "
            "its place."
        )
    folder = Path(tempfile.mkdtemp(prefix="meta-access-offline-"))
    try:
        for name in COPIED:
            source = root / name
            if source.is_dir():
                shutil.copytree(source, folder / name, symlinks=True, copy_function=_copy_file)
            elif source.is_file():
                _copy_file(str(source), str(folder / name))
        (folder / ".venv").symlink_to(root / ".venv")
        for made in ("home", "state", "nobody", "tmp"):
            (folder / ".work" / made).mkdir(parents=True)
        file = folder / "stacks" / f"Pulumi.{stack}.yaml"
        text, blanked = independent(read_text(file, f"stacks/{file.name}"))
        file.write_text(text, encoding="utf-8")
        yield Scratch(folder, blanked)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def prepared(copy: Scratch, stack: str, file: Path | None, held: Snapshot | None) -> dict[str, str]:
    """Make the copy's stack with all that its program needs, and return the environment of its commands.

    Args:
        copy: The copy.
        stack: The stack's name.
        file: The snapshot that is asked; without one nothing is.
        held: What is in it.

    Raises:
        StackError: The stack cannot be made.
    """
    env = environment(base_environment(engine_folder(), stack), copy.folder, file and file.absolute())
    install_stand_in(Path(env["PULUMI_HOME"]))
    begin(copy, stack, env, held)
    return env


def begin(copy: Scratch, stack: str, env: Mapping[str, str], held: Snapshot | None) -> None:
    """Make the copy's stack; with a snapshot it begins with the state in that, if no code but ours is in it.

    Raises:
        StackError: It cannot be made.
    """
    steps = [["pulumi", "stack", "init", stack, "--secrets-provider", "passphrase", "--non-interactive"]]
    if held is not None:
        state = copy.folder / ".work" / "state.json"
        state.write_text(json.dumps(held.state), encoding="utf-8")
        # State is code: the engine runs what a resource names as its provider.
        steps.insert(0, ["meta-access", "state", "verify", "--file", str(state)])
        steps.append(["pulumi", "stack", "import", "--file", str(state), "--stack", stack, "--non-interactive"])
    for step in steps:
        done = capture(step, env, cwd=str(copy.folder))
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip()[-500:]
            raise StackError(f"The scratch copy's stack could not be made ({' '.join(step[:3])}): {said}")


def _odd(path: Path) -> Iterator[Path]:
    """What is neither a plain file nor a folder of sensible depth, at a path and below it."""
    waiting = [(path, 0)]
    while waiting:
        here, depth = waiting.pop()
        mode = here.lstat().st_mode if os.path.lexists(here) else stat.S_IFREG
        if stat.S_ISDIR(mode) and depth < DEEPEST:
            waiting.extend((entry, depth + 1) for entry in here.iterdir())
        elif not stat.S_ISREG(mode):
            yield here


def _is_own(path: Path, root: Path) -> bool:
    return path == root / LINK and path.is_symlink() and path.readlink() == LINKED


def _copy_file(source: str, target: str) -> None:
    """Copy a plain file with its times, by which its compiled form is found."""
    with os.fdopen(os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as original:
        status = os.fstat(original.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise StackError(f"{source!a} is no plain file. Put one in its place.")
        with Path(target).open("wb") as made:
            shutil.copyfileobj(original, made)
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def independent(text: str) -> tuple[str, int]:
    """Take a stack file's ties to others out of it; nothing else changes by a byte.

    Returns:
        The new text, and how many `secure:` values were replaced by a placeholder.

    Raises:
        ConfigError: It is no stack file, or has such a tie in a form that cannot be cut out.
    """
    cuts = _ties(text)
    for start, end, instead in sorted(cuts, reverse=True):
        text = text[:start] + instead + text[end:]
    # An alias has the place of what it repeats, so that something else would be cut.
    if cuts and _ties(text):
        form = "has one of them by an alias, or not on lines of its own."
        raise ConfigError([Problem(f"the stack file: {', '.join(TIES)}, secure", form, "write it out.")])
    return text, sum(1 for cut in cuts if cut[2])


def _ties(text: str) -> list[tuple[int, int, str]]:
    """From where to where each tie stands, and what comes in its place."""
    root, _ = parse_with_places(text, "the stack file")
    cuts: list[tuple[int, int, str]] = []
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value in TIES:
            cuts.append((key.start_mark.index, value.end_mark.index, ""))
        else:
            cuts.extend(_secure(value))
    return cuts


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


def environment(base: Mapping[str, str], folder: Path, snapshot_file: Path | None = None) -> dict[str, str]:
    """Return the environment of the copy's commands: a few names of the caller's, and a home of nobody.

    Without a snapshot nothing can be asked at all; with one, that is asked.

    The program of a pull request runs with it. It can still read what its user may: the job itself must hold nothing.
    """
    work = folder / ".work"
    kept = {name: base[name] for name in (*PASSED, snapshot.MAX_AGE_VARIABLE) if name in base}
    source = {"META_ACCESS_OFFLINE": "1"} if snapshot_file is None else {snapshot.VARIABLE: str(snapshot_file)}
    return {
        **kept,
        "HOME": str(work / "nobody"),
        "TMPDIR": str(work / "tmp"),
        "PULUMI_HOME": str(work / "home"),
        "PULUMI_BACKEND_URL": f"file://{work / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "offline",
        "PULUMI_RUN_PROGRAM": "true",
        "PULUMI_CONTINUE_ON_ERROR": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        **source,
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
