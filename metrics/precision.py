"""Which floating-point type a network computes in while it only has to point downhill.

Gradients on one random draw are noise for the most part; what rounding to bfloat16 adds is
far below that (`docs/performance.md`), and processors made for it are twice as fast.
Distances that are reported stay in float32, and so do metrics without random draws and
those whose max pooling makes rounding jump.
"""

from __future__ import annotations

import copy
from typing import Literal

import torch

from .backgrounds import OverBackgrounds
from .base import Metric
from .errors import InputError
from .lipschitz import LipSim
from .perceptual import PerceptualMetric

Precision = Literal["auto", "float32", "bfloat16"]
"""Type of the network's arithmetic; auto is bfloat16 where metric and processor suit it."""

_CUDA_WITH_BFLOAT16 = (8, 0)


def working_copy(metric: Metric, precision: Precision = "auto") -> Metric:
    """Return ``metric`` with its network in another precision; itself if nothing changes.

    Metrics without a network, and those that are not in float32, stay as they are.

    Raises
    ------
    InputError
        There is no such precision.
    """
    if precision not in ("auto", "float32", "bfloat16"):
        raise InputError(f"precision: found {precision!r}, expected auto, float32 or bfloat16")
    if isinstance(metric, OverBackgrounds):
        inner = working_copy(metric.inner, precision)
        return metric if inner is metric.inner else OverBackgrounds(inner)
    if not isinstance(metric, (PerceptualMetric, LipSim)) or metric.dtype != torch.float32:
        return metric
    if precision == "auto":
        trunk = metric.trunk if isinstance(metric, PerceptualMetric) else None
        suits = metric.stochastic and trunk is not None and trunk.smooth
        precision = "bfloat16" if suits and multiplies_bfloat16(metric.device) else "float32"
    if precision == "float32":
        return metric
    reduced = copy.deepcopy(metric).to(torch.bfloat16)
    if metric.device.type == "cuda":
        # What the matrix units of GPUs take; CPUs gain nothing from it.
        reduced = reduced.to(memory_format=torch.channels_last)
    return reduced


def precision_of(metric: Metric) -> str:
    """Return the name of the type that a metric computes in; "as given" if the images'."""
    if isinstance(metric, OverBackgrounds):
        return precision_of(metric.inner)
    if isinstance(metric, (PerceptualMetric, LipSim)):
        return str(metric.dtype).removeprefix("torch.")
    return "as given"


def multiplies_bfloat16(device: torch.device) -> bool:
    """Return whether a device has instructions that multiply bfloat16."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= _CUDA_WITH_BFLOAT16
    if device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    # PyTorch knows, but not under public names.
    known = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in known)
