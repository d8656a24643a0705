"""Writing below a folder of the checkout without following a link: a pull request may bring one that leads elsewhere.

Each step is taken from the folder opened before (`dir_fd`), so that a link put in between is not followed either.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Self

from meta_access.errors import MetaAccessError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A pipe in a file's place would otherwise wait for somebody at its other end.
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_FRESH = re.compile(r"\..+\.[0-9a-f]{8}\.new")
"""Where `replace` puts a text until it takes its place."""


class LinkError(MetaAccessError):
    """A link, or something else that is neither file nor folder, stands where one is to be written."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"Writing {place} failed: it is a link, or no plain file or folder, and may lead out of the project. "
            "Nothing is written through it. Find out who put it there, and remove it, or name another folder."
        )


def write(path: Path, text: str) -> None:
    """Write a whole file; where that fails, the one that was there stays.

    Raises:
        LinkError: The path is a link or no plain file.
        OSError: It cannot be written.
    """
    at = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if _is_there(path.name, at) and not _is_plain(path.name, at, stat.S_ISREG):
            raise LinkError(str(path))
        fresh = _fresh_name(path.name)
        try:
            _write_fresh(fresh, path.name, text.encode(), at)
            os.replace(fresh, path.name, src_dir_fd=at, dst_dir_fd=at)
        finally:
            _forget(fresh, at)
    finally:
        os.close(at)


class Folder:
    """An open folder; use it in a `with` statement.

    Attributes:
        path: As the user named it.
    """

    def __init__(self, path: Path) -> None:
        """Open a folder, made when it is not there.

        Below the project's folder no part of the path may be a link; elsewhere, which is the user's own, the last part.

        Raises:
            LinkError: One is.
            OSError: It cannot be made or opened.
        """
        self.path = path
        base, parts = _split(path)
        self._at = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        done = base
        try:
            for part in parts:
                done /= part
                deeper = _enter(part, self._at, str(done))
                os.close(self._at)
                self._at = deeper
        except BaseException:
            os.close(self._at)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._at)

    def refuse_links(self, *folders: str) -> None:
        """Look at all that lies here, and in these folders, before anything is done.

        Raises:
            LinkError: There is a link.
        """
        self._refuse_links(self._at, self.path, set(folders))

    def read(self, name: str) -> bytes | None:
        """A file's content, `gate/README.md`; None when it is not there."""
        with self._parent(name, make=False) as (at, last):
            if at is None:
                return None
            try:
                file = os.open(last, os.O_RDONLY | _FILE, dir_fd=at)
            except FileNotFoundError:
                return None
            except OSError:
                if _is_plain(last, at, stat.S_ISREG):
                    raise
                raise LinkError(f"{self.path}/{name}") from None
            with os.fdopen(file, "rb") as opened:
                if not stat.S_ISREG(os.fstat(file).st_mode):
                    raise LinkError(f"{self.path}/{name}")
                return opened.read()

    def write(self, name: str, text: str) -> None:
        """Write a whole file; its folder is made when it is not there."""
        with self._parent(name, make=True) as (at, last):
            assert at is not None
            _write(last, text, f"{self.path}/{name}", os.dup(at))

    def replace(self, texts: Mapping[str, str | None]) -> None:
        """Write whole files, and remove those without a text: all of them or none.

        Each text stands whole beside its place before the first takes it, and where one cannot, the others go back.

        Raises:
            LinkError: One is a link or no plain file.
            OSError: One cannot be written.
        """
        before = {name: self.read(name) for name in texts}
        with contextlib.ExitStack() as held:
            ready = [
                (name, *self._beside(name, text.encode(), held)) for name, text in texts.items() if text is not None
            ]
            going = [name for name, text in texts.items() if text is None and before[name] is not None]
            done: list[str] = []
            try:
                for name, at, fresh, last in ready:
                    os.replace(fresh, last, src_dir_fd=at, dst_dir_fd=at)
                    done.append(name)
                for name in going:
                    self._remove(name)
                    done.append(name)
            except BaseException:
                for name in done:
                    self._put_back(name, before[name], held)
                raise

    def sweep(self, *folders: str) -> None:
        """Remove what a killed `replace` left here and in these folders; no other one may be at work."""
        for folder in ("", *folders):
            with self._parent(f"{folder}/x" if folder else "x", make=False) as (at, _):
                if at is None:
                    continue
                with os.scandir(at) as entries:
                    left = [entry.name for entry in entries if _FRESH.fullmatch(entry.name)]
                for name in left:
                    _forget(name, at)

    def _beside(self, name: str, content: bytes, held: contextlib.ExitStack) -> tuple[int, str, str]:
        at, last = held.enter_context(self._parent(name, make=True))
        assert at is not None
        fresh = _fresh_name(last)
        held.callback(_forget, fresh, at)
        _write_fresh(fresh, last, content, at)
        return at, fresh, last

    def _put_back(self, name: str, before: bytes | None, held: contextlib.ExitStack) -> None:
        if before is not None:
            at, fresh, last = self._beside(name, before, held)
            os.replace(fresh, last, src_dir_fd=at, dst_dir_fd=at)
        else:
            self._remove(name)

    def _remove(self, name: str) -> None:
        with self._parent(name, make=False) as (at, last):
            if at is not None:
                os.unlink(last, dir_fd=at)

    @contextlib.contextmanager
    def _parent(self, name: str, *, make: bool) -> Iterator[tuple[int | None, str]]:
        *folders, last = name.split("/")
        with contextlib.ExitStack() as held:
            at, place = self._at, str(self.path)
            for folder in folders:
                if not make and not _is_there(folder, at):
                    yield None, last
                    return
                place = f"{place}/{folder}"
                at = _enter(folder, at, place)
                held.callback(os.close, at)
            yield at, last

    def _refuse_links(self, at: int, place: Path, folders: set[str]) -> None:
        with os.scandir(at) as entries:
            for entry in entries:
                if entry.is_symlink():
                    raise LinkError(str(place / entry.name))
        for name in folders:
            if _is_there(name, at):
                deeper = _enter(name, at, str(place / name))
                try:
                    self._refuse_links(deeper, place / name, set())
                finally:
                    os.close(deeper)


