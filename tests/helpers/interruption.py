"""Ctrl-C at a place of a run that a test chooses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from elpips.geometry import checkpoints
from elpips.optim import Callback, RunState
from elpips.scripts.runs import folder


def interrupt(patch: pytest.MonkeyPatch, when: Callable[[RunState], bool]) -> None:
    """Let commands meet Ctrl-C after the step at which ``when`` is true."""

    def impatient(path) -> Callback:
        save = checkpoints(path)

        def callback(run: RunState) -> None:
            save(run)
            if when(run):
                raise KeyboardInterrupt

        return callback

    patch.setattr(folder, "checkpoints", impatient)
