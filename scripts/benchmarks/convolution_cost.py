"""What a step costs at least: its network's bare convolutions, and nothing around them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.grad import conv2d_input
from torch.overrides import TorchFunctionMode

from ...metrics import Draw, Metric


@dataclass(frozen=True)
class Convolution:
    """A convolution of a network as one image meets it.

    Attributes
    ----------
    shape
        Of its input, (1, C, H, W).
    """

    shape: tuple[int, ...]
    weight: Tensor
    bias: Tensor
    stride: int
    padding: int

    @property
    def multiplications(self) -> int:
        """Multiplications per image and direction."""
        height, width = (
            (side + 2 * self.padding - kernel) // self.stride + 1
            for side, kernel in zip(self.shape[-2:], self.weight.shape[-2:], strict=True)
        )
        return self.weight.numel() * height * width

    def seconds(self, free: Sequence[int], fixed: Sequence[int]) -> float:
        """Time batches of ``free`` images forward and back, and of ``fixed`` ones forward."""
        total = 0.0
        for count, back in (*((each, True) for each in free), *((each, False) for each in fixed)):
            x = torch.rand(count, *self.shape[1:]).to(self.weight)
            forward, output = timed(self._forward, x)
            total += forward
            if back:
                total += timed(self._backward, x.shape, torch.rand_like(output))[0]
        return total

    def _forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight, self.bias, self.stride, self.padding)

    def _backward(self, size: tuple[int, ...], grad: Tensor) -> Tensor:
        return conv2d_input(size, self.weight, grad, self.stride, self.padding)


@torch.no_grad()
def convolutions(metric: Metric, size: tuple[int, int], draw: Draw) -> list[Convolution]:
    """Return the convolutions that ``metric`` does on images of ``size`` (H, W)."""
    recorder = _Recorder()
    image = torch.full((1, 3, *size), 0.5, device=next(metric.buffers()).device)
    with recorder:
        metric.embed(image, draw)
    return recorder.found


@torch.no_grad()
def floor_seconds(
    layers: Sequence[Convolution], free: Sequence[int], fixed: Sequence[int]
) -> float:
    """Return the seconds of all convolutions of a step on batches of images."""
    return sum(layer.seconds(free, fixed) for layer in layers)


def timed(function: Callable[..., Any], *arguments: Any, **options: Any) -> tuple[float, Any]:
    """Call a function; return seconds, those of a GPU included, and its result."""
    synchronise()
    began = time.perf_counter()
    result = function(*arguments, **options)
    synchronise()
    return time.perf_counter() - began, result


def synchronise() -> None:
    """Wait for the GPU, if there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def matrix_rate(side: int, dtype: torch.dtype, device: torch.device) -> float:
    """Return the multiplications per second of a product of two square matrices."""
    a = torch.rand(side, side).to(device, dtype)
    seconds = sorted(timed(torch.mm, a, a)[0] for _ in range(5))
    return side**3 / seconds[1]


class _Recorder(TorchFunctionMode):
    """Takes down every convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Convolution] = []

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        del types
        kwargs = kwargs or {}
        if func is F.conv2d:
            x, weight, bias = args[:3]
            self.found.append(
                Convolution(tuple(x.shape), weight, bias, kwargs["stride"], kwargs["padding"])
            )
        return func(*args, **kwargs)