def _split(path: Path) -> tuple[Path, tuple[str, ...]]:
    """Where the way begins, and the parts of it that are walked one by one: all of them below the project's folder."""
    here = Path.cwd()
    root = next((place for place in (here, *here.parents) if (place / "Pulumi.yaml").is_file()), here)
    # By the letter: `link/..` is where the link stands, and not above where it leads.
    whole = Path(os.path.normpath(here / path))
    if whole.is_relative_to(root):
        return root, whole.relative_to(root).parts
    return whole.parent, (whole.name,) if whole.name else ()


def _enter(name: str, at: int, place: str) -> int:
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, dir_fd=at)
    try:
        return os.open(name, _FOLDER, dir_fd=at)
    except OSError:
        if _is_plain(name, at, stat.S_ISREG):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        if _is_plain(name, at, stat.S_ISDIR):
            raise
        raise LinkError(place) from None


def _write(name: str, text: str, place: str, at: int) -> None:
    """Write below an open folder, and close that."""
    try:
        if _is_there(name, at) and not _is_plain(name, at, stat.S_ISREG):
            raise LinkError(place)
        try:
            file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _FILE, 0o666, dir_fd=at)
        except OSError:
            if _is_plain(name, at, stat.S_ISREG) or not _is_there(name, at):
                raise
            raise LinkError(place) from None
        with os.fdopen(file, "w", encoding="utf-8") as opened:
            opened.write(text)
    finally:
        os.close(at)


def _fresh_name(name: str) -> str:
    return f".{name}.{secrets.token_hex(4)}.new"


def _write_fresh(fresh: str, name: str, content: bytes, at: int) -> None:
    """Write a text beside the place that it is to take, which may be empty."""
    mode = stat.S_IMODE(os.stat(name, dir_fd=at).st_mode) if _is_there(name, at) else 0o666
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE, mode, dir_fd=at)
    with os.fdopen(file, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(file)


def _forget(name: str, at: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=at)


def _is_there(name: str, at: int) -> bool:
    try:
        os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _is_plain(name: str, at: int, kind: Callable[[int], bool]) -> bool:
    try:
        mode = os.stat(name, dir_fd=at, follow_symlinks=False).st_mode
    except OSError:
        return False
    return kind(mode)
