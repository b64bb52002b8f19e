"""Folders that a command writes to: no other does, and its files are listed, until it ends."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .errors import InputError
from .files import reason
from .ownership import Owned, active_in, owning

LOCK_NAME = ".elpips.lock"
"""The lock's name, where the file system has no locks of its own."""

# What systems say that have no locks for folders, or none at all.
_NO_LOCKS = {
    getattr(errno, name)
    for name in ("ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EBADF", "EINVAL", "EISDIR")
    if hasattr(errno, name)
}
_scopes: list[ExitStack] = []


@contextmanager
def command_scope() -> Iterator[None]:
    """Let folders be claimed within the block; at its end they are given up."""
    with ExitStack() as stack:
        _scopes.append(stack)
        try:
            yield
        finally:
            _scopes.remove(stack)


def claim(folder: Path, *, resume: bool = True) -> Owned:
    """Hold a folder until the command ends, and return which of its files are ours.

    A folder in one that is held already is part of it. Outside of a command nothing is held.

    Parameters
    ----------
    folder
        An existing folder.
    resume
        Whether files of the run before are this one's too.

    Raises
    ------
    InputError
        Another run holds it.
    """
    found = active_in(folder)
    if found is not None or not _scopes:
        return found or Owned.of(folder, resume=resume)
    scope = _scopes[-1]
    scope.enter_context(lock(folder))
    return scope.enter_context(owning(Owned.of(folder, resume=resume)))


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold a folder against other processes, those that a kill has ended not counted.

    By a lock of the system, which goes with its process, on the folder itself: nothing is left
    behind. Where there is none by a file that names process and machine.

    Raises
    ------
    InputError
        Another process holds it, or it cannot be locked.
    """
    handle = _system_lock(folder)
    if handle is not None:
        try:
            yield
        finally:
            os.close(handle)
        return
    path = _lock_file(folder)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _system_lock(folder: Path) -> int | None:
    """Return the handle that holds a folder, or None where systems have no such locks."""
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if isinstance(error, BlockingIOError):
            raise _held(folder, "another run") from None
        if error.errno in _NO_LOCKS:
            return None
        raise InputError(f"{folder}: cannot be locked ({reason(error)})") from error
    return handle


def _lock_file(folder: Path) -> Path:
    """Make the file that holds a folder."""
    path, own = folder / LOCK_NAME, f"{os.getpid()} {socket.gethostname()}"
    for _ in range(2):
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:
            holder = _holder(path)
            if not _is_gone(holder):
                raise _held(folder, f"process {holder or 'unknown'} ({path})") from None
            path.unlink(missing_ok=True)
            continue
        except OSError as error:
            raise InputError(f"{folder}: cannot be locked ({reason(error)})") from error
        with os.fdopen(handle, "w") as file:
            file.write(own)
        return path
    raise _held(folder, "another run")


def _holder(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")[:200].strip()
    except OSError:
        return ""


def _is_gone(holder: str) -> bool:
    """Whether a process of this machine, named as in a lock file, is no more."""
    number, _, host = holder.partition(" ")
    if os.name != "posix" or host != socket.gethostname() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        return False
    return False


def _held(folder: Path, by: str) -> InputError:
    return InputError(
        f"{folder}: {by} is writing there; wait until it has ended, or name another --outdir"
    )
