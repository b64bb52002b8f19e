"""A setting of the C library's allocator that large tensors on the CPU gain from."""

from __future__ import annotations

import ctypes
import sys

# From malloc.h of the GNU C library.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_TRIM_ABOVE, _MAP_ABOVE = 2**31 - 1, 2**30
_GIVE_BACK_ABOVE = 2**22


def keep_freed_memory() -> bool:
    """Let this process keep freed memory for its next tensors; return whether it will.

    By default the GNU C library gives every large block back to the system, which must
    clear its pages anew for the next feature map: an eighth of a step at 128 px. Other C
    libraries are left alone.
    """
    return _set(_MAP_ABOVE, _TRIM_ABOVE)


def give_back_freed_memory() -> bool:
    """Let this process give large tensors back to the system when they are freed.

    Between kept ones of many sizes holes are left that nothing fits into: of a gradient with
    activation checkpointing at 512 px half as much again (`docs/scale.md`). What has been kept
    until now goes back at once.
    """
    if not _set(_GIVE_BACK_ABOVE, _GIVE_BACK_ABOVE):
        return False
    ctypes.CDLL(None).malloc_trim(0)
    return True


def _set(map_above: int, trim_above: int) -> bool:
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(
        mallopt(_M_MMAP_THRESHOLD, map_above) and mallopt(_M_TRIM_THRESHOLD, trim_above)
    )
