"""Progress bars on standard error, for those who ask for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from tqdm import tqdm

from ..metrics import Metric
from ..optim import Callback, RunState


@contextmanager
def steps_bar(label: str | None, steps: int, done: int = 0) -> Iterator[Callback]:
    """Show the steps of a run; yield the callback that advances the bar.

    The objective shown is the last one on held-out draws: that of a single step says
    little. Without a label there is no bar.
    """
    with tqdm(total=steps, initial=done, desc=label, unit="step", disable=label is None) as bar:

        def advance(run: RunState) -> None:
            record = run.history[-1]
            bar.set_postfix(
                objective=f"{run.evaluations[-1][1]:.5f}",
                gradient=f"{record.optimality_error:.1e}",
                draws=record.draws,
                refresh=False,
            )
            bar.update(run.step - bar.n)

        yield advance


@contextmanager
def draws_bar(metric: Metric, draws: int, *, shown: bool = True) -> Iterator[Callable[[int], None]]:
    """Show how many draws were taken, where standard error is a terminal.

    Yields what functions that measure want for ``progress``.
    """
    hidden = None if shown and metric.stochastic else True
    with tqdm(total=draws, desc=metric.name, unit="draw", leave=False, disable=hidden) as bar:
        yield lambda done: _advance(bar, done)


def _advance(bar: tqdm[NoReturn], done: int) -> None:
    bar.update(done - bar.n)
