"""Processes with what torchrun tells the ranks that it starts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def job_environment(size: int) -> dict[str, str]:
    """Return what torchrun tells all of so many ranks of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {
        "WORLD_SIZE": str(size),
        "LOCAL_WORLD_SIZE": str(size),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "OMP_NUM_THREADS": "1",
    }


def fork_ranks(size: int) -> list[int]:
    """Become rank 0 of so many, the others copies of this process: what is imported is theirs.

    Returns the others' process ids, on rank 0.
    """
    os.environ |= job_environment(size)
    others = []
    for rank in range(1, size):
        os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank)}
        if (pid := os.fork()) == 0:
            return []
        others.append(pid)
    os.environ |= {"RANK": "0", "LOCAL_RANK": "0"}
    return others


def start_ranks(size: int, *arguments: object, **options: Any) -> list[subprocess.Popen[str]]:
    """Start ``python ARGUMENTS`` as each of so many ranks of this machine."""
    job = job_environment(size)
    return [
        subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            env={**os.environ, **job, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            cwd=ROOT,
            text=True,
            **options,
        )
        for rank in range(size)
    ]
