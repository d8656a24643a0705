"""Way 3: the vendor's release archive.

The archive is compared with the SHA-256 that `sums.txt` next to this file keeps for it. Where that has none, with the
one in the vendor's published checksums file, fetched over TLS: it proves an unbroken download from the vendor's host,
and no more, since who replaces the one can replace the other. It is said which of the two was done.
"""

from __future__ import annotations

import hashlib
import http.client
import platform
import re
import shutil
import tarfile
import urllib.error
import urllib.request
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tools.engine.binaries import FILES, VERSION, WayFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

BASE_URL = "https://get.pulumi.com/releases/sdk"
TIMEOUT_S = 10  # without a byte: a host that cannot be reached must not hold up the next way
CHUNK = 1 << 20
SUMS = Path(__file__).with_name("sums.txt")
SHA256 = re.compile("[0-9a-fA-F]{64}")

SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def name() -> str:
    """Return the archive's file name for this machine."""
    system, machine = SYSTEMS.get(platform.system()), MACHINES.get(platform.machine().lower())
    if system is None or machine is None:
        raise WayFailedError(f"the vendor has no archive for {platform.system()} on {platform.machine()}")
    return f"pulumi-v{VERSION}-{system}-{machine}.tar.gz"


def download(folder: Path, say: Callable[[str], None], base_url: str = BASE_URL) -> None:
    """Put the archive's engine files into `folder`."""
    archive = name()
    whose, expected = "this repository's list", _listed(SUMS.read_text(encoding="ascii"), archive)
    if expected is None:
        whose, url = "the vendor's list", f"{base_url}/pulumi-{VERSION}-checksums.txt"
        with _open(url) as answer:
            expected = _listed(answer.read(CHUNK).decode("ascii", "replace"), archive)
        if expected is None:
            raise WayFailedError(f"the vendor's checksums do not list {archive}")
        say(f"no sum of {archive} is kept in tools/engine/sums.txt, so that the vendor's own must do")
    say(f"downloading {archive}")
    packed = folder / archive
    actual = _fetch(f"{base_url}/{archive}", packed, say)
    if actual != expected:
        packed.unlink()
        raise WayFailedError(f"{archive} has SHA-256 {actual}, {whose} says {expected}")
    _unpack(packed, folder)
    packed.unlink()


def _listed(sums: str, archive: str) -> str | None:
    """The SHA-256 of an archive in a list as `sha256sum` writes it."""
    for line in sums.splitlines():
        digest, _, file = line.partition(" ")
        if file.strip().lstrip("*") == archive and SHA256.fullmatch(digest):
            return digest.lower()
    return None


def _fetch(url: str, target: Path, say: Callable[[str], None]) -> str:
    digest, done, next_word = hashlib.sha256(), 0, 0
    with _open(url) as answer, target.open("wb") as file:
        total = int(answer.headers.get("Content-Length") or 0)
        try:
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                if done >= next_word:
                    share = f" of {total >> 20} MiB ({done * 100 // total} %)" if total else " MiB"
                    say(f"downloaded {done >> 20}{share}")
                    next_word = done + 16 * CHUNK
        except (OSError, http.client.HTTPException) as error:
            raise WayFailedError(f"the download broke off after {done >> 20} MiB ({error})") from None
    return digest.hexdigest()


def _open(url: str) -> http.client.HTTPResponse:
    try:
        answer: http.client.HTTPResponse = urllib.request.urlopen(url, timeout=TIMEOUT_S)  # noqa: S310 - a constant above
    except urllib.error.HTTPError as error:
        raise WayFailedError(f"{url} answered {error.code}") from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise WayFailedError(f"{url} cannot be reached ({reason})") from None
    return answer


def _unpack(packed: Path, folder: Path) -> None:
    """Take the engine's own files out of the archive, by their last name: no path of the archive is followed."""
    try:
        with tarfile.open(packed, "r:gz") as tar:
            for member in tar:
                file_name = PurePosixPath(member.name).name
                if not member.isfile() or file_name not in FILES:
                    continue
                source = tar.extractfile(member)
                if source is None:
                    continue
                target = folder / file_name
                with target.open("wb") as file:
                    shutil.copyfileobj(source, file)
                target.chmod(0o755)
    except (OSError, tarfile.TarError) as error:
        raise WayFailedError(f"{packed.name} cannot be unpacked ({error})") from None
