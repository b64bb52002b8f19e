"""What a run leaves on disk beside its pictures: ``run.json``."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

_PACKAGES = ("elpips-geometry", "torch", "numpy", "pillow")


def environment(device: torch.device) -> dict[str, Any]:
    """Return the versions and the machine that numbers depend on."""
    return {
        "python": platform.python_version(),
        **{package: _version(package) for package in _PACKAGES},
        "device": str(device),
        "device_name": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
