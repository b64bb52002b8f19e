"""Items that ranks of torchrun take in turn; the results are those of one process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import torch

from .ranks import Constant, Ranks, active

T = TypeVar("T")


@dataclass(frozen=True)
class _Raised:
    """What went wrong on a rank."""

    error: Exception


def shared_out(function: Callable[..., T], items: Iterable[Any], *arguments: Any) -> Iterator[T]:
    """Yield ``function(item, *arguments)`` of all items in their order; ranks take them in turn.

    Parameters
    ----------
    function
        A module's, where there are ranks. What it returns goes to rank 0 as a whole.
    items
        Independent of each other, and taken when it is their turn. Their tensors are on the CPU.
    *arguments
        As of `Ranks.call`: tensors, `Constant` and what can be pickled.

    Raises
    ------
    Exception
        Of the first item with which the function failed, on whichever rank.
    KeyboardInterrupt
        A rank was lost. Other signals wait until all ranks have done the item that they are at.
    """
    waiting = iter(items)
    alone = [each.value if isinstance(each, Constant) else each for each in arguments]
    while True:
        ranks = active()
        taken = list(islice(waiting, 1 if ranks is None else ranks.size))
        if not taken:
            return
        if ranks is None:
            yield function(taken[0], *alone)
            continue
        for found in ranks.call(_of_turn, function, taken, *arguments):
            if isinstance(found, _Raised):
                raise found.error
            yield found


def device_of_each(device: torch.device) -> torch.device:
    """Return a device as arguments of `shared_out` name it: of ranks, each one's of that kind."""
    return device if active() is None else torch.device(device.type)


def _of_turn(
    ranks: Ranks, function: Callable[..., Any], taken: Sequence[Any], *arguments: Any
) -> list[Any]:
    found = None
    if ranks.rank < len(taken):
        try:
            found = function(taken[ranks.rank], *arguments)
        # Whatever it is: rank 0 is to say it.
        except Exception as error:
            found = _Raised(error)
    return ranks.collect(found)[: len(taken)]
