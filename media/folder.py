"""The pictures in a folder: which files they are, and their order."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from ..metrics.errors import InputError
from .formats import PICTURES, STRANGERS
from .names import in_order

_logger = logging.getLogger("elpips")
# So many names of an order are printed at either end.
_SHOWN = 4


def list_images(folder: str | os.PathLike[str]) -> list[Path]:
    """Return the picture files of a folder, by their suffixes, in the natural order of names.

    Numbers in names count by their value: 2 comes before 10. Where names can be ordered in
    more than one way, the order is told as a warning of the logger "elpips". Hidden files are
    left out: the ``._1.png`` that other systems add, and what is being written. So are GIFs
    beside other pictures, and pictures of kinds that are not read, which is told.

    Raises
    ------
    InputError
        There is no such folder, or no picture in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; expected a folder of pictures")
    try:
        files = [
            path for path in folder.iterdir() if not path.name.startswith(".") and not path.is_dir()
        ]
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror or error})") from None
    pictures = [path for path in files if path.suffix.lower() in PICTURES]
    frames = [path for path in pictures if path.suffix.lower() != ".gif"] or pictures
    strangers = [path for path in files if path.suffix.lower() in STRANGERS]
    left = sorted(path.name for path in [*strangers, *pictures] if path not in set(frames))
    if not frames:
        found = f"; {_names(left)} cannot be read" if left else ""
        raise InputError(f"{folder}: holds no pictures ({', '.join(PICTURES)}){found}")
    if left:
        _logger.warning("%s: left out %s", folder, _names(left))
    ordered, ambiguous = in_order(frames)
    if ambiguous:
        names = _names([path.name for path in ordered])
        _logger.warning("%s: the order of its names is not plain; taken as %s", folder, names)
    return ordered


def frames_folder(folder: Path) -> Path:
    """Return the folder of frames in the folder of a run, other folders as they are."""
    is_run = any((folder / name).is_file() for name in ("run.json", "checkpoint.pt"))
    return folder / "frames" if is_run and (folder / "frames").is_dir() else folder


def _names(names: list[str]) -> str:
    if len(names) > 2 * _SHOWN:
        names = [*names[:_SHOWN], "...", *names[-_SHOWN:]]
    return ", ".join(names)
