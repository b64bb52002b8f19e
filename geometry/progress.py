"""Progress bars on standard error, for those who ask for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from tqdm import tqdm

from ..metrics import Metric
from ..optim import Callback, RunState

if TYPE_CHECKING:
    _Bar = tqdm[NoReturn]
else:
    _Bar = tqdm

_FORMAT = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{left}, {rate_fmt}{postfix}]"


class StepsBar(_Bar):
    """A bar whose time left goes by the work that is left: steps differ in it.

    Attributes
    ----------
    work
        Returns that of a run's first so many steps, in any unit.
    """

    work: Callable[[int], float] = staticmethod(float)

    @property
    def format_dict(self) -> dict[str, Any]:
        """Return what is shown, with ``left``."""
        found = dict(super().format_dict)
        first, now, last = (self.work(int(at or 0)) for at in (self.initial, self.n, self.total))
        done, left = now - first, last - now
        seconds = found["elapsed"] * left / done if done > 0 else None
        found["left"] = "?" if seconds is None else tqdm.format_interval(seconds)
        return found


@contextmanager
def steps_bar(
    label: str | None, steps: int, done: int = 0, work: Callable[[int], float] = float
) -> Iterator[Callback]:
    """Show the steps of a run; yield the callback that advances the bar.

    The objective shown is the last one on held-out draws: that of a single step says
    little. The time left goes by ``work``, that of a run's first so many steps. Without a label
    there is no bar.
    """
    with StepsBar(
        total=steps, initial=done, desc=label, unit="step", disable=label is None,
        bar_format=_FORMAT,
    ) as bar:  # fmt: skip
        bar.work = work

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
