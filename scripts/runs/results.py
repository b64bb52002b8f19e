"""What a run writes at its end: each file by itself, so that the failure of one costs only it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from ...optim import StopReason
from .files import remove_earlier
from .folder import exit_code

logger = logging.getLogger("elpips")

T = TypeVar("T")
_FAILED = 1


@dataclass
class Results:
    """The files of a run's end.

    Attributes
    ----------
    folder
        Where they are.
    written, lost
        Names of those that were written, and of those that were not.
    """

    folder: Path
    written: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def write(self, name: str, how: Callable[[Path], object]) -> None:
        """Write a file or folder of a name, by a function of its path.

        What goes wrong is one line of the logger "elpips". Ctrl-C ends the command, with a line
        that says how to get the rest.
        """
        path = self.folder / name
        try:
            self.compute(lambda: how(path), name)
        # Whatever it is: hours of work may have gone before.
        except Exception as error:
            text = " ".join(str(error).split()) or type(error).__name__
            logger.warning("%s", text if str(path) in text else f"{path}: not written ({text})")
            self.lost.append(name)
        else:
            self.written.append(name)

    def compute(self, what: Callable[[], T], name: str = "the evaluation") -> T:
        """Return what a function returns; on Ctrl-C say how to get what is not written yet."""
        try:
            return what()
        except KeyboardInterrupt:
            logger.warning(
                "%s: %s and what comes after it are not written; --resume writes them",
                self.folder,
                name,
            )
            raise

    def remove_earlier(self, renewed: Sequence[str] = ()) -> None:
        """Remove what earlier runs left in the folder, as `remove_earlier` of `files` does.

        Where a result could not be written, what the run wrote of it before stays.
        """
        remove_earlier(self.folder, [each for each in renewed if each.rstrip("/") not in self.lost])

    def paths(self, names: Sequence[str]) -> list[Path]:
        """Return the paths of those of some names that were written."""
        return [self.folder / name for name in names if name in self.written]

    def exit_code(self, reason: StopReason) -> int:
        """Return the exit code of a command whose run stopped for ``reason``."""
        return exit_code(reason) or (_FAILED if self.lost else 0)
