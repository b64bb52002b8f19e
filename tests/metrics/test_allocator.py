"""The allocator's setting."""

from __future__ import annotations

import ctypes
import sys

import pytest

from elpips.metrics import keep_freed_memory
from elpips.metrics.allocator import give_back_freed_memory

_SIZE = 64 * 2**20


def test_freed_memory_is_taken_again_without_new_pages() -> None:
    resource = pytest.importorskip("resource")
    if not give_back_freed_memory():
        pytest.skip("another allocator than the GNU C library's")
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    library.free.argtypes = [ctypes.c_void_p]

    def faults() -> int:
        """Return how many pages the system hands out for a block that is written to."""
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        block = library.malloc(_SIZE)
        ctypes.memset(block, 1, _SIZE)
        library.free(block)
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    given_back = min(faults() for _ in range(5))
    assert keep_freed_memory()
    faults()
    # 16,384 pages of 4 KiB where memory goes back to the system each time.
    assert given_back > 10_000
    # Once suffices: other threads of the tests take pages too.
    assert min(faults() for _ in range(5)) < 1000


def test_it_can_be_set_twice() -> None:
    assert keep_freed_memory() == keep_freed_memory()


def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_freed_memory() is give_back_freed_memory() is False
