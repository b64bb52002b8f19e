"""Files written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import InputError


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path` that replaces it if the block succeeds.

    The temporary name ends like `path`, for writers that go by the ending.

    Raises
    ------
    InputError
        In one line: the file cannot be written (no such folder, disk full).
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        # Best effort: it may not exist, and its folder may be out of reach.
        try:
            temporary.unlink()
        except OSError:
            pass
