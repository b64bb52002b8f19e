"""How much memory there is: what would not fit is said before any of it is taken."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch

from .errors import InputError

_CGROUP = Path("/sys/fs/cgroup")
# Files that say how much a group of processes may have, and has, and of what kinds; the kind that
# is given up where memory is short, which are pages of files. Of version 2 and of version 1.
_LIMITS = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file"),
    (
        "memory/memory.limit_in_bytes",
        "memory/memory.usage_in_bytes",
        "memory/memory.stat",
        "total_inactive_file",
    ),
)


def check_memory(needed: float, what: str, advice: str, device: torch.device | str = "cpu") -> None:
    """Raise `InputError` if there is less memory than is needed.

    Parameters
    ----------
    needed
        Bytes, at least.
    what, advice
        What they are for, and how to do with less: parts of the message.
    device
        Whose memory.
    """
    free = free_memory(device)
    if free is not None and needed > free:
        raise InputError(
            f"{what} would take {in_words(needed)} of memory or more, and {in_words(free)} are "
            f"free; {advice}"
        )


def free_memory(device: torch.device | str = "cpu") -> int | None:
    """Return the bytes that may still be taken; None where it is not known."""
    device = torch.device(device)
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type != "cpu":
        return None
    known = [each for each in (_of_machine(), *_of_group()) if each is not None]
    return min(known, default=None)


def taken_memory(device: torch.device | str = "cpu") -> int:
    """Return the bytes that this process has, 0 where it is not known."""
    device = torch.device(device)
    if device.type == "cuda":
        return int(torch.cuda.memory_allocated(device))
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError, IndexError):
        return 0


def peak_memory(device: torch.device | str = "cpu") -> int | None:
    """Return the most bytes that this process had so far; None where it is not known."""
    device = torch.device(device)
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    try:
        # Not there on Windows.
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def in_words(count: float) -> str:
    """Return bytes with a unit."""
    size, units = float(count), ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"]
    while size >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{size:.3g} {units[0]}"


def _of_machine() -> int | None:
    available = _entry(Path("/proc/meminfo"), "MemAvailable:")
    if available is not None:
        return available * 1024
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _of_group() -> list[int]:
    found = []
    for limit, usage, kinds, pages_of_files in _LIMITS:
        try:
            most, taken = (int((_CGROUP / name).read_text()) for name in (limit, usage))
        except (OSError, ValueError):
            continue
        needed = max(0, taken - (_entry(_CGROUP / kinds, pages_of_files) or 0))
        found.append(max(0, most - needed))
    return found


def _entry(file: Path, name: str) -> int | None:
    """Return the number after a name at the start of a line of a file, None if there is none."""
    try:
        lines = (line.split() for line in file.read_text().splitlines())
        return next((int(words[1]) for words in lines if words[:1] == [name]), None)
    except (OSError, ValueError, IndexError):
        return None
