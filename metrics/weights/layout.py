"""Names and shapes that weights must have, and the checks of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .types import WeightsError

Shape: TypeAlias = tuple[int, ...]

# (index in torchvision's `features`, channels in, channels out, kernel side)
_VGG16 = (
    (0, 3, 64, 3),
    (2, 64, 64, 3),
    (5, 64, 128, 3),
    (7, 128, 128, 3),
    (10, 128, 256, 3),
    (12, 256, 256, 3),
    (14, 256, 256, 3),
    (17, 256, 512, 3),
    (19, 512, 512, 3),
    (21, 512, 512, 3),
    (24, 512, 512, 3),
    (26, 512, 512, 3),
    (28, 512, 512, 3),
)
_ALEXNET = (
    (0, 3, 64, 11),
    (3, 64, 192, 5),
    (6, 192, 384, 3),
    (8, 384, 256, 3),
    (10, 256, 256, 3),
)
# (index in torchvision's `features`, channels in, squeezed channels, channels of each expand)
_FIRES = (
    (3, 64, 16, 64),
    (4, 128, 16, 64),
    (6, 128, 32, 128),
    (7, 256, 32, 128),
    (9, 256, 48, 192),
    (10, 384, 48, 192),
    (11, 384, 64, 256),
    (12, 512, 64, 256),
)


def _squeezenet() -> list[tuple[str, int, int, int]]:
    layers = [("0", 3, 64, 3)]
    for index, inputs, squeezed, expanded in _FIRES:
        layers += [
            (f"{index}.squeeze", inputs, squeezed, 1),
            (f"{index}.expand1x1", squeezed, expanded, 1),
            (f"{index}.expand3x3", squeezed, expanded, 3),
        ]
    return layers


_LAYERS: dict[str, list[tuple[str, int, int, int]]] = {
    "vgg16": [(str(index), inputs, outputs, side) for index, inputs, outputs, side in _VGG16],
    "alexnet": [(str(index), inputs, outputs, side) for index, inputs, outputs, side in _ALEXNET],
    "squeezenet1_1": _squeezenet(),
}

CONVOLUTIONS: dict[str, tuple[str, ...]] = {
    trunk: tuple(f"features.{layer}" for layer, *_ in layers) for trunk, layers in _LAYERS.items()
}
"""Names of the convolutions of each trunk, in network order."""

SHAPES: dict[str, dict[str, Shape]] = {
    trunk: {
        name: shape
        for layer, inputs, outputs, side in layers
        for name, shape in (
            (f"features.{layer}.weight", (outputs, inputs, side, side)),
            (f"features.{layer}.bias", (outputs,)),
        )
    }
    for trunk, layers in _LAYERS.items()
}
"""Shapes (out, in, height, width) and (out,) of each trunk's tensors by torchvision's names."""

CHANNELS: dict[str, tuple[int, ...]] = {
    "elpips_vgg": (3, 64, 64, 128, 128, *3 * (256,), *6 * (512,)),
    "elpips_squeeze_maxpool": (3, 64, 128, 128, 256, 256, 384, 384, 512, 512),
    "lpips_vgg": (64, 128, 256, 512, 512),
    "lpips_squeeze": (64, 128, 256, 384, 384, 512, 512),
    "lpips_alex": (64, 192, 384, 256, 256),
}
"""Channels of each layer that the metric compares, hence lengths of its linear weights."""


def as_trunk(trunk: str, arrays: Mapping[str, Tensor | NDArray[np.generic]]) -> dict[str, Tensor]:
    """Bring a convolution stack to torchvision's names and layout, as float32.

    Parameters
    ----------
    trunk
        A key of `SHAPES`.
    arrays
        Kernels and biases by torchvision's names, with or without ``"features."``; others
        (a classifier's) are left out. Kernels may be (out, in, height, width) or
        (height, width, in, out): no layer's shape reads both ways.

    Raises
    ------
    WeightsError
        If a tensor is missing, has another shape or is not finite.
    """
    tensors = {}
    for name, shape in SHAPES[trunk].items():
        value = arrays.get(name, arrays.get(name.removeprefix("features.")))
        if value is None:
            raise WeightsError(
                f"the weights have no {name!r} (found {_some(arrays)}); expected torchvision's "
                f"{len(SHAPES[trunk])} tensors of {trunk}.features"
            )
        tensor = _float32(name, value)
        if len(shape) == 4 and tensor.shape == _as_hwio(shape):
            tensor = tensor.permute(3, 2, 0, 1)
        if tensor.shape != shape:
            raise WeightsError(f"{name} of {trunk} is {tuple(tensor.shape)}; expected {shape}")
        tensors[name] = tensor.contiguous()
    return tensors


def as_linear(metric: str, arrays: Mapping[str, Tensor | NDArray[np.generic]]) -> dict[str, Tensor]:
    """Bring linear layers to ``"lin0"``, ``"lin1"``, ...: float32, (C,), non-negative.

    Parameters
    ----------
    metric
        A key of `CHANNELS`.
    arrays
        Arrays with C elements each, under those names or ``"lin0.model.1.weight"``, ....

    Raises
    ------
    WeightsError
        If a layer is missing or one too many, has another length, is not finite or is
        negative somewhere: the distance would not be the square of a norm then.
    """
    channels = CHANNELS[metric]
    layers = {name.split(".")[0]: value for name, value in arrays.items()}
    expected = {f"lin{i}": count for i, count in enumerate(channels)}
    if layers.keys() != expected.keys():
        raise WeightsError(
            f"the linear weights are {_some(layers)}; expected lin0 to lin{len(channels) - 1} "
            f"for {metric}"
        )
    tensors = {}
    for name, count in expected.items():
        tensor = _float32(name, layers[name]).flatten()
        if tensor.numel() != count:
            raise WeightsError(
                f"{name} has {tensor.numel()} weights; expected {count} for {metric}"
            )
        if tensor.min() < 0:
            raise WeightsError(
                f"{name} of {metric} has the negative weight {tensor.min():.3g}; linear weights "
                "must be at least 0"
            )
        tensors[name] = tensor
    return tensors


def _as_hwio(shape: Shape) -> Shape:
    outputs, inputs, height, width = shape
    return (height, width, inputs, outputs)


def _float32(name: str, value: Tensor | NDArray[np.generic]) -> Tensor:
    if isinstance(value, np.ndarray):
        if value.dtype.kind != "f":
            raise WeightsError(f"{name} is {value.dtype}; expected floating-point numbers")
        value = torch.from_numpy(np.require(value, np.float32, ["C", "W"]))
    if not value.is_floating_point():
        raise WeightsError(f"{name} is {value.dtype}; expected floating-point numbers")
    tensor = value.detach().float()
    # One pass and no temporary, for 15 million weights at every load: a sum keeps any
    # infinity or NaN, and sensible weights do not overflow.
    if not tensor.sum().isfinite():
        raise WeightsError(f"{name} has values that are not finite")
    return tensor


def _some(names: Mapping[str, object]) -> str:
    shown = list(names)[:3]
    return ", ".join(map(repr, shown)) + (", ..." if len(names) > 3 else "") or "nothing"
