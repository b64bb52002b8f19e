"""Signals that ask a process to end, held back while it must not stop halfway."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
SIGNALS = [getattr(signal, each) for each in _NAMES if hasattr(signal, each)]
"""Those that end a run."""


def ignore_torchrun() -> None:
    """Let torchrun's signal that a rank was lost not break off the writing of what there is."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


@contextmanager
def signals_wait() -> Iterator[None]:
    """Let signals that end a run wait until the block has ended."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def keep(number: int, frame: FrameType | None) -> None:
        del frame
        came.append(number)

    handlers = {each: signal.getsignal(each) for each in SIGNALS}
    for each in SIGNALS:
        signal.signal(each, keep)
    try:
        yield
    finally:
        for each, handler in handlers.items():
            if signal.getsignal(each) is keep:
                signal.signal(each, handler)
        for number in came:
            signal.raise_signal(number)
