"""The number of threads, chosen by how long steps take.

Two threads on two cores are twice as fast as one, until another process wants a core too: then
each waits for the other at every layer, and one alone is the faster by far. Results do not
depend on the number, so that it may change at any step.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import torch

logger = logging.getLogger("elpips")

_SET_BY_USER = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
# A number of threads is taken for another that makes steps this much shorter ...
_BETTER = 0.9
# ... and looked at again when steps are longer by this factor: the median of so many.
_LONGER, _RECENT = 1.25, 3
# One step suffices that is longer by this.
_MUCH_LONGER = 3.0
# What a first look at more threads is expected to cost, in steps.
_FIRST_LOOK = 4
# Of the time of a run, what looking at other numbers may cost.
_SHARE = 1 / 32
_CONVOLUTIONS = 6
# Steps that have become longer are looked into after this part of the pause that it asks for.
_IMPATIENCE = 1 / 8


class ThreadChoice:
    """Chooses a number of threads, 1 to ``most``, from measured steps.

    It starts from a number, halves the number as long as that makes steps shorter, and doubles
    it likewise. It looks again when steps have become longer, and, lest it stays at few when
    the others have gone, now and then at more: as seldom as keeps what that costs small.

    Parameters
    ----------
    most, number
        Threads that may be taken, and how many are at first; all if not given.
    set_threads
        Called with every number that is to be used from the next step on.
    """

    def __init__(
        self, most: int, set_threads: Callable[[int], object], number: int | None = None
    ) -> None:
        self.most, self.number = most, number or most
        self._set = set_threads
        # Seconds per work of each kind of step; None where they are not known yet.
        self._usual: dict[int, float | None] = {}
        self._seen: set[int] = set()
        self._ratios: deque[float] = deque(maxlen=_RECENT)
        # While another number is tried: the one that it is compared with.
        self._tried_from: int | None = None
        self._downwards = True
        self._since, self._pause = 0.0, 0.0
        self._looked = self._said = False

    def step(self, work: float, seconds: float) -> None:
        """Take note of a step of so much ``work`` > 0, in any unit that is kept to.

        Only steps of about the same work are compared: small ones are dearer by work.
        """
        kind, rate = round(2 * math.log2(work)), seconds / work
        self._since += seconds
        usual = self._usual.setdefault(kind, None)
        if usual is None:
            self._begin(kind, rate, seconds)
        elif self._tried_from is not None:
            self._judge(rate / usual, usual * work)
        else:
            self._ratios.append(rate / usual)
            self._look()

    def resume(self) -> None:
        """Set the number again that was chosen."""
        self._set(self.number)

    def _begin(self, kind: int, rate: float, seconds: float) -> None:
        """Learn what is usual for a kind of step; most of the first may be preparations."""
        if kind not in self._seen:
            self._seen.add(kind)
        elif self._tried_from is None:
            self._usual[kind] = rate
            if not self._looked:
                self._looked = True
                if self.number < self.most:
                    self._say()
                    self._rest(_FIRST_LOOK * seconds)
                self._try(downwards=True)

    def _look(self) -> None:
        """Try another number if it is time to."""
        change = median(self._ratios) if len(self._ratios) == _RECENT else 1.0
        if self._ratios[-1] > _MUCH_LONGER:
            change = self._ratios[-1]
        longer = change > _LONGER and self._since >= _IMPATIENCE * self._pause
        if longer or change < 1 / _LONGER:
            self._rebase(change)
        if longer and self.number > 1:
            self._try(downwards=True)
        elif self.number < self.most and self._since >= self._pause:
            self._try(downwards=False)

    def _rebase(self, change: float) -> None:
        self._ratios.clear()
        self._usual = {k: v if v is None else v * change for k, v in self._usual.items()}

    def _try(self, *, downwards: bool) -> None:
        number = self.number // 2 if downwards else min(self.most, 2 * self.number)
        if number not in (0, self.number):
            self._tried_from, self._downwards = self.number, downwards
            self._use(number)

    def _judge(self, change: float, expected: float) -> None:
        """Keep the number that was tried, and go on from it, or go back."""
        assert self._tried_from is not None
        before, self._tried_from = self._tried_from, None
        # What this look has cost, or what one back would.
        self._rest(abs(change - 1) * expected)
        if change < _BETTER:
            self._rebase(change)
            self._say()
            self._try(downwards=self._downwards)
        else:
            self._ratios.clear()
            self._use(before)

    def _rest(self, lost: float) -> None:
        self._since, self._pause = 0.0, lost / _SHARE

    def _use(self, number: int) -> None:
        self.number = number
        self._set(number)

    def _say(self) -> None:
        if self._said or self.number == self.most:
            return
        self._said = True
        logger.warning(
            "%d of %d threads are used while that is faster, as beside other busy processes; "
            "OMP_NUM_THREADS fixes the number",
            self.number,
            self.most,
        )


class _Process:
    """The choice of this process, and how many there are who want it made."""

    choice: ThreadChoice | None = None
    depth = 0


@contextmanager
def chosen_threads() -> Iterator[ThreadChoice | None]:
    """Let PyTorch's number of threads be chosen within the block; before and after it is as set.

    Yields the choice, which goes on from one block to the next; None where there is nothing to
    choose. A block within another is part of it.
    """
    before = torch.get_num_threads()
    if _Process.depth == 0:
        if not is_free(before):
            _Process.choice = None
        elif _Process.choice is None or _Process.choice.most != before:
            _Process.choice = ThreadChoice(before, torch.set_num_threads, quickest(before))
            _Process.choice.resume()
        else:
            _Process.choice.resume()
    _Process.depth += 1
    try:
        yield _Process.choice
    finally:
        _Process.depth -= 1
        if _Process.depth == 0 and _Process.choice is not None:
            torch.set_num_threads(before)


@torch.no_grad()
def quickest(most: int) -> int:
    """Return on how many threads a few convolutions are quickest; they take some 0.1 s.

    A first step on too many threads can take as long as all others together.
    """
    image, kernel = torch.zeros(1, 64, 64, 64), torch.zeros(64, 64, 3, 3)

    def seconds(number: int) -> float:
        torch.set_num_threads(number)
        torch.conv2d(image, kernel)
        began = time.perf_counter()
        for _ in range(_CONVOLUTIONS):
            torch.conv2d(image, kernel)
        return time.perf_counter() - began

    best, least, number = most, seconds(most), most // 2
    while number:
        if (taken := seconds(number)) < _BETTER * least:
            best, least = number, taken
        number //= 2
    return best


def is_free(number: int) -> bool:
    """Whether a number of threads is PyTorch's own: one per processor or per core of two."""
    if number < 2 or any(os.environ.get(name) for name in _SET_BY_USER):
        return False
    usable = getattr(os, "sched_getaffinity", None)
    count = len(usable(0)) if usable else os.cpu_count() or 1
    return number in (count, count // 2)
