"""Several processes at one problem, under ``torchrun``, on PyTorch's own collectives.

Rank 0 runs the command as if it were alone: it alone reads, keeps the solver's state, writes and
prints. The others wait for functions to be called with it (`Ranks.call`), each on its share of
the frames or of the draws. So a checkpoint knows nothing of ranks, and another number of them
may go on.
"""

from __future__ import annotations

import copy
import itertools
import logging
import os
import signal
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from ..metrics import Embedding, InputError
from .late_signals import SIGNALS, ignore_torchrun, signals_wait

logger = logging.getLogger("elpips")

T = TypeVar("T")

# Between two calls rank 0 may read, judge and write for long; torchrun sees who is gone.
_PATIENCE = timedelta(days=7)
_LOST = 1


@dataclass(frozen=True)
class Constant:
    """A module or tensor that does not change: it goes to the other ranks once."""

    value: Any


@dataclass(frozen=True)
class _Kept:
    """Stands for a constant, which comes along if it is new."""

    key: int
    new: Any = None
    device: str = "cpu"


@dataclass(frozen=True)
class _Following:
    """Stands for a tensor that follows the message."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    device: str


class Ranks:
    """The ranks of a job, as one of them sees them.

    Attributes
    ----------
    rank, size
        Its number from 0, and how many there are.
    used
        Whether anything was called on the others.
    broken
        Whether they do not hear any more.
    """

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size
        self.used = self.broken = False
        self._kept: dict[int, Any] = {}
        self._keys: dict[int, int] = {}
        self._next_key = itertools.count()
        self._gone: list[int] = []

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call ``function(ranks, *arguments)`` on all ranks; return what it returns on rank 0.

        The function is a module's; tensors go to the other ranks with every call, a `Constant`
        once. Signals wait until the call is over.

        Raises
        ------
        KeyboardInterrupt
            A rank was lost: the run is to end, and a line of the logger "elpips" says so.
        InputError
            There are more ranks than CUDA devices.
        """
        self.used = True
        with signals_wait():
            try:
                values = self._send(function, arguments)
                return function(self, *values)
            except RuntimeError as error:
                self.broken = True
                if not _is_lost(error):
                    raise
                logger.warning(
                    "a rank was lost, and the run ends (see what that rank said); it can go on "
                    "with any number of ranks"
                )
                ignore_torchrun()
                raise KeyboardInterrupt from None
            except BaseException:
                self.broken = True
                raise

    def serve(self) -> int:
        """Do what rank 0 calls until it ends; return the exit code."""
        while True:
            try:
                message = _broadcast(None)
                if message is None:
                    return 0
                function, arguments = self._received(*message)
                function(self, *arguments)
            except RuntimeError as error:
                if not _is_lost(error):
                    raise
                return _LOST

    def block(self, count: int) -> range:
        """Return which of ``count`` items in a row are this rank's."""
        return block_of(self.rank, self.size, count)

    def exchange(self, own: Embedding, other: int) -> Embedding:
        """Give an embedding to another rank for one of the same shape."""
        flat = torch.cat([layer.detach().reshape(-1) for layer in own.layers])
        theirs = torch.empty_like(flat)
        operations = [dist.P2POp(dist.isend, flat, other), dist.P2POp(dist.irecv, theirs, other)]
        for work in dist.batch_isend_irecv(operations):
            work.wait()
        parts = theirs.split([layer.numel() for layer in own.layers])
        pairs = zip(parts, own.layers, strict=True)
        return Embedding(tuple(part.view(layer.shape) for part, layer in pairs))

    def gather(self, block: Tensor, count: int) -> Tensor:
        """Return, on rank 0, the blocks (n, ...) of all ranks in a row, (count, ...)."""
        if self.rank:
            if len(block):
                dist.send(block.contiguous(), 0)
            return block
        whole = block.new_empty((count, *block.shape[1:]))
        whole[: len(block)] = block
        for other in range(1, self.size):
            of_other = block_of(other, self.size, count)
            if len(of_other):
                dist.recv(whole[of_other.start : of_other.stop], other)
        return whole

    def collect(self, value: T) -> list[T]:
        """Return, on rank 0, the values of all ranks in their order; on the others nothing."""
        found: list[Any] | None = None if self.rank else [None] * self.size
        dist.gather_object(value, found, 0)
        return found or []

    def total(self, values: Tensor, *, everywhere: bool = False) -> Tensor:
        """Return, on rank 0 or ``everywhere``, the sum of all ranks' tensors of one shape."""
        values = values.detach().clone()
        if everywhere:
            dist.all_reduce(values)
        else:
            dist.reduce(values, 0)
        return values

    def _send(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> list[Any]:
        """Send a call to the other ranks; return its arguments' values."""
        gone, self._gone = self._gone, []
        values = [each.value if isinstance(each, Constant) else each for each in arguments]
        _check_devices(values)
        _broadcast((function, [self._encoded(each) for each in arguments], gone))
        for each in arguments:
            if isinstance(each, Tensor):
                dist.broadcast(each.detach().contiguous(), 0)
        return values

    def _received(
        self, function: Callable[..., Any], encoded: list[Any], gone: list[int]
    ) -> tuple[Callable[..., Any], list[Any]]:
        for key in gone:
            self._kept.pop(key, None)
        arguments = []
        for each in encoded:
            value = each
            if isinstance(each, _Kept):
                if each.new is not None:
                    self._kept[each.key] = each.new.to(each.device)
                value = self._kept[each.key]
            elif isinstance(each, _Following):
                value = torch.empty(each.shape, dtype=each.dtype, device=each.device)
                dist.broadcast(value, 0)
            arguments.append(value)
        return function, arguments

    def _encoded(self, argument: Any) -> Any:
        if isinstance(argument, Tensor):
            return _Following(tuple(argument.shape), argument.dtype, argument.device.type)
        if not isinstance(argument, Constant):
            return argument
        value = argument.value
        if id(value) in self._keys:
            return _Kept(self._keys[id(value)])
        self._keys[id(value)] = key = next(self._next_key)
        weakref.finalize(value, self._forget, id(value))
        device = _device_of(value)
        return _Kept(key, value if device == "cpu" else copy.deepcopy(value).to("cpu"), device)

    def _forget(self, identity: int) -> None:
        self._gone.append(self._keys.pop(identity))


_joined: list[Ranks] = []


def active() -> Ranks | None:
    """Return the ranks of this job, on rank 0 and while they hear; None if there are none."""
    return _joined[-1] if _joined and _joined[-1].rank == 0 and not _joined[-1].broken else None


def leads() -> bool:
    """Whether this process is rank 0, or the only one: the others print nothing."""
    return not _joined or _joined[-1].rank == 0


def own_gpu() -> int | None:
    """Return the number of this rank's GPU on its machine, if it has one."""
    local = int(os.environ.get("LOCAL_RANK", 0))
    return local if torch.cuda.is_available() and local < torch.cuda.device_count() else None


@contextmanager
def joined() -> Iterator[Ranks]:
    """Join the job that torchrun has started, for the block; it ends for all when rank 0's does."""
    gpu = own_gpu()
    if gpu is not None:
        torch.cuda.set_device(gpu)
    backend = "gloo" if gpu is None else "cpu:gloo,cuda:nccl"
    dist.init_process_group(backend, timeout=_PATIENCE)
    ranks = Ranks(dist.get_rank(), dist.get_world_size())
    if ranks.rank:
        # Rank 0 ends them.
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
    _joined.append(ranks)
    try:
        yield ranks
    finally:
        _joined.remove(ranks)
        if ranks.rank == 0 and not ranks.broken:
            with signals_wait():
                _broadcast(None)
        if ranks.rank == 0 and not ranks.used:
            logger.warning("one rank did it all: this command does not share its work out")
        dist.destroy_process_group()


def block_of(rank: int, size: int, count: int) -> range:
    """Return which of ``count`` items in a row are a rank's; the first ranks have more."""
    least, more = divmod(count, size)
    begin = rank * least + min(rank, more)
    return range(begin, begin + least + (rank < more))


def _broadcast(value: Any) -> Any:
    """Return what rank 0 gives here."""
    box = [value]
    dist.broadcast_object_list(box, 0, device=torch.device("cpu"))
    return box[0]


def _device_of(value: Any) -> str:
    if isinstance(value, nn.Module):
        value = next(itertools.chain(value.buffers(), value.parameters()), None)
    return "cpu" if value is None else str(value.device.type)


def _check_devices(values: list[Any]) -> None:
    ranks, devices = int(os.environ.get("LOCAL_WORLD_SIZE", 1)), torch.cuda.device_count()
    if ranks > devices and any(isinstance(x, Tensor) and x.is_cuda for x in values):
        raise InputError(
            f"{ranks} ranks on a machine of {devices} CUDA devices; start as many, or use "
            "--device cpu"
        )


def _is_lost(error: RuntimeError) -> bool:
    """Whether an error is that of a connection to another rank."""
    return isinstance(error, dist.DistError) or "gloo" in str(error)
