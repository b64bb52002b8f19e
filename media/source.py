"""Files opened for reading: none that has no end, and none that nobody writes."""

from __future__ import annotations

import os
import select
import stat
import time
from pathlib import Path

from ..metrics.errors import InputError

_MOST_BYTES = 1 << 31
# Seconds for which a pipe may wait for its first writer, and for which a writer may be silent.
_NO_WRITER, _SILENCE = 3.0, 60.0
_CHUNK = 1 << 20


def read_source(path: str | os.PathLike[str], wanted: str = "an image") -> bytes:
    """Return the content of a file or a pipe.

    Parameters
    ----------
    path
        A file, or a pipe that a program writes to and closes.
    wanted
        What was expected, for messages.

    Raises
    ------
    InputError
        In one line: it is missing, a folder or a device, cannot be read, has more than 2 GiB,
        or is a pipe to which nobody writes.
    """
    try:
        # Without O_NONBLOCK a named pipe would wait for its writer for ever.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected {wanted}") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder; expected {wanted} file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read ({reason})") from None
    try:
        return _content(file, path, wanted)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    finally:
        os.close(file)


def check_regular(path: Path, wanted: str) -> None:
    """Refuse what is no regular file: a device, a pipe, a folder."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read ({reason})") from None
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path}: is no file; expected {wanted}")


def _content(file: int, path: str | os.PathLike[str], wanted: str) -> bytes:
    status = os.fstat(file)
    if stat.S_ISDIR(status.st_mode):
        raise InputError(f"{path}: is a folder; expected {wanted} file")
    is_pipe = stat.S_ISFIFO(status.st_mode) or stat.S_ISSOCK(status.st_mode)
    if not is_pipe and not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path}: is a device; expected {wanted} file")
    if not is_pipe and status.st_size > _MOST_BYTES:
        raise InputError(f"{path}: has {status.st_size} bytes; expected at most {_MOST_BYTES}")
    parts: list[bytes] = []
    total = 0
    began = heard = time.monotonic()
    while total <= _MOST_BYTES:
        try:
            part = os.read(file, _CHUNK)
        except BlockingIOError:
            if time.monotonic() - heard > _SILENCE:
                raise InputError(f"{path}: its writer is silent; expected {wanted}") from None
            select.select([file], [], [], 1.0)
            continue
        if part:
            parts.append(part)
            total += len(part)
            heard = time.monotonic()
        elif parts or not is_pipe:
            return b"".join(parts)
        elif time.monotonic() - began > _NO_WRITER:
            # The end of a pipe that had no writer yet looks like that of an empty file.
            raise InputError(f"{path}: is a pipe with nothing in it; expected {wanted}")
        else:
            time.sleep(0.02)
    raise InputError(f"{path}: has more than {_MOST_BYTES} bytes; expected {wanted}")
