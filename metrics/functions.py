"""The element-wise work of a distance, with backward passes written out.

Convolutions are most of a step; what is around them is bound by memory. Each function here
passes over the features as few times as it can and keeps for the backward pass only what
is there anyway (differences are taken again: they are as large as what they are of). They work
in any memory format and floating-point type, features of float16 in float32, as their squares
need its range; sums over whole feature maps are in float32 at least. Gradients of gradients are
refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

# Inside the square root, so that the gradient is finite where all features vanish. The
# release adds 1e-10 outside; larger values shift LPIPS-VGG in the fourth digit.
_EPSILON = 1e-20


class WeightedUnit(torch.autograd.Function):
    """Features (N, C, H, W) -> root * f / |f| / sqrt(H W), with |f| over channels.

    With g the gradient on the output and s its constant factor, the gradient on f is
    (s g - (s g . f) f / |f|^2) / |f|: the normalised features need not be kept. Of float16
    features points are float32.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, root: Tensor) -> Tensor:
        scale = _of_range(root) * features[0, 0].numel() ** -0.5
        wide = _of_range(features)
        # Several times faster on the CPU than `vector_norm` over channels.
        squared = wide.square().sum(1, keepdim=True)
        inverse = squared.add_(_EPSILON).rsqrt_()
        ctx.save_for_backward(features, inverse, scale)
        return (wide * inverse).mul_(scale)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        features, inverse, scale = ctx.saved_tensors
        result, wide = grad * scale, _of_range(features)
        radial = (result * wide).sum(1, keepdim=True).mul_(inverse.square())
        return result.addcmul_(wide, radial, value=-1).mul_(inverse).to(features.dtype), None


class ZeroAt(torch.autograd.Function):
    """Rows (N, M) with zeros at positions (P,) of each row.

    The gradient is zeroed where it lies: a convolution makes it for this function alone.
    """

    @staticmethod
    def forward(ctx: Any, rows: Tensor, positions: Tensor) -> Tensor:
        ctx.save_for_backward(positions)
        return rows.index_fill(1, positions, 0.0)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (positions,) = ctx.saved_tensors
        return grad.index_fill_(1, positions, 0.0), None


class AveragePool(torch.autograd.Function):
    """Means (N, C, H // 2, W // 2) of 2 x 2 pixels; an odd last row or column is left out.

    Rows first, then columns: on the CPU about five times faster than `avg_pool2d`.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.size = x.shape
        height, width = (side // 2 * 2 for side in x.shape[-2:])
        rows = x[..., 0:height:2, :width] + x[..., 1:height:2, :width]
        return (rows[..., 0::2] + rows[..., 1::2]).mul_(0.25)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        result = _empty(ctx.size, grad)
        height, width = (2 * side for side in grad.shape[-2:])
        quarter = grad * 0.25
        rows = torch.stack([quarter, quarter], dim=-1).flatten(-2)
        result[..., 0:height:2, :width] = rows
        result[..., 1:height:2, :width] = rows
        result[..., height:, :] = 0
        result[..., width:] = 0
        return result


class SquaredDistance(torch.autograd.Function):
    """Sum of squared differences per item, (N, ...) against (N or 1, ...) -> (N,)."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        return _squared_norms(a - b)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        a, b = ctx.saved_tensors
        scaled = a - b
        scaled *= _per_item(2 * grad, scaled)
        grads = []
        sizes = len(a), len(b)
        for needed, size, sign in zip(ctx.needs_input_grad, sizes, (1, -1), strict=True):
            summed = scaled.sum(0, keepdim=True) if size == 1 < len(scaled) else scaled
            grads.append(summed * sign if needed and sign < 0 else summed if needed else None)
        return tuple(grads)


class SquaredSteps(torch.autograd.Function):
    """Squared distances (N + 1,) from each point to the next: before, N points, after.

    Points (N, ...), before and after (1, ...), which are constants. The gradient on a
    point is the difference of its two steps, so that nothing has to be added up.
    """

    @staticmethod
    def forward(ctx: Any, before: Tensor, points: Tensor, after: Tensor) -> Tensor:
        ctx.save_for_backward(before, points, after)
        return _squared_norms(_steps(before, points, after))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[None, Tensor, None]:
        scaled = _steps(*ctx.saved_tensors)
        scaled *= _per_item(2 * grad, scaled)
        return None, scaled[:-1] - scaled[1:], None


def _steps(before: Tensor, points: Tensor, after: Tensor) -> Tensor:
    """Return the differences (N + 1, ...) from before through N points to after."""
    steps = _empty((len(points) + 1, *points.shape[1:]), points)
    torch.sub(points[:1], before, out=steps[:1])
    torch.sub(points[1:], points[:-1], out=steps[1:-1])
    torch.sub(after, points[-1:], out=steps[-1:])
    return steps


def _empty(size: Sequence[int], like: Tensor) -> Tensor:
    """Return room for a tensor of ``size`` of the type and memory format of another."""
    memory = torch.channels_last if is_channels_last(like) else torch.contiguous_format
    return torch.empty(*size, dtype=like.dtype, device=like.device, memory_format=memory)


def laid_out(images: Tensor, dtype: torch.dtype) -> Tensor:
    """Return images with rows side by side in memory, in the wider of their type and another.

    What is computed of them then depends on their values alone: dropout goes by the order of
    memory, and a narrow type would round before a network of a wider one sees them.
    """
    wide = torch.promote_types(images.dtype, dtype)
    return images.to(wide).contiguous()


def is_channels_last(x: Tensor) -> bool:
    """Return whether the channels of x (N, C, H, W) lie side by side in memory."""
    if x.dim() != 4 or x.is_contiguous():
        return False
    return x.is_contiguous(memory_format=torch.channels_last)


def _of_range(x: Tensor) -> Tensor:
    """Return x, float16 as float32: 1e-20 is 0 in it, and squares above 65,504 infinite."""
    return x.float() if x.dtype == torch.float16 else x


def _squared_norms(points: Tensor) -> Tensor:
    """Return the squared norms (N,) of points (N, ...)."""
    if is_channels_last(points):
        points = points.permute(0, 2, 3, 1)
    wide = torch.promote_types(points.dtype, torch.float32)
    # Row by row: one long float32 accumulation is off by 1e-4 at 400 x 400 px.
    rows = torch.linalg.vector_norm(points, dim=-1).to(wide).square_()
    return rows.flatten(1).sum(1)


def _per_item(factors: Tensor, like: Tensor) -> Tensor:
    """Shape factors (N,) so that they multiply items (N, ...)."""
    return factors.to(like.dtype).view(-1, *[1] * (like.dim() - 1))
