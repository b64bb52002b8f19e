"""Files written whole or not at all, and under the eyes of who has to know of them."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import InputError

Watcher = Callable[[Path, Path], None]
"""Called with a path and the finished file that is about to replace it; may raise."""

_watchers: list[Watcher] = []
_TRIES = 16
# Of a name's 255 bytes, what the temporary one needs besides.
_LONGEST = 255


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path` that replaces it if the block succeeds.

    The temporary file is a new one of a name that nobody can guess, so that nothing that lies
    there is followed or written over. Its name ends like `path`, for writers that go by the
    ending. A link at `path` is replaced, and what it leads to is left alone.

    Raises
    ------
    InputError
        In one line: the file cannot be written (no such folder, disk full).
    """
    path = Path(path)
    temporary = None
    try:
        temporary = _new_file(path)
        yield temporary
        for watcher in tuple(_watchers):
            watcher(path, temporary)
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({reason(error)})") from error
    finally:
        # Best effort: it may not exist, and its folder may be out of reach.
        try:
            if temporary is not None:
                temporary.unlink()
        except OSError:
            pass


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Have ``watcher`` called before each file of `atomic_write` takes its place."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def file_digest(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def reason(error: OSError) -> str:
    """Return in words why the system refused."""
    return error.strerror or str(error) or type(error).__name__


def _new_file(path: Path) -> Path:
    """Make an empty file beside a path, readable as the user's new files are."""
    for _ in range(_TRIES):
        head, tail = f".{path.stem}", f".{secrets.token_hex(8)}{path.suffix}"
        room = _LONGEST - len(os.fsencode(tail))
        while len(os.fsencode(head)) > room:
            head = head[:-1]
        temporary = path.with_name(head + tail)
        try:
            os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except FileExistsError:
            continue
        return temporary
    raise FileExistsError(f"no free name beside {path}")
