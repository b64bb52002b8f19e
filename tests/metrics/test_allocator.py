"""The allocator's setting."""

from __future__ import annotations

import subprocess
import sys

import pytest

from elpips.metrics import keep_freed_memory
from elpips.metrics.allocator import give_back_freed_memory

# In a process of its own: in one that has kept memory, a block comes from there.
_FAULTS = """
import ctypes, resource
from elpips.metrics.allocator import give_back_freed_memory, keep_freed_memory

library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
library.free.argtypes = [ctypes.c_void_p]

def faults():
    "Return how many pages the system hands out for a block that is written to, the least of 5."
    found = []
    for _ in range(6):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        block = library.malloc(64 << 20)
        ctypes.memset(block, 1, 64 << 20)
        library.free(block)
        found.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
    return min(found[1:])

for setting in (give_back_freed_memory, keep_freed_memory, give_back_freed_memory):
    print(setting() and faults())
"""


def test_freed_memory_is_taken_again_without_new_pages() -> None:
    pytest.importorskip("resource")
    if not give_back_freed_memory():
        pytest.skip("another allocator than the GNU C library's")
    keep_freed_memory()
    done = subprocess.run(
        [sys.executable, "-c", _FAULTS], capture_output=True, text=True, check=True
    )
    before, kept, after = map(int, done.stdout.split())
    # 16,384 pages of 4 KiB where memory goes back to the system each time.
    assert before > 10_000 and kept < 1000 and after > 10_000


def test_it_can_be_set_twice() -> None:
    assert keep_freed_memory() == keep_freed_memory()


def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_freed_memory() is give_back_freed_memory() is False
