"""A progress bar as a callback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import NoReturn

from tqdm import tqdm

from ..metrics import Metric
from ..optim.solution import RunState


class ProgressBar:
    """Show objective, optimality error, draws and the time left; a context manager.

    The objective shown is the last one on held-out draws: that of a single step says
    little.
    """

    def __init__(self, steps: int, done: int = 0, label: str = "", disable: bool = False) -> None:
        self._bar = tqdm(total=steps, initial=done, desc=label, unit="step", disable=disable)

    def __call__(self, run: RunState) -> None:
        """Advance to ``run``."""
        record = run.history[-1]
        self._bar.set_postfix(
            objective=f"{run.evaluations[-1][1]:.5f}",
            gradient=f"{record.optimality_error:.1e}",
            draws=record.draws,
            refresh=False,
        )
        self._bar.update(run.step - self._bar.n)

    def __enter__(self) -> ProgressBar:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the bar."""
        self._bar.close()


@contextmanager
def draws_bar(metric: Metric, draws: int) -> Iterator[Callable[[int], None]]:
    """Show how many draws were taken, on standard error where that is a terminal.

    Yields what `metrics.estimate` wants for ``progress``.
    """
    hidden = None if metric.stochastic else True
    with tqdm(total=draws, desc=metric.name, unit="draw", leave=False, disable=hidden) as bar:
        yield lambda done: _advance(bar, done)


def _advance(bar: tqdm[NoReturn], done: int) -> None:
    bar.update(done - bar.n)
